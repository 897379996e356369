//! Generates the follows: people follow some celebrities and a few people who often write public stories.

use super::dice::Dice;
use super::people::{HOSTS, Resident, number_of};

/// Half of the town follows at most this many people other than celebrities, in thousandths.
const FOLLOWED_MEDIAN: u32 = 1_200;
const FOLLOWED_SPREAD: u32 = 20;

/// Pairs of follower and followed, sorted and without duplicates.
pub(super) fn follow(
    residents: &[Resident],
    friends: &[Vec<u32>],
    dice: &mut Dice,
) -> Vec<(u32, u32)> {
    let mut follows = Vec::new();
    let writers = Writers::of(residents);
    for (follower, resident) in (0..).zip(residents) {
        if resident.voice.is_some() {
            continue;
        }
        let mut followed = celebrities_of(follower, resident, residents, dice);
        let wish = dice.long_tail(FOLLOWED_MEDIAN, FOLLOWED_SPREAD);
        let wanted = dice.about(u64::from(wish));
        followed.extend((0..wanted).filter_map(|_| writers.any(dice)));
        followed.sort_unstable();
        followed.dedup();
        followed.retain(|other| {
            *other != follower && friends[follower as usize].binary_search(other).is_err()
        });
        follows.extend(followed.into_iter().map(|other| (follower, other)));
    }
    follows
}

/// People prefer celebrities who write in their language. Hosts follow all celebrities, so that their feeds are full.
fn celebrities_of(
    follower: u32,
    resident: &Resident,
    residents: &[Resident],
    dice: &mut Dice,
) -> Vec<u32> {
    let voices = (0..)
        .zip(residents)
        .filter_map(|(number, other)| Some((number, other.language, other.voice?)));
    voices
        .filter(|(_, language, voice)| {
            let share = voice.followers_percent
                * if *language == resident.language {
                    12
                } else {
                    7
                }
                / 10;
            share > 0 && (follower < HOSTS || dice.percent(share))
        })
        .map(|(number, ..)| number)
        .collect()
}

/// Authors of public stories, drawn in proportion to how much they write.
struct Writers {
    numbers: Vec<u32>,
    sums: Vec<u32>,
}

impl Writers {
    fn of(residents: &[Resident]) -> Self {
        let mut writers = Self {
            numbers: Vec::new(),
            sums: Vec::new(),
        };
        let mut sum = 0;
        for (place, resident) in residents.iter().enumerate() {
            let public_stories = resident.stories * resident.public_percent / 100;
            if resident.voice.is_none() && public_stories > 0 {
                sum += public_stories;
                writers.numbers.push(number_of(place));
                writers.sums.push(sum);
            }
        }
        writers
    }

    fn any(&self, dice: &mut Dice) -> Option<u32> {
        let drawn = dice.below(*self.sums.last()?);
        Some(self.numbers[self.sums.partition_point(|&sum| sum <= drawn)])
    }
}

#[cfg(test)]
mod tests {
    use super::super::friendships::befriend;
    use super::super::people::{MAYOR_NUMBER, generate_residents};
    use super::*;

    #[test]
    fn follows_are_no_friendships_no_repetitions_and_not_of_oneself() {
        for people in [10, 300] {
            let residents = generate_residents(people, &mut Dice::new(31, 1));
            let friends = befriend(&residents, &mut Dice::new(31, 2));
            let follows = follow(&residents, &friends, &mut Dice::new(31, 3));
            assert!(follows.is_sorted() && follows.windows(2).all(|pair| pair[0] != pair[1]));
            for (follower, followed) in follows {
                assert_ne!(follower, followed);
                assert!(!friends[follower as usize].contains(&followed));
            }
        }
    }

    #[test]
    fn the_celebrities_have_hundreds_of_followers_and_the_hosts_follow_them() {
        let residents = generate_residents(2_000, &mut Dice::new(32, 1));
        let friends = befriend(&residents, &mut Dice::new(32, 2));
        let follows = follow(&residents, &friends, &mut Dice::new(32, 3));
        for (place, celebrity) in (MAYOR_NUMBER + 1..=MAYOR_NUMBER + 8).enumerate() {
            let followers = follows
                .iter()
                .filter(|(_, followed)| *followed == celebrity)
                .count();
            let least = if place == 0 { 800 } else { 150 };
            assert!(followers > least, "{followers} follow {celebrity}");
        }
        let of_mina = follows
            .iter()
            .filter(|(follower, _)| *follower == 0)
            .count();
        assert!(of_mina >= 6, "mina follows {of_mina}");
    }
}
