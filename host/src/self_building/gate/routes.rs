//! Whether a candidate is found by the requests it is for, and leaves to installed skills what is theirs: compared by words,
//! and where a model is in use also by words and meaning together, as requests are routed then.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::{Fault, Found, Need, short};
use crate::routing::{Change, Embed, EmbedError, ExampleText, Index, Profile, Ranking, shape};
use crate::security::Principal;
use crate::skills::{CandidateSkill, Example, Loaded, Skills, Snapshot};

/// Requests of installed skills that are tried.
const REQUESTS_MAX: usize = 2_000;
/// Who has so large a share of the first one's belief is as good as first.
const NEAR: f32 = 0.8;
/// One in so many requests of an installed skill, taken by meaning alone, is too many: a single one says little.
const TAKEN_ONE_IN: usize = 2;
/// Texts of a candidate, and requests that it is for, that vectors are made of.
const EMBEDDED_MAX: usize = 256;

/// How requests are routed by meaning now: the index of the installed skills with their vectors, and the model that made them.
#[derive(Clone)]
pub struct Meaning {
    /// Of the catalog as it is now.
    pub index: Index,
    /// Makes vectors of what is not in the index.
    pub embed: Arc<dyn Embed>,
}

/// Knows how requests are routed. Handed in: what routes them is no business of the gate.
#[async_trait]
pub trait Routed: Send + Sync {
    /// How they are routed by meaning; `None` where no model is in use.
    async fn meaning(&self) -> Option<Meaning>;
}

/// Routed by words alone.
pub struct ByWords;

#[async_trait]
impl Routed for ByWords {
    async fn meaning(&self) -> Option<Meaning> {
        None
    }
}

/// Begins to compare where requests go without the candidate and with it.
pub fn begin(
    skills: &Skills,
    principal: &Principal,
    loaded: &Loaded,
    own: &[CandidateSkill],
    need: &Need,
    meaning: Option<Meaning>,
) -> impl Future<Output = Found> + use<> {
    let snapshot = skills.snapshot(principal).map_err(|failure| Fault::new(failure.to_string()));
    let bundle: Arc<str> = loaded.candidate().manifest.name.as_str().into();
    let own: Vec<Arc<Profile>> = own.iter().map(|skill| Arc::new(of_candidate(skill))).collect();
    let (skills, requests) = (skills.clone(), if need.is_new { need.requests.clone() } else { Vec::new() });
    // A candidate that is rejected meanwhile is not worth a model's time.
    let wanted = CancellationToken::new();
    let given_up = wanted.clone().drop_guard();
    let compared = AbortOnDropHandle::new(tokio::spawn(async move {
        let snapshot = snapshot?;
        let work = move || {
            Compared { snapshot: &snapshot, bundle: &bundle, own: &own, requests: &requests }.all(meaning, wanted)
        };
        let compared = skills.compute(work).await;
        compared.unwrap_or_else(|failure| Err(Fault::new(failure.to_string())))
    }));
    async move {
        let _given_up = given_up;
        compared.await.unwrap_or_else(|error| Err(Fault::new(format!("routing was not compared: {error}"))))
    }
}

/// A model that is asked only as long as somebody waits for what comes of it.
struct While {
    embed: Arc<dyn Embed>,
    given_up: CancellationToken,
}

impl While {
    fn wanted(&self) -> Result<(), EmbedError> {
        let given_up = self.given_up.is_cancelled();
        if given_up { Err(EmbedError::Inference("nobody waits for it".into())) } else { Ok(()) }
    }
}

impl Embed for While {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.wanted()?;
        self.embed.query(text)
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.wanted()?;
        self.embed.passages(texts)
    }

    fn id(&self) -> &str {
        self.embed.id()
    }
}

/// What is compared.
struct Compared<'a> {
    snapshot: &'a Snapshot,
    bundle: &'a str,
    own: &'a [Arc<Profile>],
    /// Requests that it is to be found by.
    requests: &'a [String],
}

/// Where requests go without the candidate and with it.
struct Indexes<'a> {
    /// Made only where it has to be asked.
    before: OnceCell<Index>,
    make_before: &'a dyn Fn() -> Index,
    after: Index,
    own: &'a [Arc<Profile>],
}

impl Compared<'_> {
    fn all(&self, meaning: Option<Meaning>, given_up: CancellationToken) -> Found {
        let is_other = |skill: &&crate::skills::Skill| &*skill.bundle().name != self.bundle;
        let installed = self.snapshot.skills().iter().map(|skill| &**skill).filter(is_other);
        let installed: Vec<Arc<Profile>> = installed.map(|skill| Arc::new(of_installed(skill))).collect();
        let n = self.by_words(&installed)?;
        let seen = format!("{n} requests of installed skills go where they went");
        let Some(Meaning { index, embed }) = meaning else {
            return Ok(Some(format!("{seen}, by words; no model is in use")));
        };
        let embed = While { embed, given_up };
        Ok(Some(match self.by_meaning(&installed, index, &embed)? {
            None => format!("{seen}, by words; the model made no vectors of the candidate"),
            Some(n) => format!("{seen}, by words, and {n} of them by meaning too"),
        }))
    }

    /// How many requests of installed skills were tried.
    fn by_words(&self, installed: &[Arc<Profile>]) -> Result<usize, Fault> {
        let make_before = || Index::empty().with(&put(installed), None);
        let after = Index::empty().with(&[put(installed), put(self.own)].concat(), None);
        let indexes = Indexes { before: OnceCell::new(), make_before: &make_before, after, own: self.own };
        let mut n_tried = 0;
        for profile in installed {
            if let Some(copy) = self.own.iter().find(|own| alike(&own.description, &profile.description)) {
                let what =
                    format!("`{}` is described as `{}` is: {:?}", copy.name, profile.name, short(&profile.description));
                return Err(Fault::new(what));
            }
            for example in profile.examples.iter().take(REQUESTS_MAX - n_tried) {
                n_tried += 1;
                if let Some(copy) = self.own.iter().find(|own| says(own, &example.text)) {
                    let what =
                        format!("`{}` has the example {:?} of `{}`", copy.name, short(&example.text), profile.name);
                    return Err(Fault::new(what));
                }
                if let Some(by) = indexes.taken(&profile.name, &example.text, None) {
                    let what = format!("it takes {:?} from `{}` (by `{by}`)", short(&example.text), profile.name);
                    return Err(Fault::new(what));
                }
            }
        }
        for text in self.requests {
            indexes.found(text, None, "")?;
        }
        Ok(n_tried)
    }

    /// How many requests of installed skills were tried; `None` where the candidate has no vectors. Those of installed skills
    /// are taken as they are: where there is none yet, meaning says nothing yet.
    fn by_meaning(&self, installed: &[Arc<Profile>], index: Index, embed: &dyn Embed) -> Result<Option<usize>, Fault> {
        let replaced = self.snapshot.skills().iter().filter(|skill| &*skill.bundle().name == self.bundle);
        let replaced: Vec<Change> = replaced.map(|skill| Change::Remove(skill.name().clone())).collect();
        let before = if replaced.is_empty() { index } else { index.with(&replaced, None) };
        let own: Vec<Arc<Profile>> = self.own.iter().map(|own| Arc::new(bounded(own, self.own.len()))).collect();
        let after = before.with(&put(&own), Some(embed));
        if !own.iter().all(|own| after.has_vectors(&own.name)) {
            return Ok(None);
        }
        let make_before = || before.clone();
        let indexes = Indexes { before: OnceCell::new(), make_before: &make_before, after, own: &own };
        let mut n_tried = 0;
        for profile in installed {
            let requests = before.example_vectors(&profile.name);
            let (mut n, mut taken) = (0, Vec::new());
            for (text, vector) in requests.iter().take(REQUESTS_MAX - n_tried) {
                n += 1;
                if let Some(by) = indexes.taken(&profile.name, text, Some(vector)) {
                    let what = format!("with meaning, it takes {:?} from `{}` (by `{by}`)", short(text), profile.name);
                    return Err(Fault::new(what));
                }
                // Its examples have its own words. Who means the same in other words is led by meaning alone.
                taken.extend(indexes.taken(&profile.name, "", Some(vector)).map(|by| (by, *text)));
            }
            n_tried += n;
            if let Some((by, text)) = taken.first().filter(|_| taken.len() * TAKEN_ONE_IN >= n) {
                let what = format!(
                    "by meaning, it takes {} of {n} requests from `{}`, such as {:?} (by `{by}`)",
                    taken.len(),
                    profile.name,
                    short(text)
                );
                return Err(Fault::new(what));
            }
        }
        for text in self.requests.iter().take(EMBEDDED_MAX) {
            if let Ok(vector) = embed.query(&shape::of(text)) {
                indexes.found(text, Some(&vector), "with meaning, ")?;
            }
        }
        Ok(Some(n_tried))
    }
}

impl Indexes<'_> {
    fn is_own(&self, name: &str) -> bool {
        self.own.iter().any(|profile| &*profile.name == name)
    }

    /// Whoever of the candidate is first for a request of `owner`, or so near the first that the caller would be asked which is
    /// meant, where `owner` was first.
    fn taken(&self, owner: &str, text: &str, vector: Option<&[f32]>) -> Option<Arc<str>> {
        let Ranking { candidates, .. } = ranked(&self.after, text, vector, 4);
        let most = candidates.first()?.score;
        let own = candidates.iter().find(|candidate| self.is_own(&candidate.skill))?;
        if own.score < most * NEAR {
            return None;
        }
        let before = self.before.get_or_init(self.make_before);
        let first = ranked(before, text, vector, 1).candidates.into_iter().next()?;
        (&*first.skill == owner).then(|| own.skill.clone())
    }

    /// Whether the candidate is first for a request that it is for.
    fn found(&self, text: &str, vector: Option<&[f32]>, how: &str) -> Result<(), Fault> {
        let first = ranked(&self.after, text, vector, 1).candidates.into_iter().next();
        if first.as_ref().is_some_and(|first| self.is_own(&first.skill)) {
            return Ok(());
        }
        let who = first.map_or_else(|| "to nobody".to_owned(), |first| format!("to `{}`", first.skill));
        Err(Fault::new(format!("{how}{:?}, which it is to answer, goes {who}", short(text))))
    }
}

fn ranked(index: &Index, text: &str, vector: Option<&[f32]>, k: usize) -> Ranking {
    index.rank(text, vector, k, &[])
}

fn put(profiles: &[Arc<Profile>]) -> Vec<Change> {
    profiles.iter().cloned().map(Change::Put).collect()
}

/// The same with no more examples than its share, among `n_skills`, of those that vectors are made of.
fn bounded(profile: &Profile, n_skills: usize) -> Profile {
    let examples_max = (EMBEDDED_MAX / n_skills.max(1)).max(1);
    Profile { examples: profile.examples.iter().take(examples_max).cloned().collect(), ..profile.clone() }
}

/// Whether two descriptions say the same in almost the same words.
fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<HashSet<_>>()
    };
    let (one, other) = (words(one), words(other));
    let both = one.intersection(&other).count();
    both >= 3 && both * 10 >= one.union(&other).count() * 8
}

/// Whether one of its examples is that very request: then nobody can say whose it is.
fn says(profile: &Profile, text: &str) -> bool {
    profile.examples.iter().any(|example| example.text.trim().to_lowercase() == text.trim().to_lowercase())
}

fn of_candidate(skill: &CandidateSkill) -> Profile {
    Profile {
        name: skill.name.clone(),
        description: skill.metadata.description.clone(),
        input_schema: Arc::new(Value::Object(skill.metadata.input_schema.clone())),
        output_schema: skill.metadata.output_schema.clone().map(Arc::new),
        examples: texts(&skill.metadata.examples),
        read_only: skill.metadata.annotations.read_only_hint,
    }
}

fn of_installed(skill: &crate::skills::Skill) -> Profile {
    let examples: Vec<Example> = serde_json::from_str(skill.examples()).unwrap_or_default();
    Profile {
        name: skill.name().clone(),
        description: skill.description().to_owned(),
        input_schema: Arc::new(serde_json::from_str(skill.input_schema()).unwrap_or(Value::Null)),
        output_schema: skill.output_schema().and_then(|schema| serde_json::from_str(schema).ok()).map(Arc::new),
        examples: texts(&examples),
        read_only: skill.annotations().read_only_hint,
    }
}

fn texts(examples: &[Example]) -> Vec<ExampleText> {
    let all = examples.iter().flat_map(|example| {
        example.request.iter().map(|(language, text)| ExampleText {
            language: language.clone(),
            text: text.clone(),
            input: Some(example.input.clone()),
        })
    });
    all.collect()
}
