//! Tables within a request: lines of cells, one under another, which are data and no words of the request.

use std::ops::Range;

/// What cells are parted by; the first that parts the lines alike is taken.
const MARKS: [char; 4] = ['\t', ';', '|', ','];
/// Words of one cell; what has more is a sentence.
const CELL_WORDS_MAX: usize = 5;
/// Tables of one request.
const TABLES_MAX: usize = 4;

/// Where the tables of `text` stand, in bytes, without the line's end behind them.
pub fn find(text: &str) -> Vec<Range<usize>> {
    // Most requests are one line.
    if !text.contains('\n') {
        return Vec::new();
    }
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        lines.push(start..start + line.trim_end_matches('\r').len());
        start += line.len() + 1;
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < lines.len() && found.len() < TABLES_MAX {
        let rest = lines.get(at..).unwrap_or_default();
        let rows = MARKS.iter().map(|mark| n_rows(text, rest, *mark)).find(|n_rows| *n_rows > 1);
        // "The mean of the table week;points", and the rows below.
        if let (None, Some(first)) = (rows, rest.first())
            && let Some((start, n_rows)) = header_behind(text, rest)
        {
            found.push(start..rest.get(n_rows - 1).map_or(first.end, |last| last.end));
            at += n_rows;
            continue;
        }
        match (rows, rest.first()) {
            (Some(n_rows), Some(first)) => {
                let end = rest.get(n_rows - 1).map_or(first.end, |last| last.end);
                // "Sum up this: a;b".
                let line = text.get(first.clone()).unwrap_or_default();
                let said = line.find(": ").map_or(0, |colon| colon + 2);
                found.push(first.start + said..end);
                at += n_rows;
            }
            _ => at += 1,
        }
    }
    found
}

/// Where the last word of the first line begins, and how many lines there are, where that word is the header of the rows below.
fn header_behind(text: &str, lines: &[Range<usize>]) -> Option<(usize, usize)> {
    let first = lines.first()?;
    let space = text.get(first.clone())?.rfind(' ')?;
    let header = first.start + space + 1..first.end;
    let led: Vec<Range<usize>> = std::iter::once(header.clone()).chain(lines.iter().skip(1).cloned()).collect();
    let rows = MARKS.iter().map(|mark| n_rows(text, &led, *mark)).find(|n_rows| *n_rows > 2)?;
    Some((header.start, rows))
}

/// How many of `lines`, from the first on, have as many cells as the first.
fn n_rows(text: &str, lines: &[Range<usize>], mark: char) -> usize {
    let shape = |line: &Range<usize>| text.get(line.clone()).and_then(|line| shape(line, mark));
    let Some(first) = lines.first().and_then(shape) else { return 0 };
    let n_rows = lines.iter().take_while(|line| shape(line) == Some(first)).count();
    // "Milk, bread" is no row yet, whatever is below it; "milk, 12" is.
    let has_figure = |line: &Range<usize>| {
        let cells = text.get(line.clone()).unwrap_or_default().split(mark);
        cells.into_iter().any(is_figure)
    };
    let prose = mark == ',' && first.1 && !lines.iter().take(n_rows).skip(1).all(has_figure);
    if prose { 0 } else { n_rows }
}

/// How many cells a line has, and whether a space is behind each mark; `None` if it is no row.
fn shape(line: &str, mark: char) -> Option<(usize, bool)> {
    let line = line.trim();
    if line.is_empty() || line.ends_with(['.', '?', '!', ':']) {
        return None;
    }
    let cells = parted(line, mark);
    let is_cell = |cell: &&str| cell.split_whitespace().count() <= CELL_WORDS_MAX;
    let spaced = cells.iter().skip(1).all(|cell| cell.starts_with(' '));
    (cells.len() > 1 && cells.iter().all(is_cell)).then_some((cells.len(), spaced))
}

fn parted(line: &str, mark: char) -> Vec<&str> {
    let mut quoted = false;
    let parts = line.split(move |character: char| {
        quoted ^= character == '"';
        character == mark && !quoted
    });
    parts.collect()
}

/// The cells of a table, row by row.
pub fn cells(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let first = table.lines().next().unwrap_or_default();
    let mark = MARKS.into_iter().find(|mark| shape(first, *mark).is_some()).unwrap_or(',');
    table.lines().map(move |line| parted(line.trim(), mark))
}

/// Whether a cell begins as a number does, with or without a sign.
pub fn is_figure(cell: &str) -> bool {
    cell.trim().trim_start_matches(['-', '−', '+']).starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_under_one_another_are_a_table_and_sentences_are_not() {
        for (text, wanted) in [
            ("How old are they, on average?\nname,age\nNora,31\nSam,45", vec!["name,age\nNora,31\nSam,45"]),
            ("vara;pris\nkaffe;54,90\nost;129,00\nVad kostar det?", vec!["vara;pris\nkaffe;54,90\nost;129,00"]),
            ("Lista:\nstad|antal\nLund|12\nHur många rader är det, och vad?", vec!["stad|antal\nLund|12"]),
            ("Sum up this: a;b\n1;2\n\nand then 5*5", vec!["a;b\n1;2"]),
            ("a,b\n\"x, y\",2", vec!["a,b\n\"x, y\",2"]),
            ("Hi there, can you help me?\nThanks, Ann", vec![]),
            ("buy milk, bread\nand call mum, too", vec![]),
            ("item, price\nmilk, 12\nbread, 30", vec!["item, price\nmilk, 12\nbread, 30"]),
            ("Vad är medelvärdet i tabellen vecka;poäng\n1;31\n2;47", vec!["vecka;poäng\n1;31\n2;47"]),
            ("convert 5 miles to km", vec![]),
            ("name,age", vec![]),
        ] {
            let found: Vec<&str> = find(text).into_iter().map(|table| &text[table]).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
