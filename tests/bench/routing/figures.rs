//! What a list of rankings is worth: shares, areas, and how often it is right when it is sure.

use happyos::routing::Ranking;

/// One request's ranking, and the skills that would be right.
pub struct Asked {
    pub ranking: Ranking,
    pub right: Vec<String>,
}

impl Asked {
    fn is_right(&self, n: usize) -> bool {
        let best = self.ranking.candidates.iter().take(n);
        best.into_iter().any(|candidate| self.right.iter().any(|right| **right == *candidate.skill))
    }
}

/// The share of requests with a right skill among the first `n`.
pub fn top(asked: &[Asked], n: usize) -> f64 {
    share(asked.iter().filter(|asked| asked.is_right(n)).count(), asked.len())
}

/// The share that is right among the `coverage` of requests with the largest margins.
pub fn precision_at(asked: &[Asked], coverage: f64) -> f64 {
    let mut by_margin: Vec<&Asked> = asked.iter().collect();
    by_margin.sort_by(|a, b| b.ranking.margin.total_cmp(&a.ranking.margin));
    by_margin.truncate((asked.len() as f64 * coverage) as usize);
    share(by_margin.iter().filter(|asked| asked.is_right(1)).count(), by_margin.len())
}

/// The probability that one of `high` has a larger value than one of `low`; ties count half.
pub fn auroc(high: &[f64], low: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = high.iter().map(|value| (*value, true)).collect();
    all.extend(low.iter().map(|value| (*value, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area, mut at) = (0.0, 0.0, 0);
    while at < all.len() {
        let same = all[at..].iter().take_while(|(value, _)| *value == all[at].0).count();
        let n_high = all[at..at + same].iter().filter(|(_, is_high)| *is_high).count() as f64;
        let n_low = same as f64 - n_high;
        area += n_high * (below + n_low / 2.0);
        below += n_low;
        at += same;
    }
    area / (high.len() as f64 * low.len() as f64)
}

/// The fits that a tenth of `asked` do not reach, half, and that a tenth passes.
pub fn spread(asked: &[f64]) -> String {
    let mut sorted = asked.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part) as usize];
    format!("{:.2} {:.2} {:.2}", at(0.1), at(0.5), at(0.9))
}

pub fn share(n: usize, of: usize) -> f64 {
    n as f64 / of.max(1) as f64
}
