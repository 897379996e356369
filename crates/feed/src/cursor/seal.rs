//! Sealing cursors: authenticated encryption that binds a cursor to its list and its reader.
//!
//! The sealed text is base64url of a version, the number of the key, the encrypted cursor and its tag. AES-128-GCM-SIV
//! (RFC 8452) with a constant nonce is deterministic: the same cursor of the same list and reader has the same text, so
//! the `ETag` of a page is stable. The cipher is designed for this. It reveals only whether two cursors are equal.
//! Equal cursors are the same position in the same list of the same reader, who sees that position anyway. The length
//! reveals the kind of cursor, which the list determines anyway.
//!
//! Refused: a random nonce. It adds 24 bytes to each cursor and a random source to the hot path, and it limits the
//! number of cursors per key. Refused: a keyed hash next to the plain ids. It prevents forgery, but everybody can read
//! the cursor.
//!
//! The newest settled key seals. Every key opens, because cursors never expire.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use aes_gcm_siv::aead::{AeadInOut, KeyInit, Nonce};
use aes_gcm_siv::{Aes128GcmSiv, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Cursor, NotACursor, SEEN_BYTES};
use crate::id::PersonId;

/// The first byte of every sealed cursor. A new format gets a new version.
const VERSION: u8 = 3;

/// The version and the number of the key.
const HEAD_BYTES: usize = 2;

/// Bytes of the authentication tag.
const TAG_BYTES: usize = 16;

/// The longest sealed cursor.
const SEALED_BYTES_MAX: usize = HEAD_BYTES + SEEN_BYTES + TAG_BYTES;

/// The longest text of a cursor, in characters. A longer one is rejected without decoding.
pub const TEXT_MAX: usize = (SEALED_BYTES_MAX * 4).div_ceil(3);

/// Bytes of a key: the cipher has 128 bits.
pub const KEY_BYTES: usize = 16;

/// Maximum number of keys: the number of the key is one byte of every cursor. With one key a year this lasts for
/// centuries.
pub const KEYS_MAX: usize = 256;

/// The list that a cursor belongs to. Sealed cursors contain the numbers, so they must never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum List {
    /// The home feed and its live stream.
    Feed = 1,
    /// The stories of one person.
    Profile = 2,
    /// The stories with one tag.
    Tag = 3,
    /// The comments on one story.
    Comments = 4,
    /// The likes of one story.
    Likes = 5,
    /// Notifications.
    Notifications = 6,
    /// Friends.
    Friends = 7,
    /// People whom the reader follows.
    Follows = 8,
    /// People who follow the reader.
    Followers = 9,
    /// People whom the reader blocked.
    Blocks = 10,
    /// People whom the reader muted.
    Mutes = 11,
    /// Friend requests to the reader.
    Incoming = 12,
    /// Friend requests by the reader.
    Outgoing = 13,
    /// People found by a search.
    Search = 14,
    /// Stories that the reader saved.
    Saved = 20,
    /// The replies to one comment.
    Replies = 21,
    /// The likes of one comment.
    CommentLikes = 22,
    /// The public stories of all authors.
    Public = 23,
}

/// One list of one reader: what a cursor is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The list.
    pub list: List,
    /// The subject of the list: the id of a story, or a hash of a name. 0 if the reader has only one such list. Two
    /// names with the same hash share cursors. That is harmless, because a cursor grants no access.
    pub of: u64,
    /// The reader.
    pub reader: PersonId,
}

impl Scope {
    /// A list that every reader has once.
    #[must_use]
    pub const fn own(list: List, reader: PersonId) -> Self {
        Self {
            list,
            of: 0,
            reader,
        }
    }

    fn associated(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[0] = self.list as u8;
        bytes[1..9].copy_from_slice(&self.of.to_be_bytes());
        bytes[9..].copy_from_slice(&self.reader.as_u64().to_be_bytes());
        bytes
    }
}

/// The keys that seal and open cursors. Sealing and opening take no lock.
pub struct Seals {
    /// The keys by number. Boxed, so that an unused number costs only a pointer.
    keys: Box<[OnceLock<Box<Aes128GcmSiv>>]>,
    sealing: AtomicU8,
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals(…)")
    }
}

impl Seals {
    /// Seals with this key until another one is selected.
    #[must_use]
    pub fn new(number: u8, key: &[u8; KEY_BYTES]) -> Self {
        let seals = Self {
            keys: (0..KEYS_MAX).map(|_| OnceLock::new()).collect(),
            sealing: AtomicU8::new(number),
        };
        seals.add(number, key);
        seals
    }

    /// Adds a key for opening cursors. An existing key with this number stays.
    pub fn add(&self, number: u8, key: &[u8; KEY_BYTES]) {
        if let Some(slot) = self.keys.get(usize::from(number)) {
            slot.get_or_init(|| Box::new(Aes128GcmSiv::new(key.into())));
        }
    }

    /// Selects the key that seals. A number without a key changes nothing.
    pub fn seal_with(&self, number: u8) {
        if self.key(number).is_some() {
            // The key is in place before a thread sees its number.
            self.sealing.store(number, Ordering::Release);
        }
    }

    fn key(&self, number: u8) -> Option<&Aes128GcmSiv> {
        self.keys.get(usize::from(number))?.get().map(|key| &**key)
    }

    /// Appends the sealed text of a cursor.
    pub fn seal_into(&self, cursor: &Cursor, scope: Scope, out: &mut Vec<u8>) {
        let number = self.sealing.load(Ordering::Acquire);
        let plain = cursor.plain();
        let mut sealed = [0; SEALED_BYTES_MAX];
        let tag_at = HEAD_BYTES + plain.as_slice().len();
        let length = tag_at + TAG_BYTES;
        sealed[..HEAD_BYTES].copy_from_slice(&[VERSION, number]);
        sealed[HEAD_BYTES..tag_at].copy_from_slice(plain.as_slice());
        let encrypted = self.key(number).and_then(|key| {
            let text = (&mut sealed[HEAD_BYTES..tag_at]).into();
            key.encrypt_inout_detached(&Nonce::<Aes128GcmSiv>::default(), &scope.associated(), text)
                .ok()
        });
        // The cipher fails only for texts of gigabytes.
        let Some(tag) = encrypted else {
            panic!("the key that seals exists")
        };
        sealed[tag_at..length].copy_from_slice(&tag);
        let begin = out.len();
        out.resize(begin + TEXT_MAX, 0);
        let written = URL_SAFE_NO_PAD.encode_slice(&sealed[..length], &mut out[begin..]);
        out.truncate(begin + written.unwrap_or(0));
    }

    /// The sealed text of a cursor.
    #[must_use]
    pub fn seal(&self, cursor: &Cursor, scope: Scope) -> String {
        let mut out = Vec::with_capacity(TEXT_MAX);
        self.seal_into(cursor, scope, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Opens a text that was sealed for this list and this reader.
    ///
    /// # Errors
    /// `NotACursor` for every other text.
    pub fn open(&self, text: &str, scope: Scope) -> Result<Cursor, NotACursor> {
        // The decoder needs space for whole groups of characters.
        let mut sealed = [0; SEALED_BYTES_MAX + 3];
        if text.len() > TEXT_MAX {
            return Err(NotACursor);
        }
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut sealed);
        let sealed = length.ok().and_then(|length| sealed.get_mut(..length));
        let Some([VERSION, number, rest @ ..]) = sealed else {
            return Err(NotACursor);
        };
        let key = self.key(*number).ok_or(NotACursor)?;
        let (plain, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or(NotACursor)?;
        let opened = key.decrypt_inout_detached(
            &Nonce::<Aes128GcmSiv>::default(),
            &scope.associated(),
            (&mut *plain).into(),
            &Tag::from(*tag),
        );
        match opened {
            Ok(()) => Cursor::of_plain(plain),
            Err(_forged) => Err(NotACursor),
        }
    }
}

#[cfg(test)]
mod tests;
