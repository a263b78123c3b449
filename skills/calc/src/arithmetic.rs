//! The operations, each of which refuses results beyond a bound before it computes them.

use happyos_sdk::{Result, SkillError};
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

/// Most bits in a numerator or denominator: about 19,700 decimal digits.
const BITS_MAX: u64 = 65_536;
/// The largest number whose factorial stays below [`BITS_MAX`] bits.
const FACTORIAL_MAX: u32 = 5_910;

pub fn add(left: BigRational, right: BigRational) -> Result<BigRational> {
    bounded(left + right)
}

pub fn subtract(left: BigRational, right: BigRational) -> Result<BigRational> {
    bounded(left - right)
}

pub fn multiply(left: BigRational, right: BigRational) -> Result<BigRational> {
    bounded(left * right)
}

pub fn divide(left: BigRational, right: BigRational) -> Result<BigRational> {
    not_zero(&right)?;
    bounded(left / right)
}

/// What is left of `left` after whole times `right`; it has the sign of `right`.
pub fn remainder(left: BigRational, right: BigRational) -> Result<BigRational> {
    not_zero(&right)?;
    let times = (&left / &right).floor();
    bounded(left - times * right)
}

pub fn power(base: BigRational, exponent: BigRational) -> Result<BigRational> {
    if !exponent.is_integer() {
        return Err(SkillError::invalid(format!(
            "the exponent `{exponent}` is not a whole number; such a power is seldom exact"
        )));
    }
    if exponent.is_negative() {
        not_zero(&base)?;
    }
    if base.is_zero() || base.is_one() || exponent.is_zero() {
        return Ok(if exponent.is_zero() { BigRational::one() } else { base });
    }
    if (-&base).is_one() {
        return Ok(if exponent.numer().is_even() { -base } else { base });
    }
    // A number of n bits is at least 2^(n-1), so this never lets through what is more than twice the bound.
    let bits = base.numer().bits().max(base.denom().bits()).saturating_sub(1).max(1);
    let times = exponent.numer().magnitude().to_u64().filter(|times| times.saturating_mul(bits) <= BITS_MAX);
    let times = times.and_then(|times| i32::try_from(times).ok()).ok_or_else(too_large)?;
    bounded(Pow::pow(base, if exponent.is_negative() { -times } else { times }))
}

pub fn factorial(value: BigRational) -> Result<BigRational> {
    if !value.is_integer() || value.is_negative() {
        return Err(SkillError::invalid(format!(
            "`{value}!` is not defined: only whole numbers from 0 have a factorial"
        )));
    }
    let last = value.numer().to_u32().filter(|last| *last <= FACTORIAL_MAX).ok_or_else(too_large)?;
    bounded(BigRational::from_integer((2..=last).fold(BigInt::one(), |product, factor| product * factor)))
}

/// `digits` with the decimal point moved `exponent` places to the right.
pub fn decimal(digits: BigInt, exponent: i64) -> Result<BigRational> {
    // One decimal digit is more than three bits.
    let places = u32::try_from(exponent.unsigned_abs()).ok().filter(|places| u64::from(*places) * 3 <= BITS_MAX);
    let scale = BigInt::from(10).pow(places.ok_or_else(too_large)?);
    bounded(if exponent < 0 { BigRational::new(digits, scale) } else { BigRational::from_integer(digits * scale) })
}

fn bounded(value: BigRational) -> Result<BigRational> {
    if value.numer().bits().max(value.denom().bits()) > BITS_MAX { Err(too_large()) } else { Ok(value) }
}

fn not_zero(divisor: &BigRational) -> Result<()> {
    if divisor.is_zero() { Err(SkillError::invalid("the expression divides by zero")) } else { Ok(()) }
}

fn too_large() -> SkillError {
    SkillError::invalid("a result on the way is too large: numbers may have up to about 19,700 digits")
}
