//! What a component is, told without running it: its world, manifest, imports and exports.

use serde::{Deserialize, Serialize};
use wasmparser::{Chunk, Parser, Payload};

/// Name of the custom section that holds a bundle's manifest.
const MANIFEST_SECTION: &str = "happyos:manifest";
/// Largest manifest, in bytes.
const MANIFEST_BYTES_MAX: usize = 64 << 10;

/// What a component is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// `happyos:skill/skill`.
    Skill,
    /// `happyos:script/script`: the interpreter.
    Script,
    /// `happyos:agent/agent`.
    Agent,
    /// Anything else with exports of its own.
    Plain,
}

/// What the compile helper found out about a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// What it is made for.
    pub world: World,
    /// The text of its manifest section.
    pub manifest: Option<String>,
    /// Names of its imports, versions included.
    pub imports: Vec<String>,
}

/// What is kept of a look at some bytes. Stored.
#[derive(Serialize, Deserialize)]
pub enum Remembered {
    /// It compiles.
    Compiled(Shape),
    /// It never will, and why.
    Refused(String),
    /// It took more than it might; under another allowance it gets another try.
    TooCostly {
        /// What was too much.
        why: String,
        /// What compiling might take then.
        allowed: String,
    },
}

/// Counts that a component may not exceed: more is never a skill, and each costs compile time or memory.
const FUNCTIONS_MAX: u32 = 99_999;
const EXPORTS_MAX: u32 = 20_000;
const DATA_SEGMENTS_MAX: u32 = 100_000;
const TYPES_MAX: u32 = 100_000;
const CORE_INSTANCES_MAX: u32 = 1_000;
const FUNCTION_BYTES_MAX: usize = 1 << 20;
const NESTING_MAX: usize = 8;

const NOT_A_COMPONENT: &str = "it is a core WebAssembly module, not a component (hint: `happyos skill build` makes one, or `wasm-tools component new`)";

/// Counts what is in `bytes` and reads the manifest, before anything is compiled.
///
/// # Errors
/// A sentence on what is too much, or on why these are not the bytes of a component.
pub fn survey(bytes: &[u8]) -> Result<Option<String>, String> {
    if !bytes.starts_with(b"\0asm") {
        return Err("it is not a WebAssembly file".into());
    }
    if !Parser::is_component(bytes) {
        return Err(NOT_A_COMPONENT.into());
    }
    let mut manifest = None;
    let mut totals = Totals::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| format!("it does not parse: {error}"))? {
            Payload::Version { .. } => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Err(format!("its modules and components nest deeper than {NESTING_MAX}"));
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::FunctionSection(section) => totals.functions.add(section.count(), FUNCTIONS_MAX, "functions")?,
            Payload::ExportSection(section) => totals.exports.add(section.count(), EXPORTS_MAX, "exports")?,
            Payload::ComponentExportSection(section) => totals.exports.add(section.count(), EXPORTS_MAX, "exports")?,
            Payload::DataSection(section) => totals.data.add(section.count(), DATA_SEGMENTS_MAX, "data segments")?,
            Payload::TypeSection(section) => totals.types.add(section.count(), TYPES_MAX, "types")?,
            Payload::ComponentTypeSection(section) => totals.types.add(section.count(), TYPES_MAX, "types")?,
            Payload::InstanceSection(section) => {
                totals.instances.add(section.count(), CORE_INSTANCES_MAX, "core instances")?;
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len();
                if bytes > FUNCTION_BYTES_MAX {
                    return Err(format!("one function has {bytes} bytes of code, more than {FUNCTION_BYTES_MAX}"));
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                add_manifest(&mut manifest, section.data())?;
            }
            _ => {}
        }
    }
    Ok(manifest)
}

/// Only the manifest of a component, without a look at anything else in it: cheap whatever the bytes are.
///
/// # Errors
/// A sentence on why these are not the bytes of a component with one manifest at most.
pub fn manifest_of(bytes: &[u8]) -> Result<Option<String>, String> {
    if !bytes.starts_with(b"\0asm") {
        return Err("it is not a WebAssembly file".into());
    }
    if !Parser::is_component(bytes) {
        return Err(NOT_A_COMPONENT.into());
    }
    let mut manifest = None;
    let mut parsers = vec![Parser::new(0)];
    let mut rest = bytes;
    while let Some(parser) = parsers.last_mut() {
        let parsed = parser.parse(rest, true).map_err(|error| format!("it does not parse: {error}"))?;
        let Chunk::Parsed { consumed, payload } = parsed else {
            return Err("it does not parse: it ends too early".into());
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match payload {
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                rest = rest.get(size as usize..).unwrap_or_default();
            }
            Payload::ModuleSection { parser, .. } | Payload::ComponentSection { parser, .. } => {
                if parsers.len() > NESTING_MAX {
                    return Err(format!("its modules and components nest deeper than {NESTING_MAX}"));
                }
                parsers.push(parser);
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                add_manifest(&mut manifest, section.data())?;
            }
            Payload::End(_) => {
                parsers.pop();
            }
            _ => {}
        }
    }
    Ok(manifest)
}

fn add_manifest(manifest: &mut Option<String>, data: &[u8]) -> Result<(), String> {
    if data.len() > MANIFEST_BYTES_MAX {
        return Err(format!("its manifest is larger than {MANIFEST_BYTES_MAX} bytes"));
    }
    let text = std::str::from_utf8(data).map_err(|_| "its manifest is not UTF-8")?;
    match manifest.replace(text.to_owned()) {
        None => Ok(()),
        Some(_) => Err("it has more than one manifest".into()),
    }
}

#[derive(Default)]
struct Totals {
    functions: Total,
    exports: Total,
    data: Total,
    types: Total,
    instances: Total,
}

#[derive(Default)]
struct Total(u32);

impl Total {
    fn add(&mut self, count: u32, max: u32, what: &str) -> Result<(), String> {
        self.0 = self.0.saturating_add(count);
        if self.0 > max {
            return Err(format!("it has more than {max} {what}"));
        }
        Ok(())
    }
}

/// The version of the WIT packages that this host implements.
const OWN_VERSION: &str = "0.1.0";
/// The interfaces of `happyos:host` that this host implements.
const OWN_INTERFACES: [&str; 9] = ["clock", "delegate", "http", "kv", "log", "memory", "progress", "random", "secrets"];
/// The version of `happyos:agent` that this host implements. It is frozen.
const AGENT_VERSION: &str = "1.0.0";

/// Checks that each import is one this host has, by name and version, before anything is linked:
/// wasmtime itself would silently link an import of a newer compatible version.
///
/// # Errors
/// Names the import and what this host has instead.
pub fn check_imports(imports: &[String]) -> Result<(), String> {
    imports.iter().try_for_each(|import| check_import(import))
}

fn check_import(import: &str) -> Result<(), String> {
    let (path, version) = import.split_once('@').unwrap_or((import, ""));
    let Some((package, interface)) = path.split_once('/') else {
        return Err(format!("it imports `{import}`, which this host does not have"));
    };
    match package {
        "happyos:host" if !OWN_INTERFACES.contains(&interface) => {
            Err(format!("it imports `{import}`; this host has no such interface, only {}", OWN_INTERFACES.join(", ")))
        }
        // A type-only import: what the exports' types refer to.
        "happyos:host" | "happyos:skill" if version == OWN_VERSION => Ok(()),
        "happyos:agent" if version == AGENT_VERSION => Ok(()),
        "happyos:agent" => Err(format!(
            "it imports `{import}`; this host has version {AGENT_VERSION} (hint: build it with the SDK of this release)"
        )),
        "happyos:host" | "happyos:skill" => Err(format!(
            "it imports `{import}`; this host has version {OWN_VERSION} (hint: build it with the SDK of this release)"
        )),
        _ if package.starts_with("wasi:") && version.starts_with("0.2.") => Ok(()),
        _ if package.starts_with("wasi:") => {
            Err(format!("it imports `{import}`; this host has WASI 0.2 (hint: build it for `wasm32-wasip2`)"))
        }
        _ => Err(format!("it imports `{import}`, which this host does not have")),
    }
}

/// The world that a component with these exports is made for.
///
/// # Errors
/// Names an export of a version this host does not have.
pub fn world_of<'a>(exports: impl Iterator<Item = &'a str>) -> Result<World, String> {
    let (mut skill, mut script, mut agent) = (false, false, false);
    for export in exports {
        let (path, version) = export.split_once('@').unwrap_or((export, ""));
        let (found, own) = match path {
            "happyos:skill/skills" => (&mut skill, OWN_VERSION),
            "happyos:script/interpreter" => (&mut script, OWN_VERSION),
            "happyos:agent/agents" => (&mut agent, AGENT_VERSION),
            _ => continue,
        };
        if version != own {
            return Err(format!(
                "it exports `{export}`; this host has version {own} (hint: build it with the SDK of this release)"
            ));
        }
        *found = true;
    }
    if agent && (skill || script) {
        return Err("it is an agent and holds skills, too (hint: make two bundles of it)".into());
    }
    Ok(match (skill, script) {
        _ if agent => World::Agent,
        (true, true) => World::Script,
        (true, false) => World::Skill,
        (false, true) => return Err("it exports `happyos:script/interpreter` but no `happyos:skill/skills`".into()),
        (false, false) => World::Plain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_this_host_lacks_is_named_beside_its_own() {
        let error = check_imports(&["happyos:host/log@0.2.0".into()]).unwrap_err();
        assert!(error.contains("happyos:host/log@0.2.0") && error.contains("version 0.1.0"), "{error}");
        assert!(world_of(["happyos:skill/skills@0.3.0"].into_iter()).unwrap_err().contains("0.1.0"));
        let error = world_of(["happyos:agent/agents@1.1.0"].into_iter()).unwrap_err();
        assert!(error.contains("happyos:agent/agents@1.1.0") && error.contains("version 1.0.0"), "{error}");
        assert_eq!(world_of(["happyos:agent/agents@1.0.0"].into_iter()), Ok(World::Agent));
        assert!(check_imports(&["wasi:io/streams@0.3.0".into()]).is_err());
        assert!(check_imports(&["wasi:io/streams@0.2.6".into(), "happyos:host/log@0.1.0".into()]).is_ok());
        assert!(check_imports(&["env".into()]).is_err());
    }

    #[test]
    fn what_is_not_a_component_is_said_to_be_so() {
        assert!(survey(b"hello").unwrap_err().contains("not a WebAssembly file"));
        assert!(survey(b"\0asm\x01\0\0\0").unwrap_err().contains("core WebAssembly module"));
    }
}
