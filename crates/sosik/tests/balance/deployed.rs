//! A node and a balancer as systemd starts them with the files of `deploy/`, except for ports and secrets.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Client, Method, StatusCode};
use serde_json::json;

use crate::common::{Folder, Server, ask};
use crate::support::eventually;

/// The folder of the files on the machine of an operator.
const INSTALLED: &str = "/etc/sosik";
const TOKEN: &str = "0123456789abcdef";

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(file)
}

/// A machine with a unit and the files that it names.
struct Machine {
    folder: Folder,
    unit: String,
}

impl Machine {
    fn with(unit: &str) -> Self {
        Self {
            folder: Folder::new(),
            unit: fs::read_to_string(deploy(unit)).unwrap(),
        }
    }

    /// Copies a file as an operator does, who replaces some texts.
    fn install(&self, file: &str, replaced: &[(&str, &str)]) {
        let mut text = fs::read_to_string(deploy(file)).unwrap();
        for (sample, own) in replaced {
            assert!(text.contains(sample), "{file} has no {sample}");
            text = text.replace(sample, own);
        }
        self.folder.write(file.rsplit('/').next().unwrap(), &text);
    }

    fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = String> + 'a {
        let here = self.folder.path("").display().to_string();
        let installed = format!("{INSTALLED}/");
        let values = self.unit.lines().filter_map(move |it| it.strip_prefix(key));
        values.map(move |value| value.replace(&installed, &here).replace("%H", "host"))
    }

    /// What systemd starts.
    fn command(&self) -> Command {
        let line = self.values("ExecStart=").next().unwrap();
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("/usr/local/bin/sosik"));
        let arguments: Vec<&str> = words.collect();
        let mut command = self.folder.command(&arguments);
        let files = self.values("EnvironmentFile=");
        let lines = files.flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(str::to_owned).collect::<Vec<_>>()
        });
        for line in self.values("Environment=").chain(lines) {
            let (name, value) = line.split_once('=').unwrap();
            command.env(name, value);
        }
        command.env("SOSIK_LOG__FORMAT", "json");
        command
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_and_a_balancer_with_the_files_of_deploy_find_each_other_and_deliver() {
    let engines = sosik_servers::Cluster::start(&["fsync=off"]).unwrap();
    let (port, admin_port) = (free_port(), free_port());
    let admin = format!(":{admin_port}");
    let token = ("REPLACE-WITH-32-RANDOM-CHARACTERS", TOKEN);

    let node = Machine::with("systemd/sosik.service");
    let listen = format!("0.0.0.0:{port}");
    node.install(
        "sosik.toml",
        &[("0.0.0.0:8420", listen.as_str()), (":8421", admin.as_str())],
    );
    node.install("admin-token.env", &[token]);
    let address = format!("127.0.0.1:{port}");
    node.install("node.env", &[("10.0.0.1:8420", address.as_str())]);
    let urls = [
        (
            "postgres://sosik:PASSWORD@db.internal/sosik",
            engines.postgres.url("postgres"),
        ),
        ("redis://:PASSWORD@cache.internal:6379", engines.redis.url()),
        ("nats://bus.internal:4222", engines.nats.url()),
    ];
    node.install(
        "secrets.env",
        &urls.each_ref().map(|(sample, own)| (*sample, own.as_str())),
    );
    let node = Server::wait_for(node.command());

    let balancer = Machine::with("balance/sosik-balance.service");
    balancer.install("admin-token.env", &[token]);
    let listener = format!("127.0.0.1{admin}");
    let cluster = [
        ("0.0.0.0:80", "127.0.0.1:0"),
        ("127.0.0.1:8431", "127.0.0.1:0"),
        ("10.0.0.1:8421", listener.as_str()),
    ];
    balancer.install("balance/balance.toml", &cluster);
    let balancer = Server::wait_for(balancer.command());

    let client = Client::builder().no_proxy().build().unwrap();
    let get = async |url: String| client.get(url).bearer_auth(TOKEN).send().await.unwrap();
    eventually(
        async || get(format!("{}/readyz", balancer.url)).await.status() == StatusCode::OK,
        async || format!("{}{}", balancer.logged(), node.logged()),
    )
    .await;
    let body =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let url = |path: &str| format!("{}{path}", balancer.url);
    let (status, person) = ask(&client, "", Method::POST, &url("/v1/people"), body).await;
    assert_eq!(status, StatusCode::CREATED, "{person}");
    let body = json!({ "text": "the files of deploy fit together", "audience": "friends" });
    let session = person["token"].as_str().unwrap();
    let (status, story) = ask(&client, session, Method::POST, &url("/v1/stories"), body).await;
    assert_eq!(status, StatusCode::CREATED, "{story}");
    let metrics = async || {
        let answer = get(format!("{}/metrics", node.admin_url)).await;
        answer.text().await.unwrap()
    };
    eventually(
        async || metrics().await.contains("\nsosik_orders_pending 0\n"),
        async || node.logged(),
    )
    .await;
    assert!(
        !node.logged().contains("balance.cluster"),
        "{}",
        node.logged()
    );
}
