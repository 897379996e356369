//! The behaviour of every engine of [`Peers`].

use std::sync::Arc;

use sosik_feed::{StoryCounts, StoryId};

use super::unique;
use crate::peers::{Change, Notice, Peers, Told, Update};

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
    let told = telling.await.unwrap().unwrap();
    assert_eq!((told.confirmed, told.silent), (vec![two.me()], vec![]));
}

pub async fn a_node_that_did_not_apply_a_change_is_reported_to_its_sender((one, two): Two) {
    let notice = change(unique());
    let telling = tokio::spawn(async move { one.tell(&notice).await });
    drop(two.hear().await.unwrap());
    let told = telling.await.unwrap().unwrap();
    assert_eq!((told.confirmed, told.silent), (vec![], vec![two.me()]));
}

pub async fn many_changes_at_once_are_all_confirmed((one, two): Two) {
    let first = unique();
    let tell = |number| {
        let one = Arc::clone(&one);
        tokio::spawn(async move { one.tell(&change(number)).await })
    };
    let telling: Vec<_> = (first..first + 50).map(tell).collect();
    for _ in &telling {
        two.hear().await.unwrap().applied();
    }
    for told in telling {
        assert_eq!(told.await.unwrap().unwrap().confirmed, [two.me()]);
    }
}

#[expect(clippy::unused_async, reason = "every behaviour is awaited")]
pub async fn every_node_has_its_own_id((one, two): Two) {
    assert_ne!(one.me(), two.me());
}

pub async fn an_update_waits_for_nobody((one, two): Two) {
    let notice = update(unique());
    let told = one.tell(&notice).await.unwrap();
    assert_eq!(told, Told::default());
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
