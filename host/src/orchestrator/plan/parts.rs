//! From the parts of a request to the steps of a plan: what can be done is, what depends on a part that cannot be is not.

use super::super::event::{Call, Decision, LeftOut, Plan, Reference, Refusal, Source, Step};
use super::{CHAIN_MAX, Known, ask, gap, part};
use crate::routing::{self, Strategy};
use crate::skills::Snapshot;

/// What is known of skills that matters for the order of steps.
pub trait Catalog {
    /// Whether the skill of that name changes nothing.
    fn is_read_only(&self, skill: &str) -> bool;
    /// Whether two skills may see each other's changes.
    fn is_together(&self, skill: &str, other: &str) -> bool;
}

impl Catalog for Snapshot {
    fn is_read_only(&self, skill: &str) -> bool {
        self.skill(skill).is_some_and(|skill| skill.annotations().read_only_hint)
    }

    fn is_together(&self, skill: &str, other: &str) -> bool {
        let bundle = |name: &str| self.skill(name).map(|skill| skill.bundle().name.clone());
        bundle(skill) == bundle(other)
    }
}

/// What is to be done about a request of several parts.
pub fn decide(parts: &[routing::Part], text: &str, known: Known<'_>, catalog: &dyn Catalog) -> Decision {
    let mut plan = Plan::default();
    // By part: the place of its step.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(parts.len());
    for part in parts {
        let place = add(&mut plan, part, &places, catalog);
        places.push(place);
    }
    if !plan.steps.is_empty() {
        return Decision::Plan(plan);
    }
    let question = parts.iter().find_map(|part| match &*part.strategy {
        Strategy::Ask(question) => Some(question),
        _ => None,
    });
    match question {
        Some(question) => Decision::Ask(ask(question)),
        None if plan.left_out.iter().all(|left| left.part.call.is_none()) => gap(text, Vec::new(), known),
        None => Decision::Refuse(Refusal::Several(plan.left_out.into_iter().map(|left| left.part).collect())),
    }
}

/// Adds the step of a part, and says its place; a part that cannot be done is left out with what is known of it.
fn add(plan: &mut Plan, one: &routing::Part, places: &[Option<usize>], catalog: &dyn Catalog) -> Option<usize> {
    let calls: &[routing::Step] = match &*one.strategy {
        Strategy::Direct(step) => std::slice::from_ref(step),
        Strategy::Fallbacks(steps) => steps.get(..steps.len().min(CHAIN_MAX)).unwrap_or(steps),
        Strategy::Ask(_) | Strategy::Plan(_) | Strategy::Gap { .. } => &[],
    };
    let after = plan.steps.len();
    let Some(first) = calls.first() else {
        // What only tells of the situation asks for nothing.
        if one.clause.asks {
            plan.left_out.push(LeftOut { after, part: part(one) });
        }
        return None;
    };
    let needs_missing = one.needs.iter().any(|part| places.get(*part).is_none_or(Option::is_none));
    // "Then" after something that cannot be done: nothing is changed on the strength of it.
    let last_missing = one.clause.ordered && places.last().is_some_and(Option::is_none);
    if needs_missing || last_missing && !catalog.is_read_only(&first.skill) {
        let known = super::super::event::Part { waits: true, ..part(one) };
        plan.left_out.push(LeftOut { after, part: known });
        return None;
    }
    let references = one.references.iter().map(|reference| {
        let step = places.get(reference.part).copied().flatten();
        Reference {
            to: reference.to.as_str().into(),
            from: Source { step, pointer: reference.pointer.as_str().into() },
            template: reference.template.as_deref().map(Into::into),
            as_number: reference.as_number,
        }
    });
    let references: Vec<Reference> = references.collect();
    // Only the first is known to take from the answers before it.
    let n_calls = if references.is_empty() { calls.len() } else { 1 };
    let mut chain: Vec<Call> = calls.iter().take(n_calls).map(super::call).collect();
    if let Some(call) = chain.first_mut() {
        call.references = references;
    }
    let mut needs: Vec<usize> = one.needs.iter().filter_map(|part| places.get(*part).copied().flatten()).collect();
    needs.extend((0..after).filter(|earlier| comes_after(plan, *earlier, one, first, catalog)));
    needs.sort_unstable();
    needs.dedup();
    plan.steps.push(Step { needs, name: Some(one.clause.text.as_str().into()), ..Step::of(chain) });
    Some(after)
}

/// Whether a part has to wait for an earlier step though it takes nothing from it: because one of them changes what the
/// other sees, or because the request says "then" before something is changed.
fn comes_after(plan: &Plan, earlier: usize, one: &routing::Part, first: &routing::Step, catalog: &dyn Catalog) -> bool {
    let changes = !catalog.is_read_only(&first.skill);
    let Some(call) = plan.steps.get(earlier).and_then(|step| step.chain.first()) else { return false };
    let either = changes || !catalog.is_read_only(call.label());
    either && catalog.is_together(&first.skill, call.label()) || changes && one.clause.ordered
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::routing::Clause;

    /// Skills whose names begin with `see` change nothing; all are together.
    struct Together;

    impl Catalog for Together {
        fn is_read_only(&self, skill: &str) -> bool {
            skill.starts_with("see")
        }

        fn is_together(&self, _: &str, _: &str) -> bool {
            true
        }
    }

    fn clause(text: &str, ordered: bool) -> Clause {
        Clause { text: text.into(), depends: false, span: 0..text.len(), asks: true, ordered }
    }

    fn does(skill: &str, ordered: bool) -> routing::Part {
        let step = routing::Step { skill: skill.into(), arguments: Map::new() };
        let strategy = Box::new(Strategy::Direct(step));
        routing::Part { clause: clause(skill, ordered), strategy, needs: Vec::new(), references: Vec::new() }
    }

    fn gap_of(text: &str) -> routing::Part {
        let strategy = Box::new(Strategy::Gap { nearest: Vec::new() });
        routing::Part { clause: clause(text, false), strategy, needs: Vec::new(), references: Vec::new() }
    }

    fn planned(parts: &[routing::Part]) -> Decision {
        decide(parts, "all of it", Known { owner: "me", gaps: &[] }, &Together)
    }

    #[test]
    fn what_nothing_does_is_left_out_with_what_goes_on_from_it() {
        let taking = routing::Part {
            needs: vec![0],
            references: vec![routing::Reference {
                to: "/n".into(),
                part: 0,
                pointer: "/a".into(),
                template: None,
                as_number: false,
            }],
            ..does("see-more", false)
        };
        let Decision::Plan(plan) = planned(&[gap_of("fly"), taking, does("see", false), does("change", false)]) else {
            panic!("no plan")
        };
        let left: Vec<_> = plan.left_out.iter().map(|left| (left.after, &*left.part.text, left.part.waits)).collect();
        assert_eq!(left, [(0, "fly", false), (0, "see-more", true)]);
        let steps: Vec<_> =
            plan.steps.iter().map(|step| (step.chain[0].label().to_string(), step.needs.clone())).collect();
        assert_eq!(steps, [("see".to_owned(), vec![]), ("change".to_owned(), vec![0])]);
        // After "then" nothing is changed on the strength of what cannot be done.
        let Decision::Plan(plan) = planned(&[gap_of("fly"), does("change", true), does("see", true)]) else {
            panic!("no plan")
        };
        assert_eq!((plan.steps.len(), plan.left_out.len()), (1, 2));
        assert!(matches!(planned(&[gap_of("fly"), gap_of("swim")]), Decision::Refuse(Refusal::Gap(_))));
    }

    #[test]
    fn references_go_to_the_steps_of_their_parts() {
        let taking = routing::Part {
            needs: vec![1],
            references: vec![routing::Reference {
                to: "/text".into(),
                part: 1,
                pointer: "/a".into(),
                template: Some("{}".into()),
                as_number: false,
            }],
            ..does("see-more", false)
        };
        let Decision::Plan(plan) = planned(&[gap_of("fly"), does("see", false), taking]) else { panic!("no plan") };
        let last = serde_json::to_value(&plan.steps[1]).unwrap();
        let references = json!([{"to": "/text", "from": {"step": 0, "pointer": "/a"}, "template": "{}"}]);
        assert_eq!((&last["chain"][0]["references"], &last["needs"]), (&references, &json!([0])));
    }
}
