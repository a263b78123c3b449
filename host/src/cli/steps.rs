//! Progress on standard error: bars on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::OnLoad;
use super::output::Voice;

/// Shows how far reading the bundles has come, where that takes long enough to be seen.
pub fn loading(voice: Voice) -> OnLoad {
    if voice.quiet || !io::stderr().is_terminal() {
        return Box::new(|_, _| {});
    }
    let bar = bar("reading skills");
    Box::new(move |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        if done >= total {
            bar.finish_and_clear();
        }
    })
}

fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    // A template that does not parse leaves the plain style, which says the same.
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:24} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

/// A line that turns while something runs whose length nobody knows. Gone when dropped.
pub struct Waiting(Option<ProgressBar>);

impl Waiting {
    /// Shows `what` on a terminal.
    pub fn new(voice: Voice, what: String) -> Waiting {
        if voice.quiet || !io::stderr().is_terminal() {
            return Waiting(None);
        }
        let bar = ProgressBar::new_spinner();
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Waiting(Some(bar))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
