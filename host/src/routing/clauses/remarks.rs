//! What is said beside a request and asks for nothing: statements, headings, openings, and how a letter ends.

use super::super::arguments;
use super::super::verbs;
use super::boundary::starts_request;
use super::kinds::is_question;
use super::lexicon::{AUXILIARIES, GREETINGS, QUESTIONS, SUBJECTS, WISHES, is_operator};
use super::pointing::looks_definite;
use super::read::{Word, read};

/// Words at the beginning among which a statement has its verb.
const VERB_WITHIN: usize = 6;
/// Longest name below the end of a letter, in words.
const NAME_MAX: usize = 4;
/// Words before a colon that may be a heading.
const HEADING_MAX: usize = 10;

/// Whether `text` tells something and asks for nothing: "the invoice is dated 5 May", "vi ska köra 38 mil".
pub fn is_statement(text: &str) -> bool {
    let words = read(text);
    let is_question_word = |word: &Word| !word.shielded && QUESTIONS.contains(&word.lower.as_str());
    let asks =
        |at: usize| at > 0 && words.get(at).is_some_and(is_question_word) && starts_request(&words, at) == Some(2);
    if words.iter().any(|word| word.lower == "?") || is_question(text) || (0..words.len()).any(asks) {
        return false;
    }
    let own: Vec<&str> = words.iter().map(|word| if word.shielded { "" } else { word.lower.as_str() }).collect();
    // "Headline: 'Mayor resigns'."
    let colon = own.iter().take(LABEL_MAX).position(|word| *word == ":");
    let is_quoted = |colon: usize| {
        let rest = own.get(colon + 1..).unwrap_or_default();
        rest.first().is_some_and(|next| next.is_empty()) && rest.iter().all(|word| matches!(*word, "" | "." | "!"))
    };
    let is_label = |colon: usize| {
        own.iter().take(colon).all(|word| word.chars().all(char::is_alphabetic) && !word.is_empty())
            && !own.iter().take(colon).any(|word| verbs::is_verb(word) && !verbs::is_also_noun(word))
            && !own.iter().take(colon).any(|word| super::kinds::NOTING.contains(word))
    };
    if colon.is_some_and(|colon| colon > 0 && is_quoted(colon) && is_label(colon)) {
        return true;
    }
    let begin = own
        .iter()
        .take_while(|word| {
            matches!(
                **word,
                "," | "and"
                    | "och"
                    | "but"
                    | "men"
                    | "so"
                    | "så"
                    | "sen"
                    | "sedan"
                    | "then"
                    | "nu"
                    | "now"
                    | "also"
                    | "också"
            )
        })
        .count();
    let own = own.get(begin..).unwrap_or_default();
    let [first, rest @ ..] = own else { return false };
    let one = matches!(*first, "a" | "an" | "one" | "each" | "every" | "en" | "ett" | "varje");
    // "One of my pupils was born in May".
    let n_noun = if rest.first().is_some_and(|next| matches!(*next, "of" | "av")) { 4 } else { 2 };
    if one
        && rest.iter().skip(1).take(n_noun).any(|word| TELLS.contains(word))
        && rest.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    {
        return true;
    }
    if TOLD_SHORT.contains(first) {
        return !rest.is_empty();
    }
    let is_subject = SUBJECTS.contains(first) && *first != "you" && *first != "du" && *first != "ni"
        || OWNERS.contains(first)
        || looks_definite(first) && !verbs::is_verb(first);
    // "Patient weighs 165 lb", "I teach 5 lessons a day", "själv är jag född …".
    let measured = rest.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let who = matches!(*first, "i" | "we" | "he" | "she" | "they" | "jag" | "vi" | "han" | "hon" | "de");
    let named =
        rest.iter().take(2).any(|word| TELLS.contains(word)) && !verbs::is_verb(first) && !TELLS.contains(first);
    let wished = rest.first().is_some_and(|next| WISHES.contains(next) || AUXILIARIES.contains(next));
    if measured && (who && !wished || named && !ASKS_FIRST.contains(first)) {
        return true;
    }
    // "The paper charges 4 a word."
    let third_person = |word: &str| {
        word.strip_suffix('s').is_some_and(|stem| verbs::is_verb(stem) && !verbs::is_also_noun(stem) && word.len() > 4)
    };
    let tells = |word: &&str| TELLS.contains(word) || matches!(*first, "the" | "our" | "my") && third_person(word);
    let verb = rest.iter().take(VERB_WITHIN).position(tells);
    // "I want", "jag behöver" ask.
    let wishes = rest.first().is_some_and(|next| WISHES.contains(next) && !TELLS.contains(next));
    // "Is it …", "ska vi …" ask; "ska betalas …" goes on with what was told.
    let inverted = rest.iter().take(1).any(|next| SUBJECTS.contains(next));
    let goes_on = TELLS.contains(first) && (inverted == (begin > 0));
    is_subject && verb.is_some() && !wishes || goes_on && rest.len() > 1 && !looks_like_question(first, rest)
}

/// Longest label before a text, with its colon.
const LABEL_MAX: usize = 4;

/// Whether what follows a verb at the beginning makes it a question: "är 2030 ett skottår".
fn looks_like_question(first: &str, rest: &[&str]) -> bool {
    rest.first().is_some_and(|next| {
        next.is_empty()
            || next.starts_with(|c: char| c.is_ascii_digit())
            || OWNERS.contains(next)
            || looks_definite(next)
    }) || matches!(first, "is" | "was" | "är" | "var")
        && rest.get(1).is_some_and(|next| matches!(*next, "a" | "an" | "en" | "ett"))
}

/// Whether `text` is said beside what is asked for, as a statement or a reason: "I need it for a dose".
pub fn only_tells(text: &str) -> bool {
    is_statement(text) || tells(&read(text))
}

/// Whether `words` begin as what only tells does: "vi ska köra 38 mil", "det var min tur".
pub(super) fn tells(words: &[Word]) -> bool {
    let own =
        matches!(words.first().map(|word| &*word.lower), Some("my" | "our" | "min" | "mitt" | "mina" | "vår" | "vårt"));
    if own && (2..4).any(|at| words.get(at).is_some_and(|word| !word.shielded && TELLS.contains(&&*word.lower))) {
        return true;
    }
    if is_reason(words) {
        return true;
    }
    // "Ska köpa nya däck."
    let first = words.first().map_or("", |word| word.lower.as_str());
    let next = words.get(1).map_or("", |word| word.lower.as_str());
    let left_out = matches!(first, "ska" | "skall" | "måste" | "tänkte" | "håller" | "sitter" | "fick" | "har");
    if left_out
        && words.len() > 2
        && !SUBJECTS.contains(&next)
        && !OWNERS.contains(&next)
        && !words.iter().any(|word| word.lower == "?")
    {
        return true;
    }
    const WHO: &[&str] = &["vi", "jag", "we", "i", "det", "it", "hon", "han", "she", "he", "they", "de"];
    const HOW: &[&str] =
        &["ska", "skall", "var", "was", "were", "hade", "had", "är", "is", "are", "blev", "fick", "got"];
    // "We are to convert …", "I was wondering".
    const NOT: &[&str] = &[
        "räkna",
        "beräkna",
        "omvandla",
        "konvertera",
        "to",
        "calculate",
        "convert",
        "compute",
        "wondering",
        "going",
        "hoping",
        "looking",
        "there",
        "curious",
        "så",
        "möjligt",
        "possible",
        "ha",
        "be",
    ];
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    // "I need it for a dose."
    let needs = matches!(lower(1), "need" | "want" | "behöver" | "vill")
        && (2..4).any(|at| {
            matches!(lower(at), "it" | "that" | "this" | "them" | "det" | "den" | "detta" | "dem")
                && matches!(lower(at + 1), "for" | "because" | "since" | "till" | "för" | "eftersom" | "innan" | "by")
        });
    if WHO.contains(&lower(0)) && needs {
        return true;
    }
    WHO.contains(&lower(0)) && HOW.contains(&lower(1)) && !lower(2).is_empty() && !NOT.contains(&lower(2))
}

/// How many words at the beginning are a heading before what is asked for: "petrol: what's 520 * 0.07".
pub(super) fn heading(words: &[Word]) -> usize {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let Some(colon) = (1..HEADING_MAX).find(|at| lower(*at) == ":") else { return 0 };
    // "Start with 3 miles: …" says what it is about.
    let before = words.get(..colon).unwrap_or_default();
    // "Den 14 oktober klockan 16:00 i Stockholm: …".
    let tells_time =
        before.iter().any(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()) && word.lower.contains(':'));
    if super::kinds::names_beginning(before) || tells_figure(before) || tells_time {
        return 0;
    }
    let is_value =
        lower(colon + 1).starts_with(|c: char| c.is_ascii_digit()) && words.iter().any(|word| word.lower == "?");
    let asks = is_value || starts_request(words, colon + 1) == Some(2);
    let is_verb = |word: &str| verbs::is_verb(word) && !verbs::is_also_noun(word);
    let orders = (0..colon).any(|at| is_verb(lower(at)) || lower(at).is_empty());
    if asks && !orders { colon + 1 } else { 0 }
}

/// Whether `words` tell a figure: "an invoice is dated 12 January".
pub(super) fn tells_figure(words: &[Word]) -> bool {
    let is =
        |word: &Word| !word.shielded && (TELLS.contains(&&*word.lower) || matches!(&*word.lower, "dated" | "daterad"));
    let figure = |word: &Word| !word.shielded && word.lower.starts_with(|c: char| c.is_ascii_digit());
    words.first().is_some_and(|first| !verbs::is_verb(&first.lower) && !figure(first))
        && words.iter().skip(1).any(is)
        && words.iter().any(figure)
}

/// Whether `text` only opens what follows it: "some things for the homework:", "hey, quick one".
pub fn is_opening(text: &str) -> bool {
    let words = read(text);
    if words.iter().any(|word| word.shielded || word.lower.starts_with(|c: char| c.is_ascii_digit())) {
        return false;
    }
    // "Hjälp med baket."
    let helps = words.first().is_some_and(|first| matches!(&*first.lower, "help" | "hjälp"))
        && words.get(1).is_some_and(|next| matches!(&*next.lower, "with" | "med" | "me" | "mig"));
    if helps && words.len() <= HEADING_MAX && !words.iter().any(|word| word.lower == "?") {
        return true;
    }
    let ends_in_colon = words.last().is_some_and(|last| last.lower == ":");
    let orders = words.first().is_some_and(|first| verbs::is_verb(&first.lower));
    let idle = |word: &Word| {
        OPENS.contains(&word.lower.as_str())
            || GREETINGS.contains(&word.lower.as_str())
            || !word.lower.chars().any(char::is_alphanumeric)
    };
    ends_in_colon && !orders && words.len() <= HEADING_MAX || !words.is_empty() && words.iter().all(idle)
}

/// Whether `text` is what stands above data: "greenhouse readings in celsius:".
pub fn is_heading(text: &str) -> bool {
    let words = read(text);
    let first = words.first().map_or("", |word| word.lower.as_str());
    let orders = verbs::is_verb(first) && !verbs::is_also_noun(first) || starts_request(&words, 0) == Some(2);
    let plain = |word: &Word| !word.shielded && !matches!(&*word.lower, "?" | "." | "!" | ";" | ",");
    let goes_on = super::boundary::order_words(&words, 0).is_some();
    text.ends_with(':') && !orders && !goes_on && words.len() <= HEADING_MAX && words.iter().all(plain)
}

/// The text without what a letter ends with: "Kind regards, Margaret".
pub(super) fn without_sign_off(text: &str) -> &str {
    let lines: Vec<&str> = text.split('\n').collect();
    let said = |line: &str| {
        let words = read(line);
        words
            .iter()
            .map(|word| word.lower.as_str())
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let found = (1..lines.len()).rev().take(4).find(|at| {
        let line = lines.get(*at).map_or("", |line| *line);
        let (line, name) = line.split_once(',').unwrap_or((line, ""));
        let below: usize = lines.iter().skip(at + 1).map(|line| line.split_whitespace().count()).sum::<usize>()
            + name.split_whitespace().count();
        SIGN_OFFS.contains(&said(line).as_str()) && below <= NAME_MAX
    });
    let Some(at) = found else { return text };
    let kept: usize = lines.iter().take(at).map(|line| line.len() + 1).sum();
    text.get(..kept.saturating_sub(1)).unwrap_or(text).trim_end()
}

/// Most words from the preposition on that say what a text is turned into.
const TURNED_MAX: usize = 3;

/// Where each item begins of a list of values that are each to be had in another unit, behind a heading or from word
/// `announced` on: "for the gym log: 225 pounds in kg, 3 miles in km and 180 cm in inches".
pub(super) fn value_items(text: &str, words: &[Word], announced: usize) -> Option<Vec<usize>> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let colon = (announced..words.len()).take(HEADING_MAX + LABEL_MAX).find(|at| lower(*at) == ":").map(|at| at + 1);
    // "Convert the following for me: …" says what is done with each.
    let follow = (announced..words.len().min(announced + HEADING_MAX)).any(|at| {
        matches!(
            lower(at),
            "following" | "följande" | "these" | "dessa" | "conversions" | "omvandlingar" | "sums" | "tal"
        )
    });
    // "For the workshop I need: …".
    let wishes =
        |from: usize| matches!(lower(from.saturating_sub(2)), "need" | "want" | "behöver" | "vill" | "ha" | "veta");
    let asks = |from: usize| {
        (announced..from)
            .any(|at| starts_request(words, at) == Some(2) || at == announced && starts_request(words, at).is_some())
    };
    let heads = |from: usize| !follow && !wishes(from) && asks(from);
    let from = colon.filter(|from| !heads(*from)).unwrap_or(announced);
    let mut starts = vec![from];
    starts.extend(
        (from..words.len()).filter(|at| matches!(lower(*at), "," | ";" | "and" | "och" | "samt")).map(|at| at + 1),
    );
    // One on each line.
    let is_line = |at: &usize| words.get(*at).is_some_and(|word| word.line && !word.shielded);
    starts.extend((from + 1..words.len()).filter(is_line));
    starts.sort_unstable();
    starts.dedup();
    // ", and" is one joint.
    starts.dedup_by(|next, before| *next == *before + 1 && matches!(lower(*before), "and" | "och" | "samt"));
    let is_item = |(place, start): (usize, &usize)| {
        let ends = |next: &usize| if is_line(next) && !matches!(lower(next - 1), "," | ";") { *next } else { next - 1 };
        let end = starts.get(place + 1).map_or(words.len(), ends);
        let start = &(start + usize::from(matches!(lower(*start), "and" | "och" | "samt")));
        let last = place + 1 == starts.len();
        let end = end - usize::from(last && matches!(lower(end.saturating_sub(1)), "." | "?" | "!"));
        let one_sentence =
            !(*start..end.min(words.len().saturating_sub(1))).any(|at| matches!(lower(at), "." | "?" | "!"));
        let number = lower(*start).starts_with(|c: char| c.is_ascii_digit());
        let link = (start + 1..end).find(|at| matches!(lower(*at), "in" | "to" | "i" | "till" | "into" | "as"));
        let converts = link.is_some_and(|link| (link + 1..end).any(|at| arguments::is_unit(lower(at))));
        let is_figure = |at: usize| lower(at).starts_with(|c: char| c.is_ascii_digit());
        let operates = |at: usize| is_operator(lower(at)) || matches!(lower(at), "-" | "^" | "−" | "÷" | "%");
        let share = |at: usize| lower(at) == "%" && matches!(lower(at + 1), "of" | "av" | "på");
        let power = |at: usize| matches!(lower(at), "raised" | "upphöjt") && matches!(lower(at + 1), "to" | "till");
        let calculates = (start + 1..end).any(|at| {
            operates(at) && is_figure(at + 1)
                || (share(at) || power(at)) && is_figure(at + 2)
                || lower(at) == "!" && at + 1 == end
        }) || lower(*start).contains(['/', '^']) && start + 1 == end;
        // "Max retry count" to camelCase.
        let first = words.get(*start);
        let is_code = |word: &str| word.len() > 2 && word.chars().skip(1).any(char::is_uppercase);
        let named = first.is_some_and(|word| word.shielded || is_code(text.get(word.span.clone()).unwrap_or_default()));
        let only = link.is_some_and(|link| {
            end.saturating_sub(link) <= TURNED_MAX && (link + 1..end).all(|at| !lower(at).is_empty())
        });
        one_sentence && (number && (converts || calculates) || named && only)
    };
    (starts.len() > 1 && starts.iter().enumerate().all(is_item)).then(|| {
        // A part begins at what joins it.
        let joint = |at: usize| {
            if at > from && !is_line(&at) && !matches!(lower(at - 1), "," | ";" | ":") { at - 1 } else { at }
        };
        starts.iter().map(|at| joint(*at)).collect()
    })
}

/// Where `text` points at a text that was said before it, by what kind of text that is: "that title", "den meningen".
pub fn that_text(text: &str) -> Option<std::ops::Range<usize>> {
    const TEXTS: &[&str] = &[
        "text",
        "sentence",
        "phrase",
        "string",
        "title",
        "line",
        "paragraph",
        "headline",
        "quote",
        "message",
        "texten",
        "meningen",
        "frasen",
        "strängen",
        "titeln",
        "rubriken",
        "raden",
        "stycket",
        "citatet",
        "meddelandet",
    ];
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let points = |word: &str| matches!(word, "that" | "this" | "the" | "den" | "det" | "denna" | "detta");
    let at = (1..words.len()).find(|at| {
        let named = words.get(at + 1).is_some_and(|next| next.shielded || next.lower == ":");
        let whole = matches!(lower(at - 1), "whole" | "entire" | "hela") && *at > 1 && points(lower(at - 2));
        TEXTS.contains(&lower(*at)) && (points(lower(at - 1)) || whole) && !named
    })?;
    let first = at - 1 - usize::from(matches!(lower(at - 1), "whole" | "entire" | "hela"));
    Some(words.get(first)?.span.start..words.get(at)?.span.end)
}

/// The quoted texts that `text` gives a name to, by that: "the original is 'a b' and my version is 'c d'".
pub fn named_texts(text: &str) -> Vec<(String, String)> {
    const TOLD: &[&str] = &["is", "was", "reads", "är", "var", "lyder", ":"];
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let named = |at: usize| {
        let name = at.checked_sub(1).map(lower).filter(|name| name.chars().count() > 2)?;
        let quote = words.get(at + 1).filter(|next| next.shielded)?;
        let last = (at + 1..words.len()).take_while(|at| words.get(*at).is_some_and(|word| word.shielded)).last()?;
        let is_noun = name.chars().all(char::is_alphabetic) && !verbs::is_verb(name) && !QUESTIONS.contains(&name);
        let quoted = text.get(quote.span.start..words.get(last)?.span.end)?;
        (is_noun && TOLD.contains(&lower(at))).then(|| (name.to_owned(), quoted.to_owned()))
    };
    (1..words.len()).filter_map(named).collect()
}

/// Whether `words` only say what for, or why: "so I know when to start", "that's when it's due".
pub(super) fn is_reason(words: &[Word]) -> bool {
    let word = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let purpose = matches!(word(0), "so" | "så")
        && matches!(word(1), "i" | "we" | "that" | "jag" | "vi" | "att")
        && matches!(word(2), "know" | "can" | "i" | "we" | "vet" | "kan" | "jag" | "vi" | "see" | "ser");
    purpose || matches!(word(0), "that's" | "thats" | "it's") && matches!(word(1), "when" | "why" | "because" | "where")
}

/// What `text` tells something of in its first words: `exam` in "the exam is on 14 January".
pub fn subject_of(text: &str) -> Option<String> {
    const TOLD: &[&str] = &["is", "was", "falls", "starts", "begins", "är", "var", "infaller", "börjar", "ligger"];
    let words = read(text);
    let verb = words.iter().take(VERB_WITHIN + 1).position(|word| !word.shielded && TOLD.contains(&&*word.lower))?;
    let noun = words.get(verb.checked_sub(1)?).filter(|word| word.lower.chars().all(char::is_alphabetic))?;
    (noun.lower.chars().count() > 2).then(|| noun.lower.clone())
}

/// Where `text` speaks of what goes by `name`: "the headline", "min version", "rubriken".
pub fn named_in(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    const ARTICLES: &[&str] = &[
        "the", "my", "our", "that", "this", "his", "her", "their", "den", "det", "min", "mitt", "vår", "hans", "hennes",
    ];
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    (0..words.len()).find_map(|at| {
        let led = at.checked_sub(1).filter(|before| ARTICLES.contains(&lower(*before)));
        let definite = super::pointing::looks_definite(name) && lower(at) == name;
        let is_it = lower(at) == name && led.is_some() || definite;
        is_it.then(|| Some(words.get(led.unwrap_or(at))?.span.start..words.get(at)?.span.end))?
    })
}

/// Whether `text` is data and nothing else: a JSON value, or one quoted text.
pub(super) fn is_data(text: &str) -> bool {
    let is_json = matches!(text.as_bytes().first(), Some(b'{' | b'['))
        && serde_json::from_str::<serde::de::IgnoredAny>(text.trim()).is_ok();
    is_json || {
        let words = read(text);
        let n_open =
            words.iter().take_while(|word| word.shielded || !word.lower.chars().any(char::is_alphanumeric)).count();
        words.iter().any(|word| word.shielded) && n_open == words.len()
    }
}

/// Words that questions and orders begin with, whatever verb comes next.
const ASKS_FIRST: &[&str] =
    &["what", "how", "which", "when", "where", "who", "vad", "hur", "vilken", "vilket", "när", "please", "can"];

/// Subjects told in one word with their verb.
const TOLD_SHORT: &[&str] = &["it's", "that's", "he's", "she's", "we're", "they're", "i've", "we've", "there's", "i'm"];

/// What stands before whom or what is spoken of.
const OWNERS: &[&str] = &[
    "my", "our", "his", "her", "the", "this", "these", "he", "she", "min", "mitt", "mina", "vår", "vårt", "våra",
    "hans", "hennes", "den", "det", "de", "denna", "detta", "hon", "han", "mormor", "morfar", "farmor", "farfar",
    "mamma", "pappa",
];

/// Verbs that tell how things are.
const TELLS: &[&str] = &[
    "is", "are", "was", "were", "has", "have", "had", "will", "got", "costs", "cost", "weighs", "takes", "lasts",
    "says", "said", "wrote", "writes", "skrev", "skriver", "sade", "runs", "starts", "ends", "expires", "went", "paid",
    "bought", "earns", "gets", "charges", "opens", "closes", "leaves", "arrives", "needs", "öppnar", "stänger", "står",
    "stod", "ligger", "gäller", "measures", "holds", "born", "är", "var", "blir", "blev", "har", "hade", "ska",
    "skall", "kostar", "kostade", "väger", "tar", "drar", "fick", "får", "säger", "tjänar", "betalar", "betalade",
    "köpte", "börjar", "slutar", "håller", "går", "gick", "bor", "heter", "rymmer", "mäter", "föddes", "came", "comes",
    "begins", "began", "opened", "kom", "kommer", "ringer", "anlände", "började", "byggdes", "invigdes",
];

/// Words that open a request and say nothing of it.
const OPENS: &[&str] = &[
    "quick",
    "one",
    "thing",
    "things",
    "question",
    "questions",
    "request",
    "for",
    "you",
    "me",
    "to",
    "do",
    "these",
    "this",
    "here",
    "goes",
    "right",
    "well",
    "now",
    "today",
    "a",
    "couple",
    "of",
    "few",
    "some",
    "two",
    "three",
    "four",
    "five",
    "alright",
    "great",
    "cool",
    "nice",
    "sorry",
    "again",
    "snabb",
    "snabbt",
    "fråga",
    "frågor",
    "grej",
    "grejer",
    "sak",
    "saker",
    "några",
    "ett",
    "en",
    "par",
    "två",
    "tre",
    "fyra",
    "fem",
    "då",
    "alltså",
    "jo",
    "du",
    "förresten",
    "lite",
    "det",
    "här",
    "kommer",
    "åt",
    "mig",
    "till",
    "i",
    "dag",
    "vill",
    "jag",
    "ha",
    "gjort",
];

/// How letters end.
const SIGN_OFFS: &[&str] = &[
    "regards",
    "kind regards",
    "best regards",
    "warm regards",
    "many thanks",
    "thanks",
    "thank you",
    "thanks in advance",
    "cheers",
    "best",
    "best wishes",
    "all the best",
    "sincerely",
    "yours sincerely",
    "yours",
    "yours truly",
    "love",
    "tack",
    "tack på förhand",
    "tack så mycket",
    "stort tack",
    "mvh",
    "hälsningar",
    "vänliga hälsningar",
    "med vänliga hälsningar",
    "med vänlig hälsning",
    "vänligen",
    "bästa hälsningar",
    "hälsar",
    "allt gott",
    "kram",
    "kramar",
    "ha det bra",
];
