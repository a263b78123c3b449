//! The units: what they are called and how many of the base unit they are.
//!
//! Factors are the legal definitions: the international yard and pound agreement (1959), the US
//! gallon of 231 cubic inches, the imperial gallon of 4.54609 l, the SI brochure (2019).

use happyos_sdk::{Result, SkillError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    Length,
    Mass,
    Temperature,
    Volume,
    Area,
    Speed,
    Time,
    Data,
    Energy,
    Power,
    Pressure,
    Force,
    Angle,
    FuelConsumption,
}

impl Quantity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Mass => "mass",
            Self::Temperature => "temperature",
            Self::Volume => "volume",
            Self::Area => "area",
            Self::Speed => "speed",
            Self::Time => "time",
            Self::Data => "data",
            Self::Energy => "energy",
            Self::Power => "power",
            Self::Pressure => "pressure",
            Self::Force => "force",
            Self::Angle => "angle",
            Self::FuelConsumption => "fuel consumption",
        }
    }
}

/// One unit: `base = value × factor + offset`, or `base = 1 / (value × factor)`.
#[derive(Debug)]
pub struct Unit {
    pub quantity: Quantity,
    /// Case counts: `mW` is not `MW`.
    pub symbol: &'static str,
    /// Apart by `|`; case does not count.
    names: &'static str,
    pub factor: &'static str,
    pub offset: &'static str,
    pub inverse: bool,
}

impl Unit {
    /// The names it goes by, without the symbol.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split('|')
    }
}

const fn unit(quantity: Quantity, symbol: &'static str, names: &'static str, factor: &'static str) -> Unit {
    Unit { quantity, symbol, names, factor, offset: "0", inverse: false }
}

const fn shifted(symbol: &'static str, names: &'static str, factor: &'static str, offset: &'static str) -> Unit {
    Unit { quantity: Quantity::Temperature, symbol, names, factor, offset, inverse: false }
}

const fn inverse(symbol: &'static str, names: &'static str, factor: &'static str) -> Unit {
    Unit { quantity: Quantity::FuelConsumption, symbol, names, factor, offset: "0", inverse: true }
}

use Quantity::{Angle, Area, Data, Energy, Force, FuelConsumption, Length, Mass, Power, Pressure, Speed, Time, Volume};

/// All units. Of units that share a name the first is meant, unless the other unit says otherwise.
pub static UNITS: &[Unit] = &[
    unit(Length, "m", "metre|metres|meter|meters|metern", "1"),
    unit(Length, "km", "kilometre|kilometres|kilometer|kilometers|kilometern|kms|k", "1000"),
    unit(Length, "dm", "decimetre|decimetres|decimeter|decimeters", "0.1"),
    unit(Length, "cm", "centimetre|centimetres|centimeter|centimeters", "0.01"),
    unit(Length, "mm", "millimetre|millimetres|millimeter|millimeters", "0.001"),
    unit(
        Length,
        "µm",
        "micrometre|micrometres|micrometres|micrometer|micrometers|mikrometer|micron|microns|um|μm",
        "0.000001",
    ),
    unit(Length, "nm", "nanometre|nanometres|nanometer|nanometers", "1e-9"),
    unit(
        Length,
        "mil",
        "swedish mile|swedish miles|scandinavian mile|scandinavian miles|svensk mil|svenska mil|swedish mil|milen",
        "10000",
    ),
    unit(Length, "mi", "mile|miles|engelsk mil|engelska mil|statute mile|statute miles", "1609.344"),
    unit(
        Length,
        "nmi",
        "nautical mile|nautical miles|sjömil|nautisk mil|nautiska mil|distansminut|distansminuter",
        "1852",
    ),
    unit(Length, "yd", "yard|yards", "0.9144"),
    unit(Length, "ft", "foot|feet|fot|'|′", "0.3048"),
    unit(Length, "in", "inch|inches|tum|\"|″", "0.0254"),
    unit(Length, "thou", "thousandth of an inch|tusendels tum", "0.0000254"),
    unit(Length, "furlong", "furlongs", "201.168"),
    unit(Length, "fathom", "fathoms|engelsk famn|famn|famnar", "1.8288"),
    unit(Length, "aln", "swedish ell|svensk aln|svenska alnar|alnar", "0.5938"),
    unit(Length, "au", "astronomical unit|astronomical units|astronomisk enhet|astronomiska enheter", "149597870700"),
    unit(Length, "ly", "light-year|light-years|light year|light years|ljusår", "9460730472580800"),
    unit(Mass, "kg", "kilogram|kilograms|kilo|kilos|kgs", "1"),
    unit(Mass, "g", "gram|grams|gramme|grammes", "0.001"),
    unit(Mass, "hg", "hectogram|hectograms|hekto|hektogram", "0.1"),
    unit(Mass, "mg", "milligram|milligrams", "0.000001"),
    unit(Mass, "µg", "microgram|micrograms|mikrogram|ug|μg", "1e-9"),
    unit(Mass, "t", "tonne|tonnes|metric ton|metric tons|ton|tons", "1000"),
    unit(Mass, "lb", "pound|pounds|lbs|skålpund|engelskt pund|pund", "0.45359237"),
    unit(Mass, "oz", "ounce|ounces|uns", "0.028349523125"),
    unit(Mass, "st", "stone|stones", "6.35029318"),
    unit(Mass, "short ton", "short tons|us ton|us tons|amerikanskt ton", "907.18474"),
    unit(Mass, "long ton", "long tons|imperial ton|imperial tons", "1016.0469088"),
    unit(Mass, "ct", "carat|carats|karat", "0.0002"),
    unit(Mass, "gr", "grain|grains", "0.00006479891"),
    shifted("K", "kelvin|kelvins|degrees kelvin", "1", "0"),
    shifted(
        "°C",
        "celsius|degree celsius|degrees celsius|grader celsius|centigrade|c|grader|degc|deg c",
        "1",
        "273.15",
    ),
    shifted(
        "°F",
        "fahrenheit|degree fahrenheit|degrees fahrenheit|grader fahrenheit|f|degf|deg f",
        "5/9",
        "459.67/1.8",
    ),
    shifted("°R", "rankine|degree rankine|degrees rankine", "5/9", "0"),
    unit(Volume, "l", "litre|litres|liter|liters|litern", "0.001"),
    unit(Volume, "dl", "decilitre|decilitres|deciliter|deciliters", "0.0001"),
    unit(Volume, "cl", "centilitre|centilitres|centiliter|centiliters", "0.00001"),
    unit(Volume, "ml", "millilitre|millilitres|milliliter|milliliters|cc", "0.000001"),
    unit(Volume, "m³", "cubic metre|cubic metres|cubic meter|cubic meters|kubikmeter|m3|m^3", "1"),
    unit(Volume, "dm³", "cubic decimetre|kubikdecimeter|dm3|dm^3", "0.001"),
    unit(
        Volume,
        "cm³",
        "cubic centimetre|cubic centimetres|cubic centimeter|cubic centimeters|kubikcentimeter|cm3|cm^3",
        "0.000001",
    ),
    unit(Volume, "ft³", "cubic foot|cubic feet|kubikfot|ft3|ft^3", "0.028316846592"),
    unit(Volume, "in³", "cubic inch|cubic inches|kubiktum|in3|in^3", "0.000016387064"),
    unit(Volume, "msk", "matsked|matskedar|metric tablespoon", "0.000015"),
    unit(Volume, "tsk", "tesked|teskedar|metric teaspoon", "0.000005"),
    unit(Volume, "krm", "kryddmått", "0.000001"),
    unit(Volume, "kaffekopp", "kaffekoppar|swedish coffee cup", "0.00015"),
    unit(
        Volume,
        "gal",
        "gallon|gallons|us gallon|us gallons|amerikansk gallon|amerikanska gallon|amerikanska gallons",
        "0.003785411784",
    ),
    unit(Volume, "qt", "quart|quarts|us quart|us quarts", "0.000946352946"),
    unit(Volume, "pt", "pint|pints|us pint|us pints", "0.000473176473"),
    unit(
        Volume,
        "cup",
        "cups|us cup|us cups|kopp|koppar|amerikansk kopp|amerikanska koppar|american cup|american cups",
        "0.0002365882365",
    ),
    unit(
        Volume,
        "fl oz",
        "fluid ounce|fluid ounces|us fluid ounce|us fluid ounces|floz|oz|ounce|ounces",
        "0.0000295735295625",
    ),
    unit(Volume, "tbsp", "tablespoon|tablespoons", "0.00001478676478125"),
    unit(Volume, "tsp", "teaspoon|teaspoons", "0.00000492892159375"),
    unit(
        Volume,
        "imp gal",
        "imperial gallon|imperial gallons|uk gallon|uk gallons|brittisk gallon|brittiska gallon|brittiska gallons|engelska gallon",
        "0.00454609",
    ),
    unit(Volume, "imp pt", "imperial pint|imperial pints|uk pint|uk pints|brittisk pint", "0.00056826125"),
    unit(Volume, "imp fl oz", "imperial fluid ounce|uk fluid ounce|uk fluid ounces", "0.0000284130625"),
    unit(Volume, "bbl", "oil barrel|oil barrels|barrel|barrels|oljefat|fat", "0.158987294928"),
    unit(Area, "m²", "square metre|square metres|square meter|square meters|kvadratmeter|kvm|m2|m^2|sqm", "1"),
    unit(
        Area,
        "km²",
        "square kilometre|square kilometres|square kilometer|square kilometers|kvadratkilometer|km2|km^2",
        "1000000",
    ),
    unit(
        Area,
        "cm²",
        "square centimetre|square centimetres|square centimeter|square centimeters|kvadratcentimeter|cm2|cm^2",
        "0.0001",
    ),
    unit(Area, "mm²", "square millimetre|square millimeter|square millimeters|kvadratmillimeter|mm2|mm^2", "0.000001"),
    unit(Area, "ha", "hectare|hectares|hektar", "10000"),
    unit(Area, "a", "are|ares|ar", "100"),
    unit(Area, "tunnland", "swedish acre", "4936.4"),
    unit(Area, "ac", "acre|acres", "4046.8564224"),
    unit(Area, "ft²", "square foot|square feet|kvadratfot|sq ft|sqft|ft2|ft^2", "0.09290304"),
    unit(Area, "in²", "square inch|square inches|kvadrattum|sq in|in2|in^2", "0.00064516"),
    unit(Area, "yd²", "square yard|square yards|sq yd|yd2|yd^2", "0.83612736"),
    unit(Area, "mi²", "square mile|square miles|sq mi|mi2|mi^2", "2589988.110336"),
    unit(
        Speed,
        "m/s",
        "metre per second|metres per second|meters per second|meter per second|meter per sekund|meter i sekunden|sekundmeter|mps",
        "1",
    ),
    unit(
        Speed,
        "km/h",
        "kilometre per hour|kilometres per hour|kilometers per hour|kilometer i timmen|kilometer per timme|kilometer per hour|km per hour|km i timmen|km per timme|km/tim|kmh|kph",
        "1/3.6",
    ),
    unit(Speed, "mph", "mile per hour|miles per hour|miles an hour|mi/h|engelska mil i timmen", "0.44704"),
    unit(Speed, "kn", "knot|knots|knop|kt", "1852/3600"),
    unit(Speed, "ft/s", "foot per second|feet per second|fot per sekund|fps", "0.3048"),
    unit(Speed, "c", "speed of light|ljusets hastighet", "299792458"),
    unit(Time, "s", "second|seconds|sekund|sekunder|sec|secs", "1"),
    unit(Time, "ms", "millisecond|milliseconds|millisekund|millisekunder", "0.001"),
    unit(Time, "µs", "microsecond|microseconds|mikrosekund|mikrosekunder|us|μs", "0.000001"),
    unit(Time, "ns", "nanosecond|nanoseconds|nanosekund|nanosekunder", "1e-9"),
    unit(Time, "min", "minute|minutes|minut|minuter|mins", "60"),
    unit(Time, "h", "hour|hours|timme|timmar|tim|hr|hrs", "3600"),
    unit(Time, "d", "day|days|dag|dagar|dygn", "86400"),
    unit(Time, "week", "weeks|vecka|veckor|wk|wks", "604800"),
    unit(Time, "month", "months|månad|månader|average month", "2629746"),
    unit(Time, "year", "years|år|yr|yrs|average year", "31556952"),
    unit(Data, "B", "byte|bytes", "8"),
    unit(Data, "bit", "bits|bitar", "1"),
    unit(Data, "kB", "kilobyte|kilobytes", "8e3"),
    unit(Data, "MB", "megabyte|megabytes", "8e6"),
    unit(Data, "GB", "gigabyte|gigabytes", "8e9"),
    unit(Data, "TB", "terabyte|terabytes", "8e12"),
    unit(Data, "PB", "petabyte|petabytes", "8e15"),
    unit(Data, "KiB", "kibibyte|kibibytes", "8192"),
    unit(Data, "MiB", "mebibyte|mebibytes", "8388608"),
    unit(Data, "GiB", "gibibyte|gibibytes", "8589934592"),
    unit(Data, "TiB", "tebibyte|tebibytes", "8796093022208"),
    unit(Data, "kbit", "kilobit|kilobits|kb", "1e3"),
    unit(Data, "Mbit", "megabit|megabits|Mb", "1e6"),
    unit(Data, "Gbit", "gigabit|gigabits|Gb", "1e9"),
    unit(Data, "Tbit", "terabit|terabits|Tb", "1e12"),
    unit(Energy, "J", "joule|joules", "1"),
    unit(Energy, "kJ", "kilojoule|kilojoules", "1000"),
    unit(Energy, "MJ", "megajoule|megajoules", "1e6"),
    unit(Energy, "cal", "calorie|calories|kalori|kalorier", "4.184"),
    unit(Energy, "kcal", "kilocalorie|kilocalories|kilokalori|kilokalorier|food calorie", "4184"),
    unit(Energy, "Wh", "watt-hour|watt-hours|watt hour|watt hours|wattimme|wattimmar", "3600"),
    unit(
        Energy,
        "kWh",
        "kilowatt-hour|kilowatt-hours|kilowatt hour|kilowatt hours|kilowattimme|kilowattimmar",
        "3.6e6",
    ),
    unit(
        Energy,
        "MWh",
        "megawatt-hour|megawatt-hours|megawatt hour|megawatt hours|megawattimme|megawattimmar",
        "3.6e9",
    ),
    unit(Energy, "BTU", "british thermal unit|british thermal units", "1055.05585262"),
    unit(Energy, "eV", "electronvolt|electronvolts|elektronvolt", "1.602176634e-19"),
    unit(Energy, "ft·lbf", "foot-pound|foot-pounds|foot pound|ft lbf|fotpund", "1.3558179483314004"),
    unit(Power, "W", "watt|watts", "1"),
    unit(Power, "mW", "milliwatt|milliwatts", "0.001"),
    unit(Power, "kW", "kilowatt|kilowatts", "1000"),
    unit(Power, "MW", "megawatt|megawatts", "1e6"),
    unit(Power, "GW", "gigawatt|gigawatts", "1e9"),
    unit(Power, "hk", "metric horsepower|hästkraft|hästkrafter|ps", "735.49875"),
    unit(Power, "hp", "horsepower|mechanical horsepower", "745.69987158227022"),
    unit(Pressure, "Pa", "pascal|pascals", "1"),
    unit(Pressure, "hPa", "hectopascal|hectopascals|hektopascal", "100"),
    unit(Pressure, "kPa", "kilopascal|kilopascals", "1000"),
    unit(Pressure, "MPa", "megapascal|megapascals", "1e6"),
    unit(Pressure, "bar", "bars", "100000"),
    unit(Pressure, "mbar", "millibar|millibars", "100"),
    unit(Pressure, "atm", "atmosphere|atmospheres|atmosfär|atmosfärer", "101325"),
    unit(
        Pressure,
        "psi",
        "pound per square inch|pounds per square inch|pund per kvadrattum",
        "4.4482216152605/0.00064516",
    ),
    unit(Pressure, "mmHg", "millimetre of mercury|millimeter of mercury|millimeter kvicksilver", "133.322387415"),
    unit(Pressure, "Torr", "torr", "101325/760"),
    unit(Pressure, "inHg", "inch of mercury|inches of mercury|tum kvicksilver", "3386.388640341"),
    unit(Force, "N", "newton|newtons", "1"),
    unit(Force, "kN", "kilonewton|kilonewtons", "1000"),
    unit(Force, "lbf", "pound-force|pounds-force", "4.4482216152605"),
    unit(Force, "kgf", "kilogram-force|kilopond|kp", "9.80665"),
    unit(Force, "dyn", "dyne|dynes", "0.00001"),
    unit(Angle, "°", "degree|degrees|grad|grader|deg", "1"),
    unit(Angle, "′", "arcminute|arcminutes|arc minute|bågminut|bågminuter", "1/60"),
    unit(Angle, "″", "arcsecond|arcseconds|arc second|bågsekund|bågsekunder", "1/3600"),
    unit(Angle, "gon", "gradian|gradians|nygrad|nygrader", "0.9"),
    unit(Angle, "turn", "turns|revolution|revolutions|varv", "360"),
    unit(FuelConsumption, "l/100 km", "litres per 100 km|liters per 100 km|liter per 100 km|l/100km", "1"),
    unit(FuelConsumption, "l/mil", "litre per mil|litres per mil|liter per mil|liter/mil|liter milen", "10"),
    inverse("km/l", "kilometres per litre|kilometers per liter|kilometer per liter", "0.01"),
    inverse("mpg", "miles per gallon|miles per us gallon|us mpg", "0.01609344/3.785411784"),
    inverse("imp mpg", "miles per imperial gallon|uk mpg", "0.01609344/4.54609"),
];

/// The units that go by `name`: by symbol, then by symbol or name whatever the case.
pub fn find(name: &str) -> Result<Vec<&'static Unit>> {
    let name = name.trim();
    let exact = |unit: &&Unit| unit.symbol == name || unit.names().any(|known| known == name);
    let mut found: Vec<&'static Unit> = UNITS.iter().filter(exact).collect();
    if found.is_empty() {
        let lower = name.to_lowercase();
        let same = |unit: &&Unit| {
            unit.symbol.to_lowercase() == lower || unit.names().any(|known| known.to_lowercase() == lower)
        };
        found.extend(UNITS.iter().filter(same));
    }
    if found.is_empty() { Err(unknown(name)) } else { Ok(found) }
}

fn unknown(name: &str) -> SkillError {
    let lower = name.to_lowercase();
    let all = UNITS.iter().flat_map(|unit| std::iter::once(unit.symbol).chain(unit.names()));
    let near = all.map(|known| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), known)).min();
    match near {
        Some((distance, known)) if lower.chars().count() > 2 && distance <= 2 => {
            SkillError::invalid(format!("the unit `{name}` is not known; did you mean `{known}`?"))
        }
        _ => SkillError::invalid(format!("the unit `{name}` is not known; `list-units` tells which are")),
    }
}
