//! The compile helper: the process in which untrusted bytes are parsed and compiled.
//!
//! It is this same program, started with one hidden argument. It takes its own rights away before it
//! reads a byte (memory, processor time, files, network, children that outlive the daemon), and
//! answers on standard output with one JSON line and then the compiled code.

use std::io::{self, BufRead, Read, Write};

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr};
use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use super::engine;
use super::shape::{Shape, check_imports, survey, world_of};

/// The argument that starts the helper.
pub const ARGUMENT: &str = "__compile-helper";

/// What the helper is told, as one JSON line on its standard input before the bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// Bytes that follow.
    pub input_bytes: u64,
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Processor seconds.
    pub cpu_s: u64,
}

/// What the helper answers, as one JSON line before the compiled code.
#[derive(Debug, Serialize, Deserialize)]
pub enum Verdict {
    /// It compiles; the code follows.
    Compiled(Shape),
    /// It does not, and why.
    Refused(String),
}

/// Longest order or verdict, in bytes.
pub const LINE_BYTES_MAX: u64 = 1 << 20;

/// Runs the helper and returns the process's exit code.
pub fn main() -> u8 {
    match run() {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "compile helper: {error}");
            1
        }
    }
}

fn run() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let order: Order = serde_json::from_str(&line(&mut input)?)?;
    give_up_rights(&order)?;
    let mut bytes = Vec::new();
    input.take(order.input_bytes).read_to_end(&mut bytes)?;
    let mut output = io::stdout().lock();
    let (verdict, code) = match compile(&bytes) {
        Ok((shape, code)) => (Verdict::Compiled(shape), code),
        Err(why) => (Verdict::Refused(why), Vec::new()),
    };
    serde_json::to_writer(&mut output, &verdict)?;
    output.write_all(b"\n")?;
    output.write_all(&code)?;
    output.flush()
}

/// One line; what follows it stays unread.
fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.take(LINE_BYTES_MAX).read_line(&mut line)?;
    Ok(line)
}

fn give_up_rights(order: &Order) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let both = |value| Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(Resource::As, both(order.memory_bytes))?;
    setrlimit(Resource::Cpu, both(order.cpu_s))?;
    setrlimit(Resource::Core, both(0))?;
    setrlimit(Resource::Fsize, both(0))?;
    // Being nice is a courtesy: where it is refused the limits still hold.
    let _ = nice(19);
    // Best effort by design: on kernels without Landlock the helper is still a process of its own
    // with nothing open but its pipes. `happyos doctor` says which it is.
    let abi = ABI::V4;
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)))
        .and_then(|ruleset| ruleset.create())
        .and_then(|ruleset| ruleset.restrict_self());
    restricted.map(|_| ()).map_err(io::Error::other)
}

fn compile(bytes: &[u8]) -> Result<(Shape, Vec<u8>), String> {
    let manifest = survey(bytes)?;
    let config = engine::helper_config();
    let engine = Engine::new(&config).map_err(|error| format!("the compiler does not start: {error:#}"))?;
    let component =
        Component::from_binary(&engine, bytes).map_err(|error| format!("it does not compile: {error:#}"))?;
    let ty = component.component_type();
    // Names first: what is wrong with them says more than a count would.
    let imports: Vec<String> =
        ty.imports(&engine).filter(|(_, import)| !is_type(&import.ty)).map(|(name, _)| name.to_owned()).collect();
    check_imports(&imports)?;
    let world = world_of(ty.exports(&engine).map(|(name, _)| name))?;
    let code = component.serialize().map_err(|error| format!("its code cannot be stored: {error:#}"))?;
    Ok((Shape { world, manifest, imports }, code))
}

fn is_type(item: &ComponentItem) -> bool {
    matches!(item, ComponentItem::Type(_))
}
