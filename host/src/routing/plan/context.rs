//! What a part leaves unsaid because a part before it said or found it: "how old is she", "and how many characters".

use serde_json::Value;

use super::super::{Clause, Question, Reference, Step, Strategy, arguments, clauses};
use super::outputs::{self, Kind};
use super::{DATE, Landing, Made, Planner, Said, escaped, taking};

/// Marks around quotations.
const QUOTES: &[char] = &['"', '\'', '“', '”', '„', '«', '»', '‘', '’', '`'];
/// What stands where a second date is meant.
const LATER: &str = "2187-11-29";

/// A call with what was said or found before it.
pub(super) struct Completed {
    pub step: Step,
    pub references: Vec<Reference>,
    /// The parts whose own values it took.
    pub said_by: Vec<usize>,
}

/// Where a value was found.
enum Known {
    /// In what part `said_by` said, or in the request as a whole.
    Said(Value, Option<usize>),
    /// In an answer.
    Found(Reference),
}

impl Planner<'_> {
    /// The call of the part right before, where its answer tells what this one asks: "and how many rows does it have".
    pub(super) fn answered(&self, text: &str, before: &[Option<Made>]) -> Option<Completed> {
        let (at, made) = before.iter().enumerate().next_back()?;
        let made = made.as_ref()?;
        if Said::new(text, self.language, self.ask.now).says_value() || !clauses::is_question(text) {
            return None;
        }
        match clauses::counted_noun(text) {
            Some(noun) => outputs::tell_of(&made.outputs, &noun)?,
            None => outputs::told_by_words(&made.outputs, text).or_else(|| outputs::told_in(&made.outputs, text))?,
        };
        Some(Completed { step: made.step.clone(), references: made.references.clone(), said_by: vec![at] })
    }

    /// The call of a part with what the last part that asks nothing tells of it: "it is 08:15 in Oslo. What is it in Lima?"
    pub(super) fn told_before(
        &self,
        text: &str,
        plain: &Strategy,
        earlier: &[Clause],
        before: &[Option<Made>],
    ) -> Option<Completed> {
        let (skill, arguments) = match plain {
            Strategy::Ask(Question::Missing { skill, arguments, .. }) => (skill, arguments),
            strategy => super::first_call(strategy).map(|step| (&step.skill, &step.arguments))?,
        };
        if !clauses::may_point(text) {
            return None;
        }
        // "What's the weather in Rome, and what time is it there": where nothing does the first, it still says where.
        let there = matches!(plain, Strategy::Ask(_)) && clauses::says_same(text);
        // "The lesson begins at 9:15 in Oslo", whatever it sounds like.
        let is_told = |(clause, made): (&Clause, &Option<Made>)| {
            (there || !clause.asks || !clauses::asks(&clause.text)) && made.is_none()
        };
        let at = earlier.iter().zip(before).rposition(is_told)?;
        let told = earlier.get(at)?.text.trim_end_matches(['.', '!']);
        let whole = format!("{text} {told}");
        let said = Said::new(&whole, self.language, self.ask.now);
        let read = self.index.input(skill)?.read(&said);
        // All that it said by itself stays, and more is known.
        let keeps = arguments.iter().all(|(name, value)| read.arguments.get(name) == Some(value));
        let adds = read.given.len() > arguments.len() && read.missing.is_empty() && read.unused.is_empty();
        let step = Step { skill: skill.clone(), arguments: read.arguments };
        (keeps && adds).then(|| Completed { step, references: Vec::new(), said_by: vec![at] })
    }

    /// The call of a part at the time that the part right before it is about, where both are one question of the same skill:
    /// "when it is 8:15 in Oslo on 2 May, what time is it in Lima, and what is it in Rome".
    pub(super) fn at_same_time(
        &self,
        text: &str,
        plain: &Strategy,
        earlier: &[Clause],
        before: &[Option<Made>],
    ) -> Option<Completed> {
        let step = super::first_call(plain)?;
        let (at, made) = before.iter().enumerate().next_back()?;
        let made = made.as_ref().filter(|made| made.step.skill == step.skill)?;
        let ended = earlier.get(at)?.text.trim_end().ends_with(['.', '!', '?', ';']);
        let schema = &self.index.profile(&step.skill)?.input_schema;
        let is_unsaid = |name: &String| !step.arguments.contains_key(name);
        let is_carried = |name: &String| is_unsaid(name) && made.step.arguments.contains_key(name);
        if ended || clauses::is_of_now(text) || !arguments::times(schema).iter().any(is_carried) {
            return None;
        }
        // What the time was reckoned in belongs to it.
        let with = made
            .step
            .arguments
            .iter()
            .filter(|(name, _)| is_unsaid(name))
            .map(|(name, value)| (name.clone(), value.clone()));
        let mut step = step.clone();
        step.arguments.extend(with.collect::<Vec<_>>());
        Some(Completed { step, references: Vec::new(), said_by: Vec::new() })
    }

    /// The call of a part that lacks nothing but what was said or found before.
    pub(super) fn completed_from(
        &self,
        text: &str,
        plain: &Strategy,
        has_block: bool,
        before: &[Option<Made>],
    ) -> Option<Completed> {
        let Strategy::Ask(Question::Missing { skill, arguments, missing }) = plain else { return None };
        // What was calculated is not to be calculated once more.
        if self.takes_arithmetic(&Step { skill: skill.clone(), arguments: arguments.clone() }) {
            return None;
        }
        let points = clauses::may_point(text);
        let figure = clauses::pointer(text).is_some() || clauses::says_same(text);
        if !points && self.block.is_none() && Said::new(text, self.language, self.ask.now).says_value() {
            return None;
        }
        // "Order me a pair of shoes" is about none of it.
        if !points && clauses::act(text).is_some() {
            return None;
        }
        let schema = self.index.profile(skill)?.input_schema.clone();
        let mut done = Completed {
            step: Step { skill: skill.clone(), arguments: arguments.clone() },
            references: Vec::new(),
            said_by: Vec::new(),
        };
        for missing in missing {
            if missing.suggestion.is_some() {
                return None;
            }
            let block = self.block_for(&schema, &missing.name, has_block, before);
            match block.or_else(|| self.known(&schema, &missing.name, (points, figure), before))? {
                Known::Said(value, said_by) => {
                    done.step.arguments.insert(missing.name.clone(), value);
                    done.said_by.extend(said_by);
                }
                Known::Found(reference) => done.references.push(reference),
            }
        }
        Some(done)
    }

    /// The call of a part that lacks nothing but a text, with the one that was quoted before and nothing done to: "in the quote
    /// 'a b a', which word is most common".
    pub(super) fn of_told_text(
        &self,
        text: &str,
        plain: &Strategy,
        earlier: &[Clause],
        before: &[Option<Made>],
    ) -> Option<Completed> {
        let Strategy::Ask(Question::Missing { skill, arguments, missing }) = plain else { return None };
        let [missing] = missing.as_slice() else { return None };
        let schema = &self.index.profile(skill)?.input_schema;
        let lacks_text = missing.suggestion.is_none() && arguments::takes_any_text(schema, &missing.name);
        if !lacks_text || clauses::act(text).is_some() || !arguments::quotations(text).is_empty() {
            return None;
        }
        let told = earlier.iter().zip(before).rev().filter(|(clause, made)| !clause.asks && made.is_none());
        let quoted = told.into_iter().find_map(|(clause, _)| match arguments::quotations(&clause.text).as_slice() {
            [only] => clause.text.get(only.clone()).map(|quoted| quoted.trim_matches(QUOTES)),
            _ => None,
        })?;
        let mut step = Step { skill: skill.clone(), arguments: arguments.clone() };
        step.arguments.insert(missing.name.clone(), quoted.into());
        Some(Completed { step, references: Vec::new(), said_by: Vec::new() })
    }

    /// The call of a part that lacks nothing but a text, with the one that the rest of its sentence quotes: "how many
    /// sentences and how many words are there in 'a b. c d.'".
    pub(super) fn of_next_text(&self, part: &super::Part, next: Option<&Clause>) -> Option<Step> {
        let Strategy::Ask(Question::Missing { skill, arguments, missing }) = &*part.strategy else { return None };
        let ([missing], Some(next)) = (missing.as_slice(), next) else { return None };
        let schema = &self.index.profile(skill)?.input_schema;
        let own = part.clause.text.trim_end();
        let goes_on =
            clauses::is_question(own) && clauses::is_question(&next.text) && !own.ends_with(['.', '?', '!', ';']);
        let quotations = arguments::quotations(&next.text);
        let [only] = quotations.as_slice() else { return None };
        if !goes_on || !arguments::takes_any_text(schema, &missing.name) || clauses::pointer(own).is_some() {
            return None;
        }
        let mut step = Step { skill: skill.clone(), arguments: arguments.clone() };
        step.arguments.insert(missing.name.clone(), next.text.get(only.clone())?.trim_matches(QUOTES).into());
        Some(step)
    }

    /// The value of a property, as the last part that has one knows it.
    fn known(&self, schema: &Value, name: &str, points: (bool, bool), before: &[Option<Made>]) -> Option<Known> {
        let is_date = arguments::dates(schema).iter().any(|date| date == name);
        let is_text = arguments::takes_any_text(schema, name);
        let landing = outputs::landing(schema, name);
        let to = format!("/{}", escaped(name));
        // "My" and "I" mean somebody, and no figure.
        let (points, figure) = points;
        let found = |at: usize, output: &outputs::Output| {
            let is_number = landing == Some(Landing::Number);
            let (pointer, as_number) = (output.pointer.clone(), is_number && output.is_number_in_text());
            let template = (output.is_open && !is_number).then(|| "{}".to_owned());
            Known::Found(Reference { to: to.clone(), part: at, pointer, template, as_number })
        };
        for (at, made) in before.iter().enumerate().rev() {
            let Some(made) = made else { continue };
            // A figure is only taken where something says so.
            let may_be = |kind: Kind| match landing {
                Some(Landing::Number) => figure && kind == Kind::Number,
                Some(_) if is_date => kind == Kind::Date,
                Some(_) => kind == Kind::Text,
                None => false,
            };
            // What was converted to is what is converted from.
            if let Some(pointer) = taking::paired(&made.outputs, name) {
                let (template, as_number) = (None, false);
                return Some(Known::Found(Reference { to, part: at, pointer, template, as_number }));
            }
            let same = |output: &&outputs::Output| output.name == name && may_be(output.kind);
            if let Some(output) = made.outputs.iter().find(same) {
                return Some(found(at, output));
            }
            if let Some(reference) = made.references.iter().find(|reference| reference.to == to) {
                return Some(Known::Found(reference.clone()));
            }
            // What was calculated since stands between a figure and what is asked of it.
            if landing == Some(Landing::Number) && self.takes_arithmetic(&made.step) {
                return None;
            }
            let value = made.step.arguments.get(name).filter(|value| figure || !value.is_number());
            if let Some(value) = value.filter(|value| arguments::takes(schema, name, value)) {
                return Some(Known::Said(value.clone(), Some(at)));
            }
            if is_date && let Some(known) = self.date_of(at, made, &to, true) {
                return Some(known);
            }
            if is_text {
                let main =
                    |output: &&outputs::Output| output.kind == Kind::Text && output.is_main && !output.is_in_list();
                if let Some(output) = made.outputs.iter().find(|output| main(output) && !output.as_text) {
                    return Some(found(at, output));
                }
                let in_list = |output: &&outputs::Output| output.kind == Kind::Text;
                if let Some(output) = made.found.iter().find(in_list).filter(|_| points) {
                    return Some(found(at, output));
                }
                if let Some(said) = self.text_of(made) {
                    return Some(Known::Said(said.into(), Some(at)));
                }
            }
        }
        None
    }

    /// The request's table, for a part that lacks a text: it is there to be looked at, by the part that it stands in, and
    /// by others where no part before was given a text of its own.
    fn block_for(&self, schema: &Value, name: &str, has_block: bool, before: &[Option<Made>]) -> Option<Known> {
        let block = self.block?;
        let takes = arguments::takes_any_text(schema, name) && outputs::is_open(name);
        let is_other = |made: &Made| self.text_of(made).is_some_and(|text| !self.is_block(text, block));
        let free = has_block || !before.iter().flatten().any(is_other);
        let written = || self.mended.as_written(block).map_or_else(|| block.into(), Value::from);
        (takes && free).then(|| Known::Said(written(), None))
    }

    /// The text that the last of the parts `before` which was given one was to work on.
    pub(super) fn quoted_in<'m>(&self, before: &'m [Option<Made>]) -> Option<&'m str> {
        let said = |made: &'m Made| self.text_of(made).filter(|text| !text.contains('"'));
        before.iter().rev().flatten().find_map(said)
    }

    /// The text that a part was given to work on.
    fn text_of<'m>(&self, made: &'m Made) -> Option<&'m str> {
        let schema = &self.index.profile(&made.step.skill)?.input_schema;
        let texts = made.step.arguments.iter().filter(|(name, _)| arguments::takes_any_text(schema, name));
        texts.filter_map(|(_, value)| value.as_str()).max_by_key(|text| text.len())
    }

    /// The date that a part found, or that it was given.
    fn date_of(&self, at: usize, made: &Made, to: &str, of_somebody: bool) -> Option<Known> {
        let found = |pointer: &str| Reference {
            to: to.to_owned(),
            part: at,
            pointer: pointer.to_owned(),
            template: None,
            as_number: false,
        };
        let own =
            self.index.profile(&made.step.skill).map(|own| arguments::dates(&own.input_schema)).unwrap_or_default();
        // Whoever is spoken of was born on the first of them; else the last was spoken of last.
        let mut all = own.iter().filter_map(|name| made.step.arguments.get(name));
        let given = if of_somebody { all.next() } else { all.next_back() };
        let dates = || made.outputs.iter().filter(|output| output.kind == Kind::Date);
        // What such answers are about, or what was only looked at, before what it was given.
        let about = dates().find(|output| output.leads() || own.contains(&output.name));
        if let Some(output) = about {
            return Some(Known::Found(found(&output.pointer)));
        }
        if let Some(value) = given {
            return Some(Known::Said(value.clone(), Some(at)));
        }
        dates().next().map(|output| Known::Found(found(&output.pointer)))
    }

    /// The call of a part that would be about today, where the part right before it is about another date: "and what
    /// week is that".
    pub(super) fn about_date(
        &self,
        text: &str,
        plain: &Strategy,
        earlier: &[Clause],
        before: &[Option<Made>],
    ) -> Option<Completed> {
        let step = super::first_call(plain)?;
        let schema = &self.index.profile(&step.skill)?.input_schema;
        let dates = arguments::dates(schema);
        let unsaid: Vec<&String> = dates.iter().filter(|date| !step.arguments.contains_key(*date)).collect();
        let (at, last) = before.iter().enumerate().next_back()?;
        if let [first, second] = unsaid.as_slice()
            && clauses::says_both_dates(text)
        {
            return self.both_dates(step, [*first, *second], before);
        }
        if clauses::says_same_day(text)
            && let Some(done) = self.same_day(step, &unsaid, before)
        {
            return Some(done);
        }
        let said = Said::new(text, self.language, self.ask.now);
        let says = said.says_value() || said.only_date().is_some();
        let first = arguments::plain_words(text).next().unwrap_or_default();
        let adds =
            matches!(&*first, "add" | "lägg" | "plus" | "minus" | "subtract" | "dra") && said.only_date().is_none();
        let gives_date = |made: &Made| made.outputs.iter().any(|one| one.kind == Kind::Date && one.leads());
        let adds = adds && last.as_ref().is_some_and(gives_date);
        if clauses::is_of_now(text) || says && !clauses::goes_on_from(text) && !adds {
            return None;
        }
        let name = match unsaid.as_slice() {
            [only] => *only,
            // "How many days until then": from today to it.
            [_, last] if clauses::goes_on_from(text) => *last,
            _ => return None,
        };
        // "And which weekday was she born on": of whoever was spoken of last.
        let of_somebody = clauses::is_of_somebody(text);
        let n_back = if of_somebody { before.len() } else { 1 };
        let known = before
            .iter()
            .enumerate()
            .rev()
            .take(n_back)
            .find_map(|(at, made)| self.date_of(at, made.as_ref()?, &format!("/{}", escaped(name)), of_somebody));
        let said = || Said::new(&earlier.get(at)?.text, self.language, self.ask.now).only_date();
        let known = match known {
            Some(known) => known,
            // "Note that it expires on 3 May": the date of what was said.
            None => Known::Said(said()?.into(), last.is_none().then_some(at)),
        };
        let mut done = Completed { step: step.clone(), references: Vec::new(), said_by: Vec::new() };
        // "From 1 May until then": the time that is said here comes first.
        let other = dates.iter().find(|other| *other != name && unsaid.len() == 1);
        if let Some(other) = other.filter(|_| clauses::ends_there(text) && !clauses::begins_there(text))
            && dates.iter().position(|date| date == other) > dates.iter().position(|date| date == name)
            && let Some(value) = done.step.arguments.remove(other)
        {
            done.step.arguments.insert(name.clone(), value);
            return self.dated(done, other, known);
        }
        // "Between then and 1 January": the time said before comes first.
        let other = dates.iter().find(|other| *other != name && unsaid.len() == 1);
        if let Some(other) = other.filter(|_| clauses::begins_there(text))
            && dates.iter().position(|date| date == other) < dates.iter().position(|date| date == name)
            && let Some(value) = done.step.arguments.remove(other)
        {
            done.step.arguments.insert(name.clone(), value);
            return self.dated(done, other, known);
        }
        self.dated(done, name, known)
    }

    /// The call about the very day that an earlier part gave for the same.
    fn same_day(&self, step: &Step, unsaid: &[&String], before: &[Option<Made>]) -> Option<Completed> {
        let said = before.iter().enumerate().rev().find_map(|(at, made)| {
            let made = made.as_ref()?;
            unsaid.iter().find_map(|name| Some((at, *name, made.step.arguments.get(*name)?)))
        });
        let (at, name, value) = said?;
        let done = Completed { step: step.clone(), references: Vec::new(), said_by: Vec::new() };
        self.dated(done, name, Known::Said(value.clone(), Some(at)))
    }

    /// The call of a part that asks about two dates said before, whatever else its words could mean: "how many days are
    /// there between those two".
    pub(super) fn between_dates(&self, text: &str, before: &[Option<Made>]) -> Option<(Step, Vec<Reference>)> {
        let span = clauses::both_dates(text)?;
        let strategy = self.decide(&super::put(text, &span, &format!("{DATE} and {LATER}"))?, None, true);
        let mut step = super::first_call(&strategy)?.clone();
        let mut place = |stand_in: &str| {
            let name = step.arguments.iter().find(|(_, value)| value.as_str() == Some(stand_in))?.0.clone();
            step.arguments.remove(&name);
            Some(name)
        };
        let names = [place(DATE)?, place(LATER)?];
        let done = self.both_dates(&step, [&names[0], &names[1]], before)?;
        Some((done.step, done.references))
    }

    /// The call about the two dates said before: those that the last part was given, or those of the last two.
    fn both_dates(&self, step: &Step, names: [&String; 2], before: &[Option<Made>]) -> Option<Completed> {
        let mut known: Vec<Known> = Vec::new();
        for (at, made) in before.iter().enumerate().rev() {
            let Some(made) = made else { continue };
            let own = self.index.profile(&made.step.skill).map(|own| arguments::dates(&own.input_schema))?;
            let given: Vec<&Value> = own.iter().filter_map(|name| made.step.arguments.get(name)).collect();
            if let (true, [first, second]) = (known.is_empty(), given.as_slice()) {
                known = [second, first].map(|value| Known::Said(Value::clone(value), Some(at))).into();
            } else {
                known.extend(self.date_of(at, made, "", false));
            }
            if known.len() > 1 {
                break;
            }
        }
        let done = Completed { step: step.clone(), references: Vec::new(), said_by: Vec::new() };
        // The latest was found first.
        let (first, second) = (known.pop(), known.pop());
        let done = self.dated(done, names[0], first?)?;
        self.dated(done, names[1], second?)
    }

    fn dated(&self, mut done: Completed, name: &str, known: Known) -> Option<Completed> {
        match known {
            // One day is not both ends of a time.
            Known::Said(value, _) if done.step.arguments.values().any(|own| *own == value) => return None,
            Known::Said(value, said_by) => {
                done.step.arguments.insert(name.to_owned(), value);
                done.said_by.extend(said_by);
            }
            Known::Found(reference) => {
                done.references.push(Reference { to: format!("/{}", escaped(name)), ..reference });
            }
        }
        Some(done)
    }
}
