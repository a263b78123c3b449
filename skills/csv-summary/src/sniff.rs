//! Finds out how a table is written.

use csv::{ReaderBuilder, StringRecord};

use crate::cell::{self, Cell};

/// In order of preference where they do as well.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that are looked at.
const ROWS: usize = 50;

/// The delimiter that gives most rows the same number of cells, more than one; a comma if none does.
pub fn delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let widths: Vec<usize> = rows(text, delimiter).map(|row| row.len()).collect();
        let width = widths.first().copied().unwrap_or(0);
        let even = widths.iter().filter(|other| **other == width).count();
        // Rows that agree come first; of "1,5;2,5" both delimiters agree, and the header decides.
        if width > 1 { (even * 100 / widths.len().max(1), width) } else { (0, 0) }
    };
    // The last of equals wins, and the most preferred stands first.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// Whether the first row holds names: no cell in it is empty or a number, and they are all different.
pub fn header(rows: &[StringRecord]) -> bool {
    let Some(first) = rows.first() else {
        return false;
    };
    let names: Vec<&str> = first.iter().map(str::trim).collect();
    let distinct =
        names.iter().enumerate().all(|(index, name)| !names.iter().take(index).any(|earlier| earlier == name));
    let named =
        |name: &&str| matches!(cell::read(name, false), Cell::Text) && matches!(cell::read(name, true), Cell::Text);
    distinct && names.iter().all(named)
}

/// Whether more cells are numbers with a decimal comma than with a point.
pub fn decimal_comma(text: &str, delimiter: u8) -> bool {
    let (mut commas, mut points) = (0, 0);
    for row in rows(text, delimiter) {
        for cell in row.iter().map(str::trim) {
            commas += usize::from(matches!(cell::read(cell, true), Cell::Number(_)) && cell.contains(','));
            points += usize::from(matches!(cell::read(cell, false), Cell::Number(_)) && cell.contains('.'));
        }
    }
    commas > points
}

fn rows(text: &str, delimiter: u8) -> impl Iterator<Item = StringRecord> {
    let reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.into_records().take(ROWS).map_while(Result::ok)
}
