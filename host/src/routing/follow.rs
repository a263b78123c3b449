//! Requests that go on with the last turn: "and in miles?", "samma igen men med 4", "dela det med 5", "delete it".
//!
//! What such a request says anew takes the place of what was said then; what it points at is what was answered. Nothing
//! is taken from the last turn where the request says more than that turn's skill understands.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::arguments::{self, Extraction, Said};
use super::index::words;
use super::{Ask, Index, Language, Profile, Question, Step, Strategy, TURNS_MAX, Turn, clauses, decide};

/// How a request speaks of an earlier turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// "Same again", with or without a change.
    Again,
    /// It begins or ends as what goes on does: "and …", "what about …", "… då?"; or is a few words without a verb.
    GoesOn,
    /// It points: "it", "that", "den".
    Points,
}

/// A request that may go on with the last turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow<'a> {
    pub way: Way,
    /// What it says beyond that.
    rest: &'a str,
}

/// Words that only say that something is to be done again, and those of them that say it.
const AGAIN: &[&str] = &[
    "do", "it", "that", "the", "same", "thing", "again", "once", "more", "one", "time", "please", "samma", "sak",
    "igen", "en", "gång", "till", "gör", "det", "ditto", "likadant", "tack", "no", "i", "meant", "mean", "nej", "jag",
    "menade", "menar",
];
const AGAIN_SAYS: &[&str] =
    &["same", "again", "samma", "igen", "ditto", "likadant", "meant", "mean", "menade", "menar"];
/// The same in several words, none of which says it alone.
const AGAIN_PHRASES: &[&[&str]] = &[&["once", "more"], &["one", "more", "time"], &["en", "gång", "till"]];
/// What a request that goes on begins with, the longest first, and what it ends with.
const LEADS: &[&[&str]] = &[
    &["hur", "är", "det", "med"],
    &["hur", "blir", "det", "med"],
    &["what", "about"],
    &["how", "about"],
    &["and", "what", "about"],
    &["but", "with"],
    &["men", "med"],
    &["this", "time"],
    &["den", "här", "gången"],
    &["and"],
    &["och"],
    &["but"],
    &["men"],
    &["fast"],
    &["except"],
    &["then"],
    &["sen"],
    &["sedan"],
    &["also"],
    &["även"],
    &["or"],
    &["eller"],
    &["now"],
    &["nu"],
];
const TAILS: &[&str] = &["då", "then", "instead", "istället", "too", "också", "please", "tack"];
/// Prepositions between "same again" and what is new.
const WITH: &[&str] = &["with", "med", "for", "för", "using", "but", "men", "fast", "and", "och"];
const POINTING: &[&str] = &[
    "it",
    "that",
    "this",
    "them",
    "those",
    "det",
    "den",
    "detta",
    "denna",
    "dem",
    "dessa",
    "result",
    "answer",
    "resultatet",
    "svaret",
    "summan",
];
/// Longest request, in words, that goes on with the last turn without saying so.
const FRAGMENT_WORDS_MAX: usize = 4;
/// Longest request that goes on at all; what is longer says what it wants.
const FOLLOWING_WORDS_MAX: usize = 16;

/// The words that such requests are known by.
pub fn lexicon() -> impl Iterator<Item = &'static str> {
    let leads = LEADS.iter().chain(AGAIN_PHRASES).copied().flatten();
    [AGAIN, TAILS, WITH, POINTING].into_iter().flatten().chain(leads).copied()
}

impl<'a> Follow<'a> {
    /// How `text` speaks of an earlier turn, where it does.
    pub fn of(text: &'a str) -> Option<Follow<'a>> {
        let text = text.trim();
        let tokens = tokens(text);
        if tokens.is_empty() || tokens.len() > FOLLOWING_WORDS_MAX {
            return None;
        }
        let word = |at: usize| tokens.get(at).map_or("", |(_, word)| word.as_str());
        let n_again = tokens.iter().take_while(|(_, word)| AGAIN.contains(&word.as_str())).count();
        let begins = |lead: &&&[&str]| lead.iter().enumerate().all(|(at, wanted)| word(at) == *wanted);
        if (0..n_again).any(|at| AGAIN_SAYS.contains(&word(at))) || AGAIN_PHRASES.iter().any(|lead| begins(&lead)) {
            let mut next = n_again;
            while WITH.contains(&word(next)) && !arguments::arithmetic::goes_on(rest(text, &tokens, next)) {
                next += 1;
            }
            return Some(Follow { way: Way::Again, rest: rest(text, &tokens, next) });
        }
        if let Some(lead) = LEADS.iter().filter(begins).max_by_key(|lead| lead.len()) {
            return Some(Follow { way: Way::GoesOn, rest: without_tail(rest(text, &tokens, lead.len())) });
        }
        let whole = without_tail(text);
        let verb = |word: &str| arguments::is_verb(word);
        let asks = |word: &str| super::intent::asks(word);
        let pointing = tokens.iter().any(|(_, word)| POINTING.contains(&word.as_str()));
        if whole.len() < text.trim_end_matches(['?', '.', '!']).len() && !pointing
            || tokens.len() <= FRAGMENT_WORDS_MAX && !tokens.iter().any(|(_, word)| verb(word) || asks(word))
            || arguments::arithmetic::goes_on(text)
        {
            return Some(Follow { way: Way::GoesOn, rest: whole });
        }
        pointing.then_some(Follow { way: Way::Points, rest: text })
    }

    /// The last turn's call with what is new, where the request says nothing that its skill does not understand.
    pub fn go_on(&self, index: &Index, ask: &Ask<'_>, language: Language) -> Option<(Strategy, String)> {
        let turn = last(index, ask)?;
        let profile = index.profile(turn.skill.as_ref()?)?;
        let mut values = turn.arguments.clone();
        let mut missing = Vec::new();
        if self.way == Way::Again && !self.rest.chars().any(char::is_alphanumeric) {
            // The very same.
        } else {
            let said = self.said(profile, turn);
            let read = index.input(&profile.name)?.read(&Said::new(&said, language, ask.now));
            if !read.is_understood() || read.given.is_empty() {
                return None;
            }
            let Extraction { arguments, given, missing: left, .. } = read;
            let new: Map<String, Value> = arguments.into_iter().filter(|(name, _)| given.contains(name)).collect();
            arguments::displace(&profile.input_schema, &mut values, &new);
            let anew = !new.is_empty();
            values.extend(new);
            // What is doubtful is asked for where nothing else was said anew; what was only not said again is known.
            missing = left;
            missing.retain(|missing| missing.suggestion.is_some() && !anew || !values.contains_key(&missing.name));
        }
        let skill = Arc::clone(&profile.name);
        let reason = format!("the request goes on with the last turn, which `{skill}` answered");
        let strategy = if missing.is_empty() {
            Strategy::Direct(Step { skill, arguments: values })
        } else {
            Strategy::Ask(Question::Missing { skill, arguments: values, missing })
        };
        Some((strategy, reason))
    }

    /// What the request says, with the last answer's value where it points at it: "times 3" → "300 times 3".
    fn said(&self, profile: &Profile, turn: &Turn) -> String {
        if !arguments::reads_arithmetic(&profile.input_schema) {
            return without_same(self.rest);
        }
        let Some(value) = turn.answer.as_ref().and_then(main_value) else { return self.rest.to_owned() };
        if arguments::arithmetic::goes_on(self.rest) {
            return format!("{value} {}", self.rest);
        }
        let tokens = tokens(self.rest);
        let Some((span, _)) = tokens.iter().find(|(_, word)| POINTING.contains(&word.as_str())) else {
            return self.rest.to_owned();
        };
        let (before, after) = (self.rest.get(..span.start).unwrap_or(""), self.rest.get(span.end..).unwrap_or(""));
        format!("{before}{value}{after}")
    }
}

/// Fills what is missing with values that a request points at, by the names of the skill's properties: they are in the last
/// answer, or in the only thing that it holds, such as the one note that was found. Says whether all was there.
pub fn pointed_at(ask: &Ask<'_>, profile: &Profile, read: &mut Extraction) -> bool {
    let Some(answer) = ask.turns.last().and_then(|turn| turn.answer.as_ref()).and_then(Value::as_object) else {
        return false;
    };
    let of_only = |name: &str| {
        let held = answer.values().filter_map(|value| match value {
            Value::Array(items) => match items.as_slice() {
                [only] => only.get(name),
                _ => None,
            },
            other => other.get(name),
        });
        let mut held = held.fuse();
        held.next().filter(|_| held.next().is_none())
    };
    let n_missing = read.missing.len();
    fill(profile, read, |name| answer.get(name).or_else(|| of_only(name)));
    n_missing > 0 && read.missing.is_empty()
}

/// What a request that goes on asks for with the values of the last turn: "and how many characters?" is about the same
/// text, "and which week is that?" about the same date. Nothing that changes something goes on unsaid.
pub fn carried(index: &Index, ask: &Ask<'_>, follow: &Follow<'_>, strategy: &Strategy) -> Option<(Strategy, String)> {
    const ANEW: &[&str] =
        &["another", "other", "new", "different", "annan", "annat", "andra", "ny", "nytt", "nya", "my", "min", "mitt"];
    let turn = last(index, ask).filter(|turn| follow.way == Way::GoesOn && !turn.arguments.is_empty())?;
    if tokens(follow.rest).iter().any(|(_, word)| ANEW.contains(&word.as_str())) || clauses::is_of_now(follow.rest) {
        return None;
    }
    let (skill, arguments) = match strategy {
        Strategy::Direct(step) if step.arguments.is_empty() && turn.skill.as_ref() == Some(&step.skill) => {
            (&step.skill, turn.arguments.clone())
        }
        Strategy::Ask(Question::Missing { skill, arguments, missing }) => {
            let profile = index.profile(skill).filter(|profile| !decide::changes(profile))?;
            let mut arguments = arguments.clone();
            for missing in missing {
                let value = turn.arguments.get(&missing.name).filter(|_| missing.suggestion.is_none())?;
                let value =
                    Some(value).filter(|value| arguments::takes(&profile.input_schema, &missing.name, value))?;
                arguments.insert(missing.name.clone(), value.clone());
            }
            (skill, arguments)
        }
        _ => return None,
    };
    let reason = format!("the request goes on with the last turn, and `{skill}` takes what was said there");
    Some((Strategy::Direct(Step { skill: Arc::clone(skill), arguments }), reason))
}

/// Values of the request's context that the skill's properties name.
pub fn from_context(ask: &Ask<'_>, profile: &Profile, read: &mut Extraction) {
    let Some(context) = ask.context else { return };
    let plain = |name: &str| words(name).concat();
    fill(profile, read, |name| context.iter().find(|(key, _)| plain(key) == plain(name)).map(|(_, value)| value));
}

/// Fills what is missing with what `known` has under its name and the schema takes.
fn fill<'v>(profile: &Profile, read: &mut Extraction, known: impl Fn(&str) -> Option<&'v Value>) {
    read.missing.retain(|missing| {
        let value = known(&missing.name).filter(|_| missing.suggestion.is_none());
        match value.filter(|value| arguments::takes(&profile.input_schema, &missing.name, value)) {
            Some(value) => {
                read.arguments.insert(missing.name.clone(), value.clone());
                false
            }
            None => true,
        }
    });
}

/// The last turn that a skill answered which is still there.
fn last<'t>(index: &Index, ask: &'t Ask<'_>) -> Option<&'t Turn> {
    let known = |turn: &&Turn| turn.skill.as_ref().is_some_and(|skill| index.profile(skill).is_some());
    ask.turns.iter().rev().take(TURNS_MAX).find(known)
}

/// The one number that an answer is about.
fn main_value(answer: &Value) -> Option<String> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.parse::<f64>().is_ok() => Some(text.clone()),
        _ => None,
    };
    let Value::Object(fields) = answer else { return number(answer) };
    let named = ["result", "value", "answer", "total", "sum"].iter().find_map(|name| fields.get(*name));
    named.and_then(number).or_else(|| {
        let mut numbers = fields.values().filter_map(number);
        numbers.next().filter(|_| numbers.next().is_none())
    })
}

/// The words of a text in lower case with where they stand; signs of arithmetic count as words.
fn tokens(text: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let mut found: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices() {
        if character.is_alphanumeric() || matches!(character, '\'' | '’') && start.is_some() {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            found.push((start..at, text.get(start..at).unwrap_or("").to_lowercase()));
        }
        if matches!(character, '+' | '-' | '−' | '*' | '×' | '/' | '÷' | '^' | '%' | '"' | '“' | '\'' | '$' | '{' | '[')
        {
            found.push((at..at + character.len_utf8(), character.to_string()));
        }
    }
    if let Some(start) = start {
        found.push((start..text.len(), text.get(start..).unwrap_or("").to_lowercase()));
    }
    found
}

/// The text from token `at` on.
fn rest<'a>(text: &'a str, tokens: &[(std::ops::Range<usize>, String)], at: usize) -> &'a str {
    tokens.get(at).and_then(|(span, _)| text.get(span.start..)).unwrap_or("").trim()
}

/// The text without "the same date" and the like, which is what the last turn says.
fn without_same(text: &str) -> String {
    let tokens = tokens(text);
    let Some(at) = tokens.iter().position(|(_, word)| matches!(word.as_str(), "samma" | "same")) else {
        return text.to_owned();
    };
    let is_article =
        |at: &usize| tokens.get(*at).is_some_and(|(_, word)| matches!(word.as_str(), "the" | "den" | "det"));
    let first = at.checked_sub(1).filter(is_article).unwrap_or(at);
    let begins = tokens.get(first).map_or(text.len(), |(span, _)| span.start);
    format!("{}{}", text.get(..begins).unwrap_or(""), rest(text, &tokens, at + 2)).trim().to_owned()
}

/// The text without the words that what goes on ends with.
fn without_tail(text: &str) -> &str {
    let mut text = text.trim().trim_end_matches(['?', '!', '.', ' ']);
    loop {
        let Some((before, last)) = text.rsplit_once([' ', ',']) else { return text };
        if !TAILS.contains(&last.to_lowercase().as_str()) {
            return text;
        }
        text = before.trim_end_matches([' ', ',']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_known_by_its_words() {
        let cases = [
            ("samma igen men med 4 miles", Some((Way::Again, "4 miles"))),
            ("Same again", Some((Way::Again, ""))),
            ("same again with underscores", Some((Way::Again, "underscores"))),
            ("och i meter då?", Some((Way::GoesOn, "i meter"))),
            ("and times 3?", Some((Way::GoesOn, "times 3"))),
            ("what about 10 miles?", Some((Way::GoesOn, "10 miles"))),
            ("minus 50", Some((Way::GoesOn, "minus 50"))),
            ("dela det med 5", Some((Way::Points, "dela det med 5"))),
            ("delete it", Some((Way::Points, "delete it"))),
            ("convert 5 miles to kilometers", None),
        ];
        for (text, wanted) in cases {
            let found = Follow::of(text);
            assert_eq!(found.as_ref().map(|follow| (follow.way, follow.rest)), wanted, "{text}");
        }
    }

    #[test]
    fn an_answer_has_one_number_or_none() {
        let value = |answer: Value| main_value(&answer);
        assert_eq!(value(serde_json::json!({"exact": true, "fraction": "1/3", "result": "0.33"})), Some("0.33".into()));
        assert_eq!(value(serde_json::json!(7)), Some("7".into()));
        assert_eq!(value(serde_json::json!({"a": 1, "b": 2})), None);
    }
}
