//! What is said once and meant for several: "what time is it in Oslo" and "Lima" make "what time is it in Lima".

use std::borrow::Cow;
use std::ops::Range;

use super::lexicon::QUESTIONS;
use super::read::{Word, read};

/// Most texts that one item may stand for.
const TEXTS_MAX: usize = 4;
/// Longest heading of a list, in words.
const HEADING_MAX: usize = 10;
/// Words that say what a value is to its verb; what follows one may stand for what follows another.
const LINKS: &[&str] =
    &["to", "into", "in", "as", "with", "of", "on", "for", "till", "i", "som", "med", "av", "på", "för", "ur"];
/// Words that only say that something goes on, before and behind what it goes on with.
const LEADS: &[&[&str]] = &[
    &["hur", "är", "det", "med"],
    &["hur", "blir", "det", "med"],
    &["what", "about"],
    &["how", "about"],
    &["and"],
    &["och"],
    &["also"],
    &["en", "till"],
    &["ett", "till"],
    &["en", "till", "med", "texten"],
    &["ett", "till", "med", "texten"],
    &["en", "till", "som", "lyder"],
    &["do", "the", "same", "with"],
    &["do", "the", "same", "for"],
    &["the", "same", "for"],
    &["the", "same", "with"],
    &["same", "for"],
    &["same", "with"],
    &["gör", "samma", "sak", "med"],
    &["gör", "detsamma", "med"],
    &["samma", "sak", "med"],
    &["samma", "sak", "för"],
    &["samma", "för"],
    &["detsamma", "för"],
    &["another"],
    &["another", "one"],
    &["another", "one", "saying"],
    &["another", "saying"],
    &["one", "more"],
    &["one", "more", "saying"],
    &["också"],
    &["även"],
    &["samt"],
    &["then"],
    &["sen"],
    &["sedan"],
    &[","],
];
const TAILS: &[&str] = &["då", "too", "also", "också", "then", "?", "!", ".", ",", "please", "tack"];
/// Words that say of a list that each of it is meant by itself.
const EACH: &[&str] = &["each", "both", "apiece", "respectively", "vardera", "respektive", "båda"];

/// What `model` becomes where `item` stands in it for what is like it, the likeliest first; whether `item` says by itself
/// what is to be done with it ("into kebab-case").
pub fn parallel(model: &str, item: &str) -> (Vec<String>, bool) {
    let item = &*with_same(model, without_lead(item));
    let (before, own) = (read(model), read(item));
    let Some(first) = own.first() else { return (Vec::new(), false) };
    let cut = |from: usize, to: Option<usize>| {
        let start = before.get(from).map_or(model.len(), |word| word.span.start);
        let end = to.and_then(|to| before.get(to)).map_or(model.len(), |word| word.span.start);
        let joined = [model.get(..start), Some(item), model.get(end..)].map(|text| text.unwrap_or_default().trim());
        joined.join(" ").trim().to_owned()
    };
    let link_after = |at: usize| (at..before.len()).find(|at| is_link(before.get(*at)));
    let says_link = own.iter().any(|word| is_link(Some(word)));
    let mut found: Vec<String> = Vec::new();
    let links_itself = is_link(Some(first));
    if links_itself {
        let last = |wanted: &dyn Fn(&Word) -> bool| before.iter().rposition(|word| !word.shielded && wanted(word));
        let same = last(&|word| word.lower == first.lower);
        // What is quoted or given in figures stays: it is what both are done with.
        let value = before.iter().rposition(is_value).map_or(0, |at| at + 1);
        let other = last(&|word| LINKS.contains(&word.lower.as_str())).filter(|at| *at >= value);
        found.extend([same, other].into_iter().flatten().map(|at| cut(at, None)));
        found.push(cut(before.len(), None));
    } else if first.shielded {
        let opens = |word: &Word| word.shielded && word.lower == first.lower;
        let end = before.iter().rposition(|word| word.shielded);
        if let Some(end) = end
            && let Some(start) = (0..end).rev().find(|at| before.get(*at).is_some_and(opens))
        {
            let whole = own.iter().all(|word| word.shielded);
            found.push(if whole { cut(start, Some(end + 1)) } else { cut(start, None) });
        }
    } else if is_figure(first) {
        let figures: Vec<usize> = (0..before.len()).filter(|at| before.get(*at).is_some_and(is_figure)).collect();
        for at in figures.first().into_iter().chain(figures.last()).copied() {
            if !says_link && let Some(link) = link_after(at + 1) {
                found.push(cut(at, Some(link)));
            }
            if is_plain(&own) && before.get(at).is_some_and(|word| is_plain(std::slice::from_ref(word))) {
                found.push(cut(at, Some(at + 1)));
            }
            found.push(cut(at, None));
        }
    } else if QUESTIONS.contains(&first.lower.as_str()) {
        let texts = elliptic(model, &before, item, &own);
        let says_what = !texts.is_empty();
        return (texts, says_what);
    } else {
        // What says the same link is more than what follows one.
        let own_link = |link: &Word| own.iter().any(|word| word.lower == link.lower);
        let link = before.iter().rposition(|word| is_link(Some(word)) && !own_link(word));
        let colon = before.iter().position(|word| !word.shielded && word.lower == ":");
        found.extend([link, colon, Some(0)].into_iter().flatten().map(|at| cut(at + 1, None)));
    }
    let mut texts: Vec<String> = Vec::new();
    for text in found {
        if text != model && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.truncate(TEXTS_MAX);
    (texts, links_itself)
}

/// A question without what the one before it says, too: "which word is commonest in …" and "which is longest".
fn elliptic(model: &str, before: &[Word], item: &str, own: &[Word]) -> Vec<String> {
    let same = before.iter().zip(own).take_while(|(left, right)| left.lower == right.lower && !left.shielded).count();
    let about = before.iter().position(|word| word.shielded).and_then(|quote| {
        let from = quote.checked_sub(1).filter(|at| is_link(before.get(*at))).unwrap_or(quote);
        model.get(before.get(from)?.span.start..)
    });
    let Some(about) = about.filter(|_| same > 0) else { return Vec::new() };
    let about = about.trim_end_matches(['?', '.', '!']);
    let copula = |at: usize| own.get(at).is_some_and(|word| super::boundary::is_copula(&word.lower));
    let noun = before.get(same).filter(|_| copula(same));
    match noun {
        Some(noun) => {
            let (head, rest) = item.split_at(own.get(same).map_or(item.len(), |word| word.span.start));
            vec![format!("{head}{} {rest} {about}", noun.lower)]
        }
        None => vec![format!("{item} {about}")],
    }
}

/// The words at the end of the last of several items that are meant for all of them: "in cm" in "11 inches each in cm";
/// and where they begin.
pub fn shared_tail(last: &str) -> Option<&str> {
    let words = read(last);
    let at = (1..words.len()).find(|at| is_link(words.get(*at)) && at + 1 < words.len())?;
    last.get(words.get(at)?.span.start..)
}

/// What stands behind the number that the last of several items begins with: "gram i uns" in "500 gram i uns".
pub fn tail_of_number(last: &str) -> Option<&str> {
    let words = read(last);
    let [number, next, ..] = &*words else { return None };
    is_figure(number).then(|| last.get(next.span.start..)).flatten()
}

/// The text without the word that says of a list that each of it is meant by itself, and whether there was one.
pub fn without_each(text: &str) -> (String, bool) {
    let words = read(text);
    let each = words.iter().rfind(|word| !word.shielded && EACH.contains(&word.lower.as_str()));
    match each {
        Some(word) => {
            let (before, after) = (text.get(..word.span.start), text.get(word.span.end..));
            (format!("{}{}", before.unwrap_or_default().trim_end(), after.unwrap_or_default()), true)
        }
        None => (text.to_owned(), false),
    }
}

/// The text without the word that says how many things are to come, where that is as many as there are: "two notes: …".
pub fn without_count(text: &str, n_items: usize) -> Option<String> {
    let words = read(text);
    let counts = |word: &&Word| {
        let named = super::lexicon::NUMBERS.iter().any(|(names, n)| *n == n_items && names.contains(&&*word.lower));
        !word.shielded && (named || word.lower.parse() == Ok(n_items))
    };
    let span: Range<usize> = words.iter().find(counts)?.span.clone();
    let left = [text.get(..span.start)?.trim_end(), text.get(span.end..)?.trim_start()];
    Some(left.join(" "))
}

/// Whether `text` goes on with what was said before: "how about 2096?", "och \"y\" då?".
pub fn goes_on_alike(text: &str) -> bool {
    let item = without_lead(text);
    let words = read(item);
    let asks = words.first().is_some_and(|word| matches!(&*word.lower, "which" | "vilken" | "vilket" | "vilka"));
    let elliptic = asks && words.len() < 5 && words.get(1).is_some_and(|word| super::boundary::is_copula(&word.lower));
    elliptic || item.len() < text.trim().len() && words.first().is_some_and(is_value)
}

/// Whether `text` says twice what its values are to be put to: "in capitals and in kebab-case".
pub fn says_link_again(text: &str) -> bool {
    let words = read(text);
    let joins = |at: usize| {
        let link = (at + 1..words.len()).find(|at| words.get(*at).is_some_and(|word| word.lower != "also"));
        words.get(at).is_some_and(|word| !word.shielded && matches!(&*word.lower, "and" | "och" | "å" | "o"))
            && link.is_some_and(|link| is_link(words.get(link)))
    };
    let first = words.iter().position(|word| is_link(Some(word)));
    first.is_some_and(|first| (first..words.len()).any(joins))
}

/// A list of texts that a heading in the plural announces, "add notes: …".
pub struct Listed {
    /// The heading with its colon, in bytes.
    pub heading: Range<usize>,
    /// What it calls each of them, in the plural.
    pub noun: String,
    /// The items, in bytes.
    pub items: Vec<Range<usize>>,
}

/// The list of texts that `text` is.
pub fn listed(text: &str) -> Option<Listed> {
    let words = read(text);
    listed_in(&words, 0).map(|(listed, _)| listed)
}

/// The list that the sentence which begins at word `from` is, and the word after it.
pub(super) fn listed_in(words: &[Word], from: usize) -> Option<(Listed, usize)> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    // "Save two notes, 'a b' and 'c d'", too.
    let quotes = |at: usize| lower(at) == "," && words.get(at + 1).is_some_and(|next| next.shielded && !next.line);
    let colon = (from..words.len().min(from + HEADING_MAX)).find(|at| lower(*at) == ":" || quotes(*at))?;
    // A table or a text of its own is no list.
    if words.get(colon + 1).is_some_and(|next| next.paragraph || next.line && next.shielded) {
        return None;
    }
    let counts = |word: &str| super::lexicon::NUMBERS.iter().any(|(names, _)| names.contains(&word));
    let these = (from..colon).any(|at| matches!(lower(at), "these" | "following" | "dessa" | "följande"));
    let led = |at: usize| {
        let before = lower(at - 1);
        these || counts(before) || matches!(before, "the" | "new" | "nya" | "some") || super::verbs::is_verb(before)
    };
    let noun = (from + 1..colon).rev().find(|at| is_plural(lower(*at)) && led(*at))?;
    let ends = |at: usize| {
        matches!(lower(at), "?" | "!" | ";") || lower(at) == "." && words.get(at + 1).is_none_or(|next| next.spaced)
    };
    let end = (colon + 1..words.len()).find(|at| ends(*at)).unwrap_or(words.len());
    let heading = words.get(from)?.span.start..words.get(colon)?.span.end;
    if let Some((items, end)) = lines_in(words, colon + 1) {
        return Some((Listed { heading, noun: lower(noun).to_owned(), items }, end));
    }
    let mut joints: Vec<usize> = (colon + 1..end).filter(|at| lower(*at) == ",").collect();
    let after = joints.last().copied().unwrap_or(colon);
    joints
        .extend((after + 1..end).find(|at| matches!(lower(*at), "and" | "och" | "samt")).filter(|at| *at > after + 1));
    if joints.is_empty() {
        return None;
    }
    let starts = std::iter::once(colon).chain(joints.iter().copied());
    let items = starts.zip(joints.iter().copied().chain([end])).map(|(start, end)| {
        let first = (start + 1..end).find(|at| !matches!(lower(*at), "and" | "och"))?;
        Some(words.get(first)?.span.start..words.get(end - 1)?.span.end)
    });
    Some((Listed { heading, noun: lower(noun).to_owned(), items: items.collect::<Option<_>>()? }, end))
}

/// The items that stand on lines of their own from word `from` on, each behind a mark and none of them an order, and the word
/// after the last.
fn lines_in(words: &[Word], from: usize) -> Option<(Vec<Range<usize>>, usize)> {
    let (mut items, mut at) = (Vec::new(), from);
    while let Some(marked) = words.get(at).filter(|word| word.line).and_then(|_| super::boundary::marker(words, at)) {
        let first = at + marked;
        if super::boundary::starts_request(words, first).is_some() {
            return None;
        }
        at = (first + 1..words.len()).find(|at| words.get(*at).is_some_and(|word| word.line)).unwrap_or(words.len());
        items.push(words.get(first)?.span.start..words.get(at - 1)?.span.end);
    }
    (items.len() > 1).then_some((items, at))
}

/// Whether a noun ends as those in the plural do.
fn is_plural(word: &str) -> bool {
    let english = word.ends_with('s') && !word.ends_with("ss");
    word.len() > 3 && (english || ["ar", "or", "er", "na"].iter().any(|ending| word.ends_with(ending)))
}

fn without_lead(text: &str) -> &str {
    let mut text = without_same_time(text.trim());
    loop {
        let words = read(text);
        let is_there = |lead: &&&[&str]| {
            lead.iter()
                .enumerate()
                .all(|(at, wanted)| words.get(at).is_some_and(|word| !word.shielded && word.lower == *wanted))
        };
        let skipped = LEADS.iter().filter(is_there).map(|lead| lead.len()).max().unwrap_or(0);
        let tail = words.iter().rev().take_while(|word| !word.shielded && TAILS.contains(&&*word.lower)).count();
        let left = words.get(..words.len() - tail).unwrap_or_default();
        let as_well = matches!(left, [.., first, second] if first.lower == "as" && second.lower == "well");
        let tail = tail + if as_well { 2 } else { 0 };
        let kept = skipped..words.len().saturating_sub(tail);
        let Some(own) = words.get(kept.clone()).filter(|own| !own.is_empty()) else { return text };
        let span = own.first().map_or(0, |word| word.span.start)..own.last().map_or(0, |word| word.span.end);
        if kept == (0..words.len()) {
            return text;
        }
        text = text.get(span).unwrap_or(text);
    }
}

/// The text without what says that the rest is as before: "at the same time", "vid samma tidpunkt".
fn without_same_time(text: &str) -> &str {
    const LINKS: &[&str] = &["at", "on", "for", "by", "in", "vid", "på", "för", "i", "då"];
    const TIMES: &[&str] = &[
        "time",
        "moment",
        "instant",
        "day",
        "date",
        "hour",
        "tid",
        "tidpunkt",
        "stund",
        "dag",
        "datum",
        "ögonblick",
        "klockslag",
    ];
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let ends = |at: usize| words.iter().skip(at).all(|word| matches!(&*word.lower, "?" | "." | "!" | "then" | "då"));
    let same = |at: &usize| matches!(lower(*at), "same" | "samma") && TIMES.contains(&lower(at + 1)) && ends(at + 2);
    let Some(mut at) = (1..words.len()).find(same) else { return text };
    at -= usize::from(matches!(lower(at - 1), "the" | "that" | "den"));
    at -= usize::from(at > 0 && LINKS.contains(&lower(at - 1)));
    words.get(at).filter(|_| at > 0).and_then(|word| text.get(..word.span.start)).map_or(text, str::trim)
}

fn is_link(word: Option<&Word>) -> bool {
    word.is_some_and(|word| !word.shielded && LINKS.contains(&word.lower.as_str()))
}

fn is_figure(word: &Word) -> bool {
    !word.shielded && word.lower.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether it is one number and nothing else.
fn is_plain(words: &[Word]) -> bool {
    matches!(words, [word] if word.lower.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')))
}

/// The item with what `model` has in brackets or quotation marks where it says "the same data".
fn with_same<'t>(model: &str, item: &'t str) -> Cow<'t, str> {
    let (before, own) = (read(model), read(item));
    let lower = |at: usize| own.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let said = || {
        let at = (0..own.len()).find(|at| matches!(lower(*at), "same" | "samma") && !lower(at + 1).is_empty())?;
        let from = at.checked_sub(1).filter(|before| matches!(lower(*before), "the" | "that" | "den")).unwrap_or(at);
        let first = before.iter().find(|word| word.shielded)?.span.start;
        let value = model.get(first..before.iter().rfind(|word| word.shielded)?.span.end)?;
        Some(format!("{}{value}{}", item.get(..own.get(from)?.span.start)?, item.get(own.get(at + 1)?.span.end..)?))
    };
    said().map_or(Cow::Borrowed(item), Cow::Owned)
}

fn is_value(word: &Word) -> bool {
    word.shielded || is_figure(word)
}
