//! A plan as a Mermaid flowchart: <https://mermaid.js.org/syntax/flowchart.html>.

use super::super::event::{Call, Reference};
use super::super::task::{Progress, StepState, Task};
use super::Words;

/// Longest line in a box, in characters.
const LINE_CHARS_MAX: usize = 60;

/// Draws the plan of `task`, with how far each step is.
pub fn mermaid(task: &Task) -> String {
    let words = Words::of(super::language(task));
    let mut text = String::from("flowchart TD\n");
    for (place, step) in task.planned() {
        let (open, close) = match step {
            _ if step.step.each.is_some() => ("[[", "]]"),
            _ if step.step.approve || matches!(step.progress, Progress::Paused(_)) => ("{{", "}}"),
            _ => ("[", "]"),
        };
        let number = place + 1;
        text.push_str(&format!("  s{number}{open}\"{}\"{close}\n", label(number, step)));
        for need in &step.step.needs {
            let taken: Vec<&str> = references(step)
                .filter(|own| own.from.step == Some(*need))
                .map(|own| &*own.from.pointer)
                .chain(step.step.each.iter().filter(|each| each.step == Some(*need)).map(|each| &*each.pointer))
                .collect();
            let from = need + 1;
            match taken.is_empty() {
                true => text.push_str(&format!("  s{from} -.-> s{number}\n")),
                false => text.push_str(&format!("  s{from} -->|\"{}\"| s{number}\n", escaped(&taken.join(", ")))),
            }
        }
        if let Some(class) = class(step) {
            text.push_str(&format!("  class s{number} {class}\n"));
        }
    }
    for (number, left) in (1..).zip(&task.left_out) {
        let found = super::parts::found(&left.part, words);
        text.push_str(&format!("  x{number}[\"{}<br/>{}\"]\n", escaped(&left.part.text), escaped(&found)));
        text.push_str(&format!("  class x{number} left\n"));
    }
    text.push_str("  classDef done fill:#d5f5d5\n  classDef failed fill:#f5d5d5\n  classDef left stroke-dasharray:4\n");
    text
}

fn references(step: &StepState) -> impl Iterator<Item = &Reference> {
    step.step.chain.iter().flat_map(|call: &Call| &call.references)
}

fn label(number: usize, step: &StepState) -> String {
    let calls: Vec<String> = step.step.chain.iter().map(|call| escaped(call.label())).collect();
    let mut label = format!("{number}. {}", calls.join(" / "));
    if let Some(name) = &step.step.name {
        label.push_str(&format!("<br/>{}", escaped(name)));
    }
    label
}

fn class(step: &StepState) -> Option<&'static str> {
    match step.progress {
        Progress::Done { .. } | Progress::Skipped | Progress::Expanded { .. } => Some("done"),
        Progress::Failed | Progress::Rejected => Some("failed"),
        Progress::Waiting { .. } | Progress::Running { .. } | Progress::Paused(_) => None,
    }
}

/// A text that can stand between quotation marks: on one line, with nothing that the drawing would read.
fn escaped(text: &str) -> String {
    let mut line = String::new();
    for (n_chars, c) in text.chars().enumerate() {
        if n_chars >= LINE_CHARS_MAX {
            line.push('…');
            break;
        }
        match c {
            '"' => line.push_str("#quot;"),
            '<' => line.push_str("#lt;"),
            '>' => line.push_str("#gt;"),
            '#' => line.push_str("#35;"),
            '`' => line.push_str("#96;"),
            '|' => line.push_str("#124;"),
            c if c.is_control() => line.push(' '),
            c => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::super::super::event::{Request, Source, Step};
    use super::*;
    use crate::base::TaskId;

    #[test]
    fn a_plan_is_drawn_with_what_goes_from_step_to_step() {
        let request = Request { text: "x".into(), ..Request::default() };
        let mut task = Task::new(TaskId::at(1, 2), "me".into(), request, 0);
        let first =
            Step { name: Some("count \"a\nb\"".into()), ..Step::of(vec![Call::skill("stats".into(), Map::new())]) };
        let from = Source { step: Some(0), pointer: "/words".into() };
        let reference = Reference { to: "/value".into(), from, template: None, as_number: false };
        let call = Call { references: vec![reference], ..Call::skill("convert".into(), Map::new()) };
        let second = Step { needs: vec![0], approve: true, ..Step::of(vec![call]) };
        task.steps = [first, second].into_iter().map(StepState::new).collect();
        let drawn = mermaid(&task);
        let lines: Vec<_> = drawn.lines().take(4).collect();
        assert_eq!(
            lines,
            [
                "flowchart TD",
                "  s1[\"1. stats<br/>count #quot;a b#quot;\"]",
                "  s2{{\"2. convert\"}}",
                "  s1 -->|\"/words\"| s2",
            ]
        );
    }
}
