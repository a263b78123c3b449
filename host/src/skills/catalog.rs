//! What is installed: immutable snapshots of bundles, their skills, and the files that were refused.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::metadata::{Annotations, Metadata};
use crate::base::Digest;

/// What a bundle is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleKind {
    /// A component of world `happyos:skill/skill`.
    Skill,
    /// A script for the interpreter.
    Script,
    /// A component with plain WIT exports.
    Plain,
}

impl BundleKind {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            BundleKind::Skill => "component",
            BundleKind::Script => "script",
            BundleKind::Plain => "plain component",
        }
    }
}

/// One installed file.
#[derive(Debug)]
pub struct Bundle {
    /// Its name, from the manifest or the file stem.
    pub name: Arc<str>,
    /// Its version, where the manifest gives one.
    pub version: Option<String>,
    /// Its licence, where the manifest gives one.
    pub license: Option<String>,
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// What it is made of.
    pub kind: BundleKind,
    /// The file.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub size_bytes: u64,
}

/// One skill. Idle it is only its metadata; code is loaded at the first call.
#[derive(Debug)]
pub struct Skill {
    name: Arc<str>,
    bundle: Arc<Bundle>,
    description: Box<str>,
    input_schema: Box<str>,
    output_schema: Option<Box<str>>,
    examples: Option<Box<str>>,
    annotations: Annotations,
}

impl Skill {
    /// The public name: what callers and MCP clients use.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The bundle it came in.
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// What it does.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// JSON Schema of its input, as JSON text.
    pub fn input_schema(&self) -> &str {
        &self.input_schema
    }

    /// JSON Schema of its output, as JSON text.
    pub fn output_schema(&self) -> Option<&str> {
        self.output_schema.as_deref()
    }

    /// Its examples, as the JSON text of an array.
    pub fn examples(&self) -> &str {
        self.examples.as_deref().unwrap_or("[]")
    }

    /// Its behaviour hints.
    pub fn annotations(&self) -> Annotations {
        self.annotations
    }
}

/// A file that is not served, and why.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// All that is installed at one moment. Never changes; a reload makes another.
#[derive(Debug, Default)]
pub struct Snapshot {
    bundles: Vec<Arc<Bundle>>,
    /// Sorted by name.
    skills: Vec<Arc<Skill>>,
    by_name: HashMap<Arc<str>, usize>,
    refusals: Vec<Refusal>,
}

impl Snapshot {
    /// All bundles, by name.
    pub fn bundles(&self) -> &[Arc<Bundle>] {
        &self.bundles
    }

    /// All skills, by name.
    pub fn skills(&self) -> &[Arc<Skill>] {
        &self.skills
    }

    /// The files that were refused.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// The skill of that name.
    pub fn skill(&self, name: &str) -> Option<&Arc<Skill>> {
        self.by_name.get(name).and_then(|index| self.skills.get(*index))
    }

    /// The installed name most like `name`, where one is like enough to suggest.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        self.skills
            .iter()
            .map(|skill| (strsim::jaro_winkler(name, &skill.name), &*skill.name))
            .filter(|(score, _)| *score > 0.75)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name)
    }
}
