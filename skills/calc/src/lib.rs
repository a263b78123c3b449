//! A skill for exact arithmetic: whole numbers and fractions of any size, within stated bounds.

mod arithmetic;
mod decimal;
mod parser;

use happyos_sdk::{Result, SkillError, skill};
use schemars::JsonSchema;
use serde::Serialize;

const DIGITS_DEFAULT: u32 = 20;
const DIGITS_MAX: u32 = 1_000;

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The result as a decimal number, rounded if it has more decimals than asked for.
    result: String,
    /// The exact result: a whole number, or a fraction in lowest terms such as `1/3`.
    fraction: String,
    /// Whether `result` is exact, not rounded.
    exact: bool,
}

/// Calculates an arithmetic expression exactly, without rounding errors: + - * / ^ (power) % (remainder) ! (factorial)
/// and parentheses, on whole numbers and decimals of any size. Gives the decimal result and the exact fraction.
#[skill(read_only, idempotent, examples = "examples/calc.json")]
fn calc(
    /// Such as `(1/3 + 0.25) * 12` or `2^100`. Decimal point or comma; `×`, `·`, `÷` and `**` work too.
    expression: String,
    /// Most decimals in `result`, 0 to 1000; 20 if absent.
    digits: Option<u32>,
) -> Result<Answer> {
    let digits = digits.unwrap_or(DIGITS_DEFAULT);
    if digits > DIGITS_MAX {
        return Err(SkillError::invalid(format!("`digits` is {digits}; at most {DIGITS_MAX} can be had")));
    }
    let value = parser::evaluate(&expression)?;
    let (result, exact) = decimal::write(&value, digits);
    Ok(Answer { result, fraction: value.to_string(), exact })
}

happyos_sdk::bundle!(calc);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples() {
        happyos_sdk::testing::check_examples(&crate::BUNDLE);
    }

    #[track_caller]
    fn check(expression: &str, fraction: &str) {
        let answer = calc(expression.to_owned(), None).map(|answer| answer.fraction);
        assert_eq!(answer, Ok(fraction.to_owned()), "{expression}");
    }

    #[track_caller]
    fn refused(expression: &str, part: &str) {
        let error = calc(expression.to_owned(), None).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("invalid-input: ") && error.contains(part), "{expression}: {error}");
    }

    #[test]
    fn precedence() {
        check("1 + 2 * 3", "7");
        check("(1 + 2) * 3", "9");
        check("-2^2", "-4");
        check("2^3^2", "512");
        check("2^-1 * 4", "2");
        check("10 - 4 - 3", "3");
        check("3!^2", "36");
        check("-3!", "-6");
        check("2 - -3", "5");
        check("8 / 2 * 4", "16");
    }

    #[test]
    fn numbers_as_people_write_them() {
        check("0.1 + 0.2", "3/10");
        check("1,5 × 2", "3");
        check("6 ÷ 4 − 1", "1/2");
        check("1 000 000 + 1_000", "1001000");
        check("1.5e3", "1500");
        check("25e-2", "1/4");
        check(".5 + 2 ** 3", "17/2");
    }

    #[test]
    fn remainders_take_the_divisor_s_sign() {
        check("7 % 3", "1");
        check("-7 % 3", "2");
        check("7.5 % 2", "3/2");
    }

    #[test]
    fn what_is_too_large_is_refused_at_once() {
        refused("9^9^9", "too large");
        refused("2^1000000000000000000000", "too large");
        refused("5911!", "too large");
        assert!(calc("5910!".to_owned(), None).is_ok());
        refused("1e999999999", "too large");
        refused(&format!("{}1{}", "(".repeat(500), ")".repeat(500)), "nested");
        refused(&"-".repeat(500), "nested");
        refused(&"1+".repeat(6_000), "long");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        refused("1 / 0", "by zero");
        refused("5 % 0", "by zero");
        refused("0^-1", "by zero");
        refused("2^0.5", "whole");
        refused("0.5!", "whole");
        refused("(-3)!", "whole");
        refused("1 +", "position");
        refused("2 apples", "`apples`");
        refused("", "empty");
        refused("1 2", "position");
    }

    #[test]
    fn decimals_are_rounded_half_away_from_zero() {
        let answer = |expression: &str, digits| {
            calc(expression.to_owned(), Some(digits)).map(|answer| (answer.result, answer.exact))
        };
        assert_eq!(answer("2/3", 3), Ok(("0.667".to_owned(), false)));
        assert_eq!(answer("-2/3", 0), Ok(("-1".to_owned(), false)));
        assert_eq!(answer("1/8", 2), Ok(("0.13".to_owned(), false)));
        assert_eq!(answer("1/8", 3), Ok(("0.125".to_owned(), true)));
        assert_eq!(answer("-1/1000", 2), Ok(("0".to_owned(), false)));
        assert_eq!(answer("100", 5), Ok(("100".to_owned(), true)));
    }
}
