//! From a request to what to do about it.

use super::arguments::Said;
use super::complexity::{ClauseRanking, SEVERAL};
use super::follow::{self, Follow, Way};
use super::index::Request;
use super::plan::Planner;
use super::{
    Analysis, Ask, Candidate, Clause, Complexity, Embed, Index, Intent, Language, REQUEST_BYTES_MAX, Ranking, Strategy,
    clauses, complexity, decide, intent, language, mend, plan, shape, tables,
};

/// Candidates of each request and part.
const N_CANDIDATES: usize = 8;
/// The belief in a skill that is only there because something is to be calculated.
const BELIEF_CALCULATING: f32 = 0.02;

/// What `ask` is, and what to do about it with the skills of `index`.
pub fn analyse(index: &Index, ask: &Ask<'_>, embed: Option<&dyn Embed>) -> Analysis {
    clauses::reading_once(|| of_request(index, ask, embed))
}

fn of_request(index: &Index, ask: &Ask<'_>, embed: Option<&dyn Embed>) -> Analysis {
    let text = ask.text.get(..ask.text.floor_char_boundary(REQUEST_BYTES_MAX)).unwrap_or_default();
    let text = &*language::clean(text);
    let mended = mend::mend(text, index.vocabulary());
    let text = mended.text.as_str();
    let language = language::detect(text);
    let intent = intent::of(text);
    let ranked_by = |text: &str, vector: Option<&[f32]>| {
        let request = Request { text, vector, learned: ask.learned, among: ask.among };
        with_calculating(index.rank_among(&request, N_CANDIDATES), text, index, ask, language)
    };
    let ranked = |text: &str| {
        let vector = embed.and_then(|embed| embed.query(&shape::of(text)).ok());
        ranked_by(text, vector.as_deref())
    };
    let by_words = |text: &str| ranked_by(text, None);
    if matches!(intent, Intent::Chat | Intent::Unclear) {
        let reasons = vec![format!("a request of kind `{}` wants no skill", intent.as_str())];
        let nothing = Strategy::Gap { nearest: Vec::new() };
        return whole(language, intent, Vec::new(), Ranking::default(), nothing, reasons, ask);
    }
    let follow = if ask.turns.is_empty() { None } else { Follow::of(text) };
    let goes_on = follow.as_ref().filter(|follow| follow.way != Way::Points);
    let contradicts = |strategy: &Strategy| {
        let step = plan::first_call(strategy);
        step.and_then(|step| index.profile(&step.skill)).is_some_and(|profile| decide::contradicts(profile, text))
    };
    let followed = goes_on.and_then(|follow| follow.go_on(index, ask, language));
    if let Some((strategy, reason)) = followed.filter(|(strategy, _)| !contradicts(strategy)) {
        return whole(language, intent, Vec::new(), Ranking::default(), strategy, vec![reason], ask);
    }
    let clauses = clauses::split(text, &language);
    let text = match clauses.as_slice() {
        [_] => clauses::request_of(text),
        _ => text,
    };
    let ranking = ranked(text);
    let rankings: Vec<Ranking> = match clauses.as_slice() {
        [_] | [] => vec![ranking.clone()],
        several => several.iter().map(|clause| ranked(&clause.text)).collect(),
    };
    let block = tables::find(text).into_iter().next().and_then(|table| text.get(table));
    let planner = Planner {
        index,
        ask,
        language,
        mended: &mended,
        block,
        ranked: &ranked,
        by_words: embed.map(|_| &by_words as &dyn Fn(&str) -> Ranking),
    };
    let (clauses, rankings) = planner.cut(clauses, rankings);
    let ranked_parts: Vec<ClauseRanking<'_>> =
        clauses.iter().zip(&rankings).map(|(clause, ranking)| ClauseRanking { clause, ranking }).collect();
    let said = Said::new(text, language, ask.now).mended(&mended);
    let best = ranking.candidates.first().and_then(|best| index.input(&best.skill));
    let read = best.map(|input| input.read(&said));
    let complexity = hinted(complexity::of(&ranked_parts, &ranking, read.as_ref()), ask);
    let mut reasons = Vec::new();
    let parts = match clauses.as_slice() {
        [_] | [] => Vec::new(),
        several => planner.parts(several, &rankings),
    };
    let understood = read.as_ref().is_some_and(|read| read.is_understood());
    let strategy = if plan::is_several(&parts) && (complexity.score >= SEVERAL || plan::is_sure(&parts) || !understood)
    {
        reasons.push(format!("complexity {:.2}: its parts go to calls of their own", complexity.score));
        Strategy::Plan(parts)
    } else if complexity.score >= SEVERAL && parts.len() > 1 {
        reasons.push(format!("complexity {:.2}, at least {SEVERAL:.2}: several skills", complexity.score));
        Strategy::Plan(parts)
    } else {
        let (strategy, why) = decide::decide(index, ask, &said, read, intent, &ranking);
        let partly = match plan::first_call(&strategy) {
            Some(step) => {
                !understood && plan::is_all_of(&parts, step)
                    || plan::leaves_a_part(&parts, step, understood)
                    || plan::swallows_a_part(&parts, step)
                    || plan::drops_a_part(&parts, step)
                    || plan::is_of_no_part(&parts, step)
                        && index.profile(&step.skill).is_some_and(|profile| decide::changes(profile))
            }
            None => plan::is_partly_clear(&parts),
        };
        if partly {
            reasons.push("one of its parts is clear by itself, and says no more".to_owned());
            Strategy::Plan(parts)
        } else {
            reasons.extend(why);
            strategy
        }
    };
    // What points at the last turn and is not clear by itself may go on with it.
    let clear = matches!(strategy, Strategy::Direct(_) | Strategy::Fallbacks(_) | Strategy::Plan(_));
    let carried = follow.as_ref().and_then(|follow| follow::carried(index, ask, follow, &strategy));
    let pointing = follow.filter(|follow| follow.way == Way::Points && !clear);
    let strategy = match carried.or_else(|| pointing.and_then(|follow| follow.go_on(index, ask, language))) {
        Some((going_on, reason)) => {
            reasons.push(reason);
            going_on
        }
        None => strategy,
    };
    Analysis { language, intent, clauses, complexity, ranking, strategy, reasons }
}

/// The ranking with a skill that calculates, where the text says something to calculate and none is among the others:
/// "take a quarter of 100" has few words that a skill could be told by.
fn with_calculating(mut ranking: Ranking, text: &str, index: &Index, ask: &Ask<'_>, language: Language) -> Ranking {
    let mut able = index.calculating().filter(|name| ask.among.is_none_or(|among| among(name)));
    let Some(name) = able.next() else { return ranking };
    let is_there = ranking.candidates.iter().any(|one| index.calculating().any(|name| *name == one.skill));
    if !is_there && Said::new(text, language, ask.now).says_arithmetic() {
        let reasons = vec!["it calculates, and there is something to calculate".to_owned()];
        ranking.candidates.push(Candidate { skill: name.clone(), score: BELIEF_CALCULATING, reasons });
    }
    ranking
}

fn whole(
    language: Language,
    intent: Intent,
    clauses: Vec<Clause>,
    ranking: Ranking,
    strategy: Strategy,
    reasons: Vec<String>,
    ask: &Ask<'_>,
) -> Analysis {
    let complexity = hinted(Complexity { score: 0.0, reasons: Vec::new() }, ask);
    Analysis { language, intent, clauses, complexity, ranking, strategy, reasons }
}

/// The caller's own figure in place of the measured one, where it is a figure.
fn hinted(measured: Complexity, ask: &Ask<'_>) -> Complexity {
    match ask.hints.complexity.filter(|hint| (0.0..=1.0).contains(hint)) {
        None => measured,
        Some(hint) => {
            let mut reasons = measured.reasons;
            reasons.push(format!("the caller says {hint:.2}, measured {:.2}", measured.score));
            Complexity { score: hint, reasons }
        }
    }
}
