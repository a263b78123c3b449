//! What the text of a script says before anything of it runs: its size, characters that deceive readers, code that is made
//! while it runs, and the names of powers that it uses.
//!
//! A reader of tokens, not of a grammar: it errs on the side of refusing what cannot be judged by reading.

use std::ops::Range;

use crate::base::GrantKind;

/// Largest script that is built or checked, in bytes.
pub const SOURCE_BYTES_MAX: usize = 256 << 10;

/// What stands in the text, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// A literal's text, without its quotes.
    Text(&'a str),
    Mark(char),
    Number,
    Pattern,
}

/// Words after which a `/` begins a pattern.
const BEFORE_PATTERN: &[&str] = &[
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "instanceof",
    "yield",
    "await",
];

/// Globals that take a grant, with what is called of them.
const POWERS: &[(&str, GrantKind, &[&str])] = &[
    ("http", GrantKind::Http, &["fetch"]),
    ("kv", GrantKind::Kv, &["get", "getBytes", "set", "delete", "list", "swap"]),
    ("secrets", GrantKind::Secrets, &["open"]),
];

/// What a script uses that takes a grant, as far as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The kind of grant.
    pub kind: GrantKind,
    /// The line, from 1.
    pub line: usize,
}

/// A script, read as tokens.
pub struct Source<'a> {
    text: &'a str,
    /// With the byte where each begins.
    tokens: Vec<(Token<'a>, usize)>,
}

impl<'a> Source<'a> {
    /// Reads a script.
    ///
    /// # Errors
    /// Why it is refused unread: too large, no text, or with characters that make it look like something else.
    pub fn read(bytes: &'a [u8]) -> Result<Source<'a>, String> {
        if bytes.len() > SOURCE_BYTES_MAX {
            return Err(format!("it has {} bytes, more than {SOURCE_BYTES_MAX}", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?;
        let deceives = |c: char| {
            matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\0')
                || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        };
        if let Some((at, character)) = text.char_indices().find(|(_, character)| deceives(*character)) {
            let line = line_of(text, at);
            return Err(format!(
                "line {line} has the character {character:?}, which no reader sees (hint: write it as an escape)"
            ));
        }
        Ok(Source { text, tokens: tokens(text) })
    }

    /// What in it cannot be judged by reading: code made of text, and powers reached by a computed name.
    pub fn hidden_code(&self) -> Option<String> {
        let has_class = self.tokens.iter().any(|(token, _)| *token == Token::Word("class"));
        self.tokens.iter().enumerate().find_map(|(index, (token, at))| {
            let (before, after) = (self.before(index), self.at(index + 1));
            let of_something = before == Some(Token::Mark('.'));
            let is_key = after == Some(Token::Mark(':')) && matches!(before, Some(Token::Mark('{' | ',')));
            let what = match token {
                Token::Word(word) if word.contains('\\') => "a name written with escapes",
                Token::Word("eval" | "Function" | "AsyncFunction" | "GeneratorFunction")
                    if !of_something && !is_key =>
                {
                    if before == Some(Token::Word("instanceof")) {
                        return None;
                    }
                    "code made of text"
                }
                Token::Word("globalThis") => match (after, self.at(index + 2)) {
                    (Some(Token::Mark('.')), Some(Token::Word(name)))
                        if !POWERS.iter().any(|(power, ..)| *power == name) =>
                    {
                        return None;
                    }
                    _ => "`globalThis` for more than one plain name",
                },
                Token::Word("this") if !has_class => match after {
                    Some(Token::Mark('.')) => match self.at(index + 2) {
                        Some(Token::Word(name)) if POWERS.iter().any(|(power, ..)| *power == name) => {
                            "a power by `this`"
                        }
                        _ => return None,
                    },
                    Some(Token::Mark('[')) => "a computed name on `this`",
                    _ if matches!(before, Some(Token::Mark('('))) && self.is_passed_on(index) => return None,
                    _ => "`this` handed on",
                },
                Token::Word("constructor") if of_something => match after {
                    Some(Token::Mark('(' | '[')) => "code made of text, by a constructor",
                    Some(Token::Mark('.')) if self.at(index + 2) == Some(Token::Word("constructor")) => {
                        "code made of text, by a constructor"
                    }
                    _ => return None,
                },
                Token::Text("constructor" | "__proto__") if before == Some(Token::Mark('[')) => {
                    "a constructor reached by its name as text"
                }
                _ => return None,
            };
            Some(format!("line {}: {what} cannot be judged by reading it", line_of(self.text, *at)))
        })
    }

    /// `f.call(this` and `f.apply(this`, `f.bind(this`.
    fn is_passed_on(&self, index: usize) -> bool {
        index >= 2 && matches!(self.at(index - 2), Some(Token::Word("call" | "apply" | "bind")))
    }

    /// The powers that it names, each with its first line.
    pub fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (name, kind, calls) in POWERS {
            let scopes = self.scopes(name);
            let is_own = |at: usize| scopes.iter().any(|scope| scope.contains(&at));
            let found = self
                .tokens
                .iter()
                .enumerate()
                .find(|(index, (token, at))| *token == Token::Word(name) && self.is_global(*index) && !is_own(*at));
            let at = found.map(|(_, (_, at))| *at).or_else(|| self.called_in_text(name, calls, &is_own));
            uses.extend(at.map(|at| Use { kind: *kind, line: line_of(self.text, at) }));
        }
        uses
    }

    /// `name.call` anywhere, so that what reads as a literal here and as code to the interpreter is found, too.
    fn called_in_text(&self, name: &str, calls: &[&str], is_own: &dyn Fn(usize) -> bool) -> Option<usize> {
        let bytes = self.text.as_bytes();
        self.text.match_indices(name).find_map(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.')) {
                return None;
            }
            let rest = self.text.get(at + name.len()..)?.trim_start();
            let rest = rest.strip_prefix("?.").or_else(|| rest.strip_prefix('.'))?.trim_start();
            let call: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            let opens = rest.get(call.len()..)?.trim_start().starts_with('(');
            (opens && calls.contains(&&*call) && !is_own(at)).then_some(at)
        })
    }

    /// Hosts of the addresses that stand in its literals.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = Vec::new();
        for (token, _) in &self.tokens {
            let Token::Text(text) = token else { continue };
            for (at, scheme) in text.match_indices("://") {
                let before = text.get(..at).unwrap_or_default();
                if !(before.ends_with("http") || before.ends_with("https")) {
                    continue;
                }
                let rest = text.get(at + scheme.len()..).unwrap_or_default();
                let host: String = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-')).collect();
                if !host.is_empty() && !hosts.contains(&host.to_ascii_lowercase()) {
                    hosts.push(host.to_ascii_lowercase());
                }
            }
        }
        hosts
    }

    /// Whether it names anything by which two calls of the same input may differ.
    pub fn may_vary(&self) -> bool {
        let words = [
            "random",
            "Date",
            "performance",
            "crypto",
            "now",
            "seed",
            "remainingMs",
            "requestId",
            "sessionId",
            "locale",
        ];
        self.tokens.iter().any(|(token, _)| match token {
            Token::Word(word) | Token::Text(word) => words.contains(word),
            _ => false,
        })
    }

    fn at(&self, index: usize) -> Option<Token<'a>> {
        self.tokens.get(index).map(|(token, _)| *token)
    }

    fn before(&self, index: usize) -> Option<Token<'a>> {
        index.checked_sub(1).and_then(|before| self.at(before))
    }

    /// Not a property of something, nor a key of a literal.
    fn is_global(&self, index: usize) -> bool {
        let (before, after) = (self.before(index), self.at(index + 1));
        let spread = before == Some(Token::Mark('.')) && index >= 2 && self.at(index - 2) == Some(Token::Mark('.'));
        let is_property = before == Some(Token::Mark('.')) && !spread;
        let is_key = after == Some(Token::Mark(':')) && matches!(before, Some(Token::Mark('{' | ',')));
        !is_property && !is_key
    }

    /// Where in the text `name` is one of the script's own: in the block of its declaration, in the function of its parameter.
    /// Anywhere else it is the global one, however many declarations there are.
    fn scopes(&self, name: &str) -> Vec<Range<usize>> {
        let declared = |(index, (token, _)): (usize, &(Token<'a>, usize))| {
            if *token != Token::Word(name) {
                return None;
            }
            let around = self.around(index);
            let by_word = |before: Option<Token<'a>>| matches!(before, Some(Token::Word("const" | "let" | "var")));
            let opens = around.map(|around| (around, self.at(around)));
            if by_word(self.before(index)) || matches!(self.before(index), Some(Token::Word("function" | "class"))) {
                return Some(self.scope_of_block(index));
            }
            if self.at(index + 1) == Some(Token::Mark('=')) && self.at(index + 2) == Some(Token::Mark('>')) {
                return Some(self.scope_of_function(index, index));
            }
            match opens {
                // `const { name } = …`, `({ name }) => …`
                Some((open, Some(Token::Mark('{' | '[')))) if !self.is_key(index) => {
                    let outer = self.around(open).filter(|outer| self.begins_parameters(*outer));
                    if by_word(self.before(open)) {
                        Some(self.scope_of_block(open))
                    } else {
                        outer.map(|outer| self.scope_of_function(outer, self.closing(outer)))
                    }
                }
                Some((open, Some(Token::Mark('('))))
                    if matches!(self.before(index), Some(Token::Mark('(' | ',' | '.')))
                        && self.begins_parameters(open) =>
                {
                    Some(self.scope_of_function(open, self.closing(open)))
                }
                _ => None,
            }
        };
        self.tokens.iter().enumerate().filter_map(declared).collect()
    }

    /// A key of a literal or a pattern, with something else as its value.
    fn is_key(&self, index: usize) -> bool {
        self.at(index + 1) == Some(Token::Mark(':'))
    }

    /// The bracket that is open around a token.
    fn around(&self, index: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (0..index).rev().find(|at| match self.at(*at) {
            Some(Token::Mark(')' | ']' | '}')) => {
                depth += 1;
                false
            }
            Some(Token::Mark('(' | '[' | '{')) if depth == 0 => true,
            Some(Token::Mark('(' | '[' | '{')) => {
                depth -= 1;
                false
            }
            _ => false,
        })
    }

    /// Where the bracket that opens at `open` closes; the last token where it does not.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        let closes = (open..self.tokens.len()).find(|at| match self.at(*at) {
            Some(Token::Mark('(' | '[' | '{')) => {
                depth += 1;
                false
            }
            Some(Token::Mark(')' | ']' | '}')) => {
                depth = depth.saturating_sub(1);
                depth == 0
            }
            _ => false,
        });
        closes.unwrap_or(self.tokens.len().saturating_sub(1))
    }

    /// Whether a round bracket holds the parameters of a function, or of a `catch`.
    fn begins_parameters(&self, open: usize) -> bool {
        if self.at(open) != Some(Token::Mark('(')) {
            return false;
        }
        let close = self.closing(open);
        if self.at(close + 1) == Some(Token::Mark('=')) && self.at(close + 2) == Some(Token::Mark('>')) {
            return true;
        }
        let asks =
            matches!(self.before(open), Some(Token::Word("if" | "while" | "for" | "switch" | "with" | "of" | "in")));
        self.at(close + 1) == Some(Token::Mark('{')) && matches!(self.before(open), Some(Token::Word(_))) && !asks
    }

    /// The text of the block around a declaration; of the loop, where it is declared in the head of one.
    fn scope_of_block(&self, index: usize) -> Range<usize> {
        match self.around(index) {
            None => 0..self.text.len(),
            Some(open) if self.at(open) == Some(Token::Mark('(')) => self.scope_of_function(open, self.closing(open)),
            Some(open) => self.text_of(open, self.closing(open)),
        }
    }

    /// The text from parameters that begin and end there to the end of what they are of.
    fn scope_of_function(&self, from: usize, close: usize) -> Range<usize> {
        let is_arrow = self.at(close + 1) == Some(Token::Mark('=')) && self.at(close + 2) == Some(Token::Mark('>'));
        let body = if is_arrow { close + 3 } else { close + 1 };
        if self.at(body) == Some(Token::Mark('{')) {
            return self.text_of(from, self.closing(body));
        }
        let mut at = body;
        while at < self.tokens.len() {
            match self.at(at) {
                Some(Token::Mark('(' | '[' | '{')) => at = self.closing(at),
                Some(Token::Mark(')' | ']' | '}' | ',' | ';')) => break,
                _ => {}
            }
            at += 1;
        }
        self.text_of(from, at)
    }

    fn text_of(&self, from: usize, to: usize) -> Range<usize> {
        let start = self.tokens.get(from).map_or(0, |(_, at)| *at);
        let end = self.tokens.get(to).map_or(self.text.len(), |(_, at)| at + 1);
        start..end
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Splits a script; comments are left out, and what is in the holes of templates is read as code.
fn tokens(text: &str) -> Vec<(Token<'_>, usize)> {
    let mut reader = Reader { text, at: 0, tokens: Vec::new(), holes: Vec::new() };
    while reader.step() {}
    reader.tokens
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<(Token<'a>, usize)>,
    /// Braces that are open in each hole of a template.
    holes: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, token: Token<'a>, length: usize) {
        self.tokens.push((token, self.at));
        self.at += length;
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        if first.is_whitespace() {
            self.at += first.len_utf8();
        } else if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if first == '"' || first == '\'' {
            self.quoted(first);
        } else if first == '`' {
            self.at += 1;
            self.template();
        } else if first == '/' && self.begins_pattern() {
            self.pattern();
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len());
            self.push(Token::Number, length);
        } else if first.is_alphabetic() || matches!(first, '_' | '$' | '#' | '\\') {
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '\\');
            let length = rest.find(|c: char| !fits(c)).unwrap_or(rest.len());
            self.push(Token::Word(rest.get(..length).unwrap_or_default()), length.max(1));
        } else {
            self.mark(first);
        }
        true
    }

    fn mark(&mut self, first: char) {
        match (first, self.holes.last_mut()) {
            ('{', Some(open)) => *open += 1,
            ('}', Some(0)) => {
                self.holes.pop();
                self.push(Token::Mark('}'), 1);
                return self.template();
            }
            ('}', Some(open)) => *open -= 1,
            _ => {}
        }
        self.push(Token::Mark(first), first.len_utf8());
    }

    fn quoted(&mut self, quote: char) {
        let inner = self.text.get(self.at + 1..).unwrap_or_default();
        let mut escaped = false;
        let end = inner.char_indices().find(|(_, c)| {
            let ends = !escaped && (*c == quote || *c == '\n');
            escaped = *c == '\\' && !escaped;
            ends
        });
        let length = end.map_or(inner.len(), |(at, _)| at);
        self.push(Token::Text(inner.get(..length).unwrap_or_default()), (length + 2).min(inner.len() + 1));
    }

    /// From behind a backtick or a hole to the next of either.
    fn template(&mut self) {
        let inner = self.rest();
        let mut escaped = false;
        let mut previous = ' ';
        for (at, c) in inner.char_indices() {
            if !escaped && c == '`' {
                self.push(Token::Text(inner.get(..at).unwrap_or_default()), at + 1);
                return;
            }
            if !escaped && previous == '$' && c == '{' {
                self.push(Token::Text(inner.get(..at - 1).unwrap_or_default()), at);
                self.push(Token::Mark('{'), 1);
                self.holes.push(0);
                return;
            }
            escaped = c == '\\' && !escaped;
            previous = if escaped { ' ' } else { c };
        }
        self.push(Token::Text(inner), inner.len().max(1));
    }

    fn begins_pattern(&self) -> bool {
        match self.tokens.last() {
            None => true,
            Some((Token::Mark(mark), _)) => !matches!(mark, ')' | ']' | '}'),
            Some((Token::Word(word), _)) => BEFORE_PATTERN.contains(word),
            Some(_) => false,
        }
    }

    fn pattern(&mut self) {
        let inner = self.text.get(self.at + 1..).unwrap_or_default();
        let (mut escaped, mut in_class) = (false, false);
        for (at, c) in inner.char_indices() {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => return self.push(Token::Pattern, at + 2),
                _ => {}
            }
        }
        self.push(Token::Mark('/'), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(text: &str) -> Vec<GrantKind> {
        Source::read(text.as_bytes()).unwrap().uses().into_iter().map(|found| found.kind).collect()
    }

    fn hidden(text: &str) -> bool {
        Source::read(text.as_bytes()).unwrap().hidden_code().is_some()
    }

    #[test]
    fn powers_are_found_where_they_are_used_and_not_where_they_are_only_spelt() {
        assert_eq!(uses("const r = http.fetch('https://a.org');"), [GrantKind::Http]);
        assert_eq!(uses("const {fetch} = http; const k = kv;"), [GrantKind::Http, GrantKind::Kv]);
        assert_eq!(uses("`${ secrets.open('a') }`"), [GrantKind::Secrets]);
        assert_eq!(uses("if (x) /'/.test(y); kv.set('a', 1); // '"), [GrantKind::Kv]);
        assert_eq!(uses("const u = 'http://a.org'; // http is fine\nconst o = { kv: 1, http: 2 }; o.kv;"), []);
        assert_eq!(uses("for (const kv of pairs) out[kv[0]] = kv.get(1);"), []);
        assert_eq!(uses("pairs.map((kv) => kv.join('='))"), []);
        assert_eq!(uses("const { kv } = input; kv.get(1); f(({ http }) => http.fetch(1), 2);"), []);
        assert_eq!(uses("try { go(); } catch (kv) { kv.set(1); } pairs.map(kv => kv.get(1));"), []);
    }

    #[test]
    fn a_declaration_hides_a_power_only_where_it_holds() {
        for text in [
            "function unused(kv) { return kv; } kv.set('a', 1);",
            "{ const kv = 1; } kv.set('a', 1);",
            "if (kv) { kv.set('a', 1); }",
            "const f = (kv) => kv, g = () => kv.set('a', 1);",
            "for (const kv of pairs) f(kv); kv.set('a', 1);",
            "pairs.map(kv => kv.x); kv.list('');",
            "const { a: { kv } } = b; (() => kv.get(1))(); { let kv; } while (x, kv) { kv.get('a'); }",
        ] {
            assert_eq!(uses(text), [GrantKind::Kv], "{text}");
        }
        assert_eq!(uses("const kv = new Map(); run(() => { kv.set('a', 1); });"), []);
    }

    #[test]
    fn code_that_is_made_while_it_runs_is_refused() {
        for text in [
            "eval('1')",
            "new Function('return 1')",
            "globalThis['ht' + 'tp']",
            "const g = globalThis;",
            "[].constructor.constructor('x')()",
            "x['constructor']",
            "(function () { return this; })()",
            "\\u0068ttp.fetch()",
            "globalThis.http.fetch()",
            "this['kv']",
        ] {
            assert!(hidden(text), "{text}");
        }
        for text in [
            "globalThis.structuredClone(x)",
            "class A { go() { return this; } }",
            "const evaluate = 1; evaluate;",
            "f.call(this, 1)",
            "x instanceof Function",
            "const s = \"eval is text\"; /eval(x)/.test(s)",
        ] {
            assert!(!hidden(text), "{text}");
        }
        assert!(Source::read("let a = '\u{202e}';".as_bytes()).is_err());
    }

    #[test]
    fn hosts_are_read_from_literals() {
        let source = Source::read(b"const a = 'https://API.example.org/x'; // https://not.example").unwrap();
        assert_eq!(source.hosts(), ["api.example.org"]);
    }
}
