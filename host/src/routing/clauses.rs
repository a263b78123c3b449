//! The parts of a request that might each need a skill of their own, and which of them speak of an earlier part.
//!
//! A new part begins at the end of a sentence, at words of order ("and then", "och sedan"), and at "and" or a comma when
//! a verb or a question follows: "find a hotel and book it" has two parts, "1, 2 and 3" and "in Boston and Chicago" one.

use std::ops::Range;

use self::boundary::{Start, aside, asks_of_value, boundary, marker, order_words, starts_request};
use self::lexicon::COUNTED;
use self::read::{Word, read};
use self::refers::refers;
use self::subordinate::{says_but_first, subordinate};
use super::{Language, language, verbs};

mod boundary;
mod courtesy;
mod kinds;
mod lexicon;
mod noted;
mod notes;
mod orders;
mod parallel;
mod places;
mod pointing;
mod read;
mod refers;
mod remarks;
mod subordinate;
mod times;
mod told;

pub use boundary::asks_for_most;
pub use kinds::{
    act, alters, asks, asks_it_of, asks_what_about, begins_with_value, exception, gives_data, invents, is_conditional,
    is_fragment, is_negated, is_order, is_question, is_wish, keeps_statement, notes, only_reads, request_of, says_what,
    topic,
};
pub use lexicon::lexicon;
pub use noted::{Noted, noted};
pub use orders::{joints, without_order};
pub use parallel::{
    goes_on_alike, listed, parallel, says_link_again, shared_tail, tail_of_number, without_count, without_each,
};
pub use places::{Place, operation_between, places};
pub use pointing::{
    Pointer, asks_age, birth, counted_in, counted_noun, is_of_somebody, is_path, is_plural, may_point, nouns, of_its,
    one_that_says, pointer, same_text, says_born, says_same, with_noun,
};
pub use read::reading_once;
pub use remarks::{is_heading, is_opening, is_statement, named_in, named_texts, only_tells, subject_of, that_text};
pub use times::{
    asks_only_date, asks_which_day, begins_there, both_dates, ends_there, goes_on_from, is_of_now, says_both_dates,
    says_same_day,
};

/// Most parts of a request; what comes after belongs to the last.
pub const CLAUSES_MAX: usize = 12;

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
    let mut clauses = split_bare(remarks::without_sign_off(inner));
    for clause in &mut clauses {
        clause.span = clause.span.start + offset..clause.span.end + offset;
    }
    clauses
}

fn split_bare(text: &str) -> Vec<Clause> {
    let words = read(text);
    let Some(told) = notes::told(text, &words) else { return sentences(text) };
    // Once: what stands around it is read as any other text.
    let (before, after) = (text.get(..told.span.start), text.get(told.span.end..));
    let said = |text: Option<&str>| text.filter(|text| text.chars().any(char::is_alphanumeric)).map(sentences);
    let later = said(after).unwrap_or_default().into_iter().map(|mut clause| {
        clause.span = clause.span.start + told.span.end..clause.span.end + told.span.end;
        clause
    });
    let mut clauses: Vec<Clause> =
        said(before).unwrap_or_default().into_iter().chain(told.clauses).chain(later).collect();
    clauses.truncate(CLAUSES_MAX);
    clauses
}

fn sentences(text: &str) -> Vec<Clause> {
    let words = read(text);
    // What announces a list is none of its parts.
    let announced = courtesy::announcement(&words);
    let mut starts = vec![Start { word: announced, ordered: false }];
    let mut at = announced + 1;
    let mut turned = None;
    let mut is_list = false;
    if let Some(items) = courtesy::announced_items(&words, announced) {
        starts.extend(items.into_iter().map(|word| Start { word, ordered: false }));
        at = words.len();
        is_list = true;
    } else if let Some(said) = subordinate(&words, announced) {
        starts = vec![Start { word: said.first, ordered: true }, Start { word: said.second, ordered: true }];
        at = said.second + 1;
        turned = said.turned.then_some(1);
    } else if let Some(items) = remarks::value_items(text, &words, announced) {
        starts = items.into_iter().map(|word| Start { word, ordered: false }).collect();
        at = words.len();
        is_list = true;
    }
    while at < words.len() && starts.len() < CLAUSES_MAX {
        let begun = starts.last().map_or(0, |last| last.word);
        // The items of a list of texts are no parts by what they begin with.
        if at == begun + 1
            && let Some((_, end)) = parallel::listed_in(&words, begun)
        {
            at = end;
        }
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
        let lead = own.iter().take_while(|word| matches!(&*word.lower, "," | ";" | "and" | "och" | "samt")).count();
        let listed = marker(&words, start.word + lead).map_or(0, |length| lead + length);
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
    about_data(&mut clauses);
    // Each item of a list that was announced is asked for.
    if is_list {
        clauses.iter_mut().for_each(|clause| clause.asks = true);
    }
    asks_alike(text, &mut clauses);
    told::put(&mut clauses);
    without_idle_questions(&mut clauses);
    if let Some(at) = turned.filter(|at| *at < clauses.len()) {
        clauses.swap(at - 1, at);
    }
    if clauses.is_empty() {
        let text_whole = text.trim().to_owned();
        clauses.push(Clause { text: text_whole, depends: false, span: 0..text.len(), asks: true, ordered: false });
    }
    clauses
}

/// Data that stands before all requests is what the first of them speaks of.
fn about_data(clauses: &mut Vec<Clause>) {
    if clauses.len() < 2 || !clauses.first().is_some_and(|first| remarks::is_data(&first.text)) {
        return;
    }
    let data = clauses.remove(0);
    if let Some(first) = clauses.first_mut() {
        first.text = format!("{}\n{}", first.text.trim_end(), data.text);
        first.depends = false;
    }
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

/// "Add 150 to it, what does that make?" asks for nothing that the order before it does not give.
fn without_idle_questions(clauses: &mut Vec<Clause>) {
    // "28 pupils get 5 pens each, how many pens is that?"
    for at in 1..clauses.len() {
        let counts = clauses.get(at).is_some_and(|clause| kinds::asks_how_many_come(&clause.text));
        let comes = clauses.get(at).is_some_and(|clause| kinds::asks_what_comes(&clause.text));
        let calculates = |text: &str| counts && kinds::gives_each(text) || comes && kinds::says_operation(text);
        if let Some(before) = clauses.get_mut(at - 1).filter(|before| calculates(&before.text)) {
            before.asks = true;
        }
    }
    let goes_on: Vec<bool> =
        (0..clauses.len()).map(|at| clauses.get(at + 1).is_some_and(|next| next.depends)).collect();
    let mut goes_on = goes_on.into_iter();
    clauses.retain(|clause| !(goes_on.next() == Some(true) && kinds::only_takes(&clause.text)));
    let mut each = false;
    let mut before = false;
    clauses.retain(|clause| {
        let counted = each && (kinds::asks_how_many_come(&clause.text) || kinds::asks_what_comes(&clause.text));
        each = kinds::gives_each(&clause.text);
        let idle = counted || before && kinds::asks_what_comes(&clause.text);
        let orders = clause.asks && is_order(&clause.text) && !is_question(&clause.text);
        before = idle || orders || clause.asks && kinds::says_operation(&clause.text);
        !idle
    });
}

/// "Text my sister that I am late", "text Anna": an order, and no text.
fn texts_somebody(text: &str, own: &[Word]) -> bool {
    let Some([first, second, ..]) = own.get(..2) else { return false };
    let is_name = text.get(second.span.clone()).is_some_and(|word| word.starts_with(char::is_uppercase));
    let is_somebody = matches!(&*second.lower, "my" | "our" | "him" | "her" | "them" | "mum" | "mom" | "dad");
    first.lower == "text" && !first.shielded && !second.shielded && (is_name || is_somebody)
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
        && own.get(begun + 1).is_none_or(|next| matches!(&*next.lower, "," | ":"))
    {
        begun += 2;
    }
    if !earlier.is_empty() && courtesy::is_thanks(own.get(begun..)?) {
        return None;
    }
    if !earlier.is_empty() {
        begun += courtesy::heading(own.get(begun..)?);
    }
    begun += aside(own.get(begun..)?);
    let begun = begun + remarks::heading(own.get(begun..)?);
    let tells = remarks::tells(own.get(begun..)?) && !own.iter().any(|word| word.lower == "?");
    let begun = begun + if tells { 0 } else { courtesy::lead(own.get(begun..)?) };
    if courtesy::is_only(own.get(begun..)?) || courtesy::is_greeting_only(own.get(begun..)?) {
        return None;
    }
    let body = own.get(begun)?;
    let ended = own.iter().rposition(|word| !matches!(word.lower.as_str(), "," | ";" | "." | "!"))?;
    let thanks = courtesy::tail(own.get(begun..=ended)?);
    let tail = match thanks {
        0 => own
            .iter()
            .rfind(|word| word.shielded || !matches!(word.lower.as_str(), "," | ";" | "and" | "och" | "samt"))?,
        n_words => own.get(..=ended - n_words)?.iter().rfind(|word| word.lower != ",")?,
    };
    let written = text.get(body.span.start..tail.span.end.max(body.span.end))?.trim();
    if !written.chars().any(char::is_alphanumeric) {
        return None;
    }
    let own = own.get(begun.min(own.len())..)?;
    // Data that comes first is none of the words that ask.
    let mut open = (0..own.len()).filter(|at| own.get(*at).is_some_and(|word| !word.shielded));
    let has_data = own.iter().any(|word| word.shielded);
    let asks = start.ordered
        || listed
        || !earlier.is_empty() && matches!(body.lower.as_str(), "if" | "whether" | "om")
        || own.iter().any(|word| word.lower == "?")
        || asks_of_value(own, 0)
        // "A slug for 'a b', please."
        || has_data && own.iter().any(|word| !word.shielded && matches!(&*word.lower, "please" | "pls" | "tack"))
        || !earlier.is_empty() && boundary::does_to_it(own, 0)
        || texts_somebody(text, own)
        || !earlier.is_empty() && boundary::orders_for_me(own)
        || open.by_ref().take(6).any(|at| starts_request(own, at).is_some());
    let ends = own.iter().rposition(|word| word.lower == ":").is_some_and(|at| at + 1 == own.len());
    let asks = asks
        && !remarks::is_reason(own)
        && !kinds::is_negated(written)
        && !courtesy::announces_only(own)
        && !((has_data || ends) && courtesy::gives_data(own));
    let depends = !earlier.is_empty() && refers(own, start.ordered);
    Some(Clause { text: written.to_owned(), depends, span, asks, ordered: start.ordered })
}

#[cfg(test)]
mod tests;
