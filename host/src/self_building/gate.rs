//! The gate: a candidate is judged in stages, the cheap ones first, each with its evidence, up to the first that it fails.
//!
//! The same gate judges what an author checks, what a person or a program wrote for a gap, and the corpus of candidates that
//! the gate itself is measured on. It knows nothing of who wrote a candidate.

mod calls;
mod conduct;
mod requests;
mod routes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::source::Source;
use super::values;
use crate::base::{Failure, Requests};
use crate::security::{Action, Principal, authorise};
use crate::skills::{CandidateSkill, Example, Loaded, Refusal, Skills};
use calls::{Came, Run, Variation};

pub use routes::{ByWords, Meaning, Routed};

/// What a candidate is to do, and what it may ask for.
#[derive(Debug, Clone, Default)]
pub struct Need {
    /// Requests in plain words that it is to answer.
    pub requests: Vec<String>,
    /// Examples that its writer may see.
    pub shown: Vec<Example>,
    /// Examples that its writer has never seen.
    pub hidden: Vec<Example>,
    /// What it may ask for at most; `None` leaves that to the operator's approval.
    pub may_ask: Option<Requests>,
    /// It is to fill a gap: it must be new, have examples, and be found by `requests`.
    pub is_new: bool,
    /// The bundle that it is to be a new version of.
    pub replaces: Option<String>,
    /// Calls of the version before and what they gave.
    pub recorded: Vec<Example>,
}

/// The stages, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Its size and its text.
    Source,
    /// It loads in the sandbox.
    Loads,
    /// It asks for no more than it may and needs.
    Grants,
    /// Its metadata and schemas are well-formed, and fit its examples.
    Schema,
    /// Its own examples come out.
    OwnExamples,
    /// Examples that it has never seen come out.
    HiddenExamples,
    /// What its schema lets through does no harm, and what it gives meets its schema.
    Properties,
    /// It keeps to what it asked for, and its log is honest.
    Conduct,
    /// The same input gives the same output.
    Repeatable,
    /// Fuel, memory and time.
    Bounds,
    /// It is found, and takes no request from an installed skill.
    Routing,
    /// What the version before answered is answered alike.
    Recorded,
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was found.
    Passed,
    /// The candidate is rejected.
    Failed,
    /// There was nothing to look at.
    NotApplicable,
}

/// What one stage found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The stage.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub seen: String,
    /// On which input, where there was one.
    pub on: Option<String>,
    /// The same for the candidate's writer, where `seen` and `on` would give a hidden example away.
    pub told: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// What the gate found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The stages it came through, in order; the last is the one it failed, if it failed one.
    pub verdicts: Vec<Verdict>,
    /// The bundle's name, once it was read.
    pub bundle: Option<String>,
    /// Its skills, once they were read.
    pub skills: Vec<Arc<str>>,
    /// What it asks for.
    pub asks: Requests,
    /// Its digest.
    pub digest: Option<crate::base::Digest>,
}

impl Stage {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Source => "source",
            Stage::Loads => "loads",
            Stage::Grants => "grants",
            Stage::Schema => "schema",
            Stage::OwnExamples => "own examples",
            Stage::HiddenExamples => "hidden examples",
            Stage::Properties => "properties",
            Stage::Conduct => "conduct",
            Stage::Repeatable => "repeatable",
            Stage::Bounds => "bounds",
            Stage::Routing => "routing",
            Stage::Recorded => "recorded calls",
        }
    }
}

impl Outcome {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotApplicable => "not applicable",
        }
    }
}

impl Report {
    /// Whether the candidate may go live.
    pub fn passed(&self) -> bool {
        self.failure().is_none() && self.verdicts.last().is_some_and(|verdict| verdict.stage == Stage::Recorded)
    }

    /// The stage that it failed.
    pub fn failure(&self) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.outcome == Outcome::Failed)
    }

    /// Of a round in which nothing was written that could be judged.
    pub(super) fn unwritten(problem: String) -> Report {
        let verdict = Verdict {
            stage: Stage::Source,
            outcome: Outcome::Failed,
            seen: problem,
            on: None,
            told: None,
            took: Duration::ZERO,
        };
        Report { verdicts: vec![verdict], ..Report::default() }
    }

    /// The first useful error, as the candidate's writer may know it.
    pub fn told(&self) -> Option<String> {
        self.failure()
            .map(|verdict| format!("{}: {}", verdict.stage.as_str(), verdict.told.as_ref().unwrap_or(&verdict.seen)))
    }
}

/// Why a stage rejects a candidate.
struct Fault {
    stage: Option<Stage>,
    seen: String,
    on: Option<String>,
    told: Option<String>,
}

impl Fault {
    fn new(seen: impl Into<String>) -> Fault {
        Fault { stage: None, seen: seen.into(), on: None, told: None }
    }

    fn on(mut self, input: &Value) -> Fault {
        self.on = Some(short(&input.to_string()));
        self
    }

    fn at(mut self, stage: Stage) -> Fault {
        self.stage = Some(stage);
        self
    }
}

/// What a stage that rejects nothing has seen; `None` where there was nothing to look at.
type Found = Result<Option<String>, Fault>;

/// Characters of a value that evidence shows.
const SHOWN_CHARS_MAX: usize = 400;

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Judges the bytes of a candidate, as if they lay in the skills directory as `file_name`. With `meaning`, where requests go is
/// compared by meaning too, beside words.
///
/// # Errors
/// `denied` to all but operators.
pub fn judge<'a>(
    skills: &'a Skills,
    principal: &'a Principal,
    need: &'a Need,
    file_name: &'a str,
    bytes: Bytes,
    meaning: Option<Meaning>,
) -> BoxFuture<'a, Result<Report, Failure>> {
    let judged = async move {
        authorise(principal, Action::CheckFiles)?;
        let mut gate = Gate { began: Instant::now(), skills, principal, need, meaning, report: Report::default() };
        // An error here is only the way out: the report has the verdict.
        let _ = gate.run(file_name, bytes).await;
        Ok(gate.report)
    };
    judged.boxed()
}

struct Gate<'a> {
    began: Instant,
    skills: &'a Skills,
    principal: &'a Principal,
    need: &'a Need,
    meaning: Option<Meaning>,
    report: Report,
}

/// The candidate is rejected; the report says why.
struct Rejected;

impl Gate<'_> {
    async fn run(&mut self, file_name: &str, bytes: Bytes) -> Result<(), Rejected> {
        let script = file_name.ends_with(".js").then(|| bytes.clone());
        let source = self.source(script.as_deref())?;
        let taken = self.skills.candidate(self.principal, file_name, bytes).await;
        let candidate = self.take(Stage::Loads, taken.map_err(refused))?;
        self.report.bundle = Some(candidate.manifest.name.clone());
        self.report.asks = candidate.requests.clone();
        self.report.digest = Some(candidate.digest());
        // Before anything of it runs.
        let asks = requests::of_manifest(&candidate, self.need, source.as_ref());
        if let Err(fault) = asks {
            return self.note(Stage::Grants, Err(fault));
        }
        let loaded = candidate.load().await.map_err(refused);
        let loaded = self.take(Stage::Loads, loaded)?;
        self.note(Stage::Loads, Ok(Some(format!("bundle `{}`", loaded.candidate().manifest.name))))?;
        self.note(Stage::Grants, asks)?;
        let skills = loaded.skills().map_err(Fault::new);
        let skills = self.take(Stage::Schema, skills)?;
        self.report.skills = skills.iter().map(|skill| skill.name.clone()).collect();
        self.note(Stage::Schema, schemas(&skills, self.need))?;
        if let Err(fault) = conduct::at_load(&loaded) {
            return self.note(Stage::Conduct, Err(fault));
        }
        self.name_is_free(&loaded, &skills)?;
        let run = Run { loaded: Arc::new(loaded), skills: skills.into() };
        let Run { loaded, skills } = &run;
        // Beside the calls, which leave a processor free; its verdict has its place after theirs.
        let routed = routes::begin(self.skills, self.principal, loaded, skills, self.need, self.meaning.take());
        self.behaviour(&run, source.as_ref()).await?;
        let routed = routed.await;
        self.note(Stage::Routing, routed)?;
        let recorded = self.recorded(&run).await;
        self.note(Stage::Recorded, recorded)?;
        loaded.vouch(skills);
        Ok(())
    }

    fn source<'t>(&mut self, script: Option<&'t [u8]>) -> Result<Option<Source<'t>>, Rejected> {
        let Some(bytes) = script else {
            self.note(Stage::Source, Ok(None))?;
            return Ok(None);
        };
        let source = self.take(Stage::Source, Source::read(bytes).map_err(Fault::new))?;
        let found = match source.hidden_code() {
            Some(what) => Err(Fault::new(what)),
            None => Ok(Some(format!("{} bytes", bytes.len()))),
        };
        self.note(Stage::Source, found)?;
        Ok(Some(source))
    }

    /// Runs it on all that is known to ask it.
    async fn behaviour(&mut self, run: &Run, source: Option<&Source<'_>>) -> Result<(), Rejected> {
        let Run { loaded, skills } = run;
        let own = run.own().await;
        self.conduct(loaded, &own, true)?;
        self.note(Stage::OwnExamples, own_examples(&own, self.need))?;
        let wanted: Vec<Example> = self.need.hidden.iter().chain(&self.need.shown).cloned().collect();
        let hidden = run.hidden(&wanted).await;
        self.conduct(loaded, &hidden, true)?;
        self.note(Stage::HiddenExamples, hidden_examples(&hidden))?;
        let made = run.made(&self.need.hidden).await;
        self.conduct(loaded, &made, false)?;
        self.note(Stage::Properties, properties(&made))?;
        if let Err(fault) = conduct::grows(&own.iter().chain(&hidden).chain(&made).collect::<Vec<_>>()) {
            return self.note(Stage::Conduct, Err(fault));
        }
        let all: Vec<&Came> = own.iter().chain(&hidden).collect();
        self.note(Stage::Conduct, requests::needless(loaded, &all, source))?;
        let may_vary = source.is_none_or(Source::may_vary);
        let repeated = run.again(&all, may_vary).await;
        self.note(Stage::Repeatable, repeatable(&all, &repeated, skills, self.need))?;
        self.note(Stage::Bounds, Ok(Some(bounds(&own, &hidden, &made))))
    }

    fn conduct(&mut self, loaded: &Loaded, came: &[Came], answered: bool) -> Result<(), Rejected> {
        match conduct::check(loaded, came, answered) {
            Ok(()) => Ok(()),
            Err(fault) => self.note(Stage::Conduct, Err(fault)),
        }
    }

    /// A name that another bundle's skill has would make the file be refused, or take its calls.
    fn name_is_free(&mut self, loaded: &Loaded, skills: &[CandidateSkill]) -> Result<(), Rejected> {
        let Ok(snapshot) = self.skills.snapshot(self.principal) else { return Ok(()) };
        let bundle = &*loaded.candidate().manifest.name;
        if let Some(before) = self.need.replaces.as_deref().filter(|before| *before != bundle) {
            let what = format!("it is to be a new version of `{before}`, and calls itself `{bundle}`");
            return self.note(Stage::Routing, Err(Fault::new(what)));
        }
        let taken = skills.iter().find_map(|skill| {
            let other = snapshot.skill(&skill.name)?;
            (self.need.is_new || &*other.bundle().name != bundle)
                .then(|| format!("a skill `{}` is installed already, in bundle `{}`", skill.name, other.bundle().name))
        });
        let taken = taken.or_else(|| {
            (self.need.is_new && snapshot.file(bundle).is_some())
                .then(|| format!("a bundle `{bundle}` is installed already"))
        });
        match taken {
            Some(what) => self.note(Stage::Routing, Err(Fault::new(what))),
            None => Ok(()),
        }
    }

    async fn recorded(&self, run: &Run) -> Found {
        let Run { loaded, skills } = run;
        let mut recorded = self.need.recorded.clone();
        // What is kept of examples that send requests does not have their answers.
        let repeats = loaded.candidate().requests.http.is_empty();
        if let (true, Ok(snapshot)) = (repeats, self.skills.snapshot(self.principal)) {
            let bundle = &*loaded.candidate().manifest.name;
            for skill in skills.iter() {
                let before = snapshot.skill(&skill.name).filter(|before| &*before.bundle().name == bundle);
                let examples = before.and_then(|before| serde_json::from_str::<Vec<Example>>(before.examples()).ok());
                recorded
                    .extend(examples.into_iter().flatten().filter(|example| example.output.is_some() && !example.live));
            }
        }
        if recorded.is_empty() {
            return Ok(None);
        }
        let came = run.hidden(&recorded).await;
        match came.iter().find_map(|came| came.problem.as_ref().map(|problem| (came, problem))) {
            Some((came, problem)) => {
                Err(Fault::new(format!("a call that the version before answered: {problem}")).on(&came.input))
            }
            None => Ok(Some(format!("{} calls of the version before", came.len()))),
        }
    }

    /// Takes what a stage needs to go on, or rejects.
    fn take<T>(&mut self, stage: Stage, taken: Result<T, Fault>) -> Result<T, Rejected> {
        taken.map_err(|fault| {
            let _ = self.note(stage, Err(fault));
            Rejected
        })
    }

    fn note(&mut self, stage: Stage, found: Found) -> Result<(), Rejected> {
        let took = self.began.elapsed();
        self.began = Instant::now();
        let (verdict, done) = match found {
            Ok(seen) => {
                let outcome = if seen.is_some() { Outcome::Passed } else { Outcome::NotApplicable };
                (Verdict { stage, outcome, seen: seen.unwrap_or_default(), on: None, told: None, took }, Ok(()))
            }
            Err(fault) => {
                let Fault { stage: own, seen, on, told } = fault;
                let stage = own.unwrap_or(stage);
                (Verdict { stage, outcome: Outcome::Failed, seen: short(&seen), on, told, took }, Err(Rejected))
            }
        };
        self.report.verdicts.push(verdict);
        done
    }
}

fn refused(refusal: Refusal) -> Fault {
    let Refusal { reason, hint, .. } = refusal;
    Fault::new(match hint {
        Some(hint) => format!("{reason} (hint: {hint})"),
        None => reason,
    })
}

/// Whether the schemas say what the examples do.
fn schemas(skills: &[CandidateSkill], need: &Need) -> Found {
    for skill in skills {
        let of = |what: String| Fault::new(format!("skill `{}`: {what}", skill.name));
        let schema = &skill.metadata.input_schema;
        let properties = schema.get("properties").and_then(Value::as_object);
        let is_open = ["additionalProperties", "patternProperties", "$ref", "allOf", "anyOf", "oneOf"]
            .iter()
            .any(|key| schema.get(*key).is_some_and(|value| *value != Value::Bool(false)));
        let declared = |name: &str| properties.is_some_and(|properties| properties.contains_key(name));
        if !is_open {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            if let Some(name) = required.filter_map(Value::as_str).find(|name| !declared(name)) {
                return Err(of(format!("its input schema requires `{name}` and does not say what that is")));
            }
        }
        for (index, example) in skill.examples().enumerate() {
            let of = |what: String| of(format!("example {}: {what}", index + 1)).on(&example.input);
            skill
                .check_input(&example.input)
                .map_err(|problem| of(format!("its input does not meet the input schema: {problem}")))?;
            let undeclared =
                example.input.as_object().into_iter().flatten().find(|(name, _)| !is_open && !declared(name));
            if let Some((name, _)) = undeclared {
                return Err(of(format!("its input has `{name}`, of which the input schema says nothing")));
            }
        }
    }
    if let [skill] = skills {
        let refused =
            need.hidden.iter().find_map(|hidden| skill.check_input(&hidden.input).err().map(|why| (hidden, why)));
        if let Some((hidden, problem)) = refused {
            let told = "its input schema refuses an input that it is to take".to_owned();
            return Err(Fault {
                told: Some(told),
                ..Fault::new(format!("its input schema refuses: {problem}")).on(&hidden.input)
            });
        }
    }
    Ok(Some(format!("{} skills", skills.len())))
}

fn own_examples(own: &[Came], need: &Need) -> Found {
    if own.is_empty() {
        return if need.is_new { Err(Fault::new("it has no example")) } else { Ok(None) };
    }
    match own.iter().enumerate().find_map(|(index, came)| came.problem.as_ref().map(|problem| (index, came, problem))) {
        Some((index, came, problem)) => Err(Fault::new(format!("example {}: {problem}", index + 1)).on(&came.input)),
        None => Ok(Some(format!("{} examples", own.len()))),
    }
}

fn hidden_examples(hidden: &[Came]) -> Found {
    if hidden.is_empty() {
        return Ok(None);
    }
    let wrong: Vec<_> = hidden.iter().filter_map(|came| came.problem.as_ref().map(|problem| (came, problem))).collect();
    let Some((came, problem)) = wrong.first() else {
        return Ok(Some(format!("{} hidden examples", hidden.len())));
    };
    let counted = format!("{} of {} hidden examples do not come out", wrong.len(), hidden.len());
    let kind = match &came.result {
        Ok(_) => "another answer is right".to_owned(),
        Err(failure) => format!("the first fails with {}", failure.kind.as_str()),
    };
    let told = format!("{counted}: {kind}; its own examples are not all that it has to do");
    Err(Fault { told: Some(told), ..Fault::new(format!("{counted}: {problem}")).on(&came.input) })
}

/// What the schema lets through must not hurt, and must give what the output schema says.
fn properties(made: &[Came]) -> Found {
    if made.is_empty() {
        return Ok(None);
    }
    match made.iter().find_map(|came| came.problem.as_ref().map(|problem| (came, problem))) {
        Some((came, problem)) => {
            Err(Fault::new(format!("on an input that its schema lets through: {problem}")).on(&came.input))
        }
        None => Ok(Some(format!("{} inputs made of its schema", made.len()))),
    }
}

/// Words of a request for which an answer rightly changes with the clock, or with chance.
const OF_TIME: &[&str] = &[
    "today",
    "now",
    "current",
    "currently",
    "age",
    "until",
    "ago",
    "tomorrow",
    "yesterday",
    "idag",
    "nu",
    "ålder",
    "imorgon",
    "igår",
    "klockan",
    "time",
];
const OF_CHANCE: &[&str] = &[
    "random",
    "randomly",
    "roll",
    "dice",
    "shuffle",
    "toss",
    "uuid",
    "slump",
    "slumpa",
    "slumpmässig",
    "slumpad",
    "tärning",
    "blanda",
    "singla",
    "generate",
    "lottery",
    "draw",
];

fn repeatable(all: &[&Came], repeated: &[(usize, Variation, Came)], skills: &[CandidateSkill], need: &Need) -> Found {
    if all.is_empty() {
        return Ok(None);
    }
    let mut says: Vec<String> = need.requests.iter().map(|request| request.to_lowercase()).collect();
    says.extend(skills.iter().map(|skill| skill.metadata.description.to_lowercase()));
    let is_about = |words: &[&str]| {
        says.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).any(|word| words.contains(&word))
    };
    for variation in [Variation::Nothing, Variation::Time, Variation::Seed] {
        let of: Vec<_> = repeated.iter().filter(|(_, varied, _)| *varied == variation).collect();
        let differing: Vec<_> =
            of.iter().filter(|(index, _, again)| all.get(*index).is_some_and(|first| !first.same_as(again))).collect();
        let Some((_, _, again)) = differing.first() else { continue };
        // What has few answers gives the same one now and then, by right; what differs rarely is at fault.
        let always = differing.len() * 10 >= of.len() * 3;
        let (words, what) = match variation {
            Variation::Nothing => (&[][..], "called again with the same"),
            Variation::Time => (OF_TIME, "at another time"),
            Variation::Seed => (OF_CHANCE, "with other random numbers"),
        };
        let rightly = variation != Variation::Nothing && is_about(words) && (always || variation == Variation::Time);
        if !rightly {
            let seen = format!("{} of {} calls gave another answer {what}", differing.len(), of.len());
            return Err(Fault::new(seen).on(&again.input));
        }
    }
    Ok(Some(format!("{} calls made again, with other random numbers and at other times", repeated.len())))
}

fn bounds(own: &[Came], hidden: &[Came], made: &[Came]) -> String {
    let all = || own.iter().chain(hidden).chain(made);
    let fuel = all().map(|came| came.usage.fuel).max().unwrap_or(0);
    let memory = all().map(|came| came.usage.memory_peak_bytes).max().unwrap_or(0);
    let wall = all().map(|came| came.usage.wall.as_millis()).max().unwrap_or(0);
    format!(
        "at most {:.1} million instructions, {:.1} MiB and {wall} ms a call",
        fuel as f64 / 1e6,
        memory as f64 / 1_048_576.0
    )
}

/// For the parts of the gate that make inputs.
fn made_of(skill: &CandidateSkill, examples: &[&Value], count_max: usize) -> Vec<Value> {
    let schema = Value::Object(skill.metadata.input_schema.clone());
    values::valid(&schema, examples, count_max, |value| skill.check_input(value).is_ok())
}
