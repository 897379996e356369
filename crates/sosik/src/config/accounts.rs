//! Registration: whether new accounts can be created.

use std::{fmt, str::FromStr};

use toml::Value;

use super::{
    allowed::Any,
    layers::Raw,
    setting::{Setting, parsed, settings},
};

settings! {
    /// How accounts are created.
    pub struct Accounts in "accounts" {
        /// `open`: anybody may sign up. `closed`: nobody may, and sign-ups are answered with `registration_closed`.
        /// Accounts are then imported with `sosik import`.
        pub registration: Registration = Registration::Open, unit: "word", allowed: Any("open or closed");
    }
}

/// Whether anybody may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody may.
    Open,
    /// Nobody may.
    Closed,
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closed => "closed",
        })
    }
}

/// Neither `open` nor `closed`.
#[derive(Debug)]
pub struct NotARegistration;

impl FromStr for Registration {
    type Err = NotARegistration;

    fn from_str(text: &str) -> Result<Self, NotARegistration> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(NotARegistration),
        }
    }
}

impl Setting for Registration {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        parsed(raw, "open or closed")
    }

    fn shown(&self) -> Value {
        Value::String(self.to_string())
    }
}
