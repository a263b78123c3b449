//! What to do about a request of one skill: the margin decides whether to go ahead, the fit whether to abstain.

use std::sync::Arc;

use serde_json::Value;

use super::arguments::{Extraction, Said};
use super::follow::{self, Follow};
use super::{
    Ask, Candidate, Choice, Index, Intent, Profile, Question, Ranking, Standing, Step, Strategy, arguments, clauses,
};

/// Below this fit nothing fits.
const FIT_MIN: f32 = 0.42;
/// What is to be made anew has to fit better: skills that speak of the same things do not make them.
const FIT_MIN_CREATE: f32 = 0.85;
/// From this margin on the first skill is taken without asking.
const MARGIN_SURE: f32 = 0.25;
/// The same of a part of a request.
const MARGIN_OF_PART: f32 = 0.1;
/// Skills with less than this share of the first one's belief are not offered as choices, or tried after it.
const SHARE_TIED: f32 = 0.3;
const SHARE_FALLBACK: f32 = 0.15;
/// Most choices of a question, and most skills of a chain.
const CHOICES_MAX: usize = 4;
const CHAIN_MAX: usize = 3;
/// What belief is left to a skill whose required values are not in the request.
const BELIEF_UNFILLED: f32 = 0.6;
/// For each number, quotation or name of the request that it has no use for, and for each other such word.
const BELIEF_UNUSED: f32 = 0.6;
const BELIEF_UNEXPLAINED: f32 = 0.85;
/// Words that nothing explains, and that what is called with nothing may leave.
const UNEXPLAINED_MAX: usize = 1;
/// What belief is left to a skill of which every example says more.
const BELIEF_UNSHOWN: f32 = 0.5;
/// Words beside a measure and the unit it is wanted in that need no reason.
const STRAYS_OF_MEASURE: usize = 2;
/// What belief is worth in a skill that what was pointed at is all it lacked for.
const BELIEF_POINTED: f32 = 3.0;
/// What belief is worth in a skill whose values are hardly ever mistaken, and how much more so where one is data.
const BELIEF_TELLING: f32 = 2.0;
const BELIEF_DATA: f32 = 2.5;
/// What each word that the best skill does not explain takes from the fit, and how many count.
const FIT_STRAY: f32 = 0.1;
const STRAYS_MAX: usize = 4;
/// By how much a skill's record can lower the belief in it.
const STANDING_WEIGHT: f32 = 0.4;
/// Calls at which a record counts half.
const STANDING_HALF: f32 = 8.0;

/// A candidate with what it would be called with.
struct Contender<'a> {
    profile: &'a Arc<Profile>,
    belief: f32,
    read: Extraction,
}

impl Contender<'_> {
    /// Whether it can be called, and has a use for all that the request says.
    fn takes_all(&self) -> bool {
        self.read.missing.is_empty() && self.read.is_understood()
    }

    /// Whether it reads an amount and two units, which are hardly ever mistaken, and little else is said: "a 4 GB file, in MiB".
    fn reads_measure(&self) -> bool {
        self.read.is_telling
            && self.read.missing.is_empty()
            && self.read.given.len() > 2
            && self.read.unused.is_empty()
            && self.read.unexplained.len() <= STRAYS_OF_MEASURE
    }

    /// Whether it would be called with nothing, though every example gives it something.
    fn is_too_little(&self) -> bool {
        self.read.arguments.is_empty() && self.is_less_than_shown()
    }

    /// Whether nothing is given to it, and it says no word that the text does.
    fn is_unspoken(&self, text: &str) -> bool {
        if !self.read.missing.is_empty() || !self.read.given.is_empty() {
            return false;
        }
        let examples = self.profile.examples.iter().flat_map(|example| arguments::plain_words(&example.text));
        let own = arguments::words_of_name(&self.profile.name).into_iter().chain(examples);
        let own: Vec<String> = own.chain(arguments::plain_words(&self.profile.description)).collect();
        let mut words =
            arguments::plain_words(text).filter(|word| word.chars().count() > 2 && !arguments::is_function_word(word));
        !words.any(|word| own.iter().any(|own| arguments::same_word(own, &word)))
    }

    /// Whether it has a use for all that the request says, which gives it several values, and lacks one: "make 12 feet".
    fn lacks_one(&self) -> bool {
        self.read.is_understood() && self.read.given.len() > 1 && self.read.missing.len() == 1
    }

    /// Whether one of its skill's examples begins with the same two words, and it has a use for what was said.
    fn begins_alike(&self, text: &str) -> bool {
        let first = |text: &str| text.split_whitespace().take(2).map(str::to_lowercase).collect::<Vec<_>>();
        let own = first(text);
        own.len() > 1
            && !self.read.given.is_empty()
            && self.profile.examples.iter().any(|example| first(&example.text) == own)
    }

    /// Whether the request begins with the one word that its skill is called by: "echo good morning".
    fn is_called(&self, text: &str) -> bool {
        !self.profile.name.contains(|letter: char| !letter.is_alphanumeric())
            && text.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(&self.profile.name))
    }

    /// Whether its skill says a word of itself, or begins an example with one, that begins as one of these.
    fn speaks_of(&self, beginnings: &[&str]) -> bool {
        let says = |text: &str| {
            let lower = text.to_lowercase();
            let mut words = lower.split(|letter: char| !letter.is_alphanumeric());
            words.any(|word| beginnings.iter().any(|begins| word.starts_with(begins)))
        };
        says(&self.profile.name)
            || says(&self.profile.description)
            || self.profile.examples.iter().filter_map(|own| own.text.split_whitespace().next()).any(says)
    }

    /// Whether one of its values is all that was said, or all but a verb that its skill does not speak of: "turn down the
    /// heating" is no note. It says nothing of what to do with it.
    fn swallows(&self, text: &str) -> bool {
        const PARTICLES: &[&str] = &["down", "up", "on", "off", "in", "out", "ner", "upp", "på", "av", "ut"];
        let all = text.trim().trim_end_matches(['.', '!', '?']);
        let (verb, rest) = all.split_once(' ').unwrap_or((all, ""));
        let (particle, behind) = rest.split_once(' ').unwrap_or_default();
        let verb = verb.to_lowercase();
        let is_unknown = self.read.unexplained.contains(&verb) && !clauses::notes(all);
        let is = |value: &str, said: &str| !said.is_empty() && value.trim().eq_ignore_ascii_case(said);
        let is_all = |value: &Value| {
            value.as_str().is_some_and(|value| {
                is(value, all) || is_unknown && (is(value, rest) || PARTICLES.contains(&particle) && is(value, behind))
            })
        };
        // "Turn off the lamp in the hall, too" is nothing that is to be kept.
        let n_words = all.split_whitespace().count();
        let keeps_all = |value: &Value| {
            value
                .as_str()
                .is_some_and(|value| value.split_whitespace().count() + 1 >= n_words && all.contains(value.trim()))
        };
        let keeps = || {
            changes(self.profile) && n_words > 2 && !clauses::notes(all) && self.read.arguments.values().any(keeps_all)
        };
        let is_order = !self.read.is_telling && super::verbs::is_verb(&verb);
        is_order && (self.read.arguments.values().any(is_all) || keeps())
    }

    /// Whether it changes something with a text of several words, though nothing says that anything is to be kept, and what
    /// is to be done is not all explained: "put the event up on Facebook" is no note.
    fn keeps_unsaid(&self, text: &str) -> bool {
        let takes_text = |(name, value): (&String, &Value)| {
            value.as_str().is_some_and(|value| value.trim().contains(' '))
                && super::arguments::takes_any_text(&self.profile.input_schema, name)
        };
        let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
        let is_order = super::verbs::is_verb(first.trim_matches(|letter: char| !letter.is_alphanumeric()));
        changes(self.profile)
            && (!self.read.unexplained.is_empty() || !is_order)
            && !clauses::notes(text)
            && !self.begins_alike(text)
            && self.read.arguments.iter().any(takes_text)
    }

    /// Whether it lacks something and has no use for several values that were said: "how far is it from Malmö to Lund" is
    /// no matter of how much is to be converted.
    fn is_of_others(&self) -> bool {
        !self.read.missing.is_empty() && self.read.given.is_empty() && self.read.unused.len() > 1
    }

    /// Whether it would be called with nothing but its defaults, though values were said, or what nothing explains, and it
    /// takes some: what it answered would be about something else, such as today. A part of a request has few words to be
    /// told by, so that there it holds for a skill that takes nothing, too.
    fn is_beside(&self, is_part: bool) -> bool {
        let takes_some = self.profile.input_schema.get("properties").and_then(Value::as_object);
        let takes_some = takes_some.is_some_and(|properties| !properties.is_empty());
        let is_unexplained = self.read.unexplained.len() > UNEXPLAINED_MAX;
        self.read.missing.is_empty()
            && self.read.given.is_empty()
            && (takes_some && !self.read.unused.is_empty() || (takes_some || is_part) && is_unexplained)
    }

    /// Whether every one of its skill's examples gives it something that this does not: adding to a date takes more than a
    /// date.
    fn is_less_than_shown(&self) -> bool {
        let mut inputs =
            self.profile.examples.iter().filter_map(|example| example.input.as_ref()?.as_object()).peekable();
        let is_said = |name: &String| self.read.arguments.contains_key(name);
        self.read.missing.is_empty() && inputs.peek().is_some() && !inputs.any(|input| input.keys().all(is_said))
    }
}

/// Whether `profile` by its own words changes something, and `text` asks for no more than to be told something, or that
/// something is not done: "list the notes I have left" deletes none.
pub fn contradicts(profile: &Profile, text: &str) -> bool {
    changes(profile) && clauses::only_reads(text)
}

/// Whether a skill changes something: it does not say that it only reads, and is called by what it changes, or begins with
/// that to tell what it does.
pub fn changes(profile: &Profile) -> bool {
    const CHANGES: &[&str] = &[
        "add", "append", "book", "buy", "cancel", "clear", "create", "delete", "drop", "edit", "erase", "insert",
        "keep", "mail", "move", "order", "pay", "post", "publish", "put", "remove", "rename", "replace", "reserve",
        "save", "send", "set", "store", "update", "upload", "write",
    ];
    let changes = |word: &str| {
        let lower = word.to_lowercase();
        CHANGES.iter().any(|verb| lower == *verb || lower.strip_suffix('s') == Some(verb))
    };
    let says = || profile.name.split(|letter: char| !letter.is_alphanumeric()).any(changes);
    !profile.read_only && (says() || profile.description.split_whitespace().next().is_some_and(changes))
}

/// Decides about a part of a request, which has fewer words to be told by than a whole one: a skill that has a use for all
/// of it fits.
pub fn decide_part(index: &Index, ask: &Ask<'_>, said: &Said<'_>, intent: Intent, ranking: &Ranking) -> Strategy {
    decide_as(index, ask, said, None, intent, ranking, true).0
}

/// Decides, and says why. `first` is the input of the best one, where it was read already.
pub fn decide(
    index: &Index,
    ask: &Ask<'_>,
    said: &Said<'_>,
    first: Option<Extraction>,
    intent: Intent,
    ranking: &Ranking,
) -> (Strategy, Vec<String>) {
    decide_as(index, ask, said, first, intent, ranking, false)
}

fn decide_as(
    index: &Index,
    ask: &Ask<'_>,
    said: &Said<'_>,
    first: Option<Extraction>,
    intent: Intent,
    ranking: &Ranking,
    is_part: bool,
) -> (Strategy, Vec<String>) {
    let mut reasons = Vec::new();
    let gap = || Strategy::Gap { nearest: ranking.candidates.clone() };
    let Some(nearest) = ranking.candidates.first() else {
        return (gap(), vec!["there is no skill to route to".to_owned()]);
    };
    let mut options = options(index, ask, said, first, &ranking.candidates);
    options.retain(|option| {
        let is_none = option.is_beside(is_part)
            || option.is_too_little()
            || is_part && option.is_unspoken(said.words())
            || option.is_of_others();
        !is_none && !contradicts(option.profile, said.words())
    });
    // "Note that the lease ends on 1 May" asks nothing about that day.
    let keeps = |option: &Contender<'_>| {
        changes(option.profile) && option.read.missing.is_empty() && option.speaks_of(&["note", "anteck", "remember"])
    };
    if clauses::keeps_statement(said.words()) && options.iter().any(keeps) {
        options.retain(keeps);
    }
    if is_part {
        options.retain(|option| !option.swallows(said.words()) && !option.keeps_unsaid(said.words()));
    }
    // "Mail Eva that I am late" is for none that does not speak of mailing, though it could take the words as a note.
    let changes_something = options.first().is_some_and(|best| changes(best.profile));
    if let Some((verb, speaks)) = clauses::act(said.words())
        .or_else(|| clauses::alters(said.words()).filter(|_| changes_something))
        .or_else(|| clauses::topic(said.words()))
    {
        // A text is what many skills take, and none of them sends one.
        let is_unknown = |best: &Contender<'_>| best.read.unexplained.contains(&verb) || verb == "text";
        let is_other = |best: &Contender<'_>| is_unknown(best) && !best.speaks_of(speaks);
        if options.first().is_some_and(is_other) {
            options.clear();
        }
    }
    // "…, but keep the capitals" is not for one that cannot.
    let excepted = clauses::exception(said.words());
    let ignores = |best: &Contender<'_>| {
        let mut words = excepted.into_iter().flat_map(arguments::plain_words);
        words.any(|word| best.read.unexplained.contains(&word))
    };
    if options.first().is_some_and(ignores) {
        options.clear();
    }
    const CURRENCIES: &[&str] = &["currenc", "exchange", "valut", "växel"];
    if said.exchanges_money() && options.first().is_some_and(|best| !best.speaks_of(CURRENCIES)) {
        options.clear();
    }
    // "Generate a password" gives nothing to look at: what only reads cannot make any.
    let makes_none = |best: &Contender<'_>| !best.read.missing.is_empty() && best.profile.read_only;
    if clauses::invents(said.words()) && options.first().is_some_and(makes_none) {
        options.clear();
    }
    let is_path = clauses::is_path(said.words());
    let fit_min = if intent == Intent::Create { FIT_MIN_CREATE } else { FIT_MIN };
    let strays = options.first().map_or(0, |best| best.read.unexplained.len());
    let fit = ranking.fit - FIT_STRAY * strays.min(STRAYS_MAX) as f32;
    if fit < fit_min {
        // Words may be few and values all the more telling: "17 * 23".
        options.retain(|option| {
            is_path && option.read.is_telling && option.read.missing.is_empty()
                || looks_into_data(&option.read)
                || option.takes_all()
                    && (option.read.is_telling
                        || is_part && !option.read.given.is_empty()
                        || option.begins_alike(said.words()))
                || option.is_called(said.words()) && option.read.missing.is_empty() && option.read.unused.is_empty()
                || option.lacks_one()
                || option.reads_measure()
        });
        let why = format!("the nearest, `{}`, fits {:.2} with {strays} words to spare", nearest.skill, ranking.fit);
        match options.first() {
            None => return (gap(), vec![format!("nothing fits: {why}, below {fit_min:.2}")]),
            Some(best) => reasons.push(format!("{why}, but the request is all of what `{}` takes", best.profile.name)),
        }
    }
    let Some(best) = options.first() else {
        reasons.push(format!("`{}` and the like do something else than was asked", nearest.skill));
        return (gap(), reasons);
    };
    // A part has few words to be told by: what reads all of it as arithmetic or the like is meant.
    let told = |option: &Contender<'_>| option.takes_all() || is_path && option.read.missing.is_empty();
    let telling = options.iter().position(|option| option.read.is_telling && told(option));
    let beside = is_part && !best.takes_all() || !best.read.missing.is_empty() || is_path && !best.read.is_telling;
    if let Some(at) = telling.filter(|_| beside) {
        let option = options.swap_remove(at);
        reasons.push(format!("all of it is what `{}` takes, and hardly anything else", option.profile.name));
        return (one(option), reasons);
    }
    // What lacks something stands back where one of the others takes all that is said.
    let says_text = |option: &Contender<'_>| {
        option.read.arguments.values().filter_map(Value::as_str).any(|text| text.trim().contains(' '))
    };
    let able = options.iter().position(|option| option.takes_all() && says_text(option));
    let clear = able.filter(|at| options.get(*at).is_some_and(|one| one.belief >= best.belief * SHARE_TIED));
    if let Some(at) = clear.filter(|_| is_part && !best.read.missing.is_empty()) {
        let option = options.swap_remove(at);
        reasons.push(format!("`{}` takes all of it, and what fits better lacks something", option.profile.name));
        return (one(option), reasons);
    }
    let preferred = ask.hints.preferred_skill.as_ref();
    let preferred = preferred.and_then(|name| options.iter().position(|option| option.profile.name == *name));
    let margin = best.belief - options.get(1).map_or(0.0, |second| second.belief);
    if let Some(at) = preferred {
        let option = options.swap_remove(at);
        reasons.push(format!("the caller prefers `{}`, and it is among those that fit", option.profile.name));
        return (one(option), reasons);
    }
    if margin >= MARGIN_SURE {
        reasons.push(format!("`{}` is ahead by {margin:.2}, at least {MARGIN_SURE:.2}", best.profile.name));
        return (go_ahead(options, &mut reasons), reasons);
    }
    let least = best.belief * SHARE_TIED;
    reasons.push(format!("`{}` is ahead by {margin:.2} only, below {MARGIN_SURE:.2}", best.profile.name));
    let tied: Vec<&Contender<'_>> =
        options.iter().take_while(|option| option.belief >= least).take(CHOICES_MAX).collect();
    // Beside the other parts there is nobody to ask: a small lead has to do.
    let leads = is_part && margin >= MARGIN_OF_PART;
    // A word beside the values is none of those: "how old was my aunt, born …".
    let is_placed =
        is_part && leads && best.read.missing.is_empty() && best.read.unused.is_empty() && best.read.given.len() > 1;
    if (best.takes_all() || is_placed)
        && (leads || !tied.iter().skip(1).any(|option| option.takes_all()))
        && tied.len() > 1
    {
        reasons.push("none of the others has a use for all that the request says".to_owned());
        return (go_ahead(options, &mut reasons), reasons);
    }
    let choice = |option: &&Contender<'_>| Choice {
        skill: option.profile.name.clone(),
        description: option.profile.description.clone(),
        score: option.belief,
    };
    let choices: Vec<Choice> = tied.iter().map(choice).collect();
    if choices.len() < 2 {
        return (go_ahead(options, &mut reasons), reasons);
    }
    (Strategy::Ask(Question::Choice(choices)), reasons)
}

/// The candidates with their arguments, and belief in them anew: what is missing, what of the request they have no use
/// for, and how they did so far counts.
fn options<'a>(
    index: &'a Index,
    ask: &Ask<'_>,
    said: &Said<'_>,
    mut first: Option<Extraction>,
    candidates: &[Candidate],
) -> Vec<Contender<'a>> {
    let points = !ask.turns.is_empty() && Follow::of(said.words()).is_some();
    let option = |candidate: &Candidate| {
        let profile = index.profile(&candidate.skill)?;
        let mut read = first.take().or_else(|| index.input(&candidate.skill).map(|input| input.read(said)))?;
        follow::from_context(ask, profile, &mut read);
        let is_pointed_at = points && follow::pointed_at(ask, profile, &mut read);
        let standing = ask.standings.iter().find(|standing| standing.skill == profile.name);
        let belief = candidate.score * suits(&read) * standing.map_or(1.0, record);
        let option = Contender { profile, belief, read };
        let shown = if option.is_less_than_shown() { BELIEF_UNSHOWN } else { 1.0 };
        let pointed = if is_pointed_at { BELIEF_POINTED } else { 1.0 };
        Some(Contender { belief: belief * shown * pointed, ..option })
    };
    let mut options: Vec<Contender<'_>> = candidates.iter().filter_map(option).collect();
    let total: f32 = options.iter().map(|option| option.belief).sum();
    for option in &mut options {
        option.belief /= total.max(1e-6);
    }
    options.sort_by(|a, b| b.belief.total_cmp(&a.belief).then_with(|| a.profile.name.cmp(&b.profile.name)));
    options
}

/// Whether all is there, data among it, which is asked about by its keys.
fn looks_into_data(read: &Extraction) -> bool {
    let has_data = read.arguments.values().any(|value| value.is_object() || value.is_array());
    has_data && read.is_telling && read.missing.is_empty()
}

/// What is left of the belief in a skill that could read this from the request.
fn suits(read: &Extraction) -> f32 {
    let power = |share: f32, n: usize| share.powi(i32::try_from(n.min(STRAYS_MAX)).unwrap_or(0));
    let filled = if read.missing.is_empty() { 1.0 } else { BELIEF_UNFILLED };
    let telling = if read.is_telling && read.missing.is_empty() { BELIEF_TELLING } else { 1.0 };
    // Data that is asked about by its keys is more than a text.
    let telling = if looks_into_data(read) { telling * BELIEF_DATA } else { telling };
    filled * telling * power(BELIEF_UNUSED, read.unused.len()) * power(BELIEF_UNEXPLAINED, read.unexplained.len())
}

/// What is left of the belief in a skill, from how it did so far.
fn record(standing: &Standing) -> f32 {
    let n = standing.n_good.saturating_add(standing.n_failed) as f32;
    let failed = standing.n_failed as f32 / n.max(1.0);
    1.0 - STANDING_WEIGHT * failed * n / (n + STANDING_HALF)
}

/// The first, with those that come after it where it fails and they need nothing more either.
fn go_ahead(options: Vec<Contender<'_>>, reasons: &mut Vec<String>) -> Strategy {
    let mut options = options.into_iter();
    let Some(first) = options.next() else { return Strategy::Gap { nearest: Vec::new() } };
    if !first.read.missing.is_empty() {
        return one(first);
    }
    let least = first.belief * SHARE_FALLBACK;
    let next: Vec<Step> = options
        .filter(|option| option.belief >= least && option.read.missing.is_empty())
        .take(CHAIN_MAX - 1)
        .map(|option| Step { skill: option.profile.name.clone(), arguments: option.read.arguments })
        .collect();
    if next.is_empty() {
        return one(first);
    }
    let names: Vec<String> = next.iter().map(|step| format!("`{}`", step.skill)).collect();
    reasons.push(format!("should it fail, {} can be tried", names.join(", ")));
    let first = Step { skill: first.profile.name.clone(), arguments: first.read.arguments };
    Strategy::Fallbacks(std::iter::once(first).chain(next).collect())
}

/// One skill: called, or asked about.
fn one(option: Contender<'_>) -> Strategy {
    let (skill, arguments) = (option.profile.name.clone(), option.read.arguments);
    if option.read.missing.is_empty() {
        Strategy::Direct(Step { skill, arguments })
    } else {
        Strategy::Ask(Question::Missing { skill, arguments, missing: option.read.missing })
    }
}
