//! The behaviour of every engine of [`WakeUps`] on several nodes.

use std::sync::Arc;

use sosik_feed::PersonId;

use super::unique;
use crate::wake_ups::{Signals, WakeUps};

/// Two nodes of one cluster.
type Two = (Arc<dyn WakeUps>, Arc<dyn WakeUps>);

pub async fn a_stream_is_woken_by_the_other_node_as_soon_as_it_is_registered((one, two): Two) {
    let base = unique();
    for reader in (base..base + 50).map(PersonId::from_u64) {
        let stream = two.watch(reader).await.unwrap();
        one.wake(&[reader], Signals::STORY).await.unwrap();
        assert!(stream.signalled().await.story);
    }
}

pub async fn a_reader_with_streams_on_both_nodes_is_woken_on_both((one, two): Two) {
    let reader = PersonId::from_u64(unique());
    let (here, there) = (
        one.watch(reader).await.unwrap(),
        two.watch(reader).await.unwrap(),
    );
    one.wake(&[reader], Signals::SESSION).await.unwrap();
    assert!(here.signalled().await.session && there.signalled().await.session);
    two.wake(&[reader], Signals::STORY).await.unwrap();
    assert!(here.signalled().await.story && there.signalled().await.story);
}

pub async fn a_reader_who_comes_back_is_woken_again((one, two): Two) {
    let reader = PersonId::from_u64(unique());
    for _ in 0..20 {
        let stream = two.watch(reader).await.unwrap();
        one.wake(&[reader], Signals::NOTIFICATION).await.unwrap();
        assert!(stream.signalled().await.notification);
        drop(stream);
    }
}
