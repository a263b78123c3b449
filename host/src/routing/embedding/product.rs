//! Products of activations with four-bit weights, which are the time that a vector takes.
//!
//! Weights stay one byte each: unpacked, all of them would pass through the caches anew with every text. A panel of
//! columns is unpacked at a time, small enough for the nearest cache, and used for every token.

use candle_core::{CpuStorage, CustomOp1, InplaceOp1, Layout, Shape, bail};
use half::f16;
use pulp::{Arch, Simd, WithSimd};

use super::format::{BLOCK_BYTES, BLOCK_WEIGHTS};

/// Tokens that are multiplied with a column at one stroke, and vectors of columns: what fits into sixteen registers.
const TOKENS: usize = 6;
const VECTORS: usize = 2;

/// A linear layer: `x` Wᵀ + b.
pub struct Linear {
    n_in: usize,
    n_out: usize,
    /// Columns of a panel: depends on the processor.
    width: usize,
    /// Weights of each panel, input by input.
    codes: Vec<i8>,
    /// Their steps, for each [`BLOCK_WEIGHTS`] inputs of a panel.
    steps: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// Of rows of blocks, `n_in` weights each; `n_in` and the rows are multiples of [`BLOCK_WEIGHTS`].
    pub fn new(blocks: &[u8], n_in: usize, bias: Vec<f32>) -> Linear {
        let n_out = bias.len();
        let width = Arch::new().dispatch(Width);
        let (mut codes, mut steps) = (vec![0; n_in * n_out], vec![0.0; n_in * n_out / BLOCK_WEIGHTS]);
        let n_blocks = n_in / BLOCK_WEIGHTS;
        for (at, block) in blocks.as_chunks::<BLOCK_BYTES>().0.iter().enumerate() {
            let (row, of_row) = (at / n_blocks, at % n_blocks);
            let (panel, column) = (row / width, row % width);
            let [low, high, packed @ ..] = block;
            if let Some(step) = steps.get_mut((panel * n_blocks + of_row) * width + column) {
                *step = f16::from_le_bytes([*low, *high]).to_f32();
            }
            // The first half of a block's weights are the low halves of its bytes.
            let halves = packed.iter().map(|byte| byte & 15).chain(packed.iter().map(|byte| byte >> 4));
            let from = panel * n_in * width + of_row * BLOCK_WEIGHTS * width + column;
            for (slot, half) in codes.iter_mut().skip(from).step_by(width).zip(halves) {
                *slot = half as i8 - 8;
            }
        }
        Linear { n_in, n_out, width, codes, steps, bias }
    }
}

impl CustomOp1 for Linear {
    fn name(&self) -> &'static str {
        "four-bit-linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (n_tokens, n_in) = layout.shape().dims2()?;
        let Some((from, to)) = layout.contiguous_offsets() else { bail!("activations do not lie together") };
        let x = storage.as_slice::<f32>()?.get(from..to).unwrap_or_default();
        if n_in != self.n_in || x.len() != n_tokens * n_in {
            bail!("{n_in} inputs for a layer of {}", self.n_in);
        }
        let mut out = vec![0.0; n_tokens * self.n_out];
        Arch::new().dispatch(Product { linear: self, x, out: &mut out });
        Ok((CpuStorage::F32(out), (n_tokens, self.n_out).into()))
    }
}

/// How many columns a panel has on this processor.
struct Width;

impl WithSimd for Width {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        VECTORS * S::F32_LANES
    }
}

struct Product<'a> {
    linear: &'a Linear,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Linear { n_in, n_out, width, .. } = *self.linear;
        // Tokens in groups, those of a group side by side for each input.
        let groups: Vec<Vec<f32>> = self.x.chunks(TOKENS * n_in).map(|rows| side_by_side(rows, n_in)).collect();
        let panels = self.linear.codes.chunks_exact(n_in * width);
        let steps = self.linear.steps.chunks_exact(n_in / BLOCK_WEIGHTS * width);
        let mut unpacked = vec![0.0; n_in * width];
        for ((at, (codes, steps)), bias) in panels.zip(steps).enumerate().zip(self.linear.bias.chunks_exact(width)) {
            unpack::<S>(codes, steps, &mut unpacked);
            let weights = S::as_simd_f32s(&unpacked).0.as_chunks::<VECTORS>().0;
            for (group, out) in groups.iter().zip(self.out.chunks_mut(TOKENS * n_out)) {
                let mut rows = out.chunks_exact_mut(n_out).filter_map(|row| row.get_mut(at * width..(at + 1) * width));
                match group.len() / n_in {
                    6 => store(simd, &sums::<S, 6>(simd, weights, group), bias, &mut rows),
                    5 => store(simd, &sums::<S, 5>(simd, weights, group), bias, &mut rows),
                    4 => store(simd, &sums::<S, 4>(simd, weights, group), bias, &mut rows),
                    3 => store(simd, &sums::<S, 3>(simd, weights, group), bias, &mut rows),
                    2 => store(simd, &sums::<S, 2>(simd, weights, group), bias, &mut rows),
                    _ => store(simd, &sums::<S, 1>(simd, weights, group), bias, &mut rows),
                }
            }
        }
    }
}

fn side_by_side(rows: &[f32], n_in: usize) -> Vec<f32> {
    let n = rows.len() / n_in;
    let mut out = vec![0.0; rows.len()];
    for (token, row) in rows.chunks_exact(n_in).enumerate() {
        for (slot, value) in out.iter_mut().skip(token).step_by(n).zip(row) {
            *slot = *value;
        }
    }
    out
}

#[inline(always)]
fn unpack<S: Simd>(codes: &[i8], steps: &[f32], unpacked: &mut [f32]) {
    let width = VECTORS * S::F32_LANES;
    let blocks = codes.chunks_exact(BLOCK_WEIGHTS * width).zip(unpacked.chunks_exact_mut(BLOCK_WEIGHTS * width));
    for ((codes, slots), steps) in blocks.zip(steps.chunks_exact(width)) {
        for (codes, slots) in codes.chunks_exact(width).zip(slots.chunks_exact_mut(width)) {
            for ((slot, code), step) in slots.iter_mut().zip(codes).zip(steps) {
                *slot = f32::from(*code) * step;
            }
        }
    }
}

/// For each of `N` tokens the sum over all inputs, for the columns of a panel.
#[inline(always)]
fn sums<S: Simd, const N: usize>(simd: S, weights: &[[S::f32s; VECTORS]], group: &[f32]) -> [[S::f32s; VECTORS]; N] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; N];
    for (weights, inputs) in weights.iter().zip(group.as_chunks::<N>().0) {
        for (sums, input) in sums.iter_mut().zip(inputs) {
            let input = simd.splat_f32s(*input);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = simd.mul_add_e_f32s(input, *weights, *sum);
            }
        }
    }
    sums
}

#[inline(always)]
fn store<'a, S: Simd, const N: usize>(
    simd: S,
    sums: &[[S::f32s; VECTORS]; N],
    bias: &[f32],
    rows: &mut impl Iterator<Item = &'a mut [f32]>,
) {
    for (sums, row) in sums.iter().zip(rows) {
        let slots = S::as_mut_simd_f32s(row).0;
        for ((slot, sum), bias) in slots.iter_mut().zip(sums).zip(S::as_simd_f32s(bias).0) {
            *slot = simd.add_f32s(*sum, *bias);
        }
    }
}

/// The Gaussian error linear unit: x Φ(x).
pub struct Gelu;

impl InplaceOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
        let CpuStorage::F32(values) = storage else { bail!("activations are 32-bit numbers") };
        Arch::new().dispatch(|| {
            for value in values.iter_mut() {
                *value *= 0.5 + 0.5 * erf(*value * std::f32::consts::FRAC_1_SQRT_2);
            }
        });
        Ok(())
    }
}

/// The error function within 4e-7, as a ratio of polynomials without branches, so that several are computed at once.
#[inline(always)]
fn erf(x: f32) -> f32 {
    const ABOVE: [f32; 7] = [
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_3e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    const BELOW: [f32; 5] = [-1.456_607_2e-5, -2.133_740_6e-4, -1.682_827e-3, -7.373_329_2e-3, -1.426_473_9e-2];
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let above = ABOVE.iter().fold(0.0, |sum, factor| sum * square + factor);
    let below = BELOW.iter().fold(0.0, |sum, factor| sum * square + factor);
    x * above / below
}
