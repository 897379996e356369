//! Sealed cursors: they round-trip, reveal nothing, and are valid for one list of one reader.

use proptest::prelude::*;

use super::*;
use crate::cursor::{Found, Older, Position, RECENT_MAX, Recent, Seen};
use crate::id::{RawId, StoryId};
use crate::pulled::LogPosition;
use crate::timeline::Mark;

const TOP: u64 = u64::MAX >> 1;

const SCOPE: Scope = Scope {
    list: List::Likes,
    of: 7,
    reader: PersonId::from_u64(9),
};

fn seals() -> Seals {
    Seals::new(1, &[1; KEY_BYTES])
}

fn seen() -> impl Strategy<Value = Seen> {
    let named = prop::collection::vec((0..=TOP).prop_map(StoryId::from_u64), 0..=RECENT_MAX);
    let recent = prop_oneof![
        named.prop_map(Recent::Named),
        (0..=TOP).prop_map(|newest| Recent::TooMany {
            newest: StoryId::from_u64(newest)
        }),
    ];
    let late = (any::<u32>(), any::<u64>());
    (any::<(u64, u64)>(), 0..=TOP, late, 0..=TOP, recent).prop_map(
        |((incarnation, log), newest, (late, late_stories), watermark, recent)| Seen {
            incarnation,
            mark: Mark {
                newest: StoryId::from_u64(newest),
                late,
            },
            watermark: StoryId::from_u64(watermark),
            late: late_stories,
            log: LogPosition::from_u64(log),
            recent,
        },
    )
}

fn cursors() -> impl Strategy<Value = Cursor> {
    prop_oneof![
        (0..=TOP).prop_map(|id| Cursor::Below(RawId::from_u64(id))),
        (0..=TOP).prop_map(|id| Cursor::Above(RawId::from_u64(id))),
        any::<(u64, u64)>().prop_map(|(key, id)| Cursor::Behind(Position { key, id })),
        (0..=TOP, any::<u64>()).prop_map(|(below, log)| Cursor::Older(Older {
            below: StoryId::from_u64(below),
            log: LogPosition::from_u64(log),
        })),
        found().prop_map(Cursor::Found),
        seen().prop_map(Cursor::Newer),
    ]
}

fn found() -> impl Strategy<Value = Found> {
    (any::<u8>(), "\\PC{0,30}", 0..=TOP).prop_map(|(group, key, person)| Found {
        group,
        key,
        person: PersonId::from_u64(person),
    })
}

proptest! {
    #[test]
    fn a_cursor_comes_back_as_it_was_and_is_sealed_the_same_each_time(cursor in cursors()) {
        let seals = seals();
        let text = seals.seal(&cursor, SCOPE);
        prop_assert!(text.len() <= TEXT_MAX, "{} characters", text.len());
        prop_assert_eq!(seals.open(&text, SCOPE), Ok(cursor.clone()));
        prop_assert_eq!(seals.seal(&cursor, SCOPE), text);
    }

    #[test]
    fn all_cursors_of_a_kind_have_one_length(
        a in seen(), b in seen(), c in found(), d in found(), low in 0..=TOP, high in 0..=TOP,
    ) {
        let length = |cursor: Cursor| seals().seal(&cursor, SCOPE).len();
        prop_assert_eq!(length(Cursor::Newer(a)), length(Cursor::Newer(b)));
        prop_assert_eq!(length(Cursor::Found(c)), length(Cursor::Found(d)));
        let below = |id| Cursor::Below(RawId::from_u64(id));
        prop_assert_eq!(length(below(low)), length(below(high)));
    }

    #[test]
    fn any_text_is_opened_or_refused_but_never_a_panic(text in ".{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let seals = seals();
        let _ = seals.open(&text, SCOPE);
        let _ = seals.open(&URL_SAFE_NO_PAD.encode(&bytes), SCOPE);
        let known = [&[VERSION, 1], bytes.as_slice()].concat();
        prop_assert_eq!(seals.open(&URL_SAFE_NO_PAD.encode(known), SCOPE), Err(NotACursor));
    }

    #[test]
    fn a_cursor_that_was_changed_anywhere_is_none(cursor in cursors(), place in any::<prop::sample::Index>(), bit in 0..8u8) {
        let seals = seals();
        let mut bytes = URL_SAFE_NO_PAD.decode(seals.seal(&cursor, SCOPE)).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert_eq!(seals.open(&URL_SAFE_NO_PAD.encode(bytes), SCOPE), Err(NotACursor));
    }

    #[test]
    fn a_sealed_cursor_does_not_hold_the_id(id in (1u64 << 40)..=TOP) {
        let text = seals().seal(&Cursor::Below(RawId::from_u64(id)), SCOPE);
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        prop_assert!(!bytes.windows(6).any(|six| six == &id.to_be_bytes()[2..]));
    }
}

#[test]
fn a_cursor_fits_its_list_its_subject_and_its_reader_only() {
    let seals = seals();
    let text = seals.seal(&Cursor::Below(RawId::from_u64(300)), SCOPE);
    let others = [
        Scope {
            list: List::Comments,
            ..SCOPE
        },
        Scope { of: 8, ..SCOPE },
        Scope {
            reader: PersonId::from_u64(10),
            ..SCOPE
        },
    ];
    assert!(seals.open(&text, SCOPE).is_ok());
    for other in others {
        assert_eq!(seals.open(&text, other), Err(NotACursor), "{other:?}");
    }
}

#[test]
fn after_a_rotation_old_cursors_still_open_and_new_ones_differ() {
    let seals = seals();
    let cursor = Cursor::Below(RawId::from_u64(300));
    let old = seals.seal(&cursor, SCOPE);
    seals.seal_with(2);
    assert_eq!(seals.seal(&cursor, SCOPE), old, "there is no key 2 yet");
    seals.add(2, &[2; KEY_BYTES]);
    assert_eq!(seals.seal(&cursor, SCOPE), old, "added, and not yet in use");
    seals.seal_with(2);
    let new = seals.seal(&cursor, SCOPE);
    assert_ne!(new, old);
    for text in [&old, &new] {
        assert_eq!(seals.open(text, SCOPE), Ok(cursor.clone()));
    }
    let without_the_old = Seals::new(2, &[2; KEY_BYTES]);
    assert_eq!(without_the_old.open(&old, SCOPE), Err(NotACursor));
    assert_eq!(without_the_old.open(&new, SCOPE), Ok(cursor));
}

#[test]
fn a_key_that_is_there_is_not_replaced() {
    let seals = seals();
    let text = seals.seal(&Cursor::Below(RawId::from_u64(300)), SCOPE);
    seals.add(1, &[9; KEY_BYTES]);
    assert!(seals.open(&text, SCOPE).is_ok());
}

#[test]
fn more_recent_stories_than_a_cursor_can_name_become_too_many() {
    let ids: Vec<_> = (1..=RECENT_MAX as u64 + 1).map(StoryId::from_u64).collect();
    let newest = ids[RECENT_MAX];
    let seen = |recent| {
        Cursor::Newer(Seen {
            recent,
            ..Seen::default()
        })
    };
    let text = seals().seal(&seen(Recent::Named(ids)), SCOPE);
    let opened = seals().open(&text, SCOPE);
    assert_eq!(opened, Ok(seen(Recent::TooMany { newest })));
}

#[test]
fn the_longest_cursor_has_256_characters_and_one_for_older_stories_47() {
    let length = |cursor: Cursor| seals().seal(&cursor, SCOPE).len();
    assert_eq!(length(Cursor::Newer(Seen::default())), TEXT_MAX);
    assert_eq!(TEXT_MAX, 256);
    let older = Older {
        below: StoryId::from_u64(5),
        log: LogPosition::NONE,
    };
    assert_eq!(length(Cursor::Older(older)), 47);
}
