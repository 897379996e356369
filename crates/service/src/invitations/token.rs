//! Tokens of invitations: the id of the invitation and 128 random bits, as base64url.
//!
//! The id has the bucket of the inviter, so one read of one shard finds the invitation. The store keeps the SHA-256 of
//! the random bits. A plain hash is enough, because nobody can enumerate 2¹²⁸ secrets.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sosik_feed::{InvitationId, Timestamp};
use sosik_store::{InvitationKey, TokenHash};

use crate::ServiceResult;
use crate::core::random::random_bytes;

/// Bytes of the id.
const ID_BYTES: usize = 8;

/// Random bytes of a token.
const SECRET_BYTES: usize = 16;

/// The token of an invitation. It invites, so its text goes to the inviter only.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationToken(String);

impl InvitationToken {
    /// A new token from the system's random source, and the hash that the store keeps.
    pub(super) fn random(id: InvitationId) -> ServiceResult<(Self, TokenHash)> {
        let secret = random_bytes::<SECRET_BYTES>("make an invitation")?;
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        bytes[..ID_BYTES].copy_from_slice(&id.as_u64().to_be_bytes());
        bytes[ID_BYTES..].copy_from_slice(&secret);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Ok((Self(text), Sha256::digest(secret).into()))
    }

    /// The text of the token. Never log it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationToken(…)")
    }
}

/// The key of a token as a client sent it; `None` if the text does not have the form of a token.
pub(super) fn key_of(token: &str, now: Timestamp) -> Option<InvitationKey> {
    let mut bytes = [0; ID_BYTES + SECRET_BYTES];
    let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()?;
    let (id, secret) = bytes.split_first_chunk::<ID_BYTES>()?;
    let id = u64::from_be_bytes(*id);
    let is_id = i64::try_from(id).is_ok();
    (length == ID_BYTES + SECRET_BYTES && is_id).then(|| InvitationKey {
        id: InvitationId::from_u64(id),
        secret: Sha256::digest(secret).into(),
        now,
    })
}

#[cfg(test)]
mod tests {
    use sosik_feed::limits::INVITATION_TOKEN_CHARACTERS;

    use super::*;

    #[test]
    fn a_token_names_its_invitation_and_prints_nothing() {
        let (id, now) = (InvitationId::from_u64(77), Timestamp::from_millis(5));
        let (token, hash) = InvitationToken::random(id).unwrap();
        assert_eq!(token.as_str().len(), INVITATION_TOKEN_CHARACTERS);
        let key = key_of(token.as_str(), now).unwrap();
        assert_eq!((key.id, key.secret, key.now), (id, hash, now));
        assert_eq!(format!("{token:?}"), "InvitationToken(…)");
        assert_ne!(InvitationToken::random(id).unwrap().0, token);
    }

    #[test]
    fn a_text_of_another_form_is_no_token() {
        let (token, _) = InvitationToken::random(InvitationId::from_u64(77)).unwrap();
        let token = token.as_str();
        let padded = format!("{token}=");
        for text in ["", "x", &token[..31], &padded, "초대", &"_".repeat(32)] {
            assert!(key_of(text, Timestamp::default()).is_none(), "{text}");
        }
    }
}
