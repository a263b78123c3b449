//! What a part points at, and what it says beside its words of order.

use std::ops::Range;

use super::super::arguments;
use super::lexicon::is_operator;
use super::read::{Word, read};

/// A phrase that points at something that was said or found before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointer {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What it calls that: `number` in "that number"; empty where it does not say.
    pub noun: String,
    /// It may as well mean nothing: "what day is it".
    pub is_weak: bool,
    /// It is what the skill of the part before is called by: "the age".
    pub names_skill: bool,
}

/// The last phrase of `text` that points.
pub fn pointer(text: &str) -> Option<Pointer> {
    let words = read(text);
    let content = content(&words);
    let ends_in_colon = words.get(content).is_some_and(|word| word.lower == ":");
    let words = words.get(..content).unwrap_or_default();
    // What is quoted is no word of the part's own, and not nothing either.
    let lower =
        |at: usize| words.get(at).map_or("", |word| if word.shielded { "\u{ff02}" } else { word.lower.as_str() });
    let span = |from: usize, to: usize| Some(words.get(from)?.span.start..words.get(to)?.span.end);
    let starts_digit = |at: usize| lower(at).starts_with(|c: char| c.is_ascii_digit());
    let phrase = (0..words.len()).find_map(|at| {
        let n_words = phrase_at(words, at)?;
        // "What is left" asks; "what that is in hours" points.
        if at == 0 && !(lower(1) == "that" && lower(2) == "is" && matches!(lower(3), "in" | "as")) {
            return None;
        }
        Some(Pointer { span: span(at, at + n_words - 1)?, noun: String::new(), is_weak: false, names_skill: false })
    });
    if phrase.is_some() {
        return phrase;
    }
    (0..words.len()).rev().find_map(|at| {
        let word = lower(at);
        let before = at.checked_sub(1).map_or("", lower);
        let found = |from: usize, noun: &str, is_weak: bool| {
            Some(Pointer { span: span(from, at)?, noun: noun.to_owned(), is_weak, names_skill: false })
        };
        // "That Tuesday", "den tisdagen".
        let names_day = arguments::is_weekday(word);
        let english = matches!(before, "that" | "this") && names_day && word.ends_with("day");
        let swedish = before == "den" && names_day && word.ends_with("dagen");
        if word == "dagen" && before == "den" || english || swedish {
            return found(at - 1, "date", false);
        }
        // "The number 5" is that one.
        let named =
            words.get(at + 1).is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit()));
        // "Antalet tecken" counts them.
        let counts = word == "antalet" && is_noun_like(lower(at + 1));
        if let Some((noun, is_text)) = definite(word).filter(|_| !named && !counts) {
            let from = if matches!(before, "det" | "den" | "det här") { at - 1 } else { at };
            return found(from, noun, is_text);
        }
        if let Some(noun) = NOUNS.iter().find(|noun| **noun == word && !named)
            && matches!(before, "the" | "that" | "this" | "its" | "those" | "these" | "det" | "den" | "detta" | "denna")
        {
            // "That number of years".
            if matches!(*noun, "number" | "amount")
                && before != "the"
                && lower(at + 1) == "of"
                && is_noun_like(lower(at + 2))
            {
                let noun = lower(at + 2).to_owned();
                return Some(Pointer { span: span(at - 1, at + 2)?, noun, is_weak: false, names_skill: false });
            }
            return found(at - 1, noun, before == "the" && matches!(*noun, "text" | "words" | "note"));
        }
        // "The note's text".
        if matches!(word, "text" | "words") && (before.ends_with("'s") || before.ends_with("’s")) && at > 1 {
            return found(at - if matches!(lower(at - 2), "the" | "that") { 2 } else { 1 }, "text", false);
        }
        match word {
            "it" | "det" | "den" => {
                let has = before == "does" && matches!(lower(at + 1), "have" | "contain" | "look" | "say" | "take");
                // "How long it takes to read 'a b'".
                let takes = matches!(lower(at + 1), "takes" | "take" | "tar") && matches!(lower(at + 2), "to" | "att");
                let when =
                    matches!(before, "when" | "när") && matches!(lower(at + 1), "is" | "är") && starts_digit(at + 2);
                let idle = takes
                    || !has
                        && matches!(
                            before,
                            "is" | "was" | "does" | "will" | "är" | "var" | "blir" | "går" | "finns" | ""
                        )
                    || matches!(lower(at + 1), "is" | "was" | "är" | "att") && !matches!(before, "of" | "av");
                let is_day = lower(at + 1).starts_with(|c: char| c.is_ascii_digit());
                let article = matches!(word, "det" | "den") && (is_noun_like(lower(at + 1)) || is_day);
                // "Den som är född 2015".
                let is_whoever = matches!(word, "det" | "den")
                    && lower(at + 1) == "som"
                    && matches!(lower(at + 2), "är" | "var" | "har" | "hade" | "föddes" | "blir" | "heter" | "bor");
                let article = article || is_whoever;
                // "Tag it office" says nothing of an answer.
                let tags = matches!(before, "tag" | "label" | "mark" | "tagga" | "märk") && at > 1;
                (!article && !tags && !when).then(|| found(at, "", idle && !is_operator(lower(at + 1)))).flatten()
            }
            "them" | "dem" | "those" | "these" | "dessa" => found(at, "", false),
            // "Its words": what it is of.
            "its" | "their" | "dess" | "deras" => found(at, "", false),
            // "Save this as a note: the rent is due".
            "this" | "detta" if ends_in_colon => None,
            "that" | "this" | "detta" | "denna" => {
                let next = lower(at + 1);
                let alone = BEHIND_THAT.contains(&next) || is_operator(next);
                let alone = alone || matches!(next, "is" | "är") && is_operator(lower(at + 2));
                alone.then(|| found(at, "", matches!(before, "is" | "was" | "är") && !is_operator(next))).flatten()
            }
            _ => None,
        }
    })
}

/// What may stand behind "that" where it means something by itself; empty at the end.
pub(super) const BEHIND_THAT: &[&str] = &[
    "", ".", "?", "!", ",", "make", "makes", "by", "to", "into", "till", "med", "in", "i", "with", "as", "som", "from",
    "from:", "off", "away", "up", "between", "among", "på", "av", "från", "and", "och", "be", "three", "four", "five",
    "six", "two", "squared", "cubed", "raised", "upphöjt", "doubled", "halved", "across", "over", "aloud", "silently",
    "högt", "tyst",
];

/// Words within which a part says that something is to be written down.
const NOTED_WITHIN: usize = 10;

/// Where what is to be written down begins, which points at nothing of the request: "note that I called him".
pub(super) fn content(words: &[Word]) -> usize {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let noted = (0..words.len().min(NOTED_WITHIN)).find(|at| super::kinds::NOTING.contains(&lower(*at)));
    let Some(noted) = noted else { return words.len() };
    let begins = |at: &usize| {
        let next = lower(at + 1);
        let is_clause = next.chars().next().is_some_and(char::is_alphabetic)
            && !matches!(
                next,
                "as" | "in" | "to" | "into" | "som" | "till" | "down" | "too" | "också" | "with" | "med" | "is"
            );
        // "Save that number" and "note that down" point.
        let points = NOUNS.contains(&next) || matches!(lower(at + 2), "" | "." | "as" | "in" | "to" | "som" | "i");
        let is_clause = is_clause && !points;
        lower(*at) == ":" || matches!(lower(*at), "that" | "att") && is_clause && at + 2 < words.len()
    };
    (noted + 1..words.len().min(noted + 8)).find(begins).unwrap_or(words.len())
}

/// The pointer with the noun behind it: "those years", "that many miles".
pub fn with_noun(text: &str, pointer: &Pointer) -> Option<Pointer> {
    let words = read(text.get(pointer.span.end..)?);
    let noun = words.first().filter(|word| !word.shielded && word.lower.chars().all(char::is_alphabetic))?;
    let said = text.get(pointer.span.clone())?.to_lowercase();
    let counts = ["many", "much", "of", "those", "these", "that", "this", "många", "dessa"];
    let is_led = said.split_whitespace().next_back().is_some_and(|last| counts.contains(&last));
    let span = pointer.span.start..pointer.span.end + noun.span.end;
    is_led.then(|| Pointer { span, noun: noun.lower.clone(), ..pointer.clone() })
}

/// Whether `text` has a word that may mean something said before, in any of its senses: "how long is it".
pub fn may_point(text: &str) -> bool {
    let words = read(text);
    words.iter().any(|word| !word.shielded && BACK.contains(&word.lower.as_str()))
}

/// Whether `text` speaks of somebody who was spoken of before: "when was she born".
pub fn is_of_somebody(text: &str) -> bool {
    const WHO: &[&str] =
        &["he", "she", "his", "her", "him", "hon", "han", "hennes", "hans", "henne", "honom", "they", "their"];
    says_born(text) || read(text).iter().any(|word| !word.shielded && WHO.contains(&&*word.lower))
}

/// Whether `text` speaks of when somebody was born.
pub fn says_born(text: &str) -> bool {
    read(text).iter().any(|word| !word.shielded && arguments::is_about(&word.lower, "born"))
}

/// The text with `value` in place of "its" where that stands before what it is asked for: "what is the slug of 'a b'".
pub fn of_its(text: &str, pointer: &Range<usize>, value: &str) -> Option<String> {
    let said = text.get(pointer.clone()).filter(|said| matches!(&*said.to_lowercase(), "its" | "dess"))?;
    let rest = text.get(pointer.end..)?;
    let words = read(rest);
    let noun = words.first().filter(|word| !word.shielded && word.lower.chars().all(char::is_alphabetic))?;
    let (article, of) = if said.eq_ignore_ascii_case("dess") { ("", "av") } else { ("the ", "of") };
    let (noun, rest) = (rest.get(noun.span.clone())?, rest.get(noun.span.end..)?);
    Some(format!("{}{article}{noun} {of} {value}{rest}", text.get(..pointer.start)?))
}

/// Where `text` speaks of one more of what came before, with these words: "one saying 'a b'", "en som säger …".
pub fn one_that_says(text: &str) -> Option<Range<usize>> {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let says = |at: usize| {
        matches!(
            (lower(at), lower(at + 1)),
            ("saying" | "reading", _)
                | ("that" | "which", "says" | "reads")
                | ("with", "the")
                | ("som", "säger" | "lyder")
                | ("där", "det")
                | ("med", "texten")
        )
    };
    let at = (1..words.len().min(5))
        .find(|at| matches!(lower(*at), "one" | "another" | "en" | "ett" | "ny") && says(at + 1))?;
    words.get(at).map(|word| word.span.clone())
}

/// Whether `text` asks how old somebody or something is.
pub fn asks_age(text: &str) -> bool {
    const OLD: &[&str] = &["old", "gammal", "gammalt", "gamla"];
    let words = read(text);
    words.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        !first.shielded && matches!(&*first.lower, "how" | "hur") && OLD.contains(&&*second.lower)
    })
}

/// Where `text` speaks of somebody's birth: "18 years after her birth".
pub fn birth(text: &str) -> Option<Range<usize>> {
    let words = read(text);
    let at = words.iter().position(|word| !word.shielded && matches!(&*word.lower, "birth" | "födelse" | "födseln"))?;
    let owner = at.checked_sub(1).and_then(|before| words.get(before)).filter(|word| {
        matches!(&*word.lower, "her" | "his" | "their" | "my" | "the" | "that" | "hennes" | "hans" | "deras" | "min")
    });
    let last = words.get(at)?;
    // "Date of birth" is what it is called.
    (owner.is_some() || last.lower == "födseln").then(|| owner.unwrap_or(last).span.start..last.span.end)
}

/// Whether `text` says that something is as it was before: "the same", "samma", "there".
pub fn says_same(text: &str) -> bool {
    const SAME: &[&str] = &["same", "samma", "original", "above", "ovan", "there", "där"];
    read(text).iter().any(|word| !word.shielded && SAME.contains(&word.lower.as_str()))
}

/// Whether a word that points means several things.
pub fn is_plural(pointing: &str) -> bool {
    matches!(pointing.to_lowercase().as_str(), "them" | "those" | "these" | "dem" | "dessa")
}

/// Whether `text` has a path into data, such as `$.price` or `$..id`.
pub fn is_path(text: &str) -> bool {
    let words = read(text);
    words.windows(2).any(|pair| {
        let [mark, next] = pair else { return false };
        mark.lower == "$" && !mark.shielded && !next.spaced && matches!(next.lower.chars().next(), Some('.' | '['))
    })
}

/// What `text` asks the number of: `rows` in "how many rows are there".
pub fn counted_noun(text: &str) -> Option<String> {
    let words = read(text);
    let many = |pair: &[Word]| {
        let [first, second] = pair else { return false };
        let asks = matches!(first.lower.as_str(), "how" | "hur" | "antal" | "number");
        asks && matches!(second.lower.as_str(), "many" | "much" | "många" | "mycket" | "of")
    };
    let at = words.windows(2).position(many)?;
    words.get(at + 2).filter(|word| !word.shielded).map(|word| word.lower.clone())
}

/// Words that may mean something said before.
const BACK: &[&str] = &[
    "it", "that", "this", "them", "those", "these", "its", "their", "there", "then", "he", "she", "his", "her", "him",
    "original", "same", "above", "below", "i", "my", "det", "den", "detta", "denna", "dem", "dessa", "dess", "deras",
    "där", "då", "hon", "han", "hennes", "hans", "henne", "honom", "samma", "ovan", "nedan", "jag", "mitt", "min",
];

/// How many words at `at` say what came of the part before: "what you get".
pub(super) fn phrase_at(words: &[Word], at: usize) -> Option<usize> {
    let is_there = |phrase: &&&[&str]| {
        phrase
            .iter()
            .enumerate()
            .all(|(offset, wanted)| words.get(at + offset).is_some_and(|word| !word.shielded && word.lower == *wanted))
    };
    // "Dubbelt så många" compares.
    let compares = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|word| {
        matches!(word.lower.as_str(), "dubbelt" | "lika" | "hälften" | "gånger" | "hur" | "how" | "not" | "inte")
    });
    // "The remainder when you divide it by 11" is one to come.
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let remainder = if lower(at) == "the" { at + 1 } else { at };
    let comes = matches!(lower(remainder), "remainder" | "resten" | "rest")
        && matches!(lower(remainder + 1), "when" | "if" | "of" | "när" | "om" | "vid" | "av");
    if compares || comes {
        return None;
    }
    PHRASES.iter().filter(is_there).map(|phrase| phrase.len()).max()
}

/// Whether a word ends as Swedish nouns in their definite form do: "lampan", "numren".
pub fn looks_definite(word: &str) -> bool {
    let n_chars = word.chars().count();
    n_chars > 4 && ["an", "en", "et", "na"].iter().any(|ending| word.ends_with(ending))
        || n_chars > 7 && ["tern", "torn"].iter().any(|ending| word.ends_with(ending))
}

/// Nouns that may name what an earlier part gave: those with "the" or "that" before them, and Swedish words that end as
/// definite ones do. The last comes first.
pub fn nouns(text: &str) -> Vec<(Range<usize>, String)> {
    let words = read(text);
    let words = words.get(..content(&words)).unwrap_or_default();
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let noun = |at: usize| {
        let word = words.get(at).filter(|word| !word.shielded)?;
        // "Antalet år", "the number of years".
        let counted = match at.checked_sub(1).map(lower) {
            Some("antalet") => Some(at - 1),
            Some("of") if at > 2 && lower(at - 2) == "number" && lower(at - 3) == "the" => Some(at - 3),
            _ => None,
        };
        if let Some(from) = counted.filter(|_| word.lower.chars().all(char::is_alphabetic)) {
            return Some((words.get(from)?.span.start..word.span.end, word.lower.clone()));
        }
        // "The word 'horse'" names that.
        let named =
            words.get(at + 1).is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit()));
        let is_word = word.lower.chars().count() > 2 && word.lower.chars().all(char::is_alphabetic);
        // "How many words" asks for them.
        let asked = matches!(at.checked_sub(1).map(lower), Some("many" | "much" | "många" | "mycket"));
        if named || !is_word || asked {
            return None;
        }
        let from = match at.checked_sub(1).map(lower) {
            Some(
                "the" | "that" | "this" | "those" | "these" | "his" | "her" | "their" | "its" | "den" | "det" | "de"
                | "dessa" | "hans" | "hennes" | "deras",
            ) => at - 1,
            // "Personens ålder".
            Some(owner) if owner.len() > 4 && ["ens", "ets", "ans", "ons"].iter().any(|end| owner.ends_with(end)) => {
                at - 1
            }
            _ if word.lower.chars().count() > 3 && (word.lower.ends_with(['n', 't']) || word.lower.ends_with("na")) => {
                at
            }
            _ => return None,
        };
        Some((words.get(from)?.span.start..word.span.end, word.lower.clone()))
    };
    (0..words.len()).rev().filter_map(noun).take(NOUNS_MAX).collect()
}

/// The noun at `span` with what it is counted in, "the age in years", and that.
pub fn counted_in(text: &str, span: &Range<usize>) -> Option<(Range<usize>, String)> {
    let words = read(text.get(span.end..)?);
    let [link, unit, ..] = &*words else { return None };
    let is_there = matches!(link.lower.as_str(), "in" | "i") && !unit.shielded;
    is_there.then(|| (span.start..span.end + unit.span.end, unit.lower.clone()))
}

/// Nouns of one part that are looked at.
const NOUNS_MAX: usize = 8;

/// Nouns for texts.
const TEXTS: &[&str] = &[
    "text", "sentence", "phrase", "string", "words", "word", "title", "texten", "mening", "meningen", "fras", "ord",
    "ordet", "rubrik", "sak", "thing", "name", "namn", "namnet",
];

/// Whether `word` is one of them.
pub(super) fn is_text_noun(word: &str) -> bool {
    TEXTS.contains(&word)
}

/// Where a part says "the same text": the words of an earlier part.
pub fn same_text(text: &str) -> Option<Range<usize>> {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let found = (0..words.len())
        .find(|at| matches!(lower(*at), "same" | "samma" | "whole" | "entire" | "hela") && is_text_noun(lower(at + 1)));
    let Some(at) = found else {
        // "The original", which something was done with meanwhile.
        let at = (0..words.len()).find(|at| match lower(*at) {
            "original" => *at > 0 && lower(at - 1) == "the",
            word => matches!(word, "originalet" | "originaltexten" | "ursprungstexten"),
        })?;
        let from = if lower(at) == "original" { at - 1 } else { at };
        let to = if TEXTS.contains(&lower(at + 1)) { at + 1 } else { at };
        return Some(words.get(from)?.span.start..words.get(to)?.span.end);
    };
    let from = if matches!(at.checked_sub(1).map(lower), Some("the" | "that" | "den")) { at - 1 } else { at };
    Some(words.get(from)?.span.start..words.get(at + 1)?.span.end)
}

/// Ways to say what came of the part before.
const PHRASES: &[&[&str]] = &[
    &["whatever", "you", "get"],
    &["what", "you", "get"],
    &["what", "i", "get"],
    &["what", "that", "gives"],
    &["what", "that", "is"],
    &["what", "that", "comes", "to"],
    &["that", "many"],
    &["that", "much"],
    &["that", "amount", "of"],
    &["så", "många"],
    &["whatever", "comes", "out"],
    &["what", "comes", "out"],
    &["det", "du", "får"],
    &["det", "du", "får", "fram"],
    &["vad", "du", "får"],
    &["vad", "du", "får", "fram"],
    &["det", "som", "blir"],
    &["what's", "left"],
    &["whats", "left"],
    &["what", "is", "left"],
    &["whatever", "is", "left"],
    &["what", "remains"],
    &["what's", "left", "over"],
    &["the", "rest"],
    &["the", "remainder"],
    &["det", "som", "är", "kvar"],
    &["det", "som", "blir", "kvar"],
    &["det", "som", "återstår"],
    &["the", "note", "you", "find"],
    &["the", "note", "you", "found"],
    &["the", "one", "you", "find"],
    &["what", "you", "find"],
    &["anteckningen", "du", "hittar"],
    &["den", "du", "hittar"],
    &["det", "sista"],
    &["the", "last", "one"],
    &["vad", "som", "är", "kvar"],
    &["återstoden"],
    &["resten"],
];

/// Whether a word after "det" or "den" is what that is the article of.
pub(super) fn is_noun_like(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_alphabetic)
        && !is_operator(word)
        && !matches!(
            word,
            "till"
                | "i"
                | "på"
                | "med"
                | "för"
                | "som"
                | "också"
                | "ut"
                | "upp"
                | "sedan"
                | "sen"
                | "och"
                | "är"
                | "från"
                | "av"
                | "om"
                | "att"
                | "därefter"
                | "bort"
                | "mellan"
                | "genom"
                | "igen"
                | "istället"
                | "nu"
                | "fick"
                | "får"
                | "har"
                | "hade"
                | "blev"
                | "innehåller"
        )
}

/// Whether a word is a noun in a definite form that points.
pub fn is_definite(word: &str) -> bool {
    definite(word).is_some()
}

/// The words that point.
pub fn words() -> impl Iterator<Item = &'static str> {
    let definite = ["resultatet", "svaret", "summan", "talet", "siffran", "antalet", "produkten", "datumet", "texten"];
    NOUNS.iter().copied().chain(definite).chain(["first", "först", "sist", "slutligen"])
}

/// What a noun in its definite form calls what it points at, and whether it may mean a text of the request itself.
fn definite(word: &str) -> Option<(&'static str, bool)> {
    Some(match word {
        "resultatet" | "slutresultatet" | "utfallet" => ("result", false),
        "svaret" => ("answer", false),
        "summan" | "slutsumman" | "totalen" => ("sum", false),
        "talet" | "siffran" | "antalet" | "värdet" | "beloppet" => ("number", false),
        "produkten" => ("result", false),
        "sluggen" | "slugen" => ("slug", false),
        "datumet" => ("date", false),
        "texten" | "meningen" | "frasen" | "strängen" | "citatet" => ("text", true),
        _ => return None,
    })
}

const NOUNS: &[&str] = &[
    "result", "results", "answer", "number", "value", "sum", "total", "product", "output", "amount", "figure", "date",
    "day", "one", "text", "slug", "note", "outcome", "count", "resultat", "svar", "tal", "värde", "datum", "dag",
];

/// Whether a word before "after that" makes it a time: "ten days after that".
pub(super) fn is_span_of_time(word: &str) -> bool {
    const SPANS: &[&str] = &[
        "since",
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "dag",
        "dagar",
        "vecka",
        "veckor",
        "månad",
        "månader",
        "år",
        "weekday",
        "weekdays",
        "vardag",
        "vardagar",
        "arbetsdag",
        "arbetsdagar",
        "workday",
        "workdays",
    ];
    SPANS.contains(&word) || arguments::is_weekday(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_is_found_with_what_it_is_called() {
        for (text, wanted) in [
            ("multiply it by 3", Some(("it", "", false))),
            ("dela sedan resultatet med 9", Some(("resultatet", "result", false))),
            ("divide that number by 7", Some(("that number", "number", false))),
            ("what is that times 7", Some(("that", "", false))),
            ("vad är det gånger 7", Some(("det", "", false))),
            ("vilken veckodag är det?", Some(("det", "", true))),
            ("what time is it in tokyo", Some(("it", "", true))),
            ("räkna tecknen i den", Some(("den", "", false))),
            ("räkna orden i texten", Some(("texten", "text", true))),
            ("tell me that 'it' is gone", None),
            ("visa den gamla listan", None),
            ("save a note with the text 'a b'", None),
            ("how long it takes to read 'a b'", Some(("it", "", true))),
            ("tell me what that is in hours", Some(("what that is", "", false))),
            ("convert 5 miles to km", None),
        ] {
            let found = pointer(text);
            let found = found.as_ref().map(|found| (&text[found.span.clone()], found.noun.as_str(), found.is_weak));
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn births_ages_and_one_more_of_the_same_are_known_by_their_words() {
        let found = |span: Option<Range<usize>>, text: &'static str| span.and_then(|span| text.get(span));
        let birth_in = |text| found(birth(text), text);
        assert_eq!(birth_in("18 years after her birth"), Some("her birth"));
        assert_eq!(birth_in("vilket datum är 100 dagar efter hennes födelse?"), Some("hennes födelse"));
        assert_eq!(birth_in("the date of birth 1990-01-01"), None);
        let one_in = |text| found(one_that_says(text), text);
        assert_eq!(one_in("add one saying 'call Rosie'"), Some("one"));
        assert_eq!(one_in("lägg till en som säger 'ring Rosie'"), Some("en"));
        assert_eq!(one_in("add one to 5"), None);
        let its = "what is its slug?";
        let at = pointer(its).map_or(0, |found| found.span.start);
        assert_eq!(of_its(its, &(at..at + 3), "'a b'").as_deref(), Some("what is the slug of 'a b'?"));
        assert!(asks_age("Hur gammalt var det den 12 april 2024?") && !asks_age("an old house"));
        assert!(says_born("huset byggdes den 1 maj 1908") && !says_born("the house is old"));
    }
}
