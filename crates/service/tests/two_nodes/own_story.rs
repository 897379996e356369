//! The author of a story reads on another node.

use sosik_decorators::Fault;
use sosik_feed::Audience;

use crate::{Nodes, eventually, top};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_is_in_its_authors_next_read_although_its_node_could_not_reach_the_timeline() {
    let nodes = Nodes::new().await;
    let mina = nodes.person("mina").await;
    let first = nodes.post(&mina, Audience::Friends).await;
    eventually(async || top(&nodes.other, &mina).await == [first]).await;
    // The deliveries of both nodes wait.
    nodes
        .faults
        .always("Relations::readers_of_many", Fault::Wait);
    for call in ["Timelines::deliver", "Timelines::drop_timeline"] {
        nodes.faults.always(call, Fault::Error);
    }
    let second = nodes.post(&mina, Audience::Friends).await;
    assert_eq!(top(&nodes.other, &mina).await, [second, first]);
    nodes.faults.lift_all();
    nodes.stop().await;
}
