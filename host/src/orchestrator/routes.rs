//! What routing knows of the skills: an index that follows the catalog, changed only where the catalog has changed.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::drive::{Facts, TargetFacts};
use super::event::Target;
use super::targets::Agents;
use super::vectors::Kept;
use crate::base::{Failure, FailureKind};
use crate::routing::{Change, Embed, ExampleText, Index, Profile, index};
use crate::security::Principal;
use crate::skills::{Skill, Skills, Snapshot};

/// For how long vectors are made, and of how many skills at most, before the index takes them.
const EMBEDDED_AT_ONCE: Duration = Duration::from_millis(500);
const EMBEDDED_AT_ONCE_MAX: usize = 512;
/// Vectors made since the file was written, from which on it is written although more are to come.
const UNSAVED_MAX: usize = 2_000;

/// A catalog and the index of just its skills.
pub struct Routed {
    /// The catalog.
    pub snapshot: Arc<Snapshot>,
    /// Its index.
    pub index: Index,
    /// Skills that have no vectors yet.
    plain: Vec<Arc<Profile>>,
}

/// The index that follows the catalog.
pub struct Routes {
    skills: Skills,
    principal: Principal,
    routed: ArcSwap<Routed>,
    /// The model, and what keeps the vectors it makes of skills.
    kept: ArcSwapOption<Kept>,
    /// Who changes the index holds this, for a moment.
    changing: tokio::sync::Mutex<()>,
    /// Who makes vectors holds this, for long.
    embedding: tokio::sync::Mutex<()>,
}

impl Routes {
    /// An index of nothing yet. `principal` is the daemon itself.
    pub fn new(skills: Skills, principal: Principal) -> Routes {
        let nothing = Routed { snapshot: Arc::default(), index: Index::empty(), plain: Vec::new() };
        Routes {
            skills,
            principal,
            routed: ArcSwap::from_pointee(nothing),
            kept: ArcSwapOption::empty(),
            changing: tokio::sync::Mutex::new(()),
            embedding: tokio::sync::Mutex::new(()),
        }
    }

    /// The catalog as it is now with its index. Waits until what has just changed can be found by its words.
    ///
    /// # Errors
    /// `internal` if the index could not be made.
    pub async fn current(&self) -> Result<Arc<Routed>, Failure> {
        let snapshot = self.skills.snapshot(&self.principal)?;
        let routed = self.routed.load();
        if Arc::ptr_eq(&routed.snapshot, &snapshot) {
            return Ok(arc_swap::Guard::into_inner(routed));
        }
        let _changing = self.changing.lock().await;
        let snapshot = self.skills.snapshot(&self.principal)?;
        let before = self.routed.load_full();
        if Arc::ptr_eq(&before.snapshot, &snapshot) {
            return Ok(before);
        }
        let after = off_thread(move || Arc::new(changed(&before, snapshot))).await?;
        self.routed.store(after.clone());
        Ok(after)
    }

    /// The model that is in use.
    pub fn embed(&self) -> Option<Arc<dyn Embed>> {
        self.kept.load().as_ref().map(|kept| kept.model())
    }

    /// Uses another model, or none, from now on. Vectors of skills are kept in the file `vectors`.
    ///
    /// # Errors
    /// `internal` if the index could not be made.
    pub async fn set_embed(&self, embed: Option<Arc<dyn Embed>>, vectors: Option<PathBuf>) -> Result<(), Failure> {
        let kept = off_thread(move || embed.map(|embed| Arc::new(Kept::open(embed, vectors)))).await?;
        let _changing = self.changing.lock().await;
        self.kept.store(kept);
        // Vectors of different models are never compared: all begin anew.
        let snapshot = self.skills.snapshot(&self.principal)?;
        let nothing = Routed { snapshot: Arc::default(), index: Index::empty(), plain: Vec::new() };
        self.routed.store(off_thread(move || Arc::new(changed(&nothing, snapshot))).await?);
        Ok(())
    }

    /// Makes vectors for some of the skills that have none; says whether more are left. No request waits for this: the
    /// index is changed only once the vectors are there.
    ///
    /// # Errors
    /// `internal` if the index could not be made.
    pub async fn embed_some(&self) -> Result<bool, Failure> {
        let _embedding = self.embedding.lock().await;
        let Some(kept) = self.kept.load_full() else { return Ok(false) };
        let plain = self.routed.load().plain.clone();
        let model = kept.clone();
        let ready = off_thread(move || {
            index::prepare_usual(&*model);
            let began = Instant::now();
            let enough = |profile: &&Arc<Profile>| {
                index::prepare(profile, &*model);
                began.elapsed() < EMBEDDED_AT_ONCE
            };
            let n = plain.iter().take(EMBEDDED_AT_ONCE_MAX).take_while(enough).count() + 1;
            let ready: Vec<_> = plain.into_iter().take(n.min(EMBEDDED_AT_ONCE_MAX)).collect();
            model.save(if ready.is_empty() { 1 } else { UNSAVED_MAX });
            ready
        });
        let ready = ready.await?;
        if ready.is_empty() {
            return Ok(false);
        }
        let _changing = self.changing.lock().await;
        if !self.kept.load().as_ref().is_some_and(|now| Arc::ptr_eq(now, &kept)) {
            return Ok(true);
        }
        let before = self.routed.load_full();
        let after = off_thread(move || {
            let is_ready = |profile: &Arc<Profile>| ready.iter().any(|ready| Arc::ptr_eq(ready, profile));
            let (now, later): (Vec<_>, Vec<_>) = before.plain.iter().cloned().partition(is_ready);
            let changes: Vec<_> = now.into_iter().map(Change::Put).collect();
            Arc::new(Routed {
                snapshot: before.snapshot.clone(),
                index: before.index.with(&changes, Some(&*kept)),
                plain: later,
            })
        });
        self.routed.store(after.await?);
        Ok(true)
    }

    /// Follows the catalog until `shutdown`.
    pub async fn follow(&self, shutdown: CancellationToken) {
        let mut changes = self.skills.changes();
        loop {
            let followed = async {
                self.current().await?;
                while self.embed_some().await? {}
                Ok::<(), Failure>(())
            };
            tokio::select! {
                followed = followed => if let Err(error) = followed {
                    tracing::error!(%error, "the index of the skills is not as new as the skills");
                },
                () = shutdown.cancelled() => return,
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = shutdown.cancelled() => return,
            }
        }
    }
}

/// Runs what takes a processor's time where it holds up nobody.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "analysis stopped");
        Failure::new(FailureKind::Internal, "the request could not be analysed")
            .with_hint("the daemon's log has the reason")
    })
}

/// What is routed to after the catalog became `snapshot`: only what differs is looked at again.
fn changed(before: &Routed, snapshot: Arc<Snapshot>) -> Routed {
    let mut removed: Vec<Arc<str>> = Vec::new();
    let mut put: Vec<Arc<Profile>> = Vec::new();
    // Both are sorted by name.
    let mut old = before.snapshot.skills().iter().peekable();
    for skill in snapshot.skills() {
        while let Some(gone) = old.next_if(|old| old.name() < skill.name()) {
            removed.push(gone.name().clone());
        }
        match old.next_if(|old| old.name() == skill.name()) {
            Some(same) if same.bundle().digest == skill.bundle().digest => {}
            _ => put.push(Arc::new(profile(skill))),
        }
    }
    removed.extend(old.map(|gone| gone.name().clone()));
    if removed.is_empty() && put.is_empty() {
        return Routed { snapshot, index: before.index.clone(), plain: before.plain.clone() };
    }
    let other: HashSet<&str> = removed.iter().map(|name| &**name).chain(put.iter().map(|put| &*put.name)).collect();
    let mut plain: Vec<_> = before.plain.iter().filter(|profile| !other.contains(&*profile.name)).cloned().collect();
    plain.extend(put.iter().cloned());
    let changes: Vec<_> = removed.into_iter().map(Change::Remove).chain(put.into_iter().map(Change::Put)).collect();
    Routed { snapshot, index: before.index.with(&changes, None), plain }
}

/// What routing is to know of a skill.
fn profile(skill: &Skill) -> Profile {
    let input_schema = serde_json::from_str(skill.input_schema()).unwrap_or(Value::Null);
    let examples: Vec<Value> = serde_json::from_str(skill.examples()).unwrap_or_default();
    let texts = examples.iter().flat_map(|example| {
        let requests = example.get("request").and_then(Value::as_object);
        requests.into_iter().flatten().filter_map(|(language, text)| {
            Some(ExampleText {
                language: language.clone(),
                text: text.as_str()?.to_owned(),
                input: example.get("input").cloned(),
            })
        })
    });
    Profile {
        name: skill.name().clone(),
        description: skill.description().to_owned(),
        input_schema: Arc::new(input_schema),
        output_schema: skill.output_schema().and_then(|schema| serde_json::from_str(schema).ok()).map(Arc::new),
        examples: texts.collect(),
        read_only: skill.annotations().read_only_hint,
    }
}

/// A catalog and what the operator set.
pub struct CatalogFacts<'a> {
    /// The catalog.
    pub snapshot: &'a Snapshot,
    /// The agents.
    pub agents: &'a dyn Agents,
    /// Whether the next of a chain is tried where one fails.
    pub fallback: bool,
    /// Skills and agents that ask first, by name.
    pub ask_first: &'a [Box<str>],
    /// How many steps of the task may run at one time.
    pub parallel: usize,
}

impl Facts for CatalogFacts<'_> {
    fn target(&self, target: &Target) -> Option<TargetFacts> {
        let asks_first = self.ask_first.iter().any(|name| **name == **target.label());
        match target {
            Target::Skill(name) => {
                let skill = self.snapshot.skill(name)?;
                let hints = skill.annotations();
                let repeatable = hints.read_only_hint || hints.idempotent_hint;
                Some(TargetFacts {
                    repeatable,
                    // What it says of itself is not enough.
                    quiet: repeatable && skill.bundle().grants.is_empty(),
                    destructive: !hints.read_only_hint && hints.destructive_hint,
                    asks_first,
                })
            }
            Target::Agent(wanted) => {
                let facts = self.agents.facts(wanted)?;
                Some(TargetFacts { asks_first: facts.asks_first || asks_first, ..facts })
            }
        }
    }

    fn fallback(&self) -> bool {
        self.fallback
    }

    fn parallel(&self) -> usize {
        self.parallel
    }
}
