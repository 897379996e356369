//! Log-in. A wrong handle and a wrong password give the same response after the same time.

use sosik_feed::people::Handle;

use super::{Accounts, LoggedIn};
use crate::{ServiceError, ServiceResult};

impl Accounts {
    /// Opens a session for the person with this handle and password.
    ///
    /// # Errors
    /// `WrongCredentials`, which does not reveal which of the two is wrong; `Busy`.
    pub async fn log_in(
        &self,
        handle: &str,
        password: &str,
        client: &str,
    ) -> ServiceResult<LoggedIn> {
        let credentials = match Handle::lookup(handle) {
            Some(handle) => self.core.store.credentials(handle.as_str()).await?,
            None => None,
        };
        let (person, hash) = credentials
            .map(|known| (known.person, known.password_hash))
            .unzip();
        let fits = self.password_matches(password, hash.clone()).await?;
        let Some(person) = person.filter(|_| fits) else {
            metrics::counter!("sosik_log_ins_total", "outcome" => "refused").increment(1);
            return Err(ServiceError::WrongCredentials);
        };
        let (logged_in, session) = self.sessions.open(person, client).await?;
        // If the password was changed while this one was being hashed, the change ended all sessions except this new
        // one. The new session must not outlive the old password.
        let now = self.core.store.credentials_of(person).await?;
        if now.map(|known| known.password_hash) != hash {
            self.sessions.finish(person, session).await?;
            return Err(ServiceError::WrongCredentials);
        }
        metrics::counter!("sosik_log_ins_total", "outcome" => "accepted").increment(1);
        Ok(logged_in)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use sosik_fabric::Engines;
    use sosik_fabric::memory::MemoryOptions;
    use sosik_store_sqlite::{SqliteOptions, SqliteStore};

    use sosik_feed::{PersonId, SessionId};
    use sosik_store::SessionRecord;

    use super::*;
    use crate::accounts::{SignUpRequest, Token};
    use crate::sessions::CachedSession;
    use crate::settings::PasswordSettings;
    use crate::{Parts, Service, Settings, SystemClock};

    async fn service() -> Service {
        let passwords = PasswordSettings {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
            hashes_at_once: 1,
        };
        let parts = Parts {
            store: SqliteStore::open(&SqliteOptions::temporary()).unwrap(),
            shared: None,
            engines: Engines::memory(MemoryOptions::default(), 1),
            clock: Arc::new(SystemClock),
            settings: Settings {
                passwords,
                ..Settings::default()
            },
        };
        Service::start(parts).await.unwrap()
    }

    async fn sign_up(service: &Service) -> PersonId {
        let request = SignUpRequest {
            handle: "mina".to_owned(),
            display_name: "Mina".to_owned(),
            password: "blue-kettle-on-a-hill".to_owned(),
            language: None,
            client: String::new(),
        };
        service
            .accounts()
            .sign_up(request)
            .await
            .unwrap()
            .person
            .record
            .id
    }

    #[tokio::test]
    async fn every_refused_log_in_costs_one_hash_also_where_nobody_has_the_handle() {
        let service = service().await;
        sign_up(&service).await;
        let hashed = || service.accounts().hashed.load(Ordering::Relaxed);
        for handle in ["mina", "nobody", "not a handle", ""] {
            let before = hashed();
            let answer = service.accounts().log_in(handle, "a wrong guess", "").await;
            assert!(
                matches!(answer, Err(ServiceError::WrongCredentials)),
                "{handle}"
            );
            assert_eq!(hashed(), before + 1, "{handle}");
        }
        service.stop().await;
    }

    #[tokio::test]
    async fn a_session_opens_at_once_although_its_token_was_unknown_a_moment_ago() {
        let service = service().await;
        let person = sign_up(&service).await;
        let (token, hash) = Token::random().unwrap();
        let token = token.as_str();
        assert_eq!(service.sessions().cached(token), CachedSession::NotCached);
        assert_eq!(service.sessions().viewer(token).await.unwrap(), None);
        assert_eq!(service.sessions().cached(token), CachedSession::Invalid);
        let now = service.accounts().core.now();
        let session = SessionRecord {
            id: SessionId::of_person(person, service.next_id().await.unwrap()),
            person,
            token: hash,
            created_at: now,
            used_at: now,
            expires_at: now.plus(service.settings().sessions.absolute),
            client: String::new(),
        };
        service.sessions().add(session).await.unwrap();
        let viewer = service.sessions().viewer(token).await.unwrap();
        assert_eq!(viewer.map(|viewer| viewer.id), Some(person));
        service.stop().await;
    }
}
