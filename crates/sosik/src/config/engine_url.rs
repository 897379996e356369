//! The address of an engine. It may contain a password, which is never shown.

use std::{fmt, str::FromStr};

use toml::Value;

use super::{layers::Raw, setting::Setting};

/// The parameter of a query whose value is a password, in lower case.
const PASSWORD: &str = "password=";

/// The password in the samples for several machines.
const SAMPLE_PASSWORD: &str = ":PASSWORD@";

/// The URL of an engine: `scheme:rest`. The scheme selects the engine.
///
/// `Debug` and `Display` never show a password: neither the text before `@` nor the value of `password` in the query.
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

    /// Whether its password is that of a sample file, which everybody knows.
    pub fn is_of_the_sample(&self) -> bool {
        self.0.contains(SAMPLE_PASSWORD)
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
                if scheme.starts_with(|c: char| c.is_ascii_lowercase())
                    && scheme.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') =>
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
        let rest = without_password_values(self.rest());
        match rest.rsplit_once('@') {
            Some((_, behind)) => write!(f, "{}://***@{behind}", self.scheme()),
            None => write!(f, "{}:{rest}", self.scheme()),
        }
    }
}

/// Replaces every value of `password` in a query. An `@` stays, so that the text before it is hidden too.
fn without_password_values(rest: &str) -> String {
    let shown = |part: &str| match part.to_ascii_lowercase().find(PASSWORD) {
        Some(found) => {
            let (key, value) = part.split_at(found + PASSWORD.len());
            format!("{key}***{}", if value.contains('@') { "@" } else { "" })
        }
        None => part.to_owned(),
    };
    rest.split('&').map(shown).collect::<Vec<_>>().join("&")
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
            "postgres://h/db?user=u&password=s3cret",
            "postgres://h/db?PassWord=s3cret&user=u",
            "postgres://u:s3cret@h/db?password=s3cret&user=u",
            "postgres://h/db?password=a@s3cret&user=u",
            "postgres://u:s3cret&password=a@h/db",
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
