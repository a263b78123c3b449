//! `happyos endpoint` and `happyos agent` as written.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Endpoint {
    /// Add an endpoint, or replace the one of that name.
    Add(NewEndpoint),
    /// List the endpoints, and how they do.
    List,
    /// Ask an endpoint how it is.
    Check {
        /// Its name.
        name: String,
    },
    /// Remove an endpoint; what runs there goes on to its end.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct NewEndpoint {
    /// Its name: 1 to 64 of `A-Z a-z 0-9 _ -`.
    pub name: String,
    /// The base URL, such as `https://api.example.org/v1`.
    pub url: String,
    /// The adapter that speaks its language.
    #[arg(long, value_name = "ADAPTER", default_value = "openai-compatible")]
    pub kind: String,
    /// The model to ask for, where it has several.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The secret to authorise with: `happyos secret set NAME`. Agents never see it.
    #[arg(long, value_name = "NAME")]
    pub secret: Option<String>,
    /// Runs there at one time.
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub slots: usize,
    /// It is on this machine, or in a network that is not public.
    #[arg(long)]
    pub private: bool,
    /// What a million tokens read cost, in millionths of your currency.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub input_price: u64,
    /// What a million tokens written cost, in millionths of your currency.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub output_price: u64,
}

#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Make an agent.
    Create(CreateAgent),
    /// List the agents, and what they do now.
    List,
    /// Show one agent.
    Show {
        /// Its name.
        name: String,
    },
    /// Have an agent work on a task.
    Run(RunAgent),
    /// Let an agent finish what it has, and take no more.
    Drain {
        /// Its name.
        name: String,
    },
    /// Stop an agent at once: what it works on is cancelled.
    Stop {
        /// Its name.
        name: String,
    },
    /// Let an agent take work again.
    Restart {
        /// Its name.
        name: String,
    },
    /// Take an agent out of service until it is restarted.
    Quarantine {
        /// Its name.
        name: String,
    },
    /// Remove an agent.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct CreateAgent {
    /// What kind of agent it is, such as `code_generator`; otherwise what its adapter says.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// What it can do, in words, such as `python,fastapi,database`.
    #[arg(long, value_delimiter = ',', value_name = "WORD,…")]
    pub capabilities: Vec<String>,
    /// Its name; its type where none is given.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The bundle that it is made of: `openai-compatible`, `mcp-agent`, `rules`, or one of your own.
    #[arg(long, value_name = "BUNDLE")]
    pub adapter: Option<String>,
    /// Where it works; every endpoint of its adapter where none is given. May be repeated.
    #[arg(long = "endpoint", value_name = "NAME")]
    pub endpoints: Vec<String>,
    /// Standing instructions.
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,
    /// Further settings of its adapter, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub settings: Option<String>,
    /// Skills and agents that it may call, where its user may, too.
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub may: Vec<String>,
    /// Let it look at what its user asked before.
    #[arg(long)]
    pub memory: bool,
    /// Slots that are always open: 1 where nothing is said.
    #[arg(long, value_name = "NUMBER")]
    pub slots_min: Option<usize>,
    /// Slots that are open at most: 4 where nothing is said.
    #[arg(long, value_name = "NUMBER")]
    pub slots_max: Option<usize>,
}

#[derive(Debug, Args)]
pub struct RunAgent {
    /// The agent's name, or with `--capabilities` the task.
    pub first: String,
    /// The task, in plain words, or a JSON object.
    #[arg(required_unless_present = "capabilities", value_name = "TASK")]
    pub task: Option<String>,
    /// Let an agent be chosen that can do all of these.
    #[arg(long, value_delimiter = ',', value_name = "WORD,…", conflicts_with = "task")]
    pub capabilities: Vec<String>,
    /// What an earlier run gave when it asked something back.
    #[arg(long, value_name = "TEXT")]
    pub continuation: Option<String>,
    /// Milliseconds that it may take.
    #[arg(long, value_name = "NUMBER")]
    pub wall_ms: Option<u64>,
    /// Millionths of your currency that it may cost, with all that it calls.
    #[arg(long, value_name = "NUMBER")]
    pub money: Option<u64>,
    /// Groups the runs of one conversation.
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Write files that it makes to this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
