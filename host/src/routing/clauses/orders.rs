//! What a part asks, without the words that only say when, why and to whom it is said; and where it may say a second thing.

use std::ops::Range;

use super::super::verbs;
use super::boundary::{is_span, order_words, says_tag};
use super::courtesy;
use super::lexicon::{IF_SO, QUESTIONS};
use super::pointing::{is_span_of_time, pointer};
use super::read::{Word, read};

/// The text without the words that only say when it is to be done: "then", "därefter".
pub fn without_order(text: &str) -> String {
    let words = read(text);
    let mut gone: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < words.len().min(LOOKED_AT_MAX) {
        let also = matches!(
            words.get(at).map(|word| &*word.lower),
            Some(
                "också" | "även" | "also" | "dessutom" | "then" | "först" | "first" | "sist" | "slutligen" | "finally"
            )
        );
        // "Vilka enheter kan du dessutom räkna om".
        if at > 3 && words.get(at).is_some_and(|word| word.lower == "dessutom" && !word.shielded) {
            gone.extend(words.get(at).map(|word| word.span.clone()));
        }
        let if_so = IF_SO.iter().find(|phrase| {
            phrase.iter().enumerate().all(|(offset, wanted)| {
                words.get(at + offset).is_some_and(|word| !word.shielded && word.lower == *wanted)
            })
        });
        let length = order_words(&words, at).or(if_so.map(|phrase| phrase.len()));
        let length = length.or_else(|| (also && at == 1).then_some(1)).or_else(|| {
            let first = words
                .get(at)
                .is_some_and(|word| matches!(word.lower.as_str(), "first" | "först" | "och" | "å" | "and"));
            // "Now add 10 to that".
            let now = matches!(words.get(at).map(|word| &*word.lower), Some("now" | "nu"))
                && words.get(at + 1).is_some_and(|next| verbs::is_verb(&next.lower));
            ((first || now) && at == 0).then_some(1)
        });
        let Some(length) = length.filter(|_| at == 0 || gone.iter().any(|gone| follows(&words, gone, at)) || at <= 3)
        else {
            at += 1;
            continue;
        };
        // "Since 2020" and "since then" are no order.
        let is_year = |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
        let dated = words.get(at + length).is_some_and(|next| is_year(&next.lower));
        let before = at.checked_sub(1).and_then(|before| words.get(before)).map(|before| before.lower.as_str());
        let a_time = dated && at > 0
            || before.is_some_and(|word| is_span_of_time(word) || matches!(word, "until" | "before" | "by" | "innan"));
        if let (false, Some(first), Some(last)) = (a_time, words.get(at), words.get(at + length - 1)) {
            gone.push(first.span.start..last.span.end);
        }
        at += length;
    }
    // "… efter det." at the end.
    let ends = |at: &usize| {
        *at > 0
            && order_words(&words, *at).is_some_and(|length| {
                words.iter().skip(at + length).all(|word| matches!(word.lower.as_str(), "." | "!" | "?"))
            })
    };
    let after = gone.last().map_or(0, |gone| gone.end);
    let behind = |at: &usize| words.get(*at).is_some_and(|word| word.span.start >= after);
    if let Some(at) = (1..words.len()).filter(behind).find(ends)
        && let (Some(first), Some(length)) = (words.get(at), order_words(&words, at))
        && let Some(last) = words.get(at + length - 1)
        && !at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|word| is_span_of_time(&word.lower))
    {
        gone.push(first.span.start..last.span.end);
    }
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for span in gone {
        left.push_str(text.get(from..span.start).unwrap_or_default());
        from = span.end;
    }
    left.push_str(text.get(from..).unwrap_or_default());
    let spaced = left.trim_start_matches([',', ' ', ':']).replace("  ", " ");
    let spaced = without_remark(without_purpose(without_courtesy(without_lead(&spaced))));
    if spaced.chars().any(char::is_alphanumeric) { spaced.trim().to_owned() } else { text.to_owned() }
}

/// The text without what it is for: "…, so I get my pace", "… because I'm baking six". What is to be kept, or told to
/// somebody, has its own words: "mail Eva that I am late because the train stopped".
fn without_purpose(text: &str) -> &str {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let says_why = |at: &usize| match lower(*at) {
        "so" => matches!(lower(at + 1), "i" | "we" | "that" | "it" | "he" | "she" | "they"),
        "because" | "eftersom" => true,
        "så" => matches!(lower(at + 1), "att" | "jag" | "vi" | "får" | "vet" | "ser" | "kan" | "har"),
        "för" => lower(at + 1) == "att",
        _ => false,
    };
    let notes = words.iter().any(|word| !word.shielded && super::kinds::NOTING.contains(&word.lower.as_str()));
    let says = matches!(lower(0), "tell" | "ask" | "say" | "inform" | "säg" | "fråga" | "meddela" | "hälsa")
        && !matches!(lower(1), "me" | "us" | "mig" | "oss");
    let keeps = notes || says || super::kinds::act(text).is_some() || (0..words.len()).any(|at| lower(at) == ":");
    let ends = (2..words.len()).find(says_why).filter(|_| !keeps && !text.contains('?'));
    let end = ends.and_then(|at| words.get(at)).map_or(text.len(), |word| word.span.start);
    text.get(..end).unwrap_or(text).trim_end_matches([',', ' '])
}

/// The text without what is only said of what it points at: "delete it, it's done", "save the answer as a note, it's how many
/// chairs we need".
fn without_remark(text: &str) -> &str {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let remarks = |at: &usize| match lower(at + 1) {
        "it's" | "its" | "that's" | "thats" | "they're" => true,
        "it" | "that" | "they" => matches!(lower(at + 2), "is" | "was" | "are"),
        "det" | "den" | "de" => matches!(lower(at + 2), "är" | "var" | "blev"),
        _ => false,
    };
    let comma = (2..words.len()).find(|at| lower(*at) == "," && remarks(at));
    let Some((at, word)) = comma.and_then(|at| Some((at, words.get(at)?))) else { return text };
    let kept = text.get(..word.span.start).unwrap_or(text);
    let points = pointer(kept).is_some_and(|pointer| !pointer.is_weak);
    let asks =
        words.iter().skip(at).any(|word| word.lower == "?" || !word.shielded && QUESTIONS.contains(&&*word.lower))
            && text.ends_with('?');
    let starts = words.first().is_some_and(|first| verbs::is_verb(&first.lower));
    if points && starts && !asks { kept } else { text }
}

fn without_courtesy(text: &str) -> &str {
    let words = read(text);
    let start = words.get(courtesy::lead(&words)).map_or(0, |word| word.span.start);
    text.get(start..).unwrap_or(text)
}

/// Where a part may say a second thing without a verb of its own: "and", "och", or a comma, with as many words before it at least.
pub fn joints(text: &str, n_before: usize) -> Vec<Range<usize>> {
    let words = read(text);
    let n_before = n_before + order_words(&words, 0).unwrap_or(0);
    // "Between 1 and 5" is one thing.
    let within_pair = |at: usize| {
        let before = words.iter().take(at).rposition(|word| {
            !word.shielded
                && matches!(word.lower.as_str(), "between" | "mellan" | "both" | "både" | "and" | "och" | ",")
        });
        before
            .and_then(|before| words.get(before))
            .is_some_and(|word| matches!(word.lower.as_str(), "between" | "mellan" | "both" | "både"))
    };
    // "…, to two decimals" is said of all.
    let rounds = |at: usize| {
        (at + 1..at + 5).any(|at| words.get(at).is_some_and(|word| word.lower.starts_with("decimal")))
            || words
                .get(at + 1)
                .is_some_and(|word| matches!(&*word.lower, "rounded" | "avrundat" | "avrundad" | "avrunda"))
    };
    let joins = |at: usize| {
        let word =
            words.get(at).filter(|word| !(word.shielded || within_pair(at) || word.lower == "," && rounds(at)))?;
        if says_tag(&words, at + 1) || super::noted::added(&words, at).is_some() {
            return None;
        }
        // "1 year and 3 months" is one time, and "upper and lower case" one thing to swap.
        const PAIRS: &[[&str; 2]] =
            &[["upper", "lower"], ["uppercase", "lowercase"], ["stora", "små"], ["versaler", "gemener"]];
        let beside = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
        let pair = [at.checked_sub(1).map_or("", beside), beside(at + 1)];
        let is_one_time = at.checked_sub(2).is_some_and(|before| is_span(&words, before)) && is_span(&words, at + 1);
        if is_one_time || PAIRS.iter().any(|[one, other]| pair == [*one, *other] || pair == [*other, *one]) {
            return None;
        }
        // "How many years, months and days" is one time.
        let spans_at = |at: usize| words.get(at).is_some_and(|word| CALENDAR_SPANS.contains(&&*word.lower));
        let is_linked = words.get(at + 1).is_some_and(|word| matches!(&*word.lower, "and" | "och"));
        let counts = words.iter().take(at).any(|word| matches!(&*word.lower, "many" | "många"));
        if counts
            && at
                .checked_sub(1)
                .is_some_and(|before| spans_at(before) || words.get(before).is_some_and(|word| word.lower == ","))
            && spans_at(at + 1 + usize::from(is_linked))
        {
            return None;
        }
        // "A slug of 'a b', plus the same in capitals".
        let is_figure = |at: Option<usize>| {
            at.and_then(|at| words.get(at)).is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()))
        };
        let plus = word.lower == "plus" && !is_figure(at.checked_sub(1)) && !is_figure(Some(at + 1));
        // "When it is 10 in Oslo, what is it in Rome": of what is asked.
        let is_led = words.first().is_some_and(|first| matches!(&*first.lower, "when" | "när" | "if" | "om"));
        if word.lower == "," && is_led && super::subordinate::is_condition(&words, 0, at) {
            return None;
        }
        let joint = plus || matches!(word.lower.as_str(), "and" | "och" | "å" | "o" | "samt" | ",");
        joint.then_some(word.span.clone())
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in n_before..words.len().saturating_sub(1) {
        let Some(span) = joins(at) else { continue };
        match found.last_mut() {
            // ", and" is one.
            Some(last) if at > n_before && joins(at - 1).is_some() => last.end = span.end,
            _ => found.push(span),
        }
    }
    found.truncate(JOINTS_MAX);
    found
}

/// What times between two dates are counted in, together.
const CALENDAR_SPANS: [&str; 11] =
    ["years", "months", "weeks", "days", "år", "månader", "veckor", "dagar", "year", "month", "day"];

/// Places of one part that are looked at.
const JOINTS_MAX: usize = 6;
/// The text without what only says that something is to be told: "can you tell me what …", "jag vill veta hur …". What is
/// left begins as a question does.
fn without_lead(text: &str) -> &str {
    let words = read(text);
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let mut at = 0;
    while at < LOOKED_AT_MAX && LEADING.contains(&lower(at)) {
        at += 1;
    }
    let asks = QUESTIONS.contains(&lower(at)) || matches!(lower(at), "if" | "whether" | "om");
    let start = words.get(at).filter(|_| at > 0 && asks).map_or(0, |word| word.span.start);
    text.get(start..).unwrap_or(text)
}

const LEADING: &[&str] = &[
    "please", "can", "could", "would", "you", "tell", "me", "say", "show", "i", "also", "need", "want", "to", "know",
    "like", "d", "i'd", "wonder", "kan", "du", "snälla", "säg", "berätta", "tala", "om", "för", "mig", "jag", "vill",
    "veta", "undrar", "också", "även", "behöver", "skulle", "vilja", "svara", "på", "ta", "reda", "find", "out",
    "kolla", "check", "rate", "judge", "assess", "see", "bedöm", "avgör", "se",
];

/// Words at the beginning of a part that may say when it is to be done.
const LOOKED_AT_MAX: usize = 6;

fn follows(words: &[Word], gone: &Range<usize>, at: usize) -> bool {
    words.get(at).is_some_and(|word| word.span.start <= gone.end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_order_are_left_out() {
        for (text, wanted) in [
            ("then convert it to miles", "convert it to miles"),
            ("dela sedan resultatet med 9", "dela resultatet med 9"),
            ("after that, tell me the time", "tell me the time"),
            ("först vill jag veta vad 3 tum är i cm", "vad 3 tum är i cm"),
            ("days since then", "days since then"),
            ("räkna ut 7 * 8", "räkna ut 7 * 8"),
        ] {
            assert_eq!(without_order(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_a_time_is_counted_in_is_no_list() {
        let n_joints = |text| joints(text, 1).len();
        assert_eq!(n_joints("how many years, months and days passed from then until 1 May"), 0);
        assert_eq!(n_joints("hur många år, månader och dagar är det"), 0);
        assert_eq!(n_joints("how many words and letters are in it"), 1);
    }
}
