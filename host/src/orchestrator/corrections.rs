//! Corrections: what "no, I meant …" means for a request, what it teaches of the one before, and saying it plainly.

use std::sync::Arc;

use super::event::{End, Target};
use super::task::{Progress, Task};
use super::{Orchestrator, internal, now_ms};
use crate::base::{Failure, FailureKind, TaskId};
use crate::routing::arguments::About;
use crate::routing::{
    self, Analysis, Ask, Embed, Index, Intent, Learned, Question, Step, Strategy, Turn, arguments, intent, language,
};
use crate::security::{Action, Principal, authorise};
use crate::store::recall::{LEARNED_BYTES_MAX, LearnedRecord};

/// How well what was meant has to fit another skill.
const FIT_MIN: f32 = 0.6;
/// With at least this share of the belief, the skill of the last turn may still be meant.
const SHARE_OF_LAST_MAX: f32 = 0.1;
/// Fewest words that say what was meant; fewer are a value.
const WORDS_MIN: usize = 2;

/// How a correction begins, longest first where one begins another.
const OPENINGS: &[&[&str]] = &[
    &["what", "i", "meant", "was"],
    &["what", "i", "wanted", "was"],
    &["that", "was", "wrong"],
    &["that", "is", "wrong"],
    &["that's", "wrong"],
    &["wrong", "skill"],
    &["i", "meant", "to"],
    &["i", "meant"],
    &["i", "mean"],
    &["i", "wanted", "to"],
    &["i", "wanted"],
    &["not", "that"],
    &["not", "this"],
    &["no"],
    &["nope"],
    &["det", "jag", "menade", "var"],
    &["det", "jag", "ville", "var"],
    &["det", "var", "fel"],
    &["det", "är", "fel"],
    &["fel", "skill"],
    &["jag", "menade"],
    &["jag", "menar"],
    &["jag", "ville", "ha"],
    &["jag", "ville"],
    &["inte", "den"],
    &["inte", "det"],
    &["inte", "så"],
    &["nej"],
    &["nä"],
];

/// What a correction says was meant: what is left without its opening; `None` where that is next to nothing.
pub(super) fn meant(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(after) = OPENINGS.iter().find_map(|opening| after(rest, opening)) {
        rest = after;
    }
    let n_words = rest.split_whitespace().count();
    (rest.len() < text.len() && n_words >= WORDS_MIN).then_some(rest)
}

/// What comes after `opening`, if `text` begins with it.
fn after<'a>(text: &'a str, opening: &[&str]) -> Option<&'a str> {
    let mut rest = text;
    for word in opening {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '\'').unwrap_or(rest.len());
        let (first, left) = rest.split_at_checked(end)?;
        if first.to_lowercase() != **word {
            return None;
        }
        rest = left;
    }
    // A quotation that begins what was meant belongs to it.
    Some(rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | ':' | ';' | '!' | '-' | '–')))
}

/// The analysis of a correction, which is for the skill of the last turn with other values unless what it says was meant
/// is clearly for another skill: then for that, with what it does not say anew from the request before.
pub(super) fn reconsidered(index: &Index, ask: &Ask<'_>, analysis: Analysis, embed: Option<&dyn Embed>) -> Analysis {
    if analysis.intent != Intent::Correction {
        return analysis;
    }
    let Some(last) = ask.turns.last() else { return analysis };
    let (Some(skill), Some(rest)) = (&last.skill, meant(ask.text)) else { return analysis };
    if of_one_skill(&analysis.strategy) != Some(skill) {
        return analysis;
    }
    let mut anew = routing::analyse(index, &Ask { text: rest, turns: &[], ..ask.clone() }, embed);
    let share =
        anew.ranking.candidates.iter().find(|candidate| candidate.skill == *skill).map_or(0.0, |last| last.score);
    let elsewhere = match &anew.strategy {
        Strategy::Ask(Question::Choice(choices)) => choices.iter().all(|choice| choice.skill != *skill),
        strategy => of_one_skill(strategy).is_some_and(|other| other != skill),
    };
    if !elsewhere || anew.ranking.fit < FIT_MIN || share > SHARE_OF_LAST_MAX {
        return analysis;
    }
    if let Strategy::Ask(Question::Missing { skill, arguments, missing }) = &mut anew.strategy
        && let Some(profile) = index.profile(skill)
    {
        let about = About {
            name: &profile.name,
            description: &profile.description,
            schema: &profile.input_schema,
            examples: &profile.examples,
        };
        let before = arguments::extract(about, &last.text, language::detect(&last.text), ask.now).arguments;
        missing.retain(|value| match before.get(&value.name) {
            Some(known) => {
                arguments.insert(value.name.clone(), known.clone());
                false
            }
            None => true,
        });
        if missing.is_empty() {
            anew.strategy = Strategy::Direct(Step { skill: skill.clone(), arguments: std::mem::take(arguments) });
        }
    }
    let reason = format!("the request corrects the last turn, which `{skill}` answered: another was meant");
    anew.reasons.insert(0, reason);
    Analysis { intent: Intent::Correction, language: analysis.language, ..anew }
}

/// The skill that a strategy goes to, where that is one.
fn of_one_skill(strategy: &Strategy) -> Option<&Arc<str>> {
    match strategy {
        Strategy::Direct(step) => Some(&step.skill),
        Strategy::Fallbacks(steps) => steps.first().map(|step| &step.skill),
        Strategy::Ask(Question::Missing { skill, .. }) => Some(skill),
        Strategy::Ask(Question::Choice(_)) | Strategy::Plan(_) | Strategy::Gap { .. } => None,
    }
}

/// The skill that this very request, but for case and punctuation, was sent to before by choice or correction; the last
/// time counts.
pub(super) fn told<'a>(text: &str, learned: &'a [Learned]) -> Option<&'a str> {
    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
    }
    // Most differ in their first word, so this seldom looks further.
    let same = |one: &&Learned| {
        let (mut a, mut b) = (words(text), words(&one.text));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some(a), Some(b))
                    if a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase)) => {}
                _ => return false,
            }
        }
    };
    learned.iter().find(same).map(|one| &*one.skill)
}

/// Whether a strategy goes to that skill alone, or to it first.
pub(super) fn goes_to(strategy: &Strategy, skill: &str) -> bool {
    of_one_skill(strategy).is_some_and(|to| **to == *skill)
}

/// What a task teaches.
pub(super) struct Lesson {
    /// A request before it.
    pub(super) text: String,
    /// The skill that it is for.
    pub(super) skill: Arc<str>,
}

/// What a correction that came to a good end teaches: the request that it corrects is for the skill that answered now.
/// `turns` are those before it.
pub(super) fn lesson(task: &Task, turns: impl FnOnce() -> Option<Arc<Vec<Turn>>>) -> Option<Lesson> {
    let analysed = task.analysed.as_ref()?;
    if *analysed.intent != *Intent::Correction.as_str() || !matches!(task.end, Some(End::Completed)) {
        return None;
    }
    let step = task.steps.last().filter(|step| matches!(step.progress, Progress::Done { .. }))?;
    let Target::Skill(skill) = step.step.chain.get(step.call)?.target.clone() else { return None };
    let turns = turns()?;
    // A correction of a correction speaks of the same request.
    let corrected = turns.iter().rev().find(|turn| intent::of(&turn.text) != Intent::Correction)?;
    (corrected.skill.as_ref() != Some(&skill)).then(|| Lesson { text: corrected.text.clone(), skill })
}

impl Orchestrator {
    /// Whether anything is to be remembered.
    pub(super) fn remembers(&self) -> Result<(), Failure> {
        if self.inner.settings.load().memory {
            return Ok(());
        }
        Err(Failure::new(FailureKind::Unavailable, "nothing is remembered here")
            .with_hint("an operator can set `memory_system_enabled = true` in happyos.toml"))
    }

    /// Says that a task of the principal's was for `skill`: requests like it go there from now on. Gives what is
    /// remembered.
    ///
    /// # Errors
    /// `denied`, `not-found` (of the task or the skill), `invalid-input` if the request is too long to be learned from,
    /// `unavailable` if nothing is to be remembered, `internal`.
    pub async fn correct(&self, principal: &Principal, id: TaskId, skill: &str) -> Result<LearnedRecord, Failure> {
        authorise(principal, Action::Ask)?;
        self.remembers()?;
        let owner: Arc<str> = principal.name().into();
        let task = self.inner.load(&owner, id).await?;
        let snapshot = self.inner.skills.snapshot(principal)?;
        if snapshot.skill(skill).is_none() {
            let shown: String = skill.chars().take(80).collect();
            let failure = Failure::new(FailureKind::NotFound, format!("there is no skill `{shown}`"));
            return Err(match snapshot.nearest(skill) {
                Some(nearest) => failure.with_hint(format!("did you mean `{nearest}`?")),
                None => failure.with_hint("`happyos skill list` names the skills"),
            });
        }
        let text = &task.request.text;
        if text.len() > LEARNED_BYTES_MAX {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                format!("the request has {} bytes, and at most {LEARNED_BYTES_MAX} are learned from", text.len()),
            )
            .with_hint("name the skill with such a request: `happyos ask --hint skill=NAME …`"));
        }
        self.inner.memory.learn((&owner, id), text, skill, now_ms()).await.map_err(internal)?;
        let known = self.inner.memory.list(principal).await?;
        known.into_iter().find(|one| *one.text == **text).ok_or_else(|| super::no_task(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_what_comes_after_the_opening() {
        let cases = [
            ("no, I meant count the words", Some("count the words")),
            ("No! That was wrong. I wanted to count the words", Some("count the words")),
            ("nej, jag menade räkna orden i 'a b'", Some("räkna orden i 'a b'")),
            ("Nej det var fel, jag ville ha 'a b' med versaler", Some("'a b' med versaler")),
            ("no, I meant meters", None),
            ("nej", None),
            ("notes, please list them", None),
            ("count the words", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(meant(text), wanted, "{text}");
        }
    }
}
