//! Rate limits, overload, compression, and the administration listener.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::io::Read;
use std::num::NonZeroU32;
use std::time::Duration;

use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::json;
use sosik_api::Registration;
use sosik_fabric::Rate;
use sosik_testkit::app::PASSWORD;
use sosik_testkit::{TestApp, TestResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

fn rate(per_minute: u32, burst: u32) -> Rate {
    Rate {
        per_minute: NonZeroU32::new(per_minute).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    }
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back() {
    let app = TestApp::with(|settings| settings.api.rates.stories_per_person = rate(1, 2)).await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let post = json!({ "text": "again" });
    let first = mina.post("/v1/stories", &post).await.expect(201);
    assert_eq!(
        (
            first.header("ratelimit-limit"),
            first.header("ratelimit-remaining")
        ),
        (Some("2"), Some("1"))
    );
    mina.post("/v1/stories", &post).await.expect(201);
    let refused = mina.post("/v1/stories", &post).await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("ratelimit-remaining"), Some("0"));
    let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((30..=60).contains(&after), "{after}");
    assert_eq!(
        refused.header("ratelimit-reset"),
        refused.header("retry-after")
    );
    jun.post("/v1/stories", &post).await.expect(201);
    mina.get("/v1/feed").await.expect(200);
}

#[tokio::test]
async fn guessing_a_password_is_limited_by_handle_and_by_address() {
    let app = TestApp::with(|settings| {
        settings.api.rates.log_ins_per_handle = rate(1, 2);
        settings.api.rates.log_ins_per_address = rate(1, 4);
        settings.api.connections.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let guess = async |handle: &str, address: &str| {
        let body = json!({ "handle": handle, "password": "a guess" });
        let request = app
            .client()
            .post(format!("{}/v1/sessions", app.url()))
            .header("X-Forwarded-For", address);
        TestResponse::of(request.json(&body)).await
    };
    let (one, another) = ("192.0.2.1", "192.0.2.2");
    for handle in ["mina", "@MINA"] {
        guess(handle, one).await.problem(401, "wrong_credentials");
    }
    guess("mina", one).await.problem(429, "too_many_requests");
    guess("jun", one).await.problem(401, "wrong_credentials");
    for _ in 0..2 {
        guess("sora", one).await.problem(429, "too_many_requests");
    }
    // A rejected address did not use up the budget of the handle.
    guess("sora", another)
        .await
        .problem(401, "wrong_credentials");
    guess("mina", another)
        .await
        .problem(429, "too_many_requests");
}

#[tokio::test]
async fn handles_checked_from_one_address_have_a_limit_of_their_own() {
    let app = TestApp::with(|settings| {
        settings.api.rates.handle_checks_per_address = rate(1, 2);
    })
    .await;
    for _ in 0..2 {
        app.get("/v1/handles/mina").await.expect(200);
    }
    let refused = app.get("/v1/handles/mina").await;
    refused.problem(429, "too_many_requests");
    app.users(["mina"]).await;
}

#[tokio::test]
async fn sign_ups_refused_to_one_address_cost_its_network_nothing() {
    let app = TestApp::with(|settings| {
        settings.api.rates.sign_ups_per_address = rate(1, 1);
        settings.api.rates.sign_ups_per_network = rate(1, 2);
        settings.api.connections.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let sign_up = async |handle: &str, address: &str| {
        let body = json!({ "handle": handle, "display_name": handle, "password": PASSWORD });
        let request = app
            .client()
            .post(format!("{}/v1/people", app.url()))
            .header("X-Forwarded-For", address);
        TestResponse::of(request.json(&body)).await
    };
    let first = sign_up("mina", "192.0.2.1").await.expect(201);
    assert_eq!(
        first.header("ratelimit-limit"),
        Some("1"),
        "the narrower one"
    );
    for _ in 0..3 {
        let refused = sign_up("jun", "192.0.2.1").await;
        refused.problem(429, "too_many_requests");
    }
    sign_up("sora", "192.0.2.2").await.expect(201);
    let third = sign_up("hana", "192.0.2.3").await;
    third.problem(429, "too_many_requests");
}

/// Logs in, with the cookie of a device if there is one.
async fn log_in(app: &TestApp, handle: &str, password: &str, device: Option<&str>) -> TestResponse {
    let body = json!({ "handle": handle, "password": password });
    let mut request = app
        .client()
        .post(format!("{}/v1/sessions", app.url()))
        .json(&body);
    if let Some(device) = device {
        request = request.header("Cookie", device);
    }
    TestResponse::of(request).await
}

/// The device cookie of a response, as a browser sends it back.
fn device_of(answer: &TestResponse) -> String {
    let mut cookies = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|cookie| cookie.to_str().ok());
    let device = cookies.find(|cookie| cookie.starts_with("sosik-device="));
    device.unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn guesses_from_everywhere_do_not_lock_out_a_device_that_logged_in_before() {
    let app = TestApp::with(|settings| {
        settings.api.rates.log_ins_per_handle = rate(1, 10);
        settings.api.rates.log_ins_per_known_device = rate(1, 3);
    })
    .await;
    let [mina, _jun] = app.users(["mina", "jun"]).await;
    let at_home = device_of(&log_in(&app, "mina", PASSWORD, None).await.expect(201));
    let of_jun = device_of(&log_in(&app, "jun", PASSWORD, None).await.expect(201));
    for _ in 0..9 {
        log_in(&app, "mina", "a wrong guess", None)
            .await
            .problem(401, "wrong_credentials");
    }
    for device in [None, Some(of_jun.as_str()), Some("sosik-device=nonsense")] {
        log_in(&app, "mina", "a wrong guess", device)
            .await
            .problem(429, "too_many_requests");
    }
    // The device keeps its token and has a few attempts of its own.
    let again = log_in(&app, "mina", PASSWORD, Some(&at_home))
        .await
        .expect(201);
    assert_eq!(device_of(&again), at_home);
    for _ in 0..2 {
        log_in(&app, "mina", "a typo", Some(&at_home))
            .await
            .problem(401, "wrong_credentials");
    }
    log_in(&app, "mina", PASSWORD, Some(&at_home))
        .await
        .problem(429, "too_many_requests");
    mina.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_handle_that_nobody_has_is_answered_like_one_that_somebody_has() {
    let mut seen = Vec::new();
    for handle in ["mina", "nobody"] {
        // Buckets that fill slowly, in an app for each handle: what remains depends on the number of log-ins only.
        let app = TestApp::with(|settings| {
            settings.api.rates.log_ins_per_handle = rate(1, 3);
            settings.api.rates.log_ins_per_address = rate(1, 100);
        });
        let app = app.await;
        let [_mina, _jun] = app.users(["mina", "jun"]).await;
        let device = device_of(&log_in(&app, "jun", PASSWORD, None).await.expect(201));
        let mut answers = Vec::new();
        for device in [
            None,
            Some(device.as_str()),
            None,
            None,
            Some(device.as_str()),
        ] {
            let answer = log_in(&app, handle, "a wrong guess", device).await;
            let told = [
                "ratelimit-limit",
                "ratelimit-remaining",
                "www-authenticate",
                "set-cookie",
            ];
            let headers = told.map(|name| answer.header(name).map(str::to_owned));
            answers.push((answer.status.as_u16(), headers));
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0][4].0, 429);
}

#[tokio::test]
async fn an_address_in_a_header_counts_only_from_a_named_proxy() {
    let sign_up = async |app: &TestApp, handle: &str, address: &str| {
        let body =
            json!({ "handle": handle, "display_name": "x", "password": "blue-kettle-on-a-hill" });
        let request = app
            .client()
            .post(format!("{}/v1/people", app.url()))
            .header("X-Forwarded-For", address);
        TestResponse::of(request.json(&body)).await
    };
    let one = rate(1, 1);
    let app = TestApp::with(|settings| settings.api.rates.sign_ups_per_address = one).await;
    sign_up(&app, "mina", "192.0.2.1").await.expect(201);
    sign_up(&app, "jun", "192.0.2.2")
        .await
        .problem(429, "too_many_requests");
    let app = TestApp::with(|settings| {
        settings.api.rates.sign_ups_per_address = one;
        settings.api.connections.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    sign_up(&app, "mina", "192.0.2.1").await.expect(201);
    sign_up(&app, "jun", "192.0.2.2").await.expect(201);
    sign_up(&app, "sora", "192.0.2.3, 192.0.2.2")
        .await
        .problem(429, "too_many_requests");
    sign_up(&app, "hana", "192.0.2.4:4711").await.expect(201);
    sign_up(&app, "yuki", "192.0.2.4:4712")
        .await
        .problem(429, "too_many_requests");
    sign_up(&app, "ren", "[2001:db8::1]:4711").await.expect(201);
    sign_up(&app, "aoi", "2001:db8::2")
        .await
        .problem(429, "too_many_requests");
}

#[tokio::test]
async fn one_network_makes_so_many_accounts_whatever_address_it_takes() {
    let app = TestApp::with(|settings| {
        settings.api.rates.sign_ups_per_network = rate(1, 2);
        settings.api.connections.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let sign_up = async |handle: &str, address: &str| {
        let body =
            json!({ "handle": handle, "display_name": "x", "password": "blue-kettle-on-a-hill" });
        let request = app
            .client()
            .post(format!("{}/v1/people", app.url()))
            .header("X-Forwarded-For", address);
        TestResponse::of(request.json(&body)).await
    };
    sign_up("mina", "192.0.2.1").await.expect(201);
    sign_up("jun", "192.0.2.2").await.expect(201);
    sign_up("sora", "192.0.2.3")
        .await
        .problem(429, "too_many_requests");
    sign_up("sora", "192.0.3.1").await.expect(201);
    for (handle, address) in [("yuna", "2001:db8:1:1::1"), ("bora", "2001:db8:1:2::1")] {
        sign_up(handle, address).await.expect(201);
    }
    sign_up("hana", "2001:db8:1:3::1")
        .await
        .problem(429, "too_many_requests");
}

#[tokio::test]
async fn nobody_signs_up_where_registration_is_closed_and_accounts_go_on_working() {
    let mut app = TestApp::start().await;
    let mina = app.user("mina").await;
    app.restart_with(|settings| settings.api.registration = Registration::Closed)
        .await;
    let body =
        json!({ "handle": "jun", "display_name": "Jun", "password": "blue-kettle-on-a-hill" });
    let request = app.client().post(format!("{}/v1/people", app.url()));
    TestResponse::of(request.json(&body))
        .await
        .problem(403, "registration_closed");
    mina.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn deletions_are_limited() {
    let app =
        TestApp::with(|settings| settings.api.rates.relation_writes_per_person = rate(1, 2)).await;
    let mina = app.user("mina").await;
    for _ in 0..2 {
        let story = mina.posts("for a moment").await;
        mina.delete(&format!("/v1/stories/{}", story.id))
            .await
            .expect(204);
    }
    for path in ["stories/1", "comments/1", "sessions/1", "sessions"] {
        let refused = mina.delete(&format!("/v1/{path}")).await;
        refused.problem(429, "too_many_requests");
    }
    mina.delete("/v1/sessions/current").await.expect(204);
}

#[tokio::test]
async fn changes_of_relations_and_profiles_and_marks_of_reading_are_limited() {
    let app = TestApp::with(|settings| {
        settings.api.rates.relation_writes_per_person = rate(1, 2);
        settings.api.rates.profile_writes_per_person = rate(1, 1);
        settings.api.rates.read_marks_per_person = rate(1, 2);
    })
    .await;
    let [mina, jun, sora] = app.users(["mina", "jun", "sora"]).await;
    mina.put(&format!("/v1/follows/{}", jun.id))
        .await
        .expect(204);
    mina.delete(&format!("/v1/follows/{}", jun.id))
        .await
        .expect(204);
    for (method, path) in [
        (Method::PUT, "follows"),
        (Method::DELETE, "follows"),
        (Method::PUT, "blocks"),
        (Method::DELETE, "blocks"),
        (Method::PUT, "mutes"),
        (Method::DELETE, "mutes"),
        (Method::DELETE, "friends"),
        (Method::DELETE, "friend-requests"),
    ] {
        let request = mina.request(method, &format!("/v1/{path}/{}", jun.id));
        TestResponse::of(request)
            .await
            .problem(429, "too_many_requests");
    }
    mina.post(
        &format!("/v1/friend-requests/{}/accept", jun.id),
        &json!({}),
    )
    .await
    .problem(429, "too_many_requests");
    let profile = json!({ "bio": "hello" });
    sora.patch("/v1/me", &profile).await.expect(200);
    sora.patch("/v1/me", &profile)
        .await
        .problem(429, "too_many_requests");
    let story = sora.posts("hello").await;
    let read = json!({ "story": story.id.to_string() });
    sora.put_json("/v1/feed/read-position", &read)
        .await
        .expect(200);
    let told = json!({ "notification": story.id.to_string() });
    sora.put_json("/v1/notifications/read-position", &told)
        .await
        .expect(200);
    sora.put_json("/v1/feed/read-position", &read)
        .await
        .problem(429, "too_many_requests");
}

#[tokio::test]
async fn comments_likes_friend_requests_searches_and_reads_have_limits_of_their_own() {
    let app = TestApp::with(|settings| {
        let rates = &mut settings.api.rates;
        for limit in [
            &mut rates.comments_per_person,
            &mut rates.likes_per_person,
            &mut rates.friend_requests_per_person,
            &mut rates.searches_per_person,
            &mut rates.reads_per_person,
        ] {
            *limit = rate(1, 1);
        }
    })
    .await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let story = format!("/v1/stories/{}", jun.posts("hello").await.id);
    let (comments, like) = (format!("{story}/comments"), format!("{story}/like"));
    let ask = format!("/v1/friend-requests/{}", jun.id);
    let again: [(&str, Method, &str); 7] = [
        (&comments, Method::POST, &comments),
        (&like, Method::PUT, &like),
        (&like, Method::DELETE, &like),
        (&ask, Method::PUT, &ask),
        ("search", Method::GET, "/v1/people?q=jun"),
        ("read", Method::GET, "/v1/feed"),
        ("read", Method::GET, &story),
    ];
    let mut used = Vec::new();
    for (bucket, method, path) in again {
        let body = json!({ "text": "hello" });
        let send = async || TestResponse::of(mina.request(method.clone(), path).json(&body)).await;
        if !used.contains(&bucket) {
            assert!(send().await.status.is_success(), "{method} {path}");
            used.push(bucket);
        }
        send().await.problem(429, "too_many_requests");
    }
}

/// Begins a request whose body never arrives.
async fn begins_a_body(app: &TestApp, from: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, from], 0).into()).unwrap();
    let address = app.url().trim_start_matches("http://").parse().unwrap();
    let mut connection = socket.connect(address).await.unwrap();
    let head = "POST /v1/people HTTP/1.1\r\nHost: sosik\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\nExpect: 100-continue\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server sends this when it begins to read the body.
    let mut go_on = [0; 25];
    connection.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection
}

#[tokio::test]
async fn bodies_that_do_not_come_hold_no_place_and_are_refused_in_the_end() {
    let app = TestApp::with(|settings| {
        settings.api.requests_at_once_max = 1;
        settings.api.requests_waiting_max = 0;
        settings.api.body_timeout = Duration::from_secs(2);
    })
    .await;
    let mina = app.user("mina").await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(begins_a_body(&app, 7).await);
    }
    mina.get("/v1/me").await.expect(200);
    mina.posts("nobody is in the way").await;
    for mut connection in waiting {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("body_too_slow"), "{answer}");
    }
}

#[tokio::test]
async fn bodies_beyond_their_room_are_shed() {
    let app = TestApp::with(|settings| {
        settings.api.bodies_bytes_max = 10_000;
        settings.api.body_timeout = Duration::from_secs(20);
    })
    .await;
    let _held = [begins_a_body(&app, 7).await, begins_a_body(&app, 8).await];
    let body =
        json!({ "handle": "mina", "display_name": "x", "password": "blue-kettle-on-a-hill" });
    let request = app.client().post(format!("{}/v1/people", app.url()));
    let shed = TestResponse::of(request.json(&body)).await;
    shed.problem(503, "busy");
    assert!(shed.header("retry-after").is_some());
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_can_read_it() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let story = mina.posts(&"long ".repeat(500)).await;
    let path = format!("/v1/stories/{}", story.id);
    let plain = mina.get(&path).await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    for encoding in ["gzip", "br", "zstd"] {
        let request = mina
            .request(Method::GET, &path)
            .header("Accept-Encoding", encoding);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], encoding);
        let bytes = response.bytes().await.unwrap();
        assert!(bytes.len() < plain.body.len() / 2);
        if encoding == "gzip" {
            let mut text = String::new();
            GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
            assert_eq!(text, plain.body);
        }
    }
    let request = mina
        .request(Method::GET, "/v1/me")
        .header("Accept-Encoding", "gzip");
    assert!(
        !request
            .send()
            .await
            .unwrap()
            .headers()
            .contains_key("content-encoding"),
        "a short one is not"
    );
}

#[tokio::test]
async fn the_operators_door_shows_orders_and_is_not_the_public_one() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    assert_eq!(
        app.admin_get("/admin/orders/dead").await.expect(200).json(),
        json!({ "pending": 0, "dead": 0, "items": [] })
    );
    let retry = app
        .client()
        .post(format!("{}/admin/orders/retry", app.admin_url()));
    assert_eq!(
        TestResponse::of(retry).await.expect(200).json(),
        json!({ "retried": 0 })
    );
    for path in ["/metrics", "/healthz", "/admin/orders/dead"] {
        mina.get(path).await.problem(404, "not_found");
    }
    app.admin_get("/v1/me").await.problem(404, "not_found");
}

#[tokio::test]
async fn the_first_page_is_for_browsers_and_for_terminals() {
    let app = TestApp::with(|settings| {
        settings.welcome.people = vec![("mina".to_owned(), "a-password".to_owned())];
    })
    .await;
    let text = app.get("/").await.expect(200);
    assert!(
        text.header("content-type")
            .unwrap()
            .starts_with("text/plain")
            && text.body.contains("\"handle\":\"mina\"")
    );
    let html = TestResponse::of(
        app.client()
            .get(app.url())
            .header("Accept", "text/html,*/*"),
    )
    .await
    .expect(200);
    assert!(
        html.header("content-type")
            .unwrap()
            .starts_with("text/html")
            && html.body.starts_with("<!doctype html>")
    );
    assert!(
        html.header("content-security-policy")
            .unwrap()
            .contains("style-src 'self'")
    );
    assert!(
        app.get("/welcome.css")
            .await
            .expect(200)
            .header("content-type")
            .unwrap()
            .starts_with("text/css")
    );
    let document = app.get("/openapi.json").await.expect(200);
    assert_eq!(document.body, sosik_api::openapi());
}
