//! The parts of a request as calls that take from each other: what a part points at ("it", "resultatet") is found in the
//! answer of a part before it, by the schemas of both.
//!
//! A stand-in of the right kind is put where the part points, and the part is read like any other: the argument that the
//! stand-in ends up in is where the earlier answer goes. Nothing is guessed from the words of a skill's name.

mod columns;
mod context;
mod named;
mod outputs;
mod placed;
mod problems;
mod rates;
mod series;
mod several;
mod taking;
mod told;
mod ways;
mod whole;

use std::ops::Range;

use serde_json::Value;

use self::context::Completed;
use self::outputs::{Kind, Output};
use self::taking::Landing;
pub use self::whole::{
    drops_a_part, is_all_of, is_of_no_part, is_partly_clear, is_several, is_sure, leaves_a_part, swallows_a_part,
};
use super::arguments::{self, Said};
use super::mend::Mended;
use super::{Ask, Clause, Index, Language, Part, Profile, Ranking, Reference, Step, Strategy, clauses, decide};

/// What stands where a part points, until the answer is there: of each kind one that nobody writes.
const NUMBER: &str = "918273645";
/// The same for what is counted: as many days as there may be.
const COUNT: &str = "91827";
const DATE: &str = "2187-11-23";
/// Most parts.
const PARTS_MAX: usize = clauses::CLAUSES_MAX;
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
    /// The same by its words alone, where vectors are compared otherwise.
    pub by_words: Option<&'a dyn Fn(&str) -> Ranking>,
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
    /// Whether its answer is a figure that arithmetic may go on with.
    gives_figure: bool,
    /// What its figure is counted in, where arithmetic went on with a measure.
    unit: Option<Measured>,
    text: String,
}

impl Made {
    /// The number that its answer is most likely about.
    fn figure(&self) -> Option<&Output> {
        outputs::best(&self.outputs, Kind::Number, &clauses::Pointer::default(), &self.text).map(|(output, _)| output)
    }
}

/// What a figure is counted in.
#[derive(Debug, Clone)]
enum Measured {
    /// By its name.
    In(String),
    /// By what stands at a place of the answer of a part.
    As { part: usize, pointer: String },
}

/// A figure or date that a part tells, and asks nothing of.
struct Told {
    value: String,
    /// It is what something is to be calculated with: "take 1024".
    begins: bool,
    is_date: bool,
    /// What it is the number of: "note 2".
    noun: Option<String>,
}

impl Planner<'_> {
    /// What to do about each part, and what it takes from those before it.
    pub fn parts(&self, clauses: &[Clause], rankings: &[Ranking]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::with_capacity(clauses.len());
        let mut made: Vec<Option<Made>> = Vec::with_capacity(clauses.len());
        let mut told: Option<Told> = None;
        let whole = clauses;
        let clauses: Vec<Clause> = whole.iter().map(|clause| self.without_block(clause)).collect();
        let date_of = |text: &str| Said::new(text, self.language, self.ask.now).only_date();
        let (clauses, only_told) = named::with_texts(clauses, date_of);
        let clauses = clauses.as_slice();
        let has_block_figure =
            |clause: &Clause| self.block.is_some_and(|block| columns::names_figure(block, &clause.text));
        let heading = clauses.iter().find(|clause| clauses::is_heading(&clause.text));
        let heading_unit = heading.and_then(|one| Said::new(&one.text, self.language, self.ask.now).only_unit());
        for (at, (clause, ranking)) in clauses.iter().zip(rankings).enumerate() {
            let has_block = whole.get(at).is_some_and(|whole| whole.text != clause.text);
            let anew = has_block.then(|| (self.ranked)(&clause.text));
            let ranking = anew.as_ref().unwrap_or(ranking);
            let mut part = match told.take().and_then(|told| self.about(clause, &told)) {
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
                None if only_told.contains(&at)
                    || self.is_told_date(clause, clauses.get(..at).unwrap_or_default(), &made) =>
                {
                    let mut part = with(clause, Strategy::Gap { nearest: Vec::new() }, Vec::new());
                    told::tell(&mut part);
                    part
                }
                None if !clause.asks
                    && clauses::gives_data(&clause.text)
                    && (self.block.is_some() || self.gives(clause, has_block)) =>
                {
                    with(clause, Strategy::Gap { nearest: Vec::new() }, Vec::new())
                }
                None if !clause.asks && clauses::is_heading(&clause.text) && !has_block_figure(clause) => {
                    with(clause, Strategy::Gap { nearest: Vec::new() }, Vec::new())
                }
                None if !clause.asks && (clauses::only_tells(&clause.text) || clauses::is_negated(&clause.text)) => {
                    with(clause, Strategy::Gap { nearest: Vec::new() }, Vec::new())
                }
                None => {
                    let (earlier, later) = (clauses.get(..at), clauses.get(at + 1..));
                    self.part(clause, ranking, (earlier.unwrap_or_default(), later.unwrap_or_default()), &made)
                }
            };
            let mut unit = None;
            if let Some((step, references, telling, own)) =
                self.problem(&part, clauses.get(..at).unwrap_or_default(), &parts, &made)
            {
                part = with(clause, Strategy::Direct(step), references);
                unit = own;
                tell_all(&mut parts, &mut made, telling);
            } else if let Some((step, references, telling, own)) =
                self.at_rate(clause, clauses.get(..at).unwrap_or_default(), &made)
            {
                part = with(clause, Strategy::Direct(step), references);
                unit = own;
                tell_all(&mut parts, &mut made, telling);
            } else if let Some((step, telling)) = self.with_told(&part, clauses.get(..at).unwrap_or_default(), &parts) {
                part = with(clause, Strategy::Direct(step), Vec::new());
                tell_all(&mut parts, &mut made, telling);
            }
            if let Some(done) = self.completed(&part, has_block, clauses.get(..at).unwrap_or_default(), &made) {
                for said_by in done.said_by {
                    let takes = |references: &[Reference]| references.iter().any(|own| own.part == said_by);
                    let is_used = takes(&done.references) || parts.iter().any(|part| takes(&part.references));
                    let is_told =
                        clauses.get(said_by).is_some_and(|clause| !clause.asks || !clauses::asks(&clause.text));
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
            if let Some(step) = self.of_next_text(&part, clauses.get(at + 1)) {
                part = with(clause, Strategy::Direct(step), Vec::new());
            }
            if let Some(strategy) = self.of_own_block(&part, has_block) {
                part = with(clause, strategy, Vec::new());
            }
            if let Some(before) = parts.last_mut().filter(|before| self.rounds(&part, before)) {
                // "Divide 1000 by 7 and round it" is one sum.
                before.clause.asks = false;
                *before.strategy = Strategy::Gap { nearest: Vec::new() };
                made.pop();
                made.push(None);
            }
            let changes = first_call(&part.strategy).and_then(|step| self.index.profile(&step.skill));
            let skips = changes.is_some_and(|profile| {
                decide::changes(profile)
                    && (skips_a_part(&part, &parts)
                        || clauses::is_conditional(&clause.text)
                        || self.keeps_unsaid(&part, profile))
            });
            if skips || changes.is_some_and(|profile| decide::contradicts(profile, &clause.text)) {
                part = with(clause, Strategy::Gap { nearest: Vec::new() }, Vec::new());
            }
            told = self.told(clause);
            let of = |step| {
                let unit = unit.or_else(|| self.unit_of(step, &part.references, &made));
                let own = self.made(step, &clause.text);
                let told =
                    || heading_unit.clone().filter(|_| own.outputs.iter().any(Output::is_of_column)).map(Measured::In);
                let unit = unit.or_else(|| own.unit.clone()).or_else(told);
                Made { references: part.references.clone(), unit, ..own }
            };
            made.push(first_call(&part.strategy).map(of));
            parts.push(part);
        }
        parts.iter_mut().for_each(told::only_told);
        parts
    }

    /// Whether a part is the sum of the one before, which was ordered in the same breath, with as many places as it says.
    fn rounds(&self, part: &Part, before: &Part) -> bool {
        let (Some(step), Some(last)) = (first_call(&part.strategy), first_call(&before.strategy)) else { return false };
        let keeps = last.arguments.iter().all(|(name, value)| step.arguments.get(name) == Some(value));
        let is_same = step.skill == last.skill && part.references == before.references;
        let goes_on =
            !part.clause.ordered && !before.clause.text.contains('?') && clauses::is_order(&before.clause.text);
        is_same && goes_on && keeps && step.arguments.len() == last.arguments.len() + 1 && self.takes_arithmetic(step)
    }

    /// Whether a part keeps an answer as a text, and does not say that anything is to be kept.
    fn keeps_unsaid(&self, part: &Part, profile: &Profile) -> bool {
        let text = &part.clause.text;
        let names = |word: &String| arguments::plain_words(text).any(|said| arguments::same_word(word, &said));
        let own = arguments::words_of_name(&profile.name);
        let is_text = |own: &Reference| {
            let name = own.to.trim_start_matches('/');
            arguments::takes_any_text(&profile.input_schema, name)
        };
        part.references.iter().any(is_text) && !clauses::notes(text) && !own.iter().any(names)
    }

    /// "The last Sunday before 30 March, what date is that?" asks for nothing that what it goes on from does not tell.
    fn is_told_date(&self, clause: &Clause, earlier: &[Clause], made: &[Option<Made>]) -> bool {
        let Some((before, Some(last))) = earlier.last().zip(made.last()) else { return false };
        let asks = clauses::is_question(&before.text)
            || before.text.contains('?')
            || clauses::is_order(&before.text) && before.asks;
        let begins = before.text.split_whitespace().next().unwrap_or_default().to_lowercase();
        // "Count 3 months from 30 November, what date is it?" is one sentence.
        let is_apart = before.text.trim_end().ends_with(['.', '!', ';']) || clause.ordered;
        let orders = asks && arguments::is_verb(&begins) && is_apart || before.text.contains('?');
        !orders
            && clauses::asks_only_date(&clause.text)
            && last.outputs.iter().any(|one| one.kind == Kind::Date && one.leads())
    }

    /// A clause without the request's table, which is no more its own than that of the others.
    fn without_block(&self, clause: &Clause) -> Clause {
        let Some(block) = self.block.filter(|block| clause.text.contains(block)) else { return clause.clone() };
        let text = clause.text.replacen(block, "", 1).trim().to_owned();
        let asks = clause.asks
            && text.chars().any(char::is_alphanumeric)
            && !clauses::gives_data(&text)
            && (!clauses::is_heading(&text) || columns::names_figure(block, &text));
        Clause { text, asks, ..clause.clone() }
    }

    /// Whether a part that gives data gives it, or the request's table, to the others.
    fn gives(&self, clause: &Clause, has_block: bool) -> bool {
        has_block
            || clause.text.ends_with(':')
            || arguments::json_in(&clause.text).is_some()
            || arguments::quoted_texts(&clause.text).next().is_some()
            || self.block.is_some_and(|block| columns::is_asked(block, &clause.text))
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
        let found = self
            .answered(&text, before)
            .or_else(|| self.told_before(&text, &part.strategy, earlier, before))
            .or_else(|| self.at_same_time(&text, &part.strategy, earlier, before))
            .or_else(|| self.completed_from(&text, &part.strategy, has_block, before))
            .or_else(|| self.of_told_text(&text, &part.strategy, earlier, before));
        found.or_else(|| self.about_date(&text, &part.strategy, earlier, before))
    }

    fn made(&self, step: &Step, text: &str) -> Made {
        let schema = self.index.profile(&step.skill).and_then(|own| own.output_schema.as_deref());
        let (mut outputs, found) = (outputs::of(schema), outputs::of_first_items(schema));
        let is_table = |text: &str| self.block.is_some_and(|block| self.is_block(text, block));
        let takes_table = step.arguments.values().filter_map(Value::as_str).any(is_table);
        let figure = schema.zip(self.block).filter(|_| takes_table);
        if let Some((pointer, name)) = figure.and_then(|(schema, block)| columns::figure(schema, block, text)) {
            outputs.push(Output::figure(pointer, name));
        }
        // A date that was only reckoned from, such as today, is not what was asked about.
        let given = |output: &Output| step.arguments.contains_key(&output.name);
        let echoes = |output: &Output| {
            let input = self.index.profile(&step.skill).map(|own| &own.input_schema);
            input.and_then(|schema| schema.pointer(&format!("/properties/{}", escaped(&output.name)))).is_some()
        };
        if outputs.iter().any(|output| output.kind == Kind::Date && given(output)) {
            outputs.retain(|output| output.kind != Kind::Date || given(output) || !echoes(output));
        }
        // "That day" is not when the next birthday is.
        let own = self.index.profile(&step.skill).map(|own| arguments::dates(&own.input_schema)).unwrap_or_default();
        if own.iter().any(|name| step.arguments.contains_key(name)) {
            outputs.retain(|output| output.kind != Kind::Date || output.leads() || own.contains(&output.name));
        }
        // "Which word is most common": the first of those that were found.
        let first =
            schema.filter(|_| clauses::asks_for_most(text)).and_then(|schema| outputs::first_named(schema, text));
        outputs.extend(first);
        // "Find the longest word", and what is done with it then.
        if let Some(told) = outputs::told_by_words(&outputs, text).filter(|told| told.kind == Kind::Text) {
            let pointer = told.pointer.clone();
            outputs.iter_mut().filter(|output| output.pointer == pointer).for_each(|output| output.is_main = true);
        }
        let unit = match figure.and_then(|(_, block)| columns::unit(block, text)) {
            Some(unit) => Some(unit),
            None if self.takes_arithmetic(step) => {
                Said::new(text, self.language, self.ask.now).unit().map(str::to_owned)
            }
            None => None,
        };
        let unit = unit.map(Measured::In);
        let looked_up =
            |noun: &String| step.arguments.values().filter_map(Value::as_str).any(|own| ways::is_path_to(own, noun));
        let counted = clauses::counted_noun(text).is_some_and(|noun| !looked_up(&noun));
        let open: Vec<Output> = found.iter().filter(|output| output.is_open).cloned().collect();
        // What was looked up is what was found, and not how many.
        if !open.is_empty() && !counted {
            outputs.retain(|output| output.kind != Kind::Number);
            outputs.extend(open);
        }
        let number = outputs::best(&outputs, Kind::Number, &clauses::Pointer::default(), text);
        let gives_figure = self.takes_arithmetic(step) || number.is_some_and(|(number, _)| number.is_main || counted);
        let has_list = schema.is_some_and(outputs::has_list);
        Made {
            step: step.clone(),
            references: Vec::new(),
            outputs,
            found,
            has_list,
            gives_figure,
            unit,
            text: text.to_owned(),
        }
    }

    /// What the figure is counted in that arithmetic comes to which goes on with the answer of one part: six ounces in grams,
    /// times twenty, are grams.
    fn unit_of(&self, step: &Step, references: &[Reference], before: &[Option<Made>]) -> Option<Measured> {
        let [only] = references else { return None };
        let of = before.get(only.part)?.as_ref().filter(|_| self.takes_arithmetic(step))?;
        let name = only.pointer.rsplit('/').next().unwrap_or_default();
        let told = || outputs::unit_place(&of.outputs, &only.pointer);
        let named = || arguments::is_unit(name).then(|| Measured::In(name.to_owned()));
        let placed = || told().map(|pointer| Measured::As { part: only.part, pointer });
        let said = || of.step.arguments.get("to").or_else(|| of.step.arguments.get("unit")).and_then(Value::as_str);
        let written = || told().and_then(|_| said()).filter(|unit| arguments::is_unit(&unit.to_lowercase()));
        let written = || written().map(|unit| Measured::In(unit.to_owned()));
        of.unit.clone().or_else(written).or_else(placed).or_else(named)
    }

    /// The figure or date that a clause tells and asks nothing of: "I'm 178 cm", "take 1024", "start with 7 March 2028".
    fn told(&self, clause: &Clause) -> Option<Told> {
        let begins = clauses::begins_with_value(&clause.text);
        let said = Said::new(&clause.text, self.language, self.ask.now);
        let date = said.only_date().filter(|_| begins);
        let is_date = date.is_some();
        let number = || said.only_number().filter(|_| begins || !clause.asks).map(str::to_owned);
        let noun = said.noun_of_number().filter(|_| !is_date && !begins);
        Some(Told { value: date.or_else(number)?, begins, is_date, noun })
    }

    /// The part that points at a figure which was told right before it, or calculates with it.
    fn about(&self, clause: &Clause, told: &Told) -> Option<Part> {
        let value = told.value.as_str();
        let text = clauses::without_order(&clause.text);
        // "We are four, so divide it by 4" is not about the four.
        let own = Said::new(&text, self.language, self.ask.now);
        let pointer = clauses::pointer(&text).filter(|pointer| pointer.noun.is_empty());
        if own.only_number() == Some(value) {
            return None;
        }
        if let Some((pointer, noun)) = pointer.as_ref().zip(told.noun.as_ref()) {
            // "Note 2 can go, delete it."
            let strategy = self.decide(&put(&text, &pointer.span, &format!("{noun} {value}"))?, None, true);
            if first_call(&strategy).is_some_and(|step| step.arguments.len() == 1) {
                let (needs, references) = (Vec::new(), Vec::new());
                return Some(Part { clause: clause.clone(), strategy: Box::new(strategy), needs, references });
            }
        }
        let said = match pointer {
            Some(pointer) => put(&text, &pointer.span, value)?,
            None if told.is_date => {
                let to = if self.language.is_swedish() { "till" } else { "to" };
                format!("{} {to} {value}", text.trim_end_matches(['.', '!', ' ']))
            }
            None => own.done_to(value).filter(|_| told.begins)?,
        };
        let strategy = self.decide(&said, None, true);
        let step = first_call(&strategy)?;
        if told.is_date && !step.arguments.values().any(|own| own.as_str() == Some(value)) {
            return None;
        }
        Some(Part { clause: clause.clone(), strategy: Box::new(strategy), needs: Vec::new(), references: Vec::new() })
    }
}

/// Whether `part` takes from one before a part that goes on from it, too, and that nothing does: "add up 3 and 4, split that
/// among friends, and save it" keeps no sum.
fn skips_a_part(part: &Part, before: &[Part]) -> bool {
    let fails =
        |between: &Part| between.clause.asks && between.clause.depends && first_call(&between.strategy).is_none();
    let from = part.references.iter().map(|reference| reference.part).min();
    from.is_some_and(|from| before.iter().skip(from + 1).any(fails))
}

/// Makes the parts at these places ones that only tell something.
fn tell_all(parts: &mut [Part], made: &mut [Option<Made>], telling: Vec<usize>) {
    for at in telling {
        if let (Some(told), Some(made)) = (parts.get_mut(at), made.get_mut(at)) {
            told::tell(told);
            *made = None;
        }
    }
}

/// A part that takes what `references` say.
fn with(clause: &Clause, strategy: Strategy, references: Vec<Reference>) -> Part {
    let mut needs: Vec<usize> = references.iter().map(|reference| reference.part).collect();
    needs.sort_unstable();
    needs.dedup();
    Part { clause: clause.clone(), strategy: Box::new(strategy), needs, references }
}

/// `text` with `value` where `span` is.
fn put(text: &str, span: &Range<usize>, value: &str) -> Option<String> {
    Some(format!("{}{value}{}", text.get(..span.start)?, text.get(span.end..)?))
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
