//! The behaviour of every engine of [`LargeAuthorLog`] on several nodes.

use std::sync::Arc;

use sosik_feed::pulled::LogEntry;
use sosik_feed::{Audience, Circle, PersonId, StoryId};

use super::unique;
use crate::large_author_log::LargeAuthorLog;

type Log = Arc<dyn LargeAuthorLog>;

const READER: PersonId = PersonId::from_u64(1);

async fn append(log: &Log, author: PersonId, story: u64) {
    let entry = LogEntry {
        story: StoryId::from_u64(story),
        author,
        audience: Audience::Public,
    };
    log.append(entry).await.unwrap();
}

/// The stories of the author in the tail of this node, with their positions, in the order of the log.
fn stories(log: &Log, author: PersonId) -> Vec<(u64, u64)> {
    let circle = Circle::new(vec![], vec![author], vec![], vec![]);
    let extract = log.tail().build(READER, &circle, 800);
    let entries = extract.after(extract.from()).unwrap();
    let numbered = entries.iter();
    numbered
        .map(|(position, story)| (position.as_u64(), story.as_u64()))
        .collect()
}

pub async fn after_catching_up_a_node_has_what_the_other_appended((one, two): (Log, Log)) {
    let base = unique();
    let author = PersonId::from_u64(base);
    for story in base..base + 30 {
        append(&one, author, story).await;
        two.catch_up().await.unwrap();
        let newest = stories(&two, author).last().map(|(_, story)| *story);
        assert_eq!(newest, Some(story));
    }
}

pub async fn the_entries_of_both_have_one_order_and_one_numbering((one, two): (Log, Log)) {
    let base = unique();
    let author = PersonId::from_u64(base);
    let append_all = |log: &Log, first| {
        let log = Arc::clone(log);
        tokio::spawn(async move {
            for story in first..first + 20 {
                append(&log, author, story).await;
            }
        })
    };
    let (appending, also) = (append_all(&one, base), append_all(&two, base + 100));
    appending.await.unwrap();
    also.await.unwrap();
    one.catch_up().await.unwrap();
    two.catch_up().await.unwrap();
    assert_eq!(stories(&one, author).len(), 40);
    assert_eq!(stories(&one, author), stories(&two, author));
}
