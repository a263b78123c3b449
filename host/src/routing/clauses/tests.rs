//! Tests of how a request is split into clauses.

use super::*;
use crate::routing::language::detect;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = split(text, &detect(text))
        .into_iter()
        .map(|clause| if clause.depends { format!("^ {}", clause.text) } else { clause.text })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn one_part() {
    for text in [
        "What is the weather in Boston and Chicago?",
        "Sum 1, 2 and 3",
        "echo 'find it. and then send it' back",
        "hur många ord är det i 'att vara eller inte vara'?",
        "Add milk, bread and butter to the list",
        "List the most frequent words in \"Ja, ja. Visa mig\" except \"har\" and \"du\"",
        "Fetch https://example.org/a.html?x=1,2 now",
        "Dr. Who is on at 3.30",
        "Get me the score, please",
    ] {
        check(text, &[text]);
    }
}

#[test]
fn several_parts() {
    check("find a hotel and book it", &["find a hotel", "^ book it"]);
    check(
        "Convert 5 km to miles and then add the result as a note",
        &["Convert 5 km to miles", "^ then add the result as a note"],
    );
    check("räkna orden i texten och spara dem", &["räkna orden i texten", "^ spara dem"]);
    check("vad är klockan i Tokyo och hur varmt är det där?", &["vad är klockan i Tokyo", "hur varmt är det där?"]);
    check("Läs anteckning 3. Sedan radera den.", &["Läs anteckning 3.", "^ Sedan radera den."]);
    check("what is 2+2; after that, tell me the time", &["what is 2+2", "after that, tell me the time"]);
    check(
        "I like plants. Can you find a florist, and what is the weather?",
        &["I like plants.", "Can you find a florist", "what is the weather?"],
    );
    check(
        "översätt texten till engelska och skicka den till Anna",
        &["översätt texten till engelska", "^ skicka den till Anna"],
    );
}

#[test]
fn a_request_in_quotation_marks_is_a_request() {
    check("\"Find a hotel. Can you book it?\"", &["Find a hotel.", "^ Can you book it?"]);
    let found = split("\"Find a hotel. Can you book it?\"", &detect("find"));
    assert_eq!(found.first().map(|clause| clause.span.clone()), Some(1..14));
}

#[test]
fn nothing_is_lost_and_all_is_bounded() {
    for text in ["", "   ", "?!", "\u{202e}hej", "and", "'", "((((("] {
        assert_eq!(split(text, &detect(text)).len(), 1, "{text}");
    }
    assert!(split(&"find a cat. ".repeat(10_000), &detect("find")).len() <= CLAUSES_MAX);
    split(&"'\"(".repeat(5_000), &detect("find"));
}
