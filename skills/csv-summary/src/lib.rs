//! A skill that summarises CSV tables column by column.

mod cell;
mod column;
mod sniff;

use csv::{ReaderBuilder, StringRecord};
use happyos_sdk::{Result, SkillError, progress, skill};
use schemars::JsonSchema;
use serde::Serialize;

use column::{Column, ColumnSummary};

/// Most columns that are summarised.
const COLUMNS_MAX: usize = 1_000;
/// Rows between two reports of progress.
const REPORT_EVERY_ROWS: usize = 10_000;

#[derive(Serialize, JsonSchema)]
struct Summary {
    /// Rows, without the one with the names.
    rows: usize,
    /// Rows with fewer or more cells than there are columns; what is beyond them is left out.
    uneven_rows: usize,
    /// What stands between two cells.
    delimiter: char,
    /// Whether the first row was taken for names.
    header: bool,
    /// Whether numbers were read with a decimal comma.
    decimal_comma: bool,
    columns: Vec<ColumnSummary>,
}

/// Summarises a CSV table column by column: the type of its values, how many there are, are missing and are distinct,
/// the smallest, largest, mean, median and sum of numbers, and the most common value. Finds out the delimiter, decimal
/// commas and the header by itself.
#[skill(name = "csv-summary", read_only, idempotent, examples = "examples/csv-summary.json")]
fn csv_summary(
    /// The table, as CSV.
    text: String,
    /// What stands between two cells, one ASCII character; found out if absent.
    delimiter: Option<char>,
    /// Whether the first row holds names; found out if absent.
    header: Option<bool>,
) -> Result<Summary> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return Err(SkillError::invalid("`text` is empty; it should hold a table in CSV"));
    }
    let delimiter = match delimiter {
        Some(delimiter) => ascii(delimiter)?,
        None => sniff::delimiter(text),
    };
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut first_rows = Vec::new();
    while first_rows.len() < 2 && reader.read_record(&mut record).map_err(SkillError::invalid)? {
        first_rows.push(record.clone());
    }
    let header = header.unwrap_or_else(|| sniff::header(&first_rows));
    let decimal_comma = delimiter != b',' && sniff::decimal_comma(text, delimiter);
    let width = first_rows.first().map_or(0, StringRecord::len);
    if width > COLUMNS_MAX {
        return Err(SkillError::invalid(format!(
            "the table has {width} columns; at most {COLUMNS_MAX} can be summarised"
        )));
    }
    let mut table = Table::new(first_rows.first().filter(|_| header), width, decimal_comma);
    for row in first_rows.iter().skip(usize::from(header)) {
        table.add(row);
    }
    while reader.read_record(&mut record).map_err(SkillError::invalid)? {
        table.add(&record);
        if table.rows.is_multiple_of(REPORT_EVERY_ROWS) {
            let done = record.position().map_or(0, csv::Position::byte) as f64;
            progress::report(done, Some(text.len() as f64), format!("{} rows", table.rows));
        }
    }
    Ok(Summary {
        rows: table.rows,
        uneven_rows: table.uneven_rows,
        delimiter: char::from(delimiter),
        header,
        decimal_comma,
        columns: table.columns.into_iter().map(Column::summarise).collect(),
    })
}

happyos_sdk::bundle!(csv_summary);

struct Table {
    columns: Vec<Column>,
    rows: usize,
    uneven_rows: usize,
}

impl Table {
    fn new(names: Option<&StringRecord>, width: usize, decimal_comma: bool) -> Self {
        let name = |index| match names.and_then(|names| names.get(index)).map(str::trim) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("column {}", index + 1),
        };
        Self {
            columns: (0..width).map(|index| Column::new(name(index), decimal_comma)).collect(),
            rows: 0,
            uneven_rows: 0,
        }
    }

    fn add(&mut self, row: &StringRecord) {
        self.rows += 1;
        self.uneven_rows += usize::from(row.len() != self.columns.len());
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.add(row.get(index).unwrap_or(""));
        }
    }
}

fn ascii(delimiter: char) -> Result<u8> {
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(byte),
        _ => Err(SkillError::invalid(format!(
            "`{delimiter}` cannot be a delimiter; it is one ASCII character such as `;`"
        ))),
    }
}

#[cfg(test)]
mod tests;
