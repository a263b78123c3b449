//! The input of a skill, read from the words of a request.

use serde_json::{Map, Value};

use super::{CivilNow, ExampleText, Language, Missing};

/// What could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// Values that are sure, by property.
    pub arguments: Map<String, Value>,
    /// Required values that were not found, and values that are only likely.
    pub missing: Vec<Missing>,
}

/// Reads the input that `schema` describes from `text`.
pub fn extract(
    schema: &Value,
    _text: &str,
    _language: Language,
    _now: CivilNow,
    _examples: &[ExampleText],
) -> Extraction {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let missing = required.filter_map(Value::as_str).map(|name| Missing {
        name: name.to_owned(),
        description: None,
        options: Vec::new(),
        suggestion: None,
    });
    Extraction { arguments: Map::new(), missing: missing.collect() }
}
