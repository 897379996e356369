//! Devices that logged in before.

use sosik_feed::{PersonId, Timestamp};
use sosik_store::TokenHash;

use super::sql::{Query, bind, statements};

statements! {
    DEVICE_KNOWN = "SELECT 1 FROM devices WHERE bucket = $1 AND person = $2 AND device = $3";
    DEVICE_USED = "INSERT INTO devices (bucket, person, device, used_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (person, device, bucket) DO UPDATE SET used_at = greatest(devices.used_at, excluded.used_at)";
    DEVICES_FORGET = "DELETE FROM devices WHERE bucket = $1 AND person = $2 AND device IN
        (SELECT device FROM devices WHERE bucket = $1 AND person = $2 ORDER BY used_at DESC OFFSET $3)";
}

/// Looks up whether a device has logged in to the account of a person.
pub(crate) fn known(person: PersonId, device: &TokenHash) -> Query {
    bind!(DEVICE_KNOWN, person.bucket(), person, device)
}

/// Records a device that logged in. Removes the least recently used devices beyond `devices_max`.
pub(crate) fn remember(
    person: PersonId,
    device: &TokenHash,
    now: Timestamp,
    devices_max: u32,
) -> [Query; 2] {
    [
        bind!(DEVICE_USED, person.bucket(), person, device, now),
        bind!(DEVICES_FORGET, person.bucket(), person, devices_max),
    ]
}
