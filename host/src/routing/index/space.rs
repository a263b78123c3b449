//! The space that vectors are compared in: what all requests have in common is taken out, and directions in which
//! requests for one and the same skill differ count less.
//!
//! Linear discriminant analysis with a covariance pooled over all skills and shrunk towards a sphere (Friedman 1989).
//! How descriptions differ from each other is what tells skills apart, so that is left as it is. All it needs are sums:
//! a skill is added and taken out without looking at the others.

use super::vector::dot;

/// Examples' degrees of freedom at which half of the trust in their covariance is reached.
const FREE_HALF: f64 = 150.0;
/// The largest weight of the covariance against the sphere.
const TRUST_MAX: f64 = 0.35;
/// Vectors that count for what is usual everywhere, against those of this index.
const USUAL_REQUESTS: f64 = 100.0;
const USUAL_DESCRIPTIONS: f64 = 25.0;

/// Sums over the vectors of all skills, each less what is usual; the symmetric ones as lower triangles, row after row.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    n_dimensions: usize,
    n_skills: f64,
    n_examples: f64,
    /// Examples' degrees of freedom about their skills' means.
    n_free: f64,
    descriptions: Vec<f64>,
    examples: Vec<f64>,
    scatter: Vec<f64>,
}

impl Sums {
    /// Adds a skill's vectors, or with a `sign` of −1 takes them out.
    pub fn add(&mut self, description: &[f32], examples: &[Vec<f32>], sign: f64) {
        let n = description.len();
        if self.n_dimensions == 0 {
            let zeros = |n: usize| vec![0.0; n];
            (self.n_dimensions, self.descriptions, self.examples) = (n, zeros(n), zeros(n));
            self.scatter = zeros(n * (n + 1) / 2);
        }
        if self.n_dimensions != n {
            return;
        }
        self.n_skills += sign;
        add(&mut self.descriptions, description, sign);
        self.n_examples += sign * examples.len() as f64;
        let mut mean = vec![0.0; n];
        for example in examples {
            add(&mut self.examples, example, sign);
            add(&mut mean, example, 1.0 / examples.len() as f64);
        }
        if examples.len() < 2 {
            return;
        }
        for example in examples {
            let away: Vec<f64> = example.iter().zip(&mean).map(|(value, mean)| f64::from(*value) - mean).collect();
            add_square(&mut self.scatter, &away, sign);
        }
        self.n_free += sign * (examples.len() as f64 - 1.0);
    }

    /// How many vectors these are sums over.
    pub fn n_vectors(&self) -> f64 {
        self.n_skills + self.n_examples
    }

    /// The space these sums make; `None` while there is nothing.
    pub fn space(&self) -> Option<Space> {
        let n = self.n_dimensions;
        if n == 0 || self.n_skills < 0.5 {
            return None;
        }
        let trust = TRUST_MAX * self.n_free / (self.n_free + FREE_HALF);
        let per_free = 1.0 / self.n_free.max(1.0);
        let mut covariance: Vec<f64> = self.scatter.iter().map(|sum| sum * per_free).collect();
        let trace: f64 = (0..n).filter_map(|row| covariance.get(row * (row + 3) / 2)).sum();
        // Without examples any sphere does.
        let sphere = if trace > 1e-6 { trace / n as f64 } else { 1.0 / n as f64 };
        let mut at = 0;
        for row in 0..n {
            for slot in covariance.iter_mut().skip(at).take(row + 1) {
                *slot *= trust;
            }
            if let Some(diagonal) = covariance.get_mut(at + row) {
                *diagonal += (1.0 - trust) * sphere;
            }
            at += row + 1;
        }
        let mean = |sums: &[f64], n: f64| sums.iter().map(|sum| (sum / n) as f32).collect();
        Some(Space {
            requests: mean(&self.examples, self.n_examples + USUAL_REQUESTS),
            descriptions: mean(&self.descriptions, self.n_skills + USUAL_DESCRIPTIONS),
            factor: cholesky(covariance, n)?,
            is_learned: self.n_free >= FREE_HALF,
        })
    }
}

fn add(sums: &mut [f64], values: &[f32], weight: f64) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * f64::from(*value));
}

/// Adds `sign` times `x` xᵀ to a lower triangle.
fn add_square(triangle: &mut [f64], x: &[f64], sign: f64) {
    let mut rest = triangle;
    for (row, value) in x.iter().enumerate() {
        let Some((slots, later)) = rest.split_at_mut_checked(row + 1) else { return };
        for (slot, other) in slots.iter_mut().zip(x) {
            *slot += sign * value * other;
        }
        rest = later;
    }
}

/// A space to compare vectors in.
#[derive(Debug, Clone)]
pub struct Space {
    /// What the requests of this index have in common beyond what is usual, and its descriptions.
    pub requests: Vec<f32>,
    pub descriptions: Vec<f32>,
    /// Whether enough examples say what differs between requests for one skill.
    pub is_learned: bool,
    /// Lower triangle L with L Lᵀ the covariance.
    factor: Vec<f32>,
}

impl Space {
    pub fn n_dimensions(&self) -> usize {
        self.requests.len()
    }

    /// L⁻¹ `x`: its length is the Mahalanobis length of `x`.
    pub fn whitened(&self, x: &[f32]) -> Vec<f32> {
        self.all_whitened(&[x]).pop().unwrap_or_default()
    }

    /// The same of several, for which the factor is read once.
    pub fn all_whitened(&self, vectors: &[impl AsRef<[f32]>]) -> Vec<Vec<f32>> {
        pulp::Arch::new().dispatch(Whitened { factor: &self.factor, vectors })
    }

    /// L⁻ᵀ `y`: the direction to multiply plain vectors with, where `y` is a whitened one.
    pub fn direction(&self, y: &[f32]) -> Vec<f32> {
        pulp::Arch::new().dispatch(Direction { factor: &self.factor, y })
    }
}

struct Whitened<'a, V> {
    factor: &'a [f32],
    vectors: &'a [V],
}

impl<V: AsRef<[f32]>> pulp::WithSimd for Whitened<'_, V> {
    type Output = Vec<Vec<f32>>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<Vec<f32>> {
        let mut out: Vec<Vec<f32>> = Vec::with_capacity(self.vectors.len());
        let mut n = 0;
        for vector in self.vectors {
            n = n.max(vector.as_ref().len());
            out.push(Vec::with_capacity(vector.as_ref().len()));
        }
        let mut rest = self.factor;
        for at in 0..n {
            let Some((row, later)) = rest.split_at_checked(at + 1) else { break };
            let diagonal = row.last().copied().unwrap_or(1.0);
            for (vector, out) in self.vectors.iter().zip(&mut out) {
                if let Some(value) = vector.as_ref().get(at) {
                    let sum = dot(row, out);
                    out.push((value - sum) / diagonal);
                }
            }
            rest = later;
        }
        out
    }
}

struct Direction<'a> {
    factor: &'a [f32],
    y: &'a [f32],
}

impl pulp::WithSimd for Direction<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<f32> {
        let mut out = self.y.to_vec();
        let mut rest = self.factor;
        for row in (0..self.y.len()).rev() {
            let Some((earlier, factors)) = rest.split_at_checked(rest.len().saturating_sub(row + 1)) else { break };
            let diagonal = factors.last().copied().unwrap_or(1.0);
            let Some((value, before)) = out.get_mut(..=row).and_then(<[f32]>::split_last_mut) else { break };
            *value /= diagonal;
            for (slot, factor) in before.iter_mut().zip(factors) {
                *slot -= factor * *value;
            }
            rest = earlier;
        }
        out
    }
}

/// The lower triangle L with L Lᵀ = `a`; `None` if there is none.
fn cholesky(a: Vec<f64>, n: usize) -> Option<Vec<f32>> {
    let mut rows: Vec<Vec<f32>> = Vec::with_capacity(n);
    let mut rest = a.as_slice();
    for row in 0..n {
        let (values, later) = rest.split_at_checked(row + 1)?;
        rest = later;
        let mut made: Vec<f32> = Vec::with_capacity(row + 1);
        for (value, other) in values.iter().zip(&rows) {
            let sum = dot(&made, other);
            made.push((*value as f32 - sum) / other.last().copied()?);
        }
        let left = *values.last()? as f32 - dot(&made, &made);
        if left.is_nan() || left <= 0.0 {
            return None;
        }
        made.push(left.sqrt());
        rows.push(made);
    }
    Some(rows.concat())
}
