//! Tests of the conversions and of the table itself.

use std::collections::HashMap;

use super::*;

#[test]
fn examples() {
    happyos_sdk::testing::check_examples(&crate::BUNDLE);
}

#[track_caller]
fn check(value: f64, from: &str, to: &str, text: &str, exact: bool) {
    let got = convert_units(value, from.to_owned(), to.to_owned(), None).map(|got| (got.text, got.exact));
    assert_eq!(got, Ok((text.to_owned(), exact)), "{value} {from} → {to}");
}

#[test]
fn known_conversions() {
    check(1.0, "mi", "m", "1609.344", true);
    check(3.0, "mil", "km", "30", true);
    check(0.1, "m", "cm", "10", true);
    check(100.0, "°C", "°F", "212", true);
    check(-40.0, "fahrenheit", "celsius", "-40", true);
    check(0.0, "K", "°C", "-273.15", true);
    check(98.6, "F", "C", "37", true);
    check(1.0, "kg", "lb", "2.20462262185", false);
    check(90.0, "km/h", "m/s", "25", true);
    check(1.0, "kWh", "MJ", "3.6", true);
    check(8.0, "Mbit", "MB", "1", true);
    check(1.0, "GiB", "MB", "1073.741824", true);
    check(1.0, "psi", "kPa", "6.89475729317", false);
    check(5.0, "l/100 km", "mpg", "47.0429166667", false);
    check(20.0, "km/l", "l/mil", "0.5", true);
    check(1.0, "tunnland", "m2", "4936.4", true);
    check(2.0, "dl", "msk", "13.3333333333", false);
    check(1e300, "km", "m", &format!("1{}", "0".repeat(303)), true);
}

#[test]
fn the_other_unit_decides_what_an_ounce_is() {
    check(1.0, "oz", "g", "28.349523125", true);
    check(1.0, "oz", "ml", "29.5735295625", true);
    check(1.0, "c", "m/s", "299792458", true);
    check(1.0, "c", "K", "274.15", true);
}

#[test]
fn case_counts_where_it_must() {
    check(1.0, "MW", "kW", "1000", true);
    check(1.0, "mW", "W", "0.001", true);
    check(1.0, "KILOMETER", "m", "1000", true);
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let error = |from: &str, to: &str| {
        convert_units(1.0, from.to_owned(), to.to_owned(), None)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert!(error("kilometr", "m").contains("did you mean `kilometer`"), "{}", error("kilometr", "m"));
    assert!(error("blorps", "m").contains("list-units"));
    assert!(error("kg", "m").contains("mass"));
    let zero = convert_units(0.0, "mpg".to_owned(), "l/mil".to_owned(), None);
    assert_eq!(zero.err().map(|error| error.kind()), Some("invalid-input"));
    assert!(convert_units(1e308, "km".to_owned(), "nm".to_owned(), None).is_err());
    assert!(convert_units(1.0, "m".to_owned(), "ft".to_owned(), Some(31)).is_err());
}

#[test]
fn the_table_is_sound() {
    let mut symbols = HashMap::new();
    for unit in table::UNITS {
        assert_eq!(symbols.insert(unit.symbol, ()), None, "two units `{}`", unit.symbol);
        assert!(number::read(unit.factor).is_ok_and(|factor| !factor.is_zero()), "{unit:?}");
        assert!(number::read(unit.offset).is_ok(), "{unit:?}");
        let there = number::read("12.5").and_then(|value| unit.to_base(&value)).and_then(|base| unit.of_base(base));
        assert_eq!(there, number::read("12.5"), "{unit:?}");
    }
}
