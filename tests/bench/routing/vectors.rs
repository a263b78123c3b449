//! The model with its vectors kept in `target/bench`, so that a second run need not compute them again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context as _;
use happyos::base::Digest;
use happyos::routing::embedding::E5;
use happyos::routing::{Change, Embed, EmbedError, index};

const N_KEY: usize = 32;

/// A model, and the vectors it made so far.
pub struct Cached {
    model: E5,
    path: PathBuf,
    known: Mutex<HashMap<[u8; N_KEY], Vec<f32>>>,
}

impl Cached {
    /// Opens the installed model, installing it where it is not.
    pub fn open() -> anyhow::Result<Cached> {
        let (model, digest) = crate::model::open()?;
        let target = happyos_tests::profile_dir();
        let folder = target.parent().context("no target folder")?.join("bench");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("vectors-{digest}.bin"));
        let mut known = HashMap::new();
        let n_dimensions = model.query("")?.len();
        for record in fs::read(&path).unwrap_or_default().chunks_exact(N_KEY + n_dimensions * 4) {
            let (key, values) = record.split_at(N_KEY);
            let values = values.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
            known.insert(key.try_into()?, values);
        }
        Ok(Cached { model, path, known: Mutex::new(known) })
    }

    pub fn model(&self) -> &E5 {
        &self.model
    }

    /// Computes the vectors of requests that are not known yet, on all processors, and keeps them.
    pub fn prepare<'a>(&self, texts: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
        let known = self.known.lock().unwrap();
        let mut missing: Vec<&str> = texts.filter(|text| !known.contains_key(&key("query", text))).collect();
        drop(known);
        missing.sort_unstable();
        missing.dedup();
        on_all_processors(&missing, |text| self.query(text).map(|_| ()))
    }

    /// The same for what an index of these skills wants.
    pub fn prepare_skills(&self, changes: &[Change]) -> anyhow::Result<()> {
        let prepare = |change: &Change| {
            if let Change::Put(profile) = change {
                index::prepare(profile, self);
            }
            Ok(())
        };
        on_all_processors(changes, prepare)
    }

    fn vector(&self, kind: &str, text: &str) -> Result<Vec<f32>, EmbedError> {
        let key = key(kind, text);
        if let Some(vector) = self.known.lock().unwrap().get(&key) {
            return Ok(vector.clone());
        }
        let vector = match kind {
            "query" => self.model.query(text)?,
            _ => self.model.passages(&[text])?.pop().unwrap_or_default(),
        };
        let mut known = self.known.lock().unwrap();
        let mut record = key.to_vec();
        record.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        let file = File::options().create(true).append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(&record)).map_err(|error| EmbedError::Inference(error.to_string()))?;
        known.insert(key, vector.clone());
        Ok(vector)
    }
}

fn on_all_processors<T: Sync>(all: &[T], work: impl Fn(&T) -> Result<(), EmbedError> + Sync) -> anyhow::Result<()> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = &work;
    std::thread::scope(|scope| {
        let part = |part: &'_ [T]| part.iter().try_for_each(work);
        let parts = all.chunks(all.len().div_ceil(n_threads).max(1));
        let parts: Vec<_> = parts.map(|those| scope.spawn(move || part(those))).collect();
        parts.into_iter().try_for_each(|part| part.join().expect("a thread that computes vectors"))
    })?;
    Ok(())
}

fn key(kind: &str, text: &str) -> [u8; N_KEY] {
    *Digest::of(format!("{kind}\0{text}").as_bytes()).as_bytes()
}

impl Embed for Cached {
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
