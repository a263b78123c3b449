//! A vector kept with one byte a dimension.

/// Numbers as multiples of a step, each −127 to 127 steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    step: f32,
    codes: Box<[i8]>,
}

impl Packed {
    /// Packs `values`; what is not a number becomes zero.
    pub fn new(values: &[f32]) -> Packed {
        let largest = values.iter().filter(|value| value.is_finite()).fold(0.0_f32, |max, value| max.max(value.abs()));
        let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let codes = values.iter().map(|value| (value / step).round() as i8).collect();
        Packed { step, codes }
    }

    pub fn len(&self) -> usize {
        self.codes.len()
    }

    pub fn codes(&self) -> &[i8] {
        &self.codes
    }

    pub fn step(&self) -> f32 {
        self.step
    }

    /// The numbers again, each within half a step.
    pub fn values(&self) -> impl Iterator<Item = f32> {
        self.codes.iter().map(|code| f32::from(*code) * self.step)
    }

    #[inline(always)]
    pub fn dot(&self, other: &Probe) -> f32 {
        other.dot(&self.codes) * self.step
    }
}

/// A vector that many packed ones are multiplied with.
#[derive(Debug, Clone)]
pub struct Probe {
    step: f32,
    codes: Vec<i16>,
}

impl Probe {
    /// Steps are fine enough to lose nothing, and coarse enough that a sum over 512 products stays within 32 bits.
    pub fn new(values: &[f32]) -> Probe {
        const CODE_MAX: f32 = 16_383.0;
        let largest = values.iter().filter(|value| value.is_finite()).fold(0.0_f32, |max, value| max.max(value.abs()));
        let step = if largest > 0.0 { largest / CODE_MAX } else { 1.0 };
        Probe { step, codes: values.iter().map(|value| (value / step).round() as i16).collect() }
    }

    /// The product with the codes of a packed vector, in its steps.
    #[inline(always)]
    pub fn dot(&self, codes: &[i8]) -> f32 {
        // Sums of 512 products each: 512 × 127 × 16,383 is below 2³¹.
        let mut sum = 0.0;
        for (a, b) in self.codes.chunks(512).zip(codes.chunks(512)) {
            sum += product(a, b) as f32;
        }
        sum * self.step
    }
}

/// The signs of the first 256 numbers: a sketch to tell from afar what lies in about the same direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sides([u64; 4]);

impl Sides {
    pub const DIMENSIONS: usize = 256;

    pub fn of(values: &[f32]) -> Sides {
        let mut sides = Sides::default();
        for (word, values) in sides.0.iter_mut().zip(values.chunks(64)) {
            *word = values.iter().rev().fold(0, |word, value| word << 1 | u64::from(*value > 0.0));
        }
        sides
    }

    /// In how many dimensions the signs differ.
    #[inline(always)]
    pub fn apart(&self, other: &Sides) -> u32 {
        let mut apart = 0;
        for (a, b) in self.0.iter().zip(&other.0) {
            apart += (a ^ b).count_ones();
        }
        apart
    }
}

pub fn length(values: &[f32]) -> f32 {
    dot(values, values).sqrt()
}

/// `n` zeros. Not `vec!`, which asks for memory that is zero already: the allocator gives large pieces back to the system
/// for that, to be mapped anew page by page.
pub fn zeros<T: Copy + Default>(n: usize) -> Vec<T> {
    let mut zeros = Vec::new();
    zeros.resize(n, T::default());
    zeros
}

/// In eight sums at once, which the compiler makes vectors of.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (a, b) = (a.get(..n).unwrap_or_default(), b.get(..n).unwrap_or_default());
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// Widened in blocks first: multiplying pairs of 16-bit numbers and adding them is one instruction everywhere. Plain loops
/// here and in what calls it become part of a caller that is built for what the processor can do; iterators that are folded
/// stay functions of their own, which are not.
#[inline(always)]
fn product(a: &[i16], b: &[i8]) -> i32 {
    const BLOCK: usize = 64;
    let (a_blocks, a_rest) = a.as_chunks::<BLOCK>();
    let (b_blocks, b_rest) = b.as_chunks::<BLOCK>();
    let mut sum = 0;
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        let mut wide = [0_i16; BLOCK];
        for (wide, code) in wide.iter_mut().zip(b) {
            *wide = i16::from(*code);
        }
        for (a, b) in a.iter().zip(&wide) {
            sum += i32::from(*a) * i32::from(*b);
        }
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        sum += i32::from(*a) * i32::from(*b);
    }
    sum
}
