//! Questions about what was told right before them: "we drive 38 mil. How many kilometres is that?"

use super::super::arguments::{self, Said};
use super::super::{Clause, Part, Question, Step, Strategy, clauses};
use super::{Planner, first_call};

/// Most statements that one question is read with.
const STATEMENTS_MAX: usize = 3;

impl Planner<'_> {
    /// The call of a question with the values of the statements right before it, where these give it more than it says
    /// itself and it keeps its own; and the place of the first of them.
    pub(super) fn with_told(&self, part: &Part, earlier: &[Clause], parts: &[Part]) -> Option<(Step, Vec<usize>)> {
        let clause = &part.clause;
        let text = clauses::without_order(&clause.text);
        if !clause.asks {
            return None;
        }
        self.with_measure(part, &text, earlier, parts, 2)
            .or_else(|| self.with_statements(part, &text, earlier, parts))
            .or_else(|| self.with_measure(part, &text, earlier, parts, 1))
    }

    fn with_statements(
        &self,
        part: &Part,
        text: &str,
        earlier: &[Clause],
        parts: &[Part],
    ) -> Option<(Step, Vec<usize>)> {
        let clause = &part.clause;
        if !clauses::is_question(text) && clauses::pointer(text).is_none() {
            return None;
        }
        let n_told = n_before(earlier, parts);
        let first = earlier.len() - n_told;
        let told = earlier.get(first..)?;
        // What it takes from anything else is what it is about.
        let bare = clauses::pointer(text).is_some_and(|pointer| pointer.noun.is_empty());
        if n_told == 0 || !bare && part.references.iter().any(|reference| reference.part < first) {
            return None;
        }
        let says_value = |one: &Clause| Said::new(&one.text, self.language, self.ask.now).says_value();
        if !told.iter().any(says_value) {
            return None;
        }
        let own = match &*part.strategy {
            Strategy::Ask(Question::Missing { skill, arguments, .. }) => Some((skill, arguments)),
            strategy => first_call(strategy).map(|step| (&step.skill, &step.arguments)),
        };
        // Each is a sentence of its own, whatever stood between them.
        let sentence = |one: &Clause| format!("{}. ", one.text.trim_end_matches(['.', '!', ',', ' ']));
        let whole = told.iter().map(sentence).collect::<String>() + &clause.text;
        let by_skill = |skill: &std::sync::Arc<str>| {
            let said = Said::new(&whole, self.language, self.ask.now).mended(self.mended);
            let read = self.index.input(skill)?.read(&said);
            let schema = &self.index.profile(skill)?.input_schema;
            let is_whole = read.missing.iter().all(|missing| !arguments::is_required(schema, &missing.name));
            is_whole.then(|| Step { skill: skill.clone(), arguments: read.arguments })
        };
        let by_own = own.filter(|_| part.references.is_empty()).and_then(|(skill, _)| by_skill(skill));
        // All that was said may tell of another skill than the question alone.
        let by_all = first_call(&self.decide(&whole, None, true)).cloned();
        let step = match (by_own, by_all) {
            (Some(own), Some(all)) if all.arguments.len() >= own.arguments.len() => all,
            (own, all) => own.or(all)?,
        };
        let keeps = own.is_none_or(|(_, arguments)| {
            arguments.values().all(|value| step.arguments.values().any(|other| other == value))
                && step.arguments.len() > arguments.len()
        });
        // One date is not both when somebody was born and when that is asked of.
        let mut texts: Vec<&str> = step.arguments.values().filter_map(serde_json::Value::as_str).collect();
        let n_texts = texts.len();
        texts.sort_unstable();
        texts.dedup();
        (keeps && texts.len() == n_texts).then(|| (step, (first..earlier.len()).collect()))
    }

    /// The call of a part that names a unit and no value, with the one measure of its kind that was told before: "I weigh
    /// 168 pounds and am 5.9 feet tall. How many kilos is that, and what's my height in centimetres?" At least `n_min`
    /// values were told: one alone is first read with all its words.
    fn with_measure(
        &self,
        part: &Part,
        text: &str,
        earlier: &[Clause],
        parts: &[Part],
        n_min: usize,
    ) -> Option<(Step, Vec<usize>)> {
        let said = |text| Said::new(text, self.language, self.ask.now);
        let asked = said(text);
        if asked.n_numbers() > 0 || !part.references.is_empty() {
            return None;
        }
        let told: Vec<usize> = earlier
            .iter()
            .zip(parts)
            .enumerate()
            .filter(|(_, (one, part))| tells(one, part))
            .map(|(at, _)| at)
            .collect();
        let n_told: usize = told.iter().filter_map(|at| earlier.get(*at)).map(|one| said(&one.text).n_numbers()).sum();
        if n_told < n_min || n_min < 2 && first_call(&part.strategy).is_some() {
            return None;
        }
        let measures = told.iter().filter_map(|at| Some((*at, said(&earlier.get(*at)?.text).measure_for(&asked)?)));
        let mut measures = measures.collect::<Vec<_>>().into_iter();
        let (at, measure) = measures.next().filter(|_| measures.next().is_none())?;
        let strategy = self.decide(&format!("{measure}. {text}"), None, true);
        let step = first_call(&strategy)?;
        Some((step.clone(), vec![at]))
    }
}

/// How many parts right before only tell something.
pub(super) fn n_before(earlier: &[Clause], parts: &[Part]) -> usize {
    earlier.iter().zip(parts).rev().take(STATEMENTS_MAX).take_while(|(one, part)| tells(one, part)).count()
}

/// Whether a part only tells something, or gives a value that nothing is said of: "2 cups of flour, how many dl?".
fn tells(clause: &Clause, part: &Part) -> bool {
    let is_value = clause.text.starts_with(|c: char| c.is_ascii_digit()) && !clause.text.contains('?');
    // "Ran 8 km today".
    let first = arguments::plain_words(&clause.text).next();
    let is_bare =
        first.is_some_and(|first| !arguments::is_verb(&first)) && clause.text.contains(|c: char| c.is_ascii_digit());
    let asks = clause.text.contains('?') || clauses::is_question(&clause.text) || clauses::is_wish(&clause.text);
    clauses::is_statement(&clause.text) || (is_value || is_bare && !asks) && first_call(&part.strategy).is_none()
}

/// Makes a part one that only tells something.
pub(super) fn tell(part: &mut Part) {
    part.clause.asks = false;
    *part.strategy = Strategy::Gap { nearest: Vec::new() };
    part.references.clear();
    part.needs.clear();
}

/// Makes a part that nothing does one that only tells something, where it asks for nothing.
pub(super) fn only_told(part: &mut Part) {
    let text = &part.clause.text;
    let asks_nothing = clauses::only_tells(text) || clauses::is_opening(text) || clauses::is_negated(text);
    if first_call(&part.strategy).is_none() && asks_nothing {
        tell(part);
    }
}
