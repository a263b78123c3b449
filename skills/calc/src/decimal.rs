//! Writes fractions as decimal numbers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// `value` with at most `digits` decimals, rounded half away from zero, and whether that is exact.
pub fn write(value: &BigRational, digits: u32) -> (String, bool) {
    let scale = BigInt::from(10).pow(digits);
    let (mut scaled, rest) = (value.numer().abs() * &scale).div_rem(value.denom());
    if &rest * 2 >= *value.denom() {
        scaled += 1;
    }
    let (whole, decimals) = scaled.div_rem(&scale);
    let sign = if value.is_negative() && !scaled.is_zero() { "-" } else { "" };
    let mut text = format!("{sign}{whole}");
    if !decimals.is_zero() {
        let decimals = format!("{decimals:0>width$}", decimals = decimals.to_string(), width = digits as usize);
        text.push('.');
        text.push_str(decimals.trim_end_matches('0'));
    }
    (text, rest.is_zero())
}
