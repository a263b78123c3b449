//! Which parameter gets which of the values offered: the best together, no part of the text twice.

use std::ops::Range;

use super::offers::Offer;

/// Rounds of exchanging values between two parameters.
const ROUNDS_MAX: usize = 8;

/// What it is worth that values stand in the order of their parameters.
const ORDER: f32 = 0.18;

/// For each parameter the place of the offer it gets, in its own list.
///
/// `groups` says which parameters are of one kind; of these the earlier one rather gets the earlier value.
pub fn best(offers: &[Vec<Offer>], groups: &[usize], floor: f32) -> Vec<Option<usize>> {
    let mut chosen: Vec<Option<usize>> = vec![None; offers.len()];
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (parameter, own) in offers.iter().enumerate() {
        order.extend((0..own.len()).map(|at| (parameter, at)));
    }
    let score = |(parameter, at): (usize, usize)| {
        offers.get(parameter).and_then(|own| own.get(at)).map_or(f32::MIN, |offer| offer.score)
    };
    let start = |(parameter, at): (usize, usize)| {
        offers.get(parameter).and_then(|own| own.get(at)).map_or(usize::MAX, |offer| offer.tokens.start)
    };
    order.sort_by(|left, right| {
        score(*right).total_cmp(&score(*left)).then(left.0.cmp(&right.0)).then(start(*left).cmp(&start(*right)))
    });
    for (parameter, at) in order {
        let Some(offer) = offers.get(parameter).and_then(|own| own.get(at)) else { continue };
        if offer.score < floor || chosen.get(parameter).copied().flatten().is_some() {
            continue;
        }
        if !collides(offers, &chosen, offer, &[]) {
            set(&mut chosen, parameter, Some(at));
        }
    }
    for _ in 0..ROUNDS_MAX {
        if !exchange(offers, groups, &mut chosen, floor) {
            break;
        }
    }
    chosen
}

fn set(chosen: &mut [Option<usize>], parameter: usize, at: Option<usize>) {
    if let Some(place) = chosen.get_mut(parameter) {
        *place = at;
    }
}

fn offer_of<'a>(offers: &'a [Vec<Offer>], chosen: &[Option<usize>], parameter: usize) -> Option<&'a Offer> {
    let at = chosen.get(parameter).copied().flatten()?;
    offers.get(parameter)?.get(at)
}

/// Whether `offer` uses text that a chosen offer of another parameter uses, those of `without` left out.
fn collides(offers: &[Vec<Offer>], chosen: &[Option<usize>], offer: &Offer, without: &[usize]) -> bool {
    (0..offers.len())
        .filter(|other| !without.contains(other))
        .any(|other| offer_of(offers, chosen, other).is_some_and(|known| overlap(known, offer)))
}

/// Whether two offers want the same text for themselves.
pub fn overlap(left: &Offer, right: &Offer) -> bool {
    !left.shares && !right.shares && crosses(&left.tokens, &right.tokens)
}

fn crosses(left: &Range<usize>, right: &Range<usize>) -> bool {
    left.start < right.end && right.start < left.end
}

/// Makes the first change of two parameters' values that is better together; whether there was one.
fn exchange(offers: &[Vec<Offer>], groups: &[usize], chosen: &mut [Option<usize>], floor: f32) -> bool {
    for left in 0..offers.len() {
        for right in 0..offers.len() {
            if left >= right {
                continue;
            }
            let kin = groups.get(left) == groups.get(right);
            let now = worth(offer_of(offers, chosen, left), offer_of(offers, chosen, right), kin);
            let Some((one, other, sum)) = best_pair(offers, chosen, (left, right), kin, floor) else { continue };
            if sum > now + 1e-4 {
                set(chosen, left, one);
                set(chosen, right, other);
                return true;
            }
        }
    }
    false
}

/// What two parameters' values are worth together.
fn worth(left: Option<&Offer>, right: Option<&Offer>, kin: bool) -> f32 {
    let ordered = kin && matches!((left, right), (Some(left), Some(right)) if left.tokens.start < right.tokens.start);
    left.map_or(0.0, |offer| offer.score) + right.map_or(0.0, |offer| offer.score) + if ordered { ORDER } else { 0.0 }
}

type Pair = (Option<usize>, Option<usize>, f32);

/// The best offers for two parameters, the others staying as they are.
fn best_pair(
    offers: &[Vec<Offer>],
    chosen: &[Option<usize>],
    (left, right): (usize, usize),
    kin: bool,
    floor: f32,
) -> Option<Pair> {
    let free = |parameter: usize| -> Vec<(usize, &Offer)> {
        let own = offers.get(parameter).map(Vec::as_slice).unwrap_or_default();
        let good = own.iter().enumerate().filter(|(_, offer)| offer.score >= floor);
        good.filter(|(_, offer)| !collides(offers, chosen, offer, &[left, right])).take(8).collect()
    };
    let (lefts, rights) = (free(left), free(right));
    let mut best: Option<Pair> = None;
    let mut consider = |one: Option<(usize, &Offer)>, other: Option<(usize, &Offer)>| {
        if let (Some((_, one)), Some((_, other))) = (one, other)
            && overlap(one, other)
        {
            return;
        }
        let sum = worth(one.map(|(_, offer)| offer), other.map(|(_, offer)| offer), kin);
        if best.is_none_or(|(_, _, known)| sum > known) {
            best = Some((one.map(|(at, _)| at), other.map(|(at, _)| at), sum));
        }
    };
    for one in &lefts {
        for other in &rights {
            consider(Some(*one), Some(*other));
        }
        consider(Some(*one), None);
    }
    for other in &rights {
        consider(None, Some(*other));
    }
    best
}
