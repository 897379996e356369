//! What passes through the balancer, and what it changes.

use std::time::Duration;

use futures::StreamExt;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fake::{Behaviour, Fake, PIECE};
use crate::support::{Balancer, PATIENCE, eventually, good, problem};

#[tokio::test]
async fn requests_go_around_evenly_and_connections_are_reused() {
    let fakes = good(3).await;
    let balancer = Balancer::before(&fakes, &[]);
    assert_eq!(balancer.statuses(300).await, [200; 300]);
    for fake in &fakes {
        // At most 1.02 of the mean.
        assert!(
            (98..=102).contains(&fake.requests().len()),
            "{}",
            fake.requests().len()
        );
        assert!(
            fake.connections() <= 2,
            "{} connections",
            fake.connections()
        );
    }
}

#[tokio::test]
async fn a_node_with_more_weight_gets_more_requests() {
    let fakes = good(2).await;
    let nodes = [
        format!("{} weight=3", fakes[0].address),
        fakes[1].address.to_string(),
    ];
    let balancer = Balancer::start(&nodes, &[]);
    assert_eq!(balancer.statuses(40).await, [200; 40]);
    assert_eq!(
        (fakes[0].requests().len(), fakes[1].requests().len()),
        (30, 10)
    );
}

#[tokio::test]
async fn the_balancer_names_the_client_and_drops_what_clients_write() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &[]);
    let request = balancer.client.get(&balancer.server.url);
    let request = request
        .header("x-forwarded-for", "203.0.113.9")
        .header("forwarded", "for=203.0.113.9")
        .header("x-real-ip", "203.0.113.9")
        .header("x-request-id", "mine")
        .header("connection", "x-secret")
        .header("x-secret", "1")
        .header("te", "trailers")
        .header("upgrade", "websocket");
    let answer = request.send().await.unwrap();
    assert!(!answer.headers().contains_key("keep-alive"), "{answer:?}");
    assert!(!answer.headers().contains_key("x-own"), "{answer:?}");
    let head = fakes[0].requests()[0].clone();
    assert!(
        head.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\nforwarded: for=127.0.0.1;proto=http\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nx-request-id: "), "{head}");
    for gone in ["203.0.113.9", "mine", "x-secret", "te:", "upgrade:"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
}

#[tokio::test]
async fn the_chain_of_a_trusted_proxy_is_kept() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &["--set=balance.trusted_proxies=127.0.0.0/8"]);
    let request = balancer.client.get(&balancer.server.url);
    let request = request
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-request-id", "outer-1");
    assert!(request.send().await.unwrap().status().is_success());
    let head = fakes[0].requests()[0].clone();
    assert!(
        head.contains("\r\nx-forwarded-for: 203.0.113.9, 127.0.0.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nx-request-id: outer-1\r\n"), "{head}");
    // Some proxies add a line of their own after that of the client.
    let request = balancer.client.get(&balancer.server.url);
    let request = request
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-forwarded-for", "203.0.113.9");
    assert!(request.send().await.unwrap().status().is_success());
    let head = fakes[0].requests()[1].clone();
    assert!(
        head.contains("\r\nx-forwarded-for: 6.6.6.6, 203.0.113.9, 127.0.0.1\r\n"),
        "{head}"
    );
}

/// The deadline that a node got, in milliseconds.
fn deadline_in(head: &str) -> u64 {
    let lines: Vec<&str> = head
        .lines()
        .filter_map(|line| line.strip_prefix("x-deadline-ms: "))
        .collect();
    assert_eq!(lines.len(), 1, "{head}");
    lines[0].parse().unwrap()
}

#[tokio::test]
async fn nodes_get_the_time_that_is_left_and_only_a_trusted_proxy_shortens_it() {
    let fakes = good(1).await;
    let ask = async |balancer: &Balancer, milliseconds: &str| {
        let request = balancer.client.get(&balancer.server.url);
        let request = request.header("x-deadline-ms", milliseconds);
        request.send().await.unwrap()
    };
    let balancer = Balancer::before(&fakes, &["--set=balance.answer_timeout_seconds=100"]);
    assert_eq!(ask(&balancer, "5").await.status(), 200);
    let left = deadline_in(&fakes[0].requests()[0]);
    // A tenth of the time is for the way back.
    assert!((50_000..=90_000).contains(&left), "{left}");

    let trusting = ["--set=balance.trusted_proxies=127.0.0.0/8"];
    let balancer = Balancer::before(&fakes, &trusting);
    assert_eq!(ask(&balancer, "30000").await.status(), 200);
    let left = deadline_in(&fakes[0].requests()[1]);
    assert!((1..=27_000).contains(&left), "{left}");
    // A request that nobody waits for any more reaches no node.
    let (status, problem) = problem(ask(&balancer, "0").await).await;
    assert_eq!((status, &problem["code"]), (504, &"gateway_timeout".into()));
    assert_eq!(fakes[0].requests().len(), 2);
}

#[tokio::test]
async fn metrics_and_the_administration_of_nodes_are_out_of_reach() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &[]);
    for path in [
        "/metrics",
        "//metrics",
        "/%6detrics?x=1",
        "/admin/orders",
        "/healthz",
    ] {
        let (status, problem) = problem(balancer.get(path).await.unwrap()).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (404, Some("not_found")),
            "{path}"
        );
    }
    let mut whole = TcpStream::connect(balancer.address()).await.unwrap();
    let request = "GET http://a/metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    whole.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    whole.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(fakes[0].requests().is_empty());
}

#[tokio::test]
async fn events_pass_at_once_and_silence_does_not_end_a_stream() {
    let fakes = [Fake::start(Behaviour::Events).await];
    let balancer = Balancer::before(&fakes, &["--set=balance.answer_timeout_seconds=1"]);
    let mut events = balancer.events().await;
    // Nothing for longer than any time limit of this balancer.
    let silent = timeout(Duration::from_millis(2_500), events.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    fakes[0].send_event();
    let event = timeout(PATIENCE, events.next()).await.unwrap();
    assert_eq!(event.unwrap().unwrap(), "data: 1\n\n");
}

#[tokio::test]
async fn uploads_are_passed_on_while_they_arrive() {
    let fakes = [Fake::start(Behaviour::Measure).await];
    let balancer = Balancer::before(&fakes, &[]);
    let upload = balancer.begin_upload(&fakes[0]).await;
    let answer = upload.complete().await.text().await.unwrap();
    let measured: usize = answer.parse().unwrap();
    assert!(measured >= 2 * PIECE, "{measured}");
}

#[tokio::test]
async fn the_node_has_more_time_for_an_upload_than_for_other_requests() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &[]);
    for (bytes, limit) in [(64 * 1024, 40_000), (64 * 1024 + 1, 900_000)] {
        let request = balancer.client.post(&balancer.server.url);
        let answer = request.body(vec![b'a'; bytes]).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let left = deadline_in(fakes[0].requests().last().unwrap());
        assert!((limit / 2..limit).contains(&left), "{bytes} bytes: {left}");
    }
}

#[tokio::test]
async fn clients_may_speak_http_2() {
    let fakes = good(2).await;
    let balancer = Balancer::before(&fakes, &[]);
    let client = Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let requests = (0..20).map(|_| client.get(&balancer.server.url).send());
    for answer in futures::future::join_all(requests).await {
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (200, reqwest::Version::HTTP_2)
        );
    }
}

#[tokio::test]
async fn the_status_is_a_table_with_a_row_for_each_node() {
    let mut fakes = good(2).await;
    let balancer = Balancer::before(&fakes, &[]);
    balancer.statuses(4).await;
    fakes[1].refuse().await;
    balancer.becomes(1, "down").await;
    let table = balancer.table().ends_with(0).out;
    let rows: Vec<&str> = table.lines().collect();
    assert!(
        rows[0].starts_with("node ") && rows[1].contains(" up "),
        "{table}"
    );
    assert!(rows[2].ends_with("it refuses connections"), "{table}");
    fakes[0].refuse().await;
    balancer.becomes(0, "down").await;
    balancer.table().ends_with(1);
    let (_, metrics) = balancer.admin("/metrics").await;
    assert!(
        metrics.contains("sosik_balance_requests_total"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_stop_completes_requests_in_flight_and_ends_idle_connections() {
    let fakes = [Fake::start(Behaviour::Measure).await];
    let balancer = Balancer::before(&fakes, &["--set=balance.leave_seconds=60"]);
    let mut idle = TcpStream::connect(balancer.address()).await.unwrap();
    let upload = balancer.begin_upload(&fakes[0]).await;
    assert_eq!(balancer.admin("/readyz").await.0, 200);
    balancer.server.ask_to_stop();
    eventually(
        async || balancer.admin("/readyz").await.0 == 503,
        async || "ready".to_owned(),
    )
    .await;
    assert_eq!(balancer.admin("/accepting").await.0, 503);
    // It still serves, and asks clients to connect elsewhere.
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut all = String::new();
    timeout(PATIENCE, idle.read_to_string(&mut all))
        .await
        .unwrap()
        .unwrap();
    assert!(
        all.starts_with("HTTP/1.1 200") && all.to_lowercase().contains("connection: close"),
        "{all}"
    );
    balancer.server.ask_to_stop();
    assert!(upload.complete().await.status().is_success());
    let ended = timeout(PATIENCE, balancer.server.ended()).await.unwrap();
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test]
async fn without_nodes_it_does_not_start_and_names_the_key() {
    let folder = crate::common::Folder::new();
    let ran = folder.run(&["balance"]).ends_with(2);
    assert!(ran.err.contains("balance.nodes"), "{ran:?}");
}
