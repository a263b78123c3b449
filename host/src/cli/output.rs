//! How answers look to people: tables, numbers with units, and notes on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::fault::Fault;

/// How to speak.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// JSON for programs on standard output.
    pub json: bool,
    /// No notes on standard error.
    pub quiet: bool,
}

impl Voice {
    /// A line for people on standard error.
    pub fn note(self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }
}

/// Prints text on standard output. A reader that went away is no error.
///
/// # Errors
/// Standard output cannot be written to.
pub fn print(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Fault::failed(format!("Failed to write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON value and a line end on standard output: indented on a terminal, else on one line.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &Value) -> Result<(), Fault> {
    if io::stdout().is_terminal() { print(&format!("{value:#}\n")) } else { print(&format!("{value}\n")) }
}

/// A table without frames, at most as wide as the terminal.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // Programs that read a table get whole lines.
    if let Some((width, _)) = terminal_size::terminal_size_of(io::stdout()) {
        table.set_width(width.0).set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    table
}

/// Prints a table, each line without the spaces at its end.
///
/// # Errors
/// As [`print`].
pub fn print_table(table: &Table) -> Result<(), Fault> {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    // Frameless tables begin each line with the padding of the first column.
    let text: String = lines.iter().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect();
    print(&text)
}

/// Digits in groups of three.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the largest unit that leaves at least one of it.
pub fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| number >= *size) {
        // Exact enough: three digits are shown.
        Some((size, unit)) => format!("{:.1} {unit}", number as f64 / *size as f64),
        None => format!("{number} bytes"),
    }
}

/// A time span in the unit that suits it.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    match span.as_secs() {
        0 if span.as_micros() < 1000 => format!("{:.0} µs", seconds * 1e6),
        0 => format!("{:.1} ms", seconds * 1e3),
        1..60 => format!("{seconds:.1} s"),
        whole @ 60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        whole @ 3600..86_400 => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        whole => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// A moment in milliseconds since 1970 as `2026-01-31T12:00:00.000Z`.
pub fn moment(time_ms: u64) -> String {
    let days = time_ms / 86_400_000;
    let rest = time_ms % 86_400_000;
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a day since 1970-01-01, after Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + u64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// JSON text with line ends and indents. Everything else stays as it is: order of keys, digits of numbers.
pub fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            text.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                text.push(c);
            }
            '{' | '[' => {
                text.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(close) => text.push(close),
                    None => {
                        depth += 1;
                        new_line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => text.push(c),
        }
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

/// A text without what a terminal would obey or what turns the writing direction: it may be anybody's.
pub fn harmless(text: &str) -> String {
    let is_harmful = |c: char| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
    };
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// The first line of a text, cut where it is longer than `chars_max`.
pub fn first_line(text: &str, chars_max: usize) -> String {
    let line = text.trim().lines().next().unwrap_or("");
    let line = &*harmless(line);
    if line.chars().count() <= chars_max {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(chars_max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        assert_eq!(harmless("a\u{1b}[2J\u{202e}b\tc\n"), "a\u{fffd}[2J\u{fffd}b\tc\n");
        assert_eq!(first_line("\u{7}x\ny", 10), "\u{fffd}x");
    }

    #[test]
    fn numbers_look_right() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(bytes(1 << 20), "1.0 MiB");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(duration(Duration::from_micros(42)), "42 µs");
        assert_eq!(duration(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(duration(Duration::from_secs(3700)), "1 h 1 min");
        assert_eq!(moment(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(moment(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(
            indented(r#"{"b":1.0, "a" : [ ],"c":["x\",: {"]}"#),
            "{\n  \"b\": 1.0,\n  \"a\": [],\n  \"c\": [\n    \"x\\\",: {\"\n  ]\n}"
        );
        assert_eq!(first_line("abcdef\ng", 4), "abc…");
    }
}
