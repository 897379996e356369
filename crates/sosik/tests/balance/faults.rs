//! Nodes that misbehave, and clients that do.

use std::time::Duration;

use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fake::{Behaviour, Fake};
use crate::support::{Balancer, PATIENCE, eventually, good, problem};

/// Settings under which an ejection lasts longer than a test.
const LONG_EJECTION: [&str; 2] = [
    "--set=balance.eject_first_seconds=600",
    "--set=balance.eject_longest_seconds=600",
];

#[tokio::test]
async fn a_node_that_refuses_connections_costs_no_request() {
    let mut fakes = good(3).await;
    // Checks are rare here, so that requests meet the node that refuses.
    let further = [
        "--set=balance.check_interval_ms=60000",
        LONG_EJECTION[0],
        LONG_EJECTION[1],
    ];
    let balancer = Balancer::before(&fakes, &further);
    fakes[1].refuse().await;
    assert_eq!(balancer.statuses(60).await, [200; 60]);
    let posts = (0..30).map(|_| {
        balancer
            .client
            .post(&balancer.server.url)
            .body("once")
            .send()
    });
    for answer in futures::future::join_all(posts).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    balancer.becomes(1, "ejected").await;
    assert_eq!(balancer.node(1, "reason").await, "connections to it fail");
}

#[tokio::test]
async fn garbage_is_answered_with_a_problem_and_ejects_the_node() {
    let fakes = [
        Fake::start(Behaviour::Garbage).await,
        Fake::start(Behaviour::Good).await,
    ];
    let balancer = Balancer::before(&fakes, &LONG_EJECTION);
    let statuses = balancer.statuses(40).await;
    let broken = statuses.iter().filter(|status| **status == 502).count();
    assert_eq!(broken, 3, "{statuses:?}");
    assert_eq!(balancer.node(0, "state").await, "ejected");
    assert_eq!(fakes[0].requests().len(), 3, "garbage is not repeated");
    assert!(
        balancer
            .server
            .logged()
            .contains("node ejected: its answers are not HTTP")
    );
}

#[tokio::test]
async fn half_an_answer_reaches_the_client_as_half_and_ejects_the_node() {
    let fakes = [
        Fake::start(Behaviour::HalfBody).await,
        Fake::start(Behaviour::Good).await,
    ];
    let balancer = Balancer::before(&fakes, &LONG_EJECTION);
    let statuses = balancer.statuses(40).await;
    let broken = statuses.iter().filter(|status| **status == 0).count();
    assert_eq!(broken, 3, "{statuses:?}");
    assert_eq!(balancer.node(0, "reason").await, "its answers break off");
}

#[tokio::test]
async fn a_node_that_hangs_after_the_head_is_given_up() {
    let fakes = [
        Fake::start(Behaviour::HangAfterHead).await,
        Fake::start(Behaviour::Good).await,
    ];
    let further = [
        LONG_EJECTION[0],
        LONG_EJECTION[1],
        "--set=balance.answer_timeout_seconds=3",
    ];
    let balancer = Balancer::before(&fakes, &further);
    let statuses = timeout(PATIENCE, balancer.statuses(20)).await.unwrap();
    assert_eq!(
        statuses.iter().filter(|status| **status == 0).count(),
        3,
        "{statuses:?}"
    );
    assert_eq!(balancer.node(0, "reason").await, "it falls silent");
}

#[tokio::test]
async fn a_stream_that_its_node_resets_ends_for_the_client_too() {
    let fakes = [Fake::start(Behaviour::ResetEvents).await];
    let balancer = Balancer::before(&fakes, &[]);
    let mut events = balancer.events().await;
    fakes[0].send_event();
    let end = timeout(PATIENCE, events.next()).await.unwrap();
    assert!(matches!(end, Some(Err(_))), "{end:?}");
    eventually(
        async || balancer.node(0, "outstanding").await == 0,
        async || "in flight".to_owned(),
    )
    .await;
}

#[tokio::test]
async fn a_node_that_is_not_ready_keeps_its_streams_and_gets_no_new_requests() {
    let fakes = [
        Fake::start(Behaviour::Events).await,
        Fake::start(Behaviour::Good).await,
    ];
    let balancer = Balancer::before(&fakes, &[]);
    let stream = balancer.client.get(&balancer.server.url);
    let mut events = stream.send().await.unwrap().bytes_stream();
    assert_eq!(events.next().await.unwrap().unwrap(), "data: 1\n\n");
    fakes[0].is_ready(false);
    balancer.becomes(0, "down").await;
    assert_eq!(balancer.statuses(10).await, [200; 10]);
    assert_eq!(fakes[0].requests().len(), 1);
    fakes[0].send_event();
    let event = timeout(PATIENCE, events.next()).await.unwrap();
    assert_eq!(event.unwrap().unwrap(), "data: 1\n\n");
}

/// Fields that ask for a repetition.
const KEY: &[(&str, &str)] = &[("idempotency-key", "a")];

/// The same, for this connection only: the node does not get the key.
const KEY_OF_CONNECTION: &[(&str, &str)] =
    &[("idempotency-key", "a"), ("connection", "idempotency-key")];

/// How often a request is sent whose node closes the connection before the answer.
async fn sent(method: reqwest::Method, fields: &[(&str, &str)]) -> (u16, usize) {
    let fakes = [
        Fake::start(Behaviour::Close).await,
        Fake::start(Behaviour::Good).await,
    ];
    let balancer = Balancer::before(&fakes, &[]);
    let mut request = balancer.client.request(method, &balancer.server.url);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let status = request.send().await.unwrap().status().as_u16();
    (
        status,
        fakes[0].requests().len() + fakes[1].requests().len(),
    )
}

#[tokio::test]
async fn only_requests_that_may_be_repeated_are() {
    use reqwest::Method;
    assert_eq!(sent(Method::GET, &[]).await, (200, 2));
    assert_eq!(sent(Method::PUT, &[]).await, (200, 2));
    assert_eq!(sent(Method::POST, KEY).await, (200, 2));
    assert_eq!(sent(Method::POST, KEY_OF_CONNECTION).await, (502, 1));
    assert_eq!(sent(Method::POST, &[]).await, (502, 1));
    assert_eq!(sent(Method::PATCH, &[]).await, (502, 1));
}

#[tokio::test]
async fn without_another_node_a_request_is_repeated_if_its_connection_was_an_old_one() {
    let fakes = [Fake::start(Behaviour::CloseSecond).await];
    let balancer = Balancer::before(&fakes, &[]);
    assert_eq!(balancer.statuses(1).await, [200]);
    // The first attempt meets the old connection, the second one opens a new one.
    assert_eq!(balancer.statuses(1).await, [200]);
    assert_eq!(fakes[0].requests().len(), 3);
    fakes[0].behave(Behaviour::Close);
    // It may have been processed: another answer would be wrong.
    let put = balancer.client.put(&balancer.server.url).send();
    let (status, problem) = problem(put.await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (502, &"bad_gateway".into()));
}

#[tokio::test]
async fn an_event_stream_that_a_node_does_not_begin_ends_and_ejects_the_node() {
    let fakes = [
        Fake::start(Behaviour::Silent).await,
        Fake::start(Behaviour::Good).await,
    ];
    let further = [
        LONG_EJECTION[0],
        LONG_EJECTION[1],
        "--set=balance.answer_timeout_seconds=2",
        "--set=balance.eject_failures=1",
    ];
    let balancer = Balancer::before(&fakes, &further);
    for _ in 0..2 {
        let request = balancer.client.get(&balancer.server.url);
        let request = request.header("accept", "text/event-stream").send();
        let _ended = timeout(PATIENCE, request).await.unwrap();
    }
    assert_eq!(balancer.node(0, "state").await, "ejected");
    assert_eq!(balancer.node(0, "reason").await, "it falls silent");
    assert_eq!(balancer.node(0, "outstanding").await, 0);
}

#[tokio::test]
async fn a_short_deadline_of_a_proxy_in_front_ejects_no_node() {
    let fakes = [Fake::start(Behaviour::Silent).await];
    let trusting = ["--set=balance.trusted_proxies=127.0.0.0/8"];
    let balancer = Balancer::before(&fakes, &trusting);
    for _ in 0..5 {
        let request = balancer.client.get(&balancer.server.url);
        let answer = request.header("x-deadline-ms", "200").send().await;
        assert_eq!(answer.unwrap().status(), 504);
    }
    assert_eq!(fakes[0].requests().len(), 5);
    assert_eq!(balancer.node(0, "state").await, "up");
}

/// A client on HTTP/2 that has sent no request yet.
async fn h2_client(address: &str) -> h2::client::SendRequest<bytes::Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    requests
}

fn h2_get() -> http::Request<()> {
    http::Request::get("http://a/").body(()).unwrap()
}

#[tokio::test]
async fn a_request_on_http_2_whose_body_does_not_end_is_released() {
    let fakes = [Fake::start(Behaviour::AtOnce).await];
    let balancer = Balancer::before(&fakes, &["--set=balance.stall_seconds=1"]);
    let requests = h2_client(balancer.address()).await;
    let mut ready = requests.ready().await.unwrap();
    let (answer, _unfinished) = ready.send_request(h2_get(), false).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
    let released = async || balancer.node(0, "outstanding").await == 0;
    eventually(released, async || balancer.status().await.to_string()).await;
}

#[tokio::test]
async fn requests_in_flight_are_bounded_although_a_connection_carries_many() {
    let fakes = [Fake::start(Behaviour::Silent).await];
    let further = [
        "--set=balance.connections_max=64",
        "--set=balance.streams_per_connection_max=100",
        "--set=balance.answer_timeout_seconds=600",
    ];
    let balancer = Balancer::before(&fakes, &further);
    let mut requests = h2_client(balancer.address()).await;
    let mut waiting = Vec::new();
    for _ in 0..64 {
        requests = requests.ready().await.unwrap();
        waiting.push(requests.send_request(h2_get(), true).unwrap());
    }
    let all = async || balancer.node(0, "outstanding").await == 64;
    eventually(all, async || balancer.status().await.to_string()).await;
    requests = requests.ready().await.unwrap();
    let (answer, _) = requests.send_request(h2_get(), true).unwrap();
    let answer = timeout(PATIENCE, answer).await.unwrap();
    assert_eq!(answer.unwrap().status(), 503);
    assert_eq!(balancer.node(0, "state").await, "up");
}

#[tokio::test]
async fn a_request_is_sent_at_most_twice() {
    let fakes = [
        Fake::start(Behaviour::Close).await,
        Fake::start(Behaviour::Close).await,
        Fake::start(Behaviour::Close).await,
    ];
    let balancer = Balancer::before(&fakes, &[]);
    let (status, _) = problem(balancer.get("/").await.unwrap()).await;
    let requests: usize = fakes.iter().map(|fake| fake.requests().len()).sum();
    assert_eq!((status, requests), (502, 2));
}

#[tokio::test]
async fn retries_are_bounded_by_their_budget() {
    let fakes = [
        Fake::start(Behaviour::Close).await,
        Fake::start(Behaviour::Close).await,
    ];
    let further = [
        "--set=balance.eject_failures=1000",
        "--set=balance.retry_percent=10",
    ];
    let balancer = Balancer::before(&fakes, &further);
    balancer.statuses(300).await;
    let sent: usize = fakes.iter().map(|fake| fake.requests().len()).sum();
    // 50 at once, and a tenth of 300.
    assert!((370..=381).contains(&sent), "{sent}");
}

#[tokio::test]
async fn when_all_nodes_are_down_the_answer_comes_at_once_and_service_returns_with_one_node() {
    let mut fakes = good(2).await;
    let balancer = Balancer::before(&fakes, &[]);
    for fake in &mut fakes {
        fake.refuse().await;
    }
    for at in 0..2 {
        balancer.becomes(at, "down").await;
    }
    // A check that was cut off leaves a doubt until the next one.
    let unready = async || balancer.admin("/readyz").await.0 == 503;
    eventually(unready, async || balancer.status().await.to_string()).await;
    let answer = balancer.get("/v1/feed").await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, problem) = problem(answer).await;
    assert_eq!((status, problem["code"].as_str()), (503, Some("busy")));
    // The other balancer cannot do better, so this one keeps a shared address.
    assert_eq!(balancer.admin("/accepting").await.0, 200);
    fakes[1].listen_again();
    balancer.becomes(1, "up").await;
    assert_eq!(balancer.statuses(4).await, [200; 4]);
    assert_eq!(balancer.admin("/readyz").await.0, 200);
}

#[tokio::test]
async fn a_flapping_node_is_ejected_again_and_again_and_returns_when_it_is_well() {
    let fakes = [
        Fake::start(Behaviour::Status(500)).await,
        Fake::start(Behaviour::Good).await,
    ];
    let further = [
        "--set=balance.eject_first_seconds=1",
        "--set=balance.eject_longest_seconds=2",
    ];
    let balancer = Balancer::before(&fakes, &further);
    eventually(
        async || {
            balancer.statuses(2).await;
            balancer.node(0, "ejections").await.as_u64().unwrap() >= 3
        },
        async || balancer.status().await.to_string(),
    )
    .await;
    // Three requests until the first ejection, and one for each trial.
    let requests = balancer.node(0, "requests").await.as_u64().unwrap();
    let ejections = balancer.node(0, "ejections").await.as_u64().unwrap();
    assert_eq!(requests, 2 + ejections);
    fakes[0].behave(Behaviour::Good);
    eventually(
        async || {
            balancer.statuses(2).await;
            balancer.node(0, "state").await == "up"
        },
        async || balancer.status().await.to_string(),
    )
    .await;
    assert!(
        balancer
            .server
            .logged()
            .contains("node returned: its trial succeeded")
    );
}

#[tokio::test]
async fn a_node_that_sheds_load_is_not_ejected() {
    let fakes = [
        Fake::start(Behaviour::Status(503)).await,
        Fake::start(Behaviour::Good).await,
    ];
    let balancer = Balancer::before(&fakes, &[]);
    let statuses = balancer.statuses(20).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 503).count(),
        10,
        "{statuses:?}"
    );
    assert_eq!(balancer.node(0, "state").await, "up");
}

/// Many systems allow fewer open files than this process needs for its clients, unless it asks.
fn allow_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[tokio::test]
async fn two_thousand_idle_clients_keep_nobody_from_being_served() {
    let fakes = good(1).await;
    let further = [
        "--set=balance.connections_per_address_max=3000",
        "--set=balance.first_request_seconds=300",
    ];
    let balancer = Balancer::before(&fakes, &further);
    allow_open_files();
    let mut idle = Vec::new();
    for _ in 0..2_000 {
        idle.push(TcpStream::connect(balancer.address()).await.unwrap());
    }
    let open = async || balancer.status().await["connections"].as_u64().unwrap() >= 2_000;
    eventually(open, async || balancer.status().await.to_string()).await;
    assert_eq!(balancer.statuses(10).await, [200; 10]);
    drop(idle);
    let closed = async || balancer.status().await["connections"].as_u64().unwrap() < 10;
    eventually(closed, async || balancer.status().await.to_string()).await;
}

/// Reads until the balancer closes the connection.
async fn closed(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is also an end.
    let _reset = timeout(PATIENCE, stream.read_to_end(&mut all))
        .await
        .unwrap();
    all
}

#[tokio::test]
async fn a_head_that_arrives_byte_by_byte_ends_with_its_connection() {
    let fakes = good(1).await;
    let further = [
        "--set=balance.first_request_seconds=2",
        "--set=balance.idle_connection_seconds=2",
    ];
    let balancer = Balancer::before(&fakes, &further);
    for begins in ["", "G", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n"] {
        let mut stream = TcpStream::connect(balancer.address()).await.unwrap();
        stream.write_all(begins.as_bytes()).await.unwrap();
        closed(stream).await;
    }
    // The second request of a connection has a limit too, and a byte now and then does not extend it.
    let mut stream = TcpStream::connect(balancer.address()).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n")
        .await
        .unwrap();
    let (mut read, mut write) = stream.into_split();
    let trickle = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        while write.write_all(b"a").await.is_ok() {
            ticks.tick().await;
        }
    };
    let end = async {
        let mut all = Vec::new();
        let _reset = read.read_to_end(&mut all).await;
    };
    timeout(PATIENCE, futures::future::join(trickle, end))
        .await
        .unwrap();
    assert!(fakes[0].requests().len() <= 1);
}

#[tokio::test]
async fn one_address_gets_so_many_connections() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &["--set=balance.connections_per_address_max=4"]);
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(balancer.address()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        held.push(stream);
    }
    let open = async || balancer.status().await["connections"].as_u64().unwrap() == 4;
    eventually(open, async || balancer.status().await.to_string()).await;
    assert!(
        closed(TcpStream::connect(balancer.address()).await.unwrap())
            .await
            .is_empty()
    );
    let (_, metrics) = balancer.admin("/metrics").await;
    assert!(
        metrics.contains("sosik_balance_connections_refused_total 1"),
        "{metrics}"
    );
    held.clear();
    eventually(
        async || balancer.get("/").await.is_ok(),
        async || "still refused".to_owned(),
    )
    .await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let fakes = [Fake::start(Behaviour::Endless).await];
    let balancer = Balancer::before(&fakes, &["--set=balance.stall_seconds=1"]);
    let mut unread = TcpStream::connect(balancer.address()).await.unwrap();
    unread
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let told = async || balancer.status().await.to_string();
    let open = async || balancer.status().await["connections"] == 1;
    eventually(open, told).await;
    let closed = async || balancer.status().await["connections"] == 0;
    eventually(closed, told).await;
    assert_eq!(balancer.node(0, "outstanding").await, 0);
    drop(unread);
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_served_and_keeps_nobody_waiting() {
    let fakes = [
        Fake::start(Behaviour::Endless).await,
        Fake::start(Behaviour::Good).await,
    ];
    let balancer = Balancer::before(&fakes, &[]);
    let mut slow = TcpStream::connect(balancer.address()).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0];
    for _ in 0..20 {
        timeout(PATIENCE, slow.read_exact(&mut byte))
            .await
            .unwrap()
            .unwrap();
        let asked = balancer
            .client
            .get(format!("http://{}/", balancer.address()))
            .send();
        // One of two goes to the node whose body has no end; its head is enough.
        assert_eq!(
            timeout(PATIENCE, asked).await.unwrap().unwrap().status(),
            200
        );
    }
}

/// Opens requests on an HTTP/2 connection and resets each at once. Returns how many it could open.
async fn resets(address: &str) -> usize {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut opened = 0;
    while opened < 100_000 {
        let request = http::Request::get("http://a/").body(()).unwrap();
        let Ok(mut ready) = requests.ready().await else {
            break;
        };
        let Ok((_answer, mut body)) = ready.send_request(request, false) else {
            break;
        };
        body.send_reset(h2::Reason::CANCEL);
        requests = ready;
        opened += 1;
        tokio::task::yield_now().await;
    }
    connection.abort();
    opened
}

#[tokio::test]
async fn a_client_that_opens_and_resets_requests_is_disconnected() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &[]);
    let opened = timeout(PATIENCE, resets(balancer.address())).await.unwrap();
    assert!(opened < 100_000, "{opened}");
    assert_eq!(balancer.statuses(10).await, [200; 10]);
}
