//! Before a request reaches a handler: protocols, origins, the host, the cookies, and the access control of the
//! administration listener.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::io::Read;
use std::num::NonZeroU32;

use reqwest::{Client, Method};
use sosik_api::AdminToken;
use sosik_fabric::Rate;
use sosik_testkit::{TestApp, TestResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are and reads the answer until the server closes.
async fn raw(url: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_request_that_names_no_host_or_two_is_rejected_on_both_listeners() {
    let app = TestApp::start().await;
    for (url, path) in [(app.url(), "/v1/feed"), (app.admin_url(), "/healthz")] {
        for hosts in ["", "Host: a.example\r\nHost: b.example\r\n"] {
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
            let answer = raw(&url, &request).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            assert!(
                answer.contains("application/problem+json") && answer.contains("\"host_invalid\""),
                "{answer}"
            );
        }
    }
    let probe = raw(&app.url(), "GET /livez HTTP/1.0\r\n\r\n").await;
    assert!(probe.contains(" 200 "), "{probe}");
}

#[tokio::test]
async fn a_planted_session_cookie_opens_nothing() {
    let app = TestApp::start().await;
    let [mina, eve] = app.users(["mina", "eve"]).await;
    let with = async |cookies: String| {
        let request = app.client().get(format!("{}/v1/me", app.url()));
        TestResponse::of(request.header("Cookie", cookies)).await
    };
    let (mina, eve) = (&mina.token, &eve.token);
    with(format!("sosik={mina}")).await.expect(200);
    for cookies in [
        format!("sosik={eve}; sosik={mina}"),
        format!("sosik={mina}; sosik={eve}"),
        format!("sosik=x; sosik={mina}"),
    ] {
        with(cookies).await.problem(400, "cookie_ambiguous");
    }
}

#[tokio::test]
async fn the_operators_door_takes_no_change_from_a_page() {
    let app = TestApp::start().await;
    let retry = || {
        app.client()
            .post(format!("{}/admin/orders/retry", app.admin_url()))
    };
    TestResponse::of(retry()).await.expect(200);
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        TestResponse::of(retry().header(name, value))
            .await
            .problem(403, "cross_site");
    }
}

#[tokio::test]
async fn with_a_token_the_operators_door_opens_to_that_token_only() {
    let app = TestApp::with(|settings| {
        settings.api.admin_token = Some(AdminToken::new("a-token-of-operators"));
    })
    .await;
    for path in ["/metrics", "/healthz", "/admin/orders/dead"] {
        let with = async |token: &str| {
            let request = app.client().get(format!("{}{path}", app.admin_url()));
            TestResponse::of(request.bearer_auth(token)).await
        };
        app.admin_get(path)
            .await
            .problem(401, "admin_token_required");
        with("wrong").await.problem(401, "admin_token_required");
        with("a-token-of-operators").await.expect(200);
    }
    for path in ["/livez", "/readyz"] {
        app.admin_get(path).await.expect(200);
    }
}

#[tokio::test]
async fn invented_tokens_are_limited_by_address_and_sessions_go_on() {
    let app = TestApp::with(|settings| {
        settings.api.rates.unknown_tokens_per_address = Rate {
            per_minute: NonZeroU32::MIN,
            burst: NonZeroU32::new(2).unwrap(),
        };
    })
    .await;
    let mina = app.user("mina").await;
    mina.get("/v1/me").await.expect(200);
    let with = async |letter: &str| {
        let request = app.client().get(format!("{}/v1/me", app.url()));
        TestResponse::of(request.bearer_auth(letter.repeat(43))).await
    };
    for letter in ["A", "E"] {
        with(letter).await.problem(401, "unauthenticated");
    }
    let limited = with("I").await;
    limited.problem(429, "too_many_requests");
    assert!(limited.header("retry-after").is_some());
    with("A").await.problem(401, "unauthenticated");
    mina.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn nothing_that_everybody_may_ask_for_is_compressed_for_a_request() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/docs",
        "/welcome.css",
        "/openapi.json",
        "/livez",
        "/readyz",
        "/no/page",
    ] {
        for accept in ["text/html", "application/json"] {
            let request = app
                .client()
                .get(format!("{}{path}", app.url()))
                .header("Accept", accept)
                .header("Accept-Encoding", "zstd, deflate");
            let answer = TestResponse::of(request).await;
            assert_eq!(answer.header("content-encoding"), None, "{path} {accept}");
        }
    }
}

#[tokio::test]
async fn the_description_of_the_api_comes_compressed_and_only_once() {
    let app = TestApp::start().await;
    let ask = |headers: &[(&str, &str)]| {
        let mut request = app.client().get(format!("{}/openapi.json", app.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send()
    };
    let gzip = ask(&[("Accept-Encoding", "br, gzip")]).await.unwrap();
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    let tag = gzip.headers()["etag"].to_str().unwrap().to_owned();
    let mut text = String::new();
    let compressed = gzip.bytes().await.unwrap();
    flate2::read::GzDecoder::new(&*compressed)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, sosik_api::openapi());
    let plain = ask(&[]).await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_ne!(plain.headers()["etag"], tag.as_str());
    assert_eq!(plain.text().await.unwrap(), sosik_api::openapi());
    let again = ask(&[("Accept-Encoding", "gzip"), ("If-None-Match", &tag)]);
    let again = again.await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["vary"], "accept-encoding");
    assert_eq!(again.text().await.unwrap(), "");
}

#[tokio::test]
async fn logging_out_clears_the_http_cache_of_the_browser() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let feed = mina.get("/v1/feed").await.expect(200);
    assert_eq!(feed.header("cache-control"), Some("no-store"));
    let out = mina.delete("/v1/sessions/current").await.expect(204);
    assert_eq!(out.header("clear-site-data"), Some("\"cache\""));
}

#[tokio::test]
async fn both_protocols_are_spoken_on_one_port() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let second = Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    for (client, version) in [
        (app.client(), reqwest::Version::HTTP_11),
        (&second, reqwest::Version::HTTP_2),
    ] {
        let response = client
            .get(format!("{}/v1/me", app.url()))
            .bearer_auth(&mina.token)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (response.status().as_u16(), response.version()),
            (200, version)
        );
    }
}

#[tokio::test]
async fn pages_of_named_origins_may_call_with_a_bearer_token_only() {
    let friend = "https://app.example";
    let app = TestApp::with(|settings| settings.api.cors_origins = vec![friend.to_owned()]).await;
    let preflight = async |origin: &str| {
        let request = app
            .client()
            .request(Method::OPTIONS, format!("{}/v1/stories", app.url()));
        let request = request
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST");
        TestResponse::of(request.header(
            "Access-Control-Request-Headers",
            "authorization,content-type",
        ))
        .await
    };
    let allowed = preflight(friend).await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(friend));
    assert!(
        allowed
            .header("access-control-allow-headers")
            .unwrap()
            .contains("authorization")
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), None);
    assert_eq!(
        preflight("https://evil.example")
            .await
            .header("access-control-allow-origin"),
        None
    );
    let refused = app
        .client()
        .get(format!("{}/v1/me", app.url()))
        .header("Origin", friend);
    let refused = TestResponse::of(refused).await;
    refused.problem(401, "unauthenticated");
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some(friend),
        "a page can read why it failed"
    );
}
