//! `sosik import`: imports people, friendships, follows and stories from files.

use std::path::{Path, PathBuf};

use sosik_populate::import::{Files, Inputs, Shift, Stopped, Summary};

use super::{Outcome, Sources};
use crate::progress::WATCH;
use crate::{print, wiring};

/// The files to import. They may be compressed with gzip; `-` is standard input.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The files are described in docs/guide/import.md. No server may use the store at the same time."
)]
pub struct Args {
    #[command(flatten)]
    files: FileArgs,
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
struct FileArgs {
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

impl From<FileArgs> for Files {
    fn from(args: FileArgs) -> Self {
        Self {
            people: args.people,
            friendships: args.friendships,
            follows: args.follows,
            stories: args.stories,
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
    let files = Files::from(args.files);
    let inputs = tokio::task::block_in_place(|| Inputs::open(&files, args.shift_days, WATCH))?;
    let opened = wiring::open_alone(&loaded).await?;
    let imported = inputs.import(&opened.target(), args.strict).await;
    opened.service.stop().await;
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
    let files = &args.files;
    let all = [
        &files.people,
        &files.friendships,
        &files.follows,
        &files.stories,
    ];
    let is_stdin = |path: &&&Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    let from_stdin = all.iter().filter(is_stdin).count();
    let stories_from_stdin = files.stories.as_deref() == Some(Path::new("-"));
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

fn json(summary: &Summary) -> serde_json::Result<String> {
    serde_json::to_string(summary).map(|json| json + "\n")
}
