//! One history for each way to break a promise.

use sosik_load::check::{Act, Audience, Kind, Reading, StreamEventKind};

use crate::tale::{EVE, JUN, LATER, MINA, MORE, Tale, blocks, follows, friends, item, mutes, post};

#[test]
fn an_acknowledged_story_that_nobody_ever_sees_is_lost() {
    let tale = Tale::new().posted(201, (100, 110)).top(MINA, LATER, &[]);
    let told = tale.breaks(Kind::Lost);
    assert!(told.contains("jun posted story 201 for friends"), "{told}");
    assert!(told.contains("mina and jun were friends"), "{told}");
    assert!(
        told.contains("60.000–60.010 s  mina read the first page, and story 201 was not there"),
        "{told}"
    );
}

#[test]
fn a_story_that_its_author_cannot_open_is_lost() {
    let tale = Tale::new()
        .posted(101, (100, 110))
        .opened(MINA, LATER, 101, false);
    tale.breaks(Kind::Lost);
}

#[test]
fn an_acknowledged_like_that_is_not_shown_is_lost() {
    let tale = Tale::new()
        .posted(201, (100, 110))
        .did(MINA, (200, 210), Act::Like { story: 201 });
    tale.top(MINA, LATER, &[201]).breaks(Kind::Lost);
}

#[test]
fn a_story_that_others_see_and_an_entitled_reader_does_not_has_not_arrived() {
    let tale = Tale::new().posted(201, (100, 110)).top(JUN, LATER, &[201]);
    tale.top(MINA, LATER, &[]).breaks(Kind::Undelivered);
}

#[test]
fn a_story_twice_on_a_page_is_a_duplicate() {
    let tale = Tale::new().posted(201, (100, 110));
    tale.top(MINA, LATER, &[201, 201]).breaks(Kind::Duplicated);
}

#[test]
fn a_story_again_on_the_next_page_is_a_duplicate() {
    let tale = Tale::new().posted(201, (100, 110)).posted(202, (200, 210));
    tale.page(MINA, LATER, Reading::Top, &[202, 201], MORE)
        .page(MINA, (61_000, 61_010), Reading::Older, &[202], MORE)
        .breaks(Kind::Duplicated);
}

#[test]
fn an_older_story_above_a_newer_one_is_out_of_order() {
    let tale = Tale::new().posted(201, (100, 110)).posted(202, (200, 210));
    tale.top(MINA, LATER, &[201, 202]).breaks(Kind::OutOfOrder);
}

#[test]
fn a_story_for_friends_shown_to_a_follower_is_leaked() {
    let tale = Tale::new().did(EVE, (10, 20), Act::Begin(follows(EVE, JUN)));
    let tale = tale.posted(201, (100, 110)).top(EVE, LATER, &[201]);
    let told = tale.breaks(Kind::Leaked);
    assert!(told.contains("eve began to follow jun"), "{told}");
}

#[test]
fn a_story_shown_after_the_friendship_ended_is_leaked() {
    let tale = Tale::new()
        .posted(201, (100, 110))
        .top(MINA, (10_000, 10_010), &[201]);
    tale.did(JUN, (20_000, 20_010), Act::End(friends(MINA, JUN)))
        .top(MINA, LATER, &[201])
        .breaks(Kind::Leaked);
}

#[test]
fn a_story_shown_after_a_block_either_way_or_a_mute_is_leaked() {
    for (who, link) in [
        (MINA, blocks(MINA, JUN)),
        (JUN, blocks(JUN, MINA)),
        (MINA, mutes(MINA, JUN)),
    ] {
        let tale = Tale::new()
            .posted(201, (100, 110))
            .did(who, (200, 210), Act::Begin(link));
        tale.top(MINA, LATER, &[201]).breaks(Kind::Leaked);
    }
}

#[test]
fn a_story_shown_to_a_follower_after_it_became_one_for_friends_is_leaked() {
    let act = Act::Readdress {
        story: 201,
        audience: Audience::Friends,
    };
    Tale::new()
        .did(EVE, (10, 20), Act::Begin(follows(EVE, JUN)))
        .did(JUN, (100, 110), post(Some(201), Audience::Public, None))
        .top(EVE, (20_000, 20_010), &[201])
        .did(JUN, (30_000, 30_010), act)
        .top(EVE, LATER, &[201])
        .breaks(Kind::Leaked);
}

#[test]
fn a_stranger_who_opens_a_story_for_friends_is_a_leak() {
    let tale = Tale::new()
        .posted(201, (100, 110))
        .opened(EVE, LATER, 201, true);
    tale.breaks(Kind::Leaked);
}

#[test]
fn a_leak_into_a_live_stream_is_found() {
    Tale::new()
        .posted(201, (100, 110))
        .stream(EVE, 50, StreamEventKind::Opened)
        .told(EVE, 150, 201)
        .breaks(Kind::Leaked);
}

#[test]
fn an_author_whose_next_read_lacks_their_own_story_misses_their_own_words() {
    let tale = Tale::new()
        .posted(101, (100, 110))
        .top(JUN, (7_000, 7_010), &[101]);
    tale.top(MINA, (112, 120), &[]).breaks(Kind::OwnMissing);
}

#[test]
fn a_story_skipped_between_two_pages_is_a_gap() {
    let posts = |tale: Tale, story: u64| tale.posted(story, (story, story + 1));
    let tale = [201, 202, 203, 204].into_iter().fold(Tale::new(), posts);
    tale.top(JUN, LATER, &[204, 203, 202, 201])
        .page(MINA, LATER, Reading::Top, &[204, 203], MORE)
        .page(MINA, (61_000, 61_010), Reading::Older, &[201], MORE)
        .breaks(Kind::Gap);
}

#[test]
fn a_story_delivered_late_that_newer_leaves_out_is_a_gap() {
    Tale::new()
        .posted(201, (100, 110))
        .posted(203, (59_000, 59_010))
        .posted(202, (59_000, 59_020))
        .page(MINA, LATER, Reading::Top, &[203, 201], MORE)
        .page(MINA, (70_000, 70_010), Reading::Newer, &[], true)
        .top(JUN, LATER, &[203, 202, 201])
        .breaks(Kind::Gap);
}

#[test]
fn a_deleted_story_that_comes_back_is_resurrected() {
    let tale = Tale::new().posted(201, (100, 110)).deleted(201, (200, 210));
    tale.top(MINA, LATER, &[201]).breaks(Kind::Resurrected);
    let tale = Tale::new().posted(201, (100, 110)).deleted(201, (200, 210));
    let told = tale.opened(JUN, LATER, 201, true).breaks(Kind::Resurrected);
    assert!(told.contains("jun deleted story 201"), "{told}");
}

#[test]
fn a_story_that_a_resumed_stream_left_out_is_missed() {
    Tale::new()
        .stream(MINA, 50, StreamEventKind::Opened)
        .posted(201, (100, 110))
        .told(MINA, 120, 201)
        .stream(MINA, 130, StreamEventKind::Ended)
        .posted(202, (200, 210))
        .stream(MINA, 1_000, StreamEventKind::Opened)
        .stream(MINA, 20_000, StreamEventKind::Alive)
        .breaks(Kind::StreamMissed);
}

#[test]
fn a_stream_that_tells_twice_in_a_row_is_a_duplicate() {
    Tale::new()
        .stream(MINA, 50, StreamEventKind::Opened)
        .posted(201, (100, 110))
        .told(MINA, 120, 201)
        .told(MINA, 121, 201)
        .breaks(Kind::Duplicated);
}

#[test]
fn a_reset_does_not_excuse_a_stream_that_tells_twice() {
    Tale::new()
        .posted(201, (100, 110))
        .stream(MINA, 50, StreamEventKind::Opened)
        .told(MINA, 120, 201)
        .stream(MINA, 200, StreamEventKind::Reset)
        .told(MINA, 300, 201)
        .breaks(Kind::Duplicated);
}

#[test]
fn two_answers_with_different_stories_to_one_key_are_posted_twice() {
    let once = |story| post(Some(story), Audience::Friends, Some("k1"));
    let tale = Tale::new()
        .did(JUN, (100, 110), once(201))
        .did(JUN, (200, 210), once(202));
    let told = tale.breaks(Kind::PostedTwice);
    assert!(told.contains("under the key k1"), "{told}");
}

#[test]
fn a_repeat_whose_first_try_was_never_answered_and_took_effect_as_well_is_posted_twice() {
    let mut shown = [202, 201].map(item);
    for item in &mut shown {
        "text of k1".clone_into(&mut item.text);
    }
    Tale::new()
        .perhaps(JUN, (100, 110), post(None, Audience::Friends, Some("k1")))
        .did(
            JUN,
            (200, 210),
            post(Some(202), Audience::Friends, Some("k1")),
        )
        .items(MINA, LATER, Reading::Top, shown.to_vec(), true)
        .breaks(Kind::PostedTwice);
}

#[test]
fn silence_errors_and_refusals_without_or_after_their_time_are_not_honest() {
    for (at, status, retry_after) in [
        ((100, 10_100), None, false),
        ((100, 110), Some(503), false),
        ((100, 9_000), Some(503), true),
        ((100, 110), Some(500), false),
    ] {
        Tale::new()
            .failed(at, status, retry_after)
            .breaks(Kind::Silence);
    }
}
