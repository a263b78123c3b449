//! The skills that can be routed to: an immutable index, each change of which shares what it does not touch.

mod hashed;
mod lexical;
mod rank;
mod space;
mod together;
mod usual;
mod vector;
mod words;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::arguments::{self, About, Input};
use super::mend::Vocabulary;
use super::{Change, Embed, Learned, Profile, Ranking, shape};
use hashed::Hashed;
use lexical::{Document, KINDS, Postings, Totals};
use space::{Space, Sums};
use usual::Usual;
use vector::{Packed, Sides};

pub use rank::Request;
pub use words::words;

/// Skills that are kept together; a change copies their part of the index, and nothing else.
const PART_SLOTS: usize = 1024;
/// Most skills; more are not routed to.
pub const SKILLS_MAX: usize = 50_000;
/// Most examples of one skill that get vectors.
const EXAMPLES_MAX: usize = 64;
/// What a description weighs against one example in a skill's centre.
const DESCRIPTION_WEIGHT: f32 = 2.0;
/// Most skills whose words typing errors are told by.
const VOCABULARY_SKILLS_MAX: usize = 512;
/// Longest description that is turned into a vector, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 600;
/// Most properties of a schema whose names are part of it.
const PROPERTIES_MAX: usize = 16;
/// The space is made anew when this share of its vectors has come or gone.
const SPACE_STALE: f64 = 0.25;

/// The skills that can be routed to.
#[derive(Debug, Clone, Default)]
pub struct Index {
    parts: Vec<Arc<Part>>,
    places: Arc<HashMap<Arc<str>, usize>>,
    free: Vec<usize>,
    /// The places where there is a skill.
    live: Arc<Vec<usize>>,
    totals: Totals,
    sums: Arc<Sums>,
    space: Option<Arc<Space>>,
    /// How many vectors the space was made from, and how many came or went since.
    space_age: (f64, f64),
    /// Places whose words are not in the postings yet; empty outside of [`Index::with`].
    pending: Vec<usize>,
    /// The model whose vectors these are, and what is usual of them.
    model: Option<Arc<str>>,
    usual: Option<Arc<Usual>>,
    /// The words that the skills are spoken of with, made when a request is first mended.
    vocabulary: Arc<OnceLock<Vocabulary>>,
    /// The skills that calculate what is said.
    calculating: Arc<BTreeSet<Arc<str>>>,
}

/// Some of the skills, with what is searched of them.
#[derive(Debug, Clone)]
struct Part {
    entries: Vec<Option<Arc<Entry>>>,
    postings: [Postings; KINDS],
    lengths: Vec<[f32; KINDS]>,
    /// The codes of all slots one after another, of each its centre's and then its description's, as both are read for
    /// each; zeros where there is none.
    codes: Vec<i8>,
    centres: Vec<Centre>,
    descriptions: Vec<Place>,
    /// On which side of the mean each centre lies, for each dimension.
    sides: Vec<Sides>,
}

/// What is kept of a vector beside its codes.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Zero where there is none.
    step: f32,
    /// How far it is from the mean of all, in the space for a centre.
    distance: f32,
}

/// What is kept of a centre beside its codes.
#[derive(Debug, Clone, Copy, Default)]
struct Centre {
    at: Place,
    /// The share of its description in it; the rest is of examples.
    described: f32,
}

/// One skill.
#[derive(Debug)]
struct Entry {
    profile: Arc<Profile>,
    document: Document,
    vectors: Option<Vectors>,
    /// Its examples without anything but their words.
    folded: Vec<String>,
    /// What its input is read with, made when it is first read.
    input: OnceLock<Input>,
}

/// One skill's vectors.
#[derive(Debug, Clone)]
struct Vectors {
    /// Of the description as something to be found.
    passage: Arc<Packed>,
    /// Of the description as if it were a request.
    description: Arc<Packed>,
    examples: Vec<Arc<Packed>>,
    /// Both of the description less what is usual, and their mean with the examples'.
    meaning: Packed,
    centre: Packed,
    described: f32,
    /// Length of the mean of examples and description as they are.
    length: f32,
}

impl Index {
    /// An index of no skills.
    pub fn empty() -> Index {
        Index::default()
    }

    /// This index with `changes` made in their order. What has no vector, because there is no model or it fails, is
    /// found by its words.
    #[must_use]
    pub fn with(&self, changes: &[Change], embed: Option<&dyn Embed>) -> Index {
        let mut index = self.clone();
        // Where no model is known yet, vectors of the words themselves stand in.
        let stand_in: Option<&dyn Embed> = self.is_by_words().then_some(&Hashed);
        let embed = embed.or(stand_in);
        for change in changes {
            match change {
                Change::Put(profile) => index.put(profile, embed),
                Change::Remove(name) => {
                    index.remove(name);
                }
            }
        }
        index.post();
        index.renew_space();
        index.live = Arc::new(index.places_taken());
        index.vocabulary = Arc::default();
        index
    }

    /// Whether no model has made vectors for this index.
    fn is_by_words(&self) -> bool {
        self.model.as_deref().is_none_or(|model| model == Hashed::ID)
    }

    /// How many skills there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The skill of that name.
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        self.places.get(name).and_then(|place| self.entry(*place)).map(|entry| &entry.profile)
    }

    /// What the input of the skill of that name is read with.
    pub fn input(&self, name: &str) -> Option<&Input> {
        let entry = self.places.get(name).and_then(|place| self.entry(*place))?;
        let profile = &entry.profile;
        Some(entry.input.get_or_init(|| {
            Input::of(About {
                name: &profile.name,
                description: &profile.description,
                schema: &profile.input_schema,
                examples: &profile.examples,
            })
        }))
    }

    /// The words that the skills are spoken of with; `None` where there are too many skills to tell typing errors from
    /// words of some of them.
    pub fn vocabulary(&self) -> Option<&Vocabulary> {
        let of_profile = |place: &usize| {
            let profile = &self.entry(*place)?.profile;
            let examples = profile.examples.iter().take(EXAMPLES_MAX).map(|example| shape::of(&example.text));
            let texts = examples.chain([(&*profile.name).into(), profile.description.as_str().into()]);
            Some(texts.flat_map(|text| words(&text)).collect::<Vec<_>>())
        };
        let few = self.len() <= VOCABULARY_SKILLS_MAX;
        few.then(|| self.vocabulary.get_or_init(|| Vocabulary::of(self.live.iter().filter_map(of_profile).flatten())))
    }

    /// The skills that calculate what is said, by name.
    pub fn calculating(&self) -> impl Iterator<Item = &Arc<str>> {
        self.calculating.iter()
    }

    /// The names of all skills, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.places.keys()
    }

    /// The `k` skills that fit `text` best. `vector` is [`Embed::query`] of the text, by the model of the index.
    pub fn rank(&self, text: &str, vector: Option<&[f32]>, k: usize, learned: &[Learned]) -> Ranking {
        self.rank_among(&Request { text, vector, learned, among: None }, k)
    }

    /// The `k` skills that fit best among those that the request may go to.
    pub fn rank_among(&self, request: &Request<'_>, k: usize) -> Ranking {
        rank::rank(self, request, k)
    }

    /// The examples of the skill of that name with their vectors; none where it has no vectors by a model.
    pub fn example_vectors(&self, name: &str) -> Vec<(&str, Vec<f32>)> {
        let entry = self.places.get(name).and_then(|place| self.entry(*place)).filter(|_| !self.is_by_words());
        let Some((entry, vectors)) = entry.and_then(|entry| Some((entry, entry.vectors.as_ref()?))) else {
            return Vec::new();
        };
        let texts = entry.profile.examples.iter().map(|example| example.text.as_str());
        texts.zip(&vectors.examples).map(|(text, vector)| (text, vector.values().collect())).collect()
    }

    /// Whether a model has made vectors of the skill of that name.
    pub fn has_vectors(&self, name: &str) -> bool {
        let entry = self.places.get(name).and_then(|place| self.entry(*place));
        !self.is_by_words() && entry.is_some_and(|entry| entry.vectors.is_some())
    }

    fn places_taken(&self) -> Vec<usize> {
        let of_part = |(at, part): (usize, &Arc<Part>)| {
            let slots = part.entries.iter().enumerate();
            slots.filter(|(_, entry)| entry.is_some()).map(|(slot, _)| at * PART_SLOTS + slot).collect::<Vec<_>>()
        };
        self.parts.iter().enumerate().flat_map(of_part).collect()
    }

    fn entry(&self, place: usize) -> Option<&Arc<Entry>> {
        self.parts.get(place / PART_SLOTS)?.entries.get(place % PART_SLOTS)?.as_ref()
    }

    fn put(&mut self, profile: &Arc<Profile>, embed: Option<&dyn Embed>) {
        // First of all: vectors of another model are not taken over.
        if let Some(embed) = embed {
            self.choose(embed);
        }
        let before = self.remove(&profile.name);
        if self.places.len() >= SKILLS_MAX {
            return;
        }
        let old = before.as_ref().and_then(|entry| Some((&entry.profile, entry.vectors.as_ref()?)));
        let vectors = self.usual.as_ref().and_then(|usual| Vectors::of(profile, old, embed, usual));
        let folded = profile
            .examples
            .iter()
            .take(EXAMPLES_MAX)
            .map(|example| words::folded(&shape::of(&example.text)))
            .collect();
        let entry = Entry {
            profile: profile.clone(),
            document: Document::of(profile),
            vectors,
            folded,
            input: OnceLock::new(),
        };
        let place = self.free.pop().unwrap_or(self.places.len());
        if place / PART_SLOTS >= self.parts.len() {
            self.parts.push(Arc::new(Part::empty()));
        }
        Arc::make_mut(&mut self.places).insert(profile.name.clone(), place);
        if arguments::reads_arithmetic(&profile.input_schema) {
            Arc::make_mut(&mut self.calculating).insert(profile.name.clone());
        }
        self.count(&entry, 1.0);
        self.set(place, Some(Arc::new(entry)));
    }

    fn remove(&mut self, name: &str) -> Option<Arc<Entry>> {
        let place = Arc::make_mut(&mut self.places).remove(name)?;
        let entry = self.entry(place)?.clone();
        if self.calculating.contains(name) {
            Arc::make_mut(&mut self.calculating).remove(name);
        }
        self.count(&entry, -1.0);
        self.set(place, None);
        self.free.push(place);
        Some(entry)
    }

    /// Vectors of another model mean nothing to this one, so they go.
    fn choose(&mut self, embed: &dyn Embed) {
        if self.model.as_deref() == Some(embed.id()) {
            return;
        }
        if self.model.is_some() {
            for place in 0..self.parts.len() * PART_SLOTS {
                if let Some(entry) = self.entry(place).cloned() {
                    let (profile, document) = (entry.profile.clone(), entry.document.clone());
                    let folded = entry.folded.clone();
                    let bare = Entry { profile, document, vectors: None, folded, input: OnceLock::new() };
                    self.set(place, Some(Arc::new(bare)));
                }
            }
            (self.sums, self.space, self.space_age) = (Arc::default(), None, (0.0, 0.0));
        }
        self.usual = Usual::of(embed).map(Arc::new);
        self.model = self.usual.as_ref().map(|_| embed.id().into());
    }

    /// Counts a skill's words and vectors in, or with a `sign` of −1 out.
    fn count(&mut self, entry: &Entry, sign: f32) {
        let n_examples = entry.profile.examples.len();
        let n_with_schema = usize::from(entry.document.has_schema);
        if sign > 0.0 {
            self.totals.n_documents += 1;
            self.totals.n_examples += n_examples;
            self.totals.n_with_schema += n_with_schema;
        } else {
            self.totals.n_documents = self.totals.n_documents.saturating_sub(1);
            self.totals.n_examples = self.totals.n_examples.saturating_sub(n_examples);
            self.totals.n_with_schema = self.totals.n_with_schema.saturating_sub(n_with_schema);
        }
        for (total, length) in self.totals.lengths.iter_mut().zip(entry.document.lengths) {
            *total = (*total + sign * length).max(0.0);
        }
        if let (Some(vectors), Some(usual)) = (&entry.vectors, &self.usual) {
            let centred = |example: &Arc<Packed>| usual.request(&example.values().collect::<Vec<_>>());
            let examples: Vec<Vec<f32>> = vectors.examples.iter().map(centred).collect();
            let description: Vec<f32> = vectors.meaning.values().collect();
            Arc::make_mut(&mut self.sums).add(&description, &examples, f64::from(sign));
            self.space_age.1 += 1.0 + examples.len() as f64;
        }
    }

    fn set(&mut self, place: usize, entry: Option<Arc<Entry>>) {
        let space = self.space.clone();
        let Some(part) = self.parts.get_mut(place / PART_SLOTS) else { return };
        let part = Arc::make_mut(part);
        let slot = place % PART_SLOTS;
        if let Some(lengths) = part.lengths.get_mut(slot) {
            *lengths = entry.as_ref().map_or([0.0; KINDS], |entry| entry.document.lengths);
        }
        let vectors = entry.as_ref().and_then(|entry| entry.vectors.as_ref());
        part.set_vectors(slot, vectors, space.as_deref());
        if let Some(kept) = part.entries.get_mut(slot) {
            *kept = entry;
        }
        self.pending.push(place);
    }

    /// Brings the postings up to date, each part's at once.
    fn post(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_unstable();
        pending.dedup();
        for places in pending.chunk_by(|a, b| a / PART_SLOTS == b / PART_SLOTS) {
            let Some(part) = places.first().and_then(|place| self.parts.get_mut(place / PART_SLOTS)) else { continue };
            let part = Arc::make_mut(part);
            let document = |place: &usize| {
                let slot = place % PART_SLOTS;
                let entry = part.entries.get(slot).and_then(Option::as_ref);
                (slot as u16, entry.map(|entry| &entry.document))
            };
            let changed: Vec<_> = places.iter().map(document).collect();
            let made: Vec<Postings> =
                part.postings.iter().enumerate().map(|(kind, postings)| postings.with(&changed, kind)).collect();
            for (postings, made) in part.postings.iter_mut().zip(made) {
                *postings = made;
            }
        }
    }

    /// Makes the space anew once enough vectors have come or gone, and measures every centre in it.
    fn renew_space(&mut self) {
        let (n_made_from, n_changed) = self.space_age;
        if n_changed == 0.0 || (self.space.is_some() && n_changed < SPACE_STALE * n_made_from) {
            return;
        }
        self.space = self.sums.space().map(Arc::new);
        self.space_age = (self.sums.n_vectors(), 0.0);
        let Some(space) = self.space.clone() else { return };
        for part in &mut self.parts {
            let part = Arc::make_mut(part);
            for slot in 0..PART_SLOTS {
                let entry = part.entries.get(slot).cloned().flatten();
                if let Some(vectors) = entry.as_ref().and_then(|entry| entry.vectors.as_ref()) {
                    part.set_vectors(slot, Some(vectors), Some(&space));
                }
            }
        }
    }
}

impl Part {
    /// The codes of the centre and of the description at a slot.
    fn codes_at(&self, slot: usize) -> Option<(&[i8], &[i8])> {
        let n = self.codes.len() / PART_SLOTS;
        let codes = self.codes.get(slot * n..(slot + 1) * n)?;
        codes.split_at_checked(n / 2)
    }

    fn empty() -> Part {
        Part {
            entries: vec![None; PART_SLOTS],
            postings: Default::default(),
            lengths: vec![[0.0; KINDS]; PART_SLOTS],
            codes: Vec::new(),
            centres: vec![Centre::default(); PART_SLOTS],
            descriptions: vec![Place::default(); PART_SLOTS],
            sides: vec![Sides::default(); PART_SLOTS],
        }
    }

    fn set_vectors(&mut self, slot: usize, vectors: Option<&Vectors>, space: Option<&Space>) {
        let n = vectors.map_or(self.codes.len() / PART_SLOTS / 2, |vectors| vectors.centre.len());
        if self.codes.len() != 2 * n * PART_SLOTS {
            self.codes = vec![0; 2 * n * PART_SLOTS];
        }
        let (Some(codes), Some(centre), Some(description), Some(sides)) = (
            self.codes.get_mut(2 * slot * n..2 * (slot + 1) * n),
            self.centres.get_mut(slot),
            self.descriptions.get_mut(slot),
            self.sides.get_mut(slot),
        ) else {
            return;
        };
        codes.fill(0);
        (*centre, *description) = (Centre::default(), Place::default());
        let Some(vectors) = vectors.filter(|vectors| vectors.meaning.len() == n) else { return };
        for (code, of_vector) in codes.iter_mut().zip(vectors.centre.codes().iter().chain(vectors.meaning.codes())) {
            *code = *of_vector;
        }
        let (step, described) = (vectors.centre.step(), vectors.described);
        *centre = Centre { at: Place { step, distance: 0.0 }, described };
        description.step = vectors.meaning.step();
        let Some(space) = space else { return };
        let away = vectors.away(space);
        *sides = Sides::of(&away);
        centre.at.distance = vector::length(&space.whitened(&away));
        let away = vectors.meaning.values().zip(&space.descriptions).map(|(value, common)| value - common);
        description.distance = vector::length(&away.collect::<Vec<_>>());
    }
}

impl Vectors {
    /// How the centre is away from what the skills of this index have in common.
    fn away(&self, space: &Space) -> Vec<f32> {
        let common = space.requests.iter().zip(&space.descriptions);
        let common = common.map(|(of_requests, of_descriptions)| {
            (1.0 - self.described) * of_requests + self.described * of_descriptions
        });
        self.centre.values().zip(common).map(|(value, common)| value - common).collect()
    }

    /// The vectors of a profile. Those of texts that `old` has too are taken from there; `None` if there is no model to
    /// make the others, or it fails.
    fn of(
        profile: &Profile,
        old: Option<(&Arc<Profile>, &Vectors)>,
        embed: Option<&dyn Embed>,
        usual: &Usual,
    ) -> Option<Vectors> {
        let mut known: HashMap<&str, &Arc<Packed>> = HashMap::new();
        let (old_description, old_shapes);
        if let Some((before, vectors)) = old {
            old_shapes =
                before.examples.iter().take(EXAMPLES_MAX).map(|example| shape::of(&example.text)).collect::<Vec<_>>();
            known.extend(old_shapes.iter().map(|shape| &**shape).zip(&vectors.examples));
            old_description = description(before);
            known.insert(&old_description, &vectors.description);
        }
        let vector = |text: &str| match known.get(text) {
            Some(vector) => Some(Arc::clone(vector)),
            None => Some(Arc::new(Packed::new(&embed?.query(text).ok()?))),
        };
        let text = description(profile);
        let passage = match old {
            Some((before, vectors)) if description(before) == text => vectors.passage.clone(),
            _ => Arc::new(Packed::new(&embed?.passages(&[&text]).ok()?.pop()?)),
        };
        let description = vector(&text)?;
        let examples = profile.examples.iter().take(EXAMPLES_MAX);
        let examples = examples.map(|example| vector(&shape::of(&example.text))).collect::<Option<Vec<_>>>()?;
        let meaning = usual.description(passage.values(), description.values());
        let (mut plain, mut n) = (description.values().collect::<Vec<f32>>(), 1.0);
        let mut centre: Vec<f32> = meaning.iter().map(|value| value * DESCRIPTION_WEIGHT).collect();
        let mut seen = HashSet::new();
        for (example, vector) in profile.examples.iter().zip(&examples) {
            // An example said twice is one example.
            if seen.insert(example.text.as_str()) && vector.len() == centre.len() {
                let values: Vec<f32> = vector.values().collect();
                plain.iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
                centre.iter_mut().zip(usual.request(&values)).for_each(|(sum, value)| *sum += value);
                n += 1.0;
            }
        }
        let weight = n - 1.0 + DESCRIPTION_WEIGHT;
        centre.iter_mut().for_each(|sum| *sum /= weight);
        let (meaning, centre) = (Packed::new(&meaning), Packed::new(&centre));
        let (described, length) = (DESCRIPTION_WEIGHT / weight, vector::length(&plain) / n);
        Some(Vectors { passage, description, examples, meaning, centre, described, length })
    }
}

/// Asks `embed` for every vector that [`Index::with`] will want of `profile`: a model that keeps what it made has them
/// then.
pub fn prepare(profile: &Profile, embed: &dyn Embed) {
    Vectors::of(profile, None, Some(embed), &Usual::default());
}

/// Asks for what every index of this model wants.
pub fn prepare_usual(embed: &dyn Embed) {
    Usual::of(embed);
}

/// A skill's name, its description and the names of what it takes, as the text that is turned into a vector.
fn description(profile: &Profile) -> String {
    let name = words::words(&profile.name).join(" ");
    let cut = profile.description.floor_char_boundary(DESCRIPTION_BYTES_MAX);
    let mut text = format!("{name}: {}", profile.description.get(..cut).unwrap_or_default());
    let properties = profile.input_schema.get("properties").and_then(serde_json::Value::as_object);
    let names = properties.into_iter().flat_map(|properties| properties.keys()).take(PROPERTIES_MAX);
    let names: Vec<String> = names.map(|name| words::words(name).join(" ")).collect();
    if !names.is_empty() {
        text.push_str(&format!(" ({})", names.join(", ")));
    }
    text.truncate(text.floor_char_boundary(2 * DESCRIPTION_BYTES_MAX));
    text
}
