//! Components made from a few lines of WebAssembly text.

mod agent;

pub use agent::AgentGuest;

use std::fmt::Write as _;

use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where a guest's answer is assembled.
const ANSWER: usize = 64;
/// Where a guest's texts begin; a guest's own data may use 256 to 1024.
const TEXTS: usize = 1024;

/// A bundle of one skill, as a core module in text around which the `happyos:skill` exports are written. Every field
/// has a default that behaves: a guest names only what is wrong with it.
///
/// Code may call `$answer (ptr, len) → i32` for a good answer, `$fail (kind, ptr, len) → i32` for a `skill-error`, and
/// use the global `$heap` (first free byte) and the text `{}` at 240.
#[derive(Clone, Copy)]
pub struct SkillGuest<'a> {
    /// The skill's name and the bundle's.
    pub name: &'a str,
    /// Core imports, such as [`LOG`].
    pub imports: &'a str,
    /// Pages of memory: least, and most if there is a most.
    pub memory: &'a str,
    /// Further fields of the module: functions, tables, a start function.
    pub fields: &'a str,
    /// Runs at the start of `list`.
    pub list: &'a str,
    /// The body of `call`, with `$input` and `$input_len`; yields where the answer lies.
    pub call: &'a str,
    /// Runs at the start of `cabi_realloc`.
    pub realloc: &'a str,
    /// The body of `call`'s `post-return`, if there is one.
    pub post_return: &'a str,
    /// Members of the metadata in place of the usual ones.
    pub metadata: &'a str,
    /// The static manifest; none if empty.
    pub manifest: &'a str,
    /// Replaced in the WIT text before the guest is made: (what, with).
    pub wit: (&'a str, &'a str),
    /// A package that declares further imports, and the name of its world, which includes `happyos:skill/skill`.
    pub world: Option<(&'a str, &'a str)>,
}

/// The import of `log.write` as `$log`.
pub const LOG: &str = r#"(import "happyos:host/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;
/// The import of `clock.now` as `$now`.
pub const CLOCK: &str = r#"(import "happyos:host/clock@0.1.0" "now" (func $now (result i64)))"#;
/// The import of `random.next` as `$next`.
pub const RANDOM_NEXT: &str = r#"(import "happyos:host/random@0.1.0" "next" (func $next (result i64)))"#;
/// The import of `random.bytes` as `$bytes`.
pub const RANDOM_BYTES: &str = r#"(import "happyos:host/random@0.1.0" "bytes" (func $bytes (param i32 i32)))"#;
/// The import of `progress.report` as `$report`.
pub const PROGRESS: &str =
    r#"(import "happyos:host/progress@0.1.0" "report" (func $report (param f64 i32 f64 i32 i32)))"#;
/// A loop without an end.
pub const SPIN: &str = "(loop $spin (br $spin))";

impl Default for SkillGuest<'_> {
    fn default() -> Self {
        SkillGuest {
            name: "guest",
            imports: "",
            memory: "2",
            fields: "",
            list: "",
            call: "(call $answer (local.get $input) (local.get $input_len))",
            realloc: "",
            post_return: "",
            metadata: "{}",
            manifest: "",
            wit: ("", ""),
            world: None,
        }
    }
}

impl SkillGuest<'_> {
    /// The component.
    ///
    /// # Panics
    /// If the text is not a module of that world: a mistake in the test.
    pub fn component(&self) -> Vec<u8> {
        let (what, with) = self.wit;
        let edit = |text: &str| if what.is_empty() { text.to_owned() } else { text.replace(what, with) };
        let (mut resolve, packages) = crate::wit::resolve(edit).expect("the WIT parses");
        let (package, world) = match self.world {
            Some((text, world)) => (resolve.push_source("guest.wit", text).expect("the guest's WIT parses"), world),
            None => (packages[1], "skill"),
        };
        let skills = resolve.packages[packages[1]].interfaces["skills"];
        let skills = resolve.id_of(skills).expect("an interface in a package has an id");
        let core = self.core(&skills);
        encode(&core, &resolve, package, world)
    }

    fn core(&self, skills: &str) -> String {
        let SkillGuest { name, imports, memory, fields, list, call, realloc, .. } = self;
        let metadata = self.full_metadata();
        let metadata_at = TEXTS + name.len();
        let heap = (metadata_at + metadata.len()).next_multiple_of(16);
        let info = [TEXTS, name.len(), metadata_at, metadata.len()].map(|word| word as u32);
        let post_return = match self.post_return {
            "" => String::new(),
            body => format!(r#"(func (export "cabi_post_{skills}#call") (param i32) {body})"#),
        };
        let manifest = match self.manifest {
            "" => String::new(),
            json => format!(r#"(@custom "happyos:manifest" "{}")"#, escaped(json.as_bytes())),
        };
        format!(
            r#"(module {imports}
  (memory (export "memory") {memory})
  (global $heap (mut i32) (i32.const {heap}))
  (data (i32.const 16) "{list_result}") (data (i32.const 32) "{info}") (data (i32.const 240) "{{}}")
  (data (i32.const {TEXTS}) "{texts}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    {realloc}
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $heap) (i32.shl (memory.size) (i32.const 16))))
      (br_if $fits (i32.ne (i32.const -1)
        (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1)))))
      unreachable)
    (local.get $at))
  (func $answer (param i32 i32) (result i32)
    (i32.store8 (i32.const {ANSWER}) (i32.const 0))
    (i32.store offset=4 (i32.const {ANSWER}) (local.get 0))
    (i32.store offset=8 (i32.const {ANSWER}) (local.get 1))
    (i32.const {ANSWER}))
  (func $fail (param i32 i32 i32) (result i32)
    (i32.store8 (i32.const {ANSWER}) (i32.const 1))
    (i32.store8 offset=4 (i32.const {ANSWER}) (local.get 0))
    (i32.store offset=8 (i32.const {ANSWER}) (local.get 1))
    (i32.store offset=12 (i32.const {ANSWER}) (local.get 2))
    (i32.const {ANSWER}))
  (func (export "{skills}#list") (result i32) {list} (i32.const 16))
  (func (export "{skills}#call") (param $name i32) (param $name_len i32) (param $input i32) (param $input_len i32)
    (param $request i32) (param $request_len i32) (param $has_session i32) (param $session i32)
    (param $session_len i32) (param $locale i32) (param $locale_len i32) (param $remaining_ms i64) (param $seed i64)
    (result i32) (local $i i32) (local $j i32)
    {call})
  {fields} {post_return} {manifest})"#,
            list_result = words(&[32, 1]),
            info = words(&info),
            texts = escaped(format!("{name}{metadata}").as_bytes()),
        )
    }

    fn full_metadata(&self) -> String {
        let own: Value = serde_json::from_str(self.metadata).expect("the metadata is JSON");
        let mut all = json!({
            "description": format!("Test guest {}.", self.name),
            "inputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false},
        });
        let members = all.as_object_mut().expect("an object");
        for (key, value) in own.as_object().expect("the metadata is an object") {
            members.insert(key.clone(), value.clone());
        }
        all.to_string()
    }
}

/// A component with plain WIT exports: `wit` is one package with a world `guest`, `core` the module in text.
///
/// # Panics
/// If the text is not a module of that world: a mistake in the test.
pub fn plain_component(wit: &str, core: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("guest.wit", wit).expect("the guest's WIT parses");
    encode(core, &resolve, package, "guest")
}

/// A plain component whose functions give back what they get: `types` are WIT types, one function `echo-N` for each,
/// which takes and gives a list of that type. `declarations` are what the types are made of.
pub fn echo_component(declarations: &str, types: &[&str]) -> Vec<u8> {
    let mut wit = format!("package test:echo;\ninterface types {{\n{declarations}\n");
    let mut functions = String::new();
    for (index, ty) in types.iter().enumerate() {
        let _ = writeln!(wit, "echo-{index}: func(v: list<{ty}>) -> list<{ty}>;");
        let _ = writeln!(
            functions,
            r#"(func (export "test:echo/types#echo-{index}") (param i32 i32) (result i32)
                 (i32.store (i32.const 64) (local.get 0)) (i32.store offset=4 (i32.const 64) (local.get 1))
                 (i32.const 64))"#
        );
    }
    wit.push_str("}\nworld guest { export types; }");
    plain_component(&wit, &format!("(module {BUMP} {functions})"))
}

/// A memory and a `cabi_realloc` that never frees, for plain components. Data may lie below 4096.
pub const BUMP: &str = r#"(memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $heap) (i32.shl (memory.size) (i32.const 16))))
      (br_if $fits (i32.ne (i32.const -1)
        (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1)))))
      unreachable)
    (local.get $at))"#;

fn encode(core: &str, resolve: &Resolve, package: wit_parser::PackageId, world: &str) -> Vec<u8> {
    let world = resolve.select_world(&[package], Some(world)).expect("the world is there");
    let mut module = wat::parse_str(core).unwrap_or_else(|error| panic!("{error}\n{core}"));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("the world encodes");
    let encoder = ComponentEncoder::default().validate(true).module(&module).expect("the module has its world");
    let mut encoder = encoder;
    encoder.encode().unwrap_or_else(|error| panic!("{error:?}"))
}

fn words(words: &[u32]) -> String {
    escaped(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
