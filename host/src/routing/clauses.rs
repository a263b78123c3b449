//! The parts of a request that might each need a skill of their own, and which of them speak of an earlier part.
//!
//! A new part begins at the end of a sentence, at words of order ("and then", "och sedan"), and at "and" or a comma when
//! a verb or a question follows: "find a hotel and book it" has two parts, "1, 2 and 3" and "in Boston and Chicago" one.

use std::ops::Range;

use super::{Language, language, verbs};

mod pointing;

pub use pointing::{Pointer, joints, pointer, without_order};

/// Most parts of a request; what comes after belongs to the last.
const CLAUSES_MAX: usize = 16;
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
    let mut starts = vec![Start { word: 0, ordered: false }];
    let mut at = 1;
    while at < words.len() && starts.len() < CLAUSES_MAX {
        match boundary(&words, at) {
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
        let Some(clause) = clause(text, own, start, &clauses) else { continue };
        clauses.push(clause);
    }
    asks_alike(text, &mut clauses);
    if clauses.is_empty() {
        let text_whole = text.trim().to_owned();
        clauses.push(Clause { text: text_whole, depends: false, span: 0..text.len(), asks: true, ordered: false });
    }
    clauses
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
        let was_shielded = shield.is_up();
        shield.pass(text, at, character, before, next);
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
                push(&mut words, at..at + character.len_utf8(), was_shielded || shield.is_up(), spaced);
            }
            spaced = character.is_whitespace() || character == '\n';
        }
        before = character;
    }
    if let Some(start) = current {
        push(&mut words, start..text.len(), shield.is_up(), spaced);
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

/// The part that begins at or right after word `at`, if one does.
fn boundary(words: &[Word], at: usize) -> Option<Start> {
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
            ],
            next,
        ) {
            next += 1;
        }
        if order_words(words, next).is_some() {
            return None;
        }
        let needed = if lower(at) == "," && next == at + 1 || matches!(lower(at), "or" | "eller") { 2 } else { 1 };
        let starts = starts_request(words, next).is_some_and(|strength| strength >= needed);
        if (starts || asks_of_value(words, next)) && says_something(words, next) {
            return Some(Start { word: at, ordered: false });
        }
    }
    // A new line of a list, or one that begins as a request does; not a text that a colon announces.
    if word.line
        && (marker(words, at).is_some() || starts_request(words, at).is_some_and(|strength| strength > 0))
        && !announced(words, at)
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
    let first = words.get(at).filter(|word| word.line || at == 0)?;
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

/// Whether the line that begins at `at` belongs to a text that a colon at the end of an earlier line announces, with no
/// empty line between.
fn announced(words: &[Word], at: usize) -> bool {
    let begun = words.iter().take(at + 1).rposition(|word| word.paragraph).unwrap_or(0);
    (begun..at).any(|place| {
        let is_colon = words.get(place).is_some_and(|word| word.lower == ":");
        is_colon && words.get(place + 1).is_some_and(|next| next.line) && marker(words, place + 1).is_none()
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
        return Some(
            if matches!(
                first,
                "which" | "vilken" | "vilket" | "vilka" | "when" | "när" | "where" | "who" | "that" | "vem"
            ) {
                1
            } else {
                2
            },
        );
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
            || order_words(words, at + 1).is_some();
        return match is_clear {
            true => Some(2),
            false => (!verbs::is_also_noun(first)).then_some(1),
        };
    }
    None
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

fn clause(text: &str, own: &[Word], start: &Start, earlier: &[Clause]) -> Option<Clause> {
    let (first, last) = (own.first()?, own.last()?);
    let span = first.span.start..last.span.end.max(first.span.end);
    let listed = marker(own, 0).unwrap_or(0);
    let own = own.get(listed..)?;
    let lead = |word: &&Word| {
        matches!(
            word.lower.as_str(),
            "," | "and" | "och" | "å" | "samt" | "also" | "plus" | ";" | "." | "&" | "but" | "men" | "or" | "eller"
        )
    };
    let body = own.iter().find(|word| !lead(word))?;
    let tail = own.iter().rev().find(|word| !matches!(word.lower.as_str(), "," | ";"))?;
    let written = text.get(body.span.start..tail.span.end.max(body.span.end))?.trim();
    if !written.chars().any(char::is_alphanumeric) {
        return None;
    }
    let asks = start.ordered
        || listed > 0
        || !earlier.is_empty() && matches!(body.lower.as_str(), "if" | "whether" | "om")
        || own.iter().any(|word| word.lower == "?")
        || own.iter().position(|word| !lead(&word)).is_some_and(|at| asks_of_value(own, at))
        || own.iter().take(6).enumerate().any(|(at, _)| starts_request(own, at).is_some());
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
        match lower(at) {
            "them" | "dem" | "those" | "these" | "dessa" | "resultatet" | "svaret" | "summan" | "result"
            | "results" | "answer" => true,
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
    &["och", "efter", "det"],
    &["och", "till", "sist"],
    &["slutligen"],
];

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
