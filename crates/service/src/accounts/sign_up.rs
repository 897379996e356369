//! Sign-up: creates the account and its first session.

use sosik_feed::people::{DisplayName, Handle, Language};
use sosik_feed::rules::check_password_length;
use sosik_feed::{PersonId, RuleBroken, search};
use sosik_store::{HandleUse, InvitationKey, NewPerson, SignUp};

use super::{Accounts, LoggedIn};
use crate::{Change, ServiceResult};

/// A new account as requested.
pub struct SignUpRequest {
    /// As typed.
    pub handle: String,
    /// As typed.
    pub display_name: String,
    /// As typed.
    pub password: String,
    /// `ko`, `en` or `ja`; `None` selects the default of the domain.
    pub language: Option<String>,
    /// The client's name for itself, for the list of devices.
    pub client: String,
}

impl Accounts {
    /// Creates an account and logs its owner in.
    ///
    /// The response reveals that a handle is taken: handles are public, and the person who signs up needs to know.
    ///
    /// # Errors
    /// `RuleBroken` if the rules reject the handle, name, language or password, or if the handle is taken or is
    /// confusable with an existing one; `Busy`.
    pub async fn sign_up(&self, request: SignUpRequest) -> ServiceResult<LoggedIn> {
        let client = request.client.clone();
        let person = self.create(request, None).await?;
        self.first_session(person, &client).await
    }

    /// Opens the first session of a new account.
    pub(crate) async fn first_session(
        &self,
        person: PersonId,
        client: &str,
    ) -> ServiceResult<LoggedIn> {
        let (logged_in, _) = self.sessions.open(person, client).await?;
        Ok(logged_in)
    }

    /// Creates an account, with or without an invitation, and no session.
    pub(crate) async fn create(
        &self,
        request: SignUpRequest,
        invitation: Option<InvitationKey>,
    ) -> ServiceResult<PersonId> {
        let handle = Handle::parse(&request.handle)?;
        let name = DisplayName::parse(&request.display_name)?;
        let language = request
            .language
            .as_deref()
            .map(Language::parse)
            .transpose()?
            .unwrap_or_default();
        check_password_length(&request.password)?;
        // Before the hash, which costs more than a look-up.
        self.check_handle_free(&handle).await?;
        let personal = [handle.as_str().to_owned(), name.as_str().to_owned()];
        let password_hash = self.hash_new_password(&request.password, personal).await?;
        let id = self.core.next_person().await?;
        let person = NewPerson {
            id,
            skeleton: handle.skeleton(),
            search_terms: search::terms(&handle, &name),
            handle: handle.as_str().to_owned(),
            display_name: name.into_string(),
            language,
            password_hash,
            created_at: self.core.now(),
        };
        let signed_up = match invitation {
            Some(key) => self.core.store.sign_up_invited(person, key).await?,
            None => self.core.store.sign_up(person).await?,
        };
        match signed_up.value {
            SignUp::Created => {
                // No node may look for the person in a copy of the store that lags behind.
                let changes = [Change::Person(id)];
                self.core.invalidate(signed_up.at, changes).await;
                metrics::counter!("sosik_sign_ups_total").increment(1);
                Ok(id)
            }
            SignUp::HandleTaken => {
                // Somebody has taken the handle, or one that looks like it, in the meantime.
                self.check_handle_free(&handle).await?;
                Err(RuleBroken::HandleConfusable.into())
            }
            SignUp::InvitationInvalid => Err(RuleBroken::InvitationInvalid.into()),
        }
    }

    /// Checks a handle that somebody is typing. Handles are public, so the answer reveals nothing.
    ///
    /// # Errors
    /// `RuleBroken` if nobody may take it, or somebody has it or one that looks like it.
    pub async fn check_handle(&self, handle: &str) -> ServiceResult<()> {
        self.check_handle_free(&Handle::parse(handle)?).await
    }

    async fn check_handle_free(&self, handle: &Handle) -> ServiceResult<()> {
        let store = &self.core.store;
        match store
            .handle_use(handle.as_str(), &handle.skeleton())
            .await?
        {
            HandleUse::Free => Ok(()),
            HandleUse::Taken => Err(RuleBroken::HandleTaken.into()),
            HandleUse::Confusable => Err(RuleBroken::HandleConfusable.into()),
        }
    }
}
