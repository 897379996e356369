//! Rights: every operation of the API, requested by every kind of person.
//!
//! The table contains the status for each kind of person, for a public story and for one for friends. An operation of
//! the document without a row fails the test, and so does a row without an operation. In addition, no response to a
//! person who is blocked, or who blocked, may contain a trace of the other, and no response to a person who is not a
//! friend may contain the text of a story for friends.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::collections::BTreeSet;

use futures::StreamExt;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sosik_api::PublicPage;
use sosik_api::schema::{Avatar, Comment, Invitation, Media, SessionPage, Story};
use sosik_testkit::media::photo;
use sosik_testkit::{TestApp, TestPerson};

/// In the order of the columns: nobody, stranger, friend, former friend, blocked by the owner, blocker of the owner,
/// the owner.
const ROLES: [&str; 7] = [
    "nobody", "stranger", "friend", "former", "blocked", "blocker", "owner",
];

/// Rows tried at the same time.
const ROWS_AT_ONCE: usize = 4;

/// Words that only friends may read.
const SECRET: &str = "only-friends-read-this";

/// In a body: stands for the token of an invitation of the owner.
const TOKEN: &str = "{token}";

enum Status {
    /// The same for both audiences.
    Any([u16; 7]),
    /// For a public story, and for one for friends.
    By { public: [u16; 7], friends: [u16; 7] },
}

struct Row {
    operation: &'static str,
    body: Option<Value>,
    status: Status,
}

use Status::{Any, By};

const EVERYBODY: Status = Any([401, 200, 200, 200, 200, 200, 200]);

fn row(operation: &'static str, status: Status) -> Row {
    Row {
        operation,
        body: None,
        status,
    }
}

fn with(operation: &'static str, body: Value, status: Status) -> Row {
    Row {
        operation,
        body: Some(body),
        status,
    }
}

/// For operations that everybody who may open the story may do.
fn readers(status: u16) -> Status {
    By {
        public: [401, status, status, status, 404, 404, status],
        friends: [401, 404, status, 404, 404, 404, status],
    }
}

fn owner_only(status: u16) -> Status {
    Any([401, 404, 404, 404, 404, 404, status])
}

/// For writes that have no effect on people who are severed.
fn towards_owner(severed: u16, oneself: u16) -> Status {
    Any([401, 204, 204, 204, severed, severed, oneself])
}

fn table() -> Vec<Row> {
    let text = || json!({ "text": "words" });
    vec![
        // Accounts
        with(
            "POST /v1/people",
            json!({ "handle": "me", "display_name": "x", "password": "y" }),
            Any([422; 7]),
        ),
        with(
            "POST /v1/sessions",
            json!({ "handle": "nobody_at_all", "password": "wrong-one" }),
            Any([401; 7]),
        ),
        row("GET /v1/start", Any([200; 7])),
        row("GET /v1/me", EVERYBODY),
        with("PATCH /v1/me", json!({ "bio": "changed" }), EVERYBODY),
        with(
            "POST /v1/me/password",
            json!({ "current": "wrong-one", "new": "another-long-one-17" }),
            Any([401, 422, 422, 422, 422, 422, 422]),
        ),
        with(
            "POST /v1/me/deletion",
            json!({ "current": "wrong-one" }),
            Any([401, 422, 422, 422, 422, 422, 422]),
        ),
        row("GET /v1/sessions", EVERYBODY),
        row(
            "DELETE /v1/sessions",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row("DELETE /v1/sessions/{session}", owner_only(204)),
        row(
            "DELETE /v1/sessions/current",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        // People
        row("GET /v1/handles/{wanted}", Any([200; 7])),
        row("GET /v1/people", EVERYBODY),
        row(
            "GET /v1/people/{handle}",
            Any([200, 200, 200, 200, 404, 404, 200]),
        ),
        row(
            "GET /v1/people/{handle}/stories",
            Any([200, 200, 200, 200, 404, 404, 200]),
        ),
        // The feed
        row("GET /v1/feed", EVERYBODY),
        row("GET /v1/feed/stream", EVERYBODY),
        row("GET /v1/feed/read-position", EVERYBODY),
        with(
            "PUT /v1/feed/read-position",
            json!({ "story": "1" }),
            EVERYBODY,
        ),
        // Stories
        with(
            "POST /v1/stories",
            text(),
            Any([401, 201, 201, 201, 201, 201, 201]),
        ),
        row("GET /v1/stories", EVERYBODY),
        row(
            "GET /v1/stories/{story}",
            By {
                public: [200, 200, 200, 200, 404, 404, 200],
                friends: [404, 404, 200, 404, 404, 404, 200],
            },
        ),
        with("PATCH /v1/stories/{story}", text(), owner_only(200)),
        row("DELETE /v1/stories/{story}", owner_only(204)),
        row("PUT /v1/stories/{story}/like", readers(200)),
        row(
            "DELETE /v1/stories/{story}/like",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row("GET /v1/stories/{story}/likes", readers(200)),
        row("PUT /v1/stories/{story}/save", readers(204)),
        row(
            "DELETE /v1/stories/{story}/save",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        // Photos. The upload of the owner belongs to no story.
        with(
            "POST /v1/media",
            json!({}),
            Any([401, 415, 415, 415, 415, 415, 415]),
        ),
        row("OPTIONS /v1/uploads", Any([204; 7])),
        row("POST /v1/uploads", Any([401, 201, 201, 201, 201, 201, 201])),
        row("HEAD /v1/uploads/{upload}", owner_only(200)),
        row("PATCH /v1/uploads/{upload}", owner_only(204)),
        row("DELETE /v1/uploads/{upload}", owner_only(204)),
        row("GET /v1/media/{media}", owner_only(200)),
        row("DELETE /v1/media/{media}", owner_only(204)),
        row(
            "GET /media/{story}/{file}",
            By {
                public: [200, 200, 200, 200, 404, 404, 200],
                friends: [404, 404, 200, 404, 404, 404, 200],
            },
        ),
        // Avatars
        with(
            "PUT /v1/me/avatar",
            json!({}),
            Any([401, 415, 415, 415, 415, 415, 415]),
        ),
        row(
            "DELETE /v1/me/avatar",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row(
            "GET /avatars/{person}/{file}",
            Any([200, 200, 200, 200, 404, 404, 200]),
        ),
        row("GET /v1/saved", EVERYBODY),
        row("GET /v1/tags/{tag}/stories", EVERYBODY),
        row("GET /v1/public", Any([200; 7])),
        // Comments
        row("GET /v1/stories/{story}/comments", readers(200)),
        with("POST /v1/stories/{story}/comments", text(), readers(201)),
        with("PATCH /v1/comments/{comment}", text(), owner_only(200)),
        row("DELETE /v1/comments/{comment}", owner_only(204)),
        row("GET /v1/comments/{comment}/replies", readers(200)),
        row("PUT /v1/comments/{comment}/like", readers(200)),
        row(
            "DELETE /v1/comments/{comment}/like",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row("GET /v1/comments/{comment}/likes", readers(200)),
        // Relations
        row("GET /v1/friends", EVERYBODY),
        row(
            "DELETE /v1/friends/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row("GET /v1/friend-requests", EVERYBODY),
        row(
            "GET /v1/friend-requests/{person}",
            Any([401, 404, 404, 404, 404, 404, 404]),
        ),
        row("PUT /v1/friend-requests/{person}", towards_owner(404, 422)),
        row(
            "DELETE /v1/friend-requests/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row(
            "POST /v1/friend-requests/{person}/accept",
            Any([401, 404, 204, 404, 404, 404, 404]),
        ),
        row("GET /v1/follows", EVERYBODY),
        row("GET /v1/followers", EVERYBODY),
        row("PUT /v1/follows/{person}", towards_owner(404, 422)),
        row(
            "DELETE /v1/follows/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row("GET /v1/blocks", EVERYBODY),
        row(
            "PUT /v1/blocks/{person}",
            Any([401, 204, 204, 204, 204, 204, 422]),
        ),
        row(
            "DELETE /v1/blocks/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row("GET /v1/mutes", EVERYBODY),
        row("PUT /v1/mutes/{person}", towards_owner(404, 422)),
        row(
            "DELETE /v1/mutes/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        // Suggestions: a dismissal reveals nothing, so it is possible for everybody.
        row("GET /v1/suggestions", EVERYBODY),
        row(
            "DELETE /v1/suggestions/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        row(
            "PUT /v1/suggestions/{person}",
            Any([401, 204, 204, 204, 204, 204, 204]),
        ),
        // Invitations
        with(
            "POST /v1/invitations",
            json!({}),
            Any([401, 201, 201, 201, 201, 201, 201]),
        ),
        row("GET /v1/invitations", EVERYBODY),
        with(
            "POST /v1/invitations/open",
            json!({ "token": TOKEN }),
            Any([200, 200, 200, 200, 404, 404, 200]),
        ),
        row("DELETE /v1/invitations/{invitation}", owner_only(204)),
        row("GET /v1/registration", Any([200; 7])),
        // Notifications
        row("GET /v1/notifications", EVERYBODY),
        with(
            "PUT /v1/notifications/read-position",
            json!({ "notification": "1" }),
            EVERYBODY,
        ),
    ]
}

/// The people of one row, and the objects of the owner.
struct Cast {
    people: Vec<TestPerson>,
    public: Story,
    friends: Story,
    public_comment: Comment,
    friends_comment: Comment,
    session: String,
    invitation: Invitation,
    /// An upload that belongs to no story, for the operations on it.
    media: Option<Media>,
    /// For the operations on its files.
    avatar: Option<Avatar>,
    /// The id of an upload that is not complete, for the operations on it.
    upload: String,
}

impl Cast {
    async fn gather(app: &TestApp, row: usize, operation: &str) -> Self {
        let mut people = Vec::new();
        for role in &ROLES[1..] {
            people.push(app.user(&format!("r{row:02}{role}")).await);
        }
        let [stranger, friend, former, blocked, blocker, owner] = people.as_slice() else {
            unreachable!("six people")
        };
        for other in [friend, former, blocked, blocker] {
            other.befriends(owner).await;
        }
        let mut public = owner.posts(&format!("words for all #row{row}")).await;
        let mut friends = owner.posts_to_friends(&format!("{SECRET} #row{row}")).await;
        if operation.contains("{story}/{file}") {
            public = with_photo(owner, &public).await;
            friends = with_photo(owner, &friends).await;
        }
        let upload = match operation.contains("{upload}") {
            true => begun(owner).await,
            false => String::new(),
        };
        let media = match operation.contains("{media}") {
            true => Some(owner.uploads(&photo(8, 6, 1)).await),
            false => None,
        };
        let avatar = match operation.contains("{person}/{file}") {
            true => Some(owner.changes_avatar(&photo(8, 6, 1)).await),
            false => None,
        };
        for other in [friend, former, blocked, blocker] {
            other.likes(&public).await;
        }
        stranger
            .posts(&format!("hello @{} #row{row}", owner.handle))
            .await;
        let public_comment = owner.comments(&public, "a comment").await;
        let friends_comment = owner.comments(&friends, SECRET).await;
        former.unfriends(owner).await;
        owner.blocks(blocked).await;
        blocker.blocks(owner).await;
        let sessions: SessionPage = owner.get("/v1/sessions").await.expect(200).read();
        let session = sessions.items[0].id.to_string();
        let invitation = owner.post("/v1/invitations", &json!({})).await;
        let invitation = invitation.expect(201).read();
        Self {
            media,
            avatar,
            upload,
            invitation,
            public,
            friends,
            public_comment,
            friends_comment,
            session,
            people,
        }
    }

    fn owner(&self) -> &TestPerson {
        &self.people[5]
    }

    fn request(
        &self,
        app: &TestApp,
        role: usize,
        row: &Row,
        number: usize,
        audience: &str,
    ) -> RequestBuilder {
        let (method, path) = row.operation.split_once(' ').unwrap();
        let (story, comment) = match audience {
            "friends" => (&self.friends, &self.friends_comment),
            _ => (&self.public, &self.public_comment),
        };
        let path = path
            .replace("{story}", &story.id.to_string())
            .replace("{comment}", &comment.id.to_string())
            .replace("{person}", &self.owner().id.to_string())
            .replace("{handle}", &self.owner().handle)
            .replace("{wanted}", &self.owner().handle)
            .replace("{session}", &self.session)
            .replace("{invitation}", &self.invitation.id.to_string())
            .replace("{media}", self.media.as_ref().map_or("", |media| &media.id))
            .replace("{upload}", &self.upload)
            .replace("{file}", self.file_of(story))
            .replace("{tag}", &format!("row{number}"));
        let both = format!("{},{}", self.public.id, self.friends.id);
        let path = match path.as_str() {
            "/v1/people" => format!("/v1/people?q={}", self.owner().handle),
            "/v1/stories" => format!("/v1/stories?ids={both}"),
            "/v1/feed/stream" => format!("/v1/feed/stream?watch={both}"),
            _ => path,
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = match role.checked_sub(1) {
            Some(person) => self.people[person].request(method, &path),
            None => app.client().request(method, format!("{}{path}", app.url())),
        };
        let request = match path.starts_with("/v1/uploads") {
            true => request
                .header("tus-resumable", "1.0.0")
                .header("upload-length", 10)
                .header("upload-offset", 0),
            false => request,
        };
        match &row.body {
            Some(body) if body["token"] == TOKEN => {
                request.json(&json!({ "token": self.invitation.token }))
            }
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// The name of a file of the avatar or of the story, if there is one.
    fn file_of<'a>(&'a self, story: &'a Story) -> &'a str {
        let sizes = story.attachments.iter().flat_map(|it| &it.sizes);
        let of_story = sizes.map(|size| size.webp.as_str());
        let of_avatar = self.avatar.iter().map(|avatar| avatar.small.as_str());
        let path = of_avatar.chain(of_story).next();
        path.and_then(|path| path.rsplit('/').next()).unwrap_or("")
    }

    /// Texts that must not be in a response to this role.
    fn hidden_from(&self, role: &str) -> Vec<String> {
        let name = format!("{} of the test", self.owner().handle);
        match role {
            "blocked" | "blocker" => vec![name, SECRET.to_owned()],
            "nobody" | "stranger" | "former" => vec![SECRET.to_owned()],
            _ => Vec::new(),
        }
    }
}

/// The id of an upload that is not complete.
async fn begun(owner: &TestPerson) -> String {
    let begun = owner.begins_upload(10, None).await.expect(201);
    let upload = begun.header("location").unwrap();
    upload.rsplit('/').next().unwrap().to_owned()
}

/// Adds a photo to a story.
async fn with_photo(owner: &TestPerson, story: &Story) -> Story {
    let upload = owner.uploads(&photo(8, 6, 1)).await;
    let ask = json!({ "attachments": [{ "media": upload.id }] });
    let path = format!("/v1/stories/{}", story.id);
    let edited: Story = owner.patch(&path, &ask).await.expect(200).read();
    owner.sees_processed(&edited).await
}

async fn try_row(app: &TestApp, number: usize, row: &Row) -> Vec<String> {
    let cast = Cast::gather(app, number, row.operation).await;
    let audiences: Vec<(&str, &[u16; 7])> = match &row.status {
        Any(status) if row.operation.contains("{story}") || row.operation.contains("{comment}") => {
            vec![("public", status), ("friends", status)]
        }
        Any(status) => vec![("any", status)],
        By { public, friends } => vec![("public", public), ("friends", friends)],
    };
    let mut wrong = Vec::new();
    for (audience, expected) in audiences {
        for (role, name) in ROLES.iter().enumerate() {
            let answer = cast
                .request(app, role, row, number, audience)
                .send()
                .await
                .unwrap();
            let status = answer.status().as_u16();
            if status != expected[role] {
                wrong.push(format!(
                    "{} as {name}, {audience}: {status}, not {}",
                    row.operation, expected[role]
                ));
            }
            if row.operation == "GET /v1/feed/stream" {
                continue; // a stream has no end to wait for
            }
            let body = answer.text().await.unwrap();
            // The list of blocks may show the people whom one blocked.
            let own_list = *name == "blocker" && row.operation == "GET /v1/blocks";
            for hidden in cast.hidden_from(name).iter().filter(|_| !own_list) {
                if body.contains(hidden.as_str()) {
                    wrong.push(format!(
                        "{} as {name}, {audience}, shows {hidden}: {body}",
                        row.operation
                    ));
                }
            }
        }
    }
    wrong
}

#[tokio::test]
async fn every_operation_is_open_to_exactly_those_who_may() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let app = TestApp::with(|settings| {
        settings.api.public_page = PublicPage::On;
        settings.media = Some(path);
    })
    .await;
    let table = table();
    let rows = futures::stream::iter(table.iter().enumerate());
    let tried = rows
        .map(async |(number, row)| try_row(&app, number, row).await)
        .buffered(ROWS_AT_ONCE);
    let wrong: Vec<String> = tried.collect::<Vec<_>>().await.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a path shows something of a person. Probes do not.
fn is_of_api(path: &str) -> bool {
    let folders = ["/v1/", "/media/", "/avatars/"];
    folders.iter().any(|folder| path.starts_with(folder))
}

/// Operations of the document without a row, and rows without an operation.
fn missing(document: &Value, rows: &[Row]) -> Vec<String> {
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| is_of_api(path))
    {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
        {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let tried: BTreeSet<_> = rows.iter().map(|row| row.operation.to_owned()).collect();
    documented.symmetric_difference(&tried).cloned().collect()
}

#[test]
fn every_operation_of_the_document_has_a_row() {
    let document: Value = serde_json::from_str(&sosik_api::openapi()).unwrap();
    assert_eq!(missing(&document, &table()), [""; 0]);
}

#[test]
fn an_operation_without_a_row_would_be_noticed() {
    let mut document: Value = serde_json::from_str(&sosik_api::openapi()).unwrap();
    document["paths"]["/v1/new"] = json!({ "get": {} });
    assert_eq!(missing(&document, &table()), ["GET /v1/new"]);
    let mut rows = table();
    rows.retain(|row| row.operation != "GET /v1/feed");
    let document: Value = serde_json::from_str(&sosik_api::openapi()).unwrap();
    assert_eq!(missing(&document, &rows), ["GET /v1/feed"]);
}
