//! Programs: what a bundle's code is made from, and that code loaded for calling.
//!
//! An idle program is a name, a digest and a path. Its compiled code is mapped at the first call and
//! let go again when others need the room.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use serde_json::Value;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use super::admission::Gate;
use super::bindings::{agent, script, skill};
use super::instance::Prepared;
use super::shape::World;
use super::state::CallState;
use super::values;
use crate::base::{CallLimits, Digest};

/// Where a program's bytes are found again.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A file, whose bytes had the program's digest when it was read.
    File(PathBuf),
    /// Here.
    Bytes(Bytes),
    /// Part of this program.
    Embedded(&'static [u8]),
}

/// The code of one bundle.
pub struct Program {
    pub(super) name: Arc<str>,
    pub(super) digest: Digest,
    pub(super) origin: Origin,
    pub(super) kind: ProgramKind,
    pub(super) limits: CallLimits,
    pub(super) gate: Arc<Gate>,
    pub(super) loaded: ArcSwapOption<Loaded>,
    pub(super) loading: tokio::sync::Mutex<()>,
    pub(super) last_used: AtomicU64,
}

/// What a program's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramKind {
    /// A component.
    Component(World),
    /// A script for the interpreter.
    Script,
}

impl Program {
    /// The bundle's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The limits of its calls, before a caller tightens them.
    pub fn limits(&self) -> &CallLimits {
        &self.limits
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("name", &self.name).field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// A program whose code is in memory.
pub struct Loaded {
    pub(super) linked: Linked,
    /// The same for the places that scripts run in first; `None` for all but the interpreter and scripts.
    pub(super) in_script_places: Option<Linked>,
    /// What the interpreter is to run.
    pub(super) script: Option<Script>,
    /// Bytes of compiled code that this keeps in memory.
    pub(super) code_bytes: u64,
    /// Whether a task is making instances ready.
    pub(super) warming: AtomicBool,
    /// Calls so far, by which that task sees whether the script is at rest.
    pub(super) n_calls: AtomicU64,
}

/// Code linked with what it imports.
#[derive(Clone)]
pub(super) struct Linked {
    pub pre: InstancePre<CallState>,
    pub entry: Entry,
}

/// How a loaded program is called.
#[derive(Clone)]
pub(super) enum Entry {
    Skill(skill::SkillIndices),
    Script { skill: skill::SkillIndices, loader: script::LoaderIndices },
    Plain(Vec<PlainFunction>),
    Agent(agent::AgentIndices),
}

/// A script and the instances that have it loaded already.
pub(super) struct Script {
    pub source: Arc<str>,
    pub warm: Mutex<Vec<Prepared>>,
}

/// An exported function of a plain component, as a skill.
#[derive(Clone)]
pub struct PlainFunction {
    /// The skill's name.
    pub name: String,
    /// The export's name in WIT.
    pub export: String,
    /// JSON Schema of its parameters, as one object.
    pub input_schema: Value,
    /// JSON Schema of its result; `None` if it has none.
    pub output_schema: Option<Value>,
    pub(super) index: ComponentExportIndex,
    pub(super) ty: ComponentFunc,
}

impl Linked {
    /// Links a component.
    ///
    /// # Errors
    /// A sentence on what does not fit.
    pub fn new(
        linker: &Linker<CallState>,
        component: &Component,
        world: World,
        bundle: &str,
    ) -> Result<Linked, wasmtime::Error> {
        let pre = linker.instantiate_pre(component)?;
        let entry = match world {
            World::Skill => Entry::Skill(skill::SkillIndices::new(&pre)?),
            World::Script => {
                Entry::Script { skill: skill::SkillIndices::new(&pre)?, loader: script::LoaderIndices::new(&pre)? }
            }
            World::Agent => Entry::Agent(agent::AgentIndices::new(&pre)?),
            World::Plain => {
                Entry::Plain(plain_functions(linker.engine(), component, bundle).map_err(wasmtime::Error::msg)?)
            }
        };
        Ok(Linked { pre, entry })
    }
}

impl Loaded {
    /// Code that was just linked.
    pub(super) fn new(linked: Linked, in_script_places: Option<Linked>, code_bytes: u64) -> Loaded {
        let (warming, n_calls) = (AtomicBool::new(false), AtomicU64::new(0));
        Loaded { linked, in_script_places, script: None, code_bytes, warming, n_calls }
    }

    /// The interpreter with a script to run.
    pub(super) fn with_script(interpreter: &Loaded, source: Arc<str>) -> Loaded {
        let code_bytes = source.len() as u64;
        Loaded {
            script: Some(Script { source, warm: Mutex::default() }),
            ..Loaded::new(interpreter.linked.clone(), interpreter.in_script_places.clone(), code_bytes)
        }
    }

    /// The functions of a plain component.
    pub fn plain_functions(&self) -> &[PlainFunction] {
        match &self.linked.entry {
            Entry::Plain(functions) => functions,
            _ => &[],
        }
    }
}

/// Most skills of one bundle.
pub const SKILLS_PER_BUNDLE_MAX: usize = 256;
/// What toolchains export beside the program itself.
const TOOLCHAIN_EXPORTS: [&str; 2] = ["init", "exports#init"];

/// Every exported function that can be called with JSON, under the names callers use.
fn plain_functions(engine: &Engine, component: &Component, bundle: &str) -> Result<Vec<PlainFunction>, String> {
    let mut functions: Vec<PlainFunction> = Vec::new();
    let mut add = |export: String, function: &str, index: ComponentExportIndex, ty: ComponentFunc| {
        let name = skill_name(bundle, function);
        let of = |why: String| format!("its export `{export}` cannot be a skill: {why}");
        if ty.async_() {
            return Err(of("it is async (WASI 0.3), which this host does not run yet".into()));
        }
        let input_schema = values::object_schema(ty.params(), 0).map_err(of)?;
        let output_schema = match ty.results().next() {
            Some(wasmtime::component::Type::Result(result)) => result.ok().map(|ok| values::schema(&ok)).transpose(),
            Some(result) => values::schema(&result).map(Some),
            None => Ok(None),
        }
        .map_err(of)?;
        if let Some(other) = functions.iter().find(|other| other.name == name) {
            return Err(format!("its exports `{}` and `{export}` would both be the skill `{name}`", other.export));
        }
        if functions.len() == SKILLS_PER_BUNDLE_MAX {
            return Err(format!("it has more than {SKILLS_PER_BUNDLE_MAX} functions"));
        }
        functions.push(PlainFunction { name, export, input_schema, output_schema, index, ty });
        Ok(())
    };
    for (name, export) in component.component_type().exports(engine) {
        if name.starts_with("wasi:") || TOOLCHAIN_EXPORTS.contains(&name) {
            continue;
        }
        match export.ty {
            ComponentItem::ComponentFunc(ty) => {
                let index = component.get_export_index(None, name).ok_or("an export has gone")?;
                add(name.to_owned(), name, index, ty)?;
            }
            ComponentItem::ComponentInstance(instance) => {
                let parent = component.get_export_index(None, name).ok_or("an export has gone")?;
                for (function, export) in instance.exports(engine) {
                    let path = format!("{name}.{function}");
                    match export.ty {
                        ComponentItem::ComponentFunc(ty) => {
                            let index =
                                component.get_export_index(Some(&parent), function).ok_or("an export has gone")?;
                            add(path, function, index, ty)?;
                        }
                        ComponentItem::Resource(_) => {
                            return Err(format!(
                                "its export `{path}` cannot be a skill: it is a resource, which cannot be passed as JSON"
                            ));
                        }
                        _ => {}
                    }
                }
            }
            ComponentItem::Resource(_) => {
                return Err(format!(
                    "its export `{name}` cannot be a skill: it is a resource, which cannot be passed as JSON"
                ));
            }
            _ => {}
        }
    }
    if functions.is_empty() {
        return Err(
            "it exports no function that could be a skill (hint: a Rust skill needs `happyos_sdk::bundle!(…)`)".into(),
        );
    }
    Ok(functions)
}

/// `bundle_function`, made of the characters names may have and at most 64 of them.
fn skill_name(bundle: &str, function: &str) -> String {
    let fit = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    format!("{bundle}_{function}").chars().map(fit).take(64).collect()
}

/// Which programs have code in memory, the least recently used of them let go first.
pub(super) struct LoadedSet {
    bytes_max: u64,
    clock: AtomicU64,
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    bytes: u64,
    programs: Vec<(Weak<Program>, u64)>,
}

impl LoadedSet {
    pub fn new(bytes_max: u64) -> LoadedSet {
        LoadedSet { bytes_max, clock: AtomicU64::new(1), members: Mutex::default() }
    }

    /// Marks a program as used just now.
    pub fn touch(&self, program: &Program) {
        program.last_used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Adds a program whose code was just loaded and lets others go until all fit.
    pub fn add(&self, program: &Arc<Program>, bytes: u64) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.programs.push((Arc::downgrade(program), bytes));
        members.programs.retain(|(member, _)| member.upgrade().is_some_and(|program| program.loaded.load().is_some()));
        members.bytes = members.programs.iter().map(|(_, bytes)| bytes).sum();
        while members.bytes > self.bytes_max && members.programs.len() > 1 {
            let used = |(member, _): &(Weak<Program>, u64)| {
                member.upgrade().map_or(0, |program| program.last_used.load(Ordering::Relaxed))
            };
            let Some(oldest) = (0..members.programs.len()).min_by_key(|at| members.programs.get(*at).map(used)) else {
                break;
            };
            let (member, bytes) = members.programs.swap_remove(oldest);
            members.bytes -= bytes;
            if let Some(program) = member.upgrade() {
                // Calls in flight keep theirs until they end.
                program.loaded.store(None);
            }
        }
    }

    /// How many programs are loaded, and the bytes of their code.
    pub fn load(&self) -> (usize, u64) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        (members.programs.len(), members.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_what_clients_accept() {
        assert_eq!(skill_name("my math", "add-two"), "my_math_add-two");
        assert_eq!(skill_name(&"x".repeat(80), "f").len(), 64);
    }
}
