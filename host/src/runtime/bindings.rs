//! The WIT contract as Rust types: made by wasmtime's macro, named nowhere outside this room.

/// World `happyos:skill/skill`.
pub mod skill {
    wasmtime::component::bindgen!({
        path: ["../wit/host-0.1.0", "../wit/skill-0.1.0"],
        world: "happyos:skill/skill",
        imports: {
            "happyos:host/kv": async | trappable,
            "happyos:host/http": async | trappable,
            default: trappable,
        },
        with: {
            "happyos:host/secrets.secret": crate::runtime::interfaces::secrets::Secret,
            "happyos:host/http.incoming": crate::runtime::interfaces::http::Incoming,
            "happyos:host/http.outgoing": crate::runtime::interfaces::http::Outgoing,
        },
        exports: { default: async },
    });
}

/// World `happyos:agent/agent`: what it has beside the imports of the skill world.
pub mod agent {
    wasmtime::component::bindgen!({
        path: ["../wit/host-0.1.0", "../wit/agent-1.0.0"],
        inline: "
            package happyos:inner;
            world agent {
                import happyos:host/delegate@0.1.0;
                import happyos:host/memory@0.1.0;
                export happyos:agent/agents@1.0.0;
            }
        ",
        world: "happyos:inner/agent",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

/// What the script world exports beside a bundle's own interface.
pub mod script {
    wasmtime::component::bindgen!({
        path: ["../wit/host-0.1.0", "../wit/skill-0.1.0", "../wit/script-0.1.0"],
        inline: "
            package happyos:inner;
            world loader {
                export happyos:script/interpreter@0.1.0;
            }
        ",
        world: "happyos:inner/loader",
        exports: { default: async },
    });
}
