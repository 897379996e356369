//! A server for tests, and databases on it.
//!
//! `SOSIK_TEST_POSTGRES_URL` names a server that all tests share. Without it, each process starts its own server, which
//! does not sync to the disk. Every test has a database with a random name. When the process ends, however it ends, a
//! shell drops its databases or stops its server: tests cannot do this themselves, because a static is never dropped.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by test files, none of which uses everything"
)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use sosik_feed::Timestamp;
use sosik_servers::{Postgres, find};
use sosik_store::PersonLimits;
use sosik_store::suite::world::{EmptyStore, World};
use sosik_store_postgres::{DatabaseUrl, Pooler, PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

/// Settings of a server that is started for a test process.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
];

/// Drops the databases whose names it reads.
const DROP: &str = r#"while read -r name; do names="$names $name"; done
for name in $names; do "$0" "$1" -qc "DROP DATABASE \"$name\" WITH (FORCE)"; done"#;

/// Stops the server, and removes its folder.
const STOP: &str = r#"cat > /dev/null; kill -INT "$0"
for _ in $(seq 100); do kill -0 "$0" 2> /dev/null || break; sleep 0.1; done; rm -rf "$1""#;

/// The server of this process.
static SERVER: OnceLock<Server> = OnceLock::new();

struct Server {
    /// The address of the database `postgres`, or of another one that exists.
    maintenance: String,
    own: Option<Postgres>,
    cleaner: Mutex<Child>,
}

impl Server {
    fn start() -> Self {
        match std::env::var("SOSIK_TEST_POSTGRES_URL") {
            Ok(url) => Self::shared(url),
            Err(_unset) => Self::own(),
        }
    }

    fn shared(maintenance: String) -> Self {
        let psql = find("psql").expect("psql is installed");
        let cleaner = shell(DROP, &[&psql.display().to_string(), &maintenance]);
        Self {
            maintenance,
            own: None,
            cleaner: Mutex::new(cleaner),
        }
    }

    fn own() -> Self {
        let server = Postgres::start(&SETTINGS).expect("PostgreSQL starts");
        let folder = server.data().parent().expect("a folder").to_owned();
        let cleaner = shell(
            STOP,
            &[&server.pid().to_string(), &folder.display().to_string()],
        );
        Self {
            maintenance: server.url("postgres"),
            own: Some(server),
            cleaner: Mutex::new(cleaner),
        }
    }

    /// Has the database dropped when this process ends.
    fn drop_later(&self, database: &str) {
        let mut cleaner = self.cleaner.lock().expect("no test panicked here");
        let input = cleaner.stdin.as_mut().expect("a pipe");
        writeln!(input, "{database}").expect("the shell runs");
    }
}

/// A shell whose input ends when this process does. A signal to the processes of a test run that is stopped must not
/// reach it, so it has a group of its own.
fn shell(script: &str, arguments: &[&str]) -> Child {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).args(arguments).process_group(0);
    let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null());
    shell.stderr(Stdio::null()).spawn().expect("a shell")
}

/// A new, empty database.
pub async fn database() -> String {
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(Server::start));
    let server = server.await.expect("a server");
    let name = format!("sosik_test_{:016x}", random());
    execute(&server.maintenance, &format!("CREATE DATABASE {name}")).await;
    server.drop_later(&name);
    with_database(&server.maintenance, &name)
}

/// Runs statements on a database.
pub async fn execute(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("statements");
    drop(client);
    connection.await.expect("a task").expect("a connection");
}

/// Options for a new database.
pub async fn options() -> PostgresOptions {
    options_at(database().await)
}

/// Options for a database. `SOSIK_TEST_POSTGRES_POOLER=pgbouncer` runs every test without sessions.
pub fn options_at(url: String) -> PostgresOptions {
    let options = PostgresOptions::at(DatabaseUrl::new(url), "test", Timestamp::default());
    let pooler = match std::env::var("SOSIK_TEST_POSTGRES_POOLER").as_deref() {
        Ok("pgbouncer") => Pooler::PgBouncer,
        Ok(_) | Err(_) => Pooler::None,
    };
    PostgresOptions { pooler, ..options }
}

/// The address in options that [`options`] made.
pub fn url(options: &PostgresOptions) -> &str {
    options.url.expose()
}

/// A store with a new database.
pub async fn store() -> Arc<PostgresStore> {
    let options = options().await;
    PostgresStore::open(&options).await.expect("a store opens")
}

/// Replaces the database of an address.
fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let server: Vec<_> = address.splitn(4, '/').take(3).collect();
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{database}{question}{parameters}", server.join("/"))
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A connection of the test, which interferes with those of the store.
pub struct Session {
    pub client: tokio_postgres::Client,
}

impl Session {
    pub async fn connect(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
        tokio::spawn(connection);
        Self { client }
    }

    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.expect("statements");
    }

    /// The process of the session of a class that is in a wait of this kind, as soon as there is one.
    pub async fn waiting(&self, class: &str, event: &str) -> i32 {
        let application = format!("sosik/test/{class}");
        let found = "SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = $1 AND $2 IN (wait_event_type, wait_event)";
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            // Within a transaction, the server would answer from the first look.
            self.run("SELECT pg_stat_clear_snapshot()").await;
            let rows = self.client.query(found, &[&application, &event]).await;
            if let Some(row) = rows.expect("sessions").first() {
                return row.get(0);
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "no session waits for {event}"
            );
            tokio::task::yield_now().await;
        }
    }

    pub async fn terminate(&self, process: i32) {
        let terminate = "SELECT pg_terminate_backend($1)";
        let ended = self.client.query(terminate, &[&process]).await;
        ended.expect("the session ends");
    }
}

/// Longer than anything takes on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// One database with two nodes. The world makes ids and times for both.
pub struct Nodes {
    pub world: World,
    pub other: Arc<dyn EmptyStore>,
    pub url: String,
}

impl Nodes {
    pub async fn start(person_limits: PersonLimits) -> Self {
        let mut options = options().await;
        options.person_limits = person_limits;
        let open = async || PostgresStore::open(&options).await.expect("a node starts");
        Self {
            world: World::new(open().await),
            other: open().await,
            url: url(&options).to_owned(),
        }
    }

    /// The node for the n-th of many writes.
    pub fn node(&self, number: usize) -> Arc<dyn EmptyStore> {
        if number.is_multiple_of(2) {
            self.world.shared()
        } else {
            Arc::clone(&self.other)
        }
    }

    pub async fn finish(self) {
        self.other.close().await;
        self.world.finish().await;
    }
}
