//! Terms of a text: words, and the runs of characters within them, so that inflected and joined words meet.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Most words of one text that are looked at.
const WORDS_MAX: usize = 256;
/// Longest word, in characters; the rest of a longer one is left out.
const WORD_CHARS_MAX: usize = 48;
/// Lengths of the runs of characters.
const RUNS: [usize; 2] = [3, 4];

/// A term's number. Terms that share one by chance only add noise to each other.
pub type Term = u32;

/// What a text is made of: how often each term is in it, the two kinds apart.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    pub words: Counts,
    pub runs: Counts,
}

/// How often each term was counted.
#[derive(Debug, Clone, Default)]
pub struct Counts(Vec<(Term, f32)>);

impl Counts {
    pub fn add(&mut self, term: Term, weight: f32) {
        self.0.push((term, weight));
    }

    pub fn has(&self, term: Term) -> bool {
        self.0.iter().any(|(other, _)| *other == term)
    }

    /// The terms in their order, each once.
    pub fn summed(mut self) -> Vec<(Term, f32)> {
        self.0.sort_by_key(|(term, _)| *term);
        self.0.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        self.0
    }
}

impl Terms {
    /// Adds the terms of `text`, counted `weight` times each.
    pub fn add(&mut self, text: &str, weight: f32) {
        for word in words(text) {
            self.add_word(&word, weight);
        }
    }

    /// Adds those of one word, and gives its own.
    pub fn add_word(&mut self, word: &str, weight: f32) -> Term {
        let term = word_term(word);
        self.words.add(term, weight);
        add_runs(word, |run| self.runs.add(run, weight));
        term
    }
}

/// The words of a text: compatibility forms unified, in lower case, `camelCase` and `snake_case` taken apart.
pub fn words(text: &str) -> Vec<String> {
    // What is plain has no other form.
    if text.is_ascii() { words_of(text.chars()) } else { words_of(text.nfkc()) }
}

fn words_of(text: impl Iterator<Item = char>) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut n_chars = 0;
    let mut before_was_lower = false;
    for c in text {
        if !(c.is_alphanumeric() || is_combining_mark(c)) {
            // Characters without width stand inside of words and must not take them apart.
            if !is_invisible(c) && !word.is_empty() {
                words.push(std::mem::take(&mut word));
                n_chars = 0;
            }
            before_was_lower = false;
            continue;
        }
        if before_was_lower && c.is_uppercase() && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            n_chars = 0;
        }
        before_was_lower = c.is_lowercase();
        if words.len() >= WORDS_MAX {
            return words;
        }
        if n_chars < WORD_CHARS_MAX {
            if c.is_ascii() {
                word.push(c.to_ascii_lowercase());
            } else {
                word.extend(c.to_lowercase());
            }
            n_chars += 1;
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The term of a word: common endings of English and Swedish are cut, so that forms of a word are one term.
pub fn word_term(word: &str) -> Term {
    hashed(0, stem(word).chars())
}

/// Endings, the longest first; what remains has at least three characters.
const ENDINGS: &[&str] = &[
    "ingly", "arnas", "ernas", "ornas", "arna", "erna", "orna", "ande", "ende", "edly", "ing", "ies", "ens", "ets",
    "ade", "are", "ar", "er", "or", "en", "et", "ed", "es", "s", "n", "a", "e",
];

fn stem(word: &str) -> &str {
    let last = word.as_bytes().last();
    for ending in ENDINGS {
        if ending.as_bytes().last() == last
            && let Some(rest) = word.strip_suffix(ending)
            && rest.chars().count() >= 3
        {
            return rest;
        }
    }
    word
}

/// The runs of characters of a word, its ends marked and its diacritics left out: `ä` and `a` meet here, and only here.
fn add_runs(word: &str, mut add: impl FnMut(Term)) {
    let mut marked: Vec<char> = Vec::with_capacity(word.len() + 2);
    marked.push('<');
    if word.is_ascii() {
        marked.extend(word.chars());
    } else {
        marked.extend(word.nfd().filter(|c| !is_combining_mark(*c)));
    }
    marked.push('>');
    for run in RUNS.iter().flat_map(|n| marked.windows(*n)) {
        add(hashed(1, run.iter().copied()));
    }
}

/// The two words that `word` is joined from, if `known` has both: the way that leaves the longest first word.
/// An `s` between them belongs to neither.
pub fn joined(word: &str, known: impl Fn(Term) -> bool) -> Option<[String; 2]> {
    let places: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    for at in places.iter().skip(3).rev() {
        let (first, second) = word.split_at_checked(*at)?;
        if second.chars().count() < 3 {
            continue;
        }
        for first in [Some(first), first.strip_suffix('s')].into_iter().flatten() {
            if first.chars().count() >= 3 && known(word_term(first)) && known(word_term(second)) {
                return Some([first.to_owned(), second.to_owned()]);
            }
        }
    }
    None
}

/// A text with nothing but its words, to tell whether two requests are the same.
pub fn folded(text: &str) -> String {
    words(text).join(" ")
}

/// The same in every index, and in every process.
fn hashed(kind: u8, of: impl Iterator<Item = char>) -> Term {
    let mut hasher = FxHasher::default();
    hasher.write_u8(kind);
    of.for_each(|letter| hasher.write_u32(letter.into()));
    let wide = hasher.finish();
    (wide ^ (wide >> 32)) as Term
}
