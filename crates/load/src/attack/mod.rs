//! Attacks on a server on this machine. They measure what remains for other clients while attackers try to exhaust it.
//!
//! Only loopback addresses are attacked. Attacking the server of another person has no use, and may be a crime.
//! Connections, requests and time are bounded. To add an attack, add a variant of [`Attack`] and its file.

mod flood;
mod slow;
mod unread;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::client::{Client, RequestOptions};
use crate::people::{AccountError, sign_up};

/// Most connections of one attack at once: more than a server allows from one address.
pub const CONNECTIONS_MAX: usize = 10_000;

/// A connection that ended is opened again after this, so that a refusing server is not asked in a busy loop.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The maximum time to open a connection. A full server leaves it in the accept queue of the kernel.
const CONNECT: Duration = Duration::from_secs(5);

/// Stories of the attacker, each of the maximum length: as many as fit on a page of the API.
const STORIES: usize = 100;
const STORY_CHARACTERS: usize = 5_000;

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// Requests large files without an account and never reads them: HTTP/2 with windows of 0 and 1 byte, HTTP/1.1, and
    /// HTTP/2 with hundreds of header fields.
    UnreadAnswers,
    /// Requests large pages of the API with an account and never reads them.
    UnreadApi,
    /// Opens live streams and never reads them.
    UnreadStreams,
    /// Sends bodies byte by byte.
    SlowBodies,
    /// Opens connections that send nothing, or the beginning of a request.
    Silent,
    /// Requests a large file repeatedly and reads it in full.
    Bundle,
}

impl Attack {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UnreadAnswers,
        Self::UnreadApi,
        Self::UnreadStreams,
        Self::SlowBodies,
        Self::Silent,
        Self::Bundle,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnreadAnswers => "unread-answers",
            Self::UnreadApi => "unread-api",
            Self::UnreadStreams => "unread-streams",
            Self::SlowBodies => "slow-bodies",
            Self::Silent => "silent",
            Self::Bundle => "bundle",
        }
    }

    const fn needs_an_account(self) -> bool {
        matches!(self, Self::UnreadApi | Self::UnreadStreams)
    }
}

/// The amount of load.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Connections held open at once, by each attack.
    pub connections: usize,
    /// The duration.
    pub length: Duration,
}

/// The result of one attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AttackStats {
    /// The kind of attack.
    pub attack: Attack,
    /// Connections opened.
    pub opened: u64,
    /// Connections that could not be opened.
    pub not_opened: u64,
    /// Connections that the server ended.
    pub ended: u64,
    /// Requests sent.
    pub requests: u64,
    /// Answers that began with a status below 400.
    pub answered: u64,
    /// Answers that began with another status.
    pub refused: u64,
}

/// Why no attack was started.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// Not an address of this machine.
    #[error(
        "{0} is not a loopback address: only servers of this machine can be attacked, even with --anywhere"
    )]
    NotLoopback(String),
    /// The server did not accept the attacker's account or stories.
    #[error("prepare the attack")]
    Account(#[from] AccountError),
    /// The server did not answer.
    #[error("prepare the attack")]
    Silent(#[from] reqwest::Error),
    /// The system gave no resources for the attackers' thread.
    #[error("start the thread of the attackers")]
    Runtime(#[from] std::io::Error),
    /// The attackers' thread ended early.
    #[error("the thread of the attackers ended")]
    Thread(#[from] tokio::task::JoinError),
}

/// The server, with what an attacker knows about it.
#[derive(Debug)]
struct Target {
    address: SocketAddr,
    url: String,
    /// The largest file served without an account.
    file: String,
    /// A session of the attacker; empty if no attack needs one.
    token: String,
    /// A path with a large page of the API.
    page: String,
}

/// Counts while an attack runs.
#[derive(Debug, Default)]
struct Counts {
    attempts: AtomicU64,
    opened: AtomicU64,
    not_opened: AtomicU64,
    ended: AtomicU64,
    requests: AtomicU64,
    answered: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    /// Adds one, and returns the number before.
    fn one(count: &AtomicU64) -> u64 {
        count.fetch_add(1, Ordering::Relaxed)
    }

    fn status(&self, status: u16) {
        Self::one(if status < 400 {
            &self.answered
        } else {
            &self.refused
        });
    }
}

/// Runs all of the attacks at once against the server at `url`, until the time is over or `stop` is cancelled.
///
/// The attackers have a thread and a runtime of their own. After a restart of the server all of them reconnect at once;
/// in the runtime of the measured clients they would delay the answers that are measured.
///
/// # Errors
/// The address is not of this machine, or the server does not let the attacker sign up.
pub async fn run(
    client: &Client,
    url: &str,
    attacks: &[Attack],
    options: Options,
    stop: &CancellationToken,
) -> Result<Vec<AttackStats>, AttackError> {
    let target = Arc::new(Target::find(client, url, attacks).await?);
    let attacks = attacks.to_vec();
    let stop = stop.child_token();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let _stops_when_dropped = stop.clone().drop_guard();
    let thread = move || runtime.block_on(attackers(target, &attacks, options, stop));
    Ok(spawn_blocking(thread).await?)
}

/// Runs the connections of all attacks and counts what they do.
async fn attackers(
    target: Arc<Target>,
    attacks: &[Attack],
    options: Options,
    stop: CancellationToken,
) -> Vec<AttackStats> {
    let tasks = TaskTracker::new();
    let mut running = Vec::new();
    for attack in attacks.iter().copied() {
        let counts = Arc::new(Counts::default());
        for number in 0..options.connections.min(CONNECTIONS_MAX) {
            let (target, counts) = (Arc::clone(&target), Arc::clone(&counts));
            let stop = stop.clone();
            tasks.spawn(async move {
                let again = reconnect_loop(attack, number, &target, &counts);
                stop.run_until_cancelled(again).await;
            });
        }
        running.push((attack, counts));
    }
    // The run ends when the time is over or `stop` is cancelled.
    let _over = timeout(options.length, stop.cancelled()).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    let stats = running.iter().map(|(attack, counts)| counts.stats(*attack));
    stats.collect()
}

/// Keeps one connection open and reopens it when it ends.
async fn reconnect_loop(attack: Attack, number: usize, target: &Target, counts: &Counts) {
    let mut tick = interval(AGAIN_AFTER);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let held = match attack {
            Attack::UnreadAnswers => unread::answers(target, &target.file, number, counts).await,
            Attack::UnreadApi => unread::answers(target, &target.page, number, counts).await,
            Attack::UnreadStreams => unread::streams(target, number, counts).await,
            Attack::SlowBodies => slow::body(target, counts).await,
            Attack::Silent => slow::silence(target, number, counts).await,
            Attack::Bundle => flood::files(target, counts).await,
        };
        Counts::one(if held.is_ok() {
            &counts.ended
        } else {
            &counts.not_opened
        });
    }
}

/// The connection could not be opened.
struct NotOpened;

impl Target {
    async fn find(client: &Client, url: &str, attacks: &[Attack]) -> Result<Self, AttackError> {
        let address = loopback(url).ok_or_else(|| AttackError::NotLoopback(url.to_owned()))?;
        let file = largest_file(client).await?;
        let mut target = Self {
            address,
            url: url.trim_end_matches('/').to_owned(),
            file,
            token: String::new(),
            page: String::new(),
        };
        if attacks.iter().any(|attack| attack.needs_an_account()) {
            target.sign_up(client).await?;
        }
        Ok(target)
    }

    async fn sign_up(&mut self, client: &Client) -> Result<(), AttackError> {
        if let Some(attacker) = sign_up(client, "attack", 1).await?.pop() {
            let text = "공격 ".repeat(STORY_CHARACTERS / 3);
            for number in 0..STORIES {
                let options = RequestOptions {
                    token: &attacker.token,
                    body: Some(json!({ "text": format!("{text}{number}") })),
                    ..RequestOptions::default()
                };
                // A server that accepts fewer stories has smaller pages. They are requested as well.
                let _refused = client.send(Method::POST, "/v1/stories", options).await?;
            }
            self.page = format!("/v1/people/{}/stories?limit=100", attacker.handle);
            self.token = attacker.token;
        }
        Ok(())
    }
}

impl Counts {
    fn stats(&self, attack: Attack) -> AttackStats {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        AttackStats {
            attack,
            opened: of(&self.opened),
            not_opened: of(&self.not_opened),
            ended: of(&self.ended),
            requests: of(&self.requests),
            answered: of(&self.answered),
            refused: of(&self.refused),
        }
    }
}

/// The address in a URL, if it is an address of this machine.
fn loopback(url: &str) -> Option<SocketAddr> {
    let place = url.strip_prefix("http://")?.trim_end_matches('/');
    let mut addresses = place.to_socket_addrs().ok()?;
    addresses.find(|address| address.ip().is_loopback())
}

/// The script of the API reference if there is one, otherwise the OpenAPI document.
async fn largest_file(client: &Client) -> Result<String, AttackError> {
    let page = client
        .send(Method::GET, "/docs", RequestOptions::default())
        .await?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let mut scripts = page.split("src=\"").skip(1);
    let script =
        scripts.find_map(|rest| rest.split('"').next().filter(|path| path.ends_with(".js")));
    Ok(script.map_or_else(|| "/openapi.json".to_owned(), absolute))
}

fn absolute(path: &str) -> String {
    let path = path.trim_start_matches("./");
    match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/docs/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_attacked() {
        assert!(loopback("http://127.0.0.1:8420/").is_some());
        assert!(loopback("http://[::1]:8420").is_some());
        assert_eq!(loopback("http://192.0.2.1:8420"), None);
        assert_eq!(loopback("https://127.0.0.1:8420"), None);
    }
}
