//! How an answer came about: each step with its input and what became of it, what it stands on, what it used.

use serde_json::Value;

use super::super::task::{Outputs, Progress, StepState, Task};
use super::failures::why;
use super::messages::Words;
use super::{Format, language};

/// Longest input of a step that is shown, in characters.
const INPUT_CHARS_MAX: usize = 500;

/// The steps of `task` and its sources: the skills whose answers it gives.
pub fn steps(task: &Task, format: Format) -> String {
    let words = Words::of(language(task));
    let mut text = match format {
        Format::Text => words.steps(),
        Format::Markdown => format!("### {}\n", words.steps()),
    };
    let mut number = 0;
    let mut line = |what: String| {
        number += 1;
        text.push_str(&format!("\n{number}. {what}"));
    };
    let outputs = Outputs::new(task);
    for step in &task.steps {
        for (call, failed) in &step.failures {
            if let Some(call) = step.step.chain.get(*call) {
                line(format!("`{}`: {}: {}", call.label(), words.state_failed(), why(words, failed)));
            }
        }
        if !matches!(step.progress, Progress::Failed)
            && let Some(call) = step.step.chain.get(step.call)
        {
            let arguments = outputs.arguments(step, call).unwrap_or_else(|_| call.arguments.clone());
            let input = short(&Value::Object(arguments).to_string());
            line(format!("`{}` {input}: {}{}", call.label(), state(words, step), chosen(words, task, call.label())));
        }
    }
    let end = if format == Format::Markdown { "\n\n" } else { "\n" };
    let done = task.steps.iter().filter(|step| matches!(step.progress, Progress::Done { .. }));
    let sources: Vec<_> = done.filter_map(super::super::drive::called).map(|skill| format!("`{skill}`")).collect();
    if !sources.is_empty() {
        text.push_str(&format!("{end}{}", words.sources(&sources.join(", "))));
    }
    let span = format!("{:.1} ms", task.used.wall_us as f64 / 1e3);
    let fuel = task.used.fuel.to_string();
    let used = match task.used.money {
        0 => words.used(&fuel, &span),
        money => words.used_money(&fuel, &span, &money.to_string()),
    };
    text.push_str(&format!("{end}{used}"));
    text
}

fn state(words: Words, step: &StepState) -> String {
    let state = match step.progress {
        Progress::Waiting { .. } => words.state_waiting(),
        Progress::Running { .. } => words.state_running(),
        Progress::Done { .. } => words.state_done(),
        Progress::Skipped => words.state_skipped(),
        Progress::Failed => words.state_failed(),
        Progress::Paused(_) => words.state_paused(),
        Progress::Rejected => words.state_rejected(),
        Progress::Expanded { n_items, .. } => words.state_expanded(&n_items.to_string()),
    };
    match step.n_attempts {
        0 | 1 => state,
        times => format!("{state}, {}", words.begun(&times.to_string())),
    }
}

/// Why the skill was chosen, where routing said so.
fn chosen(words: Words, task: &Task, skill: &str) -> String {
    let candidates = task.analysed.iter().flat_map(|analysed| &analysed.candidates);
    let reasons = candidates.filter(|candidate| &*candidate.skill == skill).flat_map(|candidate| &candidate.reasons);
    let reasons: Vec<_> = reasons.map(String::as_str).collect();
    if reasons.is_empty() { String::new() } else { format!(" ({})", words.chosen_for(&reasons.join("; "))) }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(INPUT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
