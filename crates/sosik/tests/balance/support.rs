//! A balancer for a test.

use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use reqwest::{Body, Client, Response, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};

use crate::common::{Folder, Ran, Server};
use crate::fake::{Behaviour, Fake, PIECE, Piece, pieces};

/// A state that is not reached within this time counts as never reached.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running balancer.
pub struct Balancer {
    pub folder: Folder,
    pub server: Server,
    pub client: Client,
}

impl Balancer {
    /// Starts it in front of these addresses.
    pub fn start(nodes: &[String], further: &[&str]) -> Self {
        Self::start_with(nodes, further, &[])
    }

    /// Starts it in front of these addresses, with these variables in its environment.
    pub fn start_with(nodes: &[String], further: &[&str], environment: &[(&str, &str)]) -> Self {
        let nodes = format!("--set=balance.nodes={}", nodes.join(","));
        let further: Vec<&str> = further.iter().copied().chain([nodes.as_str()]).collect();
        Self::start_in(&further, environment)
    }

    /// Starts it with these settings.
    pub fn start_alone(further: &[&str]) -> Self {
        Self::start_in(further, &[])
    }

    fn start_in(further: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let mut arguments = vec![
            "balance",
            "--set=balance.listen=127.0.0.1:0",
            "--set=balance.admin_listen=127.0.0.1:0",
            "--set=balance.check_interval_ms=200",
            // On a busy machine an answer may take seconds.
            "--set=balance.check_timeout_ms=20000",
            "--set=balance.connect_timeout_ms=20000",
            "--set=log.format=json",
        ];
        arguments.extend_from_slice(further);
        let mut command = folder.command(&arguments);
        command.envs(environment.iter().copied());
        let server = Server::wait_for(command);
        Self {
            folder,
            server,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Starts it in front of fake nodes.
    pub fn before(fakes: &[Fake], further: &[&str]) -> Self {
        let nodes: Vec<String> = fakes.iter().map(|fake| fake.address.to_string()).collect();
        Self::start(&nodes, further)
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.client
            .get(format!("{}{path}", self.server.url))
            .send()
            .await
    }

    /// The address that clients connect to.
    pub fn address(&self) -> &str {
        self.server.url.strip_prefix("http://").unwrap()
    }

    /// Begins an upload, and returns when a part of it has reached the node.
    pub async fn begin_upload(&self, node: &Fake) -> Upload {
        let (send, body) = pieces();
        let request = self.client.post(&self.server.url);
        let request = request.body(Body::wrap_stream(body));
        let answer = tokio::spawn(request.send());
        send.send(Ok(vec![b'a'; PIECE])).unwrap();
        let received = timeout(PATIENCE, node.has_received(PIECE));
        received.await.unwrap();
        Upload { send, answer }
    }

    /// Opens a stream of events, and returns it after its first event.
    pub async fn events(&self) -> BoxStream<'static, reqwest::Result<String>> {
        let request = self.client.get(&self.server.url);
        let request = request.header("accept", "text/event-stream");
        let parts = request.send().await.unwrap().bytes_stream();
        let text = |part: Vec<u8>| String::from_utf8(part).unwrap();
        let mut events = parts.map_ok(move |part| text(part.into())).boxed();
        assert_eq!(events.next().await.unwrap().unwrap(), "data: 1\n\n");
        events
    }

    /// What the administration listener answers.
    pub async fn admin(&self, path: &str) -> (StatusCode, String) {
        let answer = self
            .client
            .get(format!("{}{path}", self.server.admin_url))
            .send()
            .await;
        let answer = answer.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    pub async fn status(&self) -> Value {
        serde_json::from_str(&self.admin("/status").await.1).unwrap()
    }

    /// A field of the status of a node.
    pub async fn node(&self, at: usize, field: &str) -> Value {
        self.status().await["nodes"][at][field].clone()
    }

    /// Waits until a node is in this state.
    pub async fn becomes(&self, at: usize, state: &str) {
        eventually(
            async || self.node(at, "state").await == state,
            async || format!("node {at} never became {state}: {}", self.status().await),
        )
        .await;
    }

    /// Sends this many requests and returns how many got each status. 0 stands for a broken answer.
    pub async fn statuses(&self, requests: usize) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..requests {
            statuses.push(match self.get("/").await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    answer.bytes().await.map_or(0, |_| status)
                }
                Err(_) => 0,
            });
        }
        statuses
    }

    /// Runs `sosik balance --status` against it.
    pub fn table(&self) -> Ran {
        let admin = self.server.admin_url.strip_prefix("http://").unwrap();
        let setting = format!("--set=balance.admin_listen={admin}");
        self.folder.run(&["balance", "--status", &setting])
    }
}

/// An upload in flight.
pub struct Upload {
    send: UnboundedSender<Piece>,
    answer: JoinHandle<reqwest::Result<Response>>,
}

impl Upload {
    /// Sends the last part and returns the answer.
    pub async fn complete(self) -> Response {
        self.send.send(Ok(vec![b'a'; PIECE])).unwrap();
        drop(self.send);
        self.answer.await.unwrap().unwrap()
    }
}

/// Waits until a condition holds.
pub async fn eventually(
    mut holds: impl AsyncFnMut() -> bool,
    otherwise: impl AsyncFnOnce() -> String,
) {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(20));
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "{}", otherwise().await);
        ticks.tick().await;
    }
}

/// Starts this number of fake nodes that behave well.
pub async fn good(count: usize) -> Vec<Fake> {
    let mut fakes = Vec::new();
    for _ in 0..count {
        fakes.push(Fake::start(Behaviour::Good).await);
    }
    fakes
}

/// The problem of an answer.
pub async fn problem(answer: Response) -> (u16, Value) {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status);
    (status, problem)
}
