//! Devices that logged in before.

use rusqlite::params;
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::statement::statements;
use sosik_store::{StoreResult, TokenHash};

statements! {
    DEVICE_KNOWN = "SELECT 1 FROM devices WHERE device = ?2 AND person = (SELECT id FROM people WHERE handle = ?1 AND closed_at IS NULL)";
    DEVICE_USED = "INSERT INTO devices (person, device, used_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (person, device) DO UPDATE SET used_at = max(used_at, excluded.used_at)";
    DEVICES_FORGET = "DELETE FROM devices WHERE person = ?1 AND device IN
        (SELECT device FROM devices WHERE person = ?1 ORDER BY used_at DESC LIMIT -1 OFFSET ?2)";
}

/// Whether this device has logged in to the account with this handle. Also `false` if the handle does not exist.
pub(super) fn is_known(db: &Db<'_>, handle: &str, device: &TokenHash) -> StoreResult<bool> {
    db.exists(DEVICE_KNOWN, params![handle, device])
}

/// Records a device that logged in. Removes the least recently used devices beyond `devices_max`.
pub(super) fn remember(
    db: &Db<'_>,
    person: PersonId,
    device: &TokenHash,
    now: Timestamp,
    devices_max: u32,
) -> StoreResult<()> {
    db.execute(DEVICE_USED, params![person.as_i64(), device, now.as_i64()])?;
    db.execute(DEVICES_FORGET, params![person.as_i64(), devices_max])?;
    Ok(())
}
