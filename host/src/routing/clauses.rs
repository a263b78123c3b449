//! The parts of a request that might each need a skill of their own, and which of them speak of an earlier part.
//!
//! A new part begins at the end of a sentence, at words of order ("and then", "och sedan"), and at "and" or a comma when
//! a verb or a question follows: "find a hotel and book it" has two parts, "1, 2 and 3" and "in Boston and Chicago" one.

use std::ops::Range;

use super::{Language, language, tables, verbs};

mod courtesy;
mod pointing;

pub use pointing::{
    Pointer, begins_there, counted_in, counted_noun, goes_on_from, is_of_now, joints, may_point, nouns, pointer,
    same_text, without_order,
};

/// Most parts of a request; what comes after belongs to the last.
const CLAUSES_MAX: usize = 16;
/// Longest remark before what is asked for.
const ASIDE_MAX: usize = 7;
/// Longest condition before it.
const CONDITION_MAX: usize = 24;
/// Words that are looked at.
const WORDS_MAX: usize = 2_000;

/// One part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its words.
    pub text: String,
    /// Whether it speaks of what an earlier part gives ("and send *it* …").
    pub depends: bool,
    /// Where in the request it stands, in bytes.
    pub span: Range<usize>,
    /// Whether it asks or orders something; other parts only tell of the situation.
    pub asks: bool,
    /// Whether words of order such as "then" introduce it.
    pub ordered: bool,
}

/// The parts of `text`, in their order; at least one.
pub fn split(text: &str, _language: &Language) -> Vec<Clause> {
    let inner = language::bare(text);
    let offset = text.find(inner).unwrap_or(0);
    let mut clauses = split_bare(inner);
    for clause in &mut clauses {
        clause.span = clause.span.start + offset..clause.span.end + offset;
    }
    clauses
}

fn split_bare(text: &str) -> Vec<Clause> {
    let words = read(text);
    // What announces a list is none of its parts.
    let announced = courtesy::announcement(&words);
    let mut starts = vec![Start { word: announced, ordered: false }];
    let mut at = announced + 1;
    let mut turned = None;
    if let Some(items) = courtesy::announced_items(&words, announced) {
        starts.extend(items.into_iter().map(|word| Start { word, ordered: false }));
        at = words.len();
    } else if let Some(said) = subordinate(&words, announced) {
        starts = vec![Start { word: said.first, ordered: true }, Start { word: said.second, ordered: true }];
        at = said.second + 1;
        turned = said.turned.then_some(1);
    }
    while at < words.len() && starts.len() < CLAUSES_MAX {
        let begun = starts.last().map_or(0, |last| last.word);
        match boundary(&words, at, begun, announced) {
            Some(start) if starts.last().is_none_or(|last| last.word < start.word) => {
                at = start.word.max(at) + order_words(&words, start.word).unwrap_or(0);
                starts.push(start);
            }
            _ => {}
        }
        at += 1;
    }
    let mut clauses: Vec<Clause> = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(words.len(), |next| next.word);
        let Some(own) = words.get(start.word..end) else { continue };
        let listed = marker(&words, start.word).unwrap_or(0);
        let Some(clause) = clause(text, own.get(listed..).unwrap_or_default(), start, listed > 0, &clauses) else {
            continue;
        };
        // "…, but first tell me …".
        if turned.is_none() && !clauses.is_empty() && says_but_first(own) {
            turned = Some(clauses.len());
        }
        // A table or a text in a paragraph of its own is what the request before it speaks of.
        if own.first().is_some_and(|word| word.paragraph || word.line && word.shielded)
            && !clause.asks
            && let Some(before) = clauses.last_mut().filter(|before| before.asks)
        {
            before.span.end = clause.span.end;
            before.text = text.get(clause_start(&words, before)..clause.span.end).unwrap_or_default().trim().to_owned();
            continue;
        }
        clauses.push(clause);
    }
    asks_alike(text, &mut clauses);
    if let Some(at) = turned.filter(|at| *at < clauses.len()) {
        clauses.swap(at - 1, at);
    }
    if clauses.is_empty() {
        let text_whole = text.trim().to_owned();
        clauses.push(Clause { text: text_whole, depends: false, span: 0..text.len(), asks: true, ordered: false });
    }
    clauses
}

/// A request whose first part only says when the second is to be done: "after counting …, tell me …".
struct Subordinate {
    /// The words that the parts begin with.
    first: usize,
    second: usize,
    /// The second is to be done first.
    turned: bool,
}

/// The parts of "after X, Y" and "before X, Y" where X is something to be done, too.
fn subordinate(words: &[Word], at: usize) -> Option<Subordinate> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let turned = match lower(at) {
        "after" | "efter" | "once" => false,
        "before" | "innan" => true,
        _ => return None,
    };
    let mut first = at + 1;
    while matches!(
        lower(first),
        "att" | "you" | "you've" | "you're" | "have" | "are" | "done" | "du" | "ni" | "har" | "that" | "with"
    ) {
        first += 1;
    }
    let done = lower(first);
    let stem = |endings: &[&str]| {
        endings.iter().any(|ending| {
            let stem = done.strip_suffix(ending).filter(|stem| stem.len() > 1);
            stem.is_some_and(|stem| verbs::is_verb(stem) || verbs::is_verb(&format!("{stem}e")))
        })
    };
    if !verbs::is_verb(done) && !stem(&["ing", "r", "t", "er", "at", "ed", "d", "ting", "ning"]) {
        return None;
    }
    let begins = |at: &usize| {
        let aside = lower(*at) == ","
            && starts_request(words, at + 1 + courtesy::lead(words.get(at + 1..).unwrap_or_default())).is_some();
        aside || AUXILIARIES.contains(&lower(*at)) && SUBJECTS.contains(&lower(at + 1))
    };
    let second = (first + 2..words.len().min(first + CONDITION_MAX)).find(begins)?;
    Some(Subordinate { first, second, turned })
}

/// Whether a part is to be done before the one that was said before it: "but first …".
fn says_but_first(own: &[Word]) -> bool {
    let mut words = own.iter().map(|word| word.lower.as_str()).filter(|word| *word != ",");
    matches!(words.next(), Some("but" | "men")) && matches!(words.next(), Some("first" | "först"))
}

/// What `text` asks for, without what announces it and asks nicely.
pub fn request_of(text: &str) -> &str {
    let words = read(text);
    let announced = courtesy::announcement(&words);
    let own = words.get(announced..).unwrap_or_default();
    let start = own.get(courtesy::lead(own)).map_or(0, |word| word.span.start);
    text.get(start..).unwrap_or(text)
}

/// What "and" or a comma joins to an order is one, too, though its verb is not known: "translate this, and count it".
fn asks_alike(text: &str, clauses: &mut [Clause]) {
    for at in (1..clauses.len()).rev() {
        let Some((before, own)) = clauses.get(at - 1).zip(clauses.get(at)) else { continue };
        let closed = text.get(before.span.clone()).is_none_or(|text| text.trim_end().ends_with(['.', '!', '?', ';']));
        let alike = own.asks && !before.asks && !closed && is_order(&before.text);
        if let Some(before) = clauses.get_mut(at - 1).filter(|_| alike) {
            before.asks = true;
        }
    }
}

/// Whether `text` begins as an order does: with a verb, or with a word that may be one, and says what of.
pub fn is_order(text: &str) -> bool {
    let words = read(text);
    let start = after_lead(&words);
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let first = lower(start);
    let is_word = first.len() > 2 && first.chars().all(char::is_alphabetic);
    let other = SUBJECTS.contains(&first)
        || DETERMINERS.contains(&first)
        || AUXILIARIES.contains(&first)
        || QUESTIONS.contains(&first)
        || NO_ORDER.contains(&first);
    is_word && !other && words.len() > start + 1
}

/// Whether `text` only names a figure to begin with: "take 1024", "börja med 5".
pub fn begins_with_value(text: &str) -> bool {
    const BEGIN: &[&[&str]] =
        &[&["take"], &["ta"], &["start", "with"], &["begin", "with"], &["börja", "med"], &["utgå", "från"]];
    let words = read(text);
    let is_there = |begin: &&&[&str]| {
        begin.iter().enumerate().all(|(at, wanted)| words.get(at).is_some_and(|word| word.lower == *wanted))
    };
    let said = |begin: &&[&str]| {
        let rest = words.get(begin.len()..).unwrap_or_default();
        let n_words = rest.iter().filter(|word| word.lower.chars().any(char::is_alphanumeric)).count();
        rest.first().is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit())) && n_words <= 2
    };
    BEGIN.iter().filter(is_there).any(said)
}

/// The verb that `text` begins with, where that says what is to be done in the world, and the words that speak of it.
pub fn act(text: &str) -> Option<(String, &'static [&'static str])> {
    let words = read(text);
    let first = words.get(after_lead(&words)).filter(|word| !word.shielded)?;
    Some((first.lower.clone(), verbs::act(&first.lower)?))
}

/// Whether `text` begins as a question does.
pub fn is_question(text: &str) -> bool {
    let words = read(text);
    let start = after_lead(&words);
    words.get(start).is_some_and(|word| QUESTIONS.contains(&word.lower.as_str())) && words.len() > start + 1
}

/// Where what is wanted begins: after words of order, greetings and "can you".
fn after_lead(words: &[Word]) -> usize {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let mut at = 0;
    while at < words.len() {
        at += match order_words(words, at) {
            Some(length) => length,
            None if GREETINGS.contains(&lower(at)) || matches!(lower(at), "," | "!" | "kunna") => 1,
            None if AUXILIARIES.contains(&lower(at)) && matches!(lower(at + 1), "you" | "du" | "ni") => 2,
            // "If not, order a new one."
            None if matches!(lower(at), "if" | "om") && matches!(lower(at + 1), "not" | "so" | "inte" | "ja") => 2,
            None if matches!(lower(at), "otherwise" | "annars") => 1,
            None => break,
        };
    }
    at
}

/// Whether `text` has no verb and no question of its own: "och 180 cm till fot".
pub fn is_fragment(text: &str) -> bool {
    let words = read(text);
    !(0..words.len().min(8)).any(|at| starts_request(&words, at).is_some()) && !is_order(text)
}

/// Where a part begins.
#[derive(Debug, Clone, Copy)]
struct Start {
    word: usize,
    /// Whether words of order such as "then" introduce it.
    ordered: bool,
}

/// A word or mark.
struct Word {
    span: Range<usize>,
    lower: String,
    /// Inside quotation marks or brackets, where nothing is split.
    shielded: bool,
    /// Whether a space or the beginning is before it.
    spaced: bool,
    /// Whether it is the first of a line.
    line: bool,
    /// Whether an empty line is before it.
    paragraph: bool,
}

fn read(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut shield = Shield::default();
    let tables = tables::find(text);
    let mut current: Option<usize> = None;
    let mut spaced = true;
    let mut before = ' ';
    let push = |words: &mut Vec<Word>, span: Range<usize>, shielded: bool, spaced: bool| {
        let lower = text.get(span.clone()).unwrap_or("").to_lowercase();
        let space = text.get(..span.start).unwrap_or("");
        let n_lines = space.chars().rev().take_while(|c| c.is_whitespace()).filter(|c| *c == '\n').count();
        words.push(Word { span, lower, shielded, spaced, line: n_lines > 0, paragraph: n_lines > 1 });
    };
    for (at, character) in text.char_indices() {
        if words.len() >= WORDS_MAX {
            break;
        }
        let next = text.get(at + character.len_utf8()..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        let in_table = tables.iter().any(|table| table.contains(&at));
        let was_shielded = shield.is_up() || tables.iter().any(|table| table.contains(&at.saturating_sub(1)));
        if !in_table {
            shield.pass(text, at, character, before, next);
        }
        let joins = matches!(character, '\'' | '’' | '-' | '.' | ',' | ':' | '/' | '@' | '_' | '&' | '=' | '%' | '+')
            && before.is_alphanumeric()
            && (next.is_alphanumeric() || matches!(next, '/' | '='));
        if character.is_alphanumeric() || joins {
            current.get_or_insert(at);
        } else {
            if let Some(start) = current.take() {
                push(&mut words, start..at, was_shielded, spaced);
                spaced = false;
            }
            if !character.is_whitespace() {
                push(&mut words, at..at + character.len_utf8(), was_shielded || in_table || shield.is_up(), spaced);
            }
            spaced = character.is_whitespace() || character == '\n';
        }
        before = character;
    }
    if let Some(start) = current {
        let shielded = shield.is_up() || tables.iter().any(|table| table.contains(&start));
        push(&mut words, start..text.len(), shielded, spaced);
    }
    words
}

/// Quotation marks and brackets that are open.
#[derive(Default)]
struct Shield {
    quote: Option<char>,
    brackets: usize,
}

impl Shield {
    fn is_up(&self) -> bool {
        self.quote.is_some() || self.brackets > 0
    }

    fn pass(&mut self, text: &str, at: usize, character: char, before: char, next: char) {
        if let Some(closing) = self.quote {
            let word_goes_on = matches!(character, '\'' | '’') && next.is_alphanumeric();
            if character == closing && !word_goes_on {
                self.quote = None;
            }
            return;
        }
        let opening = match character {
            '"' | '`' => Some(character),
            '\'' if !before.is_alphanumeric() && next.is_alphanumeric() => Some('\''),
            '“' | '„' => Some('”'),
            '”' if !before.is_alphanumeric() => Some('”'),
            '‘' => Some('’'),
            '«' => Some('»'),
            _ => None,
        };
        match opening {
            // A mark that is never closed shields nothing.
            Some(closing) => {
                let rest = text.get(at + character.len_utf8()..).unwrap_or("");
                self.quote = rest.chars().take(20_000).any(|later| later == closing).then_some(closing);
            }
            None if matches!(character, '(' | '[' | '{') => self.brackets += 1,
            None if matches!(character, ')' | ']' | '}') => self.brackets = self.brackets.saturating_sub(1),
            None => {}
        }
    }
}

/// The part that begins at or right after word `at`, if one does. The part before it begins at word `begun`; the
/// first `announced` words announce a list.
fn boundary(words: &[Word], at: usize, begun: usize, announced: usize) -> Option<Start> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let word = words.get(at).filter(|word| !word.shielded)?;
    let is = |list: &[&str], at: usize| list.contains(&lower(at));
    // The end of a sentence.
    if is(&[".", "?", "!", ";", "…"], at) {
        let mut next = at + 1;
        while is(&[".", "?", "!", ";", "\"", "'", "”", "’", ")"], next) {
            next += 1;
        }
        let follows = words.get(next).is_some_and(|next| next.spaced);
        let abbreviation =
            lower(at) == "." && words.get(at - 1).is_some_and(|before| ABBREVIATIONS.contains(&before.lower.as_str()));
        let listed = at.checked_sub(1).is_some_and(|before| marker(words, before).is_some());
        return (follows && !abbreviation && !listed).then(|| ordered(words, next));
    }
    // "visa sen vad …", "räkna sedan ut …": the verb before is the part's own.
    let verb_before = at.checked_sub(1).is_some_and(|before| verbs::is_verb(lower(before)));
    if verb_before && order_words(words, at).is_some() {
        return None;
    }
    // "and then", ", then", "after that", "och sedan", "därefter".
    if let Some(length) = order_words(words, at)
        && (starts_request(words, at + length).is_some_and(|strength| strength > 0)
            || orders_something(words, at + length))
    {
        return Some(Start { word: at, ordered: true });
    }
    // "…, times 8", "then minus 40".
    let operator = match lower(at) {
        "," => Some(at + 1),
        _ => order_words(words, at).map(|length| at + length),
    };
    if let Some(next) = operator
        && OPERATORS.contains(&lower(next))
        && (next + 1..next + 3)
            .any(|at| words.get(at).is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit())))
    {
        return Some(Start { word: at, ordered: true });
    }
    // "… and then 'three four'": the same with another text.
    if let Some(length) = order_words(words, at)
        && words.get(at + length).is_some_and(|next| next.shielded)
    {
        return Some(Start { word: at, ordered: true });
    }
    // "Check if … and if …": the second of two things to find out.
    if is(&["and", "och", "samt"], at)
        && is(&["if", "whether", "om"], at + 1)
        && words.iter().take(at).any(|word| !word.shielded && word.lower == lower(at + 1))
        && says_something(words, at + 1)
    {
        return Some(Start { word: at, ordered: false });
    }
    // "and", "och", "," before a verb or a question.
    if is(&["and", "och", "å", "samt", "also", "plus", ",", "&", "but", "men", "or", "eller"], at) {
        let mut next = at + 1;
        while is(
            &[
                "and",
                "och",
                "å",
                "also",
                "också",
                "please",
                "snälla",
                "but",
                "men",
                "additionally",
                "furthermore",
                "finally",
                "plus",
                "to",
                "att",
                ",",
                "separately",
                "besides",
                "moreover",
                "meanwhile",
                "dessutom",
                "även",
                "samtidigt",
            ],
            next,
        ) {
            next += 1;
        }
        if order_words(words, next).is_some() || lower(at) == "," && is_condition(words, begun, at) {
            return None;
        }
        if courtesy::is_thanks(words.get(next..).unwrap_or_default()) {
            return None;
        }
        // "…, and while that is on, tell me …".
        if is(&["while", "meanwhile", "medan"], next) {
            let begins = |at: &usize| starts_request(words, *at).is_some_and(|strength| strength > 0);
            next = (next + 1..next + ASIDE_MAX).find(begins).unwrap_or(next);
        }
        // "…, and would you tell me": what is asked for comes behind it.
        next += courtesy::lead(words.get(next..).unwrap_or_default());
        let needed = if lower(at) == "," && next == at + 1 || matches!(lower(at), "or" | "eller") { 2 } else { 1 };
        let starts = starts_request(words, next).is_some_and(|strength| strength >= needed);
        if (starts || asks_of_value(words, next) || tells_value(words, next)) && says_something(words, next) {
            return Some(Start { word: at, ordered: false });
        }
    }
    // A new line of a list, or one that begins as a request does; not a text that a colon announces.
    if (word.line || counts_on(words, at))
        && (marker(words, at).is_some() || starts_request(words, at).is_some_and(|strength| strength > 0))
        && !in_text(words, at, announced)
    {
        return Some(ordered(words, at));
    }
    // "And then to miles": the part before goes on with what came of it.
    if let Some(length) = order_words(words, at)
        && matches!(lower(at + length), "to" | "into" | "till" | "in" | "i")
        && lower(at) != "after"
    {
        return Some(Start { word: at, ordered: true });
    }
    None
}

/// How many words mark the item of a list at `at`: "1.", "2)", or "-" where another line begins with it, too.
fn marker(words: &[Word], at: usize) -> Option<usize> {
    let first = words.get(at).filter(|word| word.line || at == 0 || counts_on(words, at))?;
    if matches!(first.lower.as_str(), "-" | "*" | "•" | "–") && words.get(at + 1).is_some_and(|next| next.spaced) {
        let alike = |(other, word): (usize, &Word)| {
            other != at && (word.line || other == 0) && !word.shielded && word.lower == first.lower
        };
        return words.iter().enumerate().any(alike).then_some(1);
    }
    let is_number = first.lower.len() <= 2 && first.lower.bytes().all(|byte| byte.is_ascii_digit());
    let mark = words.get(at + 1).filter(|mark| matches!(mark.lower.as_str(), "." | ")") && !mark.spaced)?;
    let spaced = words.get(at + 2).is_some_and(|next| next.spaced);
    if is_number && spaced && mark.span.start == first.span.end {
        return Some(2);
    }
    None
}

/// Whether word `at` counts on from an item before it on the same line: "1) … 2) …".
fn counts_on(words: &[Word], at: usize) -> bool {
    let number = |at: usize| {
        let word = words.get(at).filter(|word| !word.shielded && word.lower.len() <= 2)?;
        let closed = words.get(at + 1).is_some_and(|mark| mark.lower == ")" && !mark.spaced);
        word.lower.parse::<u8>().ok().filter(|_| closed)
    };
    let Some(own) = number(at).filter(|own| *own > 1) else { return false };
    (0..at).any(|before| number(before) == Some(own - 1))
}

/// Whether the line that begins at `at` belongs to a text that a colon at the end of an earlier line announces, with no
/// empty line between.
fn in_text(words: &[Word], at: usize, announced: usize) -> bool {
    let begun = words.iter().take(at + 1).rposition(|word| word.paragraph).unwrap_or(0).max(announced);
    (begun..at).any(|place| {
        let is_colon = words.get(place).is_some_and(|word| word.lower == ":");
        // A quotation or a table ends by itself.
        is_colon
            && words.get(place + 1).is_some_and(|next| next.line && !next.shielded)
            && marker(words, place + 1).is_none()
    })
}

fn ordered(words: &[Word], at: usize) -> Start {
    Start { word: at, ordered: order_words(words, at).is_some() }
}

/// How many words of order stand at `at`.
fn order_words(words: &[Word], at: usize) -> Option<usize> {
    ORDER
        .iter()
        .filter(|order| {
            order.iter().enumerate().all(|(offset, word)| {
                words.get(at + offset).is_some_and(|there| there.lower == *word && !there.shielded)
            })
        })
        .map(|order| order.len())
        .max()
        .map(|length| length + usize::from(words.get(at + length).is_some_and(|next| next.lower == ",")))
}

/// How surely a request starts at word `at`: 1 for a verb that may also be a noun, 2 for what is clear.
fn starts_request(words: &[Word], at: usize) -> Option<u8> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let first = lower(at);
    if QUESTIONS.contains(&first) {
        // "what I want": a question asks with its verb next or soon after.
        let may_relate = matches!(
            first,
            "which" | "vilken" | "vilket" | "vilka" | "when" | "när" | "where" | "who" | "that" | "vem"
        );
        // "Which weekday is …", not "the book, which is …".
        let asks_of_noun = matches!(first, "which" | "vilken" | "vilket" | "vilka")
            && !is_copula(lower(at + 1))
            && (at + 2..at + 5).any(|next| is_copula(lower(next)));
        return Some(if may_relate && !asks_of_noun { 1 } else { 2 });
    }
    if AUXILIARIES.contains(&first) && SUBJECTS.contains(&lower(at + 1)) {
        return Some(2);
    }
    if SUBJECTS.contains(&first) && WISHES.contains(&lower(at + 1)) {
        return Some(2);
    }
    if verbs::is_verb(first) {
        let next = lower(at + 1);
        let is_value =
            words.get(at + 1).is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit()));
        let is_clear = is_value
            || DETERMINERS.contains(&next)
            || matches!(next, "att" | "away" | "down")
            || pointing::is_definite(next)
            || words.get(at + 1).is_some_and(|word| pointing::looks_definite(&word.lower))
            || order_words(words, at + 1).is_some();
        return match is_clear {
            true => Some(2),
            false => (!verbs::is_also_noun(first)).then_some(1),
        };
    }
    None
}

fn is_copula(word: &str) -> bool {
    const MORE: &[&str] = &["was", "were", "had", "falls", "comes", "var", "blir", "infaller", "ligger", "kommer"];
    AUXILIARIES.contains(&word) || MORE.contains(&word)
}

/// Whether somebody tells a figure of their own at word `at`: "and I weigh 81 kg".
fn tells_value(words: &[Word], at: usize) -> bool {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    matches!(lower(at), "i" | "jag" | "we" | "vi")
        && words.get(at + 2).is_some_and(|word| !word.shielded && word.lower.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether the words from `begun` to `end` only say when or under what conditions: "om 45 dagar, …".
fn is_condition(words: &[Word], begun: usize, end: usize) -> bool {
    const CONDITIONS: &[&str] = &[
        "if", "when", "once", "on", "in", "at", "by", "after", "before", "om", "när", "på", "i", "efter", "före",
        "innan",
    ];
    let first =
        (begun..end).find(|at| words.get(*at).is_some_and(|word| !matches!(word.lower.as_str(), "," | "and" | "och")));
    first.filter(|first| end - first <= CONDITION_MAX).is_some_and(|first| {
        words.get(first).is_some_and(|word| !word.shielded && CONDITIONS.contains(&word.lower.as_str()))
            && !(first + 1..end).any(|at| starts_request(words, at).is_some_and(|strength| strength > 1))
    })
}

/// Whether a question about a figure starts at word `at`: "is 2026 a leap year", "var 1 maj en fredag".
fn asks_of_value(words: &[Word], at: usize) -> bool {
    let is_copula = words
        .get(at)
        .is_some_and(|word| matches!(word.lower.as_str(), "is" | "was" | "are" | "were" | "är" | "var" | "blir"));
    let figure = |word: &Word| word.shielded || word.lower.starts_with(|c: char| c.is_ascii_digit());
    is_copula && words.get(at + 1).is_some_and(figure)
}

/// Whether what follows words of order is an order, though its verb is not known: "mow the lawn".
fn orders_something(words: &[Word], at: usize) -> bool {
    const ARTICLES: &[&str] =
        &["the", "a", "an", "my", "our", "your", "this", "that", "these", "those", "all", "it", "them"];
    let is_word = words.get(at).is_some_and(|word| {
        !word.shielded && word.lower.chars().all(char::is_alphabetic) && !DETERMINERS.contains(&word.lower.as_str())
    });
    is_word && words.get(at + 1).is_some_and(|next| ARTICLES.contains(&next.lower.as_str()))
}

/// Whether more than one word follows before the next end of a sentence.
fn says_something(words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_some_and(|next| !matches!(next.lower.as_str(), "." | "?" | "!" | "," | "and" | "och"))
}

/// Where the words of a clause begin, in bytes.
fn clause_start(words: &[Word], clause: &Clause) -> usize {
    let own = |word: &&Word| word.span.start >= clause.span.start;
    let first = clause.text.split_whitespace().next().unwrap_or_default().to_lowercase();
    let begins = |word: &&Word| first.starts_with(&word.lower);
    words.iter().filter(own).find(begins).map_or(clause.span.start, |word| word.span.start)
}

fn clause(text: &str, own: &[Word], start: &Start, listed: bool, earlier: &[Clause]) -> Option<Clause> {
    let (first, last) = (own.first()?, own.last()?);
    let span = first.span.start..last.span.end.max(first.span.end);
    let lead = |word: &&Word| {
        matches!(
            word.lower.as_str(),
            "," | "and" | "och" | "å" | "samt" | "also" | "plus" | ";" | "." | "&" | "but" | "men" | "or" | "eller"
        )
    };
    let mut begun = own.iter().position(|word| !lead(&word))?;
    // "First, …; second, …".
    if own.get(begun).is_some_and(|word| COUNTED.contains(&word.lower.as_str()))
        && own.get(begun + 1).is_none_or(|next| next.lower == ",")
    {
        begun += 2;
    }
    if !earlier.is_empty() && courtesy::is_thanks(own.get(begun..)?) {
        return None;
    }
    let begun = begun + courtesy::lead(own.get(begun..)?);
    let body = own.get(begun)?;
    let ended = own.iter().rposition(|word| !matches!(word.lower.as_str(), "," | ";" | "." | "!"))?;
    let thanks = courtesy::tail(own.get(begun..=ended)?);
    let tail = match thanks {
        0 => own.iter().rfind(|word| !matches!(word.lower.as_str(), "," | ";"))?,
        n_words => own.get(..=ended - n_words)?.iter().rfind(|word| word.lower != ",")?,
    };
    let written = text.get(body.span.start..tail.span.end.max(body.span.end))?.trim();
    if !written.chars().any(char::is_alphanumeric) {
        return None;
    }
    let own = own.get(begun.min(own.len())..)?;
    let asks = start.ordered
        || listed
        || !earlier.is_empty() && matches!(body.lower.as_str(), "if" | "whether" | "om")
        || own.iter().any(|word| word.lower == "?")
        || asks_of_value(own, 0)
        || own.iter().take(6).enumerate().any(|(at, _)| starts_request(own, at).is_some());
    let asks = asks && !courtesy::announces_only(own);
    let depends = !earlier.is_empty() && refers(own, start.ordered);
    Some(Clause { text: written.to_owned(), depends, span, asks, ordered: start.ordered })
}

/// Whether the words speak of something that was said or found before.
fn refers(own: &[Word], ordered: bool) -> bool {
    let lower = |at: usize| own.get(at).map_or("", |word| word.lower.as_str());
    let first = own.iter().position(|word| word.lower != ",").map_or(0, |at| at + order_words(own, at).unwrap_or(0));
    (first..own.len()).any(|at| {
        if own.get(at).is_some_and(|word| word.shielded) {
            return false;
        }
        let before = at.checked_sub(1).map_or("", lower);
        let next = lower(at + 1);
        if pointing::phrase_at(own, at).is_some() {
            return true;
        }
        match lower(at) {
            "total" | "sum" | "product" | "outcome" => before == "the" && next != "of",
            "dagen" => before == "den",
            word if word != "texten" && pointing::is_definite(word) => !own
                .get(at + 1)
                .is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit())),
            "them" | "dem" | "those" | "these" | "dessa" | "result" | "results" | "answer" => true,
            // "what time is it", "is it possible", "it is": nothing is meant by it.
            "it" => {
                !matches!(
                    before,
                    "is" | "was" | "does" | "will" | "would" | "can" | "could" | "if" | "" | "," | "and" | "that"
                ) && !matches!(next, "is" | "was" | "will" | "'s")
            }
            "det" | "den" => {
                let counts = matches!(next, "gånger" | "plus" | "minus" | "delat");
                if counts {
                    return true;
                }
                let object = next.is_empty()
                    || matches!(
                        next,
                        "sedan"
                            | "sen"
                            | "."
                            | "?"
                            | "!"
                            | ","
                            | "till"
                            | "som"
                            | "i"
                            | "på"
                            | "med"
                            | "för"
                            | "från"
                            | "av"
                            | "också"
                            | "ut"
                            | "upp"
                    );
                object
                    && !matches!(
                        before,
                        "är" | "var"
                            | "blir"
                            | "finns"
                            | ""
                            | ","
                            | "och"
                            | "att"
                            | "om"
                            | "vad"
                            | "hur"
                            | "kostar"
                            | "gör"
                            | "tar"
                    )
            }
            "this" | "that" | "detta" | "denna" | "its" | "their" | "dess" | "deras" => {
                ordered
                    || matches!(next, "is" | "är")
                        && matches!(lower(at + 2), "divided" | "multiplied" | "delat" | "times")
                    || matches!(
                        next,
                        "" | "."
                            | "by"
                            | "times"
                            | "gånger"
                            | "plus"
                            | "minus"
                            | "divided"
                            | "multiplied"
                            | "?"
                            | "!"
                            | ","
                            | "to"
                            | "into"
                            | "till"
                            | "list"
                            | "number"
                            | "text"
                            | "file"
                            | "information"
                            | "data"
                            | "value"
                    )
                    || matches!(lower(at), "its" | "their" | "dess" | "deras")
            }
            _ => false,
        }
    })
}

/// The words that parts are told apart by.
pub fn lexicon() -> impl Iterator<Item = &'static str> {
    let order = ORDER.iter().copied().flatten();
    order
        .chain(QUESTIONS)
        .chain(AUXILIARIES)
        .chain(SUBJECTS)
        .chain(WISHES)
        .chain(DETERMINERS)
        .copied()
        .chain(courtesy::words())
        .chain(KNOWN.iter().copied())
        .chain(pointing::words())
}

/// Words that sentences begin with which order nothing, or nothing by themselves.
const NO_ORDER: &[&str] = &[
    "help", "hjälp", "thanks", "thank", "tack", "hello", "hej", "please", "snälla", "okay", "sorry", "ursäkta", "yes",
    "not", "nej", "inte", "given", "since", "because", "eftersom", "when", "while", "with", "without", "med", "utan",
    "about", "from", "från", "using", "after", "efter", "before", "innan", "between", "mellan", "into", "under",
    "över", "och", "and", "but", "men", "just", "bara", "both", "både", "also", "också", "she", "han", "hon", "her",
    "his", "our", "vår", "vårt", "here", "there", "här", "där", "today", "idag", "tomorrow", "imorgon", "dear", "kära",
    "great", "bra", "good", "first", "först", "let", "låt",
];

/// Words before a request that want nothing.
const GREETINGS: &[&str] = &[
    "hi", "hello", "hey", "hej", "hejsan", "hallå", "tja", "tjena", "tjenare", "please", "pls", "snälla", "ok", "okay",
    "so", "and", "och", "also", "också", "first", "först",
];

/// Words that count parts.
const COUNTED: &[&str] = &[
    "first", "firstly", "second", "secondly", "third", "thirdly", "fourth", "lastly", "last", "först", "andra",
    "tredje", "ett", "två", "tre",
];

/// Words that requests have and no vocabulary: none of them is a slip.
const KNOWN: &[&str] = &[
    "weather",
    "tryck",
    "kraft",
    "effekt",
    "vinkel",
    "väder",
    "vädret",
    "lie",
    "lies",
    "weigh",
    "weighs",
    "weighed",
    "fall",
    "falls",
    "fell",
    "handlar",
    "bland",
    "among",
    "elapsed",
    "passed",
    "comes",
    "noted",
    "saved",
    "gått",
    "infaller",
    "ligger",
    "kvar",
    "sista",
    "forecast",
    "prognos",
    "trip",
    "taxi",
    "pizza",
    "flight",
    "hotel",
    "ticket",
    "tickets",
    "biljett",
    "biljetter",
    "lamp",
    "lamps",
    "lights",
    "lampan",
    "lampor",
    "lamporna",
    "alarm",
    "timer",
    "larm",
    "larmet",
    "song",
    "music",
    "musik",
    "movie",
    "film",
    "bio",
    "mail",
    "mejl",
    "sms",
    "call",
    "team",
    "boss",
    "chef",
    "chefen",
    "mum",
    "mom",
    "dad",
    "mamma",
    "pappa",
    "friend",
    "vän",
    "kompis",
    "dinner",
    "lunch",
    "middag",
    "frukost",
    "table",
    "bord",
    "room",
    "rum",
    "kitchen",
    "köket",
    "kök",
    "door",
    "dörr",
    "dörren",
    "car",
    "bil",
    "bilen",
    "bus",
    "buss",
    "train",
    "tåg",
    "milk",
    "mjölk",
    "bread",
    "bröd",
    "buy",
    "sell",
    "shop",
    "order",
    "meeting",
    "möte",
    "mötet",
    "doctor",
    "dentist",
    "tandläkare",
    "tandläkaren",
    "rent",
    "hyra",
    "hyran",
    "bill",
    "räkning",
    "invoice",
    "faktura",
    "keys",
    "nycklar",
    "snäll",
    "snällt",
    "noterat",
    "totalt",
];

const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "dr", "mr", "mrs", "ms", "st", "vs", "v", "no", "nr", "kl", "t.ex", "bl.a", "approx", "jan", "feb",
    "etc", "inc", "ltd", "prof",
];

const ORDER: &[&[&str]] = &[
    &["and", "then"],
    &["then"],
    &["after", "that"],
    &["and", "after", "that"],
    &["afterwards"],
    &["and", "afterwards"],
    &["once", "done"],
    &["when", "done"],
    &["next", ","],
    &["and", "finally"],
    &["finally"],
    &["followed", "by"],
    &["och", "sedan"],
    &["och", "sen"],
    &["och", "därefter"],
    &["sedan"],
    &["sen"],
    &["därefter"],
    &["efter", "det"],
    &["till", "sist"],
    &["efteråt"],
    &["och", "efter", "det"],
    &["och", "till", "sist"],
    &["slutligen"],
];

/// Words with which arithmetic goes on.
const OPERATORS: &[&str] =
    &["times", "gånger", "plus", "minus", "divided", "delat", "dividerat", "multiplied", "multiplicerat"];

const QUESTIONS: &[&str] = &[
    "what", "what's", "whats", "which", "who", "whose", "when", "where", "where's", "why", "how", "vad", "vilken",
    "vilket", "vilka", "vem", "när", "var", "vart", "varför", "hur",
];

const AUXILIARIES: &[&str] = &[
    "can", "could", "would", "will", "should", "do", "does", "did", "is", "are", "may", "have", "has", "kan", "kunde",
    "skulle", "ska", "vill", "har", "är", "får", "finns",
];

const SUBJECTS: &[&str] = &[
    "you", "i", "we", "i'd", "i'm", "there", "du", "jag", "vi", "ni", "man", "it", "det", "they", "my", "any", "some",
];

const WISHES: &[&str] = &[
    "want", "need", "would", "would", "am", "like", "wish", "also", "have", "could", "should", "vill", "behöver",
    "skulle", "undrar", "måste", "will", "was", "wonder",
];

const DETERMINERS: &[&str] = &[
    "the", "a", "an", "me", "my", "it", "them", "all", "some", "this", "that", "those", "these", "us", "any", "its",
    "their", "your", "whether", "if", "for", "to", "out", "up", "off", "on", "den", "det", "de", "en", "ett", "mig",
    "min", "mitt", "mina", "dem", "alla", "om", "till", "ut", "upp", "av", "på",
];

#[cfg(test)]
mod tests;
