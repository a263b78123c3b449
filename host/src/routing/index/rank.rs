//! Ranks the skills of an index for one request: words and vectors, each as standard scores, added up.

use std::cmp::Reverse;

use super::lexical::{self, KINDS, Scores};
use super::vector::Probe;
use super::{Entry, Index, PART_SLOTS, words};
use crate::routing::{CANDIDATES_MAX, Candidate, LEARNED_MAX, Learned, REQUEST_BYTES_MAX, Ranking};

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
const PASSAGE_TAUGHT: f32 = 0.3;
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
    let live: Vec<usize> = (0..index.parts.len() * PART_SLOTS).filter(|place| index.entry(*place).is_some()).collect();
    let by_words = by_words(&lexical, &live);
    let taught = (index.n_examples as f32 / (index.len().max(1) as f32 * TAUGHT)).min(1.0);
    let dense = request.vector.and_then(|vector| dense(index, vector, &live, taught));
    let weight = if dense.is_some() { LEXICAL_BARE + (LEXICAL_TAUGHT - LEXICAL_BARE) * taught } else { 1.0 };
    let folded = words::folded(text);
    let mut contenders: Vec<Contender<'_>> = live
        .iter()
        .filter_map(|place| {
            let entry = index.entry(*place)?.as_ref();
            let at = |scores: &Vec<f32>| scores.get(*place).copied().unwrap_or_default();
            let (meaning, cosine) = dense.as_ref().map_or((0.0, 0.0), |dense| (at(&dense.scores), at(&dense.cosines)));
            let lexical = at(&by_words);
            let score = weight * lexical + meaning;
            Some(Contender { place: *place, entry, score, lexical, cosine, nearest: None, same: None })
        })
        .filter(|contender| request.among.is_none_or(|among| among(&contender.entry.profile.name)))
        .collect();
    shorten(&mut contenders, &request);
    for contender in &mut contenders {
        look_closer(contender, &folded, dense.as_ref(), &request);
    }
    contenders
        .sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.entry.profile.name.cmp(&b.entry.profile.name)));
    ranking(&contenders, &lexical, &parts, dense.is_some(), k)
}

/// The sum of both kinds' standard scores, made one again.
fn by_words(lexical: &Scores, live: &[usize]) -> Vec<f32> {
    let mut sum: Vec<f32> = vec![0.0; lexical.of_kind.first().map_or(0, Vec::len)];
    for (scores, best) in lexical.of_kind.iter().zip(lexical.best_possible) {
        let standard = standardised(scores, live, USUAL_LEXICAL * best);
        sum.iter_mut().zip(standard).for_each(|(sum, score)| *sum += score / KINDS as f32);
    }
    sum
}

/// Scores less their mean, in standard deviations; `usual` is what these are in large indexes.
fn standardised(scores: &[f32], live: &[usize], usual: f32) -> Vec<f32> {
    let values = || live.iter().filter_map(|place| scores.get(*place));
    let n = live.len() as f32;
    let mean = values().sum::<f32>() / n.max(1.0);
    let squares: f32 = values().map(|score| (score - mean) * (score - mean)).sum();
    let deviation = ((squares + USUAL * usual * usual) / (n + USUAL)).sqrt().max(1e-6);
    scores.iter().map(|score| (score - mean) / deviation).collect()
}

fn dense(index: &Index, vector: &[f32], live: &[usize], taught: f32) -> Option<Dense> {
    let space = index.space.as_ref()?;
    if vector.len() != space.n_dimensions() || !vector.iter().all(|value| value.is_finite()) {
        return None;
    }
    let whitened = space.whitened(&space.centred(vector.iter().copied()));
    let length = whitened.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-6);
    let direction = space.direction(&whitened);
    let offset: f32 = direction.iter().zip(space.mean()).map(|(a, b)| a * b).sum();
    let (towards, plain) = (Probe::new(&direction), Probe::new(vector));
    let n = vector.len();
    let n_places = index.parts.len() * PART_SLOTS;
    let (mut cosines, mut angles, mut fits) = (vec![0.0; n_places], vec![0.0; n_places], vec![0.0; n_places]);
    let mut passages = vec![0.0; n_places];
    for place in live {
        let Some(part) = index.parts.get(place / PART_SLOTS) else { continue };
        let slot = place % PART_SLOTS;
        let (Some(codes), Some(centre)) = (part.codes.get(slot * n..(slot + 1) * n), part.centres.get(slot)) else {
            continue;
        };
        if centre.length <= 0.0 {
            continue;
        }
        let passage = part.passage_codes.get(slot * n..(slot + 1) * n).map(|codes| plain.dot(codes));
        let step = part.passage_steps.get(slot).copied().unwrap_or_default();
        if let (Some(slot), Some(passage)) = (passages.get_mut(*place), passage) {
            *slot = passage * step;
        }
        let product = towards.dot(codes) * centre.step - offset;
        if let (Some(angle), Some(fit), Some(cosine)) =
            (angles.get_mut(*place), fits.get_mut(*place), cosines.get_mut(*place))
        {
            *angle = product / (length * centre.distance.max(1e-6));
            *fit = product - centre.distance * centre.distance / 2.0;
            *cosine = plain.dot(codes) * centre.step / centre.length;
        }
    }
    // Skills without vectors stand at the mean: neither for nor against them.
    let with: Vec<usize> =
        live.iter().copied().filter(|place| cosines.get(*place).is_some_and(|c| *c != 0.0)).collect();
    let angles = standardised(&angles, &with, USUAL_COSINE);
    let fits = standardised(&fits, &with, USUAL_FIT);
    let passages = standardised(&passages, &with, USUAL_PASSAGE);
    let centre = CENTRE_BARE + (CENTRE_TAUGHT - CENTRE_BARE) * taught;
    let passage = PASSAGE_BARE + (PASSAGE_TAUGHT - PASSAGE_BARE) * taught;
    let centres = angles.iter().zip(&fits).map(|(angle, fit)| centre * (angle + fit) / 2.0);
    let mut scores: Vec<f32> = centres.zip(&passages).map(|(centre, score)| centre + passage * score).collect();
    for (score, cosine) in scores.iter_mut().zip(&cosines) {
        if *cosine == 0.0 {
            *score = 0.0;
        }
    }
    Some(Dense { probe: plain, scores, cosines })
}

/// Keeps the best, and whatever was learned, for a closer look.
fn shorten(contenders: &mut Vec<Contender<'_>>, request: &Request<'_>) {
    if contenders.len() <= SHORTLIST {
        return;
    }
    contenders.select_nth_unstable_by(SHORTLIST, |a, b| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place)));
    let rest = contenders.split_off(SHORTLIST);
    if !request.learned.is_empty() {
        let learned = |name: &str| request.learned.iter().take(LEARNED_MAX).any(|learned| *learned.skill == *name);
        contenders.extend(rest.into_iter().filter(|contender| learned(&contender.entry.profile.name)));
    }
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
    has_vectors: bool,
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
    let fit = contenders.iter().take(5).map(|contender| fit(contender, lexical, has_vectors)).fold(0.0, f32::max);
    Ranking { candidates, margin, fit }
}

/// How well a skill fits at all, 0 to 1.
fn fit(contender: &Contender<'_>, lexical: &Scores, has_vectors: bool) -> f32 {
    if contender.same.is_some() {
        return 1.0;
    }
    let covered = |kind: usize| {
        let score = lexical.of_kind.get(kind).and_then(|scores| scores.get(contender.place)).copied();
        let best = lexical.best_possible.get(kind).copied().unwrap_or_default();
        if best > 0.0 { (score.unwrap_or_default() / best).min(1.0) } else { 0.0 }
    };
    let covered = (covered(0) + covered(1)) / 2.0;
    let z = if has_vectors {
        let nearest = contender.nearest.map_or(contender.cosine, |(cosine, _)| cosine);
        let cosine = 0.7 * contender.cosine + 0.3 * nearest;
        FIT_COSINE * (cosine - FIT_COSINE_EVEN) + FIT_COVERED * (covered - FIT_COVERED_EVEN)
    } else {
        FIT_LEXICAL * (covered - FIT_LEXICAL_EVEN)
    };
    1.0 / (1.0 + (-z).exp())
}

/// How the cosine and the share of the words that are found count towards the fit, and where each says nothing.
const FIT_COSINE: f32 = 45.0;
const FIT_COSINE_EVEN: f32 = 0.87;
const FIT_COVERED: f32 = 5.0;
const FIT_COVERED_EVEN: f32 = 0.25;
const FIT_LEXICAL: f32 = 9.0;
const FIT_LEXICAL_EVEN: f32 = 0.3;

fn reasons(contender: &Contender<'_>, lexical: &Scores, parts: &[lexical::Part<'_>]) -> Vec<String> {
    let mut reasons: Vec<String> = contender.same.map(str::to_owned).into_iter().collect();
    let part = parts.get(contender.place / PART_SLOTS);
    let slot = (contender.place % PART_SLOTS).min(255) as u8;
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
