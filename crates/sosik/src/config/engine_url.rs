//! The address of an engine. It may contain a password, which is never shown.

use std::{fmt, str::FromStr};

use toml::Value;

use super::{layers::Raw, setting::Setting};

/// The URL of an engine: `scheme:rest`. The scheme selects the engine.
///
/// `Debug` and `Display` never show the text between `//` and `@`, which may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct EngineUrl(String);

impl EngineUrl {
    /// A default. The text must have a scheme.
    pub(super) fn constant(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text before the first colon.
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The whole address with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text after the first colon: for `sqlite:data/sosik.db` the path.
    pub fn rest(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, rest)| rest)
    }
}

impl FromStr for EngineUrl {
    type Err = NotAnEngineUrl;

    fn from_str(text: &str) -> Result<Self, NotAnEngineUrl> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        match scheme {
            Some(scheme)
                if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase()) =>
            {
                Ok(Self(text.to_owned()))
            }
            Some(_) | None => Err(NotAnEngineUrl),
        }
    }
}

/// The text has no scheme. The error does not repeat the text, which may contain a password.
#[derive(Debug)]
pub struct NotAnEngineUrl;

impl fmt::Display for EngineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A mistake such as `postgres:user:pw@host` has its password outside `//…@`; hide everything before the last @.
        match self.rest().rsplit_once('@') {
            Some((_, behind)) => write!(f, "{}://***@{behind}", self.scheme()),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for EngineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EngineUrl({self})")
    }
}

impl Setting for EngineUrl {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let text = String::from_raw(raw).or(Err("is not text".to_owned()))?;
        if text.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        text.trim()
            .parse()
            .or(Err("has no scheme before a colon".to_owned()))
    }

    fn shown(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        for text in [
            "postgres://sosik:s3cret@db.internal/feed",
            "postgres:sosik:s3cret@db.internal",
            "redis://:s3cret@cache",
        ] {
            let url: EngineUrl = text.parse().unwrap();
            let shown = format!("{url} {url:?} {}", url.shown());
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(shown.contains(url.scheme()), "{shown}");
        }
    }

    #[test]
    fn a_url_falls_apart_at_its_first_colon() {
        let url: EngineUrl = "sqlite:data/so:sik.db".parse().unwrap();
        assert_eq!((url.scheme(), url.rest()), ("sqlite", "data/so:sik.db"));
    }
}
