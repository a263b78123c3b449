//! Files in an answer: fenced blocks that are given a name, such as ```` ```python main.py ````.

use happyos_sdk::Attachment;

/// Most files of one answer.
const FILES_MAX: usize = 32;

/// The files in a text in Markdown.
pub fn of(text: &str) -> Vec<Attachment> {
    let mut files: Vec<Attachment> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(rest)) if rest.trim().is_empty() => {
                let Some((name, body)) = open.take() else { continue };
                let is_new = files.iter().all(|file| file.name != name);
                if !name.is_empty() && is_new && files.len() < FILES_MAX {
                    files.push(Attachment { media_type: media_type(&name).to_owned(), name, data: body.into_bytes() });
                }
            }
            (Some((_, body)), _) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, Some(info)) => open = Some((name(info), String::new())),
            (None, None) => {}
        }
    }
    files
}

/// The plain file name among the words after a fence; empty where there is none.
fn name(info: &str) -> String {
    let mut words = info.split([' ', '=', ':', '"']).filter(|word| word.contains('.') && !word.starts_with('.'));
    let word = words.next_back().unwrap_or_default();
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let name: String = word.trim_matches('/').chars().map(|c| if fits(c) { c } else { '_' }).take(120).collect();
    if name.starts_with('.') { String::new() } else { name }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "py" => "text/x-python",
        "rs" => "text/x-rust",
        "js" => "text/javascript",
        "json" => "application/json",
        "md" => "text/markdown",
        "html" => "text/html",
        "csv" => "text/csv",
        "yaml" | "yml" => "application/yaml",
        _ => "text/plain",
    }
}
