//! Sign-up, log-in, sessions, and the cookie.

use reqwest::Method;
use serde_json::{Value, json};
use sosik_api::schema::{HandleCheck, SessionPage, SignedIn};
use sosik_testkit::app::PASSWORD;
use sosik_testkit::{TestApp, TestPerson, TestResponse};

async fn sign_up(app: &TestApp, body: &Value) -> TestResponse {
    TestResponse::of(
        app.client()
            .post(format!("{}/v1/people", app.url()))
            .json(body),
    )
    .await
}

async fn log_in(app: &TestApp, handle: &str, password: &str) -> TestResponse {
    let ask = json!({ "handle": handle, "password": password });
    TestResponse::of(
        app.client()
            .post(format!("{}/v1/sessions", app.url()))
            .json(&ask),
    )
    .await
}

fn asks_for(handle: &str) -> Value {
    json!({ "handle": handle, "display_name": "미나", "password": PASSWORD, "language": "ko" })
}

#[tokio::test]
async fn signing_up_signs_in_and_has_the_documented_shape() {
    let app = TestApp::start().await;
    let answer = sign_up(&app, &asks_for("@Mina")).await.expect(201);
    assert_eq!(answer.header("location"), Some("/v1/people/mina"));
    let SignedIn { person, token, .. } = answer.read();
    let mut body = answer.json();
    body["person"]["id"] = json!("…");
    body["token"] = json!("…");
    insta::assert_snapshot!(body, @r#"{"person":{"avatar":null,"bio":"","display_name":"미나","handle":"mina","id":"…","language":"ko"},"token":"…"}"#);
    let me = TestResponse::of(
        app.client()
            .get(format!("{}/v1/me", app.url()))
            .bearer_auth(token),
    )
    .await
    .expect(200);
    let mut me = me.json();
    assert_eq!(me["id"], json!(person.id));
    me["id"] = json!("…");
    insta::assert_snapshot!(me, @r#"{"avatar":null,"bio":"","bio_entities":[],"counts":{"followers":0,"follows":0,"friends":0,"stories":0},"display_name":"미나","handle":"mina","id":"…","language":"ko","privacy":{"comments":"everyone","mentions":"everyone","requests":"everyone"}}"#);
}

#[tokio::test]
async fn a_handle_is_checked_while_it_is_typed_as_sign_up_would() {
    let app = TestApp::start().await;
    sign_up(&app, &asks_for("mina")).await.expect(201);
    let check = async |wanted: &str| app.get(&format!("/v1/handles/{wanted}")).await;
    for (wanted, availability, code) in [
        ("mina", "taken", "handle_taken"),
        ("@MINA", "taken", "handle_taken"),
        ("m1na", "not_allowed", "handle_confusable"),
        ("admin", "not_allowed", "handle_reserved"),
        ("mi", "not_allowed", "handle_too_short"),
        ("abcdefghij01234567890", "not_allowed", "handle_too_long"),
        ("%EB%AF%B8%EB%82%98", "not_allowed", "handle_characters"),
    ] {
        let answer: HandleCheck = check(wanted).await.expect(200).read();
        let words = serde_json::to_value(answer.availability).unwrap();
        assert_eq!(words, availability, "{wanted}");
        assert_eq!(answer.code.as_deref(), Some(code), "{wanted}");
        assert!(answer.message.is_some_and(|rule| rule.contains(' ')));
        let mut body = asks_for("x");
        body["handle"] = json!(wanted.replace("%EB%AF%B8%EB%82%98", "미나"));
        let refused = sign_up(&app, &body).await;
        assert_eq!(refused.json()["code"], code, "sign-up agrees");
    }
    let free = check("sora").await.expect(200).json();
    assert_eq!(free, json!({ "availability": "available" }));
    let long = "a".repeat(65);
    check(&long).await.problem(422, "handle_too_long");
    check("%00%FF").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_handle_that_is_taken_or_confusable_is_a_conflict_and_a_wrong_one_is_refused() {
    let app = TestApp::start().await;
    sign_up(&app, &asks_for("mina")).await.expect(201);
    sign_up(&app, &asks_for("MINA"))
        .await
        .problem(409, "handle_taken");
    sign_up(&app, &asks_for("m1na"))
        .await
        .problem(409, "handle_confusable");
    let cases = [
        ("handle", "mi", "handle_too_short"),
        ("display_name", " ", "display_name_empty"),
        ("password", "short", "password_too_short"),
        ("password", "password123", "password_common"),
        ("language", "xx", "language_unknown"),
    ];
    for (field, value, code) in cases {
        let mut body = asks_for("sora");
        body[field] = json!(value);
        let problem = sign_up(&app, &body).await.problem(422, code);
        assert_eq!(problem.errors.unwrap()[0].field, field);
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_handle_are_told_alike() {
    let app = TestApp::start().await;
    app.user("mina").await;
    let wrong = log_in(&app, "mina", "not-the-password").await;
    let unknown = log_in(&app, "nobody_here", "not-the-password").await;
    let [wrong, unknown] = [wrong, unknown].map(|answer| {
        let mut problem = answer.problem(401, "wrong_credentials");
        problem.request_id.clear();
        problem
    });
    assert_eq!(wrong, unknown);
    log_in(&app, "@MINA", PASSWORD).await.expect(201);
}

#[tokio::test]
async fn sessions_are_listed_and_can_be_ended_from_another_device() {
    let app = TestApp::start().await;
    let phone = app.user("mina").await;
    let [laptop, tablet] = [phone.logs_in_again().await, phone.logs_in_again().await];
    let page: SessionPage = phone.get("/v1/sessions").await.expect(200).read();
    assert_eq!((page.items.len(), page.end), (3, true));
    assert_eq!(
        page.items.iter().filter(|session| session.current).count(),
        1
    );
    let of = |page: &SessionPage| {
        page.items
            .iter()
            .find(|session| session.current)
            .unwrap()
            .id
    };
    let laptops = of(&laptop.get("/v1/sessions").await.expect(200).read());
    phone
        .delete(&format!("/v1/sessions/{laptops}"))
        .await
        .expect(204);
    laptop.get("/v1/me").await.problem(401, "unauthenticated");
    phone
        .delete(&format!("/v1/sessions/{laptops}"))
        .await
        .problem(404, "not_found");
    phone.delete("/v1/sessions").await.expect(204);
    tablet.get("/v1/me").await.problem(401, "unauthenticated");
    phone.logs_out().await;
    phone.get("/v1/me").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_the_old_one_opens_nothing() {
    let app = TestApp::start().await;
    let phone = app.user("mina").await;
    let laptop = phone.logs_in_again().await;
    let new = "green-kettle-in-a-valley-7";
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    let problem = phone
        .post("/v1/me/password", &change("wrong", new))
        .await
        .problem(422, "wrong_password");
    assert_eq!(problem.errors.unwrap()[0].field, "current");
    phone
        .post("/v1/me/password", &change(PASSWORD, "short"))
        .await
        .problem(422, "password_too_short");
    phone
        .post("/v1/me/password", &change(PASSWORD, new))
        .await
        .expect(204);
    laptop.get("/v1/me").await.problem(401, "unauthenticated");
    phone.get("/v1/me").await.expect(200);
    log_in(&app, "mina", PASSWORD)
        .await
        .problem(401, "wrong_credentials");
    log_in(&app, "mina", new).await.expect(201);
}

#[tokio::test]
async fn a_profile_is_changed_field_by_field() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let changed = mina
        .patch("/v1/me", &json!({ "bio": "tea", "display_name": "김미나" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["bio"], &changed["display_name"]),
        (&json!("tea"), &json!("김미나"))
    );
    assert_eq!(
        mina.patch("/v1/me", &json!({})).await.expect(200).json(),
        changed
    );
    mina.patch("/v1/me", &json!({ "language": "xx" }))
        .await
        .problem(422, "language_unknown");
    mina.patch("/v1/me", &json!({ "handle": "other" }))
        .await
        .problem(422, "body_invalid");
}

/// A request with the cookie and no other credentials.
fn with_cookie(
    app: &TestApp,
    person: &TestPerson,
    name: &str,
    method: Method,
    path: &str,
) -> reqwest::RequestBuilder {
    let request = app.client().request(method, format!("{}{path}", app.url()));
    request.header("Cookie", format!("theme=dark; {name}={}", person.token))
}

#[tokio::test]
async fn the_cookie_opens_reads_and_writes_only_from_our_own_pages() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let read = with_cookie(&app, &mina, "sosik", Method::GET, "/v1/me");
    TestResponse::of(read).await.expect(200);
    let post = || {
        let request = with_cookie(&app, &mina, "sosik", Method::POST, "/v1/stories");
        request.json(&json!({ "text": "from a page" }))
    };
    TestResponse::of(post()).await.problem(403, "cross_site");
    TestResponse::of(post().header("Origin", "https://evil.example"))
        .await
        .problem(403, "cross_site");
    for site in ["cross-site", "same-site", "none"] {
        let forged = post()
            .header("Origin", app.url())
            .header("Sec-Fetch-Site", site);
        TestResponse::of(forged).await.problem(403, "cross_site");
    }
    TestResponse::of(post().header("Origin", app.url()))
        .await
        .expect(201);
    TestResponse::of(post().header("Sec-Fetch-Site", "same-origin"))
        .await
        .expect(201);
    let both = post()
        .bearer_auth(&mina.token)
        .header("Sec-Fetch-Site", "cross-site");
    TestResponse::of(both).await.expect(201);
    let wrong_bearer =
        with_cookie(&app, &mina, "sosik", Method::GET, "/v1/me").bearer_auth("wrong");
    TestResponse::of(wrong_bearer)
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_over_tls_from_everybody_else() {
    let app = TestApp::start().await;
    let answer = sign_up(&app, &asks_for("mina")).await.expect(201);
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("sosik=")
            && cookie.ends_with("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );

    let app =
        TestApp::with(|settings| "https://sosik.example".clone_into(&mut settings.api.public_url))
            .await;
    let mina = app.user("mina").await;
    let answer = log_in(&app, "mina", PASSWORD).await.expect(201);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-sosik=") && cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert_eq!(
        answer.header("strict-transport-security"),
        Some("max-age=31536000")
    );
    TestResponse::of(with_cookie(
        &app,
        &mina,
        "__Host-sosik",
        Method::GET,
        "/v1/me",
    ))
    .await
    .expect(200);
    TestResponse::of(with_cookie(&app, &mina, "sosik", Method::GET, "/v1/me"))
        .await
        .problem(401, "unauthenticated");
    let gone = mina.delete("/v1/sessions/current").await.expect(204);
    assert!(
        gone.header("set-cookie")
            .unwrap()
            .starts_with("__Host-sosik=; Path=/; Max-Age=0;")
    );
}
