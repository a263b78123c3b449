//! Ranks the skills of an index for one request: words and vectors, each as standard scores, added up.

use std::cmp::Reverse;

use super::hashed::Hashed;
use super::lexical::{self, KINDS, Scores};
use super::vector::{self, Probe, Sides, dot, zeros};
use super::{Entry, Index, PART_SLOTS, together, words};
use crate::routing::{CANDIDATES_MAX, Candidate, Embed as _, LEARNED_MAX, Learned, REQUEST_BYTES_MAX, Ranking, shape};

/// Most skills that are all compared with the request by their vectors.
const COMPARED_ALL: usize = 4_096;
/// How many stand for the rest where there are more, and how many of them lie beside each other, which are read faster.
const COMPARED_USUAL: usize = 256;
const COMPARED_RUN: usize = 4;
/// Of more skills, how many are compared for the direction of their vectors, and for words in common at most.
const COMPARED_NEAR: usize = 256;
/// Standard scores by words from which on a skill is compared with the request whatever its vector.
const WORDS_NEAR: f32 = 3.0;
/// Of the best skills, how many are looked at in pairs.
const TOGETHER: usize = 6;
/// Skills that the examples of are looked at one by one.
const SHORTLIST: usize = 48;
/// Scores that most skills of many do not reach.
const WELL_ABOVE: f32 = 1.0;
/// Standard deviations of scores as they are in large indexes, and for how many skills these stand: with few skills
/// their own deviation says little.
const USUAL: f32 = 12.0;
const USUAL_FIT: f32 = 38.0;
const USUAL_COSINE: f32 = 0.075;
/// The share of the best possible score by which the scores by words of most skills differ.
const USUAL_LEXICAL: f32 = 0.08;

/// What words count beside vectors: more where skills have few examples, and where schemas say more than descriptions.
const LEXICAL_BARE: f32 = 0.3;
const LEXICAL_SCHEMA: f32 = 0.65;
const LEXICAL_TAUGHT: f32 = 0.2;
/// Examples of a skill, on the average, at which a skill counts as taught.
const TAUGHT: f32 = 3.0;
/// What the centre of a skill's requests counts once taught, and what its description does, bare and taught.
const CENTRE_TAUGHT: f32 = 1.0;
const DESCRIPTION_BARE: f32 = 1.0;
const DESCRIPTION_TAUGHT: f32 = 0.14;
/// What the nearest example counts, and by how much cosines between requests differ.
const NEAREST: f32 = 0.2;
const NEAREST_SPREAD: f32 = 0.03;
/// What the centre of vectors made of words counts, where there is no model.
const CENTRE_HASHED: f32 = 1.0;
/// What a request that is the very example counts, and one that was learned.
const SAME: f32 = 3.0;
/// How fast belief grows with scores.
const SHARPNESS: f32 = 1.6;
const SHARPNESS_LEXICAL: f32 = 1.2;

/// A request as the index sees it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The request in plain words.
    pub text: &'a str,
    /// Its vector, by the model of the index.
    pub vector: Option<&'a [f32]>,
    /// What was learned before; only the first [`LEARNED_MAX`] count.
    pub learned: &'a [Learned],
    /// Which skills it may go to; all where it is `None`.
    pub among: Option<&'a dyn Fn(&str) -> bool>,
}

/// One skill on its way into the ranking.
struct Contender<'a> {
    place: usize,
    entry: &'a Entry,
    score: f32,
    lexical: f32,
    cosine: f32,
    /// The nearest example, and its cosine.
    nearest: Option<(f32, &'a str)>,
    same: Option<&'static str>,
}

/// Scores by vectors.
struct Dense {
    /// The request's vector as it is, and in the space.
    probe: Probe,
    whitened: Vec<f32>,
    /// Standard scores, for each place.
    scores: Vec<f32>,
}

/// The `k` skills that fit best.
pub fn rank(index: &Index, request: &Request<'_>, k: usize) -> Ranking {
    let text = request.text.get(..request.text.floor_char_boundary(REQUEST_BYTES_MAX)).unwrap_or_default();
    let shape = shape::of(text);
    let text = &*shape;
    let request = Request { text, ..*request };
    let parts: Vec<lexical::Part<'_>> =
        index.parts.iter().map(|part| lexical::Part { postings: &part.postings, lengths: &part.lengths }).collect();
    let live = index.live.as_slice();
    // Of a part that is not full, the places after the last skill are left out.
    let n_places = live.last().map_or(0, |last| last + 1);
    let lexical = lexical::score(text, &parts, (PART_SLOTS, n_places), &index.totals);
    let by_words = by_words(&lexical, live.len());
    let taught = (index.totals.n_examples as f32 / (index.len().max(1) as f32 * TAUGHT)).min(1.0);
    let by_meaning = request.vector.is_some() && !index.is_by_words();
    let (centre, description) = if by_meaning {
        (CENTRE_TAUGHT * taught, DESCRIPTION_BARE + (DESCRIPTION_TAUGHT - DESCRIPTION_BARE) * taught)
    } else {
        (CENTRE_HASHED * taught, 0.0)
    };
    let learned = index.space.as_ref().is_some_and(|space| space.is_learned);
    let hashed = (!by_meaning && learned && index.is_by_words()).then(|| Hashed.query(text).ok()).flatten();
    let vector = request.vector.filter(|_| by_meaning).or(hashed.as_deref());
    let dense = vector.and_then(|vector| dense(index, vector, live, (centre, description), &by_words));
    let with_schema = index.totals.n_with_schema as f32 / index.len().max(1) as f32;
    let bare = LEXICAL_BARE + (LEXICAL_SCHEMA - LEXICAL_BARE) * with_schema;
    let weight = if by_meaning && dense.is_some() { bare + (LEXICAL_TAUGHT - bare) * taught } else { 1.0 };
    let folded = words::folded(text);
    let score = |place: &usize| {
        let meaning = dense.as_ref().and_then(|dense| dense.scores.get(*place)).copied().unwrap_or_default();
        weight * by_words.get(*place).copied().unwrap_or_default() + meaning
    };
    let shortlist = shortlist(index, &request, live, score);
    let mut contenders: Vec<Contender<'_>> = shortlist
        .iter()
        .filter_map(|place| {
            let entry = index.entry(*place)?.as_ref();
            let (lexical, score) = (by_words.get(*place).copied().unwrap_or_default(), score(place));
            Some(Contender { place: *place, entry, score, lexical, cosine: 0.0, nearest: None, same: None })
        })
        .collect();
    for contender in &mut contenders {
        look_closer(contender, &folded, dense.as_ref().filter(|_| by_meaning), &request);
    }
    add_nearest(&mut contenders);
    contenders
        .sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.entry.profile.name.cmp(&b.entry.profile.name)));
    let mut ranking = ranking(&contenders, &lexical, &parts, (by_meaning && dense.is_some(), index.len()), k);
    if let (Some(dense), Some(space), true) = (&dense, &index.space, by_meaning) {
        let first = contenders.iter().take(TOGETHER);
        let centres: Vec<_> = first.filter_map(|one| Some(one.entry.vectors.as_ref()?.away(space))).collect();
        ranking.together = Some(together::gain(&dense.whitened, &space.all_whitened(&centres)));
    }
    ranking
}

/// The sum of both kinds' standard scores, made one again, for each place.
fn by_words(lexical: &Scores, n_skills: usize) -> Vec<f32> {
    let mut sum: Vec<f32> = zeros(lexical.of_kind.first().map_or(0, Vec::len));
    for (scores, best) in lexical.of_kind.iter().zip(lexical.best_possible) {
        // Places without a skill have no score, and add nothing to the sums.
        let standard = Standard::of(scores, n_skills, USUAL_LEXICAL * best);
        for (sum, score) in sum.iter_mut().zip(scores) {
            *sum += standard.at(*score) / KINDS as f32;
        }
    }
    sum
}

/// Makes scores standard ones: less the mean of `usual`, in their standard deviations.
struct Standard {
    mean: f32,
    /// One over the standard deviation.
    scale: f32,
}

impl Standard {
    /// Of `n` scores, those of zero may be left out. `deviation` is what they have in large indexes.
    fn of(usual: &[f32], n: usize, deviation: f32) -> Standard {
        // Eight sums at once, which the compiler makes vectors of.
        let (eights, rest) = usual.as_chunks::<8>();
        let (mut sums, mut squares) = ([0.0_f64; 8], [0.0_f64; 8]);
        for scores in eights.iter().map(|eight| &eight[..]).chain([rest]) {
            for ((sum, square), score) in sums.iter_mut().zip(&mut squares).zip(scores) {
                *sum += f64::from(*score);
                *square += f64::from(*score) * f64::from(*score);
            }
        }
        let (sum, squares) = (sums.iter().sum::<f64>(), squares.iter().sum::<f64>());
        let n = n as f64;
        let mean = sum / n.max(1.0);
        let about = (squares - sum * mean).max(0.0);
        let deviation = ((about + f64::from(USUAL * deviation * deviation)) / (n + f64::from(USUAL))).sqrt().max(1e-6);
        Standard { mean: mean as f32, scale: (1.0 / deviation) as f32 }
    }

    fn at(&self, score: f32) -> f32 {
        (score - self.mean) * self.scale
    }
}

fn dense(
    index: &Index,
    vector: &[f32],
    live: &[usize],
    (centre, description): (f32, f32),
    by_words: &[f32],
) -> Option<Dense> {
    let (space, common) = (index.space.as_ref()?, index.usual.as_ref()?);
    if vector.len() != space.n_dimensions() || !vector.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut away = common.request(vector);
    away.iter_mut().zip(&space.requests).for_each(|(value, mean)| *value -= mean);
    let whitened = space.whitened(&away);
    let direction = space.direction(&whitened);
    let (near, sample) = near(index, live, &Sides::of(&direction), by_words);
    let mut with: Vec<usize> = near.into_iter().chain(sample.iter().copied()).collect();
    with.sort_unstable();
    with.dedup();
    // Skills without vectors stay at the mean: nothing speaks for or against them.
    let has_vectors = |place: &usize| {
        let part = index.parts.get(place / PART_SLOTS);
        part.and_then(|part| part.centres.get(place % PART_SLOTS)).is_some_and(|centre| centre.at.step > 0.0)
    };
    with.retain(has_vectors);
    let at = |place: &usize| with.binary_search(place).ok();
    let usual: Vec<usize> =
        if sample.is_empty() { (0..with.len()).collect() } else { sample.iter().filter_map(at).collect() };
    let (towards, probe) = (Probe::new(&direction), Probe::new(&away));
    let (of_requests, of_descriptions) = (dot(&direction, &space.requests), dot(&direction, &space.descriptions));
    let (length, of_all) = (vector::length(&away).max(1e-6), dot(&away, &space.descriptions));
    let products = pulp::Arch::new().dispatch(Products { index, places: &with, towards: &towards, away: &probe });
    let (mut fits, mut cosines) = (vec![0.0; with.len()], vec![0.0; with.len()]);
    for (((place, products), fit), cosine) in with.iter().zip(products).zip(&mut fits).zip(&mut cosines) {
        let (Some(part), slot) = (index.parts.get(place / PART_SLOTS), place % PART_SLOTS) else { continue };
        let (Some(centre), Some(description)) = (part.centres.get(slot), part.descriptions.get(slot)) else { continue };
        let common = (1.0 - centre.described) * of_requests + centre.described * of_descriptions;
        *fit = products.0 * centre.at.step - common - centre.at.distance * centre.at.distance / 2.0;
        *cosine = (products.1 * description.step - of_all) / (length * description.distance.max(1e-6));
    }
    let standard = |scores: &[f32], deviation: f32| {
        let usual: Vec<f32> = usual.iter().filter_map(|at| scores.get(*at).copied()).collect();
        Standard::of(&usual, usual.len(), deviation)
    };
    let (fit, like) = (standard(&fits, USUAL_FIT), standard(&cosines, USUAL_COSINE));
    let mut scores = zeros(by_words.len());
    for ((place, of_centre), cosine) in with.iter().zip(fits).zip(cosines) {
        if let Some(score) = scores.get_mut(*place) {
            *score = centre * fit.at(of_centre) + description * like.at(cosine);
        }
    }
    Some(Dense { probe: Probe::new(vector), whitened, scores })
}

/// The products of one probe with the centre of each of `places`, and of another with its description. No closure, as
/// one that is not inlined is not built for what the processor can do.
struct Products<'a> {
    index: &'a Index,
    places: &'a [usize],
    towards: &'a Probe,
    away: &'a Probe,
}

impl pulp::WithSimd for Products<'_> {
    type Output = Vec<(f32, f32)>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<(f32, f32)> {
        let mut products = Vec::with_capacity(self.places.len());
        for place in self.places {
            let codes = self.index.parts.get(place / PART_SLOTS).and_then(|part| part.codes_at(place % PART_SLOTS));
            products.push(match codes {
                Some((centre, description)) => (self.towards.dot(centre), self.away.dot(description)),
                None => (0.0, 0.0),
            });
        }
        products
    }
}

/// The places that are compared in full: all of them, or where these are too many, those whose centres lie on the same
/// side of the mean in most dimensions, and those with words in common. Then a sample comes with them.
fn near(index: &Index, live: &[usize], sides: &Sides, by_words: &[f32]) -> (Vec<usize>, Vec<usize>) {
    if live.len() <= COMPARED_ALL {
        return (live.to_vec(), Vec::new());
    }
    let mut near = nearest(live, &pulp::Arch::new().dispatch(Apart { index, sides }));
    near.extend(live.iter().filter(|place| by_words.get(**place).is_some_and(|score| *score > WORDS_NEAR)));
    near.truncate(2 * COMPARED_NEAR);
    near.sort_unstable();
    near.dedup();
    let runs = live.chunks(live.len() * COMPARED_RUN / COMPARED_USUAL);
    (near, runs.flat_map(|run| run.iter().take(COMPARED_RUN)).copied().collect())
}

/// In how many dimensions each place lies on the other side than `sides`: no closure, as [`Products`].
struct Apart<'a> {
    index: &'a Index,
    sides: &'a Sides,
}

impl pulp::WithSimd for Apart<'_> {
    type Output = Vec<u16>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<u16> {
        let mut apart = zeros(self.index.parts.len() * PART_SLOTS);
        for (part, apart) in self.index.parts.iter().zip(apart.chunks_mut(PART_SLOTS)) {
            for (apart, sides) in apart.iter_mut().zip(&part.sides) {
                *apart = sides.apart(self.sides) as u16;
            }
        }
        apart
    }
}

/// The [`COMPARED_NEAR`] of `live` that are the fewest dimensions apart; of those that are equally far, the first.
fn nearest(live: &[usize], apart: &[u16]) -> Vec<usize> {
    // Distances are small numbers: counting them takes less than sorting.
    let mut n_at: Vec<usize> = vec![0; Sides::DIMENSIONS + 1];
    let distance = |place: &usize| apart.get(*place).map(|apart| usize::from(*apart));
    for distance in live.iter().filter_map(distance) {
        if let Some(n) = n_at.get_mut(distance) {
            *n += 1;
        }
    }
    let (mut n_nearer, mut farthest) = (0, 0);
    for n in n_at {
        if n_nearer + n > COMPARED_NEAR {
            break;
        }
        n_nearer += n;
        farthest += 1;
    }
    let mut n_left = COMPARED_NEAR - n_nearer;
    let is_near = |place: &&usize| {
        distance(place).is_some_and(|apart| {
            apart < farthest || apart == farthest && n_left.checked_sub(1).map(|left| n_left = left).is_some()
        })
    };
    live.iter().filter(is_near).copied().collect()
}

/// The places of the best skills that the request may go to, and of whatever was learned.
fn shortlist(index: &Index, request: &Request<'_>, live: &[usize], score: impl Fn(&usize) -> f32) -> Vec<usize> {
    let may = |place: usize| {
        request.among.is_none_or(|among| index.entry(place).is_some_and(|entry| among(&entry.profile.name)))
    };
    let above = |least: f32| -> Vec<(f32, usize)> {
        let scored = live.iter().map(|place| (score(place), *place)).filter(|(score, _)| *score > least);
        scored.filter(|(_, place)| may(*place)).collect()
    };
    // Few are above the mean by as much, and all of the best are, where these are enough.
    let mut places = above(WELL_ABOVE);
    if places.len() < SHORTLIST {
        places = above(f32::NEG_INFINITY);
    }
    if places.len() > SHORTLIST {
        places.select_nth_unstable_by(SHORTLIST, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        places.truncate(SHORTLIST);
    }
    let mut places: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
    for learned in request.learned.iter().take(LEARNED_MAX) {
        let place = index.places.get(&learned.skill).filter(|place| !places.contains(place));
        if let Some(place) = place.filter(|_| request.among.is_none_or(|among| among(&learned.skill))) {
            places.push(*place);
        }
    }
    places
}

/// Compares the request with every example of one skill, and with what was learned of it.
fn look_closer<'a>(contender: &mut Contender<'a>, folded: &str, dense: Option<&Dense>, request: &Request<'_>) {
    let entry = contender.entry;
    let texts = entry.profile.examples.iter().map(|example| example.text.as_str());
    if let (Some(dense), Some(vectors)) = (dense, &entry.vectors) {
        let (mut products, mut sum) = (Vec::with_capacity(vectors.examples.len()), 0.0);
        pulp::Arch::new().dispatch(|| {
            for example in &vectors.examples {
                products.push(example.dot(&dense.probe));
            }
            sum = products.iter().sum::<f32>() + vectors.description.dot(&dense.probe);
        });
        contender.cosine = sum / (products.len() + 1) as f32 / vectors.length.max(1e-6);
        contender.nearest = products.into_iter().zip(texts).max_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    if !folded.is_empty() && entry.folded.iter().any(|example| example == folded) {
        contender.same = Some("the request is one of its examples");
        contender.score += SAME;
    }
    let mine = request.learned.iter().take(LEARNED_MAX).filter(|learned| *learned.skill == *entry.profile.name);
    let alike = mine.map(|learned| likeness(learned, folded, request.vector)).fold(0.0, f32::max);
    if alike > 0.0 {
        contender.same = contender.same.or(Some("a request like this one was sent to it before"));
        contender.score += SAME * alike;
    }
}

/// Adds how near the nearest example is, against those of the other contenders.
fn add_nearest(contenders: &mut [Contender<'_>]) {
    let known = || contenders.iter().filter_map(|contender| contender.nearest).map(|(cosine, _)| cosine);
    let mean = known().sum::<f32>() / known().count().max(1) as f32;
    for contender in contenders {
        let near = contender.nearest.map_or(0.0, |(cosine, _)| cosine - mean);
        contender.score += NEAREST * (near / NEAREST_SPREAD).clamp(-4.0, 4.0);
    }
}

/// How alike a request is to a learned one, 0 to 1: by their vectors, or else by the words they share.
fn likeness(learned: &Learned, folded: &str, vector: Option<&[f32]>) -> f32 {
    let learned_folded = words::folded(&shape::of(&learned.text));
    if learned_folded == folded {
        return 1.0;
    }
    if let (Some(a), Some(b)) = (&learned.vector, vector)
        && a.len() == b.len()
    {
        let cosine: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        return ((cosine - 0.92) / 0.06).clamp(0.0, 1.0);
    }
    let (a, b): (Vec<&str>, Vec<&str>) = (learned_folded.split(' ').collect(), folded.split(' ').collect());
    let n_shared = a.iter().filter(|word| b.contains(word)).count() as f32;
    let share = n_shared / (a.len() + b.len()).max(1) as f32 * 2.0;
    ((share - 0.6) / 0.4).clamp(0.0, 1.0)
}

fn ranking(
    contenders: &[Contender<'_>],
    lexical: &Scores,
    parts: &[lexical::Part<'_>],
    (has_vectors, n_skills): (bool, usize),
    k: usize,
) -> Ranking {
    let Some(best) = contenders.first() else { return Ranking::default() };
    let sharpness = if has_vectors { SHARPNESS } else { SHARPNESS_LEXICAL };
    let belief = |contender: &Contender<'_>| (sharpness * (contender.score - best.score)).exp();
    let total: f32 = contenders.iter().map(belief).sum();
    let share = |contender: &Contender<'_>| belief(contender) / total.max(1e-6);
    // Whatever the others get: how surely it is the first of the two.
    let margin = contenders.get(1).map(&belief).map_or(1.0, |second| (1.0 - second) / (1.0 + second));
    let candidates = contenders
        .iter()
        .take(k.min(CANDIDATES_MAX))
        .map(|contender| Candidate {
            skill: contender.entry.profile.name.clone(),
            score: share(contender),
            reasons: reasons(contender, lexical, parts),
        })
        .collect();
    let fit =
        contenders.iter().take(5).map(|contender| fit(contender, lexical, has_vectors, n_skills)).fold(0.0, f32::max);
    Ranking { candidates, margin, fit, together: None }
}

/// How well a skill fits at all, 0 to 1.
fn fit(contender: &Contender<'_>, lexical: &Scores, has_vectors: bool, n_skills: usize) -> f32 {
    if contender.same.is_some() {
        return 1.0;
    }
    let of_kind = |kind: usize| {
        let score = lexical.of_kind.get(kind).and_then(|scores| scores.get(contender.place)).copied();
        score.unwrap_or_default()
    };
    let best = |kind: usize| lexical.best_possible.get(kind).copied().unwrap_or_default().max(1e-6);
    let covered = (of_kind(0) / best(0) + of_kind(1) / best(1)).min(2.0) / 2.0;
    // In units of the rarest possible word.
    let rarest = (1.0 + n_skills as f32).ln();
    let evidence = ((of_kind(0) + of_kind(1) / RUNS_A_WORD) / rarest / 2.0).min(EVIDENCE_MAX);
    let z = if has_vectors {
        let nearest = contender.nearest.map_or(contender.cosine, |(cosine, _)| cosine);
        let cosine = 0.7 * contender.cosine + 0.3 * nearest;
        let n_examples = contender.entry.profile.examples.len() as f32;
        let even = FIT_COSINE_EVEN + FIT_COSINE_TAUGHT * n_examples / (n_examples + 2.0);
        FIT_COSINE * (cosine - even) + FIT_EVIDENCE * (evidence - FIT_EVIDENCE_EVEN)
    } else {
        FIT_COVERED * (covered - FIT_COVERED_EVEN) + FIT_EVIDENCE * (evidence - FIT_EVIDENCE_EVEN)
    };
    1.0 / (1.0 + (-z).exp())
}

/// How the cosine, the words in common and the share they are of all count towards the fit, and where each says nothing.
const FIT_COSINE: f32 = 45.0;
const FIT_COSINE_EVEN: f32 = 0.87;
/// Centres of many examples are nearer to everything.
const FIT_COSINE_TAUGHT: f32 = 0.09;
const FIT_EVIDENCE: f32 = 2.0;
const FIT_EVIDENCE_EVEN: f32 = 0.7;
const FIT_COVERED: f32 = 6.0;
const FIT_COVERED_EVEN: f32 = 0.3;
/// Runs of characters of a word of usual length.
const RUNS_A_WORD: f32 = 6.0;
/// More words in common than this add nothing.
const EVIDENCE_MAX: f32 = 3.0;

fn reasons(contender: &Contender<'_>, lexical: &Scores, parts: &[lexical::Part<'_>]) -> Vec<String> {
    let mut reasons: Vec<String> = contender.same.map(str::to_owned).into_iter().collect();
    let part = parts.get(contender.place / PART_SLOTS);
    let slot = (contender.place % PART_SLOTS) as u16;
    let mut shared = part.map_or(Vec::new(), |part| lexical::shared(part, slot, &lexical.words));
    shared.sort_by_key(|word| Reverse(word.chars().count()));
    shared.truncate(6);
    if !shared.is_empty() && contender.lexical > 0.0 {
        reasons.push(format!("words: {}", shared.join(", ")));
    }
    if let Some((cosine, text)) = contender.nearest {
        let shown = text.get(..text.floor_char_boundary(80)).unwrap_or_default();
        reasons.push(format!("example \"{shown}\" ({cosine:.2})"));
    }
    if contender.cosine > 0.0 {
        reasons.push(format!("meaning {:.2}", contender.cosine));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::routing::{Change, ExampleText, Profile};

    #[test]
    fn of_many_skills_vectors_find_the_right_one_among_those_that_are_compared() {
        // Words of letters, which have no ending that is cut.
        let word =
            |of: usize| -> String { (0..5).map(|n| ["ba", "do", "fi", "gu"][of / 4_usize.pow(n) % 4]).collect() };
        let examples = |of: usize| ["tell me of", "what is there of"].map(|begins| format!("{begins} {}", word(of)));
        let put = |of: usize| {
            let example = |text: String| ExampleText { language: "en".into(), text, input: None };
            Change::Put(std::sync::Arc::new(Profile {
                name: format!("skill-{of}").as_str().into(),
                description: "Tells of something".into(),
                input_schema: std::sync::Arc::new(json!({})),
                output_schema: None,
                examples: examples(of % 1_024).into_iter().map(example).collect(),
                read_only: true,
            }))
        };
        // Four of each word.
        let changes: Vec<Change> = (0..COMPARED_ALL).chain([5_000]).map(put).collect();
        let index = Index::empty().with(&changes, None);
        let live = index.live.as_slice();
        let by_words = zeros(live.len());
        for of in (0..1_024).step_by(170) {
            let vector = Hashed.query(&examples(of)[0]).expect("words have a vector");
            let dense = dense(&index, &vector, live, (1.0, 0.0), &by_words).expect("the space is known");
            let n_compared = dense.scores.iter().filter(|score| **score != 0.0).count();
            assert!((COMPARED_USUAL..live.len() / 2).contains(&n_compared), "{n_compared} of {}", live.len());
            let best = (0..live.len()).max_by(|a, b| dense.scores[*a].total_cmp(&dense.scores[*b]));
            assert_eq!(best.map(|place| place % 1_024), Some(of));
        }
    }

    #[test]
    fn the_nearest_places_are_those_that_sorting_gives() {
        let apart: Vec<u16> = (0..2_000).map(|place| 100 + place * 31 % 61).collect();
        let live: Vec<usize> = (0..2_000).filter(|place| place % 3 > 0).collect();
        let mut sorted = live.clone();
        sorted.sort_by_key(|place| apart[*place]);
        let mut wanted: Vec<usize> = sorted.into_iter().take(COMPARED_NEAR).collect();
        wanted.sort_unstable();
        assert_eq!(nearest(&live, &apart), wanted);
        assert_eq!(nearest(&live[..10], &apart).len(), 10);
    }
}
