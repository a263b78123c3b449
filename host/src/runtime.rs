//! The sandbox: runs guests as WebAssembly components in fresh instances, under limits that hold.
//!
//! The only room that names `wasmtime`. What comes in is bytes and JSON text; what goes out is an
//! answer or a typed failure, and a true account of what was used.

mod admission;
mod agent;
mod behalf;
mod bindings;
mod cache;
mod call;
mod compile;
pub mod compile_helper;
mod egress;
pub mod engine;
mod instance;
mod interfaces;
mod lanes;
mod powers;
mod program;
mod reach;
mod shape;
mod state;
mod values;
mod warm;
mod wasi;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

pub use admission::Gate;
pub use agent::{AgentAnswer, AgentEnd, AgentEndpoint, AgentRun, AgentTask};
pub use behalf::{Behalf, Delegated, Recalled, Target, TargetKind};
use cache::Sealed;
pub use call::{Answer, Attachment, DescribeError, Described, GuestCall};
pub use compile::CompileError;
pub use powers::{HttpStub, Outside, Powers, Rehearsal, Seen};
pub use program::{Origin, PlainFunction, Program, ProgramKind};
use shape::Remembered;
pub use shape::{Shape, World, manifest_of};
pub use state::{ClockMode, Progress, ProgressSink, now_ms};
pub use warm::Readying;

use crate::base::{CallLimits, Digest, Failure, FailureKind};
use crate::config::{AdmissionConfig, CompileConfig, Config};
use crate::telemetry::GuestLog;
use admission::Admission;
use cache::Cache;
use compile::Compiler;
use egress::Gateway;
pub use lanes::INPUT_BYTES_ASIDE;
use lanes::Lanes;
use program::{Linked, Loaded, LoadedSet};
use state::CallState;
use warm::WarmSet;

/// The interpreter that runs single-file scripts: a component like any other, built by
/// `skills-sdk/js` and kept there.
const INTERPRETER: &[u8] = include_bytes!("../../skills-sdk/js/script.wasm");

/// Instances beyond those of running calls and those kept ready: scripts being made ready, and a margin for those that
/// are just going.
const SPARE_INSTANCES: usize = warm::PREPARING_MAX + 8;

/// The sandbox. Clones share one engine.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    linker: Linker<CallState>,
    /// The linker of the places that scripts run in first.
    script_linker: Linker<CallState>,
    script_places: Arc<Semaphore>,
    ticker: engine::Ticker,
    lanes: Lanes,
    admission: Arc<Admission>,
    cache: Cache,
    compiler: Compiler,
    loaded: LoadedSet,
    warm: WarmSet,
    log: GuestLog,
    gateway: Arc<Gateway>,
    interpreter: Arc<Program>,
    admission_config: AdmissionConfig,
    compile_config: CompileConfig,
}

/// What the sandbox is busy with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls running.
    pub running: usize,
    /// Calls waiting for a place.
    pub queued: usize,
    /// Guest memory promised to running calls and held by ready instances, in bytes.
    pub memory_promised_bytes: u64,
    /// Programs whose code is in memory.
    pub programs_loaded: usize,
    /// Bytes of that code.
    pub programs_loaded_bytes: u64,
    /// Script instances ready for a call.
    pub warm_scripts: usize,
    /// Compiled code on disk, in bytes.
    pub code_cache_bytes: u64,
}

/// Why the sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The engine refuses its configuration or the machine lacks address space.
    #[error("Failed to start the WebAssembly engine: {0}")]
    Engine(String),
    /// The private directory for compiled code cannot be used.
    #[error("Failed to open the code cache below `{path}`: {error}")]
    Cache {
        /// The data directory.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The TLS library refuses its configuration.
    #[error("Failed to make TLS ready for requests: {0}")]
    Tls(String),
    /// A thread cannot be started.
    #[error("Failed to start a thread: {0}")]
    Thread(std::io::Error),
}

/// All that guests may import.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    bindings::skill::Skill::add_to_linker::<CallState, HasSelf<CallState>>(&mut linker, |state| state)?;
    bindings::agent::Agent::add_to_linker::<CallState, HasSelf<CallState>>(&mut linker, |state| state)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}

fn engine_error(error: wasmtime::Error) -> RuntimeError {
    RuntimeError::Engine(format!("{error:#}"))
}

impl Runtime {
    /// Starts the sandbox on a data directory that this process owns. `helper` is the program that
    /// compiles: this one, or one that calls [`compile_helper::main`] in the same way.
    ///
    /// # Errors
    /// What could not be started, and on what.
    pub fn start(config: &Config, helper: &Path, log: GuestLog, outside: Outside) -> Result<Runtime, RuntimeError> {
        let instances = config.admission.running_max + config.compile.warm_scripts_max + SPARE_INSTANCES;
        let engine_config = engine::pooled_config(u32::try_from(instances).unwrap_or(u32::MAX));
        let engine = Engine::new(&engine_config).map_err(engine_error)?;
        let script_engine = Engine::new(&engine::script_config()).map_err(engine_error)?;
        let cache = Cache::open(&config.data_dir, engine::compatibility(&engine), config.compile.cache_bytes_max)
            .map_err(|error| RuntimeError::Cache { path: config.data_dir.clone(), error })?;
        let interpreter = Arc::new(program(ProgramSpec {
            name: "interpreter".into(),
            digest: Digest::of(INTERPRETER),
            origin: Origin::Embedded(INTERPRETER),
            kind: ProgramKind::Component(World::Script),
            limits: config.limits,
            gate: Arc::new(Gate::new(0, 0)),
        }));
        Ok(Runtime {
            inner: Arc::new(Inner {
                ticker: engine::Ticker::start([&engine, &script_engine]).map_err(RuntimeError::Thread)?,
                lanes: Lanes::start().map_err(RuntimeError::Thread)?,
                admission: Admission::new(config.admission),
                compiler: Compiler::new(helper, config.compile),
                loaded: LoadedSet::new(config.compile.loaded_bytes_max),
                warm: WarmSet::new(config.compile.warm_scripts_max),
                admission_config: config.admission,
                compile_config: config.compile,
                linker: linker(&engine).map_err(engine_error)?,
                script_linker: linker(&script_engine).map_err(engine_error)?,
                script_places: Arc::new(Semaphore::new(engine::SCRIPT_PLACES as usize)),
                cache,
                log,
                gateway: Arc::new(Gateway::new(outside).map_err(|error| RuntimeError::Tls(error.to_string()))?),
                interpreter,
            }),
        })
    }

    /// What it is busy with.
    pub fn load_now(&self) -> Load {
        let inner = &self.inner;
        let (running, queued, memory_promised_bytes) = inner.admission.load();
        let (programs_loaded, programs_loaded_bytes) = inner.loaded.load();
        Load {
            running,
            queued,
            memory_promised_bytes,
            programs_loaded,
            programs_loaded_bytes,
            warm_scripts: inner.warm.ready(),
            code_cache_bytes: inner.cache.bytes(),
        }
    }

    /// Sees to it that compiled code for `bytes` is in the cache, and says what the component is.
    ///
    /// # Errors
    /// What is wrong with the bytes, or with compiling.
    pub async fn inspect(&self, digest: &Digest, bytes: &[u8]) -> Result<Shape, CompileError> {
        if let Some(verdict) = self.remembered(digest) {
            return verdict;
        }
        let max = self.inner.compile_config.bundle_bytes_max;
        if bytes.len() as u64 > max {
            return Err(CompileError::Refused(format!(
                "it has {} bytes, more than {max} (hint: `compile.bundle_bytes_max` in happyos.toml raises this)",
                bytes.len()
            )));
        }
        self.compile(digest, bytes).await
    }

    /// What is known of `digest` from an earlier look at it, while its code is still there.
    fn remembered(&self, digest: &Digest) -> Option<Result<Shape, CompileError>> {
        let note = self.inner.cache.note(digest, Sealed::Shape)?;
        match serde_json::from_slice(&note).ok()? {
            Remembered::Compiled(shape) => self.inner.cache.has_code(digest).then_some(Ok(shape)),
            Remembered::Refused(why) => Some(Err(CompileError::Refused(why))),
            Remembered::TooCostly { why, allowed } => {
                (allowed == self.compile_allowance()).then_some(Err(CompileError::TooCostly(why)))
            }
        }
    }

    /// Tells what compiling may take, for the notes on what took more.
    fn compile_allowance(&self) -> String {
        let CompileConfig { memory_bytes_max, cpu_s, cpu_s_per_mib, .. } = self.inner.compile_config;
        format!("{memory_bytes_max} bytes, {cpu_s} s + {cpu_s_per_mib} s/MiB")
    }

    async fn compile(&self, digest: &Digest, bytes: &[u8]) -> Result<Shape, CompileError> {
        let keep = |kind, bytes: &[u8]| {
            self.inner
                .cache
                .store(digest, kind, bytes)
                .map_err(|error| CompileError::Helper(format!("its answer cannot be kept: {error}")))
        };
        let result = self.inner.compiler.compile(bytes).await;
        let remembered = match &result {
            Ok((shape, code)) => {
                keep(Sealed::Code, code)?;
                Remembered::Compiled(shape.clone())
            }
            Err(CompileError::Refused(why)) => Remembered::Refused(why.clone()),
            Err(CompileError::TooCostly(why)) => {
                Remembered::TooCostly { why: why.clone(), allowed: self.compile_allowance() }
            }
            Err(CompileError::Helper(why)) => return Err(CompileError::Helper(why.clone())),
            Err(CompileError::Busy { cpu_s, wall_s }) => {
                return Err(CompileError::Busy { cpu_s: *cpu_s, wall_s: *wall_s });
            }
        };
        let note = serde_json::to_vec(&remembered).map_err(|error| CompileError::Helper(error.to_string()))?;
        keep(Sealed::Shape, &note)?;
        result.map(|(shape, _)| shape)
    }

    /// Does work on many bytes, which cannot yield, where it holds no short call up.
    ///
    /// # Errors
    /// `cancelled` only while the daemon is stopping.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let done = self.inner.lanes.compute(work).await;
        done.ok_or_else(|| Failure::new(FailureKind::Cancelled, "the daemon is stopping"))
    }

    /// Does work of many steps, none of which a short call should wait for. Dropping the future drops the work.
    ///
    /// # Errors
    /// `cancelled` only while the daemon is stopping.
    pub async fn at_leisure<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failure> {
        let done = self.inner.lanes.at_leisure(work).await;
        done.ok_or_else(|| Failure::new(FailureKind::Cancelled, "the daemon is stopping"))
    }

    /// Drops what may hold instances and code, which takes a while, where nobody waits for it.
    pub fn let_go<T: Send + 'static>(&self, held: T) {
        self.inner.lanes.aside(async move { drop(held) });
    }

    /// A sealed note about `digest` that [`Runtime::remember`] kept.
    pub fn recall(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.inner.cache.note(digest, Sealed::Probe)
    }

    /// Keeps a sealed note about `digest`, soon: nobody waits for it, and one that is lost is learned again.
    pub fn remember(&self, digest: Digest, note: Vec<u8>) {
        let inner = self.inner.clone();
        self.inner.lanes.compute_aside(move || {
            if let Err(error) = inner.cache.store(&digest, Sealed::Probe, &note) {
                tracing::warn!(%digest, %error, "what was learned of the bundle is not kept");
            }
        });
    }

    /// A program for calling. Nothing is loaded yet.
    pub fn program(&self, spec: ProgramSpec) -> Arc<Program> {
        Arc::new(program(spec))
    }

    /// The same code under other limits: calls that start with it get these.
    pub fn with_limits(&self, program: &Program, limits: CallLimits, gate: Arc<Gate>) -> Arc<Program> {
        self.program(ProgramSpec {
            name: program.name.clone(),
            digest: program.digest,
            origin: program.origin.clone(),
            kind: program.kind,
            limits,
            gate,
        })
    }

    /// The gate of a bundle: its places among the running and the waiting calls.
    pub fn gate(&self, running_max: Option<usize>) -> Arc<Gate> {
        let config = &self.inner.admission_config;
        Arc::new(Gate::new(running_max.unwrap_or(config.bundle_running_max), config.bundle_queue_max))
    }

    /// Makes the interpreter ready, so that the first script does not wait for it.
    ///
    /// # Errors
    /// Why it cannot be compiled or linked.
    pub async fn ready_interpreter(&self) -> Result<(), Failure> {
        self.load(&self.inner.interpreter.clone()).await.map(|_| ())
    }

    /// The functions of a plain component, as skills: name, export, input and output schema.
    ///
    /// # Errors
    /// Why one of them cannot be a skill, or why the component cannot be loaded.
    pub async fn plain_functions(&self, program: &Arc<Program>) -> Result<Vec<PlainFunction>, Failure> {
        Ok(self.load(program).await?.plain_functions().to_vec())
    }

    /// The program's code in memory, loading it if need be.
    async fn load(&self, program: &Arc<Program>) -> Result<Arc<Loaded>, Failure> {
        self.inner.loaded.touch(program);
        if let Some(loaded) = program.loaded.load_full() {
            return Ok(loaded);
        }
        let _one_at_a_time = program.loading.lock().await;
        if let Some(loaded) = program.loaded.load_full() {
            return Ok(loaded);
        }
        let loaded = match program.kind {
            ProgramKind::Component(world) => self.load_component(program, world).await?,
            ProgramKind::Script => {
                let interpreter = Box::pin(self.load(&self.inner.interpreter)).await?;
                let source = String::from_utf8(self.original(program).await?.into())
                    .map_err(|_| unavailable(program, "it is not UTF-8"))?;
                Loaded::with_script(&interpreter, source.into())
            }
        };
        let loaded = Arc::new(loaded);
        program.loaded.store(Some(loaded.clone()));
        self.inner.loaded.add(program, loaded.code_bytes);
        Ok(loaded)
    }

    async fn load_component(&self, program: &Arc<Program>, world: World) -> Result<Loaded, Failure> {
        if let Some(loaded) = self.load_compiled(program, world).await? {
            return Ok(loaded);
        }
        // Never compiled here, evicted, or its seal is broken.
        let bytes = self.original(program).await?;
        self.compile(&program.digest, &bytes).await.map_err(|error| unavailable(program, &error.to_string()))?;
        self.load_compiled(program, world)
            .await?
            .ok_or_else(|| unavailable(program, "its compiled code was gone at once"))
    }

    /// Maps compiled code whose seal holds; `None` if there is none.
    async fn load_compiled(&self, program: &Arc<Program>, world: World) -> Result<Option<Loaded>, Failure> {
        let (runtime, program) = (self.clone(), program.clone());
        let load = move || {
            let inner = &runtime.inner;
            let Some(path) = inner.cache.code(&program.digest) else { return Ok(None) };
            let code_bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            let link = |linker: &Linker<CallState>| {
                // SAFETY: the file lies in a directory only this user may enter, and its MAC, made with a key
                // that lies beside it, was checked just now: it is what our own compile helper wrote.
                #[expect(unsafe_code, reason = "compiled code can only be loaded this way; the MAC vouches for it")]
                let component = unsafe { Component::deserialize_file(linker.engine(), &path) };
                let linked = component.and_then(|component| Linked::new(linker, &component, world, &program.name));
                linked.map_err(|error| cannot_link(&program, &error))
            };
            let linked = link(&inner.linker)?;
            let in_script_places = (world == World::Script).then(|| link(&inner.script_linker)).transpose()?;
            Ok(Some(Loaded::new(linked, in_script_places, code_bytes)))
        };
        tokio::task::spawn_blocking(load)
            .await
            .map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?
    }

    /// The bytes a program was made from, if they are still what they were.
    async fn original(&self, program: &Arc<Program>) -> Result<Bytes, Failure> {
        let path = match &program.origin {
            Origin::Embedded(bytes) => return Ok(Bytes::from_static(bytes)),
            Origin::Bytes(bytes) => return Ok(bytes.clone()),
            Origin::File(path) => path,
        };
        let bytes = tokio::fs::read(path)
            .await
            .map_err(|error| unavailable(program, &format!("`{}` cannot be read: {error}", path.display())))?;
        if Digest::of(&bytes) != program.digest {
            return Err(unavailable(program, &format!("`{}` has changed since it was read", path.display())));
        }
        Ok(bytes.into())
    }
}

/// What a program is made from.
pub struct ProgramSpec {
    /// The bundle's name.
    pub name: Arc<str>,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Where the bytes are found again.
    pub origin: Origin,
    /// What the bytes are.
    pub kind: ProgramKind,
    /// The limits of its calls.
    pub limits: CallLimits,
    /// The bundle's places.
    pub gate: Arc<Gate>,
}

fn program(spec: ProgramSpec) -> Program {
    let ProgramSpec { name, digest, origin, kind, limits, gate } = spec;
    Program {
        name,
        digest,
        origin,
        kind,
        limits,
        gate,
        loaded: Default::default(),
        loading: Default::default(),
        last_used: Default::default(),
    }
}

fn unavailable(program: &Program, why: &str) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("bundle `{}` cannot be loaded: {why}", program.name))
}

fn cannot_link(program: &Program, error: &wasmtime::Error) -> Failure {
    Failure::new(FailureKind::InvalidInput, format!("bundle `{}` cannot be run here: {error:#}", program.name))
}
