//! The rendered bytes match the schema.

use std::sync::{Arc, LazyLock};

use sosik_feed::cursor::seal::{List, Scope, Seals};
use sosik_feed::cursor::{RECENT_MAX, Recent, Seen};
use sosik_feed::people::Language;
use sosik_feed::{Audience, Cursor, PersonId, Privacy, RawId, StoryId, Timestamp};
use sosik_service::caches::{PersonEntry, Presentation, Renderings, StoryEntry};
use sosik_service::feeds::FeedPage;
use sosik_service::stories::{OpenedStory, StoryItem, StoryPage, StoryState};
use sosik_store::{Mention, PersonRecord, StoryCounts, StoryRecord};

use super::{Sealing, feed_page, opened_story, story, story_page, story_state, story_states};
use crate::schema;

/// Texts that break JSON that is concatenated by hand, and texts that break parsers of JSON.
const WEIRD: [&str; 9] = [
    "plain",
    "quote \" backslash \\ slash / end",
    "line\nbreak\r\nand\ttab",
    "\u{0}\u{1}\u{8}\u{c}\u{1f}\u{7f}",
    "\u{2028}\u{2029}\u{feff}\u{202e}",
    "한국어 日本語 👩‍👩‍👧‍👦 e\u{301}",
    "</script><!-- {\"likes\":9} -->",
    "@jun 👩‍👧 @nobody https://namu.wiki/w/까치?a=\"b #소식",
    "",
];

static SEALS: LazyLock<Seals> = LazyLock::new(|| Seals::new(0, &[7; 16]));

fn sealing() -> Sealing<'static> {
    Sealing {
        seals: &SEALS,
        scope: Scope::own(List::Feed, PersonId::from_u64(9)),
    }
}

fn sealed(cursor: &Cursor) -> String {
    SEALS.seal(cursor, sealing().scope)
}

fn person(text: &str) -> Arc<PersonEntry> {
    Arc::new(PersonEntry {
        record: PersonRecord {
            id: PersonId::from_u64(41),
            handle: "mina".to_owned(),
            display_name: text.to_owned(),
            bio: text.to_owned(),
            avatar: None,
            language: Language::Ko,
            revision: 1,
            privacy: Privacy::default(),
        },
        renderings: Renderings::default(),
    })
}

fn item(id: u64, text: &str, edited: bool) -> StoryItem {
    let record = StoryRecord {
        id: StoryId::from_u64(id),
        author: PersonId::from_u64(41),
        audience: if edited {
            Audience::Friends
        } else {
            Audience::Public
        },
        text: text.into(),
        created_at: Timestamp::from_millis(1_790_000_000_000 + id % 1_000),
        edited_at: edited.then_some(Timestamp::from_millis(1_800_000_000_123)),
        mentions: vec![Mention {
            person: PersonId::from_u64(7),
            handle: "jun".to_owned(),
        }],
        tags: vec![text.to_owned(), "소식".to_owned()],
        attachments: Vec::new(),
        link: None,
        counts: StoryCounts {
            likes: u32::MAX,
            comments: 10,
            revision: 3,
        },
    };
    StoryItem {
        story: Arc::new(StoryEntry::from(record)),
        author: person(text),
        liked: edited,
    }
}

/// The same story as the documented type.
fn expected(item: &StoryItem) -> schema::Story {
    let record = &item.story.record;
    let counts = item.story.counts();
    schema::Story {
        id: record.id,
        author: schema::Person::of(&item.author),
        text: record.text.to_string(),
        entities: schema::Entity::of_story(&record.text, &record.mentions),
        audience: record.audience,
        attachments: Vec::new(),
        link: None,
        created_at: record.created_at.to_string(),
        edited_at: record.edited_at.map(|at| at.to_string()),
        mentions: record
            .mentions
            .iter()
            .map(|mention| schema::Mention {
                id: mention.person,
                handle: mention.handle.clone(),
            })
            .collect(),
        tags: record.tags.clone(),
        likes: counts.likes,
        comments: counts.comments,
        revision: counts.revision,
        liked: item.liked,
        saved: None,
        can_comment: None,
    }
}

fn check(bytes: &[u8], expected: &impl serde::Serialize) {
    let made_by_serde = serde_json::to_vec(expected).unwrap();
    assert_eq!(
        String::from_utf8_lossy(bytes),
        String::from_utf8_lossy(&made_by_serde)
    );
}

#[test]
fn a_story_is_byte_for_byte_what_its_documented_type_is() {
    for (place, text) in WEIRD.into_iter().enumerate() {
        for id in [1, 9, 10, 99, 1_000_000_007, u64::MAX >> 1] {
            let item = item(id, text, place % 2 == 0);
            check(&story(&item), &expected(&item));
            let read: schema::Story = serde_json::from_slice(&story(&item)).unwrap();
            assert_eq!(read, expected(&item));
        }
    }
}

#[test]
fn a_story_on_its_page_has_two_more_fields() {
    for (saved, can_comment) in [(false, false), (false, true), (true, false), (true, true)] {
        let opened = OpenedStory {
            item: item(12, "one", false),
            saved,
            can_comment,
        };
        let expected = schema::Story {
            saved: Some(saved),
            can_comment: Some(can_comment),
            ..expected(&opened.item)
        };
        check(&opened_story(&opened), &expected);
    }
}

#[test]
fn the_states_of_stories_are_byte_for_byte_what_their_documented_type_is() {
    let state = |id: u64, item: Option<StoryItem>| StoryState {
        id: StoryId::from_u64(id),
        on_home: item.is_some(),
        item,
    };
    let states = [state(12, Some(item(12, WEIRD[1], true))), state(13, None)];
    let documented = |state: &StoryState| schema::StoryState {
        id: state.id,
        home: state.on_home,
        story: state.item.as_ref().map(expected),
    };
    for state in &states {
        check(&story_state(state), &documented(state));
    }
    let items = states.iter().map(documented).collect();
    check(&story_states(&states), &schema::StoryStates { items });
}

#[test]
fn a_story_names_its_links_tags_and_the_people_who_exist() {
    let item = item(1, "👩‍👧 @jun @nobody https://namu.wiki/w/까치. #소식", false);
    let read: serde_json::Value = serde_json::from_slice(&story(&item)).unwrap();
    assert_eq!(
        read["entities"],
        serde_json::json!([
            {"kind": "mention", "start": 4, "end": 8, "person": "7"},
            {"kind": "link", "start": 17, "end": 39, "url": "https://namu.wiki/w/%EA%B9%8C%EC%B9%98", "display": "namu.wiki/w/까치"},
            {"kind": "tag", "start": 41, "end": 44, "tag": "소식"},
        ])
    );
}

#[test]
fn a_second_rendering_uses_the_first_and_has_the_new_author() {
    let mut item = item(12, "one", false);
    let first = story(&item);
    let rendered_before = || unreachable!("it is rendered a second time");
    let kept = item.story.renderings.get(Presentation::V1, rendered_before);
    let author = item
        .author
        .renderings
        .get(Presentation::V1, rendered_before);
    assert!(first.starts_with(&kept.bytes[..8]) && !author.bytes.is_empty());
    assert_eq!(story(&item), first);
    item.author = person("renamed");
    check(&story(&item), &expected(&item));
}

#[test]
fn a_page_of_the_feed_is_byte_for_byte_what_its_documented_type_is() {
    let cursors = [
        (None, None),
        (
            Some(Cursor::Below(RawId::from_u64(7))),
            Some(Cursor::Newer(Seen::default())),
        ),
    ];
    for (before, after) in cursors {
        for (unread, reset, end) in [(None, false, true), (Some(3), true, false)] {
            let items: Vec<_> = WEIRD
                .into_iter()
                .zip(1..)
                .map(|(text, id)| item(id, text, end))
                .collect();
            let page = FeedPage {
                items,
                before: before.clone(),
                after: after.clone(),
                end,
                unread,
                reset,
            };
            check(
                &feed_page(&page, sealing()).json,
                &schema::FeedPage {
                    items: page.items.iter().map(expected).collect(),
                    before: before.as_ref().map(sealed),
                    after: after.as_ref().map(sealed),
                    end,
                    unread,
                    reset: reset.then_some(true),
                },
            );
        }
    }
}

#[test]
fn an_empty_page_and_a_page_of_another_list_are_what_their_types_are() {
    let empty = StoryPage {
        items: Vec::new(),
        before: None,
        end: true,
    };
    check(
        &story_page(&empty, sealing()),
        &schema::StoryPage {
            items: Vec::new(),
            before: None,
            after: None,
            end: true,
        },
    );
    let before = Cursor::Below(RawId::from_u64(5));
    let one = StoryPage {
        items: vec![item(5, "five", true)],
        before: Some(before.clone()),
        end: false,
    };
    let items = one.items.iter().map(expected).collect();
    check(
        &story_page(&one, sealing()),
        &schema::StoryPage {
            items,
            before: Some(sealed(&before)),
            after: None,
            end: false,
        },
    );
}

#[test]
fn a_page_is_written_into_one_allocation() {
    let items: Vec<_> = (1..=100).map(|id| item(id, WEIRD[5], true)).collect();
    let page = FeedPage {
        items,
        before: Some(Cursor::Below(RawId::from_u64(u64::MAX))),
        after: Some(Cursor::Newer(Seen {
            recent: Recent::Named(vec![StoryId::from_u64(u64::MAX); RECENT_MAX]),
            ..Seen::default()
        })),
        unread: Some(u32::MAX),
        reset: true,
        ..FeedPage::default()
    };
    let bytes = feed_page(&page, sealing()).json;
    let room = super::page::bytes_max(&page.items);
    assert_eq!(bytes.capacity(), room, "a buffer that grew has another one");
    assert!(bytes.len() <= room);
}

#[test]
fn a_page_keeps_its_tag_while_only_the_cursor_for_newer_stories_moves() {
    let page = |after: u64, likes: u32| {
        let mut item = item(5, "five", true);
        let counts = StoryCounts {
            likes,
            comments: 0,
            revision: 9,
        };
        let record = StoryRecord {
            counts,
            ..item.story.record.clone()
        };
        item.story = Arc::new(StoryEntry::from(record));
        let seen = Seen {
            watermark: StoryId::from_u64(after),
            late: 0,
            ..Seen::default()
        };
        feed_page(
            &FeedPage {
                items: vec![item],
                after: Some(Cursor::Newer(seen)),
                ..FeedPage::default()
            },
            sealing(),
        )
        .tag
    };
    assert_eq!(page(1, 1), page(1_000_000, 1));
    assert_ne!(page(1, 1), page(1, 2));
}

/// The memory of a story and its JSON, without the entry itself.
fn measured(item: &StoryItem) -> usize {
    let record = &item.story.record;
    let handles =
        (record.mentions.iter()).map(|mention| size_of::<Mention>() + mention.handle.len());
    let tags = record
        .tags
        .iter()
        .map(|tag| size_of::<String>() + tag.len());
    record.text.len() + handles.sum::<usize>() + tags.sum::<usize>() + story(item).len()
}

#[test]
fn a_cached_story_weighs_about_the_memory_that_it_and_its_json_take() {
    let mention = |number: u64| Mention {
        person: PersonId::from_u64(1 << 60 | number),
        handle: format!("someone{number}"),
    };
    let many: Vec<_> = (0..50).map(mention).collect();
    let handles: Vec<_> = many.iter().map(|one| format!("@{}", one.handle)).collect();
    let tags: Vec<_> = (0..10).map(|number| format!("소식{number}")).collect();
    for (what, text, mentions, tags) in [
        ("long", "가나다라. ".repeat(900), vec![], vec![]),
        ("50 mentions", handles.join(" "), many.clone(), vec![]),
        (
            "one mention, often",
            "@someone1 ".repeat(200),
            vec![mention(1)],
            vec![],
        ),
        ("short links", "www.a.kr ".repeat(200), vec![], vec![]),
        (
            "long links",
            "https://namu.wiki/w/news/page ".repeat(100),
            vec![],
            vec![],
        ),
        (
            "tags",
            tags.iter().map(|tag| format!("#{tag} ")).collect(),
            vec![],
            tags,
        ),
    ] {
        let mut record = item(1, &text, false).story.record.clone();
        (record.mentions, record.tags) = (mentions, tags);
        let item = StoryItem {
            story: Arc::new(StoryEntry::from(record)),
            ..item(1, "", false)
        };
        let (weight, memory) = (item.story.memory_bytes(), measured(&item) as u64);
        assert!(weight * 4 >= memory * 3, "{what}: {weight} for {memory}");
        assert!(weight <= memory * 2 + 512, "{what}: {weight} for {memory}");
    }
}
