//! Cuts a text into the pieces of a unigram vocabulary, the most probable way (Kudo 2018).

use std::collections::HashMap;

use fst::raw::Fst;

use super::EmbedError;
use super::format::Vocabulary;

/// Stands for a space, and for the start of a text.
const SPACE: char = '\u{2581}';
/// By how much a character that is in no piece is less probable than the rarest piece.
const UNKNOWN_PENALTY: f32 = 10.0;

/// A vocabulary that texts can be cut with.
pub struct Pieces {
    /// From a piece's text to its number.
    numbers: Fst<Vec<u8>>,
    scores: Vec<f32>,
    score_unknown: f32,
    begin: u32,
    end: u32,
    unknown: u32,
    replacements: HashMap<char, Box<str>>,
}

/// The best way to cut the text up to some place.
#[derive(Clone, Copy)]
struct Cut {
    score: f32,
    from: usize,
    piece: u32,
}

impl Pieces {
    /// # Errors
    /// [`EmbedError::Format`] if the vocabulary cannot be searched.
    pub fn new(vocabulary: &Vocabulary<'_>) -> Result<Pieces, EmbedError> {
        let mut sorted: Vec<(&[u8], u64)> =
            vocabulary.pieces.iter().zip(0..).map(|((text, _), number)| (*text, number)).collect();
        sorted.sort_unstable();
        sorted.dedup_by_key(|(text, _)| *text);
        let broken = |error: fst::Error| EmbedError::Format(format!("its vocabulary: {error}"));
        let numbers = Fst::from_iter_map(sorted).map_err(broken)?;
        let scores: Vec<f32> = vocabulary.pieces.iter().map(|(_, score)| *score).collect();
        let score_unknown = scores.iter().copied().fold(0.0, f32::min) - UNKNOWN_PENALTY;
        let (begin, end, unknown) = (vocabulary.begin, vocabulary.end, vocabulary.unknown);
        let replacements = vocabulary.replacements.clone();
        Ok(Pieces { numbers, scores, score_unknown, begin, end, unknown, replacements })
    }

    /// The numbers of the pieces of `text` between the two ends: at most `n_max`, of a longer text the first.
    pub fn encode(&self, text: &str, n_max: usize) -> Vec<u32> {
        let mut numbers = vec![self.begin];
        numbers.extend(self.cut(&self.normalised(text)).into_iter().take(n_max.saturating_sub(2)));
        numbers.push(self.end);
        numbers
    }

    /// Characters replaced, runs of spaces made one, spaces marked.
    fn normalised(&self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        for c in text.chars() {
            match self.replacements.get(&c) {
                Some(to) => replaced.push_str(to),
                None => replaced.push(c),
            }
        }
        let mut marked = String::from(SPACE);
        for c in replaced.chars() {
            let c = if c == ' ' { SPACE } else { c };
            if !(c == SPACE && marked.ends_with(SPACE)) {
                marked.push(c);
            }
        }
        marked
    }

    /// Viterbi over the text's bytes: each place is reached by the best of the pieces that end there.
    fn cut(&self, text: &str) -> Vec<u32> {
        let bytes = text.as_bytes();
        let mut best: Vec<Option<Cut>> = vec![None; bytes.len() + 1];
        let mut improve = |at: usize, cut: Cut| {
            if let Some(slot) = best.get_mut(at)
                && slot.is_none_or(|known| cut.score > known.score)
            {
                *slot = Some(cut);
            }
            best.get(at).copied().flatten()
        };
        let mut reached = 0.0;
        for (from, c) in text.char_indices() {
            if from > 0 {
                // Every place between characters is reached, if only by single unknown ones.
                let nothing = Cut { score: f32::NEG_INFINITY, from, piece: self.unknown };
                reached = improve(from, nothing).map_or(0.0, |cut| cut.score);
            }
            let unknown = Cut { score: reached + self.score_unknown, from, piece: self.unknown };
            improve(from + c.len_utf8(), unknown);
            let mut node = self.numbers.root();
            let mut number = fst::raw::Output::zero();
            for (byte, to) in bytes.iter().skip(from).zip(from + 1..) {
                let Some(way) = node.find_input(*byte).map(|way| node.transition(way)) else { break };
                number = number.cat(way.out);
                node = self.numbers.node(way.addr);
                if !node.is_final() {
                    continue;
                }
                let piece = u32::try_from(number.cat(node.final_output()).value()).unwrap_or(self.unknown);
                let score = self.scores.get(piece as usize).copied().unwrap_or(self.score_unknown);
                if piece != self.unknown {
                    improve(to, Cut { score: reached + score, from, piece });
                }
            }
        }
        let mut numbers = Vec::new();
        let mut at = bytes.len();
        while at > 0 {
            let Some(cut) = best.get(at).copied().flatten() else { break };
            numbers.push(cut.piece);
            // A piece has at least one byte, so this ends.
            at = cut.from.min(at - 1);
        }
        numbers.reverse();
        numbers
    }
}
