//! The composer: builds the rooms, opens the doors, owns what runs for long, and shuts it all down.

mod agents;
mod model;
mod ownership;
mod settings;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agents::Agents;
use crate::cli::{Fault, Mode, OnLoad, Running, Task};
use crate::config::{Config, StoreKind};
use crate::http::{self, Door, DoorState, Drain, Gate, Serving};
use crate::orchestrator::{self, Orchestrator};
use crate::runtime::{Outside, Runtime, now_ms};
use crate::security::tokens::Tokens;
use crate::security::{Audit, PolicyFile, Principal, Role, Secrets};
use crate::self_building::{self, Builder};
use crate::skills::{Backing, LoadProgress, Skills};
use crate::store::{Ledger, MemoryLedger, Store};
use crate::telemetry::{GuestLog, metrics};
use ownership::Ownership;

/// The private socket's name in the data directory.
const SOCKET: &str = "happyos.sock";
/// Bytes that wait in a connection inside this process.
const INSIDE_BUFFER_BYTES: usize = 64 << 10;
/// How often the metrics fold what was recorded since.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked for skills that keep failing.
const LEARN_EVERY: Duration = Duration::from_secs(2);
/// The program that compiles: this one, even if its file has been replaced since it started.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// A daemon in this process. Clones are the same one.
#[derive(Clone)]
pub struct Daemon {
    inner: Arc<Inner>,
}

struct Inner {
    http_addr: Option<SocketAddr>,
    /// What a connection on the private socket, or one inside this process, is served by.
    local: Door,
    serving: Serving,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    orchestrator: Orchestrator,
    /// Requests that are worked on.
    requests: TaskTracker,
    socket: Option<PathBuf>,
    audit: Audit,
    /// Given up last, when nothing of this daemon touches the data any more.
    _ownership: Ownership,
}

/// Starts a daemon that compiles with this program: what `main` hands to the command line.
pub fn start(config: Config, mode: Mode, on_load: OnLoad) -> Task<Result<Arc<dyn Running>, Fault>> {
    Box::pin(async move {
        let daemon = Daemon::start(config, mode, Path::new(OWN_PROGRAM), on_load).await?;
        Ok(Arc::new(daemon) as Arc<dyn Running>)
    })
}

impl Daemon {
    /// Takes the data directory, reads the skills and, to serve, opens the private socket and HTTP.
    /// `helper` is the program that compiles.
    ///
    /// # Errors
    /// What could not be had, and on what: the data directory (another process owns it), its files,
    /// the engine, the socket or the port.
    pub async fn start(config: Config, mode: Mode, helper: &Path, on_load: OnLoad) -> Result<Daemon, Fault> {
        let data_dir = config.data_dir.clone();
        make_private(&data_dir)?;
        make(&config.skills_dir)?;
        let (ownership, tokens) = Ownership::take(&data_dir, mode, || Tokens::open(&data_dir))?;
        let tokens = tokens.map_err(|error| Fault::failed(format!("Failed to open the tokens: {error}")))?;
        let log = GuestLog::new(config.log_lines_kept);
        let guest_log = log.clone();
        let opened =
            |what: &'static str| move |error: io::Error| Fault::failed(format!("Failed to open {what}: {error}"));
        let store = Store::open(&data_dir).map_err(|error| Fault::failed(error.to_string()))?;
        let secrets = Arc::new(Secrets::open(&data_dir).map_err(opened("the secrets"))?);
        let audit = Audit::open(&data_dir).map_err(opened("the audit log"))?;
        let outside = Outside { kv: Arc::new(store.clone()), secrets: secrets.clone(), audit: audit.clone() };
        let runtime =
            Runtime::start(&config, helper, log.clone(), outside).map_err(|error| Fault::failed(error.to_string()))?;
        // Taken before the skills are read: a port that is not to be had should not take minutes to find out.
        let network = match mode {
            Mode::Serve => Some(listen(config.http.listen).await?),
            Mode::Embedded | Mode::Session => None,
        };
        let policy = PolicyFile::at(config.policy_path());
        let ledger: Arc<dyn Ledger> = match config.tasks.store {
            StoreKind::Disk => Arc::new(store.clone()),
            StoreKind::Memory => Arc::new(MemoryLedger::beside(store.clone())),
        };
        let backing = Backing { store: store.clone(), policy: policy.clone(), audit: audit.clone() };
        let skills =
            Skills::open(&config, runtime, backing, log, |at: LoadProgress| on_load(at.done, at.total)).await?;
        let http_addr = network.as_ref().and_then(|listener| listener.local_addr().ok());
        let shutdown = CancellationToken::new();
        let tokens = Arc::new(tokens);
        let requests = TaskTracker::new();
        let agents = Agents::open(
            crate::agents::Backing {
                skills: skills.clone(),
                store: store.clone(),
                audit: audit.clone(),
                principal: Principal::authenticated("daemon", Role::User),
            },
            config.planned.agents_max,
        )
        .await
        .map_err(|error| Fault::failed(error.to_string()))?;
        let orchestrator = Orchestrator::new(
            orchestrator::Backing {
                skills: skills.clone(),
                agents: Arc::new(agents::OfSteps(agents.clone())),
                ledger: ledger.clone(),
                principal: Principal::authenticated("daemon", Role::User),
                act_as: |owner| Principal::authenticated(owner, Role::User),
                tasks: requests.clone(),
            },
            settings::of_orchestrator(&config),
        );
        let builder = Builder::new(self_building::Backing {
            skills: skills.clone(),
            store,
            ledger,
            policy: policy.clone(),
            audit: audit.clone(),
            agents: agents.clone(),
            routed: Arc::new(model::OfRequests(orchestrator.clone())),
            now_ms,
        });
        let (resumed, learning) = (builder.clone(), builder.clone());
        agents::configure(&agents, &config.fleet).await;
        agents.remember_by(Arc::new(agents::Remembered(orchestrator.clone())));
        let in_force = Arc::new(ArcSwap::from_pointee(config.clone()));
        let router = http::router(DoorState {
            skills: skills.clone(),
            orchestrator: orchestrator.clone(),
            builder,
            agents: agents.clone(),
            tokens: tokens.clone(),
            secrets,
            policy,
            audit: audit.clone(),
            config: in_force.clone(),
            metrics: metrics::handle(),
            started: Instant::now(),
            http_addr,
            shutdown: shutdown.clone(),
        });
        let tasks = TaskTracker::new();
        tasks.spawn({
            let (skills, shutdown) = (skills.clone(), shutdown.clone());
            async move { skills.watch(shutdown).await }
        });
        let drain = Drain::new(Duration::from_millis(config.drain_ms));
        let local = Door::new(router.clone(), Gate::Local(Principal::authenticated("local", Role::Operator)));
        tasks.spawn(upkeep(shutdown.clone()));
        tasks.spawn(learn(learning, shutdown.clone()));
        tasks.spawn(settings::follow(
            skills.clone(),
            orchestrator.clone(),
            agents.clone(),
            guest_log,
            in_force.clone(),
            drain.clone(),
            shutdown.clone(),
        ));
        tasks.spawn({
            let (orchestrator, shutdown) = (orchestrator.clone(), shutdown.clone());
            async move { orchestrator.follow(shutdown).await }
        });
        tasks.spawn({
            let (agents, shutdown) = (agents.clone(), shutdown.clone());
            async move { agents.upkeep(shutdown).await }
        });
        if mode != Mode::Embedded {
            let later = mode == Mode::Session;
            tasks.spawn(model::follow(config.models_dir(), orchestrator.clone(), later, shutdown.clone()));
        }
        // Other embedded commands may be at work on the tasks that this one finds.
        let alone = mode == Mode::Serve;
        if alone {
            orchestrator
                .resume()
                .await
                .map_err(|failure| Fault::failed(format!("Failed to go on with the requests: {failure}")))?;
            tasks.spawn(async move {
                let operator = Principal::authenticated("local", Role::Operator);
                if let Err(failure) = resumed.resume(&operator).await {
                    tracing::warn!(%failure, "what was built could not be looked through");
                }
            });
        }
        tasks.spawn({
            let (orchestrator, shutdown) = (orchestrator.clone(), shutdown.clone());
            async move { orchestrator.upkeep(alone, shutdown).await }
        });
        let mut socket = None;
        let serving = Serving {
            connections_max: config.http.connections_max,
            shutdown: shutdown.clone(),
            drain: drain.clone(),
            head_timeout: Serving::HEAD_TIMEOUT,
        };
        if let Some(network) = network {
            let path = data_dir.join(SOCKET);
            let private = bind_private(&path)?;
            tasks.spawn(http::serve(private, local.clone(), serving.clone()));
            let gate = Gate::network(tokens, in_force);
            tasks.spawn(http::serve(network, Door::new(router, gate), serving.clone()));
            socket = Some(path);
        }
        let inner = Inner {
            http_addr,
            local,
            serving,
            shutdown,
            tasks,
            orchestrator,
            requests,
            socket,
            audit,
            _ownership: ownership,
        };
        Ok(Daemon { inner: Arc::new(inner) })
    }

    /// Where HTTP listens, if it does.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.inner.http_addr
    }

    /// Stops taking calls, waits for those in flight as long as the configuration says, cancels the rest.
    pub async fn stop(&self) {
        let inner = &self.inner;
        if let Some(socket) = &inner.socket {
            // It may be gone already: someone tidied up, or this is the second stop.
            let _ = fs::remove_file(socket);
        }
        inner.shutdown.cancel();
        inner.tasks.close();
        // The doors keep to the drain time; this is for what hangs on them.
        let drained = async {
            inner.tasks.wait().await;
            inner.requests.close();
            inner.requests.wait().await;
        };
        let _ = tokio::time::timeout(inner.serving.drain.get() + Duration::from_secs(1), drained).await;
        // Requests that nobody waits for have had the same time; what is left of them goes on at the next start.
        inner.orchestrator.halt().await;
        let _ = tokio::time::timeout(Duration::from_secs(1), inner.requests.wait()).await;
        let audit = inner.audit.clone();
        // It waits for the disk. If that stops, what was recorded is written when the last holder goes.
        let _ = tokio::task::spawn_blocking(move || audit.flush()).await;
    }
}

impl Running for Daemon {
    fn http_addr(&self) -> Option<SocketAddr> {
        Daemon::http_addr(self)
    }

    fn connect(&self) -> io::Result<DuplexStream> {
        if self.inner.shutdown.is_cancelled() {
            return Err(io::Error::other("it is stopping"));
        }
        let (ours, theirs) = tokio::io::duplex(INSIDE_BUFFER_BYTES);
        self.inner.tasks.spawn(http::serve_one(theirs, self.inner.local.clone(), self.inner.serving.clone()));
        Ok(ours)
    }

    fn stop(&self) -> Task<()> {
        let daemon = self.clone();
        Box::pin(async move { Daemon::stop(&daemon).await })
    }
}

async fn upkeep(shutdown: CancellationToken) {
    let handle = metrics::handle();
    let mut every = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => handle.run_upkeep(),
            () = shutdown.cancelled() => return,
        }
    }
}

/// Has what keeps failing become gaps.
async fn learn(builder: Builder, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(LEARN_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let last = tokio::select! {
            _ = every.tick() => false,
            () = shutdown.cancelled() => true,
        };
        if let Err(failure) = builder.learn().await {
            tracing::warn!(%failure, "what keeps failing is not kept");
        }
        if last {
            return;
        }
    }
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(addr).await.map_err(|error| {
        Fault::daemon(format!("Failed to listen on `{addr}`: {error}"))
            .hint("set another address as `http.listen` in happyos.toml; port 0 takes a free one")
    })
}

/// Binds the private socket, over one that a killed daemon left behind: this process owns the data.
fn bind_private(path: &Path) -> Result<UnixListener, Fault> {
    let failed = |error: io::Error| {
        let fault = Fault::daemon(format!("Failed to open the private socket `{}`: {error}", path.display()));
        fault.hint("a socket's path may have about 100 characters: choose a shorter `data_dir`")
    };
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Makes the data directory, and makes it private where it is not.
fn make_private(dir: &Path) -> Result<(), Fault> {
    let failed =
        |error: io::Error| Fault::failed(format!("Failed to make `{}` a private directory: {error}", dir.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)
}

fn make(dir: &Path) -> Result<(), Fault> {
    fs::create_dir_all(dir)
        .map_err(|error| Fault::failed(format!("Failed to make the directory `{}`: {error}", dir.display())))
}
