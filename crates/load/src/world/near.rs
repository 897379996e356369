//! Friendships within a town: every pair takes one random number.

use std::ops::Range;

use super::WorldSpec;
use super::chance::{mix, unit};
use super::degrees::{self, CIRCLE, DISTRICT, Level, TOWN};
use super::layout::Layout;

const COINS: u64 = 0x5EED_0002;
/// Upper bound of the odds: even two people with very large wishes may not know each other.
const ODDS_MAX: f32 = 0.95;

/// Reports every friendship of a town once, the smaller number first, in no particular order.
pub(super) fn pairs(spec: &WorldSpec, layout: Layout, town: u32, mut tell: impl FnMut(u32, u32)) {
    let people = layout.town(town);
    let wishes: Vec<f32> = (people.clone())
        .map(|person| degrees::wish(spec, person))
        .collect();
    let at = |person: u32| (person - people.start) as usize;
    let inside = |part: Range<u32>| at(part.start)..at(part.end);
    let odds = Odds {
        town: pulls(&wishes, TOWN, std::iter::once(0..wishes.len())),
        district: pulls(&wishes, DISTRICT, layout.districts(town).map(inside)),
        circle: pulls(&wishes, CIRCLE, layout.circles(town).map(inside)),
    };
    let mut districts = layout.districts(town).map(inside).peekable();
    let mut circles = layout.circles(town).map(inside).peekable();
    for one in 0..wishes.len() {
        while districts.next_if(|part| part.end <= one).is_some() {}
        while circles.next_if(|part| part.end <= one).is_some() {}
        let circle = circles.peek().map_or(one, |part| part.end);
        let district = districts.peek().map_or(one, |part| part.end);
        let person = people.start + u32::try_from(one).unwrap_or(u32::MAX);
        let coins = mix(mix(spec.seed, COINS), u64::from(person));
        let mut toss = |others: Range<usize>, odds_of: &dyn Fn(usize) -> f32| {
            for (other, friend) in others.clone().zip(person + 1 + step(one, others.start)..) {
                if coin(coins, friend) < odds_of(other).min(ODDS_MAX) {
                    tell(person, friend);
                }
            }
        };
        toss(one + 1..circle, &|other| odds.circle(one, other));
        toss(circle.max(one + 1)..district, &|other| {
            odds.district(one, other)
        });
        toss(district.max(one + 1)..wishes.len(), &|other| {
            odds.town(one, other)
        });
    }
}

/// The distance of `other` from the position after `one`.
fn step(one: usize, other: usize) -> u32 {
    u32::try_from(other - one - 1).unwrap_or(u32::MAX)
}

/// The random number of a pair. It is one multiplication, because there are two thousand pairs for each person.
fn coin(coins: u64, friend: u32) -> f32 {
    let mut tossed = coins.wrapping_add(u64::from(friend).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    tossed = (tossed ^ (tossed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    unit(tossed ^ (tossed >> 32))
}

/// The weights of people on each level. The odds of a pair are the product of two weights.
struct Odds {
    town: Vec<f32>,
    district: Vec<f32>,
    circle: Vec<f32>,
}

impl Odds {
    fn town(&self, one: usize, other: usize) -> f32 {
        self.town[one] * self.town[other]
    }

    fn district(&self, one: usize, other: usize) -> f32 {
        self.town(one, other) + self.district[one] * self.district[other]
    }

    fn circle(&self, one: usize, other: usize) -> f32 {
        self.district(one, other) + self.circle[one] * self.circle[other]
    }
}

/// A wish divided by the root of the sum of all wishes in the same part, so that the product of two is the odds of
/// Chung and Lu.
fn pulls(wishes: &[f32], level: Level, parts: impl Iterator<Item = Range<usize>>) -> Vec<f32> {
    let mut pulls = Vec::with_capacity(wishes.len());
    for part in parts {
        let people = part.len();
        let wishes = wishes[part].iter().map(|wish| level.part(*wish, people));
        let root = wishes.clone().sum::<f32>().max(f32::MIN_POSITIVE).sqrt();
        pulls.extend(wishes.map(|wish| wish / root));
    }
    pulls
}
