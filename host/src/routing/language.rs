//! Tells English, Swedish and other languages apart, in texts of three words and up, and cleans text before that.
//!
//! Short requests are decided by their function words and letters; `whatlang` (trigrams) is asked when those are silent
//! and the text is long enough for it. Quoted parts count only where there is nothing else: "how many words are in 'att
//! vara'" is an English request.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Letters of a text that are looked at; the language of a request shows in its first sentences.
const CHARS_MAX: usize = 4_000;
/// Letters below which trigrams say too little.
const TRIGRAM_LETTERS_MIN: usize = 24;
/// Shorter function words are too much like others to be recognised mistyped.
const MISTYPED_CHARS_MIN: usize = 4;

/// The languages that requests are understood in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tongue {
    English,
    Swedish,
    /// Any other, or none.
    Other,
}

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Language {
    pub tongue: Tongue,
    /// From 0 to 1.
    pub certainty: f32,
    /// Whether both English and Swedish function words stand in it.
    pub mixed: bool,
}

impl Language {
    /// Its BCP 47 tag: `en`, `sv`, or `und` where it is neither or not known.
    pub fn tag(&self) -> &'static str {
        match self.tongue {
            Tongue::English => "en",
            Tongue::Swedish => "sv",
            Tongue::Other => "und",
        }
    }

    /// The language to answer in: English unless the text is Swedish.
    pub fn is_swedish(&self) -> bool {
        self.tongue == Tongue::Swedish
    }
}

/// A text in composed form (NFC), without characters that are not seen or that turn the writing direction. Spaces of all
/// widths become plain ones; line breaks and tabs stay.
pub fn clean(text: &str) -> Cow<'_, str> {
    let plain = |character: char| character == '\n' || (' '..='~').contains(&character);
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter_map(|character| match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => None,
        '\n' | '\t' => Some(character),
        other if other.is_control() => None,
        other => Some(other),
    });
    let kept: String = kept.collect();
    Cow::Owned(if is_nfc(&kept) { kept } else { kept.nfc().collect() })
}

/// A request without the quotation marks around all of it: so pasted, it is a request all the same.
pub fn bare(text: &str) -> &str {
    let trimmed = text.trim();
    let mut characters = trimmed.chars();
    let (Some(first), Some(last)) = (characters.next(), characters.next_back()) else { return text };
    let closing = match first {
        '"' => '"',
        '“' | '”' => '”',
        '«' => '»',
        _ => return text,
    };
    let inner = trimmed.get(first.len_utf8()..trimmed.len() - last.len_utf8()).unwrap_or("");
    if last == closing && !inner.contains([first, closing]) && inner.contains(' ') { inner } else { text }
}

/// What language `text` is in. Never fails: nothing to go by is [`Tongue::Other`] with certainty 0.
pub fn detect(text: &str) -> Language {
    let text: String = clean(text).chars().take(CHARS_MAX).collect();
    let frame = unquoted(&text);
    let judged = judge(&frame);
    if judged.certainty > 0.0 || frame.len() == text.len() {
        return judged;
    }
    judge(&text)
}

fn judge(text: &str) -> Language {
    let letters: Vec<char> = text.chars().filter(|character| character.is_alphabetic()).collect();
    if letters.is_empty() {
        return Language { tongue: Tongue::Other, certainty: 0.0, mixed: false };
    }
    let n_latin = letters.iter().filter(|letter| is_latin(**letter)).count();
    if n_latin * 2 < letters.len() {
        return Language { tongue: Tongue::Other, certainty: 0.95, mixed: n_latin > 0 };
    }
    let mut evidence = Evidence::default();
    for word in words(text) {
        evidence.add(&word);
    }
    if letters.len() >= TRIGRAM_LETTERS_MIN && evidence.is_weak() {
        evidence.ask_trigrams(text);
    }
    evidence.verdict()
}

/// Weights of what speaks for each language.
#[derive(Default)]
struct Evidence {
    english: f32,
    swedish: f32,
    other: f32,
    n_words: usize,
}

impl Evidence {
    fn add(&mut self, word: &str) {
        self.n_words += 1;
        self.english += ENGLISH_WORDS.weight(word);
        self.swedish += SWEDISH_WORDS.weight(word);
        self.other += if OTHER_WORDS.contains(word) { 1.0 } else { 0.0 };
        if word.contains(['å', 'ä', 'ö']) {
            self.swedish += if word.contains('å') { 1.2 } else { 0.8 };
        }
        if !word.is_ascii() && word.chars().any(|letter| "ßüæøñçèêîôûãõìòğışłżźćčřě¿".contains(letter))
        {
            self.other += 1.0;
        }
        if word.chars().count() >= 5 {
            self.english += ending(word, &["ing", "tion", "ness", "ight", "ould", "ment", "ough"]);
            self.swedish +=
                ending(word, &["ning", "erna", "orna", "arna", "ande", "igt", "lig", "heten", "skt", "ster"]);
        }
        if word.contains("th") || word.contains('w') {
            self.english += 0.3;
        }
    }

    fn is_weak(&self) -> bool {
        let best = self.english.max(self.swedish);
        best < 1.5 || best < self.other + 1.0 || (self.english - self.swedish).abs() < 0.5
    }

    fn ask_trigrams(&mut self, text: &str) {
        let Some(found) = whatlang::detect(text) else { return };
        let weight = (found.confidence() as f32) * if found.is_reliable() { 2.0 } else { 1.0 };
        match found.lang() {
            whatlang::Lang::Eng => self.english += weight,
            whatlang::Lang::Swe => self.swedish += weight,
            // Its trigrams take short Swedish for Danish or Norwegian now and then.
            whatlang::Lang::Dan | whatlang::Lang::Nob if self.swedish > 0.0 => self.swedish += weight / 2.0,
            _ => self.other += weight,
        }
    }

    fn verdict(&self) -> Language {
        let mixed = self.english >= 1.0 && self.swedish >= 1.0;
        let (best, tongue, second) = if self.other > self.english.max(self.swedish) {
            (self.other, Tongue::Other, self.english.max(self.swedish))
        } else if self.swedish > self.english {
            (self.swedish, Tongue::Swedish, self.english.max(self.other))
        } else {
            (self.english, Tongue::English, self.swedish.max(self.other))
        };
        if best <= 0.0 {
            return Language { tongue: Tongue::Other, certainty: 0.0, mixed: false };
        }
        // Half a function word of doubt on either side.
        let certainty = (best - second * 0.8 + 0.1) / (best + second + 0.5);
        Language { tongue, certainty: certainty.clamp(0.05, 0.99), mixed }
    }
}

fn ending(word: &str, endings: &[&str]) -> f32 {
    if endings.iter().any(|ending| word.ends_with(ending)) { 0.5 } else { 0.0 }
}

/// Function words, ready to be found, also by words that are a typing error away.
struct FunctionWords {
    known: FxHashSet<&'static str>,
    /// Those long enough to be mistyped, by their length in characters.
    by_length: Vec<Vec<&'static str>>,
}

static ENGLISH_WORDS: LazyLock<FunctionWords> = LazyLock::new(|| FunctionWords::of(ENGLISH));
static SWEDISH_WORDS: LazyLock<FunctionWords> = LazyLock::new(|| FunctionWords::of(SWEDISH));
static OTHER_WORDS: LazyLock<FxHashSet<&str>> = LazyLock::new(|| OTHER.iter().copied().collect());

impl FunctionWords {
    fn of(list: &[&'static str]) -> FunctionWords {
        let mut by_length: Vec<Vec<&'static str>> = Vec::new();
        for word in list {
            let length = word.chars().count();
            by_length.resize_with(by_length.len().max(length + 1), Vec::new);
            if let Some(alike) = by_length.get_mut(length).filter(|_| length >= MISTYPED_CHARS_MIN) {
                alike.push(word);
            }
        }
        FunctionWords { known: list.iter().copied().collect(), by_length }
    }

    /// How much `word` speaks for the language of these; a typing error away counts for less.
    fn weight(&self, word: &str) -> f32 {
        if self.known.contains(word) {
            return if SHARED.contains(&word) { 0.2 } else { 1.0 };
        }
        let length = word.chars().count();
        if length < MISTYPED_CHARS_MIN {
            return 0.0;
        }
        // One error in so long a word leaves its first letter or its last one as it was.
        let (first, last) = (word.as_bytes().first(), word.as_bytes().last());
        let alike = |known: &&&str| known.as_bytes().first() == first || known.as_bytes().last() == last;
        let mut near = self.by_length.iter().skip(length - 1).take(3).flatten().filter(alike);
        if near.any(|known| one_error_apart(word, known)) { 0.4 } else { 0.0 }
    }
}

/// Words that are in most texts, of both languages.
pub(crate) fn function_words() -> impl Iterator<Item = &'static str> {
    ENGLISH.iter().chain(SWEDISH).copied()
}

/// Whether one letter was left out, put in, exchanged, or swapped with its neighbour.
pub(crate) fn one_error_apart(left: &str, right: &str) -> bool {
    let (left, right) = (head(left), head(right));
    let same = left.char_indices().zip(right.chars()).find(|((_, one), other)| one != other);
    let same = same.map_or(left.len().min(right.len()), |((at, _), _)| at);
    let (left, right) = (left.get(same..).unwrap_or_default(), right.get(same..).unwrap_or_default());
    let (mut after_left, mut after_right) = (left.chars(), right.chars());
    match (after_left.next(), after_right.next()) {
        (None, None) => false,
        (Some(_), None) => after_left.as_str().is_empty(),
        (None, Some(_)) => after_right.as_str().is_empty(),
        (Some(a), Some(c)) => {
            let (rest, others) = (after_left.as_str(), after_right.as_str());
            rest == right
                || left == others
                || rest == others
                || (after_left.next() == Some(c)
                    && after_right.next() == Some(a)
                    && after_left.as_str() == after_right.as_str())
        }
    }
}

/// The beginning of a word, as far as its letters are compared.
fn head(word: &str) -> &str {
    const CHARS: usize = 64;
    if word.len() <= CHARS {
        return word;
    }
    let end = word.char_indices().nth(CHARS).map_or(word.len(), |(at, _)| at);
    word.get(..end).unwrap_or(word)
}

fn is_latin(letter: char) -> bool {
    matches!(letter, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let inside = |character: char| character.is_alphabetic() || character == '\'' || character == '’';
    text.split(move |character: char| !inside(character))
        .map(|word| word.trim_matches(['\'', '’']).to_lowercase().replace('’', "'"))
        .filter(|word| !word.is_empty())
}

/// The text without what stands in quotation marks, code and web addresses.
fn unquoted(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut until = None;
    let mut before = ' ';
    for character in text.chars() {
        match until {
            Some(end) if character == end => until = None,
            Some(_) => {}
            None => {
                until = match character {
                    '"' | '`' => Some(character),
                    '“' | '”' | '„' => Some('”'),
                    '«' => Some('»'),
                    '\'' | '‘' if !before.is_alphanumeric() => Some(if character == '‘' { '’' } else { '\'' }),
                    _ => None,
                };
                kept.push(if until.is_some() { ' ' } else { character });
            }
        }
        before = character;
    }
    // A mark that is never closed quotes nothing.
    if until.is_some() {
        return text.to_owned();
    }
    kept.split_whitespace().filter(|word| !word.contains("://")).collect::<Vec<_>>().join(" ")
}

/// Function words of both languages.
const SHARED: &[&str] =
    &["i", "in", "for", "man", "under", "an", "a", "over", "is", "per", "do", "at", "me", "so", "men"];

const ENGLISH: &[&str] = &[
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
    "it",
    "its",
    "it's",
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
    "we",
    "our",
    "they",
    "their",
    "he",
    "she",
    "his",
    "her",
    "what",
    "what's",
    "whats",
    "which",
    "who",
    "whose",
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
    "do",
    "does",
    "did",
    "don't",
    "have",
    "has",
    "had",
    "not",
    "no",
    "yes",
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
    "many",
    "much",
    "please",
    "give",
    "show",
    "tell",
    "find",
    "make",
    "get",
    "need",
    "want",
    "let",
    "if",
    "or",
    "but",
    "as",
    "between",
    "after",
    "before",
    "during",
    "without",
    "next",
    "last",
    "today",
    "tomorrow",
    "yesterday",
    "convert",
    "calculate",
    "count",
    "words",
    "word",
    "set",
    "turn",
    "write",
    "read",
    "list",
    "search",
    "remove",
    "delete",
    "add",
    "open",
    "play",
    "help",
    "like",
    "more",
    "most",
    "less",
    "every",
    "each",
    "other",
    "long",
    "far",
    "old",
    "new",
    "weather",
    "time",
    "year",
    "week",
    "day",
    "days",
    "month",
    "translate",
    "send",
    "create",
    "repeat",
    "remember",
    "note",
    "notes",
    "hello",
    "thanks",
    "again",
    "same",
    "lights",
    "light",
    "off",
    "out",
    "up",
    "down",
    "here",
    "now",
];

const SWEDISH: &[&str] = &[
    "och",
    "att",
    "det",
    "den",
    "de",
    "dem",
    "en",
    "ett",
    "i",
    "på",
    "är",
    "var",
    "som",
    "för",
    "med",
    "av",
    "till",
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
    "fanns",
    "blir",
    "blev",
    "bli",
    "gör",
    "göra",
    "gjorde",
    "man",
    "nu",
    "då",
    "där",
    "här",
    "också",
    "eller",
    "men",
    "utan",
    "under",
    "över",
    "efter",
    "före",
    "innan",
    "mellan",
    "hos",
    "vid",
    "mot",
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
    "ge",
    "visa",
    "säg",
    "berätta",
    "hitta",
    "sök",
    "lista",
    "räkna",
    "konvertera",
    "omvandla",
    "översätt",
    "skriv",
    "läs",
    "skapa",
    "ta",
    "lägg",
    "sätt",
    "stäng",
    "slå",
    "tänd",
    "släck",
    "öppna",
    "spela",
    "hjälp",
    "hämta",
    "skicka",
    "ord",
    "idag",
    "imorgon",
    "igår",
    "nästa",
    "förra",
    "sista",
    "senaste",
    "sedan",
    "sen",
    "dag",
    "dagar",
    "vecka",
    "veckor",
    "månad",
    "år",
    "klockan",
    "hej",
    "samma",
    "igen",
    "ny",
    "nytt",
    "nya",
    "stor",
    "mer",
    "mest",
    "än",
    "så",
    "bara",
    "kvar",
    "lång",
    "långt",
    "gammal",
    "upprepa",
    "kom",
    "ihåg",
    "anteckna",
    "anteckning",
    "anteckningar",
    "sammanfatta",
    "behöver",
    "borde",
    "får",
    "ut",
    "upp",
    "ner",
    "av",
    "på",
    "vilar",
    "vore",
    "vara",
    "varit",
    "kostar",
    "dela",
    "väder",
    "vädret",
    "lampan",
    "lamporna",
    "texten",
    "denna",
    "detta",
    "dessa",
    "eka",
    "tillbaka",
    "starkt",
    "lösenord",
    "lösenordet",
    "radera",
    "svenska",
    "engelska",
    "vardagar",
];

/// Words of Swedish's neighbours and of the large European languages that neither English nor Swedish has.
const OTHER: &[&str] = &[
    "og", "ikke", "jeg", "hvad", "hvor", "hva", "hvordan", "hvornår", "når", "meget", "noget", "af", "eg", "ja", "ei",
    "der", "die", "das", "und", "ist", "nicht", "ich", "ein", "eine", "wie", "wir", "sie", "mit", "für", "auf",
    "bitte", "le", "les", "des", "est", "une", "dans", "pour", "que", "qui", "avec", "je", "vous", "nous", "sur",
    "quel", "quelle", "el", "los", "las", "una", "por", "para", "con", "como", "qué", "cuál", "está", "es", "il",
    "che", "di", "della", "sono", "come", "quanto", "per", "het", "een", "niet", "van", "hoe", "wat", "zijn", "ik",
    "os", "não", "você", "um", "uma", "mikä", "miten", "kuinka", "ja", "on", "kiitos", "mitä", "se", "jest", "nie",
    "jak", "ile",
];

#[cfg(test)]
mod tests;
