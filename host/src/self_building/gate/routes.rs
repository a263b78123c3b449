//! Whether a candidate is found by the requests it is for, and leaves to installed skills what is theirs.

use std::cell::LazyCell;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::{Fault, Found, Need, short};
use crate::routing::index::{Index, Request};
use crate::routing::{Change, ExampleText, Profile};
use crate::security::Principal;
use crate::skills::{CandidateSkill, Example, Loaded, Skills, Snapshot};

/// Requests of installed skills that are tried.
const REQUESTS_MAX: usize = 2_000;
/// Who has so large a share of the first one's belief is as good as first.
const NEAR: f32 = 0.8;

/// Begins to compare where requests go without the candidate and with it, by words: the judgement must not wait for a model.
pub fn begin(
    skills: &Skills,
    principal: &Principal,
    loaded: &Loaded,
    own: &[CandidateSkill],
    need: &Need,
) -> impl Future<Output = Found> + use<> {
    let snapshot = skills.snapshot(principal).map_err(|failure| Fault::new(failure.to_string()));
    let bundle: Arc<str> = loaded.candidate().manifest.name.as_str().into();
    let profiles: Vec<Arc<Profile>> = own.iter().map(|skill| Arc::new(of_candidate(skill))).collect();
    let (skills, requests, is_new) = (skills.clone(), need.requests.clone(), need.is_new);
    let compared = AbortOnDropHandle::new(tokio::spawn(async move {
        let snapshot = snapshot?;
        let compared = skills.compute(move || compare(&snapshot, &bundle, &profiles, &requests, is_new)).await;
        compared.unwrap_or_else(|failure| Err(Fault::new(failure.to_string())))
    }));
    async move { compared.await.unwrap_or_else(|error| Err(Fault::new(format!("routing was not compared: {error}")))) }
}

fn compare(snapshot: &Snapshot, bundle: &str, own: &[Arc<Profile>], requests: &[String], is_new: bool) -> Found {
    let installed: Vec<Arc<Profile>> = snapshot
        .skills()
        .iter()
        .filter(|skill| &*skill.bundle().name != bundle)
        .map(|skill| Arc::new(of_installed(skill)))
        .collect();
    let put = |profiles: &[Arc<Profile>]| profiles.iter().cloned().map(Change::Put).collect::<Vec<_>>();
    let after = Index::empty().with(&[put(&installed), put(own)].concat(), None);
    // Made only where it has to be asked.
    let before = LazyCell::new(|| Index::empty().with(&put(&installed), None));
    let is_own = |name: &str| own.iter().any(|profile| &*profile.name == name);
    let first = |index: &Index, text: &str| {
        let ranking = index.rank_among(&Request { text, vector: None, learned: &[], among: None }, 1);
        ranking.candidates.first().map(|candidate| candidate.skill.clone())
    };
    let mut n_tried = 0;
    for profile in &installed {
        if let Some(copy) = own.iter().find(|own| alike(&own.description, &profile.description)) {
            let what =
                format!("`{}` is described as `{}` is: {:?}", copy.name, profile.name, short(&profile.description));
            return Err(Fault::new(what));
        }
        for example in &profile.examples {
            if n_tried >= REQUESTS_MAX {
                break;
            }
            n_tried += 1;
            if let Some(copy) = own.iter().find(|own| says(own, &example.text)) {
                let what = format!("`{}` has the example {:?} of `{}`", copy.name, short(&example.text), profile.name);
                return Err(Fault::new(what));
            }
            let taken = rival(&after, &example.text, &is_own);
            if let Some(by) = taken
                && first(&before, &example.text).as_deref() == Some(&*profile.name)
            {
                let what = format!("it takes {:?} from `{}` (by `{by}`)", short(&example.text), profile.name);
                return Err(Fault::new(what));
            }
        }
    }
    if is_new {
        for text in requests {
            let found = first(&after, text);
            if !found.as_deref().is_some_and(is_own) {
                let who = found.map_or_else(|| "to nobody".to_owned(), |name| format!("to `{name}`"));
                return Err(Fault::new(format!("{:?}, which it is to answer, goes {who}", short(text))));
            }
        }
    }
    Ok(Some(format!("{n_tried} requests of installed skills go where they went")))
}

/// Whoever of the candidate is first for a request, or so near the first that the caller would be asked which is meant.
fn rival(index: &Index, text: &str, is_own: &impl Fn(&str) -> bool) -> Option<Arc<str>> {
    let ranking = index.rank_among(&Request { text, vector: None, learned: &[], among: None }, 4);
    let most = ranking.candidates.first()?.score;
    let own = ranking.candidates.iter().find(|candidate| is_own(&candidate.skill))?;
    (own.score >= most * NEAR).then(|| own.skill.clone())
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
