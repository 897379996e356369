//! Comments: each way to break a promise about them, and cases in which either result is allowed.

use sosik_load::check::{Act, Kind};

use crate::tale::{EVE, JUN, LATER, MINA, Tale, blocks, comment_act, mutes};

/// Jun's story 201 with a comment of Mina's.
fn commented() -> Tale {
    Tale::new()
        .posted(201, (100, 110))
        .commented(1_101, (200, 210))
}

#[test]
fn comments_that_all_friends_see_in_order_are_right() {
    commented()
        .commented(1_201, (300, 310))
        .comments(JUN, LATER, &[1_101, 1_201])
        .comments(MINA, LATER, &[1_101, 1_201])
        .keeps_all_promises();
}

#[test]
fn an_acknowledged_comment_that_is_not_there_is_lost() {
    let told = commented().comments(JUN, LATER, &[]).breaks(Kind::Lost);
    assert!(
        told.contains("mina wrote comment 1101 on story 201"),
        "{told}"
    );
    assert!(told.contains("comment 1101 was not there"), "{told}");
}

#[test]
fn a_comment_that_overlaps_the_look_or_was_never_answered_may_be_there_or_not() {
    for shown in [&[1_101][..], &[]] {
        Tale::new()
            .posted(201, (100, 110))
            .commented(1_101, (59_000, 60_005))
            .comments(JUN, LATER, shown)
            .keeps_all_promises();
        Tale::new()
            .posted(201, (100, 110))
            .perhaps(MINA, (200, 5_200), comment_act(None, None))
            .comments(JUN, LATER, shown)
            .keeps_all_promises();
    }
}

#[test]
fn a_comment_shown_after_its_deletion_is_resurrected() {
    let act = Act::DeleteComment { comment: 1_101 };
    let told = commented()
        .did(JUN, (300, 310), act)
        .comments(MINA, LATER, &[1_101])
        .breaks(Kind::Resurrected);
    assert!(told.contains("jun deleted comment 1101"), "{told}");
}

#[test]
fn a_deletion_of_a_comment_that_overlaps_the_look_or_was_never_answered_allows_both() {
    for shown in [&[1_101][..], &[]] {
        let act = Act::DeleteComment { comment: 1_101 };
        commented()
            .did(JUN, (59_000, 60_005), act.clone())
            .comments(MINA, LATER, shown)
            .keeps_all_promises();
        commented()
            .perhaps(JUN, (300, 310), act)
            .comments(MINA, LATER, shown)
            .keeps_all_promises();
    }
}

#[test]
fn a_comment_of_somebody_whom_a_block_keeps_out_is_leaked() {
    for (who, link) in [(EVE, blocks(EVE, MINA)), (MINA, blocks(MINA, EVE))] {
        let tale = || commented().did(who, (300, 310), Act::Begin(link));
        tale().comments(EVE, LATER, &[1_101]).breaks(Kind::Leaked);
        tale().comments(EVE, LATER, &[]).keeps_all_promises();
        tale().comments(JUN, LATER, &[]).breaks(Kind::Lost);
    }
}

#[test]
fn a_mute_hides_no_comment() {
    let tale = || commented().did(JUN, (300, 310), Act::Begin(mutes(JUN, MINA)));
    tale().comments(JUN, LATER, &[1_101]).keeps_all_promises();
    tale().comments(JUN, LATER, &[]).breaks(Kind::Lost);
}

#[test]
fn a_comment_twice_is_a_duplicate_and_a_newer_one_before_an_older_is_out_of_order() {
    let two = || commented().commented(1_201, (300, 310));
    two()
        .comments(JUN, LATER, &[1_101, 1_101, 1_201])
        .breaks(Kind::Duplicated);
    two()
        .comments(JUN, LATER, &[1_201, 1_101])
        .breaks(Kind::OutOfOrder);
}

#[test]
fn a_key_that_made_two_comments_posted_twice() {
    let once = |comment| comment_act(Some(comment), Some("k1"));
    let told = Tale::new()
        .posted(201, (100, 110))
        .did(MINA, (200, 210), once(1_101))
        .did(MINA, (300, 310), once(1_102))
        .breaks(Kind::PostedTwice);
    assert!(told.contains("under the key k1"), "{told}");
    Tale::new()
        .posted(201, (100, 110))
        .perhaps(MINA, (200, 210), comment_act(None, Some("k1")))
        .did(MINA, (300, 310), once(1_101))
        .comments(JUN, LATER, &[1_101])
        .keeps_all_promises();
}
