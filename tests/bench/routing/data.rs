//! The files of a data folder, packed or not, and profiles made of them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use happyos::routing::{Change, ExampleText, Profile};
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use serde_json::Value;

/// A folder of the layout that `tests/data/routing/README.md` describes.
pub struct Data {
    folder: PathBuf,
}

impl Data {
    pub fn new(folder: PathBuf) -> Data {
        Data { folder }
    }

    /// The rows of `name`, such as `toole/dev`.
    pub fn rows(&self, name: &str) -> anyhow::Result<Vec<Value>> {
        let plain = self.folder.join(format!("{name}.jsonl"));
        let packed = self.folder.join(format!("{name}.jsonl.gz"));
        let failed = || format!("Failed to read `{}` (or `.jsonl.gz`)", plain.display());
        let reader: Box<dyn Read> = match File::open(&plain) {
            Ok(file) => Box::new(file),
            Err(_) => Box::new(flate2::read::GzDecoder::new(File::open(&packed).with_context(failed)?)),
        };
        let rows = BufReader::new(reader).lines().map(|line| Ok(serde_json::from_str(&line?)?));
        rows.collect::<anyhow::Result<_>>().with_context(failed)
    }

    /// The rows of the set `name` that ends in `_dev`, `dev`, or whatever else the folder's half is called.
    pub fn half(&self, set: &str, prefix: &str) -> anyhow::Result<Vec<Value>> {
        let folder = self.folder.join(set);
        let entries = std::fs::read_dir(&folder).with_context(|| format!("Failed to read `{}`", folder.display()))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| {
                let stem = name.strip_suffix(".gz").unwrap_or(&name).strip_suffix(".jsonl")?;
                let rest = stem.strip_prefix(prefix)?;
                let other = ["tools", "intents"].contains(&stem) || (prefix.is_empty() && rest.contains('_'));
                (!other && !rest.is_empty()).then(|| stem.to_owned())
            })
            .collect();
        names.sort();
        let name = names.first().with_context(|| format!("no rows `{prefix}….jsonl` in `{}`", folder.display()))?;
        self.rows(&format!("{set}/{name}"))
    }
}

/// The text at `key`; empty if there is none.
pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

/// The texts in the list at `key`.
pub fn texts(row: &Value, key: &str) -> Vec<String> {
    row[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub fn is_outside(row: &Value) -> bool {
    row["oos"].as_bool().unwrap_or(false)
}

/// The order that rows are taken in: the same on every machine.
pub fn shuffled<T>(mut rows: Vec<T>, seed: u64) -> Vec<T> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    rows.shuffle(&mut random);
    rows
}

/// A skill of these words.
pub fn profile(name: &str, description: &str, schema: Value, language: &str, examples: &[&str]) -> Change {
    let example = |text: &&str| ExampleText { language: language.to_owned(), text: (*text).to_owned(), input: None };
    Change::Put(Arc::new(Profile {
        name: name.into(),
        description: description.to_owned(),
        input_schema: Arc::new(schema),
        output_schema: None,
        examples: examples.iter().map(example).collect(),
        read_only: false,
    }))
}
