//! Two people with one browser: a request that names its person is never handled for the other one.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sosik_api::schema::{Person, SessionPage};
use sosik_testkit::{TestApp, TestPerson, TestResponse};

fn named(request: RequestBuilder, person: &TestPerson) -> RequestBuilder {
    request.header("Sosik-Person", person.id.to_string())
}

/// Every operation of the document that needs a session.
fn operations() -> Vec<(Method, String)> {
    let document: Value = serde_json::from_str(&sosik_api::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_open = operation["security"] == json!([{}]);
            if path.starts_with("/v1/") && !is_open {
                found.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    found
}

#[tokio::test]
async fn every_operation_refuses_a_request_that_is_meant_for_somebody_else_and_does_nothing() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let story = mina.posts("before").await;
    let sessions = async || {
        let page: SessionPage = mina.get("/v1/sessions").await.expect(200).read();
        page.items.len()
    };
    mina.logs_in_again().await;
    let before = sessions().await;
    let operations = operations();
    assert!(operations.len() > 40, "{}", operations.len());
    for (method, path) in operations {
        let path = path
            .replace("{story}", &story.id.to_string())
            .replace("{handle}", "jun")
            .replace("{tag}", "tag")
            .replace("{person}", &jun.id.to_string())
            .replace("{comment}", "1")
            .replace("{session}", "1");
        let body = json!({ "text": "written as somebody else", "bio": "changed" });
        let request = mina.request(method.clone(), &path);
        let request = match method {
            Method::GET | Method::HEAD | Method::DELETE => request,
            _ => request.json(&body),
        };
        let answer = TestResponse::of(named(request, &jun)).await;
        assert_eq!(answer.status, 409, "{method} {path}: {}", answer.body);
        if method != Method::HEAD {
            answer.problem(409, "other_person");
        }
    }
    // Nothing changed: the session, the story, the profile and the relations are the same as before.
    assert_eq!(sessions().await, before);
    assert_eq!(mina.feed().await.items, [story]);
    assert_eq!(
        mina.get("/v1/me").await.expect(200).read::<Person>().bio,
        ""
    );
    for list in [
        "/v1/friend-requests?side=outgoing",
        "/v1/follows",
        "/v1/blocks",
    ] {
        let page = mina.get(list).await.expect(200).json();
        assert_eq!(page["items"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn a_request_that_names_its_own_person_or_nobody_is_done() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let request = mina.request(Method::GET, "/v1/me");
    TestResponse::of(named(request, &mina)).await.expect(200);
    mina.get("/v1/me").await.expect(200);
    let request = mina.request(Method::GET, "/v1/me");
    TestResponse::of(request.header("Sosik-Person", "nobody"))
        .await
        .problem(409, "other_person");
}

#[tokio::test]
async fn a_live_stream_names_its_person_in_the_query() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let path = format!("/v1/feed/stream?person={}", jun.id);
    mina.get(&path).await.problem(409, "other_person");
    let own = mina.request(Method::GET, &format!("/v1/feed/stream?person={}", mina.id));
    assert_eq!(own.send().await.unwrap().status(), 200);
}
