//! A JSONPath filter that is said in words: "which names have more than 30 hours", "which members haven't paid".

use serde_json::Value;

use super::super::numbers::Number;
use super::super::spans::Reading;
use super::super::words;
use super::{Named, Place, is_plain, quoted, written};

/// Words that compare what stands before them with a number behind them, one or two of them, and the sign.
const COMPARISONS: &[(&[&str], &str)] = &[
    (
        &[
            "more", "greater", "higher", "larger", "bigger", "longer", "mer", "mera", "fler", "större", "högre",
            "längre",
        ],
        ">",
    ),
    (&["older", "äldre", "dyrare", "heavier", "tyngre", "over", "above", "över"], ">"),
    (&["less", "fewer", "lower", "smaller", "shorter", "mindre", "färre", "lägre", "kortare"], "<"),
    (&["younger", "yngre", "cheaper", "billigare", "lighter", "lättare", "under", "below"], "<"),
    (&["least", "minst"], ">="),
    (&["most", "högst"], "<="),
];
/// What is compared, by the word for how it compares.
const MEANT: &[(&[&str], &str)] = &[
    (&["older", "younger", "äldre", "yngre", "old", "gammal", "gamla"], "age"),
    (&["dyrare", "billigare", "cheaper", "costs", "cost", "kostar"], "price"),
    (&["heavier", "lighter", "tyngre", "lättare", "weighs", "väger"], "weight"),
];
const NOT: &[&str] =
    &["not", "haven't", "hasn't", "isn't", "aren't", "havent", "hasnt", "without", "inte", "ej", "utan"];
const ASKS: &[&str] = &["which", "who", "whose", "what", "vilka", "vilken", "vilket", "vem", "vems"];

/// The query for those items of a list that are as the words say.
pub(super) fn query(
    reading: &Reading<'_>,
    data: &Value,
    outside: &[usize],
    places: &[Place],
    named: &[Named<'_>],
) -> Option<String> {
    if let Some(path) = of_figures(reading, data, outside, places, named) {
        return Some(path);
    }
    let fields: Vec<(&Place, &str)> = places
        .iter()
        .filter_map(|place| match place.steps.as_slice() {
            [.., None, Some(key)] => Some((place, key.as_str())),
            _ => None,
        })
        .collect();
    let (place, key, test) = compared(reading, data, outside, &fields, named)
        .or_else(|| switched(reading, data, outside, &fields, named))?;
    let list = place.steps.get(..place.steps.len().checked_sub(2)?)?;
    let wanted = named
        .iter()
        .map(|named| named.key)
        .find(|other| *other != key && fields.iter().any(|(field, own)| own == other && field.steps.starts_with(list)));
    // "Which prices are above 10" asks for those.
    let asked = named.iter().find(|named| named.key == key).is_some_and(|named| {
        let before = named.tokens.start.checked_sub(1).map_or("", |at| reading.text.lower(at));
        ASKS.contains(&before) || matches!(before, "the" | "all" | "alla" | "de")
    });
    let wanted = wanted.or_else(|| asked.then_some(key)).map_or(String::new(), member);
    Some(format!("{}[?@{}{test}]{wanted}", written(list, None), member(key)))
}

/// A figure of the items that is compared with the only number outside the data.
fn compared<'p>(
    reading: &Reading<'_>,
    data: &Value,
    outside: &[usize],
    fields: &[(&'p Place, &'p str)],
    named: &[Named<'_>],
) -> Option<(&'p Place, &'p str, String)> {
    let text = reading.text;
    let (number, at, sign) = comparison(reading, outside)?;
    let figures: Vec<&(&Place, &str)> =
        fields.iter().filter(|(place, _)| sample(data, &place.steps).is_some_and(Value::is_number)).collect();
    let behind = text.lower(number.tokens.end);
    let meant = |word: &str| MEANT.iter().find(|(words, _)| words.contains(&word)).map(|(_, key)| *key);
    let meant = meant(text.lower(at)).or_else(|| at.checked_sub(1).and_then(|before| meant(text.lower(before))));
    let by_noun = || {
        figures
            .iter()
            .find(|(_, key)| !behind.is_empty() && words::of_name(key).iter().any(|own| words::same(own, behind)))
    };
    let by_name = || {
        figures
            .iter()
            .find(|(_, key)| named.iter().any(|named| named.key == *key && named.tokens.start < number.whole.start))
    };
    let by_meaning = || {
        figures
            .iter()
            .find(|(_, key)| meant.is_some_and(|meant| words::of_name(key).iter().any(|own| words::same(own, meant))))
    };
    let only = || figures.first().filter(|_| figures.len() == 1);
    let (place, key) = **by_noun().or_else(by_name).or_else(by_meaning).or_else(only)?;
    Some((place, key, format!(" {sign} {}", number.value)))
}

/// The only number outside the data with where what compares it stands, and the sign for that.
fn comparison<'r>(reading: &'r Reading<'_>, outside: &[usize]) -> Option<(&'r Number, usize, &'static str)> {
    let mut said = reading.numbers.iter().filter(|number| !number.weak && outside.contains(&number.tokens.start));
    let number = said.next().filter(|number| !number.ordinal && !number.percent)?;
    if said.next().is_some() {
        return None;
    }
    (1..4).find_map(|back| {
        let at = number.whole.start.checked_sub(back)?;
        let (_, sign) = COMPARISONS.iter().find(|(names, _)| names.contains(&reading.text.lower(at)))?;
        let between =
            (at + 1..number.whole.start).all(|at| matches!(reading.text.lower(at), "than" | "än" | "att" | "of"));
        between.then_some((number, at, *sign))
    })
}

/// The figures of a list of nothing else that compare so: "which temps are above 20".
fn of_figures(
    reading: &Reading<'_>,
    data: &Value,
    outside: &[usize],
    places: &[Place],
    named: &[Named<'_>],
) -> Option<String> {
    let (number, _, sign) = comparison(reading, outside)?;
    let is_named = |place: &&Place| place.key().is_some_and(|key| named.iter().any(|named| named.key == key));
    let of_figures = |place: &&Place| {
        let list = sample(data, &place.steps).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_number))
    };
    let mut lists = places.iter().filter(|place| place.is_list).filter(of_figures).filter(is_named);
    let list = lists.next().filter(|_| lists.next().is_none())?;
    Some(format!("{}[?@ {sign} {}]", written(&list.steps, None), number.value))
}

/// Something that the items are or are not.
fn switched<'p>(
    reading: &Reading<'_>,
    data: &Value,
    outside: &[usize],
    fields: &[(&'p Place, &'p str)],
    named: &[Named<'_>],
) -> Option<(&'p Place, &'p str, String)> {
    let says = |known: &[&str]| outside.iter().any(|at| known.contains(&reading.text.lower(*at)));
    let is_said = |key: &&str| named.iter().any(|named| named.key == *key);
    let mut switches =
        fields.iter().filter(|(place, key)| is_said(key) && sample(data, &place.steps).is_some_and(Value::is_boolean));
    let (place, key) = *switches.next().filter(|_| says(ASKS))?;
    let is = !says(NOT);
    switches.next().is_none().then(|| (place, key, format!(" == {is}")))
}

fn member(key: &str) -> String {
    if is_plain(key) { format!(".{key}") } else { format!("[{}]", quoted(key)) }
}

/// The first value at a kind of places.
fn sample<'v>(data: &'v Value, steps: &[Option<String>]) -> Option<&'v Value> {
    steps.iter().try_fold(data, |here, step| match step {
        Some(key) => here.get(key),
        None => here.get(0),
    })
}
