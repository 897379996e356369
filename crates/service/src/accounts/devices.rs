//! Devices that logged in to an account before.
//!
//! Guesses at a password share one budget per handle, whatever their source, so an attacker can use it up. A device
//! that logged in before presents a long-lived random token and has its own budget, so nobody else can lock its owner
//! out. The token grants no access, and no response reveals whether it is known. It only selects the budget.

use sosik_feed::PersonId;
use sosik_feed::limits::DEVICES_MAX;
use sosik_feed::people::Handle;

use super::tokens::hash_of;
use super::{Accounts, Token};
use crate::ServiceResult;

impl Accounts {
    /// Whether the device with this token has logged in to the account with this handle before. Also returns `false` if
    /// the handle does not exist, if the token is invalid, and if the token belongs to another account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn knows_device(&self, handle: &str, device: &str) -> ServiceResult<bool> {
        let (Some(handle), Some(device)) = (Handle::lookup(handle), hash_of(device)) else {
            return Ok(false);
        };
        Ok(self
            .core
            .store
            .knows_device(handle.as_str(), &device)
            .await?)
    }

    /// Records the device that has just logged in. Returns the token that the device keeps: its current one, or a new
    /// one. Beyond [`DEVICES_MAX`] the least recently used devices of the person are removed.
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
        self.core
            .store
            .remember_device(person, hash, self.core.now(), DEVICES_MAX)
            .await?;
        Ok(token)
    }
}
