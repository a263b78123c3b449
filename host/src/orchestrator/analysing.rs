//! Looking at a request: gathers what routing wants to know, and runs it where it holds up nobody.

use std::sync::Arc;

use tracing::Instrument as _;

use super::event::{Analysed, Decision, End, Event, Request, Target};
use super::plan::{self, Known};
use super::routes::{Routed, off_thread};
use super::task::{Outputs, Progress, Task};
use super::{Inner, corrections, internal};
use crate::base::Failure;
use crate::memory::{Recalled, TURNS_MAX};
use crate::routing::complexity::SEVERAL;
use crate::routing::{self, Analysis, Ask, CivilNow, Hints, Intent, Turn};
use crate::store::tasks::TaskFilter;

/// Skills among which a request is looked for where it came in; among more it takes a thread of its own.
const INLINE_SKILLS_MAX: usize = 500;
/// Longest request that is looked at where it came in, in bytes.
const INLINE_BYTES_MAX: usize = 1_024;
/// Longest answer that a later turn can speak of, in bytes.
const TURN_ANSWER_BYTES_MAX: usize = 16 << 10;

/// What was found out about a request, and what would be done.
#[derive(Debug, Clone)]
pub struct Looked {
    /// All that routing says of it.
    pub analysis: Analysis,
    /// What is to be done.
    pub analysed: Analysed,
    /// Whether a model of meaning took part, or words alone.
    pub by_meaning: bool,
    /// How many earlier turns of the session were seen.
    pub n_turns: usize,
}

/// What is to be done about a request of `owner`: its own plan where it came with one, or what is found out.
pub(super) async fn decided(inner: &Arc<Inner>, owner: &Arc<str>, request: &Request) -> Result<Analysed, Failure> {
    match &request.plan {
        None => Ok(look(inner, owner, request).await?.analysed),
        Some(plan) => Ok(Analysed {
            language: routing::language::detect(&request.text).tag().into(),
            intent: Intent::Command.as_str().into(),
            complexity: 0.0,
            complexity_reasons: Vec::new(),
            strategy: "given".into(),
            reasons: vec!["the request came with its plan".to_owned()],
            candidates: Vec::new(),
            margin: 0.0,
            fit: 0.0,
            decision: Decision::Plan(plan.clone()),
            used: Default::default(),
        }),
    }
}

/// Looks at a request of `owner`.
pub(super) async fn look(inner: &Arc<Inner>, owner: &Arc<str>, request: &Request) -> Result<Looked, Failure> {
    looked(inner, owner, request).instrument(tracing::debug_span!("analyse")).await
}

async fn looked(inner: &Arc<Inner>, owner: &Arc<str>, request: &Request) -> Result<Looked, Failure> {
    let routed = inner.routes.current().await?;
    let snapshot = routed.snapshot.clone();
    let recalled = recall(inner, owner, request).await?;
    let now = civil_now(request.time_zone.as_deref());
    let n_turns = recalled.turns.len();
    let embed = inner.routes.embed();
    let by_meaning = embed.is_some();
    let inline = !by_meaning && routed.index.len() <= INLINE_SKILLS_MAX && request.text.len() <= INLINE_BYTES_MAX;
    let analysis = if inline {
        analyse(&routed, request, &recalled, now, None)
    } else {
        let _turn = inner.analysing.acquire().await.map_err(internal)?;
        let (inner, owner, request) = (inner.clone(), owner.clone(), request.clone());
        off_thread(move || {
            let learned = match &embed {
                Some(embed) => inner.memory.with_vectors(&owner, recalled.learned.clone(), &**embed),
                None => recalled.learned.clone(),
            };
            let recalled = Recalled { learned, ..recalled };
            analyse(&routed, &request, &recalled, now, embed.as_deref())
        })
        .await?
    };
    let gaps = match analysis.strategy {
        routing::Strategy::Gap { .. } | routing::Strategy::Plan(_) => inner.gap_keys(owner).await?,
        _ => Vec::new(),
    };
    let analysed = plan::plan(&analysis, &request.text, Known { owner, gaps: &gaps }, &*snapshot);
    Ok(Looked { analysis, analysed, by_meaning, n_turns })
}

fn analyse(
    routed: &Routed,
    request: &Request,
    recalled: &Recalled,
    now: CivilNow,
    embed: Option<&dyn routing::Embed>,
) -> Analysis {
    let contradiction = contradiction(&request.hints);
    let followed = contradiction.is_none();
    // What was said of the very same request counts more than whatever is like it.
    let told = corrections::told(&request.text, &recalled.learned).filter(|_| request.hints.skill.is_none());
    let hints = Hints {
        complexity: request.hints.complexity.filter(|_| followed),
        team_size: request.hints.team_size.filter(|_| followed),
        preferred_skill: request.hints.skill.as_deref().or(told).map(Arc::from),
    };
    let ask = Ask {
        text: &request.text,
        locale: request.locale.as_deref(),
        hints,
        turns: &recalled.turns,
        now,
        learned: &recalled.learned,
        standings: &recalled.standings,
        context: Some(&request.context),
        among: None,
    };
    let analysis = routing::analyse(&routed.index, &ask, embed);
    let mut analysis = corrections::reconsidered(&routed.index, &ask, analysis, embed);
    if let Some(skill) = told.filter(|skill| corrections::goes_to(&analysis.strategy, skill)) {
        analysis.reasons.insert(0, format!("this very request was sent to `{skill}` before"));
    }
    analysis.complexity.reasons.extend(contradiction);
    analysis
}

/// Why the caller's hints cannot both be followed: one agent does what takes one skill, several do what takes several.
fn contradiction(hints: &super::event::Hints) -> Option<String> {
    let (complexity, team_size) = (hints.complexity?, hints.team_size?);
    let contradict = (complexity < SEVERAL) != (team_size <= 1);
    contradict.then(|| {
        format!("the caller's hints contradict each other, so neither is followed: complexity {complexity:.2}, a team of {team_size}")
    })
}

/// Now, where the caller is; where the daemon is if that is not known.
pub(super) fn civil_now(time_zone: Option<&str>) -> CivilNow {
    let zone = time_zone.and_then(super::bounds::zone).unwrap_or_else(jiff::tz::TimeZone::system);
    let now = jiff::Timestamp::now().to_zoned(zone);
    let small = |number: i8| u8::try_from(number).unwrap_or(1);
    CivilNow {
        year: now.year().into(),
        month: small(now.month()),
        day: small(now.day()),
        hour: small(now.hour()),
        minute: small(now.minute()),
        second: small(now.second()),
        weekday: small(now.weekday().to_monday_one_offset()),
    }
}

async fn recall(inner: &Arc<Inner>, owner: &Arc<str>, request: &Request) -> Result<Recalled, Failure> {
    let settings = inner.settings.load();
    let standings = if settings.performance { inner.memory.standings() } else { Arc::default() };
    if !settings.memory {
        return Ok(Recalled { standings, ..Recalled::default() });
    }
    let turns = match request.session.as_deref() {
        Some(session) => turns(inner, owner, session).await?,
        None => Arc::default(),
    };
    Ok(Recalled { turns, learned: inner.memory.learned(owner).await?, standings })
}

/// The last turns of a session: held ready, or read from its tasks.
async fn turns(inner: &Arc<Inner>, owner: &Arc<str>, session: &str) -> Result<Arc<Vec<Turn>>, Failure> {
    if let Some(turns) = inner.memory.turns(owner, session) {
        return Ok(turns);
    }
    let n_changes = inner.memory.n_changes();
    let filter = TaskFilter { session: Some(session.into()), ..TaskFilter::default() };
    let records = inner.ledger.tasks(owner, filter, TURNS_MAX * 2).await?;
    let mut turns = Vec::new();
    for record in records.iter().filter(|record| record.state.is_terminal()) {
        turns.extend(turn(&inner.load(owner, record.id).await?));
        if turns.len() >= TURNS_MAX {
            break;
        }
    }
    turns.reverse();
    Ok(inner.memory.fill(owner, session, turns, n_changes))
}

/// What a task that has ended is to the requests after it.
pub(super) fn turn(task: &Task) -> Option<Turn> {
    let answered = task.planned().last().and_then(|(_, step)| {
        let call = step.step.chain.get(step.call)?;
        let Target::Skill(skill) = &call.target else { return None };
        let answer = match &step.progress {
            Progress::Done { output, .. } if output.get().len() <= TURN_ANSWER_BYTES_MAX => {
                serde_json::from_str(output.get()).ok()
            }
            _ => None,
        };
        Some((skill.clone(), Outputs::new(task).arguments(step, call).ok()?, answer))
    });
    // What was stopped is as good as not said.
    if matches!(task.end, None | Some(End::Canceled(_))) {
        return None;
    }
    let text = task.request.text.clone();
    Some(match answered {
        Some((skill, arguments, answer)) => Turn { text, skill: Some(skill), arguments, answer },
        None => Turn { text, skill: None, arguments: Default::default(), answer: None },
    })
}

/// The gap that an event says was met.
pub(super) fn met_gap(event: &Event) -> Option<(&super::event::Gap, Option<&Analysed>)> {
    use super::event::{Refusal, Reply};
    let (decision, analysed) = match event {
        Event::Analysed(analysed) => (&analysed.decision, Some(&**analysed)),
        Event::Answered(answered) => match &answered.reply {
            Reply::Decision(decision) => (decision, None),
            _ => return None,
        },
        _ => return None,
    };
    match decision {
        Decision::Refuse(Refusal::Gap(gap)) => Some((gap, analysed)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Hints;
    use super::contradiction;

    #[test]
    fn hints_that_contradict_each_other_are_not_followed() {
        let hints = |complexity, team_size| Hints { complexity, team_size, skill: None };
        for (complexity, team_size, contradict) in [
            (Some(0.1), Some(5), true),
            (Some(0.9), Some(1), true),
            (Some(0.9), Some(5), false),
            (Some(0.1), Some(1), false),
            (Some(0.1), None, false),
            (None, Some(5), false),
        ] {
            assert_eq!(
                contradiction(&hints(complexity, team_size)).is_some(),
                contradict,
                "{complexity:?} {team_size:?}"
            );
        }
    }
}
