//! An agent that is a tool of an upstream MCP server over streamable HTTP, such as CAMEL's `ChatAgent.to_mcp()` (the tool
//! `step`) and `Workforce.to_mcp()` (`process_task`).

mod client;

use happyos_sdk::agent::{Agent, Answer, Context, Description, Outcome, Task};
use happyos_sdk::{Attachment, Result, SkillError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use client::Session;

/// The agent.
struct McpAgent;

/// How the agent is set up.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The tool; the server's only one where it is not given.
    tool: Option<String>,
    /// The tool's argument that takes the task; its first required text where it is not given.
    argument: Option<String>,
    /// Further arguments.
    arguments: Map<String, Value>,
    /// Where in the result's JSON its text lies, such as `/messages/0/content`; all of it where it is not given.
    text: Option<String>,
    /// Milliseconds for one exchange.
    timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { tool: None, argument: None, arguments: Map::new(), text: None, timeout_ms: 300_000 }
    }
}

impl Agent for McpAgent {
    fn describe() -> Description {
        let mut description = Description::new("mcp", "Works on a task by a tool of an upstream MCP server.");
        description.capabilities = vec!["mcp".to_owned()];
        description.needs_endpoint = true;
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
        let mut session = Session::open(context, settings.timeout_ms)?;
        let tools = session.request("tools/list", json!({}))?;
        let tool = chosen(&tools["tools"], settings.tool.as_deref())?;
        let name = tool["name"].as_str().unwrap_or_default();
        let argument = match &settings.argument {
            Some(argument) => argument.clone(),
            None => first_text(&tool["inputSchema"]).ok_or_else(|| {
                SkillError::failed(format!(
                    "the tool `{name}` says of no argument that it takes a text; the setting `argument` names one"
                ))
            })?,
        };
        let mut arguments = settings.arguments.clone();
        arguments.insert(argument, text.into());
        // From here on the server may have done something: what fails is not to be done again elsewhere.
        let result = session.request("tools/call", json!({ "name": name, "arguments": arguments }));
        let result = result.map_err(|error| match error {
            SkillError::Unavailable(message) => SkillError::Failed(message),
            error => error,
        })?;
        session.close();
        answer(name, &tool["outputSchema"], &result, settings.text.as_deref())
    }

    fn health(context: &Context) -> Result<String> {
        let mut session = Session::open(context, 10_000)?;
        let tools = session.request("tools/list", json!({}))?;
        session.close();
        Ok(format!("has {} tools", tools["tools"].as_array().map_or(0, Vec::len)))
    }
}

/// The tool of that name, or the only one.
fn chosen<'a>(tools: &'a Value, name: Option<&str>) -> Result<&'a Value> {
    let tools = tools.as_array().ok_or_else(|| SkillError::failed("the server lists no tools"))?;
    let found = match name {
        Some(name) => tools.iter().find(|tool| tool["name"] == name),
        None if tools.len() == 1 => tools.first(),
        None => None,
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).take(20).collect();
        SkillError::failed(format!(
            "the server has the tools {}, and {}",
            names.join(", "),
            name.map_or("the setting `tool` names none of them".to_owned(), |name| format!("not `{name}`"))
        ))
    })
}

/// The first argument that must be given and is a text.
fn first_text(schema: &Value) -> Option<String> {
    let required = schema["required"].as_array()?.iter().filter_map(Value::as_str);
    let is_text = |name: &&str| {
        let property = &schema["properties"][*name];
        property["type"] == "string"
            || property["anyOf"].as_array().is_some_and(|any| any.iter().any(|one| one["type"] == "string"))
    };
    required.into_iter().find(is_text).map(str::to_owned)
}

/// What a tool's result says.
fn answer(tool: &str, schema: &Value, result: &Value, place: Option<&str>) -> Result<Answer> {
    let content = result["content"].as_array().ok_or_else(|| SkillError::failed("the tool's result has no content"))?;
    let texts: Vec<&str> = content.iter().filter_map(|part| part["text"].as_str()).collect();
    let text = texts.join("\n");
    if result["isError"] == true {
        let short: String = text.chars().take(500).collect();
        return Err(SkillError::failed(format!("the tool `{tool}` failed: {short}")));
    }
    let structured = &result["structuredContent"];
    if !schema.is_null() && !structured.is_object() {
        return Err(SkillError::failed(format!("the tool `{tool}` promises structured content and gave none")));
    }
    let missing = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = missing.into_iter().find(|name| structured.get(name).is_none()) {
        return Err(SkillError::failed(format!(
            "the answer of the tool `{tool}` lacks `{name}`, which its schema promises"
        )));
    }
    // Many servers write their structured answer as a text.
    let output = match structured {
        Value::Object(_) => structured.clone(),
        _ => serde_json::from_str(&text).unwrap_or_default(),
    };
    let text =
        match place {
            Some(place) => output.pointer(place).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
                SkillError::failed(format!("the answer of the tool `{tool}` has no text at `{place}`"))
            })?,
            None => text,
        };
    let mut all = json!({ "text": text });
    if !output.is_null() {
        all["output"] = output;
    }
    Ok(Answer { outcome: Outcome::Done(all.to_string(), Vec::<Attachment>::new()), input_tokens: 0, output_tokens: 0 })
}

happyos_sdk::agent!(McpAgent);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_for_the_task_is_found_in_the_tools_schema() {
        let schema = json!({
            "properties": { "n": { "type": "integer" }, "message": { "type": "string" } },
            "required": ["n", "message"],
        });
        assert_eq!(first_text(&schema).as_deref(), Some("message"));
        assert_eq!(first_text(&json!({ "properties": { "a": { "type": "string" } } })), None);
    }

    #[test]
    fn a_tool_is_chosen_by_name_or_because_it_is_the_only_one() {
        let two = json!([{ "name": "a" }, { "name": "b" }]);
        assert_eq!(chosen(&two, Some("b")).unwrap()["name"], "b");
        assert!(chosen(&two, None).is_err() && chosen(&two, Some("c")).is_err());
        assert_eq!(chosen(&json!([{ "name": "a" }]), None).unwrap()["name"], "a");
    }

    #[test]
    fn an_answer_that_is_not_as_promised_is_a_failure() {
        let schema = json!({ "required": ["total"] });
        let said = |structured: Value| json!({ "content": [{ "type": "text", "text": "3" }], "structuredContent": structured });
        assert!(answer("sum", &schema, &said(json!({ "total": 3 })), None).is_ok());
        assert!(answer("sum", &schema, &said(json!({ "sum": 3 })), None).is_err());
        assert!(answer("sum", &schema, &said(Value::Null), None).is_err());
        assert!(answer("sum", &Value::Null, &said(Value::Null), None).is_ok());
        let written = json!({ "content": [{ "type": "text", "text": r#"{"messages": [{"content": "hi"}]}"# }] });
        let found = answer("step", &Value::Null, &written, Some("/messages/0/content")).unwrap();
        let Outcome::Done(json, _) = found.outcome else { panic!("it is done") };
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["text"], "hi");
        assert!(answer("step", &Value::Null, &written, Some("/messages/1")).is_err());
        assert!(answer("sum", &Value::Null, &json!({ "isError": true, "content": [] }), None).is_err());
    }
}
