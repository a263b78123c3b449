//! What a JSON Schema asks for, parameter by parameter, and what its words say each parameter means.

use std::cell::Cell;

use serde_json::Value;

use super::units::{self, Unit};
use super::words;

/// Most parameters of one object that are looked at.
const PARAMETERS_MAX: usize = 64;
/// Most parameters of a schema in all.
const ALL_MAX: usize = 512;
/// Deepest nesting of objects and arrays.
const DEPTH_MAX: usize = 4;
/// Most options of an enumeration.
const OPTIONS_MAX: usize = 256;
/// Longest description that is read, in characters.
const DESCRIPTION_CHARS_MAX: usize = 600;

/// The JSON type of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
    /// One of [`Parameter::options`].
    Options,
    /// Of values like the parameter in it.
    List(Box<Parameter>),
    Object(Vec<Parameter>),
    /// Anything, or something that is not understood.
    Any,
}

/// What a text parameter holds, as far as its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    Plain,
    Date,
    Time,
    DateTime,
    Weekday,
    Url,
    Email,
    Path,
    /// A query of JSON, such as `$.users[*].email`.
    JsonPath,
    Unit,
    Currency,
    Zone,
    Language,
    Color,
    Expression,
    Json,
    Duration,
    Place,
    Person,
    /// A title of a work.
    Title,
    Organization,
    /// An identifier or code.
    Code,
    /// What somebody wrote or wants written: a message, a note, a text to work on.
    Free,
    /// A query or a topic.
    Topic,
}

impl Sense {
    /// Whether what looks like it is hardly ever anything else.
    pub fn is_telling(self) -> bool {
        matches!(self, Self::Url | Self::Email | Self::Expression | Self::Json | Self::JsonPath)
    }
}

/// An example of a request, as far as it tells of one option.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The words of the example, without those of its values.
    pub words: Vec<String>,
    /// The option it means.
    pub value: Value,
    /// Whether it says the option itself.
    pub said: bool,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub description: String,
    pub required: bool,
    pub kind: Kind,
    pub sense: Sense,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub chars_min: usize,
    pub chars_max: usize,
    /// The values of an enumeration.
    pub options: Vec<Value>,
    /// Values that the description shows in quotes, backticks or after "such as".
    pub shown: Vec<String>,
    pub default: Option<Value>,
    /// Whether the description says that there is a default.
    pub has_default: bool,
    /// Words by which a value is known to be this parameter's, with weights; those of the name first.
    pub cues: Vec<(String, f32)>,
    /// Units that the description or the name speaks of.
    pub units: Vec<&'static Unit>,
    /// Units that other parameters of its kind are in: "91 days" are none of the weeks where days are asked for, too.
    pub units_of_others: Vec<&'static Unit>,
    /// For one of several options: examples that mean one.
    pub told: Vec<Told>,
    /// Whether the examples go back with it: "three weeks ago" is -3 weeks.
    pub goes_back: bool,
}

/// The parameters of an object schema, references resolved; none where it is something else.
pub fn parameters(schema: &Value) -> Vec<Parameter> {
    let budget = Cell::new(ALL_MAX);
    let mut found = object(&Root { schema, budget: &budget }, schema, 0);
    weigh(&mut found);
    tell_units(&mut found);
    found
}

/// The whole schema, and how many more parameters are read of it.
struct Root<'a> {
    schema: &'a Value,
    budget: &'a Cell<usize>,
}

fn object(root: &Root<'_>, schema: &Value, depth: usize) -> Vec<Parameter> {
    let schema = resolve(root.schema, schema);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let read = |(name, property): (&String, &Value)| {
        let mut found = parameter(root, name, property, depth);
        found.required = required.contains(&name.as_str());
        found
    };
    let mut found: Vec<Parameter> =
        properties.iter().take(PARAMETERS_MAX).map_while(|property| spend(root).then(|| read(property))).collect();
    // Objects keep no order here, but the list of required properties is as its author wrote it.
    let place = |parameter: &Parameter| required.iter().position(|name| *name == parameter.name).unwrap_or(usize::MAX);
    found.sort_by_key(place);
    found
}

/// Follows `$ref` and looks past `null` in `anyOf`, `oneOf` and `allOf` of one.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX * 2 {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
                Some(target) => schema = target,
                None => return schema,
            }
            continue;
        }
        let branches = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(key).and_then(Value::as_array));
        let Some(branches) = branches else { return schema };
        let mut kept = branches.iter().filter(|branch| branch.get("type").and_then(Value::as_str) != Some("null"));
        match (kept.next(), kept.next()) {
            (Some(only), None) => schema = only,
            _ => return schema,
        }
    }
    schema
}

/// Takes one parameter of the budget, where there is one left.
fn spend(root: &Root<'_>) -> bool {
    let left = root.budget.get();
    root.budget.set(left.saturating_sub(1));
    left > 0
}

/// Notes for each parameter of numbers in which units the others are.
fn tell_units(parameters: &mut [Parameter]) {
    let own: Vec<(Kind, Vec<&'static Unit>)> =
        parameters.iter().map(|parameter| (parameter.kind.clone(), parameter.units.clone())).collect();
    for (at, parameter) in parameters.iter_mut().enumerate() {
        let others = own.iter().enumerate().filter(|(other, (kind, _))| *other != at && *kind == parameter.kind);
        parameter.units_of_others = others.flat_map(|(_, (_, units))| units.iter().copied()).collect();
    }
}

/// A parameter that is described as the same as the one before holds what that one does.
pub fn say_the_same(parameters: &mut [Parameter]) {
    let mut before: Option<(Sense, bool)> = None;
    for parameter in parameters {
        let said = parameter.description.trim().trim_end_matches('.').to_lowercase();
        if let Some((sense, has_default)) = before.filter(|_| said == "the same" && parameter.kind == Kind::Text) {
            (parameter.sense, parameter.has_default) = (sense, has_default);
        }
        before = (parameter.kind == Kind::Text).then_some((parameter.sense, parameter.has_default));
    }
}

fn parameter(root: &Root<'_>, name: &str, property: &Value, depth: usize) -> Parameter {
    let target = resolve(root.schema, property);
    let own = |key: &str| property.get(key).or_else(|| target.get(key));
    let description: String =
        own("description").and_then(Value::as_str).unwrap_or_default().chars().take(DESCRIPTION_CHARS_MAX).collect();
    let number = |key: &str| own(key).and_then(Value::as_f64);
    let size = |key: &str| own(key).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
    let options = options(root, property, target);
    let mut shown = shown(&description);
    shown.extend(
        own("examples")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_str().map(str::to_owned)),
    );
    let default = own("default").cloned().filter(|default| !default.is_null());
    let kind = if options.is_empty() { kind(root, name, target, &description, depth) } else { Kind::Options };
    let lower = description.to_lowercase();
    let mut found = Parameter {
        name: name.to_owned(),
        required: false,
        sense: Sense::Plain,
        minimum: number("minimum").or_else(|| number("exclusiveMinimum")),
        maximum: number("maximum").or_else(|| number("exclusiveMaximum")),
        chars_min: size("minLength").unwrap_or(0),
        chars_max: size("maxLength").unwrap_or(usize::MAX),
        has_default: default.is_some() || lower.contains("default") || lower.contains("if absent"),
        options,
        shown,
        default,
        cues: cues(name, &description),
        units: named_units(name, &lower),
        told: Vec::new(),
        goes_back: false,
        units_of_others: Vec::new(),
        description,
        kind,
    };
    found.sense = sense(&found, own("format").and_then(Value::as_str));
    found
}

fn kind(root: &Root<'_>, name: &str, target: &Value, description: &str, depth: usize) -> Kind {
    let types: Vec<&str> = match target.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        _ => Vec::new(),
    };
    match types.as_slice() {
        ["integer"] => Kind::Integer,
        ["number" | "float"] => Kind::Number,
        ["boolean"] => Kind::Boolean,
        ["string"] => Kind::Text,
        ["array"] if depth < DEPTH_MAX => {
            let items = target.get("items").unwrap_or(&Value::Null);
            let mut item = parameter(root, name, items, depth + 1);
            // An item without words of its own is what the list's words say.
            if item.description.is_empty() {
                item.shown = shown(description);
                item.cues = cues(name, description);
                item.units = named_units(name, &description.to_lowercase());
                item.description = description.to_owned();
                item.sense = sense(&item, None);
            }
            Kind::List(Box::new(item))
        }
        ["object"] if depth < DEPTH_MAX && target.get("properties").is_some() => {
            Kind::Object(object(root, target, depth + 1))
        }
        ["integer" | "number", "number" | "integer"] => Kind::Number,
        ["string", "integer" | "number"] | ["integer" | "number", "string"] => Kind::Text,
        _ => Kind::Any,
    }
}

fn options(root: &Root<'_>, property: &Value, target: &Value) -> Vec<Value> {
    if let Some(only) = target.get("const") {
        return vec![only.clone()];
    }
    if let Some(listed) = property.get("enum").or_else(|| target.get("enum")).and_then(Value::as_array) {
        return listed.iter().filter(|value| !value.is_null()).take(OPTIONS_MAX).cloned().collect();
    }
    // Rust enumerations with documented variants: `oneOf` of constants.
    let branches = ["oneOf", "anyOf"].iter().find_map(|key| target.get(key).and_then(Value::as_array));
    let Some(branches) = branches else { return Vec::new() };
    let mut values = Vec::new();
    for branch in branches.iter().take(OPTIONS_MAX) {
        let branch = resolve(root.schema, branch);
        if let Some(only) = branch.get("const") {
            values.push(only.clone());
        } else if let Some(listed) = branch.get("enum").and_then(Value::as_array) {
            values.extend(listed.iter().cloned());
        } else if branch.get("type").and_then(Value::as_str) != Some("null") {
            return Vec::new();
        }
    }
    values.truncate(OPTIONS_MAX);
    values
}

/// What stands in quotes or backticks in a description, and after "e.g.", "such as", "for example".
fn shown(description: &str) -> Vec<String> {
    let text = super::tokens::Text::read(description);
    let quoted = text.quotes.iter().filter_map(|quote| description.get(quote.inner.clone()));
    let mut found: Vec<String> =
        quoted.map(|shown| shown.trim().to_owned()).filter(|shown| !shown.is_empty()).collect();
    for lead in ["e.g.", "E.g.", "e.g", "such as", "for example", "For example", "like ", "for instance"] {
        let Some((_, rest)) = description.split_once(lead) else { continue };
        let rest = rest.trim_start_matches([',', ':', ' ', '.']);
        let part = rest.split([';', ')', '\n']).next().unwrap_or("");
        let part = part.split(". ").next().unwrap_or("").trim_end_matches('.');
        if !part.is_empty() && part.chars().count() <= 60 && !part.starts_with(['\'', '"', '`']) {
            found.push(part.trim().to_owned());
        }
        break;
    }
    found.truncate(32);
    found
}

fn cues(name: &str, description: &str) -> Vec<(String, f32)> {
    let mut cues: Vec<(String, f32)> = Vec::new();
    for word in words::of_name(name) {
        let weight = if words::is_vague(&word) { 0.35 } else { 1.0 };
        cues.push((word, weight));
    }
    // What follows "default" or an example speaks of values, not of the parameter.
    let lower = description.to_lowercase();
    let end = ["default", "e.g", "for example", "such as"].iter().filter_map(|word| lower.find(word)).min();
    let head = end.and_then(|end| lower.get(..end)).unwrap_or(&lower);
    for word in words::of_text(head).take(40) {
        if word.chars().count() < 2 || words::is_function(&word) || words::is_vague(&word) {
            continue;
        }
        if !cues.iter().any(|(known, _)| words::related(known, &word)) {
            cues.push((word, 0.5));
        }
    }
    cues
}

/// Words that several parameters share tell them apart less.
fn weigh(parameters: &mut [Parameter]) {
    let all: Vec<Vec<String>> =
        parameters.iter().map(|parameter| parameter.cues.iter().map(|(word, _)| word.clone()).collect()).collect();
    for (at, parameter) in parameters.iter_mut().enumerate() {
        for (word, weight) in &mut parameter.cues {
            let others = all.iter().enumerate().filter(|(other, _)| *other != at);
            let n_sharing = others.filter(|(_, cues)| cues.iter().any(|cue| words::related(cue, word))).count();
            *weight /= 1.0 + n_sharing as f32;
        }
        if let Kind::Object(inner) = &mut parameter.kind {
            weigh(inner);
        }
    }
}

fn named_units(name: &str, description: &str) -> Vec<&'static Unit> {
    let description = description.split("default").next().unwrap_or("");
    let text = super::tokens::Text::read(description);
    let mut found: Vec<&'static Unit> = Vec::new();
    for at in 0..text.tokens.len().min(80) {
        let window: Vec<&str> = (at..at + 4).map(|at| text.lower(at)).take_while(|word| !word.is_empty()).collect();
        let Some((unit, _)) = units::at_start(&window) else { continue };
        let word = text.lower(at);
        let named = word.chars().count() > 2
            || matches!(word, "km" | "cm" | "mm" | "kg" | "hz" | "ft" | "lb" | "m" | "°") && is_unit_place(&text, at);
        if named && !found.contains(&unit) {
            found.push(unit);
        }
    }
    for word in words::of_name(name) {
        if let Some(unit) = units::find(&word).filter(|_| word.len() > 1)
            && !found.contains(&unit)
        {
            found.push(unit);
        }
    }
    found
}

/// Whether a short symbol stands where units do: after "in" or a comma, in parentheses.
fn is_unit_place(text: &super::tokens::Text<'_>, at: usize) -> bool {
    text.before(at).is_none_or(|before| matches!(before.lower.as_str(), "in" | "," | "(" | "i" | "as" | "unit"))
}

/// What the words around a parameter say it holds.
fn sense(parameter: &Parameter, format: Option<&str>) -> Sense {
    match format {
        Some("date") => return Sense::Date,
        Some("date-time") => return Sense::DateTime,
        Some("time") => return Sense::Time,
        Some("email" | "idn-email") => return Sense::Email,
        Some("uri" | "iri" | "uri-reference" | "url") => return Sense::Url,
        Some("duration") => return Sense::Duration,
        _ => {}
    }
    let name = words::of_name(&parameter.name);
    let lower = parameter.description.to_lowercase();
    let named = |list: &[&str]| name.iter().any(|word| list.contains(&word.as_str()));
    let told = |list: &[&str]| {
        let head: Vec<String> = words::of_text(&lower).take(14).collect();
        head.iter().any(|word| list.contains(&word.as_str()))
    };
    let pattern = ["yyyy", "dd/mm", "mm/dd", "dd-mm", "mm-dd"].iter().any(|pattern| lower.contains(pattern));
    let clock = lower.contains("hh:mm") || lower.contains("hh-mm");
    if pattern || parameter.shown.iter().any(|shown| is_iso_date(shown)) {
        let timed = clock || parameter.shown.iter().any(|shown| shown.contains('T') && is_iso_date(shown));
        return if timed { Sense::DateTime } else { Sense::Date };
    }
    if named(&["timezone", "zone", "tz"]) {
        return Sense::Zone;
    }
    if clock {
        return Sense::Time;
    }
    if super::keys::are_asked_for(parameter) {
        return Sense::JsonPath;
    }
    // "body1" is no text that somebody wrote.
    let numbered = name.iter().any(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let by_name = SENSES.iter().find(|(sense, names, _)| named(names) && !(numbered && *sense == Sense::Free));
    if let Some((sense, ..)) = by_name {
        let address = *sense == Sense::Place && name.len() == 1 && lower.contains("email address");
        return if address { Sense::Email } else { *sense };
    }
    if lower.contains("email address") || lower.contains("e-mail address") {
        return Sense::Email;
    }
    let by_words = SENSES.iter().find(|(.., tellers)| told(tellers));
    by_words.map_or(Sense::Plain, |(sense, ..)| *sense)
}

fn is_iso_date(shown: &str) -> bool {
    shown.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok())
}

/// By the words of the name, then by those of the description's beginning; in this order.
const SENSES: &[(Sense, &[&str], &[&str])] = &[
    (Sense::Weekday, &["weekday"], &["weekday"]),
    (Sense::Date, &["date", "born", "birthday", "datum", "birthdate"], &[]),
    (Sense::Url, &["url", "uri", "link", "website"], &["url"]),
    (Sense::Email, &["email", "mail"], &[]),
    (Sense::Path, &["path", "file", "filename", "filepath", "directory", "folder"], &[]),
    (Sense::Currency, &["currency", "currencies"], &["currency"]),
    (Sense::Unit, &["unit", "units"], &["unit", "units"]),
    (Sense::Language, &["language", "lang"], &[]),
    (Sense::Color, &["color", "colour"], &[]),
    (Sense::Expression, &["expression", "formula", "equation", "function"], &["expression"]),
    (Sense::Json, &["json"], &[]),
    (Sense::Duration, &["duration", "timeframe", "period"], &[]),
    (Sense::Time, &["time"], &[]),
    (
        Sense::Place,
        &[
            "city",
            "location",
            "country",
            "state",
            "place",
            "destination",
            "origin",
            "address",
            "region",
            "county",
            "town",
            "area",
            "venue",
            "departure",
            "arrival",
            "airport",
            "stad",
            "plats",
        ],
        &["city", "country"],
    ),
    (
        Sense::Person,
        &["artist", "author", "player", "actor", "director", "person", "composer", "recipient", "contact"],
        &["person"],
    ),
    (
        Sense::Organization,
        &[
            "company",
            "team",
            "manufacturer",
            "brand",
            "organization",
            "university",
            "school",
            "league",
            "bank",
            "store",
            "stock",
            "symbol",
        ],
        &[],
    ),
    (Sense::Title, &["title", "song", "book", "movie", "album", "game", "show", "film"], &["title"]),
    (Sense::Topic, &["query", "topic", "keyword", "keywords", "subject", "search"], &["topic", "keyword"]),
    (
        Sense::Free,
        &[
            "text",
            "message",
            "content",
            "body",
            "note",
            "sentence",
            "prompt",
            "comment",
            "description",
            "question",
            "string",
            "input",
            "password",
            "phrase",
        ],
        &["text", "message"],
    ),
    (Sense::Code, &["id", "code", "uuid", "token", "key", "isbn", "sku"], &["identifier", "id"]),
];

/// The parameter as a short phrase for a person: its name in words.
pub fn spoken(name: &str) -> String {
    words::of_name(name).join(" ")
}
