//! Passwords: Argon2id, off the async threads, with a maximum number of concurrent hashes.
//!
//! By design a hash takes memory and tens of milliseconds of a processor. The semaphore bounds both. A caller that
//! waits longer than [`HASH_WAIT_MAX`] for a permit gets `Busy`. The number of waiting callers is bounded by the limit
//! of admitted requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use sosik_feed::RuleBroken;
use sosik_feed::rules::check_password_length;
use sosik_store::PasswordChange;
use tokio::time::timeout;
use unicode_normalization::UnicodeNormalization;

use super::common::is_common;
use super::{Accounts, Viewer};
use crate::error::RETRY_AFTER;
use crate::settings::PasswordSettings;
use crate::{Change, ServiceError, ServiceResult};

/// Longest wait for a permit. People accept a log-in that takes this long; a longer queue is an overload.
const HASH_WAIT_MAX: Duration = Duration::from_secs(5);

impl Accounts {
    /// Sets a new password and ends every other session of the viewer.
    ///
    /// # Errors
    /// `RuleBroken` if the new password is too short, too long or too common; `WrongPassword`, also if another change
    /// was faster; `Busy`.
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        current: &str,
        new: &str,
    ) -> ServiceResult<()> {
        check_password_length(new)?;
        let checked = self.checked(viewer, current).await?;
        let Some(person) = self.core.person(viewer.id).await? else {
            return Err(ServiceError::NotFound("person"));
        };
        let personal = [
            person.record.handle.clone(),
            person.record.display_name.clone(),
        ];
        let change = PasswordChange {
            person: viewer.id,
            checked,
            hash: self.hash_new_password(new, personal).await?,
            session: viewer.session,
        };
        let this = self.clone();
        self.core
            .run_to_completion(async move { this.replace_password(change).await })
            .await
    }

    /// The stored hash of the viewer's password, if it is that of `current`.
    ///
    /// # Errors
    /// `WrongPassword`; `Busy`.
    pub(super) async fn checked(&self, viewer: &Viewer, current: &str) -> ServiceResult<String> {
        let stored = self.core.store.credentials_of(viewer.id).await?;
        let hash = stored
            .ok_or(ServiceError::NotFound("person"))?
            .password_hash;
        match self.password_matches(current, Some(hash.clone())).await? {
            true => Ok(hash),
            false => Err(ServiceError::WrongPassword),
        }
    }

    async fn replace_password(&self, change: PasswordChange) -> ServiceResult<()> {
        let person = change.person;
        let possible_changes = self.sessions.possibly_ended(person).await?;
        let answer = self.core.store.change_password(change).await;
        let changed = self
            .core
            .invalidate_on_error(answer, [possible_changes])
            .await?;
        let ended = changed.value.ok_or(ServiceError::WrongPassword)?;
        self.core
            .invalidate(changed.at, [Change::SessionsEnded(person, ended)])
            .await;
        Ok(())
    }

    /// Judges a new password and hashes it. The caller has checked its length. `personal` is what an attacker knows
    /// about its owner: handle and name.
    ///
    /// # Errors
    /// `RuleBroken` if the password is too common; `Busy`.
    pub async fn hash_new_password(
        &self,
        password: &str,
        personal: [String; 2],
    ) -> ServiceResult<String> {
        let password = normalised(password);
        if self.is_breached(&password).await {
            return Err(RuleBroken::PasswordCommon.into());
        }
        self.with_hash_permit(move |hasher| {
            let [handle, name] = &personal;
            if is_common(&password, &[handle, name, "sosik"]) {
                return Err(RuleBroken::PasswordCommon.into());
            }
            hasher.hash(&password)
        })
        .await
    }

    /// Whether this password has this hash. Without a hash the check takes the same time, so that the response time
    /// does not reveal whether an account exists.
    pub(super) async fn password_matches(
        &self,
        password: &str,
        stored: Option<String>,
    ) -> ServiceResult<bool> {
        // No account has such a password, and hashing a long text would cost more.
        if check_password_length(password) == Err(RuleBroken::PasswordTooLong) {
            return Ok(false);
        }
        let password = normalised(password);
        self.with_hash_permit(
            move |hasher| match stored.filter(|stored| !stored.is_empty()) {
                Some(stored) => hasher.fits(&password, &stored),
                None => hasher.hash(&password).map(|_| false),
            },
        )
        .await
    }

    /// Runs a hashing job as soon as a permit is free.
    async fn with_hash_permit<T: Send + 'static>(
        &self,
        job: impl FnOnce(Hasher) -> ServiceResult<T> + Send + 'static,
    ) -> ServiceResult<T> {
        let hasher = Hasher {
            argon2: argon2(&self.core.settings.passwords)?,
            hashed: Arc::clone(&self.hashed),
        };
        let turn = match timeout(HASH_WAIT_MAX, Arc::clone(&self.hashing).acquire_owned()).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_closed)) => return Err(ServiceError::Failed("the service is shutting down")),
            Err(_too_long) => return Err(ServiceError::Busy(RETRY_AFTER)),
        };
        let hashed = tokio::task::spawn_blocking(move || {
            // Held until the work is done, even if the caller is gone.
            let _turn = turn;
            job(hasher)
        });
        hashed
            .await
            .unwrap_or(Err(ServiceError::Failed("hash a password")))
    }
}

/// Hashes passwords, and counts the hashes.
struct Hasher {
    argon2: Argon2<'static>,
    hashed: Arc<AtomicU64>,
}

impl Hasher {
    fn hash(&self, password: &str) -> ServiceResult<String> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let hash = self.argon2.hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(refused)
    }

    fn fits(&self, password: &str, stored: &str) -> ServiceResult<bool> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let stored = PasswordHash::new(stored).map_err(|error| refused(error.into()))?;
        match self.argon2.verify_password(password.as_bytes(), &stored) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(refused(error)),
        }
    }
}

fn argon2(settings: &PasswordSettings) -> ServiceResult<Argon2<'static>> {
    match Params::new(settings.memory_kib, settings.passes, settings.lanes, None) {
        Ok(params) => Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)),
        Err(error) => {
            tracing::error!(%error, "the settings for hashing passwords are unusable");
            Err(ServiceError::Failed("hash a password"))
        }
    }
}

/// One normal form of a typed password: keyboards compose "é" and "가" differently.
fn normalised(password: &str) -> String {
    password.nfc().collect()
}

fn refused(error: password_hash::Error) -> ServiceError {
    tracing::error!(%error, "a password could not be hashed");
    ServiceError::Failed("hash a password")
}
