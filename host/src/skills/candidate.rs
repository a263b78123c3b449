//! A bundle that is tried out before it is a file of the skills directory: read, loaded and called a step at a time, with
//! nothing real behind it, by whoever judges it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jsonschema::Validator;
use serde_json::Value;

use super::Skills;
use super::catalog::Refusal;
use super::directory::Read;
use super::manifest::Manifest;
use super::metadata::{Example, Metadata, Stub};
use super::probe::{self, File, Probed, ProbedSkill, Rejection, StoredKind};
use super::schema;
use super::shelf::cannot_read;
use crate::base::{CallLimits, Digest, Failure, FailureKind, LimitOverrides, RequestId, Requests, Usage};
use crate::runtime::{ClockMode, Described, GuestCall, Origin, Powers, Program, ProgramSpec, Seen, World};
use crate::security::{Action, Principal, authorise};

/// A file of this machine, read once.
pub struct FileRead {
    pub(super) path: PathBuf,
    pub(super) read: Read,
}

impl FileRead {
    /// What is in it.
    pub fn bytes(&self) -> Bytes {
        self.read.bytes.clone()
    }
}

/// Bytes that claim to be a bundle. Nothing of them has run.
pub struct Candidate {
    skills: Skills,
    file: File,
    bytes: Bytes,
    limits: CallLimits,
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it asks for.
    pub requests: Requests,
}

/// A candidate whose code has loaded.
pub struct Loaded {
    candidate: Candidate,
    kind: StoredKind,
    imports: Vec<String>,
    described: Vec<Described>,
    program: Arc<Program>,
    /// What its top level did beside declaring skills.
    pub seen: Seen,
}

/// One skill of a candidate, its metadata and schemas well-formed.
pub struct CandidateSkill {
    /// The name it gives itself.
    pub name: Arc<str>,
    /// What it says of itself.
    pub metadata: Metadata,
    text: String,
    input: Validator,
    output: Option<Validator>,
}

/// How one call of a candidate is made.
#[derive(Debug, Clone, Default)]
pub struct Trying<'a> {
    /// What HTTP requests are answered with.
    pub http: &'a [Stub],
    /// What its random numbers are drawn from.
    pub seed: u64,
    /// Where both clocks stand, in milliseconds since 1970.
    pub now_ms: u64,
    /// Tighter limits than the daemon's.
    pub limits: LimitOverrides,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The output, which meets the output schema where there is one.
    pub result: Result<Value, Failure>,
    /// What it used.
    pub usage: Usage,
    /// What it did beside answering.
    pub seen: Seen,
}

impl Skills {
    /// Reads a file of this machine as one of the skills directory is read: a regular one, within bounds.
    ///
    /// # Errors
    /// Why it is not read; for all but operators, that they may not.
    pub async fn read_file(&self, principal: &Principal, path: &Path) -> Result<FileRead, Refusal> {
        let refusal = |reason, hint| Refusal { path: path.to_owned(), reason, hint };
        authorise(principal, Action::CheckFiles).map_err(|failure| refusal(failure.message, failure.hint))?;
        let read = self.inner.read_file(path).await;
        read.map(|read| FileRead { path: path.to_owned(), read })
            .map_err(|Rejection { reason, hint, .. }| refusal(reason, hint))
    }

    /// Takes bytes as a candidate, as if they lay in the skills directory as `file_name`. Reads the manifest, runs nothing.
    ///
    /// # Errors
    /// What is wrong with its name or its manifest; for all but operators, that they may not.
    pub async fn candidate(&self, principal: &Principal, file_name: &str, bytes: Bytes) -> Result<Candidate, Refusal> {
        let path = Path::new(file_name);
        let refusal = |Rejection { reason, hint, .. }: Rejection| Refusal { path: path.to_owned(), reason, hint };
        authorise(principal, Action::CheckFiles).map_err(|Failure { message, hint, .. }| Refusal {
            path: path.to_owned(),
            reason: message,
            hint,
        })?;
        let (stem, is_script) = probe::classify(path)
            .ok_or_else(|| refusal(Rejection::lasting("its name does not end in `.wasm` or `.js`")))?;
        let in_place = self.inner.config.skills_dir.join(file_name);
        let size_bytes = bytes.len() as u64;
        let reading = bytes.clone();
        let read = move || {
            let file = File { path: in_place, stem, is_script, digest: Digest::of(&reading), size_bytes };
            let manifest = probe::manifest(&file, &reading)?;
            Ok((file, manifest))
        };
        let read = self.inner.by_size(size_bytes, read).await;
        let read = read.unwrap_or_else(|failure| Err(cannot_read(&failure)));
        let (file, manifest) = read.map_err(refusal)?;
        let requests = manifest.requests().map_err(|error| refusal(Rejection::lasting(error)))?;
        let limits = self.inner.config.limits;
        Ok(Candidate { skills: self.clone(), file, bytes, limits, manifest, requests })
    }
}

impl Candidate {
    /// The digest of its bytes.
    pub fn digest(&self) -> Digest {
        self.file.digest
    }

    /// Its text, if it is a script.
    pub fn script(&self) -> Option<&str> {
        self.file.is_script.then(|| std::str::from_utf8(&self.bytes).unwrap_or_default())
    }

    /// The limits that its calls would have.
    pub fn limits(&self) -> &CallLimits {
        &self.limits
    }

    /// Loads its code in the sandbox and asks it for its skills.
    ///
    /// # Errors
    /// Why it does not load.
    pub async fn load(self) -> Result<Loaded, Refusal> {
        let path = self.file.path.clone();
        let refusal = |Rejection { reason, hint, .. }: Rejection| Refusal { path: path.clone(), reason, hint };
        let inner = &self.skills.inner;
        let (kind, imports) = if self.file.is_script {
            (StoredKind::Script, Vec::new())
        } else {
            let shape = inner.shape(&self.file, &self.bytes).await.map_err(&refusal)?;
            match shape.world {
                World::Skill => (StoredKind::Skill, shape.imports),
                World::Plain => (StoredKind::Plain, shape.imports),
                World::Agent => return Err(refusal(Rejection::lasting("it is an agent, not a bundle of skills"))),
                World::Script => {
                    return Err(refusal(Rejection::lasting("it is a script interpreter, not a bundle of skills")));
                }
            }
        };
        let program = inner.runtime.program(ProgramSpec {
            name: self.manifest.name.as_str().into(),
            digest: self.file.digest,
            origin: Origin::Bytes(self.bytes.clone()),
            kind: kind.program_kind(),
            limits: self.limits,
            gate: inner.runtime.gate(None),
        });
        let powers = Powers::watched(Vec::new());
        let rehearsal = powers.rehearsal.clone();
        let described = probe::describe(&inner.runtime, &self.file, &program, kind, powers).await.map_err(&refusal)?;
        if described.is_empty() {
            return Err(refusal(Rejection::lasting(
                "it has no skills (hint: a script calls `skill({…})`, a Rust skill is named in `happyos_sdk::bundle!(…)`)",
            )));
        }
        let seen = rehearsal.map(|rehearsal| rehearsal.seen()).unwrap_or_default();
        Ok(Loaded { candidate: self, kind, imports, described, program, seen })
    }
}

impl Loaded {
    /// What was loaded.
    pub fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// Reads what it says of its skills.
    ///
    /// # Errors
    /// What is wrong with the metadata or a schema.
    pub fn skills(&self) -> Result<Vec<CandidateSkill>, String> {
        let mut skills: Vec<CandidateSkill> = Vec::with_capacity(self.described.len());
        for Described { name, metadata: text } in &self.described {
            let metadata = Metadata::parse(name, text)?;
            if skills.iter().any(|skill| &*skill.name == name) {
                return Err(format!("it has two skills named `{name}`"));
            }
            let wrong = |which: &str, problem: String| format!("skill `{name}`: its {which} schema: {problem}");
            let input = schema::compile(&Value::Object(metadata.input_schema.clone()))
                .map_err(|problem| wrong("input", problem))?;
            let output = metadata
                .output_schema
                .as_ref()
                .map(|output| schema::compile(output).map_err(|problem| wrong("output", problem)))
                .transpose()?;
            skills.push(CandidateSkill { name: name.as_str().into(), metadata, text: text.clone(), input, output });
        }
        Ok(skills)
    }

    /// Calls one of its skills in a fresh instance with nothing real behind it: scratch state, HTTP as `trying` answers it.
    pub async fn call(&self, skill: &CandidateSkill, input: &Value, trying: Trying<'_>) -> Tried {
        let powers = Powers::watched(trying.http.iter().map(Stub::to_runtime).collect());
        let rehearsal = powers.rehearsal.clone();
        let call = GuestCall {
            skill: skill.name.clone(),
            input: input.to_string(),
            value: input.clone(),
            request_id: RequestId::from_bits(0),
            session_id: None,
            locale: "en".into(),
            limits: self.program.limits().tightened(&trying.limits),
            seed: trying.seed,
            clock: ClockMode::Fixed(trying.now_ms),
            progress: None,
            powers,
        };
        let (result, usage) = self.candidate.skills.inner.runtime.call(&self.program, call).await;
        let result = result.and_then(|answer| {
            let invalid = |message: String| Failure::new(FailureKind::InvalidOutput, message);
            let output: Value = serde_json::from_str(&answer.json)
                .map_err(|error| invalid(format!("its output is not JSON: {error}")))?;
            if let Some(validator) = &skill.output {
                schema::check(validator, &output)
                    .map_err(|problem| invalid(format!("its output does not meet the output schema: {problem}")))?;
            }
            Ok(output)
        });
        Tried { result, usage, seen: rehearsal.map(|rehearsal| rehearsal.seen()).unwrap_or_default() }
    }

    /// Writes down that its own examples came out, so that it is not run again for that when it is installed.
    pub fn vouch(&self, skills: &[CandidateSkill]) {
        let probed = Probed {
            stem: self.candidate.file.stem.clone(),
            kind: self.kind,
            manifest: self.candidate.manifest.clone(),
            imports: self.imports.clone(),
            agent: None,
            skills: skills
                .iter()
                .map(|skill| ProbedSkill { name: skill.name.to_string(), metadata: skill.text.clone() })
                .collect(),
        };
        let runtime = &self.candidate.skills.inner.runtime;
        probe::keep(runtime, &self.candidate.file, &self.candidate.limits, &Ok(probed));
    }
}

impl CandidateSkill {
    /// Checks an input against the skill's schema.
    ///
    /// # Errors
    /// The first few problems, in a sentence.
    pub fn check_input(&self, input: &Value) -> Result<(), String> {
        schema::check(&self.input, input)
    }

    /// Its examples that need nothing of the outside world.
    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.metadata.examples.iter().filter(|example| !example.live)
    }
}
