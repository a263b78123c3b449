//! Names of people, where something says that they are: how they are introduced, what stands before or after them, what the
//! member of a value is called. A name alone stays: it could as well be a city, a product or a word.

use super::Says;

/// One name: capitalised, maybe with a hyphen or an apostrophe, or an initial.
macro_rules! name {
    () => {
        r"(?:(?:von|van|af|de|di) )?(?:O['’]|Mc|Mac)?\p{Lu}(?:\p{Ll}+(?:[-'’]\p{Lu}\p{Ll}+)?|\.)"
    };
}

/// Who wrote some code.
pub const AUTHOR: &str = concat!(
    r"(?:@author:?|\b[Aa]uthor[:=]|\b[Ff]örfattare:|\b(?:[Ww]ritten|[Mm]aintained) by|[Cc]opyright (?:\([cC]\)|©)? ?(?:\d{4}(?:-\d{4})?,? )?(?:by )?) *",
    r"(?P<m>",
    name!(),
    r"(?: ",
    name!(),
    r"){1,3})"
);

/// A form, and what of that form is meant.
type Form = (&'static str, fn(&str) -> bool);

/// How names are told in prose.
pub const FORMS: &[Form] = &[
    // My name is …
    (
        concat!(
            r"(?i:\bmy (?:full |first |last |middle )?name(?: is|'s|’s)|\bmy name:|\bI am called|\bthey call me|\bjag heter|\bmitt (?:för|efter)?namn är|\b(?:she|he|who|that|mother|father|wife|husband|daughter|son|brother|sister|friend|boss|colleague) is (?:called|named)|\b(?:hon|han|hen|som|mamma|pappa|fru|man|dotter|son|bror|syster|vän|chef|kollega) heter)\s+",
            r"(?P<m>",
            name!(),
            r"(?: ",
            name!(),
            r"){0,3})"
        ),
        is_name,
    ),
    // The same as people write in haste.
    (r"(?i)\b(?:my name is|my name's|jag heter|mitt namn är) (?P<m>\p{L}+(?: \p{L}+)?)", is_known),
    // Mr …
    (
        concat!(
            r"\b(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.?|Professor|Doctor|Doktor|[Hh]err|[Ff]ru|[Ff]röken|doktor|professor|doctor)\s+",
            r"(?P<m>",
            name!(),
            r"(?: ",
            name!(),
            r"){0,2})"
        ),
        is_name,
    ),
    // To Anna Berg: whoever is written to, called or reminded.
    (
        concat!(
            r"(?i:\b(?:send|mail|e-?mail|write|forward|reply|text|invite|remind|introduce|skicka|mejla|maila|skriv|vidarebefordra|svara|bjud in|påminn|meddela)\b)[^.?!\n]{0,60}?\b(?i:to|till|åt)\s+",
            r"(?P<m>",
            name!(),
            r" ",
            name!(),
            r")"
        ),
        is_full_name,
    ),
    (
        concat!(
            r"(?i:\b(?:call|phone|ring|mail|e-?mail|text|invite|remind|thank|mejla|maila|sms:?a|påminn|bjud in|tacka|hälsa))\s+(?i:till\s+)?",
            r"(?P<m>",
            name!(),
            r"(?: ",
            name!(),
            r"){0,2})"
        ),
        begins_known,
    ),
    // Regards, …
    (
        concat!(
            r"(?i:\b(?:regards|sincerely|hälsningar|hälsning|mvh|yours truly|undertecknad|signed,? by|signed,))[,.!:]?\s+",
            r"(?P<m>",
            name!(),
            r"(?: ",
            name!(),
            r"){0,2})"
        ),
        is_name,
    ),
];

/// How a name is told of which the first is known, and another comes after it.
pub fn known_form() -> String {
    let capital = |name: &&str| {
        let mut letters = name.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    let known = KNOWN.iter().map(capital).collect::<Vec<_>>().join("|");
    format!(concat!(r"\b(?:{})(?:-\p{{Lu}}\p{{Ll}}+)?(?: (?:", r"{}", r")){{1,2}}"), known, name!())
}

/// First names that are often given, in English and Swedish, and that are no words, months or places.
const KNOWN: &[&str] = &[
    "adam",
    "agneta",
    "albin",
    "alexander",
    "alexandra",
    "alice",
    "alma",
    "amanda",
    "amelia",
    "anders",
    "andreas",
    "andrew",
    "anette",
    "angela",
    "anita",
    "ann",
    "anna",
    "anne",
    "annika",
    "anton",
    "arvid",
    "astrid",
    "axel",
    "barbara",
    "ben",
    "benjamin",
    "berit",
    "bertil",
    "birgitta",
    "björn",
    "brian",
    "britt",
    "britta",
    "camilla",
    "carina",
    "carl",
    "carol",
    "caroline",
    "catherine",
    "cecilia",
    "christer",
    "christina",
    "christine",
    "christopher",
    "claes",
    "daniel",
    "david",
    "deborah",
    "dennis",
    "diana",
    "donald",
    "ebba",
    "edward",
    "elena",
    "elias",
    "elin",
    "elisabeth",
    "elizabeth",
    "ella",
    "elsa",
    "emelie",
    "emil",
    "emily",
    "emma",
    "eric",
    "erica",
    "erik",
    "erika",
    "eva",
    "felix",
    "filip",
    "fredrik",
    "gabriel",
    "gary",
    "george",
    "gerald",
    "gunilla",
    "gunnar",
    "gustaf",
    "gustav",
    "göran",
    "hampus",
    "hanna",
    "hannah",
    "hans",
    "harald",
    "helen",
    "helena",
    "henrik",
    "hugo",
    "håkan",
    "ida",
    "inga",
    "inger",
    "ingrid",
    "isabella",
    "isak",
    "jacob",
    "jakob",
    "james",
    "jane",
    "janet",
    "jason",
    "jeffrey",
    "jennifer",
    "jenny",
    "jens",
    "jessica",
    "joakim",
    "johan",
    "johanna",
    "john",
    "jonas",
    "jonathan",
    "josefin",
    "joseph",
    "joshua",
    "julia",
    "julie",
    "jörgen",
    "karen",
    "karin",
    "karl",
    "katarina",
    "katherine",
    "kathleen",
    "kenneth",
    "kerstin",
    "kevin",
    "kim",
    "kimberly",
    "kjell",
    "klara",
    "kristina",
    "kristoffer",
    "kurt",
    "lars",
    "laura",
    "leif",
    "lena",
    "lennart",
    "liam",
    "lina",
    "linda",
    "linnea",
    "linnéa",
    "linus",
    "lisa",
    "louise",
    "lovisa",
    "lucas",
    "lukas",
    "magdalena",
    "magnus",
    "maja",
    "malin",
    "margaret",
    "margareta",
    "maria",
    "marie",
    "martin",
    "mary",
    "mathias",
    "mats",
    "matthew",
    "mattias",
    "michael",
    "michelle",
    "mikael",
    "mohammed",
    "monika",
    "nancy",
    "nicole",
    "niklas",
    "nils",
    "nora",
    "olivia",
    "olle",
    "olof",
    "oskar",
    "patricia",
    "patrick",
    "patrik",
    "paul",
    "peter",
    "petra",
    "philip",
    "pontus",
    "rachel",
    "rebecca",
    "richard",
    "robert",
    "ronald",
    "ronja",
    "rut",
    "ruth",
    "samantha",
    "samuel",
    "sandra",
    "sara",
    "sarah",
    "sebastian",
    "sharon",
    "simon",
    "siv",
    "sofia",
    "sofie",
    "stefan",
    "stephanie",
    "stephen",
    "steven",
    "stig",
    "stina",
    "susan",
    "susanne",
    "sven",
    "therese",
    "thomas",
    "timothy",
    "tobias",
    "tom",
    "tomas",
    "torbjörn",
    "tyra",
    "ulf",
    "ulla",
    "ulrika",
    "ursula",
    "viktor",
    "vincent",
    "wilhelm",
    "wilma",
    "william",
    "åke",
    "åsa",
    "örjan",
];

/// Capitalised words that are no names of people: days, months, units, and what places and departments are named with.
const OTHERS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "måndag",
    "tisdag",
    "onsdag",
    "torsdag",
    "fredag",
    "lördag",
    "söndag",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "januari",
    "februari",
    "mars",
    "maj",
    "juni",
    "juli",
    "augusti",
    "oktober",
    "celsius",
    "fahrenheit",
    "kelvin",
    "english",
    "swedish",
    "german",
    "french",
    "spanish",
    "engelska",
    "svenska",
    "tyska",
    "new",
    "san",
    "los",
    "las",
    "saint",
    "st",
    "north",
    "south",
    "east",
    "west",
    "northern",
    "southern",
    "eastern",
    "western",
    "nya",
    "norra",
    "södra",
    "östra",
    "västra",
    "stora",
    "lilla",
    "great",
    "united",
    "mount",
    "lake",
    "port",
    "fort",
    "cape",
    "costa",
    "rio",
    "buenos",
    "hong",
    "kuala",
    "tel",
    "abu",
    "sri",
    "puerto",
    "santa",
    "santo",
    "salt",
    "central",
    "grand",
    "union",
    "service",
    "services",
    "resources",
    "department",
    "team",
    "support",
    "office",
    "sales",
    "station",
    "airport",
    "hotel",
    "university",
    "bank",
    "street",
    "city",
    "drive",
    "calendar",
    "sheets",
    "docs",
    "maps",
    "cloud",
    "api",
    "not",
    "the",
    "my",
    "your",
    "unknown",
    "none",
    "null",
    "anonymous",
    "test",
    "who",
    "what",
    "please",
    "inc",
    "ab",
    "ltd",
    "all",
    "everyone",
    "alla",
    "customer",
    "human",
    "google",
    "microsoft",
    "slack",
    "github",
    "apple",
    "amazon",
];

fn is_other(word: &str) -> bool {
    OTHERS.contains(&word.trim_end_matches('.').to_lowercase().as_str())
}

fn is_given(word: &str) -> bool {
    let word = word.to_lowercase();
    word.split('-').all(|part| KNOWN.contains(&part))
}

/// A name, and no word that is written as one.
pub fn is_name(text: &str) -> bool {
    !text.split(' ').any(is_other)
}

fn is_full_name(text: &str) -> bool {
    is_name(text) && text.split(' ').count() >= 2
}

fn begins_known(text: &str) -> bool {
    text.split(' ').next().is_some_and(is_given) && is_name(text)
}

/// Words of which the first is a name that is known.
fn is_known(text: &str) -> bool {
    text.split(' ').next().is_some_and(is_given)
}

/// Whether what a member called `name` holds looks like somebody's: a few capitalised words, and nothing else.
pub fn is_persons(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |word: &&str| {
        word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))
            && (word.chars().next().is_some_and(char::is_uppercase) || ["von", "van", "af", "de"].contains(word))
            && word.chars().any(char::is_lowercase)
    };
    let is_short = (1..=4).contains(&words.len());
    is_short && (words.iter().all(is_word) || words.first().is_some_and(|first| is_given(first))) && is_name(text)
}

/// What a member's name says of its value: it is read as words, whether they are joined by signs or by capitals.
pub fn of_member(name: &str) -> Says {
    const SECRETS: &[&str] = &[
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "authorization",
        "cookie",
        "lösenord",
        "losenord",
        "credential",
        "credentials",
    ];
    const SHORT: &[&str] = &["pin", "pwd", "pinkod", "pincode", "cvv", "cvc", "otp"];
    const PERSONAL: &[&str] = &[
        "firstname",
        "lastname",
        "surname",
        "fullname",
        "username",
        "förnamn",
        "fornamn",
        "efternamn",
        "address",
        "adress",
        "gatuadress",
        "street",
        "phone",
        "telephone",
        "telefon",
        "telefonnummer",
        "phonenumber",
        "mobile",
        "mobil",
        "mobilnummer",
        "email",
        "mail",
        "epost",
        "mejl",
        "ssn",
        "personnummer",
        "personnr",
        "iban",
        "kortnummer",
        "cardnumber",
        "passport",
        "passportnumber",
        "bankkonto",
        "kontonummer",
    ];
    const PAIRS: &[&str] = &[
        "first name",
        "last name",
        "full name",
        "given name",
        "family name",
        "middle name",
        "maiden name",
        "user name",
        "customer name",
        "contact name",
        "patient name",
        "card number",
        "account number",
        "social security",
        "api key",
        "access key",
        "private key",
        "e post",
        "post adress",
        "personal number",
    ];
    let words = words(name);
    let is = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let ends = |of: &[&str]| words.iter().any(|word| of.iter().any(|secret| word.ends_with(secret)));
    let joined = words.join(" ");
    let has_pair = PAIRS.iter().any(|pair| {
        joined == *pair || joined.ends_with(&format!(" {pair}")) || joined.starts_with(&format!("{pair} "))
    });
    if ends(SECRETS) || is(SHORT) || is(PERSONAL) || has_pair {
        Says::Masked
    } else if matches!(words.as_slice(), [one] if matches!(one.as_str(), "name" | "namn" | "author" | "recipient" | "mottagare" | "sender" | "avsändare"))
    {
        Says::Name
    } else {
        Says::Nothing
    }
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars().take(200) {
        if !c.is_alphanumeric() {
            before = ' ';
            continue;
        }
        let begins = before == ' ' || (c.is_uppercase() && before.is_lowercase());
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}
