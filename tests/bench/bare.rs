//! The same component on wasmtime itself, without any of the host: what a call costs at the least.

use std::path::Path;

use ::happyos::runtime::engine::pooled_config;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};

wasmtime::component::bindgen!({
    path: ["../wit/host-0.1.0", "../wit/skill-0.1.0"],
    world: "happyos:skill/skill",
    exports: { default: async },
});

pub use exports::happyos::skill::skills::Context;

/// Instances in the pool.
const INSTANCES: u32 = 256;

/// What a bare store holds: enough to answer the host interfaces.
#[derive(Default)]
pub struct Nothing;

impl happyos::host::log::Host for Nothing {
    fn write(&mut self, _: happyos::host::log::Level, _: String) {}
}

impl happyos::host::clock::Host for Nothing {
    fn now(&mut self) -> u64 {
        0
    }
    fn monotonic(&mut self) -> u64 {
        0
    }
}

impl happyos::host::random::Host for Nothing {
    fn next(&mut self) -> u64 {
        4
    }
    fn bytes(&mut self, len: u32) -> Vec<u8> {
        vec![4; len as usize]
    }
}

impl happyos::host::progress::Host for Nothing {
    fn report(&mut self, _: f64, _: Option<f64>, _: String) {}
}

/// A pre-instantiated component and its engine.
pub struct Bare {
    engine: Engine,
    pre: SkillPre<Nothing>,
    limited: bool,
}

/// The daemon's engine configuration as it is: fuel and epochs compiled in.
pub fn our_config() -> Config {
    pooled_config(INSTANCES)
}

/// The same pool and settings, with neither fuel nor epochs compiled in.
pub fn plain_config() -> Config {
    let mut config = our_config();
    config.consume_fuel(false).epoch_interruption(false);
    config
}

impl Bare {
    /// Compiles `path` for an engine of `config`; `limited` if fuel and epochs are compiled in.
    ///
    /// # Errors
    /// If it does not compile or link.
    pub fn new(path: &Path, config: &Config, limited: bool) -> anyhow::Result<Bare> {
        let engine = Engine::new(config)?;
        let component = Component::from_file(&engine, path)?;
        let mut linker = Linker::new(&engine);
        // What takes a grant is left out: the measured component imports none of it.
        happyos::host::log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut Nothing| state)?;
        happyos::host::clock::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut Nothing| state)?;
        happyos::host::random::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut Nothing| state)?;
        happyos::host::progress::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut Nothing| state)?;
        let pre = SkillPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Bare { engine, pre, limited })
    }

    /// A fresh store with an instance in it.
    ///
    /// # Errors
    /// If the pool is full.
    pub async fn instance(&self) -> anyhow::Result<(Store<Nothing>, Skill)> {
        let mut store = Store::new(&self.engine, Nothing);
        if self.limited {
            // Compiled in, so they must be set; out of reach, so they never act.
            store.set_fuel(u64::MAX)?;
            store.set_epoch_deadline(u64::MAX / 2);
        }
        let skill = self.pre.instantiate_async(&mut store).await?;
        Ok((store, skill))
    }

    /// One call in a fresh instance: store, instantiate, call, drop.
    ///
    /// # Errors
    /// If the guest fails.
    pub async fn call(&self, name: &str, input: &str) -> anyhow::Result<String> {
        let (mut store, skill) = self.instance().await?;
        let context = Context {
            request_id: "00000000000000000000000000000000".into(),
            session_id: None,
            locale: "en".into(),
            remaining_ms: 10_000,
            seed: 7,
        };
        let output = skill.happyos_skill_skills().call_call(&mut store, name, input, &context).await?;
        output.map(|output| output.json).map_err(|error| anyhow::anyhow!("{error:?}"))
    }
}
