//! From what routing found out to what is to be done: pure.

use std::collections::BTreeSet;

use super::event::{
    Analysed, Call, Candidate, Choice, Decision, Gap, Missing, MissingValue, Part, Plan, Question, Refusal, Step,
};
use crate::routing::{self, Analysis, Strategy};

mod parts;

use crate::security::redact;
use crate::store::gaps::gap_id;
pub use parts::Catalog;

/// Most calls in the chain of one step.
const CHAIN_MAX: usize = 4;
/// Most skills that are named where one is to be chosen, or that came near.
const NAMED_MAX: usize = 5;
/// Words that a gap's key is made of, at most.
const KEY_WORDS_MAX: usize = 12;
/// Share of all words of two keys that must be in both for them to be one gap.
const KEY_SHARED_MIN: f32 = 0.5;

/// Where a gap is to be found again: whose it is, and which ones are known.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The principal.
    pub owner: &'a str,
    /// The keys of its gaps.
    pub gaps: &'a [Box<str>],
}

/// What is to be done, and why.
pub fn plan(analysis: &Analysis, text: &str, known: Known<'_>, catalog: &dyn Catalog) -> Analysed {
    Analysed {
        language: analysis.language.tag().into(),
        intent: analysis.intent.as_str().into(),
        complexity: analysis.complexity.score,
        complexity_reasons: analysis.complexity.reasons.clone(),
        strategy: strategy_name(&analysis.strategy).into(),
        reasons: analysis.reasons.clone(),
        candidates: analysis.ranking.candidates.iter().take(NAMED_MAX).map(candidate).collect(),
        margin: analysis.ranking.margin,
        fit: analysis.ranking.fit,
        decision: decide(&analysis.strategy, text, known, catalog),
        used: Default::default(),
    }
}

/// The name of a strategy, for records and people.
pub fn strategy_name(strategy: &Strategy) -> &'static str {
    match strategy {
        Strategy::Direct(_) => "direct",
        Strategy::Ask(_) => "ask",
        Strategy::Fallbacks(_) => "fallbacks",
        Strategy::Plan(_) => "plan",
        Strategy::Gap { .. } => "gap",
    }
}

fn decide(strategy: &Strategy, text: &str, known: Known<'_>, catalog: &dyn Catalog) -> Decision {
    match strategy {
        Strategy::Direct(step) => one(vec![call(step)]),
        Strategy::Fallbacks(steps) if !steps.is_empty() => one(steps.iter().take(CHAIN_MAX).map(call).collect()),
        Strategy::Ask(question) => Decision::Ask(ask(question)),
        Strategy::Plan(parts) => parts::decide(parts, text, known, catalog),
        Strategy::Fallbacks(_) => gap(text, Vec::new(), known),
        Strategy::Gap { nearest } => gap(text, nearest.iter().take(NAMED_MAX).map(candidate).collect(), known),
    }
}

/// A plan of one step.
pub fn one(chain: Vec<Call>) -> Decision {
    Decision::Plan(Plan { steps: vec![Step::of(chain)], left_out: Vec::new() })
}

/// A gap that `text` met.
pub fn gap(text: &str, nearest: Vec<Candidate>, known: Known<'_>) -> Decision {
    let key = gap_key(&redact::text(text), known.gaps);
    Decision::Refuse(Refusal::Gap(Gap { id: gap_id(known.owner, &key), key, nearest }))
}

/// What requests for the same thing have in common: their longer words, in order. A key among `known` that shares most of
/// them is taken in its place.
pub fn gap_key(text: &str, known: &[Box<str>]) -> Box<str> {
    let lower = text.to_lowercase();
    let all = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: BTreeSet<&str> = all().filter(|word| word.chars().count() > 3).take(KEY_WORDS_MAX).collect();
    if words.is_empty() {
        words = all().take(KEY_WORDS_MAX).collect();
    }
    let shared = |key: &str| {
        let other: BTreeSet<&str> = key.split(' ').collect();
        let both = words.intersection(&other).count() as f32;
        both / (words.union(&other).count() as f32).max(1.0)
    };
    let near = known.iter().map(|key| (shared(key), key)).filter(|(shared, _)| *shared >= KEY_SHARED_MIN);
    match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, key)) => key.clone(),
        None => words.into_iter().collect::<Vec<_>>().join(" ").into(),
    }
}

/// The question as it is kept.
pub fn ask(question: &routing::Question) -> Question {
    match question {
        routing::Question::Choice(choices) => Question::Choice(
            choices
                .iter()
                .take(NAMED_MAX)
                .map(|choice| Choice {
                    skill: choice.skill.clone(),
                    description: choice.description.clone(),
                    score: choice.score,
                })
                .collect(),
        ),
        routing::Question::Missing { skill, arguments, missing } => Question::Missing(Missing {
            skill: skill.clone(),
            arguments: arguments.clone(),
            values: missing.iter().map(missing_value).collect(),
        }),
    }
}

/// A value that is asked for, as it is kept.
pub fn missing_value(missing: &routing::Missing) -> MissingValue {
    MissingValue {
        name: missing.name.clone(),
        description: missing.description.clone(),
        question: missing.question.clone(),
        options: missing.options.clone(),
        suggestion: missing.suggestion.clone(),
    }
}

fn call(step: &routing::Step) -> Call {
    Call::skill(step.skill.clone(), step.arguments.clone())
}

fn candidate(candidate: &routing::Candidate) -> Candidate {
    Candidate { skill: candidate.skill.clone(), score: candidate.score, reasons: candidate.reasons.clone() }
}

fn part(part: &routing::Part) -> Part {
    let mut found =
        Part { text: part.clause.text.clone(), call: None, missing: Vec::new(), choices: Vec::new(), waits: false };
    match &*part.strategy {
        Strategy::Direct(step) => found.call = Some(call(step)),
        Strategy::Fallbacks(steps) => found.call = steps.first().map(call),
        Strategy::Ask(routing::Question::Missing { skill, arguments, missing }) => {
            found.call = Some(Call::skill(skill.clone(), arguments.clone()));
            found.missing = missing.iter().map(|missing| missing.name.clone()).collect();
        }
        Strategy::Ask(routing::Question::Choice(choices)) => {
            found.choices = choices.iter().take(NAMED_MAX).map(|choice| choice.skill.clone()).collect();
        }
        // A part is never a plan of its own.
        Strategy::Gap { .. } | Strategy::Plan(_) => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_the_same_thing_meet_the_same_gap() {
        let first = gap_key("Skapa en ny Python-funktion för dataanalys", &[]);
        assert_eq!(&*first, "dataanalys funktion python skapa");
        let known = [first.clone(), "book flight".into()];
        assert_eq!(gap_key("skapa en python funktion för dataanalys!", &known), first);
        assert_eq!(&*gap_key("Book me a flight to Oslo", &known), "book flight");
        assert_eq!(&*gap_key("Order a pizza", &known), "order pizza");
        assert_eq!(&*gap_key("a b", &[]), "a b");
    }
}
