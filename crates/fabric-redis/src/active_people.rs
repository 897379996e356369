//! The engine of active people: a HyperLogLog for each day, whose standard error is 0.8 %.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::Pipeline;
use sosik_fabric::FabricResult;
use sosik_fabric::active_people::{ActiveCounts, ActivePeople, DAYS, day_of};
use sosik_feed::{PersonId, Timestamp};

use crate::keys::Key;
use crate::link::Link;
use crate::reply::{self, Failure};

/// A day is counted for 30 days. 31 days of 14 KB are the longest that Redis keeps anything, so they are evicted last.
const EXPIRY: Duration = Duration::from_secs((DAYS + 1) * 24 * 60 * 60);

/// Active people in Redis.
pub struct RedisActivePeople {
    link: Arc<Link>,
}

impl RedisActivePeople {
    pub(crate) const fn new(link: Arc<Link>) -> Self {
        Self { link }
    }

    async fn note_now(&self, person: PersonId, at: Timestamp) -> Result<(), Failure> {
        let session = self.link.session()?;
        let key = Key::Day(day_of(at));
        let mut commands = Pipeline::with_capacity(2);
        let person = person.as_u64().to_be_bytes();
        commands.cmd("PFADD").arg(key).arg(&person);
        commands.cmd("EXPIRE").arg(key).arg(EXPIRY.as_secs());
        let replies = self.link.call(&session, key, &commands).await?;
        let mut replies = replies.into_iter().map(reply::int);
        replies.try_for_each(|reply| reply.map(drop))
    }

    async fn count_now(&self, at: Timestamp) -> Result<ActiveCounts, Failure> {
        let session = self.link.session()?;
        let day = day_of(at);
        let days = (day + 1).saturating_sub(DAYS)..=day;
        let days: Vec<_> = days.map(Key::Day).collect();
        let mut commands = Pipeline::with_capacity(2);
        commands.cmd("PFCOUNT").arg(Key::Day(day));
        commands.cmd("PFCOUNT").arg(days);
        let replies = self.link.call(&session, Key::Day(day), &commands).await?;
        let [day, thirty_days] = reply::exactly(replies)?;
        Ok(ActiveCounts {
            day: number(day)?,
            thirty_days: number(thirty_days)?,
        })
    }
}

fn number(value: redis::Value) -> Result<u64, Failure> {
    u64::try_from(reply::int(value)?).or(Err(Failure::Unexpected("a count")))
}

#[async_trait]
impl ActivePeople for RedisActivePeople {
    async fn note(&self, person: PersonId, at: Timestamp) -> FabricResult<()> {
        Ok(self.note_now(person, at).await?)
    }

    async fn count(&self, at: Timestamp) -> FabricResult<ActiveCounts> {
        Ok(self.count_now(at).await?)
    }
}
