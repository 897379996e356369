//! The whole service for a test.
//!
//! It runs on its own runtime, so that it can be stopped completely at the end of a test, whatever runtime the test
//! uses. The end of a test is also a check: every order must be done and none may be dead.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use reqwest::Client;
use sosik_api::{Api, Connections, Rates, Site, Welcome};
use sosik_decorators::{Faults, Hook, hooked};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::MediaId;
use sosik_service::media::preview::Fetcher;
use sosik_service::media::{
    Ffmpeg, MediaEngine, Program, Storage, VideoEngine, Videos, WorkFolder, WorkerSettings, Workers,
};
use sosik_service::settings::PasswordSettings;
use sosik_service::{Clock, Service};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::TestClock;
use crate::engine::{Place, TestStore};
use crate::people::TestPerson;
use crate::response::TestResponse;

/// Longest wait of a test for a state. A healthy machine needs less, however busy it is.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// How often a wait checks its state.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The password of every test account. It is long and uncommon enough for the rules.
pub const PASSWORD: &str = "blue-kettle-on-a-hill-42";

/// The settings that a test may change. The others are those of production.
#[derive(Clone)]
pub struct TestSettings {
    /// The settings of the service.
    pub service: sosik_service::Settings,
    /// The settings of the HTTP side.
    pub api: sosik_api::Settings,
    /// People named on the first page.
    pub welcome: Welcome,
    /// The web client, if any.
    pub site: Option<Site>,
    /// The folder of photos and videos. Without it and without `storage` the service takes none.
    pub media: Option<PathBuf>,
    /// A storage of photos and videos to use instead of a folder.
    pub storage: Option<Storage>,
    /// The processes that decode photos, instead of those of production.
    pub workers: Option<Arc<Workers>>,
    /// The program that converts videos.
    pub ffmpeg: Option<Ffmpeg>,
    /// The folder in which videos are prepared, instead of one that all tests share.
    pub video_work: Option<PathBuf>,
    /// Bytes that must be free on the disk for each video.
    pub video_bytes: u64,
    /// Fetches the pages of links. Without it stories have no previews.
    pub fetcher: Option<Arc<Fetcher>>,
}

impl Default for TestSettings {
    /// The defaults of production, with the cheapest password hash, and with rates and a backlog limit that no test
    /// reaches by accident: a test that advances the clock makes every wait long.
    fn default() -> Self {
        let mut service = sosik_service::Settings {
            passwords: PasswordSettings {
                memory_kib: 8,
                passes: 1,
                lanes: 1,
                hashes_at_once: 4,
            },
            ..sosik_service::Settings::default()
        };
        service.delivery.backlog_wait_max = Duration::from_secs(100 * 86_400);
        let api = sosik_api::Settings {
            rates: Rates::all(1_000_000, 1_000_000),
            ..sosik_api::Settings::default()
        };
        Self {
            service,
            api,
            welcome: Welcome::default(),
            site: None,
            media: None,
            storage: None,
            workers: None,
            ffmpeg: None,
            video_work: None,
            video_bytes: 1,
            fetcher: None,
        }
    }
}

impl TestSettings {
    /// Photos and videos stay as they were uploaded, so that what they take from a quota does not change.
    pub fn leave_uploads_unprocessed(&mut self) {
        let media = &mut self.service.media;
        (media.workers, media.video_workers) = (0, 0);
    }
}

/// A service on free ports with a store of its own.
pub struct TestApp {
    settings: TestSettings,
    store: TestStore,
    parts: TestParts,
    server: Option<Server>,
    public: SocketAddr,
    admin: SocketAddr,
    client: Client,
}

/// The parts that a test controls. They survive a restart.
#[derive(Clone, Default)]
struct TestParts {
    clock: Arc<TestClock>,
    faults: Arc<Faults>,
}

struct Server {
    runtime: Runtime,
    service: Service,
    api: Api,
    draining: CancellationToken,
}

impl TestApp {
    /// Starts with the settings of tests.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with changed settings.
    pub async fn with(change: impl FnOnce(&mut TestSettings)) -> Self {
        let mut settings = TestSettings::default();
        change(&mut settings);
        Self::on(TestStore::new().await, settings, TestParts::default()).await
    }

    /// Starts two nodes with one database of PostgreSQL and one clock.
    pub async fn two_on_postgres(change: impl FnOnce(&mut TestSettings)) -> [Self; 2] {
        let mut settings = TestSettings::default();
        change(&mut settings);
        let parts = TestParts::default();
        let store = TestStore::shared().await;
        let other = Self::on(store.again(), settings.clone(), parts.clone()).await;
        [Self::on(store, settings, parts).await, other]
    }

    async fn on(store: TestStore, settings: TestSettings, parts: TestParts) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let (server, public, admin) = run(&settings, store.place(), &parts, [free, free]).await;
        Self {
            settings,
            store,
            parts,
            server: Some(server),
            public,
            admin,
            client: client(),
        }
    }

    /// Makes an account and signs in.
    pub async fn user(&self, handle: &str) -> TestPerson {
        TestPerson::sign_up(&self.client, &self.url(), handle).await
    }

    /// Makes several accounts and signs in.
    pub async fn users<const N: usize>(&self, handles: [&str; N]) -> [TestPerson; N] {
        let people = futures::future::join_all(handles.map(|handle| self.user(handle))).await;
        people
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many people as handles"))
    }

    /// The base URL of the public API, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.public)
    }

    /// The base URL of the administration listener.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// A client without an account.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a GET request without a session.
    pub async fn get(&self, path: &str) -> TestResponse {
        TestResponse::of(self.client.get(format!("{}{path}", self.url()))).await
    }

    /// Sends a GET request to the administration listener.
    pub async fn admin_get(&self, path: &str) -> TestResponse {
        TestResponse::of(self.client.get(format!("{}{path}", self.admin_url()))).await
    }

    /// The clock that the test controls.
    pub fn clock(&self) -> &TestClock {
        &self.parts.clock
    }

    /// The fault plan of the fabric.
    pub fn fabric_faults(&self) -> &Faults {
        &self.parts.faults
    }

    /// The service itself, for state that HTTP does not show.
    pub fn service(&self) -> &Service {
        &self.server().service
    }

    /// The names of the files of a medium, by its row.
    pub async fn media_files(&self, media: MediaId) -> Vec<String> {
        let service = self.service().clone();
        let found = self.server().runtime.spawn(async move {
            let found = service.store().media_files(&[media]).await;
            found.expect("read the row of a medium")
        });
        let found = found.await.expect("no panic");
        found.into_iter().flat_map(|media| media.names).collect()
    }

    /// The number of requests that have held an upload.
    pub async fn upload_holder(&self, upload: &str) -> u32 {
        let id: MediaId = upload.parse().expect("the id of an upload");
        let service = self.service().clone();
        let found = self.server().runtime.spawn(async move {
            let found = service.store().upload(id).await;
            found.expect("read the row of an upload")
        });
        let found = found.await.expect("no panic");
        found.map_or(0, |upload| upload.holder)
    }

    /// The HTTP side, which a test can tell to leave.
    pub fn api(&self) -> &Api {
        &self.server().api
    }

    /// Does what the executable does on a stop signal: it is no longer ready, closes streams, and accepts no new
    /// connections.
    pub fn begin_drain(&self) {
        let server = self.server();
        server.api.begin_drain();
        server.api.end_streams();
        server.draining.cancel();
    }

    /// Waits until every story posted so far is delivered.
    ///
    /// It reads on the runtime of the service: a connection to a database belongs to the runtime that opened it.
    pub async fn wait_until_delivered(&self) {
        eventually("every order is done", async || {
            let service = self.service().clone();
            let left = self
                .server()
                .runtime
                .spawn(async move { orders_left(&service).await });
            left.await.expect("read the figures of the orders") == 0
        })
        .await;
    }

    /// Stops the service and starts it again with changed settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut TestSettings)) {
        change(&mut self.settings);
        self.restart().await;
    }

    /// Stops the service and starts it again on the same store and the same ports. Everything in memory is lost.
    pub async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            stop(server);
        }
        let (server, ..) = run(
            &self.settings,
            self.store.place(),
            &self.parts,
            [self.public, self.admin],
        )
        .await;
        self.server = Some(server);
    }

    fn server(&self) -> &Server {
        self.server
            .as_ref()
            .expect("the service runs between start and drop")
    }
}

impl TestApp {
    /// Ends the server of a test that stopped its service. No order can be checked any more.
    pub fn abandon(mut self) {
        if let Some(server) = self.server.take() {
            server.runtime.shutdown_background();
        }
    }
}

impl Drop for TestApp {
    /// Checks that no order is lost: all become done and none is dead.
    fn drop(&mut self) {
        let Some(server) = self.server.take() else {
            return;
        };
        if thread::panicking() {
            server.runtime.shutdown_background();
            return;
        }
        let left = on_thread(|| server.runtime.block_on(wait_for_orders(&server.service)));
        stop(server);
        assert_eq!(left, 0, "orders were left undone at the end of the test");
    }
}

/// Waits for a state and checks it repeatedly.
///
/// # Panics
/// Panics if the state is not reached within [`TIMEOUT`].
pub async fn eventually(what: &str, mut state: impl AsyncFnMut() -> bool) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reached = timeout(TIMEOUT, async {
        while !state().await {
            tick.tick().await;
        }
    });
    assert!(reached.await.is_ok(), "timed out waiting until {what}");
}

fn client() -> Client {
    let client = Client::builder()
        .no_proxy()
        .connect_timeout(TIMEOUT)
        .read_timeout(TIMEOUT);
    client.build().expect("make an HTTP client")
}

async fn run(
    settings: &TestSettings,
    store: Place,
    parts: &TestParts,
    ports: [SocketAddr; 2],
) -> (Server, SocketAddr, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("make a runtime");
    let (settings, parts) = (settings.clone(), parts.clone());
    let started = runtime.spawn(async move {
        let service = service(&settings, &store, parts).await;
        if let Some(storage) = storage(&settings) {
            service.media().open(media_engine(storage, &settings));
        }
        let public = TcpListener::bind(ports[0]).await.expect("listen");
        let admin = TcpListener::bind(ports[1]).await.expect("listen");
        let at = |listener: &TcpListener| listener.local_addr().expect("a listener has an address");
        let (public_at, admin_at) = (at(&public), at(&admin));
        let mut api_settings = settings.api;
        if api_settings.public_url == sosik_api::Settings::default().public_url {
            api_settings.public_url = format!("http://{public_at}");
        }
        let api = Api::new(sosik_api::Parts {
            service: service.clone(),
            settings: api_settings,
            metrics: None,
            welcome: settings.welcome,
            site: settings.site.clone(),
            seed: u64::from(public_at.port()),
        });
        let draining = CancellationToken::new();
        let drain = Duration::from_secs(5);
        tokio::spawn(sosik_api::serve(
            public,
            api.public(),
            api.connections(),
            draining.clone(),
            drain,
        ));
        tokio::spawn(sosik_api::serve(
            admin,
            api.admin(),
            Connections::administration(),
            draining.clone(),
            drain,
        ));
        (service, api, draining, public_at, admin_at)
    });
    let (service, api, draining, public, admin) = started.await.expect("start the service");
    (
        Server {
            runtime,
            service,
            api,
            draining,
        },
        public,
        admin,
    )
}

async fn service(settings: &TestSettings, place: &Place, parts: TestParts) -> Service {
    let TestParts { clock, faults } = parts;
    let (store, shared) = place.open(clock.now()).await;
    let options = MemoryOptions {
        timeline_stories: settings.service.feed.timeline_stories,
        timelines_bytes: 64 << 20,
        ..MemoryOptions::default()
    };
    // Differs from one start to the next, like the random number in production.
    let random = clock.now().as_millis();
    let hook: Arc<dyn Hook> = faults;
    let service = Service::start(sosik_service::Parts {
        store,
        shared,
        engines: hooked(Engines::memory(options, random), &hook),
        clock,
        settings: settings.service.clone(),
    });
    service.await.expect("start the service")
}

fn storage(settings: &TestSettings) -> Option<Storage> {
    let in_folder = |folder: &PathBuf| {
        let url = format!("file:{}", folder.display());
        Storage::open(&url).expect("open the folder of photos")
    };
    let folder = settings.media.as_ref().map(in_folder);
    settings.storage.clone().or(folder)
}

/// The executable that decodes files. The crate of media builds it for tests, beside the folder of the tests.
pub fn decoder() -> Program {
    let tests = std::env::current_exe().expect("find the executable of the test");
    let build = tests
        .parent()
        .and_then(Path::parent)
        .expect("a build folder");
    let program = Program {
        path: build.join("sosik-media-worker"),
        arguments: Vec::new(),
        environment: Vec::new(),
    };
    assert!(
        program.path.exists(),
        "build {} first",
        program.path.display()
    );
    program
}

fn media_engine(storage: Storage, settings: &TestSettings) -> MediaEngine {
    let program = decoder();
    let workers = Workers::new(program.clone(), WorkerSettings::default());
    MediaEngine {
        storage,
        workers: settings.workers.clone().unwrap_or(Arc::new(workers)),
        video: VideoEngine {
            videos: Videos::new(
                Arc::new(Workers::new(program, WorkerSettings::video())),
                settings.ffmpeg.clone(),
            ),
            work: WorkFolder::open(&work_folder(settings), settings.video_bytes, 0)
                .expect("open the folder for videos in work"),
        },
        fetcher: settings.fetcher.clone(),
    }
}

/// Where videos are prepared. Each process has its own folder there.
fn work_folder(settings: &TestSettings) -> PathBuf {
    let shared = || std::env::temp_dir().join("sosik-tests-media-work");
    settings.video_work.clone().unwrap_or_else(shared)
}

async fn orders_left(service: &Service) -> u64 {
    let stats = service
        .store()
        .order_stats()
        .await
        .expect("read the figures of the orders");
    stats.pending + stats.dead
}

async fn wait_for_orders(service: &Service) -> u64 {
    let waited = timeout(TIMEOUT, async {
        let mut tick = interval(LOOK_EVERY);
        while service
            .store()
            .order_stats()
            .await
            .expect("read the figures of the orders")
            .pending
            > 0
        {
            tick.tick().await;
        }
    });
    // The figures show the result in both cases.
    let _done_or_not = waited.await;
    orders_left(service).await
}

/// Runs blocking work outside the test's own runtime, which forbids blocking.
fn on_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .expect("the end of the test service panicked")
    })
}

fn stop(server: Server) {
    on_thread(move || {
        server.api.begin_drain();
        server.api.end_streams();
        server.draining.cancel();
        server.runtime.block_on(server.service.stop());
        drop(server.api);
        server.runtime.shutdown_timeout(TIMEOUT);
    });
}
