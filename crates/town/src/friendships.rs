//! Who knows whom.
//!
//! People meet in small groups that overlap: at home, at school, at work, in a club, on their street. Then friends of
//! friends become friends. The groups and the closing of triangles give the dense neighbourhoods of real friendships;
//! wishes for company that differ widely from person to person give the long tail. Models that yield only one of the
//! two (random graphs, pure preferential attachment) were refused, since both decide how a feed behaves: dense
//! neighbourhoods make the same people comment, the tail makes large authors.

use sosik_feed::limits::FRIENDS_MAX;
use sosik_feed::people::Language;

use super::dice::Dice;
use super::people::{HOSTS, MAYOR_NUMBER, Resident, celebrities, number_of};

/// How many friends of friends are looked at for each friend still wished for.
const INTRODUCTIONS_PER_WISH: u32 = 6;
/// Out of 100 pairs in a group, how many get on.
const SCHOOL_PERCENT: u32 = 80;
const WORK_PERCENT: u32 = 75;
const CLUB_PERCENT: u32 = 80;
const STREET_PERCENT: u32 = 60;
/// Every so many people there is a club.
const PEOPLE_PER_CLUB: usize = 8;
/// Households on one street.
const STREET_HOUSEHOLDS: u32 = 5;

/// For everybody the numbers of their friends, in order.
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
        // In a hamlet not everybody is everybody's friend either.
        let most = residents.len() * 3 / 5;
        Self {
            friends: vec![Vec::new(); residents.len()],
            wished: residents
                .iter()
                .map(|resident| (resident.friends_wished as usize).min(most))
                .collect(),
        }
    }

    /// The mayor knows nearly everybody, as far as one person can.
    fn elect_the_mayor(&mut self, dice: &mut Dice) {
        let mut others: Vec<u32> = (0..number_of(self.friends.len()))
            .filter(|&other| other != MAYOR_NUMBER)
            .collect();
        // The hosts and the celebrities stand first and surely know the mayor; the rest as it comes.
        let sure = HOSTS as usize + celebrities(self.friends.len());
        dice.shuffle(&mut others[sure..]);
        for other in others {
            self.connect(MAYOR_NUMBER, other);
        }
    }

    /// In every group, pairs get on in so many of 100 cases, less often when one of them has friends enough.
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

    /// Whoever wishes for more friends gets to know friends of friends.
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

    /// Makes two people friends, unless they are one person, are friends already, or one of them is at the limit.
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

/// Everybody but the mayor and the celebrities.
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

/// Those who were at school in the same years and, mostly, in the same language.
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

/// Offices, shops and boats, most of them of one language; every sixth person works among strangers.
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

/// Clubs draw those who like company: whoever wishes for many friends joins several.
fn clubs(residents: &[Resident], dice: &mut Dice) -> Vec<Vec<u32>> {
    let people = ordinary(residents);
    let mut clubs: Vec<Vec<u32>> = vec![Vec::new(); residents.len() / PEOPLE_PER_CLUB + 1];
    for person in people {
        let wished = residents[person as usize].friends_wished;
        let joined = dice.about(u64::from(wished.min(300)) * 1_000 / 40);
        let home = language_rank(residents[person as usize].language) as usize;
        for _ in 0..joined {
            // Two thirds of the clubs one joins are those of one's language: every third club in turn.
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

/// People in groups of equal key, in the order of the keys; within a group the order stays.
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

/// A long list in pieces of `low` to `high`; the last may be shorter.
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

    /// The average over all people of: which share of the pairs among my friends are friends.
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
