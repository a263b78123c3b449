//! The configuration of a command, and `happyos config`.

use std::path::PathBuf;

use serde_json::json;

use super::args::{self, Global};
use super::fault::Fault;
use super::{Context, output};
use crate::config::{self, Config, Environment};

/// The configuration in force: defaults, then the file, then the command line. And which file that was.
pub fn resolve(global: &Global) -> Result<(Config, Option<PathBuf>), Fault> {
    let environment = Environment::of_process();
    let file = config::find_file(global.config.as_deref(), &environment);
    let mut config = Config::new(environment.data_dir());
    if let Some(file) = &file {
        config = config::load(file, config)?;
    }
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
    Ok((config, file))
}

pub fn run(context: &Context, asked: &args::Config) -> Result<(), Fault> {
    match asked {
        args::Config::Show => output::print(&config::annotated(&context.config)),
        args::Config::Check { .. } => {
            let file = context.config_file.as_ref().map(|path| path.display().to_string());
            if context.voice.json {
                return output::print_json(&json!({ "ok": true, "file": file }));
            }
            output::print(&match file {
                Some(file) => format!("ok: `{file}`\n"),
                None => "ok: there is no file, every key has its default\n".into(),
            })
        }
    }
}

/// A file with every key explained, at its default.
pub fn explain() -> Result<(), Fault> {
    output::print(&config::explained(&Config::default()))
}
