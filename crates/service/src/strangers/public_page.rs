//! The page of public stories: the newest ones of all authors, for everybody.

use sosik_feed::{Circle, Cursor, PersonId, StoryId};

use super::{Part, Strangers};
use crate::ServiceResult;
use crate::pages::{Filled, fill, page_limit};
use crate::stories::StoryPage;

impl Strangers {
    /// The public stories of all authors, newest first. For a signed-in reader without those of people whom the reader
    /// muted, and of people who are severed from the reader.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn public_page(
        &self,
        reader: Option<PersonId>,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let Some(reader) = reader else {
            return self.page(None, before, limit).await;
        };
        let circle = self.core.circle(reader).await?;
        let Filled { shown, next } = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let part = Part {
                    author: None,
                    before,
                };
                let rows = self.part(part, count).await?;
                let author_of =
                    |(_, story): &super::Row| story.as_ref().map(|story| story.record.author);
                let shows = |circle: &Circle, (_, story): &super::Row| {
                    story.as_ref().is_some_and(|story| {
                        super::is_open(story) && circle.shows_in_public(reader, story.record.author)
                    })
                };
                self.core
                    .judge(reader, &circle, rows, author_of, shows)
                    .await
            },
            |(id, _)| *id,
        )
        .await?;
        let stories = shown.into_iter().filter_map(|(_, story)| story).collect();
        Ok(StoryPage {
            items: self.core.hydrate(reader, &circle, stories).await?,
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
        })
    }
}
