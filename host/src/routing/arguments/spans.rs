//! The parts of a request that may be values: quotations, codes, names, phrases, and lists of them.

use std::ops::Range;

use super::Said;
use super::moments::{self, Moment};
use super::numbers::Number;
use super::tokens::{Kind, Text, Token};
use super::words::{self, Meaning};

/// Most spans of one text.
const SPANS_MAX: usize = 256;

/// How a span looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Quoted,
    /// A web address, a file name, an identifier.
    Code,
    /// Capitalised words.
    Name,
    /// Words without function words.
    Phrase,
}

/// A part of the text that may be a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub tokens: Range<usize>,
    pub value: String,
    pub form: Form,
    /// Whether it is only a piece of a larger span.
    pub piece: bool,
}

/// Values in a row: `1, 2 and 3`, `'a', 'b'`, `Microsoft and Google`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub tokens: Range<usize>,
    /// The items' tokens, in their order.
    pub items: Vec<Range<usize>>,
    /// Whether it stands in brackets.
    pub bracketed: bool,
}

/// What a token is, whatever the skill.
#[derive(Debug, Clone, Copy)]
pub struct Bearing {
    /// A word that has to be explained: none that most requests have, and of no number or date.
    pub says: bool,
    /// A verb that asks for something.
    pub asks: bool,
}

/// Everything that was read from a text with one skill in mind.
#[derive(Debug)]
pub struct Reading<'a> {
    pub text: &'a Text<'a>,
    pub numbers: &'a [Number],
    pub moments: &'a [Moment],
    pub bearings: &'a [Bearing],
    pub spans: Vec<Span>,
    pub rows: Vec<Row>,
    /// By token: whether the skill's own name and description say it.
    pub explained: Vec<bool>,
    pub today: jiff::civil::Date,
}

impl<'a> Reading<'a> {
    /// Reads what depends on the skill; `own` are its words.
    pub fn new(said: &'a Said<'_>, own: &[(String, Meaning)]) -> Self {
        let mut reading = Self::marked(said, own);
        let mut spans = std::mem::take(&mut reading.spans);
        reading.phrases(&mut spans);
        spans.truncate(SPANS_MAX);
        reading.spans = spans;
        reading.rows = reading.find_rows();
        reading
    }

    /// The same without phrases and rows: with what is marked by itself, in quotation marks, capitals or as a code.
    pub fn marked(said: &'a Said<'_>, own: &[(String, Meaning)]) -> Self {
        let explained = |(token, meaning): (&Token, &Meaning)| {
            token.kind == Kind::Word
                && token.quote.is_none()
                && own.iter().any(|(word, its)| words::same_meant((word, its), (&token.lower, meaning)))
        };
        Self {
            text: &said.text,
            numbers: &said.numbers,
            moments: &said.moments,
            bearings: &said.bearings,
            spans: said.marked.clone(),
            rows: Vec::new(),
            explained: said.text.tokens.iter().zip(&said.meanings).map(explained).collect(),
            today: said.today,
        }
    }

    /// What does not depend on the skill: what every token is, and the spans that are marked.
    pub fn of_any(text: &'a Text<'a>, numbers: &'a [Number], moments: &'a [Moment]) -> (Vec<Bearing>, Vec<Span>) {
        let reading = Self {
            text,
            numbers,
            moments,
            bearings: &[],
            spans: Vec::new(),
            rows: Vec::new(),
            explained: Vec::new(),
            today: jiff::civil::Date::ZERO,
        };
        let bearing = |(at, token): (usize, &Token)| {
            let (verb, vague) = (words::is_request_verb(&token.lower), words::is_vague(&token.lower));
            let told = verb || vague || words::is_function(&token.lower) || words::is_qualifier(&token.lower);
            let open = token.quote.is_none();
            let says = open && !told && token.kind == Kind::Word && !reading.is_measured(at);
            Bearing { says, asks: open && verb && !vague }
        };
        (text.tokens.iter().enumerate().map(bearing).collect(), reading.find_marked())
    }

    /// Whether the skill's own words say token `at`.
    pub fn is_explained(&self, at: usize) -> bool {
        self.explained.get(at).copied().unwrap_or(false)
    }

    /// Whether a number, a date or a time of day covers token `at`.
    pub fn is_measured(&self, at: usize) -> bool {
        self.numbers.iter().any(|number| number.whole.contains(&at) && !number.weak)
            || self.moments.iter().any(|moment| moment.tokens.contains(&at))
    }

    fn find_marked(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for quote in &self.text.quotes {
            let first = self.text.tokens.partition_point(|token| token.start < quote.outer.start);
            let end = self.text.tokens.partition_point(|token| token.start < quote.outer.end);
            let value = self.text.source.get(quote.inner.clone()).unwrap_or("");
            spans.push(Span { tokens: first..end, value: value.to_owned(), form: Form::Quoted, piece: false });
        }
        for (at, token) in self.text.tokens.iter().enumerate() {
            if token.kind == Kind::Code && token.quote.is_none() {
                spans.push(self.span(at..at + 1, Form::Code));
            }
        }
        self.names(&mut spans);
        spans.truncate(SPANS_MAX);
        spans
    }

    fn span(&self, tokens: Range<usize>, form: Form) -> Span {
        let written = self.text.span(&tokens);
        let possessive =
            written.strip_suffix("'s").or_else(|| written.strip_suffix("’s")).filter(|_| form == Form::Name);
        let value = possessive.unwrap_or(written).to_owned();
        Span { tokens, value, form, piece: false }
    }

    /// Runs of capitalised words, "of" and the like inside them, and "City, Country".
    fn names(&self, spans: &mut Vec<Span>) {
        let mut at = 0;
        while at < self.text.tokens.len() {
            if !self.begins_name(at) {
                at += 1;
                continue;
            }
            let end = self.name_end(at);
            spans.push(self.span(at..end, Form::Name));
            // "Miami, Florida": one place, unless the row goes on ("A, B and C").
            if self.text.lower(end) == "," && self.begins_name(end + 1) {
                let second = self.name_end(end + 1);
                let goes_on = matches!(self.text.lower(second), "and" | "och" | "or" | "eller")
                    || (self.text.lower(second) == ","
                        && (self.begins_name(second + 1) || matches!(self.text.lower(second + 1), "and" | "och")));
                let row_before = self.text.before(at).is_some_and(|before| matches!(before.lower.as_str(), ","));
                if !row_before && (!goes_on || self.pair_after(second)) {
                    spans.push(self.span(at..second, Form::Name));
                }
            }
            // "Pope Innocent III", "Yellowstone National Park": the tail and the head may be what is meant.
            at = end;
        }
    }

    /// Whether after "A, B" there comes "and C, D".
    fn pair_after(&self, at: usize) -> bool {
        matches!(self.text.lower(at), "and" | "och" | "to" | "till") && self.begins_name(at + 1) && {
            let end = self.name_end(at + 1);
            self.text.lower(end) == "," && self.begins_name(end + 1)
        }
    }

    fn begins_name(&self, at: usize) -> bool {
        // "ID U123": the name is what follows.
        if matches!(self.text.lower(at), "id" | "uuid" | "nr") {
            return false;
        }
        let Some(token) = self.text.get(at).filter(|token| token.kind == Kind::Word && token.quote.is_none()) else {
            return false;
        };
        if !self.text.capital(at) || token.lower == "i" || self.is_calendar(at) {
            return false;
        }
        let common = words::is_function(&token.lower) || words::is_request_verb(&token.lower);
        if self.text.starts_sentence(at) {
            // Every sentence begins with a capital: only a second one makes a name of it.
            return !common
                && self.text.capital(at + 1)
                && self.text.get(at + 1).is_some_and(|next| next.kind == Kind::Word);
        }
        !common
            || self.text.capital(at + 1)
            || token.lower.chars().count() > 1 && self.text.written(at).chars().all(char::is_uppercase)
    }

    fn is_calendar(&self, at: usize) -> bool {
        let lower = self.text.lower(at);
        moments::weekday(lower).is_some() || (moments::month(lower).is_some() && self.is_measured(at))
    }

    fn name_end(&self, at: usize) -> usize {
        let mut end = at + 1;
        while end < at + 12 {
            let Some(token) = self.text.get(end).filter(|token| token.quote.is_none()) else { break };
            let after_stop = self.text.written(end - 1).ends_with('.');
            let capital = self.text.capital(end)
                && token.kind == Kind::Word
                && !(after_stop && (words::is_request_verb(&token.lower) || words::is_function(&token.lower)));
            let joins =
                matches!(token.lower.as_str(), "of" | "the" | "de" | "von" | "van" | "&" | "la" | "del" | "av" | "der")
                    && (self.text.capital(end + 1)
                        && self.text.get(end + 1).is_some_and(|next| next.kind == Kind::Word)
                        || token.lower == "of" && self.text.lower(end + 1) == "the" && self.text.capital(end + 2));
            let figures = token.kind == Kind::Number
                && token.lower.len() <= 2
                && !matches!(self.text.lower(end + 1), "%" | ".")
                && !self
                    .numbers
                    .iter()
                    .any(|number| number.tokens.start == end && (number.unit.is_some() || number.ordinal));
            let dot = token.lower == "."
                && self.text.glued(end)
                && self.text.get(end - 1).is_some_and(|before| before.lower.chars().count() == 1)
                && self.text.capital(end + 1);
            if !(capital && !self.is_calendar(end)
                || joins
                || figures && self.text.get(end + 1).is_none_or(|next| next.kind == Kind::Mark)
                || dot)
            {
                break;
            }
            end += 1;
        }
        end
    }

    /// Runs of words that are no function words, and the pieces of them that the skill does not explain.
    fn phrases(&self, spans: &mut Vec<Span>) {
        let mut at = 0;
        while at < self.text.tokens.len() {
            if !self.is_content(at) {
                at += 1;
                continue;
            }
            let mut end = at + 1;
            while end < at + 8 && self.is_content(end) {
                end += 1;
            }
            self.phrase(at..end, spans);
            // "theory of evolution"
            if self.text.lower(end) == "of" && self.is_content(end + 1) {
                let more = (end + 1..end + 5).take_while(|next| self.is_content(*next)).count();
                spans.push(Span { piece: true, ..self.span(at..end + 1 + more, Form::Phrase) });
            }
            at = end;
        }
    }

    fn phrase(&self, tokens: Range<usize>, spans: &mut Vec<Span>) {
        spans.push(self.span(tokens.clone(), Form::Phrase));
        let mut piece = |range: Range<usize>| {
            if !range.is_empty() && range != tokens {
                spans.push(Span { piece: true, ..self.span(range, Form::Phrase) });
            }
        };
        // Runs that are not explained, and each word by itself.
        let mut start = tokens.start;
        for at in tokens.clone() {
            if self.is_explained(at) {
                piece(start..at);
                start = at + 1;
            }
        }
        piece(start..tokens.end);
        if tokens.len() <= 4 {
            for at in tokens.clone() {
                piece(at..at + 1);
            }
        }
        if tokens.len() == 3 {
            piece(tokens.start..tokens.start + 2);
            piece(tokens.start + 1..tokens.end);
        }
    }

    fn is_content(&self, at: usize) -> bool {
        let Some(token) = self.text.get(at).filter(|token| token.kind == Kind::Word && token.quote.is_none()) else {
            return false;
        };
        let begins = self.text.starts_sentence(at)
            || self.text.before(at).is_some_and(|before| {
                matches!(before.lower.as_str(), "to" | "and" | "please" | "att" | "och" | "," | "me" | "you")
            });
        !(words::is_function(&token.lower) || (begins && words::is_request_verb(&token.lower)) || self.is_measured(at))
    }

    /// Rows of numbers, quotations, codes, names and phrases.
    fn find_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut at = 0;
        while at < self.text.tokens.len() && rows.len() < 64 {
            let row = self.row(at);
            match row {
                Some(row) => {
                    at = row.tokens.end.max(at + 1);
                    rows.push(row);
                }
                None => at += 1,
            }
        }
        rows
    }

    fn row(&self, at: usize) -> Option<Row> {
        let bracketed = matches!(self.text.lower(at), "[" | "(" | "{");
        let mut next = at + usize::from(bracketed);
        let mut items: Vec<Range<usize>> = Vec::new();
        while items.len() < 256 {
            let Some(item) = self.item(next) else { break };
            next = item.end;
            items.push(item);
            let separator = match self.text.lower(next) {
                "," | ";" => {
                    1 + usize::from(matches!(self.text.lower(next + 1), "and" | "och" | "&" | "samt" | "or" | "eller"))
                }
                "and" | "och" | "&" | "samt" | "or" | "eller" => 1,
                _ => break,
            };
            if self.item(next + separator).is_none_or(|item| !self.alike(items.last(), &item)) {
                break;
            }
            next += separator;
        }
        let closes = matches!(self.text.lower(next), "]" | ")" | "}");
        if items.len() < 2 && !(bracketed && closes && items.len() == 1) {
            return None;
        }
        Some(Row { tokens: at..next + usize::from(bracketed && closes), items, bracketed: bracketed && closes })
    }

    fn item(&self, at: usize) -> Option<Range<usize>> {
        if let Some(number) = self.numbers.iter().find(|number| number.whole.start == at && !number.weak) {
            return Some(number.whole.clone());
        }
        let starting = self.spans.iter().filter(|span| span.tokens.start == at);
        let comma = |span: &&Span| !self.text.span(&span.tokens).contains(',') || span.form == Form::Quoted;
        let best = starting.filter(|span| !span.piece || span.form != Form::Phrase).filter(comma).max_by_key(|span| {
            (matches!(span.form, Form::Quoted | Form::Code), span.form == Form::Name, span.tokens.len())
        });
        best.map(|span| span.tokens.clone())
    }

    /// Whether two items of a row are of one kind.
    fn alike(&self, left: Option<&Range<usize>>, right: &Range<usize>) -> bool {
        let Some(left) = left else { return true };
        let form = |range: &Range<usize>| {
            let number = self.numbers.iter().any(|number| number.whole == *range);
            let span = self.spans.iter().filter(|span| span.tokens == *range).map(|span| span.form);
            let quoted = span.clone().any(|form| form == Form::Quoted);
            (number, quoted)
        };
        form(left) == form(right)
    }
}
