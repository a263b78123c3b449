//! What the text offers for each parameter, with how well each fits.

use std::ops::Range;

use serde_json::Value;

use super::cues;
use super::moments::{self, Moment, Said};
use super::numbers::Number;
use super::schema::{Kind, Parameter, Sense};
use super::spans::Reading;
use super::units::Dimension;
use super::{arithmetic, choices, keys, lists, texts, words};

/// Most offers to one parameter that are kept, best first.
const OFFERS_MAX: usize = 24;

/// A value the text may hold for a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub value: Value,
    /// The tokens it was read from; empty where it is no part of the text in particular.
    pub tokens: Range<usize>,
    /// How well it fits; about 1 is well.
    pub score: f32,
    /// Whether another parameter may be read from the same tokens.
    pub shares: bool,
    /// How much of the score comes from words around it and from shown values, not from its looks alone.
    pub evidence: f32,
    /// Whether the value has more than one reading, such as 5 % as 5 or 0.05.
    pub ambiguous: bool,
}

impl Offer {
    pub fn new(value: Value, tokens: Range<usize>, score: f32) -> Self {
        Self { value, tokens, score, shares: false, evidence: 1.0, ambiguous: false }
    }
}

/// The offers for `parameter`, best first.
pub fn of(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers = match &parameter.kind {
        Kind::Integer | Kind::Number => numbers(reading, parameter),
        Kind::Boolean => choices::truth(reading, parameter),
        Kind::Options => choices::options(reading, parameter),
        Kind::Text => text(reading, parameter),
        Kind::List(item) => lists::of(reading, parameter, item),
        Kind::Object(_) | Kind::Any => texts::json(reading, parameter),
    };
    offers.retain(|offer| offer.score.is_finite() && fits(parameter, &offer.value));
    offers.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.tokens.start.cmp(&right.tokens.start)));
    offers.truncate(OFFERS_MAX);
    offers
}

/// Whether `value` is of the parameter's type and within its bounds.
pub fn fits(parameter: &Parameter, value: &Value) -> bool {
    match (&parameter.kind, value) {
        (Kind::Integer, Value::Number(number)) => {
            (number.is_i64() || number.is_u64()) && within(parameter, number.as_f64())
        }
        (Kind::Number, Value::Number(number)) => within(parameter, number.as_f64()),
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Options, value) => parameter.options.contains(value),
        (Kind::Text, Value::String(text)) => {
            let length = text.chars().count();
            length >= parameter.chars_min && length <= parameter.chars_max && !text.trim().is_empty()
        }
        (Kind::List(item), Value::Array(values)) => values.iter().all(|value| fits(item, value)),
        (Kind::Object(fields), Value::Object(object)) => fields.iter().all(|field| match object.get(&field.name) {
            Some(value) => fits(field, value),
            None => !field.required,
        }),
        (Kind::Any, _) => true,
        _ => false,
    }
}

fn within(parameter: &Parameter, value: Option<f64>) -> bool {
    value.is_some_and(|value| {
        parameter.minimum.is_none_or(|minimum| value >= minimum)
            && parameter.maximum.is_none_or(|maximum| value <= maximum)
    })
}

/// The offers of a text parameter by what it holds.
fn text(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers = match parameter.sense {
        Sense::Date | Sense::DateTime | Sense::Time => moments_of(reading, parameter),
        Sense::Weekday => weekdays(reading, parameter),
        Sense::Duration => durations(reading, parameter),
        Sense::Unit | Sense::Currency => texts::units(reading, parameter),
        Sense::Zone => texts::zones(reading, parameter),
        Sense::Color => texts::colors(reading, parameter),
        Sense::Language => texts::languages(reading, parameter),
        Sense::Expression => arithmetic::expressions(reading),
        Sense::Json => texts::json(reading, parameter),
        Sense::JsonPath => keys::query(reading).into_iter().collect(),
        _ => Vec::new(),
    };
    let typed = !offers.is_empty()
        || matches!(
            parameter.sense,
            Sense::Date | Sense::DateTime | Sense::Weekday | Sense::Zone | Sense::Language | Sense::Json
        );
    if !typed {
        offers = texts::spans(reading, parameter);
        // A word alone is nothing to reckon with.
        let reckons = |offer: &Offer| {
            let signs = |text: &str| text.contains(|c: char| c.is_ascii_digit() || "+-*/^=()".contains(c));
            offer.value.as_str().is_some_and(signs)
        };
        offers.retain(|offer| parameter.sense != Sense::Expression || reckons(offer));
        // "Options: 'civil', 'criminal'": such values are chosen like those of an enumeration.
        offers.extend(choices::shown(reading, parameter));
    }
    offers
}

fn numbers(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers = Vec::new();
    for number in reading.numbers {
        let quoted = reading.text.get(number.tokens.start).is_some_and(|token| token.quote.is_some());
        let dated = reading
            .moments
            .iter()
            .any(|moment| moment.tokens.contains(&number.tokens.start) && moment.said != Said::Relative);
        if quoted || dated {
            continue;
        }
        let cue = cues::around(reading, parameter, &number.whole);
        let mut score = 0.4 + cue.sum();
        let (value, adjust, ambiguous) = measured(number, parameter);
        let plausible = plausibility(reading, number, parameter, &cue);
        score += adjust + plausible;
        let value = if parameter.goes_back && is_past(reading, number) { -value.abs() } else { value };
        let Some(value) = number_value(value, parameter) else { continue };
        offers.push(Offer {
            ambiguous,
            evidence: cue.sum() + adjust.max(0.0) + plausible.max(0.0),
            ..Offer::new(value, number.whole.clone(), score)
        });
    }
    offers.extend(parts_of_dates(reading, parameter));
    offers.extend(decimals_in_words(reading, parameter));
    offers
}

/// "Without decimals", "one decimal" and "the nearest whole number", for the property that says how many.
fn decimals_in_words(reading: &Reading<'_>, parameter: &Parameter) -> Option<Offer> {
    if !words::of_name(&parameter.name).iter().any(|word| matches!(word.as_str(), "decimals" | "digits")) {
        return None;
    }
    let text = reading.text;
    let is_decimal = |at: usize| matches!(text.lower(at), "decimals" | "decimal" | "decimaler");
    // "As a decimal" says how it is written.
    let with = |at: usize| text.before(at).is_some_and(|before| !matches!(before.lower.as_str(), "as" | "som"));
    let said = |at: usize| match (text.lower(at), text.lower(at + 1)) {
        ("no" | "without" | "zero" | "utan" | "inga" | "noll", _) if is_decimal(at + 1) => Some((0, 2)),
        ("one" | "single" | "en", _) if is_decimal(at + 1) && with(at) => Some((1, 2)),
        ("nearest" | "closest" | "närmaste" | "närmsta", "whole" | "integer" | "heltal" | "hela") => {
            Some((0, 2 + usize::from(matches!(text.lower(at + 2), "number" | "tal"))))
        }
        ("whole", "number") => Some((0, 2)),
        ("to" | "till", "whole" | "hela") => Some((0, 3)),
        // "Rounded to a whole degree", "till hela grader".
        ("a" | "an" | "en" | "ett", "whole" | "hel" | "helt") => Some((0, 3)),
        ("heltal" | "integer", _) => Some((0, 1)),
        _ => None,
    };
    // "Rounded to two".
    let rounded = |at: usize| {
        let leads = matches!(text.lower(at), "rounded" | "avrundat" | "avrundad")
            && matches!(text.lower(at + 1), "to" | "till");
        let number = reading.numbers.iter().find(|number| number.tokens.start == at + 2 && number.unit.is_none())?;
        (leads && number.is_whole() && !number.ordinal).then_some((number.value as i64, number.tokens.end - at))
    };
    let (at, (value, length)) = (0..text.tokens.len()).find_map(|at| Some((at, said(at).or_else(|| rounded(at))?)))?;
    Some(Offer { evidence: 1.0, ..Offer::new(Value::from(value), at..at + length, 1.5) })
}

/// "Three weeks ago", "tio dagar före 1 maj".
fn is_past(reading: &Reading<'_>, number: &Number) -> bool {
    let after = reading.text.lower(number.whole.end);
    // "2027-09-01 minus 10 weekdays", "subtract 10 days from 1 May".
    let before = number.whole.start.checked_sub(1).map_or("", |at| reading.text.lower(at));
    let takes = matches!(reading.text.lower(0), "subtract" | "deduct" | "subtrahera" | "dra");
    // "Go back 45 days from 1 May".
    let back = matches!(before, "back" | "tillbaka" | "bakåt" | "backa" | "minus" | "−" | "less");
    if takes || back {
        return true;
    }
    matches!(after, "off" | "ago" | "earlier" | "before" | "sedan" | "sen" | "tidigare" | "före" | "innan")
}

/// The value in the parameter's unit, what the unit adds to the score, and whether it is ambiguous.
fn measured(number: &Number, parameter: &Parameter) -> (f64, f32, bool) {
    if number.percent {
        return percent(number, parameter);
    }
    if let Some((value, unit)) = number.joined
        && (parameter.units.contains(&unit))
    {
        return (value, 0.9, false);
    }
    let Some(unit) = number.unit else { return (number.value, 0.0, false) };
    if parameter.units.contains(&unit) {
        return (number.value, 0.8, false);
    }
    if parameter.units_of_others.contains(&unit) {
        return (number.value, -0.9, true);
    }
    let same = parameter.units.iter().find(|wanted| wanted.dimension == unit.dimension);
    match same {
        Some(wanted) if unit.factor > 0.0 && wanted.factor > 0.0 => {
            let value = number.value * unit.factor / wanted.factor;
            let rounded = (value * 1e9).round() / 1e9;
            (rounded, 0.4, parameter.units.len() > 1)
        }
        Some(_) => (number.value, -0.2, true),
        None if parameter.units.is_empty() => {
            let money = unit.dimension == Dimension::Money;
            let about_money = named(
                parameter,
                &[
                    "price",
                    "cost",
                    "amount",
                    "principal",
                    "investment",
                    "budget",
                    "fee",
                    "salary",
                    "income",
                    "deposit",
                    "value",
                    "money",
                    "dollar",
                    "loan",
                    "payment",
                    "capital",
                ],
            );
            (
                number.value,
                if money && about_money {
                    0.4
                } else if money {
                    -0.1
                } else {
                    0.0
                },
                false,
            )
        }
        None => (number.value, -0.9, true),
    }
}

/// 5 % is 5 where the parameter counts percent and 0.05 where it is a fraction.
fn percent(number: &Number, parameter: &Parameter) -> (f64, f32, bool) {
    let lower = parameter.description.to_lowercase();
    let wants = named(
        parameter,
        &[
            "rate",
            "percent",
            "percentage",
            "ratio",
            "probability",
            "interest",
            "growth",
            "tax",
            "discount",
            "yield",
            "return",
            "coverage",
            "humidity",
            "share",
            "margin",
            "inflation",
            "volatility",
            "tip",
        ],
    );
    let adjust = if wants { 0.5 } else { -0.3 };
    let fraction = number.value / 100.0;
    let fraction = (fraction * 1e12).round() / 1e12;
    if lower.contains("decimal")
        || lower.contains("fraction")
        || lower.contains("between 0 and 1")
        || lower.contains("0.0")
        || parameter.maximum.is_some_and(|maximum| maximum <= 1.0)
    {
        return (fraction, adjust, false);
    }
    if parameter.kind == Kind::Integer
        || lower.contains("percent")
        || parameter.name.contains("percent")
        || lower.contains('%')
    {
        return (number.value, adjust, false);
    }
    // Five per cent is five hundredths.
    (fraction, adjust, !wants)
}

fn named(parameter: &Parameter, list: &[&str]) -> bool {
    parameter.cues.iter().any(|(cue, _)| list.iter().any(|word| words::related(word, cue)))
}

/// What a number's looks say for or against the parameter.
fn plausibility(reading: &Reading<'_>, number: &Number, parameter: &Parameter, cue: &cues::Cue) -> f32 {
    let mut score = 0.0;
    let year_like = number.unit.is_none()
        && number.is_whole()
        && (1000.0..=2100.0).contains(&number.value)
        && number.tokens.len() == 1;
    let wants_year = words::of_name(&parameter.name).iter().any(|word| word == "year")
        || parameter.description.to_lowercase().contains("the year");
    if year_like && wants_year {
        score += 0.7;
    } else {
        let before = reading.text.before(number.tokens.start).map(|before| before.lower.as_str());
        let as_year = matches!(before, Some("in" | "year" | "of" | "since" | "år" | "for"));
        let another = wants_year || year_like && as_year && cue.sum() < 0.5;
        score -= if another { 0.5 } else { 0.0 };
    }
    if number.weak && words::of_name(&parameter.name).last().is_some_and(|word| word == "id") {
        // "A note" is none in particular.
        score -= 2.0;
    }
    if number.weak {
        // "A week from today".
        let of_time = number.unit.is_some_and(|unit| unit.dimension == Dimension::Time);
        score -= if of_time || cue.after > 0.4 || cue.before > 0.7 { 0.1 } else { 0.6 };
    }
    // "The last two notes", "de 3 nyaste anteckningarna": as many as are to be given.
    let is_newest = |at: usize| {
        matches!(
            reading.text.lower(at),
            "last"
                | "latest"
                | "newest"
                | "most"
                | "first"
                | "top"
                | "senaste"
                | "nyaste"
                | "sista"
                | "första"
                | "vanligaste"
        )
    };
    let beside = number.whole.start.checked_sub(1).is_some_and(is_newest) || is_newest(number.whole.end);
    if beside && number.unit.is_none() && named(parameter, &["limit"]) {
        score += 0.6;
    }
    let wants_ordinal = named(
        parameter,
        &["century", "nth", "position", "index", "place", "term", "grade", "level", "floor", "rank", "order"],
    );
    if number.ordinal {
        score += if wants_ordinal { 0.5 } else { -0.5 };
    }
    score
}

/// A number as JSON: whole numbers without a point.
pub fn number_value(value: f64, parameter: &Parameter) -> Option<Value> {
    let whole = value.fract() == 0.0 && value.abs() < 9.0e15;
    match parameter.kind {
        _ if whole => Some(Value::from(value as i64)),
        Kind::Integer => None,
        _ => serde_json::Number::from_f64(value).map(Value::Number),
    }
}

/// The year, month or day of a date, for integer parameters that ask for these.
fn parts_of_dates(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let name = words::of_name(&parameter.name);
    let part = |moment: &Moment| {
        let date = moment.date?;
        let dated = matches!(moment.said, Said::Full | Said::Month);
        match name.last().map(String::as_str) {
            Some("year") if dated => Some(i64::from(date.year())),
            Some("month") if dated || moment.said == Said::NoYear => Some(i64::from(date.month())),
            Some("day") if matches!(moment.said, Said::Full | Said::NoYear) => Some(i64::from(date.day())),
            Some("hour") | None => None,
            _ => None,
        }
    };
    let hours = |moment: &Moment| {
        let hour = moment
            .time
            .filter(|time| time.minute() == 0 && moment.said != Said::Relative)
            .map(|time| i64::from(time.hour()))?;
        let wanted = ["hour", "hours", "time"].iter().any(|word| name.iter().any(|part| part == word));
        wanted.then_some(hour)
    };
    let offer = |moment: &Moment| {
        let value = part(moment).or_else(|| hours(moment))?;
        let cue = cues::around(reading, parameter, &moment.tokens);
        Some(Offer { shares: true, ..Offer::new(Value::from(value), moment.tokens.clone(), 0.9 + cue.sum() / 2.0) })
    };
    let mut found: Vec<Offer> = reading.moments.iter().filter_map(offer).collect();
    // "Last Monday" is the first one backwards.
    let back = reading.moments.iter().find(|moment| moment.weekday.is_some() && moment.turn < 0);
    if let Some(moment) = back.filter(|_| name.last().is_some_and(|word| word == "nth")) {
        found.push(Offer { shares: true, ..Offer::new(Value::from(-1), moment.tokens.clone(), 1.2) });
    }
    found.extend(counted_weekday(reading).filter(|_| name.last().is_some_and(|word| word == "nth")));
    found
}

/// "The second Tuesday after 1 March": which of them, counted from a day; before it, backwards.
fn counted_weekday(reading: &Reading<'_>) -> Option<Offer> {
    const ORDINALS: &[&[&str]] = &[
        &["first", "första"],
        &["second", "andra"],
        &["third", "tredje"],
        &["fourth", "fjärde"],
        &["fifth", "femte"],
        &["sixth", "sjätte"],
    ];
    let text = reading.text;
    (0..text.tokens.len().min(64)).find_map(|at| {
        // "The Friday before 24 June".
        if moments::weekday(text.lower(at)).is_some()
            && matches!(text.lower(at + 1), "before" | "före" | "innan")
            && !at.checked_sub(1).is_some_and(|before| ORDINALS.iter().any(|names| names.contains(&text.lower(before))))
        {
            return Some(Offer { shares: true, evidence: 1.0, ..Offer::new(Value::from(-1), at + 1..at + 2, 1.5) });
        }
        moments::weekday(text.lower(at + 1))?;
        let nth = ORDINALS.iter().position(|names| names.contains(&text.lower(at)))? + 1;
        let nth = i64::try_from(nth).ok()?;
        let signed = match text.lower(at + 2) {
            "after" | "from" | "following" | "efter" | "från" => nth,
            "before" | "före" | "innan" => -nth,
            // "Starting from 1 September, when is the third Thursday?"
            _ if (0..at).any(|at| matches!(text.lower(at), "from" | "after" | "från" | "efter")) => nth,
            _ => return None,
        };
        Some(Offer { shares: true, evidence: 1.0, ..Offer::new(Value::from(signed), at..at + 1, 1.5) })
    })
}

fn moments_of(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let offer = |moment: &Moment| {
        let value = match (parameter.sense, moment.date, moment.time) {
            (Sense::Time, _, Some(time)) => {
                time_text(time, parameter).unwrap_or_else(|| reading.text.span(&moment.tokens).to_owned())
            }
            (Sense::DateTime, Some(date), Some(time)) => format!("{}T{}", date, time.strftime("%H:%M:%S")),
            // "How many days does February 2096 have": of the month, whichever day of it.
            (Sense::Date, Some(date), _) if moment.said == Said::Month && asks_of_month(reading) => {
                date_text(date, parameter)
            }
            (Sense::Date | Sense::DateTime, Some(_), _) if moment.said == Said::Month => return None,
            (Sense::Date | Sense::DateTime, Some(date), _) => date_text(date, parameter),
            _ => return None,
        };
        let cue = cues::around(reading, parameter, &moment.tokens);
        let role = texts::role(reading, parameter, &moment.tokens);
        let ambiguous = moment.said == Said::NoYear && parameter.sense != Sense::Time && is_of_birth(parameter);
        Some(Offer { ambiguous, ..Offer::new(Value::from(value), moment.tokens.clone(), 0.9 + cue.sum() * 0.6 + role) })
    };
    let mut offers: Vec<Offer> = reading.moments.iter().filter_map(offer).collect();
    offers.extend(day_and_hour(reading, parameter));
    offers.extend(years(reading, parameter));
    offers
}

/// Whether it is a day of birth, which is none without its year.
fn is_of_birth(parameter: &Parameter) -> bool {
    parameter.cues.iter().any(|(cue, _)| ["born", "birth", "föd"].iter().any(|begins| cue.starts_with(begins)))
}

/// Whether the text asks how many days there are.
fn asks_of_month(reading: &Reading<'_>) -> bool {
    let many = |at: usize| {
        matches!(reading.text.lower(at), "many" | "många") && matches!(reading.text.lower(at + 1), "days" | "dagar")
    };
    (0..reading.text.tokens.len().min(64)).any(many)
}

/// "At 09:00 in Los Angeles on 3 November": the day and the hour stand apart, and are one moment where there is one of each.
fn day_and_hour(reading: &Reading<'_>, parameter: &Parameter) -> Option<Offer> {
    if parameter.sense != Sense::DateTime {
        return None;
    }
    let one = |wanted: &dyn Fn(&&Moment) -> bool| {
        let mut found = reading.moments.iter().filter(wanted);
        found.next().filter(|_| found.next().is_none())
    };
    let hour = one(&|moment| moment.time.is_some())?;
    if !reading.moments.iter().any(|moment| moment.date.is_some()) {
        // "When it is 18:00 in Tokyo": today.
        let value = format!("{}T{}", reading.today, hour.time?.strftime("%H:%M:%S"));
        let cue = cues::around(reading, parameter, &hour.tokens);
        return Some(Offer {
            shares: true,
            ..Offer::new(Value::from(value), hour.tokens.clone(), 0.9 + cue.sum() * 0.6)
        });
    }
    let day = one(&|moment| moment.date.is_some() && moment.said != Said::Month)?;
    let (date, time) = (day.date.filter(|_| day.time.is_none())?, hour.time.filter(|_| hour.date.is_none())?);
    let tokens = hour.tokens.start.min(day.tokens.start)..hour.tokens.end.max(day.tokens.end);
    let cue = cues::around(reading, parameter, &hour.tokens);
    let value = format!("{date}T{}", time.strftime("%H:%M:%S"));
    // More than the day alone.
    Some(Offer { shares: true, ..Offer::new(Value::from(value), tokens, 1.5 + cue.sum() * 0.6) })
}

/// "Was 1900 a leap year?": a year alone is its first day, where nothing else is a date.
fn years(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    if parameter.sense != Sense::Date || reading.moments.iter().any(|moment| moment.date.is_some()) {
        return Vec::new();
    }
    let year = reading.numbers.iter().find(|number| {
        number.unit.is_none()
            && number.is_whole()
            && (1000.0..=2999.0).contains(&number.value)
            && number.tokens.len() == 1
            && !number.percent
    });
    let offer = year.and_then(|number| {
        let date = jiff::civil::Date::new(number.value as i16, 1, 1).ok()?;
        // "Is 2028 a leap year?" calls it one; "what is 2028?" does not.
        let is_called_one = reading.text.tokens.iter().any(|token| {
            matches!(token.lower.as_str(), "year" | "år" | "året" | "years") || token.lower.ends_with("ttår")
        });
        let score = if is_called_one { 1.0 } else { 0.5 };
        Some(Offer {
            ambiguous: !is_called_one,
            ..Offer::new(Value::from(date_text(date, parameter)), number.whole.clone(), score)
        })
    });
    offer.into_iter().collect()
}

/// A date as the description writes dates: ISO unless it shows another order.
fn date_text(date: jiff::civil::Date, parameter: &Parameter) -> String {
    let lower = parameter.description.to_lowercase();
    let formats = [
        ("yyyy-mm-dd", "%Y-%m-%d"),
        ("dd-mm-yyyy", "%d-%m-%Y"),
        ("mm-dd-yyyy", "%m-%d-%Y"),
        ("mm/dd/yyyy", "%m/%d/%Y"),
        ("dd/mm/yyyy", "%d/%m/%Y"),
        ("yyyy/mm/dd", "%Y/%m/%d"),
        ("dd.mm.yyyy", "%d.%m.%Y"),
        ("mm.dd.yyyy", "%m.%d.%Y"),
        ("yyyymmdd", "%Y%m%d"),
    ];
    let found = formats.iter().filter_map(|(shown, format)| lower.find(shown).map(|at| (at, format))).min();
    date.strftime(found.map_or("%Y-%m-%d", |(_, format)| format)).to_string()
}

/// A time of day as the description writes times; none where it does not.
fn time_text(time: jiff::civil::Time, parameter: &Parameter) -> Option<String> {
    let lower = parameter.description.to_lowercase();
    let shown = parameter.shown.iter().any(|shown| shown.parse::<jiff::civil::Time>().is_ok());
    let format = if lower.contains("hh:mm:ss") { "%H:%M:%S" } else { "%H:%M" };
    (lower.contains("hh:mm") || shown).then(|| time.strftime(format).to_string())
}

fn weekdays(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers = Vec::new();
    for at in 0..reading.text.tokens.len() {
        let lower = reading.text.lower(at);
        if let Some((_, past)) = moments::weekday(lower) {
            let name = if past { lower.trim_end_matches('s') } else { lower };
            let cue = cues::around(reading, parameter, &(at..at + 1));
            offers.push(Offer::new(Value::from(name), at..at + 1, 1.3 + cue.sum() / 2.0));
        }
    }
    offers
}

/// `2 weeks`, as it was written.
fn durations(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let timed =
        reading.numbers.iter().filter(|number| number.unit.is_some_and(|unit| unit.dimension == Dimension::Time));
    let offer = |number: &Number| {
        let cue = cues::around(reading, parameter, &number.whole);
        Offer::new(Value::from(reading.text.span(&number.whole)), number.whole.clone(), 0.9 + cue.sum() / 2.0)
    };
    timed.map(offer).collect()
}
