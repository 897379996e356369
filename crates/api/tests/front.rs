//! What every request goes through before it reaches a handler: the host it names, the cookie it brings, and the door of
//! the operators.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use sosik_api::AdminToken;
use sosik_testkit::{Answer, TestApp};
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
        Answer::of(request.header("Cookie", cookies)).await
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
    Answer::of(retry()).await.expect(200);
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        Answer::of(retry().header(name, value))
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
            Answer::of(request.bearer_auth(token)).await
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
