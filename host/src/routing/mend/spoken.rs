//! Words written as they are said: "va e klockan", "å", "pls", "u".

/// What word `at` stands for, by itself and the words beside it; all in lower case.
pub fn meant(words: &[&str], at: usize) -> Option<&'static str> {
    let word = *words.get(at)?;
    let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
    let next = words.get(at + 1).copied().unwrap_or_default();
    if let Some((_, meant)) = ALWAYS.iter().find(|(said, _)| *said == word) {
        return Some(meant);
    }
    // What may be another word, too, is told by those beside it.
    let meant = match word {
        "va" if IS.contains(&next) || matches!(next, "för" | "heter" | "kostar" | "de" | "det") => "vad",
        "e" if matches!(
            before,
            "va" | "vad" | "de" | "det" | "vem" | "när" | "var" | "klockan" | "länge" | "mycket"
        ) || matches!(next, "klockan" | "de" | "det" | "den") =>
        {
            "är"
        }
        "de" if next == "e"
            || IS.contains(&before) && matches!(next, "" | "om" | "i" | "på" | "nu" | "då" | "kvar" | "för") =>
        {
            "det"
        }
        "u" if matches!(before, "can" | "could" | "would" | "will" | "do" | "if" | "did") => "you",
        "o" if at > 0
            && (super::super::verbs::is_verb(next)
                || matches!(
                    next,
                    "i" | "till"
                        | "med"
                        | "hur"
                        | "vad"
                        | "va"
                        | "vilken"
                        | "vilket"
                        | "vilka"
                        | "när"
                        | "sen"
                        | "sedan"
                        | "då"
                )) =>
        {
            "och"
        }
        "n" if at > 0 && super::super::verbs::is_verb(next) => "and",
        _ => return None,
    };
    Some(meant)
}

const ALWAYS: &[(&str, &str)] = &[
    ("å", "och"),
    ("mej", "mig"),
    ("dej", "dig"),
    ("nån", "någon"),
    ("nåt", "något"),
    ("nåra", "några"),
    ("pls", "please"),
    ("plz", "please"),
    ("thx", "thanks"),
    ("im", "i'm"),
    ("dar", "dagar"),
    ("thats", "that's"),
];

/// Forms of "is", as they are said.
const IS: &[&str] = &["e", "är", "blir", "va", "var"];
