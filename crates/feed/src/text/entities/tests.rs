//! Limits and properties of entities. `tests/entities.json` has the examples.

use proptest::prelude::*;

use super::*;
use crate::limits::{HASHTAG_CHARACTERS_MAX, LINK_DISPLAY_CHARACTERS_MAX, LINK_URL_BYTES_MAX};

fn links(text: &str) -> Vec<Link> {
    let link = |entity: Entity| match entity.kind {
        EntityKind::Link(link) => Some(link),
        EntityKind::Mention(_) | EntityKind::Tag(_) => None,
    };
    entities(text).into_iter().filter_map(link).collect()
}

#[test]
fn a_person_or_a_tag_counts_once_however_often_it_is_in_the_text() {
    assert_eq!(
        mentions("@mina\n@mina @MINA"),
        [Handle::from_stored("mina".into())]
    );
    assert_eq!(hashtags("#Cafe\u{301} #CAFÉ #ｃａｆé"), ["café"]);
    assert_eq!(entities("@mina\n@mina @MINA").len(), 3);
}

#[test]
fn at_most_fifty_people_are_mentioned_by_one_text() {
    let text: String = (0..80).map(|n| format!("@friend{n} ")).collect();
    let found = mentions(&text);
    assert_eq!(found.len(), MENTIONS_MAX);
    assert_eq!(found[49].as_str(), "friend49");
    assert_eq!(
        entities(&format!("{text} @friend1 @friend79")).len(),
        MENTIONS_MAX + 1
    );
}

#[test]
fn at_most_thirty_tags_of_one_text_are_kept() {
    let many: String = (0..60).map(|n| format!("#tag{n} #TAG{n} ")).collect();
    let found = hashtags(&many);
    assert_eq!((found.len(), found[29].as_str()), (HASHTAGS_MAX, "tag29"));
}

#[test]
fn a_tag_has_at_most_fifty_characters() {
    assert_eq!(hashtags(&format!("#{}", "가".repeat(51))), [""; 0]);
    assert_eq!(
        hashtags(&format!("#{}", "가".repeat(50))),
        ["가".repeat(50)]
    );
}

#[test]
fn a_tag_is_taken_with_or_without_its_sign_and_in_one_form() {
    for text in ["Seoul", "#seoul", "＃ＳＥＯＵＬ"] {
        assert_eq!(hashtag(text).as_deref(), Some("seoul"), "{text}");
    }
    let longest = "가".repeat(50);
    for text in [
        "봄_나들이",
        "cafe\u{301}",
        "ﾗｰﾒﾝ",
        "スター・ウォーズ",
        "ΜΟΥΣΙΚΟΣ",
        &longest,
    ] {
        assert_eq!(hashtag(text), hashtags(&format!("#{text}")).pop(), "{text}");
        assert!(hashtag(text).is_some(), "{text}");
    }
    let too_long = "가".repeat(51);
    for text in [
        "",
        "#",
        "12",
        "two words",
        "a-b",
        "a,",
        "a#b",
        "##a",
        "a・",
        &too_long,
    ] {
        assert_eq!(hashtag(text), None, "{text:?}");
    }
}

#[test]
fn the_first_link_of_a_text_is_found_behind_mentions_and_tags() {
    let text = "@mina #news ftp://a.example/ www.b.example/x?y=1#z then https://c.example/";
    assert_eq!(
        first_link(text).as_deref(),
        Some("https://www.b.example/x?y=1#z")
    );
    assert_eq!(first_link("@mina and #news"), None);
}

#[test]
fn at_most_fifty_links_of_one_text_and_two_hundred_entities_are_kept() {
    let addresses: String = (0..80).map(|n| format!("https://a.example/{n} ")).collect();
    assert_eq!(links(&addresses).len(), LINKS_MAX);
    assert_eq!(entities(&"#봄 ".repeat(500)).len(), ENTITIES_MAX);
}

#[test]
fn an_address_that_is_too_long_is_no_link_and_hides_no_tag() {
    let start = "https://a.example/";
    let fits = "a".repeat(LINK_URL_BYTES_MAX - start.len());
    assert_eq!(links(&format!("{start}{fits}")).len(), 1);
    assert_eq!(entities(&format!("{start}{fits}a")), []);
    assert_eq!(entities(&format!("{start}{}#tag", "가".repeat(300))), []);
    let host = "a.".repeat(126) + "bc";
    assert_eq!(entities(&format!("https://{host}/#tag")), []);
}

#[test]
fn a_long_address_is_drawn_short_and_still_shows_the_end_of_its_host() {
    let [path] = &links(&format!("https://www.a.example/{}", "가".repeat(80)))[..] else {
        panic!("one link");
    };
    assert_eq!(path.display.chars().count(), LINK_DISPLAY_CHARACTERS_MAX);
    assert!(path.display.starts_with("a.example/가") && path.display.ends_with('…'));
    let [host] = &links("https://accounts.google.com.aaaaaaaaaaaaaaaaaaaa.evil.example/x")[..]
    else {
        panic!("one link");
    };
    assert_eq!(host.display, "…aaaaaaaaaaaaaaaaaa.evil.example/x");
}

/// What every text promises: order, distance, size, and that the parts mean the same alone.
fn check_promises(text: &str) -> Result<(), TestCaseError> {
    let characters: Vec<char> = text.chars().collect();
    let mut last = 0;
    for entity in entities(text) {
        let (start, end) = (entity.start as usize, entity.end as usize);
        prop_assert!(last <= start && start < end && end <= characters.len());
        last = end;
        let part: String = characters[start..end].iter().collect();
        match &entity.kind {
            EntityKind::Link(link) => {
                prop_assert!(link.url.is_ascii() && link.url.len() <= LINK_URL_BYTES_MAX);
                prop_assert!(link.url.starts_with("http"));
                prop_assert!(link.display.chars().count() <= LINK_DISPLAY_CHARACTERS_MAX);
                prop_assert!(!part.contains(char::is_whitespace));
            }
            EntityKind::Mention(handle) => {
                let written = part.trim_start_matches(['@', '＠']).to_ascii_lowercase();
                prop_assert_eq!(written, handle.as_str());
            }
            EntityKind::Tag(tag) => {
                prop_assert!((1..=HASHTAG_CHARACTERS_MAX).contains(&tag.chars().count()));
                prop_assert_eq!(hashtags(&format!("#{tag}")), vec![tag.clone()]);
            }
        }
    }
    Ok(())
}

/// Pieces that meet in texts of people, and that hostile texts combine.
const PIECES: &str = "(https?://|www\\.|HTTP://|@|＠|#|＃|[a-z]{1,4}|[.:/?#,@'()\\[\\]_~&%-]|%EA%B0%80|%ff|가|대한|을|を|ー|・|。|、|（|）|é|e\u{301}|א|\u{200C}|\u{200D}|\u{FE0F}|❤|🎉|👩\u{200D}👧| |\n|1|xn--)*";

proptest! {
    #[test]
    fn entities_are_ordered_apart_and_bounded(wild in any::<String>(), pieces in PIECES) {
        check_promises(&wild)?;
        check_promises(&pieces)?;
    }

    #[test]
    fn an_address_between_spaces_is_a_link_as_a_whole(path in "[a-z0-9가-힣ぁ-ろ_/=-]{0,20}[a-z가-힣]{1,9}") {
        let address = format!("https://a.example/x{path}");
        let text = format!("봐 {address} 가");
        // A particle at the end is the only part that is left out.
        let found = entities(&text);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].start, 2);
        let length = u32::try_from(address.chars().count()).unwrap();
        prop_assert!(found[0].end <= 2 + length && found[0].end + 3 >= 2 + length);
    }

    #[test]
    fn nothing_inside_an_address_is_a_tag_or_a_mention(path in "([a-z가-힣/_.=?#@-]|%20){0,40}", scheme in "(https|http|ftp|git\\+https|view)") {
        let text = format!("{scheme}://a.example/x{path}");
        prop_assert!(entities(&text).iter().all(|entity| matches!(entity.kind, EntityKind::Link(_))), "{}", text);
    }

    #[test]
    fn a_handle_between_words_of_another_script_is_mentioned(handle in "[a-z][a-z0-9_]{2,19}", before in "[가-힣 ]*", after in "[가-힣 ]*") {
        let found = mentions(&format!("{before}@{handle}{after}"));
        prop_assert_eq!(found, vec![Handle::from_stored(handle)]);
    }
}
