//! Whether a part speaks of something that was said or found before.

use super::super::arguments;
use super::boundary::order_words;
use super::lexicon::is_operator;
use super::pointing;
use super::read::Word;

/// Whether the words speak of something that was said or found before.
pub(super) fn refers(own: &[Word], ordered: bool) -> bool {
    let lower = |at: usize| own.get(at).map_or("", |word| word.lower.as_str());
    let first = own.iter().position(|word| word.lower != ",").map_or(0, |at| at + order_words(own, at).unwrap_or(0));
    let content = pointing::content(own);
    let ends_in_colon = own.get(content).is_some_and(|word| word.lower == ":");
    (first..content).any(|at| {
        if own.get(at).is_some_and(|word| word.shielded) {
            return false;
        }
        let before = at.checked_sub(1).map_or("", lower);
        let next = lower(at + 1);
        if pointing::phrase_at(own, at).is_some() {
            return true;
        }
        match lower(at) {
            "total" | "sum" | "product" | "outcome" => before == "the" && next != "of",
            "count" | "amount" | "figure" | "number" | "value" => {
                matches!(before, "the" | "that")
                    && next != "of"
                    && !own
                        .get(at + 1)
                        .is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit()))
            }
            "dagen" => before == "den",
            word if word.ends_with("dagen") && arguments::is_weekday(word) => before == "den",
            word if word.ends_with("day") && arguments::is_weekday(word) => {
                matches!(before, "that" | "this")
                    && (0..at)
                        .any(|at| matches!(lower(at), "to" | "from" | "until" | "after" | "before" | "between" | "on"))
            }
            "antalet" if pointing::is_noun_like(next) => false,
            word if word != "texten" && pointing::is_definite(word) => !own
                .get(at + 1)
                .is_some_and(|next| next.shielded || next.lower.starts_with(|c: char| c.is_ascii_digit())),
            "them" | "dem" | "those" | "these" | "dessa" | "result" | "results" | "answer" => true,
            // "what time is it", "is it possible", "it is": nothing is meant by it.
            "it" => {
                is_operator(next)
                    || before == "and" && (0..at).any(|at| matches!(lower(at), "between"))
                    || before == "does" && matches!(next, "have" | "contain" | "look" | "say" | "take")
                    || !matches!(
                        before,
                        "is" | "was" | "does" | "will" | "would" | "can" | "could" | "if" | "" | "," | "and" | "that"
                    ) && (!matches!(next, "is" | "was" | "will" | "'s") || before == "of")
            }
            "det" | "den" => {
                // "Räkna sedan om det till kilo": the rest of the verb.
                let turns = before == "om"
                    && (at.saturating_sub(3)..at).any(|at| matches!(lower(at), "räkna" | "gör" | "skriv" | "vänd"));
                if is_operator(next) || turns {
                    return true;
                }
                // "Vad hälften av det är".
                let object = next.is_empty()
                    || before == "av" && next == "är"
                    || matches!(
                        next,
                        "sedan"
                            | "sen"
                            | "."
                            | "?"
                            | "!"
                            | ","
                            | "till"
                            | "som"
                            | "i"
                            | "på"
                            | "med"
                            | "för"
                            | "från"
                            | "av"
                            | "också"
                            | "ut"
                            | "upp"
                            | "fick"
                            | "innehåller"
                    );
                object
                    && !matches!(
                        before,
                        "är" | "var"
                            | "blir"
                            | "finns"
                            | ""
                            | ","
                            | "och"
                            | "att"
                            | "om"
                            | "vad"
                            | "hur"
                            | "kostar"
                            | "går"
                            | "gör"
                            | "tar"
                    )
            }
            "this" | "detta" if ends_in_colon => false,
            "this" | "that" | "detta" | "denna" | "its" | "their" | "dess" | "deras" => {
                ordered
                    || is_operator(next)
                    || matches!(next, "is" | "är") && is_operator(lower(at + 2))
                    || pointing::BEHIND_THAT.contains(&next) && !matches!(next, "and" | "och" | "in" | "i")
                    || matches!(next, "list" | "number" | "text" | "file" | "information" | "data" | "value")
                    || matches!(lower(at), "its" | "their" | "dess" | "deras")
            }
            _ => false,
        }
    })
}
