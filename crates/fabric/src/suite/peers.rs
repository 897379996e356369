//! The behaviour of every engine of [`Peers`].

use std::sync::Arc;

use sosik_feed::{StoryCounts, StoryId};

use super::unique;
use crate::peers::{Change, Notice, Peers, Update};

/// Two nodes of one cluster.
type Two = (Arc<dyn Peers>, Arc<dyn Peers>);

fn change(number: u64) -> Notice {
    Notice {
        changes: vec![Change::Story(StoryId::from_u64(number))],
        ..Notice::default()
    }
}

fn update(number: u64) -> Notice {
    let counts = StoryCounts {
        likes: 1,
        comments: 0,
        revision: 1,
    };
    Notice {
        updates: vec![Update::Counts(StoryId::from_u64(number), counts)],
        ..Notice::default()
    }
}

pub async fn telling_returns_after_the_change_is_applied((one, two): Two) {
    let notice = change(unique());
    let sent = notice.clone();
    let telling = tokio::spawn(async move { one.tell(&sent).await });
    let heard = two.hear().await.unwrap();
    assert_eq!(heard.notice, notice);
    assert!(!telling.is_finished(), "nobody has applied it yet");
    heard.applied();
    telling.await.unwrap().unwrap();
}

pub async fn a_change_that_is_not_applied_is_an_error_for_its_sender((one, two): Two) {
    let notice = change(unique());
    let telling = tokio::spawn(async move { one.tell(&notice).await });
    drop(two.hear().await.unwrap());
    assert!(telling.await.unwrap().is_err());
}

pub async fn an_update_waits_for_nobody((one, two): Two) {
    let notice = update(unique());
    one.tell(&notice).await.unwrap();
    let heard = two.hear().await.unwrap();
    assert_eq!(heard.notice, notice);
    heard.applied();
}

pub async fn notices_of_one_sender_arrive_in_their_order((one, two): Two) {
    let first = unique();
    for number in first..first + 20 {
        one.tell(&update(number)).await.unwrap();
    }
    for number in first..first + 20 {
        assert_eq!(two.hear().await.unwrap().notice, update(number));
    }
}

pub async fn nobody_hears_themselves((one, two): Two) {
    let (mine, theirs) = (update(unique()), update(unique()));
    one.tell(&mine).await.unwrap();
    two.tell(&theirs).await.unwrap();
    assert_eq!(one.hear().await.unwrap().notice, theirs);
    assert_eq!(two.hear().await.unwrap().notice, mine);
}
