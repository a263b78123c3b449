//! What the answer of a skill has that a later part may mean, by the skill's own schema.

use serde_json::Value;

use super::super::arguments;
use super::super::clauses::{self, Pointer};
use super::super::shapes::{self, Place};
use super::{DATE, Landing, NUMBER, TEXT};

/// Objects within an answer that are looked into.
const DEPTH_MAX: usize = 2;
/// Most places of one answer that are looked at.
const OUTPUTS_MAX: usize = 64;
/// What the first of an answer's places has before the others.
const LEADS: f32 = 0.8;
const LEADS_ALONE: f32 = 0.8;
/// Names that say no more than that it is what was asked for.
const MAIN: &[&str] = &["result", "value", "answer", "total", "sum", "text", "output", "converted"];

/// What kind of thing stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Date,
    Text,
}

impl Kind {
    /// What stands for it until it is there.
    pub fn stand_in(self) -> &'static str {
        match self {
            Kind::Number => NUMBER,
            Kind::Date => DATE,
            Kind::Text => TEXT,
        }
    }
}

/// One place of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub pointer: String,
    /// The last name of the pointer.
    pub name: String,
    pub kind: Kind,
    /// A number that is written as text.
    pub as_text: bool,
    /// Anything may stand there: what is taken of it has to be seen when it is there.
    pub is_open: bool,
    /// It is what was asked for, by its name.
    pub is_main: bool,
    /// It is the first that its object always has: what such answers are about.
    leads: bool,
    depth: usize,
}

impl Output {
    /// The one number of an answer that was asked for, by what it is called.
    pub fn figure(pointer: String, name: &str) -> Output {
        let name = name.to_owned();
        Output {
            pointer,
            name,
            kind: Kind::Number,
            as_text: false,
            is_open: false,
            is_main: true,
            leads: true,
            depth: 0,
        }
    }

    /// Where the same stands in all items of the list that it is in the first of.
    pub fn of_all(&self) -> String {
        self.pointer.replacen("/0/", "/*/", 1)
    }

    /// Whether its number is, or may be, written as text.
    pub fn is_number_in_text(&self) -> bool {
        self.as_text || self.is_open
    }

    /// Whether it is one word of many, and a question is about something else than that: "how many words are there in it".
    pub fn is_beside(&self, text: &str) -> bool {
        const OF_A_WORD: &[&str] = &["letters", "characters", "bokstäver", "tecken", "vowels", "syllables"];
        let list = self.pointer.split('/').nth(1).unwrap_or_default();
        let says = |wanted: &dyn Fn(&str) -> bool| arguments::plain_words(text).any(|word| wanted(&word));
        let of_word = says(&|word| OF_A_WORD.contains(&word));
        let of_all = says(&|word| word == list || matches!(word, "ord" | "orden" | "all" | "alla"));
        self.is_in_list() && self.is_main && !self.is_open && (of_all || clauses::is_question(text) && !of_word)
    }

    /// Whether it is of the first item of a list.
    pub fn is_in_list(&self) -> bool {
        self.pointer.contains("/0/")
    }

    /// Whether it is a figure of a column.
    pub fn is_of_column(&self) -> bool {
        self.kind == Kind::Number && self.is_main && self.pointer.starts_with("/columns/")
    }

    /// Whether it is what such answers are about.
    pub fn leads(&self) -> bool {
        self.leads
    }
}

/// The places of the answers that `schema` describes. A text that may be a number is there as both.
pub fn of(schema: Option<&Value>) -> Vec<Output> {
    let mut found = Vec::new();
    if let Some(schema) = schema {
        visit(schema, shapes::resolved(schema, schema), Named { pointer: "", name: "", leads: false }, 0, &mut found);
    }
    // What an answer is nothing but is what was asked for, whatever it is called.
    if let [only] = found.as_mut_slice() {
        only.is_main |= only.kind == Kind::Text;
    }
    found
}

/// The numbers that the first item of each list has, such as the id of what was found first, and its text.
pub fn of_first_items(schema: Option<&Value>) -> Vec<Output> {
    let mut found = Vec::new();
    let Some(root) = schema else { return found };
    let lists = shapes::resolved(root, root).get("properties").and_then(Value::as_object);
    for (list, here) in lists.into_iter().flatten() {
        let Some(item) = shapes::resolved(root, here).get("items") else { continue };
        let pointer = format!("/{}/0", super::escaped(list));
        visit(root, shapes::resolved(root, item), Named { pointer: &pointer, name: list, leads: false }, 1, &mut found);
    }
    found.retain(|output| match output.kind {
        Kind::Number => !output.as_text,
        Kind::Text => output.is_main,
        Kind::Date => false,
    });
    found
}

/// What the first item of a list is called by, where `text` names that in the singular: `word` of `words`.
pub fn first_named(schema: &Value, text: &str) -> Option<Output> {
    let is_one = |word: &String| !["s", "en", "ar", "or", "er", "na"].iter().any(|ending| word.ends_with(ending));
    let said: Vec<String> = arguments::plain_words(text).filter(is_one).collect();
    let lists = shapes::resolved(schema, schema).get("properties").and_then(Value::as_object)?;
    lists.iter().find_map(|(list, here)| {
        let item = shapes::resolved(schema, shapes::resolved(schema, here).get("items")?);
        let (name, _) = item.get("properties")?.as_object()?.iter().find(|(name, own)| {
            let is_text = shapes::types(schema, own).is_some_and(|types| types == ["string"]);
            is_text && list.strip_suffix('s') == Some(name) && said.iter().any(|said| arguments::same_word(said, name))
        })?;
        let pointer = format!("/{}/0/{}", super::escaped(list), super::escaped(name));
        let name = name.clone();
        Some(Output {
            pointer,
            name,
            kind: Kind::Text,
            as_text: false,
            is_open: false,
            is_main: true,
            leads: true,
            depth: 1,
        })
    })
}

/// Where an answer says what the figure at `pointer` is counted in.
pub fn unit_place(outputs: &[Output], pointer: &str) -> Option<String> {
    let is_value = pointer == "/value" || pointer == "/text" || pointer == "/result";
    let says = |output: &&Output| matches!(&*output.name, "to" | "to_unit" | "unit") && output.kind == Kind::Text;
    outputs.iter().filter(|_| is_value).find(says).map(|output| output.pointer.clone())
}

/// Whether an answer of `schema` holds a list.
pub fn has_list(schema: &Value) -> bool {
    let own = shapes::resolved(schema, schema).get("properties").and_then(Value::as_object);
    let is_list = |here: &Value| shapes::types(schema, here).is_some_and(|types| types.contains(&"array"));
    own.into_iter().flatten().any(|(_, here)| is_list(here))
}

/// Whether a question about `noun` is one about a place of such an answer: "how many rows" about `rows`.
pub fn tell_of<'a>(outputs: &'a [Output], noun: &str) -> Option<&'a Output> {
    outputs.iter().find(|output| match arguments::words_of_name(&output.name).as_slice() {
        [only] => !output.is_main && arguments::same_word(only, noun),
        _ => false,
    })
}

/// Whether a schema lets anything stand there.
fn is_open_place(here: &Value) -> bool {
    const SAYS: &[&str] = &["type", "properties", "items", "enum", "anyOf", "oneOf", "allOf", "$ref", "const"];
    *here == Value::Bool(true) || here.as_object().is_some_and(|own| !SAYS.iter().any(|key| own.contains_key(*key)))
}

/// The place of an answer that a question is about, by all words of its name: "which word is the longest" of
/// `longest_word`.
pub fn told_by_words<'a>(outputs: &'a [Output], text: &str) -> Option<&'a Output> {
    let said: Vec<String> = arguments::plain_words(text).collect();
    outputs.iter().find(|output| {
        let words = arguments::words_of_name(&output.name);
        words.len() > 1 && words.iter().all(|word| said.iter().any(|said| arguments::same_word(said, word)))
    })
}

/// The first of the places of an answer that a question names to be told in: "what is it in years, months and days".
pub fn told_in<'a>(outputs: &'a [Output], text: &str) -> Option<&'a Output> {
    let words: Vec<String> = arguments::plain_words(text).collect();
    let at = words.iter().position(|word| matches!(word.as_str(), "in" | "i"))?;
    let mut named = words.get(at + 1..)?.iter().filter(|word| !matches!(word.as_str(), "and" | "och"));
    let place = |word: &String| outputs.iter().find(|output| arguments::same_word(&output.name, word));
    let first = place(named.next()?)?;
    let mut others = named.peekable();
    (others.peek().is_some() && others.all(|word| place(word).is_some())).then_some(first)
}

/// A place by its pointer and the last name of it.
#[derive(Clone, Copy)]
struct Named<'a> {
    pointer: &'a str,
    name: &'a str,
    leads: bool,
}

fn visit(root: &Value, here: &Value, named: Named<'_>, depth: usize, found: &mut Vec<Output>) {
    let Named { pointer, name, leads } = named;
    if found.len() >= OUTPUTS_MAX {
        return;
    }
    let is_open = !name.is_empty() && is_open_place(here);
    let is_main = MAIN.contains(&name);
    let mut add = |kind, as_text| {
        let (pointer, name) = (pointer.to_owned(), name.to_owned());
        found.push(Output { pointer, name, kind, as_text, is_open, is_main, leads, depth });
    };
    let types = shapes::types(root, here).unwrap_or_default();
    if is_open && is_main {
        add(Kind::Number, false);
        add(Kind::Text, false);
    } else if types.iter().any(|kind| matches!(*kind, "number" | "integer")) {
        add(Kind::Number, false);
    } else if types.contains(&"string") {
        let description = here.get("description").and_then(Value::as_str).unwrap_or_default();
        let is_date = here.get("format").and_then(Value::as_str).is_some_and(|format| format == "date")
            || description.contains("YYYY-MM-DD");
        if is_date {
            add(Kind::Date, false);
        }
        if name == "result" || description.to_lowercase().contains("decimal number") {
            add(Kind::Number, true);
        }
        // A single character is a mark, and no text that anything is done with.
        if here.get("maxLength").and_then(Value::as_u64).is_none_or(|most| most > 1) {
            add(Kind::Text, false);
        }
    }
    if depth >= DEPTH_MAX {
        return;
    }
    let first = here.pointer("/required/0").and_then(Value::as_str);
    for (name, next) in here.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let pointer = format!("{pointer}/{}", super::escaped(name));
        let named = Named { pointer: &pointer, name, leads: first == Some(name) };
        visit(root, shapes::resolved(root, next), named, depth + 1, found);
    }
}

/// The one of `kind` that is most likely meant, with how likely: by the noun it is called by, the words of the request
/// that it answers, or because it is what such answers are about.
pub fn best<'a>(outputs: &'a [Output], kind: Kind, pointer: &Pointer, asked: &str) -> Option<(&'a Output, f32)> {
    let of_kind: Vec<&Output> = outputs.iter().filter(|output| output.kind == kind).collect();
    // What is called by its skill's name is the place that leads, or none is known to be.
    let is_sole = of_kind.len() == 1 && !pointer.names_skill;
    let asked: Vec<String> = arguments::plain_words(asked).filter(|word| !arguments::is_function_word(word)).collect();
    let scored = of_kind.iter().map(|output| {
        let words = arguments::words_of_name(&output.name);
        let share = |wanted: &dyn Fn(&str) -> bool| {
            words.iter().filter(|word| wanted(word)).count() as f32 / words.len().max(1) as f32
        };
        let mut score = 2.0 * share(&|word| asked.iter().any(|asked| arguments::same_word(asked, word)));
        // "Working days": what is said first says which.
        let said = asked.iter().position(|asked| words.iter().any(|word| arguments::same_word(asked, word)));
        score += said.map_or(0.0, |at| 0.1 / (1.0 + at as f32));
        score -= if output.as_text { 0.01 } else { 0.0 };
        // "That word" is one, and not how many there were.
        let counts = output.kind == Kind::Number
            && (output.name == format!("{}s", pointer.noun)
                || output.name.ends_with('s') && pointer.noun.ends_with("et") && words.len() == 1);
        score += if counts { 0.0 } else { 3.0 * share(&|word| arguments::same_word(&pointer.noun, word)) };
        score += if output.is_main { 1.5 } else { 0.0 };
        // One text among figures may be any: only what such answers are about is meant without a word.
        let is_sole = is_sole && (output.kind != Kind::Text || output.leads || output.is_main);
        score += if is_sole { 0.5 } else { 0.0 };
        score += if output.leads && pointer.names_skill { LEADS } else { 0.0 };
        // "How old was she? Multiply that by 12."
        let alone = output.leads && pointer.noun.is_empty() && output.kind == Kind::Number;
        score += if alone { LEADS_ALONE } else { 0.0 };
        (*output, score - 0.2 * output.depth as f32)
    });
    let mut ranked: Vec<(&Output, f32)> = scored.collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    match ranked.as_slice() {
        [(first, _), ..] if pointer.names_skill && !first.leads => None,
        [(first, score), rest @ ..] if *score > 0.0 && rest.first().is_none_or(|(_, next)| next < score) => {
            Some((first, *score))
        }
        _ => None,
    }
}

/// What may stand in the property `name` of a skill's input.
pub fn landing(schema: &Value, name: &str) -> Option<Landing> {
    let Place::Known(place) = shapes::at(schema, &format!("/{}", super::escaped(name))) else { return None };
    let types = shapes::types(schema, place)?;
    if types.iter().any(|kind| matches!(*kind, "number" | "integer")) {
        Some(Landing::Number)
    } else if types.contains(&"string") && place.get("enum").is_none() {
        Some(Landing::Text)
    } else {
        None
    }
}

/// Whether any text at all may be meant by a property of that name.
pub fn is_open(name: &str) -> bool {
    let words = arguments::words_of_name(name);
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "text"
                | "content"
                | "contents"
                | "message"
                | "body"
                | "note"
                | "value"
                | "input"
                | "title"
                | "string"
                | "data"
        )
    })
}
