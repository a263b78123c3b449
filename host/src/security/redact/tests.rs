//! What goes and what stays, in tables, and inputs made to hurt.

use serde_json::json;

use super::{code, text, value};

/// What goes: each line with what is left of it.
const GOES: &[(&str, &str)] = &[
    ("mail anna.berg@example.org, now", "mail xxxx.xxxx@xxxxxxx.xxx, now"),
    ("mejla åsa@exempel.se.", "mejla xxx@xxxxxxx.xx."),
    ("ring 070-1234567", "ring 111-1111111"),
    ("ring 070-123 45 67 i morgon", "ring 111-111 11 11 i morgon"),
    ("call +46 70 123 45 67 now", "call +11 11 111 11 11 now"),
    ("call (555) 123-4567", "call (111) 111-1111"),
    ("key sk-A1b2C3d4E5f6G7h8", "key xx-X1x1X1x1X1x1X1x1"),
    ("use ghp_16C7e42F292c6912E7710c838347Ae178B4a", "use xxx_11X1x11X111x1111X1111x111111Xx111X1x"),
    ("Authorization: Bearer abc.def-123456789", "Authorization: Bearer xxx.xxx-111111111"),
    ("fetch https://anna:s3cret@host.example.com/a", "fetch https://xxxx:x1xxxx@host.example.com/a"),
    ("get https://a.example/x?q=cats&api_key=abcdef&n=2", "get https://a.example/x?q=cats&api_key=xxxxxx&n=2"),
    ("get https://a.example/x?sig=A-b_9", "get https://a.example/x?sig=X-x_1"),
    ("my password is hunter2", "my password is xxxxxx1"),
    ("lösenord: Sommar2024!", "lösenord: Xxxxxx1111!"),
    ("min pinkod är 4711", "min pinkod är 1111"),
    ("who is 850709-9805", "who is 111111-1111"),
    ("vem är 8507099805?", "vem är 1111111111?"),
    ("vem är 19850709-9805", "vem är 11111111-1111"),
    ("my number is 850709 9805", "my number is 111111 1111"),
    ("ssn 078-05-1120", "ssn 111-11-1111"),
    ("pay with 4111 1111 1111 1111 please", "pay with 1111 1111 1111 1111 please"),
    ("pay with 5500-0000-0000-0004", "pay with 1111-1111-1111-1111"),
    ("send to SE45 5000 0000 0583 9825 7466 today", "send to XX11 1111 1111 1111 1111 1111 today"),
    ("iban GB82WEST12345698765432", "iban XX11XXXX11111111111111"),
    ("ping 192.168.10.4", "ping 111.111.11.1"),
    ("ping 8.8.4.4 twice", "ping 1.1.1.1 twice"),
    ("ping 2001:db8:85a3::8a2e:370:7334", "ping 1111:xx1:11x1::1x1x:111:1111"),
    ("wake 00:1A:2b:3c:4D:5e", "wake 11:1X:1x:1x:1X:1x"),
    ("weather at Storgatan 12 B, Umeå", "weather at Xxxxxxxxx 11 X, Umeå"),
    ("go to 10 Downing Street", "go to 11 Xxxxxxx Xxxxxx"),
    ("my name is Anna Berg and I am 30", "my name is Xxxx Xxxx and I am 30"),
    ("My name is Jean-Luc O'Brien", "My name is Xxxx-Xxx X'Xxxxx"),
    ("hej, jag heter Åsa", "hej, jag heter Xxx"),
    ("jag heter anna berg", "jag heter xxxx xxxx"),
    ("send the report to Anna Berg", "send the report to Xxxx Xxxx"),
    ("skicka rapporten till Zlatan Ibrahimovic", "skicka rapporten till Xxxxxx Xxxxxxxxxxx"),
    ("påminn Anna om mötet", "påminn Xxxx om mötet"),
    ("when is Dr. Strand in", "when is Dr. Xxxxxx in"),
    ("boka tid hos herr von Essen", "boka tid hos herr xxx Xxxxx"),
    ("fix it. Best regards, Kim Ek", "fix it. Best regards, Xxx Xx"),
    ("är Erik Lind hemma", "är Xxxx Xxxx hemma"),
    ("Is Anna-Karin Berg home", "Is Xxxx-Xxxxx Xxxx home"),
    ("ett brev till Maria Teresa Lind på tisdag", "ett brev till Xxxxx Xxxxxx Xxxx på tisdag"),
    ("token abc123def", "token xxx111xxx"),
    ("my api key is 9f8e7d6c", "my api key is 1x1x1x1x"),
    ("cookie sid, see https://a.se/?session_id=Ab12", "cookie sid, see https://a.se/?session_id=Xx11"),
    ("AKIAIOSFODNN7EXAMPLE is mine", "XXXXXXXXXXXX1XXXXXXX is mine"),
    ("ring 0046 70 123 45 67", "ring 1111 11 111 11 11"),
    ("call 08-123 456 78", "call 11-111 111 11"),
    ("hälsa Mr. O'Neil", "hälsa Mr. X'Xxxx"),
    ("email Åsa.Ek@sub.firma.co.uk?", "email Xxx.Xx@xxx.xxxxx.xx.xx?"),
    (
        "-----BEGIN RSA PRIVATE KEY----- MIIEpA -----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY----- XXXXxX -----END RSA PRIVATE KEY-----",
    ),
];

/// What a skill may have to act on.
const STAYS: &[&str] = &[
    "shout \"hello\" 42 times",
    "count the words in \"my name is Anna Berg\"",
    "what day is 2024-05-01",
    "days from 2024-05-01 to 2024-12-24",
    "vilken veckodag är 24/12/2024",
    "convert 2024-05-01T10:00:00Z to Stockholm time",
    "remind me on Tuesday in March at 10:30",
    "påminn mig på tisdag",
    "send it to New York by Friday",
    "send a parcel to San Francisco",
    "book a flight from London to Tokyo",
    "what is the weather in Stockholm",
    "call me a taxi",
    "convert 100 Celsius to Fahrenheit",
    "add 12.5 and 3.14159265358979",
    "is 1000000 more than 1.000.000",
    "round 0.123456789",
    "what is 10 20 30 40 50 in total",
    "sort 100 200 3000 40",
    "how strong is the password policy",
    "what is a secret santa",
    "count tokens: the first word",
    "basic internationalization",
    "is 127.0.0.1 local, and what of 255.255.255.0",
    "the colour #ff8800 as rgb(255, 136, 0)",
    "my name is too long",
    "herr och fru",
    "translate hello to Swedish",
    "Sort A, B and C",
    "which version is 1.2.3-beta",
    "open skills/text-stats/src/lib.rs",
    "turn snake_case_name_of_a_function into camelCase",
    "the next Monday in May",
    "at 10:20:30.123",
    "scale 16:9 to 1920x1080",
    "what is the cost Per Mile from Jan To Feb",
    "the token count of this",
    "a pin is 3 cm long",
    "is 2147483648.5 odd, and 0.1+0.2",
    "open 10:00-18:30 on Fridays",
    "flights on 24.12.2024 to Paris, Rome and Los Angeles",
    "a hotel in Sankt Petersburg or Buenos Aires",
    "write to Human Resources",
    "translate 'Anna' to Greek",
    "what is 50 000 000 divided by 4",
    "mail me the report on Monday",
    "ring mig klockan 07:45",
    "password strength of a long word",
    "the secret is out",
    "between 1999-01-01/2000-01-01",
    "the year 2024 and week 53",
    "resize to 1024x768 and 300dpi",
    "5 miles to km, 3 lb in kg",
    "how far is it to Mount Everest",
    "Doctor who plays when",
];

#[test]
fn what_belongs_to_somebody_goes_and_its_form_stays() {
    for (given, left) in GOES {
        assert_eq!(text(given), *left, "of {given:?}");
        assert_eq!(text(left), *left, "once more of {given:?}");
    }
}

#[test]
fn what_a_request_is_about_stays() {
    for given in STAYS {
        assert_eq!(text(given), *given);
    }
}

#[test]
fn members_are_redacted_by_their_names() {
    let cases = [
        (json!({"password": "abC 1", "n": [7, "a"]}), json!({"password": "xxX 1", "n": [7, "a"]})),
        (json!({"pin": 4711, "n": 1e30}), json!({"pin": 1111, "n": 1e30})),
        (
            json!({"spinner": "dots", "max_tokens": 100, "shipping": "fast"}),
            json!({"spinner": "dots", "max_tokens": 100, "shipping": "fast"}),
        ),
        (json!({"name": "Anna Berg", "city": "Umeå"}), json!({"name": "Xxxx Xxxx", "city": "Umeå"})),
        (json!({"name": "report.csv", "file_name": "Anna"}), json!({"name": "report.csv", "file_name": "Anna"})),
        (json!({"name": "my list"}), json!({"name": "my list"})),
        (json!({"firstName": "anna", "efternamn": "Berg"}), json!({"firstName": "xxxx", "efternamn": "Xxxx"})),
        (
            json!({"address": {"street": "A 1", "lines": ["b", 2]}}),
            json!({"address": {"street": "X 1", "lines": ["x", 1]}}),
        ),
        (json!({"telefon": "08-1", "phoneNumber": 5551}), json!({"telefon": "11-1", "phoneNumber": 1111})),
        (
            json!({"accessToken": "aB", "api_key": "k", "day": "Monday"}),
            json!({"accessToken": "xX", "api_key": "x", "day": "Monday"}),
        ),
        (json!({"text": "mail a@b.se", "ok": true, "x": null}), json!({"text": "mail x@x.xx", "ok": true, "x": null})),
    ];
    for (given, left) in cases {
        assert_eq!(value(&given), left, "of {given}");
    }
    let deep = (0..1_000).fold(json!("a@b.se"), |inner, _| json!([inner]));
    assert!(!value(&deep).to_string().contains('@'));
}

#[test]
fn code_stays_code_without_keys_tokens_and_addresses() {
    for (given, left) in [
        ("const KEY = 'sk-live-A1b2C3d4E5f6G7h8';", "const KEY = 'xx-xxxx-X1x1X1x1X1x1X1x1';"),
        ("// ask anna.berg@firma.se", "// ask xxxx.xxxx@xxxxx.xx"),
        ("fetch('https://a.se/x?token=abc123')", "fetch('https://a.se/x?token=xxx111')"),
        ("fetch('https://me:pw@a.se/')", "fetch('https://xx:xx@a.se/')"),
        (
            "headers: { authorization: 'Bearer eyJhbGciOi.eyJzdWIiOiIx.sig12' }",
            "headers: { authorization: 'Bearer xxXxxXxxXx.xxXxxXXxXxXx.xxx11' }",
        ),
        ("let password = \"hunter22\";", "let password = \"xxxxxx11\";"),
        ("// personnummer 850709-9805", "// personnummer 111111-1111"),
        ("input: { n: \"8507099805\" }", "input: { n: \"1111111111\" }"),
        ("// call +46 70 123 45 67", "// call +11 11 111 11 11"),
        ("pay('4111 1111 1111 1111')", "pay('1111 1111 1111 1111')"),
        ("/** @author Anna Berg */", "/** @author Xxxx Xxxx */"),
        ("// lives at Storgatan 12", "// lives at Xxxxxxxxx 11"),
    ] {
        assert_eq!(code(given), left, "of {given}");
    }
    for given in [
        "const DAY_MS = 86400000; let n = 1_000_000, big = 9007199254740991n;",
        "const RED = '#ff0000', BLUE = 0x0000ff, GREY = '#12345678';",
        "const PRIMES = [15485863, 32452843, 49979687];",
        "if (!/^\\d{6}-\\d{4}$/.test(text)) throw new Error('not a number');",
        "inputSchema: { type: 'object', properties: { token: { type: 'string' }, password: { type: 'string' } } }",
        "const secret = process_all(tokens); let token = 'identifier';",
        "examples: [{ request: { en: 'what day is 2024-05-01' }, input: { email: 'a@example.org' } }]",
        "const PI = 3.141592653589793; const parts = '192.168.0.1'.split('.');",
        "let averyLongFunctionName123 = someOtherFunction2(base64Encode);",
        "const MONTHS = ['January', 'February']; const who = 'Anna Berg';",
        "const url = `https://${user}:${pass}@host/?token=${token}`;",
        "const DIGITS = '0123456789', HEX = '0123456789abcdef', ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';",
        "const version = '1.2.3'; const time = '2024-05-01T10:00:00Z'; a = b +45 - 12;",
        "version = \"0.1.0\"\nsecrets = [\"github-token\"]",
    ] {
        assert_eq!(code(given), given);
    }
}

#[test]
fn long_and_hostile_texts_are_looked_through_in_time() {
    let began = std::time::Instant::now();
    for hostile in [
        "a@".repeat(1 << 17),
        "1 ".repeat(1 << 17),
        "Aa ".repeat(1 << 17),
        ":".repeat(1 << 18),
        "send ".repeat(1 << 16),
    ] {
        assert!(text(&hostile).len() <= super::TEXT_BYTES_MAX);
        assert!(code(&hostile).len() <= super::TEXT_BYTES_MAX);
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "{:?}", began.elapsed());
}
