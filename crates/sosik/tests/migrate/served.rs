//! What people see of a migration: nothing, except for the pause.

use reqwest::{Client, Method};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::common::{Folder, Server, ask};
use super::content::{Databases, compare};

/// What each person reads before and after. It contains names, ids, counts, marks, lists and who is logged in.
const PAGES: &[&str] = &[
    "/v1/me",
    "/v1/feed",
    "/v1/feed/read-position",
    "/v1/notifications",
    "/v1/friends",
    "/v1/friend-requests",
    "/v1/follows",
    "/v1/followers",
    "/v1/blocks",
    "/v1/mutes",
    "/v1/saved",
    "/v1/invitations",
    "/v1/sessions",
    "/v1/people?q=mi",
    "/v1/tags/moving/stories",
];

/// A client of one server.
struct Caller<'s> {
    client: &'s Client,
    url: &'s str,
    token: &'s str,
}

impl Caller<'_> {
    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.url);
        let (status, answer) = ask(self.client, self.token, method, &url, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    async fn put(&self, path: &str) {
        self.ask(Method::PUT, path, Value::Null).await;
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, body).await
    }

    async fn pages(&self) -> Vec<Value> {
        let mut pages = Vec::new();
        for page in PAGES {
            pages.push(without_cursors(self.get(page).await));
        }
        pages
    }
}

/// Cursors are sealed with a random part.
fn without_cursors(mut page: Value) -> Value {
    if let Some(page) = page.as_object_mut() {
        page.retain(|key, _| !["before", "after"].contains(&key.as_str()));
    }
    page
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A person with the id and the token.
async fn sign_up(client: &Client, url: &str, handle: &str) -> (String, String) {
    let token = "";
    let caller = Caller { client, url, token };
    let body =
        json!({ "handle": handle, "display_name": handle, "password": "a magpie at the gate" });
    let answer = caller.post("/v1/people", body).await;
    let id = text(answer.pointer("/person/id").unwrap()).to_owned();
    (id, text(&answer["token"]).to_owned())
}

/// People with everything that they can have.
async fn live(client: &Client, url: &str) -> Vec<String> {
    let mut people = Vec::new();
    for handle in ["mina", "joon", "minho", "sora"] {
        people.push(sign_up(client, url, handle).await);
    }
    let id = |number: usize| people[number].0.as_str();
    let tokens: Vec<_> = people.iter().map(|(_, token)| token.clone()).collect();
    let caller = |number: usize| Caller {
        client,
        url,
        token: &tokens[number],
    };
    let (m, j, h, s) = (caller(0), caller(1), caller(2), caller(3));
    m.put(&format!("/v1/friend-requests/{}", id(1))).await;
    j.post(
        &format!("/v1/friend-requests/{}/accept", id(0)),
        Value::Null,
    )
    .await;
    h.put(&format!("/v1/friend-requests/{}", id(0))).await;
    h.put(&format!("/v1/follows/{}", id(0))).await;
    s.put(&format!("/v1/blocks/{}", id(2))).await;
    s.put(&format!("/v1/mutes/{}", id(0))).await;
    for number in 0..30 {
        let audience = if number % 2 == 0 { "public" } else { "friends" };
        let body = json!({ "text": format!("이사 {number} #moving @joon"), "audience": audience });
        m.post("/v1/stories", body).await;
    }
    let feed = m.get("/v1/feed").await;
    let story = text(&feed["items"][0]["id"]).to_owned();
    j.put(&format!("/v1/stories/{story}/like")).await;
    j.put(&format!("/v1/stories/{story}/save")).await;
    let comments = format!("/v1/stories/{story}/comments");
    let comment = j.post(&comments, json!({ "text": "a comment" })).await;
    let comment = text(&comment["id"]);
    m.put(&format!("/v1/comments/{comment}/like")).await;
    m.post(&comments, json!({ "text": "a reply", "reply_to": comment }))
        .await;
    m.post("/v1/invitations", json!({ "people": 3, "days": 5 }))
        .await;
    let read = json!({ "story": story });
    m.ask(Method::PUT, "/v1/feed/read-position", read).await;
    tokens
}

/// A delivery that the server had not finished when it was killed. The log stays as the server left it.
fn leave_an_order(source: &Connection) {
    let keep_log = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    source.set_db_config(keep_log, true).unwrap();
    let order = "INSERT OR IGNORE INTO orders (kind, story, author, created_at, claimed_by, claim, ready_at)
        SELECT 1, id, author, created_at, 5, 6, created_at + 30000 FROM stories ORDER BY id DESC LIMIT 1";
    source.execute(order, []).unwrap();
}

#[tokio::test]
async fn people_find_everything_on_the_new_node_and_stay_logged_in() {
    let (folder, client) = (Folder::new(), Client::new());
    folder.run(&["world", "--people=100"]).ends_with(0);
    let server = Server::start(&folder, &[]);
    let tokens = live(&client, &server.url).await;
    let mut before = Vec::new();
    for token in &tokens {
        let url = &server.url;
        let caller = Caller {
            client: &client,
            url,
            token,
        };
        before.push(caller.pages().await);
    }
    let (url, token) = (&server.url, &tokens[1]);
    let joon = Caller {
        client: &client,
        url,
        token,
    };
    let page = joon.get("/v1/feed?limit=7").await;
    let next = format!("/v1/feed?limit=7&before={}", text(&page["before"]));
    let page = joon.get(&next).await;
    server.kill();

    let databases = Databases::start();
    let target = databases.new_one("moved").await;
    let nodes = "SELECT max(epoch) || ' ' || max(ids_until) FROM nodes";
    let newest: String = {
        let source = Connection::open(folder.database()).unwrap();
        leave_an_order(&source);
        source.query_row(nodes, [], |row| row.get(0)).unwrap()
    };
    let to = format!("--to={}", target.url);
    let moved = folder
        .run(&["migrate", "--from=sqlite:data/sosik.db", &to])
        .ends_with(0);
    assert!(moved.out.contains("sosik verify"), "{moved:?}");
    compare(&Connection::open(folder.database()).unwrap(), &target).await;
    assert_eq!(target.rows(nodes).await, [[newest]]);

    let store = format!("--set=store.url={}", target.url);
    let node = Server::start(&folder, &[&store]);
    target
        .wait_until("SELECT count(*) = 0 FROM orders WHERE NOT dead")
        .await;
    for (token, before) in tokens.iter().zip(&before) {
        let url = &node.url;
        let caller = Caller {
            client: &client,
            url,
            token,
        };
        for (path, (before, after)) in PAGES.iter().zip(before.iter().zip(caller.pages().await)) {
            assert_eq!(*before, after, "{path}");
        }
    }
    let (url, token) = (&node.url, &tokens[1]);
    let joon = Caller {
        client: &client,
        url,
        token,
    };
    let same = joon.get(&next).await;
    assert_eq!(same["items"], page["items"], "a cursor of before");
    node.ask_to_stop();
    assert!(node.ended().await.success());
    let verified = folder.run(&["verify", &store]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let rebuilt = folder.run(&["rebuild", &store]).ends_with(0);
    assert!(rebuilt.out.contains("nothing was wrong"), "{rebuilt:?}");
}
