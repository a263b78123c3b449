//! What is installed: immutable snapshots of bundles, their skills, and the files that were refused.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use serde_json::Value;

use super::adapter::Adapter;
use super::metadata::{Annotations, Metadata};
use super::schema;
use super::trial::Trial;
use crate::base::{CallLimits, Digest, GrantKind, Grants, Requests};
use crate::runtime::{Gate, Program};
use crate::telemetry::metrics::CallMetrics;

/// What a bundle is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleKind {
    /// A component of world `happyos:skill/skill`.
    Skill,
    /// A script for the interpreter.
    Script,
    /// A component with plain WIT exports.
    Plain,
    /// A component of world `happyos:agent/agent`.
    Agent,
}

impl BundleKind {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            BundleKind::Skill => "component",
            BundleKind::Script => "script",
            BundleKind::Plain => "plain component",
            BundleKind::Agent => "agent",
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
    /// The file that it came from.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Who signed it; `None` for nobody.
    pub publisher: Option<String>,
    /// What it asks for.
    pub requests: Requests,
    /// What it may touch.
    pub grants: Arc<Grants>,
    /// What it says of itself, where it is an agent.
    pub adapter: Option<Arc<Adapter>>,
    /// Its code.
    pub(super) program: Arc<Program>,
    /// Its places among the running and the waiting calls, which all its versions share.
    pub(super) gate: Arc<Gate>,
    /// The most of them that may run, where the operator says so.
    pub(super) running_max: Option<usize>,
    /// The space of its state: publisher and name.
    pub(super) space: Arc<str>,
    /// The text of its signature file.
    pub(super) signature: Option<String>,
    /// How its first calls go.
    pub(super) trial: Trial,
}

impl Bundle {
    /// The limits of its calls, before a caller tightens them.
    pub fn limits(&self) -> &CallLimits {
        self.program.limits()
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is served.
    Serving,
    /// Its digest needs the operator's approval.
    PendingApproval,
    /// These kinds of what it asks for are not decided.
    WaitingForGrant(Vec<GrantKind>),
    /// An earlier version is served in its place, until the file changes.
    RolledBack,
    /// It is not served.
    Refused,
}

impl State {
    /// The name used on the wire and in commands.
    pub fn as_str(&self) -> &'static str {
        match self {
            State::Serving => "serving",
            State::PendingApproval => "pending approval",
            State::WaitingForGrant(_) => "waiting for grant",
            State::RolledBack => "rolled back",
            State::Refused => "refused",
        }
    }
}

/// One file of the skills directory, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileState {
    /// The file.
    pub path: PathBuf,
    /// The bundle it claims to be, as far as that could be read.
    pub bundle: Option<Arc<str>>,
    /// Its version, where its manifest gives one.
    pub version: Option<String>,
    /// The digest of its bytes, if they were read.
    pub digest: Option<Digest>,
    /// Who signed it.
    pub publisher: Option<String>,
    /// What it asks for.
    pub requests: Requests,
    /// What became of it.
    pub state: State,
    /// Why it is not served, or not yet; empty while it is.
    pub reason: String,
    /// What to do about that, where it is known.
    pub hint: Option<String>,
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
    /// Made at the first call: what checks its input and output, and what counts its calls.
    called: OnceLock<Called>,
}

/// What a skill needs to be called, beside its code.
pub(super) struct Called {
    pub input: Result<Validator, String>,
    pub output: Option<Result<Validator, String>>,
    pub metrics: CallMetrics,
}

impl std::fmt::Debug for Called {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Called")
    }
}

impl Skill {
    /// A skill of `bundle` with checked metadata.
    pub(super) fn new(name: &str, bundle: &Arc<Bundle>, metadata: Metadata) -> Skill {
        let json = |value: &Value| value.to_string().into_boxed_str();
        let examples = (!metadata.examples.is_empty()).then(|| examples_json(&metadata).into_boxed_str());
        Skill {
            name: name.into(),
            bundle: bundle.clone(),
            description: metadata.description.into_boxed_str(),
            input_schema: json(&Value::Object(metadata.input_schema)),
            output_schema: metadata.output_schema.as_ref().map(json),
            examples,
            annotations: metadata.annotations,
            called: OnceLock::new(),
        }
    }

    /// The same skill in another make of its bundle.
    pub(super) fn with_bundle(&self, bundle: &Arc<Bundle>) -> Skill {
        Skill {
            name: self.name.clone(),
            bundle: bundle.clone(),
            description: self.description.clone(),
            input_schema: self.input_schema.clone(),
            output_schema: self.output_schema.clone(),
            examples: self.examples.clone(),
            annotations: self.annotations,
            called: OnceLock::new(),
        }
    }

    /// What checks and counts its calls.
    pub(super) fn called(&self) -> &Called {
        self.called.get_or_init(|| Called {
            input: validator(&self.input_schema),
            output: self.output_schema.as_deref().map(validator),
            metrics: CallMetrics::new(&self.name),
        })
    }

    /// Checks an input against the schema, as a call does.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence for people.
    pub fn check_input(&self, input: &Value) -> Result<(), String> {
        schema::check(self.called().input.as_ref().map_err(Clone::clone)?, input)
    }

    /// The same for an input of which the members `open` are not known yet: they are not looked at.
    ///
    /// # Errors
    /// What is wrong with the rest of it, in a sentence for people.
    pub fn check_input_but(&self, input: &Value, open: &[&str]) -> Result<(), String> {
        if open.is_empty() {
            return self.check_input(input);
        }
        let mut schema: Value = serde_json::from_str(&self.input_schema).map_err(|error| error.to_string())?;
        let mut input = input.clone();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for name in open {
                if let Some(property) = properties.get_mut(*name) {
                    *property = Value::Bool(true);
                }
            }
        }
        if let Some(members) = input.as_object_mut() {
            for name in open {
                members.entry(*name).or_insert(Value::Null);
            }
        }
        schema::check(&schema::compile(&schema)?, &input)
    }

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

    /// Its metadata, read again.
    pub(super) fn metadata(&self) -> Result<Metadata, String> {
        let read = |text: &str| serde_json::from_str(text).map_err(|error| error.to_string());
        Ok(Metadata {
            description: self.description.to_string(),
            input_schema: serde_json::from_str(&self.input_schema).map_err(|error| error.to_string())?,
            output_schema: self.output_schema.as_deref().map(read).transpose()?,
            annotations: self.annotations,
            examples: serde_json::from_str(self.examples()).map_err(|error| error.to_string())?,
        })
    }

    /// Its behaviour hints.
    pub fn annotations(&self) -> Annotations {
        self.annotations
    }
}

fn validator(schema: &str) -> Result<Validator, String> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| error.to_string())?;
    schema::compile(&schema)
}

fn examples_json(metadata: &Metadata) -> String {
    let examples = metadata.examples.iter().map(|example| {
        let mut json = serde_json::json!({"request": example.request, "input": example.input});
        if let Some(members) = json.as_object_mut() {
            if let Some(output) = &example.output {
                members.insert("output".into(), output.clone());
            }
            if example.live {
                members.insert("live".into(), true.into());
            }
        }
        json
    });
    Value::Array(examples.collect()).to_string()
}

/// Why a file would not be served.
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
    files: Vec<Arc<FileState>>,
    refusals: Vec<Arc<FileState>>,
}

impl Snapshot {
    /// A snapshot of these. Skill names are unique: who builds it has seen to that.
    pub(super) fn new(
        mut bundles: Vec<Arc<Bundle>>,
        mut skills: Vec<Arc<Skill>>,
        files: Vec<Arc<FileState>>,
    ) -> Snapshot {
        bundles.sort_by(|a, b| a.name.cmp(&b.name));
        skills.sort_by(|a, b| a.name.cmp(&b.name));
        let by_name = skills.iter().enumerate().map(|(index, skill)| (skill.name.clone(), index)).collect();
        let refusals = files.iter().filter(|file| file.state == State::Refused).cloned().collect();
        Snapshot { bundles, skills, by_name, files, refusals }
    }

    /// All bundles, by name.
    pub fn bundles(&self) -> &[Arc<Bundle>] {
        &self.bundles
    }

    /// All skills, by name.
    pub fn skills(&self) -> &[Arc<Skill>] {
        &self.skills
    }

    /// The files that were refused.
    pub fn refusals(&self) -> &[Arc<FileState>] {
        &self.refusals
    }

    /// All files of the skills directory, by path.
    pub fn files(&self) -> &[Arc<FileState>] {
        &self.files
    }

    /// The file that claims to be the bundle of that name: the one that was there first.
    pub fn file(&self, bundle: &str) -> Option<&Arc<FileState>> {
        let claims = |file: &&Arc<FileState>| file.bundle.as_deref() == Some(bundle);
        let served = self.bundle(bundle).map(|bundle| &bundle.path);
        self.files.iter().filter(claims).max_by_key(|file| (Some(&file.path) == served, file.state != State::Refused))
    }

    /// The bundle of that name.
    pub fn bundle(&self, name: &str) -> Option<&Arc<Bundle>> {
        self.bundles.binary_search_by(|bundle| (*bundle.name).cmp(name)).ok().and_then(|index| self.bundles.get(index))
    }

    /// The bundles that are agents.
    pub fn adapters(&self) -> impl Iterator<Item = &Arc<Bundle>> {
        self.bundles.iter().filter(|bundle| bundle.kind == BundleKind::Agent)
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
