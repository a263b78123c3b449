//! What kind of part a text is: an order, a question, a figure to begin with, or only a few words.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::super::arguments;
use super::boundary::{is_exception, order_words, starts_request};
use super::lexicon::{AUXILIARIES, DETERMINERS, GREETINGS, NO_ORDER, QUESTIONS, SUBJECTS, WISHES};
use super::parallel::goes_on_alike;
use super::read::{Word, read};
use super::{courtesy, verbs};

/// Whether `text` only asks what comes of what was said before: "what does that make?", "vad blir det då?".
pub(super) fn asks_what_comes(text: &str) -> bool {
    const IDLE: &[&str] = &[
        "what",
        "what's",
        "how",
        "much",
        "does",
        "do",
        "is",
        "would",
        "will",
        "that",
        "it",
        "this",
        "make",
        "come",
        "comes",
        "give",
        "leave",
        "leaves",
        "to",
        "be",
        "i",
        "we",
        "get",
        "have",
        "left",
        "then",
        "so",
        "and",
        "the",
        "result",
        "answer",
        "vad",
        "hur",
        "mycket",
        "blir",
        "det",
        "då",
        "är",
        "kvar",
        "får",
        "jag",
        "vi",
        "så",
        "och",
        "svaret",
        "resultatet",
        "ger",
        "nu",
        "each",
        "apiece",
        "var",
        "vardera",
        "total",
        "totalt",
        "altogether",
        "summan",
        "sammanlagt",
    ];
    let words = read(text);
    let said = || words.iter().filter(|word| !matches!(&*word.lower, "?" | "." | "," | "!"));
    let asks = said().next().is_some_and(|first| {
        matches!(&*first.lower, "what" | "what's" | "how" | "vad" | "hur" | "and" | "och" | "så" | "so")
    });
    asks && said().count() > 2
        && said().any(|word| matches!(&*word.lower, "what" | "what's" | "how" | "vad" | "hur"))
        && said().all(|word| !word.shielded && IDLE.contains(&word.lower.as_str()))
}

/// Whether `text` only says that what came before is taken: "take the result", "ta svaret".
pub(super) fn only_takes(text: &str) -> bool {
    const POINTS: &[&str] = &[
        "the",
        "that",
        "this",
        "it",
        "them",
        "result",
        "answer",
        "number",
        "value",
        "text",
        "output",
        "resultatet",
        "svaret",
        "summan",
        "talet",
        "värdet",
        "texten",
        "det",
        "den",
    ];
    let words = read(text);
    let start = after_lead(&words);
    let mut said = words.iter().skip(start).filter(|word| !matches!(&*word.lower, "." | "," | "!" | ":" | ";"));
    said.next().is_some_and(|first| matches!(&*first.lower, "take" | "use" | "compute" | "calculate" | "ta" | "använd"))
        && said.clone().next().is_some()
        && said.all(|word| !word.shielded && POINTS.contains(&&*word.lower))
}

/// What `text` asks the same of as the part before: "2050" in "är 2050 det?", "will 2050 be one, too?".
pub fn asks_it_of(text: &str) -> Option<String> {
    let words = read(text);
    let start = after_lead(&words);
    let own: Vec<&str> = words
        .iter()
        .skip(start)
        .filter(|word| !matches!(&*word.lower, "?" | "." | "," | "too" | "also" | "också" | "med"))
        .map(|word| word.lower.as_str())
        .collect();
    let [copula, value, rest @ ..] = own.as_slice() else { return None };
    let asks = matches!(*copula, "is" | "was" | "are" | "will" | "är" | "var" | "blir");
    let of_it =
        matches!(rest, ["one" | "it" | "so" | "det" | "ett" | "en"] | ["be" | "vara", "one" | "it" | "so" | "det"]);
    (asks && of_it && value.starts_with(|c: char| c.is_ascii_digit())).then(|| (*value).to_owned())
}

/// Whether `text` begins as what asks the same of something else does: "what about Chicago?", "hur är det med Lima?".
pub fn asks_what_about(text: &str) -> bool {
    const LEADS: &[&[&str]] =
        &[&["what", "about"], &["how", "about"], &["hur", "är", "det", "med"], &["hur", "blir", "det", "med"]];
    let words = read(text);
    let own = words.get(after_lead(&words)..).unwrap_or_default();
    LEADS.iter().any(|lead| {
        own.len() > lead.len() && lead.iter().zip(own).all(|(wanted, word)| word.lower == *wanted && !word.shielded)
    })
}

/// Whether `text` tells of a calculation and asks nothing: "a bill of 8750 is split by 7".
pub(super) fn says_operation(text: &str) -> bool {
    let words = read(text);
    let operates = |word: &Word| {
        !word.shielded
            && (super::lexicon::is_operator(&word.lower) || matches!(&*word.lower, "delas" | "split" | "shared"))
    };
    words.iter().any(operates) && !words.iter().any(|word| word.lower == "?") && !is_question(text)
}

/// Whether `text` says how many of something each of several gets: "28 pupils get 5 pens each".
pub(super) fn gives_each(text: &str) -> bool {
    let words = read(text);
    let is_figure = |word: &&Word| !word.shielded && word.lower.starts_with(|c: char| c.is_ascii_digit());
    let last = words.iter().rev().find(|word| word.lower.chars().any(char::is_alphanumeric));
    words.iter().filter(is_figure).count() == 2
        && last.is_some_and(|last| matches!(&*last.lower, "each" | "apiece" | "var" | "vardera"))
}

/// Whether `text` asks how many that comes to, and says no more: "how many pens is that?".
pub(super) fn asks_how_many_come(text: &str) -> bool {
    const COMES: &[&str] = &[
        "is",
        "does",
        "are",
        "that",
        "it",
        "come",
        "to",
        "make",
        "in",
        "total",
        "all",
        "blir",
        "är",
        "det",
        "då",
        "totalt",
        "sammanlagt",
        "?",
        ".",
    ];
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let many = matches!((lower(0), lower(1)), ("how", "many" | "much") | ("hur", "många" | "mycket"));
    let rest = words.get(2..).unwrap_or_default();
    let own = rest.iter().take_while(|word| !COMES.contains(&word.lower.as_str())).count();
    many && own <= 1 && rest.iter().skip(own).all(|word| COMES.contains(&word.lower.as_str()))
}

/// Whether `text` begins with what somebody wants: "I need a slug of it".
pub fn is_wish(text: &str) -> bool {
    let words = read(text);
    let is = |at: usize, known: &[&str]| words.get(at).is_some_and(|word| known.contains(&word.lower.as_str()));
    is(0, SUBJECTS) && is(1, WISHES)
}

/// Whether `text` asks for anything by itself: an order, a question or a wish.
pub fn asks(text: &str) -> bool {
    is_order(text) || is_question(text) || is_wish(text) || text.contains('?')
}

/// What `text` asks for, without what announces it and asks nicely.
pub fn request_of(text: &str) -> &str {
    let words = read(text);
    let announced = courtesy::announcement(&words);
    let own = words.get(announced..).unwrap_or_default();
    let start = own.get(courtesy::lead(own)).map_or(0, |word| word.span.start);
    text.get(start..).unwrap_or(text)
}

/// Whether `text` begins as an order does: with a verb, or with a word that may be one, and says what of.
pub fn is_order(text: &str) -> bool {
    let words = read(text);
    let start = after_lead(&words);
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let first = lower(start);
    let is_word = (first.len() > 2 || verbs::is_verb(first)) && first.chars().all(char::is_alphabetic);
    is_word && !ORDERING_NOTHING.contains(first) && words.len() > start + 1
}

/// The words that no order begins with.
static ORDERING_NOTHING: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    [SUBJECTS, DETERMINERS, AUXILIARIES, QUESTIONS, NO_ORDER].into_iter().flatten().copied().collect()
});

/// Most words of a figure or date to begin with.
const BEGUN_MAX: usize = 4;

/// Whether `text` only names a figure or date to begin with: "take 1024", "börja med 5", "start with 7 March 2028".
pub fn begins_with_value(text: &str) -> bool {
    names_beginning(&read(text))
}

/// The same of words.
pub(super) fn names_beginning(words: &[Word]) -> bool {
    const BEGIN: &[&[&str]] =
        &[&["take"], &["ta"], &["start", "with"], &["begin", "with"], &["börja", "med"], &["utgå", "från"]];
    let is_there = |begin: &&&[&str]| {
        begin.iter().enumerate().all(|(at, wanted)| words.get(at).is_some_and(|word| word.lower == *wanted))
    };
    let said = |begin: &&[&str]| {
        let rest = words.get(begin.len()..).unwrap_or_default();
        let n_words = rest.iter().filter(|word| word.lower.chars().any(char::is_alphanumeric)).count();
        let names_day = matches!(rest.first().map(|word| &*word.lower), Some("den" | "the"));
        rest.get(usize::from(names_day)).is_some_and(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()))
            && n_words <= BEGUN_MAX
            && !rest.iter().skip(1).any(|word| arguments::is_function_word(&word.lower) || word.lower == "%")
    };
    BEGIN.iter().filter(is_there).any(said)
}

/// The verb that `text` begins with, where that says what is to be done in the world, and the words that speak of it.
pub fn act(text: &str) -> Option<(String, &'static [&'static str])> {
    let words = read(text);
    let at = after_lead(&words);
    let first = words.get(at).filter(|word| !word.shielded)?;
    // "Text the answer to my wife", not "text of note 3".
    const WHAT: &[&str] = &["the", "it", "that", "this", "my", "her", "him", "them", "svaret"];
    if matches!(&*first.lower, "text" | "texta") && words.get(at + 1).is_none_or(|next| !WHAT.contains(&&*next.lower)) {
        return None;
    }
    // "Write me a poem about the sea": nothing that keeps or counts texts writes one.
    if WRITES.contains(&&*first.lower) {
        let work = words.iter().skip(at + 1).take(3).find(|word| !word.shielded && WORKS.contains(&&*word.lower))?;
        return Some((work.lower.clone(), WORKS));
    }
    Some((first.lower.clone(), verbs::act(&first.lower)?))
}

const WRITES: &[&str] = &["write", "compose", "skriv", "dikta", "tell", "berätta"];
const WORKS: &[&str] =
    &["poem", "dikt", "haiku", "limerick", "story", "saga", "novell", "essay", "uppsats", "joke", "skämt", "vits"];

/// The verb that `text` begins with, where that alters what is there, and the words that speak of it: what only adds or
/// takes away cannot do that.
pub fn alters(text: &str) -> Option<(String, &'static [&'static str])> {
    const ALTERS: &[&str] = &["change", "edit", "update", "rename", "ändra", "redigera", "uppdatera", "byt"];
    const SPEAKS: &[&str] =
        &["chang", "edit", "updat", "renam", "replac", "ändr", "redig", "uppdater", "byt", "ersätt"];
    let words = read(text);
    let first = words.get(after_lead(&words)).filter(|word| !word.shielded)?;
    ALTERS.contains(&&*first.lower).then(|| (first.lower.clone(), SPEAKS))
}

/// What `text` says is to be left out or kept, where that is no value: "but skip the short ones".
pub fn exception(text: &str) -> Option<&str> {
    let words = read(text);
    let at = (1..words.len()).find(|at| is_exception(&words, *at))?;
    let is_value = |word: &Word| word.shielded || word.lower.contains(|c: char| c.is_ascii_digit());
    let said = words.get(at..).filter(|said| !said.iter().any(is_value))?;
    text.get(said.first()?.span.start..)
}

/// Whether `text` begins with an order to make something up: "generate a password".
pub fn invents(text: &str) -> bool {
    let words = read(text);
    let at = after_lead(&words);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    match (lower(at), lower(at + 1)) {
        ("generate" | "invent" | "suggest" | "randomize" | "generera" | "föreslå" | "uppfinn" | "slumpa", _) => true,
        pair => matches!(pair, ("come" | "make" | "think", "up") | ("hitta", "på")),
    }
}

/// Whether `text` says by more than one word of its own, beside what it quotes, what is wanted.
pub fn says_what(text: &str) -> bool {
    let words = read(text);
    let own =
        |word: &&Word| !word.shielded && word.lower.chars().count() > 2 && word.lower.chars().all(char::is_alphabetic);
    let first = words.first().map_or("", |word| &*word.lower);
    let begins =
        !matches!(first, "in" | "to" | "into" | "as" | "i" | "till" | "som" | "at" | "for" | "för" | "med" | "with");
    begins && !goes_on_alike(text) && words.iter().filter(own).count() > 1
}

/// Whether `text` wants something done only under a condition: "if it is, save it". One that only says "if so" goes on from
/// what was asked, which is all that it may be about.
pub fn is_conditional(text: &str) -> bool {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    matches!(lower(0), "if" | "unless" | "om" | "ifall")
        && !matches!(lower(1), "so" | "möjligt" | "possible" | "you" | "du")
}

/// Whether `text` says that something is to be kept: "write it down", "spara den"; not "skriv det som PascalCase".
pub fn notes(text: &str) -> bool {
    let words = read(text);
    let is = |word: &Word, wanted: &[&str]| !word.shielded && wanted.contains(&word.lower.as_str());
    let shapes = |at: usize| {
        let link = words.iter().skip(at + 1).take(4).any(|word| is(word, &["as", "in", "som", "med", "i", "with"]));
        words.get(at).is_some_and(|word| is(word, &["write", "skriv"])) && link
    };
    (0..words.len()).any(|at| words.get(at).is_some_and(|word| is(word, NOTING)) && !shapes(at))
}

/// Whether `text` orders that a statement is kept: "note that the lease ends on 1 May", "skriv upp att …", "remember: …".
pub fn keeps_statement(text: &str) -> bool {
    const DOWN: &[&str] =
        &["down", "upp", "ner", "ned", "ihåg", "a", "note", "en", "anteckning", "om", "i", "to", "self"];
    let words = read(text);
    let start = after_lead(&words);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let keeps = NOTING.contains(&lower(start)) || lower(start) == "kom" && lower(start + 1) == "ihåg";
    let link = (start + 1..start + 5).find(|at| !DOWN.contains(&lower(*at))).unwrap_or(start + 1);
    keeps && matches!(lower(link), "that" | "att" | ":") && words.len() > link + 2
}

/// Words that say that what follows is to be kept.
pub(super) const NOTING: &[&str] = &[
    "note",
    "notes",
    "remember",
    "save",
    "store",
    "keep",
    "jot",
    "write",
    "record",
    "log",
    "anteckna",
    "anteckning",
    "anteckningen",
    "notera",
    "spara",
    "lagra",
    "minns",
    "ihåg",
    "skriv",
    "reminder",
    "memo",
    "påminnelse",
];

/// Whether `text` asks for nothing but to be told or shown something, or that something is not done: "list the notes",
/// "hur många …", "spara ingenting".
pub fn only_reads(text: &str) -> bool {
    const READS: &[&str] = &[
        "list",
        "show",
        "display",
        "count",
        "calculate",
        "compute",
        "multiply",
        "divide",
        "subtract",
        "double",
        "halve",
        "sum",
        "total",
        "average",
        "compare",
        "find",
        "search",
        "lista",
        "visa",
        "räkna",
        "beräkna",
        "multiplicera",
        "dividera",
        "subtrahera",
        "dubbla",
        "halvera",
        "summera",
        "jämför",
        "hitta",
        "sök",
        "leta",
        "fetch",
        "read",
        "open",
        "look",
        "check",
        "hämta",
        "läs",
        "öppna",
        "titta",
        "kolla",
        "kontrollera",
    ];
    let words = read(text);
    let first = words.get(after_lead(&words)).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    // "Find and delete note 3" does not.
    let joined = |at: usize| words.get(at).is_some_and(|word| !word.shielded && matches!(&*word.lower, "and" | "och"));
    let other = |at: usize| {
        let verb = words.get(at + 1).map_or("", |word| word.lower.as_str());
        joined(at) && verbs::is_verb(verb) && !READS.contains(&verb)
    };
    READS.contains(&first) && !(0..words.len()).any(other) || is_question(text) || is_negated(text)
}

/// Whether `text` says that something is not to be done: "don't save anything", "spara ingenting".
pub fn is_negated(text: &str) -> bool {
    negated(&read(text))
}

/// The same of words.
pub(super) fn negated(words: &[Word]) -> bool {
    const NOT: &[&str] = &["inte", "ingenting", "inget", "inga", "ingen", "aldrig", "ej"];
    let lead = words.iter().take_while(|word| matches!(&*word.lower, "but" | "men" | "just" | "bara" | ",")).count();
    let words = words.get(lead..).unwrap_or_default();
    let start = after_lead(words);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let english = matches!(lower(start), "don't" | "dont" | "don’t" | "never" | "without")
        || lower(start) == "do" && lower(start + 1) == "not"
        || lower(start) == "no" && lower(start + 1) == "need";
    let reach = (start + 1..start + 4).take_while(|at| !matches!(lower(*at), "att" | "som" | ":" | ""));
    let swedish = verbs::is_verb(lower(start)) && reach.into_iter().any(|at| NOT.contains(&lower(at)))
        || lower(start) == "utan" && lower(start + 1) == "att"
        || matches!(lower(start), "behöver" | "behövs") && NOT.contains(&lower(start + 1));
    english || swedish
}

/// Whether `text` only gives what the request is about: "here is a table:".
pub fn gives_data(text: &str) -> bool {
    courtesy::gives_data(&read(text))
}

/// What in the world `text` asks about, and the words that speak of it: "the weather in Rome".
pub fn topic(text: &str) -> Option<(String, &'static [&'static str])> {
    let own = |word: &Word| Some((word.lower.clone(), verbs::topic(&word.lower).filter(|_| !word.shielded)?));
    read(text).iter().find_map(own)
}

/// Whether `text` begins as a question does.
pub fn is_question(text: &str) -> bool {
    let words = read(text);
    let start = after_lead(&words);
    words.get(start).is_some_and(|word| QUESTIONS.contains(&word.lower.as_str())) && words.len() > start + 1
}

/// Whether `text` has no verb and no question of its own: "och 180 cm till fot".
pub fn is_fragment(text: &str) -> bool {
    let words = read(text);
    let begins = |at: usize| words.get(at).is_some_and(|word| !word.shielded) && starts_request(&words, at).is_some();
    goes_on_alike(text) || !(0..words.len().min(8)).any(begins) && !is_order(text)
}

/// Where what is wanted begins: after words of order, greetings and "can you".
pub(super) fn after_lead(words: &[Word]) -> usize {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let mut at = 0;
    while at < words.len() {
        at += match order_words(words, at) {
            Some(length) => length,
            None if GREETINGS.contains(&lower(at)) || matches!(lower(at), "," | "!" | "kunna") => 1,
            None if AUXILIARIES.contains(&lower(at)) && matches!(lower(at + 1), "you" | "du" | "ni") => 2,
            // "If not, order a new one."
            None if matches!(lower(at), "if" | "om") && matches!(lower(at + 1), "not" | "so" | "inte" | "ja") => 2,
            None if matches!(lower(at), "otherwise" | "annars") => 1,
            None => break,
        };
    }
    at
}
