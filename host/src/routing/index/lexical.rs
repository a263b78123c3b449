//! How well skills fit a request by its words: BM25 (Robertson & Zaragoza 2009) over weighted fields, for words and for
//! runs of characters, each apart.

use std::ops::Range;

use super::words::{Counts, Term, Terms, joined, word_term, words};
use crate::routing::{Profile, shape};

/// Saturation: how much a term's second occurrence still adds. Little within one description; more over many examples,
/// where each occurrence is another request.
const SATURATION_BARE: f32 = 0.8;
const SATURATION_TAUGHT: f32 = 3.0;
/// Examples of a skill, on the average, at which the latter holds.
const TAUGHT: f32 = 8.0;
/// How much longer texts are discounted.
const LENGTH_DISCOUNT: f32 = 0.4;
/// Occurrences are kept in eighths, and at most this many count.
const OCCURRENCES_MAX: f32 = 31.0;
const PARTS: f32 = 8.0;
/// Most postings that one request is scored with; past them only the commonest terms are left.
const POSTINGS_MAX: usize = 40_000;
/// Most terms of a request, words and runs each.
const QUERY_TERMS_MAX: usize = 128;
/// Most of each field, in bytes: no skill gets more of the vocabulary by writing more.
const DESCRIPTION_BYTES_MAX: usize = 600;
const EXAMPLE_BYTES_MAX: usize = 300;
const SCHEMA_BYTES_MAX: usize = 1_500;
/// Most examples of one skill whose words are kept.
const EXAMPLES_MAX: usize = 64;
/// How often a field's words count.
const WEIGHT_NAME: f32 = 1.5;
const WEIGHT_DESCRIPTION: f32 = 1.0;
const WEIGHT_EXAMPLE: f32 = 1.0;
const WEIGHT_SCHEMA: f32 = 0.5;
/// What the parts of a joined word count.
const WEIGHT_JOINED: f32 = 0.7;

/// The two kinds of terms.
pub const KINDS: usize = 2;

/// One skill's text, ready for the index.
#[derive(Debug, Clone)]
pub struct Document {
    /// Terms of each kind, sorted, with their occurrences in parts.
    terms: [Vec<(Term, u8)>; KINDS],
    /// Weighted number of occurrences of each kind.
    pub lengths: [f32; KINDS],
    /// Whether its schema says anything.
    pub has_schema: bool,
}

impl Document {
    pub fn of(profile: &Profile) -> Document {
        let mut terms = Terms::default();
        terms.add(cut(&profile.name, EXAMPLE_BYTES_MAX), WEIGHT_NAME);
        terms.add(cut(&profile.description, DESCRIPTION_BYTES_MAX), WEIGHT_DESCRIPTION);
        for example in profile.examples.iter().take(EXAMPLES_MAX) {
            terms.add(cut(&shape::of(&example.text), EXAMPLE_BYTES_MAX), WEIGHT_EXAMPLE);
        }
        let mut schema = String::new();
        schema_words(&profile.input_schema, 0, &mut schema);
        terms.add(cut(&schema, SCHEMA_BYTES_MAX), WEIGHT_SCHEMA);
        let kept = |counts: Counts| {
            let counts = counts.summed();
            let length: f32 = counts.iter().map(|(_, n)| n).sum();
            let parts = |n: f32| (n.min(OCCURRENCES_MAX) * PARTS).round().max(1.0) as u8;
            (counts.into_iter().map(|(term, n)| (term, parts(n))).collect(), length)
        };
        let ((words, n_words), (runs, n_runs)) = (kept(terms.words), kept(terms.runs));
        Document { terms: [words, runs], lengths: [n_words, n_runs], has_schema: !schema.is_empty() }
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}

/// Names, descriptions and listed values of the properties, to the third level.
fn schema_words(schema: &serde_json::Value, depth: usize, out: &mut String) {
    if depth > 3 || out.len() > SCHEMA_BYTES_MAX {
        return;
    }
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        out.push_str(name);
        out.push(' ');
        if let Some(description) = property.get("description").and_then(serde_json::Value::as_str) {
            out.push_str(cut(description, EXAMPLE_BYTES_MAX));
            out.push(' ');
        }
        for value in property.get("enum").and_then(serde_json::Value::as_array).into_iter().flatten().take(16) {
            out.push_str(value.as_str().map(|value| cut(value, 64)).unwrap_or_default());
            out.push(' ');
        }
        schema_words(property, depth + 1, out);
    }
    if let Some(items) = schema.get("items") {
        schema_words(items, depth + 1, out);
    }
}

/// The postings of one part of the skills: which term is where, and how often.
#[derive(Debug, Clone, Default)]
pub struct Postings {
    /// All terms, sorted, and where in the list the postings of each begin: side by side, as both are read for each.
    terms: Vec<(Term, u32)>,
    /// Those of each term by their slots.
    list: Vec<Posting>,
    /// Where the terms begin whose first [`BUCKET_BITS`] bits are the place in here.
    buckets: Vec<u32>,
}

const BUCKET_BITS: u32 = 14;

#[derive(Debug, Clone, Copy)]
struct Posting {
    slot: u16,
    occurrences: u8,
}

impl Postings {
    /// These postings with the documents at some slots replaced, or taken out where there is none.
    pub fn with(&self, changed: &[(u16, Option<&Document>)], kind: usize) -> Postings {
        // Asked of each posting, so no hashing.
        let n_slots = changed.iter().map(|(slot, _)| usize::from(*slot) + 1).max().unwrap_or_default();
        let mut is_changed = vec![false; n_slots];
        let mut new: Vec<(Term, Posting)> = Vec::new();
        for (slot, document) in changed {
            if let Some(is_changed) = is_changed.get_mut(usize::from(*slot)) {
                *is_changed = true;
            }
            let terms = document.and_then(|document| document.terms.get(kind)).map_or(&[][..], Vec::as_slice);
            new.extend(terms.iter().map(|(term, n)| (*term, Posting { slot: *slot, occurrences: *n })));
        }
        new.sort_unstable_by_key(|(term, posting)| (*term, posting.slot));
        let mut new = new.into_iter().peekable();
        let mut made = Postings::default();
        made.list.reserve(self.list.len() + new.len());
        for (at, (term, _)) in self.terms.iter().enumerate() {
            for posting in self.at(at) {
                while let Some((term, earlier)) = new.next_if(|(other, new)| (other, new.slot) < (term, posting.slot)) {
                    made.push(term, earlier);
                }
                if !is_changed.get(usize::from(posting.slot)).is_some_and(|is_changed| *is_changed) {
                    made.push(*term, *posting);
                }
            }
        }
        for (term, posting) in new {
            made.push(term, posting);
        }
        made.finish();
        made
    }

    /// Appends a posting of the last term, or of a later one.
    fn push(&mut self, term: Term, posting: Posting) {
        if self.terms.last().is_none_or(|(last, _)| *last != term) {
            self.terms.push((term, self.list.len() as u32));
        }
        self.list.push(posting);
    }

    fn finish(&mut self) {
        self.buckets.reserve((1 << BUCKET_BITS) + 1);
        for ((term, _), at) in self.terms.iter().zip(0_u32..) {
            while self.buckets.len() <= (term >> (32 - BUCKET_BITS)) as usize {
                self.buckets.push(at);
            }
        }
        self.buckets.resize((1 << BUCKET_BITS) + 1, self.terms.len() as u32);
    }

    fn of(&self, term: Term) -> &[Posting] {
        self.within(self.bucket(term), term)
    }

    /// Where among the terms this one is, if anywhere.
    fn bucket(&self, term: Term) -> Range<usize> {
        let bucket = (term >> (32 - BUCKET_BITS)) as usize;
        let (first, last) = (self.buckets.get(bucket), self.buckets.get(bucket + 1));
        first.map_or(0, |at| *at as usize)..last.map_or(0, |at| *at as usize)
    }

    /// The postings of `term`, which is in the bucket if anywhere: a bucket has one or two.
    fn within(&self, bucket: Range<usize>, term: Term) -> &[Posting] {
        let terms = self.terms.get(bucket.clone()).unwrap_or_default();
        terms.iter().position(|(other, _)| *other == term).map_or(&[], |at| self.at(bucket.start + at))
    }

    /// The postings of the term at this place.
    fn at(&self, at: usize) -> &[Posting] {
        let start = |at: usize| self.terms.get(at).map_or(self.list.len(), |(_, start)| *start as usize);
        self.list.get(start(at)..start(at + 1)).unwrap_or_default()
    }
}

/// What the whole index knows of its documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub n_documents: usize,
    pub n_examples: usize,
    pub n_with_schema: usize,
    pub lengths: [f32; KINDS],
}

impl Totals {
    fn saturation(&self) -> f32 {
        let taught = (self.n_examples as f32 / (self.n_documents.max(1) as f32 * TAUGHT)).min(1.0);
        SATURATION_BARE + (SATURATION_TAUGHT - SATURATION_BARE) * taught
    }
}

/// One part of the index, as a request sees it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub postings: &'a [Postings; KINDS],
    /// Of the document at each place; zeros where there is none.
    pub lengths: &'a [[f32; KINDS]],
}

/// A request's terms of one kind, with what they weigh.
struct Wanted<'a> {
    term: Term,
    weight: f32,
    places: Vec<(usize, &'a [Posting])>,
    n_places: usize,
}

/// The scores of a request.
#[derive(Debug)]
pub struct Scores {
    /// Of each kind: the score of each place of each part, one after another.
    pub of_kind: [Vec<f32>; KINDS],
    /// The most any document could get, words in no document included, so that a score has a scale.
    pub best_possible: [f32; KINDS],
    /// The request's words that some document has, the rarest first.
    pub words: Vec<(String, Term)>,
}

/// Scores `text` against all parts, each with `n_slots` places, of which the first `n_places` in all are looked at.
pub fn score(text: &str, parts: &[Part<'_>], (n_slots, n_places): (usize, usize), totals: &Totals) -> Scores {
    let known = |term: Term| parts.iter().any(|part| part.postings.first().is_some_and(|p| !p.of(term).is_empty()));
    let (query, spelled) = query_terms(text, known);
    let mut scores = Scores { of_kind: Default::default(), best_possible: [0.0; KINDS], words: spelled };
    let saturation = totals.saturation();
    for (kind, terms) in [query.words, query.runs].into_iter().enumerate() {
        let mut wanted = find(terms, kind, parts);
        wanted.sort_by(|a, b| a.n_places.cmp(&b.n_places).then(a.term.cmp(&b.term)));
        let norm = Norm::of(kind, totals);
        let lengths = parts.iter().flat_map(|part| part.lengths).map(|of_kind| of_kind.get(kind).copied());
        // The score of each place, beside the norm that each posting needs with it.
        let mut places: Vec<[f32; 2]> =
            lengths.take(n_places).map(|length| [0.0, norm.at(length.unwrap_or_default())]).collect();
        let mut best_possible = 0.0;
        let mut n_left = POSTINGS_MAX;
        for term in wanted {
            let rarity = rarity(term.n_places, totals.n_documents);
            best_possible += term.weight * rarity * (saturation + 1.0) / 2.0;
            if term.n_places > n_left {
                continue;
            }
            n_left -= term.n_places;
            let gain = term.weight * rarity * (saturation + 1.0);
            for (part, postings) in &term.places {
                let Some(places) = places.get_mut(part * n_slots..) else { continue };
                for posting in *postings {
                    if let Some([score, norm]) = places.get_mut(usize::from(posting.slot)) {
                        let n = f32::from(posting.occurrences) / PARTS;
                        *score += gain * n / (n + *norm);
                    }
                }
            }
        }
        if let (Some(of_kind), Some(best)) = (scores.of_kind.get_mut(kind), scores.best_possible.get_mut(kind)) {
            *of_kind = places.into_iter().map(|[score, _]| score).collect();
            *best = best_possible;
        }
    }
    scores
}

/// The part of a score's denominator that is the document's own: grows with the document's length.
struct Norm {
    least: f32,
    of_length: f32,
}

impl Norm {
    fn of(kind: usize, totals: &Totals) -> Norm {
        let total = totals.lengths.get(kind).copied().unwrap_or_default();
        let mean = (total / totals.n_documents.max(1) as f32).max(1.0);
        let saturation = totals.saturation();
        Norm { least: saturation * (1.0 - LENGTH_DISCOUNT), of_length: saturation * LENGTH_DISCOUNT / mean }
    }

    /// For a document of this length.
    fn at(&self, length: f32) -> f32 {
        self.least + self.of_length * length
    }
}

fn rarity(n_places: usize, n_documents: usize) -> f32 {
    let (n, of) = (n_places as f32, n_documents as f32);
    (1.0 + ((of - n).max(0.0) + 0.5) / (n + 0.5)).ln()
}

fn query_terms(text: &str, known: impl Fn(Term) -> bool) -> (Terms, Vec<(String, Term)>) {
    let mut terms = Terms::default();
    let mut spelled = Vec::new();
    let words = words(text);
    let own: Vec<Term> = words.iter().map(|word| terms.add_word(word, 1.0)).collect();
    for (word, term) in words.into_iter().zip(own) {
        if known(term) {
            if !spelled.iter().any(|(_, other)| *other == term) {
                spelled.push((word, term));
            }
        } else if let Some(halves) = joined(&word, &known) {
            for half in halves {
                let term = word_term(&half);
                if !terms.words.has(term) {
                    terms.words.add(term, WEIGHT_JOINED);
                }
                spelled.push((half, term));
            }
        }
    }
    spelled.truncate(QUERY_TERMS_MAX);
    (terms, spelled)
}

fn find<'a>(terms: Counts, kind: usize, parts: &[Part<'a>]) -> Vec<Wanted<'a>> {
    let mut terms = terms.summed();
    terms.truncate(QUERY_TERMS_MAX);
    // A word said twice weighs no more: requests are short.
    let wanted =
        |(term, weight): (Term, f32)| Wanted { term, weight: weight.min(1.0), places: Vec::new(), n_places: 0 };
    let mut wanted: Vec<Wanted<'a>> = terms.into_iter().map(wanted).collect();
    for (at, part) in parts.iter().enumerate() {
        let Some(postings) = part.postings.get(kind) else { continue };
        // All buckets first: what a large index is read from memory for is then asked for at one time.
        let buckets: Vec<Range<usize>> = wanted.iter().map(|wanted| postings.bucket(wanted.term)).collect();
        for (wanted, bucket) in wanted.iter_mut().zip(buckets) {
            let found = postings.within(bucket, wanted.term);
            if !found.is_empty() {
                wanted.places.push((at, found));
                wanted.n_places += found.len();
            }
        }
    }
    wanted
}

/// The words of a request that are in the document at `slot`.
pub fn shared<'a>(part: &Part<'_>, slot: u16, words: &'a [(String, Term)]) -> Vec<&'a str> {
    let Some(postings) = part.postings.first() else { return Vec::new() };
    let has = |term: Term| postings.of(term).binary_search_by_key(&slot, |posting| posting.slot).is_ok();
    words.iter().filter(|(_, term)| has(*term)).map(|(word, _)| word.as_str()).collect()
}
