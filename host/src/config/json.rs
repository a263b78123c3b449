//! A configuration file in JSON, read as the TOML that it nearly is.
//!
//! A JSON object differs from an inline table of TOML in its colons alone, once line ends are spaces. Each is one byte for
//! one, so that a mistake has its place in the file as it is written.

/// Whether a file's text is JSON rather than TOML, which never begins like this.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The same object as an inline table of TOML.
///
/// # Errors
/// What makes it no JSON, with its line and column.
pub fn as_inline_table(text: &str) -> Result<String, (usize, usize, String)> {
    let checked: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
    checked.map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        (error.line(), error.column(), format!("it is not JSON: {}", message.trim_end_matches(place.as_str())))
    })?;
    let (mut in_string, mut escaped) = (false, false);
    let table = text.chars().map(|c| {
        if in_string {
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            return c;
        }
        match c {
            '"' => in_string = true,
            ':' => return '=',
            '\n' | '\r' | '\t' => return ' ',
            _ => {}
        }
        c
    });
    Ok(table.collect())
}
