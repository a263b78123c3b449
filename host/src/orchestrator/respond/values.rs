//! JSON as lines that people read.

use serde_json::{Map, Value};

use super::Format;
use super::messages::Words;

/// Deepest that is written as lines; what lies deeper is JSON.
const DEPTH_MAX: usize = 6;
/// Most items of a list that are written.
const ITEMS_MAX: usize = 200;
/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Longest list of plain values that stands on one line, in characters.
const LINE_CHARS_MAX: usize = 100;

/// An answer in words: plain values as they are, the members of an object a line each.
pub fn text(json: &str, words: &Words, format: Format) -> String {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return json.to_owned() };
    let mut writer = Writer { words, format, text: String::new() };
    writer.whole(&value, 0);
    let mut text = writer.text;
    if text.len() > TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text.push('…');
    }
    text
}

/// A value within a sentence.
pub fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

struct Writer<'a> {
    words: &'a Words,
    format: Format,
    text: String,
}

impl Writer<'_> {
    fn whole(&mut self, value: &Value, depth: usize) {
        match value {
            // The only member says it all.
            Value::Object(members) if members.len() == 1 && depth < DEPTH_MAX => {
                members.values().for_each(|only| self.whole(only, depth + 1));
            }
            Value::Object(members) if members.is_empty() => self.text.push_str(self.words.nothing),
            Value::Object(members) => self.members(members, 0),
            Value::Array(items) if items.is_empty() => self.text.push_str(self.words.nothing),
            Value::Array(items) => self.items(items, 0),
            plain => self.text.push_str(&self.plain(plain)),
        }
    }

    fn members(&mut self, members: &Map<String, Value>, depth: usize) {
        for (name, value) in members.iter().take(ITEMS_MAX) {
            if self.text.len() > TEXT_BYTES_MAX {
                return;
            }
            self.new_line(depth);
            let name = readable(name);
            match self.format {
                Format::Text => self.text.push_str(&name),
                Format::Markdown => self.text.push_str(&format!("**{name}**")),
            }
            self.text.push(':');
            self.value(value, depth);
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(members) if !members.is_empty() && depth < DEPTH_MAX => self.members(members, depth + 1),
            Value::Array(items) if !items.is_empty() && depth < DEPTH_MAX => match self.one_line(items) {
                Some(line) => self.text.push_str(&format!(" {line}")),
                None => {
                    self.text.push('\n');
                    self.items(items, depth + 1);
                }
            },
            plain => {
                let plain = self.plain(plain);
                self.text.push_str(&format!(" {plain}"));
            }
        }
    }

    fn items(&mut self, items: &[Value], depth: usize) {
        for (place, item) in items.iter().take(ITEMS_MAX).enumerate() {
            if self.text.len() > TEXT_BYTES_MAX {
                return;
            }
            if place > 0 {
                self.text.push('\n');
            }
            self.text.push_str(&"  ".repeat(depth));
            let line = match item {
                Value::Object(members) => members
                    .iter()
                    .map(|(name, value)| format!("{}: {}", readable(name), self.plain(value)))
                    .collect::<Vec<_>>()
                    .join(", "),
                plain => self.plain(plain),
            };
            self.text.push_str(&format!("- {line}"));
        }
        if items.len() > ITEMS_MAX {
            self.text.push_str("\n…");
        }
    }

    fn one_line(&self, items: &[Value]) -> Option<String> {
        let plain = items.iter().all(|item| !item.is_object() && !item.is_array());
        let line = plain.then(|| items.iter().map(|item| self.plain(item)).collect::<Vec<_>>().join(", "))?;
        (line.chars().count() <= LINE_CHARS_MAX && !line.contains('\n')).then_some(line)
    }

    fn plain(&self, value: &Value) -> String {
        match value {
            Value::Null => "–".to_owned(),
            Value::Bool(true) => self.words.yes.to_owned(),
            Value::Bool(false) => self.words.no.to_owned(),
            other => inline(other),
        }
    }

    fn new_line(&mut self, depth: usize) {
        if !self.text.is_empty() {
            // A line of its own in Markdown takes two spaces before its end.
            self.text.push_str(if self.format == Format::Markdown { "  \n" } else { "\n" });
        }
        self.text.push_str(&"  ".repeat(depth));
    }
}

/// `longestWord` and `longest_word` as `longest word`.
fn readable(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut before_lower = false;
    for c in name.chars() {
        if c == '_' || c == '-' {
            text.push(' ');
            before_lower = false;
        } else if c.is_uppercase() && before_lower {
            text.push(' ');
            text.extend(c.to_lowercase());
            before_lower = false;
        } else {
            text.push(c);
            before_lower = c.is_lowercase();
        }
    }
    text
}
