//! The input of a skill, read from the words of a request: typed values found in the text, matched to the schema's
//! parameters by the words around them, and asked for where they are missing or unsure.

pub mod arithmetic;
mod assign;
mod behind;
mod choices;
mod cues;
mod decide;
mod examples;
mod keys;
mod lists;
mod moments;
mod numbers;
mod offers;
mod places;
mod problems;
mod questions;
mod rates;
mod schema;
mod spans;
mod texts;
mod tokens;
mod units;
mod words;

use std::ops::Range;

use jiff::civil::{DateTime, date};
use serde_json::{Map, Value};

use self::decide::{Decision, How};
use self::moments::Moment;
use self::numbers::Number;
use self::offers::Offer;
pub use self::problems::Problem;
pub use self::rates::Rate;
use self::schema::{Kind, Parameter, Sense};
use self::spans::{Bearing, Reading, Span};
use self::tokens::Text;
use self::words::Meaning;
use super::mend::Mended;
use super::{CivilNow, ExampleText, Language, Missing, language};

/// What an offer to an optional parameter loses against one to a required one.
const OPTIONAL_COST: f32 = 0.3;

/// What a skill says of itself, as far as reading its input needs it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub name: &'a str,
    pub description: &'a str,
    /// JSON Schema of its input.
    pub schema: &'a Value,
    pub examples: &'a [ExampleText],
}

/// What could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// Values that are sure, by property.
    pub arguments: Map<String, Value>,
    /// Required values that were not found, and values that are only likely; to be asked for.
    pub missing: Vec<Missing>,
    /// How many further values the text gives for a parameter that holds one; the most over all parameters. More than
    /// none hints at several calls: "in Boston and in Chicago".
    pub n_repeats: usize,
    /// Why each value was taken, in words for a person.
    pub reasons: Vec<String>,
    /// Numbers, quotations and names of the text that no value uses, as they were written.
    pub unused: Vec<String>,
    /// Other words that neither a value nor the skill's own words explain.
    pub unexplained: Vec<String>,
    /// The properties whose values, sure or not, were read from the text; others have their defaults.
    pub given: Vec<String>,
    /// Whether its values are hardly ever mistaken for others: arithmetic, a web address, two units.
    pub is_telling: bool,
}

impl Extraction {
    /// Whether the skill can be called with what was read.
    pub fn is_sure(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether all that the text says is a value or in the skill's own words.
    pub fn is_understood(&self) -> bool {
        self.unused.is_empty() && self.unexplained.is_empty()
    }
}

/// Reads the input of the skill `about` from `text`. Values are of the schema's types and within its bounds; none is a guess.
pub fn extract(about: About<'_>, text: &str, language: Language, now: CivilNow) -> Extraction {
    Input::of(about).read(&Said::new(&language::clean(text), language, now))
}

/// A request as every skill's input is read from it: made once for each request.
#[derive(Debug)]
pub struct Said<'a> {
    language: Language,
    text: Text<'a>,
    numbers: Vec<Number>,
    moments: Vec<Moment>,
    /// By token: its word, and what it means.
    meanings: Vec<Meaning>,
    /// By token: what it is.
    bearings: Vec<Bearing>,
    /// What is marked as a value by itself.
    marked: Vec<Span>,
    mended: Option<&'a Mended>,
    today: jiff::civil::Date,
}

impl<'a> Said<'a> {
    /// Reads what does not depend on the skill. `text` is [`language::clean`].
    pub fn new(text: &'a str, language: Language, now: CivilNow) -> Said<'a> {
        let text = Text::read(language::bare(text));
        let numbers = numbers::find(&text, language.is_swedish());
        let now = civil(now);
        let moments = moments::find(&text, &numbers, now, language.is_swedish());
        let meanings = text.tokens.iter().map(|token| Meaning::of(&token.lower)).collect();
        let (bearings, marked) = Reading::of_any(&text, &numbers, &moments);
        Said { language, text, numbers, moments, meanings, bearings, marked, mended: None, today: now.date() }
    }

    /// The same where the text is what `mended` made of the request: longer values are as they were written.
    #[must_use]
    pub fn mended(self, mended: &'a Mended) -> Said<'a> {
        Said { mended: Some(mended), ..self }
    }

    /// Whether it says a number or quotes something.
    pub fn says_value(&self) -> bool {
        !self.numbers.is_empty() || self.text.tokens.iter().any(|token| token.quote.is_some())
    }

    /// Whether it says a number in figures, or quotes something.
    pub fn says_figure(&self) -> bool {
        self.text.tokens.iter().any(|token| token.quote.is_some() || token.lower.contains(|c: char| c.is_ascii_digit()))
    }

    /// The one number that it says, with its unit, as it is written.
    pub fn only_number(&self) -> Option<&'a str> {
        match self.numbers.as_slice() {
            [only] => Some(self.text.span(&only.whole)),
            _ => None,
        }
    }

    /// The one of its measures that is of the kind of a unit which `asked` only names, as it is written: of "I weigh 168
    /// pounds and am 5.9 feet tall" the first, where kilograms are asked for.
    pub fn measure_for(&self, asked: &Said<'_>) -> Option<&'a str> {
        let wanted = texts::unit_named(&asked.text, &asked.numbers)?;
        let mut fitting =
            self.numbers.iter().filter(|number| number.unit.is_some_and(|unit| unit.dimension == wanted.dimension));
        let only = fitting.next()?;
        fitting.next().is_none().then(|| self.text.span(&only.whole))
    }

    /// What it says that one of something comes to: "0.12 euros a word", "3 poäng per ord", "if a litre costs 1.70".
    pub fn rate(&self) -> Option<Rate> {
        rates::of(&self.text, &self.numbers)
    }

    /// The only unit that it names, where it says no number.
    pub fn only_unit(&self) -> Option<String> {
        let mut units = texts::units_named(&self.text, &self.numbers);
        let unit = units.next().filter(|_| self.numbers.is_empty())?;
        if units.any(|other| !std::ptr::eq(unit, other)) {
            return None;
        }
        unit.names.first().map(|name| (*name).to_owned())
    }

    /// Whether it asks what an amount of money is in another currency, and does not say what one is worth in the other.
    pub fn exchanges_money(&self) -> bool {
        let [only] = self.numbers.as_slice() else { return false };
        let own = only.unit.filter(|unit| unit.dimension == units::Dimension::Money);
        let named = |at: usize| {
            let window: Vec<&str> = (at..at + 2).map(|at| self.text.lower(at)).collect();
            let is_value = only.whole.contains(&at) || self.text.get(at).is_none_or(|token| token.quote.is_some());
            units::at_start_of(&window, true).filter(|_| !is_value).map(|(unit, _)| unit)
        };
        own.is_some_and(|own| (0..self.text.tokens.len()).filter_map(named).any(|other| !std::ptr::eq(own, other)))
    }

    /// The noun before its one number, where that is a whole one without a unit: `note` in "note 2 can go".
    pub fn noun_of_number(&self) -> Option<String> {
        let [only] = self.numbers.as_slice() else { return None };
        let noun = self.text.before(only.whole.start).filter(|_| only.is_whole() && only.unit.is_none())?;
        let is_noun = noun.kind == tokens::Kind::Word && noun.quote.is_none() && !words::is_function(&noun.lower);
        (is_noun && !words::is_request_verb(&noun.lower) || words::same(&noun.lower, "note"))
            .then(|| noun.lower.clone())
    }

    /// The sum of two numbers that it tells in words: "split a bill of 1248 between 6 people".
    pub fn problem(&self) -> Option<Problem> {
        problems::of(&self.text, &self.numbers)
    }

    /// The only whole number that it says without a unit, in figures or in words.
    pub fn only_count(&self) -> Option<f64> {
        let mut said = self.numbers.iter().filter(|number| !number.weak && !number.ordinal);
        let only = said.next().filter(|only| only.is_whole() && only.unit.is_none() && !only.percent)?;
        said.next().is_none().then_some(only.value)
    }

    /// The only number that it says, where that is asked for by each of `unit`: 180 in "it takes me 180 minutes. How many
    /// minutes a mile is that?"
    pub fn value_per(&self, unit: &str) -> Option<f64> {
        let wanted = units::find(&unit.to_lowercase())?;
        let mut said = self.numbers.iter().filter(|number| !number.weak && !number.ordinal);
        let only = said.next().filter(|only| !only.percent)?;
        let text = &self.text;
        let per = |at: &usize| matches!(text.lower(*at), "per" | "a" | "an" | "each");
        let named = |at: usize| {
            let window: Vec<&str> = (at..at + 3).map(|at| text.lower(at)).take_while(|word| !word.is_empty()).collect();
            units::at_start(&window).is_some_and(|(unit, _)| std::ptr::eq(unit, wanted))
        };
        // "32 per square metre" is what one of them comes to.
        let asked = (only.whole.end + 1..text.tokens.len()).filter(per).any(|at| named(at + 1));
        (said.next().is_none() && asked).then_some(only.value)
    }

    /// The only number that it says, where that is a measure in `unit` of what it asks the number of: 25 in "how many 25 GB
    /// discs does that fill".
    pub fn value_filled(&self, unit: &str) -> Option<f64> {
        let wanted = units::find(&unit.to_lowercase())?;
        let [only] = self.numbers.as_slice() else { return None };
        let many = only.whole.start.checked_sub(1).map_or("", |at| self.text.lower(at));
        let is_noun = self.text.get(only.whole.end).is_some_and(|token| token.kind == tokens::Kind::Word);
        let fits = only.unit.is_some_and(|unit| std::ptr::eq(unit, wanted)) && is_noun;
        (fits && matches!(many, "many" | "många")).then_some(only.value)
    }

    /// What a way is counted in that is gone at a speed in the only time which it says, and by what the speed is to be
    /// multiplied: kilometres and 2.5, at km/h in 2.5 hours.
    pub fn way_at(&self, speed: &str) -> Option<(String, f64)> {
        let (way, hour) = match *units::find(&speed.to_lowercase())?.names.first()? {
            "km/h" => ("km", true),
            "mph" => ("miles", true),
            "kn" | "knop" | "knots" => ("nmi", true),
            "m/s" => ("m", false),
            _ => return None,
        };
        let [only] = self.numbers.as_slice() else { return None };
        let time = only.unit.filter(|unit| unit.dimension == units::Dimension::Time)?;
        // The other unit that it names is the way's.
        let wanted = texts::unit_named(&self.text, &self.numbers);
        let fits = wanted.is_none_or(|wanted| units::find(way).is_some_and(|way| std::ptr::eq(way, wanted)));
        let one = units::find(if hour { "h" } else { "s" })?;
        let factor = only.value * time.factor / one.factor;
        fits.then(|| (way.to_owned(), (factor * 1e9).round() / 1e9))
    }

    /// The unit that its numbers are of, where they are of one: `min` in "128, 96 and 76 minutes", `m` in "2.4 and 3.1
    /// (metres of cable)".
    pub fn unit(&self) -> Option<&'static str> {
        let mut units = self.numbers.iter().filter_map(|number| number.unit);
        let unit = match units.next() {
            Some(first) => units.all(|other| std::ptr::eq(other, first)).then_some(first)?,
            None => texts::unit_named(&self.text, &self.numbers)?,
        };
        (unit.dimension != units::Dimension::Money).then(|| unit.names.first().copied())?
    }

    /// How many numbers it says.
    pub fn n_numbers(&self) -> usize {
        self.numbers.len()
    }

    /// The one date that it says, as YYYY-MM-DD.
    pub fn only_date(&self) -> Option<String> {
        let mut dates = self.moments.iter().filter_map(|moment| moment.date);
        let only = dates.next()?;
        dates.next().is_none().then(|| only.to_string())
    }

    /// What it does with a value said before, as arithmetic with `value` in its place: "take away 9", "multiply by 3".
    pub fn done_to(&self, value: &str) -> Option<String> {
        arithmetic::done_to(&self.text, &self.numbers, value)
    }

    /// Whether it says something to calculate: "17 * 23", "a third of 99".
    pub fn says_arithmetic(&self) -> bool {
        !arithmetic::expressions(&Reading::marked(self, &[])).is_empty()
    }

    /// Whether it begins with an operation: "multiply the age by 7", "times 8".
    pub fn begins_arithmetic(&self) -> bool {
        arithmetic::begins(&self.text)
    }

    /// The request's words.
    pub fn words(&self) -> &'a str {
        self.text.source
    }
}

/// What a skill's input is, ready to be read from any request: made once for each skill.
#[derive(Debug)]
pub struct Input {
    parameters: Vec<Parameter>,
    templates: Vec<examples::Template>,
    /// The skill's own words: those of its name and description.
    own: Vec<(String, Meaning)>,
}

impl Input {
    /// What `about` says of it.
    pub fn of(about: About<'_>) -> Input {
        let mut parameters = schema::parameters(about.schema);
        schema::say_the_same(&mut parameters);
        let templates = examples::templates(about.examples);
        examples::enrich(&mut parameters, &templates);
        examples::tell(&mut parameters, about.examples);
        let own = skill_words(&about).into_iter().map(|word| {
            let meaning = Meaning::of(&word);
            (word, meaning)
        });
        Input { parameters, templates, own: own.collect() }
    }

    /// The input as far as a request says it. Values are of the schema's types and within its bounds; none is a guess.
    pub fn read(&self, said: &Said<'_>) -> Extraction {
        if self.parameters.is_empty() {
            // All that is left to say is what it has no use for.
            let reading = Reading::marked(said, &self.own);
            let unexplained = decide::unexplained_words(&reading, &[], &[]);
            return Extraction { unused: unused(&reading, &[]), unexplained, ..Extraction::default() };
        }
        let reading = Reading::new(said, &self.own);
        let mut extraction = fill(&reading, &self.parameters, &self.templates, said.language);
        behind::set_apart(&self.parameters, said.words(), &mut extraction);
        let written = |value: &Value| said.mended?.as_written(value.as_str()?).map(Value::from);
        for value in extraction.arguments.values_mut() {
            if let Some(written) = written(value) {
                *value = written;
            }
        }
        extraction
    }
}

/// Where the quotations of `text` are, with their marks.
pub fn quotations(text: &str) -> Vec<std::ops::Range<usize>> {
    tokens::quotes(text).into_iter().map(|quote| quote.outer).collect()
}

/// What stands in quotation marks in `text`, without them.
pub fn quoted_texts(text: &str) -> impl Iterator<Item = &str> {
    tokens::quotes(text).into_iter().filter_map(|quote| text.get(quote.inner))
}

/// Where the first JSON object or list of `text` stands.
pub fn json_in(text: &str) -> Option<std::ops::Range<usize>> {
    texts::first_json(text).map(|(_, bytes)| bytes)
}

/// Whether what `before` ends with and `after` begins with is one measure in two units, the smaller behind: "5 ft", "11 in".
pub fn is_one_measure(before: &str, after: &str) -> bool {
    let last = before.split_whitespace().last().unwrap_or_default().to_lowercase();
    let next = after.split_whitespace().find(|word| units::find(&word.to_lowercase()).is_some()).unwrap_or_default();
    let (Some(large), Some(small)) = (units::find(&last), units::find(&next.to_lowercase())) else { return false };
    large.dimension == small.dimension && large.factor > small.factor
}

/// Longest symbol of a unit that nobody knows.
const SYMBOL_CHARS_MAX: usize = 3;

/// Whether `text` is written as a name is, and names no unit.
fn is_name(text: &str) -> bool {
    text.starts_with(char::is_uppercase) && text.chars().count() > SYMBOL_CHARS_MAX && !is_unit(&text.to_lowercase())
}

/// Whether `word`, in lower case, names a unit.
pub fn is_unit(word: &str) -> bool {
    units::find(word).is_some()
}

/// Whether two words name the same unit, the second maybe in its definite form: "km" and "kilometrarna".
pub fn same_unit(left: &str, right: &str) -> bool {
    let one = units::find(&left.to_lowercase());
    one.is_some_and(|one| units_of(&right.to_lowercase()).any(|other| std::ptr::eq(one, other)))
}

/// Whether `word`, in lower case, names a unit, maybe in its definite form: "hektaren".
pub fn names_unit(word: &str) -> bool {
    word.chars().count() > 3 && units_of(word).next().is_some()
}

fn units_of(word: &str) -> impl Iterator<Item = &'static units::Unit> {
    const DEFINITE: &[&str] = &["na", "n", "en", "et", "arna", "erna", "orna"];
    let stems = DEFINITE.iter().filter_map(move |ending| word.strip_suffix(ending)).filter(|stem| stem.len() > 2);
    let meters = word.strip_suffix("rarna").and_then(|stem| units::find(&format!("{stem}er")));
    std::iter::once(word).chain(stems).filter_map(units::find).chain(meters)
}

/// Whether two words name different units of the same kind.
pub fn are_alike(left: &str, right: &str) -> bool {
    let (one, other) = (units::find(&left.to_lowercase()), units::find(&right.to_lowercase()));
    one.zip(other).is_some_and(|(one, other)| one.dimension == other.dimension && !std::ptr::eq(one, other))
}

/// Whether `word`, in lower case, names a day of the week.
pub fn is_weekday(word: &str) -> bool {
    moments::weekday(word).is_some()
}

/// Whether `word`, in lower case, is a number in words.
pub fn is_number_word(word: &str) -> bool {
    numbers::is_word(word)
}

/// The words that requests are read with, whatever the skill: numbers, units, moments, verbs and function words.
pub fn lexicon() -> impl Iterator<Item = &'static str> {
    let phrases =
        units::names().chain(moments::names()).chain(arithmetic::names()).chain(numbers::names()).chain(words::names());
    phrases.flat_map(str::split_whitespace).chain(super::verbs::all())
}

/// Whether a word is known as another for what parameters are commonly named by: "tryck" for "pressure".
pub fn is_translated(word: &str) -> bool {
    words::concept(word) != word
}

/// Whether `text` names a part of a whole: "a quarter of the sum".
pub fn names_share(text: &str) -> bool {
    let words: Vec<String> = words::of_text(text).collect();
    let of = |pair: &[String]| matches!(pair, [part, of] if arithmetic::shares::is_part(part) && matches!(&**of, "of" | "av"));
    words.windows(2).any(of)
}

/// Whether a word means what parameters are commonly named `concept` for: "föddes", and `born`.
pub fn is_about(word: &str, concept: &str) -> bool {
    words::concept(word) == concept
}

/// The words of a text in lower case.
pub fn plain_words(text: &str) -> impl Iterator<Item = String> + '_ {
    words::of_text(text)
}

/// The words of a name such as `maxDistance`, in lower case.
pub fn words_of_name(name: &str) -> Vec<String> {
    words::of_name(name)
}

/// The English for a Swedish word, and a common English synonym's main form, as far as that is known.
pub fn concept(word: &str) -> &str {
    words::concept(word)
}

/// Whether two words mean the same, also in two languages, as far as that is known.
pub fn same_word(left: &str, right: &str) -> bool {
    words::same(left, right)
}

/// Whether `word`, in lower case, is a verb that requests begin with.
pub fn is_verb(word: &str) -> bool {
    words::is_request_verb(word)
}

/// Whether `word`, in lower case, is an article, preposition, pronoun, auxiliary or the like.
pub fn is_function_word(word: &str) -> bool {
    words::is_function(word)
}

/// Whether a skill of this input takes arithmetic.
pub fn reads_arithmetic(schema: &Value) -> bool {
    schema::parameters(schema).iter().any(|parameter| parameter.sense == Sense::Expression)
}

/// Whether a skill of this input cannot be called without the property `name`.
pub fn is_required(schema: &Value, name: &str) -> bool {
    schema::parameters(schema).iter().any(|parameter| parameter.name == name && parameter.required)
}

/// The properties that are dates.
pub fn dates(schema: &Value) -> Vec<String> {
    let mut parameters = schema::parameters(schema);
    schema::say_the_same(&mut parameters);
    parameters.into_iter().filter(|parameter| parameter.sense == Sense::Date).map(|parameter| parameter.name).collect()
}

/// The properties that are times of day, or moments.
pub fn times(schema: &Value) -> Vec<String> {
    let is_time = |parameter: &Parameter| matches!(parameter.sense, Sense::Time | Sense::DateTime);
    schema::parameters(schema).into_iter().filter(is_time).map(|parameter| parameter.name).collect()
}

/// Whether the property `name` holds what has a form of its own, such as a date, by which it is found in any sentence.
pub fn has_form(schema: &Value, name: &str) -> bool {
    is_of(schema, name, |sense| {
        matches!(
            sense,
            Sense::Date | Sense::DateTime | Sense::Time | Sense::Weekday | Sense::Zone | Sense::Url | Sense::Email
        )
    })
}

/// Whether the property `name` holds a unit.
pub fn holds_unit(schema: &Value, name: &str) -> bool {
    is_of(schema, name, |sense| sense == Sense::Unit)
}

fn is_of(schema: &Value, name: &str, wanted: impl Fn(Sense) -> bool) -> bool {
    let mut parameters = schema::parameters(schema);
    schema::say_the_same(&mut parameters);
    parameters.iter().any(|parameter| parameter.name == name && wanted(parameter.sense))
}

/// Whether the property `name` holds any text, and not one of a kind of its own such as an address or a zone.
pub fn takes_any_text(schema: &Value, name: &str) -> bool {
    schema::parameters(schema).iter().any(|parameter| {
        parameter.name == name
            && parameter.kind == Kind::Text
            && parameter.options.is_empty()
            && matches!(parameter.sense, Sense::Plain | Sense::Free | Sense::Topic | Sense::Title | Sense::Code)
    })
}

/// Whether `value` is of the type and within the bounds of the property `name`.
pub fn takes(schema: &Value, name: &str, value: &Value) -> bool {
    schema::parameters(schema).iter().any(|parameter| parameter.name == name && offers::fits(parameter, value))
}

/// Takes values out of `old` that say in another way what `new` says: "and in 3 weeks?" after "in 10 days".
pub fn displace(schema: &Value, old: &mut Map<String, Value>, new: &Map<String, Value>) {
    let parameters = schema::parameters(schema);
    let of = |name: &str| parameters.iter().find(|parameter| parameter.name == name && !parameter.required);
    let alike = |left: &Parameter, right: &Parameter| {
        let shared = |unit: &&units::Unit| right.units.iter().any(|other| other.dimension == unit.dimension);
        left.kind == right.kind && left.units.iter().any(shared)
    };
    old.retain(|name, _| {
        let Some(known) = of(name) else { return true };
        new.contains_key(name) || !new.keys().any(|name| of(name).is_some_and(|new| alike(known, new)))
    });
}

/// The skill's own words: those of its name and description, and those around the values of its examples.
fn skill_words(about: &About<'_>) -> Vec<String> {
    let mut found: Vec<String> = words::of_name(about.name);
    found.extend(
        words::of_text(about.description).filter(|word| word.chars().count() > 2 && !words::is_function(word)).take(60),
    );
    found.extend(examples::frame_words(about.examples));
    found.sort_unstable();
    found.dedup();
    found
}

fn civil(now: CivilNow) -> DateTime {
    let part = |value: u8| i8::try_from(value).unwrap_or(0);
    i16::try_from(now.year)
        .ok()
        .and_then(|year| {
            DateTime::new(year, part(now.month), part(now.day), part(now.hour), part(now.minute), 0, 0).ok()
        })
        .unwrap_or_else(|| date(2000, 1, 1).at(0, 0, 0, 0))
}

/// Score of an option from which on its words are what it is called by.
const NAMED: f32 = 1.0;

fn fill(
    reading: &Reading<'_>,
    parameters: &[Parameter],
    templates: &[examples::Template],
    language: Language,
) -> Extraction {
    let mut all: Vec<Vec<Offer>> = parameters
        .iter()
        .map(|parameter| {
            let mut own = offers::of(reading, parameter);
            let more = examples::offers(reading, parameter, templates);
            // Words that stand where an example has arithmetic are none without a figure.
            let is_such = |offer: &Offer| {
                parameter.sense != Sense::Expression || offer.value.as_str().is_some_and(may_be_arithmetic)
            };
            own.extend(more.into_iter().filter(|offer| offers::fits(parameter, &offer.value)));
            own.retain(is_such);
            // "How far is it from Malmö": a name that nobody knows as a unit is none.
            if parameter.sense == Sense::Unit {
                own.retain(|offer| !offer.value.as_str().is_some_and(is_name));
            }
            // "The language is Swedish": the verb is none of it.
            let is_copula = |at: usize| {
                matches!(reading.text.lower(at), "is" | "are" | "är")
                    && reading.text.get(at).is_some_and(|token| token.quote.is_none())
            };
            if parameter.kind == Kind::Text {
                own.retain(|offer| offer.tokens.len() < 2 || !is_copula(offer.tokens.start));
            }
            if parameter.sense == Sense::Free {
                own.retain(|offer| !texts::only_says_where(reading, offer));
                own.iter_mut().for_each(|offer| texts::said(reading, offer));
            }
            if parameter.sense == Sense::Topic {
                own.iter_mut().for_each(|offer| texts::without_article(reading, offer));
            }
            if let Kind::Object(fields) = &parameter.kind {
                own.extend(nested(reading, fields, language));
            }
            own
        })
        .collect();
    // "To CONSTANT_CASE" says which case, and gives no text.
    let options = parameters.iter().zip(&all).filter(|(parameter, _)| parameter.kind == Kind::Options);
    let best = |own: &Vec<Offer>| own.iter().max_by(|left, right| left.score.total_cmp(&right.score)).cloned();
    let meant: Vec<Offer> = options.filter_map(|(_, own)| best(own)).filter(|offer| offer.score >= NAMED).collect();
    let is_free = |parameter: &Parameter| parameter.sense == Sense::Free && parameter.kind != Kind::Options;
    for (_, own) in parameters.iter().zip(&mut all).filter(|(parameter, _)| is_free(parameter)) {
        own.retain(|offer| !meant.iter().any(|meant| meant.tokens == offer.tokens));
    }
    for (parameter, own) in parameters.iter().zip(&mut all) {
        // An optional value needs more evidence than being there.
        for offer in own.iter_mut().filter(|_| !parameter.required) {
            offer.score -= OPTIONAL_COST;
        }
        own.sort_by(|left, right| right.score.total_cmp(&left.score));
    }
    let mut decided = decide::all(reading, parameters, &all);
    doubt_part_of_sum(reading, parameters, &mut decided);
    let mut extraction = Extraction::default();
    for (parameter, decision) in parameters.iter().zip(&decided) {
        match decision {
            Decision::Take(offer, how) => {
                extraction.reasons.push(reason(parameter, offer, *how));
                put(&mut extraction, parameter, offer.value.clone());
            }
            Decision::Doubt(offer) => {
                extraction.missing.push(missing(parameter, Some(offer.value.clone()), language));
            }
            Decision::None if parameter.required => {
                match parameter.default.as_ref().filter(|default| offers::fits(parameter, default)) {
                    Some(default) => put(&mut extraction, parameter, default.clone()),
                    None => extraction.missing.push(missing(parameter, None, language)),
                }
            }
            Decision::None => {}
        }
    }
    let taken: Vec<&Offer> = decided.iter().filter_map(Decision::offer).collect();
    extraction.unused = unused(reading, &taken);
    extraction.unexplained = decide::unexplained_words(reading, parameters, &taken);
    let of_text = parameters.iter().zip(&decided).filter(|(_, decision)| decision.offer().is_some());
    extraction.given = of_text.map(|(parameter, _)| parameter.name.clone()).collect();
    let sure = parameters.iter().zip(&decided).filter(|(_, decision)| matches!(decision, Decision::Take(..)));
    let required: Vec<Sense> = sure
        .map(|(parameter, _)| parameter)
        .filter(|parameter| parameter.required)
        .map(|parameter| parameter.sense)
        .collect();
    extraction.is_telling = required.iter().any(|sense| sense.is_telling())
        || required.iter().filter(|sense| **sense == Sense::Unit).count() > 1;
    extraction.n_repeats = decide::repeats(parameters, &all, &decided);
    extraction
}

/// Whether a text may be arithmetic: it has a figure, and no two words side by side.
fn may_be_arithmetic(text: &str) -> bool {
    let is_word = |word: &str| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
    let words: Vec<&str> = text.split(' ').collect();
    let are_words = |pair: &[&str]| pair.iter().all(|word| is_word(word));
    text.contains(|c: char| c.is_ascii_digit()) && !text.contains(['\n', '|', ';']) && !words.windows(2).any(are_words)
}

/// Arithmetic that leaves a figure of the text out is likely not all that was asked for: "3 pizzas at 189 kr each split
/// between 7 of us".
fn doubt_part_of_sum(reading: &Reading<'_>, parameters: &[Parameter], decided: &mut [Decision]) {
    let taken: Vec<Range<usize>> =
        decided.iter().filter_map(Decision::offer).map(|offer| offer.tokens.clone()).collect();
    let is_used = |number: &Number| {
        let overlaps = |range: &Range<usize>| range.start < number.whole.end && number.whole.start < range.end;
        taken.iter().any(overlaps) || reading.moments.iter().any(|moment| overlaps(&moment.tokens))
    };
    // "7 factorial (7!)" says the same twice.
    let is_said =
        |number: &Number, sum: &Offer| sum.value.as_str().is_some_and(|sum| sum.contains(&number.value.to_string()));
    let is_figure = |number: &&Number| {
        let token = reading.text.get(number.tokens.start);
        !number.weak
            && !number.ordinal
            && token.is_some_and(|token| token.quote.is_none() && token.lower.starts_with(|c: char| c.is_ascii_digit()))
    };
    for (parameter, decision) in parameters.iter().zip(decided) {
        if let (Sense::Expression, Decision::Take(sum, _)) = (parameter.sense, &*decision)
            && !reading.numbers.iter().filter(is_figure).all(|number| is_used(number) || is_said(number, sum))
        {
            *decision = Decision::Doubt(sum.clone());
        }
    }
}

fn reason(parameter: &Parameter, offer: &Offer, how: How) -> String {
    let why = match how {
        How::Fit => "by the words around it",
        How::Order => "by its place in the order",
        How::LastOne => "as the only value left",
    };
    format!("`{}` {why} ({:.2}, of it context {:.2})", parameter.name, offer.score, offer.evidence)
}

fn put(extraction: &mut Extraction, parameter: &Parameter, value: Value) {
    extraction.arguments.insert(parameter.name.clone(), value);
}

/// An object read field by field, where every required field is sure.
fn nested(reading: &Reading<'_>, fields: &[Parameter], language: Language) -> Option<Offer> {
    let inner = fill(reading, fields, &[], language);
    (inner.is_sure() && !inner.arguments.is_empty()).then(|| Offer::new(Value::Object(inner.arguments), 0..0, 0.9))
}

fn missing(parameter: &Parameter, suggestion: Option<Value>, language: Language) -> Missing {
    Missing {
        name: parameter.name.clone(),
        description: Some(parameter.description.clone()).filter(|description| !description.is_empty()),
        options: parameter.options.clone(),
        question: questions::question(parameter, suggestion.as_ref(), language),
        suggestion,
    }
}

/// What the text says in figures, dates, quotation marks or capitals that no value was read from.
fn unused(reading: &Reading<'_>, taken: &[&Offer]) -> Vec<String> {
    let used = |moment: &&Moment| {
        let (start, end) = (moment.tokens.start, moment.tokens.end);
        taken.iter().any(|offer| offer.tokens.start < end && start < offer.tokens.end)
            || reading.text.get(start).is_some_and(|token| token.quote.is_some())
    };
    let dates = reading.moments.iter().filter(|moment| !used(moment)).map(|moment| moment.tokens.clone());
    // "The third Thursday": one that counts nothing else.
    let counts = |number: &&Number| {
        let end = number.whole.end;
        let is_taken = taken.iter().any(|offer| offer.tokens.start < end && number.whole.start < offer.tokens.end);
        number.ordinal && !is_taken && moments::weekday(reading.text.lower(end)).is_some()
    };
    let ordinals = reading.numbers.iter().filter(counts).map(|number| number.whole.clone());
    let unused = decide::salient(reading, taken).into_iter().chain(dates).chain(ordinals);
    unused.take(16).map(|tokens| reading.text.span(&tokens).to_owned()).collect()
}

#[cfg(test)]
mod tests;
