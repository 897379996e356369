//! Writes the stories of a world in the order of time.

use std::ops::Range;

use sosik_feed::id::{EPOCH, SEQUENCES};
use sosik_feed::text::hashtags;
use sosik_feed::{Audience, PersonId, StoryId, Timestamp, UnownedId};
use sosik_load::world::{Story, StoryGenerator};
use sosik_store::NewStory;

use super::steps::first_missing;
use super::{Fill, Part};

/// Stories per transaction. The authors are spread over the whole index, so every step writes nearly all of its pages.
/// Few large steps write fewer pages.
const STEP: u64 = 50_000;

impl Fill {
    pub(super) async fn fill_stories(&self) -> anyhow::Result<Part> {
        let store = &self.target.operations;
        let generator = self.generator();
        let step = |step: u64| step * STEP..((step + 1) * STEP).min(generator.count());
        let steps = generator.count().div_ceil(STEP);
        let is_there = async |number: u64| {
            let last = step(number).end - 1;
            let author = self.id(generator.story(last).author);
            let last = self.story_id(&generator, last, author);
            Ok(!store.existing_stories(last, last).await?.is_empty())
        };
        let bar = (self.watch.bar)("stories", generator.count());
        let mut new = 0;
        for number in first_missing(steps, is_there).await?..steps {
            new += store.post_many(self.told(&generator, step(number))).await?;
            bar.set_position(step(number).end);
        }
        bar.finish_and_clear();
        Ok(Part::of(new))
    }

    fn told(&self, generator: &StoryGenerator, stories: Range<u64>) -> Vec<NewStory> {
        let told = |number: u64| {
            let Story {
                author,
                before_end_ms,
                public,
                text,
            } = generator.story(number);
            let author = self.id(author);
            NewStory {
                id: self.story_id(generator, number, author),
                author,
                mentions: Vec::new(),
                attachments: Vec::new(),
                link: None,
                tags: hashtags(&text),
                text,
                audience: match public {
                    true => Audience::Public,
                    false => Audience::Friends,
                },
                idempotency: None,
                now: self.before_end(before_end_ms),
                claim: None,
            }
        };
        stories.map(told).collect()
    }

    /// The sequence number counts the earlier stories of the same millisecond.
    fn story_id(&self, generator: &StoryGenerator, story: u64, author: PersonId) -> StoryId {
        let before_end_ms = generator.before_end_ms(story);
        let same = (0..story)
            .rev()
            .take_while(|earlier| generator.before_end_ms(*earlier) == before_end_ms);
        let sequence = u16::try_from(same.take(SEQUENCES.into()).count()).unwrap_or_default();
        let at = self.before_end(before_end_ms);
        let millis = at.since(EPOCH).as_millis();
        let millis = u64::try_from(millis).unwrap_or_default();
        StoryId::of_author(
            author,
            UnownedId::from_fields(millis, self.node(), sequence),
        )
    }

    fn before_end(&self, millis: u64) -> Timestamp {
        Timestamp::from_millis(self.until().as_millis().saturating_sub(millis + 1))
    }
}
