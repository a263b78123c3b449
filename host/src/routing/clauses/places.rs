//! Answers that are called by their place: "the second from the first", "svaret på fråga 3".

use std::ops::Range;

use super::read::read;

/// Which of the answers before is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The answer in that place among all that were given, from 0.
    Given(usize),
    /// The last that was given.
    Last,
    /// That of the part in that place, from 0.
    Part(usize),
}

/// What answers are called.
const ANSWERS: &[&str] = &[
    "answer",
    "result",
    "number",
    "sum",
    "figure",
    "value",
    "total",
    "one",
    "svaret",
    "resultatet",
    "talet",
    "summan",
    "värdet",
    "svar",
    "resultat",
    "tal",
    "siffran",
    "produkten",
];
/// What parts are called.
const PARTS: &[&str] = &[
    "question", "number", "no", "nr", "step", "part", "item", "task", "sum", "fråga", "nummer", "steg", "punkt", "del",
    "uppgift", "rad", "line",
];
const ORDINALS: &[(&[&str], usize)] = &[
    (&["first", "1st", "första", "förste"], 0),
    (&["second", "2nd", "andra", "andre"], 1),
    (&["third", "3rd", "tredje"], 2),
    (&["fourth", "4th", "fjärde"], 3),
    (&["fifth", "5th", "femte"], 4),
];
/// What may come behind a place that stands without a noun.
const ENDS: &[&str] = &[
    "", ".", "?", "!", ",", "from", "by", "and", "to", "with", "in", "från", "med", "och", "till", "i", "plus",
    "minus", "times", "gånger", "is", "är",
];

/// The places that `text` speaks of, in their order.
pub fn places(text: &str) -> Vec<(Range<usize>, Place)> {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let led = matches!(lower(at), "the" | "that" | "det" | "den" | "de");
        let from = at + usize::from(led);
        let ordinal =
            ORDINALS.iter().find(|(says, _)| says.contains(&lower(from))).map(|(_, place)| Place::Given(*place));
        let last = matches!(lower(from), "last" | "latter" | "sista" | "senaste").then_some(Place::Last);
        let end = match ordinal.or(last) {
            Some(place) if ANSWERS.contains(&lower(from + 1)) => Some((from + 2, place)),
            Some(place) if led && ENDS.contains(&lower(from + 1)) => Some((from + 1, place)),
            Some(_) => None,
            None => numbered(&lower, from),
        };
        match end.and_then(|(end, place)| Some((words.get(at)?.span.start..words.get(end - 1)?.span.end, end, place))) {
            Some((span, end, place)) => {
                found.push((span, place));
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// "Answer to question 3", "svaret på 2" at word `at`: where it ends, and the place.
fn numbered<'a>(lower: &impl Fn(usize) -> &'a str, at: usize) -> Option<(usize, Place)> {
    if !matches!(lower(at), "answer" | "result" | "svaret" | "resultatet" | "svar" | "resultat") {
        return None;
    }
    let linked = matches!(lower(at + 1), "to" | "of" | "from" | "for" | "på" | "från" | "av" | "i" | "till");
    let next = at + 1 + usize::from(linked);
    let called = PARTS.contains(&lower(next));
    let number = next + usize::from(called);
    let place: usize = lower(number).parse().ok().filter(|place| (1..=16).contains(place) && (called || !linked))?;
    Some((number + 1, Place::Part(place - 1)))
}

/// What is to be done with two answers that `text` names, and whether the second comes first: "subtract the second from
/// the first".
pub fn operation_between(text: &str) -> Option<(&'static str, bool)> {
    let words = read(text);
    let says = |known: &[&str]| words.iter().any(|word| !word.shielded && known.contains(&word.lower.as_str()));
    if says(&["subtract", "subtrahera", "minus", "dra", "difference", "skillnaden", "differensen"]) {
        let turned = says(&["from", "från", "ifrån"]) && !says(&["minus"]);
        return Some(("-", turned));
    }
    if says(&["divide", "divided", "dela", "dividera", "delat", "dividerat"]) {
        return Some(("/", false));
    }
    if says(&["multiply", "times", "multiplicera", "gånger", "product", "produkten"]) {
        return Some(("*", false));
    }
    says(&["add", "plus", "sum", "addera", "summera", "summan", "ihop", "together", "total"]).then_some(("+", false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_other_ordinals() {
        let of = |text: &str| {
            places(text).into_iter().map(|(span, place)| (text[span].to_owned(), place)).collect::<Vec<_>>()
        };
        let expect = |found: Vec<(String, Place)>, wanted: &[(&str, Place)]| {
            let found: Vec<_> = found.iter().map(|(text, place)| (text.as_str(), *place)).collect();
            assert_eq!(found, wanted);
        };
        let (first, second) = (Place::Given(0), Place::Given(1));
        expect(of("subtract the second from the first"), &[("the second", second), ("the first", first)]);
        expect(of("hälften av det första svaret"), &[("det första svaret", first)]);
        expect(of("take the answer to question 3 and subtract 20"), &[("the answer to question 3", Place::Part(2))]);
        expect(of("dela svaret på fråga 2 med 4"), &[("svaret på fråga 2", Place::Part(1))]);
        expect(of("count the words in the last one"), &[("the last one", Place::Last)]);
        expect(of("the first Tuesday after 1 May"), &[]);
    }
}
