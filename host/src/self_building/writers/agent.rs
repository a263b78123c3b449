//! An agent as a writer: it gets all that a writer may know as one text, and its answer is searched for one script.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Brief, Writer, Written};
use crate::agents::{AgentEnd, Agents, Ask, Purse, Wanted};
use crate::base::{CallLimits, Failure, LimitOverrides};
use crate::security::{Principal, redact};
use crate::self_building::SOURCE_BYTES_MAX;
use crate::skills::{Manifest, Skills};

/// What an agent must be able to do to be chosen.
pub const CAPABILITY: &str = "skill-writer";
/// Milliseconds that one round may take.
const ROUND_MS_MAX: u64 = 300_000;
/// Errors of earlier rounds that it is told.
const FAILED_MAX: usize = 8;
/// Examples that it is shown.
const EXAMPLES_MAX: usize = 16;

/// Writes by an agent.
pub struct ByAgent {
    agents: Agents,
    skills: Skills,
    principal: Principal,
    name: Arc<str>,
}

impl ByAgent {
    /// The agent of that name, or one that can write skills.
    ///
    /// # Errors
    /// `not-found` where there is none.
    pub fn find(
        agents: &Agents,
        skills: &Skills,
        principal: &Principal,
        name: Option<&str>,
    ) -> Result<ByAgent, Failure> {
        let wanted = match name {
            Some(name) => Wanted::Named(name.into()),
            None => Wanted::Able(vec![CAPABILITY.to_owned()]),
        };
        let spec = agents.find(&wanted)?;
        Ok(ByAgent { agents: agents.clone(), skills: skills.clone(), principal: principal.clone(), name: spec.name })
    }

    /// The nearest skills as it is told of them: what they are called, do and take.
    fn nearest(&self, names: &[String]) -> Vec<Value> {
        let Ok(snapshot) = self.skills.snapshot(&self.principal) else { return Vec::new() };
        let known = names.iter().filter_map(|name| snapshot.skill(name));
        known
            .map(|skill| {
                let schema: Value = serde_json::from_str(skill.input_schema()).unwrap_or_default();
                json!({"name": skill.name(), "description": skill.description(), "inputSchema": schema})
            })
            .collect()
    }

    fn prompt(&self, brief: &Brief) -> String {
        let mut text = brief.contract.to_owned();
        let mut part = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                let _ = write!(text, "\n\n{title}\n{}", lines.join("\n"));
            }
        };
        let quoted = |text: &String| Value::from(redact::text(text)).to_string();
        part("Requests that it is to answer:", brief.requests.iter().map(quoted).collect());
        let example = |example: &crate::skills::Example| match &example.output {
            Some(output) => {
                json!({"input": redact::value(&example.input), "output": redact::value(output)}).to_string()
            }
            None => json!({"input": redact::value(&example.input)}).to_string(),
        };
        part("Some of what it has to do:", brief.examples.iter().take(EXAMPLES_MAX).map(example).collect());
        let nearest = self.nearest(&brief.nearest);
        part(
            "Installed skills that are near, and whose requests and names are theirs:",
            nearest.iter().map(Value::to_string).collect(),
        );
        part(
            "The file as it is, of which a better version is wanted under the same name:",
            brief.before.iter().map(|text| redact::code(text)).collect(),
        );
        let failed = brief.failed.iter().rev().take(FAILED_MAX).rev();
        let failed = failed.map(|text| redact::code(text)).collect();
        part("Earlier attempts were rejected, the first one first:", failed);
        text
    }
}

#[async_trait]
impl Writer for ByAgent {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write(&self, brief: &Brief) -> Result<Option<Written>, Failure> {
        let input = json!({ "task": self.prompt(brief) }).to_string();
        let ask = Ask {
            limits: LimitOverrides { wall_ms: Some(ROUND_MS_MAX), ..LimitOverrides::default() },
            purse: Some(Arc::new(Purse::new(CallLimits::AGENT.fuel, Some(brief.money_max)))),
            ..Ask::new(Wanted::Named(self.name.clone()), input)
        };
        let ran = self.agents.run(&self.principal, ask).await;
        let spent = Written {
            file_name: "candidate.js".into(),
            model_calls: u32::try_from(ran.attempts).unwrap_or(u32::MAX),
            cost: ran.cost,
            ..Written::default()
        };
        let answer = match ran.result {
            Ok(answer) => answer,
            Err(failure) if ran.attempts == 0 => return Err(failure),
            Err(failure) => {
                return Ok(Some(Written { problem: Some(format!("the agent failed: {failure}")), ..spent }));
            }
        };
        let text = match answer.end {
            AgentEnd::Done(answer) => said(&answer.json),
            AgentEnd::InputRequired { message, .. } => {
                let problem = Some(format!("the agent asks back: {message}"));
                return Ok(Some(Written { problem, ..spent }));
            }
            AgentEnd::Healthy(_) => String::new(),
        };
        let Some(source) = script(&text) else {
            let mut source = text;
            source.truncate(source.floor_char_boundary(SOURCE_BYTES_MAX));
            let problem = "the answer has no script (hint: answer with one code block that holds the whole file)";
            return Ok(Some(Written { source, problem: Some(problem.into()), goes_on: true, ..spent }));
        };
        let name = Manifest::from_script(&source).ok().flatten().map(|manifest| format!("{}.js", manifest.name));
        Ok(Some(Written { file_name: name.unwrap_or_else(|| "candidate.js".into()), source, goes_on: true, ..spent }))
    }
}

/// What an agent said: the `text` of its answer, or the answer where that is a text.
fn said(answer: &str) -> String {
    match serde_json::from_str::<Value>(answer) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(members)) => members.get("text").and_then(Value::as_str).unwrap_or(answer).to_owned(),
        _ => answer.to_owned(),
    }
}

/// The script in an answer: the last code block that declares a skill, or all of it where there is no code block.
fn script(text: &str) -> Option<String> {
    let declares = |text: &str| text.contains("skill(");
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let block = blocks.iter().rev().find(|block| declares(block));
    if let Some(block) = block {
        let (first, rest) = block.split_once('\n')?;
        let is_tag = first.trim().chars().all(|c| c.is_ascii_alphanumeric());
        return Some(if is_tag { rest.to_owned() } else { (*block).to_owned() });
    }
    (blocks.is_empty() && declares(text)).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_found_in_an_answer() {
        let code = "/* happyos\nname = \"a\"\n*/\nskill({});\n";
        assert_eq!(script(&format!("Here:\n```js\n{code}```\nDone.")).as_deref(), Some(code));
        assert_eq!(script(&format!("```\nls\n```\n```javascript\n{code}```")).as_deref(), Some(code));
        assert_eq!(script(code).as_deref(), Some(code.trim()));
        assert_eq!(script("I cannot do that."), None);
        assert_eq!(script("```js\nlet a;\n```"), None);
        assert_eq!(said("{\"text\": \"a\"}"), "a");
    }
}
