//! A server under attack: its memory is bounded, attackers are disconnected, and other clients are served.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::time::Duration;

use common::{Folder, Server};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::{Instant, interval, timeout};

/// The additional memory that a server may need under attack, in KiB: answers as limited below, compressors and buffers
/// of connections, and caches that fill.
const GROWTH_KIB_MAX: u64 = 160 * 1_024;

/// The maximum time for an answer on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Short deadlines and small limits, so that attacks reach them within seconds.
const TIGHT: [&str; 6] = [
    "--set=server.answers_mib=32",
    "--set=server.answer_stall_seconds=2",
    "--set=server.first_request_seconds=2",
    "--set=server.body_timeout_seconds=6",
    "--set=server.requests_at_once_max=16",
    "--set=server.requests_waiting_max=4",
];

/// The result of an attack.
#[derive(Debug)]
struct Outcome {
    figures: Value,
    growth_kib: u64,
    /// Statuses other than 200, by request.
    troubles: Vec<(&'static str, u16)>,
    asked: usize,
}

/// Peak memory of the process.
fn peak_kib(server: &Server) -> u64 {
    let status = server.proc("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

struct Innocent {
    client: Client,
    url: String,
    token: String,
}

impl Innocent {
    async fn sign_up(server: &Server) -> Self {
        let client = Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .build()
            .unwrap();
        let ask =
            json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
        let answer = client.post(format!("{}/v1/people", server.url)).json(&ask);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        Self {
            client,
            url: server.url.clone(),
            token: answer["token"].as_str().unwrap().to_owned(),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> u16 {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    }
}

/// Attacks the server for some seconds while another person reads and writes.
async fn under(attack: &'static str, connections: u32, seconds: u64) -> Outcome {
    let folder = Folder::new();
    let server = Server::start(&folder, &TIGHT);
    let mina = Innocent::sign_up(&server).await;
    let before = peak_kib(&server);
    let mut command = folder.command(&[
        "load",
        &format!("--url={}", server.url),
        &format!("--attack={attack}"),
        &format!("--attack-connections={connections}"),
        &format!("--seconds={seconds}"),
        "--json",
    ]);
    let mut attacking = tokio::task::spawn_blocking(move || command.output().unwrap());
    let (mut troubles, mut asked) = (Vec::new(), 0);
    let mut tick = interval(Duration::from_millis(100));
    let begin = Instant::now();
    let output = loop {
        tokio::select! {
            output = &mut attacking => break output.unwrap(),
            _ = tick.tick() => {}
        }
        let read = mina.ask(Method::GET, "/v1/feed", None).await;
        let text = format!("still here after {} ms", begin.elapsed().as_millis());
        let write = mina
            .ask(Method::POST, "/v1/stories", Some(json!({ "text": text })))
            .await;
        troubles.extend((read != 200).then_some(("read", read)));
        troubles.extend((write != 201 && write != 429).then_some(("write", write)));
        asked += 2;
    };
    let out = String::from_utf8(output.stdout).unwrap();
    let told: Value = serde_json::from_str(&out)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    Outcome {
        figures: told["attacks"][0].clone(),
        growth_kib: peak_kib(&server).saturating_sub(before),
        troubles,
        asked,
    }
}

impl Outcome {
    #[track_caller]
    fn others_are_served(&self) -> &Self {
        assert!(self.asked > 0 && self.troubles.is_empty(), "{self:?}");
        self
    }

    #[track_caller]
    fn memory_is_bounded(&self) -> &Self {
        assert!(self.growth_kib < GROWTH_KIB_MAX, "{self:?}");
        self
    }

    #[track_caller]
    fn attackers_are_cut_off(&self) -> &Self {
        assert!(self.figures["ended"].as_u64().unwrap() > 0, "{self:?}");
        self
    }
}

#[tokio::test]
async fn large_pages_that_are_never_read_take_bounded_memory_and_end_with_their_connections() {
    let outcome = under("unread-api", 6, 12).await;
    outcome
        .others_are_served()
        .memory_is_bounded()
        .attackers_are_cut_off();
    assert!(
        outcome.figures["requests"].as_u64().unwrap() > 100,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn files_that_are_never_read_take_bounded_memory_and_end_with_their_connections() {
    let outcome = under("unread-answers", 24, 8).await;
    outcome
        .others_are_served()
        .memory_is_bounded()
        .attackers_are_cut_off();
}

#[tokio::test]
async fn live_streams_that_are_never_read_end() {
    let outcome = under("unread-streams", 6, 8).await;
    outcome
        .others_are_served()
        .memory_is_bounded()
        .attackers_are_cut_off();
}

#[tokio::test]
async fn bodies_that_trickle_in_keep_nobody_from_writing() {
    let outcome = under("slow-bodies", 64, 10).await;
    outcome
        .others_are_served()
        .memory_is_bounded()
        .attackers_are_cut_off();
    assert!(
        outcome.figures["refused"].as_u64().unwrap() > 0,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn connections_without_a_request_end() {
    let outcome = under("silent", 64, 6).await;
    outcome
        .others_are_served()
        .memory_is_bounded()
        .attackers_are_cut_off();
}

#[tokio::test]
async fn a_large_file_asked_for_again_and_again_keeps_nobody_from_reading() {
    let outcome = under("bundle", 4, 4).await;
    outcome.others_are_served().memory_is_bounded();
    assert!(
        outcome.figures["answered"].as_u64().unwrap() > 0,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn other_machines_are_not_attacked_whatever_is_allowed() {
    let folder = Folder::new();
    let arguments = [
        "load",
        "--url=http://192.0.2.1:8420",
        "--anywhere",
        "--attack=silent",
    ];
    let ran = timeout(
        TIMEOUT,
        tokio::task::spawn_blocking(move || folder.run(&arguments)),
    );
    let ran = ran.await.unwrap().unwrap();
    assert!(ran.err.contains("not a loopback address"), "{ran:?}");
}
