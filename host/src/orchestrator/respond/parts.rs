//! The answer of a task: of one step what it says, of several parts each in the order of the request.

use super::super::event::Part;
use super::super::task::{Progress, StepState, Task};
use super::failures::{self};
use super::messages::Words;
use super::{Format, values};

/// Items of a step over a list that are shown one by one.
const ITEMS_MAX: usize = 100;

/// What the steps of `task` have answered, and what is to be said of the parts that have no answer.
pub fn answer(task: &Task, words: Words, format: Format) -> String {
    let n_planned = task.planned().count();
    if n_planned < 2 && task.left_out.is_empty() {
        return task.planned().map(|(_, step)| of_step(task, step, words, format)).collect::<Vec<_>>().join("\n");
    }
    let mut parts = Vec::new();
    for (place, step) in task.planned() {
        parts.extend(left_out(task, place, words));
        let title = match &step.step.name {
            Some(name) => name.trim().to_owned(),
            None => super::super::drive::called(step).map(|label| label.to_string()).unwrap_or_default(),
        };
        parts.push((title, of_step(task, step, words, format)));
    }
    parts.extend(left_out(task, n_planned, words));
    let part = |(number, (title, text)): (usize, &(String, String))| match format {
        Format::Text => format!("{number}. {title}\n{}", indented(text)),
        Format::Markdown => format!("**{number}. {title}**\n\n{text}"),
    };
    let lines: Vec<_> = (1..).zip(&parts).map(part).collect();
    lines.join(if format == Format::Markdown { "\n\n" } else { "\n" })
}

/// The parts that no step is for and that stand before the step at `place`, after those before them.
fn left_out(task: &Task, place: usize, words: Words) -> Vec<(String, String)> {
    let here = task.left_out.iter().filter(|left| left.after == place);
    here.map(|left| (left.part.text.trim().to_owned(), words.part_not_done(&found(&left.part, words)))).collect()
}

/// What was found for a part that is not done.
pub fn found(part: &Part, words: Words) -> String {
    match &part.call {
        _ if part.waits => words.part_waits(),
        Some(call) if part.missing.is_empty() => words.part_done_by(call.label()),
        Some(call) => words.part_lacks(call.label(), &part.missing.join(", ")),
        None if part.choices.is_empty() => words.part_unknown(),
        None => words.part_choice(&part.choices.join("`, `")),
    }
}

fn of_step(task: &Task, step: &StepState, words: Words, format: Format) -> String {
    match &step.progress {
        Progress::Done { output, n_artifacts } => {
            let mut text = values::text(output.get(), words, format);
            if *n_artifacts > 0 {
                text.push('\n');
                text.push_str(&words.files(&n_artifacts.to_string()));
            }
            text
        }
        Progress::Skipped => words.skipped(),
        Progress::Expanded { first, n_items } => {
            let ones = task.steps.iter().skip(*first).take((*n_items).min(ITEMS_MAX));
            let one = |(number, step): (usize, &StepState)| {
                let text = of_step(task, step, words, format);
                match text.contains('\n') {
                    true => format!("{number}.\n{}", indented(&text)),
                    false => format!("{number}. {text}"),
                }
            };
            let lines: Vec<_> = (1..).zip(ones).map(one).collect();
            if lines.is_empty() { words.nothing() } else { lines.join("\n") }
        }
        Progress::Failed => {
            let why = step.failures.last().map(|(_, failed)| failures::why(words, failed)).unwrap_or_default();
            words.part_failed(&why)
        }
        Progress::Rejected => words.part_rejected(),
        Progress::Paused(_) => words.state_paused(),
        Progress::Waiting { .. } if task.end.is_some() => words.part_blocked(),
        Progress::Waiting { .. } | Progress::Running { .. } => words.state_waiting(),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}
