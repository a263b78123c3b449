//! What words have to do with each other: inflection, names taken apart, function words, and the Swedish words for what
//! parameters are commonly called.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

/// The tables below, ready to be looked up: reading a request asks them for each of its words.
static CONCEPT_OF: LazyLock<FxHashMap<&str, &str>> = LazyLock::new(|| {
    let forms = CONCEPTS.iter().rev().flat_map(|(concept, forms)| forms.iter().map(move |form| (*form, *concept)));
    // The first concept that has a form takes it: it comes last here.
    forms.collect()
});
static VAGUE_SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| VAGUE.iter().copied().collect());
static FUNCTION_SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| FUNCTION.iter().copied().collect());

/// Whether two words, in lower case, are forms of one word, as far as their endings tell.
pub fn related(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    // Most words are told apart by their first letter.
    if left.as_bytes().first() != right.as_bytes().first() {
        return false;
    }
    let same = left.char_indices().zip(right.chars()).take_while(|((_, one), other)| one == other).count();
    let stem_bytes = left.char_indices().nth(same).map_or(left.len(), |(at, _)| at);
    let shorter = left.chars().count().min(right.chars().count());
    if same < 3 || (same == 3 && shorter > 4) {
        return false;
    }
    let (Some(one), Some(other)) = (left.get(stem_bytes..), right.get(stem_bytes..)) else { return false };
    // Three letters alike are enough for an ending on one side only: "car" and "cars".
    let short = same == 3;
    if short {
        return matches!((one, other), ("", "s" | "en" | "et" | "ar" | "er") | ("s" | "en" | "et" | "ar" | "er", ""));
    }
    // "Slug" and "sluggen": the last letter is doubled before an ending.
    let doubled = |word: &str, ending: &str| {
        let last = word.chars().next_back();
        ending.chars().next() == last
            && matches!(ending.get(last.map_or(0, char::len_utf8)..), Some("en" | "et" | "ar" | "arna" | "ing" | "ed"))
    };
    ENDINGS.contains(&one) && ENDINGS.contains(&other)
        || one.is_empty() && doubled(left, other)
        || other.is_empty() && doubled(right, one)
}

const ENDINGS: &[&str] = &[
    "", "s", "es", "e", "d", "ed", "ing", "er", "ers", "r", "ly", "al", "ion", "ions", "n", "en", "et", "t", "ar",
    "or", "na", "arna", "orna", "erna", "'s", "’s", "y", "ies", "ied", "a", "ade", "at", "ation", "ations", "ization",
    "ize", "izing", "ity", "ic", "ical", "ics", "ns", "ens", "ets", "m", "ment", "ning", "ningen", "ance", "ence",
    "ent", "ating", "ate", "ates", "ated", "ted", "ting", "an", "ian", "ling", "led",
];

/// The words of a name such as `maxDistance`, `check_in_date` or `IPv4-address`, in lower case.
pub fn of_name(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before: Option<char> = None;
    let mut push = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word).to_lowercase());
        }
    };
    for character in name.chars().take(128) {
        let breaks = !character.is_alphanumeric()
            || character.is_uppercase() && before.is_some_and(|before| !before.is_uppercase())
            || character.is_ascii_digit() && before.is_some_and(|before| !before.is_ascii_digit());
        if breaks {
            push(&mut word);
        }
        if character.is_alphanumeric() {
            word.push(character);
        }
        before = Some(character);
    }
    push(&mut word);
    words
}

/// The words of a description, in lower case.
pub fn of_text(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !(character.is_alphanumeric() || matches!(character, '\'' | '-' | '’')))
        .map(|word| word.trim_matches(['-', '\'', '’']).to_lowercase())
        .filter(|word| !word.is_empty())
}

/// The English for a Swedish word that parameters are commonly named by, and a common English synonym's main form.
pub fn concept(word: &str) -> &str {
    CONCEPT_OF.get(word).copied().unwrap_or(word)
}

/// A word's [`concept`], where that is another word: looked up once for a word that is compared with many.
#[derive(Debug, Clone, Copy)]
pub struct Meaning(Option<&'static str>);

impl Meaning {
    pub fn of(word: &str) -> Meaning {
        Meaning(CONCEPT_OF.get(word).copied().filter(|concept| *concept != word))
    }
}

/// All words of the tables below.
pub fn names() -> impl Iterator<Item = &'static str> {
    let concepts = CONCEPTS.iter().flat_map(|(concept, forms)| std::iter::once(concept).chain(forms.iter()));
    concepts.chain(VAGUE).chain(FUNCTION).copied()
}

/// Whether two words mean the same, by inflection or by [`concept`].
pub fn same(left: &str, right: &str) -> bool {
    related(left, right) || same_meant((left, &Meaning::of(left)), (right, &Meaning::of(right)))
}

/// The same of words with their meanings.
pub fn same_meant((left, one): (&str, &Meaning), (right, other): (&str, &Meaning)) -> bool {
    related(left, right)
        || (one.0.is_some() || other.0.is_some()) && related(one.0.unwrap_or(left), other.0.unwrap_or(right))
}

/// Whether it is an article, preposition, pronoun, auxiliary or the like.
pub fn is_function(word: &str) -> bool {
    FUNCTION_SET.contains(word)
}

/// Whether it is a verb that requests begin with.
pub fn is_request_verb(word: &str) -> bool {
    super::super::verbs::is_verb(word)
}

/// Whether it says nothing of a parameter, although it stands in many descriptions.
pub fn is_vague(word: &str) -> bool {
    VAGUE_SET.contains(word)
}

/// Whether it only qualifies what it stands before: "latest", "nearest".
pub fn is_qualifier(word: &str) -> bool {
    matches!(
        word,
        "current"
            | "currently"
            | "now"
            | "nu"
            | "latest"
            | "recent"
            | "new"
            | "top"
            | "best"
            | "upcoming"
            | "next"
            | "saved"
            | "stored"
            | "sparat"
            | "sparade"
            | "lagrat"
            | "highest"
            | "lowest"
            | "nearest"
            | "closest"
            | "nearby"
            | "important"
            | "detailed"
            | "exact"
            | "specific"
            | "popular"
            | "different"
            | "several"
            | "average"
            | "total"
            | "following"
            | "certain"
            | "good"
            | "great"
            | "big"
            | "large"
            | "small"
            | "first"
            | "last"
            | "same"
            | "available"
            | "current-day"
            | "senaste"
            | "nästa"
            | "bästa"
            | "ny"
            | "nya"
            | "nytt"
            | "aktuell"
            | "aktuella"
            | "närmaste"
            | "viktiga"
            | "olika"
            | "bra"
    )
}

/// Prepositions and the like that stand between a cue and its value.
pub fn is_link(word: &str) -> bool {
    matches!(
        word,
        "of" | "is"
            | "="
            | ":"
            | "as"
            | "to"
            | "equal"
            | "equals"
            | "at"
            | "the"
            | "a"
            | "an"
            | "being"
            | "be"
            | "are"
            | "was"
            | "set"
            | "with"
            | "about"
            | "around"
            | "by"
            | "called"
            | "named"
            | "titled"
            | "than"
            | "least"
            | "most"
            | "av"
            | "på"
            | "är"
            | "som"
            | "till"
            | "heter"
            | "vara"
            | "med"
            | "om"
            | "den"
            | "det"
            | "en"
            | "ett"
            | "i"
            | "id"
            | "number"
            | "nummer"
            | "nr"
            | "no"
            | "#"
            | "value"
            | "värde"
            | "("
            | "≈"
            | "exactly"
            | "exakt"
            | "approximately"
            | "ungefär"
            | "within"
            | "inom"
            | "lika"
            | "above"
            | "below"
            | "over"
            | "under"
            | "minst"
            | "högst"
            | "up"
            | "following"
            | "->"
            | "for"
            | "name"
    )
}

const CONCEPTS: &[(&str, &[&str])] = &[
    (
        "from",
        &[
            "från",
            "since",
            "sedan",
            "starting",
            "start",
            "origin",
            "source",
            "departure",
            "departing",
            "beginning",
            "initial",
            "begin",
            "avgång",
        ],
    ),
    (
        "to",
        &[
            "till",
            "until",
            "untill",
            "til",
            "fram",
            "kvar",
            "ending",
            "end",
            "destination",
            "target",
            "arrival",
            "final",
            "mål",
        ],
    ),
    ("day", &["days", "dag", "dagar", "dagen", "dygn"]),
    ("week", &["weeks", "vecka", "veckor", "veckan", "veckonummer", "veckonumret", "iso-vecka", "iso-veckan"]),
    ("month", &["months", "månad", "månader", "månaden"]),
    ("year", &["years", "år", "året", "åren", "yearly", "årlig"]),
    ("hour", &["hours", "timme", "timmar", "hourly"]),
    ("minute", &["minutes", "minut", "minuter"]),
    ("second", &["seconds", "sekund", "sekunder"]),
    ("weekday", &["weekdays", "vardag", "vardagar", "veckodag", "working", "business", "arbetsdagar", "arbetsdag"]),
    ("date", &["dates", "datum", "datumet"]),
    ("time", &["tid", "tiden", "klockan", "tidpunkt"]),
    ("text", &["texten", "sentence", "mening", "meningen", "phrase", "frasen", "fras", "string", "strängen", "sträng"]),
    ("word", &["words", "ord", "orden", "ordet"]),
    ("number", &["numbers", "antal", "antalet", "nummer", "numret", "tal", "quantity", "count", "amount", "num", "no"]),
    ("decimal", &["decimals", "decimaler", "decimalen"]),
    ("digit", &["digits", "siffra", "siffror"]),
    ("note", &["notes", "anteckning", "anteckningen", "anteckningar", "anteckningarna"]),
    (
        "tag",
        &[
            "tags",
            "etikett",
            "etiketten",
            "etiketter",
            "taggen",
            "tagg",
            "taggar",
            "märkt",
            "märkta",
            "etiketterade",
            "tagga",
            "taggad",
            "taggade",
            "taggat",
            "tagged",
            "labelled",
            "labeled",
            "label",
            "labels",
        ],
    ),
    ("data", &["datamängd", "datamängder", "datastorlek"]),
    ("password", &["lösenord", "lösenordet"]),
    ("message", &["meddelande", "meddelandet"]),
    ("name", &["namn", "namnet", "called", "named", "heter", "kallad"]),
    ("city", &["stad", "staden", "town"]),
    ("country", &["land", "landet", "nation"]),
    ("place", &["plats", "platsen", "location", "ort", "orten", "where"]),
    ("language", &["språk", "språket"]),
    ("page", &["sida", "sidan"]),
    ("address", &["adress", "adressen", "url", "länk", "länken", "link"]),
    ("size", &["storlek", "storleken"]),
    ("length", &["längd", "längden", "long", "lång", "långt"]),
    ("width", &["bredd", "bredden", "wide", "bred"]),
    ("height", &["höjd", "höjden", "tall", "hög", "high"]),
    ("weight", &["vikt", "vikten", "weighs", "weighing", "väger", "mass", "massa"]),
    ("distance", &["avstånd", "avståndet", "sträcka", "sträckan", "away"]),
    ("speed", &["hastighet", "hastigheten", "velocity"]),
    ("price", &["pris", "priset", "cost", "kostnad", "kostar", "fee", "avgift"]),
    ("age", &["ålder", "åldern", "old", "gammal"]),
    ("person", &["people", "personer", "persons", "guests", "gäster", "adults", "vuxna"]),
    ("color", &["colour", "färg", "färgen"]),
    ("title", &["titel", "titeln", "rubrik", "rubriken", "titled"]),
    ("topic", &["ämne", "ämnet", "subject", "about", "regarding", "concerning"]),
    ("limit", &["gräns", "gränsen", "högst", "max", "maximum", "most", "maximal", "maximalt"]),
    ("minimum", &["min", "minst", "least", "minimal", "above", "over"]),
    (
        "email",
        &["e-mail", "e-post", "epost", "mejl", "e-postadress", "e-postadresser", "e-postadresserna", "mejladresser"],
    ),
    ("percent", &["percentage", "procent", "rate", "ränta", "räntan"]),
    ("unit", &["units", "enhet", "enheten", "enheter"]),
    ("value", &["värde", "värdet", "värden"]),
    ("file", &["fil", "filen", "filer"]),
    ("folder", &["mapp", "mappen", "directory", "katalog"]),
    (
        "born",
        &[
            "född",
            "födelsedatum",
            "birth",
            "birthday",
            "födda",
            "föddes",
            "opened",
            "built",
            "planted",
            "founded",
            "öppnades",
            "byggdes",
            "planterades",
            "grundades",
            "invigdes",
            "inaugurated",
            "established",
            "launched",
            "grundat",
            "grundad",
            "invigd",
            "invigt",
            "byggd",
            "byggt",
            "öppnad",
            "öppnat",
            "planterad",
            "planterat",
            "bildades",
            "uppfördes",
            "fött",
            "födde",
        ],
    ),
    ("separator", &["skiljetecken", "avgränsare", "delimiter"]),
    ("character", &["characters", "tecken", "tecknen", "letters", "bokstäver", "bokstäverna", "letter", "bokstav"]),
    ("sentence", &["sentences", "meningar", "meningarna"]),
    ("line", &["lines", "rad", "raden", "rader", "raderna"]),
    ("paragraph", &["paragraphs", "stycke", "stycket", "stycken", "styckena"]),
    ("ignore", &["utom", "except", "excluding", "without", "ignorera", "förutom", "exclude"]),
    ("tempo", &["bpm"]),
    ("room", &["rum", "rummet", "rooms"]),
    ("night", &["nights", "nätter", "natt"]),
    ("temperature", &["temperatur", "temperaturen", "temp"]),
    ("volume", &["volym", "volymen"]),
    ("pressure", &["tryck", "trycket"]),
    ("force", &["kraft", "kraften"]),
    ("energy", &["energi", "energin"]),
    ("angle", &["angles", "vinkel", "vinklar"]),
    ("power", &["effekt", "effekten"]),
    ("zone", &["zon", "tidszon", "tidszonen", "timezone"]),
    ("query", &["search", "sök", "sökord", "sökning", "keyword", "keywords", "term"]),
    ("recipient", &["mottagare", "receiver"]),
    ("artist", &["artisten", "konstnär", "singer", "musician", "band"]),
    ("author", &["författare", "författaren", "writer"]),
    ("movie", &["film", "filmen", "movies"]),
    ("song", &["låt", "låten", "songs", "track"]),
    ("book", &["bok", "boken", "books"]),
    ("radius", &["radie", "radien"]),
    ("area", &["ytenheter", "yta", "ytan", "områdets"]),
    ("company", &["företag", "företaget", "companies", "firm"]),
    ("team", &["lag", "laget", "teams"]),
    ("player", &["spelare", "spelaren", "players"]),
    ("principal", &["investment", "deposit", "loan", "belopp", "kapital"]),
    ("case", &["skiftläge"]),
    ("longest", &["längsta", "längst"]),
    ("shortest", &["kortaste", "kortast"]),
];

const VAGUE: &[&str] = &[
    "value",
    "given",
    "specified",
    "specific",
    "particular",
    "used",
    "use",
    "using",
    "default",
    "defaults",
    "optional",
    "required",
    "type",
    "format",
    "name",
    "number",
    "string",
    "integer",
    "float",
    "list",
    "array",
    "boolean",
    "e.g",
    "eg",
    "example",
    "examples",
    "etc",
    "i.e",
    "such",
    "absent",
    "provided",
    "want",
    "wanted",
    "whether",
    "flag",
    "true",
    "false",
    "option",
    "options",
    "possible",
    "values",
    "set",
    "get",
    "parameter",
    "input",
    "calculate",
    "beräkna",
    "calculated",
    "calculation",
    "based",
    "including",
    "include",
    "includes",
    "one",
    "two",
    "either",
    "like",
    "would",
    "formatted",
    "form",
    "which",
    "considered",
    "considering",
    "result",
    "results",
    "information",
    "data",
    "details",
    "object",
    "item",
    "items",
    "id",
    "preferred",
    "desired",
    "different",
    "another",
    "same",
    "standard",
    "current",
    "find",
    "search",
    "needed",
    "need",
    "left",
    "remaining",
    "kvar",
    "återstår",
];

const FUNCTION: &[&str] = &[
    "the",
    "a",
    "an",
    "of",
    "to",
    "and",
    "in",
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "being",
    "it",
    "its",
    "this",
    "that",
    "these",
    "those",
    "i",
    "i'm",
    "i'd",
    "i've",
    "you",
    "your",
    "my",
    "me",
    "mine",
    "we",
    "our",
    "us",
    "they",
    "their",
    "them",
    "he",
    "she",
    "his",
    "her",
    "him",
    "what",
    "what's",
    "whats",
    "which",
    "who",
    "who's",
    "whose",
    "whom",
    "when",
    "where",
    "where's",
    "why",
    "how",
    "can",
    "could",
    "would",
    "should",
    "will",
    "shall",
    "may",
    "might",
    "must",
    "do",
    "does",
    "did",
    "don't",
    "have",
    "has",
    "had",
    "got",
    "gotten",
    "not",
    "no",
    "with",
    "from",
    "by",
    "on",
    "at",
    "for",
    "about",
    "into",
    "than",
    "then",
    "there",
    "any",
    "some",
    "all",
    "please",
    "if",
    "or",
    "but",
    "as",
    "between",
    "after",
    "before",
    "during",
    "without",
    "within",
    "per",
    "so",
    "also",
    "very",
    "just",
    "only",
    "too",
    "up",
    "out",
    "off",
    "over",
    "under",
    "through",
    "near",
    "around",
    "against",
    "across",
    "along",
    "among",
    "via",
    "using",
    "given",
    "want",
    "need",
    "like",
    "let",
    "let's",
    "i'll",
    "much",
    "many",
    "more",
    "most",
    "less",
    "least",
    "each",
    "every",
    "both",
    "while",
    "until",
    "till",
    "since",
    "upon",
    "onto",
    "toward",
    "towards",
    "because",
    "that's",
    "it's",
    "there's",
    "und",
    "och",
    "att",
    "det",
    "den",
    "de",
    "dem",
    "en",
    "ett",
    "på",
    "är",
    "var",
    "som",
    "för",
    "med",
    "av",
    "från",
    "om",
    "inte",
    "jag",
    "du",
    "vi",
    "ni",
    "han",
    "hon",
    "hen",
    "min",
    "mitt",
    "mina",
    "din",
    "ditt",
    "dina",
    "mig",
    "dig",
    "oss",
    "er",
    "sin",
    "sitt",
    "sina",
    "vad",
    "vilken",
    "vilket",
    "vilka",
    "vem",
    "när",
    "hur",
    "varför",
    "vart",
    "kan",
    "kunde",
    "skulle",
    "ska",
    "skall",
    "vill",
    "måste",
    "har",
    "hade",
    "finns",
    "blir",
    "blev",
    "man",
    "nu",
    "då",
    "där",
    "här",
    "också",
    "eller",
    "men",
    "utan",
    "efter",
    "före",
    "innan",
    "mellan",
    "hos",
    "vid",
    "mot",
    "bland",
    "pls",
    "plz",
    "thx",
    "thanks",
    "många",
    "mycket",
    "någon",
    "något",
    "några",
    "ingen",
    "inget",
    "inga",
    "alla",
    "allt",
    "snälla",
    "tack",
    "så",
    "bara",
    "än",
    "ju",
    "väl",
    "denna",
    "detta",
    "dessa",
    "tillbaka",
    "samt",
    "enligt",
    "inom",
    "dess",
    "vilkas",
    "whatever",
    "igenom",
    "åt",
    "try",
    "testa",
    "prova",
    "försök",
    "egentligen",
    "faktiskt",
    "actually",
    "really",
];
