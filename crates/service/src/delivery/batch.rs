//! Deliveries of many orders together: their readers are read at once, each timeline is looked up once for all of
//! them, and what is done is recorded in one write.
//!
//! Orders walk their readers in rounds. In each round every order that has readers left gets the next chunk of them, as
//! long as the read stays short. Between two rounds progress is recorded, so a crash repeats one round at most.

use std::mem::take;

use sosik_fabric::Delivery;
use sosik_feed::{Audience, PersonId};
use sosik_store::{HeldOrder, Order, ReaderChunk, ReadersAsk, ReadersMax};

use super::work::Outcome;
use crate::sabotage::Sabotage;
use crate::{Service, ServiceError, ServiceResult};

/// Readers that one read finds, all orders together, before it leaves the rest to the next: some 10 ms of a connection
/// of the store, and 160 kB.
const ROUND_READERS_MAX: usize = 20_000;

/// An order on its way through the readers of its author.
struct Walk<'a> {
    order: &'a Order,
    audience: Audience,
    done_to: PersonId,
}

impl Service {
    /// Delivers what the orders ask for; answers those that are done. The others were lost to another claim, or are for
    /// the next start, since the service stops.
    ///
    /// # Errors
    /// When store or fabric fail. Any part of the orders may be done.
    pub(super) async fn deliver_together(&self, orders: &[Order]) -> ServiceResult<Vec<HeldOrder>> {
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
            walks = self.still_held(walks).await?;
            if self.0.stopping.is_cancelled() {
                break; // the claims are released
            }
        }
        Ok(done)
    }

    /// Sorts out what needs no walk: stories that are deleted, and those of large authors, which go into their log.
    async fn begin<'a>(
        &self,
        orders: &'a [Order],
    ) -> ServiceResult<(Vec<HeldOrder>, Vec<Walk<'a>>)> {
        let (mut done, mut walks) = (Vec::new(), Vec::new());
        if orders.is_empty() {
            return Ok((done, walks));
        }
        let ids: Vec<_> = orders.iter().map(|order| order.story).collect();
        let stories = self.stories(&ids).await?;
        let authors = orders.iter().map(|order| order.author).collect();
        let limits = self.0.settings.delivery.large_author;
        let large = self.0.store.large_authors(authors, limits).await?;
        for ((order, story), large) in orders.iter().zip(stories).zip(large) {
            match story {
                None => done.push(order.held()),
                Some(_) if large => {
                    let announced = self.0.fabric.announce(order.story, order.author).await;
                    announced.map_err(ServiceError::of_delivery)?;
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

    /// The next readers of the first of the walks, as many as one read finds.
    async fn next_readers(&self, walks: &[Walk<'_>]) -> ServiceResult<Vec<ReaderChunk>> {
        let ask = |walk: &Walk<'_>| ReadersAsk {
            author: walk.order.author,
            audience: walk.audience,
            after: walk.done_to,
        };
        let max = ReadersMax {
            each: self.0.settings.delivery.chunk,
            total: ROUND_READERS_MAX,
        };
        let asks = walks.iter().map(ask).collect();
        Ok(self.0.store.readers_of_many(asks, max).await?)
    }

    async fn push(&self, walks: &[Walk<'_>], chunks: &[ReaderChunk]) -> ServiceResult<()> {
        let mut deliveries = Vec::with_capacity(chunks.len());
        for (walk, chunk) in walks.iter().zip(chunks) {
            let dropped = chunk.last && self.breaks(Sabotage::DropLastChunk);
            let mut readers = if dropped {
                Vec::new()
            } else {
                chunk.readers.clone()
            };
            // The one who posted has put it there already, unless that failed.
            if walk.done_to == PersonId::default() && !self.breaks(Sabotage::ForgetOwnStory) {
                readers.push(walk.order.author);
            }
            let story = walk.order.story;
            deliveries.push(Delivery { story, readers });
        }
        let taken = self.0.fabric.deliver_many(&deliveries).await;
        let taken = taken.map_err(ServiceError::of_delivery)?;
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

    /// Records how far the walks are and extends their claims; answers those whose claim holds.
    async fn still_held<'a>(&self, walks: Vec<Walk<'a>>) -> ServiceResult<Vec<Walk<'a>>> {
        let progress = walks.iter().map(|walk| (walk.order.held(), walk.done_to));
        let (progress, until) = (progress.collect(), self.claim_until());
        let holds = self.0.store.order_progress(progress, until).await?;
        let held = walks.into_iter().zip(holds).filter(|(_, holds)| *holds);
        Ok(held.map(|(walk, _)| walk).collect())
    }

    fn record_lag(&self, order: &Order, size: &'static str) {
        let lag = self.now().since(order.created_at);
        metrics::histogram!("sosik_delivery_lag_seconds", "author" => size)
            .record(lag.as_secs_f64());
    }
}
