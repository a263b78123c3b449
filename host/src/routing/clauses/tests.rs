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
    check(
        "Make a slug of 'a b', and the number of letters in that slug",
        &["Make a slug of 'a b'", "the number of letters in that slug"],
    );
    check("Call my boss and say that I am ill. What is 2+2?", &["Call my boss and say that I am ill.", "What is 2+2?"]);
    check(
        "Jag blir glad för hjälp: skriv 'a b' med versaler",
        &["Jag blir glad för hjälp:", "skriv 'a b' med versaler"],
    );
    check("Add 64 and 58. On another subject, what time is it?", &["Add 64 and 58.", "what time is it?"]);
    check(
        "What time is it? By the way, which units of energy are there?",
        &["What time is it?", "which units of energy are there?"],
    );
    check("Vad är 2+2? Förutom det, vilken dag är det?", &["Vad är 2+2?", "vilken dag är det?"]);
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

#[test]
fn what_only_says_when_is_a_part_of_its_own() {
    check(
        "Efter att du räknat orden i 'röd bil', multiplicera antalet med 12",
        &["räknat orden i 'röd bil'", "^ multiplicera antalet med 12"],
    );
    check(
        "Before you save the note 'röd bil', tell me what 12 * 3 is",
        &["tell me what 12 * 3 is", "save the note 'röd bil'"],
    );
    check("Delete note 3, but first tell me what 2 + 2 is", &["tell me what 2 + 2 is", "Delete note 3"]);
}

#[test]
fn items_of_a_list_are_parts() {
    check(
        "1) 12 * 3 2) 5 km to miles 3) count the words in 'a b'",
        &["12 * 3", "5 km to miles", "count the words in 'a b'"],
    );
    check(
        "Three things: 5 acres to hectares, 18 * 45, and the weekday of 9 October",
        &["5 acres to hectares", "18 * 45", "the weekday of 9 October"],
    );
    check("Hi! Two quick ones: 15 * 12 and what day is 2 May 2027?", &["15 * 12", "what day is 2 May 2027?"]);
    let list = "add notes: buy milk, call mum and book the dentist";
    check(list, &[list]);
}

#[test]
fn a_part_that_tells_a_unit_puts_it_to_the_answer() {
    check(
        "What is 15 times 6? That's in inches, so convert it to cm too.",
        &["What is 15 times 6?", "^ convert the result inches to cm too."],
    );
}

#[test]
fn what_a_noun_is_counted_in_is_read_with_it() {
    assert_eq!(counted_in("the age in years", &(0..7)), Some((0..16, "years".to_owned())));
    assert_eq!(counted_in("the age of Eva", &(0..7)), None);
}

#[test]
fn an_item_stands_where_the_part_before_has_the_like() {
    for (model, item, wanted) in [
        ("what time is it in Oslo", "Lima", "what time is it in Lima"),
        ("what time is it in Oslo", "in Lima", "what time is it in Lima"),
        ("Is 2100 a leap year?", "How about 2096?", "Is 2096 a leap year?"),
        ("är \"x1\" ett bra lösenord?", "och \"y2\" då?", "är \"y2\" ett bra lösenord?"),
        ("Turn \"A b\" into a slug", "also into CONSTANT_CASE", "Turn \"A b\" into CONSTANT_CASE"),
        ("skriv \"a b\" med versaler", "i snake_case", "skriv \"a b\" i snake_case"),
        ("hur mycket är 3 fot i cm", "11 tum", "hur mycket är 11 tum i cm"),
        ("2 cups in ml", "8 oz in grams", "8 oz in grams"),
        ("17*23", "144/12", "144/12"),
        ("Run $.a on {\"a\": 1}", "$.b on the same data", "Run $.b on {\"a\": 1}"),
        ("Vilket ord är vanligast i \"en en två\"", "vilket är längst?", "vilket ord är längst i \"en en två\""),
    ] {
        let (texts, _) = parallel(model, item);
        assert!(texts.iter().any(|text| text == wanted), "{model} / {item}: {texts:?}");
    }
}

#[test]
fn what_is_said_for_all_of_a_list_is_found() {
    assert_eq!(shared_tail("11 inches in cm"), Some("in cm"));
    assert_eq!(without_each("5 ft and 11 inches each in cm"), ("5 ft and 11 inches in cm".to_owned(), true));
    assert_eq!(without_count("Lägg till två anteckningar: 'a'", 2).as_deref(), Some("Lägg till anteckningar: 'a'"));
    assert_eq!(without_count("Lägg till två anteckningar: 'a'", 3), None);
    assert!(says_link_again("write it in capitals and in kebab-case"));
    assert!(!says_link_again("write it in capitals and count it"));
    assert_eq!(listed("add notes: buy milk, call mum").map(|listed| listed.items.len()), Some(2));
    assert_eq!(listed("Rate these passwords:\n- sun & moon\n- ab, cd").map(|listed| listed.items.len()), Some(2));
    for text in ["add a note: buy milk, eggs and bread", "add to my notes: milk, eggs", "notes: none"] {
        assert!(listed(text).is_none(), "{text}");
    }
}

#[test]
fn what_only_says_that_the_part_before_is_done_is_no_part() {
    check("what is 7 * 8? Once you have it, add 4 to it", &["what is 7 * 8?", "^ Once you have it, add 4 to it"]);
}

#[test]
fn what_gives_the_data_of_a_request_asks_for_nothing() {
    for text in ["Here is a table:", "Här är min lista:", "Jag har en csv:", "Given the table below"] {
        assert!(gives_data(text), "{text}");
    }
    for text in ["Summarise this table:", "What is this:", "Here, show me the notes:", "Visa min lista:"] {
        assert!(!gives_data(text), "{text}");
    }
}

#[test]
fn statements_are_told_from_what_asks() {
    for text in [
        "The invoice is dated 5 May 2027",
        "Vi ska köra 38 mil till fjällen",
        "Receptet säger 3 dl mjölk",
        "Patient weighs 165 lb",
        "I teach 5 lessons a day",
        "min man föddes den 9 mars 1941",
        "Sen har jag ett recept på 6 bullar",
        "ska betalas 30 dagar senare.",
    ] {
        assert!(is_statement(text), "{text}");
    }
    for text in [
        "What is 5 * 5",
        "convert 5 km to miles",
        "I need 5 km in miles",
        "är 2030 ett skottår",
        "Is the invoice dated 5 May?",
        "Fakturan är daterad 10 mars 2027: vilket datum är det 20 dagar senare",
        "book a table for 4",
        "You are to count the words",
    ] {
        assert!(!is_statement(text), "{text}");
    }
}

#[test]
fn what_stands_around_requests_is_none_of_them() {
    check("Could you tell me what 3 * 4 is?\n\nKind regards,\nMargaret", &["tell me what 3 * 4 is?"]);
    check("Vad är 3 * 4?\n\nVänliga hälsningar\nGunilla", &["Vad är 3 * 4?"]);
    check("What is 3 * 4? Thank you so much for the help.", &["What is 3 * 4?"]);
    check("What is 3 * 4? And petrol: what's 520 * 0.07?", &["What is 3 * 4?", "what's 520 * 0.07?"]);
    check(
        "For the gym: 225 pounds in kg, 3 miles in km and 180 cm in inches",
        &["225 pounds in kg", "3 miles in km", "180 cm in inches"],
    );
    check(
        "{\"a\": 1}\n\nGet the a of this JSON, then add 4 to it",
        &["Get the a of this JSON\n{\"a\": 1}", "^ then add 4 to it"],
    );
    for text in ["hey, quick one", "Några saker till läxan:"] {
        assert!(is_opening(text), "{text}");
    }
    for text in ["weather in Paris", "count these words:", "order pizza"] {
        assert!(!is_opening(text), "{text}");
    }
}

#[test]
fn an_order_that_nothing_joins_or_whose_verb_is_unknown_is_a_part() {
    check("vad blir 12 gånger 70 dela svaret med 4", &["vad blir 12 gånger 70", "^ dela svaret med 4"]);
    check("add 1 to that, and restart the server", &["add 1 to that", "restart the server"]);
    check(
        "add a note saying feed the cat, and restart the server",
        &["add a note saying feed the cat, and restart the server"],
    );
}

#[test]
fn times_said_before_are_pointed_at() {
    assert!(says_both_dates("how many days are there between those two dates"));
    assert!(!says_both_dates("how many days are there between the two of May and 3 June"));
    assert!(says_same_day("hur gammal är jag samma dag?") && !says_same_day("the same text"));
    assert!(ends_there("från den 1 maj till dess") && !ends_there("from 1 May to 3 May"));
    assert_eq!(that_text("how many characters does that title have").map(|span| span.start), Some(25));
    assert_eq!(that_text("write the title 'a b'"), None);
}

#[test]
fn what_is_not_to_be_done_is_told_from_orders() {
    for text in ["don't save anything", "please do not keep it", "but please do not save any of it", "spara ingenting"]
    {
        assert!(is_negated(text) && only_reads(text), "{text}");
    }
    for text in ["save the note 'do not enter'", "anteckna att ingen kom", "what does not fit"] {
        assert!(!is_negated(text), "{text}");
    }
    for text in ["finally list the notes I have left", "hur många anteckningar finns kvar", "show me note 2"] {
        assert!(only_reads(text), "{text}");
    }
    assert!(!only_reads("find and delete note 3") && !only_reads("hitta och ta bort anteckning 3"));
    assert!(!only_reads("add a note") && !only_reads("can you delete note 2"));
}

#[test]
fn parts_begin_where_something_is_done_to_what_came_before() {
    for (text, wanted) in [
        ("gör om texten till kebab-case och sjung den för mig", 2),
        ("räkna ut 240 / 16, upphöj det till två och dra sedan bort 25", 3),
        ("how many days are there from then to 1 June 2027", 1),
        ("set an alarm, check how many words there are in 'a b'", 2),
        ("vad är 2 + 2, vilket är det längsta ordet i 'a bb'", 2),
        ("they wrote: 'We slept late.' How many words is that", 2),
        ("halve the result, but please do not save any of it", 2),
        ("note that the dog bit it and ran", 1),
    ] {
        assert_eq!(split(text, &detect(text)).len(), wanted, "{text}");
    }
}

#[test]
fn two_dates_are_pointed_at_where_they_stand() {
    let text = "How many days are there between those two?";
    assert_eq!(both_dates(text).map(|span| &text[span]), Some("those two"));
    let text = "hur många dagar är det mellan de två datumen";
    assert_eq!(both_dates(text).map(|span| &text[span]), Some("de två datumen"));
}

#[test]
fn what_a_part_is_for_is_left_out_and_what_is_told_to_somebody_is_not() {
    let cases = [
        ("multiply that by 6 because I'm baking six batches", "multiply that by 6"),
        ("divide 95 by it so I get my pace in minutes", "divide 95 by it"),
        ("mail Eva that I am late because the train stopped", "mail Eva that I am late because the train stopped"),
        ("tell Eva I am late because the train stopped", "tell Eva I am late because the train stopped"),
        ("note that I stayed home because it rained", "note that I stayed home because it rained"),
    ];
    for (text, wanted) in cases {
        assert_eq!(without_order(text), wanted, "{text}");
    }
}

#[test]
fn notes_that_are_told_together_are_each_kept() {
    check(
        "Please make three separate notes: call grandma; book the dentist; pay the bill.",
        &["Make a note: call grandma", "Make a note: book the dentist", "Make a note: pay the bill"],
    );
    check(
        "Gör två anteckningar, en om att bilen är klar och en om att nyckeln hänger i hallen. Vad är 3 + 4?",
        &["Anteckna att bilen är klar", "Anteckna att nyckeln hänger i hallen", "Vad är 3 + 4?"],
    );
    // As many as are told, or it is one.
    check("Make two notes: call grandma.", &["Make two notes: call grandma."]);
}

#[test]
fn what_a_note_is_found_by_belongs_to_it() {
    for text in [
        "Note that the code is 4417 and give it the tag office",
        "Anteckna att koden är 4417 och märk den med kontor",
        "save 17 as a note, and tag it budget",
    ] {
        check(text, &[text]);
    }
}

#[test]
fn numbers_in_brackets_mark_the_items_of_a_list() {
    check("Do two things: (1) compute 3^7, (2) convert 68 F to C", &["compute 3^7", "convert 68 F to C"]);
    check("compute (3) * 4", &["compute (3) * 4"]);
}

#[test]
fn the_text_behind_a_colon_and_a_factorial_are_one_part() {
    for whole in [
        "How many words are there in this text: It rains. We stay in. Coffee?",
        "räkna meningarna i: Det regnar. Vi stannar inne. Kaffe?",
        "vad blir 7! / 5!",
        "What is 6! / 3! ?",
    ] {
        check(whole, &[whole]);
    }
    check(
        "Count the words in: I like tea. Then convert 5 km to miles.",
        &["Count the words in: I like tea.", "Then convert 5 km to miles."],
    );
}

#[test]
fn what_nothing_here_does_is_told_by_its_verb() {
    let verb = |found: Option<(String, &'static [&'static str])>| found.map(|(verb, _)| verb);
    assert_eq!(verb(act("Draw a bar chart of this")).as_deref(), Some("draw"));
    assert_eq!(verb(act("Skriv en dikt om hösten")).as_deref(), Some("dikt"));
    assert_eq!(verb(act("Skriv 'Hej' med versaler")), None);
    assert_eq!(verb(alters("change the text of note 3 to 'x'")).as_deref(), Some("change"));
    assert!(invents("generate a strong password") && !invents("count the words of 'generate'"));
}

#[test]
fn notes_speak_of_answers() {
    let found = |text: &str| noted(text).map(|noted| (text[noted.span].to_owned(), noted.is_date, noted.is_added));
    assert_eq!(found("save a note that Tom owes me that much"), Some(("that much".into(), false, false)));
    assert_eq!(
        found("skriv en anteckning om att jag är skyldig Kim det beloppet"),
        Some(("det beloppet".into(), false, false))
    );
    assert_eq!(found("spara att bilen ska besiktas då, med datumet"), Some((", med datumet".into(), true, true)));
    assert_eq!(found("note that that number is unlisted"), None);
    assert_eq!(found("note that I called him"), None);
}

#[test]
fn what_somebody_is_to_be_told_is_no_part_and_what_is_sent_is_ordered() {
    check(
        "skicka ett sms till Moa och säg grattis. Vad är 2 + 2?",
        &["skicka ett sms till Moa och säg grattis.", "Vad är 2 + 2?"],
    );
    check("call Ann and tell me how much 2 + 2 is", &["call Ann", "tell me how much 2 + 2 is"]);
    let text = "Text my sister that I am late. What is 2 + 2?";
    let clauses = split(text, &detect(text));
    assert!(clauses.first().is_some_and(|first| first.asks));
    let text = "What day is 2 May 2027? Oh, and sing me a song.";
    assert!(split(text, &detect(text)).last().is_some_and(|last| last.asks && last.text.contains("sing")));
}

#[test]
fn a_statement_that_is_to_be_kept_is_told_from_a_question_about_it() {
    for text in ["Note that the lease ends on 1 May", "skriv upp att bilen är lagad", "Remember: the rent is due"] {
        assert!(keeps_statement(text), "{text}");
    }
    for text in ["what is noted", "save it", "list my notes that are old", "skriv det som slug"] {
        assert!(!keeps_statement(text), "{text}");
    }
}
