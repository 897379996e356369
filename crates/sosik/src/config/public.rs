//! What people without an account see.

use sosik_api::PublicPage;
use toml::Value;

use super::allowed::Any;
use super::layers::Raw;
use super::setting::{Setting, one_of, settings, word_of};

settings! {
    /// What people without an account see, in addition to public stories and profiles by their address.
    "public" {
        /// `on`: everybody sees a page of the newest public stories, it is the first page for people without an account,
        /// and search engines may list public stories and profiles. `off`: there is no such page, and search engines are
        /// asked to list nothing.
        page => api.public_page, unit: "word", allowed: Any("on or off");
    }
}

const WORDS: [(&str, PublicPage); 2] = [("on", PublicPage::On), ("off", PublicPage::Off)];

impl Setting for PublicPage {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}
