//! Runs the program as a user at a terminal does, in a temporary folder.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

pub mod troubled;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Client, Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sosik_feed::Timestamp;
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// Sends a request of a person. An answer that is not JSON is null.
pub async fn ask(
    client: &Client,
    token: &str,
    method: Method,
    url: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = client.request(method, url).bearer_auth(token);
    let request = match body {
        Value::Null => request,
        body => request.json(&body),
    };
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// A temporary folder in which the program runs.
pub struct Folder(TempDir);

/// The result of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The output of `--json`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn write_gzip(&self, name: &str, text: &str) {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        fs::write(self.path(name), gzip.finish().unwrap()).unwrap();
    }

    /// `sosik` in this folder, with an empty environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sosik"));
        command
            .current_dir(self.0.path())
            .env_clear()
            .args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        Self::finish(self.command(arguments), input)
    }

    /// Runs another program in this folder, found by the usual path.
    pub fn run_another(&self, program: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.current_dir(self.0.path()).env_clear();
        command.env("PATH", path).args(arguments);
        Self::finish(command, "")
    }

    fn finish(mut command: Command, input: &str) -> Ran {
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // A program that does not read its input may already have ended.
        let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// The program's store in this folder. Close it before the next run.
    pub fn store(&self) -> Arc<SqliteStore> {
        SqliteStore::open(&SqliteOptions::at(self.database(), Timestamp::default())).unwrap()
    }

    pub fn database(&self) -> PathBuf {
        self.path("data/sosik.db")
    }
}

/// A running `sosik serve`. Dropping it kills the process.
pub struct Server {
    process: Child,
    pub url: String,
    /// The base URL of the administration listener, without a slash at the end.
    pub admin_url: String,
    /// The log entries before the server was ready.
    pub log: Vec<Value>,
    told: Arc<Mutex<String>>,
}

impl Server {
    /// Starts the server on free ports and waits until it serves.
    pub fn start(folder: &Folder, further: &[&str]) -> Self {
        Self::start_with(folder, further, &[])
    }

    /// Starts the server with environment variables.
    pub fn start_with(folder: &Folder, further: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = folder.command(&Self::arguments(further));
        command.envs(environment.iter().copied());
        Self::wait_for(command)
    }

    /// Starts the server under limits that a shell sets first, such as `ulimit -n 300`.
    pub fn start_limited(folder: &Folder, limits: &str, further: &[&str]) -> Self {
        let mut command = Command::new("/bin/sh");
        let script = format!("{limits} && exec \"$0\" \"$@\"");
        command
            .current_dir(folder.0.path())
            .env_clear()
            .args(["-c", &script, env!("CARGO_BIN_EXE_sosik")])
            .args(Self::arguments(further));
        Self::wait_for(command)
    }

    fn arguments<'a>(further: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec![
            "serve",
            "--set=server.listen=127.0.0.1:0",
            "--set=server.admin_listen=127.0.0.1:0",
            "--set=log.format=json",
        ];
        arguments.extend_from_slice(further);
        arguments
    }

    /// Starts a process that serves, and waits until it logs its addresses.
    pub fn wait_for(mut command: Command) -> Self {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let told = Arc::<Mutex<String>>::default();
        let mut entries = Vec::new();
        let (url, admin_url) = loop {
            let mut line = String::new();
            assert_ne!(
                log.read_line(&mut line).unwrap(),
                0,
                "the server ended before it served"
            );
            told.lock().unwrap().push_str(&line);
            let entry: Value = serde_json::from_str(&line).unwrap();
            if let Some(url) = entry["url"].as_str() {
                let admin = entry["admin"].as_str().unwrap();
                break (url.to_owned(), format!("http://{admin}"));
            }
            entries.push(entry);
        };
        // The log must be read continuously. Otherwise the server would block on a full pipe.
        let listener = Arc::clone(&told);
        std::thread::spawn(move || {
            let mut line = String::new();
            while log.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                listener.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self {
            process,
            url,
            admin_url,
            log: entries,
            told,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The whole log so far, one entry per line.
    pub fn logged(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    /// A file of the process under `/proc`, such as `status`.
    pub fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).unwrap()
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends SIGSTOP.
    pub fn pause(&self) {
        kill_process(Pid::from_child(&self.process), Signal::STOP).unwrap();
    }

    /// Sends SIGCONT.
    pub fn resume(&self) {
        kill_process(Pid::from_child(&self.process), Signal::CONT).unwrap();
    }

    /// Sends SIGTERM.
    pub fn ask_to_stop(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }

    /// Sends SIGUSR2.
    pub fn ask_to_be_replaced(&self) {
        kill_process(Pid::from_child(&self.process), Signal::USR2).unwrap();
    }

    pub async fn ended(mut self) -> ExitStatus {
        tokio::task::spawn_blocking(move || self.process.wait().unwrap())
            .await
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process has usually ended already.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}
