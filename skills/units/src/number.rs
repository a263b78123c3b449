//! Exact numbers from text and back.

use happyos_sdk::{Result, SkillError};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// Digits that an inexact result is rounded to.
const SIGNIFICANT: u32 = 12;
/// Most decimals that an exact result is written with.
const EXACT_DECIMALS_MAX: u32 = 40;

/// Reads `1609.344`, `5/9`, `1.602e-19`, and products and quotients of such, as in `4.4482216152605/0.00064516`.
pub fn read(text: &str) -> Result<BigRational> {
    let mut parts = text.split('/');
    let mut value = decimal(parts.next().unwrap_or(""))?;
    for part in parts {
        value /= decimal(part)?;
    }
    Ok(value)
}

fn decimal(text: &str) -> Result<BigRational> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let number = || SkillError::invalid(format!("`{text}` is not a number"));
    let digits: BigInt = format!("{whole}{decimals}").parse().map_err(|_| number())?;
    let exponent = exponent.parse::<i32>().map_err(|_| number())? - decimals.len() as i32;
    let scale = BigInt::from(10).pow(exponent.unsigned_abs());
    Ok(if exponent < 0 { BigRational::new(digits, scale) } else { BigRational::from_integer(digits * scale) })
}

/// `value` in full if its decimals end, otherwise to twelve significant digits; and whether that is exact.
pub fn write_significant(value: &BigRational) -> (String, bool) {
    let (text, exact) = write_decimals(value, EXACT_DECIMALS_MAX);
    if exact || value.is_zero() {
        return (text, exact);
    }
    let mut decimals = 0;
    let mut size = value.abs();
    let ten = BigRational::from_integer(BigInt::from(10));
    let limit = BigRational::from_integer(BigInt::from(10).pow(SIGNIFICANT - 1));
    while size < limit {
        size *= &ten;
        decimals += 1;
    }
    write_decimals(value, decimals)
}

/// `value` with at most `decimals` decimals, rounded half away from zero; and whether that is exact.
pub fn write_decimals(value: &BigRational, decimals: u32) -> (String, bool) {
    let scale = BigRational::from_integer(BigInt::from(10).pow(decimals));
    let scaled = value * &scale;
    let rounded = scaled.round();
    let exact = scaled == rounded;
    let digits = rounded.to_integer();
    let text = format!("{:0>width$}", digits.magnitude().to_string(), width = decimals as usize + 1);
    let (whole, fraction) = text.split_at(text.len() - decimals as usize);
    let fraction = fraction.trim_end_matches('0');
    let sign = if digits.is_negative() { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    (format!("{sign}{whole}{point}{fraction}"), exact)
}
