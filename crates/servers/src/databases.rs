//! Databases for tests.
//!
//! `SOSIK_TEST_POSTGRES_URL` names a server that all tests share. Without it, each process starts its own server, which
//! does not sync to the disk. Every test has a database with a random name. When the process ends, however it ends, a
//! shell drops its databases or stops its server: tests cannot do this themselves, because a static is never dropped.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, ensure};

use crate::find::find;
use crate::postgres::Postgres;
use crate::process::Process;

/// The environment variable with the address of a server that all tests share.
pub const TEST_SERVER: &str = "SOSIK_TEST_POSTGRES_URL";

/// Settings of a server for tests. Its data is not worth syncing.
pub const TEST_SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
];

/// Drops the databases whose names it reads.
const DROP: &str = r#"while read -r name; do names="$names $name"; done
for name in $names; do "$0" "$1" -qc "DROP DATABASE \"$name\" WITH (FORCE)"; done"#;

/// Stops the server, which its process id and its start time name, and removes its folder. The server has a minute.
const STOP: &str = r#"cat > /dev/null; started=$2
runs() { [ "$(cut -d ' ' -f 22 "/proc/$0/stat" 2> /dev/null)" = "$started" ]; }
runs && kill -INT "$0"
for _ in $(seq 600); do runs || break; sleep 0.1; done
runs && kill -KILL "$0"
rm -rf "$1""#;

/// The server of this process.
static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

struct Server {
    psql: PathBuf,
    /// The address of the database `postgres`, or of another one that exists.
    maintenance: String,
    /// Runs for as long as this process.
    _own: Option<Postgres>,
    cleaner: Mutex<Child>,
}

impl Server {
    fn start() -> anyhow::Result<Self> {
        let psql = find("psql").context("psql is not installed")?;
        match std::env::var(TEST_SERVER) {
            Ok(url) => Self::shared(psql, url),
            Err(_unset) => Self::own(psql),
        }
    }

    fn shared(psql: PathBuf, maintenance: String) -> anyhow::Result<Self> {
        let cleaner = shell(DROP, &[&psql.display().to_string(), &maintenance])?;
        Ok(Self {
            psql,
            maintenance,
            _own: None,
            cleaner: Mutex::new(cleaner),
        })
    }

    fn own(psql: PathBuf) -> anyhow::Result<Self> {
        let server = Postgres::start(&TEST_SETTINGS)?;
        let data = server.data();
        let folder = data.parent().context("the data has a folder")?;
        let process = Process::of(server.pid())?;
        let (pid, started) = (process.pid().to_string(), process.started().to_string());
        let folder = folder.display().to_string();
        Ok(Self {
            psql,
            maintenance: server.url("postgres"),
            cleaner: Mutex::new(shell(STOP, &[&pid, &folder, &started])?),
            _own: Some(server),
        })
    }

    fn create(&self, name: &str) -> anyhow::Result<String> {
        let create = format!("CREATE DATABASE {name}");
        let mut psql = Command::new(&self.psql);
        psql.arg(&self.maintenance).args(["-qc", &create]);
        ensure!(psql.status()?.success(), "psql did not create a database");
        self.drop_later(name)?;
        Ok(with_database(&self.maintenance, name))
    }

    /// Has the database dropped when this process ends.
    fn drop_later(&self, database: &str) -> anyhow::Result<()> {
        let mut cleaner = self.cleaner.lock().unwrap_or_else(PoisonError::into_inner);
        let input = cleaner.stdin.as_mut().context("the shell has an input")?;
        Ok(writeln!(input, "{database}")?)
    }
}

/// A new, empty database for a test. It blocks for as long as its server takes.
///
/// # Errors
/// There is no server and none can be started, or it refuses the database.
pub fn test_database() -> anyhow::Result<String> {
    let server = SERVER.get_or_init(|| Server::start().map_err(|error| format!("{error:#}")));
    let server = server
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    server.create(&format!("sosik_test_{:016x}", random()))
}

/// A shell whose input ends when this process does. A signal to the processes of a test run that is stopped must not
/// reach it, so it has a group of its own.
fn shell(script: &str, arguments: &[&str]) -> anyhow::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).args(arguments).process_group(0);
    let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null());
    Ok(shell.stderr(Stdio::null()).spawn()?)
}

/// Replaces the database of an address.
fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let server: Vec<_> = address.splitn(4, '/').take(3).collect();
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{database}{question}{parameters}", server.join("/"))
}

/// A number that nobody can guess: the system seeds each state.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
