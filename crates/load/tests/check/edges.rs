//! Cases in which either result is allowed: overlapping requests, missing answers, stories that may still arrive. They
//! must cause no false alarm.

use sosik_load::check::{
    Act, Audience, Kind, Link, Outcome, Reading, Rules, StreamEventKind, judge,
};

use crate::tale::{
    EVE, JUN, LATER, MINA, MORE, Tale, blocks, comment_act, follows, friends, item, mutes, post,
};

#[test]
fn a_day_in_which_all_goes_well_is_clean() {
    let tale = Tale::new()
        .did(EVE, (10, 20), Act::Begin(follows(EVE, JUN)))
        .stream(MINA, 50, StreamEventKind::Opened)
        .posted(201, (100, 110))
        .did(JUN, (200, 210), post(Some(202), Audience::Public, None))
        .posted(101, (300, 310))
        .told(MINA, 120, 201)
        .told(MINA, 220, 202)
        .told(MINA, 320, 101)
        .top(MINA, (311, 320), &[202, 201, 101])
        .stream(MINA, 20_000, StreamEventKind::Alive)
        .page(MINA, LATER, Reading::Top, &[202, 201], MORE)
        .page(MINA, (61_000, 61_010), Reading::Older, &[101], true)
        .page(MINA, (62_000, 62_010), Reading::Newer, &[], true)
        .top(EVE, LATER, &[202])
        .opened(EVE, LATER, 201, false)
        .failed((100, 110), Some(503), true);
    assert!(
        judge(&tale.0, Rules::default()).comparisons() > 10,
        "something was compared"
    );
    tale.keeps_all_promises();
}

#[test]
fn a_story_still_on_its_way_may_be_missing_but_not_from_its_author() {
    Tale::new()
        .posted(201, (100, 110))
        .top(MINA, (4_000, 4_010), &[])
        .keeps_all_promises();
    Tale::new()
        .posted(101, (100, 110))
        .top(MINA, (4_000, 4_010), &[])
        .breaks(Kind::Lost);
}

#[test]
fn a_post_that_overlaps_the_read_of_its_author_may_be_seen_or_not() {
    for shown in [&[101][..], &[]] {
        Tale::new()
            .posted(101, (100, 200))
            .top(MINA, (150, 160), shown)
            .keeps_all_promises();
    }
}

#[test]
fn a_deletion_that_overlaps_the_read_may_be_seen_or_not() {
    for shown in [&[201][..], &[]] {
        let tale = Tale::new()
            .posted(201, (100, 110))
            .deleted(201, (59_000, 60_005));
        tale.top(MINA, LATER, shown).keeps_all_promises();
    }
}

#[test]
fn a_deletion_that_overlaps_the_read_may_take_the_likes_and_comments_with_it() {
    let tale = |deleted| {
        Tale::new()
            .posted(201, (100, 110))
            .did(MINA, (200, 210), Act::Like { story: 201 })
            .commented(1_101, (300, 310))
            .deleted(201, deleted)
    };
    let bare = || {
        let mut bare = item(201);
        (bare.likes, bare.comments) = (Some(0), Some(0));
        vec![bare]
    };
    let overlapping = || tale((60_001, 60_005));
    overlapping()
        .items(MINA, LATER, Reading::Top, bare(), true)
        .keeps_all_promises();
    overlapping()
        .comments(MINA, LATER, &[])
        .keeps_all_promises();
    let afterwards = || tale((60_011, 60_020));
    afterwards().comments(MINA, LATER, &[]).breaks(Kind::Lost);
    let wrong = afterwards().items(MINA, LATER, Reading::Top, bare(), true);
    assert_eq!(wrong.violations().len(), 2, "the like, and the counts");
}

#[test]
fn a_like_and_a_comment_refused_while_their_story_is_deleted_may_count() {
    let tale = |deleted| {
        let comment = comment_act(None, Some("k1"));
        Tale::new()
            .posted(201, (100, 110))
            .write(MINA, (60_000, 60_003), Outcome::Refused, comment)
            .write(
                MINA,
                (60_000, 60_003),
                Outcome::Refused,
                Act::Like { story: 201 },
            )
            .deleted(201, deleted)
    };
    let counted = || {
        let mut counted = item(201);
        (counted.likes, counted.comments) = (Some(1), Some(1));
        vec![counted]
    };
    tale((60_001, 60_008))
        .items(MINA, (60_004, 60_006), Reading::Top, counted(), true)
        .keeps_all_promises();
    tale((60_020, 60_030))
        .items(MINA, (60_004, 60_006), Reading::Top, counted(), true)
        .breaks(Kind::Miscounted);
}

#[test]
fn a_stream_tells_a_story_again_that_left_the_feed_and_came_back() {
    Tale::new()
        .stream(MINA, 50, StreamEventKind::Opened)
        .posted(201, (100, 110))
        .told(MINA, 120, 201)
        .did(JUN, (200, 210), Act::End(friends(MINA, JUN)))
        .stream(MINA, 220, StreamEventKind::Reset)
        .did(JUN, (230, 240), Act::Begin(friends(MINA, JUN)))
        .told(MINA, 250, 201)
        .keeps_all_promises();
}

#[test]
fn a_post_that_was_never_answered_may_be_there_or_not() {
    let lost_wire =
        |tale: Tale| tale.perhaps(JUN, (100, 5_100), post(None, Audience::Friends, None));
    lost_wire(Tale::new())
        .top(MINA, LATER, &[])
        .keeps_all_promises();
    lost_wire(Tale::new())
        .top(MINA, LATER, &[201])
        .keeps_all_promises();
}

#[test]
fn a_deletion_that_was_never_answered_may_take_effect_at_any_later_moment() {
    let tale = || {
        Tale::new()
            .posted(201, (100, 110))
            .perhaps(JUN, (200, 5_200), Act::Delete { story: 201 })
    };
    tale()
        .top(MINA, LATER, &[])
        .opened(JUN, LATER, 201, false)
        .keeps_all_promises();
    tale()
        .top(MINA, LATER, &[201])
        .opened(JUN, LATER, 201, true)
        .keeps_all_promises();
}

#[test]
fn a_refused_write_changes_nothing() {
    let refused = |tale: Tale, act| tale.write(MINA, (200, 210), Outcome::Refused, act);
    let tale = Tale::new().posted(201, (100, 110));
    refused(tale, Act::Begin(mutes(MINA, JUN)))
        .top(MINA, LATER, &[201])
        .keeps_all_promises();
    let tale = Tale::new().posted(201, (100, 110)).top(JUN, LATER, &[201]);
    refused(tale, Act::Begin(mutes(MINA, JUN)))
        .top(MINA, LATER, &[])
        .breaks(Kind::Undelivered);
}

#[test]
fn a_link_that_changes_during_the_read_allows_both() {
    for (act, who) in [
        (Act::End(friends(MINA, JUN)), JUN),
        (Act::Begin(blocks(JUN, MINA)), JUN),
        (Act::Begin(mutes(MINA, JUN)), MINA),
    ] {
        for shown in [&[201][..], &[]] {
            let tale = Tale::new()
                .posted(201, (100, 110))
                .did(who, (60_005, 60_500), act.clone());
            tale.top(MINA, LATER, shown).keeps_all_promises();
        }
    }
}

#[test]
fn a_block_ends_friendship_and_follows_and_taking_it_back_brings_neither_back() {
    let tale = |shown| {
        Tale::new()
            .with(sosik_load::check::Entry::Stands(follows(MINA, JUN)))
            .did(JUN, (100, 110), post(Some(201), Audience::Public, None))
            .did(JUN, (200, 210), Act::Begin(blocks(JUN, MINA)))
            .did(JUN, (300, 310), Act::End(blocks(JUN, MINA)))
            .top(MINA, LATER, shown)
    };
    tale(&[]).keeps_all_promises();
    tale(&[201]).breaks(Kind::Leaked);
}

#[test]
fn a_new_friendship_brings_older_stories_into_the_first_page_but_not_into_newer() {
    let begin = Act::Begin(Link::Friends {
        one: EVE,
        other: JUN,
    });
    let tale = || Tale::new().posted(201, (100, 110)).top(JUN, LATER, &[201]);
    tale()
        .top(EVE, (20_000, 20_010), &[])
        .did(EVE, (30_000, 30_010), begin.clone())
        .page(EVE, LATER, Reading::Newer, &[], true)
        .keeps_all_promises();
    tale()
        .did(EVE, (30_000, 30_010), begin)
        .top(EVE, LATER, &[])
        .breaks(Kind::Undelivered);
}

#[test]
fn a_short_page_that_is_not_the_end_says_nothing_below_its_last_story() {
    let tale = Tale::new().posted(201, (100, 110)).posted(202, (200, 210));
    tale.page(MINA, LATER, Reading::Top, &[202], MORE)
        .keeps_all_promises();
}

#[test]
fn newer_is_judged_when_it_says_that_there_is_no_more() {
    let tale = |end| {
        Tale::new()
            .posted(201, (100, 110))
            .page(MINA, (20_000, 20_010), Reading::Top, &[201], MORE)
            .posted(202, (30_000, 30_010))
            .top(JUN, LATER, &[202, 201])
            .page(MINA, LATER, Reading::Newer, &[], end)
    };
    tale(MORE).keeps_all_promises();
    tale(true).breaks(Kind::Gap);
}

#[test]
fn a_reset_replaces_what_a_client_had() {
    Tale::new()
        .posted(201, (100, 110))
        .page(MINA, (20_000, 20_010), Reading::Top, &[201], MORE)
        .posted(202, (30_000, 30_010))
        .page(MINA, LATER, Reading::Reset, &[202], MORE)
        .page(MINA, (70_000, 70_010), Reading::Newer, &[], true)
        .keeps_all_promises();
}

#[test]
fn a_stream_is_judged_as_far_as_it_stood_and_not_before_it_was_opened() {
    let tale = || {
        Tale::new()
            .posted(201, (100, 110))
            .stream(MINA, 500, StreamEventKind::Opened)
    };
    tale()
        .stream(MINA, 20_000, StreamEventKind::Alive)
        .keeps_all_promises();
    tale()
        .posted(202, (600, 610))
        .stream(MINA, 3_000, StreamEventKind::Alive)
        .keeps_all_promises();
    tale()
        .posted(202, (600, 610))
        .stream(MINA, 700, StreamEventKind::Reset)
        .stream(MINA, 20_000, StreamEventKind::Alive)
        .keeps_all_promises();
}

#[test]
fn a_repeat_after_a_resumption_of_a_stream_is_no_duplicate() {
    Tale::new()
        .stream(MINA, 50, StreamEventKind::Opened)
        .posted(201, (100, 110))
        .told(MINA, 120, 201)
        .stream(MINA, 130, StreamEventKind::Opened)
        .told(MINA, 140, 201)
        .keeps_all_promises();
}

#[test]
fn one_key_answered_twice_with_the_same_story_is_right() {
    let once = || post(Some(201), Audience::Friends, Some("k1"));
    Tale::new()
        .perhaps(JUN, (100, 110), post(None, Audience::Friends, Some("k1")))
        .did(JUN, (200, 210), once())
        .did(JUN, (300, 310), once())
        .keeps_all_promises();
}

#[test]
fn a_repeat_may_be_answered_with_what_its_first_try_did_before_the_stream_was_opened() {
    Tale::new()
        .perhaps(JUN, (100, 110), post(None, Audience::Friends, Some("k1")))
        .stream(MINA, 200, StreamEventKind::Opened)
        .did(
            JUN,
            (300, 310),
            post(Some(201), Audience::Friends, Some("k1")),
        )
        .stream(MINA, 30_000, StreamEventKind::Alive)
        .keeps_all_promises();
}

#[test]
fn what_fails_while_the_server_was_taken_away_is_nobodys_fault() {
    Tale::new()
        .away((50, 900))
        .failed((100, 10_100), None, false)
        .keeps_all_promises();
    Tale::new()
        .away((50, 90))
        .failed((100, 10_100), None, false)
        .breaks(Kind::Silence);
}

#[test]
fn what_lacks_its_disk_may_answer_with_errors_but_has_to_answer() {
    let tale = || Tale::new().hindered((50, 900));
    tale()
        .failed((100, 110), Some(500), false)
        .keeps_all_promises();
    tale()
        .failed((100, 10_100), None, false)
        .breaks(Kind::Silence);
    tale()
        .failed((1_000, 1_010), Some(500), false)
        .breaks(Kind::Silence);
}

#[test]
fn time_in_which_the_server_was_away_is_no_time_to_deliver_in() {
    let tale = || {
        Tale::new()
            .posted(201, (100, 110))
            .top(JUN, LATER, &[201])
            .top(MINA, (9_000, 9_010), &[])
    };
    tale().away((200, 5_000)).keeps_all_promises();
    tale().away((200, 900)).breaks(Kind::Undelivered);
}
