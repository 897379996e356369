//! The files of one import, and the order in which they are imported.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Import, Input, Kind, Summary};
use crate::{Target, Watch};

/// The files to import. A file that is `None` is skipped.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// People, one JSON object per line.
    pub people: Option<PathBuf>,
    /// Friendships, two person numbers per line.
    pub friendships: Option<PathBuf>,
    /// Follows, two person numbers per line.
    pub follows: Option<PathBuf>,
    /// Stories, one JSON object per line.
    pub stories: Option<PathBuf>,
}

/// How the times of stories are shifted.
#[derive(Debug, Clone, Copy)]
pub enum Shift {
    /// The newest story is dated today.
    Auto,
    /// By this number of days; a negative number shifts backwards.
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
                .map_err(|_not_a_number| "expected a number of days or `auto`"),
        }
    }
}

/// The open files of an import. All files are opened, and compressed ones are verified, before the first line is
/// imported.
pub struct Inputs {
    people: Option<Input>,
    friendships: Option<Input>,
    follows: Option<Input>,
    /// The stories opened a second time, to find the newest time.
    times: Option<Input>,
    stories: Option<Input>,
    shift: Shift,
    watch: Watch,
}

impl Inputs {
    /// Opens all files. This call blocks, because it reads compressed files to their end.
    ///
    /// # Errors
    /// When a file cannot be read or a compressed file is damaged.
    pub fn open(files: &Files, shift: Shift, watch: Watch) -> anyhow::Result<Self> {
        let open = |path: &Option<PathBuf>, doing| {
            let path: Option<&Path> = path.as_deref();
            path.map(|path| Input::open(path, doing, watch)).transpose()
        };
        let Files {
            people,
            friendships,
            follows,
            stories,
        } = files;
        Ok(Self {
            people: open(people, "people")?,
            friendships: open(friendships, "friendships")?,
            follows: open(follows, "follows")?,
            times: match shift {
                Shift::Auto => open(stories, "finding the newest time")?,
                Shift::Days(_) => None,
            },
            stories: open(stories, "stories")?,
            shift,
            watch,
        })
    }

    /// Imports all files. A strict import stops at the first line that it cannot use.
    ///
    /// # Errors
    /// When a file cannot be read or the store fails. [`Stopped`](super::Stopped) when a strict import stops. Lines
    /// imported before the error stay imported.
    pub async fn import(self, target: &Target, strict: bool) -> anyhow::Result<Summary> {
        let begin = target.service.clock().monotonic();
        let mut import = Import::new(target.clone(), strict, self.watch);
        let mut summary = Summary::default();
        if let Some(people) = self.people {
            summary.people = Some(import.people(people).await?);
        }
        if let Some(friendships) = self.friendships {
            summary.friendships = Some(import.pairs(Kind::Friendships, friendships).await?);
        }
        if let Some(follows) = self.follows {
            summary.follows = Some(import.pairs(Kind::Follows, follows).await?);
        }
        let shift_days = match (self.shift, self.times) {
            (Shift::Days(days), _) => days,
            (Shift::Auto, Some(times)) => import.auto_shift(times).await?,
            (Shift::Auto, None) => 0,
        };
        if let Some(stories) = self.stories {
            summary.stories = Some(import.stories(stories, shift_days).await?);
        }
        summary.numbered_people = import.numbered_people();
        summary.broken_lines = import.broken_lines();
        summary.seconds = (target.service.clock().monotonic() - begin).as_secs_f64();
        Ok(summary)
    }
}
