//! A part that only tells what the answer before it is counted in: "the answer is in inches, so convert it to cm".

use super::super::arguments;
use super::Clause;
use super::read::read;

/// Puts the unit that a part tells to where the next part points, and leaves the part out.
pub(super) fn put(clauses: &mut Vec<Clause>) {
    let mut at = 1;
    while at + 1 < clauses.len() {
        let told = clauses.get(at).and_then(|clause| unit(&clause.text));
        let next = clauses.get(at + 1);
        match told.zip(next).and_then(|(unit, next)| with_unit(&next.text, &unit)) {
            Some(text) => {
                if let Some(next) = clauses.get_mut(at + 1) {
                    next.text = text;
                    next.depends = true;
                    next.asks = true;
                }
                clauses.remove(at);
            }
            None => at += 1,
        }
    }
}

/// The unit that `text` says what came before is in.
fn unit(text: &str) -> Option<String> {
    let words = read(text);
    let mut own: Vec<&str> = words.iter().map(|word| word.lower.as_str()).collect();
    while own.last().is_some_and(|last| matches!(*last, "." | "," | "so" | "så")) {
        own.pop();
    }
    let own = own.strip_prefix(&["the"]).unwrap_or(&own);
    let (subject, rest) = own.split_first()?;
    let rest = match *subject {
        "that's" | "thats" | "it's" => rest,
        // "Treat that as bytes".
        "treat" | "take" | "count" | "read" | "regard" | "see" | "räkna" | "ta" | "se" | "läs" => {
            let that = ["that", "it", "this", "det"].iter().find_map(|that| rest.strip_prefix(&[*that]))?;
            that.strip_prefix(&["as"]).or_else(|| that.strip_prefix(&["som"]))?
        }
        "that" | "it" | "this" | "answer" | "result" | "det" | "detta" | "svaret" | "resultatet" => {
            rest.strip_prefix(&["is"]).or_else(|| rest.strip_prefix(&["är"]))?
        }
        _ => return None,
    };
    // "That's my wall in square feet".
    let link = rest.iter().rposition(|word| matches!(*word, "in" | "i"));
    let rest = link.and_then(|at| rest.get(at + 1..)).unwrap_or(rest);
    let bare = rest.strip_prefix(&["degrees"]).or_else(|| rest.strip_prefix(&["grader"])).unwrap_or(rest);
    let unit = bare.join(" ");
    arguments::is_unit(&unit).then_some(unit)
}

/// The text with the unit behind the word that points.
fn with_unit(text: &str, unit: &str) -> Option<String> {
    let words = read(text);
    let points = |word: &&str| matches!(*word, "it" | "that" | "this" | "det" | "den" | "detta");
    // "Gör om svaret till fahrenheit".
    if let Some(span) = super::pointer(text).filter(|pointer| !pointer.noun.is_empty()).map(|pointer| pointer.span) {
        return Some(format!("{} {unit}{}", text.get(..span.end)?, text.get(span.end..)?));
    }
    let word = words.iter().find(|word| !word.shielded && points(&word.lower.as_str()))?;
    // "Give it to me in kilobytes".
    let rest = text.get(word.span.end..)?;
    let rest = [" to me ", " till mig "]
        .iter()
        .find_map(|me| rest.strip_prefix(me))
        .map_or_else(|| rest.to_owned(), |rest| format!(" {rest}"));
    let result = if matches!(&*word.lower, "det" | "den" | "detta") { "resultatet" } else { "the result" };
    Some(format!("{}{result} {unit}{rest}", text.get(..word.span.start)?))
}
