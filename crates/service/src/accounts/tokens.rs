//! Session tokens: 256 random bits. The client holds them as base64url, the store keeps their SHA-256.
//!
//! A plain hash is enough: unlike passwords, 2²⁵⁶ tokens cannot be enumerated. Read access to the store opens no
//! session.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sosik_store::TokenHash;

use crate::ServiceResult;
use crate::core::random::random_bytes;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// The secret of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new token from the system's random source, and the hash that the store keeps.
    pub(crate) fn random() -> ServiceResult<(Self, TokenHash)> {
        let bytes = random_bytes::<TOKEN_BYTES>("make a token")?;
        Ok((
            Self(URL_SAFE_NO_PAD.encode(bytes)),
            Sha256::digest(bytes).into(),
        ))
    }

    /// A token as a client sent it. It may be invalid: only the look-up of its hash decides.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret text of the token. Return it to its owner only and never log it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The hash of a token as a client sent it; `None` if the text does not have the form of a token.
pub(crate) fn hash_of(token: &str) -> Option<TokenHash> {
    let mut bytes = [0; TOKEN_BYTES];
    let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()?;
    (length == TOKEN_BYTES).then(|| Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_prints_nothing() {
        let (token, hash) = Token::random().unwrap();
        assert_eq!(token.as_str().len(), 43);
        assert_eq!(hash_of(token.as_str()), Some(hash));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_ne!(Token::random().unwrap().0, token, "tokens are random");
    }

    #[test]
    fn a_text_of_another_form_is_no_token() {
        let (token, _) = Token::random().unwrap();
        let token = token.as_str();
        let standard = "+".repeat(43);
        let (longer, shorter, padded) = (format!("{token}AAAA"), &token[..42], format!("{token}="));
        for text in [
            "",
            "x",
            &standard,
            &longer,
            shorter,
            &padded,
            "토큰",
            &"A".repeat(100_000),
        ] {
            assert_eq!(hash_of(text), None, "{} bytes", text.len());
        }
    }
}
