//! Vectors of texts by a multilingual E5 model, on the processor, from the model's bytes.

mod encoder;
mod format;
mod pieces;
mod product;

use super::{Embed, EmbedError};
use encoder::Encoder;
use pieces::Pieces;

/// Most bytes of a text that are read; the rest is left out, as far as vectors go.
const TEXT_BYTES_MAX: usize = 2 << 10;
/// Most tokens of a text that are read, with its prefix and its ends: bounds the time of one vector.
const TOKENS_MAX: usize = 128;

/// A model of the E5 family, read whole.
pub struct E5 {
    pieces: Pieces,
    encoder: Encoder,
    id: String,
}

impl std::fmt::Debug for E5 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("E5").field("id", &self.id).finish_non_exhaustive()
    }
}

impl E5 {
    /// Reads a packed model: tokenizer and four-bit weights in one file.
    ///
    /// `id` names it; two models whose vectors must not be compared need different names. The bytes are not kept.
    ///
    /// # Errors
    /// [`EmbedError::Format`] if the bytes are not such a model, or not a whole one.
    pub fn parse(bytes: &[u8], id: &str) -> Result<E5, EmbedError> {
        let file = format::read(bytes)?;
        let pieces = Pieces::new(&file.vocabulary)?;
        let encoder = Encoder::new(&file)?;
        Ok(E5 { pieces, encoder, id: id.to_owned() })
    }

    fn vector(&self, prefix: &str, text: &str) -> Result<Vec<f32>, EmbedError> {
        let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
        let n_tokens_max = TOKENS_MAX.min(self.encoder.n_positions());
        let tokens = self.pieces.encode(&format!("{prefix}{text}"), n_tokens_max);
        self.encoder.vector(&tokens)
    }
}

impl Embed for E5 {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.vector("query: ", text)
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.vector("passage: ", text)).collect()
    }

    fn id(&self) -> &str {
        &self.id
    }
}
