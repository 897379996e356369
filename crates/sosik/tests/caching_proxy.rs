//! nginx with a cache in front of the server.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};

use common::{Folder, Server};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sosik_testkit::eventually;
use sosik_testkit::media::{photo, with_file};

/// nginx with a cache for every response that the server allows to cache. Dropping it ends nginx.
struct Proxy {
    url: String,
    nginx: Child,
}

impl Proxy {
    async fn start(folder: &Folder, server: &str) -> Self {
        let address = free_address();
        let prefix = folder.path("nginx");
        std::fs::create_dir_all(&prefix).unwrap();
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
             events {{}}
             http {{
               access_log off;
               client_body_temp_path body; proxy_temp_path proxy;
               fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
               client_max_body_size 20m;
               proxy_cache_path cache keys_zone=all:1m;
               server {{
                 listen {address};
                 location / {{
                   proxy_pass {server};
                   proxy_http_version 1.1;
                   proxy_set_header Host $http_host;
                   proxy_cache all;
                   proxy_cache_valid 200 1h;
                   add_header X-Cache $upstream_cache_status always;
                 }}
               }}
             }}"
        );
        std::fs::write(prefix.join("nginx.conf"), configuration).unwrap();
        let program = sosik_servers::find("nginx").expect("nginx is installed");
        let mut nginx = Command::new(program);
        let nginx = nginx.arg("-p").arg(&prefix).args(["-c", "nginx.conf"]);
        let proxy = Self {
            url: format!("http://{address}"),
            nginx: nginx.spawn().unwrap(),
        };
        eventually("the proxy listens", async || {
            TcpStream::connect(address).is_ok()
        })
        .await;
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended = self.nginx.kill();
        let _ended = self.nginx.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

struct Person {
    id: String,
    token: String,
}

async fn does(client: &Client, person: &Person, method: Method, url: &str, body: Value) -> Value {
    let (status, answer) = common::ask(client, &person.token, method, url, body).await;
    assert!(status.is_success(), "{url}: {status} {answer}");
    answer
}

async fn signs_up(client: &Client, url: &str, handle: &str) -> Person {
    let nobody = Person {
        id: String::new(),
        token: String::new(),
    };
    let person =
        json!({ "handle": handle, "display_name": handle, "password": "a magpie at the gate" });
    let people = format!("{url}/v1/people");
    let answer = does(client, &nobody, Method::POST, &people, person).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Person {
        id: text(&answer["person"]["id"]),
        token: text(&answer["token"]),
    }
}

#[tokio::test]
async fn a_proxy_with_a_cache_shows_a_photo_for_friends_to_nobody_else() {
    let (folder, client) = (Folder::new(), Client::builder().no_proxy().build().unwrap());
    let server = Server::start(&folder, &[]);
    let proxy = Proxy::start(&folder, &server.url).await;
    let url = proxy.url.as_str();
    let mina = signs_up(&client, url, "mina").await;
    let joon = signs_up(&client, url, "joon").await;
    let asks = format!("{url}/v1/friend-requests/{}", joon.id);
    does(&client, &mina, Method::PUT, &asks, Value::Null).await;
    let accepts = format!("{url}/v1/friend-requests/{}/accept", mina.id);
    does(&client, &joon, Method::POST, &accepts, Value::Null).await;
    let upload = client
        .post(format!("{url}/v1/media"))
        .bearer_auth(&mina.token);
    let upload: Value = with_file(upload, &photo(600, 400, 3))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let story = json!({
        "text": "look", "audience": "friends",
        "attachments": [{ "media": upload["id"], "alt": "a field" }],
    });
    let story = does(
        &client,
        &mina,
        Method::POST,
        &format!("{url}/v1/stories"),
        story,
    )
    .await;
    let story = format!("{url}/v1/stories/{}", story["id"].as_str().unwrap());
    let mut path = String::new();
    eventually("the photo is ready", async || {
        let story = does(&client, &joon, Method::GET, &story, Value::Null).await;
        let webp = story["attachments"][0]["sizes"][0]["webp"].as_str();
        path = webp.map(|webp| format!("{url}{webp}")).unwrap_or_default();
        !path.is_empty()
    })
    .await;
    let status = async |token: &str| {
        common::ask(&client, token, Method::GET, &path, Value::Null)
            .await
            .0
    };
    for _ in 0..2 {
        assert_eq!(status(&joon.token).await, StatusCode::OK);
        assert_eq!(status("").await, StatusCode::UNAUTHORIZED);
    }
    let unfriend = format!("{url}/v1/friends/{}", joon.id);
    does(&client, &mina, Method::DELETE, &unfriend, Value::Null).await;
    assert_eq!(status(&joon.token).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&mina.token).await, StatusCode::OK);
}

#[tokio::test]
async fn the_cache_of_the_proxy_of_these_tests_works() {
    let (folder, client) = (Folder::new(), Client::builder().no_proxy().build().unwrap());
    let server = Server::start(&folder, &[]);
    let proxy = Proxy::start(&folder, &server.url).await;
    let page = client
        .get(&proxy.url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let asset = page
        .split('"')
        .find(|part| part.starts_with("/assets/"))
        .unwrap();
    let cached = async || {
        let answer = client
            .get(format!("{}{asset}", proxy.url))
            .send()
            .await
            .unwrap();
        answer.headers()["x-cache"].to_str().unwrap().to_owned()
    };
    assert_eq!(cached().await, "MISS");
    // It stores an answer after it has sent it.
    eventually("the cache answers", async || cached().await == "HIT").await;
}
