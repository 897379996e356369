//! `sosik demo`: serves a demo town whose simulated people continue to post.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sosik_api::Welcome;
use sosik_populate::Target;
use sosik_populate::demo::{self, Artist, DemoFolder, DemoSpec, Filled, PASSWORD, Wishes};
use sosik_town::{PEOPLE_MAX, PEOPLE_MIN, Town};

use super::{Outcome, Sources};
use crate::config::{EngineUrls, Loaded};
use crate::progress::WATCH;
use crate::server::Server;
use crate::{logging, print, wiring};

/// Ports tried in order if no address is given.
const PORTS_TRIED: u16 = 100;

/// The size of the town and where it is kept.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The town is in a temporary folder, which is removed at the end. --data keeps it in another folder."
)]
pub struct Args {
    /// Number of people in the town
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(PEOPLE_MIN as i64..=PEOPLE_MAX as i64))]
    people: u32,
    /// Seed of the town; the same number makes the same town
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the town in this folder, and continue it if it exists
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8420, or the next free port]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Mean number of seconds between two actions in the town
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = pace)]
    pace: Duration,
    /// Open the town in the browser
    #[arg(long)]
    open: bool,
}

/// Creates the town or opens an existing one, serves it, and simulates its people until a stop is requested.
///
/// # Errors
/// The folder cannot be used, or the address is in use.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let mut loaded = sources.load()?;
    if loaded.is_default("log.filter") {
        "warn".clone_into(&mut loaded.config.log.filter);
    }
    logging::start(&loaded.config.log)?;
    let demo_folder = match &args.data {
        Some(folder) => DemoFolder::kept(folder)?,
        None => DemoFolder::temporary()?,
    };
    let ended = run_in(&demo_folder, &args, loaded).await;
    demo_folder.remove_if_temporary()?;
    ended
}

async fn run_in(
    demo_folder: &DemoFolder,
    args: &Args,
    mut loaded: Loaded,
) -> anyhow::Result<Outcome> {
    loaded.config.urls = engines_of(demo_folder)?;
    if loaded.config.media.url != "none" {
        // The folder beside the store.
        loaded.config.media.url.clear();
    }
    choose_addresses(args.listen, &mut loaded);
    let server = Server::open(&loaded).await?;
    let (address, stop_requested) = (server.public_address()?, server.stop_requested());
    let url = match loaded.is_default("server.public_url") {
        true => format!("http://{address}"),
        false => loaded.config.api.public_url.clone(),
    };
    let opened = wiring::open(&loaded).await?;
    let (service, target) = (opened.service.clone(), opened.target());
    let (town, people, wishes) = tokio::select! {
        prepared = prepare(demo_folder, args, &target) => match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                service.stop().await;
                return Err(error);
            }
        },
        () = stop_requested.cancelled() => {
            service.stop().await;
            return Ok(Outcome::Fine);
        }
    };
    let hosts = town
        .hosts()
        .map(|host| town.people()[host as usize].handle.as_str().to_owned());
    let welcome = Welcome {
        people: hosts.map(|handle| (handle, PASSWORD.to_owned())).collect(),
    };
    print::out(&where_to_look(&url, &welcome, demo_folder))?;
    if args.open {
        open_browser(&url);
    }
    wiring::take_media_of_town(&loaded, &service).await?;
    let artist = Artist::new(service.clone(), Arc::new(town), people);
    let pictures = tokio::spawn(artist.clone().illustrate(wishes));
    let life = tokio::spawn(demo::simulate(artist, args.pace));
    let served = server.serve(&loaded, service, welcome).await;
    if served.is_ok() {
        life.await.context("simulate the town")?;
        pictures.await.context("illustrate the town")?;
    }
    served.map(|()| Outcome::Fine)
}

/// The engines of a demo: a file in its folder, and memory. A demo uses no server of the configuration, which may be a
/// server of production.
fn engines_of(demo_folder: &DemoFolder) -> anyhow::Result<EngineUrls> {
    let store = format!("sqlite:{}", demo_folder.store().display()).parse();
    Ok(EngineUrls {
        store: store.map_err(|_no_scheme| anyhow::anyhow!("the folder cannot be named"))?,
        ..EngineUrls::default()
    })
}

/// Fills the store with the town, or reads the people of an existing one.
async fn prepare(
    demo_folder: &DemoFolder,
    args: &Args,
    target: &Target,
) -> anyhow::Result<(Town, Vec<sosik_feed::PersonId>, Wishes)> {
    let clock = target.service.clock();
    let begin = clock.monotonic();
    let asked = DemoSpec {
        seed: args.seed,
        people: args.people as usize,
    };
    let spec = demo_folder.found.unwrap_or(asked);
    let town = Town::generate(spec.seed, spec.people);
    let seconds = || (clock.monotonic() - begin).as_secs_f64();
    if demo_folder.found.is_none() {
        let filled = demo::fill(target, &town, WATCH).await?;
        demo_folder.complete(spec)?;
        print::out(&founded(&filled, seconds()))?;
        return Ok((town, filled.people, filled.wishes));
    }
    let people = demo::people_of(target, &town).await?;
    let other = if spec == asked {
        ""
    } else {
        " (it keeps the --seed and --people it was created with)"
    };
    let stories = target.operations.stories_count().await?;
    print::out(&format!(
        "소담 Sodam continues: {} people, {stories} stories, opened in {:.1} s{other}\n",
        people.len(),
        seconds()
    ))?;
    Ok((town, people, Wishes::default()))
}

fn founded(filled: &Filled, seconds: f64) -> String {
    let Filled {
        people,
        friendships,
        follows,
        stories,
        comments,
        likes,
        wishes: _,
    } = filled;
    format!(
        "소담 Sodam is ready: {} people, {friendships} friendships, {follows} follows, {stories} stories, \
         {comments} comments and {likes} likes in {seconds:.1} s\n",
        people.len()
    )
}

/// Chooses the requested addresses, otherwise free ports, so that two demos can run side by side.
fn choose_addresses(asked: Option<SocketAddr>, loaded: &mut Loaded) {
    let any_public = asked.is_none() && loaded.is_default("server.listen");
    let any_admin = loaded.is_default("server.admin_listen");
    let server = &mut loaded.config.server;
    server.listen = asked.unwrap_or(server.listen);
    if any_public {
        server.listen = first_free(server.listen, &[]);
    }
    if any_admin {
        server.admin_listen = first_free(server.admin_listen, &[server.listen]);
    }
}

/// The first free address from this one on. If none is free it is this one, so that the error names it.
fn first_free(first: SocketAddr, kept: &[SocketAddr]) -> SocketAddr {
    let ports = first.port()..=first.port().saturating_add(PORTS_TRIED);
    let addresses = ports.map(|port| SocketAddr::new(first.ip(), port));
    let free = |address: &SocketAddr| !kept.contains(address) && TcpListener::bind(address).is_ok();
    addresses.into_iter().find(free).unwrap_or(first)
}

fn where_to_look(url: &str, welcome: &Welcome, demo_folder: &DemoFolder) -> String {
    let handles: Vec<_> = welcome
        .people
        .iter()
        .map(|(handle, _)| handle.as_str())
        .collect();
    let first = handles.first().copied().unwrap_or_default();
    let end = if demo_folder.is_kept() {
        "Ctrl-C stops the demo and keeps the town."
    } else {
        "Ctrl-C stops the demo and removes the town."
    };
    format!(
        r#"
  {url}
  log in as {handles}, or anyone else, with the password {PASSWORD}

TOKEN=$(curl -s {url}/v1/sessions -H 'content-type: application/json' -d '{{"handle":"{first}","password":"{PASSWORD}"}}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
curl -s {url}/v1/feed -H "authorization: Bearer $TOKEN"
curl -s {url}/v1/stories -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{{"text":"안녕!"}}'
curl -sN {url}/v1/feed/stream -H "authorization: Bearer $TOKEN"

The people of the town continue to post. {end}
"#,
        handles = handles.join(", "),
    )
}

/// Opens the page in the desktop's browser. Without a desktop nothing happens: the address is also printed.
fn open_browser(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let quiet = || Stdio::null();
    if let Err(error) = Command::new(program)
        .arg(url)
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .spawn()
    {
        print::note(&format!(
            "no browser could be opened ({program}: {error})\n"
        ));
    }
}

/// Parses a pause in seconds, fractions allowed. A pause below a hundredth of a second would be a load test.
fn pace(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_not_a_number| "write seconds, such as 0.5".to_owned())?;
    if (0.01..=3_600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("from 0.01 to 3600 seconds".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_example_of_the_reference_logs_in_to_the_town() {
        let document: serde_json::Value = serde_json::from_str(&sosik_api::openapi()).unwrap();
        let log_in = &document["components"]["schemas"]["LogIn"]["properties"];
        assert_eq!(log_in["password"]["example"], PASSWORD);
        let town = Town::generate(1, PEOPLE_MIN);
        let handle = town.people()[0].handle.as_str();
        assert_eq!(log_in["handle"]["example"], handle);
    }

    #[test]
    fn a_port_that_is_taken_or_meant_for_something_else_is_passed_over() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let first = taken.local_addr().unwrap();
        let second = first_free(first, &[]);
        assert!(second.port() > first.port(), "{second}");
        assert!(first_free(first, &[second]).port() > second.port());
    }

    #[test]
    fn a_pace_is_from_a_hundredth_of_a_second_to_an_hour() {
        assert_eq!(pace("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "nan", "inf", "3601", "often"] {
            assert!(pace(text).is_err(), "{text}");
        }
    }
}
