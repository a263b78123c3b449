//! The transformer: from token numbers to one vector (BERT, Devlin et al. 2019; pooled as E5, Wang et al. 2024).

use std::borrow::Cow;

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{D, Device, Module as _, Tensor};
use candle_nn::LayerNorm;
use candle_nn::ops::softmax;

use super::EmbedError;
use super::format::{File, Shape};
use super::product::{Gelu, Linear};

/// All weights, the large ones with four bits each.
pub struct Encoder {
    shape: Shape,
    words: QTensor,
    /// Position and type added up: the type of every token is the first.
    positions: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    outer_norm: LayerNorm,
}

impl Encoder {
    /// # Errors
    /// [`EmbedError::Format`] if a tensor is missing or of another shape.
    pub fn new(file: &File<'_>) -> Result<Encoder, EmbedError> {
        let shape = file.shape;
        let n = shape.n_hidden;
        let positions = file.floats("emb.pos", shape.n_positions * n)?;
        let types = file.floats("emb.type", shape.n_types * n)?;
        let summed: Vec<f32> = positions.chunks(n).flat_map(|row| row.iter().zip(&types).map(|(a, b)| a + b)).collect();
        let layers = (0..shape.n_layers).map(|layer| Layer::new(file, layer)).collect::<Result<_, _>>()?;
        Ok(Encoder {
            shape,
            words: weights(file, "emb.word", shape.n_words, n)?,
            positions: Tensor::from_vec(summed, (shape.n_positions, n), &Device::Cpu).map_err(broken)?,
            norm: norm(file, "emb.ln")?,
            layers,
        })
    }

    /// The longest text it can read, in tokens.
    pub fn n_positions(&self) -> usize {
        self.shape.n_positions
    }

    /// The vector of length one of a text's tokens.
    ///
    /// # Errors
    /// [`EmbedError::Inference`] if there are more than [`Encoder::n_positions`], or one is not in the vocabulary.
    pub fn vector(&self, tokens: &[u32]) -> Result<Vec<f32>, EmbedError> {
        if tokens.iter().any(|token| *token as usize >= self.shape.n_words) {
            return Err(EmbedError::Inference("a token is not in the vocabulary".to_owned()));
        }
        self.forward(tokens).map_err(|error| EmbedError::Inference(error.to_string()))
    }

    fn forward(&self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        let tokens = Tensor::new(tokens, &Device::Cpu)?;
        let positions = self.positions.narrow(0, 0, tokens.dim(0)?)?;
        let mut x = self.norm.forward(&(self.words.embedding(&tokens)? + positions)?)?;
        for layer in &self.layers {
            x = layer.forward(&x, self.shape.n_heads)?;
        }
        let mean = x.mean(0)?;
        let length = mean.sqr()?.sum_all()?.sqrt()?;
        mean.broadcast_div(&length)?.to_vec1()
    }
}

impl Layer {
    fn new(file: &File<'_>, layer: usize) -> Result<Layer, EmbedError> {
        let Shape { n_hidden, n_inner, .. } = file.shape;
        let linear = |name: &str, n_out: usize, n_in: usize| {
            let blocks = file.four_bit(&format!("l{layer}.{name}.w"), n_out, n_in)?;
            Ok::<_, EmbedError>(Linear::new(blocks, n_in, file.floats(&format!("l{layer}.{name}.b"), n_out)?))
        };
        Ok(Layer {
            query: linear("q", n_hidden, n_hidden)?,
            key: linear("k", n_hidden, n_hidden)?,
            value: linear("v", n_hidden, n_hidden)?,
            attended: linear("ao", n_hidden, n_hidden)?,
            attended_norm: norm(file, &format!("l{layer}.aln"))?,
            inner: linear("fi", n_inner, n_hidden)?,
            outer: linear("fo", n_hidden, n_inner)?,
            outer_norm: norm(file, &format!("l{layer}.oln"))?,
        })
    }

    fn forward(&self, x: &Tensor, n_heads: usize) -> candle_core::Result<Tensor> {
        let (n_tokens, n_hidden) = x.dims2()?;
        let n_head = n_hidden / n_heads;
        let heads = |x: Tensor| x.reshape((n_tokens, n_heads, n_head))?.transpose(0, 1)?.contiguous();
        let query = heads(x.apply_op1_no_bwd(&self.query)?)?;
        let key = heads(x.apply_op1_no_bwd(&self.key)?)?;
        let value = heads(x.apply_op1_no_bwd(&self.value)?)?;
        let scale = 1.0 / (n_head as f64).sqrt();
        let attention = softmax(&(query.matmul(&key.t()?)? * scale)?, D::Minus1)?;
        let attended = attention.matmul(&value)?.transpose(0, 1)?.reshape((n_tokens, n_hidden))?;
        let x = self.attended_norm.forward(&(x + attended.apply_op1_no_bwd(&self.attended)?)?)?;
        let inner = x.apply_op1_no_bwd(&self.inner)?;
        inner.inplace_op1(&Gelu)?;
        self.outer_norm.forward(&(&x + inner.apply_op1_no_bwd(&self.outer)?)?)
    }
}

fn weights(file: &File<'_>, name: &str, n_out: usize, n_in: usize) -> Result<QTensor, EmbedError> {
    // An allocation of its own, because the file's bytes may begin anywhere and a block is read in twos.
    let bytes = file.four_bit(name, n_out, n_in)?.to_vec();
    if !bytes.as_ptr().addr().is_multiple_of(align_of::<u16>()) {
        return Err(EmbedError::Format(format!("tensor `{name}` cannot be read in place")));
    }
    let storage = QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, GgmlDType::Q4_0).map_err(broken)?;
    QTensor::new(storage, (n_out, n_in)).map_err(broken)
}

fn norm(file: &File<'_>, name: &str) -> Result<LayerNorm, EmbedError> {
    let n = file.shape.n_hidden;
    let tensor = |suffix: &str| {
        let values = file.floats(&format!("{name}.{suffix}"), n)?;
        Tensor::from_vec(values, n, &Device::Cpu).map_err(broken)
    };
    Ok(LayerNorm::new(tensor("w")?, tensor("b")?, f64::from(file.shape.epsilon)))
}

fn broken(error: candle_core::Error) -> EmbedError {
    EmbedError::Format(error.to_string())
}
