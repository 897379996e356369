//! Idle connections, and too many connections.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Request};
use bytes::Bytes;
use futures::future::join_all;
use h2::client::SendRequest;
use sosik_testkit::{TIMEOUT, TestApp, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The connection preface of HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The preface with an empty SETTINGS frame, which completes the handshake.
const HANDSHAKE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

fn address(app: &TestApp) -> SocketAddr {
    app.url().trim_start_matches("http://").parse().unwrap()
}

/// Waits until the server closed a connection.
async fn is_closed(mut connection: TcpStream) {
    let mut received = Vec::new();
    // A reset counts as closed, too.
    let read = timeout(TIMEOUT, connection.read_to_end(&mut received)).await;
    assert!(read.is_ok(), "still open");
}

#[tokio::test]
async fn a_connection_without_a_complete_request_is_closed() {
    let app = TestApp::with(|settings| {
        settings.api.connections.first_request = Duration::from_secs(1);
    })
    .await;
    let beginnings: [&[u8]; 7] = [
        b"",
        b"P",
        b"PRI * HT",
        PREFACE,
        HANDSHAKE,
        b"GET /livez HTTP/1.1\r\nHost: x",
        b"\x16\x03\x01",
    ];
    join_all(beginnings.map(async |beginning| {
        let mut connection = TcpStream::connect(address(&app)).await.unwrap();
        connection.write_all(beginning).await.unwrap();
        is_closed(connection).await;
    }))
    .await;
}

#[tokio::test]
async fn the_administration_listener_closes_silent_connections_too() {
    let app = TestApp::start().await;
    let admin: SocketAddr = app
        .admin_url()
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    let connection = TcpStream::connect(admin).await.unwrap();
    is_closed(connection).await;
}

type Http2 = (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>);

async fn http2(app: &TestApp) -> Http2 {
    let stream = TcpStream::connect(address(app)).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    (requests.ready().await.unwrap(), tokio::spawn(connection))
}

fn get(app: &TestApp, path: &str, token: &str) -> Request<()> {
    let request = Request::get(format!("{}{path}", app.url()));
    let request = request.header("authorization", format!("Bearer {token}"));
    request.body(()).unwrap()
}

#[tokio::test]
async fn an_http2_connection_without_a_request_in_flight_is_closed_and_one_with_a_live_stream_stays()
 {
    let app = TestApp::with(|settings| {
        settings.api.connections.idle = Duration::from_secs(2);
        settings.api.stream_check = Duration::from_secs(1);
    })
    .await;
    let mina = app.user("mina").await;
    let (mut following, _connection) = http2(&app).await;
    let request = get(&app, "/v1/feed/stream", &mina.token);
    let (stream, _) = following.send_request(request, true).unwrap();
    let mut events = stream.await.unwrap().into_body();

    let (mut asking, connection) = http2(&app).await;
    let (answer, _) = asking.send_request(get(&app, "/livez", ""), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
    let ended = timeout(TIMEOUT, connection).await;
    assert!(ended.unwrap().unwrap().is_ok(), "it ends without an error");
    for _ in 0..3 {
        let event = timeout(TIMEOUT, events.data()).await.unwrap();
        let bytes = event.unwrap().unwrap();
        events.flow_control().release_capacity(bytes.len()).unwrap();
    }
}

#[tokio::test]
async fn a_request_with_more_header_fields_than_any_client_sends_is_rejected() {
    let app = TestApp::start().await;
    let (mut asking, _connection) = http2(&app).await;
    for (fields, expected) in [(90, 200), (101, 431)] {
        let mut request = get(&app, "/livez", "");
        for number in 0..fields {
            let name: HeaderName = format!("x-{number}").parse().unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("v"));
        }
        let (answer, _) = asking.send_request(request, true).unwrap();
        assert_eq!(answer.await.unwrap().status(), expected, "{fields}");
    }
}

async fn connect_from(last: u8, app: &TestApp) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    socket.connect(address(app)).await.unwrap()
}

/// Returns the connection if the server answers on it, and `None` if the server closes it.
async fn answers(mut connection: TcpStream) -> Option<TcpStream> {
    let ask = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    connection.write_all(ask).await.ok()?;
    let mut status = [0; 12];
    let read = timeout(TIMEOUT, connection.read_exact(&mut status)).await;
    read.unwrap().ok().map(|_| connection)
}

#[tokio::test]
async fn one_address_may_open_only_so_many_connections() {
    let app = TestApp::with(|settings| settings.api.connections.per_network_max = 2).await;
    let first = answers(connect_from(7, &app).await).await;
    let second = answers(connect_from(7, &app).await).await;
    assert!(first.is_some() && second.is_some());
    assert!(answers(connect_from(7, &app).await).await.is_none());
    assert!(answers(connect_from(8, &app).await).await.is_some());
    drop(first);
    eventually("the place of the closed one is free", async || {
        answers(connect_from(7, &app).await).await.is_some()
    })
    .await;
}

#[tokio::test]
async fn a_trusted_proxy_may_open_more_connections() {
    let app = TestApp::with(|settings| {
        settings.api.connections.per_network_max = 1;
        settings.api.connections.trusted_proxies = vec!["127.0.0.7/32".parse().unwrap()];
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(answers(connect_from(7, &app).await).await.unwrap());
    }
}
