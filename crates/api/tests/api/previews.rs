//! Link previews over HTTP: their content, their visibility, their lifetime, and how often a page is fetched.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sosik_api::schema::{LinkPreview, Story, StoryState};
use sosik_testkit::media::photo;
use sosik_testkit::{Pages, TIMEOUT, TestApp, TestPerson, eventually, files_below};
use tempfile::TempDir;

/// Poll and sweep intervals of the workers.
const SOON: Duration = Duration::from_millis(20);

/// How long the result of a fetch is reused.
const HOUR: Duration = Duration::from_secs(3_600);

struct Town {
    app: TestApp,
    pages: Pages,
    folder: TempDir,
}

impl Town {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let pages = Pages::start().await;
        let fetcher = pages.fetcher();
        let app = TestApp::with(|settings| {
            settings.media = Some(path);
            settings.fetcher = Some(fetcher);
            settings.service.media.poll_every = SOON;
            settings.service.media.sweep_every = SOON;
        })
        .await;
        Self { app, pages, folder }
    }

    /// Puts a page with a picture at this place.
    fn publish(&self, place: &str, title: &str) {
        let head = format!(
            "<head><title>{title}</title><meta property=og:site_name content=News>\
             <meta name=description content='about it'><meta property=og:image content=/p.png></head>"
        );
        self.pages.put_html(place, &head);
        let host = place.split('/').next().unwrap();
        let picture = photo(600, 400, 3);
        self.pages
            .put(&format!("{host}/p.png"), "image/png", &picture);
    }

    fn files(&self) -> usize {
        files_below(self.folder.path()).len()
    }
}

async fn shown(reader: &TestPerson, story: &Story) -> Story {
    let path = format!("/v1/stories/{}", story.id);
    reader.get(&path).await.expect(200).read()
}

/// Waits until a story shows a preview with this title.
async fn sees_card(reader: &TestPerson, story: &Story, title: &str) -> LinkPreview {
    let mut seen = None;
    eventually("the story shows the preview", async || {
        seen = shown(reader, story).await.link;
        seen.as_ref().is_some_and(|link| link.title == title)
    })
    .await;
    seen.unwrap()
}

/// Waits until the previews of all earlier stories are done. Previews are processed in order, except while a host is
/// busy.
async fn is_settled(town: &Town, person: &TestPerson) {
    town.pages
        .put_html("settled.example/", "<title>settled</title>");
    let last = person.posts("http://settled.example/").await;
    sees_card(person, &last, "settled").await;
}

fn paths(link: &LinkPreview) -> Vec<String> {
    let sizes = link.picture.iter().flat_map(|picture| &picture.sizes);
    let files = sizes.flat_map(|size| [Some(size.webp.clone()), size.jpeg.clone()]);
    files.flatten().collect()
}

async fn status(reader: &TestPerson, path: &str) -> u16 {
    let answer = reader.request(Method::GET, path).send().await.unwrap();
    answer.status().as_u16()
}

async fn edits(person: &TestPerson, story: &Story, text: &str) -> Story {
    let path = format!("/v1/stories/{}", story.id);
    let ask = json!({ "text": text });
    person.patch(&path, &ask).await.expect(200).read()
}

#[tokio::test]
async fn a_story_shows_the_preview_of_its_first_link_when_it_is_fetched() {
    let town = Town::open().await;
    town.publish("news.example/a?x=1", "The &quot;first&quot;");
    town.publish("news.example/b", "second");
    let mina = town.app.user("mina").await;
    town.pages.hold();
    let text = "@mina read http://news.example/a?x=1#part and http://news.example/b";
    let posted = mina.posts(text).await;
    assert_eq!(posted.link, None, "a post does not wait for a page");
    town.pages.release();

    let link = sees_card(&mina, &posted, "The \"first\"").await;
    assert_eq!(link.url, "http://news.example/a?x=1#part");
    assert_eq!(link.description.as_deref(), Some("about it"));
    assert_eq!(link.site, "News");
    let picture = link.picture.as_ref().unwrap();
    assert_eq!((picture.width, picture.height), (600, 400));
    assert!(picture.thumbhash.is_some());
    for path in paths(&link) {
        let answer = mina.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.bytes().await.unwrap();
        let (webp, jpeg) = (body.starts_with(b"RIFF"), body.starts_with(b"\xFF\xD8\xFF"));
        assert!(webp == path.ends_with(".webp") && webp != jpeg, "{path}");
    }
    let story = shown(&mina, &posted).await;
    assert_eq!(
        (story.edited_at, story.attachments.len()),
        (None, 0),
        "a preview is neither an edit nor an attachment"
    );
    assert_eq!(mina.feed().await.items[0].link.as_ref(), Some(&link));
    assert_eq!(town.pages.asked("news.example/b"), 0);
}

#[tokio::test]
async fn texts_of_a_page_are_text_in_every_charset() {
    let town = Town::open().await;
    let mina = town.app.user("mina").await;
    let html = "<title>&lt;script&gt;alert(1)&lt;/script&gt; \"&amp;\"</title>";
    town.pages.put_html("a.example/", html);
    let korean = b"<meta charset=euc-kr><title>\xBC\xD2\xBD\xC4</title>";
    town.pages.put("b.example/", "text/html", korean);
    let japanese = b"<title>\x93\x8C\x8B\x9E</title>";
    let charset = "text/html; charset=Shift_JIS";
    town.pages.put("c.example/", charset, japanese);
    for (place, title) in [
        ("a.example", "<script>alert(1)</script> \"&\""),
        ("b.example", "소식"),
        ("c.example", "東京"),
    ] {
        let story = mina.posts(&format!("http://{place}")).await;
        let link = sees_card(&mina, &story, title).await;
        assert_eq!((link.site.as_str(), link.picture), (place, None));
    }
}

#[tokio::test]
async fn those_who_see_the_story_see_its_picture_and_nobody_else_does() {
    let town = Town::open().await;
    town.publish("news.example/a", "a");
    let [mina, friend, stranger] = town.app.users(["mina", "jun", "sora"]).await;
    mina.befriends(&friend).await;
    let public = mina.posts("http://news.example/a").await;
    let friends = mina.posts_to_friends("http://news.example/a").await;
    let public_path = paths(&sees_card(&mina, &public, "a").await)[0].clone();
    let friends_path = paths(&sees_card(&mina, &friends, "a").await)[0].clone();
    let seen = async |path: &str| {
        let nobody = town.app.get(path).await.status.as_u16();
        [
            status(&mina, path).await,
            status(&friend, path).await,
            status(&stranger, path).await,
            nobody,
        ]
    };
    assert_eq!(seen(&public_path).await, [200; 4]);
    assert_eq!(seen(&friends_path).await, [200, 200, 404, 404]);
    let of_other_story = friends_path.replace(&friends.id.to_string(), &public.id.to_string());
    assert_eq!(seen(&of_other_story).await, [200; 4], "equal pictures");
    friend.unfriends(&mina).await;
    assert_eq!(seen(&friends_path).await, [200, 404, 404, 404]);
    let narrow = json!({ "audience": "friends" });
    let edit = format!("/v1/stories/{}", public.id);
    mina.patch(&edit, &narrow).await.expect(200);
    assert_eq!(seen(&public_path).await, [200, 404, 404, 404]);
    mina.deletes(&public).await;
    assert_eq!(seen(&public_path).await, [404; 4]);
}

#[tokio::test]
async fn an_edit_replaces_keeps_or_removes_the_preview() {
    let town = Town::open().await;
    town.publish("news.example/a", "a");
    town.publish("news.example/b", "b");
    let mina = town.app.user("mina").await;
    let story = mina.posts("http://news.example/a").await;
    let first = sees_card(&mina, &story, "a").await;

    let kept = edits(&mina, &story, "again: http://news.example/a").await;
    assert_eq!(kept.link.as_ref(), Some(&first));
    let other = edits(&mina, &story, "http://news.example/b").await;
    assert_eq!(other.link, None, "the old one is gone at once");
    let second = sees_card(&mina, &story, "b").await;
    assert_eq!(second.url, "http://news.example/b");
    let none = edits(&mina, &story, "no link").await;
    assert_eq!(none.link, None);
    assert_eq!(status(&mina, &paths(&second)[0]).await, 404);
    is_settled(&town, &mina).await;
    assert_eq!(shown(&mina, &story).await.link, None);
    assert_eq!(town.pages.asked("news.example/a"), 1);
}

#[tokio::test]
async fn files_go_with_their_story_and_those_of_the_link_after_a_while() {
    let town = Town::open().await;
    town.publish("news.example/a", "a");
    let mina = town.app.user("mina").await;
    let gone = mina.posts("http://news.example/a").await;
    let stays = mina.posts("http://news.example/a").await;
    let link = sees_card(&mina, &gone, "a").await;
    sees_card(&mina, &stays, "a").await;
    let each = paths(&link).len();
    assert_eq!(town.files(), 3 * each, "of the link and of two stories");
    mina.deletes(&gone).await;
    let left = async |copies: usize| {
        eventually("the files are removed", async || {
            town.files() == copies * each
        })
        .await;
    };
    left(2).await;
    town.app.clock().advance(2 * HOUR);
    left(1).await;
    let link = sees_card(&mina, &stays, "a").await;
    assert_eq!(status(&mina, &paths(&link)[0]).await, 200);
    edits(&mina, &stays, "no link").await;
    left(0).await;
}

#[tokio::test]
async fn a_link_is_fetched_once_an_hour_for_all_stories() {
    let town = Town::open().await;
    town.publish("news.example/a", "old");
    let [mina, jun] = town.app.users(["mina", "jun"]).await;
    town.pages.hold();
    let stories = [
        mina.posts("http://news.example/a").await,
        mina.posts("HTTP://NEWS.example:80/a#other").await,
        jun.posts("http://news.example/a and more").await,
    ];
    town.pages.release();
    for story in &stories {
        sees_card(&jun, story, "old").await;
    }
    town.publish("news.example/a", "new");
    let early = jun.posts("http://news.example/a").await;
    sees_card(&jun, &early, "old").await;
    assert_eq!(town.pages.asked("news.example/a"), 1);
    assert_eq!(town.pages.asked("news.example/p.png"), 1);

    town.app.clock().advance(HOUR);
    let late = jun.posts("http://news.example/a").await;
    sees_card(&jun, &late, "new").await;
    assert_eq!(town.pages.asked("news.example/a"), 2);
    let card = shown(&jun, &early).await.link.unwrap();
    assert_eq!(card.title, "old", "a story keeps what it showed");
}

#[tokio::test]
async fn a_page_that_says_nothing_has_no_preview_and_is_not_asked_again_within_the_hour() {
    let town = Town::open().await;
    let mina = town.app.user("mina").await;
    town.pages.put_html("empty.example/", "<p>no title</p>");
    town.pages
        .put("text.example/", "text/plain", b"<title>x</title>");
    for _ in 0..2 {
        for host in ["empty", "text", "missing"] {
            let story = mina.posts(&format!("http://{host}.example/")).await;
            is_settled(&town, &mina).await;
            assert_eq!(shown(&mina, &story).await.link, None, "{host}");
        }
    }
    for host in ["empty", "text", "missing"] {
        let place = format!("{host}.example/");
        eventually("it was asked for", async || town.pages.asked(&place) == 1).await;
    }
}

#[tokio::test]
async fn a_picture_that_cannot_be_decoded_is_left_out() {
    let town = Town::open().await;
    town.publish("news.example/a", "a");
    let mut cut = photo(300, 200, 3);
    cut.truncate(cut.len() / 2);
    town.pages.put("news.example/p.png", "image/png", &cut);
    let mina = town.app.user("mina").await;
    let story = mina.posts("http://news.example/a").await;
    let link = sees_card(&mina, &story, "a").await;
    assert_eq!((link.picture, town.files()), (None, 0));
}

#[tokio::test]
async fn links_that_lead_nowhere_public_are_never_fetched() {
    let town = Town::open().await;
    let mina = town.app.user("mina").await;
    for link in [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:3000/x",
        "http://news.example:8080/",
        "http://user:secret@news.example/",
        "http://[::1]/",
    ] {
        let story = mina.posts(&format!("{link} http://news.example/a")).await;
        is_settled(&town, &mina).await;
        assert_eq!(shown(&mina, &story).await.link, None, "{link}");
    }
    let settled = town.pages.asked("settled.example/");
    assert_eq!(town.pages.asked_at_all(), settled, "and no later link");
}

#[tokio::test]
async fn pages_that_are_open_learn_of_the_preview() {
    let town = Town::open().await;
    town.publish("news.example/a", "a");
    let [mina, jun] = town.app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    town.pages.hold();
    let story = mina.posts("http://news.example/a").await;
    let mut stream = jun.stream_of(&[&story]).await;
    stream.expect("hello").await;
    town.pages.release();
    let changed = async {
        loop {
            let event = stream.next().await.unwrap();
            if event.name == "changed" {
                return event;
            }
        }
    };
    let event = tokio::time::timeout(TIMEOUT, changed).await.unwrap();
    let state: StoryState = serde_json::from_str(&event.data).unwrap();
    assert_eq!(state.story.unwrap().link.unwrap().title, "a");
}

#[tokio::test]
async fn work_that_a_stopped_server_left_is_done_after_the_start() {
    let mut town = Town::open().await;
    town.publish("news.example/a", "a");
    let mina = town.app.user("mina").await;
    town.pages.hold();
    let story = mina.posts("http://news.example/a").await;
    let pages = town.pages.clone();
    eventually("the page is asked for", async || {
        pages.asked("news.example/a") == 1
    })
    .await;
    town.app.restart().await;
    assert_eq!(shown(&mina, &story).await.link, None);
    town.pages.release();
    if std::env::var("SOSIK_TEST_STORE").is_ok_and(|store| store == "postgres") {
        // Another node cannot know that the first one is gone before its claims expire.
        town.app.clock().advance(Duration::from_secs(121));
    }
    sees_card(&mina, &story, "a").await;
    assert_eq!(town.pages.asked("news.example/a"), 2);
}

#[tokio::test]
async fn a_service_that_is_told_so_fetches_nothing_and_still_removes_files() {
    let mut town = Town::open().await;
    town.publish("news.example/a", "a");
    let mina = town.app.user("mina").await;
    let story = mina.posts("http://news.example/a").await;
    sees_card(&mina, &story, "a").await;
    town.app
        .restart_with(|settings| settings.fetcher = None)
        .await;
    assert!(shown(&mina, &story).await.link.is_some(), "it stays");
    let other = mina.posts("http://news.example/b").await;
    mina.deletes(&story).await;
    town.app.clock().advance(2 * HOUR);
    eventually("the files are removed", async || town.files() == 0).await;
    assert_eq!(shown(&mina, &other).await.link, None);
    assert_eq!(town.pages.asked("news.example/b"), 0);
}
