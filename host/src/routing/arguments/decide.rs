//! Which of the values found are sure, which are only likely, and what is settled because nothing else is left.

use std::ops::Range;

use super::assign;
use super::offers::Offer;
use super::schema::{Kind, Parameter, Sense};
use super::spans::{Form, Reading};
use super::words;

/// Below this an offer is no evidence at all.
const FLOOR: f32 = 0.3;
/// From here on a required value is sure, by what is known of such values: numbers are hardly ever mistaken, texts are.
const SURE: f32 = 0.7;
const SURE_TEXT: f32 = 0.85;
const SURE_LIST: f32 = 1.1;
/// From here on an optional value is taken.
const OPTIONAL_SURE: f32 = 0.45;
/// What the words around an optional value must say for it at least.
const EVIDENCE: f32 = 0.1;
/// By how much a value must be ahead of the parameter's next free one.
const MARGIN: f32 = 0.12;
/// By how much two values must fit better as they are than exchanged.
const EXCHANGE_MARGIN: f32 = 0.2;
/// From here on an optional parameter may be what an unused part of the text was meant for.
const HOME: f32 = 0.0;
/// The same, of words that nothing explains.
const HOME_OF_WORDS: f32 = -0.15;
/// How much less well than the first a further value for the same parameter may fit.
const REPEAT_COST: f32 = 0.45;
/// What is enough for a value when it is the only one left for the only parameter left.
const LAST_ONE: f32 = 0.45;

/// What made a value sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The words around it and its looks.
    Fit,
    /// The order of values that only their order tells apart.
    Order,
    /// It was the only one left for the only parameter left.
    LastOne,
}

/// What becomes of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    Take(Offer, How),
    /// Likely, but to be asked for.
    Doubt(Offer),
    None,
}

impl Decision {
    /// The offer, sure or not.
    pub fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Take(offer, _) | Self::Doubt(offer) => Some(offer),
            Self::None => None,
        }
    }
}

/// Decides for all parameters together; `offers` are theirs, best first.
pub fn all(reading: &Reading<'_>, parameters: &[Parameter], offers: &[Vec<Offer>]) -> Vec<Decision> {
    let groups: Vec<usize> =
        parameters.iter().enumerate().map(|(at, parameter)| group(parameters, at, parameter)).collect();
    let chosen = assign::best(offers, &groups, FLOOR);
    let picked: Vec<Option<&Offer>> =
        chosen.iter().zip(offers).map(|(at, own)| at.and_then(|at| own.get(at))).collect();
    let mut decided: Vec<Decision> = Vec::with_capacity(parameters.len());
    for (at, parameter) in parameters.iter().enumerate() {
        let own = offers.get(at).map(Vec::as_slice).unwrap_or_default();
        decided.push(one(parameters, parameter, own, at, &picked));
    }
    exchanges(parameters, offers, &groups, &mut decided);
    last_one(reading, parameters, offers, &mut decided, true);
    last_one(reading, parameters, offers, &mut decided, false);
    homeless(reading, parameters, offers, &mut decided);
    decided
}

/// Parameters that the same values could go to share a number.
fn group(parameters: &[Parameter], at: usize, parameter: &Parameter) -> usize {
    let class = |parameter: &Parameter| match parameter.kind {
        Kind::Integer | Kind::Number => 0,
        Kind::Text if matches!(parameter.sense, Sense::Date | Sense::DateTime | Sense::Time) => 1,
        Kind::Text => 2,
        Kind::List(_) => 3,
        _ => 4,
    };
    let own = class(parameter);
    if own == 4 {
        return at;
    }
    parameters.iter().position(|other| class(other) == own).unwrap_or(at)
}

fn one(
    parameters: &[Parameter],
    parameter: &Parameter,
    own: &[Offer],
    at: usize,
    picked: &[Option<&Offer>],
) -> Decision {
    let Some(offer) = picked.get(at).copied().flatten() else { return Decision::None };
    let rival = rival(own, offer, at, picked);
    // "Of 36 and 24": two values for two parameters that only their order tells apart.
    let twins = twins(parameters, at);
    let paired =
        !twins.is_empty() && rival < FLOOR && twins.iter().all(|twin| picked.get(*twin).copied().flatten().is_some());
    if !parameter.required {
        if paired && !offer.ambiguous && offer.score >= FLOOR {
            return Decision::Take(offer.clone(), How::Order);
        }
        let told = offer.shares || offer.evidence >= EVIDENCE;
        let enough = OPTIONAL_SURE + if matches!(parameter.kind, Kind::List(_)) { 0.35 } else { 0.0 };
        let sure = told && offer.score >= enough && offer.score - rival >= MARGIN && !offer.ambiguous;
        return if sure { Decision::Take(offer.clone(), How::Fit) } else { Decision::None };
    }
    let settled = paired && offer.score >= 0.4;
    let enough = match parameter.kind {
        Kind::Text => SURE_TEXT,
        Kind::List(_) | Kind::Object(_) => SURE_LIST,
        _ => SURE,
    };
    let fits = offer.score >= enough && offer.score - rival >= MARGIN;
    match (fits, settled) {
        _ if offer.ambiguous => Decision::Doubt(offer.clone()),
        (true, _) => Decision::Take(offer.clone(), How::Fit),
        (_, true) => Decision::Take(offer.clone(), How::Order),
        _ => Decision::Doubt(offer.clone()),
    }
}

/// The parameters whose names differ from this one's only in a number or in words such as first and second.
fn twins(parameters: &[Parameter], at: usize) -> Vec<usize> {
    let Some(parameter) = parameters.get(at) else { return Vec::new() };
    let stem = stem(&parameter.name);
    let is_twin = |(other, twin): &(usize, &Parameter)| {
        *other != at && twin.kind == parameter.kind && (self::stem(&twin.name) == stem)
    };
    parameters.iter().enumerate().filter(is_twin).map(|(other, _)| other).collect()
}

/// A name without what only counts: "number1" and "number2" are both "number"; "start" and "end" both "from to".
fn stem(name: &str) -> String {
    let counts = |word: &String| {
        word.bytes().all(|byte| byte.is_ascii_digit())
            || matches!(
                word.as_str(),
                "first"
                    | "second"
                    | "third"
                    | "a"
                    | "b"
                    | "c"
                    | "x"
                    | "y"
                    | "z"
                    | "one"
                    | "two"
                    | "from"
                    | "to"
                    | "start"
                    | "end"
                    | "origin"
                    | "destination"
                    | "source"
                    | "target"
            )
    };
    words::of_name(name).into_iter().filter(|word| !counts(word)).collect::<Vec<_>>().join(" ")
}

/// The score of the parameter's best other offer whose text no other parameter uses.
fn rival(own: &[Offer], offer: &Offer, at: usize, picked: &[Option<&Offer>]) -> f32 {
    // A longer or shorter reading of the same words is no rival.
    let others = own.iter().filter(|other| {
        other.value != offer.value && !(other.tokens.start < offer.tokens.end && offer.tokens.start < other.tokens.end)
    });
    let free = others.filter(|other| {
        let taken = picked.iter().enumerate().filter(|(place, _)| *place != at);
        !taken.filter_map(|(_, picked)| *picked).any(|picked| assign::overlap(picked, other))
    });
    free.map(|other| other.score).fold(0.0, f32::max)
}

/// Two values that would fit about as well exchanged are both in doubt, unless only order tells their parameters apart.
fn exchanges(parameters: &[Parameter], offers: &[Vec<Offer>], groups: &[usize], decided: &mut [Decision]) {
    let score = |parameter: usize, like: &Offer| {
        let own = offers.get(parameter).map(Vec::as_slice).unwrap_or_default();
        own.iter().find(|offer| offer.tokens == like.tokens).map(|offer| offer.score)
    };
    let mut doubted = Vec::new();
    for left in 0..decided.len() {
        for right in left + 1..decided.len() {
            if groups.get(left) != groups.get(right) || twins(parameters, left).contains(&right) {
                continue;
            }
            let (Some(one), Some(other)) =
                (decided.get(left).and_then(Decision::offer), decided.get(right).and_then(Decision::offer))
            else {
                continue;
            };
            if let (Some(swapped), Some(back)) = (score(left, other), score(right, one))
                && one.score + other.score - swapped - back < EXCHANGE_MARGIN
                && one.value != other.value
            {
                doubted.extend([left, right]);
            }
        }
    }
    for at in doubted {
        let required = parameters.get(at).is_some_and(|parameter| parameter.required);
        if let Some(decision) = decided.get_mut(at) {
            *decision = match std::mem::replace(decision, Decision::None) {
                Decision::Take(offer, _) if required => Decision::Doubt(offer),
                Decision::Take(..) => Decision::None,
                other => other,
            };
        }
    }
}

/// The only number left is that of the only number parameter left, and the same for texts and lists.
fn last_one(
    reading: &Reading<'_>,
    parameters: &[Parameter],
    offers: &[Vec<Offer>],
    decided: &mut [Decision],
    numeric: bool,
) {
    let is_numeric = |parameter: &Parameter| matches!(parameter.kind, Kind::Integer | Kind::Number);
    let open: Vec<usize> = (0..decided.len())
        .filter(|at| {
            parameters.get(*at).is_some_and(|parameter| parameter.required && is_numeric(parameter) == numeric)
        })
        .filter(|at| !matches!(decided.get(*at), Some(Decision::Take(..))))
        .collect();
    let [open] = open.as_slice() else { return };
    let Some(parameter) = parameters.get(*open) else { return };
    let taken: Vec<&Offer> =
        decided.iter().enumerate().filter(|(at, _)| at != open).filter_map(|(_, decision)| decision.offer()).collect();
    let left = salient(reading, &taken);
    let is_number = |tokens: &Range<usize>| reading.numbers.iter().any(|number| number.whole == *tokens);
    let candidates: Vec<Range<usize>> = match parameter.kind {
        Kind::Integer | Kind::Number => left.into_iter().filter(is_number).collect(),
        Kind::Text | Kind::List(_) => {
            let named: Vec<Range<usize>> = left.into_iter().filter(|tokens| !is_number(tokens)).collect();
            if named.is_empty() { unexplained(reading, parameters, &taken) } else { named }
        }
        _ => return,
    };
    let own = offers.get(*open).map(Vec::as_slice).unwrap_or_default();
    let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else { return };
    // Several candidates only where one value takes them all, as a row does.
    let all = first.start..last.end;
    let fitting = own.iter().filter(|offer| {
        let covers = offer.tokens.start <= all.start && offer.tokens.end >= all.end;
        let single = candidates.len() == 1 && offer.tokens.start < all.end && all.start < offer.tokens.end;
        (covers || single) && !offer.ambiguous && !offer.shares
    });
    let best = fitting.max_by(|left, right| left.score.total_cmp(&right.score));
    let floor = if numeric { 0.35 } else { LAST_ONE };
    if let Some(best) = best.filter(|best| best.score >= floor)
        && let Some(decision) = decided.get_mut(*open)
        && decision.offer().is_none_or(|known| {
            known.tokens.start < best.tokens.end && best.tokens.start < known.tokens.end
                || known.score < best.score + MARGIN
        })
    {
        *decision = Decision::Take(best.clone(), How::LastOne);
    }
}

/// What the text says and no value uses may be meant for an optional parameter that the words around it speak of: that one is
/// asked for.
fn homeless(reading: &Reading<'_>, parameters: &[Parameter], offers: &[Vec<Offer>], decided: &mut [Decision]) {
    if parameters.iter().all(|parameter| parameter.required) {
        return;
    }
    let taken: Vec<&Offer> = decided.iter().filter_map(Decision::offer).collect();
    let left = salient(reading, &taken);
    let free: Vec<usize> = (0..decided.len()).filter(|at| decided.get(*at) == Some(&Decision::None)).collect();
    let mut doubts: Vec<(usize, Offer)> = Vec::new();
    let runs = unexplained(reading, parameters, &taken);
    let of_values = left.iter().map(|tokens| (tokens, HOME, true));
    for (tokens, home, is_value) in of_values.chain(runs.iter().map(|tokens| (tokens, HOME_OF_WORDS, false))) {
        // Words that nothing explains are no list of anything.
        let may_be =
            |parameter: &Parameter| !parameter.required && (is_value || !matches!(parameter.kind, Kind::List(_)));
        let homes = free.iter().filter(|at| parameters.get(**at).is_some_and(may_be)).flat_map(|at| {
            let own = offers.get(*at).map(Vec::as_slice).unwrap_or_default();
            own.iter()
                .filter(|offer| offer.tokens.start < tokens.end && tokens.start < offer.tokens.end)
                .map(move |offer| (*at, offer))
        });
        let best = homes
            .filter(|(_, offer)| offer.score >= home && offer.evidence >= EVIDENCE)
            .max_by(|left, right| left.1.score.total_cmp(&right.1.score));
        doubts.extend(best.map(|(at, offer)| (at, offer.clone())));
    }
    for (at, offer) in doubts {
        if let Some(decision) = decided.get_mut(at) {
            *decision = Decision::Doubt(offer);
        }
    }
}

/// The most further values that fit a parameter of one value about as well as the one it got, and that nothing else uses.
pub fn repeats(parameters: &[Parameter], offers: &[Vec<Offer>], decided: &[Decision]) -> usize {
    let taken: Vec<&Offer> = decided.iter().filter_map(Decision::offer).collect();
    let of_one = parameters.iter().zip(offers).zip(decided).filter_map(|((parameter, own), decision)| {
        let single = matches!(parameter.kind, Kind::Integer | Kind::Number | Kind::Text | Kind::Options);
        decision.offer().filter(|_| single).map(|offer| (own, offer))
    });
    let count = |(own, chosen): (&Vec<Offer>, &Offer)| {
        let mut seen: Vec<&Offer> = vec![chosen];
        for offer in own.iter().filter(|offer| offer.score >= chosen.score - REPEAT_COST) {
            let apart =
                |known: &&Offer| offer.tokens.end <= known.tokens.start || known.tokens.end <= offer.tokens.start;
            let free = taken.iter().all(|taken| std::ptr::eq(*taken, chosen) || apart(taken));
            if free && seen.iter().all(|known| apart(known) && known.value != offer.value) {
                seen.push(offer);
            }
        }
        seen.len() - 1
    };
    of_one.map(count).max().unwrap_or(0)
}

/// The numbers, quotations, codes and names of the text that no taken offer was read from.
pub fn salient(reading: &Reading<'_>, taken: &[&Offer]) -> Vec<Range<usize>> {
    let used = |tokens: &Range<usize>| {
        taken.iter().any(|offer| offer.tokens.start < tokens.end && tokens.start < offer.tokens.end)
    };
    let dated = |at: usize| reading.moments.iter().any(|moment| moment.tokens.contains(&at));
    let numbers =
        reading.numbers.iter().filter(|number| !number.weak && !number.ordinal && !dated(number.tokens.start));
    let quoted = |at: usize| reading.text.get(at).is_some_and(|token| token.quote.is_some());
    let mut found: Vec<Range<usize>> = numbers
        .filter(|number| !used(&number.tokens) && !quoted(number.tokens.start))
        .map(|number| number.whole.clone())
        .collect();
    let spans = reading.spans.iter().filter(|span| matches!(span.form, Form::Quoted | Form::Code | Form::Name));
    for span in spans.filter(|span| !used(&span.tokens)) {
        let explained = span.form == Form::Name && span.tokens.clone().all(|at| reading.is_explained(at));
        let inside = found.iter().any(|known| known.start < span.tokens.end && span.tokens.start < known.end);
        if !explained && !inside {
            found.push(span.tokens.clone());
        }
    }
    found.sort_by_key(|tokens| tokens.start);
    found
}

/// The words of [`unexplained`] runs, and verbs that ask for something the skill does not speak of.
pub fn unexplained_words(reading: &Reading<'_>, parameters: &[Parameter], taken: &[&Offer]) -> Vec<String> {
    let mut found: Vec<String> = unexplained(reading, parameters, taken)
        .into_iter()
        .flatten()
        .map(|at| reading.text.lower(at).to_owned())
        .take(16)
        .collect();
    let verb = |at: &usize| {
        reading.bearings.get(*at).is_some_and(|bearing| bearing.asks)
            && !reading.is_explained(*at)
            && !taken.iter().any(|offer| offer.tokens.contains(at))
    };
    found.extend((0..reading.text.tokens.len().min(64)).filter(verb).map(|at| reading.text.lower(at).to_owned()));
    found
}

/// Runs of words that neither the skill's words nor the parameters' explain, and that no taken offer was read from.
fn unexplained(reading: &Reading<'_>, parameters: &[Parameter], taken: &[&Offer]) -> Vec<Range<usize>> {
    let says = |at: usize| {
        let lower = reading.text.lower(at);
        parameters.iter().any(|parameter| parameter.cues.iter().any(|(cue, _)| words::same(cue, lower)))
    };
    let free = |at: &usize| {
        reading.bearings.get(*at).is_some_and(|bearing| bearing.says)
            && !taken.iter().any(|offer| offer.tokens.contains(at))
            && !reading.is_explained(*at)
            && !says(*at)
    };
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in (0..reading.text.tokens.len()).filter(free) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}
