//! Imports stories from JSON, one object per line.

use serde::Deserialize;
use sosik_feed::id::EPOCH;
use sosik_feed::people::Handle;
use sosik_feed::text::{StoryText, TextRequirement, hashtags, mentions};
use sosik_feed::{Audience, PersonId, RuleBroken, Timestamp};
use sosik_store::NewStory;

use super::Import;
use super::input::{Input, Line};
use super::moments::{Moments, Slot};
use super::registry::NUMBER_MAX;
use super::summary::Stories;
use super::times::{WrittenTime, days_to, shifted};

/// Stories per transaction: 60 MB with the longest texts.
const STEP: usize = 2_000;

/// A line as it is in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    author: Author,
    text: String,
    #[serde(default)]
    audience: Audience,
    at: WrittenTime,
}

/// The author as written in the line.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an author is a number or a \"handle\"")]
enum Author {
    Number(u64),
    Handle(String),
}

/// A line that satisfies the rules.
struct Story {
    line: u64,
    author: Author,
    text: StoryText,
    audience: Audience,
    /// The original time, in milliseconds since 1970.
    millis: i64,
    /// The shifted time. Not yet set when the line has just been read.
    at: Timestamp,
}

impl Import {
    /// Imports stories and shifts each time by `shift_days`.
    ///
    /// # Errors
    /// When the file cannot be read, the store fails, or a strict import meets a line that it cannot use.
    pub async fn stories(&mut self, mut input: Input, shift_days: i64) -> anyhow::Result<Stories> {
        let mut stories = Stories {
            shift_days,
            ..Stories::default()
        };
        let mut moments = Moments::new(self.target.service.settings().node.region);
        let characters_max = self.target.service.settings().texts.story_characters_max;
        let now = self.target.service.clock().now();
        loop {
            let lines = input.lines(STEP, |line| {
                let story = read(line, characters_max)?;
                let at = shifted(story.millis, shift_days, now)?;
                Ok((story, at))
            })?;
            if lines.is_empty() {
                break;
            }
            let mut step = Vec::with_capacity(lines.len());
            for Line { number: line, says } in lines {
                match says {
                    Ok((story, at)) => step.push(Story { line, at, ..story }),
                    Err(why) => self.faults.tell(&input.bar, &input.name, line, &why)?,
                }
            }
            self.stories_step(step, &input, &mut moments, &mut stories)
                .await?;
            moments.forget_if_many();
        }
        input.bar.finish_and_clear();
        Ok(stories)
    }

    /// Returns by how many days to shift a file of stories so that the newest one is dated today. If that story was
    /// imported on an earlier day, returns the shift of that day, so that the import is idempotent.
    ///
    /// # Errors
    /// When the file cannot be read or the store fails.
    pub async fn auto_shift(&mut self, mut input: Input) -> anyhow::Result<i64> {
        let characters_max = self.target.service.settings().texts.story_characters_max;
        let mut newest: Option<Story> = None;
        loop {
            let lines = input.lines(STEP, |line| read(line, characters_max))?;
            if lines.is_empty() {
                break;
            }
            let stories = lines.into_iter().filter_map(|line| line.says.ok());
            newest = newest
                .into_iter()
                .chain(stories)
                .max_by_key(|story| story.millis);
        }
        input.bar.finish_and_clear();
        let Some(newest) = newest else { return Ok(0) };
        let today = days_to(newest.millis, self.target.service.clock().now());
        let Some(author) = self
            .authors(std::slice::from_ref(&newest))
            .await?
            .pop()
            .flatten()
        else {
            return Ok(today);
        };
        let mut moments = Moments::new(self.target.service.settings().node.region);
        for days in
            (0..=today.saturating_sub(days_to(newest.millis, EPOCH))).map(|back| today - back)
        {
            let Ok(at) = shifted(newest.millis, days, self.target.service.clock().now()) else {
                break;
            };
            if moments
                .holds(&self.target, at, author, newest.text.as_str())
                .await?
            {
                return Ok(days);
            }
        }
        Ok(today)
    }

    async fn stories_step(
        &mut self,
        step: Vec<Story>,
        input: &Input,
        moments: &mut Moments,
        stories: &mut Stories,
    ) -> anyhow::Result<()> {
        let authors = self.authors(&step).await?;
        let mut new = Vec::with_capacity(step.len());
        for (story, author) in step.into_iter().zip(authors) {
            let Some(author) = author else {
                let why = "nobody has the author's handle";
                self.faults.tell(&input.bar, &input.name, story.line, why)?;
                continue;
            };
            match moments
                .slot(&self.target, story.at, author, story.text.as_str())
                .await?
            {
                Slot::Existing => stories.there += 1,
                Slot::New(id) => new.push(NewStory {
                    id,
                    author,
                    mentions: mentions(story.text.as_str())
                        .into_iter()
                        .map(Handle::into_string)
                        .collect(),
                    attachments: Vec::new(),
                    link: None,
                    tags: hashtags(story.text.as_str()),
                    text: story.text.into_string(),
                    audience: story.audience,
                    idempotency: None,
                    now: story.at,
                    claim: None,
                }),
                Slot::Full => {
                    let why = "too many stories have exactly this time";
                    self.faults.tell(&input.bar, &input.name, story.line, why)?;
                }
            }
        }
        stories.new += self.target.operations.post_many(new).await?;
        Ok(())
    }

    /// Returns the author of each story. Creates a person for a number that has none.
    async fn authors(&mut self, stories: &[Story]) -> anyhow::Result<Vec<Option<PersonId>>> {
        let number = |story: &Story| match story.author {
            Author::Number(number) => Some(number),
            Author::Handle(_) => None,
        };
        self.people
            .resolve(stories.iter().filter_map(number))
            .await?;
        let mut handles = Vec::new();
        for story in stories {
            if let Author::Handle(handle) = &story.author {
                handles.push(Handle::lookup(handle).map_or_else(String::new, Handle::into_string));
            }
        }
        let mut found = self
            .target
            .operations
            .ids_of_handles(handles)
            .await?
            .into_iter();
        let author = |story: &Story| match number(story) {
            Some(number) => self.people.person(number),
            None => found.next().flatten(),
        };
        Ok(stories.iter().map(author).collect())
    }
}

fn read(line: &str, characters_max: usize) -> Result<Story, String> {
    let written: Written = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if matches!(written.author, Author::Number(number) if number > NUMBER_MAX) {
        return Err(format!(
            "author is a number of at most {NUMBER_MAX} or a handle"
        ));
    }
    let text = checked(&written.text, characters_max).map_err(|rule| rule.to_string())?;
    let millis = written.at.millis()?;
    Ok(Story {
        line: 0,
        author: written.author,
        text,
        audience: written.audience,
        millis,
        at: Timestamp::default(),
    })
}

fn checked(text: &str, characters_max: usize) -> Result<StoryText, RuleBroken> {
    let text = StoryText::parse(text, TextRequirement::Required)?;
    let characters = text.as_str().chars().count();
    if characters > characters_max {
        Err(RuleBroken::StoryTextTooLong { characters })
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(line: &str, why: &str) {
        let told = read(line, 10).err().unwrap_or_default();
        assert!(told.contains(why), "{line}: {told}");
    }

    #[test]
    fn a_story_is_for_friends_unless_it_says_otherwise() {
        let story = read(r#"{"author": 3, "text": "hello", "at": "2025-01-01"}"#, 10)
            .ok()
            .unwrap();
        assert_eq!(story.audience, Audience::Friends);
        let story = read(
            r#"{"author": "mina", "text": "hi", "audience": "public", "at": 1735689600}"#,
            10,
        );
        assert_eq!(story.ok().unwrap().audience, Audience::Public);
    }

    #[test]
    fn what_is_not_a_story_is_refused_with_the_reason() {
        check_refused(r#"{"author": 3, "text": "", "at": "2025-01-01"}"#, "empty");
        check_refused(
            r#"{"author": 3, "text": "eleven char", "at": "2025-01-01"}"#,
            "too long",
        );
        check_refused(r#"{"author": 3, "text": "hello"}"#, "missing field `at`");
        check_refused(
            r#"{"author": true, "text": "hello", "at": 0}"#,
            "an author is a number or a \"handle\"",
        );
        check_refused(
            r#"{"author": 3, "text": "hello", "audience": "me", "at": 0}"#,
            "unknown variant",
        );
        check_refused(
            r#"{"author": 3, "text": "hello", "at": {}}"#,
            "a time is text",
        );
    }
}
