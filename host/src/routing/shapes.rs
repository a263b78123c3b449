//! What a JSON Schema says of one place in the values it describes: whether there is such a place, and of what types it is.

use serde_json::Value;

/// References that are followed one after another.
const REFERENCES_MAX: usize = 16;

/// What a schema says of a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place<'a> {
    /// This.
    Known(&'a Value),
    /// Nothing: anything may be there.
    Open,
    /// That there is none.
    Absent,
}

/// What `schema` says of the place at the JSON pointer `pointer`.
pub fn at<'a>(schema: &'a Value, pointer: &str) -> Place<'a> {
    let mut here = resolved(schema, schema);
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        // `*` is each of a list.
        let is_place = name == "*" || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let next = match here.get("properties").and_then(Value::as_object).and_then(|own| own.get(&name)) {
            Some(next) => next,
            None if is_place && here.get("items").is_some_and(Value::is_object) => match here.get("items") {
                Some(items) => items,
                None => return Place::Open,
            },
            None if is_closed(here) => return Place::Absent,
            None => return Place::Open,
        };
        here = resolved(schema, next);
    }
    Place::Known(here)
}

/// Whether an object of this schema has the properties it names and no others, as far as anybody can tell.
fn is_closed(schema: &Value) -> bool {
    let types = types(schema, schema);
    let is_object = types.as_ref().is_some_and(|types| types.as_slice() == ["object"]);
    let is_scalar = types.as_ref().is_some_and(|types| !types.iter().any(|kind| matches!(*kind, "object" | "array")));
    let open = matches!(schema.get("additionalProperties"), Some(Value::Bool(true) | Value::Object(_)));
    is_scalar || is_object && !open && schema.get("properties").is_some_and(Value::is_object)
}

/// The schema itself, with its own references followed and the one of several that is not null taken.
pub fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut here = schema;
    for _ in 0..REFERENCES_MAX {
        let target = here.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        if let Some(next) = target.and_then(|pointer| root.pointer(pointer)) {
            here = next;
            continue;
        }
        let several = ["anyOf", "oneOf"].iter().find_map(|key| here.get(*key).and_then(Value::as_array));
        let mut solid = several.into_iter().flatten().filter(|one| one.get("type").is_none_or(|kind| kind != "null"));
        match (solid.next(), solid.next()) {
            (Some(only), None) => here = only,
            _ => break,
        }
    }
    here
}

/// The types that values of `schema` may be of; `None` where it does not say.
pub fn types<'a>(root: &'a Value, schema: &'a Value) -> Option<Vec<&'a str>> {
    let schema = resolved(root, schema);
    let mut types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => {
            let of = |value: &Value| match value {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "boolean",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
                Value::Null => "null",
            };
            schema.get("enum").and_then(Value::as_array)?.iter().map(of).collect()
        }
    };
    types.retain(|kind| *kind != "null");
    types.dedup();
    (!types.is_empty()).then_some(types)
}

/// Whether a value of the types `given` can stand where those of `taken` are; what is not said fits.
pub fn fits(given: Option<&[&str]>, taken: Option<&[&str]>) -> bool {
    let (Some(given), Some(taken)) = (given, taken) else { return true };
    given.iter().any(|given| {
        taken
            .iter()
            .any(|taken| given == taken || matches!((*given, *taken), ("integer", "number") | ("number", "integer")))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_found_through_references_lists_and_what_may_be_null() {
        let schema = json!({
            "type": "object",
            "$defs": {"row": {"type": "object", "properties": {"word": {"type": ["string", "null"]}}}},
            "properties": {
                "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
                "note": {"anyOf": [{"$ref": "#/$defs/row"}, {"type": "null"}]},
                "open": {"type": "object"},
            },
        });
        let types_at = |pointer| match at(&schema, pointer) {
            Place::Known(place) => types(&schema, place),
            Place::Open => None,
            Place::Absent => Some(vec!["absent"]),
        };
        assert_eq!(types_at("/rows/3/word"), Some(vec!["string"]));
        assert_eq!(types_at("/note/word"), Some(vec!["string"]));
        assert_eq!(types_at(""), Some(vec!["object"]));
        assert_eq!(types_at("/open/what"), None);
        assert_eq!(types_at("/none"), Some(vec!["absent"]));
        assert_eq!(types_at("/rows/0/word/deeper"), Some(vec!["absent"]));
        assert!(fits(Some(&["integer"]), Some(&["number", "string"])) && !fits(Some(&["object"]), Some(&["string"])));
    }
}
