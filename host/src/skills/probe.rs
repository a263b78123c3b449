//! Reading one bundle: what it is, what skills it has, whether its own examples come out.
//!
//! The outcome depends on the bytes alone (and on the file's stem, for bundles without a name), so it is
//! kept as a sealed note and a second start runs nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::adapter::Adapter;
use super::catalog::BundleKind;
use super::manifest::Manifest;
use super::metadata::{Example, Metadata, Stub};
use super::schema;
use crate::base::{CallLimits, Digest, FailureKind, Limit, LimitOverrides, RequestId, Usage};
use crate::runtime::{
    ClockMode, CompileError, DescribeError, Described, GuestCall, Origin, Powers, Program, ProgramKind, ProgramSpec,
    Runtime, Shape, World,
};

/// The moment at which both clocks stand still while examples run: 2026-01-01T00:00:00Z, a Thursday; the SDK tests natively at the same.
pub const EXAMPLE_TIME_MS: u64 = 1_767_225_600_000;
/// The seed of their random numbers.
const EXAMPLE_SEED: u64 = 0;
/// The limits of one example, at most.
const EXAMPLE_LIMITS: LimitOverrides = LimitOverrides {
    fuel: Some(1_000_000_000),
    wall_ms: Some(5_000),
    memory_bytes: None,
    host_calls: None,
    output_bytes: None,
};

/// A bundle's file as it was read.
#[derive(Clone)]
pub struct File {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name without the ending.
    pub stem: String,
    /// Whether it is a script.
    pub is_script: bool,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Their number.
    pub size_bytes: u64,
}

/// What reading a bundle found out. Stored: fields are only added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Probed {
    /// The stem it was read under, which names bundles that do not name themselves.
    pub stem: String,
    /// What the bundle is.
    pub kind: StoredKind,
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it imports; nothing of its own for a script.
    #[serde(default)]
    pub imports: Vec<String>,
    /// Its skills.
    pub skills: Vec<ProbedSkill>,
    /// What it says of itself, as JSON text, where it is an agent.
    #[serde(default)]
    pub agent: Option<String>,
}

/// [`BundleKind`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredKind {
    /// A component of world `happyos:skill/skill`.
    Skill,
    /// A script.
    Script,
    /// A component with plain exports.
    Plain,
    /// An agent.
    Agent,
}

/// One skill of a bundle, checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProbedSkill {
    /// Its public name.
    pub name: String,
    /// Its metadata as JSON text.
    pub metadata: String,
}

/// Why a file is not served.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Rejection {
    /// What is wrong.
    pub reason: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Whether the bytes are at fault, so that the outcome is the same next time.
    pub lasting: bool,
}

impl Rejection {
    /// The bytes are at fault. A hint in brackets at the end becomes the hint.
    pub fn lasting(reason: impl Into<String>) -> Rejection {
        let reason = reason.into();
        let split = reason.strip_suffix(')').and_then(|text| text.rsplit_once(" (hint: "));
        match split {
            Some((reason, hint)) => Rejection { reason: reason.to_owned(), hint: Some(hint.to_owned()), lasting: true },
            None => Rejection { reason, hint: None, lasting: true },
        }
    }

    /// The bytes may be served another time.
    pub fn passing(reason: impl Into<String>) -> Rejection {
        Rejection { lasting: false, ..Rejection::lasting(reason) }
    }
}

/// What is kept of a look at some bytes.
#[derive(Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way to or from a file")]
enum Note {
    Served(Probed),
    /// `under` names the limits it was refused under: under others it gets another look.
    Refused {
        stem: String,
        under: String,
        rejection: Rejection,
    },
}

impl StoredKind {
    /// The same, as the catalog says it.
    pub fn bundle_kind(self) -> BundleKind {
        match self {
            StoredKind::Skill => BundleKind::Skill,
            StoredKind::Script => BundleKind::Script,
            StoredKind::Plain => BundleKind::Plain,
            StoredKind::Agent => BundleKind::Agent,
        }
    }

    /// What the runtime makes of it.
    pub fn program_kind(self) -> ProgramKind {
        match self {
            StoredKind::Skill => ProgramKind::Component(World::Skill),
            StoredKind::Script => ProgramKind::Script,
            StoredKind::Plain => ProgramKind::Component(World::Plain),
            StoredKind::Agent => ProgramKind::Component(World::Agent),
        }
    }
}

/// How one example came out.
#[derive(Debug, Clone)]
pub struct ExampleResult {
    /// The skill.
    pub skill: String,
    /// Which of its examples, from 1.
    pub number: usize,
    /// The request in plain words, in one of its languages.
    pub request: Option<String>,
    /// What was wrong.
    pub result: Result<(), String>,
    /// Whether it may come out right another time, on a machine less busy.
    pub may_pass_later: bool,
    /// What it used.
    pub usage: Usage,
}

/// Whether a failure is the machine's as much as the bundle's.
fn may_pass_later(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Unavailable | FailureKind::Internal | FailureKind::LimitExceeded(Limit::Time))
}

/// What was learned of a file at an earlier time.
pub fn recall(runtime: &Runtime, file: &File, limits: &CallLimits) -> Option<Result<Probed, Rejection>> {
    match serde_json::from_slice(&runtime.recall(&file.digest)?).ok()? {
        Note::Served(probed) if probed.stem == file.stem => Some(Ok(probed)),
        Note::Refused { stem, under, rejection } if stem == file.stem && under == fingerprint(limits) => {
            Some(Err(rejection))
        }
        _ => None,
    }
}

/// Reads a bundle whose bytes are `bytes`, and keeps what was learned.
///
/// # Errors
/// Why it is not served.
pub async fn probe(runtime: &Runtime, file: &File, bytes: &Bytes, limits: CallLimits) -> Result<Probed, Rejection> {
    let outcome = look(runtime, file, bytes, limits).await;
    keep(runtime, file, &limits, &outcome);
    outcome
}

/// Keeps what was learned of a bundle, where that depends on its bytes alone.
pub fn keep(runtime: &Runtime, file: &File, limits: &CallLimits, outcome: &Result<Probed, Rejection>) {
    let note = match outcome {
        Ok(probed) => Some(Note::Served(probed.clone())),
        Err(rejection) if rejection.lasting => {
            Some(Note::Refused { stem: file.stem.clone(), under: fingerprint(limits), rejection: rejection.clone() })
        }
        Err(_) => None,
    };
    if let Some(note) = note.and_then(|note| serde_json::to_vec(&note).ok()) {
        runtime.remember(file.digest, note);
    }
}

/// Tells limits apart in a note.
fn fingerprint(limits: &CallLimits) -> String {
    format!("{limits:?}")
}

async fn look(runtime: &Runtime, file: &File, bytes: &Bytes, limits: CallLimits) -> Result<Probed, Rejection> {
    let manifest = manifest(file, bytes)?;
    let (kind, imports) = if file.is_script {
        (StoredKind::Script, Vec::new())
    } else {
        let shape = shape(runtime, file, bytes).await?;
        let kind = match shape.world {
            World::Skill => StoredKind::Skill,
            World::Plain => StoredKind::Plain,
            World::Agent => StoredKind::Agent,
            World::Script => return Err(Rejection::lasting("it is a script interpreter, not a bundle of skills")),
        };
        (kind, shape.imports)
    };
    let program = runtime.program(ProgramSpec {
        name: manifest.name.as_str().into(),
        digest: file.digest,
        origin: Origin::Bytes(bytes.clone()),
        kind: kind.program_kind(),
        limits,
        gate: runtime.gate(None),
    });
    let described = describe(runtime, file, &program, kind, Powers::default()).await?;
    let stem = file.stem.clone();
    if kind == StoredKind::Agent {
        let agent = described.into_iter().next().map(|one| one.metadata).unwrap_or_default();
        Adapter::parse(&agent).map_err(Rejection::lasting)?;
        return Ok(Probed { stem, kind, manifest, imports, skills: Vec::new(), agent: Some(agent) });
    }
    let skills = check_skills(runtime, &program, described).await?;
    Ok(Probed { stem, kind, manifest, imports, skills, agent: None })
}

/// What a bundle says of itself as a whole, read without compiling or running anything.
///
/// # Errors
/// What is wrong with it.
pub fn manifest(file: &File, bytes: &[u8]) -> Result<Manifest, Rejection> {
    let manifest = if file.is_script {
        let source = std::str::from_utf8(bytes).map_err(|_| Rejection::lasting("it is not UTF-8"))?;
        Manifest::from_script(source).map_err(|error| Rejection::lasting(placed(file, &error)))?
    } else {
        let section = crate::runtime::manifest_of(bytes).map_err(Rejection::lasting)?;
        section.as_deref().map(Manifest::from_section).transpose().map_err(Rejection::lasting)?
    };
    Ok(manifest.unwrap_or_else(|| Manifest::of_stem(&file.stem)))
}

/// What a component is, once it has compiled.
///
/// # Errors
/// Why it does not compile.
pub async fn shape(runtime: &Runtime, file: &File, bytes: &[u8]) -> Result<Shape, Rejection> {
    runtime.inspect(&file.digest, bytes).await.map_err(|error| match error {
        CompileError::Refused(_) => Rejection::lasting(error.to_string()),
        // The runtime remembers the costly ones itself, with what they were allowed.
        CompileError::TooCostly(_) | CompileError::Busy { .. } | CompileError::Helper(_) => {
            Rejection::passing(error.to_string())
        }
    })
}

/// `file.js:line:column: …` where the message starts with a line.
fn placed(file: &File, message: &str) -> String {
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if message.starts_with(|first: char| first.is_ascii_digit()) {
        format!("{name}:{message}")
    } else {
        message.to_owned()
    }
}

/// Asks a bundle for its skills, with `powers` for what its top level does.
///
/// # Errors
/// Why it cannot say.
pub async fn describe(
    runtime: &Runtime,
    file: &File,
    program: &Arc<Program>,
    kind: StoredKind,
    powers: Powers,
) -> Result<Vec<Described>, Rejection> {
    if kind == StoredKind::Plain {
        let functions =
            runtime.plain_functions(program).await.map_err(|failure| Rejection::lasting(failure.message))?;
        let describe = |function: crate::runtime::PlainFunction| Described {
            metadata: plain_metadata(program, &function).to_string(),
            name: function.name,
        };
        return Ok(functions.into_iter().map(describe).collect());
    }
    runtime.describe(program, powers).await.map_err(|error| match error {
        DescribeError::Script { message, line: 0, .. } => Rejection::lasting(message),
        DescribeError::Script { message, line, column } => {
            Rejection::lasting(placed(file, &format!("{line}:{}: {message}", column.max(1))))
        }
        DescribeError::Failed(failure) => {
            let reason = format!("asking it for its skills failed: {failure}");
            if may_pass_later(failure.kind) {
                Rejection::passing(reason)
            } else {
                Rejection { hint: failure.hint, ..Rejection::lasting(reason) }
            }
        }
    })
}

fn plain_metadata(program: &Program, function: &crate::runtime::PlainFunction) -> Value {
    let mut metadata = Map::new();
    let description = format!("The function `{}` of the component `{}`.", function.export, program.name());
    metadata.insert("description".into(), description.into());
    metadata.insert("inputSchema".into(), function.input_schema.clone());
    if let Some(schema) = &function.output_schema {
        metadata.insert("outputSchema".into(), schema.clone());
    }
    Value::Object(metadata)
}

async fn check_skills(
    runtime: &Runtime,
    program: &Arc<Program>,
    described: Vec<Described>,
) -> Result<Vec<ProbedSkill>, Rejection> {
    if described.is_empty() {
        return Err(Rejection::lasting(
            "it has no skills (hint: a Rust skill is named in `happyos_sdk::bundle!(…)`, a script calls `skill({…})`)",
        ));
    }
    let mut skills: Vec<ProbedSkill> = Vec::with_capacity(described.len());
    for Described { name, metadata } in described {
        let parsed = Metadata::parse(&name, &metadata).map_err(Rejection::lasting)?;
        if skills.iter().any(|skill| skill.name == name) {
            return Err(Rejection::lasting(format!("it has two skills named `{name}`")));
        }
        check_schemas(&name, &parsed)?;
        for result in run_examples(runtime, program, &name, &parsed, None).await {
            if let Err(problem) = result.result {
                let reason = format!("skill `{name}`: example {}: {problem}", result.number);
                return Err(Rejection { lasting: !result.may_pass_later, ..Rejection::lasting(reason) });
            }
        }
        skills.push(ProbedSkill { name, metadata });
    }
    Ok(skills)
}

fn check_schemas(name: &str, metadata: &Metadata) -> Result<(), Rejection> {
    let wrong =
        |which: &str, problem: String| Rejection::lasting(format!("skill `{name}`: its {which} schema: {problem}"));
    let input = Value::Object(metadata.input_schema.clone());
    let validator = schema::compile(&input).map_err(|problem| wrong("input", problem))?;
    for (index, example) in metadata.examples.iter().enumerate() {
        schema::check(&validator, &example.input).map_err(|problem| {
            Rejection::lasting(format!(
                "skill `{name}`: example {}: its input does not meet the input schema: {problem}",
                index + 1
            ))
        })?;
    }
    if let Some(output) = &metadata.output_schema {
        schema::compile(output).map_err(|problem| wrong("output", problem))?;
    }
    Ok(())
}

/// Runs a skill's examples: scratch state, HTTP as the example answers it, a fixed clock and seed, small limits. Those marked `live`
/// run only if `live` says so, on the real clock.
pub async fn run_examples(
    runtime: &Runtime,
    program: &Arc<Program>,
    name: &str,
    metadata: &Metadata,
    live: Option<&Powers>,
) -> Vec<ExampleResult> {
    let output_schema = metadata.output_schema.as_ref().and_then(|schema| schema::compile(schema).ok());
    let skill: Arc<str> = name.into();
    let mut results = Vec::new();
    for (index, example) in metadata.examples.iter().enumerate() {
        let powers = match live {
            Some(granted) if example.live => granted.clone(),
            None if example.live => continue,
            _ => Powers::rehearsal(example.http.iter().map(Stub::to_runtime).collect()),
        };
        let input = example.input.to_string();
        let call = GuestCall {
            skill: skill.clone(),
            input,
            value: example.input.clone(),
            request_id: RequestId::from_bits(0),
            session_id: None,
            locale: "en".into(),
            limits: program.limits().tightened(&EXAMPLE_LIMITS),
            seed: EXAMPLE_SEED,
            clock: if example.live { ClockMode::Real } else { ClockMode::Fixed(EXAMPLE_TIME_MS) },
            progress: None,
            powers,
        };
        let (result, usage) = runtime.call(program, call).await;
        let may_pass_later = result.as_ref().is_err_and(|failure| may_pass_later(failure.kind));
        let result = result.map_err(|failure| failure.to_string()).and_then(|answer| {
            let output: Value =
                serde_json::from_str(&answer.json).map_err(|error| format!("its output is not JSON: {error}"))?;
            if let Some(validator) = &output_schema {
                schema::check(validator, &output)
                    .map_err(|problem| format!("its output does not meet the output schema: {problem}"))?;
            }
            compare(example, &output)
        });
        let request = example.request.get("en").or_else(|| example.request.values().next()).cloned();
        results.push(ExampleResult {
            skill: name.to_owned(),
            number: index + 1,
            request,
            result,
            may_pass_later,
            usage,
        });
    }
    results
}

fn compare(example: &Example, output: &Value) -> Result<(), String> {
    match &example.output {
        Some(expected) if !same(expected, output) => {
            let short = |value: &Value| value.to_string().chars().take(400).collect::<String>();
            Err(format!("it gave {} where {} was expected", short(output), short(expected)))
        }
        _ => Ok(()),
    }
}

/// Whether two JSON values are the same, `1` and `1.0` being the same number.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// The stem of a bundle's file and whether it is a script; `None` for files that are no bundles.
pub fn classify(path: &Path) -> Option<(String, bool)> {
    let is_script = match path.extension()?.to_str()? {
        "wasm" => false,
        "js" => true,
        _ => return None,
    };
    Some((path.file_stem()?.to_string_lossy().into_owned(), is_script))
}
