//! The bytes of announcements and wake-ups. All numbers are big-endian.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use sosik_fabric::{PeerId, Signals};
use sosik_feed::PersonId;

use crate::wire::{get_people, put_people};

/// First byte of both. A node treats announcements of another format as lost.
const FORMAT: u8 = 1;

/// What a node announces to all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Announcement {
    /// All readers of the sender.
    Full(Vec<PersonId>),
    /// The sender holds too many readers to list them, and wants every wake-up.
    Everybody,
    /// Readers that the sender holds now.
    Joined(Vec<PersonId>),
    /// Readers that the sender no longer holds.
    Left(Vec<PersonId>),
    /// This node shall announce all its readers.
    Wanted(PeerId),
}

impl Announcement {
    pub(super) fn write(&self) -> Bytes {
        let mut bytes = BytesMut::new();
        bytes.put_u8(FORMAT);
        match self {
            Self::Full(readers) => put_list(&mut bytes, 1, readers),
            Self::Everybody => bytes.put_u8(2),
            Self::Joined(readers) => put_list(&mut bytes, 3, readers),
            Self::Left(readers) => put_list(&mut bytes, 4, readers),
            Self::Wanted(node) => {
                bytes.put_u8(5);
                bytes.put_u64(node.as_u64());
            }
        }
        bytes.freeze()
    }

    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        if bytes.try_get_u8().ok()? != FORMAT {
            return None;
        }
        match bytes.try_get_u8().ok()? {
            1 => get_people(bytes).map(Self::Full).ok(),
            2 => Some(Self::Everybody),
            3 => get_people(bytes).map(Self::Joined).ok(),
            4 => get_people(bytes).map(Self::Left).ok(),
            5 => bytes
                .try_get_u64()
                .ok()
                .map(PeerId::from_u64)
                .map(Self::Wanted),
            _ => None,
        }
    }
}

fn put_list(bytes: &mut BytesMut, kind: u8, people: &[PersonId]) {
    bytes.put_u8(kind);
    put_people(bytes, people);
}

/// Encodes a wake-up.
pub(super) fn write_wake_up(people: &[PersonId], signals: Signals) -> Bytes {
    let mut bytes = BytesMut::with_capacity(6 + 8 * people.len());
    bytes.put_u8(FORMAT);
    bytes.put_u8(
        u8::from(signals.story)
            | u8::from(signals.notification) << 1
            | u8::from(signals.session) << 2,
    );
    put_people(&mut bytes, people);
    bytes.freeze()
}

/// Decodes a wake-up.
pub(super) fn read_wake_up(mut bytes: &[u8]) -> Option<(Vec<PersonId>, Signals)> {
    let bytes = &mut bytes;
    if bytes.try_get_u8().ok()? != FORMAT {
        return None;
    }
    let bits = bytes.try_get_u8().ok()?;
    let signals = Signals {
        story: bits & 1 != 0,
        notification: bits & 2 != 0,
        session: bits & 4 != 0,
    };
    Some((get_people(bytes).ok()?, signals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_and_wake_ups_are_read_as_they_were_written() {
        let people = vec![PersonId::from_u64(1), PersonId::from_u64(u64::MAX)];
        for announcement in [
            Announcement::Full(people.clone()),
            Announcement::Everybody,
            Announcement::Joined(people.clone()),
            Announcement::Left(people.clone()),
            Announcement::Wanted(PeerId::from_u64(7)),
        ] {
            let bytes = announcement.write();
            assert_eq!(Announcement::read(&bytes), Some(announcement));
            assert_eq!(Announcement::read(&bytes[..bytes.len() - 1]), None);
        }
        for signals in [
            Signals::STORY,
            Signals::NOTIFICATION,
            Signals::SESSION,
            Signals::ALL,
        ] {
            let bytes = write_wake_up(&people, signals);
            assert_eq!(read_wake_up(&bytes), Some((people.clone(), signals)));
        }
    }
}
