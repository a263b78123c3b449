//! One part that says several things: what it says once and means for each of them is put to each.

use std::cell::Cell;
use std::ops::Range;

use super::super::arguments::{self, Said};
use super::super::{Clause, Ranking, Step, clauses, decide};
use super::{Made, PARTS_MAX, Planner, first_call};

/// Most texts that are tried to take one part apart: each may take one run of the model.
const TRIES_MAX: usize = 24;
/// Words before the first place where a part may be taken apart.
const WORDS_BEFORE: usize = 1;

/// One of several things that a part says.
struct Item {
    /// What is asked for, with what is said once for all.
    text: String,
    /// Where it stands in the part.
    span: Range<usize>,
}

impl Planner<'_> {
    /// The clauses with those taken apart that say several things in one: "convert 3 feet to meters and 2 gallons to liters".
    pub fn cut(&self, clauses: Vec<Clause>, rankings: Vec<Ranking>) -> (Vec<Clause>, Vec<Ranking>) {
        let mut done = (Vec::new(), Vec::new());
        let n_clauses = clauses.len();
        for (at, (clause, ranking)) in clauses.into_iter().zip(rankings).enumerate() {
            let room = PARTS_MAX.saturating_sub(done.0.len() + n_clauses - at - 1);
            match self.cut_one(&clause, &ranking, room) {
                Some(parts) => {
                    for part in parts {
                        done.1.push((self.ranked)(&part.text));
                        done.0.push(part);
                    }
                }
                None => {
                    done.0.push(clause);
                    done.1.push(ranking);
                }
            }
        }
        done
    }

    /// The several things that a clause says: where the skill that it is for has no use for all of it, but for each.
    fn cut_one(&self, clause: &Clause, ranking: &Ranking, room: usize) -> Option<Vec<Clause>> {
        let (text, is_each) = clauses::without_each(&clause.text);
        let joints = clauses::joints(&text, WORDS_BEFORE);
        // Most clauses say one thing, which is seen sooner than what it would be.
        if joints.is_empty() && clauses::listed(&clause.text).is_none() {
            return None;
        }
        let best = ranking.candidates.first().filter(|_| !clauses::is_negated(&clause.text))?;
        let said = Said::new(&clause.text, self.language, self.ask.now).mended(self.mended);
        let read = self.index.input(&best.skill)?.read(&said);
        if self.is_one_call(clause, ranking) {
            return None;
        }
        if let Some(items) = self.listed(clause) {
            return (items.len() <= room).then_some(items);
        }
        // "How old was my aunt, born 8 April 1931, on 20 May 2003": all dates have their place in one call.
        let dates =
            || self.index.profile(&best.skill).map(|own| arguments::dates(&own.input_schema)).unwrap_or_default();
        let is_placed =
            read.unused.is_empty() && read.given.len() > 1 && read.given.iter().all(|name| dates().contains(name));
        let is_one = read.n_repeats == 0 && read.missing.is_empty() && (read.is_understood() || is_placed);
        if is_one && !clauses::says_link_again(&clause.text) {
            return None;
        }
        let tries = Cell::new(TRIES_MAX);
        // The next that says it says it for those before: "3 kg, 12 kg and 70 kg to pounds, and 11 stone to kilograms".
        let ends = joints.iter().skip(1).map(|joint| joint.start).chain([text.len()]);
        let tail = joints.iter().zip(ends).find_map(|(joint, end)| clauses::shared_tail(text.get(joint.end..end)?));
        let of_number = joints.last().and_then(|joint| clauses::tail_of_number(text.get(joint.end..)?));
        let items = joints.iter().find_map(|joint| {
            let (first, rest) = (text.get(..joint.start)?.trim_end(), text.get(joint.end..)?);
            // "5, 50 and 500 grams in ounces".
            let bare = of_number.filter(|_| first.ends_with(|last: char| last.is_ascii_digit()));
            let tails = [tail, bare].into_iter().flatten().collect::<Vec<_>>();
            let (said, made) = self.first_of(first, &text, &tails, joints.len() + 1, is_each, &tries)?;
            let mut items = vec![Item { text: said, span: 0..first.len() }];
            items.extend(self.series(&made, rest, joint.end, &tries)?);
            Some(items)
        })?;
        if items.len() > room {
            return None;
        }
        let start = clause.span.start;
        // Where a word was left out, its place is not known any more.
        let place = |span: &Range<usize>| match is_each {
            false => start + span.start..start + span.end,
            true => clause.span.clone(),
        };
        let part = |(at, item): (usize, Item)| Clause {
            span: place(&item.span),
            text: item.text,
            depends: false,
            asks: true,
            ordered: clause.ordered && at == 0,
        };
        Some(items.into_iter().enumerate().map(part).collect())
    }

    /// Whether another skill than the first takes all that a clause says, once.
    fn is_one_call(&self, clause: &Clause, ranking: &Ranking) -> bool {
        let strategy = self.decide(&clause.text, Some(ranking), true);
        let is_first = |step: &&Step| ranking.candidates.first().is_some_and(|first| first.skill == step.skill);
        let Some(step) = first_call(&strategy).filter(|step| !is_first(step)) else { return false };
        let said = Said::new(&clause.text, self.language, self.ask.now).mended(self.mended);
        let read = self.index.input(&step.skill).map(|input| input.read(&said));
        read.is_some_and(|read| {
            read.is_telling && read.n_repeats == 0 && read.missing.is_empty() && read.is_understood()
        })
    }

    /// The parts of a list of texts that a heading announces by what the skill keeps: "add notes: …".
    fn listed(&self, clause: &Clause) -> Option<Vec<Clause>> {
        let listed = clauses::listed(&clause.text)?;
        let heading = clause.text.get(listed.heading.clone())?;
        let heading = clauses::without_count(heading, listed.items.len()).unwrap_or_else(|| heading.to_owned());
        let tries = Cell::new(TRIES_MAX);
        let mut skill = None;
        let part = |(at, span): (usize, &Range<usize>)| {
            let item = clause.text.get(span.clone())?;
            let text = format!("{heading} {item}");
            let step = self.sure(&text, &tries)?;
            let own = arguments::words_of_name(&step.skill);
            let is_named = own.iter().any(|word| arguments::same_word(word, &listed.noun));
            let is_same = *skill.get_or_insert_with(|| step.skill.clone()) == step.skill;
            let start = clause.span.start;
            (is_named && is_same).then(|| Clause {
                text,
                depends: false,
                span: start + span.start..start + span.end,
                asks: true,
                ordered: clause.ordered && at == 0,
            })
        };
        listed.items.iter().enumerate().map(part).collect()
    }

    /// The first item with its call: as it stands, with what the last says for all of them, or without how many they are.
    fn first_of(
        &self,
        first: &str,
        text: &str,
        tails: &[&str],
        n_items: usize,
        is_each: bool,
        tries: &Cell<usize>,
    ) -> Option<(String, Made)> {
        if let Some(step) = self.sure(first, tries) {
            return Some((first.to_owned(), self.made(&step, first)));
        }
        let shares = is_each || !arguments::is_one_measure(first, text.get(first.len()..).unwrap_or_default());
        let shared = tails.iter().filter(|_| shares).map(|tail| format!("{first} {tail}"));
        shared.chain(clauses::without_count(first, n_items)).find_map(|said| {
            let step = self.sure(&said, tries)?;
            let made = self.made(&step, &said);
            Some((said, made))
        })
    }

    /// The items of `rest`, which stands at `from`, each like the one that `made` is of; `None` where not all are.
    fn series(&self, made: &Made, rest: &str, from: usize, tries: &Cell<usize>) -> Option<Vec<Item>> {
        let joints = clauses::joints(rest, WORDS_BEFORE);
        let ends = joints.iter().map(|joint| (joint.start, Some(joint.end))).chain([(rest.len(), None)]);
        ends.into_iter().find_map(|(end, next)| {
            let piece = rest.get(..end)?;
            let (text, own) = self.item(piece.trim(), made, tries)?;
            let start = from + piece.len() - piece.trim_start().len();
            let mut items = vec![Item { text, span: start..from + piece.trim_end().len() }];
            if let Some(next) = next {
                items.extend(self.series(own.as_ref().unwrap_or(made), rest.get(next..)?, from + next, tries)?);
            }
            Some(items)
        })
    }

    /// What `piece` asks for after what `made` is of, and its own call, where it is not one that goes on.
    fn item(&self, piece: &str, made: &Made, tries: &Cell<usize>) -> Option<(String, Option<Made>)> {
        let pointer = || clauses::pointer(piece).filter(|pointer| !pointer.noun.is_empty());
        // A text that is kept goes on where no verb begins something else: "prune the tree, tagged garden".
        let kept = self.index.profile(&made.step.skill).is_some_and(|profile| decide::changes(profile));
        if kept && !arguments::plain_words(piece).next().is_some_and(|first| arguments::is_verb(&first)) {
            let (text, step) = self.alike_within(piece, &made.text, &made.step, tries)?;
            let own = self.made(&step, &text);
            return Some((text, Some(own)));
        }
        let goes_on = self.followed(piece, false, 0, made).is_some();
        if goes_on || pointer().is_some_and(|pointer| self.taken(piece, &pointer, 0, made, true).is_some()) {
            return Some((piece.to_owned(), None));
        }
        // What has a verb of its own and is clear by itself is no more of the same.
        if !clauses::is_fragment(piece)
            && let Some(step) = self.sure(piece, tries)
        {
            return Some((piece.to_owned(), Some(self.made(&step, piece))));
        }
        if let Some((text, step)) = self.alike_within(piece, &made.text, &made.step, tries) {
            let own = self.made(&step, &text);
            return Some((text, Some(own)));
        }
        // What says by itself what is to be done with its value.
        let step = self.sure(piece, tries).filter(|_| says_itself(piece))?;
        Some((piece.to_owned(), Some(self.made(&step, piece))))
    }

    /// The text and call of what goes on with an earlier call by standing in its words for what is like it.
    pub(super) fn alike(&self, text: &str, model: &str, before: &Step) -> Option<(String, Step)> {
        self.alike_within(text, model, before, &Cell::new(TRIES_MAX))
    }

    fn alike_within(&self, item: &str, model: &str, before: &Step, tries: &Cell<usize>) -> Option<(String, Step)> {
        let (texts, links_itself) = clauses::parallel(model, item);
        let known = model.to_lowercase();
        texts.into_iter().find_map(|text| {
            let (step, unexplained) = self.sure_with(&text, tries)?;
            let is_same_skill = step.skill == before.skill;
            // A word that the item brings and nothing explains is another thing than the one before.
            let is_known = unexplained.iter().all(|word| known.contains(word.as_str()));
            (step != *before && is_known && (links_itself || is_same_skill)).then_some((text, step))
        })
    }

    /// The call of a text that is clear by itself and says nothing that the call has no use for.
    fn sure(&self, text: &str, tries: &Cell<usize>) -> Option<Step> {
        self.sure_with(text, tries).map(|(step, _)| step)
    }

    /// The call of a text that is clear by itself, all of which the call understands.
    pub(super) fn clear(&self, text: &str) -> Option<Step> {
        let (step, unexplained) = self.sure_with(text, &Cell::new(TRIES_MAX))?;
        unexplained.is_empty().then_some(step)
    }

    /// The same, and the words of the text that nothing explains.
    fn sure_with(&self, text: &str, tries: &Cell<usize>) -> Option<(Step, Vec<String>)> {
        tries.set(tries.get().checked_sub(1)?);
        let strategy = self.decide(text, None, true);
        let step = first_call(&strategy)?;
        let said = Said::new(text, self.language, self.ask.now).mended(self.mended);
        let read = self.index.input(&step.skill)?.read(&said);
        // What it would be called with whatever was said is nobody's call.
        let is_said = !read.given.is_empty() || read.unexplained.is_empty();
        (read.unused.is_empty() && is_said).then(|| (step.clone(), read.unexplained))
    }
}

/// Whether `piece` has a word beside its value, or is arithmetic.
fn says_itself(piece: &str) -> bool {
    let is_quote = |span: &Range<usize>| span.start == 0 && span.end == piece.len();
    !arguments::quotations(piece).iter().any(is_quote)
}
