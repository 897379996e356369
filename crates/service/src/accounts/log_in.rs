//! Logging in. Wrong handle and wrong password look the same and take as long.

use sosik_feed::people::Handle;
use sosik_feed::{PersonId, SessionId};
use sosik_store::SessionRecord;

use super::{LoggedIn, Token};
use crate::{Change, Service, ServiceError, ServiceResult};

/// What a client calls itself is kept so far: enough for a browser's name and system.
const CLIENT_CHARACTERS_MAX: usize = 200;

impl Service {
    /// Opens a session for whoever knows handle and password.
    ///
    /// # Errors
    /// `WrongCredentials`, which does not say what of the two; `Busy`.
    pub async fn log_in(
        &self,
        handle: &str,
        password: &str,
        client: &str,
    ) -> ServiceResult<LoggedIn> {
        let credentials = match Handle::lookup(handle) {
            Some(handle) => self.0.store.credentials(handle.as_str()).await?,
            None => None,
        };
        let (person, hash) = credentials
            .map(|known| (known.person, known.password_hash))
            .unzip();
        let fits = self.password_fits(password, hash.clone()).await?;
        let Some(person) = person.filter(|_| fits) else {
            metrics::counter!("sosik_log_ins_total", "outcome" => "refused").increment(1);
            return Err(ServiceError::WrongCredentials);
        };
        let (logged_in, session) = self.open_session(person, client).await?;
        // A password changed while this one was being hashed has ended all sessions but not this new one, which must
        // not outlive the old password.
        let now = self.0.store.credentials_of(person).await?;
        if now.map(|known| known.password_hash) != hash {
            self.finish_session(person, session).await?;
            return Err(ServiceError::WrongCredentials);
        }
        metrics::counter!("sosik_log_ins_total", "outcome" => "accepted").increment(1);
        Ok(logged_in)
    }

    /// Adds a session; the least recently used ones beyond the limit end.
    pub(super) async fn open_session(
        &self,
        person: PersonId,
        client: &str,
    ) -> ServiceResult<(LoggedIn, SessionId)> {
        let entry = self
            .person(person)
            .await?
            .ok_or(ServiceError::WrongCredentials)?;
        let (token, hash) = Token::random()?;
        let id = SessionId::new(self.next_id().await?);
        let now = self.now();
        let session = SessionRecord {
            id,
            person,
            token: hash,
            created_at: now,
            used_at: now,
            expires_at: now.plus(self.0.settings.sessions.absolute),
            client: client.chars().take(CLIENT_CHARACTERS_MAX).collect(),
        };
        let service = self.clone();
        self.whole(async move {
            let limit = service.0.settings.sessions.per_person_max;
            let doubtful = service.sessions_ended_perhaps(person).await?;
            let answer = service.0.store.add_session(session, limit).await;
            let ended = service.or_doubt(answer, [doubtful]).await?;
            if !ended.is_empty() {
                service
                    .changed([Change::SessionsEnded(person, ended)])
                    .await;
            }
            Ok(())
        })
        .await?;
        Ok((
            LoggedIn {
                person: entry,
                token,
            },
            id,
        ))
    }
}
