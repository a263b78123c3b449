//! A skill that converts between units, exactly where their definitions allow it.

mod number;
mod table;

use happyos_sdk::{Result, SkillError, skill};
use num_rational::BigRational;
use num_traits::Zero;
use schemars::JsonSchema;
use serde::Serialize;

use table::{Quantity, Unit};

const DECIMALS_MAX: u32 = 30;

#[derive(Serialize, JsonSchema)]
struct Conversion {
    /// The converted number.
    value: f64,
    /// The converted number as text: exact if `exact`, otherwise to twelve significant digits (or the decimals asked
    /// for).
    text: String,
    /// Whether `text` is exact.
    exact: bool,
    /// The symbol of the unit converted from.
    from: &'static str,
    /// The symbol of the unit converted to.
    to: &'static str,
    /// What they measure, such as `length`.
    quantity: Quantity,
}

/// Converts a measurement from one unit to another: length, mass, temperature, volume, area, speed, time, data, energy,
/// power, pressure, force, angle and fuel consumption. Knows English and Swedish unit names, the Swedish mil (10 km),
/// and metric, imperial and US units.
#[skill(name = "convert-units", read_only, idempotent, examples = "examples/convert-units.json")]
fn convert_units(
    /// The number to convert.
    value: f64,
    /// The unit it is in, as a symbol or a name: `km`, `miles`, `°F`, `mil`, `tum`, `cup`.
    from: String,
    /// The unit to convert to.
    to: String,
    /// Round to this many decimals, 0 to 30.
    decimals: Option<u32>,
) -> Result<Conversion> {
    if let Some(decimals) = decimals.filter(|decimals| *decimals > DECIMALS_MAX) {
        return Err(SkillError::invalid(format!("`decimals` is {decimals}; at most {DECIMALS_MAX} can be had")));
    }
    let (from, to) = pair(&from, &to)?;
    let value = number::read(&value.to_string())?;
    let converted = to.of_base(from.to_base(&value)?)?;
    let (text, exact) = match decimals {
        Some(decimals) => number::write_decimals(&converted, decimals),
        None => number::write_significant(&converted),
    };
    let value: f64 = text.parse()?;
    if !value.is_finite() {
        return Err(SkillError::invalid("the converted number is too large"));
    }
    Ok(Conversion { value, text, exact, from: from.symbol, to: to.symbol, quantity: from.quantity })
}

#[derive(Serialize, JsonSchema)]
struct Units {
    units: Vec<UnitInfo>,
}

#[derive(Serialize, JsonSchema)]
struct UnitInfo {
    symbol: &'static str,
    quantity: Quantity,
    /// Names it goes by, English first.
    names: Vec<&'static str>,
}

/// Lists the units that `convert-units` knows, all or those of one quantity such as length.
#[skill(name = "list-units", read_only, idempotent, examples = "examples/list-units.json")]
fn list_units(
    /// Only units of this quantity.
    quantity: Option<Quantity>,
) -> Units {
    let units = table::UNITS.iter().filter(|unit| quantity.is_none_or(|quantity| unit.quantity == quantity));
    let units =
        units.map(|unit| UnitInfo { symbol: unit.symbol, quantity: unit.quantity, names: unit.names().collect() });
    Units { units: units.collect() }
}

happyos_sdk::bundle!(convert_units, list_units);

impl Unit {
    /// `value` of this unit in the quantity's base unit.
    fn to_base(&self, value: &BigRational) -> Result<BigRational> {
        let scaled = value * number::read(self.factor)?;
        if self.inverse {
            return inverted(&scaled);
        }
        Ok(scaled + number::read(self.offset)?)
    }

    /// `base` of the quantity's base unit in this unit.
    fn of_base(&self, base: BigRational) -> Result<BigRational> {
        if self.inverse {
            return Ok(inverted(&base)? / number::read(self.factor)?);
        }
        Ok((base - number::read(self.offset)?) / number::read(self.factor)?)
    }
}

fn inverted(value: &BigRational) -> Result<BigRational> {
    if value.is_zero() {
        Err(SkillError::invalid("zero cannot be converted between these units"))
    } else {
        Ok(value.recip())
    }
}

/// The two units, chosen so that they measure the same: `oz` to `ml` is about volume, `oz` to `g` about mass.
fn pair(from: &str, to: &str) -> Result<(&'static Unit, &'static Unit)> {
    let (from_all, to_all) = (table::find(from)?, table::find(to)?);
    for from in &from_all {
        if let Some(to) = to_all.iter().find(|to| to.quantity == from.quantity) {
            return Ok((from, to));
        }
    }
    let quantity = |all: &[&Unit]| all.first().map_or("nothing", |unit| unit.quantity.name());
    Err(SkillError::invalid(format!(
        "`{from}` measures {} and `{to}` measures {}: one cannot be converted to the other",
        quantity(&from_all),
        quantity(&to_all)
    )))
}

#[cfg(test)]
mod tests;
