//! The commands of requests in plain words, as written.

use clap::{Args, Subcommand, ValueEnum};

const ASK_EXIT_CODES: &str = "Exit codes, beside those of every command:\n  0  answered\n  1  failed or stopped\n  \
5  a question has to be answered first: `happyos task answer`\n  6  refused: no skill does it";

#[derive(Debug, Args)]
#[command(after_help = ASK_EXIT_CODES)]
pub struct Ask {
    #[command(flatten)]
    pub request: Request,
    /// Do not wait: print the task's id as soon as it is accepted.
    #[arg(long)]
    pub no_wait: bool,
    /// Show how the answer came about, too.
    #[arg(long)]
    pub steps: bool,
    /// How the answer is written; `json` is the whole task, for programs.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = ASK_EXIT_CODES)]
pub struct Plan {
    /// What is wanted, in plain words; `-` reads it from standard input.
    #[arg(required_unless_present_any = ["run", "check", "schema"], value_name = "TEXT")]
    pub text: Vec<String>,
    #[command(flatten)]
    pub said: Said,
    /// Draw it as a Mermaid flowchart.
    #[arg(long)]
    pub mermaid: bool,
    /// Check the plan in this JSON file and run it; `-` reads it from standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "schema"])]
    pub run: Option<String>,
    /// Check the plan in this JSON file and show it.
    #[arg(long, value_name = "FILE", conflicts_with = "schema")]
    pub check: Option<String>,
    /// Print the JSON Schema of plans.
    #[arg(long)]
    pub schema: bool,
}

/// A request in plain words.
#[derive(Debug, Clone, Args)]
pub struct Request {
    /// What is wanted, in plain words; `-` reads it from standard input.
    #[arg(required = true, value_name = "TEXT")]
    pub text: Vec<String>,
    #[command(flatten)]
    pub said: Said,
}

/// What is said beside a request's own words.
#[derive(Debug, Clone, Args)]
pub struct Said {
    /// Groups the requests of one conversation, so that later ones can speak of earlier ones.
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// The language wanted, as a BCP 47 tag such as `sv-SE`; otherwise that of the request.
    #[arg(long, value_name = "TAG")]
    pub locale: Option<String>,
    /// Where you are, such as `Europe/Stockholm`; otherwise where the daemon is.
    #[arg(long, value_name = "NAME")]
    pub time_zone: Option<String>,
    /// Something to know, such as `project=atlas`; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub context: Vec<String>,
    /// What you think of it: `complexity=0.2`, `team_size=3` or `skill=NAME`; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub hint: Vec<String>,
    #[command(flatten)]
    pub budget: Budget,
}

/// What all calls of a request together may use.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Budget of all that is done for it")]
pub struct Budget {
    /// Instructions.
    #[arg(long, value_name = "NUMBER")]
    pub fuel: Option<u64>,
    /// Wall clock of its calls, in milliseconds.
    #[arg(long, value_name = "NUMBER")]
    pub wall_ms: Option<u64>,
    /// Calls of skills to the host.
    #[arg(long, value_name = "NUMBER")]
    pub host_calls: Option<u64>,
    /// Bytes of the answers.
    #[arg(long, value_name = "NUMBER")]
    pub output_bytes: Option<u64>,
    /// What agents may cost, in millionths of your currency.
    #[arg(long, value_name = "NUMBER")]
    pub money: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// List your requests, the youngest first.
    List {
        /// Only in this state, such as `input-required`.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only of this conversation.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// How many.
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
    /// Show a request, and what became of it.
    #[command(after_help = ASK_EXIT_CODES)]
    Show {
        /// The task's id, or `last`.
        id: String,
        /// How the answer is written; `json` is the whole task, for programs.
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
        format: Format,
    },
    /// Answer the question that a request waits with.
    #[command(after_help = ASK_EXIT_CODES)]
    Answer {
        /// The task's id, or `last`.
        id: String,
        /// The number or name of a choice, a value, or `name=value` for each of several.
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Say that a step may run that waits for that.
    #[command(after_help = ASK_EXIT_CODES)]
    Approve {
        /// The task's id, or `last`.
        id: String,
        /// The number of the step, or its name.
        step: String,
    },
    /// Say that a step may not run that waits for that; the others go on.
    #[command(after_help = ASK_EXIT_CODES)]
    Reject {
        /// The task's id, or `last`.
        id: String,
        /// The number of the step, or its name.
        step: String,
    },
    /// Write the files that came with the answers of a request into a folder. No file that is there is overwritten.
    Artifacts {
        /// The task's id, or `last`.
        id: String,
        /// The folder; it is made where it is not there.
        #[arg(long, value_name = "DIR")]
        out: std::path::PathBuf,
    },
    /// Go on with a request that was interrupted: the step that may have run is run again.
    #[command(after_help = ASK_EXIT_CODES)]
    Resume {
        /// The task's id, or `last`.
        id: String,
    },
    /// Stop a request, and what runs for it.
    Cancel {
        /// The task's id, or `last`.
        id: String,
    },
    /// Say that a request was for another skill: requests like it go there from now on.
    Correct {
        /// The task's id, or `last`.
        id: String,
        /// The skill's name.
        skill: String,
    },
    /// Show step by step what happened; the same as `happyos trace`.
    Trace {
        /// The task's id, or `last`.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Gap {
    /// List what was asked for and no skill does.
    List,
    /// Show one gap with the requests that met it.
    Show {
        /// The gap's id.
        id: String,
    },
    /// Say that nothing is to be done about a gap.
    Dismiss {
        /// The gap's id.
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct StartBuild {
    /// The gap's id.
    pub gap: String,
    /// The skill: a `.js` file. Each file is one round.
    #[arg(long, value_name = "FILE", conflicts_with = "agent")]
    pub from: Option<std::path::PathBuf>,
    /// The agent that writes. Without this and a file, installed scripts are put together where that does what is wanted, and
    /// else an agent that can do `skill-writer` is chosen.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// What it is to do, as JSON: `examples` and `hidden` ones with input and output, and what it `may_ask` for.
    #[arg(long, value_name = "FILE")]
    pub need: Option<std::path::PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Building {
    /// Have a skill written for a gap, and serve it if it passes: a file, by an agent, or of installed skills.
    Start(StartBuild),
    /// List the builds.
    List,
    /// Show one build with its rounds and what the gate found.
    Show {
        /// The build's id.
        id: String,
    },
    /// End a build that may have another round.
    Cancel {
        /// The build's id.
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct Trace {
    /// The task's id, or `last`.
    pub id: String,
}

#[derive(Debug, Args)]
pub struct Stats {
    /// Show each of the last hours.
    #[arg(long, value_name = "NUMBER", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=2_160))]
    pub hours: u32,
    /// Show each of the last days, by UTC.
    #[arg(long, value_name = "NUMBER", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    pub days: u32,
}

#[derive(Debug, Args)]
pub struct Errors {
    /// Only of this skill.
    #[arg(long, value_name = "NAME")]
    pub skill: Option<String>,
    /// Only of this kind, such as `trap` or `limit-exceeded`.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Memory {
    /// List what your choices and corrections taught.
    List,
    /// Forget one choice, or all.
    Forget {
        /// Its id, as `happyos memory list` shows it.
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All of them.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Find what you asked before, by its words, and by meaning where the model is installed.
    Search {
        /// Words of what was asked or answered.
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// How many.
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
    },
    /// Write all that is kept of a user as JSON: requests with their steps and files, gaps, choices, errors.
    Export {
        /// Whose, by the name of the token; otherwise your own.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Write to this file, which must not be there yet, and not to standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<std::path::PathBuf>,
    },
    /// Erase all that is kept of a user, also from the files: what runs for it is stopped first.
    Erase {
        /// Whose, by the name of the token; `local` is who uses this command.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}
