//! A JSONPath query that is said in words: the keys of the JSON in the text which the words around it name.

mod filters;

use std::ops::Range;

use serde_json::Value;

use super::offers::Offer;
use super::schema::Parameter;
use super::spans::Reading;
use super::tokens::Kind;
use super::{texts, words};

/// Most kinds of places in the JSON that are looked at, and how deep they may be.
const PLACES_MAX: usize = 256;
const DEPTH_MAX: usize = 16;
/// Most values that are looked at to find them.
const VALUES_MAX: usize = 10_000;
/// Most words around the JSON that are looked at.
const WORDS_MAX: usize = 64;

/// A kind of places in the JSON: its keys from the root on, `None` for each item of a list.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    steps: Vec<Option<String>>,
    is_list: bool,
}

impl Place {
    fn key(&self) -> Option<&str> {
        self.steps.last()?.as_deref()
    }

    fn holds(&self, other: &Place) -> bool {
        other.steps.len() > self.steps.len() && other.steps.starts_with(&self.steps)
    }
}

/// A key that the text names, and the tokens that do.
struct Named<'p> {
    key: &'p str,
    tokens: Range<usize>,
}

/// Whether the parameter holds a JSONPath query, as far as the queries that it shows tell.
pub fn are_asked_for(parameter: &Parameter) -> bool {
    parameter.shown.iter().any(|shown| shown.starts_with("$.") || shown.starts_with("$["))
}

/// The query that the words around the JSON come to; none where they say more than a query of keys can.
pub fn query(reading: &Reading<'_>) -> Option<Offer> {
    let (data, bytes) = texts::first_json(reading.text.source)?;
    let mut places = Vec::new();
    let mut budget = VALUES_MAX;
    walk(&data, &mut Vec::new(), &mut places, &mut budget);
    let outside: Vec<usize> = (0..reading.text.tokens.len())
        .filter(|at| reading.text.get(*at).is_some_and(|token| token.end <= bytes.start || bytes.end <= token.start))
        .take(WORDS_MAX)
        .collect();
    if let Some(begins) = outside.iter().find(|at| reading.text.lower(**at).starts_with('$')) {
        return spaced(reading, *begins);
    }
    if let Some(offer) = dotted(reading, &outside, &places) {
        return Some(offer);
    }
    let named = named(reading, &outside, &places);
    if let Some(path) = filters::query(reading, &data, &outside, &places, &named) {
        let tokens = outside.first().copied()?..outside.last().copied()? + 1;
        return Some(Offer { shares: true, ..Offer::new(Value::from(path), tokens, 1.5) });
    }
    if let Some(path) = counted(reading, &outside, &places, &named) {
        let tokens = outside.first().copied()?..outside.last().copied()? + 1;
        return Some(Offer { shares: true, ..Offer::new(Value::from(path), tokens, 1.5) });
    }
    if let Some(path) = placed(reading, &outside, &places, &named) {
        let tokens = outside.first().copied()?..outside.last().copied()? + 1;
        return Some(Offer { shares: true, ..Offer::new(Value::from(path), tokens, 1.5) });
    }
    let first = named.first()?;
    if says_more(reading, &outside, &named) {
        return None;
    }
    let path = path(reading, &outside, &places, &named)?;
    Some(Offer { shares: true, ..Offer::new(Value::from(path), first.tokens.clone(), 1.5) })
}

/// A query that is written out and has spaces within its brackets: `$.items[?@.qty > 3].name`.
fn spaced(reading: &Reading<'_>, begins: usize) -> Option<Offer> {
    let start = reading.text.get(begins)?.start;
    let rest = reading.text.source.get(start..)?;
    let mut depth = 0_usize;
    let ends = rest.char_indices().find(|(_, letter)| {
        match letter {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (letter.is_whitespace() || *letter == ',')
    });
    let written = rest.get(..ends.map_or(rest.len(), |(at, _)| at))?.trim_end_matches(['.', ':']);
    let end = start + written.len();
    let tokens = begins..reading.text.tokens.partition_point(|token| token.start < end);
    let has_space = written.contains(' ') && depth == 0;
    has_space.then(|| Offer { shares: true, ..Offer::new(Value::from(written), tokens, 3.0) })
}

/// All items of the only list, where their number is asked for: "how many entries does the list have".
fn counted(reading: &Reading<'_>, outside: &[usize], places: &[Place], named: &[Named<'_>]) -> Option<String> {
    const ITEMS: &[&str] =
        &["entries", "items", "elements", "values", "objects", "element", "poster", "värden", "objekt", "saker"];
    let says = |known: &[&str]| outside.iter().any(|at| known.contains(&reading.text.lower(*at)));
    let mut lists = places.iter().filter(|place| place.is_list);
    let list = lists.next().filter(|_| lists.next().is_none())?;
    let of_it = named.iter().all(|named| list.key() == Some(named.key));
    (of_it && says(&["many", "många", "antal", "number"]) && says(ITEMS))
        .then(|| format!("{}[*]", written(&list.steps, None)))
}

/// One item of the only list, by its place: "the first value", "det sista elementet".
fn placed(reading: &Reading<'_>, outside: &[usize], places: &[Place], named: &[Named<'_>]) -> Option<String> {
    const ITEM: &[&str] =
        &["entry", "item", "element", "value", "object", "elementet", "posten", "värdet", "objektet", "one"];
    let says = outside.iter().any(|at| ITEM.contains(&reading.text.lower(*at)));
    let mut lists = places.iter().filter(|place| place.is_list);
    let list = lists.next().filter(|_| says && named.is_empty() && lists.next().is_none())?;
    match index(reading, outside)? {
        Index::This(at) => Some(format!("{}[{at}]", written(&list.steps, None))),
        Index::All => None,
    }
}

fn walk(value: &Value, steps: &mut Vec<Option<String>>, places: &mut Vec<Place>, budget: &mut usize) {
    if *budget == 0 || steps.len() > DEPTH_MAX {
        return;
    }
    *budget -= 1;
    let n_places = places.len();
    match places.iter_mut().find(|place| place.steps == *steps) {
        Some(place) => place.is_list |= value.is_array(),
        None if n_places >= PLACES_MAX => return,
        None => places.push(Place { steps: steps.clone(), is_list: value.is_array() }),
    }
    let mut inner = |step: Option<String>, value: &Value| {
        steps.push(step);
        walk(value, steps, places, budget);
        steps.pop();
    };
    match value {
        Value::Array(items) => items.iter().for_each(|item| inner(None, item)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| inner(Some(key.clone()), value)),
        _ => {}
    }
}

/// `order.total` or `users[0].name` without the `$`, where there are such keys.
fn dotted(reading: &Reading<'_>, outside: &[usize], places: &[Place]) -> Option<Offer> {
    let text = reading.text;
    let leads = |at: &&usize| !text.glued(**at) && text.get(**at).is_some_and(|token| token.kind != Kind::Number);
    outside.iter().filter(leads).find_map(|at| {
        let end = (at + 1..text.tokens.len()).find(|next| !text.glued(*next) || !outside.contains(next));
        let tokens = *at..end.unwrap_or(text.tokens.len());
        let written = text.span(&tokens).trim_matches(|mark: char| !mark.is_alphanumeric() && mark != ']');
        if !written.contains(['.', '[']) {
            return None;
        }
        let parts = written.split(['.', '[']).filter(|part| !part.is_empty());
        let steps: Vec<Option<String>> = parts
            .map(|part| match part.strip_suffix(']') {
                Some(index) => (index == "*" || index.parse::<u32>().is_ok()).then_some(None),
                None => is_plain(part).then(|| Some(part.to_owned())),
            })
            .collect::<Option<_>>()?;
        let is_place = steps.len() > 1 && places.iter().any(|place| place.steps == steps);
        is_place.then(|| Offer::new(Value::from(format!("$.{written}")), tokens, 1.6))
    })
}

/// The keys that the words name, each once, as the text names them.
fn named<'p>(reading: &Reading<'_>, outside: &[usize], places: &'p [Place]) -> Vec<Named<'p>> {
    let mut keys: Vec<&str> = places.iter().filter_map(Place::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut found: Vec<Named<'_>> = Vec::new();
    let mut free = 0;
    for at in outside {
        let Some(token) = reading.text.get(*at).filter(|token| *at >= free && token.kind != Kind::Mark) else {
            continue;
        };
        let is_order = *at == 0 && words::is_request_verb(&token.lower);
        if token.quote.is_none() && (words::is_function(&token.lower) || is_order) {
            continue;
        }
        // The longest name, and of equally long ones that which is written as it is said.
        let fits = keys.iter().filter_map(|key| {
            let (length, n_exact) = named_at(reading, *at, key)?;
            Some((length, n_exact, *key))
        });
        let mut fits: Vec<(usize, usize, &str)> = fits.collect();
        fits.sort_by_key(|(length, n_exact, _)| std::cmp::Reverse((*length, *n_exact)));
        let Some((length, n_exact, key)) = fits.first().copied() else { continue };
        if fits.get(1).is_some_and(|other| (other.0, other.1) == (length, n_exact)) {
            // Two keys that the word could mean.
            continue;
        }
        free = at + length;
        if found.iter().all(|known| known.key != key) {
            found.push(Named { key, tokens: *at..free });
        }
    }
    found
}

/// By how many tokens the key is named from `at` on, and how many of its words are said as they are written.
fn named_at(reading: &Reading<'_>, at: usize, key: &str) -> Option<(usize, usize)> {
    if reading.text.lower(at) == key.to_lowercase() {
        return Some((1, 1));
    }
    let parts = words::of_name(key);
    let said = |(offset, part): (usize, &String)| alike(part, reading.text.lower(at + offset));
    let is_named = !parts.is_empty() && parts.iter().enumerate().all(said);
    let n_exact = parts.iter().enumerate().filter(|(offset, part)| reading.text.lower(at + offset) == **part).count();
    is_named.then_some((parts.len(), n_exact))
}

/// Whether a word is a form of another; also where an `e` is lost (`titel`, `titlar`) or a `y` changed (`city`, `cities`).
fn alike(key: &str, word: &str) -> bool {
    let bare = |word: &str| {
        let word = word.strip_suffix('s').filter(|bare| bare.len() > 3).unwrap_or(word);
        let many = ["arna", "erna", "ar", "er"].iter().find_map(|ending| word.strip_suffix(ending));
        many.or_else(|| word.strip_suffix("ie")).map(str::to_owned)
    };
    let short = |word: &str| {
        let last = word.chars().next_back()?;
        let rest = word.strip_suffix(last)?;
        match last {
            'y' => Some(rest.to_owned()),
            'l' | 'r' | 'n' => rest.strip_suffix('e').map(|rest| format!("{rest}{last}")),
            _ => None,
        }
    };
    // "Numret" of `nummer`, "vintern" of `vinter`.
    let definite = |one: &str, many: &str| {
        let short = short(one).map(|short| match short.strip_suffix("mmr") {
            Some(stem) => format!("{stem}mr"),
            None => short,
        });
        short
            .is_some_and(|short| short.len() > 2 && many.strip_suffix("et").or(many.strip_suffix("en")) == Some(&short))
    };
    let lost = |one: &str, many: &str| short(one).is_some_and(|short| short.len() > 2 && bare(many) == Some(short));
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    // "Epostadresser" of `epost`.
    let plain = word.replace('-', "");
    let begins = key.chars().count() > 4
        && plain
            .strip_prefix(key)
            .is_some_and(|rest| rest.chars().count() > 3 && rest.chars().all(char::is_alphabetic));
    words::same(key, word) || lost(key, word) || lost(word, key) || definite(key, word) || begins
}

/// Whether the words choose among the values or calculate with them, which keys alone do not.
fn says_more(reading: &Reading<'_>, outside: &[usize], named: &[Named<'_>]) -> bool {
    let counted =
        reading.numbers.iter().any(|number| !number.weak && !number.ordinal && outside.contains(&number.tokens.start));
    let chooses = |at: &&usize| {
        let word = reading.text.lower(**at);
        let is_key = named.iter().any(|named| named.tokens.contains(*at));
        let most = word.chars().count() > 4
            && ["est", "ast", "aste", "sta"].iter().any(|ending| word.ends_with(ending))
            && !words::is_request_verb(word)
            && !matches!(word, "första" | "sista" | "request");
        // "What does it say under 'city'": there.
        let places =
            word == "under" && named.iter().any(|named| (1..=2).contains(&named.tokens.start.saturating_sub(**at)));
        !is_key && !places && (most || MORE.contains(&word))
    };
    counted || outside.iter().any(|at| chooses(&at))
}

/// Words that compare, leave out or calculate.
const MORE: &[&str] = &[
    "than",
    "än",
    "where",
    "där",
    "whose",
    "vars",
    "if",
    "om",
    "except",
    "utom",
    "förutom",
    "without",
    "utan",
    "not",
    "inte",
    "most",
    "mest",
    "least",
    "minst",
    "sum",
    "summan",
    "summera",
    "total",
    "totala",
    "totalt",
    "average",
    "mean",
    "medelvärdet",
    "snittet",
    "genomsnittet",
    "genomsnittliga",
    "median",
    "medianen",
    "max",
    "min",
    "maximum",
    "minimum",
    "sorted",
    "sort",
    "sortera",
    "unique",
    "unika",
    "distinct",
    "add",
    "change",
    "ändra",
    "replace",
    "ersätt",
    "byt",
    "remove",
    "delete",
    "difference",
    "skillnaden",
    "longer",
    "shorter",
    "or",
    "eller",
    "starting",
    "beginning",
    "containing",
    "over",
    "under",
    "above",
    "below",
    "between",
    "mellan",
    "every-other",
    "varannan",
];

/// The query for the keys, in the places that other named keys hold.
fn path(reading: &Reading<'_>, outside: &[usize], places: &[Place], named: &[Named<'_>]) -> Option<String> {
    let is_named = |place: &Place| place.key().is_some_and(|key| named.iter().any(|named| named.key == key));
    let of: Vec<&Place> = places.iter().filter(|place| is_named(place)).collect();
    let holds_another = |key: &str| {
        let own = of.iter().filter(|place| place.key() == Some(key));
        own.clone().any(|place| of.iter().any(|other| other.key() != Some(key) && place.holds(other)))
    };
    let wanted: Vec<&Named<'_>> = named.iter().filter(|named| !holds_another(named.key)).collect();
    let n_within = |place: &Place| of.iter().filter(|outer| outer.holds(place)).count();
    let mut chosen: Vec<&Place> = Vec::new();
    for named in &wanted {
        let own = of.iter().filter(|place| place.key() == Some(named.key));
        let most = own.clone().map(|place| n_within(place)).max()?;
        chosen.extend(own.filter(|place| n_within(place) == most));
    }
    let index = index(reading, outside)?;
    if let ([only], [_]) = (chosen.as_slice(), wanted.as_slice()) {
        return one_place(only, index, reading, outside);
    }
    if index != Index::All {
        return None;
    }
    let keys: Vec<&str> = wanted.iter().map(|named| named.key).collect();
    let parent = |place: &Place| place.steps.split_last().map(|(_, parent)| parent.to_vec());
    let shared = parent(chosen.first()?)?;
    if chosen.iter().all(|place| parent(place).as_ref() == Some(&shared)) {
        return Some(format!("{}{}", written(&shared, None), several(&keys)));
    }
    // At any depth below what holds them all, where that finds nothing else.
    let mut common = shared;
    while !chosen.iter().all(|place| place.steps.starts_with(&common)) {
        common.pop();
    }
    let found = |place: &&Place| place.steps.starts_with(&common) && place.key().is_some_and(|key| keys.contains(&key));
    let n_found = places.iter().filter(found).count();
    (n_found == chosen.len()).then(|| format!("{}..{}", written(&common, None), several(&keys)))
}

/// Which items of a list are meant.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Index {
    All,
    This(i64),
}

/// "The first", "sista"; none where several are said.
fn index(reading: &Reading<'_>, outside: &[usize]) -> Option<Index> {
    let ordinals = reading.numbers.iter().filter(|number| number.ordinal && outside.contains(&number.tokens.start));
    let mut found: Vec<i64> = ordinals.map(|number| number.value as i64 - 1).collect();
    for at in outside {
        match reading.text.lower(*at) {
            "last" | "sista" => found.push(-1),
            "first" | "första" if !reading.numbers.iter().any(|number| number.tokens.contains(at)) => found.push(0),
            _ => {}
        }
    }
    match found.as_slice() {
        [] => Some(Index::All),
        [only] => Some(Index::This(*only)),
        _ => None,
    }
}

fn one_place(place: &Place, index: Index, reading: &Reading<'_>, outside: &[usize]) -> Option<String> {
    let n_lists = place.steps.iter().filter(|step| step.is_none()).count();
    let each = outside.iter().any(|at| {
        matches!(
            reading.text.lower(*at),
            "all" | "every" | "each" | "alla" | "varje" | "samtliga" | "many" | "många" | "antal"
        )
    });
    match index {
        Index::All => {
            let items = if place.is_list && each { "[*]" } else { "" };
            Some(format!("{}{items}", written(&place.steps, None)))
        }
        Index::This(at) if n_lists == 1 => Some(written(&place.steps, Some(at))),
        Index::This(at) if n_lists == 0 && place.is_list => Some(format!("{}[{at}]", written(&place.steps, None))),
        Index::This(_) => None,
    }
}

fn several(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
    format!("[{}]", quoted.join(","))
}

/// Steps as a query; `index` in the place of each list's items.
fn written(steps: &[Option<String>], index: Option<i64>) -> String {
    let mut path = "$".to_owned();
    for step in steps {
        match step {
            None => path.push_str(&index.map_or("[*]".to_owned(), |index| format!("[{index}]"))),
            Some(key) if is_plain(key) => path.push_str(&format!(".{key}")),
            Some(key) => path.push_str(&format!("[{}]", quoted(key))),
        }
    }
    path
}

/// Whether a key can be written without quotation marks.
fn is_plain(key: &str) -> bool {
    let is_part = |character: char| character == '_' || character.is_ascii_alphanumeric() || !character.is_ascii();
    key.chars().all(is_part) && key.chars().next().is_some_and(|first| !first.is_ascii_digit())
}

fn quoted(key: &str) -> String {
    let mut quoted = "'".to_owned();
    for character in key.chars() {
        match character {
            '\'' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}
