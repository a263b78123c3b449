//! Tests of the summary.

use happyos_sdk::testing;
use serde_json::{Value, json};

#[test]
fn examples() {
    testing::check_examples(&crate::BUNDLE);
}

#[track_caller]
fn summary(text: &str) -> Value {
    match testing::call(&crate::BUNDLE, "csv-summary", &json!({ "text": text })) {
        Ok(summary) => summary,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn delimiters() {
    for (text, delimiter) in
        [("a,b\n1,2", ","), ("a;b\n1,5;2,5", ";"), ("a\tb\n1\t2", "\t"), ("a|b|c\n1|2|3", "|"), ("a\n1\n2", ",")]
    {
        assert_eq!(summary(text)["delimiter"], delimiter, "{text:?}");
    }
}

#[test]
fn types() {
    let summary = summary("id,price,ok,day,zip,what\n1,1.5,yes,2026-01-01,01234,x\n2,2,no,2026-01-02T10:00,02345,7\n");
    let types: Vec<&Value> =
        summary["columns"].as_array().into_iter().flatten().map(|column| &column["type"]).collect();
    assert_eq!(types, ["integer", "number", "boolean", "date", "text", "text"]);
}

#[test]
fn statistics_of_numbers() {
    let column = &summary("x\n4\n1\nNA\n2\n1\n\n")["columns"][0];
    assert_eq!((&column["count"], &column["missing"], &column["distinct"]), (&json!(4), &json!(1), &json!(3)));
    assert_eq!((&column["min"], &column["max"]), (&json!(1.0), &json!(4.0)));
    assert_eq!((&column["mean"], &column["median"], &column["sum"]), (&json!(2.0), &json!(1.5), &json!(8.0)));
    assert_eq!(column["most_common"], json!({"value": "1", "count": 2}));
}

#[test]
fn swedish_numbers() {
    let summary = summary("vara;pris\nbil;1 234 567,50\ncykel;−5\n");
    assert_eq!(summary["decimal_comma"], true);
    assert_eq!(summary["columns"][1]["sum"], 1_234_562.5);
}

#[test]
fn quotes_and_uneven_rows() {
    let summary = summary("\u{feff}a,b\n\"x, \"\"y\"\"\nz\",1\n2\n3,4,5\n");
    assert_eq!((&summary["rows"], &summary["uneven_rows"]), (&json!(3), &json!(2)));
    assert_eq!(summary["columns"][0]["name"], "a");
    assert_eq!(summary["columns"][1]["missing"], 1);
}

#[test]
fn a_table_without_names() {
    let summary = summary("1,2\n3,4\n");
    assert_eq!((&summary["header"], &summary["rows"]), (&json!(false), &json!(2)));
    assert_eq!(summary["columns"][1]["name"], "column 2");
}

#[test]
fn long_tables_report_progress() {
    testing::progress_reports();
    let text = format!("x\n{}", "1\n".repeat(25_000));
    assert_eq!(summary(&text)["columns"][0]["sum"], 25_000.0);
    let reports = testing::progress_reports();
    assert_eq!(reports.iter().map(|report| report.message.as_str()).collect::<Vec<_>>(), ["10000 rows", "20000 rows"]);
    assert!(reports.iter().all(|report| report.total == Some(text.len() as f64)));
}

#[test]
fn bad_input_is_refused() {
    for input in
        [json!({"text": " \n"}), json!({"text": "a", "delimiter": "å"}), json!({"text": "a", "delimiter": "\""})]
    {
        let error = testing::call(&crate::BUNDLE, "csv-summary", &input).err();
        assert_eq!(error.map(|error| error.kind()), Some("invalid-input"), "{input}");
    }
}
