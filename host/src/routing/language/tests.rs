//! Tests of how a language is told.

use super::*;

#[track_caller]
fn check(text: &str, tongue: Tongue) {
    let found = detect(text);
    assert_eq!(found.tongue, tongue, "{text}: {found:?}");
}

#[test]
fn english() {
    for text in [
        "What time is it in Tokyo?",
        "convert 5 miles",
        "how meny words are there",
        "What is (1/3 + 0.25) * 12?",
        "Echo \"hej på dig\" back to me",
        "translate 'jag vill ha kaffe' to English",
        "weather tomorrow Stockholm",
        "Delete note 3",
        "wht is teh weather",
        "Slug for the title \"Räksmörgås\"",
    ] {
        check(text, Tongue::English);
    }
}

#[test]
fn swedish() {
    for text in [
        "hur många ord är det i 'to be or not to be'?",
        "vad är klockan",
        "konvertera 3 mil till kilometer",
        "ta bort anteckning 3",
        "vilken veckodag är det på fredag",
        "Upprepa exakt: \"hello there my friend\"",
        "hur mnga ord",
        "stäng av lampan",
        "Skapa en ny Python-funktion för dataanalys",
        "vilken dag e det idag",
        "rakna orden i texten",
    ] {
        check(text, Tongue::Swedish);
    }
}

#[test]
fn others() {
    for text in [
        "wie ist das Wetter heute in Berlin",
        "¿Qué tiempo hace hoy en Madrid?",
        "hvad er klokken i København",
        "quelle heure est-il à Paris",
        "今日の天気は？",
        "ما هو الطقس اليوم",
        "",
        "12345 !!",
        "\u{202e}\u{200b}",
    ] {
        check(text, Tongue::Other);
    }
    assert_eq!(detect("").certainty, 0.0);
}

#[test]
fn mixed_and_certain() {
    let mixed = detect("can you räkna hur många ord there are in this text");
    assert!(mixed.mixed && mixed.certainty < 0.6, "{mixed:?}");
    assert!(detect("hur många ord är det i texten").certainty > 0.8);
    assert!(detect("how many words are there in the text").certainty > 0.8);
}

#[test]
fn unseen_characters_go() {
    assert_eq!(clean("h\u{200b}ej\u{202e} på\u{a0}dig"), "hej på dig");
    assert_eq!(clean("a\u{30a}r"), "år");
    assert!(matches!(clean("plain\ntext"), Cow::Borrowed(_)));
    check("h\u{200b}ur m\u{feff}ånga o\u{200d}rd är det", Tongue::Swedish);
}

#[test]
fn typing_errors() {
    for (left, right, apart) in [
        ("what", "whta", true),
        ("what", "wat", true),
        ("what", "whaat", true),
        ("what", "whet", true),
        ("what", "what", false),
        ("what", "wht", true),
        ("what", "thaw", false),
        ("åäö", "åä", true),
    ] {
        assert_eq!(one_error_apart(left, right), apart, "{left} {right}");
    }
}

#[test]
fn long_texts_are_bounded() {
    check(&"hur många ord ".repeat(100_000), Tongue::Swedish);
    detect(&"'\"`".repeat(100_000));
}
