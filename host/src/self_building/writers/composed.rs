//! A pipeline that was found, written as a script.

use serde_json::{Map, Value, json};

use super::Brief;
use super::compose::{Binding, Source};
use crate::routing::language;
use crate::skills::{CandidateSkill, Example, Loaded};

/// Examples that the script has.
const EXAMPLES_MAX: usize = 8;
/// Words of a name.
const NAME_WORDS_MAX: usize = 4;

/// A script that can be part of a composition.
pub struct Part {
    pub bundle: String,
    pub source: String,
    pub loaded: Loaded,
    pub skills: Vec<CandidateSkill>,
}

/// One skill with what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub part: usize,
    pub skill: usize,
    pub bindings: Vec<(String, Binding)>,
}

/// What of all that was given is the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Whole(Source),
    Members(Vec<(String, Source)>),
}

/// A pipeline that gives what the examples say.
pub struct Composition {
    pub steps: Vec<Step>,
    pub target: Target,
}

impl Target {
    /// The answer.
    pub fn of(&self, given: &[Value]) -> Option<Value> {
        let at = |(at, pointer): &Source| given.get(*at)?.pointer(pointer).cloned();
        match self {
            Target::Whole(source) => at(source),
            Target::Members(members) => {
                let members = members.iter().map(|(name, source)| Some((name.clone(), at(source)?)));
                members.collect::<Option<Map<_, _>>>().map(Value::Object)
            }
        }
    }
}

/// The script, and the name of its bundle.
pub fn render(parts: &[Part], found: &Composition, brief: &Brief, taken: &dyn Fn(&str) -> bool) -> (String, String) {
    let name = name(brief, taken);
    let mut used: Vec<usize> = found.steps.iter().map(|step| step.part).collect();
    used.sort_unstable();
    used.dedup();
    let of = |index: usize| parts.get(index);
    let names: Vec<String> = used.iter().filter_map(|part| of(*part)).map(|part| part.bundle.clone()).collect();
    let mut text = format!("/* happyos\nname = \"{name}\"\nversion = \"0.1.0\"\n*/\n");
    if used.iter().filter_map(|part| of(*part)).any(|part| part.source.contains("\"use strict\"")) {
        text.push_str("\"use strict\";\n");
    }
    text.push_str(&format!("// Composed of {}, whose text it holds.\nconst parts = {{}};\n", names.join(", ")));
    for index in &used {
        let Some(part) = of(*index) else { continue };
        text.push_str(&format!(
            "(function () {{\nconst skill = (one) => {{ parts[\"{index}/\" + one.name] = one; }};\n{}\n}})();\n",
            part.source
        ));
    }
    let metadata = json!({
        "name": name,
        "description": description(brief),
        "inputSchema": input_schema(parts, found, brief),
        "outputSchema": output_schema(parts, found, brief),
        "annotations": {"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false},
        "examples": examples(brief),
    });
    let metadata = metadata.to_string();
    let metadata = metadata.strip_suffix('}').unwrap_or(&metadata);
    let mut body = String::new();
    for (number, step) in found.steps.iter().enumerate() {
        let skill = of(step.part).and_then(|part| part.skills.get(step.skill));
        let skill = skill.map(|skill| skill.name.to_string()).unwrap_or_default();
        let key = json!(format!("{}/{skill}", step.part));
        let bindings: Vec<String> =
            step.bindings.iter().map(|(name, binding)| format!("{}: {}", json!(name), expression(binding))).collect();
        body.push_str(&format!("    given.push(parts[{key}].run({{ {} }}, context));\n", bindings.join(", ")));
        if number + 1 == found.steps.len() {
            let answer = match &found.target {
                Target::Whole(source) => access(source),
                Target::Members(members) => {
                    let members: Vec<String> =
                        members.iter().map(|(name, source)| format!("{}: {}", json!(name), access(source))).collect();
                    format!("{{ {} }}", members.join(", "))
                }
            };
            body.push_str(&format!("    return {answer};\n"));
        }
    }
    text.push_str(&format!(
        "skill({metadata},\n  run(input, context) {{\n    const given = [input];\n{body}  }},\n}});\n"
    ));
    (name, text)
}

/// A place as an expression; a binding that is not there stays out of the input.
fn access((at, pointer): &Source) -> String {
    let mut text = format!("given[{at}]");
    for name in pointer.split('/').skip(1) {
        text.push_str(&format!("?.[{}]", json!(name.replace("~1", "/").replace("~0", "~"))));
    }
    text
}

fn expression(binding: &Binding) -> String {
    match binding {
        Binding::From(source) => access(source),
        Binding::Constant(value) => value.to_string(),
    }
}

fn name(brief: &Brief, taken: &dyn Fn(&str) -> bool) -> String {
    let request = brief.requests.first().map(String::as_str).unwrap_or_default();
    let shape = crate::routing::shape::of(request).to_lowercase();
    let words = shape.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 1).take(NAME_WORDS_MAX);
    let mut name: String = words.collect::<Vec<_>>().join("-").chars().take(48).collect();
    if name.is_empty() {
        name = "composed".into();
    }
    let free = (1..100).map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") }).find(|name| !taken(name));
    free.unwrap_or(name)
}

fn description(brief: &Brief) -> String {
    let request = brief.requests.first().map(String::as_str).unwrap_or_default();
    let mut chars = request.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str().trim_end_matches(['.', '!', '?']))
}

/// What the properties are is what the parameters are that they go into.
fn input_schema(parts: &[Part], found: &Composition, brief: &Brief) -> Value {
    let inputs = || brief.examples.iter().filter_map(|example| example.input.as_object());
    let mut properties = Map::new();
    for (name, value) in inputs().flatten() {
        if properties.contains_key(name) {
            continue;
        }
        let takes = |step: &Step| {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            let (to, _) = step.bindings.iter().find(|(_, binding)| *binding == Binding::From((0, pointer.clone())))?;
            let skill = parts.get(step.part)?.skills.get(step.skill)?;
            let schema = skill.metadata.input_schema.get("properties")?.get(to)?;
            (!schema.to_string().contains("$ref")).then(|| schema.clone())
        };
        let schema = found.steps.iter().find_map(takes).unwrap_or_else(|| json!({"type": kind(value)}));
        properties.insert(name.clone(), schema);
    }
    let required: Vec<&String> =
        properties.keys().filter(|name| inputs().all(|input| input.contains_key(*name))).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn output_schema(parts: &[Part], found: &Composition, brief: &Brief) -> Value {
    let last = found.steps.last().and_then(|step| parts.get(step.part)?.skills.get(step.skill));
    if found.target == Target::Whole((found.steps.len(), String::new()))
        && let Some(schema) = last.and_then(|skill| skill.metadata.output_schema.clone())
    {
        return schema;
    }
    let outputs: Vec<&Value> = brief.examples.iter().filter_map(|example| example.output.as_ref()).collect();
    let of_all = |values: Vec<&Value>| {
        let mut kinds: Vec<&str> = values.into_iter().map(kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.contains(&"number") {
            kinds.retain(|kind| *kind != "integer");
        }
        match kinds.as_slice() {
            // A whole number in all examples says little of the next.
            ["integer"] => json!({"type": "number"}),
            [one] => json!({"type": one}),
            _ => json!({"type": kinds}),
        }
    };
    let Target::Members(members) = &found.target else { return of_all(outputs) };
    let member = |name: &String| of_all(outputs.iter().filter_map(|output| output.get(name)).collect());
    let properties: Map<String, Value> = members.iter().map(|(name, _)| (name.clone(), member(name))).collect();
    let required: Vec<&String> = members.iter().map(|(name, _)| name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The examples, each with a request where one can be made: a request of the gap with the example's value in the place of its
/// own.
fn examples(brief: &Brief) -> Value {
    let example = |(index, example): (usize, &Example)| {
        let mut request: Map<String, Value> =
            example.request.iter().map(|(language, text)| (language.clone(), text.as_str().into())).collect();
        if request.is_empty() {
            let asked = brief.requests.get(index % brief.requests.len().max(1));
            if let Some(text) = asked.and_then(|text| with_value(text, &example.input)) {
                let language = if language::detect(&text).is_swedish() { "sv" } else { "en" };
                request.insert(language.into(), text.into());
            }
        }
        json!({"request": request, "input": example.input, "output": example.output})
    };
    brief.examples.iter().take(EXAMPLES_MAX).enumerate().map(example).collect()
}

/// A request with another value: that of the one member of the input, where the request has one value.
fn with_value(request: &str, input: &Value) -> Option<String> {
    let members = input.as_object()?;
    let (Some(value), 1) = (members.values().next(), members.len()) else { return None };
    let data = crate::routing::shape::data(request);
    let [(range, _)] = data.as_slice() else { return None };
    let said = request.get(range.clone())?;
    let value = match value {
        Value::String(text) if said.starts_with(['"', '\'', '“', '”', '«']) && !text.contains('"') => {
            format!("\"{text}\"")
        }
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let mut text = request.to_owned();
    text.replace_range(range.clone(), &value);
    Some(text)
}
