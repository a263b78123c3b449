//! Finding what a principal asked before: by words, by meaning, and both together.

use std::collections::HashMap;

use super::Memory;
use crate::base::TaskId;
use crate::store::StoreError;
use crate::store::search::{Findable, words};

/// Tasks that each way gives before they are put together.
const EACH_MAX: usize = 100;
/// From this likeness on two requests are taken to mean something alike. The model's vectors of unrelated texts are
/// seldom less than 0.75 alike, so this is far up.
const ALIKE_MIN: f32 = 0.86;
/// Places that are worth about the same when two orders are put together, after Cormack, Clarke and Büttcher,
/// "Reciprocal Rank Fusion" (2009).
const RANKS_ALIKE: f32 = 60.0;

/// A task that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The task as it is kept to be found.
    pub task: Findable,
    /// It has the words.
    pub by_words: bool,
    /// How alike what was asked is in meaning, -1 to 1, where that is known and enough.
    pub likeness: Option<f32>,
}

impl Memory {
    /// What `owner` asked before that has to do with `text`, best first; `vector` is the text's by `model`, where one is
    /// installed.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn search(
        &self,
        owner: &str,
        text: &str,
        vector: Option<(&str, &[f32])>,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let by_words = self.ledger.find(owner, words(text), EACH_MAX).await?;
        let by_meaning = match vector {
            Some((model, vector)) => alike(self.ledger.vectors(owner, model).await?, vector),
            None => Vec::new(),
        };
        let mut scores: HashMap<TaskId, f32> = HashMap::new();
        let in_order = [
            by_words.iter().map(|found| found.task).collect::<Vec<_>>(),
            by_meaning.iter().map(|(task, _)| *task).collect(),
        ];
        for (rank, task) in in_order.iter().flat_map(|order| order.iter().enumerate()) {
            *scores.entry(*task).or_default() += 1.0 / (RANKS_ALIKE + rank as f32);
        }
        let mut best: Vec<(TaskId, f32)> = scores.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        best.truncate(limit);
        let known: HashMap<TaskId, Findable> = by_words.into_iter().map(|found| (found.task, found)).collect();
        let others = best.iter().map(|(task, _)| *task).filter(|task| !known.contains_key(task)).collect();
        let others = self.ledger.findable(owner, others).await?;
        let mut others: HashMap<TaskId, Findable> = others.into_iter().map(|found| (found.task, found)).collect();
        let likeness: HashMap<TaskId, f32> = by_meaning.into_iter().collect();
        let hit = |(id, _): (TaskId, f32)| {
            let by_words = known.get(&id).cloned();
            // One that went meanwhile is not there.
            Some(Hit {
                by_words: by_words.is_some(),
                likeness: likeness.get(&id).copied(),
                task: by_words.or_else(|| others.remove(&id))?,
            })
        };
        Ok(best.into_iter().filter_map(hit).collect())
    }
}

/// The tasks whose vectors are like `vector`, most alike first.
fn alike(vectors: Vec<(TaskId, Vec<u8>)>, vector: &[f32]) -> Vec<(TaskId, f32)> {
    let likenesses = vectors.iter().filter_map(|(task, packed)| Some((*task, cosine(packed, vector)?)));
    let mut alike: Vec<_> = likenesses.filter(|(_, likeness)| *likeness >= ALIKE_MIN).collect();
    alike.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    alike.truncate(EACH_MAX);
    alike
}

/// A vector as it is kept: each component over the largest of them, times 127.
pub fn pack(vector: &[f32]) -> Vec<u8> {
    let largest = vector.iter().fold(0.0f32, |largest, component| largest.max(component.abs()));
    if !largest.is_normal() {
        return Vec::new();
    }
    // Within -127 to 127, and never not a number.
    vector.iter().map(|component| ((component / largest * 127.0).round() as i8).to_ne_bytes()[0]).collect()
}

fn cosine(packed: &[u8], vector: &[f32]) -> Option<f32> {
    if packed.len() != vector.len() {
        return None;
    }
    let (mut dot, mut a, mut b) = (0.0f32, 0.0f32, 0.0f32);
    for (packed, component) in packed.iter().zip(vector) {
        let packed = f32::from(i8::from_ne_bytes([*packed]));
        dot += packed * component;
        a += packed * packed;
        b += component * component;
    }
    let length = (a * b).sqrt();
    (length > 0.0).then(|| dot / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_vector_points_where_it_did() {
        let vector: Vec<f32> = (0..384).map(|n| ((n * 37 % 101) as f32 - 50.0) / 700.0).collect();
        let other: Vec<f32> = vector.iter().rev().copied().collect();
        let exact = |a: &[f32], b: &[f32]| {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        assert!(cosine(&pack(&vector), &vector).is_some_and(|cosine| cosine > 0.9995));
        assert!(cosine(&pack(&vector), &other).is_some_and(|cosine| (cosine - exact(&vector, &other)).abs() < 0.01));
        assert_eq!(cosine(&pack(&vector), &other[..3]), None);
        assert_eq!(pack(&[0.0; 4]), Vec::<u8>::new());
        assert_eq!(cosine(&[], &[]), None);
    }
}
