//! Rows that a viewer may not see leave no trace in any list: each page, its cursors and its end are equal to those of
//! a list that never contained these rows.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use serde_json::{Value, json};
use sosik_api::schema::{Comment, Story};
use sosik_testkit::{TestApp, TestPerson, eventually};

/// The order in which visible (v) and hidden (h) rows are created: hidden ones at both ends, alone, and in a row.
const ORDER: &str = "hvhhvvhvvvhhh";

/// Pages of every size, from one item to more than the whole list.
const LIMITS: [usize; 5] = [1, 2, 3, 5, 20];

/// Maximum number of pages of a list. A test that needs more does not terminate.
const PAGES_MAX: usize = 100;

/// The content of a page without the totals, which are the same for everybody.
fn told(page: &Value, list: &str) -> Value {
    // On the home feed `after` changes with every delivery, even of one's own story.
    let after = match list.starts_with("/v1/feed") {
        true => &Value::Null,
        false => &page["after"],
    };
    json!({ "items": page["items"], "before": page["before"], "after": after, "end": page["end"] })
}

/// All pages of a list, for every size of page.
async fn walks(viewer: &TestPerson, list: &str) -> Vec<Vec<Value>> {
    let mut walks = Vec::new();
    for limit in LIMITS {
        let (mut pages, mut place) = (Vec::new(), String::new());
        loop {
            assert!(pages.len() < PAGES_MAX, "{list} has no end");
            let path = format!("{list}?limit={limit}{place}");
            let page = viewer.get(&path).await.expect(200).json();
            pages.push(told(&page, list));
            if page["end"] == true {
                break;
            }
            let (name, cursor) = match page["before"].as_str() {
                Some(before) => ("before", before),
                None => ("after", page["after"].as_str().expect("a cursor")),
            };
            place = format!("&{name}={cursor}");
        }
        walks.push(pages);
    }
    walks
}

/// The number of items in all pages.
fn items(pages: &[Value]) -> usize {
    let items = pages.iter().map(|page| page["items"].as_array().unwrap());
    items.map(Vec::len).sum()
}

/// Compares every page of a list before and after the hidden rows are removed.
async fn check<F: Future<Output = ()>>(
    viewer: &TestPerson,
    list: &str,
    visible: usize,
    remove_hidden: impl FnOnce() -> F,
) {
    let with = walks(viewer, list).await;
    for (pages, limit) in with.iter().zip(LIMITS) {
        let full = (items(pages), pages.len());
        let wanted = (visible, visible.div_ceil(limit));
        assert_eq!(full, wanted, "{list}: items and pages of {limit}");
    }
    remove_hidden().await;
    let without = walks(viewer, list).await;
    for ((with, without), limit) in with.iter().zip(&without).zip(LIMITS) {
        assert_eq!(with, without, "{list} in pages of {limit}");
    }
}

/// The number of visible rows.
fn visible() -> usize {
    ORDER.matches('v').count()
}

/// A viewer, a person to see, and a person who blocks the viewer at the end.
async fn people(app: &TestApp) -> [TestPerson; 3] {
    app.users(["viewer", "seen", "unseen"]).await
}

#[tokio::test]
async fn comments_of_the_severed_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, seen, unseen] = people(&app).await;
    let story = seen.posts("hello").await;
    let mut hidden: Vec<Comment> = Vec::new();
    for row in ORDER.chars() {
        match row {
            'v' => drop(seen.comments(&story, "a word").await),
            _ => hidden.push(unseen.comments(&story, "a word").await),
        }
    }
    unseen.blocks(&viewer).await;
    let list = format!("/v1/stories/{}/comments", story.id);
    check(&viewer, &list, visible(), async || {
        for comment in &hidden {
            let path = format!("/v1/comments/{}", comment.id);
            unseen.delete(&path).await.expect(204);
        }
    })
    .await;
}

#[tokio::test]
async fn saved_stories_that_are_hidden_now_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, seen, unseen] = people(&app).await;
    unseen.befriends(&viewer).await;
    let mut hidden: Vec<Story> = Vec::new();
    for (number, row) in ORDER.chars().enumerate() {
        let story = match (row, number % 3) {
            ('v', _) => seen.posts("hello").await,
            (_, 0) => unseen.posts_to_friends("for friends").await,
            (_, 1) => unseen.posts("to be deleted").await,
            _ => unseen.posts("hidden by the block").await,
        };
        let path = format!("/v1/stories/{}/save", story.id);
        viewer.put(&path).await.expect(204);
        match (row, number % 3) {
            ('v', _) => {}
            (_, 1) => unseen.deletes(&story).await,
            _ => hidden.push(story),
        }
    }
    unseen.blocks(&viewer).await;
    check(&viewer, "/v1/saved", visible(), async || {
        for story in &hidden {
            let path = format!("/v1/stories/{}/save", story.id);
            viewer.delete(&path).await.expect(204);
        }
    })
    .await;
}

#[tokio::test]
async fn replies_of_the_severed_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, seen, unseen] = people(&app).await;
    let story = seen.posts("hello").await;
    let parent = seen.comments(&story, "a word").await;
    let mut hidden: Vec<Comment> = Vec::new();
    for row in ORDER.chars() {
        match row {
            'v' => drop(seen.replies(&parent, "a word").await),
            _ => hidden.push(unseen.replies(&parent, "a word").await),
        }
    }
    unseen.blocks(&viewer).await;
    let list = format!("/v1/comments/{}/replies", parent.id);
    check(&viewer, &list, visible(), async || {
        delete_all(&unseen, &hidden).await;
    })
    .await;
}

async fn delete_all(author: &TestPerson, comments: &[Comment]) {
    for comment in comments {
        let path = format!("/v1/comments/{}", comment.id);
        author.delete(&path).await.expect(204);
    }
}

#[tokio::test]
async fn a_comment_of_the_severed_looks_like_a_deleted_one_and_replies_of_the_severed_keep_no_place()
 {
    let app = TestApp::start().await;
    let [viewer, seen, unseen] = people(&app).await;
    let story = seen.posts("hello").await;
    let mut hidden: Vec<Comment> = Vec::new();
    for row in ORDER.chars() {
        if row == 'v' {
            // A visible reply keeps the place of a comment of a severed person.
            let parent = unseen.comments(&story, "unseen").await;
            seen.replies(&parent, "a word").await;
            hidden.push(parent);
        } else {
            // A hidden reply keeps the place of no comment, whether that was hidden or deleted.
            for author in [&seen, &unseen] {
                let parent = author.comments(&story, "unseen").await;
                hidden.push(unseen.replies(&parent, "unseen").await);
                match author.id == seen.id {
                    true => delete_all(&seen, &[parent]).await,
                    false => hidden.push(parent),
                }
            }
        }
    }
    unseen.blocks(&viewer).await;
    let list = format!("/v1/stories/{}/comments", story.id);
    let first = viewer.get(&format!("{list}?limit=100")).await.expect(200);
    assert!(!first.body.contains("unseen"), "{}", first.body);
    for place in first.json()["items"].as_array().unwrap() {
        let (author, replies) = (&place["author"], &place["replies"]);
        assert_eq!((author, replies), (&Value::Null, &json!(1)), "{place}");
        let path = format!("/v1/comments/{}/replies", place["id"].as_str().unwrap());
        let replies = viewer.get(&path).await.expect(200).json();
        assert_eq!(replies["items"].as_array().unwrap().len(), 1);
    }
    let without_replies = hidden.last().unwrap();
    for path in ["replies", "likes", "like"] {
        let path = format!("/v1/comments/{}/{path}", without_replies.id);
        match path.ends_with("like") {
            true => viewer.put(&path).await.problem(404, "not_found"),
            false => viewer.get(&path).await.problem(404, "not_found"),
        };
    }
    check(&viewer, &list, visible(), async || {
        delete_all(&unseen, &hidden).await;
    })
    .await;
}

#[tokio::test]
async fn likes_of_comments_of_the_severed_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, seen, _] = people(&app).await;
    let story = seen.posts("hello").await;
    let comment = seen.comments(&story, "a word").await;
    let mut hidden = Vec::new();
    for (place, row) in ORDER.chars().enumerate() {
        let fan = app.user(&format!("fan{place}")).await;
        fan.likes_comment(&comment).await;
        if row == 'h' {
            fan.blocks(&viewer).await;
            hidden.push(fan);
        }
    }
    let list = format!("/v1/comments/{}/likes", comment.id);
    let page = viewer.get(&list).await.expect(200).json();
    assert_eq!(page["hidden"], json!(hidden.len()));
    check(&viewer, &list, visible(), async || {
        for fan in &hidden {
            let path = format!("/v1/comments/{}/like", comment.id);
            fan.delete(&path).await.expect(204);
        }
    })
    .await;
}

#[tokio::test]
async fn likes_of_the_severed_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, seen, _] = people(&app).await;
    let story = seen.posts("hello").await;
    let mut hidden = Vec::new();
    for (place, row) in ORDER.chars().enumerate() {
        let fan = app.user(&format!("fan{place}")).await;
        fan.likes(&story).await;
        if row == 'h' {
            fan.blocks(&viewer).await;
            hidden.push(fan);
        }
    }
    let list = format!("/v1/stories/{}/likes", story.id);
    check(&viewer, &list, visible(), async || {
        for fan in &hidden {
            let path = format!("/v1/stories/{}/like", story.id);
            fan.delete(&path).await;
        }
    })
    .await;
}

async fn posts_in_order(
    seen: &TestPerson,
    unseen: &TestPerson,
    hidden_audience: &str,
) -> Vec<Story> {
    let mut hidden = Vec::new();
    for row in ORDER.chars() {
        let (author, audience) = match row {
            'v' => (seen, "public"),
            _ => (unseen, hidden_audience),
        };
        let ask = json!({ "text": "hello #tag", "audience": audience });
        let story: Story = author.post("/v1/stories", &ask).await.expect(201).read();
        if row == 'h' {
            hidden.push(story);
        }
    }
    hidden
}

#[tokio::test]
async fn stories_with_a_tag_of_the_severed_and_for_the_friends_of_strangers_change_no_page() {
    for audience in ["public", "friends"] {
        let app = TestApp::start().await;
        let [viewer, seen, unseen] = people(&app).await;
        let hidden = posts_in_order(&seen, &unseen, audience).await;
        if audience == "public" {
            unseen.blocks(&viewer).await;
        }
        check(&viewer, "/v1/tags/tag/stories", visible(), async || {
            for story in &hidden {
                unseen.deletes(story).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn stories_for_friends_change_no_page_of_a_profile() {
    let app = TestApp::start().await;
    let [viewer, seen, _] = people(&app).await;
    let hidden = posts_in_order(&seen, &seen, "friends").await;
    check(&viewer, "/v1/people/seen/stories", visible(), async || {
        for story in &hidden {
            seen.deletes(story).await;
        }
    })
    .await;
}

#[tokio::test]
async fn notifications_of_the_severed_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, seen, unseen] = people(&app).await;
    let story = viewer.posts("hello").await;
    let mut hidden: Vec<Comment> = Vec::new();
    for row in ORDER.chars() {
        match row {
            'v' => drop(seen.comments(&story, "a word").await),
            _ => hidden.push(unseen.comments(&story, "a word").await),
        }
    }
    unseen.blocks(&viewer).await;
    check(&viewer, "/v1/notifications", visible(), async || {
        for comment in &hidden {
            let path = format!("/v1/comments/{}", comment.id);
            unseen.delete(&path).await.expect(204);
        }
    })
    .await;
}

#[tokio::test]
async fn muted_people_who_blocked_the_viewer_change_no_page() {
    let app = TestApp::start().await;
    let [viewer, ..] = people(&app).await;
    let mut hidden = Vec::new();
    for (place, row) in ORDER.chars().enumerate() {
        let other = app.user(&format!("other{place}")).await;
        viewer.mutes(&other).await;
        if row == 'h' {
            other.blocks(&viewer).await;
            hidden.push(other);
        }
    }
    check(&viewer, "/v1/mutes", visible(), async || {
        for other in &hidden {
            viewer.unmutes(other).await;
        }
    })
    .await;
}

#[tokio::test]
async fn stories_that_became_narrower_change_no_page_of_the_home_feed() {
    let app = TestApp::start().await;
    let [viewer, seen, unseen] = people(&app).await;
    for author in [&seen, &unseen] {
        viewer.follows(author).await;
    }
    // An existing timeline contains all of them, including those that are hidden later.
    viewer.feed().await;
    let hidden = posts_in_order(&seen, &unseen, "public").await;
    eventually("every story is delivered", async || {
        viewer.feed().await.items.len() == ORDER.len()
    })
    .await;
    for story in &hidden {
        let path = format!("/v1/stories/{}", story.id);
        let ask = json!({ "audience": "friends" });
        unseen.patch(&path, &ask).await.expect(200);
    }
    check(&viewer, "/v1/feed", visible(), async || {
        for story in &hidden {
            unseen.deletes(story).await;
        }
    })
    .await;
}

/// Every list with pages, with the parameter of its cursor, after two rows were created for it.
fn lists(comment: &Comment) -> Vec<(String, &'static str)> {
    let (story, comment) = (comment.story, comment.id);
    let lists = [
        ("/v1/feed".to_owned(), "before"),
        (format!("/v1/stories/{story}/comments"), "after"),
        (format!("/v1/stories/{story}/likes"), "before"),
        (format!("/v1/comments/{comment}/replies"), "after"),
        (format!("/v1/comments/{comment}/likes"), "before"),
        ("/v1/people/seen/stories".to_owned(), "before"),
        ("/v1/tags/tag/stories".to_owned(), "before"),
        ("/v1/people?q=asker".to_owned(), "before"),
        ("/v1/notifications".to_owned(), "before"),
        ("/v1/friends".to_owned(), "before"),
        ("/v1/follows".to_owned(), "before"),
        ("/v1/followers".to_owned(), "before"),
        ("/v1/mutes".to_owned(), "before"),
        ("/v1/blocks".to_owned(), "before"),
        ("/v1/friend-requests".to_owned(), "before"),
        ("/v1/friend-requests?side=outgoing".to_owned(), "before"),
    ];
    lists.into()
}

fn with(list: &str, query: &str) -> String {
    let mark = if list.contains('?') { '&' } else { '?' };
    format!("{list}{mark}{query}")
}

/// Gives the viewer two rows in every list.
async fn fill_all_lists(app: &TestApp, viewer: &TestPerson, seen: &TestPerson) -> Comment {
    let other = app.user("other").await;
    for (place, friend) in [seen, &other].into_iter().enumerate() {
        friend.befriends(viewer).await;
        viewer.follows(friend).await;
        friend.follows(viewer).await;
        let [asker, asked, muted, blocked] = app
            .users(
                ["asker", "asked", "muted", "blocked"]
                    .map(|name| format!("{name}{place}"))
                    .each_ref()
                    .map(String::as_str),
            )
            .await;
        asker.asks(viewer).await;
        viewer.asks(&asked).await;
        viewer.mutes(&muted).await;
        viewer.blocks(&blocked).await;
    }
    let story = seen.posts("one #tag").await;
    seen.posts("two #tag").await;
    for person in [seen, &other] {
        person.likes(&story).await;
        person.comments(&story, "a word").await;
    }
    let comment = seen.comments(&story, "answered").await;
    for person in [seen, &other] {
        person.likes_comment(&comment).await;
        person.replies(&comment, "a word").await;
    }
    eventually("both stories are delivered", async || {
        viewer.feed().await.items.len() == 2
    })
    .await;
    comment
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_and_its_own_reader_only() {
    let app = TestApp::start().await;
    let [viewer, seen, stranger] = app.users(["viewer", "seen", "stranger"]).await;
    let comment = fill_all_lists(&app, &viewer, &seen).await;
    let mut cursors = Vec::new();
    for (list, name) in lists(&comment) {
        let page = viewer.get(&with(&list, "limit=1")).await.expect(200).json();
        let cursor = page[name]
            .as_str()
            .unwrap_or_else(|| panic!("{list}: {page}"));
        cursors.push((list, name, cursor.to_owned()));
    }
    for (list, name, _) in &cursors {
        for (of, _, cursor) in &cursors {
            let path = with(list, &format!("limit=1&{name}={cursor}"));
            let answer = viewer.get(&path).await;
            if of == list {
                answer.expect(200);
                stranger.get(&path).await.problem(400, "cursor_invalid");
            } else {
                answer.problem(400, "cursor_invalid");
            }
        }
    }
    // The cursors of the home feed resume the live stream of the same person.
    let after = viewer.feed().await.after.unwrap();
    let resume = format!("/v1/feed/stream?last_event_id={after}");
    stranger.get(&resume).await.problem(400, "cursor_invalid");
    let mut live = viewer.stream_after(&after).await;
    let id = live.expect("hello").await.id.unwrap();
    let resume = format!("/v1/feed/stream?last_event_id={id}");
    stranger.get(&resume).await.problem(400, "cursor_invalid");
    let newer = format!("/v1/feed?after={id}");
    viewer.get(&newer).await.expect(200);
    stranger.get(&newer).await.problem(400, "cursor_invalid");
}

#[tokio::test]
async fn cursors_are_good_after_a_restart() {
    let mut app = TestApp::start().await;
    let [viewer, seen] = app.users(["viewer", "seen"]).await;
    let comment = fill_all_lists(&app, &viewer, &seen).await;
    let mut before = Vec::new();
    for (list, name) in lists(&comment) {
        let page = viewer.get(&with(&list, "limit=1")).await.expect(200).json();
        before.push((list, name, page[name].clone()));
    }
    app.restart().await;
    for (list, name, cursor) in before {
        let path = with(
            &list,
            &format!("limit=1&{name}={}", cursor.as_str().unwrap()),
        );
        let page = viewer.get(&path).await.expect(200).json();
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{list}");
        let again = viewer.get(&with(&list, "limit=1")).await.expect(200).json();
        assert_eq!(
            again[name], cursor,
            "{list}: the same place has the same cursor"
        );
    }
}
