//! Devices that logged in to an account before.
//!
//! Guesses at a password share one budget per handle, from wherever they come, so a guesser can use it up. A device
//! that logged in before shows a long-lived random token and has a budget of its own: nobody else can lock its owner
//! out. The token grants no access, and no answer reveals whether it is known. It only selects the budget.

use sosik_feed::PersonId;
use sosik_feed::limits::DEVICES_MAX;
use sosik_feed::people::Handle;

use super::Token;
use super::tokens::hash_of;
use crate::{Service, ServiceResult};

impl Service {
    /// Whether a device that shows this token has logged in to the account with this handle before. Also `false`
    /// when nobody has the handle, when the token is invalid, and when it belongs to another account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn knows_device(&self, handle: &str, device: &str) -> ServiceResult<bool> {
        let (Some(handle), Some(device)) = (Handle::lookup(handle), hash_of(device)) else {
            return Ok(false);
        };
        Ok(self.0.store.knows_device(handle.as_str(), &device).await?)
    }

    /// Remembers the device that logged in just now. Returns the token for it to keep: the one that it has, or a new
    /// one. Beyond [`DEVICES_MAX`] the least recently used devices of the person are forgotten.
    ///
    /// # Errors
    /// When the store or the system's random source fails.
    pub async fn remember_device(
        &self,
        person: PersonId,
        device: Option<&str>,
    ) -> ServiceResult<Token> {
        let known = device.and_then(|text| Some((Token::of(text), hash_of(text)?)));
        let (token, hash) = match known {
            Some(known) => known,
            None => Token::random()?,
        };
        self.0
            .store
            .remember_device(person, hash, self.now(), DEVICES_MAX)
            .await?;
        Ok(token)
    }
}
