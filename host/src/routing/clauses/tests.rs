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
    check("Get me the score, please", &["Get me the score"]);
    check("12 * 11, och kan du säga vad klockan är? tack", &["12 * 11", "säga vad klockan är?"]);
    check("Jag undrar två saker: vad är 2+2, och vilken veckodag är det?", &["vad är 2+2", "vilken veckodag är det?"]);
    check("- 12 * 11\n- 5 km till miles", &["12 * 11", "5 km till miles"]);
    check("om 45 dagar, vilket datum är det?", &["om 45 dagar, vilket datum är det?"]);
    check("visa sen vad jag har antecknat", &["visa sen vad jag har antecknat"]);
    check("is 1900 a leap year, and was 1 may 1900 a monday?", &["is 1900 a leap year", "was 1 may 1900 a monday?"]);
    check("räkna orden i texten och spara dem", &["räkna orden i texten", "^ spara dem"]);
    check("vad är klockan i Tokyo och hur varmt är det där?", &["vad är klockan i Tokyo", "hur varmt är det där?"]);
    check("Läs anteckning 3. Sedan radera den.", &["Läs anteckning 3.", "^ Sedan radera den."]);
    check("what is 2+2; after that, tell me the time", &["what is 2+2", "after that, tell me the time"]);
    check(
        "I like plants. Can you find a florist, and what is the weather?",
        &["I like plants.", "find a florist", "what is the weather?"],
    );
    check(
        "översätt texten till engelska och skicka den till Anna",
        &["översätt texten till engelska", "^ skicka den till Anna"],
    );
}

#[test]
fn a_request_in_quotation_marks_is_a_request() {
    check("\"Find a hotel. Can you book it?\"", &["Find a hotel.", "^ book it?"]);
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
