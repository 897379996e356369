//! Measures a graph of friendships: how many friends people have, and how many of these know each other.

use super::chance::{below, mix};

/// Most pairs of friends that are checked for each person. The error of a mean over a thousand people is below one
/// percent.
const PAIRS_PER_PERSON: u64 = 64;
/// Most people whose clustering is measured.
const SAMPLE_MAX: usize = 20_000;

/// The result.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// People with at least one friend.
    pub people: u64,
    /// Friendships.
    pub friendships: u64,
    /// Mean number of friends.
    pub mean: f64,
    /// Median number of friends.
    pub median: u32,
    /// 99th percentile of the number of friends.
    pub percentile_99: u32,
    /// Largest number of friends.
    pub max: u32,
    /// The chance that two friends of a person are friends, averaged over people with two friends or more.
    pub clustering: f64,
    /// The same for a random graph with the same number of people and friendships: friends over people.
    pub clustering_by_chance: f64,
    /// `(friends, part of the people who have at least this many)`, ascending, one entry for each number that occurs.
    pub distribution: Vec<(u32, f64)>,
}

/// Measures a graph from the friends of everybody: `friends[i]`, ascending and symmetric. People without a friend are
/// left out, because edge lists do not contain them. Clustering is estimated from a sample of pairs, which is the same
/// for the same graph.
pub fn measure(friends: &[&[u32]]) -> Measured {
    let mut degrees: Vec<u32> = (friends.iter())
        .filter_map(|friends| u32::try_from(friends.len()).ok())
        .filter(|degree| *degree > 0)
        .collect();
    degrees.sort_unstable();
    let people = degrees.len().max(1);
    let all: u64 = degrees.iter().map(|degree| u64::from(*degree)).sum();
    let quantile = |percent: usize| degrees.get(people * percent / 100).copied().unwrap_or(0);
    let mean = all as f64 / people as f64;
    Measured {
        people: degrees.len() as u64,
        friendships: all / 2,
        mean,
        median: quantile(50),
        percentile_99: quantile(99),
        max: degrees.last().copied().unwrap_or(0),
        clustering: clustering(friends),
        clustering_by_chance: mean / people as f64,
        distribution: distribution(&degrees),
    }
}

fn distribution(degrees: &[u32]) -> Vec<(u32, f64)> {
    let mut points: Vec<(u32, f64)> = Vec::new();
    for (below, degree) in degrees.iter().enumerate() {
        if points.last().is_none_or(|(last, _)| last != degree) {
            let at_least = (degrees.len() - below) as f64 / degrees.len() as f64;
            points.push((*degree, at_least));
        }
    }
    points
}

fn clustering(friends: &[&[u32]]) -> f64 {
    let every = friends.len().div_ceil(SAMPLE_MAX).max(1);
    let sampled = (0_u64..).zip(friends).step_by(every);
    let sampled = sampled.filter(|(_, friends)| friends.len() >= 2);
    let (mut sum, mut people) = (0.0, 0_u64);
    for (person, own) in sampled {
        sum += share_who_know(friends, own, person);
        people += 1;
    }
    sum / people.max(1) as f64
}

/// The part of the pairs among these friends who are friends: of all pairs if there are few, otherwise of a sample.
fn share_who_know(friends: &[&[u32]], own: &[u32], seed: u64) -> f64 {
    let knows = |one: u32, other: u32| friends[one as usize].binary_search(&other).is_ok();
    let pairs = own.len() * (own.len() - 1) / 2;
    if pairs as u64 <= PAIRS_PER_PERSON {
        let pairs_of = |(at, one): (usize, &u32)| {
            own[at + 1..]
                .iter()
                .filter(|other| knows(*one, **other))
                .count()
        };
        let known: usize = own.iter().enumerate().map(pairs_of).sum();
        return known as f64 / pairs as f64;
    }
    let length = u32::try_from(own.len()).unwrap_or(u32::MAX);
    let known = (0..PAIRS_PER_PERSON).filter(|draw| {
        let chance = mix(seed, *draw);
        let one = below(chance, length);
        // A different person: at least one step forward, and not all the way round.
        let other = (one + 1 + below(chance << 32, length - 1)) % length;
        knows(own[one as usize], own[other as usize])
    });
    known.count() as f64 / PAIRS_PER_PERSON as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_with_a_tail_is_measured_exactly() {
        let friends: [&[u32]; 5] = [&[1, 2], &[0, 2], &[0, 1, 3], &[2], &[]];
        let found = measure(&friends);
        assert_eq!((found.people, found.friendships), (4, 4));
        assert_eq!((found.mean, found.median, found.max), (2.0, 2, 3));
        assert!((found.clustering - (1.0 + 1.0 + 1.0 / 3.0) / 3.0).abs() < 1e-9);
        assert_eq!(found.distribution, [(1, 1.0), (2, 0.75), (3, 0.25)]);
    }

    #[test]
    fn everybody_knowing_everybody_is_found_by_the_sample_too() {
        let all: Vec<Vec<u32>> = (0..40)
            .map(|one| (0..40).filter(|other| *other != one).collect())
            .collect();
        let friends: Vec<&[u32]> = all.iter().map(Vec::as_slice).collect();
        assert!((measure(&friends).clustering - 1.0).abs() < 1e-9);
    }
}
