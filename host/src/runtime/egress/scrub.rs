//! Keeps secrets out of what comes back: wherever a response repeats one, there is `***` instead.

use std::sync::Arc;

use memchr::memmem;
use zeroize::Zeroizing;

const MARK: &[u8] = b"***";

/// The values that must not come back.
#[derive(Default)]
pub struct Needles(Vec<Zeroizing<Vec<u8>>>);

impl Needles {
    /// Takes the values; an empty one is in every text and stands for nothing.
    pub fn new<'a>(values: impl Iterator<Item = &'a str>) -> Needles {
        Needles(values.filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.into())).collect())
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A whole text without them.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// Whole bytes without them.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut out, at) = self.replace(bytes);
        out.extend_from_slice(bytes.get(at..).unwrap_or_default());
        out
    }

    /// What is left of `bytes` up to the end of the last needle in it, and where that ends.
    fn replace(&self, bytes: &[u8]) -> (Vec<u8>, usize) {
        let find = |needle: &[u8], from: usize| {
            bytes.get(from..).and_then(|rest| memmem::find(rest, needle)).map(|found| found + from)
        };
        let mut next: Vec<Option<usize>> = self.0.iter().map(|needle| find(needle, 0)).collect();
        let (mut out, mut at) = (Vec::new(), 0);
        loop {
            for (needle, found) in self.0.iter().zip(&mut next) {
                if found.is_some_and(|found| found < at) {
                    *found = find(needle, at);
                }
            }
            // Of two that begin at one place the longer, so that nothing of it stays.
            let first = self.0.iter().zip(&next).filter_map(|(needle, found)| found.map(|found| (found, needle.len())));
            let Some((found, length)) = first.min_by_key(|(found, length)| (*found, usize::MAX - length)) else {
                return (out, at);
            };
            out.extend_from_slice(bytes.get(at..found).unwrap_or_default());
            out.extend_from_slice(MARK);
            at = found + length;
        }
    }

    /// Length of the longest end of `bytes` with which a needle could begin.
    fn begun(&self, bytes: &[u8]) -> usize {
        let longest = self.0.iter().map(|needle| needle.len()).max().unwrap_or(0);
        let from = (bytes.len() + 1).saturating_sub(longest);
        let begins = |at: &usize| {
            let end = bytes.get(*at..).unwrap_or_default();
            self.0.iter().any(|needle| needle.len() > end.len() && needle.starts_with(end))
        };
        (from..bytes.len()).find(begins).map_or(0, |at| bytes.len() - at)
    }
}

/// Takes needles out of a stream, also where they lie across two parts of it.
pub struct Scrubber {
    needles: Arc<Needles>,
    held: Vec<u8>,
}

impl Scrubber {
    /// For a stream that begins.
    pub fn new(needles: Arc<Needles>) -> Scrubber {
        Scrubber { needles, held: Vec::new() }
    }

    /// What is known to be clean once `part` has come.
    pub fn feed(&mut self, part: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(part);
        let (mut out, at) = self.needles.replace(&self.held);
        let rest = self.held.get(at..).unwrap_or_default();
        let keep_from = self.held.len() - self.needles.begun(rest);
        out.extend_from_slice(self.held.get(at..keep_from).unwrap_or_default());
        self.held.drain(..keep_from);
        out
    }

    /// What was held back, at the stream's end.
    pub fn end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_the_stream_is_cut() {
        let needles = Arc::new(Needles::new(["hunter2", "hunter22", "aab", ""].into_iter()));
        let text = b"hunter22 hunthunter2er2 aaab a hunter";
        let expected = "*** hunt***er2 a*** a hunter";
        assert_eq!(String::from_utf8(needles.bytes(text)).unwrap(), expected);
        for size in 1..text.len() {
            let mut scrubber = Scrubber::new(needles.clone());
            let mut out: Vec<u8> = text.chunks(size).flat_map(|part| scrubber.feed(part)).collect();
            out.extend(scrubber.end());
            let out = String::from_utf8(out).unwrap();
            assert!(!out.contains("hunter2") && !out.contains("aab"), "{size}: {out}");
        }
    }

    #[test]
    fn what_cannot_become_a_secret_is_not_held_back() {
        let mut scrubber = Scrubber::new(Arc::new(Needles::new(["secret"].into_iter())));
        assert_eq!(scrubber.feed(b"data: 1\n"), b"data: 1\n");
        assert_eq!(scrubber.feed(b"data: sec"), b"data: ");
        assert_eq!(scrubber.feed(b"ond"), b"second");
        assert!(scrubber.end().is_empty());
    }
}
