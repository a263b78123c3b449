//! JSON Schemas from bundles: bounded and refused where they could hurt, then compiled to validators.
//!
//! A schema is as untrusted as the code beside it. References leave the schema or go round in
//! circles in hostile ones, and a few lines can describe work without end: so references are local and
//! acyclic, and the schema's size with all references written out is bounded.

use std::collections::HashMap;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

/// Largest schema, in bytes of JSON.
const SCHEMA_BYTES_MAX: usize = 64 << 10;
/// Most parts of a schema with all references written out.
const PARTS_MAX: usize = 5_000;
/// How deep a schema may nest, references included.
const DEPTH_MAX: usize = 64;
/// Largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Problems named in one message.
const PROBLEMS_MAX: usize = 3;

/// Checks and compiles a schema.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn compile(schema: &Value) -> Result<Validator, String> {
    let bytes = schema.to_string().len();
    if bytes > SCHEMA_BYTES_MAX {
        return Err(format!("it has {bytes} bytes, more than {SCHEMA_BYTES_MAX}"));
    }
    Survey { root: schema, parts: 0, open: HashMap::new() }.visit(schema, 0)?;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
        .offline()
        .build(schema)
        .map_err(|error| error.to_string())
}

/// Checks `value`; the problems are named by their place in it.
///
/// # Errors
/// The first few problems, in a sentence.
pub fn check(validator: &Validator, value: &Value) -> Result<(), String> {
    if validator.is_valid(value) {
        return Ok(());
    }
    let mut problems = Vec::new();
    for error in validator.iter_errors(value).take(PROBLEMS_MAX) {
        let place = error.instance_path().to_string();
        let mut problem = error.to_string();
        if problem.len() > 300 {
            problem = problem.chars().take(300).chain("…".chars()).collect();
        }
        problems.push(if place.is_empty() { problem } else { format!("{place}: {problem}") });
    }
    Err(problems.join("; "))
}

struct Survey<'a> {
    root: &'a Value,
    parts: usize,
    /// References that are being followed.
    open: HashMap<&'a str, ()>,
}

impl<'a> Survey<'a> {
    fn visit(&mut self, part: &'a Value, depth: usize) -> Result<(), String> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(format!("it has more than {PARTS_MAX} parts when its references are written out"));
        }
        if depth > DEPTH_MAX {
            return Err(format!("it nests deeper than {DEPTH_MAX}"));
        }
        match part {
            Value::Array(items) => items.iter().try_for_each(|item| self.visit(item, depth + 1)),
            Value::Object(members) => {
                for (key, value) in members {
                    match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) => self.follow(reference, depth)?,
                        ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                            return Err(format!("it uses `{key}`, which is not taken here"));
                        }
                        // Reached where they are referred to.
                        ("$defs" | "definitions", Value::Object(_)) => {}
                        _ => self.visit(value, depth + 1)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn follow(&mut self, reference: &'a str, depth: usize) -> Result<(), String> {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer))
            .ok_or_else(|| format!("its reference `{reference}` is not to a part of itself, as in `#/$defs/name`"))?;
        if self.open.insert(reference, ()).is_some() {
            return Err(format!(
                "its reference `{reference}` goes round in a circle (hint: write the nesting out to the depth you need, or take any value there)"
            ));
        }
        self.visit(target, depth + 1)?;
        self.open.remove(reference);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(schema: Value) -> String {
        compile(&schema).err().unwrap_or_default()
    }

    #[test]
    fn references_stay_inside_and_do_not_go_round() {
        assert!(refused(json!({"$ref": "file:///etc/passwd"})).contains("not to a part of itself"));
        assert!(refused(json!({"$ref": "http://127.0.0.1/"})).contains("not to a part of itself"));
        assert!(refused(json!({"allOf": [{"$ref": "#"}]})).contains("circle"));
        assert!(refused(json!({"$dynamicRef": "#x"})).contains("$dynamicRef"));
        let doubling: serde_json::Map<String, Value> = (0..15)
            .map(|n| {
                let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
                (format!("d{n}"), json!({"allOf": [next, next]}))
            })
            .chain([("d15".to_owned(), json!(true))])
            .collect();
        assert!(refused(json!({"$defs": doubling, "$ref": "#/$defs/d0"})).contains("parts"));
        let twice = json!({"$defs": {"n": {"type": "number"}}, "type": "object",
            "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"$ref": "#/$defs/n"}}});
        assert_eq!(refused(twice), "");
    }

    #[test]
    fn a_problem_is_named_by_its_place() {
        let validator = compile(&json!({"type": "object", "properties": {"n": {"type": "integer"}}})).unwrap();
        let problem = check(&validator, &json!({"n": "x"})).unwrap_err();
        assert!(problem.starts_with("/n: "), "{problem}");
    }
}
