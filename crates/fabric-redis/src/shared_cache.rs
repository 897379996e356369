//! The engine of the shared cache. An entry is one string, written and read by scripts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::Value;
use sosik_fabric::shared_cache::VALUE_BYTES_MAX;
use sosik_fabric::{FabricResult, LookUp, SharedCache, SharedKey, Ticket};

use crate::keys::{ENTRIES_PREFIX, Key};
use crate::link::Link;
use crate::reply::{self, Failure};
use crate::scripts::{FILL, LOOK_UP};
use crate::unlink;

/// How long an entry may be used. Nothing depends on it: it bounds the memory. It is much shorter than that of a timeline,
/// so Redis evicts these entries first: a row by its key costs the store a hundredth of a timeline.
const ENTRY_EXPIRY: Duration = Duration::from_secs(60 * 60);

/// How long a ticket is valid. A read of the store takes milliseconds. While a ticket of a dead process is valid, other
/// nodes read the store.
const TICKET_EXPIRY: Duration = Duration::from_secs(5);

/// Copies of rows in Redis.
pub struct RedisSharedCache {
    link: Arc<Link>,
}

impl RedisSharedCache {
    pub(crate) const fn new(link: Arc<Link>) -> Self {
        Self { link }
    }

    async fn look_up_now(&self, key: SharedKey) -> Result<LookUp, Failure> {
        let session = self.link.session()?;
        let server = session.server().as_u64().to_be_bytes();
        let number = rand::random::<u64>();
        let expiry = u64::try_from(TICKET_EXPIRY.as_millis()).unwrap_or(u64::MAX);
        let at = Key::Entry(key);
        let found = self.link.run(&session, at, |by| {
            let mut call = LOOK_UP.call(by, 1);
            call.arg(at).arg(&server).arg(&number.to_be_bytes());
            call.arg(expiry);
            call
        });
        match found.await? {
            Value::BulkString(value) => Ok(LookUp::Hit(value)),
            other => {
                let mine = reply::int(other)? == 1;
                Ok(LookUp::Miss(mine.then_some(Ticket { key, number })))
            }
        }
    }

    async fn fill_now(&self, ticket: Ticket, value: &[u8]) -> Result<bool, Failure> {
        if value.len() > VALUE_BYTES_MAX {
            return Ok(false);
        }
        let session = self.link.session()?;
        let server = session.server().as_u64().to_be_bytes();
        let key = Key::Entry(ticket.key);
        let filled = self.link.run(&session, key, |by| {
            let mut call = FILL.call(by, 1);
            call.arg(key).arg(&server);
            call.arg(&ticket.number.to_be_bytes());
            call.arg(value).arg(ENTRY_EXPIRY.as_secs());
            call
        });
        Ok(reply::int(filled.await?)? == 1)
    }
}

#[async_trait]
impl SharedCache for RedisSharedCache {
    async fn look_up(&self, key: SharedKey) -> FabricResult<LookUp> {
        Ok(self.look_up_now(key).await?)
    }

    async fn fill(&self, ticket: Ticket, value: &[u8]) -> FabricResult<bool> {
        Ok(self.fill_now(ticket, value).await?)
    }

    async fn drop_entry(&self, key: SharedKey) -> FabricResult<()> {
        Ok(unlink::one(&self.link, Key::Entry(key)).await?)
    }

    async fn drop_all_entries(&self) -> FabricResult<()> {
        Ok(unlink::all(&self.link, ENTRIES_PREFIX).await?)
    }
}
