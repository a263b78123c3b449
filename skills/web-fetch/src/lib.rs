//! A skill that fetches a web page and gives its text.

mod charset;
mod page;

use happyos_sdk::{Output, Result, SkillError, http, skill};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of a body that are read.
const BODY_BYTES_MAX: usize = 4 << 20;
const CHARS_DEFAULT: u32 = 20_000;
const CHARS_MAX: u32 = 100_000;
/// How far back a cut looks for a space.
const CUT_CHARS: usize = 200;

/// How a page is given.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// What a reader sees of an HTML page; other texts as they are.
    Text,
    /// The text as it came, markup included.
    Raw,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Page {
    /// The address that answered, after redirects.
    url: String,
    /// The HTTP status, such as 200; 404 and the like are answers too.
    status: u16,
    /// Such as `text/html`; null if the server does not say.
    media_type: Option<String>,
    /// The title of an HTML page.
    title: Option<String>,
    /// The text; empty for images and other files, which are attached.
    text: String,
    /// Whether there is more than was read or asked for.
    truncated: bool,
    /// Bytes that were read.
    bytes: usize,
}

/// Fetches a web address and gives its status, title and text. HTML becomes plain text, JSON and other texts come as
/// they are, and files such as images are attached.
#[skill(name = "web-fetch", read_only, open_world, examples = "examples/web-fetch.json")]
fn web_fetch(
    /// The address: `https://…` or `http://…`.
    url: String,
    /// `text` (the default) or `raw`.
    format: Option<Format>,
    /// Characters to give at most, 1 to 100000; 20000 if absent.
    max_chars: Option<u32>,
) -> Result<Output<Page>> {
    let max_chars = max_chars.unwrap_or(CHARS_DEFAULT);
    if max_chars == 0 || max_chars > CHARS_MAX {
        return Err(SkillError::invalid(format!("`max_chars` is {max_chars}; it goes from 1 to {CHARS_MAX}")));
    }
    let mut response = http::get(url)
        .header("accept", "text/html,application/xhtml+xml,application/json;q=0.9,text/*;q=0.9,*/*;q=0.5")
        .header("accept-encoding", "identity")
        .send()?;
    let (body, whole) = response.first_bytes(BODY_BYTES_MAX)?;
    let content_type = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_owned();
    let mut page = Page {
        url: response.url.clone(),
        status: response.status,
        title: None,
        text: String::new(),
        truncated: !whole,
        bytes: body.len(),
        media_type: (!media_type.is_empty()).then(|| media_type.clone()),
    };
    if response.header("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(SkillError::failed(format!("`{}` compresses its answer although it was asked not to", page.url)));
    }
    if !is_text(&media_type, &body) {
        let name = file_name(&page.url);
        let media_type = if media_type.is_empty() { "application/octet-stream".to_owned() } else { media_type };
        return Ok(Output::new(page).attach(name, media_type, body));
    }
    let text = charset::decode(&body, &content_type);
    let is_html = media_type == "text/html" || media_type == "application/xhtml+xml";
    page.text = if is_html && format != Some(Format::Raw) {
        let read = page::read(&text);
        page.title = read.title;
        read.text
    } else {
        text
    };
    page.truncated |= cut(&mut page.text, max_chars as usize);
    Ok(Output::new(page))
}

happyos_sdk::bundle!(web_fetch, grants = {"http": ["GET,HEAD *", "GET,HEAD http://*"]});

fn is_text(media_type: &str, body: &[u8]) -> bool {
    let known = media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || ["json", "xml", "javascript", "yaml", "toml", "x-ndjson", "x-www-form-urlencoded"]
            .iter()
            .any(|kind| media_type.strip_prefix("application/") == Some(kind));
    known || (media_type.is_empty() && !body.contains(&0))
}

/// The last part of a URL's path, made of the characters that file names may have.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.splitn(4, '/').nth(3).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let fit = |character: char| {
        if character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_') { character } else { '_' }
    };
    let name: String = last.trim_start_matches('.').chars().map(fit).take(100).collect();
    if name.is_empty() { "download".to_owned() } else { name }
}

/// Shortens a text to `max` characters, at a space where one is near; says whether it had to.
fn cut(text: &mut String, max: usize) -> bool {
    let Some((at, _)) = text.char_indices().nth(max) else { return false };
    let kept = &text[..at];
    let near = kept.char_indices().rev().take(CUT_CHARS).find(|(_, character)| character.is_whitespace());
    let at = near.map_or(at, |(at, _)| at);
    text.truncate(at);
    text.push('…');
    true
}

#[cfg(test)]
mod tests;
