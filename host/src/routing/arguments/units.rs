//! Units of measurement by their English and Swedish names, as far as matching numbers with parameters needs it.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    Length,
    Mass,
    Volume,
    Time,
    Temperature,
    Speed,
    Area,
    Data,
    Energy,
    Power,
    Pressure,
    Frequency,
    Electric,
    Force,
    Angle,
    Money,
    Other,
}

/// A unit.
#[derive(Debug, PartialEq)]
pub struct Unit {
    pub dimension: Dimension,
    /// How many of the dimension's base unit it is; 0 where it is not converted.
    pub factor: f64,
    /// Names in lower case; the first is the symbol.
    pub names: &'static [&'static str],
}

/// The names of all units.
pub fn names() -> impl Iterator<Item = &'static str> {
    UNITS.iter().flat_map(|unit| unit.names).copied()
}

/// The unit that `words` (in lower case, joined by single spaces) name.
pub fn find(words: &str) -> Option<&'static Unit> {
    NAMED.get(words)?.first().copied()
}

/// The unit that stands at the start of these words, and how many of them it takes; the longest name wins.
pub fn at_start(words: &[&str]) -> Option<(&'static Unit, usize)> {
    longest(words, find)
}

/// The same among currencies, or among all others: some names are of both, such as "pund".
pub fn at_start_of(words: &[&str], currency: bool) -> Option<(&'static Unit, usize)> {
    let wanted = |unit: &&&Unit| (unit.dimension == Money) == currency;
    longest(words, |name| NAMED.get(name)?.iter().find(wanted).copied())
}

/// The units of each name, in their order.
static NAMED: LazyLock<FxHashMap<&'static str, Vec<&'static Unit>>> = LazyLock::new(|| {
    let mut named: FxHashMap<&'static str, Vec<&'static Unit>> = FxHashMap::default();
    for unit in UNITS {
        unit.names.iter().for_each(|name| named.entry(name).or_default().push(unit));
    }
    named
});

fn longest(words: &[&str], find: impl Fn(&str) -> Option<&'static Unit>) -> Option<(&'static Unit, usize)> {
    (1..=words.len().min(4)).rev().find_map(|length| {
        let name = words.get(..length)?.join(" ");
        find(&name).or_else(|| find(&name.replace(" / ", "/").replace(" ^ ", "^"))).map(|unit| (unit, length))
    })
}

const fn unit(dimension: Dimension, factor: f64, names: &'static [&'static str]) -> Unit {
    Unit { dimension, factor, names }
}

use Dimension::{
    Angle, Area, Data, Electric, Energy, Force, Frequency, Length, Mass, Money, Other, Power, Pressure, Speed,
    Temperature, Time, Volume,
};

static UNITS: &[Unit] = &[
    unit(Length, 1.0, &["m", "meter", "meters", "metre", "metres", "metern"]),
    unit(Length, 1000.0, &["km", "kms", "kilometer", "kilometers", "kilometre", "kilometres", "kilometern"]),
    unit(Length, 0.01, &["cm", "centimeter", "centimeters", "centimetre", "centimetres"]),
    unit(Length, 0.1, &["dm", "decimeter", "decimeters", "decimetre", "decimetres"]),
    unit(Length, 0.001, &["mm", "millimeter", "millimeters", "millimetre", "millimetres"]),
    unit(Length, 1609.344, &["mi", "mile", "miles", "engelska mil", "engelsk mil", "statute mile", "statute miles"]),
    unit(
        Length,
        10000.0,
        &[
            "mil",
            "svenska mil",
            "svensk mil",
            "swedish mil",
            "swedish mile",
            "swedish miles",
            "scandinavian mile",
            "scandinavian miles",
            "milen",
        ],
    ),
    unit(Length, 0.3048, &["ft", "foot", "feet", "fot"]),
    unit(Length, 0.0254, &["in", "inch", "inches", "tum"]),
    unit(Length, 0.9144, &["yd", "yard", "yards"]),
    unit(Length, 1852.0, &["nm", "nautical mile", "nautical miles", "sjömil", "nautisk mil", "nautiska mil", "nmi"]),
    unit(Length, 1852.0, &["distansminut", "distansminuter"]),
    unit(Length, 1.8288, &["fathom", "fathoms", "famn", "famnar", "engelsk famn"]),
    unit(
        Length,
        1e-6,
        &[
            "µm",
            "micrometer",
            "micrometers",
            "micrometre",
            "micrometres",
            "mikrometer",
            "micron",
            "microns",
            "um",
            "μm",
        ],
    ),
    unit(Length, 9.4607e15, &["ly", "light year", "light years", "light-year", "light-years", "ljusår"]),
    unit(Length, 1e-9, &["nanometer", "nanometers", "nanometre", "nanometres"]),
    unit(Length, 2.54e-5, &["thou", "thousandth of an inch", "tusendels tum"]),
    unit(Length, 201.168, &["furlong", "furlongs"]),
    unit(Length, 0.5938, &["aln", "alnar", "svensk aln", "svenska alnar", "swedish ell"]),
    unit(
        Length,
        149_597_870_700.0,
        &["au", "astronomical unit", "astronomical units", "astronomiska enheter", "astronomisk enhet"],
    ),
    unit(Mass, 1.0, &["kg", "kilo", "kilos", "kilogram", "kilograms", "kgs"]),
    unit(Mass, 0.001, &["g", "gram", "grams", "gramme", "grammes"]),
    unit(Mass, 0.1, &["hg", "hekto", "hektogram", "hectogram", "hectograms"]),
    unit(Mass, 1e-6, &["mg", "milligram", "milligrams"]),
    unit(Mass, 0.45359237, &["lb", "lbs", "pound", "pounds", "pund", "skålpund", "engelskt pund"]),
    unit(Mass, 0.028349523125, &["oz", "ounce", "ounces", "uns"]),
    unit(Mass, 1000.0, &["t", "ton", "tons", "tonne", "tonnes", "metric ton", "metric tons"]),
    unit(Mass, 6.35029318, &["stone", "stones"]),
    unit(Mass, 1e-9, &["µg", "microgram", "micrograms", "mikrogram", "ug", "μg"]),
    unit(Mass, 907.18474, &["short ton", "short tons", "us ton", "us tons", "amerikanskt ton"]),
    unit(Mass, 1016.0469088, &["long ton", "long tons", "imperial ton", "imperial tons"]),
    unit(Mass, 0.0002, &["carat", "carats", "karat"]),
    unit(Volume, 1.0, &["l", "liter", "liters", "litre", "litres", "litern"]),
    unit(Volume, 0.1, &["dl", "deciliter", "deciliters", "decilitre", "decilitres"]),
    unit(Volume, 0.01, &["cl", "centiliter", "centiliters", "centilitre", "centilitres"]),
    unit(Volume, 0.001, &["ml", "milliliter", "milliliters", "millilitre", "millilitres"]),
    unit(
        Volume,
        3.785411784,
        &[
            "gal",
            "gallon",
            "gallons",
            "us gallon",
            "us gallons",
            "amerikansk gallon",
            "amerikanska gallon",
            "amerikanska gallons",
        ],
    ),
    unit(
        Volume,
        4.54609,
        &[
            "imperial gallon",
            "imperial gallons",
            "uk gallon",
            "uk gallons",
            "brittisk gallon",
            "brittiska gallon",
            "brittiska gallons",
            "engelska gallon",
        ],
    ),
    unit(
        Volume,
        0.0295735295625,
        &["fl oz", "fluid ounce", "fluid ounces", "us fluid ounce", "us fluid ounces", "floz"],
    ),
    unit(
        Volume,
        0.2365882365,
        &[
            "cup",
            "cups",
            "kopp",
            "koppar",
            "us cup",
            "us cups",
            "amerikansk kopp",
            "amerikanska koppar",
            "american cup",
            "american cups",
        ],
    ),
    unit(Volume, 0.015, &["tbsp", "tablespoon", "tablespoons", "msk", "matsked", "matskedar", "metric tablespoon"]),
    unit(Volume, 0.005, &["tsp", "teaspoon", "teaspoons", "tsk", "tesked", "teskedar", "metric teaspoon"]),
    unit(Volume, 0.473176473, &["pt", "pint", "pints", "us pint", "us pints"]),
    unit(Volume, 0.0284130625, &["imperial fluid ounce", "uk fluid ounce", "uk fluid ounces"]),
    unit(Volume, 0.946352946, &["qt", "quart", "quarts", "us quart", "us quarts"]),
    unit(Volume, 0.56826125, &["imperial pint", "imperial pints", "uk pint", "uk pints", "brittisk pint"]),
    unit(Volume, 158.987294928, &["bbl", "barrel", "barrels", "oil barrel", "oil barrels", "oljefat"]),
    unit(Volume, 0.001, &["krm", "kryddmått"]),
    unit(Volume, 0.15, &["kaffekopp", "kaffekoppar", "swedish coffee cup"]),
    unit(Volume, 1.0, &["dm³", "dm^3", "dm3", "kubikdecimeter", "cubic decimetre"]),
    unit(Volume, 28.316846592, &["ft³", "ft^3", "ft3", "cubic foot", "cubic feet", "kubikfot"]),
    unit(Volume, 0.016387064, &["in³", "in^3", "in3", "cubic inch", "cubic inches", "kubiktum"]),
    unit(
        Volume,
        1000.0,
        &["m³", "m^3", "m3", "cubic meter", "cubic meters", "cubic metre", "cubic metres", "kubikmeter"],
    ),
    unit(
        Volume,
        0.001,
        &[
            "cm³",
            "cm^3",
            "cm3",
            "cc",
            "cubic centimeter",
            "cubic centimeters",
            "cubic centimetre",
            "cubic centimetres",
            "kubikcentimeter",
        ],
    ),
    unit(Time, 1.0, &["s", "sec", "secs", "second", "seconds", "sekund", "sekunder"]),
    unit(Time, 0.001, &["ms", "millisecond", "milliseconds", "millisekund", "millisekunder"]),
    unit(Time, 1e-6, &["µs", "microsecond", "microseconds", "mikrosekund", "mikrosekunder"]),
    unit(Time, 1e-9, &["nanosecond", "nanoseconds", "nanosekund", "nanosekunder"]),
    unit(Time, 60.0, &["min", "mins", "minute", "minutes", "minut", "minuter"]),
    unit(Time, 3600.0, &["h", "hr", "hrs", "hour", "hours", "timme", "timmar", "tim"]),
    unit(Time, 86400.0, &["d", "day", "days", "dag", "dagar", "dygn"]),
    unit(Time, 604800.0, &["week", "weeks", "vecka", "veckor", "wk", "wks"]),
    unit(Time, 0.0, &["month", "months", "månad", "månader", "average month"]),
    unit(Time, 0.0, &["year", "years", "år", "yr", "yrs", "average year"]),
    unit(
        Temperature,
        0.0,
        &["°c", "celsius", "degrees celsius", "degree celsius", "grader celsius", "° c", "deg c", "c"],
    ),
    unit(
        Temperature,
        0.0,
        &["°f", "fahrenheit", "degrees fahrenheit", "degree fahrenheit", "grader fahrenheit", "° f", "deg f", "f"],
    ),
    unit(Temperature, 0.0, &["k", "kelvin", "kelvins", "degrees kelvin"]),
    unit(
        Speed,
        1.0,
        &[
            "m/s",
            "meters per second",
            "meter per second",
            "metre per second",
            "metres per second",
            "meter i sekunden",
            "meter per sekund",
            "sekundmeter",
            "mps",
        ],
    ),
    unit(
        Speed,
        0.277_777_777_8,
        &[
            "km/h",
            "kmh",
            "kph",
            "kilometers per hour",
            "kilometer per hour",
            "kilometres per hour",
            "kilometre per hour",
            "km per hour",
            "km i timmen",
            "km per timme",
            "km/tim",
            "kilometer i timmen",
            "kilometer per timme",
        ],
    ),
    unit(Speed, 0.44704, &["mph", "mile per hour", "miles per hour", "miles an hour", "engelska mil i timmen", "mi/h"]),
    unit(Speed, 0.514_444_444, &["kn", "knot", "knots", "knop", "kt"]),
    unit(Speed, 0.3048, &["ft/s", "foot per second", "feet per second", "fot per sekund", "fps"]),
    unit(
        Area,
        1.0,
        &[
            "m²",
            "m^2",
            "m2",
            "kvm",
            "square meter",
            "square meters",
            "square metre",
            "square metres",
            "kvadratmeter",
            "sqm",
        ],
    ),
    unit(
        Area,
        1e6,
        &[
            "km²",
            "km^2",
            "km2",
            "square kilometer",
            "square kilometers",
            "square kilometre",
            "square kilometres",
            "kvadratkilometer",
        ],
    ),
    unit(
        Area,
        1e-4,
        &[
            "cm²",
            "cm^2",
            "cm2",
            "square centimeter",
            "square centimeters",
            "square centimetre",
            "square centimetres",
            "kvadratcentimeter",
        ],
    ),
    unit(Area, 0.09290304, &["ft²", "ft^2", "ft2", "sqft", "square foot", "square feet", "sq ft", "kvadratfot"]),
    unit(
        Area,
        1e-6,
        &["mm²", "mm^2", "mm2", "square millimeter", "square millimeters", "kvadratmillimeter", "square millimetre"],
    ),
    unit(Area, 0.000_645_16, &["in²", "in^2", "in2", "square inch", "square inches", "sq in", "kvadrattum"]),
    unit(Area, 0.83612736, &["yd²", "yd^2", "yd2", "square yard", "square yards", "sq yd"]),
    unit(Area, 2_589_988.110_336, &["mi²", "mi^2", "mi2", "square mile", "square miles", "sq mi"]),
    unit(Area, 4936.4, &["tunnland", "swedish acre"]),
    unit(Area, 10000.0, &["ha", "hectare", "hectares", "hektar"]),
    unit(Area, 4046.8564224, &["ac", "acre", "acres"]),
    unit(Data, 1.0, &["b", "byte", "bytes"]),
    unit(Data, 0.125, &["bit", "bits", "bitar"]),
    unit(Data, 1e15, &["pb", "petabyte", "petabytes"]),
    unit(Data, 1e3, &["kb", "kilobyte", "kilobytes"]),
    unit(Data, 1e6, &["mb", "megabyte", "megabytes"]),
    unit(Data, 1e9, &["gb", "gigabyte", "gigabytes"]),
    unit(Data, 1e12, &["tb", "terabyte", "terabytes"]),
    unit(Data, 1024.0, &["kib", "kibibyte", "kibibytes"]),
    unit(Data, 1_048_576.0, &["mib", "mebibyte", "mebibytes"]),
    unit(Data, 1_073_741_824.0, &["gib", "gibibyte", "gibibytes"]),
    unit(Data, 1_099_511_627_776.0, &["tib", "tebibyte", "tebibytes"]),
    unit(Data, 125.0, &["kbit", "kilobit", "kilobits"]),
    unit(Data, 125e3, &["mbit", "megabit", "megabits"]),
    unit(Data, 125e6, &["gbit", "gigabit", "gigabits"]),
    unit(Energy, 1.0, &["j", "joule", "joules"]),
    unit(Energy, 1000.0, &["kj", "kilojoule", "kilojoules"]),
    unit(Energy, 4184.0, &["kcal", "kilocalorie", "kilocalories", "kilokalori", "kilokalorier"]),
    unit(Energy, 4.184, &["cal", "calorie", "calories", "kalori", "kalorier"]),
    unit(Energy, 1055.05585262, &["btu", "british thermal unit", "british thermal units"]),
    unit(Energy, 1.602176634e-19, &["ev", "electronvolt", "electronvolts", "elektronvolt"]),
    unit(Energy, 1.3558179483314004, &["ft·lbf", "ft lbf", "foot-pound", "foot-pounds", "foot pound", "fotpund"]),
    unit(
        Energy,
        3.6e6,
        &["kwh", "kilowatt-hour", "kilowatt-hours", "kilowatt hour", "kilowatt hours", "kilowattimme", "kilowattimmar"],
    ),
    unit(Energy, 3600.0, &["wh", "watt-hour", "watt-hours", "watt hour", "watt hours", "wattimme", "wattimmar"]),
    unit(Energy, 1e6, &["mj", "megajoule", "megajoules"]),
    unit(Energy, 1e9, &["gj", "gigajoule", "gigajoules"]),
    unit(
        Energy,
        3.6e9,
        &["mwh", "megawatt-hour", "megawatt-hours", "megawatt hour", "megawatt hours", "megawattimme", "megawattimmar"],
    ),
    unit(Power, 1.0, &["w", "watt", "watts"]),
    unit(Power, 1e6, &["mw", "megawatt", "megawatts"]),
    unit(Power, 0.001, &["milliwatt", "milliwatts"]),
    unit(Power, 1e9, &["gw", "gigawatt", "gigawatts"]),
    unit(Power, 1000.0, &["kw", "kilowatt", "kilowatts"]),
    unit(Power, 735.49875, &["hk", "hästkraft", "hästkrafter", "metric horsepower"]),
    unit(Power, 745.699_871_582_270_2, &["hp", "horsepower", "mechanical horsepower"]),
    unit(Pressure, 1.0, &["pa", "pascal", "pascals"]),
    unit(Pressure, 101325.0, &["atm", "atmosphere", "atmospheres", "atmosfär", "atmosfärer"]),
    unit(Pressure, 100000.0, &["bar", "bars"]),
    unit(Pressure, 6894.757, &["psi", "pound per square inch", "pounds per square inch", "pund per kvadrattum"]),
    unit(Pressure, 1000.0, &["kpa", "kilopascal", "kilopascals"]),
    unit(Pressure, 100.0, &["hpa", "hectopascal", "hectopascals", "hektopascal", "mbar", "millibar", "millibars"]),
    unit(Pressure, 1e6, &["mpa", "megapascal", "megapascals"]),
    unit(
        Pressure,
        133.322_387,
        &["mmhg", "torr", "millimetre of mercury", "millimeter of mercury", "millimeter kvicksilver"],
    ),
    unit(Pressure, 3386.388640341, &["inhg", "inch of mercury", "inches of mercury", "tum kvicksilver"]),
    unit(Frequency, 1.0, &["hz", "hertz"]),
    unit(Frequency, 1000.0, &["khz", "kilohertz"]),
    unit(Frequency, 1e6, &["mhz", "megahertz"]),
    unit(Frequency, 1e9, &["ghz", "gigahertz"]),
    unit(Electric, 0.0, &["v", "volt", "volts"]),
    unit(Electric, 0.0, &["a", "amp", "amps", "ampere", "amperes"]),
    unit(Electric, 0.0, &["ohm", "ohms", "ω"]),
    unit(Electric, 0.0, &["coulomb", "coulombs"]),
    unit(Electric, 0.0, &["farad", "farads"]),
    unit(Electric, 0.0, &["tesla", "teslas"]),
    unit(Force, 1000.0, &["kilonewton", "kilonewtons"]),
    unit(Force, 4.4482216152605, &["lbf", "pound-force", "pounds-force"]),
    unit(Force, 9.80665, &["kgf", "kilogram-force", "kilopond", "kp"]),
    unit(Force, 1.0, &["n", "newton", "newtons"]),
    unit(Angle, 1.0, &["°", "degree", "degrees", "grad", "grader", "deg"]),
    unit(Angle, 57.295_779_513, &["rad", "radian", "radians", "radianer"]),
    unit(Angle, 0.9, &["gon", "gradian", "gradians", "nygrader"]),
    unit(Angle, 360.0, &["varv", "revolution", "revolutions", "turn", "turns"]),
    unit(Angle, 1.0 / 60.0, &["arcminute", "arcminutes", "bågminut", "bågminuter"]),
    unit(Angle, 1.0 / 3600.0, &["arcsecond", "arcseconds", "bågsekund", "bågsekunder"]),
    unit(Money, 0.0, &["usd", "$", "dollar", "dollars", "us dollars", "us dollar", "amerikanska dollar", "bucks"]),
    unit(Money, 0.0, &["eur", "€", "euro", "euros"]),
    unit(Money, 0.0, &["gbp", "£", "british pounds", "pounds sterling", "british pound", "brittiska pund", "pund"]),
    unit(Money, 0.0, &["sek", "kr", "krona", "kronor", "swedish kronor", "svenska kronor", "swedish krona"]),
    unit(Money, 0.0, &["nok", "norska kronor", "norwegian kroner", "norwegian krone"]),
    unit(Money, 0.0, &["dkk", "danska kronor", "danish kroner", "danish krone"]),
    unit(Money, 0.0, &["jpy", "¥", "yen", "japanese yen", "japanska yen"]),
    unit(Money, 0.0, &["cad", "canadian dollars", "canadian dollar", "kanadensiska dollar"]),
    unit(Money, 0.0, &["aud", "australian dollars", "australian dollar", "australiska dollar"]),
    unit(Money, 0.0, &["chf", "swiss franc", "swiss francs", "schweizerfranc"]),
    unit(Money, 0.0, &["inr", "₹", "rupee", "rupees", "indian rupees"]),
    unit(Money, 0.0, &["cny", "yuan", "renminbi", "rmb"]),
    unit(
        Other,
        0.0,
        &[
            "mpg",
            "miles per gallon",
            "miles per us gallon",
            "imp mpg",
            "uk mpg",
            "miles per imperial gallon",
            "l/mil",
            "liter milen",
            "liter per mil",
            "litres per mil",
            "l/100km",
            "l/100 km",
            "liter per 100 km",
            "liters per 100 km",
            "litres per 100 km",
            "km/l",
            "kilometer per liter",
            "kilometers per liter",
            "kilometres per litre",
            "litre per mil",
            "liter/mil",
        ],
    ),
    unit(Other, 0.0, &["m/s^2", "m/s²", "meters per second squared", "m/s2"]),
    unit(Other, 0.0, &["bpm", "beats per minute"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What the skill knows and a request cannot mean: names that are other words, and signs that are other marks.
    const NOT_READ: &[&str] = &[
        "'",
        "′",
        "″",
        "st",
        "ct",
        "gr",
        "grain",
        "grains",
        "imp gal",
        "imp pt",
        "imp fl oz",
        "fat",
        "are",
        "ares",
        "ar",
        "speed of light",
        "ljusets hastighet",
        "us",
        "μs",
        "ns",
        "tbit",
        "terabit",
        "terabits",
        "food calorie",
        "ps",
        "dyn",
        "dyne",
        "dynes",
        "arc minute",
        "arc second",
        "nygrad",
    ];

    #[test]
    fn the_units_that_the_skill_converts_are_read() {
        let table = include_str!("../../../../skills/units/src/table.rs");
        let names = table.lines().filter_map(|line| line.trim().strip_prefix("unit(")).flat_map(|line| {
            let mut quoted = line.split('"').skip(1).step_by(2);
            let (symbol, names) = (quoted.next().unwrap_or_default(), quoted.next().unwrap_or_default());
            std::iter::once(symbol).chain(names.split('|').filter(|name| !name.is_empty()))
        });
        let names: Vec<String> =
            names.filter(|name| name.chars().any(char::is_alphanumeric)).map(str::to_lowercase).collect();
        assert!(names.len() > 300, "{} names", names.len());
        let unknown: Vec<&String> =
            names.iter().filter(|name| find(name).is_none() && !NOT_READ.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
