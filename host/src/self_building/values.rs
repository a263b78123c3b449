//! Inputs that nobody wrote: made of a schema and of examples, at the edges of what the schema lets through.

use serde_json::{Map, Value, json};

/// Values tried for one property.
const VALUES_MAX: usize = 8;
/// Longest text that is made, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// Inputs near `examples` that `is_valid` lets through and that are none of them, at most `count_max`.
pub fn valid(schema: &Value, examples: &[&Value], count_max: usize, is_valid: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut made: Vec<Value> = Vec::new();
    let mut add = |value: Value| {
        if made.len() < count_max && is_valid(&value) && !examples.contains(&&value) && !made.contains(&value) {
            made.push(value);
        }
    };
    let empty = Value::Object(Map::new());
    let bases: Vec<&Value> = if examples.is_empty() { vec![&empty] } else { spread(examples, 3) };
    let properties = schema.get("properties").and_then(Value::as_object);
    // One value of each property first, then the second of each, so that a bound leaves out no property.
    for round in 0..VALUES_MAX {
        for (number, (name, part)) in properties.into_iter().flatten().enumerate() {
            let base = bases.get((round + number) % bases.len()).copied().unwrap_or(&empty);
            let near = base.get(name);
            if let Some(value) = values(schema, part, near).into_iter().nth(round) {
                add(with(base, name, Some(value)));
            }
            if round == 0 {
                add(with(base, name, None));
            }
        }
    }
    made
}

/// Inputs whose `name` has another type than in `example`.
pub fn of_another_type(example: &Value, name: &str) -> Value {
    let other = match example.get(name) {
        Some(Value::String(_)) => json!({"unexpected": [1]}),
        Some(Value::Number(_)) => json!("not a number"),
        Some(Value::Array(_)) => json!(7),
        _ => json!([true]),
    };
    with(example, name, Some(other))
}

/// An input without `name`.
pub fn without(example: &Value, name: &str) -> Value {
    with(example, name, None)
}

/// Some of `all`, from its whole length.
fn spread<'a>(all: &[&'a Value], count_max: usize) -> Vec<&'a Value> {
    let step = all.len().div_ceil(count_max).max(1);
    all.iter().step_by(step).copied().collect()
}

fn with(base: &Value, name: &str, value: Option<Value>) -> Value {
    let mut made = base.as_object().cloned().unwrap_or_default();
    match value {
        Some(value) => drop(made.insert(name.to_owned(), value)),
        None => drop(made.remove(name)),
    }
    Value::Object(made)
}

/// Values that a part of a schema may let through, those most likely to show a fault first.
fn values(root: &Value, part: &Value, near: Option<&Value>) -> Vec<Value> {
    let part =
        part.get("$ref").and_then(Value::as_str).and_then(|to| root.pointer(to.strip_prefix('#')?)).unwrap_or(part);
    if let Some(all) = part.get("enum").and_then(Value::as_array) {
        return all.iter().rev().take(VALUES_MAX).cloned().collect();
    }
    let kind = part.get("type").and_then(Value::as_str).or_else(|| near.map(kind_of)).unwrap_or_default();
    match kind {
        "boolean" => vec![json!(true), json!(false)],
        "integer" => numbers(part, true),
        "number" => numbers(part, false),
        "string" => texts(part, near.and_then(Value::as_str)),
        "array" => lists(part, near.and_then(Value::as_array)),
        "null" => vec![Value::Null],
        _ => Vec::new(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn numbers(part: &Value, whole: bool) -> Vec<Value> {
    let bound = |key: &str| part.get(key).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|least| least + 1.0));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|most| most - 1.0));
    let mut all = vec![least.unwrap_or(0.0), most.unwrap_or(1_000.0), 1.0, -1.0];
    if !whole {
        all.push(2.5);
    }
    all.push(12.0);
    let number =
        |value: f64| if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) };
    all.into_iter().map(number).collect()
}

fn texts(part: &Value, near: Option<&str>) -> Vec<Value> {
    let length =
        |key: &str| part.get(key).and_then(Value::as_u64).map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let (least, most) = (length("minLength").unwrap_or(0), length("maxLength").unwrap_or(TEXT_CHARS_MAX));
    if least > TEXT_CHARS_MAX || part.get("pattern").is_some() || part.get("format").is_some() {
        // No way to make one but from those that are known.
        return near.map(|near| vec![json!(near)]).unwrap_or_default();
    }
    let fit = |text: &str| -> Value {
        let mut fitted: String = text.chars().take(most).collect();
        while fitted.chars().count() < least {
            fitted.push('a');
        }
        fitted.into()
    };
    let near = near.unwrap_or("some words");
    let long: String = near.chars().chain(" ".chars()).cycle().take(TEXT_CHARS_MAX).collect();
    vec![
        fit(""),
        fit("Räksmörgås \u{1f990} is\nERROR \u{1b}[31mtwo\u{1b}[0m lines"),
        fit(&long),
        fit(" "),
        fit("x"),
        fit(&format!("{near} {near}")),
    ]
}

fn lists(part: &Value, near: Option<&Vec<Value>>) -> Vec<Value> {
    let most = part.get("maxItems").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok()).unwrap_or(40);
    let near = near.cloned().unwrap_or_default();
    let reversed: Vec<Value> = near.iter().rev().cloned().collect();
    let many: Vec<Value> = near.iter().cycle().take(most.min(40)).cloned().collect();
    let one: Vec<Value> = near.iter().take(1).cloned().collect();
    vec![json!([]), one.into(), many.into(), reversed.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_valid_and_new_and_covers_each_property() {
        let schema = json!({"type": "object", "properties": {
            "text": {"type": "string", "maxLength": 5}, "n": {"type": "integer", "minimum": 1, "maximum": 9},
            "how": {"enum": ["up", "down"]}}, "required": ["text"]});
        let example = json!({"text": "abc", "n": 2});
        let valid = valid(&schema, &[&example], 12, |value| {
            value.get("text").and_then(Value::as_str).is_some_and(|text| text.chars().count() <= 5)
        });
        assert!(valid.len() >= 6 && !valid.contains(&example), "{valid:?}");
        assert!(valid.iter().any(|value| value.get("n") == Some(&json!(9))), "{valid:?}");
        assert!(valid.iter().any(|value| value.get("how") == Some(&json!("down"))), "{valid:?}");
        assert!(valid.iter().any(|value| value.get("n").is_none()), "{valid:?}");
    }
}
