//! Sealed cursors: they round-trip, reveal nothing, and are valid for one list of one reader.

use proptest::prelude::*;

use super::*;
use crate::cursor::{Position, RECENT_MAX, Seen};
use crate::id::{RawId, StoryId};
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
    let recent = prop::option::of(prop::collection::vec(0..=TOP, 0..=RECENT_MAX));
    let late = (any::<u32>(), any::<u64>());
    (any::<u64>(), 0..=TOP, late, 0..=TOP, recent).prop_map(
        |(incarnation, newest, (late, late_stories), watermark, recent)| Seen {
            incarnation,
            mark: Mark {
                newest: StoryId::from_u64(newest),
                late,
            },
            watermark: StoryId::from_u64(watermark),
            late: late_stories,
            recent: recent.map(|ids| ids.into_iter().map(StoryId::from_u64).collect()),
        },
    )
}

fn cursors() -> impl Strategy<Value = Cursor> {
    prop_oneof![
        (0..=TOP).prop_map(|id| Cursor::Below(RawId::from_u64(id))),
        (0..=TOP).prop_map(|id| Cursor::Above(RawId::from_u64(id))),
        any::<(u64, u64)>().prop_map(|(key, id)| Cursor::Behind(Position { key, id })),
        seen().prop_map(Cursor::Newer),
    ]
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
    fn all_cursors_of_a_kind_have_one_length(a in seen(), b in seen(), low in 0..=TOP, high in 0..=TOP) {
        let length = |cursor: Cursor| seals().seal(&cursor, SCOPE).len();
        prop_assert_eq!(length(Cursor::Newer(a)), length(Cursor::Newer(b)));
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
