//! What a part takes from the answer of an earlier one: where its stand-in ends up, the earlier answer goes.

use serde_json::Value;

use super::super::arguments::{self, Said};
use super::super::follow::{Follow, Way};
use super::super::{Ask, Intent, Question, Reference, Step, Strategy, Turn, clauses, decide, intent};
use super::outputs::{self, Kind, Output};
use super::{COUNT, LESS_LIKELY, Made, Measured, NUMBER, Planner, TEXT, escaped, first_call, put};

/// How much less likely a reading is that goes on from an answer, and is about today all the same.
const OF_TODAY: f32 = 2.0;
/// Skills that something may be done with what was found by.
const LISTED_FOR: usize = 3;

impl Planner<'_> {
    /// The call of a part that points at the answer of an earlier one.
    pub(super) fn taken(
        &self,
        text: &str,
        pointer: &clauses::Pointer,
        at: usize,
        made: &Made,
        depends: bool,
    ) -> Option<(Step, Vec<Reference>)> {
        // Several are meant, and not how many of them there are.
        if made.has_list && clauses::is_plural(text.get(pointer.span.clone())?) {
            return None;
        }
        // "What is its slug?" after what has none asks for one.
        let its = text
            .get(pointer.span.clone())
            .and_then(|said| said.get(..4))
            .is_some_and(|said| said.eq_ignore_ascii_case("its "));
        let gives = |output: &Output| arguments::same_word(&output.name, &pointer.noun);
        if its && !made.outputs.iter().any(gives) {
            let span = pointer.span.start..pointer.span.start + 3;
            return self.taken_at(text, &clauses::Pointer { span, ..clauses::Pointer::default() }, at, made, true);
        }
        let near = self.taken_at(text, pointer, at, made, depends);
        // "That many miles" is the number, whatever it counts.
        near.or_else(|| {
            let with_noun = clauses::with_noun(text, pointer)?;
            let own = made.outputs.iter().any(|output| arguments::same_word(&output.name, &with_noun.noun));
            let noun = if own { with_noun.noun } else { String::new() };
            self.taken_at(text, &clauses::Pointer { noun, ..with_noun }, at, made, depends)
        })
    }

    /// The same with what points where it stands.
    fn taken_at(
        &self,
        text: &str,
        pointer: &clauses::Pointer,
        at: usize,
        made: &Made,
        depends: bool,
    ) -> Option<(Step, Vec<Reference>)> {
        let mut best: Option<(f32, Step, Vec<Reference>)> = None;
        let kinds = [Kind::Number, Kind::Date, Kind::Text];
        let meant = kinds.map(|kind| outputs::best(&made.outputs, kind, pointer, &made.text));
        let most = meant.iter().flatten().map(|(_, score)| *score).fold(0.0, f32::max);
        // A number may also stand in a text, as one word of it.
        let tried = kinds.into_iter().zip(meant).flat_map(|(kind, meant)| {
            let also = (kind == Kind::Number).then_some((Kind::Text, meant));
            [Some((kind, meant)), also].into_iter().flatten()
        });
        for (kind, meant) in tried {
            // A date may be meant whatever the figures that are told of it.
            let may_be = |score: f32| score > most - LESS_LIKELY || kind == Kind::Date && pointer.noun.is_empty();
            let Some((output, score)) = meant.filter(|(_, score)| may_be(*score)) else { continue };
            if kind == Kind::Number
                && let Some(taken) = self.in_its_unit(text, pointer, at, made, output)
            {
                return Some(taken);
            }
            if pointer.is_weak && !depends && output.kind != Kind::Date || output.is_beside(text) {
                continue;
            }
            // "How many days is it from that to 31 January": of the date.
            let led = text.get(..pointer.span.start).and_then(|before| before.split_whitespace().next_back());
            let bounds = led.is_some_and(|word| {
                matches!(
                    &*word.to_lowercase(),
                    "from" | "från" | "between" | "mellan" | "and" | "och" | "to" | "till" | "until"
                )
            });
            let is_dated = || Said::new(text, self.language, self.ask.now).only_date().is_some();
            let has_date = || made.outputs.iter().any(|output| output.kind == Kind::Date);
            if kind != Kind::Date && pointer.noun.is_empty() && bounds && has_date() && is_dated() {
                continue;
            }
            // "What day of the week was that" is asked of no number.
            let counts = || {
                text.get(pointer.span.clone()).is_some_and(|said| said.ends_with(" many") || said.ends_with("många"))
            };
            if kind != Kind::Date && pointer.noun.is_empty() && clauses::asks_which_day(text) && !counts() {
                continue;
            }
            // "That day" is no number of days.
            if matches!(pointer.noun.as_str(), "date" | "day" | "dag" | "dagen" | "datumet")
                && output.kind != Kind::Date
            {
                continue;
            }
            // "That word" is none of the numbers about it.
            if matches!(pointer.noun.as_str(), "word" | "ord" | "ordet" | "text" | "texten")
                && output.kind != Kind::Text
            {
                continue;
            }
            let stand_in = if kind == Kind::Number && counts() { COUNT } else { kind.stand_in() };
            let (before, after) = (text.get(..pointer.span.start)?, text.get(pointer.span.end..)?);
            let mark = if kind == Kind::Text { "\"" } else { "" };
            let value = format!("{mark}{stand_in}{mark}");
            let of_its = Some(&value).filter(|_| kind == Kind::Text);
            let of_its = of_its.and_then(|value| clauses::of_its(text, &pointer.span, value));
            let said = of_its.unwrap_or_else(|| format!("{before}{value}{after}"));
            let strategy = self.decide(&said, None, true);
            let found = match strategy {
                Strategy::Direct(step) => landed(&step, stand_in, at, output),
                Strategy::Fallbacks(steps) => steps.first().and_then(|step| landed(step, stand_in, at, output)),
                Strategy::Ask(Question::Missing { skill, arguments, missing }) => {
                    let step = Step { skill, arguments };
                    let names: Vec<&str> = missing.iter().map(|missing| missing.name.as_str()).collect();
                    self.filled(step, &names, stand_in, at, made, output)
                }
                _ => None,
            };
            let Some(((step, references), landing)) = found else { continue };
            // What quotes a text itself is about that.
            if landing == Landing::Text && leaves_quotation(text, &step) {
                continue;
            }
            // Arithmetic that is nothing but the number itself does nothing, and a question is not about its figures.
            let whole = landing == Landing::Text && self.takes_arithmetic(&step) && step.arguments.is_empty();
            let asks = pointer.noun.is_empty() && intent::of(text) == Intent::Question;
            // "A slug of it" after a count is one of what was counted.
            let as_text = output.kind == Kind::Number && landing == Landing::Text;
            let counted = as_text && !output.is_main && pointer.noun.is_empty() && !clauses::notes(text);
            // "Count its letters": of what was counted, and not of how many there are.
            let of_its = as_text && text.get(pointer.span.clone()).is_some_and(|said| matches!(said, "its" | "dess"));
            // "Add 10 to that" is no text that is but that.
            let says_more = || Said::new(text, self.language, self.ask.now).says_figure();
            let idle = whole || counted || of_its || as_text && (asks || says_more());
            if idle {
                continue;
            }
            let today = if self.is_left_to_today(&step, &references) { OF_TODAY } else { 0.0 };
            let total = score + landing.fits(output.kind) - today;
            if best.as_ref().is_none_or(|(known, ..)| total > *known) {
                best = Some((total, step, references));
            }
        }
        best.map(|(_, step, references)| (step, references))
    }

    /// The call of a part that asks for a figure in another unit, where it is known what that is counted in.
    fn in_its_unit(
        &self,
        text: &str,
        pointer: &clauses::Pointer,
        at: usize,
        made: &Made,
        output: &Output,
    ) -> Option<(Step, Vec<Reference>)> {
        let unit = match &made.unit {
            Some(Measured::In(unit)) => unit.clone(),
            Some(Measured::As { .. }) => return None,
            None if arguments::is_unit(&output.name) => output.name.clone(),
            None => match outputs::unit_place(&made.outputs, &output.pointer) {
                Some(_) => made.step.arguments.get("to")?.as_str()?.to_lowercase(),
                None => unit_looked_up(made)?,
            },
        };
        let asked = Said::new(text, self.language, self.ask.now).only_unit()?;
        if !arguments::are_alike(&unit, &asked) {
            return None;
        }
        let said = put(text, &pointer.span, &format!("{NUMBER} {unit}"))?;
        let strategy = self.decide(&said, None, true);
        let ((step, references), landing) = landed(first_call(&strategy)?, NUMBER, at, output)?;
        (landing == Landing::Number).then_some((step, references))
    }

    /// Whether a call that takes a date would be given none, and so be about today.
    fn is_left_to_today(&self, step: &Step, references: &[Reference]) -> bool {
        let dates = self.index.profile(&step.skill).map(|own| arguments::dates(&own.input_schema)).unwrap_or_default();
        let is_given = |name: &String| {
            let to = format!("/{}", escaped(name));
            step.arguments.contains_key(name) || references.iter().any(|reference| reference.to == to)
        };
        !dates.is_empty() && !dates.iter().any(is_given)
    }

    /// The call of a part that does something with the first of what the part before found: "find my note about rent and
    /// delete it".
    pub(super) fn of_list(
        &self,
        text: &str,
        pointer: &clauses::Pointer,
        at: usize,
        made: &Made,
    ) -> Option<(Step, Vec<Reference>)> {
        let said = put(text, &pointer.span, NUMBER)?;
        let taken = |step: &Step| {
            made.found.iter().find_map(|output| {
                let ((step, references), landing) = Some(output)
                    .filter(|output| output.kind == Kind::Number)
                    .and_then(|output| landed(step, NUMBER, at, output))?;
                let same_name =
                    references.iter().all(|reference| reference.to == format!("/{}", escaped(&output.name)));
                (landing == Landing::Number && same_name).then_some((step, references))
            })
        };
        let decided = self.decide(&said, None, true);
        if let Some(found) = first_call(&decided).and_then(taken) {
            return Some(found);
        }
        // "Ta bort 7" could be arithmetic: what was found has ids, so it is for what takes one and understands the rest.
        let read = Said::new(&said, self.language, self.ask.now).mended(self.mended);
        (self.ranked)(&said).candidates.iter().take(LISTED_FOR).find_map(|one| {
            let read = self.index.input(&one.skill)?.read(&read);
            let is_whole = read.missing.is_empty() && read.is_understood();
            let step = Step { skill: one.skill.clone(), arguments: read.arguments };
            taken(&step).filter(|_| is_whole)
        })
    }

    pub(super) fn takes_arithmetic(&self, step: &Step) -> bool {
        self.index.profile(&step.skill).is_some_and(|own| arguments::reads_arithmetic(&own.input_schema))
    }

    /// The call of a part that does something with the number of the answer before without saying so: "then take away 9".
    pub(super) fn done_to(&self, text: &str, at: usize, made: &Made) -> Option<(Step, Vec<Reference>)> {
        let output = made.figure()?;
        let said = Said::new(text, self.language, self.ask.now).done_to(NUMBER)?;
        let strategy = self.decide(&said, None, true);
        let (taken, landing) = landed(first_call(&strategy)?, NUMBER, at, output)?;
        (landing == Landing::Within).then_some(taken)
    }

    /// A call that lacks values, with those that the earlier answer has.
    fn filled(
        &self,
        step: Step,
        names: &[&str],
        stand_in: &str,
        at: usize,
        made: &Made,
        output: &Output,
    ) -> Option<((Step, Vec<Reference>), Landing)> {
        let profile = self.index.profile(&step.skill)?;
        let found = landed(&step, stand_in, at, output);
        match (names, found) {
            // Only what it points at is missing: it goes there, where that may hold it.
            ([name], None) => {
                let landing =
                    outputs::landing(&profile.input_schema, name).filter(|_| !is_id(name) || *name == output.name)?;
                // A text of a certain kind, such as the name of a zone, is not what any text is.
                if landing == Landing::Text && !outputs::is_open(name) && *name != output.name {
                    return None;
                }
                let template = landing.takes(output)?;
                let reference = Reference {
                    to: format!("/{}", escaped(name)),
                    part: at,
                    pointer: output.pointer.clone(),
                    template,
                    as_number: landing == Landing::Number && output.is_number_in_text(),
                };
                Some(((step, vec![reference]), landing))
            }
            (names, Some(((mut step, mut references), landing))) => {
                for name in names {
                    // "Into hours", of a number of days.
                    if matches!(*name, "from" | "from_unit" | "unit") && arguments::is_unit(&output.name) {
                        step.arguments.insert((*name).to_owned(), output.name.clone().into());
                        continue;
                    }
                    let is_from = matches!(*name, "from" | "from_unit" | "source_unit");
                    let (part, pointer) = match (paired(&made.outputs, name), &made.unit) {
                        (Some(pointer), _) => (at, pointer),
                        (None, Some(Measured::In(unit))) if is_from => {
                            step.arguments.insert((*name).to_owned(), unit.clone().into());
                            continue;
                        }
                        (None, Some(Measured::As { part, pointer })) if is_from => (*part, pointer.clone()),
                        _ => match unit_looked_up(made).filter(|_| is_from) {
                            Some(unit) => {
                                step.arguments.insert((*name).to_owned(), unit.into());
                                continue;
                            }
                            None => return None,
                        },
                    };
                    let to = format!("/{}", escaped(name));
                    references.push(Reference { to, part, pointer, template: None, as_number: false });
                }
                Some(((step, references), landing))
            }
            _ => None,
        }
    }

    /// The call of a part that goes on with the one before it without a verb of its own: "och 180 cm till fot", "sedan
    /// till miles".
    pub(super) fn going_on(&self, text: &str, ordered: bool, at: usize, made: &Made) -> Option<(Step, Vec<Reference>)> {
        self.followed(text, ordered, at, made).or_else(|| {
            // "Turn off the lamp, too" is no more to be kept.
            let changes = self.index.profile(&made.step.skill).is_some_and(|profile| decide::changes(profile));
            if changes && !Said::new(text, self.language, self.ask.now).says_value() {
                return None;
            }
            let (_, step) = self.alike(text, &made.text, &made.step).filter(|_| !ordered)?;
            Some((step, Vec::new()))
        })
    }

    /// The same by what it says anew in place of what the part before said.
    pub(super) fn followed(&self, text: &str, ordered: bool, at: usize, made: &Made) -> Option<(Step, Vec<Reference>)> {
        let input = &self.index.profile(&made.step.skill)?.input_schema;
        // What the part before takes from others is not known yet, and there all the same.
        let mut given = made.step.arguments.clone();
        let taken: Vec<(&str, &Reference)> =
            made.references.iter().map(|own| (own.to.trim_start_matches('/'), own)).collect();
        for (name, _) in &taken {
            let stand_in = match outputs::landing(input, name) {
                Some(Landing::Number) => NUMBER.parse::<f64>().map(Value::from).unwrap_or_default(),
                _ => Value::from(TEXT),
            };
            given.insert((*name).to_owned(), stand_in);
        }
        let turn = Turn {
            text: made.text.clone(),
            skill: Some(made.step.skill.clone()),
            arguments: given.clone(),
            answer: None,
        };
        let turns = [turn];
        let ask = Ask { turns: &turns, ..self.ask.clone() };
        // "Do the same for 5 miles" says by itself that it goes on.
        let again = Follow::of(text).filter(|follow| follow.way == Way::Again);
        let led = format!("and {text}");
        let ordered = ordered && again.is_none();
        let followed = again.or_else(|| Follow::of(&led));
        let followed = followed.and_then(|follow| follow.go_on(self.index, &ask, self.language));
        let is_new = |strategy: &Strategy| first_call(strategy).is_some_and(|call| call.arguments != given);
        // "Turn on the lights" is no more to search for.
        let orders = arguments::plain_words(text).next().is_some_and(|first| arguments::is_verb(&first));
        let all = text.trim().trim_end_matches(['.', '!', '?']);
        let swallows = |step: &Step| {
            orders && step.arguments.values().filter_map(Value::as_str).any(|own| own.trim().eq_ignore_ascii_case(all))
        };
        let Some((Strategy::Direct(mut step), _)) = followed.filter(|(strategy, _)| is_new(strategy)) else {
            return None;
        };
        let changes = self.index.profile(&step.skill).is_some_and(|profile| decide::changes(profile));
        if swallows(&step) || changes && !Said::new(text, self.language, self.ask.now).says_value() {
            return None;
        }
        let kept = |(name, reference): &(&str, &Reference)| {
            (step.arguments.get(*name) == given.get(*name)).then(|| Reference::clone(reference))
        };
        let kept: Vec<Reference> = taken.iter().filter_map(kept).collect();
        if !ordered {
            for reference in &kept {
                step.arguments.remove(reference.to.trim_start_matches('/'));
            }
            return Some((step, kept));
        }
        // "And then to miles": what it does not say anew comes out of the part before.
        let profile = self.index.profile(&step.skill)?;
        let properties = profile.input_schema.get("properties")?.as_object()?;
        let same = |name: &&String| step.arguments.get(*name) == given.get(*name);
        let references: Vec<Reference> = properties
            .keys()
            .filter(same)
            .filter_map(|name| {
                let pointer = match paired(&made.outputs, name) {
                    Some(pointer) => pointer,
                    None => made.outputs.iter().find(|output| output.name == **name)?.pointer.clone(),
                };
                Some(Reference {
                    to: format!("/{}", escaped(name)),
                    part: at,
                    pointer,
                    template: None,
                    as_number: false,
                })
            })
            .collect();
        // What its answer does not tell is what the part before took.
        let is_new = |own: &Reference| !references.iter().any(|known: &Reference| known.to == own.to);
        let more: Vec<Reference> = kept.into_iter().filter(is_new).collect();
        let references: Vec<Reference> = references.into_iter().chain(more).collect();
        for reference in &references {
            step.arguments.remove(reference.to.trim_start_matches('/'));
        }
        Some((step, references))
    }
}

/// What a stand-in ended up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Landing {
    /// A number.
    Number,
    /// A text of which it is a part, such as a calculation.
    Within,
    /// A text that is nothing else.
    Text,
}

impl Landing {
    /// How well what is of `kind` stands there.
    fn fits(self, kind: Kind) -> f32 {
        match (self, kind) {
            (Landing::Number, Kind::Number) | (Landing::Within, Kind::Number) | (Landing::Text, Kind::Date) => 1.5,
            (Landing::Text, Kind::Text) => 1.0,
            _ => 0.0,
        }
    }

    /// The template through which `output` can stand there; `None` where it cannot.
    fn takes(self, output: &Output) -> Option<Option<String>> {
        match (self, output.kind) {
            (Landing::Number, Kind::Number) => Some(None),
            (Landing::Number, _) => None,
            (_, Kind::Number) if !output.as_text => Some(Some("{}".to_owned())),
            _ => Some(output.is_open.then(|| "{}".to_owned())),
        }
    }
}

/// Whether `text` quotes something that no value of the call holds.
fn leaves_quotation(text: &str, step: &Step) -> bool {
    let is_held = |quoted: &str| step.arguments.values().filter_map(Value::as_str).any(|own| own.contains(quoted));
    arguments::quoted_texts(text).any(|quoted| !is_held(quoted))
}

/// The unit that what was looked up is called by: kilograms, of `$.order.weight_kg`.
fn unit_looked_up(made: &Made) -> Option<String> {
    let path = made.step.arguments.values().filter_map(Value::as_str).find(|value| value.starts_with('$'))?;
    let last = arguments::words_of_name(path).pop()?;
    arguments::is_unit(&last).then_some(last)
}

/// Whether a property tells one thing from others of its kind.
fn is_id(name: &str) -> bool {
    arguments::words_of_name(name).last().is_some_and(|last| last == "id")
}

pub(super) type Taken = ((Step, Vec<Reference>), Landing);

/// The call with references where the stand-in is; `None` where it is nowhere.
pub(super) fn landed(step: &Step, stand_in: &str, at: usize, output: &Output) -> Option<Taken> {
    let mut arguments = step.arguments.clone();
    let mut references = Vec::new();
    let mut landing = None;
    for (name, value) in &step.arguments {
        let (template, here) = match value {
            // What is called an id is one, and no figure that was calculated.
            Value::Number(_) if is_id(name) && output.name != *name => continue,
            Value::Number(number) if number.to_string().trim_end_matches(".0") == stand_in => (None, Landing::Number),
            Value::String(text) if text == stand_in => match output.kind {
                Kind::Number if !output.as_text => (Some("{}".to_owned()), Landing::Text),
                _ => (output.is_open.then(|| "{}".to_owned()), Landing::Text),
            },
            Value::String(text) if text.contains(stand_in) => (Some(text.replacen(stand_in, "{}", 1)), Landing::Within),
            _ => continue,
        };
        arguments.remove(name);
        let to = format!("/{}", escaped(name));
        let as_number = here == Landing::Number && output.is_number_in_text();
        references.push(Reference { to, part: at, pointer: output.pointer.clone(), template, as_number });
        landing = Some(here);
    }
    let step = Step { skill: step.skill.clone(), arguments };
    Some(((step, references), landing?))
}

/// Where the answer of a step says what `name` is for one that goes on from it: what was converted `to` is what the next
/// one converts `from`.
pub(super) fn paired(outputs: &[Output], name: &str) -> Option<String> {
    let wanted = match name {
        "from" => "to",
        "from_unit" | "source_unit" => "to_unit",
        _ => return None,
    };
    outputs.iter().find(|output| output.name == wanted).map(|output| output.pointer.clone())
}
