//! From a request to what to do about it.

use super::{Analysis, Ask, Embed, Index, Question, Step, Strategy, arguments, clauses, complexity, intent, language};

/// What `ask` is, and what to do about it with the skills of `index`.
pub fn analyse(index: &Index, ask: &Ask<'_>, embed: Option<&dyn Embed>) -> Analysis {
    let language = language::detect(ask.text);
    let clauses = clauses::split(ask.text, &language);
    let vector = embed.and_then(|embed| embed.query(ask.text).ok());
    let ranking = index.rank(ask.text, vector.as_deref(), 5, ask.learned);
    let complexity = complexity::of(&[]);
    let best = ranking.candidates.first().and_then(|best| index.profile(&best.skill));
    let strategy = match best {
        None => Strategy::Gap { nearest: Vec::new() },
        Some(profile) => {
            let about = arguments::About {
                name: &profile.name,
                description: &profile.description,
                schema: &profile.input_schema,
                examples: &profile.examples,
            };
            let read = arguments::extract(about, ask.text, language, ask.now);
            let skill = profile.name.clone();
            if read.missing.is_empty() {
                Strategy::Direct(Step { skill, arguments: read.arguments })
            } else {
                Strategy::Ask(Question::Missing { skill, arguments: read.arguments, missing: read.missing })
            }
        }
    };
    Analysis { language, intent: intent::of(ask.text), clauses, complexity, ranking, strategy, reasons: Vec::new() }
}
