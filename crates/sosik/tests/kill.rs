//! `kill -9` in a loop during writes: no acknowledged write is lost, nothing exists twice, and feeds equal the truth.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Folder, Server};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

const PEOPLE: [&str; 4] = ["mina", "jun", "haruka", "oliver"];
const PASSWORD: &str = "a magpie at the gate";

/// The number of answers in each round after which the process is killed: early, in the middle, late.
const ROUNDS: [usize; 6] = [1, 40, 7, 120, 15, 80];

/// Deliveries take milliseconds. After this time the story counts as lost.
const DELIVERED_WITHIN: Duration = Duration::from_secs(20);

/// Tests post faster than the default rates allow.
const NO_RATES: [&str; 3] = [
    "--set=rates.stories_per_person_burst=100000",
    "--set=rates.comments_per_person_burst=100000",
    "--set=rates.likes_per_person_burst=100000",
];

/// Everything that the server acknowledged, in all its runs.
#[derive(Clone, Default)]
struct Acknowledged {
    /// The id of each story, by its text.
    stories: BTreeMap<String, String>,
    /// Likes as person and story.
    likes: BTreeSet<(usize, String)>,
    /// Texts of comments, each with its story.
    comments: BTreeSet<(String, String)>,
    /// Texts of stories that were sent and not answered. Each may exist, but not twice.
    unanswered: BTreeSet<String>,
}

struct Person {
    place: usize,
    id: String,
    token: String,
}

async fn ask(
    client: &Client,
    url: &str,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> reqwest::Result<(StatusCode, Value)> {
    let request = client
        .request(method, format!("{url}{path}"))
        .bearer_auth(token);
    let request = match &body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or_default()))
}

async fn sign_up(client: &Client, url: &str) -> Vec<Person> {
    let mut people = Vec::new();
    for (place, handle) in PEOPLE.into_iter().enumerate() {
        let body = json!({ "handle": handle, "display_name": handle, "password": PASSWORD });
        let (status, answer) = ask(client, url, "", Method::POST, "/v1/people", Some(body))
            .await
            .unwrap();
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let text = |pointer: &str| {
            answer
                .pointer(pointer)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        people.push(Person {
            place,
            id: text("/person/id"),
            token: text("/token"),
        });
    }
    for one in &people {
        for other in &people {
            if one.place != other.place {
                let path = format!("/v1/friend-requests/{}", other.id);
                let (status, answer) = ask(client, url, &one.token, Method::PUT, &path, None)
                    .await
                    .unwrap();
                assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
            }
        }
    }
    people
}

/// Posts a story under a key made from its text, so that a repeat is recognised.
async fn post(client: &Client, url: &str, person: &Person, text: &str) -> reqwest::Result<String> {
    let request = client
        .post(format!("{url}/v1/stories"))
        .bearer_auth(&person.token)
        .header("idempotency-key", text);
    let answer = request
        .json(&json!({ "text": text, "audience": "friends" }))
        .send()
        .await?;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let story: Value = answer.json().await?;
    Ok(story["id"].as_str().unwrap().to_owned())
}

/// Writes until the connection breaks.
async fn write(
    client: Client,
    url: String,
    person: Arc<Person>,
    round: usize,
    said: Arc<Mutex<Acknowledged>>,
    answers: Arc<AtomicUsize>,
) {
    for number in 0.. {
        let text = format!("{}-{round}-{number}", PEOPLE[person.place]);
        said.lock().unwrap().unanswered.insert(text.clone());
        let Ok(story) = post(&client, &url, &person, &text).await else {
            return;
        };
        {
            let mut said = said.lock().unwrap();
            said.unanswered.remove(&text);
            said.stories.insert(text.clone(), story.clone());
        }
        answers.fetch_add(1, Ordering::SeqCst);

        let path = format!("/v1/stories/{story}/like");
        let Ok((status, _)) = ask(&client, &url, &person.token, Method::PUT, &path, None).await
        else {
            return;
        };
        assert!(status.is_success(), "{status}");
        said.lock()
            .unwrap()
            .likes
            .insert((person.place, story.clone()));

        let path = format!("/v1/stories/{story}/comments");
        let body = Some(json!({ "text": format!("on {text}") }));
        let Ok((status, _)) = ask(&client, &url, &person.token, Method::POST, &path, body).await
        else {
            return;
        };
        assert_eq!(status, StatusCode::CREATED);
        said.lock()
            .unwrap()
            .comments
            .insert((story, format!("on {text}")));
    }
}

/// The whole feed, page by page.
async fn feed(client: &Client, url: &str, person: &Person) -> Vec<Value> {
    let mut stories = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/feed?limit=50{cursor}");
        let (status, mut page) = ask(client, url, &person.token, Method::GET, &path, None)
            .await
            .unwrap();
        assert_eq!(status, StatusCode::OK, "{page}");
        stories.append(page["items"].as_array_mut().unwrap());
        match page["before"].as_str() {
            Some(before) => cursor = format!("&before={before}"),
            None => return stories,
        }
    }
}

/// The texts of a feed. Checks that no story appears twice and that the order is right.
fn in_order(feed: &[Value]) -> BTreeSet<&str> {
    let ids: Vec<u64> = feed
        .iter()
        .map(|story| story["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(
        ids.is_sorted_by(|a, b| a > b),
        "a story is there twice or out of order"
    );
    let texts: BTreeSet<&str> = feed
        .iter()
        .map(|story| story["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), feed.len(), "a request was carried out twice");
    texts
}

/// The whole feed as soon as it contains everything acknowledged. A story posted a moment ago is still being delivered
/// to existing timelines of others. The author sees it immediately.
async fn quiet_feed(
    client: &Client,
    url: &str,
    person: &Person,
    said: &Acknowledged,
) -> Vec<Value> {
    let deadline = Instant::now() + DELIVERED_WITHIN;
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    loop {
        tick.tick().await;
        let feed = feed(client, url, person).await;
        let name = PEOPLE[person.place];
        let texts = in_order(&feed);
        let missing = said
            .stories
            .keys()
            .filter(|text| !texts.contains(text.as_str()));
        let missing: Vec<&String> = missing.collect();
        if missing.is_empty() {
            return feed;
        }
        let own = missing.iter().any(|text| text.starts_with(name));
        assert!(
            !own && Instant::now() < deadline,
            "{missing:?} were acknowledged and are lost to {name}"
        );
    }
}

async fn check(client: &Client, url: &str, people: &[Arc<Person>], said: &Acknowledged) {
    for person in people {
        let feed = quiet_feed(client, url, person, said).await;
        let texts = in_order(&feed);
        let unexpected = texts
            .iter()
            .find(|text| !said.stories.contains_key(**text) && !said.unanswered.contains(**text));
        assert_eq!(unexpected, None);
        for story in &feed {
            let id = story["id"].as_str().unwrap();
            if said.likes.contains(&(person.place, id.to_owned())) {
                assert_eq!(story["liked"], true, "an acknowledged like of {id} is lost");
            }
        }
    }
    for (story, text) in &said.comments {
        let path = format!("/v1/stories/{story}/comments");
        let (_, page) = ask(client, url, &people[0].token, Method::GET, &path, None)
            .await
            .unwrap();
        let written = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|comment| comment["text"] == text.as_str())
            .count();
        assert_eq!(written, 1, "an acknowledged comment on {story}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_under_writes() {
    let folder = Folder::new();
    let client = Client::builder().no_proxy().build().unwrap();
    let mut server = Server::start(&folder, &NO_RATES);
    let people: Vec<Arc<Person>> = sign_up(&client, &server.url)
        .await
        .into_iter()
        .map(Arc::new)
        .collect();
    let said = Arc::new(Mutex::new(Acknowledged::default()));

    for (round, answers_before_the_end) in ROUNDS.into_iter().enumerate() {
        let answers = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = people
            .iter()
            .map(|person| {
                let (client, url, person) =
                    (client.clone(), server.url.clone(), Arc::clone(person));
                tokio::spawn(write(
                    client,
                    url,
                    person,
                    round,
                    Arc::clone(&said),
                    Arc::clone(&answers),
                ))
            })
            .collect();
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while answers.load(Ordering::SeqCst) < answers_before_the_end {
            tick.tick().await;
        }
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        server = Server::start(&folder, &NO_RATES);

        // Unanswered requests are repeated under the same key.
        let unanswered = said.lock().unwrap().unanswered.clone();
        for text in unanswered {
            let writer = people
                .iter()
                .find(|person| text.starts_with(PEOPLE[person.place]))
                .unwrap();
            let story = post(&client, &server.url, writer, &text).await.unwrap();
            let mut said = said.lock().unwrap();
            said.unanswered.remove(&text);
            said.stories.insert(text, story);
        }
        let so_far = said.lock().unwrap().clone();
        check(&client, &server.url, &people, &so_far).await;
    }
    server.kill();

    let verified = folder
        .run(&["verify", "--all", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(verified["differences"], 0, "{verified}");
    // Everybody is everybody's friend. Stories posted just before the kill are compared as well.
    let shown = said.lock().unwrap().stories.len() * PEOPLE.len();
    assert_eq!(verified["stories"], shown, "{verified}");
}
