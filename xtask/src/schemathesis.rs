//! `cargo xtask schemathesis`: sends generated requests to a real server and compares its answers with the OpenAPI
//! document.
//!
//! Every request is valid by the document. The server must not reject it and must not fail, and its answer must have a
//! documented status and form. Rules that OpenAPI cannot express are in `xtask/schemathesis.toml`, each with its
//! reason. The server has a temporary store, free ports, and no other data.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::steps::{SERVER, built, cargo_command, root, say};

/// The version with which the list of rules was reviewed.
const VERSION: &str = "schemathesis==4.32.5";

/// Generated requests for each operation. The number is small so that three runs take a few minutes on a small machine.
/// The coverage phase also tries every limit of the document.
const EXAMPLES_SHORT: u32 = 10;

/// Generated requests for each operation in a long run.
const EXAMPLES_LONG: u32 = 200;

/// A fixed seed, so that every run sends the same requests and failures can be reproduced.
const SEED: u32 = 15;

/// The checks to run.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,positive_data_acceptance";

/// Longest wait for an answer. The server itself gives up after 15 s.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

/// A rate that no run reaches: the largest value that the configuration allows.
const RATE: &str = "1000000";

/// Runs Schemathesis without a session, as one person, and as two people at the same time.
///
/// # Errors
/// A tool cannot be installed, the server does not start, or a run found a difference.
pub(crate) fn run(long: bool, is_built: bool) -> anyhow::Result<()> {
    let program = installed()?;
    let examples = if long { EXAMPLES_LONG } else { EXAMPLES_SHORT };
    if !is_built {
        let build = cargo_command().args(SERVER).status();
        ensure!(build.context("run cargo")?.success(), "build the server");
    }
    let mut failed = Vec::new();
    for (name, people) in [("nobody", 0), ("one person", 1), ("two people", 2)] {
        let server = Server::start()?;
        let people: Vec<_> = (1..=people)
            .map(|number| server.sign_up(&format!("person_{number}")))
            .collect::<anyhow::Result<_>>()?;
        say(&format!("schemathesis as {name}"));
        if !server.compare(&program, &people, examples)? {
            failed.push(name);
        }
    }
    ensure!(
        failed.is_empty(),
        "answers differ from docs/openapi.json, as {}; to repeat only this: cargo xtask schemathesis",
        failed.join(", as ")
    );
    Ok(())
}

/// Schemathesis in its own Python environment. Installs it when missing.
fn installed() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/schemathesis").join(VERSION);
    let program = folder.join("bin/schemathesis");
    if program.exists() {
        return Ok(program);
    }
    say(&format!("installing {VERSION}"));
    let done = |command: &mut Command, what: &str| {
        let status = command
            .status()
            .with_context(|| format!("{what}: Python 3.10 or newer with venv is needed"))?;
        ensure!(status.success(), "{what} failed");
        Ok(())
    };
    done(
        Command::new("python3").args(["-m", "venv"]).arg(&folder),
        "make a Python environment",
    )?;
    done(
        Command::new(folder.join("bin/pip")).args(["install", "--quiet", VERSION]),
        "install Schemathesis",
    )?;
    Ok(program)
}

/// A person with a session.
struct Person {
    id: String,
    token: String,
}

/// A server on free ports with fresh data. Dropping it stops the server and deletes its data.
struct Server {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Server {
    fn start() -> anyhow::Result<Self> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("sosik-schemathesis-{}", address.port()));
        fs::create_dir_all(&folder).context("make a folder for the data")?;
        let program = built("sosik").context("find the server beside this program")?;
        let mut command = Command::new(program);
        command.args([
            "serve".to_owned(),
            format!("--set=server.listen={address}"),
            "--set=server.admin_listen=127.0.0.1:0".to_owned(),
            format!("--set=store.url=sqlite:{}/sosik.db", folder.display()),
        ]);
        for rate in rates()? {
            command.arg(format!("--set=rates.{rate}={RATE}"));
        }
        let mut process = command
            .stderr(Stdio::piped())
            .spawn()
            .context("start the server")?;
        let log = process.stderr.take().context("read the server's log")?;
        let server = Self {
            process,
            address,
            folder,
        };
        wait_until_it_serves(BufReader::new(log))?;
        Ok(server)
    }

    /// Makes an account.
    fn sign_up(&self, handle: &str) -> anyhow::Result<Person> {
        let body = format!(
            "{{\"handle\":\"{handle}\",\"display_name\":\"Somebody\",\"password\":\"blue-kettle-on-a-hill\"}}"
        );
        let request = format!(
            "POST /v1/people HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut connection = TcpStream::connect(self.address).context("connect to the server")?;
        connection.set_read_timeout(Some(ANSWER_WAIT))?;
        connection.write_all(request.as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let text_of = |field: &str| {
            let (_, rest) = answer.split_once(&format!("\"{field}\":\""))?;
            rest.split_once('"').map(|(text, _)| text.to_owned())
        };
        let person = text_of("id").zip(text_of("token"));
        let (id, token) =
            person.with_context(|| format!("sign up: the server answered {answer}"))?;
        Ok(Person { id, token })
    }

    /// Runs Schemathesis as these people at the same time, or without a session. Returns whether all answers were as
    /// documented.
    fn compare(&self, program: &Path, people: &[Person], examples: u32) -> anyhow::Result<bool> {
        let nobody = [None];
        let everybody: Vec<_> = match people {
            [] => nobody.to_vec(),
            _ => people.iter().map(Some).collect(),
        };
        let runs: Vec<_> = everybody
            .into_iter()
            .map(|person| self.command(program, person, examples).spawn())
            .collect();
        let mut all_fine = true;
        for run in runs {
            let status = run.context("run Schemathesis")?.wait()?;
            all_fine &= status.success();
        }
        Ok(all_fine)
    }

    fn command(&self, program: &Path, person: Option<&Person>, examples: u32) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(root())
            .args(["--config-file", "xtask/schemathesis.toml", "run"])
            .arg(format!("http://{}/openapi.json", self.address))
            .args([
                "--mode",
                "positive",
                "--phases",
                "examples,coverage,fuzzing",
            ])
            .args(["--checks", CHECKS, "--continue-on-failure", "--no-color"])
            .args(["--max-examples", &examples.to_string()])
            .args(["--seed", &SEED.to_string()])
            .args(["--request-timeout", &ANSWER_WAIT.as_secs().to_string()]);
        if let Some(Person { id, token }) = person {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
            // A generated value would name another person, and the server would reject every request.
            command.args(["--header", &format!("Sosik-Person: {id}")]);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended by itself, and its folder may already be deleted. Neither is an error.
        let _ended = self.process.kill();
        let _waited = self.process.wait();
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// Every key of the section `rates`, at its maximum. The defaults are for people, and generated requests arrive faster.
fn rates() -> anyhow::Result<Vec<String>> {
    let sample = fs::read_to_string(root().join("sosik.sample.toml"))?;
    let (_, section) = sample
        .split_once("[rates]")
        .context("find [rates] in sosik.sample.toml")?;
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let keys = lines.filter_map(|line| line.strip_prefix('#')?.split_once(" = "));
    let rates: Vec<_> = keys
        .map(|(key, _)| key.to_owned())
        .filter(|key| !key.contains(' '))
        .collect();
    ensure!(!rates.is_empty(), "sosik.sample.toml has no rates");
    Ok(rates)
}

/// An address without a listener.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?;
    Ok(listener.local_addr()?)
}

/// Reads the log until the server is ready, and keeps reading, so that the server does not block on a full pipe.
fn wait_until_it_serves(mut log: impl BufRead + Send + 'static) -> anyhow::Result<()> {
    let mut line = String::new();
    while !line.contains("serving") {
        line.clear();
        ensure!(
            log.read_line(&mut line)? > 0,
            "the server ended at its start"
        );
    }
    thread::spawn(move || log.lines().map_while(Result::ok).for_each(drop));
    Ok(())
}
