//! TLS, restarts without a closed listener, and the access log.

use std::process::Command;

use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::common::Folder;
use crate::fake::{Behaviour, Fake};
use crate::support::{Balancer, PATIENCE, eventually, good};

#[tokio::test]
async fn the_access_log_has_a_share_of_the_requests_and_no_queries() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &["--set=balance.access_log_percent=10"]);
    for _ in 0..100 {
        balancer.get("/v1/feed?after=secret").await.unwrap();
    }
    let lines = || {
        balancer
            .server
            .logged()
            .matches("\"message\":\"access\"")
            .count()
    };
    eventually(async || lines() >= 10, async || balancer.server.logged()).await;
    assert_eq!(lines(), 10);
    let log = balancer.server.logged();
    assert!(
        log.contains("\"path\":\"/v1/feed\"") && !log.contains("secret"),
        "{log}"
    );
}

/// What a process logs whose successor serves.
const REPLACED: &str = "stopping: the successor serves";

/// Clients of these tests keep connections, which a process that is replaced would serve for longer.
const SHORT_IDLE: &str = "--set=balance.idle_connection_seconds=5";

/// The process that answers on the administration listener, by what only it knows.
async fn requests_of(balancer: &Balancer) -> u64 {
    balancer
        .node(0, "requests")
        .await
        .as_u64()
        .unwrap_or(u64::MAX)
}

#[tokio::test]
async fn a_restart_loses_no_request_and_completes_those_in_flight() {
    let fakes = [Fake::start(Behaviour::Measure).await];
    let balancer = Balancer::before(&fakes, &[SHORT_IDLE]);
    assert_eq!(balancer.statuses(5).await, [200; 5]);
    let upload = balancer.begin_upload(&fakes[0]).await;
    balancer.server.ask_to_be_replaced();
    // Each request has a connection of its own, as those of new clients do.
    let client = Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let mut answered = 0;
    let replaced = || balancer.server.logged().contains(REPLACED);
    while !replaced() || answered < 20 {
        let answer = client.get(&balancer.server.url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", balancer.server.logged());
        answered += 1;
    }
    assert!(upload.complete().await.status().is_success());
    let successor = successor_of(&balancer);
    let (address, admin) = (
        balancer.address().to_owned(),
        balancer.server.admin_url.clone(),
    );
    assert!(
        timeout(PATIENCE, balancer.server.ended())
            .await
            .unwrap()
            .success()
    );
    // The successor alone serves at the same addresses, and stops when it is asked to.
    assert_eq!(
        client
            .get(format!("http://{address}"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        client
            .get(format!("{admin}/readyz"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    stop(successor);
    let refused = async || TcpStream::connect(&address).await.is_err();
    eventually(refused, async || "it still listens".to_owned()).await;
}

/// Sends a request on a connection, and returns the answer and whether the connection then ends.
async fn ask(stream: &mut TcpStream) -> String {
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n0") {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
        assert!(read.unwrap().unwrap() > 0, "{answer:?}");
    }
    String::from_utf8(answer).unwrap().to_lowercase()
}

#[tokio::test]
async fn connections_that_were_open_before_a_restart_get_one_more_answer() {
    let fakes = [Fake::start(Behaviour::Measure).await];
    let further = [
        "--set=balance.idle_connection_seconds=60",
        "--set=balance.first_request_seconds=60",
        "--set=balance.drain_seconds=600",
    ];
    let balancer = Balancer::before(&fakes, &further);
    let connect = async || TcpStream::connect(balancer.address()).await.unwrap();
    let (mut used, mut unused, h2) = (connect().await, connect().await, connect().await);
    assert!(!ask(&mut used).await.contains("connection: close"));
    let open = async || balancer.status().await["connections"] == 3;
    eventually(open, async || balancer.status().await.to_string()).await;
    balancer.server.ask_to_be_replaced();
    let replaced = async || balancer.server.logged().contains(REPLACED);
    eventually(replaced, async || balancer.server.logged()).await;
    for stream in [&mut used, &mut unused] {
        let answer = ask(stream).await;
        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    let (requests, connection) = h2::client::handshake(h2).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let request = http::Request::get("http://a/").body(()).unwrap();
    let (answer, _) = requests.send_request(request, true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
    // It learns that it must go elsewhere, so the old process need not wait for it.
    let _ended = timeout(PATIENCE, connection).await.unwrap().unwrap();
    let successor = successor_of(&balancer);
    let old = timeout(PATIENCE, balancer.server.ended());
    assert!(old.await.unwrap().success());
    stop(successor);
}

#[tokio::test]
async fn a_stop_ends_although_all_places_are_taken() {
    let fakes = good(1).await;
    let further = [
        "--set=balance.connections_max=64",
        "--set=balance.first_request_seconds=300",
        "--set=balance.drain_seconds=1",
    ];
    let balancer = Balancer::before(&fakes, &further);
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(TcpStream::connect(balancer.address()).await.unwrap());
    }
    let open = async || balancer.status().await["connections"] == 64;
    eventually(open, async || balancer.status().await.to_string()).await;
    balancer.server.ask_to_stop();
    let ended = timeout(PATIENCE, balancer.server.ended()).await.unwrap();
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test]
async fn a_stop_while_a_successor_starts_is_a_stop() {
    let fakes = good(1).await;
    let balancer = Balancer::before(&fakes, &["--set=balance.leave_seconds=60"]);
    fakes[0].answers_checks(false);
    balancer.server.ask_to_be_replaced();
    let starts = async || balancer.server.logged().contains("successor started");
    eventually(starts, async || balancer.server.logged()).await;
    let successor = successor_of(&balancer);
    balancer.server.ask_to_stop();
    let told = async || balancer.server.logged().contains("not replaced");
    eventually(told, async || balancer.server.logged()).await;
    // Clients have their time to go elsewhere, and nobody takes over.
    assert_eq!(balancer.admin("/readyz").await.0, 503);
    assert_eq!(balancer.statuses(3).await, [200; 3]);
    let successor = rustix::process::Pid::from_raw(successor).unwrap();
    assert!(rustix::process::test_kill_process(successor).is_err());
    balancer.server.ask_to_stop();
    let ended = timeout(PATIENCE, balancer.server.ended()).await.unwrap();
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test]
async fn a_successor_that_does_not_know_the_nodes_changes_nothing() {
    let fakes = good(1).await;
    let folder = Folder::new();
    folder.write("nodes", &fakes[0].address.to_string());
    let file = format!(
        "--set=balance.nodes_file={}",
        folder.path("nodes").display()
    );
    let balancer = Balancer::start_alone(&[&file, "--set=balance.resolve_seconds=3600"]);
    folder.write("nodes", "not a node");
    balancer.server.ask_to_be_replaced();
    let told = async || balancer.server.logged().contains("not replaced");
    eventually(told, async || balancer.server.logged()).await;
    assert_eq!(balancer.statuses(5).await, [200; 5]);
    assert_eq!(requests_of(&balancer).await, 5);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_keeps_no_other_node_out() {
    let fakes = good(1).await;
    let nodes = [
        "nowhere.invalid:80".to_owned(),
        fakes[0].address.to_string(),
    ];
    let balancer = Balancer::start(&nodes, &[]);
    assert_eq!(balancer.statuses(3).await, [200; 3]);
}

/// The process that takes over the listeners.
fn successor_of(balancer: &Balancer) -> i32 {
    let process = entry(balancer, "successor started")["process"].as_i64();
    i32::try_from(process.unwrap()).unwrap()
}

fn stop(process: i32) {
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_hands_over_the_listener_with_tls_too() {
    let fakes = good(1).await;
    let front = Secure::before(&fakes, "--set=balance.hsts_seconds=0");
    let plain = front.balancer.server.url.clone();
    front.balancer.server.ask_to_be_replaced();
    let leaving = || {
        let log = front.balancer.server.logged();
        log.contains(REPLACED)
    };
    while !leaving() {
        let answer = ask_over_tls(&front.secure);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    }
    let successor = successor_of(&front.balancer);
    let old = timeout(PATIENCE, front.balancer.server.ended());
    assert!(old.await.unwrap().success());
    let answer = ask_over_tls(&front.secure);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    let client = Client::builder().no_proxy().redirect(Policy::none());
    let redirected = client.build().unwrap().get(plain).send().await.unwrap();
    assert_eq!(redirected.status(), 308);
    stop(successor);
}

#[tokio::test]
async fn systemd_is_told_which_process_serves() {
    let fakes = good(1).await;
    let folder = Folder::new();
    let path = folder.path("notify");
    let systemd = tokio::net::UnixDatagram::bind(&path).unwrap();
    let told = async || {
        let mut message = [0; 100];
        let length = timeout(PATIENCE, systemd.recv(&mut message)).await;
        let length = length.unwrap().unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let nodes = [fakes[0].address.to_string()];
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    let balancer = Balancer::start_with(&nodes, &[SHORT_IDLE], &environment);
    let first = balancer.server.id();
    assert_eq!(told().await, format!("READY=1\nMAINPID={first}\n"));
    balancer.server.ask_to_be_replaced();
    let second = told().await;
    let successor = successor_of(&balancer);
    assert_eq!(second, format!("READY=1\nMAINPID={successor}\n"));
    let old = timeout(PATIENCE, balancer.server.ended());
    assert!(old.await.unwrap().success());
    stop(successor);
}

#[tokio::test]
async fn a_successor_that_cannot_start_changes_nothing() {
    let fakes = good(1).await;
    let folder = Folder::new();
    let node =
        |text: &str| folder.write("sosik.toml", &format!("[balance]\nnodes = [\"{text}\"]\n"));
    node(&fakes[0].address.to_string());
    let file = format!("--config={}", folder.path("sosik.toml").display());
    let balancer = Balancer::start_alone(&[&file]);
    node("not a node");
    balancer.server.ask_to_be_replaced();
    let told = || {
        balancer
            .server
            .logged()
            .contains("not replaced: this process continues")
    };
    eventually(async || told(), async || balancer.server.logged()).await;
    assert_eq!(balancer.statuses(5).await, [200; 5]);
    assert_eq!(requests_of(&balancer).await, 5);
}

/// Writes a certificate for 127.0.0.1 that signs itself.
fn certify(folder: &Folder, name: &str) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .arg("-keyout")
        .arg(folder.path("new-key.pem"))
        .arg("-out")
        .arg(folder.path("new-certificate.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    for file in ["key.pem", "certificate.pem"] {
        std::fs::rename(folder.path(&format!("new-{file}")), folder.path(file)).unwrap();
    }
}

/// A balancer with TLS.
struct Secure {
    balancer: Balancer,
    /// The address with TLS.
    secure: String,
    /// Contains the certificate.
    folder: Folder,
}

impl Secure {
    fn before(fakes: &[Fake], further: &str) -> Self {
        let folder = Folder::new();
        certify(&folder, "first");
        let file =
            |key: &str, file: &str| format!("--set=balance.{key}={}", folder.path(file).display());
        let files = [
            file("tls_certificate_file", "certificate.pem"),
            file("tls_key_file", "key.pem"),
        ];
        let settings = [
            &files[0],
            &files[1],
            "--set=balance.tls_listen=127.0.0.1:0",
            further,
        ];
        let balancer = Balancer::before(fakes, &settings);
        let secure = entry(&balancer, "balancing")["secure"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            balancer,
            secure,
            folder,
        }
    }
}

/// The last entry of the log that contains a text.
fn entry(balancer: &Balancer, text: &str) -> serde_json::Value {
    let log = balancer.server.logged();
    let line = log.lines().rfind(|line| line.contains(text));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{text}: {log}"))).unwrap()
}

/// What `openssl` says of the certificate that the balancer shows.
fn shown(address: &str) -> String {
    let script = format!("echo | openssl s_client -connect {address} -alpn h2,http/1.1 2>&1");
    let ran = Command::new("/bin/sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// Sends a request through `openssl`, which keeps its connection until it is closed.
fn ask_over_tls(address: &str) -> String {
    ask_over(address, "-tls1_3")
}

/// The same with one version of TLS. The answer is empty if the balancer refuses it.
fn ask_over(address: &str, version: &str) -> String {
    let request = "GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n";
    let connect = format!("openssl s_client {version} -quiet -connect {address} 2>/dev/null");
    let script = format!("printf '{request}' | {connect}");
    let ran = Command::new("/bin/sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_served_and_a_new_certificate_is_used_at_once() {
    let fakes = good(1).await;
    let Secure {
        balancer,
        secure,
        folder,
    } = Secure::before(&fakes, "--set=balance.hsts_seconds=600");

    let answer = ask_over_tls(&secure);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    assert_eq!(ask_over(&secure, "-tls1_2"), "", "an old version");
    assert!(
        answer
            .to_lowercase()
            .contains("strict-transport-security: max-age=600"),
        "{answer}"
    );
    let head = fakes[0].requests()[0].clone();
    assert!(
        head.contains("proto=https") && head.contains("x-forwarded-proto: https"),
        "{head}"
    );
    let first = shown(&secure);
    assert!(
        first.contains("CN = first") && first.contains("ALPN protocol: h2"),
        "{first}"
    );

    // Without TLS there is only the way to it.
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap();
    let answer = client
        .get(format!("{}/a?b=c", balancer.server.url))
        .send()
        .await
        .unwrap();
    let port = secure.rsplit_once(':').unwrap().1;
    assert_eq!(answer.status(), 308);
    assert_eq!(
        answer.headers()["location"],
        format!("https://127.0.0.1:{port}/a?b=c")
    );

    certify(&folder, "second");
    eventually(
        async || shown(&secure).contains("CN = second"),
        async || shown(&secure),
    )
    .await;
    // A wrong file is refused, and the certificate stays.
    folder.write("certificate.pem", "no certificate");
    let told = || {
        balancer
            .server
            .logged()
            .contains("the certificate stays as it was")
    };
    eventually(async || told(), async || balancer.server.logged()).await;
    assert!(shown(&secure).contains("CN = second"));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_with_its_connection() {
    let fakes = good(1).await;
    let front = Secure::before(&fakes, "--set=balance.first_request_seconds=1");
    for begins in [
        &b"\x16"[..],
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(&front.secure).await.unwrap();
        stream.write_all(begins).await.unwrap();
        let mut all = Vec::new();
        let _reset = timeout(PATIENCE, stream.read_to_end(&mut all))
            .await
            .unwrap();
    }
    assert!(fakes[0].requests().is_empty());
}
