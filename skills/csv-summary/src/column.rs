//! What is gathered of a column, and what is told of it.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cell::{self, Cell};

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// No values at all.
    Empty,
    Integer,
    Number,
    Boolean,
    /// `YYYY-MM-DD`, perhaps with a time.
    Date,
    /// Anything else, or a mixture.
    Text,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ColumnSummary {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Type,
    /// Cells with a value.
    pub count: usize,
    /// Empty cells, and such as `NA` and `null`.
    pub missing: usize,
    /// Different values.
    pub distinct: usize,
    /// The smallest number, or the first date or text by the alphabet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Extreme>,
    /// The largest number, or the last date or text by the alphabet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Extreme>,
    /// Of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// Of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<f64>,
    /// The value that occurs most often, if any occurs twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_common: Option<Common>,
}

/// An end of a column's range.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Extreme {
    Number(f64),
    Text(String),
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Common {
    pub value: String,
    pub count: usize,
}

/// A column on the way.
pub struct Column {
    name: String,
    decimal_comma: bool,
    counts: HashMap<String, usize>,
    numbers: Vec<f64>,
    n_integers: usize,
    n_booleans: usize,
    n_dates: usize,
    count: usize,
    missing: usize,
}

impl Column {
    pub fn new(name: String, decimal_comma: bool) -> Self {
        Self {
            name,
            decimal_comma,
            counts: HashMap::new(),
            numbers: Vec::new(),
            n_integers: 0,
            n_booleans: 0,
            n_dates: 0,
            count: 0,
            missing: 0,
        }
    }

    /// Takes in one cell.
    pub fn add(&mut self, text: &str) {
        let text = text.trim();
        match cell::read(text, self.decimal_comma) {
            Cell::Missing => {
                self.missing += 1;
                return;
            }
            Cell::Integer(number) => {
                self.n_integers += 1;
                self.numbers.push(number);
            }
            Cell::Number(number) => self.numbers.push(number),
            Cell::Boolean => self.n_booleans += 1,
            Cell::Date => self.n_dates += 1,
            Cell::Text => {}
        }
        self.count += 1;
        match self.counts.get_mut(text) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(text.to_owned(), 1);
            }
        }
    }

    /// What there is to tell.
    pub fn summarise(mut self) -> ColumnSummary {
        let kind = self.kind();
        let most_common = self.counts.iter().filter(|(_, count)| **count > 1);
        // The first by the alphabet of those that are as common, so that the answer is always the same.
        let most_common = most_common.max_by(|left, right| left.1.cmp(right.1).then_with(|| right.0.cmp(left.0)));
        let most_common = most_common.map(|(value, count)| Common { value: value.clone(), count: *count });
        let mut summary = ColumnSummary {
            name: self.name,
            kind,
            count: self.count,
            missing: self.missing,
            distinct: self.counts.len(),
            min: None,
            max: None,
            mean: None,
            median: None,
            sum: None,
            most_common,
        };
        match kind {
            Type::Integer | Type::Number => {
                self.numbers.sort_unstable_by(f64::total_cmp);
                let sum = sum(&self.numbers);
                summary.min = self.numbers.first().copied().map(Extreme::Number);
                summary.max = self.numbers.last().copied().map(Extreme::Number);
                summary.sum = Some(sum);
                summary.mean = Some(sum / self.numbers.len() as f64);
                summary.median = median(&self.numbers);
            }
            Type::Date | Type::Text => {
                summary.min = self.counts.keys().min().cloned().map(Extreme::Text);
                summary.max = self.counts.keys().max().cloned().map(Extreme::Text);
            }
            Type::Boolean | Type::Empty => {}
        }
        summary
    }

    fn kind(&self) -> Type {
        match self.count {
            0 => Type::Empty,
            all if all == self.n_integers => Type::Integer,
            all if all == self.numbers.len() => Type::Number,
            all if all == self.n_booleans => Type::Boolean,
            all if all == self.n_dates => Type::Date,
            _ => Type::Text,
        }
    }
}

/// Neumaier's sum: 0.1 ten times is 1.
fn sum(numbers: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for number in numbers {
        let next = sum + number;
        lost += if sum.abs() >= number.abs() { (sum - next) + number } else { (number - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The middle of `sorted`, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| f64::midpoint(*lower, *upper))
}
