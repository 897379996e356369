//! Generates the friendships.
//!
//! People meet in small overlapping groups: home, school, work, clubs, and their street. Then friends of friends become
//! friends. The groups and the closing of triangles produce the dense neighbourhoods of real friendship graphs. The
//! number of friends that people wish for varies widely, which produces the long tail. Both affect how a feed behaves:
//! in dense neighbourhoods the same people comment, and the tail contains large authors. Models that produce only one
//! of them were refused (random graphs, pure preferential attachment).

use sosik_feed::limits::FRIENDS_MAX;
use sosik_feed::people::Language;

use super::dice::Dice;
use super::people::{HOSTS, MAYOR_NUMBER, Resident, celebrities, number_of};

/// Candidates drawn among friends of friends, for each friend that a person still wishes for.
const INTRODUCTIONS_PER_WISH: u32 = 6;
/// Percentage of the pairs in a group that become friends.
const SCHOOL_PERCENT: u32 = 80;
const WORK_PERCENT: u32 = 75;
const CLUB_PERCENT: u32 = 80;
const STREET_PERCENT: u32 = 60;
/// There is one club for this many people.
const PEOPLE_PER_CLUB: usize = 8;
/// Households per street.
const STREET_HOUSEHOLDS: u32 = 5;

/// Returns the friends of each person, sorted.
pub(super) fn befriend(residents: &[Resident], dice: &mut Dice) -> Vec<Vec<u32>> {
    let mut town = Acquaintances::new(residents);
    town.elect_the_mayor(dice);
    town.gather(households(residents), 100, dice);
    town.gather(classes(residents, dice), SCHOOL_PERCENT, dice);
    town.gather(workplaces(residents, dice), WORK_PERCENT, dice);
    town.gather(clubs(residents, dice), CLUB_PERCENT, dice);
    town.gather(streets(residents), STREET_PERCENT, dice);
    town.introduce(dice);
    town.friends
}

struct Acquaintances {
    friends: Vec<Vec<u32>>,
    wished: Vec<usize>,
}

impl Acquaintances {
    fn new(residents: &[Resident]) -> Self {
        // In a small town, too, people are not friends with everybody.
        let most = residents.len() * 3 / 5;
        Self {
            friends: vec![Vec::new(); residents.len()],
            wished: residents
                .iter()
                .map(|resident| (resident.friends_wished as usize).min(most))
                .collect(),
        }
    }

    /// The mayor is a friend of nearly everybody, up to the limit of friends.
    fn elect_the_mayor(&mut self, dice: &mut Dice) {
        let mut others: Vec<u32> = (0..number_of(self.friends.len()))
            .filter(|&other| other != MAYOR_NUMBER)
            .collect();
        // Hosts and celebrities come first, so they are always friends of the mayor. The others are drawn until the
        // limit is reached.
        let sure = HOSTS as usize + celebrities(self.friends.len());
        dice.shuffle(&mut others[sure..]);
        for other in others {
            self.connect(MAYOR_NUMBER, other);
        }
    }

    /// Makes `percent` of the pairs in each group friends. Fewer if one of the two has enough friends.
    fn gather(&mut self, groups: Vec<Vec<u32>>, percent: u32, dice: &mut Dice) {
        for group in groups {
            for (place, &one) in group.iter().enumerate() {
                for &other in &group[place + 1..] {
                    let share = if percent < 100 && (self.is_content(one) || self.is_content(other))
                    {
                        6
                    } else {
                        percent
                    };
                    if dice.percent(share) {
                        self.connect(one, other);
                    }
                }
            }
        }
    }

    /// People who wish for more friends meet friends of their friends.
    fn introduce(&mut self, dice: &mut Dice) {
        let mut order: Vec<u32> = (0..number_of(self.friends.len())).collect();
        dice.shuffle(&mut order);
        for person in order {
            let missing =
                self.wished[person as usize].saturating_sub(self.friends[person as usize].len());
            for _ in 0..number_of(missing) * INTRODUCTIONS_PER_WISH {
                if self.is_content(person) {
                    break;
                }
                let between = dice.pick(&self.friends[person as usize]);
                let stranger = dice.pick(&self.friends[between as usize]);
                if !self.is_content(stranger) || dice.percent(25) {
                    self.connect(person, stranger);
                }
            }
        }
    }

    fn is_content(&self, person: u32) -> bool {
        self.friends[person as usize].len() >= self.wished[person as usize]
    }

    /// Makes two people friends. Does nothing if they are the same person, already friends, or one of them is at the
    /// limit.
    fn connect(&mut self, one: u32, other: u32) {
        let full = |person: u32| self.friends[person as usize].len() >= FRIENDS_MAX as usize;
        if one == other || full(one) || full(other) {
            return;
        }
        for (person, friend) in [(one, other), (other, one)] {
            let friends = &mut self.friends[person as usize];
            if let Err(place) = friends.binary_search(&friend) {
                friends.insert(place, friend);
            }
        }
    }
}

/// All people except the mayor and the celebrities.
fn ordinary(residents: &[Resident]) -> Vec<u32> {
    let numbers = 0..number_of(residents.len());
    numbers
        .filter(|&number| residents[number as usize].voice.is_none())
        .collect()
}

fn households(residents: &[Resident]) -> Vec<Vec<u32>> {
    by_key(residents, ordinary(residents), |resident| {
        resident.household
    })
}

fn streets(residents: &[Resident]) -> Vec<Vec<u32>> {
    by_key(residents, ordinary(residents), |resident| {
        resident.household / STREET_HOUSEHOLDS
    })
}

/// People who went to school in the same years, mostly with the same language.
fn classes(residents: &[Resident], dice: &mut Dice) -> Vec<Vec<u32>> {
    let mut pupils = ordinary(residents);
    dice.shuffle(&mut pupils);
    by_key(residents, pupils, |resident| {
        (language_rank(resident.language), resident.age / 2)
    })
    .into_iter()
    .flat_map(|years| split(&years, 18, 30, dice))
    .collect()
}

/// Offices, shops and boats. Most have one language; every sixth person works in a mixed one.
fn workplaces(residents: &[Resident], dice: &mut Dice) -> Vec<Vec<u32>> {
    let mut workers: Vec<u32> = ordinary(residents);
    workers.retain(|&number| residents[number as usize].works());
    dice.shuffle(&mut workers);
    let among_strangers = workers.split_off(workers.len() - workers.len() / 6);
    let mut groups = by_key(residents, workers, |resident| {
        language_rank(resident.language)
    });
    groups.push(among_strangers);
    groups
        .into_iter()
        .flat_map(|group| split(&group, 5, 40, dice))
        .collect()
}

/// Clubs. People who wish for many friends join several.
fn clubs(residents: &[Resident], dice: &mut Dice) -> Vec<Vec<u32>> {
    let people = ordinary(residents);
    let mut clubs: Vec<Vec<u32>> = vec![Vec::new(); residents.len() / PEOPLE_PER_CLUB + 1];
    for person in people {
        let wished = residents[person as usize].friends_wished;
        let joined = dice.about(u64::from(wished.min(300)) * 1_000 / 40);
        let home = language_rank(residents[person as usize].language) as usize;
        for _ in 0..joined {
            // Two thirds of a person's clubs are those of their language. Every third club is.
            let any = dice.index(clubs.len());
            let club = if dice.percent(67) {
                any / 3 * 3 + home
            } else {
                any
            };
            if let Some(members) = clubs
                .get_mut(club)
                .filter(|members| !members.contains(&person))
            {
                members.push(person);
            }
        }
    }
    clubs
}

const fn language_rank(language: Language) -> u32 {
    match language {
        Language::Ko => 0,
        Language::En => 1,
        Language::Ja => 2,
    }
}

/// Groups people by key, in the order of the keys. Keeps the order within a group.
fn by_key<K: Ord>(
    residents: &[Resident],
    mut people: Vec<u32>,
    key: impl Fn(&Resident) -> K,
) -> Vec<Vec<u32>> {
    let key_of = |&number: &u32| key(&residents[number as usize]);
    people.sort_by_key(key_of);
    people
        .chunk_by(|one, other| key_of(one) == key_of(other))
        .map(<[u32]>::to_vec)
        .collect()
}

/// Splits a list into parts of `low` to `high` people. The last part may be shorter.
fn split(people: &[u32], low: u32, high: u32, dice: &mut Dice) -> Vec<Vec<u32>> {
    let mut rest = people;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, others) = rest.split_at(rest.len().min(dice.between(low, high) as usize));
        pieces.push(piece.to_vec());
        rest = others;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::people::generate_residents;
    use super::*;

    struct Measured {
        mean_thousandths: usize,
        most: usize,
        median: usize,
        clustering_percent: usize,
    }

    fn graph(people: usize, seed: u64) -> Vec<Vec<u32>> {
        let residents = generate_residents(people, &mut Dice::new(seed, 1));
        befriend(&residents, &mut Dice::new(seed, 2))
    }

    /// The mean over all people of the share of pairs among their friends who are friends.
    fn clustering_percent(friends: &[Vec<u32>]) -> usize {
        let local = friends.iter().map(|mine| {
            let pairs = mine.len() * mine.len().saturating_sub(1) / 2;
            let known = |&friend: &u32| {
                friends[friend as usize]
                    .iter()
                    .filter(|other| mine.binary_search(other).is_ok())
            };
            let closed: usize = mine
                .iter()
                .map(|friend| known(friend).count())
                .sum::<usize>()
                / 2;
            closed * 10_000 / pairs.max(1)
        });
        local.sum::<usize>() / friends.len() / 100
    }

    fn measure(friends: &[Vec<u32>]) -> Measured {
        let mut degrees: Vec<usize> = friends.iter().map(Vec::len).collect();
        degrees.sort_unstable();
        Measured {
            mean_thousandths: degrees.iter().sum::<usize>() * 1_000 / degrees.len(),
            most: degrees[degrees.len() - 1],
            median: degrees[degrees.len() / 2],
            clustering_percent: clustering_percent(friends),
        }
    }

    #[test]
    fn friendships_are_mutual_between_two_people_and_listed_once() {
        for people in [10, 60, 2_000] {
            let friends = graph(people, 21);
            for (person, mine) in (0..).zip(&friends) {
                assert!(
                    mine.windows(2).all(|pair| pair[0] < pair[1]),
                    "each friend once, in order"
                );
                assert!(!mine.contains(&person), "nobody is their own friend");
                assert!(
                    mine.iter()
                        .all(|&friend| friends[friend as usize].contains(&person)),
                    "mutual"
                );
                assert!(!mine.is_empty(), "nobody is alone");
            }
        }
    }

    #[test]
    fn a_town_of_two_thousand_is_knit_like_a_real_one() {
        for seed in [1, 2, 3] {
            let town = measure(&graph(2_000, seed));
            println!(
                "seed {seed}: mean {}/1000, median {}, most {}, clustering {} %",
                town.mean_thousandths, town.median, town.most, town.clustering_percent
            );
            assert!(
                (50_000..=70_000).contains(&town.mean_thousandths),
                "mean {}",
                town.mean_thousandths
            );
            assert!(
                town.clustering_percent > 20,
                "clustering {} %",
                town.clustering_percent
            );
            assert_eq!(town.most, 1_999, "the mayor knows everybody");
        }
    }

    #[test]
    fn the_number_of_friends_has_a_long_tail() {
        let mut degrees: Vec<usize> = graph(2_000, 4).iter().map(Vec::len).collect();
        degrees.sort_unstable();
        assert!(
            degrees[1_980] > 4 * degrees[1_000],
            "{} {}",
            degrees[1_980],
            degrees[1_000]
        );
        assert!(
            degrees[100] * 2 < degrees[1_000],
            "{} {}",
            degrees[100],
            degrees[1_000]
        );
    }

    #[test]
    fn nobody_exceeds_the_limit_of_friends_in_the_largest_town() {
        let town = measure(&graph(20_000, 5));
        assert_eq!(town.most, FRIENDS_MAX as usize);
        assert!(
            (45_000..=75_000).contains(&town.mean_thousandths),
            "mean {}",
            town.mean_thousandths
        );
    }
}
