//! Agents made from a few lines of WebAssembly text.

use super::{BUMP, encode, escaped};
use serde_json::json;

/// Where the agent's description begins; its own texts may lie from 1024 to 2048.
const DESCRIPTION: usize = 2048;

/// A bundle of world `happyos:agent/agent`. Code may call `$done (ptr, len) → i32` for an answer, which is JSON text.
#[derive(Clone, Copy)]
pub struct AgentGuest<'a> {
    /// What kind of agent it is.
    pub name: &'a str,
    /// Core imports, such as [`super::PROGRESS`].
    pub imports: &'a str,
    /// A text at 1024.
    pub text: &'a str,
    /// The body of `run`; yields where the answer lies.
    pub run: &'a str,
}

impl AgentGuest<'_> {
    /// The component. Its output schema promises an object with a `text`.
    ///
    /// # Panics
    /// If the text is not a module of that world: a mistake in the test.
    pub fn component(&self) -> Vec<u8> {
        let (resolve, packages) = crate::wit::resolve(str::to_owned).expect("the WIT parses");
        let package = *packages.last().expect("the agents' package is the last");
        let agents = resolve.packages[package].interfaces["agents"];
        let agents = resolve.id_of(agents).expect("an interface in a package has an id");
        let description = json!({
            "type": self.name,
            "capabilities": [self.name],
            "description": format!("Test agent {}.", self.name),
            "inputSchema": {"type": "object"},
            "outputSchema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "needsEndpoint": false,
        })
        .to_string();
        let AgentGuest { imports, text, run, .. } = self;
        // `cabi_realloc` gives what lies behind 4096.
        assert!(text.len() <= 1024 && description.len() <= 2048);
        let core = format!(
            r#"(module {imports} {BUMP}
  (data (i32.const 1024) "{text}") (data (i32.const {DESCRIPTION}) "{told}")
  (func $done (param i32 i32) (result i32)
    (i32.store offset=12 (i32.const 64) (local.get 0))
    (i32.store offset=16 (i32.const 64) (local.get 1))
    (i32.const 64))
  (func (export "{agents}#describe") (result i32)
    (i32.store (i32.const 32) (i32.const {DESCRIPTION}))
    (i32.store offset=4 (i32.const 32) (i32.const {length}))
    (i32.const 32))
  (func (export "{agents}#run") (param $task i32) (result i32) {run})
  (func (export "{agents}#health") (param i32) (result i32) (i32.const 128)))"#,
            text = escaped(text.as_bytes()),
            told = escaped(description.as_bytes()),
            length = description.len(),
        );
        encode(&core, &resolve, package, "agent")
    }
}
