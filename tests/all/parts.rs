//! The parts of a request: how it is taken apart, what each part takes from those before it, and what none of them may do.

use happyos::routing::{Index, Strategy};
use serde_json::{Value, json};

use crate::routing::{analysed, giving, tools};

/// The calls that a request comes to, with the words of each of its parts.
fn calls(index: &Index, text: &str) -> Vec<(String, Value)> {
    let analysis = analysed(index, text);
    let call = |strategy: &Strategy| match strategy {
        Strategy::Direct(step) => Some((step.skill.to_string(), Value::Object(step.arguments.clone()))),
        _ => None,
    };
    match &analysis.strategy {
        Strategy::Plan(parts) => parts.iter().filter_map(|part| call(&part.strategy)).collect(),
        one => call(one).into_iter().collect(),
    }
}

#[test]
fn what_is_said_once_is_meant_for_each_of_several() {
    let index = tools();
    let convert =
        |value: f64, from: &str, to: &str| ("convert".to_owned(), json!({ "value": value, "from": from, "to": to }));
    let calculate = |text: &str| ("calculate".to_owned(), json!({ "expression": text }));
    let cases = [
        ("17*23, 144/12 och 2^10", vec![calculate("17 * 23"), calculate("144 / 12"), calculate("2^10")]),
        ("convert 10 km to miles and to feet", vec![convert(10.0, "km", "miles"), convert(10.0, "km", "feet")]),
        ("omvandla 7 tum och 9 fot till cm", vec![convert(7.0, "tum", "cm"), convert(9.0, "fot", "cm")]),
    ];
    for (text, wanted) in cases {
        let found = calls(&index, text);
        let alike = |(left, right): (&(String, Value), &(String, Value))| {
            left.0 == right.0
                && left.1.as_object().zip(right.1.as_object()).is_some_and(|(left, right)| {
                    right.iter().all(|(name, value)| {
                        left.get(name) == Some(value)
                            || left.get(name).and_then(Value::as_f64).zip(value.as_f64()).is_some_and(|(a, b)| a == b)
                    })
                })
        };
        assert!(found.len() == wanted.len() && found.iter().zip(&wanted).all(alike), "{text}: {found:?}");
    }
}

#[test]
fn a_note_is_not_taken_apart_and_a_list_of_notes_is() {
    let index = tools();
    let texts = |text: &str| -> Vec<String> {
        calls(&index, text).iter().filter_map(|(_, input)| Some(input.get("text")?.as_str()?.to_owned())).collect()
    };
    assert_eq!(texts("add notes: water the ferns, pay the plumber"), ["water the ferns", "pay the plumber"]);
    assert_eq!(texts("add a note: buy milk, eggs and bread"), ["buy milk, eggs and bread"]);
}

/// Skills for dates, texts and tables, which tell what they answer.
fn tellers() -> Index {
    let date =
        |what: &str| json!({ "type": "string", "description": format!("{what}, `YYYY-MM-DD`; today if absent.") });
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties });
    let text = json!({ "type": "string", "description": "The text to measure." });
    let column = object(&["name"], json!({ "name": { "type": "string" }, "max": { "type": "number" } }));
    Index::empty().with(
        &[
            giving(
                "age",
                "Tells how old somebody is who was born on a date",
                object(
                    &["born"],
                    json!({ "born": { "type": "string", "description": "The date of birth, `YYYY-MM-DD`." } }),
                ),
                Some(object(&["years"], json!({ "years": { "type": "integer" } }))),
                &[("en", "how old is somebody born on 3 May 1990"), ("sv", "hur gammal är den som är född 3 maj 1990")],
            ),
            giving(
                "weekday",
                "Tells the weekday and the week number of a date",
                object(&[], json!({ "date": date("The date") })),
                Some(object(&["date"], json!({ "date": date("The same"), "week": { "type": "integer" } }))),
                &[
                    ("en", "what weekday is 3 May 2026"),
                    ("en", "which week number is it"),
                    ("sv", "vilken veckodag är det"),
                ],
            ),
            giving(
                "count-text",
                "Counts the words and characters of a text",
                object(&["text"], json!({ "text": text })),
                Some(object(
                    &["words"],
                    json!({ "words": { "type": "integer" }, "characters": { "type": "integer" } }),
                )),
                &[("en", "how many words are in \"a b\""), ("sv", "hur många tecken har \"a b\"")],
            ),
            giving(
                "sum-up-table",
                "Sums up a CSV table: its rows, and the highest value of each column",
                object(&["text"], json!({ "text": { "type": "string", "description": "The table, as CSV." } })),
                Some(object(
                    &["rows"],
                    json!({ "rows": { "type": "integer" }, "columns": { "type": "array", "items": column } }),
                )),
                &[("en", "sum up this table: a,b\n1,2"), ("en", "what is the highest value in the table")],
            ),
        ],
        None,
    )
}

#[test]
fn what_a_part_leaves_unsaid_was_said_before() {
    let index = tellers();
    let table = "name,age\nNora,31\nSam,45";
    let cases = [
        // What is only told is no call of its own.
        ("My aunt was born on 12 May 1938. How old is she?".to_owned(), vec![("age", json!({ "born": "1938-05-12" }))]),
        (
            "How many words are in \"one two\"? And how many characters?".to_owned(),
            vec![("count-text", json!({ "text": "one two" })), ("count-text", json!({ "text": "one two" }))],
        ),
        (
            format!("What is the highest age in this table, and how many rows does it have?\n{table}"),
            vec![("sum-up-table", json!({ "text": table })), ("sum-up-table", json!({ "text": table }))],
        ),
    ];
    for (text, wanted) in cases {
        let mut found = calls(&index, &text);
        // Two parts that one call answers may be one call.
        found.dedup();
        let mut wanted: Vec<(String, Value)> =
            wanted.into_iter().map(|(skill, input)| (skill.to_owned(), input)).collect();
        wanted.dedup();
        assert_eq!(found, wanted, "{text}");
    }
    // A date is that of the part before, unless it is of now.
    for (text, of_now) in [
        ("What weekday is 3 May 2027? And which week number is that?", false),
        ("What weekday is 3 May 2027? And which week number is it today?", true),
    ] {
        let Strategy::Plan(parts) = analysed(&index, text).strategy else { panic!("{text}") };
        let last = parts.last().unwrap();
        let Strategy::Direct(step) = &*last.strategy else { panic!("{text}: {parts:?}") };
        assert_eq!(&*step.skill, "weekday", "{text}");
        assert_eq!(last.references.is_empty(), of_now, "{text}: {parts:?}");
    }
}

/// Skills that look things up, count and calculate.
fn finders() -> Index {
    let found = json!({ "type": "object", "required": ["value"], "properties": { "value": true } });
    let list = json!({ "type": "object", "required": ["count", "matches"], "properties": {
        "count": { "type": "integer" }, "matches": { "type": "array", "items": found },
    } });
    let look = giving(
        "query-json",
        "Finds values in JSON by a JSONPath",
        json!({ "type": "object", "required": ["data", "path"], "properties": {
            "data": { "description": "The JSON." },
            "path": { "type": "string", "description": "A JSONPath such as `$.a.b` or `$..id`." },
        } }),
        Some(list),
        &[("en", "what does $.a give on {\"a\": 1}"), ("sv", "hämta $.a ur {\"a\": 1}")],
    );
    let result = json!({ "type": "object", "required": ["result"], "properties": { "result": { "type": "string" } } });
    let calculate = giving(
        "calculate",
        "Calculates an arithmetic expression",
        json!({ "type": "object", "required": ["expression"], "properties": {
            "expression": { "type": "string", "description": "Such as `2 + 3`." },
        } }),
        Some(result),
        &[("sv", "räkna ut ett tal")],
    );
    tools().with(&[look, calculate], None)
}

/// What each part of a plan takes from those before it: where from, and the text that it becomes.
fn taken(index: &Index, text: &str) -> Vec<Vec<(usize, String, Option<String>)>> {
    let Strategy::Plan(parts) = analysed(index, text).strategy else { return Vec::new() };
    let of = |reference: &happyos::routing::Reference| {
        (reference.part, reference.pointer.clone(), reference.template.clone())
    };
    parts.iter().map(|part| part.references.iter().map(of).collect()).collect()
}

#[test]
fn arithmetic_goes_on_with_the_figure_before_it() {
    let index = finders();
    let cases = [
        ("Calculate 45 * 12, then take away 40", "{} - 40"),
        ("Räkna ut 45 * 12, dra sedan bort 40", "{} - 40"),
        ("Calculate 45 * 12 and add 25 % VAT", "{} * (1 + 25 / 100)"),
        ("Calculate 45 * 12, then split what's left between 3", "{} / 3"),
    ];
    for (text, wanted) in cases {
        let found = taken(&index, text);
        let template = found.last().and_then(|last| last.first()?.2.clone());
        assert_eq!(template.as_deref(), Some(wanted), "{text}: {found:?}");
    }
}

#[test]
fn questions_are_read_with_what_is_told_before_them() {
    let index = tellers();
    let cases = [
        (
            "My husband was born on 9 March 1941, how old is he? How many words are in \"a b\"?",
            vec![("age", json!({ "born": "1941-03-09" })), ("count-text", json!({ "text": "a b" }))],
        ),
        (
            "How many words are in \"one two\"? And how many characters does that sentence have?",
            vec![("count-text", json!({ "text": "one two" })), ("count-text", json!({ "text": "one two" }))],
        ),
    ];
    for (text, wanted) in cases {
        let mut found = calls(&index, text);
        found.dedup();
        let mut wanted: Vec<_> = wanted.into_iter().map(|(skill, input)| (skill.to_owned(), input)).collect();
        wanted.dedup();
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn answers_are_called_by_their_places() {
    let index = finders();
    let cases = [
        ("What is 2^16? What is 3 * 4? Subtract the second from the first.", vec![(0, "{} - {}"), (1, "{}")]),
        ("Räkna ut 3 * 48. Räkna ut 5 * 5. Dela det första svaret med 2.", vec![(0, "{} / 2")]),
        ("1. 18 * 3\n2. 45 * 12\n3. divide the answer to question 1 by 2", vec![(0, "{} / 2")]),
    ];
    for (text, wanted) in cases {
        let found = taken(&index, text);
        let last: Vec<_> =
            found.last().into_iter().flatten().map(|(part, _, template)| (*part, template.as_deref())).collect();
        let wanted: Vec<_> = wanted.into_iter().map(|(part, template)| (part, Some(template))).collect();
        assert_eq!(last, wanted, "{text}: {found:?}");
    }
}

#[test]
fn no_part_of_a_long_request_is_lost() {
    let sums: Vec<String> = (1..=9).map(|n| format!("{n} + {n}")).collect();
    let text = format!("what is {}", sums.join(", what is "));
    let found: Vec<String> =
        calls(&finders(), &text).iter().map(|(_, input)| input["expression"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, sums);
}

#[test]
fn what_only_reads_or_says_not_to_changes_nothing() {
    let list = giving(
        "list-notes",
        "Lists the notes that are kept",
        json!({ "type": "object", "properties": {} }),
        None,
        &[("en", "show the notes"), ("sv", "visa anteckningarna")],
    );
    let index = tools().with(&[list], None);
    let changed = |text: &str| {
        let changes = |(name, _): &(String, Value)| name.starts_with("add") || name.starts_with("delete");
        calls(&index, text).into_iter().filter(changes).collect::<Vec<_>>()
    };
    for text in [
        "What is 3 + 4, and then list the notes I have left",
        "Calculate 3 * 9 and double the result, but please do not keep any note of it",
        "Anteckna ingenting, säg bara vad 3 * 9 är",
        "What is 3 + 4? Show me note 2.",
        "Book a table at Nonna's and make a note of that time",
    ] {
        assert_eq!(changed(text), [], "{text}");
    }
    assert_eq!(changed("What is 3 + 4? Delete note 2."), [("delete-note".to_owned(), json!({ "id": 2 }))]);
}

#[test]
fn an_id_is_no_figure_that_was_calculated() {
    let index = finders();
    for text in ["What is 3 * 4? Delete it.", "Räkna ut 3 * 4 och ta bort den"] {
        let deleted = calls(&index, text).iter().any(|(name, _)| name == "delete-note");
        assert!(!deleted, "{text}");
    }
}

#[test]
fn what_was_looked_up_is_gone_on_with_by_its_name() {
    let index = finders();
    let data = r#"{"orders":[{"id":7,"total":20},{"id":9,"total":30}]}"#;
    let all = |at: usize, key: &str| {
        let text = format!("Get $.orders[*].total from {data}, get $.orders[*].id from {data}, and add up the {key}");
        taken(&index, &text).get(at).cloned().unwrap_or_default()
    };
    let sum = |part: usize| vec![(part, "/matches/*/value".to_owned(), Some("{ + }".to_owned()))];
    assert_eq!(all(2, "totals"), sum(0));
    assert_eq!(all(2, "ids"), sum(1));
}

#[test]
fn shares_of_an_answer_are_calculated() {
    let index = finders();
    for (text, wanted) in [
        ("Calculate 12.5 * 8 and take a quarter of that", "{} / 4"),
        ("Räkna ut 12,5 * 8 och ta sedan hälften av svaret", "{} / 2"),
        ("Calculate 12.5 * 8, add 40 to the result and take 15 % of that", "15 / 100 * {}"),
        ("Calculate 45 * 12, square it", "{}^2"),
    ] {
        let found = taken(&index, text);
        let template = found.last().and_then(|last| last.first()?.2.clone());
        assert_eq!(template.as_deref(), Some(wanted), "{text}: {found:?}");
    }
}

#[test]
fn a_figure_comes_to_something_at_a_rate() {
    let index = finders();
    for (text, wanted) in [
        ("Calculate 45 * 12. If a ticket costs 3.50, what does that come to?", "{} * 3.5"),
        ("Räkna ut 45 * 12. Vad kostar det om en biljett kostar 3,50?", "{} * 3.5"),
        ("Calculate 45 * 12. At 7 litres an hour, how many hours is that?", "{} / 7"),
        // What it is for says nothing more.
        ("Calculate 45 * 12 and multiply that by 6 because I'm baking six batches", "{} * 6"),
    ] {
        let found = taken(&index, text);
        let template = found.last().and_then(|last| last.first()?.2.clone());
        assert_eq!(template.as_deref(), Some(wanted), "{text}: {found:?}");
    }
}

#[test]
fn a_question_is_about_the_measure_of_its_kind() {
    let text = "I weigh 168 pounds and I'm 5.9 feet tall. How many kilos is that? And how many centimetres is that?";
    let convert =
        |value: f64, from: &str, to: &str| ("convert".to_owned(), json!({ "value": value, "from": from, "to": to }));
    let as_figure = |(skill, mut input): (String, Value)| {
        input["value"] = input["value"].as_f64().into();
        (skill, input)
    };
    let found: Vec<_> = calls(&tools(), text).into_iter().map(as_figure).collect();
    assert_eq!(found, [convert(168.0, "pounds", "kilos"), convert(5.9, "feet", "centimetres")]);
}

#[test]
fn what_was_quoted_is_spoken_of_later() {
    let index = tellers();
    let counted = |text: &str| ("count-text".to_owned(), json!({ "text": text }));
    for (text, wanted) in [
        (
            "The headline is \"one two\" and my version is \"three\". How many words does the headline have? How many words has my version?",
            vec![counted("one two"), counted("three")],
        ),
        (
            "In the quote \"one two\", how many words are there? And what weekday is 3 May 2027?",
            vec![counted("one two"), ("weekday".to_owned(), json!({ "date": "2027-05-03" }))],
        ),
    ] {
        assert_eq!(calls(&index, text), wanted, "{text}");
    }
}

#[test]
fn an_order_that_no_skill_speaks_of_is_no_note() {
    for text in [
        "Turn down the heating in the hall for me and convert 5 km to miles",
        "Räkna ut 3 * 48. Skicka ett mejl till chefen om att jag är sjuk. Omvandla 2 mil till km.",
        "convert 5 km to miles, switch on the lamp and calculate 3 * 4",
    ] {
        let noted = calls(&tools(), text).iter().any(|(name, _)| name == "add-note");
        assert!(!noted, "{text}");
    }
}

#[test]
fn each_line_of_a_list_is_a_part() {
    let found = calls(&tools(), "3 yards in metres\n12 inches in cm\n45 * 16");
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["convert", "convert", "calculate"], "{found:?}");
}

#[test]
fn sums_that_are_told_in_words_are_calculated() {
    let index = finders();
    for (text, wanted) in [
        ("My room is 4.2 by 3.5 metres. What's the area in square metres? And what is 3 * 4?", "4.2 * 3.5"),
        ("A ticket costs 145 kr. How much are 4 tickets? And what is 3 * 4?", "145 * 4"),
        ("They scored 14, 9 and 22. What's the total? And what is 3 * 4?", "14 + 9 + 22"),
    ] {
        let found = calls(&index, text);
        assert_eq!(
            found.first().map(|(_, input)| input["expression"].as_str()),
            Some(Some(wanted)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_note_has_the_answer_that_it_speaks_of() {
    let index = finders();
    let found = taken(&index, "Calculate 3 * 24 and add a note that Tom owes me that much");
    let template = found.last().and_then(|last| last.first()?.2.clone());
    assert_eq!(template.as_deref(), Some("Tom owes me {}"), "{found:?}");
    // Nothing is kept of an answer that was to be gone on with, where nothing does that.
    let found = calls(&index, "Calculate 3 * 24, translate that into French, and save the result as a note");
    assert!(found.iter().all(|(name, _)| name != "add-note"), "{found:?}");
}
