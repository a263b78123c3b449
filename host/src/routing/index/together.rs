//! How much more of a request two skills explain together than the better of them alone: much where a request needs
//! both, little where they are two of a kind.

use super::vector::{dot, length};

/// The gain of the best pair of `centres` over the best single one, as a share of the request, 0 to 1. All vectors are of
/// one whitened space.
pub fn gain(request: &[f32], centres: &[Vec<f32>]) -> f32 {
    let units: Vec<Vec<f32>> = centres.iter().map(|centre| unit(centre)).collect();
    let request = unit(request);
    let cosines: Vec<f32> = units.iter().map(|centre| dot(centre, &request)).collect();
    let alone = cosines.iter().copied().fold(0.0, f32::max);
    let mut best = alone * alone;
    for (at, (first, a)) in units.iter().zip(&cosines).enumerate() {
        for (second, b) in units.iter().zip(&cosines).skip(at + 1) {
            let between = dot(first, second);
            // The request's shadow on the plane of both, where it lies between them.
            let (of_first, of_second) = (a - between * b, b - between * a);
            if of_first > 0.0 && of_second > 0.0 {
                best = best.max((of_first * a + of_second * b) / (1.0 - between * between).max(1e-6));
            }
        }
    }
    (best - alone * alone).clamp(0.0, 1.0)
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let length = length(vector).max(1e-6);
    vector.iter().map(|value| value / length).collect()
}
