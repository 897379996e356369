//! The keys that seal cursors. Every node reads them from the store. A new key is added once a year.
//!
//! A node opens cursors with a new key as soon as it has read the key. It seals with the key only after every node has
//! had time to read it, so a cursor never reaches a node that cannot open it. Cursors do not expire, so old keys are
//! kept.

use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_feed::cursor::seal::{KEY_BYTES, KEYS_MAX, Seals};
use sosik_store::{CursorKey, Store};

use super::Core;
use super::random::random_bytes;
use crate::{ServiceError, ServiceResult};

/// A key seals for this long, then a new one is added. An attacker who obtains a key can read the ids in the cursors of
/// one year.
const RENEWED_EVERY: Duration = Duration::from_hours(365 * 24);

/// A new key seals after this time. Nodes read the keys once a minute.
const SETTLES_IN: Duration = Duration::from_hours(1);

impl Core {
    /// Reads keys that other nodes added. Adds one if the newest is a year old.
    ///
    /// # Errors
    /// When the store fails; the previous keys stay in use.
    pub(crate) async fn refresh_cursor_keys(&self) -> ServiceResult<()> {
        let now = self.now();
        let keys = kept(&*self.store, now).await?;
        for key in &keys {
            self.seals.add(key.number, &key.secret);
        }
        if let Some(key) = sealing(&keys, now) {
            self.seals.seal_with(key.number);
        }
        Ok(())
    }
}

/// The keys of a store. Adds the first one to a new store.
pub(crate) async fn load(store: &dyn Store, now: Timestamp) -> ServiceResult<Seals> {
    let keys = kept(store, now).await?;
    let key = sealing(&keys, now).ok_or(ServiceError::Failed("keep a cursor key"))?;
    let seals = Seals::new(key.number, &key.secret);
    for key in &keys {
        seals.add(key.number, &key.secret);
    }
    Ok(seals)
}

/// All keys, after adding one if it is due.
async fn kept(store: &dyn Store, now: Timestamp) -> ServiceResult<Vec<CursorKey>> {
    let keys = store.cursor_keys().await?;
    let Some(number) = due(&keys, now) else {
        return Ok(keys);
    };
    let key = CursorKey {
        number,
        secret: random_bytes::<KEY_BYTES>("make a cursor key")?,
        created_at: now,
    };
    store.add_cursor_key(key).await?;
    // Another node may have added a key with this number at the same moment; the store decides which one counts.
    Ok(store.cursor_keys().await?)
}

/// The number of the key to add now, if any.
fn due(keys: &[CursorKey], now: Timestamp) -> Option<u8> {
    let Some(newest) = keys.last() else {
        return Some(0);
    };
    let is_old = newest.created_at.plus(RENEWED_EVERY) <= now;
    let next = newest.number.checked_add(1);
    next.filter(|_| is_old && keys.len() < KEYS_MAX)
}

/// The newest key that every node has read by now. The first key seals immediately, since there is no other.
fn sealing(keys: &[CursorKey], now: Timestamp) -> Option<&CursorKey> {
    let has_settled = |key: &&CursorKey| key.created_at.plus(SETTLES_IN) <= now;
    keys.iter().rev().find(has_settled).or(keys.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn key(number: u8, created_at: Timestamp) -> CursorKey {
        CursorKey {
            number,
            secret: [number; KEY_BYTES],
            created_at,
        }
    }

    #[test]
    fn a_key_is_added_once_a_year_and_seals_an_hour_later() {
        let begin = Timestamp::from_millis(1_000);
        let first = [key(0, begin)];
        assert_eq!(due(&[], begin), Some(0));
        assert_eq!(due(&first, begin), None);
        let year = begin.plus(RENEWED_EVERY);
        assert_eq!(due(&first, year.minus(HOUR)), None);
        assert_eq!(due(&first, year), Some(1));
        let both = [key(0, begin), key(1, year)];
        let number = |now| sealing(&both, now).map(|key| key.number);
        assert_eq!(number(year), Some(0));
        assert_eq!(number(year.plus(HOUR)), Some(1));
        assert_eq!(sealing(&first, begin), Some(&first[0]));
    }

    #[test]
    fn a_clock_that_went_back_adds_no_key_and_the_first_key_goes_on() {
        let later = [key(0, Timestamp::from_millis(10_000_000))];
        let now = Timestamp::from_millis(0);
        assert_eq!(due(&later, now), None);
        assert_eq!(sealing(&later, now), Some(&later[0]));
    }

    #[test]
    fn after_the_last_number_no_key_is_added() {
        let keys: Vec<_> = (0..=u8::MAX)
            .map(|number| key(number, Timestamp::from_millis(0)))
            .collect();
        let now = Timestamp::from_millis(0).plus(RENEWED_EVERY).plus(HOUR);
        assert_eq!(due(&keys, now), None);
        assert_eq!(sealing(&keys, now).map(|key| key.number), Some(u8::MAX));
    }
}
