//! JSON as lines that people read.

use serde_json::{Map, Value};

use super::Format;
use super::messages::Words;

/// The cells of one line of a table.
type Row = Vec<String>;

/// Deepest that is written as lines; what lies deeper is JSON.
const DEPTH_MAX: usize = 6;
/// Most items of a list that are written.
const ITEMS_MAX: usize = 200;
/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Widest table, in columns and in characters of a line; what is wider stands as lines.
const COLUMNS_MAX: usize = 12;
const TABLE_CHARS_MAX: usize = 120;
/// Longest list of plain values that stands on one line, in characters.
const LINE_CHARS_MAX: usize = 100;

/// An answer in words: plain values as they are, the members of an object a line each.
pub fn text(json: &str, words: Words, format: Format) -> String {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return json.to_owned() };
    let mut writer = Writer { words, format, text: String::new(), after_table: false };
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

struct Writer {
    words: Words,
    format: Format,
    text: String,
    /// A table of Markdown has just been written.
    after_table: bool,
}

impl Writer {
    fn whole(&mut self, value: &Value, depth: usize) {
        match value {
            // The only member says it all.
            Value::Object(members) if members.len() == 1 && depth < DEPTH_MAX => {
                members.values().for_each(|only| self.whole(only, depth + 1));
            }
            Value::Object(members) if members.is_empty() => self.text.push_str(&self.words.nothing()),
            Value::Object(members) => self.members(members, 0),
            Value::Array(items) if items.is_empty() => self.text.push_str(&self.words.nothing()),
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
        if let Some(table) = self.table(items) {
            // Markdown wants a table to stand alone, and does not take one that is indented.
            let alone = self.format == Format::Markdown;
            if alone && !self.text.is_empty() {
                self.text.push('\n');
            }
            self.after_table = alone;
            let indent = if alone { String::new() } else { "  ".repeat(depth) };
            let lines: Vec<_> = table.iter().map(|line| format!("{indent}{line}")).collect();
            self.text.push_str(&lines.join("\n"));
            if items.len() > ITEMS_MAX {
                self.text.push_str("\n…");
            }
            return;
        }
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

    /// The lines of a table, where the items are rows of one: objects with the same members or lists of one length, of
    /// plain values that stand on one line.
    fn table(&self, items: &[Value]) -> Option<Vec<String>> {
        let (header, rows) = self.rows(items.get(..items.len().min(ITEMS_MAX))?)?;
        let all: Vec<&Vec<String>> = header.iter().chain(&rows).collect();
        let n_columns = all.first()?.len();
        let fits = (1..=COLUMNS_MAX).contains(&n_columns)
            && all
                .iter()
                .all(|row| row.len() == n_columns && row.iter().all(|cell| !cell.contains(['\n', '\r', '\t'])));
        if rows.len() < 2 || !fits {
            return None;
        }
        if self.format == Format::Markdown {
            let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
            let escaped = |row: &Vec<String>| row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>();
            // A table of Markdown has a header, if an empty one.
            let mut lines = vec![
                line(&header.as_ref().map_or_else(|| vec![String::new(); n_columns], escaped)),
                line(&vec!["---".to_owned(); n_columns]),
            ];
            lines.extend(rows.iter().map(|row| line(&escaped(row))));
            return Some(lines);
        }
        let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..n_columns).map(|column| width(column).unwrap_or(0)).collect();
        if widths.iter().sum::<usize>() + 2 * (n_columns - 1) > TABLE_CHARS_MAX {
            return None;
        }
        let line = |row: &&Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        Some(all.iter().map(line).collect())
    }

    /// The names of the columns, where they have names, and the cells of each row.
    fn rows(&self, items: &[Value]) -> Option<(Option<Row>, Vec<Row>)> {
        match items.first()? {
            Value::Object(first) => {
                let names: Vec<&String> = first.keys().collect();
                let row = |item: &Value| {
                    let members = item.as_object().filter(|members| members.keys().eq(names.iter().copied()))?;
                    self.cells(members.values())
                };
                let rows = items.iter().map(row).collect::<Option<_>>()?;
                Some((Some(names.into_iter().map(|name| readable(name)).collect()), rows))
            }
            Value::Array(_) => {
                let row = |item: &Value| self.cells(item.as_array()?.iter());
                Some((None, items.iter().map(row).collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    /// Plain values as they are written; `None` where one of them is not plain.
    fn cells<'v>(&self, values: impl Iterator<Item = &'v Value>) -> Option<Vec<String>> {
        values.map(|value| (!value.is_object() && !value.is_array()).then(|| self.plain(value))).collect()
    }

    fn one_line(&self, items: &[Value]) -> Option<String> {
        let plain = items.iter().all(|item| !item.is_object() && !item.is_array());
        let line = plain.then(|| items.iter().map(|item| self.plain(item)).collect::<Vec<_>>().join(", "))?;
        (line.chars().count() <= LINE_CHARS_MAX && !line.contains('\n')).then_some(line)
    }

    fn plain(&self, value: &Value) -> String {
        match value {
            Value::Null => "–".to_owned(),
            Value::Bool(true) => self.words.yes(),
            Value::Bool(false) => self.words.no(),
            other => inline(other),
        }
    }

    fn new_line(&mut self, depth: usize) {
        if !self.text.is_empty() {
            // A line of its own in Markdown takes two spaces before its end, and the end of a table an empty line.
            self.text.push_str(match (self.format, std::mem::take(&mut self.after_table)) {
                (Format::Text, _) => "\n",
                (Format::Markdown, false) => "  \n",
                (Format::Markdown, true) => "\n\n",
            });
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
