//! Builds: rounds of writing and judging for one gap, within bounds, until a round passes and its file is put into the skills
//! directory. Every round is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::gate::{self, Need, Report, Routed};
use super::learn;
use super::writers::{Brief, ByAgent, Composer, Writer, Written};
use crate::agents::Agents;
use crate::base::{Digest, Failure, FailureKind};
use crate::security::{Action, Audit, Building, Event, PolicyFile, Principal, authorise};
use crate::skills::{FileState, Skills, State};
use crate::store::builds::{BuildRecord, BuildState, RoundRecord};
use crate::store::gaps::{Evidence, GapRecord, GapState};
use crate::store::{Ledger, Store, StoreError};

/// What builds stand on.
#[derive(Clone)]
pub struct Backing {
    /// The catalog, and the sandbox behind it.
    pub skills: Skills,
    /// Where builds are kept.
    pub store: Store,
    /// Where gaps are kept.
    pub ledger: Arc<dyn Ledger>,
    /// Who may build, and how much.
    pub policy: PolicyFile,
    /// Where it is recorded who did what.
    pub audit: Audit,
    /// Who may write.
    pub agents: Agents,
    /// How requests are routed, for the gate.
    pub routed: Arc<dyn Routed>,
    /// The time, in milliseconds since 1970.
    pub now_ms: fn() -> u64,
}

/// Builds. Clones are the same one.
#[derive(Clone)]
pub struct Builder {
    inner: Arc<Inner>,
}

struct Inner {
    backing: Backing,
    /// One build at a time: each takes the sandbox, and the bounds of a day are counted before and written after.
    working: tokio::sync::Mutex<()>,
    /// Ends the build of that id while its writer writes.
    cancels: Mutex<HashMap<Box<str>, CancellationToken>>,
}

/// Takes a build out of those that can be ended, however it goes.
struct Cancel<'a> {
    inner: &'a Inner,
    id: Box<str>,
    token: CancellationToken,
}

impl<'a> Cancel<'a> {
    fn new(inner: &'a Inner, id: &str) -> Cancel<'a> {
        let token = CancellationToken::new();
        inner.cancels.lock().unwrap_or_else(PoisonError::into_inner).insert(id.into(), token.clone());
        Cancel { inner, id: id.into(), token }
    }
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        self.inner.cancels.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// A build with its rounds.
pub type Built = (BuildRecord, Vec<RoundRecord>);

const CONTRACT: &str = include_str!("contract.md");
/// What the composer is called in what is kept.
const COMPOSER: &str = "composer";
/// Requests of a gap that a writer is given, and a candidate has to be found by.
const REQUESTS_MAX: usize = 8;
/// Digits of a build's id.
const ID_DIGITS: usize = 12;
const DAY_MS: u64 = 86_400_000;

impl Builder {
    /// Nothing is being built yet.
    pub fn new(backing: Backing) -> Builder {
        Builder {
            inner: Arc::new(Inner { backing, working: tokio::sync::Mutex::default(), cancels: Mutex::default() }),
        }
    }

    pub(super) fn backing(&self) -> &Backing {
        &self.inner.backing
    }

    /// Has an agent write for a gap: the one of that name, or, where none is named, first the composer and then one that can
    /// write skills. As [`Builder::start`] else.
    ///
    /// # Errors
    /// As [`Builder::start`]; `not-found` where there is no such agent; `unavailable` where nothing is composed and no agent can
    /// write skills.
    pub async fn start_by(
        &self,
        principal: &Principal,
        gap: &str,
        agent: Option<&str>,
        need: Option<&str>,
    ) -> Result<Built, Failure> {
        let Backing { skills, agents, .. } = &self.inner.backing;
        self.may_build(principal)?;
        if agent.is_none() {
            let composer = Composer::new(skills, principal);
            let built = self.work(principal, gap, &composer, need).await?;
            if let Some(built) = built.filter(|(build, _)| is_done(build.state)) {
                return Ok(built);
            }
        }
        let writer = ByAgent::find(agents, skills, principal, agent).map_err(|failure| {
            if agent.is_some() {
                return failure;
            }
            let message = "no installed scripts put together do what is wanted, and no agent can write skills";
            Failure::new(FailureKind::Unavailable, message).with_hint(
                "`--from FILE` takes a file; `happyos agent create --type code_generator --capabilities skill-writer` makes such \
                 an agent",
            )
        })?;
        self.start(principal, gap, &writer, need).await
    }

    /// Has `writer` write for a gap until a round passes, it has no more to give, or the rounds are used up; goes on with the
    /// build that is open for this gap and writer, if there is one. `need` says what else the skill is to do, as
    /// [`Need::read`] reads it; where this is `None`, what was said for this gap last counts.
    ///
    /// # Errors
    /// `denied` where policy does not let this principal build, or no more today; `not-found` if there is no such gap;
    /// `invalid-input` if `need` does not read; `unavailable` where the writer gave nothing; `internal`.
    pub async fn start(
        &self,
        principal: &Principal,
        gap: &str,
        writer: &dyn Writer,
        need: Option<&str>,
    ) -> Result<Built, Failure> {
        let built = self.work(principal, gap, writer, need).await?;
        built.ok_or_else(|| {
            Failure::new(FailureKind::Unavailable, format!("`{}` wrote nothing for the gap `{gap}`", writer.name()))
        })
    }

    async fn work(
        &self,
        principal: &Principal,
        gap: &str,
        writer: &dyn Writer,
        need: Option<&str>,
    ) -> Result<Option<Built>, Failure> {
        let policy = self.may_build(principal)?;
        let _one = self.inner.working.lock().await;
        let Backing { store, ledger, now_ms, .. } = &self.inner.backing;
        let (gap, evidence) = self.gap(ledger.as_ref(), gap).await?;
        if let Some(need) = need {
            read_need(need)?;
        }
        let builds = store.builds().await.map_err(internal)?;
        let mut of_gap = builds.into_iter().filter(|build| build.gap == gap.id);
        let said = of_gap.clone().find(|build| &*build.need != "{}").map(|build| build.need);
        let open = of_gap.find(|build| build.state == BuildState::Open && &*build.writer == writer.name());
        let mut build = match open {
            Some(build) => build,
            None => self.new_build(principal, &policy, &gap, writer).await?,
        };
        if let Some(need) = need.map(Into::into).or(said) {
            build.need = need;
        }
        let need = with_gap(read_need(&build.need)?, &gap, &evidence);
        let mut need = if writer.name() == COMPOSER { need.opened() } else { need };
        let before = self.before(principal, &mut need, &evidence).await?;
        let rounds = store.build(&build.id).await.map_err(internal)?.map(|(_, rounds)| rounds).unwrap_or_default();
        let mut brief = Brief {
            requests: need.requests.clone(),
            examples: need.shown.clone(),
            contract: CONTRACT,
            nearest: nearest(&evidence),
            before,
            failed: learn::errors(&evidence)
                .into_iter()
                .chain(rounds.iter().filter_map(|round| round.told.as_deref().map(str::to_owned)))
                .collect(),
            money_max: 0,
        };
        let cancel = Cancel::new(&self.inner, &build.id);
        while build.state == BuildState::Open {
            brief.money_max = self.within_budget(&policy).await?;
            let written = tokio::select! {
                written = writer.write(&brief) => written?,
                () = cancel.token.cancelled() => {
                    build.state = BuildState::Cancelled;
                    build.changed_ms = now_ms();
                    store.save_build(build.clone(), None).await.map_err(internal)?;
                    break;
                }
            };
            let Some(written) = written else { break };
            let goes_on = written.goes_on;
            let told = self.round(principal, &policy, &mut build, &need, written).await?;
            brief.failed.extend(told);
            if !goes_on {
                break;
            }
        }
        if build.n_rounds == 0 && build.state == BuildState::Open {
            return Ok(None);
        }
        self.show(principal, &build.id).await.map(Some)
    }

    /// The text of the skill that a better version is wanted of, where the gap is about one that is installed. What it
    /// failed on is hidden from its writer.
    async fn before(
        &self,
        principal: &Principal,
        need: &mut Need,
        evidence: &[Evidence],
    ) -> Result<Option<String>, Failure> {
        need.hidden.extend(learn::failed_calls(evidence));
        let Some(bundle) = learn::bundle_of(evidence) else { return Ok(None) };
        let skills = &self.inner.backing.skills;
        let snapshot = skills.snapshot(principal)?;
        let Some(file) = snapshot.file(&bundle) else { return Ok(None) };
        if file.path.extension().is_none_or(|extension| extension != "js") {
            let message = format!("`{bundle}` is no script, and only scripts are built");
            return Err(Failure::new(FailureKind::Unavailable, message)
                .with_hint("`happyos gap show` has the calls that failed; its author can mend it"));
        }
        (need.is_new, need.replaces) = (false, Some(bundle));
        let read = skills.read_file(principal, &file.path).await.ok();
        Ok(read.map(|file| String::from_utf8_lossy(&file.bytes()).into_owned()))
    }

    async fn new_build(
        &self,
        principal: &Principal,
        policy: &Building,
        gap: &GapRecord,
        writer: &dyn Writer,
    ) -> Result<BuildRecord, Failure> {
        let Backing { store, now_ms, .. } = &self.inner.backing;
        let now_ms = now_ms();
        let spent = store.spent_since(now_ms.saturating_sub(DAY_MS)).await.map_err(internal)?;
        if spent.builds >= policy.builds_per_day {
            return Err(used_up(&format!("{} builds were begun", spent.builds), "builds_per_day"));
        }
        Ok(BuildRecord {
            id: id(&gap.id, now_ms),
            gap: gap.id.clone(),
            who: principal.name().into(),
            writer: writer.name().into(),
            state: BuildState::Open,
            need: "{}".into(),
            bundle: None,
            digest: None,
            began_ms: now_ms,
            changed_ms: now_ms,
            n_rounds: 0,
        })
    }

    /// One round: judged, kept, and where it passed, put into the skills directory. Gives what the writer is to know.
    async fn round(
        &self,
        principal: &Principal,
        policy: &Building,
        build: &mut BuildRecord,
        need: &Need,
        written: Written,
    ) -> Result<Option<String>, Failure> {
        let Backing { store, now_ms, .. } = &self.inner.backing;
        let Written { file_name, source, problem, model_calls, cost, .. } = written;
        let report = match problem {
            Some(problem) => Report::unwritten(problem),
            None => self.judge(principal, need, &file_name, source.clone().into()).await?,
        };
        build.n_rounds += 1;
        build.changed_ms = now_ms();
        let passed = report.passed();
        if passed {
            build.state = BuildState::Passed;
            build.bundle = report.bundle.as_deref().map(Into::into);
            build.digest = report.digest;
        } else if build.n_rounds >= policy.rounds_max {
            build.state = BuildState::Failed;
        }
        let told = report.told();
        let round = RoundRecord {
            number: build.n_rounds,
            at_ms: build.changed_ms,
            source: source.as_str().into(),
            passed,
            verdicts: verdicts(&report).to_string().into(),
            told: told.as_deref().map(Into::into),
            model_calls,
            cost,
        };
        // Before the file is there: after a kill, what is served is known to come from here.
        store.save_build(build.clone(), Some(round)).await.map_err(internal)?;
        if passed {
            self.go_live(principal, build, source).await?;
        }
        Ok(told)
    }

    /// Judges the bytes of a candidate, as if they lay in the skills directory as `file_name`.
    ///
    /// # Errors
    /// `denied` to all but operators.
    pub async fn judge(
        &self,
        principal: &Principal,
        need: &Need,
        file_name: &str,
        bytes: Bytes,
    ) -> Result<Report, Failure> {
        let Backing { skills, routed, .. } = &self.inner.backing;
        gate::judge(skills, principal, need, file_name, bytes, routed.meaning().await).await
    }

    /// Puts what passed into the skills directory. What asks for nothing is served by that, and what asks waits.
    async fn go_live(&self, principal: &Principal, build: &mut BuildRecord, source: String) -> Result<(), Failure> {
        let Backing { skills, store, ledger, audit, now_ms, .. } = &self.inner.backing;
        let bundle = build.bundle.as_deref().unwrap_or_default();
        // A new version goes where the one before lies.
        let snapshot = skills.snapshot(principal)?;
        let known = snapshot.file(bundle).and_then(|file| file.path.file_name()).map(|name| name.to_string_lossy());
        let file_name = known.map_or_else(|| format!("{bundle}.js"), |name| name.into_owned());
        let file = skills.install(principal, &file_name, source.into_bytes(), None).await?;
        build.state = state_of(&file);
        build.changed_ms = now_ms();
        store.save_build(build.clone(), None).await.map_err(internal)?;
        if build.state == BuildState::Live {
            ledger.set_gap(None, &build.gap, GapState::Filled).await.map_err(internal)?;
        }
        let why = format!("for gap {} by build {}: {}", build.gap, build.id, build.state.as_str());
        let on = build.bundle.as_deref().unwrap_or_default();
        audit.record(&Event { who: principal.name(), what: "bundle.built", on, why: &why });
        Ok(())
    }

    /// All builds, the one that changed last first.
    ///
    /// # Errors
    /// `denied` to all but operators, `internal`.
    pub async fn list(&self, principal: &Principal) -> Result<Vec<BuildRecord>, Failure> {
        authorise(principal, Action::ManageBundles)?;
        let mut builds = self.inner.backing.store.builds().await.map_err(internal)?;
        for build in &mut builds {
            self.settle(principal, build).await?;
        }
        Ok(builds)
    }

    /// One build with its rounds.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, `internal`.
    pub async fn show(&self, principal: &Principal, id: &str) -> Result<Built, Failure> {
        authorise(principal, Action::ManageBundles)?;
        let found = self.inner.backing.store.build(id).await.map_err(internal)?;
        let (mut build, rounds) = found.ok_or_else(|| no_build(id))?;
        self.settle(principal, &mut build).await?;
        Ok((build, rounds))
    }

    /// Ends a build that may have another round.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, `invalid-input` if it has ended, `internal`.
    pub async fn cancel(&self, principal: &Principal, id: &str) -> Result<BuildRecord, Failure> {
        authorise(principal, Action::ManageBundles)?;
        // Whoever writes for it stops, and gives the others their turn.
        let writing = self.inner.cancels.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(writing) = &writing {
            writing.cancel();
        }
        let _one = self.inner.working.lock().await;
        let (mut build, _) = self.show(principal, id).await?;
        if build.state == BuildState::Cancelled && writing.is_some() {
            return Ok(build);
        }
        if build.state != BuildState::Open {
            let message = format!("build `{id}` is {}: there is nothing to cancel", build.state.as_str());
            return Err(Failure::new(FailureKind::InvalidInput, message));
        }
        build.state = BuildState::Cancelled;
        build.changed_ms = (self.inner.backing.now_ms)();
        self.inner.backing.store.save_build(build.clone(), None).await.map_err(internal)?;
        Ok(build)
    }

    /// Where what is served of a bundle comes from: its digest, and the build that made it, if one did.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, `internal`.
    pub async fn provenance(
        &self,
        principal: &Principal,
        bundle: &str,
    ) -> Result<(Arc<FileState>, Option<Built>), Failure> {
        authorise(principal, Action::ManageBundles)?;
        let snapshot = self.inner.backing.skills.snapshot(principal)?;
        let owner = snapshot.skill(bundle).map(|skill| skill.bundle().name.clone());
        let file = snapshot.file(bundle).or_else(|| snapshot.file(owner.as_deref()?)).cloned().ok_or_else(|| {
            let shown: String = bundle.chars().take(80).collect();
            Failure::new(FailureKind::NotFound, format!("there is no bundle or skill `{shown}`"))
                .with_hint("`happyos skill list` names the skills and bundles")
        })?;
        let (Some(name), Some(digest)) = (file.bundle.clone(), file.digest) else { return Ok((file, None)) };
        let id = self.inner.backing.store.build_of(&name, digest).await.map_err(internal)?;
        let built = match id {
            Some(id) => Some(self.show(principal, &id).await?),
            None => None,
        };
        Ok((file, built))
    }

    /// Brings a build's state up with what became of its file: a kill between its last round and the file, an approval.
    async fn settle(&self, principal: &Principal, build: &mut BuildRecord) -> Result<(), Failure> {
        if !matches!(build.state, BuildState::Passed | BuildState::Waiting) {
            return Ok(());
        }
        let Backing { skills, store, ledger, now_ms, .. } = &self.inner.backing;
        let snapshot = skills.snapshot(principal)?;
        let file = build.bundle.as_deref().and_then(|bundle| snapshot.file(bundle));
        let Some(file) = file.filter(|file| file.digest == build.digest) else {
            return if build.state == BuildState::Passed { self.go_live_again(principal, build).await } else { Ok(()) };
        };
        let state = state_of(file);
        if state == build.state {
            return Ok(());
        }
        build.state = state;
        build.changed_ms = now_ms();
        store.save_build(build.clone(), None).await.map_err(internal)?;
        if state == BuildState::Live {
            ledger.set_gap(None, &build.gap, GapState::Filled).await.map_err(internal)?;
        }
        Ok(())
    }

    /// Puts the file of a build that passed where it was to be: something ended the daemon just before.
    async fn go_live_again(&self, principal: &Principal, build: &mut BuildRecord) -> Result<(), Failure> {
        let found = self.inner.backing.store.build(&build.id).await.map_err(internal)?;
        let last = found.and_then(|(_, mut rounds)| rounds.pop()).filter(|round| round.passed);
        match last {
            Some(round) => self.go_live(principal, build, round.source.into()).await,
            None => Ok(()),
        }
    }

    /// Finishes what a kill has left between a round that passed and its file.
    ///
    /// # Errors
    /// `denied` to all but operators, `internal`.
    pub async fn resume(&self, principal: &Principal) -> Result<(), Failure> {
        let _one = self.inner.working.lock().await;
        self.list(principal).await.map(drop)
    }

    fn may_build(&self, principal: &Principal) -> Result<Building, Failure> {
        authorise(principal, Action::ManageBundles)?;
        let policy = self.inner.backing.policy.load()?;
        let denied = |message: String, hint: String| Failure::new(FailureKind::Denied, message).with_hint(hint);
        if !self.inner.backing.skills.configuration().borrow().config.planned.self_building {
            return Err(denied(
                "skills are not built here".into(),
                "`self_building_enabled = true` in happyos.toml lets them be".into(),
            ));
        }
        if policy.building.builders.iter().any(|known| known == principal.name()) {
            return Ok(policy.building);
        }
        Err(denied(
            format!("`{}` may not have skills built", principal.name()),
            format!("add `builders = [\"{}\"]` to the table `[building]` of policy.toml", principal.name()),
        ))
    }

    /// What a round may cost, if there may be one more today.
    async fn within_budget(&self, policy: &Building) -> Result<u64, Failure> {
        let Backing { store, now_ms, .. } = &self.inner.backing;
        let spent = store.spent_since(now_ms().saturating_sub(DAY_MS)).await.map_err(internal)?;
        if spent.rounds >= policy.rounds_per_day {
            return Err(used_up(&format!("{} rounds were built", spent.rounds), "rounds_per_day"));
        }
        if spent.model_calls >= policy.model_calls_per_day {
            return Err(used_up(&format!("{} calls of models were made", spent.model_calls), "model_calls_per_day"));
        }
        match policy.money_per_day.saturating_sub(spent.cost) {
            0 => Err(used_up(&format!("{} millionths of your currency were spent", spent.cost), "money_per_day")),
            left => Ok(left),
        }
    }

    async fn gap(&self, ledger: &dyn Ledger, id: &str) -> Result<(GapRecord, Vec<Evidence>), Failure> {
        let gaps = ledger.gaps(None).await.map_err(internal)?;
        let gap = gaps.into_iter().find(|gap| &*gap.id == id).ok_or_else(|| {
            let shown: String = id.chars().take(40).collect();
            Failure::new(FailureKind::NotFound, format!("there is no gap `{shown}`"))
                .with_hint("`happyos gap list` shows the gaps")
        })?;
        let evidence = ledger.evidence(id).await.map_err(internal)?;
        Ok((gap, evidence))
    }
}

fn is_done(state: BuildState) -> bool {
    matches!(state, BuildState::Passed | BuildState::Live | BuildState::Waiting)
}

fn used_up(what: &str, key: &str) -> Failure {
    Failure::new(FailureKind::Denied, format!("{what} in the last 24 hours, which is as much as there may be"))
        .with_hint(format!("`{key}` in the table `[building]` of policy.toml says how much"))
}

fn read_need(need: &str) -> Result<Need, Failure> {
    Need::read(need).map_err(|error| {
        Failure::new(FailureKind::InvalidInput, format!("what the skill is to do does not read: {error}"))
            .with_hint("it is JSON: `{\"hidden\": [{\"input\": {…}, \"output\": {…}}], \"may_ask\": {}}`")
    })
}

/// The same with the gap's requests, by which the skill has to be found.
fn with_gap(mut need: Need, gap: &GapRecord, evidence: &[Evidence]) -> Need {
    if learn::is_of_skill(gap) {
        return need;
    }
    let mut requests = vec![gap.text.to_string()];
    for text in evidence.iter().map(|evidence| evidence.text.to_string()).chain(std::mem::take(&mut need.requests)) {
        if requests.len() < REQUESTS_MAX && !requests.contains(&text) {
            requests.push(text);
        }
    }
    Need { requests, is_new: true, ..need }
}

/// The names of the skills that came nearest.
fn nearest(evidence: &[Evidence]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for why in evidence.iter().filter_map(|evidence| serde_json::from_str::<Value>(&evidence.why).ok()) {
        let near = why.get("nearest").and_then(Value::as_array).cloned().unwrap_or_default();
        for name in near.iter().filter_map(|near| near.get("skill")?.as_str()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names.truncate(5);
    names
}

fn verdicts(report: &Report) -> Value {
    let verdict = |verdict: &gate::Verdict| json!({"stage": verdict.stage.as_str(), "outcome": verdict.outcome.as_str(), "seen": verdict.seen, "on": verdict.on});
    report.verdicts.iter().map(verdict).collect()
}

fn state_of(file: &FileState) -> BuildState {
    match file.state {
        State::Serving => BuildState::Live,
        State::PendingApproval | State::WaitingForGrant(_) => BuildState::Waiting,
        State::RolledBack | State::Refused => BuildState::Failed,
    }
}

fn id(gap: &str, now_ms: u64) -> Box<str> {
    let random: u64 = rand::random();
    let mut id = Digest::of(format!("{gap} {now_ms} {random}").as_bytes()).to_string();
    id.truncate(ID_DIGITS);
    id.into()
}

fn no_build(id: &str) -> Failure {
    let shown: String = id.chars().take(40).collect();
    Failure::new(FailureKind::NotFound, format!("there is no build `{shown}`"))
        .with_hint("`happyos build list` shows the builds")
}

pub(super) fn internal(error: StoreError) -> Failure {
    Failure::new(FailureKind::Internal, error.to_string())
}
