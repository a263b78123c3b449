//! Skills that count what a text is made of, by Unicode's own rules for words and sentences.

use std::collections::HashMap;

use happyos_sdk::{Result, SkillError, skill};
use schemars::JsonSchema;
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

/// Words a minute that adults read silently (Brysbaert, "How many words do we read per minute?",
/// 2019: 238 for non-fiction).
const READ_PER_MINUTE: u64 = 238;
/// Words a minute that people read aloud (the same study: 183).
const SPOKEN_PER_MINUTE: u64 = 183;
const FREQUENT_DEFAULT: u32 = 10;
const FREQUENT_MAX: u32 = 1_000;

#[derive(Serialize, JsonSchema)]
struct Statistics {
    /// Words, by Unicode's word boundaries; numbers count, punctuation does not.
    words: usize,
    /// Different words, letter case aside.
    unique_words: usize,
    /// Characters as people see them (grapheme clusters): an emoji or an accented letter is one.
    characters: usize,
    /// The same, without white space.
    characters_without_spaces: usize,
    /// Unicode code points.
    code_points: usize,
    /// Bytes in UTF-8.
    bytes: usize,
    sentences: usize,
    lines: usize,
    /// Blocks of text with blank lines between them.
    paragraphs: usize,
    /// Characters in a word, on average; two decimals.
    average_word_length: f64,
    /// Words in a sentence, on average; two decimals.
    average_sentence_length: f64,
    /// The longest word; the first of several.
    longest_word: Option<String>,
    /// Seconds to read it silently, at 238 words a minute.
    reading_seconds: u64,
    /// Seconds to read it aloud, at 183 words a minute.
    speaking_seconds: u64,
}

/// Counts the words, characters, sentences, lines and paragraphs of a text, and says how long it takes to read.
/// Works for every language that puts spaces between words.
#[skill(name = "text-stats", read_only, idempotent, examples = "examples/text-stats.json")]
fn text_stats(
    /// The text to measure.
    text: String,
) -> Statistics {
    let mut words = 0;
    let mut letters = 0;
    let mut unique: HashMap<String, ()> = HashMap::new();
    let mut longest: Option<(usize, &str)> = None;
    for word in text.unicode_words() {
        let length = word.graphemes(true).count();
        words += 1;
        letters += length;
        unique.insert(word.to_lowercase(), ());
        if longest.is_none_or(|(longest, _)| length > longest) {
            longest = Some((length, word));
        }
    }
    let sentences = text.unicode_sentences().count();
    let mut characters = 0;
    let mut spaces = 0;
    for grapheme in text.graphemes(true) {
        characters += 1;
        spaces += usize::from(grapheme.chars().all(char::is_whitespace));
    }
    Statistics {
        words,
        unique_words: unique.len(),
        characters,
        characters_without_spaces: characters - spaces,
        code_points: text.chars().count(),
        bytes: text.len(),
        sentences,
        lines: text.lines().count(),
        paragraphs: paragraphs(&text),
        average_word_length: average(letters, words),
        average_sentence_length: average(words, sentences),
        longest_word: longest.map(|(_, word)| word.to_owned()),
        reading_seconds: seconds(words, READ_PER_MINUTE),
        speaking_seconds: seconds(words, SPOKEN_PER_MINUTE),
    }
}

#[derive(Serialize, JsonSchema)]
struct Frequencies {
    /// Words in the text that were counted.
    counted_words: usize,
    /// The most frequent words, most frequent first, then by the alphabet.
    words: Vec<Frequency>,
}

#[derive(Serialize, JsonSchema)]
struct Frequency {
    /// In lower case.
    word: String,
    count: usize,
    /// Per cent of the counted words; two decimals.
    percent: f64,
}

/// Lists the most frequent words of a text with their counts. Letter case is ignored.
#[skill(name = "word-frequency", read_only, idempotent, examples = "examples/word-frequency.json")]
fn word_frequency(
    /// The text to look through.
    text: String,
    /// How many words to list, 1 to 1000; 10 if absent.
    limit: Option<u32>,
    /// Leave out words with fewer characters than this, such as "a" and "of".
    min_length: Option<u32>,
    /// Words to leave out, such as "the" and "och".
    ignore: Option<Vec<String>>,
) -> Result<Frequencies> {
    let limit = limit.unwrap_or(FREQUENT_DEFAULT);
    if limit == 0 || limit > FREQUENT_MAX {
        return Err(SkillError::invalid(format!("`limit` is {limit}; it goes from 1 to {FREQUENT_MAX}")));
    }
    let min_length = min_length.unwrap_or(0) as usize;
    let ignore: Vec<String> = ignore.unwrap_or_default().iter().map(|word| word.to_lowercase()).collect();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut counted = 0;
    for word in text.unicode_words().map(str::to_lowercase) {
        if word.graphemes(true).count() >= min_length && !ignore.contains(&word) {
            counted += 1;
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
    words.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    words.truncate(limit as usize);
    let words = words
        .into_iter()
        .map(|(word, count)| Frequency { word, count, percent: average(count * 100, counted) })
        .collect();
    Ok(Frequencies { counted_words: counted, words })
}

happyos_sdk::bundle!(text_stats, word_frequency);

fn paragraphs(text: &str) -> usize {
    let mut count = 0;
    let mut inside = false;
    for line in text.lines() {
        let blank = line.trim().is_empty();
        count += usize::from(!blank && !inside);
        inside = !blank;
    }
    count
}

/// `sum / count` with two decimals, and 0 for nothing.
fn average(sum: usize, count: usize) -> f64 {
    if count == 0 { 0.0 } else { (sum as f64 / count as f64 * 100.0).round() / 100.0 }
}

fn seconds(words: usize, per_minute: u64) -> u64 {
    (words as u64 * 60).div_ceil(per_minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples() {
        happyos_sdk::testing::check_examples(&crate::BUNDLE);
    }

    #[test]
    fn characters_are_what_people_see() {
        let statistics = text_stats("e\u{301} 👩‍👩‍👧 å".to_owned());
        assert_eq!((statistics.characters, statistics.characters_without_spaces), (5, 3));
        assert_eq!(statistics.code_points, 10);
    }

    #[test]
    fn an_empty_text_has_nothing() {
        let statistics = text_stats(String::new());
        assert_eq!(
            (statistics.words, statistics.lines, statistics.paragraphs, statistics.reading_seconds),
            (0, 0, 0, 0)
        );
        assert_eq!(statistics.longest_word, None);
    }

    #[test]
    fn blank_lines_part_paragraphs() {
        assert_eq!(paragraphs("a\nb\n\n \nc\r\n\r\nd"), 3);
    }

    #[test]
    fn a_limit_out_of_range_is_refused() {
        let error = word_frequency("a".to_owned(), Some(0), None, None).err();
        assert_eq!(error.map(|error| error.kind()), Some("invalid-input"));
    }
}
