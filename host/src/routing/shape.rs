//! The form of a request: what it says without the data it speaks of. What stands in quotation marks, in JSON, in a web
//! address or after a colon is a value, and says nothing of what is wanted of it.

use std::borrow::Cow;
use std::ops::Range;

use super::arguments;

/// What stands for a value.
const QUOTED: &str = "\"…\"";
const OBJECT: &str = "{…}";
const ADDRESS: &str = "https://…";
const REST: &str = "…";
/// Most words before a colon that says what to do with the rest.
const HEAD_WORDS_MAX: usize = 8;

/// `text` with a short sign in the place of each value; all of it where nothing else would be left.
pub fn of(text: &str) -> Cow<'_, str> {
    let data = data(text);
    if data.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shape = String::with_capacity(text.len());
    let mut at = 0;
    for (range, sign) in &data {
        shape.push_str(text.get(at..range.start).unwrap_or_default());
        shape.push_str(sign);
        at = range.end;
    }
    shape.push_str(text.get(at..).unwrap_or_default());
    if shape.chars().any(char::is_alphabetic) { Cow::Owned(shape) } else { Cow::Borrowed(text) }
}

/// Where the values of `text` are, in their order, each with its sign.
pub fn data(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let quoted = arguments::quotations(text);
    let mut found: Vec<(Range<usize>, &'static str)> = quoted.into_iter().map(|range| (range, QUOTED)).collect();
    let free = |found: &[(Range<usize>, &'static str)], range: &Range<usize>| {
        found.iter().all(|(known, _)| known.end <= range.start || range.end <= known.start)
    };
    if let Some(range) = object(text) {
        found.retain(|(known, _)| known.end <= range.start || range.end <= known.start);
        found.push((range, OBJECT));
    }
    let addresses: Vec<Range<usize>> = words(text)
        .filter(|range| text.get(range.clone()).is_some_and(|word| word.contains("://")))
        .filter(|range| free(&found, range))
        .collect();
    found.extend(addresses.into_iter().map(|range| (range, ADDRESS)));
    if let Some(from) = rest(text) {
        let before = |(known, _): &(Range<usize>, &'static str)| known.end <= from;
        // A colon in a value ends nothing.
        if !found.iter().any(|(known, _)| known.start < from && from < known.end) {
            found.retain(before);
            found.push((from..text.len(), REST));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// From the first brace to the last one, where keys stand between.
fn object(text: &str) -> Option<Range<usize>> {
    let (start, last) = (text.find('{')?, text.rfind('}')?);
    let inner = text.get(start + 1..last)?;
    inner.contains(':').then_some(start..last + 1)
}

/// Where the text begins that a first line, or a few words and a colon, say what to do with.
fn rest(text: &str) -> Option<usize> {
    let colon = text.find(": ").or_else(|| text.find(":\n")).map(|at| at + 1);
    let line = text.find('\n');
    let at = match (colon, line) {
        (Some(colon), Some(line)) => colon.min(line),
        (colon, line) => colon.or(line)?,
    };
    let (head, tail) = text.split_at_checked(at)?;
    let n_head = words(head).count();
    let is_word = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let n_tail = words(tail).filter(|range| tail.get(range.clone()).is_some_and(is_word)).count();
    let from = at + (tail.len() - tail.trim_start().len());
    ((1..=HEAD_WORDS_MAX).contains(&n_head) && n_tail > 1).then_some(from)
}

/// The runs without space in them.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.split_whitespace().map(|word| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        start..start + word.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_signs() {
        let cases = [
            ("hur många ord är det i 'att vara'?", "hur många ord är det i \"…\"?"),
            ("get $.a from {\"a\": [1, 2]} now", "get $.a from {…} now"),
            ("read https://example.org/x please", "read https://… please"),
            ("anteckna: köp mjölk och bröd", "anteckna: …"),
            ("how many lines?\nroses are red\nviolets", "how many lines?\n…"),
            ("räkna: 3 + 4", "räkna: 3 + 4"),
            ("convert 5 miles to kilometers", "convert 5 miles to kilometers"),
            ("'hej på dig'", "'hej på dig'"),
        ];
        for (text, shape) in cases {
            assert_eq!(of(text), shape, "{text}");
        }
    }
}
