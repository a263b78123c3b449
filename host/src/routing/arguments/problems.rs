//! Sums that are told in words: how large a room of 4 by 5 metres is, what nine sacks weigh, what each of six pays of a bill.

use super::numbers::Number;
use super::tokens::{Kind, Text};
use super::units::{self, Dimension};
use super::{texts, words};

/// Most numbers among which one is what one of something comes to, and one how many there are.
const FIGURES_MAX: usize = 4;

/// What is to be calculated.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub expression: String,
    /// What the result is counted in, where that is said.
    pub unit: Option<String>,
}

/// Words by which a size is asked for.
const SIZES: &[&str] = &["area", "arean", "yta", "ytan", "big", "large", "stor", "stort"];
/// Words between the two sides of something, and pairs of words behind them.
const BY: &[&str] = &["by", "x", "×", "*", "gånger", "times"];
const LONG: &[&str] = &["long", "lång", "långt", "långa"];
const WIDE: &[&str] = &["wide", "bred", "brett", "breda", "deep", "djup", "djupt"];
/// Words for sharing something, and for those who do.
const SHARES: &[&str] = &[
    "split",
    "splits",
    "splitting",
    "share",
    "shared",
    "shares",
    "sharing",
    "divide",
    "divided",
    "dela",
    "delar",
    "delas",
    "delat",
    "fördela",
    "fördelas",
    "fördelat",
];
const SHARERS: &[&str] = &[
    "people",
    "persons",
    "friends",
    "kids",
    "children",
    "siblings",
    "colleagues",
    "families",
    "guests",
    "roommates",
    "flatmates",
    "players",
    "students",
    "pupils",
    "ways",
    "personer",
    "vänner",
    "kompisar",
    "barn",
    "syskon",
    "kollegor",
    "familjer",
    "gäster",
    "spelare",
    "elever",
    "deltagare",
];
/// Words that stand for one of several before what they are.
const ONE: &[&str] = &["a", "an", "one", "each", "every", "per", "en", "ett", "varje"];
const COMES_TO: &[&str] = &[
    "costs",
    "cost",
    "is",
    "weighs",
    "takes",
    "holds",
    "contains",
    "lasts",
    "measures",
    "kostar",
    "är",
    "väger",
    "tar",
    "rymmer",
    "innehåller",
    "räcker",
];

/// What `text` asks to be calculated of the two numbers that it says.
pub fn of(text: &Text<'_>, numbers: &[Number]) -> Option<Problem> {
    let is_one = |number: &Number| number.weak || ONE.contains(&text.lower(number.tokens.start));
    let figures: Vec<&Number> = numbers.iter().filter(|number| !is_one(number) && !number.ordinal).collect();
    if let Some(problem) = all_of(text, &figures).or_else(|| reduced(text, &figures)) {
        return Some(problem);
    }
    if figures.len() > FIGURES_MAX || figures.iter().any(|number| number.percent || number.joined.is_some()) {
        return None;
    }
    let of_two = match figures.as_slice() {
        [_, _, _] => shared_several(text, &figures),
        [first, second] => area(text, numbers, first, second)
            .or_else(|| shared(text, first, second))
            .or_else(|| by_each(text, first, second))
            .or_else(|| by_each(text, second, first)),
        _ => None,
    };
    // What one comes to and how many there are go by the same noun, whatever else is told.
    let pairs = figures.iter().flat_map(|each| figures.iter().map(move |n| (*each, *n)));
    of_two.or_else(|| pairs.filter(|(each, n)| !std::ptr::eq(*each, *n)).find_map(|(each, n)| several(text, each, n)))
}

/// The product or quotient of two numbers.
fn made(first: &Number, sign: char, second: &Number, unit: Option<String>) -> Problem {
    Problem { expression: format!("{} {sign} {}", first.value, second.value), unit }
}

/// "A room of 4.2 by 3.5 metres", "32 meter lång och 25 meter bred".
fn area(text: &Text<'_>, numbers: &[Number], first: &Number, second: &Number) -> Option<Problem> {
    let says = |known: &[&str], mut at: std::ops::Range<usize>| at.any(|at| known.contains(&text.lower(at)));
    let wanted = texts::unit_named(text, numbers).is_some_and(|unit| unit.dimension == Dimension::Area);
    if !wanted && !says(SIZES, 0..text.tokens.len()) {
        return None;
    }
    let unit = second.unit.or(first.unit).filter(|unit| unit.dimension == Dimension::Length)?;
    let alike = |number: &Number| number.unit.is_none_or(|own| std::ptr::eq(own, unit));
    let between = first.whole.end..second.whole.start;
    let behind = second.whole.end..second.whole.end + 2;
    let sides = says(BY, between.clone())
        || says(LONG, between.clone()) && says(WIDE, behind.clone())
        || says(WIDE, between) && says(LONG, behind);
    let square = unit.names.first().map(|name| format!("{name}²")).filter(|name| units::find(name).is_some());
    (sides && alike(first) && alike(second)).then(|| made(first, '*', second, square))
}

/// What a list of figures that was told comes to: "they scored 14, 9, 22 and 17. What's the sum?"
fn all_of(text: &Text<'_>, figures: &[&Number]) -> Option<Problem> {
    let (first, last) = (figures.first()?, figures.last()?);
    let asked = last.whole.end..text.tokens.len();
    let says = |known: &[&str]| asked.clone().any(|at| known.contains(&text.lower(at)));
    let mean = says(MEANS);
    let mut units = figures.iter().filter_map(|number| number.unit);
    let unit = units.next();
    let alike = unit.is_none_or(|unit| units.all(|other| std::ptr::eq(unit, other)));
    let plain = figures.iter().all(|number| !number.percent && number.joined.is_none());
    // "3 cartons at 1.89 each plus a loaf for 2.45".
    let is_each =
        |number: &Number| matches!(text.lower(number.whole.end), "each" | "apiece" | "styck" | "stycket" | "vardera");
    if let [n, each, rest] = figures
        && is_each(each)
        && says(SUMS)
        && !mean
    {
        return Some(Problem { expression: format!("{} * {} + {}", n.value, each.value, rest.value), unit: None });
    }
    if figures.iter().any(|number| is_each(number)) {
        return None;
    }
    // A sentence of its own asks for it.
    let apart = asked.clone().any(|at| matches!(text.lower(at), "." | "?" | ":" | "-" | "–" | ","));
    if figures.len() < LISTED_MIN || !plain || !alike || !apart || !mean && !says(SUMS) {
        return None;
    }
    let joins = |pair: &[&Number]| match pair {
        [one, next] => (one.whole.end..next.whole.start).all(|at| !matches!(text.lower(at), "." | "?" | "!")),
        _ => false,
    };
    if !figures.windows(2).all(joins) || first.whole.start > LISTED_WITHIN {
        return None;
    }
    let terms: Vec<String> = figures.iter().map(|number| number.value.to_string()).collect();
    let sum = terms.join(" + ");
    let expression = if mean { format!("({sum}) / {}", terms.len()) } else { sum };
    let unit = unit.filter(|unit| unit.dimension != Dimension::Money).and_then(|unit| unit.names.first());
    Some(Problem { expression, unit: unit.map(|name| (*name).to_owned()) })
}

/// Fewest figures of such a list, and among how many words it begins.
const LISTED_MIN: usize = 3;
const LISTED_WITHIN: usize = 12;
const SUMS: &[&str] = &[
    "sum",
    "total",
    "altogether",
    "together",
    "add",
    "summa",
    "summan",
    "summera",
    "tillsammans",
    "totalt",
    "sammanlagt",
    "ihop",
];
const MEANS: &[&str] =
    &["average", "mean", "snittet", "snitt", "genomsnittet", "genomsnitt", "medelvärdet", "medelvärde"];

/// "10 km in 52 minutes, how many minutes a km is that": one by the other.
fn by_each(text: &Text<'_>, value: &Number, each: &Number) -> Option<Problem> {
    let (unit, per) = (value.unit?, each.unit?);
    let named = |at: usize, wanted: &units::Unit| {
        let window: Vec<&str> = (at..at + 3).map(|at| text.lower(at)).take_while(|word| !word.is_empty()).collect();
        units::at_start(&window).is_some_and(|(unit, _)| std::ptr::eq(unit, wanted))
    };
    let end = value.whole.end.max(each.whole.end);
    let asked = (end..text.tokens.len()).any(|at| matches!(text.lower(at), "many" | "många") && named(at + 1, unit));
    let by =
        (end..text.tokens.len()).any(|at| matches!(text.lower(at), "per" | "a" | "an" | "each") && named(at + 1, per));
    let name = unit.names.first().map(|name| (*name).to_owned());
    (asked && by && unit.dimension != per.dimension).then(|| made(value, '/', each, name))
}

/// Whether a number is of those who share: "6 people", "7 of us".
fn are_sharers(text: &Text<'_>, number: &Number) -> bool {
    let end = number.whole.end;
    let us = text.lower(end) == "of" && matches!(text.lower(end + 1), "us" | "them") || text.lower(end) == "som";
    // "We were 8", "vi är fem".
    let before = |back: usize| number.whole.start.checked_sub(back).map_or("", |at| text.lower(at));
    let we = matches!(before(2), "we" | "vi") && matches!(before(1), "are" | "were" | "är" | "var");
    number.unit.is_none() && number.is_whole() && (us || we || SHARERS.contains(&text.lower(end)))
}

/// "Split a bill of 1248 dollars evenly between 6 people", "vi är fem som delar på 1840 kr".
fn shared(text: &Text<'_>, first: &Number, second: &Number) -> Option<Problem> {
    let says = |known: &[&str]| (0..text.tokens.len()).any(|at| known.contains(&text.lower(at)));
    // "What does each of us owe", "vad blir det per person".
    let asks_share = (0..text.tokens.len()).any(|at| match text.lower(at) {
        "each" => text.lower(at + 1) == "of" && matches!(text.lower(at + 2), "us" | "them"),
        "per" => matches!(text.lower(at + 1), "person" | "head" | "skalle"),
        "var" => text.lower(at + 1) == "och" && text.lower(at + 2) == "en",
        _ => false,
    });
    if !says(SHARES) && !asks_share {
        return None;
    }
    match (are_sharers(text, first), are_sharers(text, second)) {
        (true, false) => Some(made(second, '/', first, None)),
        (false, true) => Some(made(first, '/', second, None)),
        _ => None,
    }
}

/// "3 pizzas at 189 kr each, split between 7 of us": each one's share of what several come to.
fn shared_several(text: &Text<'_>, figures: &[&Number]) -> Option<Problem> {
    let says_share = (0..text.tokens.len()).any(|at| SHARES.contains(&text.lower(at)));
    let at = figures.iter().position(|number| are_sharers(text, number)).filter(|_| says_share)?;
    let sharers = figures.get(at)?;
    let others: Vec<&Number> = figures.iter().filter(|number| !std::ptr::eq(**number, *sharers)).copied().collect();
    let [first, second] = others.as_slice() else { return None };
    let all = several(text, first, second).or_else(|| several(text, second, first))?;
    Some(Problem { expression: format!("{} / {}", all.expression, sharers.value), ..all })
}

/// "A jacket costs 1450 kr and there is 30 percent off, what do I pay?"
fn reduced(text: &Text<'_>, figures: &[&Number]) -> Option<Problem> {
    let [first, second] = figures else { return None };
    let (whole, share) = match (first.percent, second.percent) {
        (false, true) => (first, second),
        (true, false) => (second, first),
        _ => return None,
    };
    let says = |known: &[&str], mut at: std::ops::Range<usize>| at.any(|at| known.contains(&text.lower(at)));
    let end = text.tokens.len();
    let asked = (second.whole.end..end).find(|at| matches!(text.lower(*at), "," | "." | "?" | ";" | "-" | "–"))?;
    // "After the discount" asks for what is left, and "what is the discount" does not.
    let asks_other = (asked..end).any(|at| {
        let behind = (1..3).any(|back| {
            at.checked_sub(back).is_some_and(|at| matches!(text.lower(at), "after" | "efter" | "with" | "med"))
        });
        REDUCED.contains(&text.lower(at)) && !behind
    });
    let is_reduced = says(REDUCED, 0..asked) && says(PAYS, asked..end) && !asks_other;
    let expression = format!("{0} - {1} / 100 * {0}", whole.value, share.value);
    is_reduced.then_some(Problem { expression, unit: None })
}

/// Words that say a price is lowered, and those that ask for what is left of it.
const REDUCED: &[&str] = &[
    "off",
    "discount",
    "discounted",
    "reduced",
    "reduction",
    "cheaper",
    "sale",
    "rabatt",
    "rabatten",
    "rea",
    "nedsatt",
    "sänkt",
    "billigare",
];
const PAYS: &[&str] =
    &["pay", "price", "cost", "costs", "now", "betala", "betalar", "pris", "priset", "kosta", "kostar", "då"];

/// What `n` of something come to, at `each` for one of them: "the rent is 1190 a month … in twelve months", "a sack weighs
/// 12.5 kg, and I have 9 sacks".
fn several(text: &Text<'_>, each: &Number, n: &Number) -> Option<Problem> {
    let noun = |at: usize| text.get(at).filter(|token| token.kind == Kind::Word && token.quote.is_none());
    // "64 mil" at "0,7 liter per mil", "3 hours" at "90 km/h".
    let parts = each.unit.and_then(|unit| unit.names.first()?.split_once('/'));
    if let Some((wanted, per)) = parts.and_then(|(wanted, per)| Some((units::find(wanted)?, units::find(per)?)))
        && n.unit.is_some_and(|unit| std::ptr::eq(unit, per))
    {
        return Some(made(each, '*', n, wanted.names.first().map(|name| (*name).to_owned())));
    }
    let counted = noun(n.tokens.end)?.lower.as_str();
    // "36 pieces", "42 aktier à 289,50".
    let pieces = matches!(counted, "pieces" | "pcs" | "stycken" | "st" | "styck");
    let at_each =
        n.tokens.end + 2 == each.whole.start && matches!(text.lower(n.tokens.end + 1), "à" | "á" | "@" | "at" | "för");
    let is_same = |one: &str| pieces || one.chars().count() > 2 && words::same(one, counted);
    // "1190 a month", "210 kr i timmen", "35 per day".
    let behind = (each.whole.end..each.whole.end + 2)
        .find(|at| matches!(text.lower(*at), "per" | "a" | "an" | "each" | "every" | "i" | "om" | "varje"))
        .and_then(|at| noun(at + 1));
    // "A sack weighs 12.5 kg", "if one box holds 24 bottles".
    let told = each.whole.start.checked_sub(1).filter(|at| COMES_TO.contains(&text.lower(*at)));
    let before = told.and_then(|at| Some((at.checked_sub(2)?, at - 1)));
    let before = before.filter(|(one, _)| ONE.contains(&text.lower(*one))).and_then(|(_, at)| noun(at));
    // "18,40 kr litern".
    let definite = noun(each.whole.end).filter(|_| each.unit.is_some_and(|unit| unit.dimension == Dimension::Money));
    let fits = at_each || behind.into_iter().chain(before).chain(definite).any(|one| is_same(&one.lower));
    let unit = each.unit.filter(|unit| unit.dimension != Dimension::Money).and_then(|unit| unit.names.first());
    fits.then(|| made(each, '*', n, unit.map(|name| (*name).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::super::Said;
    use crate::routing::{CivilNow, language};

    const NOW: CivilNow = CivilNow { year: 2026, month: 11, day: 22, hour: 12, minute: 0, second: 0, weekday: 7 };

    #[test]
    fn sums_in_words_are_found() {
        for (text, wanted) in [
            ("My room is 4.2 by 3.5 metres. What's the area in square metres?", Some(("4.2 * 3.5", Some("m²")))),
            (
                "Tomten är 32 meter lång och 25 meter bred. Hur många kvadratmeter är den?",
                Some(("32 * 25", Some("m²"))),
            ),
            ("Split a bill of 1248 dollars evenly between 6 people", Some(("1248 / 6", None))),
            (
                "Vi är fem personer som delar lika på en nota på 1840 kr. Vad blir det per person?",
                Some(("1840 / 5", None)),
            ),
            ("The rent is 1190 a month. What does the rent come to in twelve months?", Some(("1190 * 12", None))),
            ("En säck väger 12,5 kg och jag har 9 säckar. Vad väger de tillsammans?", Some(("12.5 * 9", Some("kg")))),
            ("A ticket costs 145 kr. How much are 4 tickets?", Some(("145 * 4", None))),
            (
                "3 pizzas at 189 kr each split between 7 of us. How much is that per person?",
                Some(("189 * 3 / 7", None)),
            ),
            (
                "En jacka kostar 1450 kr och det är 30 procent rabatt. Vad får jag betala?",
                Some(("1450 - 30 / 100 * 1450", None)),
            ),
            (
                "We were 8 at the restaurant and the bill came to 1284. What does each of us owe?",
                Some(("1284 / 8", None)),
            ),
            (
                "I'm getting 3 cartons of milk at 1.89 each plus a loaf of bread for 2.45. What does it come to in total?",
                Some(("3 * 1.89 + 2.45", None)),
            ),
            (
                "En tröja kostar 599 kr och det är 30 % rabatt. Vad blir priset efter rabatten?",
                Some(("599 - 30 / 100 * 599", None)),
            ),
            ("A coat is 80 dollars with 25% off. What is the discount?", None),
            ("How many km is 5 miles, and 3 miles?", None),
            ("What is 4 by 3?", None),
            ("Is 97 a prime, and 8?", None),
            ("Add 3 days to 4 May", None),
        ] {
            let said = Said::new(text, language::detect(text), NOW);
            let found = said.problem();
            let found = found.as_ref().map(|found| (found.expression.as_str(), found.unit.as_deref()));
            assert_eq!(found, wanted, "{text}");
        }
    }
}
