//! The ways in which a part may be meant, in the order in which they are tried: as what points at an answer, as what goes
//! on with the part before, or as what stands by itself.

use std::sync::Arc;

use serde_json::Value;

use super::super::arguments::{self, Said};
use super::super::follow::{Follow, Way};
use super::super::{Ask, Clause, Intent, Missing, Part, Ranking, Reference, Step, Strategy, clauses, decide, intent};
use super::outputs::{Kind, Output};
use super::taking::{Landing, landed};
use super::{Made, NUMBER, Planner, TEXT, columns, escaped, first_call, put, with};

/// A part, and what it may go on from.
struct Own<'a> {
    clause: &'a Clause,
    /// Its words without those of order, and with what it says to be the same.
    text: &'a str,
    points: Option<clauses::Pointer>,
    earlier: &'a [Clause],
    before: &'a [Option<Made>],
    /// The last part before it that can be called, and its place.
    last: Option<(usize, &'a Made)>,
    /// The same where it is the one right before.
    previous: Option<(usize, &'a Made)>,
}

type Call = (Strategy, Vec<Reference>);

impl Planner<'_> {
    /// What to do about a part.
    pub(super) fn part(
        &self,
        clause: &Clause,
        ranking: &Ranking,
        (earlier, later): (&[Clause], &[Clause]),
        before: &[Option<Made>],
    ) -> Part {
        let text = clauses::without_order(&clause.text);
        let text = self.with_same_text(&text, before).unwrap_or(text);
        let text = with_same_data(&text, earlier, later).unwrap_or(text);
        let text = with_noun_of_one(&text, before).unwrap_or(text);
        let last = before.iter().enumerate().rev().find_map(|(at, made)| Some((at, made.as_ref()?)));
        let points = clauses::pointer(&text);
        let previous = last.filter(|(at, _)| at + 1 == before.len());
        let own = Own { clause, text: &text, points, earlier, before, last, previous };
        // "Which is the highest value?" is about the table, whatever else it could mean.
        let its = |pointer: &clauses::Pointer| {
            text.get(pointer.span.clone())
                .is_some_and(|said| matches!(said, "its" | "Its" | "dess" | "their" | "deras"))
        };
        // "What is its longest word": what the part before tells.
        if let Some((_, made)) = previous.filter(|_| clauses::is_question(&text))
            && !Said::new(&text, self.language, self.ask.now).says_value()
            && super::outputs::told_by_words(&made.outputs, &text).is_some()
        {
            return with(clause, Strategy::Direct(made.step.clone()), made.references.clone());
        }
        let calculates = Said::new(&text, self.language, self.ask.now).says_figure() || arguments::names_share(&text);
        let says_which = !calculates
            && own.points.as_ref().is_none_or(|pointer| {
                let points = text.get(pointer.span.clone()).is_some_and(is_demonstrative);
                !pointer.noun.is_empty() && !points || its(pointer)
            });
        let of_table = self.of_table(&text);
        let names_figure = || self.block.is_some_and(|block| columns::names_figure(block, &text)) && text.contains('?');
        // "What do these amounts add up to": those of the column.
        let of_column = || {
            own.points.as_ref().is_some_and(|pointer| text.get(pointer.span.clone()).is_some_and(clauses::is_plural))
        };
        let asks_table = says_which && clauses::is_question(&text)
            || !calculates && (!clause.depends || of_column()) && names_figure();
        if let Some(of_table) = of_table.as_ref().filter(|_| asks_table) {
            return with(clause, of_table.clone(), Vec::new());
        }
        if let Some(strategy) = self.of_told_data(&own) {
            return with(clause, strategy, Vec::new());
        }
        if let Some((strategy, references)) = self.of_before(&own) {
            return with(clause, strategy, references);
        }
        if let Some(of_table) = of_table {
            return with(clause, of_table, Vec::new());
        }
        // "And which ids are listed": what it names of data that was looked into.
        let asks_of_data = own.points.is_none() && !Said::new(&text, self.language, self.ask.now).says_value();
        if let Some(strategy) = Some(&own).filter(|_| asks_of_data).and_then(|own| self.of_same_data(own)) {
            return with(clause, strategy, Vec::new());
        }
        let plain = self.decide(&text, (text == clause.text).then_some(ranking), clause.depends);
        let points = clause.depends && own.points.as_ref().is_some_and(|pointer| !pointer.is_weak);
        if let Some(asked) = earlier.iter().rposition(|clause| clause.asks).filter(|_| points) {
            // It goes on from the part before it, which has no answer, or not one that it can take. Nothing is changed by
            // what was not understood.
            let changes = first_call(&plain).and_then(|step| self.index.profile(&step.skill));
            let plain = match changes.is_some_and(|profile| decide::changes(profile)) {
                true => Strategy::Gap { nearest: Vec::new() },
                false => plain,
            };
            let needs = vec![asked];
            return Part { clause: clause.clone(), strategy: Box::new(plain), needs, references: Vec::new() };
        }
        let is_sure = matches!(plain, Strategy::Direct(_) | Strategy::Fallbacks(_));
        let more = if is_sure { None } else { self.unclear(&own) };
        let (strategy, references) = more.unwrap_or((plain, Vec::new()));
        with(clause, strategy, references)
    }

    /// The call of a part that says of itself that it goes on from an earlier one.
    fn of_before(&self, own: &Own<'_>) -> Option<Call> {
        let (text, clause, points) = (own.text, own.clause, own.points.as_ref());
        if let Some(call) = self.of_measured(own) {
            return Some(call);
        }
        if let Some(call) = self.noted(own) {
            return Some(call);
        }
        if let Some(taken) = self.in_another_unit(own) {
            return Some((Strategy::Direct(taken.0), taken.1));
        }
        // "Compare it with 'b c'": asked of that, too.
        let compares = arguments::plain_words(text).next().is_some_and(|first| matches!(&*first, "compare" | "jämför"));
        if let Some((_, made)) = own.previous.filter(|_| compares && points.is_some())
            && let [quoted] = arguments::quoted_texts(text).collect::<Vec<_>>().as_slice()
            && let Some(given) = self.quoted_in(std::slice::from_ref(own.before.last()?))
            && let Some((name, _)) = made.step.arguments.iter().find(|(_, value)| value.as_str() == Some(given))
        {
            let mut step = made.step.clone();
            step.arguments.insert(name.clone(), (*quoted).into());
            return Some((Strategy::Direct(step), Vec::new()));
        }
        let direct = |(step, references)| (Strategy::Direct(step), references);
        if let Some(taken) = own.previous.and_then(|(_, made)| self.rounded(text, made)) {
            return Some(direct(taken));
        }
        if let Some((_, made)) = own.previous
            && let Some(step) = self.same_of(text, made)
        {
            return Some((Strategy::Direct(step), Vec::new()));
        }
        let again = clauses::asks_what_about(text) || Follow::of(text).is_some_and(|follow| follow.way == Way::Again);
        if let Some((at, made)) = own.previous.filter(|_| again)
            && let Some(taken) = self.followed(text, false, at, made)
        {
            return Some(direct(taken));
        }
        if let Some(taken) = self.between_dates(text, own.before) {
            return Some(direct(taken));
        }
        if let Some(taken) = self.of_places(text, own.before) {
            return Some(direct(taken));
        }
        if let Some(taken) = self.of_column(text, own.before) {
            return Some(direct(taken));
        }
        if let Some(taken) = self.of_several(text, own.before) {
            return Some(direct(taken));
        }
        // "That amount" points whatever stands around it.
        let names = |pointer: &clauses::Pointer| {
            let said = text.get(pointer.span.clone()).unwrap_or_default();
            !pointer.noun.is_empty() && ["that ", "this "].iter().any(|word| said.starts_with(word))
        };
        if let Some(taken) = points.and_then(|pointer| self.that_many(text, pointer, own.before)) {
            return Some(direct(taken));
        }
        if let Some(pointer) = points
            && let Some((at, made)) = own.last
            && !clauses::says_both_dates(text)
            && (clause.depends || pointer.is_weak && !clauses::is_of_now(text) || names(pointer))
            && let Some(taken) = self.taken(text, pointer, at, made, clause.depends)
        {
            return Some(direct(taken));
        }
        if let Some(call) = self.of_worked_on(own) {
            return Some(call);
        }
        if let Some((pointer, at, made)) = self.named(text, own.before)
            && let Some(taken) = self.taken(text, &pointer, at, made, true)
        {
            return Some(direct(taken));
        }
        let (at, made) = own.previous?;
        // "Dra bort 40" after a figure is arithmetic, whatever else can be taken away.
        if made.gives_figure
            && let Some(taken) = self.done_to(text, at, made)
        {
            return Some(direct(taken));
        }
        if let Some(pointer) = points.filter(|pointer| !pointer.is_weak)
            && let Some(taken) = self.of_list(text, pointer, at, made)
        {
            return Some(direct(taken));
        }
        // "Find my note about rent, count its words, and delete it": what the part before was about.
        let about = made.references.first().and_then(|taken| Some((taken.part, own.before.get(taken.part)?.as_ref()?)));
        if let Some((at, found)) = about
            && let Some(pointer) = points.filter(|pointer| !pointer.is_weak)
            && let Some(taken) = self.of_list(text, pointer, at, found)
        {
            return Some(direct(taken));
        }
        // "The number of words in 'a b'" says itself what it is.
        let names = clauses::is_fragment(text) && clauses::says_what(text);
        if names && let Some(step) = self.clear(text) {
            return Some((Strategy::Direct(step), Vec::new()));
        }
        // "0.75 inches in mm" says all itself, whatever was said of decimals before.
        let is_fragment = clauses::is_fragment(text) && own.points.is_none();
        if is_fragment
            && Said::new(text, self.language, self.ask.now).says_value()
            && let Some(step) = self.clear(text).filter(|step| step.skill == made.step.skill)
            && made.step.arguments.keys().any(|name| !step.arguments.contains_key(name))
        {
            return Some((Strategy::Direct(step), Vec::new()));
        }
        // "'Annual report' in PascalCase" behind a measure is no measure.
        let changes = |step: &Step| self.index.profile(&step.skill).is_some_and(|profile| decide::changes(profile));
        if clauses::is_fragment(text)
            && clauses::says_what(text)
            && !arguments::quotations(text).is_empty()
            && let Some(step) = self.clear(text).filter(|step| step.skill != made.step.skill && !changes(step))
        {
            return Some((Strategy::Direct(step), Vec::new()));
        }
        let goes_on = clauses::is_fragment(text).then(|| self.going_on(text, clause.ordered, at, made));
        goes_on.flatten().map(direct)
    }

    /// "And how many kilometres?": the figure before, in those.
    fn in_another_unit(&self, own: &Own<'_>) -> Option<(Step, Vec<Reference>)> {
        let (at, made) = own.previous.filter(|(_, made)| made.gives_figure && own.points.is_none())?;
        let noun = clauses::counted_noun(own.text).filter(|noun| arguments::is_unit(noun))?;
        let bare = own.text.trim_end_matches(['?', ' ']);
        if Said::new(own.text, self.language, self.ask.now).says_value() || !bare.to_lowercase().ends_with(&noun) {
            return None;
        }
        let verb = if bare.to_lowercase().contains("många") { "är det" } else { "is that" };
        let asked = format!("{bare} {verb}?");
        let pointer = clauses::pointer(&asked)?;
        self.taken(&asked, &pointer, at, made, true)
    }

    /// "Note that Tom owes me that much": the words with the answer in its place. Nothing is kept where there is none.
    fn noted(&self, own: &Own<'_>) -> Option<Call> {
        let noted = clauses::noted(own.text).filter(|_| clauses::notes(own.text))?;
        own.earlier.iter().find(|clause| clause.asks)?;
        let phrase = own.text.get(noted.span.clone())?;
        let bare = if noted.is_added { put(own.text, &noted.span, "")? } else { own.text.to_owned() };
        let strategy = self.decide(bare.trim_end_matches([',', ' ', '.']), None, true);
        // What is clear with all of its words is what they come to.
        let whole = || first_call(&self.decide(own.text, None, true)).cloned();
        let step = first_call(&strategy).cloned().or_else(whole)?;
        let schema = &self.index.profile(&step.skill)?.input_schema;
        let holds = |(name, value): &(&String, &Value)| {
            arguments::takes_any_text(schema, name)
                && value.as_str().is_some_and(|value| noted.is_added || value.contains(phrase))
        };
        let (name, value) = step.arguments.iter().find(holds)?;
        let kind = if noted.is_date { Kind::Date } else { Kind::Number };
        let gap = || Some((Strategy::Gap { nearest: Vec::new() }, Vec::new()));
        let Some((at, made)) = own.previous else { return gap() };
        let pointer = clauses::Pointer::default();
        let Some((output, _)) = super::outputs::best(&made.outputs, kind, &pointer, &made.text) else { return gap() };
        let text = value.as_str()?;
        let template = match noted.is_added {
            true => format!("{} ({{}})", text.replacen(phrase, "", 1).trim_end_matches([',', ' ', '.'])),
            false => text.replacen(phrase, "{}", 1),
        };
        let mut step = step.clone();
        let (to, name) = (format!("/{}", escaped(name)), name.clone());
        step.arguments.remove(&name);
        let reference =
            Reference { to, part: at, pointer: output.pointer.clone(), template: Some(template), as_number: false };
        Some((Strategy::Direct(step), vec![reference]))
    }

    /// "That many days" is what an earlier part counted, whatever came after it.
    fn that_many(
        &self,
        text: &str,
        pointer: &clauses::Pointer,
        before: &[Option<Made>],
    ) -> Option<(Step, Vec<Reference>)> {
        let counted = clauses::with_noun(text, pointer)?;
        let gives = |output: &Output| output.kind == Kind::Number && arguments::same_word(&output.name, &counted.noun);
        let last = before.iter().rev().flatten().next()?;
        if last.outputs.iter().any(gives) {
            return None;
        }
        before.iter().enumerate().rev().find_map(|(at, made)| {
            let made = made.as_ref().filter(|made| made.outputs.iter().any(gives))?;
            self.taken(text, &counted, at, made, true)
        })
    }

    /// "That text" after a skill that only measured it: what was measured.
    fn of_measured(&self, own: &Own<'_>) -> Option<Call> {
        let that = clauses::that_text(own.text);
        let pointer = own.points.as_ref().filter(|pointer| pointer.noun == "text").map(|own| &own.span);
        let span = that.as_ref().or(pointer)?;
        let (_, made) = own.last?;
        // One word of a text is not that text.
        let gives = |output: &Output| output.kind == Kind::Text && output.is_main && !output.is_in_list();
        // "Search for 'b c' and put the text in capitals": the text that was found.
        let finds = |output: &Output| output.is_in_list() && output.name == "text";
        if made.outputs.iter().any(|output| gives(output) || finds(output)) {
            return None;
        }
        let said = self.quoted_in(own.before);
        let quoted = said.unwrap_or(TEXT);
        let strategy = self.decide(&put(own.text, span, &format!("\"{quoted}\""))?, None, true);
        // "Double it" is no more about that text than any other.
        let step = first_call(&strategy)?;
        let (name, _) = step.arguments.iter().find(|(_, value)| value.as_str() == Some(quoted))?;
        if said.is_some() {
            return Some((strategy, Vec::new()));
        }
        let reference = self.text_taken(made, name)?;
        let mut step = step.clone();
        step.arguments.remove(&reference.to.trim_start_matches('/').to_owned());
        Some((Strategy::Direct(step), vec![reference]))
    }

    /// The text that a part took from one before it, for `name`.
    fn text_taken(&self, made: &Made, name: &str) -> Option<Reference> {
        let schema = &self.index.profile(&made.step.skill)?.input_schema;
        let is_text = |own: &&Reference| arguments::takes_any_text(schema, own.to.trim_start_matches('/'));
        let reference = made.references.iter().find(is_text)?;
        Some(Reference { to: format!("/{}", escaped(name)), ..reference.clone() })
    }

    /// "Is 2050 one, too?": the part before once more, with another value.
    fn same_of(&self, text: &str, made: &Made) -> Option<Step> {
        let value = clauses::asks_it_of(text)?;
        let is_like = |word: &&str| word.len() == value.len() && word.bytes().all(|byte| byte.is_ascii_digit());
        let known = made.text.split(|letter: char| !letter.is_alphanumeric()).find(is_like)?.to_owned();
        let asked = made.text.replacen(&known, &value, 1);
        let strategy = self.decide(&asked, None, true);
        first_call(&strategy).filter(|step| step.skill == made.step.skill).cloned()
    }

    /// "Round it to one decimal": the part before once more, with as many.
    fn rounded(&self, text: &str, made: &Made) -> Option<(Step, Vec<Reference>)> {
        const ROUND: &[&str] = &["round", "avrunda", "avrundat", "avrundad", "rounded", "runda"];
        const PLACES: &[&str] = &["decimals", "digits", "precision"];
        // "Till en decimal" is what it is rounded to, and no unit.
        const ROUNDED_TO: &[&str] = &["decimal", "decimals", "decimaler", "heltal", "integer", "whole", "number"];
        let first = arguments::plain_words(text).next()?;
        let said = Said::new(text, self.language, self.ask.now);
        let read = ROUND.contains(&first.as_str()).then(|| self.index.input(&made.step.skill))??.read(&said);
        let (name, places) = read.arguments.iter().find(|(name, _)| PLACES.contains(&name.as_str()))?;
        let is_other = |given: &&String| {
            let to = read.arguments.get(*given).and_then(Value::as_str);
            *given != name && !to.is_some_and(|to| to.split(' ').all(|word| ROUNDED_TO.contains(&word)))
        };
        let others = read.given.iter().filter(is_other).count();
        let mut step = made.step.clone();
        step.arguments.insert(name.clone(), places.clone());
        (others == 0 && read.unused.is_empty()).then(|| (step, made.references.clone()))
    }

    /// "It" after a skill that only measured a text, where no figure is meant: that text.
    fn of_worked_on(&self, own: &Own<'_>) -> Option<Call> {
        let pointer = own.points.as_ref().filter(|pointer| pointer.noun.is_empty() && own.clause.depends)?;
        let is_other = |one: &Output| one.is_main && one.kind != Kind::Number || one.kind == Kind::Date;
        let (_, made) = own.last.filter(|(_, made)| made.found.is_empty() && !made.outputs.iter().any(is_other))?;
        let said = self.quoted_in(std::slice::from_ref(own.before.get(own.last?.0)?));
        let quoted = said.unwrap_or(TEXT);
        let strategy = self.decide(&put(own.text, &pointer.span, &format!("\"{quoted}\""))?, None, true);
        let step = first_call(&strategy).filter(|step| step.skill != made.step.skill)?;
        let (name, _) = step.arguments.iter().find(|(_, value)| value.as_str() == Some(quoted))?;
        if said.is_some() {
            return Some((strategy, Vec::new()));
        }
        // The text that it measured came out of a part before.
        let reference = self.text_taken(made, name)?;
        let mut step = step.clone();
        step.arguments.remove(name.as_str());
        Some((Strategy::Direct(step), vec![reference]))
    }

    /// The call of a part that is not clear by itself, as what the part before it leaves unsaid.
    fn unclear(&self, own: &Own<'_>) -> Option<Call> {
        if let Some(strategy) = self.of_same_data(own) {
            return Some((strategy, Vec::new()));
        }
        let (text, (at, made)) = (own.text, own.previous?);
        let direct = |(step, references)| (Strategy::Direct(step), references);
        if let Some(step) = self.once_more(own, made) {
            return Some((Strategy::Direct(step), Vec::new()));
        }
        // "How many words the text has": where nothing else says which text, it is what came of the part before.
        let weak = own.points.as_ref().filter(|pointer| pointer.is_weak && !pointer.noun.is_empty());
        if let Some(taken) = weak.and_then(|pointer| self.taken(text, pointer, at, made, true)) {
            return Some(direct(taken));
        }
        if let Some(taken) = self.done_to(text, at, made) {
            return Some(direct(taken));
        }
        // What says values of its own, though not all that is needed, is not about those of the part before.
        let is_own = !own.clause.ordered && Said::new(text, self.language, self.ask.now).says_value();
        if is_own {
            return None;
        }
        self.going_on(text, own.clause.ordered, at, made).map(direct)
    }

    /// "Also write down 'order coffee'": the same as the part before does, with what is said here.
    fn once_more(&self, own: &Own<'_>, made: &Made) -> Option<Step> {
        let says_also = arguments::plain_words(&own.clause.text)
            .any(|word| matches!(word.as_str(), "also" | "too" | "också" | "även"))
            || arguments::plain_words(&own.clause.text).last().is_some_and(|last| last == "med");
        // "And how good is 'b c'": asked of another quotation.
        let asks_of_another = || {
            clauses::is_question(own.text)
                && clauses::is_question(&made.text)
                && !arguments::quotations(own.text).is_empty()
        };
        // "Turn off the lamp, too" is no more to be kept.
        let changes = self.index.profile(&made.step.skill).is_some_and(|profile| decide::changes(profile));
        if changes && !clauses::notes(own.text) && !Said::new(own.text, self.language, self.ask.now).says_value() {
            return None;
        }
        let said = Said::new(own.text, self.language, self.ask.now).mended(self.mended);
        let read = self.index.input(&made.step.skill).filter(|_| says_also || asks_of_another())?.read(&said);
        let is_whole = read.missing.is_empty() && !read.given.is_empty() && read.unused.is_empty();
        is_whole.then(|| Step { skill: made.step.skill.clone(), arguments: read.arguments })
    }

    /// "Here are my orders: {…}. List all the totals.": what a part names of data that was only given.
    fn of_told_data(&self, own: &Own<'_>) -> Option<Strategy> {
        let clause = own.earlier.iter().rev().find(|clause| arguments::json_in(&clause.text).is_some())?;
        if clause.asks { None } else { self.in_data(own.text, clause) }
    }

    /// What a part asks for in the data of another.
    fn in_data(&self, text: &str, clause: &Clause) -> Option<Strategy> {
        if arguments::json_in(text).is_some() {
            return None;
        }
        let data = clause.text.get(arguments::json_in(&clause.text)?)?;
        // What quotes something else is about that.
        if arguments::quoted_texts(text).any(|quoted| !data.contains(quoted)) {
            return None;
        }
        let whole = format!("{} in {data}", text.trim_end_matches(['.', '?', '!', ' ']));
        let said = Said::new(&whole, self.language, self.ask.now);
        (self.ranked)(&whole).candidates.iter().find_map(|one| {
            let read = self.index.input(&one.skill)?.read(&said);
            let takes = read.arguments.values().any(|value| value.is_object() || value.is_array());
            // "Make a slug of the name" asks for more than what is there.
            let makes = clauses::is_order(text) && !read.unexplained.is_empty();
            let is_whole = takes && !makes && read.missing.is_empty() && read.given.len() > 1;
            is_whole.then(|| Strategy::Direct(Step { skill: one.skill.clone(), arguments: read.arguments }))
        })
    }

    /// "And then get the ids": what a part names of the data that an earlier one looked into, with the same skill.
    fn of_same_data(&self, own: &Own<'_>) -> Option<Strategy> {
        let clause = own.earlier.iter().rev().find(|clause| arguments::json_in(&clause.text).is_some())?;
        let strategy = self.in_data(own.text, clause)?;
        let skill = &first_call(&strategy)?.skill;
        let looked = own.before.iter().flatten().any(|made| made.step.skill == *skill);
        looked.then_some(strategy)
    }

    /// The arithmetic of a part with a figure of the table that an earlier part tells of: "take 20 off the sum of prices".
    fn of_column(&self, text: &str, before: &[Option<Made>]) -> Option<(Step, Vec<Reference>)> {
        let block = self.block?;
        let span = columns::phrase(block, text)?;
        let said = put(text, &span, NUMBER)?;
        before.iter().enumerate().rev().find_map(|(at, made)| {
            let made = made.as_ref()?;
            let schema = self.index.profile(&made.step.skill)?.output_schema.clone()?;
            let (pointer, name) = columns::figure(&schema, block, text)?;
            let strategy = self.decide(&said, None, true);
            let (taken, landing) = landed(first_call(&strategy)?, NUMBER, at, &Output::figure(pointer, name))?;
            (landing != Landing::Text).then_some(taken)
        })
    }

    /// The call of a part that asks about the request's table by the words of one: of a skill that tells of columns.
    fn of_table(&self, text: &str) -> Option<Strategy> {
        self.block.filter(|block| columns::is_asked(block, text)).and_then(|block| self.of_block(text, block))
    }

    /// The call of a part that the request's table stands in, where what it would be called with is neither that nor any
    /// value of its own: "summarise my purchases: …".
    pub(super) fn of_own_block(&self, part: &Part, has_block: bool) -> Option<Strategy> {
        let block = self.block.filter(|_| has_block && part.clause.asks && part.references.is_empty())?;
        let text = part.clause.text.as_str();
        // "Send it to my boss" stands above the table, and asks nothing about it.
        if clauses::act(text).is_some() {
            return None;
        }
        let takes =
            |step: &Step| step.arguments.values().filter_map(Value::as_str).any(|text| self.is_block(text, block));
        let says = Said::new(text, self.language, self.ask.now).says_value();
        // "Which units of mass can you convert?" says what it is about.
        let chooses = |step: &Step| {
            let schema = self.index.profile(&step.skill).map(|profile| &profile.input_schema);
            step.arguments.keys().any(|name| schema.is_some_and(|schema| !arguments::takes_any_text(schema, name)))
        };
        if says || first_call(&part.strategy).is_some_and(|step| takes(step) || chooses(step)) {
            return None;
        }
        self.of_block(text, block)
    }

    fn of_block(&self, text: &str, block: &str) -> Option<Strategy> {
        let whole = format!("{text}\n{block}");
        let said = Said::new(&whole, self.language, self.ask.now).mended(self.mended);
        let call = |skill: &Arc<str>| {
            let profile = self.index.profile(skill)?;
            let schema = profile.output_schema.clone()?;
            let read = self.index.input(skill).filter(|_| columns::list(&schema).is_some())?.read(&said);
            let takes = read.arguments.values().filter_map(Value::as_str).any(|text| self.is_block(text, block));
            let known = |missing: &Missing| !arguments::is_required(&profile.input_schema, &missing.name);
            (takes && read.missing.iter().all(known)).then(|| Step { skill: skill.clone(), arguments: read.arguments })
        };
        let found = |said: &str| (self.ranked)(said).candidates.iter().find_map(|one| call(&one.skill));
        // "The lowest temperature" has the words of others.
        let of_any = || found(&format!("the rows and columns of this table\n{block}"));
        found(&whole).or_else(of_any).map(Strategy::Direct)
    }

    pub(super) fn decide(&self, text: &str, ranking: Option<&Ranking>, alone: bool) -> Strategy {
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
        let decided = decide::decide_part(self.index, &ask, &said, intent, ranking);
        // A few words may mean little: those that the catalog has are looked for by themselves then.
        let by_words = self.by_words.filter(|_| matches!(decided, Strategy::Gap { .. }));
        let again = by_words.map(|ranked| decide::decide_part(self.index, &ask, &said, intent, &ranked(text)));
        again.filter(|again| first_call(again).is_some()).unwrap_or(decided)
    }

    /// The text with the words of the last earlier part that quoted some, where it says "the same text".
    fn with_same_text(&self, text: &str, before: &[Option<Made>]) -> Option<String> {
        let span = clauses::same_text(text)?;
        put(text, &span, &format!("\"{}\"", self.quoted_in(before)?))
    }

    /// What a part calls by its name, "the slug", "åldern", and the earlier part that gives it or that it names.
    fn named<'m>(&self, text: &str, before: &'m [Option<Made>]) -> Option<(clauses::Pointer, usize, &'m Made)> {
        // What says a value of its own is about that.
        let said = Said::new(text, self.language, self.ask.now);
        let about_own = said.says_value() && !said.begins_arithmetic();
        // "67 minus that age" points all the same.
        let nouns: Vec<_> = clauses::nouns(text)
            .into_iter()
            .filter(|(span, _)| {
                let calculates = || {
                    put(text, span, NUMBER)
                        .is_some_and(|said| Said::new(&said, self.language, self.ask.now).says_arithmetic())
                };
                // "Count its letters" is asked of a text, however many that had.
                let of_its = clauses::is_order(text)
                    && text.get(span.clone()).is_some_and(|said| said.starts_with("its ") || said.starts_with("dess "));
                !of_its && !about_own || text.get(span.clone()).is_some_and(is_demonstrative) || calculates()
            })
            .collect();
        let made = before.iter().enumerate().rev().filter_map(|(at, made)| Some((at, made.as_ref()?)));
        made.into_iter().find_map(|(at, made)| {
            nouns.iter().find_map(|(span, noun)| {
                let says =
                    |name: &str| arguments::words_of_name(name).iter().any(|own| arguments::same_word(own, noun));
                let gives = made
                    .outputs
                    .iter()
                    .any(|output| says(&output.name) || output.is_main && columns::is_called(&output.name, noun));
                // "Det namnet" is the text that came last.
                let is_text = || {
                    let texts = ["name", "namn", "namnet", "word", "ordet", "title", "rubriken", "label", "identifier"];
                    let gives = |output: &Output| output.kind == Kind::Text && output.is_main;
                    texts.contains(&noun.as_str())
                        && text.get(span.clone()).is_some_and(is_demonstrative)
                        && made.outputs.iter().any(gives)
                };
                if !gives && is_text() {
                    let pointer = clauses::Pointer { span: span.clone(), ..clauses::Pointer::default() };
                    return Some((pointer, at, made));
                }
                // "The notes" are more than the one that was made.
                let is_plural = ["s", "ar", "arna", "er", "erna", "or", "orna"]
                    .iter()
                    .filter_map(|ending| noun.strip_suffix(ending))
                    .any(|stem| {
                        stem.len() > 2
                            && arguments::words_of_name(&made.step.skill)
                                .iter()
                                .any(|own| arguments::same_word(own, stem))
                    });
                // "Divide the hectares by 7", "the tip": what the figure is counted in, or was called.
                let is_unit = || {
                    let units = made.step.arguments.iter().filter(|(name, _)| matches!(&***name, "to" | "to_unit"));
                    units.filter_map(|(_, unit)| unit.as_str()).any(|unit| arguments::same_unit(unit, noun))
                };
                let points = || text.get(span.clone()).is_some_and(is_demonstrative);
                let called = || {
                    (self.takes_arithmetic(&made.step) || made.gives_figure && points())
                        && arguments::plain_words(&made.text).any(|word| arguments::same_word(&word, noun))
                };
                if !gives && (is_unit() || called()) {
                    let pointer = clauses::Pointer { span: span.clone(), ..clauses::Pointer::default() };
                    return Some((pointer, at, made));
                }
                if !gives && looked_up(made, noun) {
                    let pointer = clauses::Pointer { span: span.clone(), ..clauses::Pointer::default() };
                    return Some((pointer, at, made));
                }
                if !gives && (is_plural || !says(&made.step.skill)) {
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
}

/// Whether words point at what they name: "that age", "den åldern".
fn is_demonstrative(said: &str) -> bool {
    const POINT: &[&str] = &["that", "this", "those", "these", "den", "det", "de", "dessa", "denna", "detta"];
    said.split_once(' ').is_some_and(|(first, _)| POINT.contains(&first.to_lowercase().as_str()))
}

/// Whether a part looked up what `noun` names: `$.service.name` for "the name".
pub(super) fn looked_up(made: &Made, noun: &str) -> bool {
    made.step.arguments.values().filter_map(Value::as_str).any(|value| is_path_to(value, noun))
}

/// Whether a value is a path to what `noun` names.
pub(super) fn is_path_to(value: &str, noun: &str) -> bool {
    let key = value.rsplit(|letter: char| !letter.is_alphanumeric()).find(|key| !key.is_empty());
    value.starts_with('$') && key.is_some_and(|key| arguments::same_word(&key.to_lowercase(), noun))
}

/// "Delete note 2 and add one saying 'b c'": one of what the skill of the part before is called by.
fn with_noun_of_one(text: &str, before: &[Option<Made>]) -> Option<String> {
    let span = clauses::one_that_says(text)?;
    let noun = arguments::words_of_name(&before.last()?.as_ref()?.step.skill).pop()?;
    put(text, &span, &format!("a {}", noun.trim_end_matches('s')))
}

/// The text with the data of the last earlier part that has some, or the first later one, where it has a path into some and
/// none of its own.
fn with_same_data(text: &str, earlier: &[Clause], later: &[Clause]) -> Option<String> {
    if !clauses::is_path(text) || arguments::json_in(text).is_some() {
        return None;
    }
    let data = |clause: &'_ Clause| clause.text.get(arguments::json_in(&clause.text)?).map(str::to_owned);
    let data = earlier.iter().rev().find_map(data).or_else(|| later.iter().find_map(data))?;
    Some(format!("{} on {data}", text.trim_end_matches(['.', '?', '!', ' '])))
}
