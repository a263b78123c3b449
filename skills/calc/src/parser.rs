//! Reads an expression and computes it on the way.

use happyos_sdk::{Result, SkillError};
use num_bigint::BigInt;
use num_rational::BigRational;
use winnow::combinator::{
    Infix, Postfix, Prefix, alt, cut_err, delimited, dispatch, expression, fail, not, opt, preceded, repeat, terminated,
};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::stream::AsChar;
use winnow::token::{any, one_of, take_while};

use crate::arithmetic;

/// Most characters in an expression.
const LENGTH_MAX: usize = 10_000;
/// Most parentheses, signs and powers that wait for one another: each takes a piece of the stack.
const NESTED_MAX: usize = 32;

/// A number, or why there is none: parsing goes on either way, and the first error wins.
type Value = Result<BigRational>;
type Parsed = winnow::Result<Value, ErrMode<ContextError>>;

/// The value of `text`.
///
/// # Errors
/// [`SkillError::InvalidInput`], with the position where `text` is no expression.
pub fn evaluate(text: &str) -> Value {
    let length = text.chars().count();
    if length > LENGTH_MAX {
        return Err(SkillError::invalid(format!(
            "the expression is too long: {length} characters, at most {LENGTH_MAX}"
        )));
    }
    if text.trim().is_empty() {
        return Err(SkillError::invalid("the expression is empty; write one such as `2 + 3 * 4`"));
    }
    if nested(text) > NESTED_MAX {
        return Err(SkillError::invalid(format!("the expression is nested too deeply: at most {NESTED_MAX} levels")));
    }
    let mut rest = text;
    let parsed = sum.parse_next(&mut rest);
    match parsed {
        Ok(value) if rest.trim_start().is_empty() => value,
        _ => Err(unexpected(text, rest.trim_start())),
    }
}

fn sum(input: &mut &str) -> Parsed {
    expression(preceded(space, alt((number, group))))
        .prefix(preceded(
            space,
            dispatch! {any;
                '-' | '−' | '–' => Prefix(10, |_: &mut &str, a: Value| Ok(a.map(|a| -a))),
                '+' => Prefix(10, |_: &mut &str, a: Value| Ok(a)),
                _ => fail,
            },
        ))
        .postfix(preceded(
            space,
            dispatch! {any;
                '!' => Postfix(14, |_: &mut &str, a: Value| Ok(a.and_then(arithmetic::factorial))),
                _ => fail,
            },
        ))
        .infix(preceded(
            space,
            alt((
                "**".value(Infix::Right(12, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::power)))),
                dispatch! {any;
                    '^' => Infix::Right(12, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::power))),
                    '*' | '×' | '·' | '⋅' => Infix::Left(7, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::multiply))),
                    '/' | '÷' | ':' => Infix::Left(7, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::divide))),
                    '%' => Infix::Left(7, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::remainder))),
                    '+' => Infix::Left(5, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::add))),
                    '-' | '−' | '–' => Infix::Left(5, |_: &mut &str, a, b| Ok(both(a, b, arithmetic::subtract))),
                    _ => fail,
                },
            )),
        ))
        .parse_next(input)
}

fn both(left: Value, right: Value, operation: fn(BigRational, BigRational) -> Value) -> Value {
    operation(left?, right?)
}

fn group(input: &mut &str) -> Parsed {
    delimited('(', cut_err(sum), cut_err((space, ')'))).parse_next(input)
}

/// Digits with one decimal point or comma, and an exponent.
fn number(input: &mut &str) -> Parsed {
    let whole = opt(grouped).parse_next(input)?.unwrap_or_default();
    let decimals = opt(preceded(one_of(['.', ',']), digit1)).parse_next(input)?.unwrap_or("");
    if whole.is_empty() && decimals.is_empty() {
        return fail.parse_next(input);
    }
    let exponent = opt(preceded(one_of(['e', 'E']), (opt(one_of(['+', '-'])), digit1).take())).parse_next(input)?;
    Ok(read(&whole, decimals, exponent.unwrap_or("0")))
}

/// Digits, with a space, `_` or `'` before groups of three.
fn grouped(input: &mut &str) -> winnow::Result<String, ErrMode<ContextError>> {
    let separator = one_of([' ', '\u{a0}', '\u{202f}', '_', '\'']);
    let group =
        preceded(separator, terminated(take_while(3..=3, AsChar::is_dec_digit), not(one_of(AsChar::is_dec_digit))));
    let (first, groups): (&str, Vec<&str>) = (digit1, repeat(0.., group)).parse_next(input)?;
    Ok(groups.into_iter().fold(first.to_owned(), |all, group| all + group))
}

fn digit1<'i>(input: &mut &'i str) -> winnow::Result<&'i str, ErrMode<ContextError>> {
    take_while(1.., AsChar::is_dec_digit).parse_next(input)
}

fn space<'i>(input: &mut &'i str) -> winnow::Result<&'i str, ErrMode<ContextError>> {
    take_while(0.., char::is_whitespace).parse_next(input)
}

fn read(whole: &str, decimals: &str, exponent: &str) -> Value {
    let digits: BigInt = format!("0{whole}{decimals}").parse()?;
    // An exponent that is no i64 is too large for anything else, too.
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX);
    arithmetic::decimal(digits, exponent.saturating_sub(decimals.len() as i64))
}

/// A bound on how many operations of `text` can wait for one another.
fn nested(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut signs, mut most_signs) = (0usize, 0);
    for character in text.chars().filter(|character| !character.is_whitespace()) {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        signs = if matches!(character, '-' | '−' | '–' | '+') { signs + 1 } else { 0 };
        deepest = deepest.max(depth);
        most_signs = most_signs.max(signs);
    }
    deepest + most_signs + text.matches('^').count() + text.matches("**").count()
}

fn unexpected(text: &str, rest: &str) -> SkillError {
    let position = text.chars().count() - rest.chars().count() + 1;
    let word: String = rest.chars().take_while(|character| character.is_alphanumeric()).take(20).collect();
    let found = match (word.is_empty(), rest.chars().next()) {
        (false, _) => format!("`{word}`"),
        (true, Some(character)) => format!("`{character}`"),
        (true, None) => "the end".to_owned(),
    };
    SkillError::invalid(format!(
        "the expression makes no sense at position {position}: {found} stands where a number, an operator or a \
         parenthesis would; it may hold numbers, + - * / ^ % ! and parentheses"
    ))
}
