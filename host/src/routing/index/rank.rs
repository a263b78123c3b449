//! Ranks the skills of an index for one request: words and vectors, each as standard scores, added up.

use std::cmp::Reverse;

use super::lexical::{self, KINDS, Scores};
use super::vector::{Probe, Sides};
use super::{Entry, Index, PART_SLOTS, words};
use crate::routing::{CANDIDATES_MAX, Candidate, LEARNED_MAX, Learned, REQUEST_BYTES_MAX, Ranking};

/// Skills whose descriptions are compared with the request where there are too many to compare them all, and how many
/// stand for the rest.
const COMPARED: usize = 256;
const COMPARED_ALL: usize = 2_048;
/// Of more skills, how many are compared for the direction of their vectors, and for words in common at most.
const COMPARED_NEAR: usize = 512;
/// Standard scores by words from which on a skill is compared with the request whatever its vector.
const WORDS_NEAR: f32 = 3.0;
/// Skills that the examples of are looked at one by one.
const SHORTLIST: usize = 48;
/// Standard deviations of scores as they are in large indexes, and for how many skills these stand: with few skills
/// their own deviation says little.
const USUAL: f32 = 12.0;
const USUAL_COSINE: f32 = 0.22;
const USUAL_FIT: f32 = 30.0;
const USUAL_PASSAGE: f32 = 0.025;
/// The share of the best possible score by which the scores by words of most skills differ.
const USUAL_LEXICAL: f32 = 0.08;

/// What words count beside vectors: more where skills have few examples.
const LEXICAL_BARE: f32 = 0.75;
const LEXICAL_TAUGHT: f32 = 0.28;
/// Examples of a skill, on the average, at which a skill counts as taught.
const TAUGHT: f32 = 4.0;
/// What the centre of a skill's requests counts, and what its description does, bare and taught.
const CENTRE_BARE: f32 = 0.35;
const CENTRE_TAUGHT: f32 = 1.0;
const PASSAGE_BARE: f32 = 0.9;
const PASSAGE_TAUGHT: f32 = 0.2;
/// What the nearest example counts.
const NEAREST: f32 = 0.3;
/// Cosines between requests differ by about this much.
const NEAREST_SPREAD: f32 = 0.035;
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
    nearest: Option<(f32, &'a str)>,
    same: Option<&'static str>,
}

/// Scores by vectors, for each place.
struct Dense {
    probe: Probe,
    /// Standard scores.
    scores: Vec<f32>,
    /// Plain cosines with the centres.
    cosines: Vec<f32>,
}

/// The `k` skills that fit best.
pub fn rank(index: &Index, request: &Request<'_>, k: usize) -> Ranking {
    let text = request.text.get(..request.text.floor_char_boundary(REQUEST_BYTES_MAX)).unwrap_or_default();
    let request = Request { text, ..*request };
    let parts: Vec<lexical::Part<'_>> =
        index.parts.iter().map(|part| lexical::Part { postings: &part.postings, lengths: &part.lengths }).collect();
    let lexical = lexical::score(text, &parts, PART_SLOTS, &index.totals);
    let live = index.live();
    let by_words = by_words(&lexical, &live);
    let taught = (index.totals.n_examples as f32 / (index.len().max(1) as f32 * TAUGHT)).min(1.0);
    let dense = request.vector.and_then(|vector| dense(index, vector, &live, taught, &by_words));
    let weight = if dense.is_some() { LEXICAL_BARE + (LEXICAL_TAUGHT - LEXICAL_BARE) * taught } else { 1.0 };
    let folded = words::folded(text);
    let score = |place: &usize| {
        let meaning = dense.as_ref().and_then(|dense| dense.scores.get(*place)).copied().unwrap_or_default();
        weight * by_words.get(*place).copied().unwrap_or_default() + meaning
    };
    let shortlist = shortlist(index, &request, &live, score);
    let mut contenders: Vec<Contender<'_>> = shortlist
        .iter()
        .filter_map(|place| {
            let entry = index.entry(*place)?.as_ref();
            let at = |scores: &Vec<f32>| scores.get(*place).copied().unwrap_or_default();
            let cosine = dense.as_ref().map_or(0.0, |dense| at(&dense.cosines));
            let (lexical, score) = (at(&by_words), score(place));
            Some(Contender { place: *place, entry, score, lexical, cosine, nearest: None, same: None })
        })
        .collect();
    for contender in &mut contenders {
        look_closer(contender, &folded, dense.as_ref(), &request);
    }
    contenders
        .sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.entry.profile.name.cmp(&b.entry.profile.name)));
    ranking(&contenders, &lexical, &parts, (dense.is_some(), index.len()), k)
}

/// The sum of both kinds' standard scores, made one again; 0 where there is no skill.
fn by_words(lexical: &Scores, live: &[usize]) -> Vec<f32> {
    let mut sum: Vec<f32> = vec![0.0; lexical.of_kind.first().map_or(0, Vec::len)];
    for (scores, best) in lexical.of_kind.iter().zip(lexical.best_possible) {
        let standard = Standard::of(scores, live, USUAL_LEXICAL * best);
        for place in live {
            if let (Some(sum), Some(score)) = (sum.get_mut(*place), scores.get(*place)) {
                *sum += standard.at(*score) / KINDS as f32;
            }
        }
    }
    sum
}

/// Makes scores standard ones: less the mean of the `usual` places, in their standard deviations. `deviation` is what
/// these are in large indexes.
fn standardise(scores: &mut [f32], usual: &[usize], deviation: f32) {
    let standard = Standard::of(scores, usual, deviation);
    for score in scores {
        *score = standard.at(*score);
    }
}

/// What makes scores standard ones.
struct Standard {
    mean: f64,
    deviation: f64,
}

impl Standard {
    fn of(scores: &[f32], usual: &[usize], deviation: f32) -> Standard {
        let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
        for score in usual.iter().filter_map(|place| scores.get(*place)) {
            sum += f64::from(*score);
            squares += f64::from(*score) * f64::from(*score);
        }
        let n = usual.len() as f64;
        let mean = sum / n.max(1.0);
        let about = (squares - sum * mean).max(0.0);
        let deviation = ((about + f64::from(USUAL * deviation * deviation)) / (n + f64::from(USUAL))).sqrt().max(1e-6);
        Standard { mean, deviation }
    }

    fn at(&self, score: f32) -> f32 {
        ((f64::from(score) - self.mean) / self.deviation) as f32
    }
}

fn dense(index: &Index, vector: &[f32], live: &[usize], taught: f32, by_words: &[f32]) -> Option<Dense> {
    let space = index.space.as_ref()?;
    if vector.len() != space.n_dimensions() || !vector.iter().all(|value| value.is_finite()) {
        return None;
    }
    let whitened = space.whitened(&space.centred(vector.iter().copied()));
    let length = whitened.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-6);
    let direction = space.direction(&whitened);
    let offset: f32 = direction.iter().zip(space.mean()).map(|(a, b)| a * b).sum();
    let towards = Probe::new(&direction);
    let n = vector.len();
    let n_places = index.parts.len() * PART_SLOTS;
    let (mut angles, mut fits) = (vec![0.0; n_places], vec![0.0; n_places]);
    let mut with = Vec::with_capacity(live.len());
    let (near, usual) = near(index, live, &Sides::of(&direction), by_words);
    for place in near.iter().chain(&usual) {
        let (Some(part), slot) = (index.parts.get(place / PART_SLOTS), place % PART_SLOTS) else { continue };
        let (Some(codes), Some(centre)) = (part.codes.get(slot * n..(slot + 1) * n), part.centres.get(slot)) else {
            continue;
        };
        let (Some(angle), Some(fit)) = (angles.get_mut(*place), fits.get_mut(*place)) else { continue };
        // Skills without vectors stay at the mean: nothing speaks for or against them.
        if centre.length > 0.0 {
            let product = towards.dot(codes) * centre.step - offset;
            *angle = product / (length * centre.distance.max(1e-6));
            *fit = product - centre.distance * centre.distance / 2.0;
            with.push(*place);
        }
    }
    with.sort_unstable();
    with.dedup();
    let sample = if usual.is_empty() { &with } else { &usual };
    standardise(&mut angles, sample, USUAL_COSINE);
    standardise(&mut fits, sample, USUAL_FIT);
    let centre = CENTRE_BARE + (CENTRE_TAUGHT - CENTRE_BARE) * taught;
    let mut scores = vec![0.0; n_places];
    for place in &with {
        if let (Some(score), Some(angle), Some(fit)) = (scores.get_mut(*place), angles.get(*place), fits.get(*place)) {
            *score = centre * (angle + fit) / 2.0;
        }
    }
    let mut dense = Dense { probe: Probe::new(vector), scores: Vec::new(), cosines: vec![0.0; n_places] };
    let passage = PASSAGE_BARE + (PASSAGE_TAUGHT - PASSAGE_BARE) * taught;
    add_passages(index, &mut dense, &mut scores, by_words, (&with, &usual), passage);
    dense.scores = scores;
    Some(dense)
}

/// The places that are compared in full: all of them, or where these are too many, those whose centres lie on the same
/// side of the mean in most dimensions, and those with words in common. Then a sample comes with them.
fn near(index: &Index, live: &[usize], sides: &Sides, by_words: &[f32]) -> (Vec<usize>, Vec<usize>) {
    if live.len() <= COMPARED_ALL {
        return (live.to_vec(), Vec::new());
    }
    let apart = |place: &usize| {
        let part = index.parts.get(place / PART_SLOTS)?;
        Some((part.sides.get(place % PART_SLOTS)?.apart(sides), u32::try_from(*place).ok()?))
    };
    let mut by_sides: Vec<(u32, u32)> = live.iter().filter_map(apart).collect();
    by_sides.select_nth_unstable(COMPARED_NEAR);
    let mut near: Vec<usize> = by_sides.into_iter().take(COMPARED_NEAR).map(|(_, place)| place as usize).collect();
    near.extend(live.iter().filter(|place| by_words.get(**place).is_some_and(|score| *score > WORDS_NEAR)));
    near.truncate(2 * COMPARED_NEAR);
    near.sort_unstable();
    near.dedup();
    (near, live.iter().step_by(live.len() / COMPARED).copied().collect())
}

/// Adds how near the descriptions are, and notes the cosines: of all skills, or of the best ones so far where these are
/// too many. Then a sample says how near descriptions usually are, and the others count as usual.
fn add_passages(
    index: &Index,
    dense: &mut Dense,
    scores: &mut [f32],
    by_words: &[f32],
    (with, sample): (&[usize], &[usize]),
    weight: f32,
) {
    let mut compared = with.to_vec();
    let usual = if sample.is_empty() { with } else { sample };
    if !sample.is_empty() && with.len() > COMPARED {
        let so_far = |place: &usize| {
            let at = |scores: &[f32]| scores.get(*place).copied().unwrap_or_default();
            at(scores) + at(by_words)
        };
        let mut ordered: Vec<(f32, usize)> = with.iter().map(|place| (so_far(place), *place)).collect();
        ordered.select_nth_unstable_by(COMPARED, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        compared = ordered.iter().take(COMPARED).map(|(_, place)| *place).collect();
    }
    let mut passages = vec![0.0; scores.len()];
    for place in compared.iter().chain(usual) {
        let (Some(part), slot) = (index.parts.get(place / PART_SLOTS), place % PART_SLOTS) else { continue };
        let n = part.codes.len() / PART_SLOTS;
        let range = slot * n..(slot + 1) * n;
        let (Some(codes), Some(step), Some(centre)) =
            (part.passage_codes.get(range.clone()), part.passage_steps.get(slot), part.centres.get(slot))
        else {
            continue;
        };
        if let (Some(passage), Some(cosine), Some(centre_codes)) =
            (passages.get_mut(*place), dense.cosines.get_mut(*place), part.codes.get(range))
        {
            *passage = dense.probe.dot(codes) * step;
            *cosine = dense.probe.dot(centre_codes) * centre.step / centre.length.max(1e-6);
        }
    }
    standardise(&mut passages, usual, USUAL_PASSAGE);
    for place in &compared {
        if let (Some(score), Some(passage)) = (scores.get_mut(*place), passages.get(*place)) {
            *score += weight * passage;
        }
    }
}

/// The places of the best skills that the request may go to, and of whatever was learned.
fn shortlist(index: &Index, request: &Request<'_>, live: &[usize], score: impl Fn(&usize) -> f32) -> Vec<usize> {
    let mut places: Vec<(f32, usize)> = match request.among {
        None => live.iter().map(|place| (score(place), *place)).collect(),
        Some(among) => {
            let may = |place: &&usize| index.entry(**place).is_some_and(|entry| among(&entry.profile.name));
            live.iter().filter(may).map(|place| (score(place), *place)).collect()
        }
    };
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
        let cosines = vectors.examples.iter().map(|example| example.dot(&dense.probe) / example.length().max(1e-6));
        contender.nearest = cosines.zip(texts).max_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some((cosine, _)) = contender.nearest {
            contender.score += NEAREST * ((cosine - contender.cosine) / NEAREST_SPREAD).clamp(-3.0, 3.0);
        }
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

/// How alike a request is to a learned one, 0 to 1: by their vectors, or else by the words they share.
fn likeness(learned: &Learned, folded: &str, vector: Option<&[f32]>) -> f32 {
    let learned_folded = words::folded(&learned.text);
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
    let margin = share(best) - contenders.get(1).map_or(0.0, share);
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
    Ranking { candidates, margin, fit }
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
