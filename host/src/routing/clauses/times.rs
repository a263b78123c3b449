//! Times that a part speaks of without a date of its own: now, then, that day, between those two.

use super::read::{Word, read};

/// Whether `text` goes on from a time or place said before: "three days later", "between then and May".
pub fn goes_on_from(text: &str) -> bool {
    let words = read(text);
    words.iter().any(|word| !word.shielded && FROM_THERE.contains(&word.lower.as_str()))
}

/// Whether `text` asks which day something is: "what day of the week was that".
pub fn asks_which_day(text: &str) -> bool {
    let words = read(text);
    let is = |word: &Word, known: &[&str]| !word.shielded && known.contains(&word.lower.as_str());
    words.iter().any(|word| is(word, &["weekday", "veckodag"]))
        || words.windows(2).any(|pair| {
            let [first, second] = pair else { return false };
            is(first, &["what", "which", "vilken", "vilket"]) && is(second, &["day", "dag", "date", "datum"])
        })
}

/// Whether `text` asks which date something is, and says no more: "what date is that?", "vilket datum är det då?".
pub fn asks_only_date(text: &str) -> bool {
    const IDLE: &[&str] = &[
        "and", "so", "what", "which", "date", "is", "that", "it", "would", "be", "will", "on", "och", "så", "vilket",
        "datum", "är", "det", "blir", "då", "när", "when", "?", ".",
    ];
    let words = read(text);
    let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.lower.as_str()));
    words.iter().all(|word| !word.shielded && IDLE.contains(&word.lower.as_str()))
        && says(&["date", "datum", "when", "när"])
        && says(&["that", "it", "det"])
}

/// Whether `text` reckons from a time said before: "between then and May", "since then".
pub fn begins_there(text: &str) -> bool {
    let words = read(text);
    words.iter().any(|word| !word.shielded && word.lower == "därifrån")
        || words.windows(2).any(|pair| {
            let [first, second] = pair else { return false };
            matches!(first.lower.as_str(), "between" | "from" | "since" | "mellan" | "från" | "sedan")
                && matches!(second.lower.as_str(), "then" | "that" | "there" | "då" | "dess" | "det" | "den")
        })
}

/// Whether `text` reckons up to a time said before: "from 1 May until then", "från den 1 maj till dess".
pub fn ends_there(text: &str) -> bool {
    let words = read(text);
    words.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        matches!(first.lower.as_str(), "to" | "until" | "till" | "til" | "tills" | "and" | "och")
            && matches!(second.lower.as_str(), "then" | "that" | "dess" | "då" | "det" | "den")
    })
}

/// Whether `text` is about the day said before: "on that same day", "samma dag".
pub fn says_same_day(text: &str) -> bool {
    let words = read(text);
    words.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        !first.shielded
            && matches!(first.lower.as_str(), "same" | "samma")
            && matches!(second.lower.as_str(), "day" | "date" | "dag" | "datum")
    })
}

/// Whether `text` is about two dates said before: "between those two dates", "mellan de datumen".
pub fn says_both_dates(text: &str) -> bool {
    both_dates(text).is_some()
}

/// Where it says so, in bytes.
pub fn both_dates(text: &str) -> Option<std::ops::Range<usize>> {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let span = |from: usize, to: usize| Some(words.get(from)?.span.start..words.get(to)?.span.end);
    (0..words.len()).find_map(|at| {
        let points = matches!(lower(at), "those" | "these" | "the" | "both" | "de" | "dem" | "dessa" | "båda");
        let noun = |at: usize| {
            matches!(
                lower(at),
                "dates" | "days" | "datum" | "datumen" | "dagar" | "dagarna" | "two" | "två" | "both" | "båda"
            )
        };
        let between = at.checked_sub(1).is_some_and(|before| matches!(lower(before), "between" | "mellan"));
        // "The two of May" is a day.
        let named = points && noun(at + 1) && !matches!(lower(at + 2), "of" | "av");
        if named && noun(at + 2) {
            span(at, at + 2)
        } else if named && (between || lower(at + 1) != "two" && lower(at + 1) != "två") {
            span(at, at + 1)
        } else if between && matches!(lower(at), "them" | "dem" | "those" | "dessa" | "these") {
            span(at, at)
        } else {
            None
        }
    })
}

/// Whether `text` speaks of the present.
pub fn is_of_now(text: &str) -> bool {
    let words = read(text);
    let says = |word: &Word, wanted: &str| !word.shielded && word.lower == wanted;
    words.iter().any(|word| NOW.iter().any(|now| says(word, now)))
        || words.windows(2).any(|pair| matches!(pair, [first, second] if says(first, "i") && says(second, "dag")))
}

const FROM_THERE: &[&str] = &[
    "that",
    "then",
    "later",
    "earlier",
    "afterwards",
    "there",
    "då",
    "senare",
    "tidigare",
    "därifrån",
    "därefter",
    "dit",
    "dess",
    "innan",
];

const NOW: &[&str] = &["now", "today", "currently", "nu", "idag"];
