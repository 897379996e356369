//! A value that is never shown.

use std::{fmt, ops::RangeInclusive};

use toml::Value;

use super::{allowed::Allowed, layers::Raw, setting::Setting};

/// Shown in place of a secret.
const HIDDEN: &str = "***";

/// A secret text; empty for none. Neither `Debug` nor the printed configuration shows it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Makes a secret of a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret; `None` if it is empty.
    pub fn reveal(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }

    /// Whether it is that of a sample file, which everybody knows.
    pub fn is_of_the_sample(&self) -> bool {
        self.0.starts_with(SAMPLE_TOKEN)
    }
}

/// The beginning of the token in the sample for several machines.
const SAMPLE_TOKEN: &str = "REPLACE-";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Setting for Secret {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        // The value is not repeated: it may be most of a secret.
        let text = String::from_raw(raw).or(Err("is not text".to_owned()))?;
        Ok(Self(text))
    }

    fn shown(&self) -> Value {
        let shown = self.reveal().map_or("", |_| HIDDEN);
        Value::String(shown.to_owned())
    }
}

/// A token that fits into a header and is too long to guess, or none.
pub struct TokenText {
    /// Its length in bytes.
    pub bytes: RangeInclusive<usize>,
}

impl Allowed<Secret> for TokenText {
    fn describe(&self) -> String {
        let (least, most) = (self.bytes.start(), self.bytes.end());
        format!("{least} to {most} visible ASCII characters without spaces, or empty for none")
    }

    fn admits(&self, value: &Secret) -> bool {
        value.reveal().is_none_or(|token| {
            self.bytes.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
        })
    }
}
