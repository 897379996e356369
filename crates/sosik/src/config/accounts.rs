//! Registration: whether new accounts can be created.

use sosik_api::Registration;
use toml::Value;

use super::allowed::Any;
use super::layers::Raw;
use super::setting::{Setting, one_of, settings, word_of};

settings! {
    /// How accounts are created.
    "accounts" {
        /// `open`: anybody may sign up. `invitation`: people may sign up with an invitation of somebody who has an
        /// account; others are answered with `invitation_required`. `closed`: nobody may, and sign-ups are answered with
        /// `registration_closed`. Without an open registration, the first accounts are imported with `sosik import`, and
        /// people without an account read nothing, unless `public.page` is `on`.
        registration => api.registration, unit: "word", allowed: Any("open, invitation or closed");
    }
}

const WORDS: [(&str, Registration); 3] = [
    ("open", Registration::Open),
    ("invitation", Registration::Invitation),
    ("closed", Registration::Closed),
];

impl Setting for Registration {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}
