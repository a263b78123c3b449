//! What to ask for a value that is missing or unsure, in English or Swedish.

use serde_json::Value;

use super::super::Language;
use super::schema::{Parameter, Sense, spoken};

/// A short question for the value of `parameter`.
pub fn question(parameter: &Parameter, suggestion: Option<&Value>, language: Language) -> String {
    let name = spoken(&parameter.name);
    let swedish = language.is_swedish();
    if let Some(suggestion) = suggestion {
        let shown = short(suggestion);
        return if swedish {
            format!("Stämmer det att `{name}` är {shown}?")
        } else {
            format!("Is `{name}` {shown}?")
        };
    }
    let options: Vec<String> = parameter.options.iter().take(8).map(short).collect();
    if !options.is_empty() {
        let options = options.join(", ");
        return if swedish {
            format!("Vilket värde ska `{name}` ha: {options}?")
        } else {
            format!("Which `{name}`: {options}?")
        };
    }
    match (parameter.sense, swedish) {
        (Sense::Date | Sense::DateTime, true) => format!("Vilket datum ska `{name}` vara?"),
        (Sense::Date | Sense::DateTime, false) => format!("Which date is `{name}`?"),
        (Sense::Place, true) => format!("Vilken plats gäller det (`{name}`)?"),
        (Sense::Place, false) => format!("Which place (`{name}`)?"),
        (Sense::Free, true) => format!("Vilken text gäller det (`{name}`)?"),
        (Sense::Free, false) => format!("Which text (`{name}`)?"),
        (_, true) => format!("Vad ska `{name}` vara?"),
        (_, false) => format!("What is `{name}`?"),
    }
}

/// A value as it is shown in a question.
fn short(value: &Value) -> String {
    let written = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if written.chars().count() > 60 {
        let head: String = written.chars().take(57).collect();
        return format!("{head}…");
    }
    written
}
