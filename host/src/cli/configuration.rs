//! The configuration of a command, and `happyos config`.

use serde_json::json;

use super::args::{self, Global};
use super::fault::Fault;
use super::{Context, output};
use crate::config::{self, Config, Environment};

/// The configuration in force: defaults, then the files, then the command line.
pub fn resolve(global: &Global) -> Result<Config, Fault> {
    let environment = Environment::of_process();
    let files = config::find_files(global.config.as_deref(), &environment);
    let mut config = config::load(&files, Config::new(environment.data_dir()))?;
    if let Some(data) = &global.data {
        let data = Global::absolute(data)?;
        if config.skills_dir == config.data_dir.join("skills") {
            config.skills_dir = data.join("skills");
        }
        config.data_dir = data;
    }
    if let Some(skills) = &global.skills {
        config.skills_dir = Global::absolute(skills)?;
    }
    Ok(config)
}

pub fn run(context: &Context, asked: &args::Config) -> Result<(), Fault> {
    match asked {
        args::Config::Show => output::print(&config::annotated(&context.config)),
        args::Config::Check { .. } => {
            if context.voice.json {
                let files: Vec<_> = context.config.files.iter().map(|path| path.display().to_string()).collect();
                return output::print_json(&json!({ "ok": true, "file": files.first(), "files": files }));
            }
            output::print(&match files_of(&context.config) {
                Some(files) => format!("ok: {files}\n"),
                None => "ok: there is no file, every key has its default\n".into(),
            })
        }
    }
}

/// The files that a configuration was read from, for people; `None` where there are none.
pub fn files_of(config: &Config) -> Option<String> {
    let files: Vec<_> = config.files.iter().map(|path| format!("`{}`", path.display())).collect();
    (!files.is_empty()).then(|| files.join(" and "))
}

/// A file with every key explained, at its default.
pub fn explain() -> Result<(), Fault> {
    output::print(&config::explained(&Config::default()))
}
