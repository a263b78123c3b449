//! Vectors of skills' examples and descriptions, kept in a file: a daemon that starts again need not compute them.
//!
//! What users ask never comes here. The file can be lost or damaged at any time: then vectors are computed again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Digest;
use crate::routing::{Embed, EmbedError};
use crate::security::files;

/// Most vectors that are kept.
const KEPT_MAX: usize = 150_000;
/// Dimensions of the largest model whose vectors are kept.
const DIMENSIONS_MAX: usize = 1_024;
/// What the file begins with: the layout, and then the number of dimensions in four bytes.
const MAGIC: &[u8; 8] = b"HVECTOR1";
const HEAD_BYTES: usize = MAGIC.len() + 4;
const KEY_BYTES: usize = 16;
const STEP_BYTES: usize = 4;
const SEAL_BYTES: usize = 32;
const FILE_BYTES_MAX: usize = HEAD_BYTES + KEPT_MAX * (KEY_BYTES + STEP_BYTES + DIMENSIONS_MAX) + SEAL_BYTES;

/// The first half of a text's digest, with what the text is and the model.
type Key = [u8; KEY_BYTES];

/// A model that need not be asked twice.
pub struct Kept {
    model: Arc<dyn Embed>,
    path: Option<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    vectors: HashMap<Key, Vector>,
    /// Vectors that the file does not have.
    n_unsaved: usize,
}

/// Numbers as multiples of a step, as the index keeps them.
struct Vector {
    step: f32,
    codes: Box<[i8]>,
    /// Whether somebody wanted it since the start.
    used: bool,
}

impl Kept {
    /// Vectors of `model`, with those of an earlier start from `path`; nothing is written where there is no path.
    pub fn open(model: Arc<dyn Embed>, path: Option<PathBuf>) -> Kept {
        let vectors = path.as_deref().map(load).unwrap_or_default();
        Kept { model, path, known: Mutex::new(Known { vectors, n_unsaved: 0 }) }
    }

    /// The model itself, for what is not to be kept.
    pub fn model(&self) -> Arc<dyn Embed> {
        self.model.clone()
    }

    /// Writes all vectors, if the file lacks `n_min` of them. A failure costs the next start its time and nothing else.
    pub fn save(&self, n_min: usize) {
        let Some(path) = &self.path else { return };
        let bytes = {
            let mut known = self.known();
            if known.n_unsaved < n_min {
                return;
            }
            known.n_unsaved = 0;
            packed(&known.vectors)
        };
        if let Err(error) = files::write_private(path, &bytes) {
            tracing::warn!(%error, "the vectors of the skills are not kept, and will be computed again");
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vector(&self, kind: &str, text: &str) -> Result<Vec<f32>, EmbedError> {
        let key = key(self.model.id(), kind, text);
        if let Some(vector) = self.known().vectors.get_mut(&key) {
            vector.used = true;
            return Ok(vector.values());
        }
        let computed = match kind {
            "query" => self.model.query(text)?,
            _ => self.model.passages(&[text])?.pop().unwrap_or_default(),
        };
        let vector = Vector::of(&computed);
        // What is read from the file later must be what is used now.
        let values = vector.values();
        let mut known = self.known();
        if known.vectors.len() >= KEPT_MAX {
            known.vectors.retain(|_, vector| vector.used);
        }
        let same_length = known.vectors.values().next().is_none_or(|other| other.codes.len() == vector.codes.len());
        if known.vectors.len() < KEPT_MAX && same_length {
            known.vectors.insert(key, vector);
            known.n_unsaved += 1;
        }
        Ok(values)
    }
}

impl Embed for Kept {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.vector("query", text)
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.vector("passage", text)).collect()
    }

    fn id(&self) -> &str {
        self.model.id()
    }
}

impl Vector {
    fn of(values: &[f32]) -> Vector {
        let largest = values.iter().filter(|value| value.is_finite()).fold(0.0_f32, |max, value| max.max(value.abs()));
        let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        Vector { step, codes: values.iter().map(|value| (value / step).round() as i8).collect(), used: true }
    }

    fn values(&self) -> Vec<f32> {
        self.codes.iter().map(|code| f32::from(*code) * self.step).collect()
    }
}

fn key(model: &str, kind: &str, text: &str) -> Key {
    let digest = Digest::of(format!("{model}\0{kind}\0{text}").as_bytes());
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The vectors in a file; none if it is missing, damaged or of another layout.
fn load(path: &Path) -> HashMap<Key, Vector> {
    let bytes = match files::read_bounded(path, FILE_BYTES_MAX as u64) {
        Ok(None) => return HashMap::new(),
        Ok(Some(bytes)) => bytes,
        Err(error) => {
            tracing::warn!(%error, "the vectors of the skills are computed again");
            return HashMap::new();
        }
    };
    unpacked(&bytes).unwrap_or_else(|| {
        tracing::warn!(path = %path.display(), "the kept vectors are damaged, and are computed again");
        HashMap::new()
    })
}

/// Head, records, and the digest of both.
fn packed(vectors: &HashMap<Key, Vector>) -> Vec<u8> {
    let n_dimensions = vectors.values().next().map_or(0, |vector| vector.codes.len());
    let mut bytes = Vec::with_capacity(HEAD_BYTES + vectors.len() * (KEY_BYTES + STEP_BYTES + n_dimensions));
    bytes.extend(MAGIC);
    bytes.extend((n_dimensions as u32).to_le_bytes());
    for (key, vector) in vectors {
        bytes.extend(key);
        bytes.extend(vector.step.to_le_bytes());
        bytes.extend(vector.codes.iter().map(|code| code.cast_unsigned()));
    }
    let seal = Digest::of(&bytes);
    bytes.extend(seal.as_bytes());
    bytes
}

fn unpacked(bytes: &[u8]) -> Option<HashMap<Key, Vector>> {
    let (sealed, seal) = bytes.split_last_chunk::<SEAL_BYTES>()?;
    if Digest::of(sealed).as_bytes() != seal {
        return None;
    }
    let (n_dimensions, records) = sealed.strip_prefix(MAGIC)?.split_first_chunk()?;
    let n_dimensions = u32::from_le_bytes(*n_dimensions) as usize;
    if n_dimensions > DIMENSIONS_MAX {
        return None;
    }
    let record = |record: &[u8]| {
        let (key, rest) = record.split_first_chunk()?;
        let (step, codes) = rest.split_first_chunk()?;
        let step = f32::from_le_bytes(*step);
        let codes = codes.iter().map(|code| code.cast_signed()).collect();
        step.is_finite().then_some((*key, Vector { step, codes, used: false }))
    };
    let records = records.chunks_exact(KEY_BYTES + STEP_BYTES + n_dimensions);
    if records.remainder().is_empty() { records.map(record).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Vectors of letters, and how many it was asked for.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Embed for Counting {
        fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok((0..32).map(|at| text.bytes().filter(|byte| byte % 32 == at).count() as f32).collect())
        }

        fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
            texts.iter().map(|text| self.query(text)).collect()
        }

        fn id(&self) -> &str {
            "counting"
        }
    }

    fn opened(path: &Path) -> (Arc<Counting>, Kept) {
        let model = Arc::new(Counting::default());
        (model.clone(), Kept::open(model, Some(path.to_owned())))
    }

    #[test]
    fn a_second_start_computes_nothing_and_gets_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some.vectors");
        let (model, kept) = opened(&path);
        let first = (kept.query("toss a coin").unwrap(), kept.passages(&["toss a coin", "roll dice"]).unwrap());
        kept.query("toss a coin").unwrap();
        assert_eq!(model.0.load(Ordering::Relaxed), 3, "a text is computed once, and apart as what it is");
        kept.save(1);
        let (model, kept) = opened(&path);
        let second = (kept.query("toss a coin").unwrap(), kept.passages(&["toss a coin", "roll dice"]).unwrap());
        assert_eq!((model.0.load(Ordering::Relaxed), &second), (0, &first));
    }

    #[test]
    fn a_damaged_file_is_computed_and_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some.vectors");
        let (_, kept) = opened(&path);
        let vector = kept.query("toss a coin").unwrap();
        kept.save(1);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..5], b""] {
            fs::write(&path, damaged).unwrap();
            let (model, kept) = opened(&path);
            assert_eq!(kept.query("toss a coin").unwrap(), vector);
            assert_eq!(model.0.load(Ordering::Relaxed), 1, "{} bytes", damaged.len());
            kept.save(1);
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_usual_is_asked_for_once() {
        let dir = tempfile::tempdir().unwrap();
        let (model, kept) = opened(&dir.path().join("some.vectors"));
        crate::routing::index::prepare_usual(&kept);
        let n = model.0.load(Ordering::Relaxed);
        crate::routing::index::prepare_usual(&kept);
        assert!(n > 0);
        assert_eq!(model.0.load(Ordering::Relaxed), n);
    }
}
