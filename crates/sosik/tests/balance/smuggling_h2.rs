//! Requests on HTTP/2 that become two requests, or other ones, if they are written as HTTP/1.1 without a check.
//!
//! The frames are written by hand, because a library for clients refuses to send them.

use std::collections::BTreeSet;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fake::{Behaviour, Fake};
use crate::smuggling::assert_plain;
use crate::support::{Balancer, PATIENCE};

/// The preface of a connection, and an empty SETTINGS frame.
const BEGIN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What an attacker hides in a body.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n";

type Fields = Vec<(&'static str, &'static str)>;

/// Fields that come after those of a plain request.
const ADDED: &[&[(&str, &str)]] = &[
    // A value or a name that ends its line.
    &[("x-a", "1\r\nx-smuggled: 1")],
    &[("x-a", "1\nx-smuggled: 1")],
    &[("x-a", "1\rx-smuggled: 1")],
    &[("x-a", "1\0")],
    &[("x-a", "1\r\n\r\nGET /hidden HTTP/1.1\r\nhost: a\r\n\r\n")],
    &[("x-a: 1\r\nx-smuggled", "1")],
    &[("x-a\n", "1")],
    &[("x-a: 1", "1")],
    &[("x a", "1")],
    &[("X-Upper", "1")],
    &[("", "1")],
    &[("cookie", "a\r\nx-smuggled: 1")],
    // Lengths that are wrong, ambiguous or no numbers.
    &[("content-length", "0")],
    &[("content-length", "3")],
    &[("content-length", "33")],
    &[("content-length", "1000")],
    &[("content-length", "3"), ("content-length", "33")],
    &[("content-length", "33"), ("content-length", "33")],
    &[("content-length", "3, 33")],
    &[("content-length", "+33")],
    &[("content-length", "-1")],
    &[("content-length", "0x21")],
    &[("content-length", "33 ")],
    &[("content-length", "")],
    &[("content-length", "33\r\ntransfer-encoding: chunked")],
    // Fields that HTTP/2 does not have.
    &[("transfer-encoding", "chunked")],
    &[("transfer-encoding", "identity")],
    &[("transfer-encoding", "chunked"), ("content-length", "33")],
    &[("transfer-encoding\r\n", "chunked")],
    &[("connection", "keep-alive")],
    &[("connection", "content-length"), ("content-length", "33")],
    &[("keep-alive", "timeout=5")],
    &[("proxy-connection", "keep-alive")],
    &[("upgrade", "h2c")],
    &[("te", "trailers")],
    &[("te", "gzip")],
    &[("expect", "100-continue")],
    // Pseudo-fields that repeat, come late, or belong to answers.
    &[(":path", "/hidden")],
    &[(":method", "GET")],
    &[(":authority", "b")],
    &[(":status", "200")],
    &[(":other", "1")],
    &[("host", "b")],
    &[("host", "a"), ("host", "b")],
];

/// Other values of the four pseudo-fields.
const REPLACED: &[(&str, &str)] = &[
    (":method", "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\nPOST"),
    (":method", "GET /hidden"),
    (":method", "POST\n"),
    (":method", ""),
    (":method", "CONNECT"),
    (":method", "TRACE"),
    (":path", "/seen HTTP/1.1\r\nx-smuggled: 1"),
    (":path", "/ HTTP/1.1\r\nhost: b\r\n\r\nGET /hidden"),
    (":path", "/a b"),
    (":path", "/a\tb"),
    (":path", "/a\0"),
    (":path", ""),
    (":path", "seen"),
    (":path", "*"),
    (":path", "http://b/"),
    (":path", "//b/"),
    (":path", "/a#b"),
    (":authority", "a\r\nx-smuggled: 1"),
    (":authority", "a b"),
    (":authority", "a/hidden"),
    (":authority", "a@b"),
    (":authority", ""),
    (":scheme", "http\r\nx-smuggled: 1"),
    (":scheme", "file"),
    (":scheme", ""),
];

fn plain() -> Fields {
    vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", "/seen"),
    ]
}

fn corpus() -> Vec<Fields> {
    let added = ADDED
        .iter()
        .map(|fields| [plain(), fields.to_vec()].concat());
    let replaced = REPLACED.iter().map(|(name, value)| {
        let other = |field: (&'static str, &'static str)| match field.0 == *name {
            true => (*name, *value),
            false => field,
        };
        plain().into_iter().map(other).collect()
    });
    let missing = (0..4).map(|at| {
        let mut fields = plain();
        fields.remove(at);
        fields
    });
    // A pseudo-field after another field.
    let mut late = plain();
    late.insert(0, ("x-a", "1"));
    added.chain(replaced).chain(missing).chain([late]).collect()
}

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    // The identifier of the stream is 1.
    let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
    [&head, payload].concat()
}

/// Literal fields without an index and without Huffman codes.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 127, "longer texts need more bytes");
        [&[length], text.as_bytes()].concat()
    };
    let field = |(name, value): &(&str, &str)| [vec![0], text(name), text(value)].concat();
    fields.iter().flat_map(field).collect()
}

/// The frames of a request with a body, and with fields after it if there are any.
fn request(fields: &[(&str, &str)], body: &str, trailers: &[(&str, &str)]) -> Vec<u8> {
    let end = |last: bool| if last { END_STREAM } else { 0 };
    let mut frames = BEGIN.to_vec();
    let bodiless = body.is_empty() && trailers.is_empty();
    frames.extend(frame(HEADERS, END_HEADERS | end(bodiless), &block(fields)));
    if !body.is_empty() {
        frames.extend(frame(DATA, end(trailers.is_empty()), body.as_bytes()));
    }
    if !trailers.is_empty() {
        frames.extend(frame(HEADERS, END_HEADERS | END_STREAM, &block(trailers)));
    }
    frames
}

/// Sends the frames and waits until the request is answered, reset, or its connection ends.
async fn send(address: &str, frames: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may close before it has read everything.
    let _closed = stream.write_all(frames).await;
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let [_, _, length, kind, flags, .., number] = head;
        let length = u32::from_be_bytes([0, head[0], head[1], length]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if stream.read_exact(&mut payload).await.is_err() || kind == GOAWAY {
            return;
        }
        let ends = kind == RST_STREAM || kind <= HEADERS && flags & END_STREAM != 0;
        if number == 1 && ends {
            return;
        }
    }
}

async fn check(attacks: &[(Fields, &str, Fields)]) -> usize {
    let fakes = [Fake::start(Behaviour::Measure).await];
    let further = [
        "--set=balance.eject_failures=1000",
        // A body that is announced and does not come ends with this.
        "--set=balance.answer_timeout_seconds=2",
    ];
    let balancer = Balancer::before(&fakes, &further);
    for (number, (fields, body, trailers)) in attacks.iter().enumerate() {
        let number = number.to_string();
        // Each request names its attack. A request that was hidden in another one has no number.
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .copied()
            .chain([("x-attack", number.as_str())])
            .collect();
        let frames = request(&fields, body, trailers);
        timeout(PATIENCE, send(balancer.address(), &frames))
            .await
            .unwrap();
    }
    // Bytes that an attack left on a connection to a node would corrupt the next answers.
    assert_eq!(balancer.statuses(10).await, [200; 10]);
    let requests = fakes[0].requests();
    let passed: Vec<&str> = requests.iter().filter_map(|head| attack_of(head)).collect();
    let different: BTreeSet<&str> = passed.iter().copied().collect();
    assert_eq!(passed.len(), different.len(), "{passed:?}");
    for head in &requests {
        assert_plain(head, "one of all");
        assert!(!head.contains("\nx-smuggled"), "{head:?}");
    }
    // All others are the plain ones at the end.
    assert_eq!(requests.len() - passed.len(), 10, "{requests:?}");
    passed.len()
}

/// The number of the attack that made a request. `None` if it is not exactly one.
fn attack_of(head: &str) -> Option<&str> {
    let mut numbers = head
        .lines()
        .filter_map(|line| line.strip_prefix("x-attack: "));
    numbers.next().filter(|_| numbers.next().is_none())
}

#[tokio::test]
async fn a_request_on_http_2_is_one_request_for_the_node_or_none() {
    let attacks: Vec<_> = corpus()
        .into_iter()
        .flat_map(|fields| ["", HIDDEN].map(|body| (fields.clone(), body, Fields::new())))
        .collect();
    let passed = check(&attacks).await;
    assert!(passed > 5, "only {passed} were passed on");
}

#[tokio::test]
async fn fields_after_a_body_on_http_2_end_nothing() {
    let trailers: [Fields; 7] = [
        vec![("x-a", "1")],
        vec![("content-length", "3")],
        vec![("transfer-encoding", "chunked")],
        vec![(":path", "/hidden")],
        vec![("host", "b")],
        vec![("x-a", "1\r\n\r\nGET /hidden HTTP/1.1\r\nhost: a\r\n\r\n")],
        vec![("x-a\r\n\r\nx-smuggled", "1")],
    ];
    let attacks: Vec<_> = trailers
        .into_iter()
        .map(|trailers| (plain(), HIDDEN, trailers))
        .collect();
    check(&attacks).await;
}
