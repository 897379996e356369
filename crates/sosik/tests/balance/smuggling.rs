//! Requests whose end is ambiguous. Either the balancer refuses them, or the node gets one request with one end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::common::{Folder, Server};
use crate::fake::{Behaviour, Fake};
use crate::support::{Balancer, PATIENCE};

/// What an attacker hides behind the first request.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n";

/// Fields of a request whose body may be taken for a second request, or the other way round.
const FIELDS: [&str; 30] = [
    "content-length: 5\r\ntransfer-encoding: chunked",
    "transfer-encoding: chunked\r\ncontent-length: 5",
    "content-length: 5\r\ncontent-length: 40",
    "content-length: 5\r\ncontent-length: 5",
    "content-length: 5, 40",
    "content-length: +5",
    "content-length: -5",
    "content-length: 0x5",
    "content-length: 5 5",
    "content-length:",
    "content-length: 99999999999999999999999",
    "content-length : 5",
    "content-length\t: 5",
    " content-length: 5",
    "x: 1\r\n content-length: 5",
    "content-length: 5\n",
    "x: 1\ntransfer-encoding: chunked",
    "x: 1\rtransfer-encoding: chunked",
    "transfer-encoding: chunked\r\ntransfer-encoding: identity",
    "transfer-encoding: identity\r\ntransfer-encoding: chunked",
    "transfer-encoding: chunked, identity",
    "transfer-encoding: gzip, chunked",
    "transfer-encoding: xchunked",
    "transfer-encoding: chunked\x0b",
    "transfer-encoding : chunked",
    "transfer-encoding:\tCHUNKED",
    "transfer-encoding: \"chunked\"",
    "connection: content-length\r\ncontent-length: 5",
    "connection: transfer-encoding\r\ntransfer-encoding: chunked",
    "content-length: 5\r\nexpect: 100-continue",
];

/// Bodies, as chunks and as what only looks like them.
const BODIES: [&str; 7] = [
    "",
    "0\r\n\r\n",
    "hello",
    "5\r\nhello\r\n0\r\n\r\n",
    "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
];

/// Whole heads that are ambiguous by themselves.
const HEADS: [&str; 9] = [
    "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\nhost: a\n\n",
    "GET  /  HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n",
    "CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
];

fn corpus() -> Vec<String> {
    let with_fields = FIELDS.iter().flat_map(|fields| {
        let of = move |body: &&str| {
            format!("POST /seen HTTP/1.1\r\nhost: a\r\n{fields}\r\n\r\n{body}{HIDDEN}")
        };
        BODIES.iter().map(of)
    });
    let alone = HEADS.iter().map(|head| format!("{head}{HIDDEN}"));
    with_fields.chain(alone).collect()
}

/// Attacks that are sent at once.
const AT_ONCE: usize = 16;

/// A request that is complete is answered within this, on most machines. One that is not waits for more, so the client
/// ends it. Ending each at once would make the balancer drop most requests.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

/// Sends these bytes and nothing more, and returns all that comes back.
async fn exchange(address: &str, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may close before it has read everything.
    let _closed = stream.write_all(bytes.as_bytes()).await;
    let mut all = Vec::new();
    let _waits = timeout(ANSWERED_WITHIN, stream.read_buf(&mut all)).await;
    let _closed = stream.shutdown().await;
    let _reset = timeout(PATIENCE, stream.read_to_end(&mut all))
        .await
        .unwrap();
    String::from_utf8_lossy(&all).into_owned()
}

/// Asserts that a head has one meaning for every reader.
#[track_caller]
pub fn assert_plain(head: &str, attack: &str) {
    let lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    let count = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
    let framing = count("content-length:") + count("transfer-encoding:");
    assert!(framing <= 1, "two ends: {head:?} of {attack:?}");
    assert_eq!(count("host:"), 1, "{head:?} of {attack:?}");
    for line in &lines[1..] {
        let (name, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("{line:?} of {attack:?}"));
        let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        assert!(
            !name.is_empty() && name.chars().all(token),
            "{line:?} of {attack:?}"
        );
        assert!(
            !value.contains(['\n', '\r', '\0']),
            "{line:?} of {attack:?}"
        );
    }
    let lengths = lines
        .iter()
        .filter_map(|line| line.strip_prefix("content-length: "));
    for length in lengths {
        assert!(
            length.bytes().all(|digit| digit.is_ascii_digit()),
            "{head:?} of {attack:?}"
        );
    }
    let codings = lines
        .iter()
        .filter_map(|line| line.strip_prefix("transfer-encoding: "));
    for coding in codings {
        assert_eq!(coding.trim(), "chunked", "{head:?} of {attack:?}");
    }
}

#[tokio::test]
async fn a_node_gets_only_requests_with_one_end() {
    let fakes = [Fake::start(Behaviour::Measure).await];
    let balancer = Balancer::before(&fakes, &["--set=balance.eject_failures=1000"]);
    let named = |(number, attack): (usize, &String)| {
        let attack = attack.replace("/seen ", &format!("/seen/{number} "));
        attack.replace("/hidden ", &format!("/hidden/{number} "))
    };
    let attacks: Vec<String> = corpus().iter().enumerate().map(named).collect();
    for some in attacks.chunks(AT_ONCE) {
        let sent = some.iter().map(|it| exchange(balancer.address(), it));
        let answers = futures::future::join_all(sent).await;
        for (answers, attack) in answers.iter().zip(some) {
            let answered = answers.matches("HTTP/1.1 2").count();
            assert!(answered <= 1, "{answers:?} of {attack:?}");
        }
    }
    assert_eq!(balancer.statuses(10).await, [200; 10]);
    let requests = fakes[0].requests();
    // Those that have one meaning only.
    assert!(
        requests.len() > 30,
        "only {} were passed on",
        requests.len()
    );
    for head in &requests {
        assert_plain(head, "the attack with this number");
        assert!(!head.starts_with("GET /hidden"), "{head:?}");
    }
}

async fn livez(balancer: &Balancer, requests: usize) -> Vec<String> {
    let asked = (0..requests).map(async |_| {
        let answer = balancer.get("/livez").await.unwrap();
        answer.text().await.unwrap()
    });
    futures::future::join_all(asked).await
}

/// A real node answers every request that the balancer passes on, and nothing is left over for the next client.
#[tokio::test]
async fn the_next_client_gets_its_own_answer() {
    let folder = Folder::new();
    let node = Server::start(&folder, &["--set=server.trusted_proxies=127.0.0.1"]);
    let address = node.url.strip_prefix("http://").unwrap().to_owned();
    let balancer = Balancer::start(&[address], &["--set=balance.eject_failures=1000"]);
    for attacks in corpus().chunks(8) {
        let sent = attacks
            .iter()
            .map(|attack| exchange(balancer.address(), attack));
        futures::future::join_all(sent).await;
        // Each connection to the node that was kept is used once more.
        for body in livez(&balancer, attacks.len()).await {
            assert_eq!(body, "alive\n", "after {attacks:?}");
        }
    }
}
