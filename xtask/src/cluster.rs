//! `cargo xtask cluster`: PostgreSQL, Redis, NATS and several nodes on this machine, with a world in them.
//!
//! The command ends and the cluster continues to run. Its state is in `cluster` in the target folder, which only its
//! owner may read. Later commands find the processes there, by their ids and start times.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use sosik_servers::{Cluster, NODES_MAX, Node, Part, Role, State};

use crate::steps::{cargo_command, say};
use crate::tools;

/// Settings of nodes behind a balancer. It notices within three checks, one a second, that a node stops.
const BEHIND: [&str; 2] = [
    "server.trusted_proxies=127.0.0.1",
    "server.balancer_wait_seconds=3",
];

/// The cluster on this machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of the state, for a second cluster beside the first [default: `cluster` in the target folder]
    #[arg(long, value_name = "PATH", global = true)]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, clap::Subcommand)]
enum Chore {
    /// Starts PostgreSQL, Redis, NATS and nodes on free ports, with a world in them, and leaves them running
    Up(Up),
    /// Prints what runs, and where
    Status {
        /// One JSON object: balancer, nodes, workers, postgres, redis, nats
        #[arg(long)]
        json: bool,
    },
    /// Kills a part without giving it time to finish
    Kill {
        /// A name in the table of `status`, such as node1 or redis
        part: String,
    },
    /// Pauses a part: it answers nobody, and its connections stay open
    Pause {
        /// A name in the table of `status`
        part: String,
    },
    /// Lets a paused part continue
    Resume {
        /// A name in the table of `status`
        part: String,
    },
    /// Starts a part again at the same address. A running one is stopped first
    Start {
        /// A name in the table of `status`
        part: String,
    },
    /// Replaces the nodes one after another while people use them: each completes its requests before it ends
    Roll {
        /// Starts this executable instead, such as another version
        #[arg(long, value_name = "PATH")]
        executable: Option<PathBuf>,
    },
    /// Stops everything by process id, and removes its data
    Down,
}

/// The size of the cluster.
#[derive(Debug, clap::Args)]
struct Up {
    /// Number of nodes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=i64::from(NODES_MAX)))]
    nodes: u8,
    /// Number of nodes that only deliver. With any, the others leave deliveries to them
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..i64::from(NODES_MAX)))]
    workers: u8,
    /// People of the world, whose handles are person0, person1 and so on. 0 leaves the store empty
    #[arg(long, default_value_t = 1_000)]
    people: u32,
    /// Starts no balancer in front of the nodes. The build then needs no cmake
    #[arg(long)]
    no_balancer: bool,
    /// Runs the debug build instead of the release build
    #[arg(long)]
    debug: bool,
    /// Runs this executable and builds nothing
    #[arg(long, value_name = "PATH", conflicts_with = "debug")]
    executable: Option<PathBuf>,
    /// Sets a key of the configuration of every node and of the balancer; repeatable
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

/// Runs the chore.
///
/// # Errors
/// A server does not start, or there is no cluster or no such part.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let folder = match args.folder {
        Some(folder) => std::path::absolute(folder)?,
        None => target()?.join("cluster"),
    };
    sosik_servers::detach();
    // The state is replaced as a whole, so it can be read at any time.
    let reads = matches!(args.chore, Chore::Status { .. });
    let _lock = (!reads).then(|| lock(&folder)).transpose()?;
    match args.chore {
        Chore::Up(up) => start(&up, &folder),
        Chore::Status { json: true } => print(&format!("{:#}\n", object(&existing(&folder)?))),
        Chore::Status { json: false } => print(&table(&existing(&folder)?)),
        Chore::Kill { part } => change(&folder, &part, |server| {
            server.kill();
            Ok(())
        }),
        Chore::Pause { part } => change(&folder, &part, |server| server.pause()),
        Chore::Resume { part } => change(&folder, &part, |server| server.resume()),
        Chore::Start { part } => change(&folder, &part, sosik_servers::Server::restart),
        Chore::Roll { executable } => roll(&folder, executable.as_deref()),
        Chore::Down => stop(&folder),
    }
}

/// The target folder, two above this program.
fn target() -> anyhow::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target.context("find the target folder")?.to_owned())
}

/// Only one of these commands runs at a time.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let file = File::create(folder.with_extension("lock")).context("open the lock")?;
    if file.try_lock().is_err() {
        say("another command of this cluster runs: waiting until it has ended");
        file.lock().context("wait for the other command")?;
    }
    Ok(file)
}

fn existing(folder: &Path) -> anyhow::Result<Cluster> {
    Cluster::found(folder)?.context("there is no cluster: `cargo xtask cluster up` starts one")
}

fn start(up: &Up, folder: &Path) -> anyhow::Result<()> {
    ensure!(
        up.nodes + up.workers <= NODES_MAX,
        "--nodes and --workers together may be {NODES_MAX}, which is what the connections of PostgreSQL allow"
    );
    if let Some(cluster) = Cluster::found(folder)? {
        if cluster.runs() {
            print(&table(&cluster))?;
            bail!("the cluster is up; `cargo xtask cluster down` stops it");
        }
        // All its processes have ended, for example when the machine was switched off.
        cluster.remove(folder)?;
    }
    tools::servers()?;
    let executable = executable(up)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    say("starting PostgreSQL, Redis and NATS");
    let cluster = fill(Cluster::start(&[])?, up, &executable, folder).inspect_err(|_| {
        // The parts were stopped, so nothing is left to find. If the folder stays, the next start removes it.
        let _stays = fs::remove_dir_all(folder);
    })?;
    print(&table(&cluster))?;
    cluster.leave(folder)
}

/// Makes the world, and then starts the nodes: a world is made while no node uses the store.
fn fill(
    mut cluster: Cluster,
    up: &Up,
    executable: &Path,
    folder: &Path,
) -> anyhow::Result<Cluster> {
    // If the command is interrupted from now on, `down` finds what runs.
    cluster.save(folder)?;
    if up.people > 0 {
        make_world(&cluster, up.people, executable, folder)?;
    }
    let settings = node_settings(up);
    let nodes = (1..=up.nodes).map(|number| (Role::Serve, format!("node{number}")));
    let workers = (1..=up.workers).map(|number| (Role::Work, format!("worker{number}")));
    for (role, name) in nodes.chain(workers) {
        say(&format!("starting {name}"));
        let home = folder.join(&name);
        let node = cluster.start_node(executable, role, &name, &home, &settings)?;
        cluster.nodes.push(node);
        cluster.save(folder)?;
    }
    if !up.no_balancer {
        say("starting the balancer");
        cluster.start_balancer(executable, &folder.join("balancer"), &up.set)?;
        cluster.wait_for_rotation()?;
    }
    Ok(cluster)
}

fn node_settings(up: &Up) -> Vec<String> {
    let mut settings = Vec::new();
    if !up.no_balancer {
        settings.extend(BEHIND.map(str::to_owned));
    }
    if up.workers > 0 {
        settings.push("delivery.in_serve=off".to_owned());
    }
    // The last one wins.
    settings.extend(up.set.iter().cloned());
    settings
}

fn make_world(
    cluster: &Cluster,
    people: u32,
    executable: &Path,
    folder: &Path,
) -> anyhow::Result<()> {
    say(&format!("making a world of {people} people"));
    let ((name, url), settings) = cluster.settings_of("world");
    let settings = settings.into_iter();
    let made = Command::new(executable)
        .args(["world", "--people", &people.to_string()])
        .args(settings.map(|setting| format!("--set={setting}")))
        .current_dir(folder)
        .env_clear()
        .env(name, url)
        .status();
    ensure!(
        made.context("run sosik world")?.success(),
        "sosik world failed"
    );
    Ok(())
}

/// The executable of the nodes, which is built first unless it was named.
fn executable(up: &Up) -> anyhow::Result<PathBuf> {
    if let Some(named) = &up.executable {
        return fs::canonicalize(named).with_context(|| format!("find {}", named.display()));
    }
    let (profile, path) = match up.debug {
        true => ("dev", "debug/sosik"),
        false => ("release", "release/sosik"),
    };
    let mut build = vec!["build", "--package", "sosik", "--profile", profile];
    if !up.no_balancer {
        tools::cmake()?;
        build.extend(["--features", "balance"]);
    }
    let status = cargo_command().args(build).status().context("run cargo")?;
    ensure!(status.success(), "sosik does not build");
    Ok(target()?.join(path))
}

fn change(
    folder: &Path,
    name: &str,
    act: impl FnOnce(&mut sosik_servers::Server) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut cluster = existing(folder)?;
    let names: Vec<_> = cluster
        .parts()
        .iter()
        .map(|part| part.name.to_owned())
        .collect();
    let part = cluster.part(name);
    let part =
        part.with_context(|| format!("there is no part {name}, only {}", names.join(", ")))?;
    act(part).with_context(|| name.to_owned())?;
    print(&table(&cluster))?;
    cluster.leave(folder)
}

fn roll(folder: &Path, executable: Option<&Path>) -> anyhow::Result<()> {
    let mut cluster = existing(folder)?;
    let executable = executable.map(fs::canonicalize).transpose()?;
    let rolled = cluster.roll(executable.as_deref(), |name| {
        say(&format!("replacing {name}"));
    });
    print(&table(&cluster))?;
    // What was replaced before a failure is found by the next command.
    cluster.leave(folder)?;
    rolled
}

fn stop(folder: &Path) -> anyhow::Result<()> {
    let stopped = existing(folder)?.remove(folder)?;
    say(&format!(
        "stopped {} processes and removed their data",
        stopped.len()
    ));
    Ok(())
}

/// One line for each part.
fn table(cluster: &Cluster) -> String {
    let line = |part: &Part<'_>| {
        let state = match part.server.state() {
            State::Running => "running",
            State::Paused => "paused",
            State::Ended => "ended",
        };
        let (pid, urls) = (part.server.pid(), urls(cluster, part).join("  "));
        format!("{:<10} {state:<8} {pid:>8}  {urls}\n", part.name)
    };
    let lines: String = cluster.parts().iter().map(line).collect();
    format!(
        "{:<10} {:<8} {:>8}  addresses\n{lines}",
        "part", "state", "process"
    )
}

fn urls(cluster: &Cluster, part: &Part<'_>) -> Vec<String> {
    match (part.node, part.name) {
        (Some(node), _) => {
            let admin = format!("administration {}", node.admin_url);
            node.url.iter().cloned().chain([admin]).collect()
        }
        (None, "postgres") => vec![cluster.postgres.url("postgres")],
        (None, "redis") => vec![cluster.redis.url()],
        (None, _) => vec![cluster.nats.url()],
    }
}

/// The addresses for scripts.
fn object(cluster: &Cluster) -> Value {
    let node = |node: &Node| {
        let (url, admin_url, pid) = (&node.url, &node.admin_url, node.pid());
        let pid = (pid != 0).then_some(pid);
        json!({ "name": node.name, "url": url, "admin_url": admin_url, "pid": pid })
    };
    let (serving, workers): (Vec<_>, Vec<_>) =
        cluster.nodes.iter().partition(|node| node.url.is_some());
    json!({
        "balancer": cluster.balancer.as_ref().and_then(|balancer| balancer.url.as_ref()),
        "nodes": serving.iter().map(|serving| node(serving)).collect::<Vec<_>>(),
        "workers": workers.iter().map(|worker| node(worker)).collect::<Vec<_>>(),
        "postgres": cluster.postgres.url("postgres"),
        "redis": cluster.redis.url(),
        "nats": cluster.nats.url(),
    })
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("print")
}
