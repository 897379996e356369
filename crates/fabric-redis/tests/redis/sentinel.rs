//! Sentinels name the primary, also after a failover.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use sosik_servers::Redis;
use tempfile::TempDir;

use crate::common::{self, Site, ask, eventually, key};

/// A sentinel that decides alone.
struct Sentinel {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Sentinel {
    fn start(primary: &Redis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = common::free_port();
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\n\
             sentinel monitor site 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds site 500\n\
             sentinel failover-timeout site 2000\n",
            folder.path().display(),
            primary.port(),
        );
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(sosik_servers::find("redis-server").unwrap());
        command.arg(file).arg("--sentinel").stdout(Stdio::null());
        Self {
            process: command.spawn().unwrap(),
            port,
            _folder: folder,
        }
    }

    /// Whether it knows a replica of the primary, which it could promote.
    async fn knows_a_replica(&self) -> bool {
        let url = format!("redis://127.0.0.1:{}/", self.port);
        let replicas = ask::<Vec<redis::Value>>(&url, &["SENTINEL", "REPLICAS", "site"]).await;
        replicas.is_ok_and(|replicas| !replicas.is_empty())
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn after_a_failover_the_promoted_replica_is_used_and_its_copies_are_not() {
    let mut primary = Redis::start(&common::SETTINGS).unwrap();
    let port = primary.port().to_string();
    let replica = Redis::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
    let sentinel = Sentinel::start(&primary);
    eventually(async || sentinel.knows_a_replica().await).await;
    let url = format!("redis-sentinel://127.0.0.1:{}/site", sentinel.port);
    let site = Site::new(&common::open(common::options(url)).await);
    assert!(site.build(1, 3).await.unwrap());
    let copied = async || {
        ask::<u64>(&replica.url(), &["EXISTS", &key(1)])
            .await
            .unwrap()
            == 1
    };
    eventually(copied).await;
    primary.kill();
    assert!(site.ids(1).await.is_err());
    eventually(async || site.ids(1).await.is_ok()).await;
    assert_eq!(
        site.ids(1).await.unwrap(),
        None,
        "a delivery may be missing"
    );
    assert!(site.build(1, 4).await.unwrap());
    assert_eq!(
        ask::<u64>(&replica.url(), &["STRLEN", &key(1)])
            .await
            .unwrap(),
        560 + 4 * 8
    );
}

#[tokio::test]
async fn sentinels_that_do_not_answer_delay_nobody() {
    let primary = Redis::start(&common::SETTINGS).unwrap();
    let sentinel = Sentinel::start(&primary);
    let silent: Vec<_> = (0..6)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let ports = silent.iter().map(|it| it.local_addr().unwrap().port());
    let hosts: Vec<_> = ports
        .chain([sentinel.port])
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let url = format!("redis-sentinel://{}/site", hosts.join(","));
    let site = Site::new(&common::open(common::options(url)).await);
    assert!(site.build(1, 3).await.unwrap());
}
