//! Fills every line and checks the results for mistakes.

use std::collections::HashSet;

use sosik_feed::text::{hashtags, mentions};

use super::*;
use crate::calendar::PartOfDay;
use crate::voices::CAST;

const SKIES: [Sky; 7] = [
    Sky::Clear,
    Sky::Cloudy,
    Sky::Rain,
    Sky::Snow,
    Sky::Hot,
    Sky::Cold,
    Sky::Wind,
];
const PARTS: [PartOfDay; 5] = [
    PartOfDay::Morning,
    PartOfDay::Noon,
    PartOfDay::Afternoon,
    PartOfDay::Evening,
    PartOfDay::Night,
];

fn scene(language: Language, author: u32) -> Scene<'static> {
    let moment = Moment {
        hour: 12,
        weekend: false,
        sky: Sky::Clear,
    };
    Scene {
        author,
        language,
        moment,
        friend: Some("mina"),
        matter: Matter::Topic(Topic::Food),
    }
}

fn every_line(tongue: &'static Tongue) -> Vec<&'static str> {
    let chapters = tongue.topics.values();
    let told = chapters.flat_map(|chapter| [chapter.leads, chapter.more, chapter.replies]);
    let skies = SKIES.map(|sky| tongue.sky[&sky]);
    let greetings = PARTS.map(|part| tongue.greeting[&part]);
    let rest = [
        tongue.short,
        tongue.asides,
        tongue.links,
        tongue.replies,
        tongue.author_replies,
        tongue.bios,
    ];
    told.chain(skies)
        .chain(greetings)
        .chain(rest)
        .flat_map(|lines| lines.iter().copied())
        .collect()
}

/// The lines of the language and of the people with their own texts in it.
fn lines_written_in(language: Language) -> Vec<&'static str> {
    let voices = std::iter::once(&CAST.mayor)
        .chain(&CAST.celebrities)
        .filter(|voice| voice.language == language);
    every_line(tongue(language))
        .into_iter()
        .chain(voices.flat_map(|voice| voice.lines.iter().copied()))
        .collect()
}

#[test]
fn every_part_of_a_language_has_lines_and_no_line_is_blank_or_stands_twice() {
    for language in Language::ALL {
        let tongue = tongue(language);
        let meals = PARTS.map(|part| tongue.meal[&part]);
        let words = tongue.words.values().copied();
        let tags = tongue.topics.values().map(|chapter| chapter.tags);
        for lines in words
            .chain(meals)
            .chain(tags)
            .chain([tongue.tails, tongue.short])
        {
            assert!(!lines.is_empty(), "{language}: a list is empty");
            let different: HashSet<_> = lines.iter().collect();
            assert_eq!(different.len(), lines.len(), "{language}: {lines:?}");
        }
        let lines = every_line(tongue);
        assert!(
            lines
                .iter()
                .all(|line| line.trim() == *line && !line.is_empty())
        );
    }
}

#[test]
fn every_language_has_something_to_say_on_every_topic() {
    for language in Language::ALL {
        for (topic, _) in Topic::TALK {
            let chapter = chapter(tongue(language), topic);
            for sky in SKIES {
                assert!(
                    leads(tongue(language), chapter, sky).len() >= 5,
                    "{language} {topic:?} {sky:?}"
                );
            }
            assert!(chapter.replies.len() >= 5, "{language} {topic:?}");
        }
    }
}

#[test]
fn every_slot_of_every_line_is_known_to_its_language() {
    for language in Language::ALL {
        let tongue = tongue(language);
        for line in lines_written_in(language) {
            for slot in slots(line) {
                let known = matches!(slot, "friend" | "meal")
                    || tongue.words.contains_key(fill::kind(slot));
                assert!(known, "{language}: {{{slot}}} in {line}");
            }
        }
    }
}

#[test]
fn no_mark_of_a_template_is_left_in_a_text() {
    let mut dice = Dice::new(1, 1);
    for language in Language::ALL {
        let scene = scene(language, 3);
        for line in lines_written_in(language) {
            let text = Filler::new(tongue(language), &scene, &mut dice)
                .one(line)
                .unwrap();
            assert!(!text.contains(['{', '}', '[', ']', '|']), "{text}");
            assert!(
                !text.contains("  ") && !text.starts_with(' ') && !text.is_empty(),
                "{text}"
            );
        }
    }
}

#[test]
fn particles_stand_only_in_korean_and_always_as_a_choice() {
    for language in Language::ALL {
        for line in lines_written_in(language) {
            for mark in line
                .split('{')
                .skip(1)
                .filter_map(|part| part.split('}').next())
            {
                if let Some((_, pair)) = mark.split_once('|') {
                    assert_eq!(language, Language::Ko, "{line}");
                    assert_eq!(pair.split('/').count(), 2, "{line}");
                }
            }
        }
    }
}

#[test]
fn a_word_stays_the_same_within_a_story_and_a_second_one_differs() {
    let mut dice = Dice::new(2, 1);
    let scene = scene(Language::En, 3);
    for _ in 0..200 {
        let text = Filler::new(tongue(Language::En), &scene, &mut dice)
            .one("{city};{city};{city2}")
            .unwrap();
        let cities: Vec<&str> = text.split(';').collect();
        assert_eq!(cities[0], cities[1]);
        assert_ne!(cities[0], cities[2]);
    }
}

#[test]
fn a_friend_is_mentioned_so_that_the_server_sees_it_and_at_most_once() {
    let mut dice = Dice::new(3, 1);
    for language in Language::ALL {
        let scene = Scene {
            matter: Matter::Topic(Topic::Thanks),
            ..scene(language, 3)
        };
        let texts: Vec<String> = (0..200).map(|_| story(&scene, &mut dice).text).collect();
        let named = texts
            .iter()
            .filter(|text| !mentions(text).is_empty())
            .count();
        assert!((50..160).contains(&named), "{language}: {named}");
        assert!(
            texts
                .iter()
                .all(|text| text.matches("@mina").count() == mentions(text).len())
        );
    }
}

#[test]
fn nobody_is_mentioned_by_somebody_without_friends() {
    let mut dice = Dice::new(4, 1);
    for language in Language::ALL {
        let scene = Scene {
            friend: None,
            matter: Matter::Topic(Topic::Thanks),
            ..scene(language, 3)
        };
        for _ in 0..200 {
            assert!(!story(&scene, &mut dice).text.contains('@'));
        }
    }
}

#[test]
fn hashtags_are_hashtags_to_the_server_too() {
    for language in Language::ALL {
        for chapter in tongue(language).topics.values() {
            for tag in chapter.tags.iter() {
                assert_eq!(hashtags(&format!("x #{tag} #{tag}")).len(), 1, "{tag}");
            }
        }
    }
}

#[test]
fn stories_of_one_topic_are_told_in_many_ways() {
    let mut dice = Dice::new(5, 1);
    for language in Language::ALL {
        let scene = scene(language, 3);
        let texts: HashSet<String> = (0..300).map(|_| story(&scene, &mut dice).text).collect();
        assert!(texts.len() > 280, "{language}: {}", texts.len());
    }
}

#[test]
fn comments_speak_of_what_the_story_spoke_of() {
    let mut dice = Dice::new(6, 1);
    let scene = scene(Language::Ko, 3);
    let thread = Thread {
        language: Language::Ko,
        topic: Some(Topic::Food),
        words: vec![("food", "비빔밥"), ("snack", "호떡")],
    };
    let replies: Vec<String> = (0..400)
        .map(|_| reply(&thread, &scene, &mut dice))
        .collect();
    assert!(replies.iter().any(|text| text.contains("비빔밥 먹고 싶다")));
    assert!(
        !replies
            .iter()
            .any(|text| text.contains("먹고 싶다") && !text.contains("비빔밥"))
    );
}

#[test]
fn english_sentences_begin_with_a_capital_except_for_the_careless() {
    assert_eq!(
        capitalised("so good. is it? @mina yes\nindeed"),
        "So good. Is it? @mina yes\nIndeed"
    );
    let careful = typed("so good.".to_owned(), 3, Language::En);
    let careless = typed("so good.".to_owned(), CARELESS_EVERY, Language::En);
    assert_eq!(
        (careful.as_str(), careless.as_str()),
        ("So good.", "so good")
    );
}
