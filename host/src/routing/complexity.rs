//! How much a request needs: distinct skills, what they need of each other, what is ambiguous or missing.
//!
//! Nothing here looks at how long or how elaborate a request is. What counts is how many skills it takes: whether one
//! skill explains it alone, whether its parts go to different skills, and whether its words hold more values than one
//! call of the best skill can take.

use std::sync::Arc;

use super::arguments::Extraction;
use super::{Clause, Ranking};

/// From here on a request needs several skills.
pub const SEVERAL: f32 = 0.7;

/// How much a request needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Complexity {
    /// 0 to 1; at [`SEVERAL`] and above one skill is not enough.
    pub score: f32,
    /// Why, in words for a person.
    pub reasons: Vec<String>,
}

/// One part of a request with the skills that fit it.
#[derive(Debug, Clone, Copy)]
pub struct ClauseRanking<'a> {
    /// The part.
    pub clause: &'a Clause,
    /// What fits it.
    pub ranking: &'a Ranking,
}

/// What is counted of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signals {
    /// The belief that goes to other skills than the best one, 0 to 1.
    pub elsewhere: f32,
    /// How much more two skills explain together than one alone, beyond what they usually do.
    pub together: f32,
    /// The best skills of the parts that ask something, each once.
    pub n_skills: usize,
    /// Parts that ask something.
    pub n_asking: usize,
    /// Parts that need an earlier part's answer.
    pub n_depending: usize,
    /// Further values for a parameter of the best skill that takes one.
    pub n_repeats: usize,
    /// Values that the best skill has no use for.
    pub n_unused: usize,
    /// Required values of the best skill that the request does not say.
    pub n_missing: usize,
}

/// Counts what [`of`] weighs: `whole` fits the request as a whole, `parts` its parts; `read` is what the best skill's
/// input would be, where that was tried.
pub fn signals(parts: &[ClauseRanking<'_>], whole: &Ranking, read: Option<&Extraction>) -> Signals {
    let asking = || parts.iter().filter(|part| part.clause.asks);
    let mut skills: Vec<&Arc<str>> =
        asking().filter_map(|part| part.ranking.candidates.first().map(|best| &best.skill)).collect();
    skills.sort();
    skills.dedup();
    Signals {
        elsewhere: whole.candidates.first().map_or(0.0, |best| (1.0 - best.score).clamp(0.0, 1.0)),
        together: whole.together.map_or(0.0, |gain| gain - TOGETHER_USUAL),
        n_skills: skills.len(),
        n_asking: asking().count(),
        n_depending: parts.iter().filter(|part| part.clause.depends).count(),
        n_repeats: read.map_or(0, |read| read.n_repeats),
        n_unused: read.map_or(0, |read| read.unused.len()),
        n_missing: read.map_or(0, |read| read.missing.len()),
    }
}

/// The complexity of a request.
pub fn of(parts: &[ClauseRanking<'_>], whole: &Ranking, read: Option<&Extraction>) -> Complexity {
    let signals = signals(parts, whole, read);
    Complexity { score: signals.score(), reasons: signals.reasons() }
}

impl Signals {
    /// A logistic model of these counts, its weights from requests for one and for several tools.
    pub fn score(&self) -> f32 {
        let up_to = |n: usize, most: u8| n.min(usize::from(most)) as f32;
        let sum = BASE
            + ELSEWHERE * self.elsewhere
            + (TOGETHER * self.together).clamp(-TOGETHER_MAX, TOGETHER_MAX)
            + SKILLS * up_to(self.n_skills.saturating_sub(1), 2)
            + ASKING * up_to(self.n_asking.saturating_sub(1), 2)
            + DEPENDING * up_to(self.n_depending, 2)
            + REPEATS * up_to(self.n_repeats, 2)
            + UNUSED * up_to(self.n_unused, 4)
            + MISSING * up_to(self.n_missing, 2);
        1.0 / (1.0 + (-sum).exp())
    }

    fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let mut say = |holds: bool, reason: String| {
            if holds {
                reasons.push(reason);
            }
        };
        say(self.n_skills > 1, format!("its parts go to {} skills", self.n_skills));
        say(self.n_asking > 1, format!("{} parts ask for something", self.n_asking));
        say(self.n_depending > 0, format!("{} of its parts need an earlier part's answer", self.n_depending));
        say(self.n_repeats > 0, format!("{} further values for something that takes one", self.n_repeats));
        say(self.n_unused > 0, format!("{} values that the best skill has no use for", self.n_unused));
        say(self.n_missing > 0, format!("{} required values are missing or unsure", self.n_missing));
        say(self.together > TOGETHER_USUAL / 2.0, "two skills explain it better together than one alone".to_owned());
        say(
            self.elsewhere > 0.5,
            format!("no skill fits alone: {:.0} % of the belief is in others", self.elsewhere * 100.0),
        );
        reasons
    }
}

const BASE: f32 = -1.85;
const ELSEWHERE: f32 = 1.2;
/// What is usual lies between requests for one skill and for two; they differ by about a thirtieth.
const TOGETHER_USUAL: f32 = 0.04;
const TOGETHER: f32 = 30.0;
const TOGETHER_MAX: f32 = 2.0;
const SKILLS: f32 = 1.0;
const ASKING: f32 = 1.65;
const DEPENDING: f32 = 0.1;
const REPEATS: f32 = 0.7;
const UNUSED: f32 = 0.9;
const MISSING: f32 = 0.1;
