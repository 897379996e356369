//! A shared cache for several nodes in one process, for tests. A single node needs none: its own caches are as near.

use async_trait::async_trait;
use foldhash::HashMap;
use parking_lot::Mutex;

use crate::error::FabricResult;
use crate::shared_cache::{LookUp, SharedCache, SharedKey, Ticket, VALUE_BYTES_MAX};

/// Maximum number of entries: more than any test has. Beyond it, all entries are dropped.
const ENTRIES_MAX: usize = 10_000;

/// Entries in this process.
#[derive(Debug, Default)]
pub struct MemorySharedCache(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    last_number: u64,
    by_key: HashMap<SharedKey, Entry>,
}

#[derive(Debug)]
enum Entry {
    Value(Vec<u8>),
    /// A caller with the ticket of this number is filling it.
    Ticket(u64),
}

#[async_trait]
impl SharedCache for MemorySharedCache {
    async fn look_up(&self, key: SharedKey) -> FabricResult<LookUp> {
        let mut entries = self.0.lock();
        Ok(match entries.by_key.get(&key) {
            Some(Entry::Value(value)) => LookUp::Hit(value.clone()),
            Some(Entry::Ticket(_)) => LookUp::Miss(None),
            None => LookUp::Miss(Some(entries.ticket(key))),
        })
    }

    async fn fill(&self, ticket: Ticket, value: &[u8]) -> FabricResult<bool> {
        let mut entries = self.0.lock();
        let entry = entries.by_key.get_mut(&ticket.key);
        match entry {
            Some(entry) if entry.has(ticket) && value.len() <= VALUE_BYTES_MAX => {
                *entry = Entry::Value(value.to_vec());
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn drop_entry(&self, key: SharedKey) -> FabricResult<()> {
        self.0.lock().by_key.remove(&key);
        Ok(())
    }

    async fn drop_all_entries(&self) -> FabricResult<()> {
        self.0.lock().by_key.clear();
        Ok(())
    }
}

impl Entries {
    fn ticket(&mut self, key: SharedKey) -> Ticket {
        if self.by_key.len() >= ENTRIES_MAX {
            self.by_key.clear();
        }
        self.last_number += 1;
        let number = self.last_number;
        self.by_key.insert(key, Entry::Ticket(number));
        Ticket { key, number }
    }
}

impl Entry {
    fn has(&self, ticket: Ticket) -> bool {
        matches!(self, Self::Ticket(number) if *number == ticket.number)
    }
}
