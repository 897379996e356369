//! Failed requests: always with a problem and a code.

use reqwest::Method;
use serde_json::json;
use sosik_testkit::{TestApp, TestResponse};

#[tokio::test]
async fn a_problem_has_the_documented_shape() {
    let app = TestApp::start().await;
    let request = app
        .client()
        .get(format!("{}/nowhere", app.url()))
        .header("X-Request-Id", "from-a-test");
    let answer = TestResponse::of(request).await;
    insta::assert_snapshot!(answer.body, @r#"{"type":"/problems/not_found","title":"Not Found","status":404,"code":"not_found","detail":"there is no such page","request_id":"from-a-test"}"#);
    let mina = app.user("mina").await;
    let request = mina
        .request(Method::POST, "/v1/stories")
        .header("X-Request-Id", "from-a-test");
    let answer = TestResponse::of(request.json(&json!({ "text": " " }))).await;
    insta::assert_snapshot!(answer.body, @r#"{"type":"/problems/story_text_empty","title":"Unprocessable Entity","status":422,"code":"story_text_empty","detail":"story is empty: give a text or an attachment","request_id":"from-a-test","errors":[{"field":"text","message":"story is empty: give a text or an attachment"}]}"#);
}

#[tokio::test]
async fn a_problem_repeats_only_a_short_part_of_the_input() {
    let app = TestApp::start().await;
    for name in ["x", "소", "\u{1}"] {
        let name = name.repeat(10_000);
        let request = app.client().post(format!("{}/v1/sessions", app.url()));
        let answer = TestResponse::of(request.json(&json!({ name: 1 }))).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.len() < 6_000, "{} bytes", answer.body.len());
        assert!(answer.body.contains('…'), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_does_not_exist_or_does_not_do_that_is_a_problem_too() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    for path in [
        "/nowhere",
        "/v1",
        "/v1/nowhere",
        "/v1/stories/1/nowhere",
        "/v1/feed/",
    ] {
        mina.get(path).await.problem(404, "not_found");
    }
    for id in ["1", "x", "01", "-1", "99999999999999999999", "%00", "%FF"] {
        mina.get(&format!("/v1/stories/{id}"))
            .await
            .problem(404, "not_found");
    }
    let answer = mina.delete("/v1/feed").await;
    answer.problem(405, "method_not_allowed");
    assert!(answer.header("allow").unwrap().contains("GET"));
}

#[tokio::test]
async fn a_body_that_is_no_json_or_not_the_right_one_is_refused_with_its_field() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let post = |body: &'static str| mina.request(Method::POST, "/v1/stories").body(body);
    TestResponse::of(post("{}"))
        .await
        .problem(415, "unsupported_media_type");
    let form = post("text=a").header("Content-Type", "application/x-www-form-urlencoded");
    TestResponse::of(form)
        .await
        .problem(415, "unsupported_media_type");
    let cases = [
        ("", 400, "json_invalid", None),
        ("{\"text\":", 400, "json_invalid", None),
        ("\"text\"", 422, "body_invalid", None),
        ("[\"text\"]", 422, "body_invalid", None),
        ("{}", 422, "body_invalid", Some("text")),
        ("{\"text\":7}", 422, "body_invalid", Some("text")),
        (
            "{\"text\":\"a\",\"txet\":1}",
            422,
            "body_invalid",
            Some("txet"),
        ),
        (
            "{\"text\":\"a\",\"text\":\"b\"}",
            422,
            "body_invalid",
            Some("text"),
        ),
        (
            "{\"text\":\"a\",\"audience\":\"all\"}",
            422,
            "body_invalid",
            Some("audience"),
        ),
        (
            "{\"text\":\"a\",\"attachments\":[{\"media\":\"x\",\"alt\":\"\"}]}",
            422,
            "body_invalid",
            Some("attachments[0].media"),
        ),
        (
            "{\"text\":\"a\",\"attachments\":[{\"media\":\"1\",\"alt\":\"\"}]}",
            404,
            "media_not_yours",
            None,
        ),
        ("{\"text\":\"\"}", 422, "story_text_empty", Some("text")),
        (
            "{\"text\":\"\\u0000\"}",
            422,
            "story_text_characters",
            Some("text"),
        ),
    ];
    for (body, status, code, field) in cases {
        let answer = TestResponse::of(post(body).header("Content-Type", "application/json")).await;
        let errors = answer.problem(status, code).errors.unwrap_or_default();
        assert_eq!(
            errors.first().map(|error| error.field.as_str()),
            field,
            "{body}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_the_client_hears_why() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let text = "가".repeat(5_000);
    mina.post("/v1/stories", &json!({ "text": text }))
        .await
        .expect(201);
    mina.post("/v1/stories", &json!({ "text": format!("{text}.") }))
        .await
        .problem(422, "story_text_too_long");
    let large = "x".repeat(64 * 1024 + 1);
    let post = || {
        mina.request(Method::POST, "/v1/stories")
            .header("Content-Type", "application/json")
    };
    TestResponse::of(post().body(large.clone()))
        .await
        .problem(413, "body_too_large");
    let pieces = futures::stream::iter(vec![Ok::<_, std::io::Error>(large.into_bytes())]);
    TestResponse::of(post().body(reqwest::Body::wrap_stream(pieces)))
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn without_a_session_everything_is_refused_in_one_way() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let bearer = |token: String| {
        app.client()
            .get(format!("{}/v1/me", app.url()))
            .header("Authorization", token)
    };
    for token in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic bWluYTp4",
        &format!("Token {}", mina.token),
    ] {
        let answer = TestResponse::of(bearer(token.to_owned())).await;
        answer.problem(401, "unauthenticated");
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"sosik\""),
            "{token}"
        );
    }
    TestResponse::of(bearer(format!("bearer  {}", mina.token)))
        .await
        .expect(200);
    app.get("/v1/feed").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn every_answer_is_named_and_keeps_browsers_from_guessing() {
    let app = TestApp::start().await;
    for path in ["/livez", "/", "/nowhere", "/v1/feed", "/openapi.json"] {
        let answer = app.get(path).await;
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(
            answer.header("referrer-policy").is_some() && answer.header("x-request-id").is_some(),
            "{path}"
        );
        assert_eq!(
            answer.header("strict-transport-security"),
            None,
            "{path}: not over TLS"
        );
    }
}
