//! The parts of a request as calls that take from each other: what a part points at ("it", "resultatet") is found in the
//! answer of a part before it, by the schemas of both.
//!
//! A stand-in of the right kind is put where the part points, and the part is read like any other: the argument that the
//! stand-in ends up in is where the earlier answer goes. Nothing is guessed from the words of a skill's name.

mod columns;
mod context;
mod outputs;
mod series;

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use self::context::Completed;
use self::outputs::{Kind, Output};
use super::arguments::{self, Said};
use super::follow::Follow;
use super::mend::Mended;
use super::{
    Ask, Clause, Index, Intent, Language, Part, Question, Ranking, Reference, Step, Strategy, Turn, clauses, decide,
    intent,
};

/// What stands where a part points, until the answer is there: of each kind one that nobody writes.
const NUMBER: &str = "918273645";
const DATE: &str = "2187-11-23";
/// Most parts that are looked at.
const PARTS_MAX: usize = 8;
/// By how much one place of an answer may be less likely meant than another, and still be.
const LESS_LIKELY: f32 = 0.25;
const TEXT: &str = "qzx stand-in xzq";

/// What parts are planned with.
pub struct Planner<'a> {
    pub index: &'a Index,
    pub ask: &'a Ask<'a>,
    pub language: Language,
    pub mended: &'a Mended,
    /// The table that the request holds, which any of its parts may be about.
    pub block: Option<&'a str>,
    /// The skills that fit a text.
    pub ranked: &'a dyn Fn(&str) -> Ranking,
}

/// A part that can be called, for those after it.
struct Made {
    step: Step,
    /// What it takes from those before it.
    references: Vec<Reference>,
    outputs: Vec<Output>,
    /// The numbers of the first item of each list.
    found: Vec<Output>,
    /// Whether its answer holds a list.
    has_list: bool,
    text: String,
}

impl Planner<'_> {
    /// What to do about each part, and what it takes from those before it.
    pub fn parts(&self, clauses: &[Clause], rankings: &[Ranking]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::with_capacity(clauses.len());
        let mut made: Vec<Option<Made>> = Vec::with_capacity(clauses.len());
        let mut told: Option<String> = None;
        let whole = clauses;
        let clauses: Vec<Clause> = whole.iter().map(|clause| self.without_block(clause)).collect();
        let clauses = clauses.as_slice();
        for (at, (clause, ranking)) in clauses.iter().zip(rankings).enumerate() {
            let has_block = whole.get(at).is_some_and(|whole| whole.text != clause.text);
            let anew = has_block.then(|| (self.ranked)(&clause.text));
            let ranking = anew.as_ref().unwrap_or(ranking);
            let mut part = match told.take().and_then(|value| self.about(clause, &value)) {
                Some(part) => {
                    // "Take 1024" is said for what is done with it.
                    if let Some(before) = parts.last_mut() {
                        before.clause.asks = false;
                        *before.strategy = Strategy::Gap { nearest: Vec::new() };
                        made.pop();
                        made.push(None);
                    }
                    part
                }
                None => self.part(clause, ranking, &made),
            };
            if let Some(done) = self.completed(&part, has_block, clauses.get(..at).unwrap_or_default(), &made) {
                for said_by in done.said_by {
                    let takes = |references: &[Reference]| references.iter().any(|own| own.part == said_by);
                    let is_used = takes(&done.references) || parts.iter().any(|part| takes(&part.references));
                    let is_told = clauses.get(said_by).is_some_and(|clause| {
                        !clause.asks || !clauses::is_order(&clause.text) && !clauses::is_question(&clause.text)
                    });
                    // "My aunt was born in 1950" is told for what is asked then.
                    if is_told
                        && !is_used
                        && let (Some(told), Some(made)) = (parts.get_mut(said_by), made.get_mut(said_by))
                    {
                        (*told.strategy, *made) = (Strategy::Gap { nearest: Vec::new() }, None);
                    }
                }
                part = with(clause, Strategy::Direct(done.step), done.references);
            }
            told = self.told(clause);
            let of = |step| Made { references: part.references.clone(), ..self.made(step, &clause.text) };
            made.push(first_call(&part.strategy).map(of));
            parts.push(part);
        }
        parts
    }

    /// A clause without the request's table, which is no more its own than that of the others.
    fn without_block(&self, clause: &Clause) -> Clause {
        let Some(block) = self.block.filter(|block| clause.text.contains(block)) else { return clause.clone() };
        let text = clause.text.replacen(block, "", 1).trim().to_owned();
        let asks = clause.asks && text.chars().any(char::is_alphanumeric);
        Clause { text, asks, ..clause.clone() }
    }

    /// Whether a value is the request's table.
    fn is_block(&self, text: &str, block: &str) -> bool {
        text == block || self.mended.as_written(block).as_deref() == Some(text)
    }

    /// The call of a part with what it leaves unsaid.
    fn completed(
        &self,
        part: &Part,
        has_block: bool,
        earlier: &[Clause],
        before: &[Option<Made>],
    ) -> Option<Completed> {
        if !part.references.is_empty() || !part.clause.asks {
            return None;
        }
        let text = clauses::without_order(&part.clause.text);
        let found =
            self.answered(&text, before).or_else(|| self.completed_from(&text, &part.strategy, has_block, before));
        found.or_else(|| self.about_date(&text, &part.strategy, earlier, before))
    }

    fn made(&self, step: &Step, text: &str) -> Made {
        let schema = self.index.profile(&step.skill).and_then(|own| own.output_schema.as_deref());
        let (mut outputs, found) = (outputs::of(schema), outputs::of_first_items(schema));
        let is_table = |text: &str| self.block.is_some_and(|block| self.is_block(text, block));
        let takes_table = step.arguments.values().filter_map(Value::as_str).any(is_table);
        let figure = schema.zip(self.block).filter(|_| takes_table);
        if let Some(pointer) = figure.and_then(|(schema, block)| columns::figure(schema, block, text)) {
            outputs.push(Output::figure(pointer));
        }
        let has_list = schema.is_some_and(outputs::has_list);
        Made { step: step.clone(), references: Vec::new(), outputs, found, has_list, text: text.to_owned() }
    }

    /// The figure that a clause tells and asks nothing of: "I'm 178 cm", "take 1024".
    fn told(&self, clause: &Clause) -> Option<String> {
        let tells = !clause.asks || clauses::begins_with_value(&clause.text);
        let said = Said::new(&clause.text, self.language, self.ask.now);
        said.only_number().filter(|_| tells).map(str::to_owned)
    }

    /// The part that points at a figure which was told right before it.
    fn about(&self, clause: &Clause, value: &str) -> Option<Part> {
        let text = clauses::without_order(&clause.text);
        let pointer = clauses::pointer(&text).filter(|pointer| pointer.noun.is_empty())?;
        let strategy = self.decide(&put(&text, &pointer.span, value)?, None, true);
        first_call(&strategy)?;
        Some(Part { clause: clause.clone(), strategy: Box::new(strategy), needs: Vec::new(), references: Vec::new() })
    }

    fn part(&self, clause: &Clause, ranking: &Ranking, before: &[Option<Made>]) -> Part {
        let text = clauses::without_order(&clause.text);
        let text = self.with_same_text(&text, before).unwrap_or(text);
        let part = |strategy: Strategy, references: Vec<Reference>| with(clause, strategy, references);
        let last = before.iter().enumerate().rev().find_map(|(at, made)| Some((at, made.as_ref()?)));
        let points = clauses::pointer(&text);
        // "That text" after a skill that only measured it is what was measured.
        if let Some(pointer) = points.as_ref().filter(|pointer| pointer.noun == "text")
            && let Some((_, made)) = last
            && !made.outputs.iter().any(|output| output.kind == Kind::Text && outputs::is_main(output))
            && let Some(said) = quoted_in(before).and_then(|quoted| put(&text, &pointer.span, &format!("\"{quoted}\"")))
            && let strategy @ (Strategy::Direct(_) | Strategy::Fallbacks(_)) = self.decide(&said, None, true)
        {
            return part(strategy, Vec::new());
        }
        // "That amount" points whatever stands around it.
        let names = |pointer: &clauses::Pointer| {
            let said = text.get(pointer.span.clone()).unwrap_or_default();
            !pointer.noun.is_empty() && ["that ", "this "].iter().any(|word| said.starts_with(word))
        };
        if let Some(pointer) = &points
            && let Some((at, made)) = last
            && (clause.depends || pointer.is_weak && !clauses::is_of_now(&text) || names(pointer))
            && let Some((step, references)) = self.taken(&text, pointer, at, made, clause.depends)
        {
            return part(Strategy::Direct(step), references);
        }
        if let Some((pointer, at, made)) = self.named(&text, before)
            && let Some((step, references)) = self.taken(&text, &pointer, at, made, true)
        {
            return part(Strategy::Direct(step), references);
        }
        let previous = last.filter(|(at, _)| at + 1 == before.len());
        if let Some(pointer) = points.as_ref().filter(|pointer| !pointer.is_weak)
            && let Some((at, made)) = previous
            && let Some((step, references)) = self.of_list(&text, pointer, at, made)
        {
            return part(Strategy::Direct(step), references);
        }
        if clauses::is_fragment(&text)
            && let Some((at, made)) = previous
            && let Some((step, references)) = self.going_on(&text, clause.ordered, at, made)
        {
            return part(Strategy::Direct(step), references);
        }
        let plain = match self.of_table(&text) {
            Some(of_table) => of_table,
            None => self.decide(&text, (text == clause.text).then_some(ranking), clause.depends),
        };
        let is_sure = matches!(plain, Strategy::Direct(_) | Strategy::Fallbacks(_));
        if clause.depends && points.as_ref().is_some_and(|pointer| !pointer.is_weak) && !before.is_empty() {
            // It goes on from the part before it, which has no answer, or not one that it can take.
            let needs = vec![before.len() - 1];
            return Part { clause: clause.clone(), strategy: Box::new(plain), needs, references: Vec::new() };
        }
        // "How many words the text has": where nothing else says which text, it is what came of the part before.
        if !is_sure
            && let Some(pointer) = points.as_ref().filter(|pointer| pointer.is_weak && !pointer.noun.is_empty())
            && let Some((at, made)) = previous
            && let Some((step, references)) = self.taken(&text, pointer, at, made, true)
        {
            return part(Strategy::Direct(step), references);
        }
        if !is_sure
            && let Some((at, made)) = previous
            && let Some((step, references)) = self.done_to(&text, at, made)
        {
            return part(Strategy::Direct(step), references);
        }
        // What says values of its own, though not all that is needed, is not about those of the part before.
        let is_own = !clause.ordered && Said::new(&text, self.language, self.ask.now).says_value();
        if !is_sure
            && !is_own
            && let Some((at, made)) = previous
            && let Some((step, references)) = self.going_on(&text, clause.ordered, at, made)
        {
            return part(Strategy::Direct(step), references);
        }
        part(plain, Vec::new())
    }

    /// The call of a part that asks about the request's table by the words of one: of a skill that tells of columns.
    fn of_table(&self, text: &str) -> Option<Strategy> {
        let block = self.block.filter(|block| columns::is_asked(block, text))?;
        let whole = format!("{text}\n{block}");
        let said = Said::new(&whole, self.language, self.ask.now).mended(self.mended);
        let call = |skill: &Arc<str>| {
            let profile = self.index.profile(skill)?;
            let schema = profile.output_schema.clone()?;
            let read = self.index.input(skill).filter(|_| columns::list(&schema).is_some())?.read(&said);
            let takes = read.arguments.values().filter_map(Value::as_str).any(|text| self.is_block(text, block));
            let known = |missing: &super::Missing| !arguments::is_required(&profile.input_schema, &missing.name);
            (takes && read.missing.iter().all(known)).then(|| Step { skill: skill.clone(), arguments: read.arguments })
        };
        (self.ranked)(&whole).candidates.iter().find_map(|one| call(&one.skill)).map(Strategy::Direct)
    }

    fn decide(&self, text: &str, ranking: Option<&Ranking>, alone: bool) -> Strategy {
        let own;
        let ranking = match ranking {
            Some(ranking) => ranking,
            None => {
                own = (self.ranked)(text);
                &own
            }
        };
        let said = Said::new(text, self.language, self.ask.now).mended(self.mended);
        // What it points at is in this request.
        let ask = if alone { Ask { turns: &[], ..self.ask.clone() } } else { self.ask.clone() };
        let intent = match intent::of(text) {
            Intent::Chat | Intent::Unclear => Intent::Command,
            intent => intent,
        };
        decide::decide_part(self.index, &ask, &said, intent, ranking)
    }

    /// The call of a part that points at the answer of an earlier one.
    fn taken(
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
            let Some((output, score)) = meant.filter(|(_, score)| *score > most - LESS_LIKELY) else { continue };
            if pointer.is_weak && !depends && output.kind != Kind::Date {
                continue;
            }
            let stand_in = kind.stand_in();
            let (before, after) = (text.get(..pointer.span.start)?, text.get(pointer.span.end..)?);
            let mark = if kind == Kind::Text { "\"" } else { "" };
            let said = format!("{before}{mark}{stand_in}{mark}{after}");
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
            // Arithmetic that is nothing but the number itself does nothing, and a question is not about its figures.
            let whole = landing == Landing::Text && self.takes_arithmetic(&step);
            let asks = pointer.noun.is_empty() && intent::of(text) == Intent::Question;
            let idle = whole || output.kind == Kind::Number && landing == Landing::Text && asks;
            if idle {
                continue;
            }
            let total = score + landing.fits(output.kind);
            if best.as_ref().is_none_or(|(known, ..)| total > *known) {
                best = Some((total, step, references));
            }
        }
        best.map(|(_, step, references)| (step, references))
    }

    /// The text with the words of the last earlier part that quoted some, where it says "the same text".
    fn with_same_text(&self, text: &str, before: &[Option<Made>]) -> Option<String> {
        let span = clauses::same_text(text)?;
        put(text, &span, &format!("\"{}\"", quoted_in(before)?))
    }

    /// What a part calls by its name, "the slug", "åldern", and the earlier part that gives it or that it names.
    fn named<'m>(&self, text: &str, before: &'m [Option<Made>]) -> Option<(clauses::Pointer, usize, &'m Made)> {
        // What says a value of its own is about that.
        let said = Said::new(text, self.language, self.ask.now);
        if said.says_value() && !said.begins_arithmetic() {
            return None;
        }
        let nouns = clauses::nouns(text);
        let made = before.iter().enumerate().rev().filter_map(|(at, made)| Some((at, made.as_ref()?)));
        made.into_iter().find_map(|(at, made)| {
            nouns.iter().find_map(|(span, noun)| {
                let says =
                    |name: &str| arguments::words_of_name(name).iter().any(|own| arguments::same_word(own, noun));
                let gives = made.outputs.iter().any(|output| says(&output.name));
                if !gives && !says(&made.step.skill) {
                    return None;
                }
                // "Her age in years": the unit says which place.
                if let Some((span, unit)) = clauses::counted_in(text, span)
                    && made.outputs.iter().any(|output| arguments::same_word(&unit, &output.name))
                {
                    let pointer = clauses::Pointer { span, noun: unit, is_weak: false, names_skill: false };
                    return Some((pointer, at, made));
                }
                let noun = if gives { noun.clone() } else { String::new() };
                let pointer = clauses::Pointer { span: span.clone(), noun, is_weak: false, names_skill: !gives };
                Some((pointer, at, made))
            })
        })
    }

    /// The call of a part that does something with the first of what the part before found: "find my note about rent and
    /// delete it".
    fn of_list(
        &self,
        text: &str,
        pointer: &clauses::Pointer,
        at: usize,
        made: &Made,
    ) -> Option<(Step, Vec<Reference>)> {
        let strategy = self.decide(&put(text, &pointer.span, NUMBER)?, None, true);
        let step = first_call(&strategy)?;
        made.found.iter().find_map(|output| {
            let ((step, references), landing) = Some(output)
                .filter(|output| output.kind == Kind::Number)
                .and_then(|output| landed(step, NUMBER, at, output))?;
            let same_name = references.iter().all(|reference| reference.to == format!("/{}", escaped(&output.name)));
            (landing == Landing::Number && same_name).then_some((step, references))
        })
    }

    fn takes_arithmetic(&self, step: &Step) -> bool {
        self.index.profile(&step.skill).is_some_and(|own| arguments::reads_arithmetic(&own.input_schema))
    }

    /// The call of a part that does something with the number of the answer before without saying so: "then take away 9".
    fn done_to(&self, text: &str, at: usize, made: &Made) -> Option<(Step, Vec<Reference>)> {
        let (output, _) = outputs::best(&made.outputs, Kind::Number, &clauses::Pointer::default(), &made.text)?;
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
                let landing = outputs::landing(&profile.input_schema, name)?;
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
                    as_number: landing == Landing::Number && output.as_text,
                };
                Some(((step, vec![reference]), landing))
            }
            (names, Some(((step, mut references), landing))) => {
                for name in names {
                    let pointer = paired(&made.outputs, name)?;
                    let to = format!("/{}", escaped(name));
                    references.push(Reference { to, part: at, pointer, template: None, as_number: false });
                }
                Some(((step, references), landing))
            }
            _ => None,
        }
    }

    /// The call of a part that goes on with the one before it without a verb of its own: "och 180 cm till fot", "sedan
    /// till miles".
    fn going_on(&self, text: &str, ordered: bool, at: usize, made: &Made) -> Option<(Step, Vec<Reference>)> {
        self.followed(text, ordered, at, made).or_else(|| {
            let (_, step) = self.alike(text, &made.text, &made.step).filter(|_| !ordered)?;
            Some((step, Vec::new()))
        })
    }

    /// The same by what it says anew in place of what the part before said.
    fn followed(&self, text: &str, ordered: bool, at: usize, made: &Made) -> Option<(Step, Vec<Reference>)> {
        let turn = Turn {
            text: made.text.clone(),
            skill: Some(made.step.skill.clone()),
            arguments: made.step.arguments.clone(),
            answer: None,
        };
        let turns = [turn];
        let ask = Ask { turns: &turns, ..self.ask.clone() };
        let led = format!("and {text}");
        let followed = Follow::of(&led).and_then(|follow| follow.go_on(self.index, &ask, self.language));
        let Some((Strategy::Direct(step), _)) = followed.filter(|(strategy, _)| !is_same(strategy, &made.step)) else {
            return None;
        };
        if !ordered {
            return Some((step, Vec::new()));
        }
        // "And then to miles": what it does not say anew comes out of the part before.
        let profile = self.index.profile(&step.skill)?;
        let properties = profile.input_schema.get("properties")?.as_object()?;
        let same = |name: &&String| step.arguments.get(*name) == made.step.arguments.get(*name);
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
        let mut step = step;
        if references.is_empty() {
            return Some((step, references));
        }
        for reference in &references {
            step.arguments.remove(reference.to.trim_start_matches('/'));
        }
        Some((step, references))
    }
}

/// A part that takes what `references` say.
fn with(clause: &Clause, strategy: Strategy, references: Vec<Reference>) -> Part {
    let mut needs: Vec<usize> = references.iter().map(|reference| reference.part).collect();
    needs.sort_unstable();
    needs.dedup();
    Part { clause: clause.clone(), strategy: Box::new(strategy), needs, references }
}

/// Whether `strategy` is to call what `step` calls with the same.
fn is_same(strategy: &Strategy, step: &Step) -> bool {
    first_call(strategy).is_some_and(|call| call.arguments == step.arguments)
}

/// The text that the last of the parts `before` which said one was about.
fn quoted_in(before: &[Option<Made>]) -> Option<&str> {
    before.iter().rev().flatten().find_map(|made| {
        let of_text = |value: &&str| made.text.contains(*value) && !value.contains('"');
        made.step.arguments.values().filter_map(Value::as_str).filter(of_text).max_by_key(|value| value.len())
    })
}

/// `text` with `value` where `span` is.
fn put(text: &str, span: &Range<usize>, value: &str) -> Option<String> {
    Some(format!("{}{value}{}", text.get(..span.start)?, text.get(span.end..)?))
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
            _ => Some(None),
        }
    }
}

type Taken = ((Step, Vec<Reference>), Landing);

/// The call with references where the stand-in is; `None` where it is nowhere.
fn landed(step: &Step, stand_in: &str, at: usize, output: &Output) -> Option<Taken> {
    let mut arguments = step.arguments.clone();
    let mut references = Vec::new();
    let mut landing = None;
    for (name, value) in &step.arguments {
        let (template, here) = match value {
            Value::Number(number) if number.to_string().trim_end_matches(".0") == stand_in => (None, Landing::Number),
            Value::String(text) if text == stand_in => match output.kind {
                Kind::Number if !output.as_text => (Some("{}".to_owned()), Landing::Text),
                _ => (None, Landing::Text),
            },
            Value::String(text) if text.contains(stand_in) => (Some(text.replacen(stand_in, "{}", 1)), Landing::Within),
            _ => continue,
        };
        arguments.remove(name);
        let to = format!("/{}", escaped(name));
        let as_number = here == Landing::Number && output.as_text;
        references.push(Reference { to, part: at, pointer: output.pointer.clone(), template, as_number });
        landing = Some(here);
    }
    let step = Step { skill: step.skill.clone(), arguments };
    Some(((step, references), landing?))
}

/// Where the answer of a step says what `name` is for one that goes on from it: what was converted `to` is what the next
/// one converts `from`.
fn paired(outputs: &[Output], name: &str) -> Option<String> {
    let wanted = match name {
        "from" => "to",
        "from_unit" | "source_unit" => "to_unit",
        _ => return None,
    };
    outputs.iter().find(|output| output.name == wanted).map(|output| output.pointer.clone())
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The call that a strategy begins with.
pub fn first_call(strategy: &Strategy) -> Option<&Step> {
    match strategy {
        Strategy::Direct(step) => Some(step),
        Strategy::Fallbacks(steps) => steps.first(),
        Strategy::Ask(_) | Strategy::Plan(_) | Strategy::Gap { .. } => None,
    }
}

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

/// Whether a part is a call that is sure, beside others that ask for something, too.
pub fn is_partly_clear(parts: &[Part]) -> bool {
    let asking = parts.iter().filter(|part| part.clause.asks).count();
    asking > 1 && parts.iter().any(|part| part.clause.asks && first_call(&part.strategy).is_some())
}
