//! Invitations: making, opening and using them, and registration by invitation only.

use serde_json::{Value, json};
use sosik_api::Registration;
use sosik_api::schema::{
    FeedPage, Invitation, InvitationPage, OpenedInvitation, Relation, SignedIn,
};
use sosik_testkit::app::PASSWORD;
use sosik_testkit::{TestApp, TestPerson, TestResponse};

async fn invite(person: &TestPerson, terms: &Value) -> (Invitation, String) {
    let answer = person.post("/v1/invitations", terms).await.expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let invitation: Invitation = answer.read();
    let token = invitation.token.clone().expect("a token");
    (invitation, token)
}

async fn post(app: &TestApp, path: &str, body: &Value) -> TestResponse {
    TestResponse::of(app.client().post(format!("{}{path}", app.url())).json(body)).await
}

async fn open(app: &TestApp, token: &str) -> TestResponse {
    post(app, "/v1/invitations/open", &json!({ "token": token })).await
}

async fn sign_up(app: &TestApp, handle: &str, token: Option<&str>) -> TestResponse {
    let mut body = json!({ "handle": handle, "display_name": handle, "password": PASSWORD });
    if let Some(token) = token {
        body["invitation"] = token.into();
    }
    post(app, "/v1/people", &body).await
}

async fn listed(person: &TestPerson) -> Vec<Invitation> {
    let page: InvitationPage = person.get("/v1/invitations").await.expect(200).read();
    page.items
}

#[tokio::test]
async fn who_signs_up_with_an_invitation_becomes_a_friend_of_its_inviter() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let story = mina.posts_to_friends("for friends").await;
    let (made, token) = invite(&mina, &json!({ "people": 1 })).await;
    let opened: OpenedInvitation = open(&app, &token).await.expect(200).read();
    assert_eq!(opened.inviter.handle, "mina");
    assert_eq!(opened.expires_at, made.expires_at);

    let joined: SignedIn = sign_up(&app, "nari", Some(&token)).await.expect(201).read();
    let inviter = joined.invited_by.unwrap();
    assert_eq!(
        (inviter.handle.as_str(), inviter.relation),
        ("mina", Some(Relation::Friend))
    );
    let as_nari = async |path: &str| {
        let url = format!("{}{path}", app.url());
        let request = app.client().get(url).bearer_auth(&joined.token);
        TestResponse::of(request).await.expect(200)
    };
    let feed: FeedPage = as_nari("/v1/feed").await.read();
    assert_eq!(feed.items[0].id, story.id);
    let told = mina.get("/v1/notifications").await.expect(200).json();
    assert_eq!(told["items"][0]["kind"], "friend_accepted");
    let told = as_nari("/v1/notifications").await.json();
    assert_eq!(told["items"], json!([]), "there is nothing to answer");
    assert_eq!(listed(&mina).await[0].used, 1);

    open(&app, &token).await.problem(404, "not_found");
    let problem = sign_up(&app, "bora", Some(&token)).await;
    let problem = problem.problem(422, "invitation_invalid");
    assert_eq!(problem.errors.unwrap()[0].field, "invitation");
    sign_up(&app, "bora", None).await.expect(201);
}

#[tokio::test]
async fn a_revoked_or_invented_token_and_one_of_a_severed_person_look_alike() {
    let app = TestApp::start().await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    let (_, token) = invite(&mina, &json!({})).await;
    let as_joon = async || {
        joon.post("/v1/invitations/open", &json!({ "token": token }))
            .await
    };
    as_joon().await.expect(200);
    mina.blocks(&joon).await;
    let refused = as_joon().await.problem(404, "not_found");
    let (revoked, second) = invite(&mina, &json!({})).await;
    mina.delete(&format!("/v1/invitations/{}", revoked.id))
        .await
        .expect(204);
    let mut swapped = token.clone().into_bytes();
    swapped[31] = if swapped[31] == b'A' { b'Q' } else { b'A' };
    let swapped = String::from_utf8(swapped).unwrap();
    for token in [second.as_str(), &swapped, "x", ""] {
        let same = open(&app, token).await.problem(404, "not_found");
        assert_eq!(same.detail, refused.detail);
    }
    assert_eq!(listed(&mina).await.len(), 1);
    assert!(listed(&mina).await[0].token.is_none());
}

#[tokio::test]
async fn somebody_with_an_account_sees_what_the_inviter_is_to_them() {
    let app = TestApp::start().await;
    let [mina, joon, nari] = app.users(["mina", "joon", "nari"]).await;
    joon.befriends(&mina).await;
    let (_, token) = invite(&mina, &json!({})).await;
    for (person, relation) in [(&joon, Relation::Friend), (&nari, Relation::None)] {
        let body = json!({ "token": token });
        let opened: OpenedInvitation = person
            .post("/v1/invitations/open", &body)
            .await
            .expect(200)
            .read();
        assert_eq!(opened.inviter.relation, Some(relation));
    }
    let opened: OpenedInvitation = open(&app, &token).await.expect(200).read();
    assert_eq!(opened.inviter.relation, None);
}

#[tokio::test]
async fn an_invitation_expires() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let (_, token) = invite(&mina, &json!({ "days": 1 })).await;
    open(&app, &token).await.expect(200);
    app.clock().advance(std::time::Duration::from_hours(24));
    open(&app, &token).await.problem(404, "not_found");
    sign_up(&app, "nari", Some(&token))
        .await
        .problem(422, "invitation_invalid");
}

#[tokio::test]
async fn numbers_out_of_range_and_too_many_invitations_are_refused() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    for (terms, code) in [
        (json!({ "people": 0 }), "invitation_people_invalid"),
        (json!({ "people": 101 }), "invitation_people_invalid"),
        (json!({ "days": 0 }), "invitation_days_invalid"),
        (json!({ "days": 31 }), "invitation_days_invalid"),
    ] {
        mina.post("/v1/invitations", &terms)
            .await
            .problem(422, code);
    }
    for _ in 0..20 {
        invite(&mina, &json!({})).await;
    }
    mina.post("/v1/invitations", &json!({}))
        .await
        .problem(409, "invitation_limit");
}

#[tokio::test]
async fn where_registration_is_by_invitation_only_a_token_is_required() {
    let mut app = TestApp::start().await;
    let mina = app.user("mina").await;
    let mode = async |app: &TestApp| {
        let url = format!("{}/v1/registration", app.url());
        TestResponse::of(app.client().get(url))
            .await
            .expect(200)
            .json()
    };
    assert_eq!(mode(&app).await, json!({ "mode": "open" }));
    app.restart_with(|settings| settings.api.registration = Registration::Invitation)
        .await;
    assert_eq!(mode(&app).await, json!({ "mode": "invitation" }));
    sign_up(&app, "nari", None)
        .await
        .problem(403, "invitation_required");
    sign_up(&app, "nari", Some("invented"))
        .await
        .problem(422, "invitation_invalid");
    let (_, token) = invite(&mina, &json!({})).await;
    sign_up(&app, "nari", Some(&token)).await.expect(201);
    app.restart_with(|settings| settings.api.registration = Registration::Closed)
        .await;
    assert_eq!(mode(&app).await, json!({ "mode": "closed" }));
    mina.post("/v1/invitations", &json!({}))
        .await
        .problem(403, "registration_closed");
    sign_up(&app, "bora", Some(&token))
        .await
        .problem(403, "registration_closed");
}

#[tokio::test]
async fn a_person_who_cannot_have_more_friends_still_invites() {
    let app = TestApp::with(|settings| settings.service.relations.friends_max = 1).await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    mina.befriends(&joon).await;
    let (_, token) = invite(&mina, &json!({})).await;
    let joined: SignedIn = sign_up(&app, "nari", Some(&token)).await.expect(201).read();
    assert_eq!(joined.invited_by.unwrap().relation, Some(Relation::None));
}
