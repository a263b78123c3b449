//! What kind of request this is.

use super::index::words;

/// The kinds of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// Wants to know something.
    Question,
    /// Wants something done.
    Command,
    /// Wants something new made: a program, a function, a skill.
    Create,
    /// Says that the last answer was wrong, or what was meant.
    Correction,
    /// Wants the last turn again, with or without a change.
    Repeat,
    /// Greets or thanks; wants nothing.
    Chat,
    /// Says nothing that could be read.
    Unclear,
}

impl Intent {
    /// Its name in records and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Intent::Question => "question",
            Intent::Command => "command",
            Intent::Create => "create",
            Intent::Correction => "correction",
            Intent::Repeat => "repeat",
            Intent::Chat => "chat",
            Intent::Unclear => "unclear",
        }
    }
}

const CHAT: &[&str] = &[
    "hi", "hello", "hey", "hej", "hejsan", "tjena", "tjenare", "hallå", "thanks", "thank", "you", "tack", "så",
    "mycket", "very", "much", "good", "god", "morning", "morgon", "evening", "kväll", "bye", "hejdå", "there", "ok",
    "okay", "då", "bra", "great", "fint", "dag", "day",
];
const REPEAT: &[&str] = &[
    "again",
    "once more",
    "same again",
    "the same again",
    "do it again",
    "do that again",
    "one more time",
    "repeat that",
    "samma igen",
    "samma sak igen",
    "igen",
    "en gång till",
    "gör om det",
    "gör det igen",
    "upprepa det",
    "samma sak",
];
const REPEAT_STARTS: &[&str] = &[
    "same but ",
    "the same but ",
    "same for ",
    "the same for ",
    "again but ",
    "once more but ",
    "samma men ",
    "samma för ",
    "samma sak men ",
    "samma sak för ",
    "samma fast ",
    "igen men ",
    "igen fast ",
];
const CORRECTION_STARTS: &[&str] = &[
    "no i ",
    "no that",
    "no not ",
    "not that",
    "i meant ",
    "that was wrong",
    "that is wrong",
    "wrong skill",
    "nej jag ",
    "nej inte ",
    "nej det ",
    "inte det",
    "inte den",
    "jag menade ",
    "det var fel",
    "det är fel",
    "fel skill",
];
const MAKING: &[&str] = &[
    "create",
    "make",
    "build",
    "write",
    "develop",
    "implement",
    "program",
    "generate",
    "skapa",
    "bygg",
    "bygga",
    "gör",
    "skriv",
    "skriva",
    "utveckla",
    "programmera",
    "implementera",
    "generera",
];
const MADE: &[&str] = &[
    "function",
    "functions",
    "program",
    "script",
    "skill",
    "app",
    "application",
    "tool",
    "class",
    "module",
    "plugin",
    "bot",
    "agent",
    "library",
    "funktion",
    "funktioner",
    "skript",
    "verktyg",
    "klass",
    "modul",
    "färdighet",
    "applikation",
    "bibliotek",
    "insticksprogram",
];
const ASKING: &[&str] = &[
    "what", "which", "who", "whom", "whose", "where", "when", "why", "how", "is", "are", "was", "were", "does", "did",
    "do", "can", "could", "will", "would", "has", "have", "should", "vad", "vilken", "vilket", "vilka", "vem", "vems",
    "var", "vart", "när", "varför", "hur", "är", "finns", "kan", "kommer", "har", "får", "ska", "skulle",
];
/// Most words of a request that only greets or thanks.
const CHAT_WORDS_MAX: usize = 5;
/// Most words between a verb of making and what is made.
const MAKING_REACH: usize = 6;

/// Whether `word` begins questions.
pub fn asks(word: &str) -> bool {
    ASKING.contains(&word)
}

/// The kind of `text`, by its first words and its last character; the most telling sign wins.
pub fn of(text: &str) -> Intent {
    let words = words(text);
    let Some(first) = words.first() else { return Intent::Unclear };
    let folded = words.join(" ");
    if words.len() <= CHAT_WORDS_MAX && words.iter().all(|word| CHAT.contains(&word.as_str())) {
        return Intent::Chat;
    }
    if REPEAT.contains(&folded.as_str()) || REPEAT_STARTS.iter().any(|start| folded.starts_with(start)) {
        return Intent::Repeat;
    }
    if CORRECTION_STARTS.iter().any(|start| folded.starts_with(start)) {
        return Intent::Correction;
    }
    if makes_something(&words) {
        return Intent::Create;
    }
    let asks = text.trim_end().ends_with(['?', '？', '؟']) || ASKING.contains(&first.as_str());
    if asks { Intent::Question } else { Intent::Command }
}

fn makes_something(words: &[String]) -> bool {
    let made = |word: &String| MADE.contains(&word.as_str());
    // Only where the request begins with it: "does this program make sense" makes nothing.
    let making = words.iter().take(4).position(|word| MAKING.contains(&word.as_str()));
    making.is_some_and(|at| words.iter().skip(at + 1).take(MAKING_REACH).any(made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_told_apart() {
        let cases = [
            ("Skapa en ny Python-funktion för dataanalys", Intent::Create),
            ("make me a small tool that renames files", Intent::Create),
            ("hur många ord är det i 'att vara'?", Intent::Question),
            ("convert 3 miles to km", Intent::Command),
            ("samma igen", Intent::Repeat),
            ("Same but in German", Intent::Repeat),
            ("nej, jag menade meter", Intent::Correction),
            ("Tack så mycket!", Intent::Chat),
            (" \u{200b} ?! ", Intent::Unclear),
        ];
        for (text, kind) in cases {
            assert_eq!(of(text), kind, "{text}");
        }
    }
}
