//! The figure of a table that a part asks for, "the highest price": which column, and which of what is told of it.

use serde_json::Value;

use super::super::{arguments, shapes, tables};
use super::escaped;

/// What figures of a column are called, and the words that ask for them.
const FIGURES: &[(&str, &[&str])] = &[
    ("sum", &["sum", "total", "totals", "altogether", "summa", "summan", "totalt", "totala", "totalen", "sammanlagt"]),
    (
        "mean",
        &[
            "average",
            "mean",
            "avg",
            "genomsnitt",
            "genomsnittet",
            "genomsnittlig",
            "genomsnittliga",
            "medel",
            "medelvärde",
            "medelvärdet",
            "snitt",
            "snittet",
        ],
    ),
    ("median", &["median", "medianen", "medianvärdet"]),
    (
        "max",
        &[
            "highest", "largest", "biggest", "max", "maximum", "most", "top", "högsta", "högst", "största", "störst",
            "maximala", "flest", "mest", "dyraste", "äldsta", "längsta", "tyngsta", "oldest", "heaviest", "longest",
        ],
    ),
    (
        "min",
        &[
            "lowest",
            "smallest",
            "least",
            "min",
            "minimum",
            "lägsta",
            "lägst",
            "minsta",
            "minst",
            "minimala",
            "billigaste",
            "yngsta",
            "kortaste",
            "cheapest",
            "youngest",
            "shortest",
        ],
    ),
];

/// Where an answer of `schema` about the table `block` has the figure that `asked` asks for: a list with "columns" in its
/// name has one item for each column, in their order.
pub fn figure(schema: &Value, block: &str, asked: &str) -> Option<(String, &'static str)> {
    let words = words_about(block, asked);
    let (figure, _) = FIGURES.iter().find(|(_, says)| words.iter().any(|word| says.contains(&word.as_str())))?;
    let pointer = format!("/{}/{}/{figure}", escaped(list(schema)?), column(block, &words)?);
    matches!(shapes::at(schema, &pointer), shapes::Place::Known(_)).then_some((pointer, *figure))
}

/// Whether `asked` names a figure, and a column of `block`.
pub fn names_figure(block: &str, asked: &str) -> bool {
    let words = words_about(block, asked);
    FIGURES.iter().any(|(_, says)| words.iter().any(|word| says.contains(&word.as_str())))
        && column_named(block, &words).is_some()
}

/// The unit that the column which `asked` asks for is called by: minutes, of "dag;minuter".
pub fn unit(block: &str, asked: &str) -> Option<String> {
    let at = column(block, &words_about(block, asked))?;
    let name = tables::cells(block).next()?.get(at)?.to_lowercase();
    arguments::words_of_name(&name).into_iter().rev().find(|word| arguments::is_unit(word))
}

/// Where `text` names a figure of a column of `block`: "the sum of the prices", "summan av priserna".
pub fn phrase(block: &str, text: &str) -> Option<std::ops::Range<usize>> {
    let mut words: Vec<(usize, String)> = Vec::new();
    for (at, word) in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
    {
        words.push((at, word.to_lowercase()));
    }
    let said = |word: &str| FIGURES.iter().any(|(_, says)| says.contains(&word));
    let at = words.iter().position(|(_, word)| said(word))?;
    let is_column = |word: &str| column_named(block, &[word.to_owned()]).is_some();
    let last = (at + 1..words.len().min(at + 5)).find(|next| words.get(*next).is_some_and(|(_, word)| is_column(word)));
    let article = at.checked_sub(1).filter(|before| {
        words.get(*before).is_some_and(|(_, word)| matches!(word.as_str(), "the" | "den" | "det" | "a"))
    });
    let (start, _) = words.get(article.unwrap_or(at))?;
    let named = last.unwrap_or(at);
    // "The average of its temp column".
    let column =
        words.get(named + 1).is_some_and(|(_, word)| matches!(word.as_str(), "column" | "kolumn" | "kolumnen"));
    let (end, word) = words.get(named + usize::from(column && last.is_some()))?;
    Some(*start..end + word.len())
}

/// Whether `noun` is what the figure `name` is called by.
pub fn is_called(name: &str, noun: &str) -> bool {
    FIGURES.iter().any(|(figure, says)| *figure == name && says.contains(&noun))
}

/// The list of an answer of `schema` that has an item for each column.
pub fn list(schema: &Value) -> Option<&str> {
    let lists = shapes::resolved(schema, schema).get("properties").and_then(Value::as_object)?;
    let of_columns = |name: &&String| arguments::words_of_name(name).iter().any(|word| word == "columns");
    lists.keys().find(of_columns).map(String::as_str)
}

/// Whether `text` asks about the table `block`: for a figure of a column, or by the words for what tables have.
pub fn is_asked(block: &str, text: &str) -> bool {
    let words = words_about(block, text);
    let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let names_any = || {
        let names: Vec<&str> = tables::cells(block).next().unwrap_or_default();
        names.iter().any(|name| is_named(name, &words))
    };
    says(TABLE)
        || says(COMMON) && names_any()
        || FIGURES.iter().any(|(_, figure)| says(figure)) && column(block, &words).is_some()
}

/// The words of `text`, and those that a word with a figure before a column's name is made of: "medelåldern".
fn words_about(block: &str, text: &str) -> Vec<String> {
    const FIRST: &[(&str, &str)] = &[
        ("medel", "medel"),
        ("snitt", "snitt"),
        ("genomsnitts", "snitt"),
        ("median", "median"),
        ("total", "totalt"),
        ("max", "max"),
        ("min", "min"),
        ("topp", "top"),
    ];
    let names: Vec<String> = tables::cells(block).next().into_iter().flatten().map(str::to_lowercase).collect();
    let mut words: Vec<String> = arguments::plain_words(text).collect();
    // "Min chef" is nobody's lowest.
    let is_mine = |pair: &[String]| {
        let of = ["max", "and", "och", "value", "värde", "värdet", "of", "på", "i", "för", "av", "in", "for"];
        matches!(pair, [mine, next] if mine == "min" && !of.contains(&&**next)
            && !names.iter().any(|name| arguments::same_word(name.trim(), next)))
    };
    if let Some(at) = words.windows(2).position(is_mine) {
        words.remove(at);
    }
    let parts = words.iter().find_map(|word| {
        FIRST.iter().find_map(|(first, figure)| {
            let rest = word.strip_prefix(first)?;
            names
                .iter()
                .any(|name| arguments::same_word(name.trim(), rest))
                .then(|| [(*figure).to_owned(), rest.to_owned()])
        })
    });
    words.extend(parts.into_iter().flatten());
    // "What do these amounts add up to".
    if words.windows(2).any(|pair| matches!(pair, [first, second] if first == "add" && second == "up")) {
        words.push("sum".to_owned());
    }
    words
}

/// Words that ask for what a column has most often.
const COMMON: &[&str] = &["common", "commonest", "frequent", "vanligast", "vanligaste", "oftast"];

/// Words for a table and what it has.
const TABLE: &[&str] = &[
    "table", "csv", "row", "rows", "column", "columns", "tabell", "tabellen", "rad", "rader", "raderna", "kolumn",
    "kolumnen", "kolumner",
];

/// The place of the column that `words` name, or of the only one of numbers.
fn column(block: &str, words: &[String]) -> Option<usize> {
    let figures = figures_of(block)?;
    column_named(block, words).or_else(|| figures.first().copied().filter(|_| figures.len() == 1))
}

/// The places of the columns of numbers.
fn figures_of(block: &str) -> Option<Vec<usize>> {
    let first = tables::cells(block).nth(1)?;
    // A date begins with a figure, and is none.
    let is_date = |cell: &str| cell.trim().chars().skip(1).filter(|letter| *letter == '-').count() > 1;
    let is_figure = |at: &usize| first.get(*at).is_some_and(|cell| tables::is_figure(cell) && !is_date(cell));
    Some((0..first.len()).filter(is_figure).collect())
}

/// The place of the column of numbers that `words` name.
fn column_named(block: &str, words: &[String]) -> Option<usize> {
    let names = tables::cells(block).next()?;
    figures_of(block)?.into_iter().find(|at| names.get(*at).is_some_and(|name| is_named(name, words)))
}

/// Whether `words` name the column `name`.
fn is_named(name: &str, words: &[String]) -> bool {
    let own = arguments::words_of_name(name);
    own.iter().any(|own| words.iter().any(|word| arguments::same_word(word, own)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_figure_of_a_column_is_found_by_its_words_or_where_there_is_one_of_numbers() {
        let column = json!({"type": "object", "properties": {
            "name": {"type": "string"}, "sum": {"type": "number"}, "max": {"type": "number"},
        }});
        let schema = json!({"type": "object", "properties": {
            "rows": {"type": "integer"}, "columns": {"type": "array", "items": column},
        }});
        let table = "vara;pris;antal\nkaffe;54,90;2\nost;129,00;1";
        let at = |asked| figure(&schema, table, asked).map(|(pointer, _)| pointer);
        assert_eq!(at("vad är summan av priserna?").as_deref(), Some("/columns/1/sum"));
        assert_eq!(at("what is the highest antal").as_deref(), Some("/columns/2/max"));
        assert_eq!(at("what is the highest"), None, "of which?");
        assert_eq!(at("skicka den till min chef"), None, "a word of its own");
        assert_eq!(at("what is the median pris"), None, "nothing tells it");
        assert_eq!(figure(&schema, "a,b\nx,1", "the total"), Some(("/columns/1/sum".to_owned(), "sum")));
    }
}
