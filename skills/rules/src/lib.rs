//! An agent that follows rules: what a task's words say decides what it says, asks or has done. No model, no network.

use happyos_sdk::agent::{Agent, Answer, Context, Description, Task};
use happyos_sdk::{Result, SkillError, delegate, progress};
use serde::Deserialize;
use serde_json::{Value, json};

/// The agent.
struct Rules;

/// How the agent is set up.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Tried in this order.
    rules: Vec<Rule>,
}

/// One rule. It applies where all its words are in the task, whatever their case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Words that the task must have; none applies always.
    #[serde(default)]
    when: Vec<String>,
    #[serde(flatten)]
    then: Then,
}

/// What a rule does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    /// Says this; `{task}` stands for the task.
    Say(String),
    /// Asks this back; the answer is the task of the run that goes on, without this rule and those before it.
    Ask(String),
    /// Calls a skill or agent; the text values of its input may hold `{task}`.
    Call { name: String, input: Value },
}

impl Agent for Rules {
    fn describe() -> Description {
        let mut description =
            Description::new("rules", "Follows rules: what a task's words say decides what is said, asked or called.");
        description.capabilities = vec!["rules".to_owned()];
        // What a called skill gives is put beside the text.
        description.output_schema = Some(json!({
            "type": "object",
            "properties": { "text": { "type": "string" }, "output": {} },
            "required": ["text"],
        }));
        description
    }

    fn run(task: &Task, context: &Context) -> Result<Answer> {
        let settings: Settings = context.settings()?;
        let text = task.text()?;
        let words = text.to_lowercase();
        let from = match &task.continuation {
            Some(place) => {
                place.parse::<usize>().map_err(|_| SkillError::invalid("this is no continuation of mine"))?
            }
            None => 0,
        };
        let fits = |rule: &Rule| rule.when.iter().all(|word| words.contains(&word.to_lowercase()));
        let found = settings.rules.iter().enumerate().skip(from).find(|(_, rule)| fits(rule));
        let Some((place, rule)) = found else {
            return Err(SkillError::failed("no rule is about this task"));
        };
        progress::report(1.0, Some(1.0), format!("rule {} applies", place + 1));
        match &rule.then {
            Then::Say(say) => Ok(Answer::done(&json!({ "text": say.replace("{task}", &text) }))),
            Then::Ask(question) => Ok(Answer::ask(question, (place + 1).to_string())),
            Then::Call { name, input } => {
                let output = delegate::call(name, &filled(input, &text).to_string())?;
                let said = match &output {
                    Value::String(said) => said.clone(),
                    output => output.to_string(),
                };
                Ok(Answer::done(&json!({ "text": said, "output": output })))
            }
        }
    }
}

/// The same value with `{task}` filled in.
fn filled(value: &Value, task: &str) -> Value {
    match value {
        Value::String(text) => text.replace("{task}", task).into(),
        Value::Array(items) => items.iter().map(|item| filled(item, task)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), filled(value, task))).collect(),
        other => other.clone(),
    }
}

happyos_sdk::agent!(Rules);

#[cfg(test)]
mod tests {
    use happyos_sdk::agent::Outcome;
    use happyos_sdk::testing::{clear, stub_target};

    use super::*;

    const RULES: &str = r#"{"rules": [
        {"when": ["count", "words"], "call": {"name": "text-stats", "input": {"text": "{task}"}}},
        {"when": ["colour"], "ask": "Which colour?"},
        {"say": "You said: {task}"}
    ]}"#;

    fn run(text: &str, continuation: Option<&str>) -> Result<Answer> {
        let task = Task { input: json!({ "task": text }).to_string(), continuation: continuation.map(str::to_owned) };
        Rules::run(&task, &Context { settings: RULES.into(), ..Context::default() })
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        assert_eq!(run("hello", None).unwrap(), Answer::done(&json!({ "text": "You said: hello" })));
        let asked = run("paint it in a Colour", None).unwrap();
        assert_eq!(asked.outcome, Outcome::InputRequired("Which colour?".into(), "2".into()));
        assert_eq!(run("colour blue", Some("2")).unwrap(), Answer::done(&json!({ "text": "You said: colour blue" })));
        assert!(run("hello", Some("x")).is_err());
    }

    #[test]
    fn a_skill_is_called_with_the_task_where_that_is_granted() {
        clear();
        assert!(matches!(run("count the words", None), Err(SkillError::Denied(_))));
        let target = delegate::Target {
            name: "text-stats".into(),
            is_agent: false,
            description: String::new(),
            input_schema: "{}".into(),
        };
        stub_target(target, |input| Ok(input.to_owned()));
        let answer = run("count the words", None).unwrap();
        let Outcome::Done(json, _) = answer.outcome else { panic!("{answer:?}") };
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["output"], json!({ "text": "count the words" }));
    }

    #[test]
    fn settings_with_a_mistake_are_refused_and_a_task_without_a_rule_fails() {
        let task = Task { input: r#"{"task": "x"}"#.into(), continuation: None };
        let with = |settings: &str| Rules::run(&task, &Context { settings: settings.into(), ..Context::default() });
        assert!(matches!(with(r#"{"rule": []}"#), Err(SkillError::InvalidInput(_))));
        assert!(matches!(with("{}"), Err(SkillError::Failed(_))));
    }
}
