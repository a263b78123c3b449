//! Where a part of a request begins.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::super::arguments;
use super::lexicon::{ABBREVIATIONS, AUXILIARIES, DETERMINERS, ORDER, QUESTIONS, SUBJECTS, WISHES, is_operator};
use super::read::{Word, read};
use super::subordinate::{CONDITION_MAX, is_condition};
use super::{courtesy, pointing, verbs};

/// Longest remark before what is asked for.
pub(super) const ASIDE_MAX: usize = 7;

/// Where a part begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) word: usize,
    /// Whether words of order such as "then" introduce it.
    pub(super) ordered: bool,
}

/// The part that begins at or right after word `at`, if one does. The part before it begins at word `begun`; the
/// first `announced` words announce a list.
pub(super) fn boundary(words: &[Word], at: usize, begun: usize, announced: usize) -> Option<Start> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let word = words.get(at).filter(|word| !word.shielded)?;
    let is = |list: &[&str], at: usize| list.contains(&lower(at));
    // "Note that …, and tag it office": of the note.
    let keeps = || words.iter().take(at).skip(begun).any(|word| super::kinds::NOTING.contains(&&*word.lower));
    let joint = if is(&[",", "and", "och", "samt"], at) { 1 } else { order_words(words, at).unwrap_or(0) };
    let joint = joint + usize::from(joint > 0 && is(&["and", "och", "also", "också"], at + joint));
    if joint > 0 && says_tag(words, at + joint) && keeps() {
        return None;
    }
    // "…, but skip the short ones" is said of what is before it.
    let excepts = |at: usize| is_exception(words, at);
    let is_listed = |at: usize| words.get(at).is_some_and(|next| next.shielded) && (begun..at).any(excepts);
    if excepts(at + usize::from(is(&[","], at))) || joint > 0 && is_listed(at + joint) {
        return None;
    }
    // "… and show at most 500 characters" is said of what is shown.
    if joint > 0 && is_limit(words, at + joint) {
        return None;
    }
    // "1 year and 3 months" is one time.
    if joint > 0 && at.checked_sub(2).is_some_and(|before| is_span(words, before)) && is_span(words, at + joint) {
        return None;
    }
    // The end of a sentence.
    if is(&[".", "?", "!", ";", "…"], at) {
        let mut next = at + 1;
        // A mark behind a space opens what follows.
        let closes = |at: usize| !words.get(at).is_some_and(|word| word.spaced);
        while is(&[".", "?", "!", ";", "\"", "'", "”", "’", ")"], next) && closes(next) {
            next += 1;
        }
        let follows = words.get(next).is_some_and(|next| next.spaced);
        let abbreviation =
            lower(at) == "." && words.get(at - 1).is_some_and(|before| ABBREVIATIONS.contains(&before.lower.as_str()));
        let listed = at.checked_sub(1).is_some_and(|before| marker(words, before).is_some());
        // "7! / 5!".
        let is_factorial = lower(at) == "!"
            && words.get(at).is_some_and(|mark| !mark.spaced)
            && lower(at - 1).ends_with(|last: char| last.is_ascii_digit())
            && (matches!(lower(next), "/" | "*" | "+" | "-" | "×" | "÷" | "−" | "^") || is(&["?", "!"], next));
        let tags = says_tag(words, next) && keeps();
        let ends =
            follows && !tags && !abbreviation && !listed && !is_factorial && !goes_on_with_text(words, begun, next);
        return ends.then(|| ordered(words, next));
    }
    // "visa sen vad …", "räkna sedan ut …": the verb before is the part's own.
    let told = at.checked_sub(1).is_some_and(|before| is(&["me", "mig", "us", "oss"], before))
        // "Skriv den sedan i kebab-case".
        || at > 1 && is(&["it", "that", "den", "det", "dem", "them"], at - 1) && is(&["then", "sedan", "sen"], at);
    let verb_before = at.checked_sub(if told { 2 } else { 1 }).is_some_and(|before| verbs::is_verb(lower(before)));
    if verb_before && order_words(words, at).is_some() {
        return None;
    }
    // "and then", ", then", "after that", "och sedan", "därefter".
    if let Some(length) = order_words(words, at)
        && (starts_request(words, at + length).is_some_and(|strength| strength > 0)
            || pointing::phrase_at(words, at + length + 1).is_some() && verbs::is_verb(lower(at + length))
            || tells_of_it(words, at + length)
            || orders_something(words, at + length))
    {
        return Some(Start { word: at, ordered: true });
    }
    // "Get the lead from {…}, and then all the members".
    if let Some(length) = order_words(words, at)
        && is(&["all", "alla"], at + length)
        && words.iter().take(at).any(|word| word.lower == "{")
        && says_something(words, at + length)
    {
        return Some(Start { word: at, ordered: true });
    }
    // "And then half of that sum".
    if let Some(length) = order_words(words, at) {
        let article = usize::from(is(&["a", "one", "en", "the"], at + length));
        let share = at + length + article;
        if is(&["half", "third", "quarter", "fifth", "tenth", "hälften", "tredjedel", "fjärdedel", "femtedel"], share)
            && is(&["of", "av"], share + 1)
        {
            return Some(Start { word: at, ordered: true });
        }
    }
    // "Then that divided by 1000".
    if let Some(length) = order_words(words, at)
        && is(&["that", "it", "det"], at + length)
        && is_operator(lower(at + length + 1))
    {
        return Some(Start { word: at, ordered: true });
    }
    // "…, times 8", "then minus 40".
    let operator = match lower(at) {
        "," => Some(at + 1),
        _ => order_words(words, at).map(|length| at + length),
    };
    if let Some(next) = operator
        && is_operator(lower(next))
        && (next + 1..next + 3).any(|at| {
            let lower = lower(at);
            lower.starts_with(|c: char| c.is_ascii_digit()) || arguments::is_number_word(lower)
        })
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
    // "And if a litre costs 1.70, what does that come to".
    if is(&["and", "och"], at)
        && is(&["if", "om"], at + 1)
        && (at + 2..words.len().min(at + CONDITION_MAX))
            .find(|at| is(&[",", ".", "?"], *at))
            .is_some_and(|comma| lower(comma) == "," && starts_request(words, comma + 1) == Some(2))
    {
        return Some(Start { word: at, ordered: false });
    }
    // "…, and at 32 a square metre what would it cost".
    let rate = at + 1 + usize::from(is(&["and", "och"], at + 1));
    let is_figure = |at: usize| {
        words.get(at).is_some_and(|word| !word.shielded && word.lower.starts_with(|c: char| c.is_ascii_digit()))
    };
    if is(&[",", "and", "och"], at)
        && is(&["at", "till", "för", "med"], rate)
        && is_figure(rate + 1)
        && (rate + 3..rate + 8).any(|at| is(QUESTIONS, at) && starts_request(words, at) == Some(2))
    {
        return Some(Start { word: at, ordered: false });
    }
    // "…, it is in litres, and …": what the answer is counted in.
    if is(&[","], at)
        && is(&["it", "that", "det", "den"], at + 1)
        && is(&["is", "är"], at + 2)
        && is(&["in", "i"], at + 3)
        && arguments::names_unit(lower(at + 4))
    {
        return Some(Start { word: at, ordered: false });
    }
    // "…, and as a slug".
    let link = at + 1 + usize::from(is(&["and", "och"], at + 1));
    if is(&["and", "och", ","], at)
        && is(&["as", "som"], link)
        && is(&["a", "an", "en", "ett"], link + 1)
        && (begun..at).any(|at| is(&["in", "as", "to", "i", "som", "till"], at))
        && says_something(words, link + 1)
    {
        return Some(Start { word: at, ordered: false });
    }
    // "…, plus the same title in all caps".
    let joined = if is(&[","], at) && is(&["and", "och", "plus"], at + 1) { at + 2 } else { at + 1 };
    if is(&[",", "and", "och", "plus"], at)
        && says_same_text(words, joined)
        && words.iter().take(at).skip(begun).any(|word| word.shielded)
    {
        return Some(Start { word: at, ordered: false });
    }
    // "I would also like": what is asked for comes behind it.
    let wishes = |at: usize| is(AUXILIARIES, at) || is(SUBJECTS, at) || is(WISHES, at);
    if is(&["also", "också"], at) && at.checked_sub(1).is_some_and(wishes) {
        return None;
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
        // "Call my boss and say that I am ill": what is to be said.
        if is(&["say", "säg", "säga"], next) && is(&["that", "att"], next + 1) || says_to_somebody(words, begun, next)
        {
            return None;
        }
        // "…, and the number of letters in it".
        let bare_next = next;
        // "…, and would you tell me": what is asked for comes behind it.
        next += courtesy::lead(words.get(next..).unwrap_or_default());
        // "Delete note 1 and note 2": one more of them.
        let figure = |at: usize| words.get(at).is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()));
        let counted = |before: usize| lower(before) == lower(next) && figure(before + 1);
        if verbs::is_also_noun(lower(next)) && figure(next + 1) && (begun..at).any(counted) {
            return None;
        }
        // "Search my notes for rent" keeps nothing.
        let reads = || (begun..at).take(LEADS_MAX).any(|at| is(READS, at));
        let notes = || !reads() && words.iter().take(at).skip(begun).any(|word| NOTES.contains(&&*word.lower));
        let quoted = || words.iter().take(at).skip(begun).any(|word| word.shielded);
        // "Work out 4 * 5, play some jazz and tell me …": one of several orders; the words of a note go on.
        let listed = lower(at) == "," && orders_then(words, next) && (!notes() || quoted());
        let bare = lower(at) == "," && next == at + 1 && !listed;
        let needed = if bare || matches!(lower(at), "or" | "eller") { 2 } else { 1 };
        let starts = starts_request(words, next).is_some_and(|strength| strength >= needed);
        // ", and restart the server": an order, though its verb is not known; the words of a note go on.
        let joined = matches!(lower(at), "," | "and" | "och") && next <= at + 2;
        let orders = (lower(at) == ","
            && matches!(lower(at + 1), "and" | "och")
            && next == at + 2
            && orders_something(words, next)
            || joined && does_to_it(words, next)
            // "Put 'a b' in capitals and renew my library card".
            || matches!(lower(at), "and" | "och") && next == at + 1 && quoted() && is(&["my", "our", "min", "mitt", "mina"], next + 1))
            && !notes();
        let own = words.get(at + 1..).unwrap_or_default();
        if super::kinds::negated(own) && own.iter().skip(1).any(|word| verbs::is_verb(&word.lower)) {
            return Some(Start { word: at, ordered: false });
        }
        if (starts
            || orders
            || makes_of_it(words, next)
            || !notes() && tells_of_it(words, bare_next)
            || asks_of_value(words, next)
            || tells_value(words, next))
            && says_something(words, next)
        {
            return Some(Start { word: at, ordered: false });
        }
    }
    // "They wrote: 'We slept late.' How many words is that": a quotation that ends as a sentence does ends one.
    let quoted = |back: usize| at.checked_sub(back).and_then(|at| words.get(at)).filter(|word| word.shielded);
    if quoted(1).is_some_and(|mark| !mark.lower.chars().any(char::is_alphanumeric))
        && quoted(2).is_some_and(|stop| matches!(&*stop.lower, "." | "?" | "!"))
        && word.spaced
        && starts_request(words, at) == Some(2)
    {
        return Some(ordered(words, at));
    }
    // "No need to write it down: how much is …".
    if lower(at) == ":" && super::kinds::negated(words.get(begun..at).unwrap_or_default()) {
        return starts_request(words, at + 1).map(|_| Start { word: at + 1, ordered: false });
    }
    // "A few bits of admin: 1) how many …; 2) …".
    if lower(at) == ":"
        && matches!(lower(at + 1), "1" | "a")
        && matches!(lower(at + 2), ")" | ".")
        && counts_on_to(words, at + 1)
    {
        return Some(Start { word: at + 1, ordered: false });
    }
    // "Start with 3 miles: convert it to km", "an invoice is dated 12 January: which weekday is that".
    if lower(at) == ":" {
        let before = words.get(begun..at).unwrap_or_default();
        let asks = starts_request(words, at + 1);
        let told = asks == Some(2) && super::remarks::tells_figure(before);
        // "I'd be glad of some help: write …".
        let last = before.last().map_or("", |word| word.lower.as_str());
        let wants_help = asks.is_some() && matches!(last, "help" | "hjälp" | "favour" | "favor");
        if told || wants_help || asks.is_some() && super::kinds::names_beginning(before) {
            return Some(Start { word: at + 1, ordered: false });
        }
    }
    // "Vad blir 12 gånger 70 dela svaret med 4": as it is said, with no mark between.
    if at > begun + 2 && verb_starts_anew(words, at) {
        return Some(Start { word: at, ordered: false });
    }
    // What stands in a paragraph of its own below data.
    let below = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|before| before.shielded);
    let below_table = || word.line && ends_table(words, at);
    if (word.paragraph && below || below_table()) && words.get(at + 1).is_some_and(|next| !next.paragraph) {
        return Some(ordered(words, at));
    }
    // A new line of a list, or one that begins as a request does; not a text that a colon announces.
    if (word.line || counts_on(words, at))
        && (marker(words, at).is_some() || starts_request(words, at).is_some_and(|strength| strength > 0))
        && !in_text(words, at, announced)
    {
        return Some(ordered(words, at));
    }
    // "Then in kebab-case, and in capitals as well".
    let link = |at: usize| is(&["in", "into", "to", "as", "i", "till", "som"], at);
    let begins_so = order_words(words, begun).is_some_and(|length| link(begun + length));
    if begins_so && is(&["and", "och", ","], at) {
        let next = at + 1 + usize::from(is(&["and", "och"], at + 1));
        if link(next) {
            return Some(Start { word: at, ordered: true });
        }
    }
    // "Och sen hektaren till tunnland".
    if let Some(length) = order_words(words, at) {
        let noun = at + length + usize::from(is(&["the"], at + length));
        if arguments::names_unit(lower(noun)) && is(&["to", "into", "till", "in", "i"], noun + 1) {
            return Some(Start { word: at, ordered: true });
        }
    }
    // "And then to miles": the part before goes on with what came of it.
    if let Some(length) = order_words(words, at)
        && matches!(lower(at + length), "to" | "into" | "till" | "in" | "i")
        && lower(at) != "after"
        // "What time is it then in Manila".
        && !at.checked_sub(1).is_some_and(|before| is(&["it", "det", "klockan", "time"], before))
    {
        return Some(Start { word: at, ordered: true });
    }
    None
}

/// Whether what is to be left out or kept of something is said from here on.
pub(super) fn is_exception(words: &[Word], at: usize) -> bool {
    const LEAVES: &[&str] =
        &["skip", "ignore", "keep", "leave", "without", "exclude", "hoppa", "ignorera", "behåll", "utan", "strunta"];
    let is =
        |at: usize, known: &[&str]| words.get(at).is_some_and(|word| !word.shielded && known.contains(&&*word.lower));
    is(at, &["but", "men", "fast"]) && is(at + 1, LEAVES)
}

/// Whether it is only said here how much is to be shown: "give me at most 500 characters".
fn is_limit(words: &[Word], at: usize) -> bool {
    let is =
        |at: usize, known: &[&str]| words.get(at).is_some_and(|word| !word.shielded && known.contains(&&*word.lower));
    let to = at + 1 + usize::from(is(at + 1, &["me", "us", "mig", "oss"]));
    let most = is(to, &["at"]) && is(to + 1, &["most"]) || is(to, &["max", "högst", "maximalt"]);
    is(at, &["show", "give", "visa", "ge"]) && most
}

/// Whether a number of years, months or the like stands here.
pub(super) fn is_span(words: &[Word], at: usize) -> bool {
    const OF_TIME: &[&str] = &[
        "year", "years", "month", "months", "week", "weeks", "day", "days", "hour", "hours", "minute", "minutes",
        "second", "seconds", "år", "månad", "månader", "vecka", "veckor", "dag", "dagar", "dygn", "timme", "timmar",
        "minut", "minuter", "sekund", "sekunder",
    ];
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let is_number = lower(at).bytes().all(|byte| byte.is_ascii_digit()) && !lower(at).is_empty();
    (is_number || arguments::is_number_word(lower(at))) && OF_TIME.contains(&lower(at + 1))
}

/// Whether words at `at` are what somebody is to be told by what the part from `begun` on sends: "skicka ett sms till Moa och
/// säg grattis".
fn says_to_somebody(words: &[Word], begun: usize, at: usize) -> bool {
    const SENDS: &[&str] = &[
        "text", "send", "mail", "email", "e-mail", "message", "call", "phone", "ring", "skicka", "mejla", "maila",
        "messa", "smsa", "sms:a", "kontakta", "contact",
    ];
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let start = begun + order_words(words, begun).unwrap_or(0);
    let says = matches!(lower(at), "say" | "tell" | "ask" | "wish" | "säg" | "säga" | "fråga" | "hälsa" | "berätta");
    let to_me = ["me", "us", "mig", "oss", "för"].contains(&lower(at + 1)) || QUESTIONS.contains(&lower(at + 1));
    SENDS.contains(&lower(start)) && says && !to_me
}

/// Whether the lines before word `at` are a table: shielded words on several lines.
fn ends_table(words: &[Word], at: usize) -> bool {
    let rows = words.get(..at).unwrap_or_default().iter().rev().take_while(|word| word.shielded);
    rows.filter(|word| word.line).count() > 1
}

/// Verbs that look into what was written down, and the words that they are among.
const READS: &[&str] = &[
    "search", "find", "look", "list", "show", "read", "delete", "remove", "sök", "leta", "hitta", "visa", "lista",
    "läs", "radera", "släng",
];
const LEADS_MAX: usize = 4;

/// Words by which a text that is to be written down is known.
const NOTES: &[&str] = &[
    "note",
    "notes",
    "remember",
    "remind",
    "saying",
    "says",
    "write",
    "jot",
    "anteckna",
    "anteckning",
    "anteckningen",
    "notera",
    "kom",
    "skriv",
    "påminn",
];

/// Whether words at `at` are "the same title" or the like, and what is made of it.
fn says_same_text(words: &[Word], at: usize) -> bool {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let same = at + usize::from(lower(at) == "the");
    matches!(lower(same), "same" | "samma")
        && pointing::is_text_noun(lower(same + 1))
        && matches!(lower(same + 2), "in" | "as" | "to" | "with" | "i" | "som" | "till" | "med")
}

/// Whether words at `at` say what something is to be found by: "tag it office", "give it the tag office", "märk den med hem".
pub(super) fn says_tag(words: &[Word], at: usize) -> bool {
    const IT: &[&str] = &["it", "that", "this", "den", "det"];
    const TAGS: &[&str] = &["tag", "tags", "label", "taggen", "taggarna", "taggar", "tagg", "etiketten"];
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let sentence = (at + 1..at + TAG_WITHIN).take_while(|at| !matches!(lower(*at), "" | "." | "!" | "?" | ","));
    let named = || sentence.into_iter().any(|at| TAGS.contains(&lower(at)));
    match lower(at) {
        "tagged" | "labelled" | "labeled" | "taggad" | "taggat" | "märkt" => true,
        "tag" | "label" | "mark" | "tagga" | "märk" => IT.contains(&lower(at + 1)) || named(),
        "give" | "add" | "put" | "use" | "with" | "ge" | "sätt" | "använd" | "med" | "lägg" => named(),
        _ => false,
    }
}

/// Words among which one says that it is a tag.
const TAG_WITHIN: usize = 5;

/// Whether a verb at word `at` does something with what comes of the words before it, though nothing joins them.
fn verb_starts_anew(words: &[Word], at: usize) -> bool {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let before = at.checked_sub(1).map_or("", lower);
    let follows = before.starts_with(|c: char| c.is_ascii_digit()) || before.len() > 1 && arguments::is_unit(before);
    let points = matches!(lower(at + 1), "svaret" | "resultatet" | "summan" | "det" | "den" | "it")
        || lower(at + 1) == "the" && matches!(lower(at + 2), "result" | "answer" | "sum");
    follows && points && verbs::is_verb(lower(at))
}

/// How many words mark the item of a list at `at`: "1.", "2)", or "-" where another line begins with it, too.
pub(super) fn marker(words: &[Word], at: usize) -> Option<usize> {
    let announced = || at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|word| word.lower == ":");
    let begins = |word: &Word| word.line || at == 0 || counts_on(words, at) || announced() && counts_on_to(words, at);
    let first = words.get(at).filter(|word| begins(word))?;
    // "(1) … (2) …".
    if first.lower == "(" && !first.shielded {
        let is_number = words.get(at + 1).is_some_and(|word| is_count(&word.lower) && !word.spaced);
        let closed = words.get(at + 2).is_some_and(|mark| mark.lower == ")" && !mark.spaced);
        return (is_number && closed).then_some(3);
    }
    if matches!(first.lower.as_str(), "-" | "*" | "•" | "–") && words.get(at + 1).is_some_and(|next| next.spaced) {
        let alike = |(other, word): (usize, &Word)| {
            other != at && (word.line || other == 0) && !word.shielded && word.lower == first.lower
        };
        return words.iter().enumerate().any(alike).then_some(1);
    }
    // "a) … b) …".
    let letter = first.lower.len() == 1 && first.lower.bytes().all(|byte| (b'a'..=b'h').contains(&byte));
    let closed = words.get(at + 1).is_some_and(|mark| mark.lower == ")" && !mark.spaced);
    if letter && closed && (first.lower != "a" || words.iter().any(|word| word.lower == "b")) {
        return Some(2);
    }
    let is_number = is_count(&first.lower);
    let mark = words.get(at + 1).filter(|mark| matches!(mark.lower.as_str(), "." | ")") && !mark.spaced)?;
    let spaced = words.get(at + 2).is_some_and(|next| next.spaced);
    if is_number && spaced && mark.span.start == first.span.end {
        return Some(2);
    }
    None
}

fn is_count(word: &str) -> bool {
    !word.is_empty() && word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether word `at` counts on from an item before it on the same line: "1) … 2) …", "(1) … (2) …".
pub(super) fn counts_on(words: &[Word], at: usize) -> bool {
    if words.get(at).is_some_and(|word| word.lower == "(" && !word.shielded) {
        return words.get(at + 1).is_some_and(|word| word.lower == "1") || counts_on(words, at + 1);
    }
    let number = |at: usize| {
        let word = words.get(at).filter(|word| !word.shielded && word.lower.len() <= 2)?;
        let closed = words.get(at + 1).is_some_and(|mark| mark.lower == ")" && !mark.spaced);
        word.lower.parse::<u8>().ok().filter(|_| closed)
    };
    let letter = |at: usize| {
        let word = words.get(at).filter(|word| !word.shielded && word.lower.len() == 1)?;
        let closed = words.get(at + 1).is_some_and(|mark| mark.lower == ")" && !mark.spaced);
        word.lower.bytes().next().filter(|byte| closed && (b'a'..=b'h').contains(byte))
    };
    if let Some(own) = letter(at).filter(|own| *own > b'a') {
        return (0..at).any(|before| letter(before) == Some(own - 1));
    }
    let Some(own) = number(at).filter(|own| *own > 1) else { return false };
    (0..at).any(|before| number(before) == Some(own - 1))
}

/// Whether a later item counts on from the one at `at`.
fn counts_on_to(words: &[Word], at: usize) -> bool {
    let second = if words.get(at).is_some_and(|word| word.lower == "1") { "2" } else { "b" };
    let mark = words.get(at + 1).map_or("", |word| word.lower.as_str());
    (at + 2..words.len()).any(|at| {
        let is = |at: usize, wanted: &str| words.get(at).is_some_and(|word| !word.shielded && word.lower == wanted);
        is(at, second) && is(at + 1, mark)
    })
}

/// Whether the line that begins at `at` belongs to a text that a colon at the end of an earlier line announces, with no
/// empty line between.
pub(super) fn in_text(words: &[Word], at: usize, announced: usize) -> bool {
    let begun = words.iter().take(at + 1).rposition(|word| word.paragraph).unwrap_or(0).max(announced);
    (begun..at).any(|place| {
        let is_colon = words.get(place).is_some_and(|word| word.lower == ":");
        // A quotation or a table ends by itself.
        is_colon
            && words.get(place + 1).is_some_and(|next| next.line && !next.shielded)
            && marker(words, place + 1).is_none()
    })
}

pub(super) fn ordered(words: &[Word], at: usize) -> Start {
    Start { word: at, ordered: order_words(words, at).is_some() }
}

/// How many words at the beginning only say what goes on meanwhile, or that something else comes: "while it's on its way,
/// what's 4 * 5", "on another subject, what time is it".
pub(super) fn aside(words: &[Word]) -> usize {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let turns = courtesy::phrase(words);
    if turns > 0 && lower(turns) == "," {
        return turns + 1;
    }
    if !matches!(lower(0), "while" | "meanwhile" | "medan") {
        return 0;
    }
    let comma = (1..ASIDE_MAX + 2).find(|at| lower(*at) == ",");
    comma.filter(|at| starts_request(words, at + 1).is_some()).map_or(0, |at| at + 1)
}

/// The words that words of order begin with.
static ORDER_BEGINS: LazyLock<FxHashSet<&str>> =
    LazyLock::new(|| ORDER.iter().filter_map(|order| order.first()).copied().collect());

/// How many words of order stand at `at`.
pub(super) fn order_words(words: &[Word], at: usize) -> Option<usize> {
    // "From then to 30 June": a time.
    let before = at.checked_sub(1).and_then(|before| words.get(before)).map_or("", |word| word.lower.as_str());
    if matches!(before, "from" | "between" | "since" | "until" | "till" | "before" | "by") {
        return None;
    }
    // Asked at every word of a request: most begin none.
    let first = words.get(at).filter(|first| ORDER_BEGINS.contains(&*first.lower));
    let is_there = |order: &&&[&str]| {
        order
            .iter()
            .enumerate()
            .all(|(offset, word)| words.get(at + offset).is_some_and(|there| there.lower == *word && !there.shielded))
    };
    first
        .and_then(|_| ORDER.iter().filter(is_there).map(|order| order.len()).max())
        .or_else(|| done_before(words, at))
        .map(|length| {
            let marks = |at: usize| usize::from(words.get(at).is_some_and(|next| matches!(&*next.lower, "," | ":")));
            let length = length + marks(at + length);
            // "Then, separately, how many …".
            let apart = words.get(at + length).is_some_and(|next| next.lower == "separately");
            if apart { length + 1 + marks(at + length + 1) } else { length }
        })
}

/// How many words at `at` only say that the part before is to be done first: "once you have that", "när det är klart".
fn done_before(words: &[Word], at: usize) -> Option<usize> {
    const AFTER: &[&[&str]] = &[
        &["as", "soon", "as"],
        &["now", "that"],
        &["once"],
        &["when"],
        &["after"],
        &["with"],
        &["när"],
        &["så", "snart"],
        &["så", "fort"],
        &["efter", "att"],
        &["sedan"],
        &["med"],
    ];
    const IDLE: &[&str] = &[
        "you",
        "you've",
        "you're",
        "i",
        "we",
        "have",
        "has",
        "had",
        "got",
        "get",
        "it",
        "it's",
        "that",
        "that's",
        "this",
        "is",
        "are",
        "been",
        "the",
        "result",
        "answer",
        "number",
        "all",
        "everything",
        "with",
        "know",
        "of",
        "du",
        "ni",
        "vi",
        "jag",
        "har",
        "det",
        "den",
        "är",
        "väl",
        "fått",
        "får",
        "svaret",
        "resultatet",
        "vet",
        "allt",
        "som",
    ];
    const DONE: &[&str] = &[
        "done",
        "finished",
        "ready",
        "complete",
        "completed",
        "in",
        "place",
        "found",
        "saved",
        "deleted",
        "gone",
        "out",
        "way",
        "it",
        "that",
        "this",
        "result",
        "answer",
        "klart",
        "klar",
        "färdig",
        "färdigt",
        "gjort",
        "gjord",
        "det",
        "den",
        "svaret",
        "resultatet",
        "fram",
        "hittat",
        "sparat",
        "sparad",
        "borta",
    ];
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    // Asked at every word of a request: most are none that any of these begins with.
    if !matches!(
        lower(at),
        "as" | "now" | "once" | "when" | "after" | "with" | "när" | "så" | "efter" | "sedan" | "med"
    ) {
        return None;
    }
    let is_there = |phrase: &&&[&str]| phrase.iter().enumerate().all(|(offset, word)| lower(at + offset) == *word);
    let lead = AFTER.iter().filter(is_there).map(|phrase| phrase.len()).max()?;
    let n_idle = (at + lead..at + lead + ASIDE_MAX)
        .take_while(|at| IDLE.contains(&lower(*at)) || DONE.contains(&lower(*at)))
        .count();
    let length = lead + n_idle;
    let is_done = n_idle > 1 && DONE.contains(&lower(at + length - 1));
    let ends = matches!(lower(at + length), "," | ":" | "–") || starts_request(words, at + length) == Some(2);
    (is_done && ends).then_some(length)
}

/// Whether the sentence at word `next` is one more of the text behind a colon: "how many words are there in: It rains. We
/// stay in."
fn goes_on_with_text(words: &[Word], begun: usize, next: usize) -> bool {
    const OF_TEXT: &[&str] = &[
        "text",
        "texts",
        "texten",
        "words",
        "ord",
        "orden",
        "characters",
        "letters",
        "tecken",
        "tecknen",
        "bokstäver",
        "bokstäverna",
        "sentences",
        "meningar",
        "meningarna",
        "lines",
        "rader",
        "raderna",
        "paragraph",
        "stycke",
        "stycket",
        "passage",
        "read",
        "läsa",
        "sentence",
        "mening",
        "meningen",
        "message",
        "meddelandet",
        "meddelande",
    ];
    let own = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let Some(colon) = (begun..next).find(|at| own(*at) == ":") else { return false };
    let speaks_of_text = (begun..colon).any(|at| OF_TEXT.contains(&own(at)))
        || colon > begun + 1 && matches!(own(colon - 1), "in" | "i" | "of" | "av");
    let one_line = !words.iter().take(next + 1).skip(colon + 1).any(|word| word.line);
    speaks_of_text && one_line && starts_request(words, next) != Some(2) && order_words(words, next).is_none()
}

/// How surely a request starts at word `at`: 1 for a verb that may also be a noun, 2 for what is clear.
pub(super) fn starts_request(words: &[Word], at: usize) -> Option<u8> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let first = lower(at);
    // "On what day of the week", "på vilken veckodag".
    let asks_of = matches!(lower(at + 1), "what" | "which" | "vilken" | "vilket" | "vilka");
    if asks_of && matches!(first, "on" | "in" | "at" | "for" | "på" | "i" | "vid" | "till" | "för") {
        return Some(2);
    }
    if QUESTIONS.contains(&first) {
        // "what I want": a question asks with its verb next or soon after.
        let may_relate = matches!(
            first,
            "which" | "vilken" | "vilket" | "vilka" | "when" | "när" | "where" | "who" | "that" | "vem"
        );
        // "Which weekday is …" and "which is the longest", not "the book, which is …".
        let which = matches!(first, "which" | "vilken" | "vilket" | "vilka");
        let asks_of_noun = which && !is_copula(lower(at + 1)) && (at + 2..at + 5).any(|next| is_copula(lower(next)));
        let asks_of_most = which && is_copula(lower(at + 1)) && says_most(lower(at + 3));
        return Some(if may_relate && !asks_of_noun && !asks_of_most { 1 } else { 2 });
    }
    if AUXILIARIES.contains(&first) && SUBJECTS.contains(&lower(at + 1)) {
        return Some(2);
    }
    // "Sen får du gärna ringa min dotter".
    if first == "får" && matches!(lower(at + 1), "du" | "ni") {
        return Some(2);
    }
    if SUBJECTS.contains(&first) && WISHES.contains(&lower(at + 1)) {
        return Some(2);
    }
    // "Sen undrar jag hur många dagar det är".
    let wishes = matches!(first, "undrar" | "behöver" | "vill" | "skulle" | "måste" | "önskar");
    if wishes && matches!(lower(at + 1), "jag" | "vi") {
        return Some(2);
    }
    // "Note 2 can go."
    if first == "note" && AUXILIARIES.contains(&lower(at + 2)) {
        return None;
    }
    if verbs::is_verb(first) {
        let next = lower(at + 1);
        let is_value = words
            .get(at + 1)
            .is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit() || c == '$'));
        let is_clear = is_value
            || DETERMINERS.contains(&next)
            || QUESTIONS.contains(&next)
            || matches!(next, "bara" | "just" | "only" | "also" | "också" | "även")
            || matches!(
                next,
                "att" | "away" | "down" | "together" | "bort" | "ihop" | "ifrån" | "ner" | "isär" | "back"
            )
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

/// Whether `text` asks for one thing that is more so than all others: "the most common word", "vanligaste ordet".
pub fn asks_for_most(text: &str) -> bool {
    read(text).iter().any(|word| !word.shielded && says_most(&word.lower))
}

/// Whether a verb at `at` orders one of several things: another order comes behind it in the same sentence.
fn orders_then(words: &[Word], at: usize) -> bool {
    let verb = words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let sentence = (at + 1..words.len())
        .take_while(|at| words.get(*at).is_some_and(|word| !matches!(&*word.lower, "." | "!" | "?" | ";")));
    let then = |at: usize| {
        let joins = words.get(at).is_some_and(|word| !word.shielded && matches!(&*word.lower, "and" | "och" | ","));
        joins && starts_request(words, at + 1).is_some_and(|strength| strength > 0)
    };
    verbs::is_verb(verb) && !verbs::is_also_noun(verb) && sentence.into_iter().any(then)
}

/// Whether an adjective is in its highest degree: "longest", "vanligaste", "vanligast".
fn says_most(word: &str) -> bool {
    const MOST: &[&str] = &["most", "least", "mest", "minst", "längst", "högst", "lägst", "störst", "oftast"];
    MOST.contains(&word)
        || word.len() > 5 && word.ends_with("ast") && !word.ends_with("fast")
        || word.len() > 5 && (word.ends_with("est") || word.ends_with("ste") || word.ends_with("sta"))
}

pub(super) fn is_copula(word: &str) -> bool {
    const MORE: &[&str] =
        &["was", "were", "had", "falls", "comes", "föddes", "born", "var", "blir", "infaller", "ligger", "kommer"];
    AUXILIARIES.contains(&word) || MORE.contains(&word)
}

/// Whether somebody tells a figure of their own at word `at`: "and I weigh 81 kg".
pub(super) fn tells_value(words: &[Word], at: usize) -> bool {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    matches!(lower(at), "i" | "jag" | "we" | "vi")
        && words.get(at + 2).is_some_and(|word| !word.shielded && word.lower.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a question about a figure starts at word `at`: "is 2026 a leap year", "var 1 maj en fredag".
pub(super) fn asks_of_value(words: &[Word], at: usize) -> bool {
    let is_copula = words.get(at).is_some_and(|word| {
        matches!(word.lower.as_str(), "is" | "was" | "are" | "were" | "will" | "är" | "var" | "blir")
    });
    let figure = |word: &Word| word.shielded || word.lower.starts_with(|c: char| c.is_ascii_digit());
    // "Is hunter2 a good password".
    let article = words.get(at + 2).is_some_and(|word| matches!(&*word.lower, "a" | "an" | "the" | "en" | "ett"));
    let is_word = words.get(at + 1).is_some_and(|word| word.lower.chars().all(char::is_alphanumeric));
    is_copula && (words.get(at + 1).is_some_and(figure) || at == 0 && is_word && article)
}

/// Whether words at `at` name something to be made of what came before: "a slug of it", "en slug av den".
fn makes_of_it(words: &[Word], at: usize) -> bool {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let ends =
        |at: usize| matches!(lower(at), "" | "." | "," | "!" | "?" | "and" | "och" | "too" | "också" | "as" | "med");
    matches!(lower(at), "a" | "an" | "en" | "ett")
        && (at + 2..at + 6).any(|of| {
            matches!(lower(of), "of" | "av" | "from" | "från")
                && matches!(lower(of + 1), "it" | "that" | "them" | "den" | "det" | "dem")
                && ends(of + 2)
        })
}

/// Whether words at `at` name what is to be told of what came before, "the number of letters in that slug", or what is made
/// of it, "det talet omräknat till tum".
fn tells_of_it(words: &[Word], at: usize) -> bool {
    const THAT: &[&str] = &["that", "this", "it", "den", "det", "denna", "detta", "resultatet", "svaret"];
    const TOLD: &[&str] = &["number", "count", "length", "weekday", "total", "sum"];
    const MADE: &[&str] = &[
        "converted",
        "expressed",
        "rounded",
        "written",
        "spelled",
        "multiplied",
        "divided",
        "omräknat",
        "omräknad",
        "omvandlat",
        "omvandlad",
        "avrundat",
        "avrundad",
        "uttryckt",
        "skrivet",
        "skriven",
        "multiplicerat",
        "delat",
    ];
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    if THAT.contains(&lower(at)) && [at + 1, at + 2].into_iter().any(|at| MADE.contains(&lower(at))) {
        return true;
    }
    let told = matches!(lower(at), "antalet" | "antal" | "längden" | "veckodagen" | "summan")
        || lower(at) == "the" && TOLD.contains(&lower(at + 1));
    let ends = |at: usize| matches!(lower(at), "" | "." | "," | "!" | "?" | "and" | "och");
    let of_that = |of: usize| {
        let link = matches!(lower(of), "of" | "in" | "av" | "i" | "på" | "för" | "for");
        link && (THAT.contains(&lower(of + 1)) || lower(of + 1) == "the") && (ends(of + 2) || ends(of + 3))
    };
    told && (at + 1..at + OF_THAT_WITHIN).any(of_that)
}

/// Words among which what came before is pointed at.
const OF_THAT_WITHIN: usize = 6;

/// Whether what follows words of order is an order, though its verb is not known: "mow the lawn".
pub(super) fn orders_something(words: &[Word], at: usize) -> bool {
    const ARTICLES: &[&str] =
        &["the", "a", "an", "my", "our", "your", "this", "that", "these", "those", "all", "it", "them"];
    let is_word = words.get(at).is_some_and(|word| {
        !word.shielded && word.lower.chars().all(char::is_alphabetic) && !DETERMINERS.contains(&word.lower.as_str())
    });
    is_word && words.get(at + 1).is_some_and(|next| ARTICLES.contains(&next.lower.as_str()))
}

/// Whether words are an order to do something for somebody, though its verb is not known: "sing me a song".
pub(super) fn orders_for_me(words: &[Word]) -> bool {
    let idle = |word: &&Word| matches!(&*word.lower, "oh" | "åh" | "well" | "," | "and" | "och" | "also");
    let words = words.get(words.iter().take_while(idle).count()..).unwrap_or_default();
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let is_verb = words.first().is_some_and(|word| {
        !word.shielded
            && word.lower.chars().all(char::is_alphabetic)
            && !DETERMINERS.contains(&&*word.lower)
            && !SUBJECTS.contains(&&*word.lower)
            && !AUXILIARIES.contains(&&*word.lower)
    });
    is_verb && matches!(lower(1), "me" | "us" | "mig" | "oss") && matches!(lower(2), "a" | "an" | "the" | "en" | "ett")
}

/// Whether a word at `at` does something to what came before, though it is no verb that is known: "och sjung den för mig".
pub(super) fn does_to_it(words: &[Word], at: usize) -> bool {
    const BEHIND: &[&str] = &[
        "", ".", "!", "?", ",", "and", "och", "to", "till", "in", "into", "i", "on", "på", "for", "för", "with", "med",
        "as", "som", "by", "from", "från", "up", "upp", "ut", "out", "too", "också",
    ];
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let verb = lower(at);
    let is_word = verb.chars().count() > 2 && verb.chars().all(char::is_alphabetic);
    is_word
        && !arguments::is_function_word(verb)
        && !QUESTIONS.contains(&verb)
        && matches!(lower(at + 1), "it" | "them" | "det" | "den" | "dem")
        && BEHIND.contains(&lower(at + 2))
        && !words.get(at + 2).is_some_and(|next| next.shielded)
}

/// Whether more than one word follows before the next end of a sentence.
pub(super) fn says_something(words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_some_and(|next| !matches!(next.lower.as_str(), "." | "?" | "!" | "," | "and" | "och"))
}
