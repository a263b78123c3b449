//! Whether the parts of a request together are a plan, or one call does all of it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::{Part, Question, Step, Strategy, clauses};
use super::first_call;

/// Whether the calls of `parts` are of at least two, which are not the same.
pub fn is_several(parts: &[Part]) -> bool {
    let calls: Vec<(&Arc<str>, &Map<String, Value>)> =
        parts.iter().filter_map(|part| first_call(&part.strategy)).map(|step| (&step.skill, &step.arguments)).collect();
    calls.first().is_some_and(|first| calls.iter().any(|call| call != first))
}

/// Whether every part that asks for something is a call that is sure, and there are at least two.
pub fn is_sure(parts: &[Part]) -> bool {
    let asking: Vec<&Part> = parts.iter().filter(|part| part.clause.asks).collect();
    asking.len() > 1 && asking.iter().all(|part| first_call(&part.strategy).is_some())
}

/// Whether one part is all that `step` does, and the others, which ask for something too, add nothing to it.
pub fn is_all_of(parts: &[Part], step: &Step) -> bool {
    let mut asking = parts.iter().filter(|part| part.clause.asks);
    let is_it = |part: &&Part| first_call(&part.strategy) == Some(step);
    let n_calls = parts.iter().filter(|part| first_call(&part.strategy).is_some()).count();
    n_calls == 1
        && asking.clone().any(|part| is_it(&part))
        && asking.all(|part| is_it(&part) || matches!(*part.strategy, Strategy::Gap { .. }))
        && parts.iter().filter(|part| part.clause.asks).count() > 1
}

/// Whether one of `parts` is an order that nothing does for sure, beside one for the skill of `step`; or a question, where
/// `step` does not understand all that was said.
pub fn leaves_a_part(parts: &[Part], step: &Step, understood: bool) -> bool {
    let is_it = parts.iter().any(|part| first_call(&part.strategy).is_some_and(|call| call.skill == step.skill));
    let left = |part: &Part| part.clause.asks && matches!(*part.strategy, Strategy::Gap { .. } | Strategy::Ask(_));
    let counts =
        |part: &Part| clauses::is_order(&part.clause.text) || !understood && clauses::is_question(&part.clause.text);
    is_it && parts.iter().any(|part| left(part) && counts(part))
}

/// Whether `step` does what one of the orders asks for, and another order is a call of another skill: "show note 2 and then
/// delete it".
pub fn drops_a_part(parts: &[Part], step: &Step) -> bool {
    let orders = || parts.iter().filter(|part| part.clause.asks && clauses::is_order(&part.clause.text));
    let is_other = |part: &Part| first_call(&part.strategy).is_some_and(|call| call.skill != step.skill);
    let is_it = |part: &Part| match &*part.strategy {
        Strategy::Ask(Question::Missing { skill, .. }) => *skill == step.skill,
        strategy => first_call(strategy).is_some_and(|call| call.skill == step.skill),
    };
    orders().any(is_other) && orders().any(is_it)
}

/// Whether `step` is for another skill than any of the parts, of which there are several: "translate 'a b', and keep the
/// translation" keeps no "a b".
pub fn is_of_no_part(parts: &[Part], step: &Step) -> bool {
    let is_its = |part: &Part| first_call(&part.strategy).is_some_and(|call| call.skill == step.skill);
    parts.len() > 1 && !parts.iter().any(is_its)
}

/// Whether a value of `step` takes in a later part that is a call of its own: "note: buy nails. also 14 * 17".
pub fn swallows_a_part(parts: &[Part], step: &Step) -> bool {
    let texts = || step.arguments.values().filter_map(Value::as_str);
    let follows = |pair: &[Part]| match pair {
        [before, part] => {
            let is_apart = part.clause.ordered || before.clause.text.trim_end().ends_with(['.', '!', '?', ';']);
            let own = part.clause.text.trim_end_matches(['.', '!', '?']);
            is_apart && first_call(&part.strategy).is_some() && texts().any(|text| text.contains(own))
        }
        _ => false,
    };
    parts.windows(2).any(follows)
}

/// Whether a part is a call that is sure, beside others.
pub fn is_partly_clear(parts: &[Part]) -> bool {
    parts.len() > 1 && parts.iter().any(|part| part.clause.asks && first_call(&part.strategy).is_some())
}
