//! How much a request needs: distinct skills, what they need of each other, what is ambiguous or missing.

use super::{Clause, Ranking};

/// From here on a request needs several skills.
pub const SEVERAL: f32 = 0.7;

/// How much a request needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Complexity {
    /// 0 to 1; at [`SEVERAL`] and above one skill is not enough.
    pub score: f32,
    /// Why, in words for a person.
    pub reasons: Vec<String>,
}

/// One part of a request with the skills that fit it.
#[derive(Debug, Clone, Copy)]
pub struct ClauseRanking<'a> {
    /// The part.
    pub clause: &'a Clause,
    /// What fits it.
    pub ranking: &'a Ranking,
}

/// The complexity of a request of these parts.
pub fn of(parts: &[ClauseRanking<'_>]) -> Complexity {
    let several = parts.len() > 1;
    let score = if several { SEVERAL } else { 0.0 };
    let reasons = if several { vec![format!("{} parts", parts.len())] } else { Vec::new() };
    Complexity { score, reasons }
}
