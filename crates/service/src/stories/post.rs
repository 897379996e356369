//! Posts a story: one transaction, then the author's own timeline, then the response.

use sosik_fabric::Signals;
use sosik_fabric::delivery_queue::Permit;
use sosik_fabric::timelines::Delivery;
use sosik_feed::text::{self, StoryText, TextRequirement};
use sosik_feed::{Audience, Committed, PersonId, RuleBroken, StoryId};
use sosik_store::{
    NewStory, Order, OrderKind, Posted, StoreError, StoreResult, StoryCounts, StoryRecord,
};

use super::{AttachRequest, Stories, StoryItem, attachments, handles};
use crate::core::ids::RENEWALS_MAX;
use crate::delivery::watermark::InFlight;
use crate::error::RETRY_AFTER;
use crate::{Changes, ServiceError, ServiceResult};

/// The story to post.
#[derive(Debug, Clone)]
pub struct PostRequest {
    /// As typed.
    pub text: String,
    /// Audience of the story.
    pub audience: Audience,
    /// Photos of the author, in their order.
    pub attachments: Vec<AttachRequest>,
    /// Key that identifies a repeat of this request.
    pub idempotency_key: Option<String>,
}

impl Stories {
    /// Posts a story. When this returns, the story and its delivery order are durable, and the story is in the author's
    /// own feed.
    ///
    /// # Errors
    /// `RuleBroken` if the text is empty or too long or the key is invalid; `IdempotencyKeyReused`; `Busy` (also while
    /// deliveries are far behind); `NotFound` if the request is a repeat and the story has been deleted since.
    pub async fn post(&self, author: PersonId, request: PostRequest) -> ServiceResult<StoryItem> {
        let this = self.clone();
        let wanted: Vec<_> = request.attachments.iter().map(|it| it.media).collect();
        let posted = self
            .core
            .run_to_completion(async move { this.post_uninterrupted(author, request).await })
            .await;
        self.media.explain(author, &wanted, posted).await
    }

    async fn post_uninterrupted(
        &self,
        author: PersonId,
        request: PostRequest,
    ) -> ServiceResult<StoryItem> {
        let attachments = attachments::checked(&request.attachments)?;
        let text = self.checked_text(&request.text, attachments.len())?;
        let attached = attachments::fingerprint(&attachments);
        let mut parts = vec![&*request.text, audience_name(request.audience)];
        parts.extend(attached.iter().map(String::as_str));
        let idempotency = self.core.idempotency(request.idempotency_key, &parts)?;
        self.delivery.admit_post()?;
        let link = self.media.new_preview(author, &text).await?;
        let has_link = link.is_some();
        let in_flight = self.begin_post(author).await?;
        let id = in_flight.story();
        let now = self.core.now();
        // Before the write: an order without room in the queue is not claimed, so that any worker can take it.
        let permit = self.delivery.reserve();
        let story = NewStory {
            id,
            author,
            mentions: handles(&text),
            attachments,
            link,
            tags: text::hashtags(&text),
            text,
            audience: request.audience,
            idempotency,
            now,
            claim: permit.as_ref().map(|_| self.delivery.new_claim()),
        };
        let record = record_of(&story);
        let order = order(&story);
        let answer = self.core.store.post(story).await;
        if may_be_new(&answer) {
            // This comes first, so that a failure below does not delay the delivery.
            self.enqueue(order, permit).await;
        }
        if has_link {
            self.media.notify_workers();
        }
        let posted = answer?;
        match posted.value {
            Posted::New {
                notified,
                mentions,
                attachments,
            } => {
                // No cache has anything about a story that did not exist.
                let changes = Changes::default().notify(notified);
                self.core.invalidate(posted.at, changes).await;
                self.put_into_own_timeline(author, id).await?;
                drop(in_flight);
                metrics::counter!("sosik_stories_posted_total").increment(1);
                let record = StoryRecord {
                    mentions,
                    attachments,
                    ..record
                };
                self.core.hydrate_new(record).await
            }
            Posted::Repeated(first) => {
                // The first attempt may have ended right after its commit.
                self.put_into_own_timeline(author, first).await?;
                self.delivery.notify_workers();
                self.own_story(author, first).await
            }
            Posted::KeyReused => Err(ServiceError::IdempotencyKeyReused),
            Posted::NoSuchStory | Posted::NoSuchComment => Err(ServiceError::NotFound("story")),
        }
    }

    /// Passes the order to the workers. An order without room in the queue is not claimed and is due in the store.
    async fn enqueue(&self, order: Order, permit: Option<Permit>) {
        match permit {
            Some(permit) => self.delivery.offer(permit, order).await,
            None => self.delivery.notify_workers(),
        }
    }

    /// The author sees the story on the next read, on any node. If the fabric fails, every node distrusts the timeline
    /// until it is dropped. If that cannot be logged, the client gets an error although the story is stored: it repeats
    /// the request and comes here again.
    async fn put_into_own_timeline(&self, author: PersonId, story: StoryId) -> ServiceResult<()> {
        let readers = vec![author];
        let delivery = [Delivery { story, readers }];
        let delivered = self.core.engines.timelines.deliver(&delivery).await;
        if self.core.fabric_result("deliver", delivered).is_none() {
            self.core.distrust_timeline(author).await?;
        }
        self.core.wake(&[author], Signals::STORY).await;
        Ok(())
    }

    /// Makes an id and registers it, so that the delivery watermark does not pass it.
    async fn begin_post(&self, author: PersonId) -> ServiceResult<InFlight<'_>> {
        let make = || Ok(StoryId::of_author(author, self.core.ids.try_next()?));
        for _ in 0..RENEWALS_MAX {
            match self.delivery.shared.watermark.begin(make) {
                Ok(in_flight) => return Ok(in_flight),
                Err(refused) => self.core.ids.renew_after(refused).await?,
            }
        }
        Err(ServiceError::Busy(RETRY_AFTER))
    }

    /// Checks the text against the rules of the domain and the configured limit. It may be empty beside attachments.
    pub(crate) fn checked_text(&self, text: &str, attachments: usize) -> ServiceResult<String> {
        let text = StoryText::parse(text, TextRequirement::beside(attachments))?.into_string();
        let characters = text.chars().count();
        if characters > self.core.settings.texts.story_characters_max {
            return Err(RuleBroken::StoryTextTooLong { characters }.into());
        }
        Ok(text)
    }

    async fn own_story(&self, author: PersonId, id: StoryId) -> ServiceResult<StoryItem> {
        let story = self
            .core
            .stories(&[id])
            .await?
            .pop()
            .flatten()
            .ok_or(ServiceError::NotFound("story"))?;
        let circle = self.core.circle(author).await?;
        self.core
            .hydrate(author, &circle, vec![story])
            .await?
            .pop()
            .ok_or(ServiceError::NotFound("person"))
    }
}

/// The row that the store writes, without its mentions: only the store knows which handles exist.
fn record_of(story: &NewStory) -> StoryRecord {
    StoryRecord {
        id: story.id,
        author: story.author,
        audience: story.audience,
        text: story.text.as_str().into(),
        created_at: story.now,
        edited_at: None,
        mentions: Vec::new(),
        tags: story.tags.clone(),
        attachments: Vec::new(),
        link: None,
        counts: StoryCounts::default(),
    }
}

/// The delivery order that the store writes together with the story.
fn order(story: &NewStory) -> Order {
    Order {
        story: story.id,
        kind: OrderKind::Deliver,
        author: story.author,
        done_to: PersonId::default(),
        attempts: 0,
        created_at: story.now,
        claim: story.claim.unwrap_or_default(),
    }
}

/// Whether the story is in the store, or may be. A write without a result may have committed.
fn may_be_new(answer: &StoreResult<Committed<Posted<StoryId>>>) -> bool {
    match answer {
        Ok(posted) => matches!(posted.value, Posted::New { .. }),
        Err(StoreError::Closed | StoreError::Failed { .. }) => true,
        Err(
            StoreError::Busy
            | StoreError::Full
            | StoreError::LeaseLost
            | StoreError::QuotaReached(_)
            | StoreError::MediaRefused(_),
        ) => false,
    }
}

const fn audience_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "public",
        Audience::Friends => "friends",
    }
}
