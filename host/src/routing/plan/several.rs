//! What a part does with several answers at once: with all that a list holds, "add them up", or with what two parts came to,
//! "lägg ihop de båda antalen".

use super::super::arguments::{self, Said};
use super::super::{Reference, Step, clauses};
use super::outputs::{Kind, Output};
use super::{Made, NUMBER, Planner, TEXT, escaped, first_call, put, ways};

/// Words for what is done with several figures, with its sign.
const DOINGS: &[(&[&str], &str)] = &[
    (
        &[
            "add",
            "sum",
            "total",
            "altogether",
            "together",
            "addera",
            "summera",
            "summan",
            "summa",
            "ihop",
            "totalt",
            "sammanlagt",
            "tillsammans",
            "plussa",
        ],
        " + ",
    ),
    (&["difference", "subtract", "skillnaden", "differensen", "subtrahera"], " - "),
    (&["product", "multiply", "produkten", "multiplicera"], " * "),
];
/// Words that say of two results that both are meant.
const BOTH: &[&str] =
    &["both", "two", "båda", "bägge", "två", "them", "those", "these", "dem", "dessa", "results", "sums"];
const PAIR: &[&str] = &["both", "two", "båda", "bägge", "två"];
const TOGETHER: &[&str] = &["together", "ihop", "tillsammans"];
/// Longest question about two results that does not say which, in words.
const BARE_WORDS_MAX: usize = 7;
const PLURAL: &[&str] = &["them", "those", "these", "dem", "dessa", "de"];

impl Planner<'_> {
    /// The call of a part that does something with several figures, or with all of a list.
    pub(super) fn of_several(&self, text: &str, before: &[Option<Made>]) -> Option<(Step, Vec<Reference>)> {
        let words: Vec<String> = arguments::plain_words(text).collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let sign = DOINGS.iter().find(|(doing, _)| says(doing)).map(|(_, sign)| *sign);
        let last = || before.iter().enumerate().next_back().and_then(|(at, made)| Some((at, made.as_ref()?)));
        let (at, made) = last_looked_up(&words, before).or_else(last)?;
        let list = made.found.iter().find(|output| output.is_open && output.kind == Kind::Text);
        let says_figure = Said::new(text, self.language, self.ask.now).says_figure();
        let alike =
            |pair: &[Option<Made>]| matches!(pair, [Some(one), Some(other)] if one.step.skill == other.step.skill);
        let last_alike = before.len().checked_sub(2).and_then(|at| before.get(at..)).is_some_and(alike);
        // "Both" are two answers, and not all that one of them holds.
        let pair = last_alike && says(PAIR);
        if let Some(output) = list.filter(|_| !pair)
            && let Some(sign) = sign.filter(|sign| *sign != " - " && !says_figure)
        {
            let all = (at, output.of_all());
            return self.calculated(&[all], &format!("{{{sign}}}"));
        }
        if let Some(output) = list
            && let Some(pointer) = clauses::pointer(text).filter(|pointer| !pointer.is_weak)
            && text.get(pointer.span.clone()).is_some_and(|said| says_any(said, PLURAL))
        {
            let step = self.decide(&put(text, &pointer.span, &format!("\"{TEXT}\""))?, None, true);
            let step = first_call(&step)?;
            let (name, _) = step.arguments.iter().find(|(_, value)| value.as_str() == Some(TEXT))?;
            let reference = reference(name, at, output.of_all(), Some("{, }".to_owned()));
            let mut step = step.clone();
            step.arguments.remove(name);
            return Some((step, vec![reference]));
        }
        // "What is the difference?"
        let asks = clauses::is_question(text) && words.len() < BARE_WORDS_MAX && last_alike;
        let (sign, both) = (sign?, (says(BOTH) || says(TOGETHER) || asks) && !says_figure);
        // What only tells something lies between them.
        let mut given = before.iter().enumerate().rev().filter_map(|(at, made)| Some((at, made.as_ref()?)));
        let ((later, second), (last, first)) = (given.next().filter(|_| both)?, given.next()?);
        let own = |made: &Made, like: Option<&str>| -> Option<Output> {
            let like =
                like.and_then(|name| made.outputs.iter().find(|one| one.kind == Kind::Number && one.name == name));
            like.or_else(|| made.figure()).cloned()
        };
        let one = own(first, None)?;
        let like = (first.step.skill == second.step.skill).then_some(one.name.as_str());
        let other = own(second, like)?;
        self.calculated(&[(last, one.pointer), (later, other.pointer)], &format!("{{}}{sign}{{}}"))
    }

    /// The call that calculates what comes of `template` with what stands at these places of answers.
    pub(super) fn calculated(&self, places: &[(usize, String)], template: &str) -> Option<(Step, Vec<Reference>)> {
        let strategy = self.decide(&format!("{NUMBER} + 1"), None, true);
        let mut step = first_call(&strategy).filter(|step| self.takes_arithmetic(step))?.clone();
        let of_it = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.contains(NUMBER));
        let name = step.arguments.iter().find(|(_, value)| of_it(value))?.0.clone();
        step.arguments.remove(&name);
        let templates = std::iter::once(template).chain(std::iter::repeat("{}"));
        let references = places.iter().zip(templates);
        let references = references
            .map(|((part, pointer), template)| reference(&name, *part, pointer.clone(), Some(template.to_owned())));
        Some((step, references.collect()))
    }
}

/// The last part that looked up what one of `words` names: `$.orders[*].total` where "the totals" are spoken of.
fn last_looked_up<'m>(words: &[String], before: &'m [Option<Made>]) -> Option<(usize, &'m Made)> {
    before.iter().enumerate().rev().find_map(|(at, made)| {
        let made = made.as_ref()?;
        words.iter().any(|word| ways::looked_up(made, word)).then_some((at, made))
    })
}

fn reference(name: &str, part: usize, pointer: String, template: Option<String>) -> Reference {
    Reference { to: format!("/{}", escaped(name)), part, pointer, template, as_number: false }
}

fn says_any(text: &str, known: &[&str]) -> bool {
    arguments::plain_words(text).any(|word| known.contains(&word.as_str()))
}
