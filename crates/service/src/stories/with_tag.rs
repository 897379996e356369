//! The stories with a tag.
//!
//! The index knows tags and not entitlement, so it is walked newest first and what the viewer may not open is left
//! out. The walk is bounded: where most stories with a tag are for others, a page is short or empty and says where to
//! go on.

use std::sync::Arc;

use sosik_feed::{Circle, Cursor, PersonId, StoryId, text};
use unicode_normalization::char::is_combining_mark;

use super::StoryPage;
use crate::caches::StoryEntry;
use crate::pages::page_limit;
use crate::{Service, ServiceResult};

/// Stories looked up at once.
const BATCH: u32 = 100;

/// Batches looked at for one page: five hundred stories, a few milliseconds.
const BATCHES_MAX: usize = 5;

/// What a walk has come to.
#[derive(Default)]
struct Walk {
    admitted: Vec<Arc<StoryEntry>>,
    /// Down to here, this one included, everything is decided about.
    last: Option<StoryId>,
    end: bool,
}

impl Service {
    /// Stories with this tag that the viewer may open, newest first. The tag is compared without width and capitals,
    /// with or without its `#`; a text that is no tag is on no story.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stories_with_tag(
        &self,
        viewer: PersonId,
        tag: &str,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let Some(tag) = normal_form(tag) else {
            return Ok(StoryPage {
                end: true,
                ..StoryPage::default()
            });
        };
        let circle = self.circle(viewer).await?;
        let walk = self
            .walk_tag(viewer, &circle, &tag, before, page_limit(limit))
            .await?;
        let before = walk
            .last
            .or(before)
            .filter(|_| !walk.end)
            .map(|last| Cursor::Below(last.raw()));
        Ok(StoryPage {
            items: self.items(viewer, &circle, walk.admitted).await?,
            before,
            end: walk.end,
        })
    }

    async fn walk_tag(
        &self,
        viewer: PersonId,
        circle: &Circle,
        tag: &str,
        before: Option<StoryId>,
        limit: usize,
    ) -> ServiceResult<Walk> {
        let mut walk = Walk::default();
        for _ in 0..BATCHES_MAX {
            let ids = self
                .0
                .store
                .stories_with_tag(tag, walk.last.or(before), BATCH)
                .await?;
            let stories = self.stories(&ids).await?;
            for (id, story) in ids.iter().zip(stories) {
                if walk.admitted.len() == limit {
                    return Ok(walk);
                }
                walk.last = Some(*id);
                walk.admitted.extend(story.filter(|story| {
                    circle.may_open(viewer, story.record.author, story.record.audience)
                }));
            }
            if ids.len() < BATCH as usize {
                walk.end = true;
                return Ok(walk);
            }
        }
        Ok(walk)
    }
}

/// The tag as it is kept; `None` when it is none.
fn normal_form(tag: &str) -> Option<String> {
    let bare = tag.strip_prefix(['#', '＃']).unwrap_or(tag);
    // In a text another character ends the tag; here it makes the whole another thing.
    let is_whole = bare
        .chars()
        .all(|each| each.is_alphanumeric() || is_combining_mark(each) || each == '_');
    is_whole
        .then(|| text::hashtags(&format!("#{bare}")).pop())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_taken_with_or_without_its_sign_and_in_one_form() {
        for text in ["Seoul", "#seoul", "＃ＳＥＯＵＬ"] {
            assert_eq!(normal_form(text).as_deref(), Some("seoul"), "{text}");
        }
        for text in ["봄_나들이", "cafe\u{301}", "ラーメン", &"가".repeat(50)] {
            assert_eq!(
                normal_form(text),
                text::hashtags(&format!("#{text}")).pop(),
                "{text}"
            );
            assert!(normal_form(text).is_some(), "{text}");
        }
        for text in [
            "",
            "#",
            "12",
            "two words",
            "a-b",
            "a,",
            "a#b",
            "##a",
            &"가".repeat(51),
        ] {
            assert_eq!(normal_form(text), None, "{text:?}");
        }
    }
}
