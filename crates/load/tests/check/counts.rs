//! Counts of likes and comments.

use std::time::Duration;

use sosik_load::check::{Act, Kind, Reading, Rules};

use crate::tale::{EVE, JUN, LATER, MINA, Tale, item};

const LIKE: Act = Act::Like { story: 201 };
const UNLIKE: Act = Act::Unlike { story: 201 };

impl Tale {
    /// Jun reads their story 201 with these counts.
    fn counted(self, likes: u64, comments: u64) -> Self {
        let mut shown = item(201);
        (shown.likes, shown.comments) = (Some(likes), Some(comments));
        self.items(JUN, LATER, Reading::Top, vec![shown], true)
    }
}

fn liked() -> Tale {
    let tale = Tale::new().posted(201, (100, 110));
    tale.did(MINA, (200, 210), LIKE).did(EVE, (200, 210), LIKE)
}

#[test]
fn what_was_liked_and_commented_is_counted() {
    liked()
        .commented(1_101, (300, 310))
        .counted(2, 1)
        .keeps_all_promises();
}

#[test]
fn too_few_or_too_many_are_miscounted() {
    let told = liked().counted(1, 0).breaks(Kind::Miscounted);
    assert!(told.contains("with 1 likes, and there are 2"), "{told}");
    assert!(told.contains("mina liked story 201"), "{told}");
    liked().counted(3, 0).breaks(Kind::Miscounted);
    liked().counted(2, 1).breaks(Kind::Miscounted);
    liked()
        .commented(1_101, (300, 310))
        .counted(2, 0)
        .breaks(Kind::Miscounted);
}

#[test]
fn a_like_taken_back_is_not_counted_and_one_taken_back_just_now_may_be() {
    let back = |at| liked().did(MINA, at, UNLIKE);
    back((300, 310)).counted(1, 0).keeps_all_promises();
    back((300, 310)).counted(2, 0).breaks(Kind::Miscounted);
    for likes in [1, 2] {
        back((58_000, 58_010))
            .counted(likes, 0)
            .keeps_all_promises();
        back((58_000, 58_010))
            .counted(likes, 0)
            .keeps_all_promises();
    }
}

#[test]
fn counts_may_lag_by_the_time_of_the_rules() {
    // Acknowledged four seconds before the request.
    let lagging = liked().did(MINA, (55_000, 56_000), UNLIKE).counted(2, 0);
    let kinds = |seconds| {
        let rules = Rules {
            counts: Duration::from_secs(seconds),
            ..Rules::default()
        };
        let violations = lagging.violations_of(rules);
        violations.iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(5), []);
    assert_eq!(kinds(3), [Kind::Miscounted]);
}

#[test]
fn a_like_that_was_never_answered_may_count_or_not() {
    for likes in [0, 1] {
        Tale::new()
            .posted(201, (100, 110))
            .perhaps(MINA, (200, 5_200), LIKE)
            .counted(likes, 0)
            .keeps_all_promises();
    }
}

#[test]
fn counts_of_stories_from_before_the_history_are_not_judged() {
    Tale::new().counted(7, 7).keeps_all_promises();
}
