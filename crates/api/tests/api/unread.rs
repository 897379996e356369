//! Responses that a client does not read.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::http::Request;
use bytes::Bytes;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use h2::Reason;
use h2::client::{Builder, ResponseFuture, SendRequest};
use sosik_testkit::{TIMEOUT, TestApp, TestPerson, eventually};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const MIB: usize = 1 << 20;

async fn app() -> TestApp {
    TestApp::with(|settings| settings.api.connections.answer_stall = Duration::from_secs(2)).await
}

/// An author whose page of stories is about half a MiB.
async fn author(app: &TestApp) -> (TestPerson, String) {
    let mina = app.user("mina").await;
    let text = "긴 이야기 ".repeat(800);
    for number in 0..40 {
        mina.posts(&format!("{text}{number}")).await;
    }
    (mina, "/v1/people/mina/stories?limit=100".to_owned())
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

struct Http2 {
    requests: SendRequest<Bytes>,
    ended: JoinHandle<Result<(), h2::Error>>,
    url: String,
}

impl Http2 {
    /// Opens a connection with this flow-control window for each stream.
    async fn with_window(url: &str, window: u32) -> Self {
        Self::from_address(Ipv4Addr::LOCALHOST, url, window).await
    }

    async fn from_address(own: Ipv4Addr, url: &str, window: u32) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::V4(own), 0).into()).unwrap();
        let stream = socket.connect(address(url)).await.unwrap();
        let mut builder = Builder::new();
        builder.initial_window_size(window);
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        Self {
            requests,
            ended: tokio::spawn(connection),
            url: url.to_owned(),
        }
    }

    async fn ask(&mut self, path: &str, token: Option<&str>) -> ResponseFuture {
        let mut request = Request::get(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let ready = self.requests.clone().ready().await;
        let sent = ready.unwrap().send_request(request.body(()).unwrap(), true);
        sent.unwrap().0
    }

    async fn ends_by_the_server(self) {
        let ended = timeout(TIMEOUT, self.ended).await;
        assert!(ended.is_ok(), "still open");
    }
}

/// The statuses of the responses that began before the connection ended.
async fn statuses(answers: Vec<ResponseFuture>) -> Vec<u16> {
    let all = join_all(answers).await.into_iter();
    all.filter_map(|answer| Some(answer.ok()?.status().as_u16()))
        .collect()
}

#[tokio::test]
async fn pages_that_an_http2_client_does_not_read_are_bounded_and_end_with_its_connection() {
    for window in [0, 1] {
        let app = TestApp::with(|settings| {
            settings.api.connections.answer_stall = Duration::from_secs(2);
            settings.api.connections.answer_bytes_per_connection_max = MIB;
        })
        .await;
        let (mina, page) = author(&app).await;
        let mut connection = Http2::with_window(&app.url(), window).await;
        let mut answers = Vec::new();
        for _ in 0..30 {
            answers.push(connection.ask(&page, Some(&mina.token)).await);
        }
        let statuses = statuses(answers).await;
        let pages = statuses.iter().filter(|status| **status == 200).count();
        // The page is about half a MiB. Two or three responses fill the room, and the requests in progress at that
        // moment are refused.
        assert!(
            (1..=4).contains(&pages),
            "{pages} with a window of {window}"
        );
        assert!(statuses.contains(&503), "{statuses:?}");
        connection.ends_by_the_server().await;
        eventually("the room is free again", async || {
            mina.get(&page).await.status == 200
        })
        .await;
    }
}

#[tokio::test]
async fn without_an_account_a_connection_has_eight_answers_at_once() {
    let app = app().await;
    let mina = app.user("mina").await;
    let mut connection = Http2::with_window(&app.url(), 0).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(connection.ask("/openapi.json", None).await);
    }
    assert_eq!(statuses(answers).await, [200; 8]);
    connection.ends_by_the_server().await;

    let mut connection = Http2::with_window(&app.url(), 0).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(connection.ask("/v1/me", Some(&mina.token)).await);
    }
    assert_eq!(
        statuses(answers).await,
        [200; 20],
        "signed in there are more"
    );
}

#[tokio::test]
async fn requests_that_wait_for_their_connection_are_bounded() {
    let app = TestApp::with(|settings| {
        settings.api.connections.answer_stall = Duration::from_secs(60);
    })
    .await;
    let stream = TcpStream::connect(address(&app.url())).await.unwrap();
    let mut builder = Builder::new();
    builder.initial_window_size(0);
    // This client does not know yet how many streams the server allows.
    builder.initial_max_send_streams(128);
    let (mut requests, connection) = builder.handshake::<_, Bytes>(stream).await.unwrap();
    let mut unanswered: FuturesUnordered<_> = (0..128)
        .map(|_| {
            let request = Request::get(format!("{}/openapi.json", app.url()));
            let sent = requests.send_request(request.body(()).unwrap(), true);
            sent.unwrap().0
        })
        .collect();
    let _connection = tokio::spawn(connection);
    let (mut answered, mut refused) = (Vec::new(), 0);
    while answered.len() + refused < 128 - 24 {
        match timeout(TIMEOUT, unanswered.next()).await.unwrap().unwrap() {
            Ok(answer) => answered.push(answer),
            Err(error) => {
                assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
                refused += 1;
            }
        }
    }
    assert!(answered.iter().all(|answer| answer.status() == 200));
    assert_eq!((answered.len(), refused), (8, 96));
    assert!(unanswered.next().now_or_never().is_none(), "24 wait");
}

#[tokio::test]
async fn unread_answers_without_an_account_take_no_room_from_people_with_one() {
    let file = "/openapi.json";
    let length = TestApp::start().await.get(file).await.body.len();
    let app = TestApp::with(|settings| {
        settings.api.connections.answer_bytes_max = 3 * length;
        settings.api.connections.answer_stall = Duration::from_secs(60);
    })
    .await;
    let mina = app.user("mina").await;
    let (mut connections, mut unread) = (Vec::new(), Vec::new());
    for last in [2, 3] {
        let own = Ipv4Addr::new(127, 0, 0, last);
        let mut connection = Http2::from_address(own, &app.url(), 0).await;
        for _ in 0..8 {
            let answer = connection.ask(file, None).await.await.unwrap();
            assert_eq!(answer.status(), 200, "a file takes no memory of its own");
            unread.push(answer);
        }
        connections.push(connection);
    }
    mina.get("/v1/feed").await.expect(200);
}

#[tokio::test]
async fn half_of_the_room_is_kept_for_requests_with_an_account() {
    const FILE_BYTES: usize = 4 << 10;
    let app = TestApp::with(|settings| {
        settings.api.connections.answer_bytes_max = 16 * FILE_BYTES;
        settings.api.connections.answer_stall = Duration::from_secs(60);
    })
    .await;
    let mina = app.user("mina").await;
    let (mut connections, mut unread) = (Vec::new(), Vec::new());
    for network in [2, 3, 4] {
        let own = Ipv4Addr::new(127, 0, network, 1);
        let mut connection = Http2::from_address(own, &app.url(), 0).await;
        for _ in 0..7 {
            let answer = connection.ask("/openapi.json", None).await.await.unwrap();
            assert_eq!(answer.status(), 200, "no more than a refusal takes");
            unread.push(answer);
        }
        connections.push(connection);
    }
    mina.get("/v1/feed").await.expect(200);
}

#[tokio::test]
async fn a_person_who_reads_nothing_takes_no_room_from_others() {
    let app = TestApp::with(|settings| {
        settings.api.connections.answer_bytes_max = 4 * MIB;
        settings.api.connections.answer_stall = Duration::from_secs(60);
    })
    .await;
    let (mina, page) = author(&app).await;
    let jun = app.user("jun").await;
    let (mut connections, mut statuses) = (Vec::new(), Vec::new());
    let mut unread = Vec::new();
    for network in 2..6 {
        let own = Ipv4Addr::new(127, 0, network, 1);
        let mut connection = Http2::from_address(own, &app.url(), 0).await;
        for _ in 0..3 {
            let answer = connection
                .ask(&page, Some(&mina.token))
                .await
                .await
                .unwrap();
            statuses.push(answer.status().as_u16());
            unread.push(answer);
        }
        connections.push(connection);
    }
    let given = statuses.iter().filter(|status| **status == 200).count();
    assert!((1..=2).contains(&given), "{statuses:?}");
    jun.get(&page).await.expect(200);
}

#[tokio::test]
async fn a_refusal_for_lack_of_room_that_is_not_read_ends_with_its_connection() {
    let app = TestApp::with(|settings| {
        settings.api.connections.answer_stall = Duration::from_secs(2);
        settings.api.connections.answer_bytes_max = 64 << 10;
    })
    .await;
    let (mina, page) = author(&app).await;
    let mut connection = Http2::with_window(&app.url(), 0).await;
    let answer = connection.ask(&page, Some(&mina.token)).await;
    let unread = answer.await.unwrap();
    assert_eq!(unread.status(), 503);
    connection.ends_by_the_server().await;
}

#[tokio::test]
async fn an_http1_client_that_does_not_read_loses_its_connection() {
    let app = app().await;
    let (mina, page) = author(&app).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(address(&app.url())).await.unwrap();
    let ask = format!(
        "GET {page} HTTP/1.1\r\nHost: sosik\r\nAuthorization: Bearer {}\r\n\r\n",
        mina.token
    );
    // More bytes than the buffers of the system hold.
    for _ in 0..40 {
        stream.write_all(ask.as_bytes()).await.unwrap();
    }
    eventually("the server closed it", async || {
        let ready = stream.ready(Interest::READABLE).await;
        ready.is_ok_and(|ready| ready.is_read_closed())
    })
    .await;
}

#[tokio::test]
async fn a_live_stream_that_is_not_read_ends() {
    let app = app().await;
    let mina = app.user("mina").await;
    let mut connection = Http2::with_window(&app.url(), 0).await;
    let stream = connection.ask("/v1/feed/stream", Some(&mina.token)).await;
    let unread = stream.await.unwrap();
    assert_eq!(unread.status(), 200);
    connection.ends_by_the_server().await;
}

#[tokio::test]
async fn the_administration_listener_does_not_wait_for_clients_that_do_not_read() {
    let app = TestApp::start().await;
    let mut connection = Http2::with_window(&app.admin_url(), 0).await;
    let answer = connection.ask("/admin/orders/dead", None).await;
    let unread = answer.await.unwrap();
    assert_eq!(unread.status(), 200);
    connection.ends_by_the_server().await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_but_steadily_gets_the_whole_answer() {
    let app = app().await;
    let (mina, page) = author(&app).await;
    let mut connection = Http2::with_window(&app.url(), 65_535).await;
    let answer = connection.ask(&page, Some(&mina.token)).await;
    let mut body = answer.await.unwrap().into_body();
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let mut received = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        received += data.len();
        body.flow_control().release_capacity(data.len()).unwrap();
        tick.tick().await;
    }
    assert!(received > MIB / 3, "{received}");
}
