//! Batched delivery: the readers of many orders are read together, each timeline is looked up once for all orders, and
//! one write records the progress.
//!
//! Orders are processed in rounds. In each round every order that has readers left gets its next chunk, as long as the
//! read stays short. Progress is recorded between two rounds, so a crash repeats at most one round.

use std::mem::take;

use sosik_fabric::Signals;
use sosik_fabric::timelines::Delivery as TimelineDelivery;
use sosik_feed::pulled::LogEntry;
use sosik_feed::{Audience, PersonId};
use sosik_store::{HeldOrder, Order, ReaderChunk, ReadersMax, ReadersQuery};

use super::Delivery;
use super::work::Outcome;
use crate::{ServiceError, ServiceResult};

/// Readers that one read returns, over all orders. It takes some 10 ms of a connection of the store, and 160 kB. The
/// rest is left to the next read.
const ROUND_READERS_MAX: usize = 20_000;

/// The progress of an order through the readers of its author.
struct Walk<'a> {
    order: &'a Order,
    audience: Audience,
    done_to: PersonId,
}

impl Delivery {
    /// Delivers the orders. Returns those that are done. The others were claimed by another worker, or the service is
    /// stopping and they remain for the next start.
    ///
    /// # Errors
    /// When store or fabric fail. Any part of the orders may be done.
    pub(super) async fn deliver_batch(&self, orders: &[Order]) -> ServiceResult<Vec<HeldOrder>> {
        let (mut done, mut walks) = self.begin(orders).await?;
        while !walks.is_empty() {
            let chunks = self.next_readers(&walks).await?;
            self.push(&walks, &chunks).await?;
            done.extend(self.advance(&mut walks, &chunks));
            if walks.is_empty() {
                break;
            }
            self.record(Outcome {
                done: take(&mut done),
                ..Outcome::default()
            })
            .await;
            walks = self.record_progress(walks).await?;
            if self.core.stopping.is_cancelled() {
                break; // the claims are released
            }
        }
        Ok(done)
    }

    /// Handles orders without readers to walk: stories that are deleted, and those of large authors, which are appended
    /// to the log.
    async fn begin<'a>(
        &self,
        orders: &'a [Order],
    ) -> ServiceResult<(Vec<HeldOrder>, Vec<Walk<'a>>)> {
        let (mut done, mut walks) = (Vec::new(), Vec::new());
        if orders.is_empty() {
            return Ok((done, walks));
        }
        let ids: Vec<_> = orders.iter().map(|order| order.story).collect();
        let stories = self.core.stories(&ids).await?;
        let authors = orders.iter().map(|order| order.author).collect();
        let limits = self.core.settings.delivery.large_author;
        let large = self.core.store.large_authors(authors, limits).await?;
        for ((order, story), large) in orders.iter().zip(stories).zip(large) {
            match story {
                None => done.push(order.held()),
                Some(story) if large => {
                    // The current audience: a story that became public in the meantime is also public for its first
                    // delivery.
                    let entry = LogEntry {
                        story: order.story,
                        author: order.author,
                        audience: story.record.audience,
                    };
                    let appended = self.core.engines.log.append(entry).await;
                    appended.map_err(ServiceError::of_delivery)?;
                    self.record_lag(order, "large");
                    done.push(order.held());
                }
                Some(story) => walks.push(Walk {
                    order,
                    audience: story.record.audience,
                    done_to: order.done_to,
                }),
            }
        }
        Ok((done, walks))
    }

    /// The next readers of the first walks, as many as one read returns.
    async fn next_readers(&self, walks: &[Walk<'_>]) -> ServiceResult<Vec<ReaderChunk>> {
        let query = |walk: &Walk<'_>| ReadersQuery {
            author: walk.order.author,
            audience: walk.audience,
            after: walk.done_to,
        };
        let max = ReadersMax {
            each: self.core.settings.delivery.chunk,
            total: ROUND_READERS_MAX,
        };
        let queries = walks.iter().map(query).collect();
        Ok(self.core.store.readers_of_many(queries, max).await?)
    }

    async fn push(&self, walks: &[Walk<'_>], chunks: &[ReaderChunk]) -> ServiceResult<()> {
        let mut deliveries = Vec::with_capacity(chunks.len());
        for (walk, chunk) in walks.iter().zip(chunks) {
            let mut readers = chunk.readers.clone();
            // The post has already inserted it, unless that failed.
            if walk.done_to == PersonId::default() {
                readers.push(walk.order.author);
            }
            let story = walk.order.story;
            deliveries.push(TimelineDelivery { story, readers });
        }
        let taken = self.core.engines.timelines.deliver(&deliveries).await;
        let taken = taken.map_err(ServiceError::of_delivery)?;
        // After the delivery, because a stream reads immediately.
        for delivery in &deliveries {
            self.core.wake(&delivery.readers, Signals::STORY).await;
        }
        metrics::counter!("sosik_deliveries_total").increment(taken as u64);
        Ok(())
    }

    /// Advances the walks past the readers served, and returns the finished walks.
    fn advance(&self, walks: &mut Vec<Walk<'_>>, chunks: &[ReaderChunk]) -> Vec<HeldOrder> {
        let (mut done, mut left) = (Vec::new(), Vec::new());
        for (place, mut walk) in take(walks).into_iter().enumerate() {
            let Some(chunk) = chunks.get(place) else {
                left.push(walk);
                continue;
            };
            match chunk.readers.last().filter(|_| !chunk.last) {
                Some(last) => {
                    walk.done_to = *last;
                    left.push(walk);
                }
                None => {
                    self.record_lag(walk.order, "small");
                    done.push(walk.order.held());
                }
            }
        }
        *walks = left;
        done
    }

    /// Records the progress of the walks and extends their claims. Returns the walks whose claims still hold.
    async fn record_progress<'a>(&self, walks: Vec<Walk<'a>>) -> ServiceResult<Vec<Walk<'a>>> {
        let progress = walks.iter().map(|walk| (walk.order.held(), walk.done_to));
        let (progress, until) = (progress.collect(), self.claim_until());
        let holds = self.core.store.order_progress(progress, until).await?;
        let held = walks.into_iter().zip(holds).filter(|(_, holds)| *holds);
        Ok(held.map(|(walk, _)| walk).collect())
    }

    fn record_lag(&self, order: &Order, size: &'static str) {
        let lag = self.core.now().since(order.created_at);
        metrics::histogram!("sosik_delivery_lag_seconds", "author" => size)
            .record(lag.as_secs_f64());
    }
}
