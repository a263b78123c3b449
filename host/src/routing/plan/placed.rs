//! What a part takes from answers that it calls by their places: "subtract the second from the first".

use super::super::clauses::{self, Place};
use super::super::{Reference, Step};
use super::{Made, Planner};

impl Planner<'_> {
    /// The call of a part that names the answers it goes on from by their places.
    pub(super) fn of_places(&self, text: &str, before: &[Option<Made>]) -> Option<(Step, Vec<Reference>)> {
        let given: Vec<usize> = (0..before.len()).filter(|at| matches!(before.get(*at), Some(Some(_)))).collect();
        let placed: Vec<_> = clauses::places(text)
            .into_iter()
            .filter_map(|(span, place)| {
                let at = match place {
                    Place::Given(place) => *given.get(place)?,
                    Place::Last => *given.last()?,
                    Place::Part(place) => place,
                };
                let made = before.get(at)?.as_ref().filter(|made| !made.has_list || made.gives_figure)?;
                Some((span, at, made))
            })
            .collect();
        match placed.as_slice() {
            [(span, at, made)] => {
                let pointer =
                    clauses::Pointer { span: span.clone(), noun: String::new(), is_weak: false, names_skill: false };
                self.taken(text, &pointer, *at, made, true)
            }
            [(_, first, one), (_, second, other)] => {
                let number = |made: &Made| made.figure().map(|output| output.pointer.clone());
                let (one, other) = ((*first, number(one)?), (*second, number(other)?));
                let (sign, turned) = clauses::operation_between(text)?;
                let places = if turned { [other, one] } else { [one, other] };
                self.calculated(&places, &format!("{{}} {sign} {{}}"))
            }
            _ => None,
        }
    }
}
