//! The WIT contract as Rust types: made by wasmtime's macro, named nowhere outside this room.

/// World `happyos:skill/skill`.
pub mod skill {
    wasmtime::component::bindgen!({
        path: ["../wit/host-0.1.0", "../wit/skill-0.1.0"],
        world: "happyos:skill/skill",
        imports: { default: trappable },
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
