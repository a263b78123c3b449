//! A task in words: what came of it, in the language of the request. Pure.

mod failures;
mod mermaid;
mod messages;
mod parts;
mod steps;
mod values;

use super::event::{self, Canceled, End, Failed, Question, Refusal};
use super::task::{Progress, Task};

pub use mermaid::mermaid;
pub use messages::Words;
pub use steps::steps;
pub(super) use values::inline;

/// How an answer is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines of plain text.
    Text,
    /// Markdown.
    Markdown,
}

/// Where the reader of an answer can do what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// At a command line.
    Command,
    /// By calling the tool that the answer came from.
    Tool,
}

/// A task in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// `en` or `sv`.
    pub language: &'static str,
    /// What there is to say.
    pub text: String,
    /// What to do next, where there is something.
    pub hint: Option<String>,
}

/// Says what came of `task`, or what it waits for.
pub fn respond(task: &Task, format: Format, door: Door) -> Response {
    let words = Words::of(language(task));
    let id = task.id.to_string();
    let (text, hint) = match (&task.end, &task.question) {
        (Some(End::Completed), _) => (marked(task, parts::answer(task, words, format), words), None),
        (Some(End::Failed(failed)), _) => match task.planned().nth(1) {
            // What the others have answered is not lost.
            Some(_) => (parts::answer(task, words, format), failure(task, failed, words).1),
            None => failure(task, failed, words),
        },
        (Some(End::Canceled(why)), _) => (
            match why {
                Canceled::ByOwner => words.canceled(),
                Canceled::Abandoned => words.abandoned(),
                Canceled::Expired => words.expired(),
                Canceled::NotApproved => words.not_approved(),
            },
            None,
        ),
        (Some(End::Rejected(refusal)), _) => refused(refusal, words, format),
        (None, Some(question)) => {
            let how = match door {
                Door::Command => words.answer_with(&id),
                Door::Tool => words.answer_with_tool(&id),
            };
            (ask(question, words, format), Some(how))
        }
        (None, None) => (words.working(), Some(words.look_again(&id))),
    };
    Response { language: words.tag(), text, hint }
}

/// The answer with a line that says so where a model planned or gave it.
fn marked(task: &Task, answer: String, words: Words) -> String {
    let mark = match task.analysed.as_ref().map(|analysed| &*analysed.strategy) {
        Some(event::PLANNED_BY_AGENT) => words.planned_by_agent(),
        Some(event::ANSWERED_BY_AGENT) => words.answered_by_agent(),
        _ => return answer,
    };
    format!("{answer}\n{mark}")
}

/// The tag of the language that the owner of a task is spoken to in.
pub fn language(task: &Task) -> &str {
    let detected = task.analysed.as_ref().map(|analysed| &*analysed.language).filter(|tag| *tag != "und");
    task.request.locale.as_deref().or(detected).unwrap_or("en")
}

fn failure(task: &Task, failed: &Failed, words: Words) -> (String, Option<String>) {
    let failed_step = task.steps.iter().find(|step| matches!(step.progress, Progress::Failed));
    let skill = failed_step.or(task.steps.last()).and_then(super::drive::called);
    let why = failures::why(words, failed);
    let why = why.trim_end_matches('.');
    let mut text = match &skill {
        Some(skill) => words.failed_in(skill, why),
        None => words.failed(why),
    };
    let tried: Vec<_> = task
        .steps
        .iter()
        .flat_map(|step| {
            let earlier = step.failures.len().saturating_sub(1);
            step.failures.iter().take(earlier).filter_map(|(call, failed)| {
                let skill = step.step.chain.get(*call)?.label();
                Some(format!("`{skill}` ({})", failures::why(words, failed)))
            })
        })
        .collect();
    if !tried.is_empty() {
        text.push('\n');
        text.push_str(&words.tried(&tried.join(", ")));
    }
    (text, failures::hint(words, failed, skill.as_deref()))
}

fn refused(refusal: &Refusal, words: Words, format: Format) -> (String, Option<String>) {
    match refusal {
        Refusal::Gap(gap) => {
            let mut text = words.gap(&gap.id);
            let near: Vec<_> = gap.nearest.iter().map(|near| format!("`{}`", near.skill)).collect();
            if !near.is_empty() {
                text.push(' ');
                text.push_str(&words.nearest(&near.join(", ")));
            }
            (text, Some(words.fill(&gap.id)))
        }
        Refusal::Several(parts) => {
            let mut text = words.several();
            for (number, part) in (1..).zip(parts) {
                let found = parts::found(part, words);
                let quoted = match format {
                    Format::Text => format!("\"{}\"", part.text.trim()),
                    Format::Markdown => format!("*{}*", part.text.trim()),
                };
                text.push_str(&format!("\n{number}. {quoted}: {found}"));
            }
            (text, Some(words.one_at_a_time()))
        }
    }
}

fn ask(question: &Question, words: Words, format: Format) -> String {
    match question {
        Question::Choice(choices) => {
            let mut text = words.which();
            for (number, choice) in (1..).zip(choices) {
                let what = choice.description.lines().next().unwrap_or_default();
                let name = match format {
                    Format::Text => choice.skill.to_string(),
                    Format::Markdown => format!("**{}**", choice.skill),
                };
                text.push_str(&format!("\n{number}. {name}: {what}"));
            }
            text
        }
        Question::Missing(missing) => {
            let lines = missing.values.iter().map(|value| {
                let mut line = match value.question.trim() {
                    "" => what_is(words, &value.name, value.description.as_deref(), &missing.skill),
                    question => question.to_owned(),
                };
                let options: Vec<_> = value.options.iter().take(20).map(values::inline).collect();
                if !options.is_empty() {
                    line.push_str(&format!(" ({})", options.join(", ")));
                }
                // A question that was made for it says so itself.
                if let Some(suggestion) = value.suggestion.as_ref().filter(|_| value.question.trim().is_empty()) {
                    line.push(' ');
                    line.push_str(&words.perhaps(&values::inline(suggestion)));
                }
                line
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Question::Interrupted(interrupted) => words.interrupted(&interrupted.skill),
        Question::Approval(approval) => {
            let with = values::inline(&serde_json::Value::Object(approval.arguments.clone()));
            words.may_it_run(&approval.target, &with)
        }
        Question::Agent(asked) => words.agent_asks(&asked.agent, &asked.message),
    }
}

fn what_is(words: Words, name: &str, description: Option<&str>, skill: &str) -> String {
    match description.map(|text| text.trim().trim_end_matches('.')).filter(|text| !text.is_empty()) {
        Some(description) => words.what_is_described(name, description, skill),
        None => words.what_is(name, skill),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use serde_json::value::RawValue;

    use super::super::event::{Call, Gap, Request, Step};
    use super::super::task::StepState;
    use super::*;
    use crate::base::TaskId;

    fn task(locale: &str) -> Task {
        let request = Request { text: "räkna".into(), locale: Some(locale.into()), ..Request::default() };
        Task::new(TaskId::at(1, 2), "me".into(), request, 0)
    }

    fn answered(locale: &str, output: &serde_json::Value) -> Task {
        let output: Arc<RawValue> = RawValue::from_string(output.to_string()).unwrap().into();
        let step = StepState {
            progress: Progress::Done { output, n_artifacts: 0 },
            n_attempts: 1,
            ..StepState::new(Step::of(vec![Call::skill("calc".into(), Default::default())]))
        };
        Task { steps: vec![step], end: Some(End::Completed), ..task(locale) }
    }

    #[test]
    fn answers_read_as_lines() {
        let cases = [
            (json!("hej"), "hej"),
            (json!({"result": 42}), "42"),
            (json!(true), "ja"),
            (json!([]), "(inget)"),
            (
                json!({"words": 5, "longestWord": "vara", "flags": ["a", "b"]}),
                "flags: a, b\nlongest word: vara\nwords: 5",
            ),
            (json!({"rows": [{"a": 1, "b": 2}, {"a": 30, "b": true}]}), "a   b\n1   2\n30  ja"),
            (json!([["namn", 1], ["ö", 22]]), "namn  1\nö     22"),
            (json!({"rows": [{"a": 1, "b": 2}, {"c": 3}]}), "- a: 1, b: 2\n- c: 3"),
            (json!([{"a": "x\ny"}, {"a": "z"}]), "- a: x\ny\n- a: z"),
            (json!({"of": {"x": 1}, "y": null}), "of:\n  x: 1\ny: –"),
        ];
        for (output, want) in cases {
            assert_eq!(respond(&answered("sv-SE", &output), Format::Text, Door::Command).text, want, "{output}");
        }
        let deep = (0..200).fold(json!(1), |inner, _| json!({ "a": inner, "b": 1 }));
        assert!(respond(&answered("en", &deep), Format::Markdown, Door::Command).text.len() < 20_000);
    }

    #[test]
    fn a_gap_is_told_in_the_language_with_what_to_do() {
        let gap = Gap { id: "abc".into(), key: "k".into(), nearest: Vec::new() };
        for (locale, says) in
            [("sv", "Ingen installerad färdighet"), ("en", "No installed skill"), ("fr", "No installed")]
        {
            let task = Task { end: Some(End::Rejected(Refusal::Gap(gap.clone()))), ..task(locale) };
            let said = respond(&task, Format::Text, Door::Command);
            assert!(said.text.starts_with(says), "{}", said.text);
            assert!(said.hint.unwrap().contains("happyos gap show abc"));
        }
    }

    #[test]
    fn a_table_is_a_table_in_markdown() {
        let rows = json!([{"name": "a|b", "lineCount": 2}, {"name": "c", "lineCount": null}]);
        let output = json!({ "rows": rows });
        let said = respond(&answered("en", &output), Format::Markdown, Door::Command).text;
        assert_eq!(said, "| line count | name |\n| --- | --- |\n| 2 | a\\|b |\n| – | c |");
        let output = json!({"rows": rows, "to": 1, "a": 2});
        let said = respond(&answered("en", &output), Format::Markdown, Door::Command).text;
        assert!(
            said.starts_with("**a**: 2  \n**rows**:\n\n| line count") && said.ends_with("| – | c |\n\n**to**: 1"),
            "{said}"
        );
    }

    #[test]
    fn failures_are_told_in_the_language_with_what_to_do() {
        let failed = |kind: &str, limit: Option<&str>, message: &str| Failed {
            kind: kind.into(),
            limit: limit.map(Into::into),
            message: message.into(),
            hint: Some("own hint".into()),
        };
        let cases = [
            (
                failed("limit-exceeded", Some("fuel"), "the call reached its fuel limit of 5"),
                "`calc` kunde inte göra det: gränsen för instruktioner nåddes.",
                "en operatör kan höja `limits.fuel` i happyos.toml",
            ),
            (failed("trap", None, "unreachable"), "`calc` kunde inte göra det: den kraschade.", "säg till"),
            (failed("guest-error", None, "no such unit."), "den säger: no such unit.", "own hint"),
            (failed("unavailable", None, "x"), "allt är upptaget", "försök igen"),
            (failed("unheard-of", None, "x"), "`calc` kunde inte göra det: x.", "own hint"),
        ];
        for (failed, says, hint) in cases {
            let swedish = Task { end: Some(End::Failed(failed.clone())), ..answered("sv", &json!(1)) };
            let said = respond(&swedish, Format::Text, Door::Command);
            assert!(said.text.contains(says), "{}", said.text);
            assert!(said.hint.as_deref().unwrap().contains(hint), "{said:?}");
            let english = Task { end: Some(End::Failed(failed.clone())), ..answered("en", &json!(1)) };
            let said = respond(&english, Format::Text, Door::Command);
            assert!(said.text.contains(failed.message.trim_end_matches('.')), "{}", said.text);
        }
    }

    #[test]
    fn steps_and_sources_are_told_on_request() {
        let task = answered("sv", &json!(1));
        let told = steps(&task, Format::Text);
        assert!(told.starts_with("Steg\n1. `calc` {}: klart"), "{told}");
        assert!(told.contains("Källor: `calc`"), "{told}");
    }
}
