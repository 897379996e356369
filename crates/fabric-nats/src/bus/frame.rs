//! The bytes before the payload of a message, and the bytes of an answer. All numbers are big-endian.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use sosik_fabric::PeerId;

/// First byte of both. A node ignores messages of another format.
const FORMAT: u8 = 1;

/// Bytes before the payload.
const HEAD: usize = 18;

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The sender joined or reconnected. The others send a heartbeat.
    Hello = 1,
    /// A heartbeat.
    Beat = 2,
    /// A message that needs no answer.
    Message = 3,
    /// A message whose answers are awaited.
    Question = 4,
    /// The sender stops.
    Leave = 5,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Hello,
            Self::Beat,
            Self::Message,
            Self::Question,
            Self::Leave,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// What every message begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) from: PeerId,
    /// Counts the messages of the sender, from 1.
    pub(super) number: u64,
}

impl Frame {
    pub(super) fn write(&self, payload: &[u8]) -> Bytes {
        let mut bytes = BytesMut::with_capacity(HEAD + payload.len());
        bytes.put_u8(FORMAT);
        bytes.put_u8(self.kind as u8);
        bytes.put_u64(self.from.as_u64());
        bytes.put_u64(self.number);
        bytes.put_slice(payload);
        bytes.freeze()
    }

    /// Removes the frame from the message.
    pub(super) fn take(message: &mut Bytes) -> Option<Self> {
        if message.try_get_u8().ok()? != FORMAT {
            return None;
        }
        Some(Self {
            kind: Kind::from_byte(message.try_get_u8().ok()?)?,
            from: PeerId::from_u64(message.try_get_u64().ok()?),
            number: message.try_get_u64().ok()?,
        })
    }
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) from: PeerId,
    /// The number of the question.
    pub(super) number: u64,
    pub(super) confirmed: bool,
}

impl Answer {
    pub(super) fn write(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(HEAD);
        bytes.put_u8(FORMAT);
        bytes.put_u8(u8::from(self.confirmed));
        bytes.put_u64(self.from.as_u64());
        bytes.put_u64(self.number);
        bytes.freeze()
    }

    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        if bytes.try_get_u8().ok()? != FORMAT {
            return None;
        }
        Some(Self {
            confirmed: bytes.try_get_u8().ok()? == 1,
            from: PeerId::from_u64(bytes.try_get_u64().ok()?),
            number: bytes.try_get_u64().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_answers_are_read_as_they_were_written() {
        let from = PeerId::from_u64(7);
        let frame = Frame {
            kind: Kind::Question,
            from,
            number: 9,
        };
        let mut message = frame.write(b"payload");
        assert_eq!(Frame::take(&mut message), Some(frame));
        assert_eq!(&message[..], b"payload");
        let answer = Answer {
            from,
            number: 9,
            confirmed: true,
        };
        assert_eq!(Answer::read(&answer.write()), Some(answer));
    }

    #[test]
    fn a_message_that_is_cut_short_or_of_another_format_is_ignored() {
        assert_eq!(Frame::take(&mut Bytes::from_static(&[FORMAT, 1, 0])), None);
        assert_eq!(
            Frame::take(&mut Bytes::from_static(&[FORMAT + 1; 40])),
            None
        );
        assert_eq!(Answer::read(&[FORMAT, 1, 0]), None);
    }
}
