//! The skills that ship with the project, asked as people ask, in both languages; and hostile texts.

use serde_json::json;

use super::*;

/// Sunday 22 November 2026, at noon.
const NOW: CivilNow = CivilNow { year: 2026, month: 11, day: 22, hour: 12, minute: 0, second: 0, weekday: 7 };

struct Skill {
    name: &'static str,
    description: &'static str,
    schema: Value,
    examples: Vec<ExampleText>,
}

/// A skill with the examples it ships with.
fn skill(name: &'static str, description: &'static str, schema: Value, examples: &str) -> Skill {
    let rows: Vec<Value> = serde_json::from_str(examples).unwrap();
    let texts = |row: &Value| -> Vec<ExampleText> {
        let request = row["request"].as_object().unwrap();
        let input = row["input"].clone();
        request
            .iter()
            .map(|(language, text)| ExampleText {
                language: language.clone(),
                text: text.as_str().unwrap().to_owned(),
                input: Some(input.clone()),
            })
            .collect()
    };
    Skill { name, description, schema, examples: rows.iter().flat_map(texts).collect() }
}

fn read(skill: &Skill, text: &str) -> Extraction {
    let about =
        About { name: skill.name, description: skill.description, schema: &skill.schema, examples: &skill.examples };
    extract(about, text, language::detect(text), NOW)
}

#[track_caller]
fn check(skill: &Skill, rows: &[(&str, Value)]) {
    let mut wrong = Vec::new();
    for (text, expected) in rows {
        let found = read(skill, text);
        let mut got = Value::Object(found.arguments.clone());
        if !found.missing.is_empty() {
            got["?"] = found.missing.iter().map(|missing| Value::from(missing.name.as_str())).collect();
        }
        // 3 and 3.0 are one number.
        if got.to_string().replace(".0,", ",").replace(".0}", "}")
            != expected.to_string().replace(".0,", ",").replace(".0}", "}")
        {
            wrong.push(format!("{text}\n   got {got}\n  want {expected}\n   {:?}", found.missing));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", skill.name, wrong.join("\n"));
}

#[test]
fn text_statistics() {
    let skill = skill(
        "text-stats",
        "Counts the words, characters, sentences, lines and paragraphs of a text, and says how long it takes to read.",
        json!({"type": "object", "properties": {"text": {"type": "string", "description": "The text to measure."}}, "required": ["text"]}),
        include_str!("../../../../skills/text-stats/examples/text-stats.json"),
    );
    check(
        &skill,
        &[
            ("hur många ord är det i 'att vara eller inte vara'?", json!({"text": "att vara eller inte vara"})),
            ("how many words are in \"to be or not to be\"?", json!({"text": "to be or not to be"})),
            ("Hur många tecken har texten: hej på dig", json!({"text": "hej på dig"})),
            ("count the words in 'don't panic, it's fine'", json!({"text": "don't panic, it's fine"})),
            ("Count the characters of this: Hello, world!", json!({"text": "Hello, world!"})),
            ("hur många ord är det i “räksmörgås är gott”", json!({"text": "räksmörgås är gott"})),
            ("how many words are there?", json!({"?": ["text"]})),
            ("hur många ord är det", json!({"?": ["text"]})),
        ],
    );
}

#[test]
fn units_of_measurement() {
    let skill = skill(
        "convert-units",
        "Converts a measurement from one unit to another: length, mass, temperature, volume, area, speed, time, data, energy, power, pressure, force, angle and fuel consumption. Knows English and Swedish unit names, the Swedish mil (10 km), and metric, imperial and US units.",
        json!({"type": "object", "properties": {
            "value": {"type": "number", "format": "double", "description": "The number to convert."},
            "from": {"type": "string", "description": "The unit it is in, as a symbol or a name: `km`, `miles`, `°F`, `mil`, `tum`, `cup`."},
            "to": {"type": "string", "description": "The unit to convert to."},
            "decimals": {"type": ["integer", "null"], "minimum": 0, "description": "Round to this many decimals, 0 to 30."}
        }, "required": ["value", "from", "to"]}),
        include_str!("../../../../skills/units/examples/convert-units.json"),
    );
    check(
        &skill,
        &[
            ("konvertera 3 mil till kilometer", json!({"value": 3, "from": "mil", "to": "kilometer"})),
            ("Convert 350 degrees Fahrenheit to Celsius", json!({"value": 350, "from": "Fahrenheit", "to": "Celsius"})),
            ("How many kilometres are 26.2 miles?", json!({"value": 26.2, "from": "miles", "to": "kilometres"})),
            ("hur många deciliter är två liter", json!({"value": 2, "from": "liter", "to": "deciliter"})),
            ("what is 5 kg in pounds?", json!({"value": 5, "from": "kg", "to": "pounds"})),
            ("vad är 12,5 tum i centimeter?", json!({"value": 12.5, "from": "tum", "to": "centimeter"})),
            ("convert 10 km", json!({"value": 10, "from": "km", "?": ["to"]})),
            ("tjugofem meter i fot, tack", json!({"value": 25, "from": "meter", "to": "fot"})),
        ],
    );
}

#[test]
fn dates() {
    let info = skill(
        "date-info",
        "Tells what there is to know of a date: the weekday, ISO week number, day of the year, quarter, leap year, and how many days there are to it from today.",
        json!({"type": "object", "properties": {"date": {"type": ["string", "null"], "description": "`YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent."}}}),
        include_str!("../../../../skills/dates/examples/date-info.json"),
    );
    check(
        &info,
        &[
            ("what weekday is 3 March 2027", json!({"date": "2027-03-03"})),
            ("vilken veckodag är den 6 juni 2026?", json!({"date": "2026-06-06"})),
            ("vilken vecka är det nu", json!({})),
            ("What day is tomorrow?", json!({"date": "2026-11-23"})),
            ("what weekday is 24 December", json!({"date": "2026-12-24"})),
            ("vilken veckodag är den 3 maj?", json!({"date": "2027-05-03"})),
            ("what weekday was 3 May", json!({"date": "2026-05-03"})),
            ("vilken dag är det i övermorgon", json!({"date": "2026-11-24"})),
        ],
    );
    let weekday = skill(
        "find-weekday",
        "Finds the next or previous given weekday, such as \"next Friday\" or \"förra måndagen\". The start itself does not count.",
        json!({"type": "object", "properties": {
            "weekday": {"type": "string", "description": "In English or Swedish: `friday`, `fri`, `fredag`, `fre`."},
            "from": {"type": ["string", "null"], "description": "Where to start: `YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent."},
            "nth": {"type": ["integer", "null"], "description": "Which one: 1 is the next, 2 the one after, -1 the one before; 1 if absent."}
        }, "required": ["weekday"]}),
        include_str!("../../../../skills/dates/examples/find-weekday.json"),
    );
    check(
        &weekday,
        &[
            ("What date is next Friday?", json!({"weekday": "friday"})),
            ("vilket datum är nästa fredag?", json!({"weekday": "fredag"})),
        ],
    );
    let age = skill(
        "age",
        "Says how old somebody or something is, in years, months and days, and when the next birthday is.",
        json!({"type": "object", "properties": {
            "born": {"type": "string", "description": "The date of birth, `YYYY-MM-DD`."},
            "on": {"type": ["string", "null"], "description": "The day to tell the age on, `YYYY-MM-DD`; today if absent."}
        }, "required": ["born"]}),
        include_str!("../../../../skills/dates/examples/age.json"),
    );
    check(
        &age,
        &[
            ("How old is someone born on 14 October 1988?", json!({"born": "1988-10-14"})),
            ("hur gammal är den som är född 1999-12-31?", json!({"born": "1999-12-31"})),
            ("how old is my cat", json!({"?": ["born"]})),
            // No birth is in the year to come.
            ("how old is someone born on 3 May", json!({"?": ["born"]})),
        ],
    );
    let difference = skill(
        "date-difference",
        "Counts the days, weeks, months and years between two dates.",
        json!({"type": "object", "properties": {
            "from": {"type": ["string", "null"], "description": "`YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent."},
            "to": {"type": ["string", "null"], "description": "The same."}
        }}),
        include_str!("../../../../skills/dates/examples/date-difference.json"),
    );
    check(
        &difference,
        &[
            ("how many days until 24 December", json!({"to": "2026-12-24"})),
            ("hur många dagar är det kvar till den 3 maj?", json!({"to": "2027-05-03"})),
            ("how many days from 20 October to 3 January", json!({"from": "2026-10-20", "to": "2027-01-03"})),
            ("how many days since 3 May", json!({"from": "2026-05-03"})),
        ],
    );
}

#[test]
fn arithmetic() {
    let skill = skill(
        "calc",
        "Calculates an arithmetic expression exactly, without rounding errors: + - * / ^ (power) % (remainder) ! (factorial) and parentheses, on whole numbers and decimals of any size. Gives the decimal result and the exact fraction.",
        json!({"type": "object", "properties": {
            "expression": {"type": "string", "description": "Such as `(1/3 + 0.25) * 12` or `2^100`. Decimal point or comma; `×`, `·`, `÷` and `**` work too."},
            "digits": {"type": ["integer", "null"], "description": "Most decimals in `result`, 0 to 1000; 20 if absent."}
        }, "required": ["expression"]}),
        include_str!("../../../../skills/calc/examples/calc.json"),
    );
    check(
        &skill,
        &[
            ("What is (1/3 + 0.25) * 12?", json!({"expression": "(1/3 + 0.25) * 12"})),
            ("Räkna ut 2 upphöjt till 100", json!({"expression": "2^100"})),
            ("vad är 17 gånger 23?", json!({"expression": "17 * 23"})),
            ("what is 10 minus 3 plus 4", json!({"expression": "10 - 3 + 4"})),
            ("20!", json!({"expression": "20!"})),
            ("calculate something for me", json!({"?": ["expression"]})),
            ("Knock 12% off 350", json!({"expression": "350 * (1 - 12 / 100)"})),
            ("what do I pay for 640 with 30% discount", json!({"expression": "640 * (1 - 30 / 100)"})),
            ("Dra av 5 % från 940", json!({"expression": "940 * (1 - 5 / 100)"})),
            ("lägg 25 procent moms på 460", json!({"expression": "460 * (1 + 25 / 100)"})),
            ("what does 88 * 88 come to?", json!({"expression": "88 * 88"})),
            ("vad kostar 899 kr med 15 % rabatt?", json!({"expression": "899 * (1 - 15 / 100)"})),
            ("How much is 10% discount on 70?", json!({"expression": "10 / 100 * 70"})),
            ("put together 3 and 4", json!({"?": ["expression"]})),
            ("add a 20 percent tip to 85", json!({"expression": "85 * (1 + 20 / 100)"})),
            ("lägg på 12 procent moms på 450", json!({"expression": "450 * (1 + 12 / 100)"})),
            ("vad blir 1200 plus 6 % moms", json!({"expression": "1200 * (1 + 6 / 100)"})),
            ("100 + 5% of 200", json!({"expression": "100 + 5 / 100 * 200"})),
            ("Split 96 evenly among four friends", json!({"expression": "96 / 4"})),
            ("take a third of 99", json!({"expression": "99 / 3"})),
            ("ta 15 % av 640", json!({"expression": "15 / 100 * 640"})),
            ("vad blir 3/8 av 1200", json!({"expression": "3/8 * 1200"})),
            ("subtracting 18.5 from 100", json!({"expression": "100 - 18.5"})),
            ("dela 5250 på 12 månader", json!({"expression": "5250 / 12"})),
            ("add 250, 90 and 410 together", json!({"expression": "250 + 90 + 410"})),
            ("fördela 750 kr mellan 6 barn", json!({"expression": "750 / 6"})),
            ("dela upp 81 lika på 3", json!({"expression": "81 / 3"})),
            ("what's a fifth of 65?", json!({"expression": "65 / 5"})),
            ("two thirds of 144", json!({"expression": "144 * 2 / 3"})),
            ("hur mycket är tre fjärdedelar av 60", json!({"expression": "60 * 3 / 4"})),
            ("en åttondel av 96", json!({"expression": "96 / 8"})),
            ("Hälften av 230", json!({"expression": "230 / 2"})),
            ("Triple 41", json!({"expression": "3 * 41"})),
            ("tredubbla 15", json!({"expression": "3 * 15"})),
            ("tre gånger så mycket som 14", json!({"expression": "3 * 14"})),
            ("11 squared", json!({"expression": "11^2"})),
            ("vad är 4 i kubik?", json!({"expression": "4^3"})),
            ("the mean of 12, 15 and 21", json!({"expression": "(12 + 15 + 21) / 3"})),
            ("Beräkna snittet av 3, 7 och 8", json!({"expression": "(3 + 7 + 8) / 3"})),
            ("the average of 9", json!({"?": ["expression"]})),
            ("what is the remainder if you divide 40 by 7", json!({"expression": "40 % 7"})),
            ("vad blir resten när man delar 29 med 4", json!({"expression": "29 % 4"})),
            ("6 fakultet", json!({"expression": "6!"})),
            ("roten ur 81", json!({"?": ["expression"]})),
        ],
    );
}

#[test]
fn queries_of_json_in_words() {
    let skill = skill(
        "json-query",
        "Picks values out of JSON with a JSONPath query (RFC 9535): by name, index, slice, wildcard, at any depth, or by a filter such as `[?@.price < 10]`. Gives each match with its path.",
        json!({"type": "object", "properties": {
            "data": {"description": "The JSON to query, as it is. Either this or `json`."},
            "json": {"type": ["string", "null"], "description": "The JSON to query, as text. Either this or `data`."},
            "path": {"type": "string", "description": "A JSONPath query such as `$.users[*].email`, `$..id` or `$.books[?@.price < 10]`."},
            "limit": {"type": ["integer", "null"], "minimum": 0, "description": "Most matches to return, 1 to 10000; 100 if absent."}
        }, "required": ["path"]}),
        include_str!("../../../../skills/json-query/examples/json-query.json"),
    );
    let staff = r#"{"staff": [{"name": "Ulla", "age": 61}, {"name": "Per", "age": 44}]}"#;
    let person = r#"{"person": {"mobil": "070", "adress": {"stad": "Umeå", "gata": "Kungsgatan"}}}"#;
    let films = r#"[{"titel": "Fanny", "år": 1982}, {"titel": "Tjorven", "år": 1964}]"#;
    let order = r#"{"order": {"id": 9, "lines": [{"sku": "a", "qty": 2}, {"sku": "b", "qty": 1}], "city": "Lund"}}"#;
    let rows = [
        ("Give me the names in {}", staff, Some("$.staff[*].name")),
        ("who are they? Pull every age from {}", staff, Some("$.staff[*].age")),
        ("what is the first name in {}", staff, Some("$.staff[0].name")),
        ("the age of the last staff member in {}", staff, Some("$.staff[-1].age")),
        ("list names and ages from {}", staff, Some("$.staff[*]['name','age']")),
        ("How many staff are there in {}?", staff, Some("$.staff[*]")),
        ("the names of those older than 50 in {}", staff, Some("$.staff[?@.age > 50].name")),
        ("which ages are at least 50 in {}", staff, Some("$.staff[?@.age >= 50].age")),
        ("vilka är yngre än 50 i {}", staff, Some("$.staff[?@.age < 50]")),
        ("what is the average age in {}", staff, None),
        ("the oldest name in {}", staff, None),
        ("get the salaries from {}", staff, None),
        ("I vilken stad? Hämta staden ur {}", person, Some("$.person.adress.stad")),
        ("Vad är personens mobil i {}", person, Some("$.person.mobil")),
        ("plocka ut mobilen och gatan ur {}", person, Some("$.person..['mobil','gata']")),
        ("hämta person.adress.stad ur {}", person, Some("$.person.adress.stad")),
        ("run $.staff[?@.age > 50].name on {}", staff, Some("$.staff[?@.age > 50].name")),
        ("hämta person.adress.land ur {}", person, None),
        ("Hämta telefonnumret ur {}", person, None),
        ("lista titlarna i {}", films, Some("$[*].titel")),
        ("vilken är den andra titeln i {}", films, Some("$[1].titel")),
        ("alla titlar utom den första i {}", films, None),
        ("which cities are in {}", order, Some("$.order.city")),
        ("Extract order.lines[1].sku out of {}", order, Some("$.order.lines[1].sku")),
        ("show me the sku of each line in {}", order, Some("$.order.lines[*].sku")),
        ("Run $.order.id on {}", order, Some("$.order.id")),
    ];
    for (text, data, path) in rows {
        let found = read(&skill, &text.replace("{}", data));
        assert_eq!(found.arguments.get("path").and_then(Value::as_str), path, "{text}: {found:?}");
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(found.arguments.get("data"), Some(&data), "{text}: {found:?}");
        assert_eq!(found.is_sure(), path.is_some(), "{text}: {found:?}");
    }
}

#[test]
fn notes_echo_pages_and_cases() {
    let add = skill(
        "add-note",
        "Keeps a note for later: a thought, a reminder, a piece of information worth remembering.",
        json!({"type": "object", "properties": {
            "text": {"type": "string", "description": "The note, at most 8000 characters."},
            "tags": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Words to find it by, such as \"shopping\"; at most 16."}
        }, "required": ["text"]}),
        include_str!("../../../../skills/notes/examples/add-note.json"),
    );
    check(
        &add,
        &[
            (
                "Remember that the spare key is with the neighbour",
                json!({"text": "the spare key is with the neighbour"}),
            ),
            ("Anteckna: ring tandläkaren", json!({"text": "ring tandläkaren"})),
            ("Kom ihåg att köpa mjölk", json!({"text": "köpa mjölk"})),
        ],
    );
    let get = skill(
        "get-note",
        "Gets one kept note by its number.",
        json!({"type": "object", "properties": {"id": {"type": "integer", "minimum": 0, "description": "The note's number."}}, "required": ["id"]}),
        include_str!("../../../../skills/notes/examples/get-note.json"),
    );
    check(
        &get,
        &[
            ("Läs upp anteckning nummer 12", json!({"id": 12})),
            ("read note 3", json!({"id": 3})),
            ("read my note", json!({"?": ["id"]})),
        ],
    );
    let echo = skill(
        "echo",
        "Returns the message it is given, unchanged. For testing connections, not for answering people.",
        json!({"type": "object", "properties": {"message": {"type": "string", "description": "Any text."}}, "required": ["message"]}),
        include_str!("../../../../skills/echo/examples/echo.json"),
    );
    check(
        &echo,
        &[
            ("Eka tillbaka \"hej 'du' där\"", json!({"message": "hej 'du' där"})),
            ("Repeat exactly: \"räksmörgås 🦐\"", json!({"message": "räksmörgås 🦐"})),
        ],
    );
    let fetch = skill(
        "web-fetch",
        "Fetches a web address and gives its status, title and text.",
        json!({"type": "object", "properties": {
            "url": {"type": "string", "description": "The address: `https://…` or `http://…`."},
            "format": {"anyOf": [{"$ref": "#/$defs/Format"}, {"type": "null"}], "description": "`text` (the default) or `raw`."},
            "max_chars": {"type": ["integer", "null"], "description": "Characters to give at most, 1 to 100000; 20000 if absent."}
        }, "required": ["url"], "$defs": {"Format": {"oneOf": [{"const": "text", "description": "What a reader sees."}, {"const": "raw", "description": "As it came."}]}}}),
        include_str!("../../../../skills/web-fetch/examples/web-fetch.json"),
    );
    check(
        &fetch,
        &[
            ("Vad står det på sidan https://weather.example/today?", json!({"url": "https://weather.example/today"})),
            ("Open http://old.example and follow where it leads", json!({"url": "http://old.example"})),
            ("hämta sidan", json!({"?": ["url"]})),
            ("show the raw html of https://code.example/b", json!({"format": "raw", "url": "https://code.example/b"})),
            ("fetch https://code.example/b in raw format", json!({"format": "raw", "url": "https://code.example/b"})),
        ],
    );
    let case = skill(
        "convert-case",
        "Converts text between letter cases: camelCase, PascalCase, snake_case, kebab-case, CONSTANT_CASE, dot.case, path/case, Title Case, Sentence case, lower, upper and swapped.",
        json!({"type": "object", "properties": {
            "text": {"type": "string", "description": "The text or identifier."},
            "to": {"type": "string", "enum": ["camel", "pascal", "snake", "kebab", "constant", "dot", "path", "title", "sentence", "lower", "upper", "swap"], "description": "The case to convert to."}
        }, "required": ["text", "to"]}),
        "[]",
    );
    check(
        &case,
        &[
            ("Turn \"user account id\" into camelCase", json!({"text": "user account id", "to": "camel"})),
            ("Gör om 'parse this' till snake_case", json!({"text": "parse this", "to": "snake"})),
            ("Make \"hello\" nicer", json!({"text": "hello", "?": ["to"]})),
            ("swap upper and lower case in 'Hello World'", json!({"text": "Hello World", "to": "swap"})),
        ],
    );
}

#[test]
fn questions_are_in_the_language_of_the_request() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string", "description": "The city."}}, "required": ["city"]});
    let skill = Skill { name: "weather", description: "Tells the weather.", schema, examples: Vec::new() };
    let question = |text: &str| read(&skill, text).missing.first().map(|missing| missing.question.clone());
    assert_eq!(question("vad är det för väder").as_deref(), Some("Vilken plats gäller det (`city`)?"));
    assert_eq!(question("what is the weather like").as_deref(), Some("Which place (`city`)?"));
}

#[test]
fn hostile_texts_end_and_give_nothing_unasked() {
    let schema = json!({"type": "object", "properties": {
        "n": {"type": "integer", "minimum": 1, "maximum": 9}, "mode": {"enum": ["a", "b"]},
        "when": {"type": "string", "format": "date"}, "list": {"type": "array", "items": {"type": "number"}},
        "deep": {"type": "object", "properties": {"x": {"type": "object", "properties": {"y": {"type": "string"}}, "required": ["y"]}}, "required": ["x"]}
    }, "required": ["n", "mode", "when", "list", "deep"]});
    let skill = Skill { name: "odd", description: "", schema, examples: Vec::new() };
    let long = "9".repeat(1 << 20);
    let many = "1, ".repeat(50_000);
    let quotes = "'\"“`".repeat(10_000);
    let brackets = "[{(".repeat(10_000);
    for text in [
        "",
        " ",
        "\u{202e}\u{200b}",
        "'",
        "''",
        "\"\"\"",
        "-",
        "%",
        "1e999999",
        "99999999999999999999",
        "5/0",
        "31 February 2027",
        "[[[[",
        "{\"a\":",
        "kl 99:99",
        &long,
        &many,
        &quotes,
        &brackets,
    ] {
        let found = read(&skill, text);
        let shown: String = text.chars().take(20).collect();
        assert!(!found.is_sure(), "{shown}: {:?}", found.arguments);
        if let Some(n) = found.arguments.get("n").and_then(Value::as_i64) {
            assert!((1..=9).contains(&n), "{shown}");
        }
    }
    for schema in
        [json!(null), json!(true), json!({"$ref": "#"}), json!({"type": "object", "properties": {"a": {"$ref": "#"}}})]
    {
        let skill = Skill { name: "odd", description: "", schema, examples: Vec::new() };
        read(&skill, "set a to 5");
    }
}
