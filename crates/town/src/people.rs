//! Generates the residents: the hosts, the mayor, the celebrities, and then household by household.
//!
//! Households come before people, because the members of a household share a family name and a language.
//! [`super::friendships`] builds on households, too.

use foldhash::HashSet;

use sosik_feed::people::{Bio, DisplayName, Handle, Language};

use super::calendar::{Moment, Sky};
use super::dice::Dice;
use super::names::{self, Name};
use super::texts::{self, Matter, Scene, Topic};
use super::voices::{CAST, Host, Voice};

pub(super) use super::voices::HOSTS;

/// Median number of stories per person in 1,000 days.
const STORIES_MEDIAN: u32 = 156;
/// Spread of the number of stories per person, in sixteenths of an octave: see [`Dice::long_tail`].
const STORIES_SPREAD: u32 = 24;
/// Maximum number of stories per person in 1,000 days.
const STORIES_MAX: u32 = 4_000;
/// Median number of friends that people wish for.
const FRIENDS_MEDIAN: u32 = 44;
const FRIENDS_SPREAD: u32 = 14;

/// Of 100 households.
const LANGUAGES: [(Language, u32); 3] =
    [(Language::Ko, 60), (Language::En, 22), (Language::Ja, 18)];
/// Weights of households with one, two, … people.
const HOUSEHOLD_SIZES: [u32; 6] = [26, 26, 20, 18, 8, 2];
const BIO_PERCENT: u32 = 45;

/// A person who lives in the town.
#[derive(Debug)]
pub struct Resident {
    /// Unique in the town. No other handle looks like it.
    pub handle: Handle,
    /// In the script of the person's language.
    pub display_name: DisplayName,
    /// The language they write in.
    pub language: Language,
    /// Some people have a bio.
    pub bio: Option<Bio>,
    /// 0 for the mayor and the celebrities, who share no household.
    pub(super) household: u32,
    pub(super) age: u32,
    /// Number of stories in 1,000 days.
    pub(super) stories: u32,
    /// Percentage of stories that are public.
    pub(super) public_percent: u32,
    /// Number of friends that the person wishes for.
    pub(super) friends_wished: u32,
    /// The person's favourite topics.
    pub(super) tastes: [Topic; 3],
    pub(super) voice: Option<&'static Voice>,
}

impl Resident {
    pub(super) const fn works(&self) -> bool {
        self.age >= 22 && self.age < 65
    }

    /// Draws the subject of the next story.
    pub(super) fn matter(&self, dice: &mut Dice) -> Matter {
        if let Some(voice) = self.voice {
            return Matter::Lines(*voice.lines);
        }
        let fits = |topic: Topic| match topic {
            Topic::Work => self.works(),
            Topic::Study => self.age < 30 || self.age.is_multiple_of(4),
            _ => true,
        };
        let own = dice.pick(&self.tastes);
        if dice.percent(50) && fits(own) {
            return Matter::Topic(own);
        }
        let weights = Topic::TALK.map(|(topic, weight)| if fits(topic) { weight } else { 0 });
        Matter::Topic(Topic::TALK[dice.weighted(&weights)].0)
    }
}

/// Index of the mayor, directly after the hosts.
pub(super) const MAYOR_NUMBER: u32 = HOSTS;

/// Number of celebrities in a town of this size. They come directly after the mayor.
pub(super) fn celebrities(people: usize) -> usize {
    (people / 12).clamp(1, CAST.celebrities.len())
}

/// Generates all residents.
pub(super) fn generate_residents(people: usize, dice: &mut Dice) -> Vec<Resident> {
    let mut register = Register {
        residents: Vec::with_capacity(people),
        skeletons: HashSet::default(),
    };
    for host in &CAST.hosts {
        register.add_host(host, dice);
    }
    for voice in std::iter::once(&CAST.mayor)
        .chain(&CAST.celebrities)
        .take(1 + celebrities(people))
    {
        register.add_voice(voice);
    }
    let mut household = 0;
    while register.residents.len() < people {
        household += 1;
        register.add_household(household, people, dice);
    }
    register.residents
}

/// The residents so far, and the skeletons of their handles.
struct Register {
    residents: Vec<Resident>,
    skeletons: HashSet<String>,
}

impl Register {
    fn add_host(&mut self, host: &'static Host, dice: &mut Dice) {
        let own = [
            Name {
                written: &host.family,
                latin: String::new(),
            },
            Name {
                written: &host.given,
                latin: String::new(),
            },
        ];
        let tastes = [Topic::Food, Topic::Culture, some_topic(dice)];
        let handle = self.fixed_handle(&host.handle);
        self.residents.push(Resident {
            handle,
            display_name: display_name(&names::full(host.language, &own[0], &own[1])),
            language: host.language,
            bio: Bio::parse(&host.bio).ok(),
            household: number_of(self.residents.len()) + 1,
            age: 27,
            stories: 600,
            public_percent: 30,
            friends_wished: 260,
            tastes,
            voice: None,
        });
    }

    fn add_voice(&mut self, voice: &'static Voice) {
        let handle = self.fixed_handle(&voice.handle);
        self.residents.push(Resident {
            handle,
            display_name: display_name(&voice.name),
            language: voice.language,
            bio: Bio::parse(&voice.bio).ok(),
            household: 0,
            age: 50,
            stories: voice.stories * 1_000 / 28,
            public_percent: 96,
            friends_wished: 10,
            tastes: [Topic::Market; 3],
            voice: Some(voice),
        });
    }

    /// The first households include the hosts and take their language and family name.
    fn add_household(&mut self, household: u32, people: usize, dice: &mut Dice) {
        let host = CAST.hosts.get(household as usize - 1);
        let language = match host {
            Some(host) => host.language,
            None => LANGUAGES[dice.weighted(&LANGUAGES.map(|(_, weight)| weight))].0,
        };
        let mut family = names::family(language, dice);
        if let Some(host) = host {
            while family.written != host.family {
                family = names::family(language, dice);
            }
        }
        let size = if host.is_some() {
            3
        } else {
            dice.weighted(&HOUSEHOLD_SIZES) + 1
        };
        for place in 0..size.min(people - self.residents.len()) {
            let age = age(place, size, dice);
            // In Korea couples keep their family names.
            let own =
                (language == Language::Ko && place == 1).then(|| names::family(language, dice));
            self.add_member(
                household,
                language,
                own.as_ref().unwrap_or(&family),
                age,
                dice,
            );
        }
    }

    fn add_member(
        &mut self,
        household: u32,
        language: Language,
        family: &Name,
        age: u32,
        dice: &mut Dice,
    ) {
        let given = names::given(language, dice);
        let number = number_of(self.residents.len());
        let mut resident = Resident {
            handle: self.free_handle(family, &given, dice),
            display_name: display_name(&names::full(language, family, &given)),
            language,
            bio: None,
            household,
            age,
            stories: dice
                .long_tail(STORIES_MEDIAN, STORIES_SPREAD)
                .min(STORIES_MAX),
            public_percent: dice.pick(&[0, 0, 0, 4, 8, 15, 30, 60]),
            friends_wished: dice.long_tail(FRIENDS_MEDIAN, FRIENDS_SPREAD).max(4),
            tastes: [some_topic(dice), some_topic(dice), some_topic(dice)],
            voice: None,
        };
        if dice.percent(BIO_PERCENT) {
            resident.bio = Bio::parse(&bio(number, &resident, dice)).ok();
        }
        self.residents.push(resident);
    }

    fn fixed_handle(&mut self, text: &str) -> Handle {
        let handle =
            Handle::parse(text).expect("the handles of hosts and voices are checked by a test");
        self.skeletons.insert(handle.skeleton());
        handle
    }

    fn free_handle(&mut self, family: &Name, given: &Name, dice: &mut Dice) -> Handle {
        (0..)
            .filter_map(|attempt| {
                Handle::parse(&names::handle_idea(family, given, attempt, dice)).ok()
            })
            .find(|handle| self.skeletons.insert(handle.skeleton()))
            .expect("later proposals have four digits, so one of them is free")
    }
}

/// Draws the age of a household member. Those who live alone or as a couple have any age. In larger households there
/// are two parents, and children whose age fits that of the second.
fn age(place: usize, size: usize, dice: &mut Dice) -> u32 {
    match (size, place) {
        (1, _) => dice.between(19, 84),
        (2, _) => dice.between(24, 80),
        (_, 0 | 1) => dice.between(36, 56),
        (5.., 2) => dice.between(66, 84),
        _ => dice.between(14, 24),
    }
}

fn some_topic(dice: &mut Dice) -> Topic {
    Topic::TALK[dice.weighted(&Topic::TALK.map(|(_, weight)| weight))].0
}

fn bio(number: u32, resident: &Resident, dice: &mut Dice) -> String {
    let moment = Moment {
        hour: 12,
        weekend: false,
        sky: Sky::Clear,
    };
    let scene = Scene {
        author: number,
        language: resident.language,
        moment,
        friend: None,
        matter: Matter::Topic(Topic::Home),
    };
    texts::bio(&scene, resident.works(), dice)
}

fn display_name(text: &str) -> DisplayName {
    DisplayName::parse(text)
        .expect("names in the lists are short and on one line; a test checks all of them")
}

/// The index in the list of people as `u32`.
pub(super) fn number_of(place: usize) -> u32 {
    u32::try_from(place).expect("a town has at most 20,000 people")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residents(people: usize) -> Vec<Resident> {
        generate_residents(people, &mut Dice::new(11, 1))
    }

    #[test]
    fn a_town_has_as_many_people_as_asked_for() {
        for people in [10, 11, 57, 500] {
            assert_eq!(residents(people).len(), people);
        }
    }

    #[test]
    fn no_two_handles_look_alike_even_in_the_largest_town() {
        let skeletons: HashSet<String> = residents(20_000)
            .iter()
            .map(|resident| resident.handle.skeleton())
            .collect();
        assert_eq!(skeletons.len(), 20_000);
    }

    #[test]
    fn three_of_five_write_korean_and_the_others_english_or_japanese() {
        let residents = residents(4_000);
        let share = |language| {
            residents
                .iter()
                .filter(|resident| resident.language == language)
                .count()
                * 100
                / 4_000
        };
        assert!(
            (56..=64).contains(&share(Language::Ko)),
            "{}",
            share(Language::Ko)
        );
        assert!(share(Language::En) > 15 && share(Language::Ja) > 12);
    }

    #[test]
    fn the_first_people_are_hosts_with_a_family_of_their_name() {
        let residents = residents(100);
        assert_eq!(residents[0].handle.as_str(), "mina");
        assert_eq!(residents[0].display_name.as_str(), "김민아");
        let family: Vec<&Resident> = residents
            .iter()
            .filter(|resident| resident.household == 1)
            .collect();
        assert_eq!(family.len(), 4);
        let kims = family
            .iter()
            .filter(|resident| resident.display_name.as_str().starts_with('김'));
        assert!(kims.count() >= 3, "in Korea couples keep their names");
    }

    #[test]
    fn some_people_say_who_they_are_and_pupils_name_no_calling() {
        let residents = residents(1_000);
        let bios = residents
            .iter()
            .filter(|resident| resident.bio.is_some())
            .count();
        assert!((380..560).contains(&bios), "{bios}");
    }

    #[test]
    fn activity_is_uneven() {
        let mut stories: Vec<u32> = residents(2_000)
            .iter()
            .map(|resident| resident.stories)
            .collect();
        stories.sort_unstable();
        let all: u32 = stories.iter().sum();
        let busiest: u32 = stories[1_800..].iter().sum();
        assert!(
            busiest * 100 / all > 35,
            "the busiest tenth writes {} %",
            busiest * 100 / all
        );
        assert!(
            stories[200] * 3 < stories[1_000],
            "{} {}",
            stories[200],
            stories[1_000]
        );
    }
}
