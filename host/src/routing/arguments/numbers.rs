//! Numbers in figures and in English and Swedish words, with the units, signs and percentages they carry.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::tokens::{Kind, Text};
use super::units::{self, Unit};

/// Most numbers of one text.
const NUMBERS_MAX: usize = 128;

/// A number in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// The tokens of the number itself.
    pub tokens: Range<usize>,
    /// The tokens with sign, currency, percent sign and unit.
    pub whole: Range<usize>,
    pub value: f64,
    pub percent: bool,
    /// `4th`, `third`, `fjärde`.
    pub ordinal: bool,
    /// A word that is seldom meant as a number: `one`, `en`, `ett`, `half`.
    pub weak: bool,
    pub unit: Option<&'static Unit>,
    /// A second reading in a smaller unit of the same dimension: `5 ft 10 in` is 70 inches.
    pub joined: Option<(f64, &'static Unit)>,
}

impl Number {
    /// Whether it can be a whole number.
    pub fn is_whole(&self) -> bool {
        self.value.fract() == 0.0 && self.value.abs() < 9.0e15
    }
}

/// All numbers of `text`, in their order. `swedish` decides what a comma is.
pub fn find(text: &Text<'_>, swedish: bool) -> Vec<Number> {
    let mut found: Vec<Number> = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() && found.len() < NUMBERS_MAX {
        match read(text, at, swedish) {
            // The hundred of "in l/100 km" is part of a unit.
            Some(number) if is_of_unit(text, at) => at = number.whole.end.max(at + 1),
            Some(number) => {
                at = number.whole.end.max(at + 1);
                join(&mut found, number);
            }
            None => at += 1,
        }
    }
    found
}

/// Whether the figure at `at` stands within the name of a unit.
fn is_of_unit(text: &Text<'_>, at: usize) -> bool {
    let within = matches!(text.lower(at.wrapping_sub(1)), "/" | "per");
    let begins = at.checked_sub(2).filter(|_| within);
    begins.is_some_and(|begins| {
        let words: Vec<&str> = (begins..begins + 4).map(|at| text.lower(at)).collect();
        units::at_start(&words).is_some_and(|(_, length)| length > 2)
    })
}

/// Puts `5 ft` and `10 in` together: the larger keeps its own value and gets the joined reading.
fn join(found: &mut Vec<Number>, number: Number) {
    if let (Some(last), Some(unit)) = (found.last_mut(), number.unit)
        && let Some(larger) = last.unit
        && last.whole.end == number.whole.start
        && larger.dimension == unit.dimension
        && larger.factor > unit.factor
        && unit.factor > 0.0
        && last.joined.is_none()
    {
        last.joined = Some((last.value * larger.factor / unit.factor + number.value, unit));
        last.whole.end = number.whole.end;
        return;
    }
    found.push(number);
}

fn read(text: &Text<'_>, at: usize, swedish: bool) -> Option<Number> {
    let (value, mut end, weak, ordinal) = match text.get(at)?.kind {
        Kind::Number => figures(text, at, swedish)?,
        Kind::Word => in_words(text, at)?,
        Kind::Code | Kind::Mark => return None,
    };
    let mut number =
        Number { tokens: at..end, whole: at..end, value, percent: false, ordinal, weak, unit: None, joined: None };
    sign(text, &mut number);
    if let Some((factor, next)) = multiplier(text, end) {
        number.value *= factor;
        number.weak = false;
        end = next;
    }
    if let Some((rest, next)) = and_a_half(text, end) {
        number.value += rest * number.value.signum();
        number.weak = false;
        end = next;
    }
    number.tokens.end = end;
    number.whole.end = number.whole.end.max(end);
    if ordinal {
        return Some(number);
    }
    if let Some(after) = percent(text, end) {
        number.percent = true;
        number.weak = false;
        number.whole.end = after;
        return Some(number);
    }
    unit(text, &mut number, end);
    Some(number)
}

/// A minus sign and a currency sign before the number.
fn sign(text: &Text<'_>, number: &mut Number) {
    let mut at = number.tokens.start;
    if let Some(before) = text.before(at)
        && text.glued(at)
        && let Some(unit) = units::find(&before.lower).filter(|unit| unit.dimension == units::Dimension::Money)
        && before.kind == Kind::Mark
    {
        number.unit = Some(unit);
        at -= 1;
    }
    if text.before(at).is_some_and(|before| matches!(before.lower.as_str(), "-" | "−")) && text.glued(at) {
        let free = at.checked_sub(2).and_then(|earlier| text.get(earlier)).is_none_or(|earlier| {
            !text.glued(at - 1)
                || (earlier.kind == Kind::Mark && !matches!(earlier.lower.as_str(), ")" | "]" | "\"" | "'"))
        });
        if free {
            number.value = -number.value;
            at -= 1;
        }
    }
    if text.before(at).is_some_and(|before| matches!(before.lower.as_str(), "minus" | "negative"))
        && !follows_number(text, at - 1)
    {
        number.value = -number.value;
        at -= 1;
    }
    number.whole.start = at;
}

fn follows_number(text: &Text<'_>, at: usize) -> bool {
    text.before(at).is_some_and(|before| before.kind == Kind::Number)
}

fn percent(text: &Text<'_>, at: usize) -> Option<usize> {
    match (text.lower(at), text.lower(at + 1)) {
        ("%" | "percent" | "procent" | "percentage", _) => Some(at + 1),
        ("per", "cent") => Some(at + 2),
        _ => None,
    }
}

fn unit(text: &Text<'_>, number: &mut Number, end: usize) {
    // "A 30-day trial".
    let is_joined = text.lower(end) == "-" && text.glued(end) && text.glued(end + 1);
    let end = end + usize::from(is_joined);
    let words: Vec<&str> = (end..end + 4).map(|at| text.lower(at)).take_while(|word| !word.is_empty()).collect();
    let Some((unit, length)) = units::at_start(&words) else { return };
    let symbol = words.first().copied().unwrap_or("");
    // A single letter is a unit only right behind the figures or where it was written as one: "5 a day" has no amperes.
    let is_degree = |at: usize| matches!(text.lower(at), "celsius" | "fahrenheit" | "kelvin" | "degrees" | "grader");
    let converted = matches!(symbol, "c" | "f")
        && (matches!(text.lower(end + 1), "to" | "till" | "in" | "i" | "into")
            || (0..text.tokens.len()).any(is_degree));
    if length == 1
        && symbol.chars().count() == 1
        && !text.glued(end)
        && matches!(symbol, "a" | "i" | "d" | "t" | "s" | "n" | "b" | "c" | "f")
        && !converted
    {
        let written = text.written(end);
        if written == symbol {
            return;
        }
    }
    if symbol == "in"
        && length == 1
        && !text.glued(end)
        && text.get(end + 1).is_some_and(|next| next.kind != Kind::Mark)
    {
        return;
    }
    if number.unit.is_some_and(|known| known.dimension != unit.dimension) {
        return;
    }
    number.unit = Some(unit);
    number.weak = false;
    number.whole.end = end + length;
}

/// Value, end, weak, ordinal.
type Parsed = (f64, usize, bool, bool);

fn figures(text: &Text<'_>, at: usize, swedish: bool) -> Option<Parsed> {
    // A part of a code such as `A-12` is no number.
    if text.glued(at)
        && text
            .before(at)
            .is_some_and(|before| matches!(before.lower.as_str(), "#" | "/" | ":") && before.kind == Kind::Word)
    {
        return None;
    }
    let written = text.written(at);
    let mut digits = written.to_owned();
    let mut end = at + 1;
    // "1 234 567,5": groups of exactly three digits after one to three.
    let first = written.chars().take_while(char::is_ascii_digit).count();
    if (1..=3).contains(&first) && first == written.len() {
        while let Some(group) = group(text, end) {
            digits.push_str(group);
            end += 1;
            if group.len() > 3 || end > at + 6 {
                break;
            }
        }
    }
    let value = parse(&digits, swedish)?;
    if let Some(next) = text.get(end).filter(|_| text.glued(end)) {
        if matches!(next.lower.as_str(), "st" | "nd" | "rd" | "th") {
            return Some((value, end + 1, false, true));
        }
        if next.lower == ":" && matches!(text.lower(end + 1), "e" | "a" | "de" | "te") && text.glued(end + 1) {
            return Some((value, end + 2, false, true));
        }
        // "1/2": a fraction, not a date such as 1/2/2026.
        let one_more = text.lower(end + 2) == "/" && text.glued(end + 2);
        let earlier = text.glued(at) && text.before(at).is_some_and(|before| before.lower == "/");
        if next.lower == "/" && !one_more && !earlier && text.glued(end + 1) && value.fract() == 0.0 {
            let below = text.get(end + 1).filter(|below| below.kind == Kind::Number);
            let below = below.and_then(|below| parse(&below.lower, swedish)).filter(|below| *below > value);
            if let Some(below) = below {
                return Some((value / below, end + 2, false, false));
            }
        }
    }
    Some((value, end, false, false))
}

/// Token `at` if it can go on a number that was begun with spaces between the thousands.
fn group<'a>(text: &Text<'a>, at: usize) -> Option<&'a str> {
    let token = text.get(at).filter(|token| token.kind == Kind::Number && !text.glued(at))?;
    let gap = text.before(at).map_or(0, |before| token.start.saturating_sub(before.end));
    let written = text.written(at);
    let head = written.split([',', '.']).next().unwrap_or("");
    (gap == 1 && head.len() == 3 && head.bytes().all(|byte| byte.is_ascii_digit())).then_some(written)
}

/// The value of digits with separators.
fn parse(digits: &str, swedish: bool) -> Option<f64> {
    let lower = digits.to_ascii_lowercase().replace('_', "");
    let (mantissa, exponent) = lower.split_once('e').map_or((lower.as_str(), None), |(head, tail)| (head, Some(tail)));
    let n_commas = mantissa.matches(',').count();
    let n_points = mantissa.matches('.').count();
    let grouped = |mark: char| {
        let mut parts = mantissa.split(mark);
        let head = parts.next().is_some_and(|head| (1..=3).contains(&head.len()) && head != "0");
        head && parts.all(|part| part.split(['.', ',']).next().is_some_and(|part| part.len() == 3))
    };
    let plain = match (n_commas, n_points) {
        (0, 0 | 1) => mantissa.to_owned(),
        (0, _) if grouped('.') => mantissa.replace('.', ""),
        (_, 0) if n_commas > 1 && grouped(',') => mantissa.replace(',', ""),
        (1, 0) if grouped(',') && !swedish => mantissa.replace(',', ""),
        (1, 0) => mantissa.replace(',', "."),
        (1, _) if mantissa.rfind(',') > mantissa.rfind('.') => mantissa.replace('.', "").replace(',', "."),
        (_, 1) if mantissa.rfind('.') > mantissa.rfind(',') => mantissa.replace(',', ""),
        _ => return None,
    };
    let text = exponent.map_or(plain.clone(), |exponent| format!("{plain}e{exponent}"));
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// `k`, `thousand`, `million` after figures.
fn multiplier(text: &Text<'_>, at: usize) -> Option<(f64, usize)> {
    let glued = text.glued(at) && text.before(at).is_some_and(|before| before.kind == Kind::Number);
    let factor = match text.lower(at) {
        "k" if glued && text.written(at) == "k" => 1e3,
        "thousand" | "tusen" => 1e3,
        "million" | "millions" | "miljon" | "miljoner" | "mn" | "mln" => 1e6,
        "billion" | "billions" | "miljard" | "miljarder" | "bn" | "mdr" => 1e9,
        "trillion" | "biljon" | "biljoner" => 1e12,
        "dozen" | "dussin" => 12.0,
        "hundred" | "hundra" => 1e2,
        _ => return None,
    };
    Some((factor, at + 1))
}

/// `and a half`, `och en halv`, `and three quarters`.
fn and_a_half(text: &Text<'_>, at: usize) -> Option<(f64, usize)> {
    // "2 1/2 cups".
    let figure = |at: usize| text.lower(at).parse::<u8>().ok().map(f64::from).filter(|figure| *figure > 0.0);
    if text.lower(at + 1) == "/"
        && text.glued(at + 1)
        && text.glued(at + 2)
        && !text.glued(at)
        && let (Some(part), Some(whole)) = (figure(at), figure(at + 2))
        && part < whole
    {
        return Some((part / whole, at + 3));
    }
    if !matches!(text.lower(at), "and" | "och") {
        return None;
    }
    match (text.lower(at + 1), text.lower(at + 2)) {
        ("a" | "one" | "en" | "ett", "half" | "halv" | "halvt") => Some((0.5, at + 3)),
        ("a" | "one" | "en", "quarter" | "kvart" | "fjärdedel") => Some((0.25, at + 3)),
        ("three" | "tre", "quarters" | "fjärdedelar" | "kvart") => Some((0.75, at + 3)),
        ("halv" | "halvt", _) => Some((0.5, at + 2)),
        _ => None,
    }
}

/// A number in words from token `at` on.
fn in_words(text: &Text<'_>, at: usize) -> Option<Parsed> {
    let first = text.lower(at);
    if let Some(value) = ordinal(first) {
        return Some((value, at + 1, matches!(first, "first" | "second" | "första" | "andra"), true));
    }
    if matches!(first, "half" | "halv" | "halva" | "halvt") {
        let end = at + 1 + usize::from(matches!(text.lower(at + 1), "a" | "an" | "en" | "ett"));
        return Some((0.5, end, true, false));
    }
    let mut total = 0.0_f64;
    let mut current = 0.0_f64;
    let mut end = at;
    let mut weak = true;
    while end < at + 12 {
        let word = text.lower(end);
        let joins = end > at && matches!(word, "and" | "och") && (current >= 100.0 || total > 0.0);
        if joins && word_value(text.lower(end + 1)).is_some() && !matches!(text.lower(end + 1), "a" | "en" | "ett") {
            end += 1;
            continue;
        }
        match word_value(word) {
            Some((value, scale)) if scale => {
                if end == at {
                    // "hundreds of": no number by itself, but "hundra" and "tusen" are.
                    if !matches!(word, "hundra" | "tusen" | "hundred" | "thousand" | "million" | "dussin" | "dozen") {
                        return None;
                    }
                    current = 1.0;
                }
                if value >= 1e3 {
                    total += current.max(1.0) * value;
                    current = 0.0;
                } else {
                    current = current.max(1.0) * value;
                }
                weak = false;
            }
            Some((value, _)) => {
                let fits = end == at
                    || current == 0.0
                    || (current >= 100.0 && current % 100.0 == 0.0)
                    || (current % 10.0 == 0.0 && current > 10.0 && value < 10.0);
                if !fits {
                    break;
                }
                weak &= value == 1.0 && end == at;
                current += value;
            }
            None => break,
        }
        end += 1;
    }
    (end > at).then_some((total + current, end, weak, false))
}

/// The words of numbers.
pub fn names() -> impl Iterator<Item = &'static str> {
    let scales = ["hundred", "hundra", "thousand", "tusen", "million", "miljon", "miljoner", "dozen", "dussin"];
    ENGLISH.iter().chain(SWEDISH).map(|(name, _)| *name).chain(scales)
}

/// Whether `word`, in lower case, is a number in words.
pub fn is_word(word: &str) -> bool {
    word_value(word).is_some()
}

/// The words of both languages; those that both have are of one value.
static SPELLED: LazyLock<FxHashMap<&str, f64>> = LazyLock::new(|| ENGLISH.iter().chain(SWEDISH).copied().collect());

/// The value of one word, and whether it is a scale such as `hundred`.
fn word_value(word: &str) -> Option<(f64, bool)> {
    if let Some(value) = SPELLED.get(word) {
        return Some((*value, false));
    }
    match word {
        "hundred" | "hundra" => return Some((100.0, true)),
        "thousand" | "tusen" => return Some((1e3, true)),
        "million" | "miljon" | "miljoner" => return Some((1e6, true)),
        "billion" | "miljard" | "miljarder" => return Some((1e9, true)),
        "dozen" | "dussin" => return Some((12.0, true)),
        _ => {}
    }
    if let Some((tens, ones)) = word.split_once('-') {
        let tens = ENGLISH.iter().find(|(name, value)| *name == tens && *value >= 20.0)?;
        let ones = ENGLISH.iter().find(|(name, value)| *name == ones && *value < 10.0)?;
        return Some((tens.1 + ones.1, false));
    }
    compound(word).map(|value| (value, false))
}

/// `tjugofem`, `trehundrafemtio`, `tvåtusentjugosex`.
fn compound(word: &str) -> Option<f64> {
    if word.len() < 5 || word.len() > 60 {
        return None;
    }
    let mut rest = word;
    let (mut total, mut current) = (0.0, 0.0);
    let mut n_parts = 0;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("hundra") {
            current = f64::max(current, 1.0) * 100.0;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("tusen") {
            total += f64::max(current, 1.0) * 1e3;
            current = 0.0;
            rest = after;
        } else {
            let longest =
                SWEDISH.iter().filter(|(name, _)| rest.starts_with(name)).max_by_key(|(name, _)| name.len())?;
            current += longest.1;
            rest = rest.get(longest.0.len()..)?;
        }
        n_parts += 1;
    }
    (n_parts > 1).then_some(total + current)
}

fn ordinal(word: &str) -> Option<f64> {
    ORDINALS.iter().find(|(names, _)| names.contains(&word)).map(|(_, value)| *value)
}

const ENGLISH: &[(&str, f64)] = &[
    ("zero", 0.0),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
];

const SWEDISH: &[(&str, f64)] = &[
    ("noll", 0.0),
    ("en", 1.0),
    ("ett", 1.0),
    ("två", 2.0),
    ("tre", 3.0),
    ("fyra", 4.0),
    ("fem", 5.0),
    ("sex", 6.0),
    ("sju", 7.0),
    ("åtta", 8.0),
    ("nio", 9.0),
    ("tio", 10.0),
    ("elva", 11.0),
    ("tolv", 12.0),
    ("tretton", 13.0),
    ("fjorton", 14.0),
    ("femton", 15.0),
    ("sexton", 16.0),
    ("sjutton", 17.0),
    ("arton", 18.0),
    ("nitton", 19.0),
    ("tjugo", 20.0),
    ("tjugi", 20.0),
    ("trettio", 30.0),
    ("fyrtio", 40.0),
    ("femtio", 50.0),
    ("sextio", 60.0),
    ("sjuttio", 70.0),
    ("åttio", 80.0),
    ("nittio", 90.0),
];

const ORDINALS: &[(&[&str], f64)] = &[
    (&["first", "första", "förste"], 1.0),
    (&["second", "andra", "andre"], 2.0),
    (&["third", "tredje"], 3.0),
    (&["fourth", "fjärde"], 4.0),
    (&["fifth", "femte"], 5.0),
    (&["sixth", "sjätte"], 6.0),
    (&["seventh", "sjunde"], 7.0),
    (&["eighth", "åttonde"], 8.0),
    (&["ninth", "nionde"], 9.0),
    (&["tenth", "tionde"], 10.0),
    (&["eleventh", "elfte"], 11.0),
    (&["twelfth", "tolfte"], 12.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, swedish: bool, values: &[f64]) {
        let text = Text::read(source);
        let found: Vec<f64> =
            find(&text, swedish).iter().map(|number| number.joined.map_or(number.value, |joined| joined.0)).collect();
        assert_eq!(found, values, "{source}");
    }

    #[test]
    fn english_numbers() {
        check("12,000 miles and 3.5k steps", false, &[12000.0, 3500.0]);
        check("twenty-five or one hundred and five", false, &[25.0, 105.0]);
        check("one and a half", false, &[1.5]);
        check("charges of 1e-9 and -2.5e3", false, &[1e-9, -2500.0]);
        check("2 million, five thousand", false, &[2e6, 5000.0]);
        check("weighs 150lbs and is 5ft 10in tall", false, &[150.0, 70.0]);
        check("a=2, b=-5 and c=3", false, &[2.0, -5.0, 3.0]);
        check("[5, 3, 4, 1]", false, &[5.0, 3.0, 4.0, 1.0]);
        check("1/2 cup", false, &[0.5]);
        check("$10000 at 5%", false, &[10000.0, 5.0]);
        check("the 4th of 7", false, &[4.0, 7.0]);
        check("(40.7128, -74.0060)", false, &[40.7128, -74.006]);
        check("3-4", false, &[3.0, 4.0]);
        check("4 m/s^2 for 300 meters", false, &[4.0, 300.0]);
        check("1,234,567.5", false, &[1234567.5]);
    }

    #[test]
    fn swedish_numbers() {
        check("tjugofem procent av 1 299,50 kronor", true, &[25.0, 1299.5]);
        check("trehundrafemtio", true, &[350.0]);
        check("två och en halv", true, &[2.5]);
        check("26,2 engelska mil", true, &[26.2]);
        check("tvåtusentjugosex", true, &[2026.0]);
        check("en halv miljon", true, &[1.0, 0.5e6]);
        check("den 4:e dagen, tredje gången", true, &[4.0, 3.0]);
        check("1.000.000 kr", true, &[1e6]);
        check("tre tusen fem hundra", true, &[3500.0]);
    }

    #[test]
    fn units_go_with_numbers() {
        let text = Text::read("350 degrees Fahrenheit, 3 mil, 25 %, 6cm");
        let found = find(&text, false);
        let names: Vec<_> =
            found.iter().map(|number| number.unit.and_then(|unit| unit.names.first().copied())).collect();
        assert_eq!(names, [Some("°f"), Some("mil"), None, Some("cm")]);
        assert!(found.get(2).is_some_and(|number| number.percent));
    }
}
