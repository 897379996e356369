//! Edge lists: friendships and follows, one pair `u v` per line.

use crate::Target;
use foldhash::HashSet;
use sosik_feed::PersonId;

use super::Import;
use super::input::Input;
use super::registry::NUMBER_MAX;
use super::summary::Pairs;

/// Pairs per transaction. Each waits for the disk once. Larger steps would gain little time, and a kill would lose more
/// work.
const STEP: usize = 10_000;
/// Maximum number of pairs remembered to distinguish repeats within the file from pairs stored earlier: 70 MiB. Further
/// repeats are counted as stored earlier.
const REMEMBERED_MAX: usize = 3_500_000;

/// The kind of relation in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The order of the two numbers does not matter.
    Friendships,
    /// The first follows the second.
    Follows,
}

impl Import {
    /// Imports an edge list.
    ///
    /// # Errors
    /// When the file cannot be read, the store fails, or a strict import meets a line that it cannot use.
    pub async fn pairs(&mut self, kind: Kind, mut input: Input) -> anyhow::Result<Pairs> {
        let mut pairs = Pairs::default();
        let mut remembered = HashSet::default();
        loop {
            let lines = input.lines(STEP, pair)?;
            if lines.is_empty() {
                break;
            }
            let mut step = Vec::with_capacity(lines.len());
            for line in lines {
                match line.says {
                    Ok((one, other)) if one == other => pairs.self_loops += 1,
                    Ok(pair) if repeats(kind, pair, &mut remembered) => pairs.repeated += 1,
                    Ok(pair) => step.push(pair),
                    Err(why) => self
                        .faults
                        .tell(&input.bar, &input.name, line.number, &why)?,
                }
            }
            self.people
                .resolve(step.iter().flat_map(|(one, other)| [*one, *other]))
                .await?;
            let known = |(one, other): &(u64, u64)| {
                Some((self.people.person(*one)?, self.people.person(*other)?))
            };
            let people: Vec<_> = step.iter().filter_map(known).collect();
            pairs.refused += (step.len() - people.len()) as u64;
            keep(&self.target, kind, people, &mut pairs).await?;
        }
        input.bar.finish_and_clear();
        Ok(pairs)
    }
}

async fn keep(
    target: &Target,
    kind: Kind,
    people: Vec<(PersonId, PersonId)>,
    pairs: &mut Pairs,
) -> anyhow::Result<()> {
    let (store, now) = (&target.operations, target.service.clock().now());
    let asked = people.len() as u64;
    let new = match kind {
        Kind::Friendships => store.befriend_many(people.clone(), now).await?,
        Kind::Follows => store.follow_many(people.clone(), now).await?,
    };
    pairs.new += new;
    if new < asked {
        let holds = match kind {
            Kind::Friendships => store.friends_among(people).await?,
            Kind::Follows => store.follows_among(people).await?,
        };
        pairs.there += holds.saturating_sub(new);
        pairs.refused += asked.saturating_sub(holds);
    }
    Ok(())
}

fn repeats(kind: Kind, (one, other): (u64, u64), remembered: &mut HashSet<(u64, u64)>) -> bool {
    let pair = match kind {
        Kind::Friendships => (one.min(other), one.max(other)),
        Kind::Follows => (one, other),
    };
    if remembered.len() < REMEMBERED_MAX {
        !remembered.insert(pair)
    } else {
        remembered.contains(&pair)
    }
}

/// Parses a line of an edge list.
///
/// # Errors
/// The reason why the line is not a pair.
pub fn pair(line: &str) -> Result<(u64, u64), String> {
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(one), Some(other), None) => Ok((number(one)?, number(other)?)),
        _ => Err("expected two numbers separated by white space".to_owned()),
    }
}

fn number(word: &str) -> Result<u64, String> {
    let number = word.parse().ok().filter(|number| *number <= NUMBER_MAX);
    number.ok_or_else(|| format!("a person is a number from 0 to {NUMBER_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_two_numbers_with_any_white_space_between_them() {
        for line in ["1 2", "1\t2", "1   2"] {
            assert_eq!(pair(line), Ok((1, 2)), "{line:?}");
        }
        for line in [
            "1",
            "1 2 3",
            "1,2",
            "a b",
            "-1 2",
            "1 100000000000000",
            "1 1.5",
        ] {
            assert!(pair(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_friendship_is_the_same_both_ways_and_a_follow_is_not() {
        let mut seen = HashSet::default();
        assert!(!repeats(Kind::Friendships, (1, 2), &mut seen));
        assert!(repeats(Kind::Friendships, (2, 1), &mut seen));
        let mut seen = HashSet::default();
        assert!(!repeats(Kind::Follows, (1, 2), &mut seen));
        assert!(!repeats(Kind::Follows, (2, 1), &mut seen));
        assert!(repeats(Kind::Follows, (1, 2), &mut seen));
    }
}
