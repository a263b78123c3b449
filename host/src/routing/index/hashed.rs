//! Vectors of texts from nothing but their words, for where there is no model: each word, and each run of characters,
//! adds to a few places that its hash names (Weinberger et al. 2009). What tells skills apart in them is learned from
//! examples, in the same space as vectors of a model.

use super::words::{Term, Terms};
use crate::routing::{Embed, EmbedError};

/// Places of a vector; a power of two.
const N_DIMENSIONS: usize = 512;
/// Places that a term adds to.
const PLACES: u32 = 4;
/// What a word counts, and what a run of characters does. Whole numbers, so that their sum has no order.
const WORD: i32 = 5;
const RUN: i32 = 2;

/// Stands in for a model.
pub struct Hashed;

impl Hashed {
    pub const ID: &str = "words";
}

impl Embed for Hashed {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let mut terms = Terms::default();
        terms.add(text, 1.0);
        let mut sums = vec![0_i32; N_DIMENSIONS];
        for (counts, weight) in [(terms.words, WORD), (terms.runs, RUN)] {
            counts.summed().iter().for_each(|(term, _)| add(&mut sums, *term, weight));
        }
        let length = sums.iter().map(|sum| (*sum as f32).powi(2)).sum::<f32>().sqrt().max(1.0);
        Ok(sums.into_iter().map(|sum| sum as f32 / length).collect())
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.query(text)).collect()
    }

    fn id(&self) -> &str {
        Self::ID
    }
}

fn add(sums: &mut [i32], term: Term, weight: i32) {
    // Spreads the term's bits over all of a wide number (Steele et al. 2014).
    let mut bits = u64::from(term).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    for part in 0..PLACES {
        let bits = (bits >> (16 * part)) as usize;
        let sign = if bits & N_DIMENSIONS == 0 { 1 } else { -1 };
        if let Some(sum) = sums.get_mut(bits % N_DIMENSIONS) {
            *sum = sum.saturating_add(sign * weight);
        }
    }
}
