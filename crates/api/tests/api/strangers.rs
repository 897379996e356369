//! What people without an account see: the API, the pages for previews of links, and the page of public stories.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sosik_api::schema::{Person, Start, Story, StoryPage};
use sosik_api::{Encoded, PublicPage, Registration, SiteFile};
use sosik_fabric::Rate;
use sosik_testkit::{TestApp, TestPerson, TestResponse};

/// A page like that of the client.
const CLIENT: &str = "<!doctype html><head><title>Sosik</title>\n<meta name=\"description\" content=\"News\" />\n</head>";

/// Longer than the age at which lists for strangers are read again.
const LATER: Duration = Duration::from_secs(3);

/// The client as the executable passes it in.
fn site(path: &str) -> Option<SiteFile> {
    let content_type = match path {
        "index.html" => "text/html; charset=utf-8",
        "icons/app-192.png" => "image/png",
        _ => return None,
    };
    Some(SiteFile {
        content_type,
        contents: Encoded {
            plain: CLIENT.into(),
            brotli: None,
            gzip: None,
            tag: "index".to_owned(),
        },
    })
}

async fn with_client(page: PublicPage) -> TestApp {
    TestApp::with(|settings| {
        settings.site = Some(Arc::new(site));
        settings.api.public_page = page;
    })
    .await
}

async fn with_public_page() -> TestApp {
    with_client(PublicPage::On).await
}

/// A request without a session.
async fn get(app: &TestApp, path: &str) -> TestResponse {
    TestResponse::of(app.client().get(format!("{}{path}", app.url()))).await
}

/// A request without a session, as a browser sends it.
async fn browse(app: &TestApp, path: &str) -> TestResponse {
    let request = app.client().get(format!("{}{path}", app.url()));
    TestResponse::of(request.header("Accept", "text/html,*/*;q=0.8")).await
}

/// The parts of a response by which a stranger can distinguish it from another one.
fn recognised_by(answer: &TestResponse) -> (u16, String, Vec<String>) {
    let headers = answer.headers.iter();
    let headers = headers.filter(|(name, _)| {
        let name = name.as_str();
        !["x-request-id", "date"].contains(&name) && !name.starts_with("ratelimit-")
    });
    let mut headers: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    let (before, id) = answer
        .body
        .split_once("\"request_id\"")
        .unwrap_or((&answer.body, ""));
    let after = id.split_once(',').map_or("", |(_, after)| after);
    (answer.status.as_u16(), format!("{before}{after}"), headers)
}

fn address_of(story: &Story) -> String {
    format!("/stories/{}", story.id)
}

#[tokio::test]
async fn a_stranger_reads_public_stories_and_profiles_without_an_account() {
    let app = TestApp::start().await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    joon.befriends(&mina).await;
    let bio = json!({ "bio": "hello #sosik" });
    mina.patch("/v1/me", &bio).await.expect(200);
    let public = mina.posts("for all @joon").await;
    mina.posts_to_friends("for friends").await;
    let story = get(&app, &format!("/v1{}", address_of(&public))).await;
    assert_eq!(story.expect(200).read::<Story>(), public);
    let person: Person = get(&app, "/v1/people/@Mina").await.expect(200).read();
    assert_eq!((person.id, person.bio.as_str()), (mina.id, "hello #sosik"));
    assert_eq!((person.relation, person.muted), (None, None));
    let counts = person.counts.unwrap();
    assert_eq!((counts.stories, counts.friends), (1, 1));
    let page = get(&app, "/v1/people/mina/stories").await.expect(200);
    let page: StoryPage = page.read();
    assert_eq!((page.items, page.end), (vec![public], true));
    for path in ["/v1/people/nobody_here", "/v1/people/nobody_here/stories"] {
        get(&app, path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn nothing_distinguishes_a_hidden_story_from_one_that_never_existed() {
    let app = with_public_page().await;
    let mina = app.user("mina").await;
    let friends = mina.posts_to_friends("secret-word").await;
    let deleted = mina.posts("secret-word").await;
    mina.deletes(&deleted).await;
    let narrowed = mina.posts("secret-word").await;
    for path in [
        address_of(&narrowed),
        format!("/v1{}", address_of(&narrowed)),
    ] {
        assert!(
            browse(&app, &path)
                .await
                .expect(200)
                .body
                .contains("secret-word")
        );
    }
    let narrower = json!({ "audience": "friends" });
    let path = format!("/v1{}", address_of(&narrowed));
    mina.patch(&path, &narrower).await.expect(200);
    for prefix in ["", "/v1"] {
        let never = browse(&app, &format!("{prefix}/stories/1")).await;
        for hidden in [&friends, &deleted, &narrowed] {
            let answer = browse(&app, &format!("{prefix}{}", address_of(hidden))).await;
            assert_eq!(recognised_by(&answer), recognised_by(&never));
            assert!(!answer.body.contains("secret-word"));
        }
    }
    let front = browse(&app, "/").await.expect(200);
    for path in ["/stories/1", "/stories/rubbish", "/@nobody_here", "/@!"] {
        let generic = browse(&app, path).await.expect(200);
        assert_eq!(generic.body, front.body, "{path}");
        assert_eq!(generic.header("x-robots-tag"), Some("noindex"), "{path}");
    }
}

#[tokio::test]
async fn a_story_that_is_narrowed_or_deleted_is_gone_for_strangers_at_once() {
    let app = with_public_page().await;
    let mina = app.user("mina").await;
    let (narrowed, deleted) = (mina.posts("one").await, mina.posts("two").await);
    let lists = ["/v1/public", "/v1/people/mina/stories"];
    let shown = async || {
        let mut shown = Vec::new();
        for path in lists {
            let page: StoryPage = get(&app, path).await.expect(200).read();
            shown.push(page.items.len());
        }
        shown
    };
    assert_eq!(shown().await, [2, 2]);
    let path = format!("/v1{}", address_of(&narrowed));
    let narrower = json!({ "audience": "friends" });
    mina.patch(&path, &narrower).await.expect(200);
    assert_eq!(shown().await, [1, 1]);
    mina.deletes(&deleted).await;
    assert_eq!(shown().await, [0, 0]);
}

#[tokio::test]
async fn lists_for_strangers_are_read_once_in_a_while_whatever_their_number() {
    let app = with_public_page().await;
    let mina = app.user("mina").await;
    mina.posts("first").await;
    let items = async |path: &str| {
        let page: StoryPage = get(&app, path).await.expect(200).read();
        page.items.len()
    };
    for path in ["/v1/public", "/v1/people/mina/stories"] {
        assert_eq!(items(path).await, 1, "{path}");
    }
    mina.posts("second").await;
    for path in ["/v1/public", "/v1/people/mina/stories?limit=7"] {
        assert_eq!(
            items(path).await,
            1,
            "the list that was read before: {path}"
        );
    }
    app.clock().advance(LATER);
    for path in ["/v1/public", "/v1/people/mina/stories"] {
        assert_eq!(items(path).await, 2, "{path}");
    }
}

#[tokio::test]
async fn a_stranger_reads_the_rest_only_after_logging_in() {
    let app = with_public_page().await;
    let story = app.user("mina").await.posts("for all").await;
    let story = format!("/v1{}", address_of(&story));
    for path in [
        &format!("{story}/comments"),
        &format!("{story}/likes"),
        "/v1/people?q=mina",
        "/v1/tags/sosik/stories",
        "/v1/feed",
        "/v1/me",
    ] {
        get(&app, path).await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn without_open_registration_a_stranger_reads_nothing_unless_there_is_a_public_page() {
    for (registration, page, status) in [
        (Registration::Open, PublicPage::Off, 200),
        (Registration::Invitation, PublicPage::Off, 401),
        (Registration::Closed, PublicPage::Off, 401),
        (Registration::Invitation, PublicPage::On, 200),
    ] {
        let mut app = TestApp::with(|settings| {
            settings.site = Some(Arc::new(site));
            settings.api.public_page = page;
        })
        .await;
        let mina = app.user("mina").await;
        let story = mina.posts("hello").await;
        app.restart_with(|settings| settings.api.registration = registration)
            .await;
        let story = format!("/stories/{}", story.id);
        for path in ["/people/mina", "/people/mina/stories", &story] {
            get(&app, &format!("/v1{path}")).await.expect(status);
            mina.get(&format!("/v1{path}")).await.expect(200);
        }
        for path in ["/@mina", &story] {
            let has_card = browse(&app, path).await.expect(200).body != CLIENT;
            assert_eq!(has_card, status == 200, "{registration:?} {page:?} {path}");
        }
        let start: Start = get(&app, "/v1/start").await.expect(200).read();
        assert_eq!(start.open_to_strangers, status == 200);
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_a_stranger_unless_the_client_counts_on_it() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    mina.delete("/v1/sessions/current").await.expect(204);
    let cookie = format!("sosik={}", mina.token);
    let with = |path: &str, name: &str, value: &str| {
        let request = app.client().get(format!("{}{path}", app.url()));
        let request = request.header("Cookie", &cookie);
        TestResponse::of(match name {
            "" => request,
            name => request.header(name, value),
        })
    };
    for path in ["/v1/start", "/v1/people/mina", "/v1/people/mina/stories"] {
        with(path, "", "").await.expect(200);
        let bearer = format!("Bearer {}", mina.token);
        let id = mina.id.to_string();
        for (name, value) in [("Authorization", &bearer), ("Sosik-Person", &id)] {
            with(path, name, value)
                .await
                .problem(401, "unauthenticated");
        }
    }
    with("/v1/me", "", "").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_client_learns_without_an_error_that_nobody_is_logged_in() {
    for page in [PublicPage::Off, PublicPage::On] {
        let app = with_client(page).await;
        let nobody: Start = get(&app, "/v1/start").await.expect(200).read();
        assert_eq!(nobody.person, None);
        assert_eq!(nobody.public_page, page == PublicPage::On);
        let mina = app.user("mina").await;
        let start: Start = mina.get("/v1/start").await.expect(200).read();
        let me: Person = mina.get("/v1/me").await.expect(200).read();
        assert_eq!(start.person, Some(me));
    }
}

#[tokio::test]
async fn strangers_are_limited_by_address_and_people_with_a_session_are_not() {
    let app = TestApp::with(|settings| {
        settings.site = Some(Arc::new(site));
        settings.api.rates.stranger_reads_per_address = Rate {
            per_minute: NonZeroU32::MIN,
            burst: NonZeroU32::new(2).unwrap(),
        };
    })
    .await;
    let mina = app.user("mina").await;
    for _ in 0..2 {
        get(&app, "/v1/people/mina").await.expect(200);
    }
    let limited = get(&app, "/v1/people/mina").await;
    limited.problem(429, "too_many_requests");
    // A person gets the client, and no card of it.
    let page = browse(&app, "/@mina").await.expect(429);
    assert_eq!(page.body, CLIENT);
    assert!(page.header("retry-after").is_some());
    mina.get("/v1/people/mina").await.expect(200);
    browse(&app, "/").await.expect(200);
    // The client learns that nobody is logged in, and offers to log in.
    get(&app, "/v1/start").await.expect(200);
}

#[tokio::test]
async fn the_page_of_a_public_story_and_of_a_person_has_a_card_that_caches_can_check() {
    let app = with_public_page().await;
    let mina = app.user("mina").await;
    let text = "</title><script>alert(1)</script> \"quoted\" ".repeat(20);
    let story = mina.posts(&text).await;
    let path = address_of(&story);
    let page = browse(&app, &path).await.expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(page.header("x-robots-tag"), None);
    assert_eq!(page.body.matches("<script").count(), 0, "{}", page.body);
    assert_eq!(page.body.matches("</title>").count(), 1);
    let url = app.url();
    for line in [
        "<title>mina of the test (@mina) · Sosik</title>".to_owned(),
        format!("<link rel=\"canonical\" href=\"{url}{path}\" />"),
        "<meta property=\"og:type\" content=\"article\" />".to_owned(),
    ] {
        assert!(page.body.contains(&line), "{line} in {}", page.body);
    }
    let again = async |path: &str, tag: &str| {
        let request = app.client().get(format!("{url}{path}"));
        TestResponse::of(request.header("If-None-Match", tag)).await
    };
    let tag = page.header("etag").unwrap();
    assert_eq!(again(&path, tag).await.expect(304).body, "");
    let edit = json!({ "text": "another" });
    mina.patch(&format!("/v1{path}"), &edit).await.expect(200);
    let edited = again(&path, tag).await.expect(200);
    assert!(
        edited.body.contains("content=\"another\""),
        "{}",
        edited.body
    );
    // The same page for everybody, whoever asks.
    let friend = mina.request(reqwest::Method::GET, &path);
    assert_eq!(TestResponse::of(friend).await.body, edited.body);
    let profile = browse(&app, "/@mina").await.expect(200);
    assert!(
        profile
            .body
            .contains("<meta property=\"profile:username\" content=\"mina\" />")
    );
    let program = app.client().get(format!("{url}/@mina"));
    let json = program.header("Accept", "application/json");
    TestResponse::of(json).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_page_comes_without_its_card_while_the_store_cannot_be_read() {
    let app = with_client(PublicPage::On).await;
    app.service().stop().await;
    get(&app, "/v1/people/mina").await.problem(500, "internal");
    for path in ["/@mina", "/stories/5"] {
        assert_eq!(browse(&app, path).await.expect(200).body, CLIENT);
    }
    app.abandon();
}

#[tokio::test]
async fn a_page_comes_without_its_card_while_no_request_is_admitted() {
    let app = TestApp::with(|settings| {
        settings.site = Some(Arc::new(site));
        settings.api.requests_at_once_max = 0;
        settings.api.requests_waiting_max = 0;
    })
    .await;
    get(&app, "/v1/people/mina").await.problem(503, "busy");
    for path in ["/@mina", "/stories/5"] {
        let page = browse(&app, path).await.expect(200);
        assert_eq!(page.body, CLIENT);
        assert_eq!(page.header("x-robots-tag"), Some("noindex"));
    }
}

#[tokio::test]
async fn search_engines_list_stories_only_with_the_public_page() {
    for (page, listed, robots) in [
        (PublicPage::Off, Some("noindex"), "Disallow: /\n"),
        (PublicPage::On, None, "Disallow: /v1/\n"),
    ] {
        let app = with_client(page).await;
        let story = app.user("mina").await.posts("for all").await;
        for path in [address_of(&story), "/@mina".to_owned()] {
            let page = browse(&app, &path).await.expect(200);
            assert_eq!(page.header("x-robots-tag"), listed, "{path}");
            assert!(page.body.contains("og:title"), "{path}");
        }
        let text = get(&app, "/robots.txt").await.expect(200);
        assert!(text.body.contains(robots), "{}", text.body);
        let icon = get(&app, "/favicon.ico").await.expect(200);
        assert_eq!(icon.header("content-type"), Some("image/png"));
    }
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_description() {
    let app = TestApp::start().await;
    let problem = get(&app, "/v1/feed").await.problem(401, "unauthenticated");
    let page = get(&app, &problem.kind).await.expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(page.body.contains("GET /v1/feed\n"), "{}", page.body);
    get(&app, "/problems/rubbish")
        .await
        .problem(404, "not_found");
}

fn public_ids(answer: TestResponse) -> Vec<String> {
    let page: StoryPage = answer.expect(200).read();
    page.items
        .iter()
        .map(|story| story.id.to_string())
        .collect()
}

#[tokio::test]
async fn the_public_page_shows_all_public_stories_newest_first_and_pages_to_the_end() {
    let app = with_public_page().await;
    let people = app.users(["mina", "joon"]).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let person = &people[number % 2];
        person.posts_to_friends("for friends").await;
        expected.insert(0, person.posts("for all").await.id.to_string());
    }
    let mut lists = Vec::new();
    for reader in [None, Some(&people[0])] {
        let (mut path, mut walked) = ("/v1/public?limit=3".to_owned(), Vec::new());
        loop {
            let answer = match reader {
                Some(reader) => reader.get(&path).await,
                None => get(&app, &path).await,
            };
            let page: Value = answer.expect(200).json();
            let items = page["items"].as_array().unwrap();
            walked.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            let Some(before) = page["before"].as_str() else {
                assert_eq!(page["end"], true);
                break;
            };
            path = format!("/v1/public?limit=3&before={before}");
            lists.push((reader.is_some(), before.to_owned()));
        }
        assert_eq!(walked, expected);
    }
    // A cursor belongs to its reader and its list.
    let (_, of_stranger) = lists.iter().find(|(signed_in, _)| !signed_in).unwrap();
    let path = |list: &str| format!("{list}?before={of_stranger}");
    let other = people[0].get(&path("/v1/public")).await;
    other.problem(400, "cursor_invalid");
    let other = get(&app, &path("/v1/people/mina/stories")).await;
    other.problem(400, "cursor_invalid");
}

#[tokio::test]
async fn the_public_page_has_no_trace_of_people_whom_the_reader_muted_or_who_are_severed() {
    let app = with_public_page().await;
    let people = app
        .users(["reader", "muted", "blocked", "blocker", "other"])
        .await;
    let [reader, muted, blocked, blocker, other] = &people;
    let path = format!("/v1/mutes/{}", muted.id);
    reader.put(&path).await.expect(204);
    reader.blocks(blocked).await;
    blocker.blocks(reader).await;
    let mut shown = Vec::new();
    for _ in 0..3 {
        for hidden in [muted, blocked, blocker] {
            hidden.posts("hidden").await;
        }
        for author in [other, reader] {
            shown.insert(0, author.posts("shown").await.id.to_string());
        }
    }
    let all = public_ids(get(&app, "/v1/public").await);
    assert_eq!(all.len(), 15);
    assert_eq!(public_ids(reader.get("/v1/public").await), shown);
    // Pages are as long, and end, as if the others had posted nothing.
    let page = async |reader: &TestPerson, limit: usize| -> StoryPage {
        let path = format!("/v1/public?limit={limit}");
        reader.get(&path).await.expect(200).read()
    };
    for limit in 1..=6 {
        let page = page(reader, limit).await;
        assert_eq!((page.items.len(), page.end), (limit, limit == 6), "{limit}");
    }
}

#[tokio::test]
async fn without_the_setting_there_is_no_public_page() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    mina.posts("for all").await;
    get(&app, "/v1/public").await.problem(404, "not_found");
    mina.get("/v1/public").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_response_to_a_stranger_is_not_compressed_for_one_request() {
    let app = with_public_page().await;
    let mina = app.user("mina").await;
    for _ in 0..20 {
        mina.posts(&"a long story ".repeat(20)).await;
    }
    let accepting = |request: reqwest::RequestBuilder| {
        TestResponse::of(request.header("Accept-Encoding", "gzip"))
    };
    for path in ["/v1/public", "/v1/people/mina/stories", "/@mina"] {
        let url = format!("{}{path}", app.url());
        let stranger = accepting(app.client().get(url)).await.expect(200);
        assert_eq!(stranger.header("content-encoding"), None, "{path}");
    }
}
