//! Previews of links that both nodes are asked for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::Service;
use sosik_service::media::preview::{
    AddressPolicy, Connect, Connection, Fetcher, PublicAddress, Resolve, Settings,
};
use sosik_service::media::{
    MediaEngine, Program, Storage, VideoEngine, Videos, WorkFolder, WorkerSettings, Workers,
};
use sosik_service::stories::PostRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::{Nodes, eventually};

/// A site with one page, which answers when it is released.
#[derive(Clone)]
struct Site {
    server: SocketAddr,
    asked: Arc<AtomicUsize>,
    released: watch::Sender<bool>,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            server: listener.local_addr().unwrap(),
            asked: Arc::default(),
            released: watch::channel(false).0,
        };
        let serving = site.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        site
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut released = self.released.subscribe();
        released.wait_for(|released| *released).await.unwrap();
        let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>news</title>";
        let _client_may_be_gone = stream.write_all(page).await;
    }
}

#[async_trait]
impl Resolve for Site {
    async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![[93, 184, 216, 34].into()])
    }
}

#[async_trait]
impl Connect for Site {
    async fn connect(&self, _address: PublicAddress) -> io::Result<Connection> {
        Ok(Box::new(TcpStream::connect(self.server).await?))
    }
}

/// The page has no picture, so nothing is decoded.
fn engine(site: &Site, nodes: &Nodes) -> MediaEngine {
    let folder = nodes.folder.path().join("media");
    let program = Program {
        path: "/nothing/to/decode".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
    };
    let settings = Settings {
        deadline: Duration::from_secs(60),
        ..Settings::default()
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let site = Arc::new(site.clone());
    let policy = AddressPolicy::default();
    let fetcher = Fetcher::with(site.clone(), site, Arc::new(tls), policy, settings);
    MediaEngine {
        storage: Storage::open(&format!("file:{}", folder.display())).unwrap(),
        workers: Arc::new(Workers::new(program.clone(), WorkerSettings::default())),
        video: VideoEngine {
            videos: Videos::new(
                Arc::new(Workers::new(program, WorkerSettings::video())),
                None,
            ),
            work: WorkFolder::open(&nodes.folder.path().join("work"), 1, 0).unwrap(),
        },
        fetcher: Some(Arc::new(fetcher)),
    }
}

async fn posts(node: &Service, author: PersonId) -> StoryId {
    let request = PostRequest {
        text: "http://news.example/".to_owned(),
        attachments: Vec::new(),
        audience: Audience::Public,
        idempotency_key: None,
    };
    let posted = node.stories().post(author, request).await.unwrap();
    posted.story.record.id
}

async fn title(node: &Service, reader: PersonId, story: StoryId) -> Option<String> {
    let opened = node.stories().open(reader, story).await.unwrap();
    let link = opened.story.record.link.as_ref();
    link.map(|link| link.card.title.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_fetch_a_link_once_and_each_shows_what_the_other_found() {
    let nodes = Nodes::new().await;
    let site = Site::start().await;
    let mina = nodes.person("mina").await;
    for node in [&nodes.one, &nodes.other] {
        node.media().open(engine(&site, &nodes));
    }
    let mut stories = Vec::new();
    for node in [&nodes.one, &nodes.other, &nodes.one, &nodes.other] {
        stories.push(posts(node, mina.id).await);
    }
    // Each story is in the caches of both nodes, without its preview.
    for story in &stories {
        assert_eq!(title(&nodes.one, mina.id, *story).await, None);
        assert_eq!(title(&nodes.other, mina.id, *story).await, None);
    }
    eventually(async || site.asked.load(Ordering::SeqCst) == 1).await;
    site.released.send_replace(true);
    for story in stories {
        for node in [&nodes.one, &nodes.other] {
            eventually(async || title(node, mina.id, story).await.as_deref() == Some("news")).await;
        }
    }
    assert_eq!(site.asked.load(Ordering::SeqCst), 1);
    nodes.stop().await;
}
