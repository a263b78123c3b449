//! What a reader sees of an HTML page, as plain text.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// The text of a page.
pub struct Read {
    pub title: Option<String>,
    pub text: String,
}

/// Elements with nothing in them for a reader.
const HIDDEN: &[&[u8]] =
    &[b"script", b"style", b"noscript", b"template", b"svg", b"math", b"iframe", b"object", b"select", b"datalist"];
/// Elements with a blank line around them.
const APART: &[&[u8]] = &[
    b"p",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"ul",
    b"ol",
    b"dl",
    b"table",
    b"blockquote",
    b"pre",
    b"section",
    b"article",
    b"header",
    b"footer",
    b"main",
    b"nav",
    b"aside",
    b"figure",
    b"form",
    b"hr",
];
/// Elements with a line of their own.
const LINES: &[&[u8]] =
    &[b"div", b"br", b"li", b"tr", b"dt", b"dd", b"figcaption", b"address", b"details", b"summary", b"caption"];
/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 300;

/// Reads a page. Any text is a page: what is wrong in it is read as browsers read it.
pub fn read(html: &str) -> Read {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut title = None;
    let mut lines = Lines::default();
    // The element that hides what is in it, and how deep it is in itself.
    let mut hidden: Option<(Vec<u8>, usize)> = None;
    // Only the first title counts.
    let (mut in_title, mut titled) = (false, false);
    let mut in_pre = 0_usize;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = tag.name.as_slice();
                if let Some((hider, depth)) = &mut hidden {
                    if hider == name && !tag.self_closing {
                        *depth += 1;
                    }
                    continue;
                }
                match name {
                    b"title" => in_title = true,
                    name if HIDDEN.contains(&name) => {
                        if !tag.self_closing {
                            hidden = Some((name.to_owned(), 1));
                        }
                    }
                    b"img" => {
                        if let Some(alt) = tag.attributes.get(b"alt".as_slice()) {
                            lines.text(&String::from_utf8_lossy(alt), false);
                        }
                    }
                    b"td" | b"th" => lines.cell(),
                    name => lines.part(name),
                }
                if name == b"li" {
                    lines.bullet();
                }
                if name == b"pre" {
                    in_pre += 1;
                }
            }
            Token::EndTag(tag) => {
                let name = tag.name.as_slice();
                if let Some((hider, depth)) = &mut hidden {
                    if hider == name {
                        *depth -= 1;
                        if *depth == 0 {
                            hidden = None;
                        }
                    }
                    continue;
                }
                match name {
                    b"title" => (in_title, titled) = (false, true),
                    b"pre" => in_pre = in_pre.saturating_sub(1),
                    b"li" => lines.bullet = false,
                    _ => {}
                }
                lines.part(name);
            }
            Token::String(text) if hidden.is_none() => {
                let text = String::from_utf8_lossy(&text);
                if in_title && titled {
                    continue;
                }
                if in_title {
                    title.get_or_insert_with(String::new).push_str(&text);
                } else {
                    lines.text(&text, in_pre > 0);
                }
            }
            _ => {}
        }
    }
    let title = title.map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let title = title.filter(|title| !title.is_empty()).map(|title| title.chars().take(TITLE_CHARS_MAX).collect());
    Read { title, text: lines.out.trim_end().to_owned() }
}

/// Text with white space as a browser shows it.
#[derive(Default)]
struct Lines {
    out: String,
    /// Line breaks due before the next text.
    breaks: usize,
    /// A space is due before the next text of the line.
    space: bool,
    /// The next text begins an entry of a list.
    bullet: bool,
}

impl Lines {
    fn part(&mut self, name: &[u8]) {
        if self.bullet {
            // What begins an entry stands beside its bullet.
            return;
        }
        if APART.contains(&name) {
            self.breaks = self.breaks.max(2);
        } else if LINES.contains(&name) {
            self.breaks = self.breaks.max(1);
        }
    }

    fn bullet(&mut self) {
        self.bullet = true;
    }

    fn cell(&mut self) {
        if self.breaks == 0 && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push_str(" |");
            self.space = true;
        }
    }

    fn text(&mut self, text: &str, as_written: bool) {
        if as_written && !text.trim().is_empty() {
            self.begin();
            self.out.push_str(text);
            return;
        }
        self.space |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            self.begin();
            if self.space && !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) {
                self.out.push(' ');
            }
            self.out.push_str(word);
            self.space = true;
        }
        if !text.is_empty() && !text.ends_with(char::is_whitespace) {
            self.space = false;
        }
    }

    fn begin(&mut self) {
        if self.breaks > 0 {
            let kept = self.out.trim_end_matches(' ').len();
            self.out.truncate(kept);
            if !self.out.is_empty() {
                let there = self.out.len() - self.out.trim_end_matches('\n').len();
                self.out.extend(std::iter::repeat_n('\n', self.breaks.saturating_sub(there)));
            }
            self.breaks = 0;
            self.space = false;
        }
        if std::mem::take(&mut self.bullet) {
            self.out.push_str("- ");
        }
    }
}
