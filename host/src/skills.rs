//! The catalog of skills, and calling one by name.

mod adapter;
mod candidate;
pub mod catalog;
mod directory;
mod identity;
mod manifest;
pub mod metadata;
mod operate;
mod operators;
mod probe;
mod reload;
mod schema;
mod shelf;
mod trial;
mod versions;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

pub use adapter::{Adapter, AgentCall, Runnable, check_word};
pub use candidate::{Candidate, CandidateSkill, FileRead, Loaded, Tried, Trying};
pub use catalog::{Bundle, BundleKind, FileState, Refusal, Skill, Snapshot, State};
pub use manifest::Manifest;
pub use metadata::{Annotations, Example, Metadata, Stub};
pub use operate::{Import, Inspection, read_manifest};
pub use probe::{EXAMPLE_TIME_MS, ExampleResult, same};

use crate::base::{Digest, Failure, FailureKind, LimitOverrides, RequestId, Usage};
use crate::config::{Config, Followed, InForce};
pub use crate::runtime::Seen;
pub use crate::runtime::{
    AgentAnswer, AgentEnd, AgentEndpoint, AgentTask, Behalf, Delegated, Recalled, Target, TargetKind,
};
pub use crate::runtime::{Answer, Attachment, INPUT_BYTES_ASIDE, Load, Progress, ProgressSink};
use crate::runtime::{ClockMode, GuestCall, Powers, Runtime};
use crate::security::{Action, Audit, PolicyFile, Principal, authorise};
use crate::store::{Store, StoreError};
use crate::telemetry::GuestLog;
use crate::telemetry::failing::{self, FailedCall};
use crate::telemetry::failures::{self, Failures, Noted};
use directory::Stamp;
use shelf::Shelf;
use versions::Versions;

/// A call of one skill by name.
#[derive(Clone, Default)]
pub struct Call<'a> {
    /// The skill's public name.
    pub skill: &'a str,
    /// The input as JSON text. Checked against the skill's schema before anything runs. Who owns it gives it away: it is
    /// handed on to the guest, not copied.
    pub input: Cow<'a, str>,
    /// Groups the requests of one conversation.
    pub session_id: Option<&'a str>,
    /// The caller's language as a BCP 47 tag; `en` where it is not known.
    pub locale: Option<&'a str>,
    /// Tighter limits than the skill's own.
    pub limits: LimitOverrides,
    /// The seed of the call's random numbers; drawn where it is not given.
    pub seed: Option<u64>,
    /// Where progress goes; `None` drops it.
    pub progress: Option<ProgressSink>,
    /// Names the call in logs, and to the skill; drawn where it is not given.
    pub request_id: Option<RequestId>,
}

/// How a call ended. Usage is true for failed calls too.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Names the call in logs.
    pub request_id: RequestId,
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
    /// What it used.
    pub usage: Usage,
}

/// The catalog and the sandbox behind it. Clones share both.
#[derive(Clone)]
pub struct Skills {
    inner: Arc<Inner>,
}

/// What the catalog stands on beside the sandbox.
#[derive(Clone)]
pub struct Backing {
    /// Which version of each bundle is active, across restarts.
    pub store: Store,
    /// What the operator decided.
    pub policy: PolicyFile,
    /// Where it is recorded who did what.
    pub audit: Audit,
}

/// Why the catalog does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operator's file has a mistake.
    #[error("Failed to read the policy: {0}")]
    Policy(crate::security::PolicyError),
    /// What is known from before cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The directory of kept versions cannot be used.
    #[error("Failed to open the kept versions below `{}`: {error}", path.display())]
    Versions {
        /// The data directory.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// How far reading the directory has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadProgress {
    /// Files done.
    pub done: usize,
    /// Files in all.
    pub total: usize,
}

struct Inner {
    /// As it was when the daemon started.
    config: Config,
    /// The same, as its files change.
    followed: std::sync::Mutex<Followed>,
    /// What of it is in force.
    configuration: watch::Sender<Arc<InForce>>,
    runtime: Runtime,
    log: GuestLog,
    failures: Failures,
    store: Store,
    policy: PolicyFile,
    audit: Audit,
    versions: Versions,
    shelf: tokio::sync::Mutex<Shelf>,
    snapshot: ArcSwap<Snapshot>,
    /// Counts the snapshots.
    changed: watch::Sender<u64>,
    /// Bundles whose first calls went wrong, with the digest that did.
    demoted: mpsc::Sender<Demoted>,
    /// Taken by the task that watches.
    demotions: std::sync::Mutex<Option<mpsc::Receiver<Demoted>>>,
    /// What is wrong with the operator's files since they were last read well.
    problem: ArcSwap<Option<String>>,
    /// What the operator's files were when they were read last.
    operators_stamps: std::sync::Mutex<HashMap<PathBuf, Option<Stamp>>>,
}

/// The name of a bundle and the digest that is to be sent back.
type Demoted = (Arc<str>, Digest);

/// Longest session id and locale that a call may carry, in bytes.
const CALL_TAG_BYTES_MAX: usize = 128;
/// Versions that wait for being sent back.
const DEMOTIONS_MAX: usize = 64;

impl Skills {
    /// Reads the skills directory. Files that cannot be served are in the snapshot with the reason.
    ///
    /// # Errors
    /// If the policy has a mistake, or what is kept across restarts cannot be read.
    pub async fn open(
        config: &Config,
        runtime: Runtime,
        backing: Backing,
        log: GuestLog,
        notify: impl Fn(LoadProgress),
    ) -> Result<Skills, OpenError> {
        let Backing { store, policy, audit } = backing;
        let decided = policy.load().map_err(OpenError::Policy)?;
        let versions = Versions::open(&config.data_dir)
            .map_err(|error| OpenError::Versions { path: config.data_dir.clone(), error })?;
        let shelf = Shelf::new(config.limits, decided, store.bundles().await?);
        let (demoted, demotions) = mpsc::channel(DEMOTIONS_MAX);
        let followed = Followed::new(config);
        let inner = Inner {
            config: config.clone(),
            configuration: watch::Sender::new(Arc::new(followed.in_force().clone())),
            followed: std::sync::Mutex::new(followed),
            runtime,
            log,
            failures: Failures::default(),
            store,
            policy,
            audit,
            versions,
            shelf: tokio::sync::Mutex::new(shelf),
            snapshot: ArcSwap::default(),
            changed: watch::Sender::new(0),
            demoted,
            demotions: std::sync::Mutex::new(Some(demotions)),
            problem: ArcSwap::default(),
            operators_stamps: Default::default(),
        };
        inner.note_operators_files();
        inner.read_all(notify).await;
        let snapshot = inner.snapshot.load_full();
        tracing::info!(skills = snapshot.skills().len(), refused = snapshot.refusals().len(), "catalog read");
        Ok(Skills { inner: Arc::new(inner) })
    }

    /// Counts the snapshots: changes with every swap.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// The configuration in force, as its files change.
    pub fn configuration(&self) -> watch::Receiver<Arc<InForce>> {
        self.inner.configuration.subscribe()
    }

    /// What is wrong with the policy or the configuration as they lie on disk: what was read before is in force.
    pub fn problem(&self) -> Option<String> {
        Option::clone(&self.inner.problem.load())
    }

    /// The catalog as it is now.
    ///
    /// # Errors
    /// `denied` if the principal may not list skills.
    pub fn snapshot(&self, principal: &Principal) -> Result<Arc<Snapshot>, Failure> {
        authorise(principal, Action::ListSkills)?;
        Ok(self.inner.snapshot.load_full())
    }

    /// Calls one skill: input checked against its schema, run under its limits, output checked.
    ///
    /// Dropping the future cancels the call; it is then counted as `cancelled`.
    pub async fn call(&self, principal: &Principal, call: Call<'_>) -> Outcome {
        let request_id = call.request_id.clone().unwrap_or_else(|| RequestId::from_bits(rand::random()));
        if let Err(failure) = authorise(principal, Action::CallSkill) {
            return Outcome { request_id, result: Err(failure), usage: Usage::default() };
        }
        let snapshot = self.inner.snapshot.load();
        let Some(skill) = snapshot.skill(call.skill).cloned() else {
            let failure = not_found(&snapshot, call.skill);
            return Outcome { request_id, result: Err(failure), usage: Usage::default() };
        };
        drop(snapshot);
        let called = skill.called();
        let mut counted = Counted { metrics: &called.metrics, done: false, began: Instant::now() };
        let (skill_name, is_named) = (call.skill, call.request_id.is_some());
        // Short, so that it costs next to nothing: wanted only where the skill fails on it.
        let input = (call.input.len() <= failing::INPUT_BYTES_MAX).then(|| call.input.to_string());
        let asked = call.limits;
        let (result, usage) = self.call_skill(&skill, called, call, &request_id).await;
        counted.done = true;
        let failure = result.as_ref().err().map(|failure| failure.kind);
        called.metrics.record(failure, &usage);
        if let (Err(failure), Some(input)) = (&result, input)
            && failing::is_own_fault(failure.kind, skill.bundle().program.limits(), &asked)
        {
            self.inner.failures.failed(FailedCall {
                owner: principal.name().into(),
                skill: skill.name().clone(),
                bundle: skill.bundle().name.clone(),
                digest: skill.bundle().digest,
                input,
                error: failure.to_string(),
                at_ms: now_ms(),
            });
        }
        // After its call is kept, so that who sends it back finds that.
        if skill.bundle().trial.count(failure) {
            // A full queue means that much is being sent back already; the next trap says it again.
            let _ = self.inner.demoted.try_send((skill.bundle().name.clone(), skill.bundle().digest));
        }
        if let (Err(failure), false) = (&result, is_named) {
            self.note(principal, skill_name, failure);
        }
        tracing::debug!(%request_id, principal = principal.name(), skill = skill_name, failure = failure.map(FailureKind::as_str), "call");
        Outcome { request_id, result, usage }
    }

    /// Notes a call that failed. Who names its calls itself does so, too, and knows more of them.
    fn note(&self, principal: &Principal, skill: &str, failure: &Failure) {
        self.inner.failures.note(Noted {
            owner: principal.name(),
            skill,
            task: None,
            at_ms: now_ms(),
            kind: &failures::kind(failure.kind),
            message: &failure.message,
            hint: failure.hint.as_deref(),
        });
    }

    async fn call_skill(
        &self,
        skill: &Arc<Skill>,
        called: &catalog::Called,
        call: Call<'_>,
        request_id: &RequestId,
    ) -> (Result<Answer, Failure>, Usage) {
        let tags = check_tags(&call);
        let input = call.input.into_owned();
        let checked = match tags {
            Ok(()) if input.len() > INPUT_BYTES_ASIDE => {
                let skill = skill.clone();
                self.compute(move || check_input(&skill, input)).await.and_then(std::convert::identity)
            }
            Ok(()) => check_input(skill, input),
            Err(failure) => Err(failure),
        };
        let (input, value) = match checked {
            Ok(checked) => checked,
            Err(failure) => return (Err(failure), Usage::default()),
        };
        let program = &skill.bundle().program;
        let guest_call = GuestCall {
            skill: skill.name().clone(),
            input,
            value,
            request_id: request_id.clone(),
            session_id: call.session_id.map(str::to_owned),
            locale: call.locale.unwrap_or("en").to_owned(),
            limits: program.limits().tightened(&call.limits),
            seed: call.seed.unwrap_or_else(rand::random),
            clock: ClockMode::Real,
            progress: call.progress,
            powers: Powers::granted(skill.bundle().grants.clone(), skill.bundle().space.clone()),
        };
        let (result, usage) = self.inner.runtime.call(program, guest_call).await;
        (result.and_then(|answer| check_output(skill, called, answer)), usage)
    }

    /// Runs every example of a bundle again, those marked `live` included.
    ///
    /// # Errors
    /// `not-found` if there is no such bundle, `denied` if the principal may not call skills.
    pub async fn run_examples(&self, principal: &Principal, bundle: &str) -> Result<Vec<ExampleResult>, Failure> {
        authorise(principal, Action::CallSkill)?;
        let snapshot = self.inner.snapshot.load_full();
        let found = snapshot.bundle(bundle).cloned().ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format!("there is no bundle `{bundle}`"))
                .with_hint("`happyos skill list` names the bundles")
        })?;
        let mut results = Vec::new();
        for skill in snapshot.skills().iter().filter(|skill| Arc::ptr_eq(skill.bundle(), &found)) {
            let metadata = skill.metadata().map_err(|error| Failure::new(FailureKind::Internal, error))?;
            let powers = Powers::granted(found.grants.clone(), found.space.clone());
            let (runtime, program) = (&self.inner.runtime, &found.program);
            results.extend(probe::run_examples(runtime, program, skill.name(), &metadata, Some(&powers)).await);
        }
        Ok(results)
    }

    /// Does work on many bytes, which cannot yield, where it holds no short call up.
    ///
    /// # Errors
    /// `cancelled` only while the daemon is stopping.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        self.inner.runtime.compute(work).await
    }

    /// What the sandbox is busy with.
    pub fn load(&self) -> Load {
        self.inner.runtime.load_now()
    }

    /// Calls that failed, until somebody keeps them.
    pub fn failures(&self) -> &Failures {
        &self.inner.failures
    }

    /// What the guests wrote.
    pub fn guest_log(&self) -> &GuestLog {
        &self.inner.log
    }
}

/// Counts a call that was dropped before its end.
struct Counted<'a> {
    metrics: &'a crate::telemetry::metrics::CallMetrics,
    done: bool,
    began: Instant,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.done {
            let usage = Usage { wall: self.began.elapsed(), ..Usage::default() };
            self.metrics.record(Some(FailureKind::Cancelled), &usage);
        }
    }
}

fn not_found(snapshot: &Snapshot, name: &str) -> Failure {
    let shown: String = name.chars().take(80).collect();
    let failure = Failure::new(FailureKind::NotFound, format!("there is no skill `{shown}`"));
    match snapshot.nearest(name) {
        Some(nearest) => failure.with_hint(format!("did you mean `{nearest}`?")),
        None => failure.with_hint("`happyos skill list` names the skills"),
    }
}

fn invalid_input(message: String) -> Failure {
    Failure::new(FailureKind::InvalidInput, message)
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn check_tags(call: &Call<'_>) -> Result<(), Failure> {
    for (what, tag) in [("session id", call.session_id), ("locale", call.locale)] {
        if tag.is_some_and(|tag| tag.len() > CALL_TAG_BYTES_MAX) {
            return Err(invalid_input(format!("the {what} is longer than {CALL_TAG_BYTES_MAX} bytes")));
        }
    }
    Ok(())
}

/// The input as it came, and read.
fn check_input(skill: &Skill, input: String) -> Result<(String, Value), Failure> {
    let value: Value = serde_json::from_str(&input).map_err(|error| {
        invalid_input(format!("the input is not JSON: {error}")).with_hint("the input is one JSON object")
    })?;
    let validator =
        skill.called().input.as_ref().map_err(|error| Failure::new(FailureKind::Internal, error.clone()))?;
    schema::check(validator, &value).map_err(|problem| {
        invalid_input(format!("the input does not meet the schema of `{}`: {problem}", skill.name()))
            .with_hint(format!("`happyos skill show {}` prints the schema", skill.name()))
    })?;
    Ok((input, value))
}

fn check_output(skill: &Skill, called: &catalog::Called, answer: Answer) -> Result<Answer, Failure> {
    let invalid = |problem: String| {
        Failure::new(FailureKind::InvalidOutput, format!("the answer of `{}` {problem}", skill.name()))
            .with_hint("this is a fault of the skill; tell its author")
    };
    match &called.output {
        None => {
            serde_json::from_str::<serde::de::IgnoredAny>(&answer.json)
                .map_err(|error| invalid(format!("is not JSON: {error}")))?;
        }
        Some(validator) => {
            let value: Value =
                serde_json::from_str(&answer.json).map_err(|error| invalid(format!("is not JSON: {error}")))?;
            let validator = validator.as_ref().map_err(|error| Failure::new(FailureKind::Internal, error.clone()))?;
            schema::check(validator, &value)
                .map_err(|problem| invalid(format!("does not meet its schema: {problem}")))?;
        }
    }
    Ok(answer)
}
