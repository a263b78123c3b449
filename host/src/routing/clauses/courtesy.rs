//! What is said around a request and wants nothing: "would you be so kind as to", "jag undrar två saker:", "tack".

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::boundary::starts_request;
use super::lexicon::{AUXILIARIES, DETERMINERS, GREETINGS, NUMBERS, SUBJECTS};
use super::read::Word;
use super::verbs;

/// Longest thanks, in words.
const THANKS_MAX: usize = 8;
/// Most words before a request that are looked at.
const LEAD_MAX: usize = 24;

/// How many words at the beginning only ask nicely for what follows them.
pub(super) fn lead(words: &[Word]) -> usize {
    // "Tell me: how strong is it".
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let told =
        usize::from(matches!(lower(0), "tell" | "say" | "answer" | "show" | "säg" | "svara" | "berätta" | "visa"));
    let whom = told + usize::from(matches!(lower(told), "me" | "us" | "mig" | "oss"));
    if told > 0 && lower(whom) == ":" && starts_request(words, whom + 1).is_some() {
        return whom + 1;
    }
    // "If I run 3 miles a day, how many kilometres is that": a condition of the request's own.
    if matches!(lower(0), "if" | "om" | "when" | "när")
        && matches!(lower(1), "i" | "we" | "it" | "jag" | "vi" | "man" | "det")
    {
        return 0;
    }
    let begins = |at: usize| starts_request(words, at).is_some() || is_told(words, at);
    // "I would also like to know".
    let also = |at: usize, word: &Word| at > 0 && matches!(&*word.lower, "also" | "också");
    let asks_nicely = |(at, word): &(usize, &Word)| !word.shielded && (is_polite(&word.lower) || also(*at, word));
    let polite = words.iter().enumerate().take(LEAD_MAX).take_while(asks_nicely).count();
    // "Please do not save it" asks for nothing, however nicely.
    let negated =
        |at: usize| words.iter().take(at).any(|word| matches!(&*word.lower, "not" | "inte" | "don't" | "never"));
    let wonders = |at: usize| words.iter().take(at).any(|word| matches!(&*word.lower, "if" | "om" | "mind" | "too"));
    // "I run 5 miles every morning" tells.
    let tells = |at: usize| at == 1 && matches!(lower(0), "i" | "we" | "jag" | "vi");
    let may_be = |at: &usize| (!negated(*at) || wonders(*at)) && !tells(*at);
    (1..=polite).rev().filter(may_be).find(|at| begins(*at)).unwrap_or(0)
}

/// How many words at the beginning announce what follows their colon: "here is my list for today:".
pub(super) fn announcement(words: &[Word]) -> usize {
    let colon = words.iter().take(LEAD_MAX).position(|word| word.lower == ":" && !word.shielded);
    let announces = |own: &[Word]| announces_only(own) || announces_so_many(own) || announces_for(own);
    match colon {
        Some(at) if announces(words.get(..at).unwrap_or_default()) => at + 1,
        _ => 0,
    }
}

/// Whether `words` say how many things are wanted, and of what kind: "I need three names".
fn announces_so_many(words: &[Word]) -> bool {
    let [lead @ .., number, noun] = words else { return false };
    let counted = NUMBERS.iter().any(|(names, _)| names.contains(&&*number.lower));
    counted
        && !noun.shielded
        && !lead.is_empty()
        && lead.iter().all(|word| {
            !word.shielded && (is_polite(&word.lower) || matches!(&*word.lower, "give" | "ge" | "ha" | "få"))
        })
}

/// Whether `words` say how many things are to come, and what for: "I need two things for the newsletter".
fn announces_for(words: &[Word]) -> bool {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let counted = |word: &str| NUMBERS.iter().any(|(names, _)| names.contains(&word));
    let Some(at) = (0..words.len()).find(|at| counted(lower(*at))) else { return false };
    let noun = (at + 1..at + 3).find(|at| ANNOUNCED.contains(&lower(*at)));
    let says_value = words.iter().any(|word| word.shielded || word.lower.starts_with(|c: char| c.is_ascii_digit()));
    let before = words.get(..at).unwrap_or_default();
    let Some(noun) =
        noun.filter(|_| !says_value && before.iter().all(|word| is_polite(&word.lower) || word.lower.len() < 5))
    else {
        return false;
    };
    let what_for = matches!(lower(noun + 1), "for" | "about" | "to" | "inför" | "om" | "till" | "för");
    (what_for || noun + 1 == words.len()) && !(noun + 1..words.len()).any(|at| starts_request(words, at) == Some(2))
}

/// How many words at the beginning of a later part announce no more than that it comes: "last one:", "en sak till:".
pub(super) fn heading(words: &[Word]) -> usize {
    let colon = words.iter().take(HEADING_MAX).position(|word| word.lower == ":" && !word.shielded);
    colon.filter(|at| announces_only(words.get(..*at).unwrap_or_default())).map_or(0, |at| at + 1)
}

/// Longest such heading, with its colon.
const HEADING_MAX: usize = 6;

/// Whether `words` only give what the request is about: "here is a table:", "jag har en csv".
pub(super) fn gives_data(words: &[Word]) -> bool {
    const LEADS: &[&[&str]] = &[
        &["here"],
        &["here's"],
        &["heres"],
        &["här"],
        &["this", "is"],
        &["these", "are"],
        &["below"],
        &["nedan"],
        &["det", "här", "är"],
        &["detta", "är"],
        &["i", "have"],
        &["i've"],
        &["i", "got"],
        &["we", "have"],
        &["jag", "har"],
        &["vi", "har"],
        &["my"],
        &["our"],
        &["min"],
        &["mina"],
        &["mitt"],
        &["vår"],
        &["våra"],
        &["look", "at", "this"],
        &["kolla", "den", "här"],
        &["kolla", "på", "den", "här"],
        &["titta", "på", "den", "här"],
        &["the", "following"],
        &["följande"],
        &["given"],
        &["start", "with"],
        &["börja", "med"],
        &["utgå", "från"],
        &["take", "this"],
        &["ta", "den", "här"],
        &["ta", "det", "här"],
        &["take", "the", "text"],
        &["take", "the", "sentence"],
        &["take", "the", "phrase"],
        &["ta", "texten"],
        &["ta", "meningen"],
        &["considering"],
        &["utifrån"],
    ];
    let start = words.iter().position(|word| !is_greeting(&word.lower)).unwrap_or(words.len());
    let own = words.get(start..).unwrap_or_default();
    let is_there = |lead: &&&[&str]| {
        lead.iter().zip(own).filter(|(wanted, word)| word.lower == **wanted && !word.shielded).count() == lead.len()
    };
    let Some(lead) = LEADS.iter().filter(is_there).map(|lead| lead.len()).max() else { return false };
    let asks = |at: usize| own.get(at).is_some_and(|word| !word.shielded) && starts_request(own, at) == Some(2);
    let n_said = own.iter().take_while(|word| !word.shielded).count();
    let goes_on = |at: usize| {
        own.get(at).is_some_and(|word| matches!(&*word.lower, "is" | "are" | "what" | "är" | "vad" | "kommer"))
    };
    let here = own.first().is_some_and(|first| matches!(&*first.lower, "here" | "here's" | "heres" | "här"));
    let lead = lead + (lead..lead + 2).take_while(|at| here && goes_on(*at)).count();
    !(lead..n_said).any(asks) && !own.iter().any(|word| word.lower == "?" && !word.shielded)
}

/// Whether nothing but a greeting or an interjection is in `words`: "oh", "well".
pub(super) fn is_greeting_only(words: &[Word]) -> bool {
    words.iter().all(|word| !word.shielded && (is_greeting(&word.lower) || ["…", ";", ":"].contains(&&*word.lower)))
}

fn is_greeting(word: &str) -> bool {
    GREETINGS.contains(&word) || matches!(word, "," | "!" | ".")
}

/// Where each item but the first of an announced list begins, where as many as were announced stand behind one another:
/// "three things: 5 acres to hectares, 18 * 45, and the weekday of 9 October".
pub(super) fn announced_items(words: &[Word], announced: usize) -> Option<Vec<usize>> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let said = |(names, _): &&(&[&str], usize)| (0..announced).any(|at| names.contains(&lower(at)));
    let (_, wanted) = *NUMBERS.iter().find(said)?;
    let mut commas: Vec<usize> = (announced..words.len()).filter(|at| matches!(lower(*at), "," | ";")).collect();
    if commas.len() + 2 == wanted {
        let last =
            (commas.last().copied().unwrap_or(announced)..words.len()).find(|at| matches!(lower(*at), "and" | "och"));
        commas.extend(last);
    }
    (commas.len() + 1 == wanted).then_some(commas)
}

/// Whether `words` say no more than that something is wanted: "kan du hjälpa mig med det här?".
pub(super) fn announces_only(words: &[Word]) -> bool {
    let lower = |word: &Word| word.lower.trim_end_matches('.').to_owned();
    let counted = |word: &str| NUMBERS.iter().any(|(names, _)| names.contains(&word));
    let counts = |word: &str| ANNOUNCED.contains(&word);
    !words.is_empty()
        && words.iter().all(|word| !word.shielded && ANNOUNCING.contains(&*lower(word)))
        && (words.iter().any(|word| counts(&lower(word)))
            || words.iter().any(|word| counted(&lower(word)))
                && words.iter().any(|word| matches!(&*word.lower, "quick" | "small" | "snabba" | "små")))
}

/// How many words at the end only say thanks.
pub(super) fn tail(words: &[Word]) -> usize {
    let ends = |phrase: &&&[&str]| {
        words.len() > phrase.len() + 1
            && words.iter().rev().zip(phrase.iter().rev()).all(|(word, wanted)| word.lower == *wanted && !word.shielded)
    };
    ASIDES.iter().filter(ends).map(|phrase| phrase.len()).max().unwrap_or(0)
}

/// How many words at the beginning are thanks, or only turn to something else.
pub(super) fn phrase(words: &[Word]) -> usize {
    let begins = |phrase: &&&[&str]| {
        words.len() >= phrase.len()
            && words.iter().zip(**phrase).all(|(word, wanted)| word.lower == *wanted && !word.shielded)
    };
    ASIDES.iter().filter(begins).map(|phrase| phrase.len()).max().unwrap_or(0)
}

/// Whether nothing but thanks comes up to the end of the sentence.
pub(super) fn is_thanks(words: &[Word]) -> bool {
    let said = words.iter().take_while(|word| !matches!(word.lower.as_str(), "." | "!" | "?" | ";")).count();
    // "Thank you so much for the help".
    let thanks =
        words.first().is_some_and(|word| matches!(&*word.lower, "thank" | "thanks" | "tack" | "thx" | "cheers"));
    let own = words.get(..said).unwrap_or_default();
    // "By the way, …": the comma begins the part after it.
    let own = match own {
        [rest @ .., last] if last.lower == "," => rest,
        _ => own,
    };
    let has_value = own.iter().any(|word| word.shielded || word.lower.starts_with(|c: char| c.is_ascii_digit()));
    if thanks && said <= THANKS_MAX && !has_value {
        return true;
    }
    ASIDES
        .iter()
        .any(|phrase| phrase.len() == own.len() && own.iter().zip(*phrase).all(|(word, wanted)| word.lower == *wanted))
}

/// "Att du räknar", "that you": what somebody is to do, said of them.
fn is_told(words: &[Word], at: usize) -> bool {
    let word = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let done = word(at);
    let verb =
        done.strip_suffix('r').is_some_and(verbs::is_verb) || done.strip_suffix("er").is_some_and(verbs::is_verb);
    verb && matches!(at.checked_sub(1).map_or("", word), "du" | "ni")
}

/// Whether nothing but asking nicely is in `words`: "kan du vara så snäll".
pub(super) fn is_only(words: &[Word]) -> bool {
    // "Var snäll och …", "be so kind and …".
    let kind = |word: &Word| matches!(&*word.lower, "var" | "be" | "så" | "so" | "snäll" | "kind");
    let idle = |word: &Word| is_polite(&word.lower) || kind(word) || !word.lower.chars().any(char::is_alphanumeric);
    words.len() > 1
        && words.iter().all(|word| !word.shielded && idle(word))
        && !words.iter().any(|word| word.lower == "?")
}

fn is_polite(word: &str) -> bool {
    ASKING_NICELY.contains(word)
}

/// All words of courtesy, and what stands between them.
static ASKING_NICELY: LazyLock<FxHashSet<&str>> =
    LazyLock::new(|| [POLITE, AUXILIARIES, SUBJECTS, GREETINGS, &[",", "!"]].into_iter().flatten().copied().collect());

/// All that an announcement is made of.
static ANNOUNCING: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    let marks = &["?", "!", ".", ",", ":", "tack", "thanks"];
    let words = [ANNOUNCED, DETERMINERS, HOW_MANY, DOING, marks].into_iter().flatten();
    let numbers = NUMBERS.iter().flat_map(|(names, _)| *names);
    words.chain(numbers).chain(ASKING_NICELY.iter()).copied().collect()
});

/// The words that courtesy is known by.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    let numbers = NUMBERS.iter().flat_map(|(names, _)| *names);
    POLITE.iter().chain(ANNOUNCED).chain(HOW_MANY).chain(DOING).chain(numbers).copied()
}

const POLITE: &[&str] = &[
    "be",
    "kind",
    "kindly",
    "enough",
    "grateful",
    "wonder",
    "wondering",
    "was",
    "were",
    "if",
    "mind",
    "possibly",
    "maybe",
    "perhaps",
    "want",
    "wants",
    "need",
    "like",
    "love",
    "help",
    "me",
    "with",
    "to",
    "as",
    "that",
    "not",
    "too",
    "much",
    "trouble",
    "for",
    "know",
    "just",
    "really",
    "very",
    "appreciate",
    "am",
    "vara",
    "väldigt",
    "mycket",
    "tacksam",
    "om",
    "kunna",
    "vilja",
    "ville",
    "undrar",
    "undrade",
    "hjälpa",
    "hjälp",
    "mig",
    "med",
    "att",
    "veta",
    "behöver",
    "gärna",
    "kanske",
    "möjligen",
    "vänlig",
    "snäll",
    "bussig",
    "hygglig",
    "och",
    "så",
    "bara",
    "lite",
    "åt",
    "för",
    "vänligen",
];

/// What an announcement says is to come.
const ANNOUNCED: &[&str] = &[
    "things",
    "thing",
    "questions",
    "question",
    "tasks",
    "todo",
    "q",
    "sums",
    "favours",
    "favors",
    "list",
    "following",
    "this",
    "these",
    "saker",
    "sak",
    "frågor",
    "fråga",
    "uppgifter",
    "lista",
    "listan",
    "följande",
    "det",
    "detta",
    "ting",
    "ones",
    "one",
    "last",
    "final",
    "next",
    "sista",
    "sist",
];

/// What is to be done with what an announcement says is to come, and says nothing of what that is.
const DOING: &[&str] = &[
    "check", "do", "answer", "solve", "run", "go", "work", "through", "kolla", "gör", "göra", "fixa", "svara", "lös",
    "åt", "på", "gå", "igenom", "help", "hjälpa", "hjälp",
];

const HOW_MANY: &[&str] = &[
    "few", "gång", "once", "at", "small", "quick", "of", "en", "ett", "några", "små", "snabba", "is", "are", "my",
    "in", "on", "here", "today", "min", "det", "här", "den", "idag", "kommer", "for", "more", "another", "and", "mer",
    "till", "annan", "och",
];

/// Thanks, and what only turns to something else.
const ASIDES: &[&[&str]] = &[
    &["as", "well"],
    &["if", "it's", "not", "too", "much", "trouble"],
    &["if", "it's", "no", "trouble"],
    &["if", "you", "don't", "mind"],
    &["om", "det", "inte", "är", "för", "mycket", "besvär"],
    &["om", "det", "går", "bra"],
    &["while", "you", "are", "at", "it"],
    &["while", "you're", "at", "it"],
    &["när", "du", "ändå", "håller", "på"],
    &["medan", "du", "håller", "på"],
    &["förresten"],
    &["by", "the", "way"],
    &["btw"],
    &["besides", "that"],
    &["apart", "from", "that"],
    &["in", "addition"],
    &["in", "addition", "to", "that"],
    &["on", "another", "subject"],
    &["on", "another", "note"],
    &["on", "a", "different", "note"],
    &["utöver", "det"],
    &["förutom", "det"],
    &["för", "övrigt"],
    &["i", "övrigt"],
    &["please"],
    &["pls"],
    &["plz"],
    &["thx"],
    &["thanks"],
    &["thank", "you"],
    &["tack"],
    &["snälla"],
    &["är", "du", "snäll"],
    &["om", "du", "är", "snäll"],
    &["om", "du", "kan"],
    &["if", "you", "can"],
    &["if", "you", "could"],
    &["if", "you", "would"],
    &["if", "you", "don't", "mind"],
];
