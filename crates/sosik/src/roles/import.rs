//! `sosik import`: imports people, friendships, follows and stories from files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use sosik_service::Service;

use super::{Outcome, Sources};
use crate::import::{Import, Input, Kind, Stopped, Summary};
use crate::{print, wiring};

/// The files to import. They may be compressed with gzip; `-` is standard input.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The files are described in docs/guide/import.md. No server may use the store at the same time."
)]
pub struct Args {
    #[command(flatten)]
    files: Files,
    /// Move the times of all stories by this number of days; `auto` moves the newest one to today
    #[arg(
        long,
        value_name = "DAYS",
        default_value = "0",
        allow_hyphen_values = true
    )]
    shift_days: Shift,
    /// Stop at the first invalid line
    #[arg(long)]
    strict: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Files {
    /// People: JSON lines with handle, display_name and, optionally, number, language, bio, password
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Friendships: two numbers of people a line
    #[arg(long, value_name = "FILE")]
    friendships: Option<PathBuf>,
    /// Follows: two numbers of people a line, the first follows the second
    #[arg(long, value_name = "FILE")]
    follows: Option<PathBuf>,
    /// Stories: JSON lines with author (number or handle), text, at and, optionally, audience
    #[arg(long, value_name = "FILE")]
    stories: Option<PathBuf>,
}

impl Files {
    fn all(&self) -> impl Iterator<Item = &Path> {
        [
            &self.people,
            &self.friendships,
            &self.follows,
            &self.stories,
        ]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
    }
}

/// How far to move the times of stories.
#[derive(Debug, Clone, Copy)]
enum Shift {
    Auto,
    Days(i64),
}

impl FromStr for Shift {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            days => days
                .parse()
                .map(Self::Days)
                .map_err(|_not_a_number| "write a number of days, or auto"),
        }
    }
}

/// Imports the files and reports the numbers of new, existing and rejected lines.
///
/// # Errors
/// A file cannot be read, or the store fails. Lines that were already imported stay.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    if let Some(why) = misuse(&args) {
        print::note(&format!("sosik: {why}\n"));
        return Ok(Outcome::WrongUsage);
    }
    let loaded = sources.start()?;
    let inputs = tokio::task::block_in_place(|| Inputs::open(&args))?;
    let service = wiring::open(&loaded).await?;
    let imported = import(&args, inputs, &service).await;
    service.stop().await;
    match imported {
        Ok(summary) => {
            print::out(&if args.json {
                json(&summary)?
            } else {
                summary.sentences()
            })?;
            Ok(if summary.is_whole() {
                Outcome::Fine
            } else {
                Outcome::Difference
            })
        }
        Err(error) if error.is::<Stopped>() => {
            print::note(&format!("sosik: {error}\n"));
            Ok(Outcome::Difference)
        }
        Err(error) => Err(error),
    }
}

fn misuse(args: &Args) -> Option<&'static str> {
    let from_stdin = args
        .files
        .all()
        .filter(|path| *path == Path::new("-"))
        .count();
    let stories_from_stdin = args.files.stories.as_deref() == Some(Path::new("-"));
    if from_stdin > 1 {
        Some("only one file can come from standard input: name the others")
    } else if stories_from_stdin && matches!(args.shift_days, Shift::Auto) {
        Some(
            "--shift-days auto reads the stories twice, which standard input cannot: name a file, or a number of days",
        )
    } else {
        None
    }
}

/// The files of an import. All are opened, and compressed ones are checked, before the first line is imported.
struct Inputs {
    people: Option<Input>,
    friendships: Option<Input>,
    follows: Option<Input>,
    /// The stories a second time, to find their newest time.
    times: Option<Input>,
    stories: Option<Input>,
}

impl Inputs {
    fn open(args: &Args) -> anyhow::Result<Self> {
        let open = |path: &Option<PathBuf>, doing| {
            let path = path.as_deref();
            path.map(|path| Input::open(path, doing)).transpose()
        };
        let Files {
            people,
            friendships,
            follows,
            stories,
        } = &args.files;
        Ok(Self {
            people: open(people, "people")?,
            friendships: open(friendships, "friendships")?,
            follows: open(follows, "follows")?,
            times: match args.shift_days {
                Shift::Auto => open(stories, "looking at times")?,
                Shift::Days(_) => None,
            },
            stories: open(stories, "stories")?,
        })
    }
}

async fn import(args: &Args, inputs: Inputs, service: &Service) -> anyhow::Result<Summary> {
    let begin = service.clock().monotonic();
    let mut import = Import::new(service.clone(), args.strict);
    let mut summary = Summary::default();
    if let Some(people) = inputs.people {
        summary.people = Some(import.people(people).await?);
    }
    if let Some(friendships) = inputs.friendships {
        summary.friendships = Some(import.pairs(Kind::Friendships, friendships).await?);
    }
    if let Some(follows) = inputs.follows {
        summary.follows = Some(import.pairs(Kind::Follows, follows).await?);
    }
    let shift_days = match (args.shift_days, inputs.times) {
        (Shift::Days(days), _) => days,
        (Shift::Auto, Some(times)) => import.auto_shift(times).await?,
        (Shift::Auto, None) => 0,
    };
    if let Some(stories) = inputs.stories {
        summary.stories = Some(import.stories(stories, shift_days).await?);
    }
    summary.numbered_people = import.numbered_people();
    summary.broken_lines = import.broken_lines();
    summary.seconds = (service.clock().monotonic() - begin).as_secs_f64();
    Ok(summary)
}

fn json(summary: &Summary) -> serde_json::Result<String> {
    serde_json::to_string(summary).map(|json| json + "\n")
}
