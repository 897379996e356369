//! What does not start beside a node that runs.

use crate::Cluster;
use crate::common::Server;

#[tokio::test]
async fn a_second_node_that_shares_only_the_store_does_not_start() {
    let cluster = Cluster::start();
    let store = format!(
        "--set=store.url={}",
        cluster.servers.postgres.url("postgres")
    );
    let _first = Server::start(&cluster.folder, &[&store, "--set=node.name=one"]);
    let ports = [
        "--set=server.listen=127.0.0.1:0",
        "--set=server.admin_listen=127.0.0.1:0",
    ];
    let second = cluster.folder.run(&["serve", &store, ports[0], ports[1]]);
    assert!(
        second.code != Some(0) && second.err.contains("fabric.url"),
        "{second:?}"
    );
}

#[tokio::test]
async fn commands_that_fill_or_repair_a_store_are_refused_while_a_node_runs() {
    let cluster = Cluster::start();
    let mut node = cluster.node("one");
    cluster.person(&node, "mina").await;
    let people = r#"{"handle":"hana","display_name":"Hana"}"#;
    cluster.folder.write("people.jsonl", people);
    let settings = cluster.servers.settings("command").into_iter();
    let settings: Vec<_> = settings.map(|setting| format!("--set={setting}")).collect();
    let run = |command: &[&str]| {
        let settings = settings.iter().map(String::as_str);
        let arguments: Vec<_> = command.iter().copied().chain(settings).collect();
        cluster.folder.run(&arguments)
    };
    let import = ["import", "--people=people.jsonl"];
    for command in [&import[..], &["world", "--people=100"], &["rebuild"]] {
        let refused = run(command);
        let says = refused.err.contains("stop every `sosik serve`");
        assert!(refused.code == Some(3) && says, "{command:?}: {refused:?}");
    }
    node.request_stop().unwrap();
    assert!(node.wait().unwrap().success());
    let imported = run(&import);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let rebuilt = run(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
}
