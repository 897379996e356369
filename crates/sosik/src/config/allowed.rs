//! The values that a key admits. A rule both checks a value and describes itself in words, so that the reference page
//! and the check cannot disagree.

use std::{fmt::Display, ops::RangeInclusive};

use tracing_subscriber::EnvFilter;

use super::EngineUrl;

/// A rule for values of type `T`.
pub trait Allowed<T> {
    /// The rule in words, to follow "allowed:" and "write".
    fn describe(&self) -> String;

    /// Whether the rule admits the value.
    fn admits(&self, value: &T) -> bool;
}

impl<T: PartialOrd + Display> Allowed<T> for RangeInclusive<T> {
    fn describe(&self) -> String {
        format!("{} to {}", self.start(), self.end())
    }

    fn admits(&self, value: &T) -> bool {
        self.contains(value)
    }
}

/// Any value of the type. The text describes the type.
pub struct Any(pub &'static str);

impl<T> Allowed<T> for Any {
    fn describe(&self) -> String {
        self.0.to_owned()
    }

    fn admits(&self, _value: &T) -> bool {
        true
    }
}

/// The URL of an engine of this build, identified by its scheme.
pub struct Schemes(pub &'static [&'static str]);

impl Allowed<EngineUrl> for Schemes {
    fn describe(&self) -> String {
        let forms: Vec<String> = self.0.iter().map(|scheme| format!("{scheme}:…")).collect();
        forms.join(" or ")
    }

    fn admits(&self, value: &EngineUrl) -> bool {
        self.0.contains(&value.scheme())
    }
}

/// `http://` or `https://`, a host and an optional port, and nothing else: the form that a browser sends as `Origin`.
pub struct Origin;

impl Allowed<String> for Origin {
    fn describe(&self) -> String {
        "http:// or https://, host and optional port, no path".to_owned()
    }

    fn admits(&self, value: &String) -> bool {
        let host = value
            .strip_prefix("https://")
            .or_else(|| value.strip_prefix("http://"));
        let part_of_host =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]_".contains(c);
        host.is_some_and(|host| !host.is_empty() && host.chars().all(part_of_host))
    }
}

/// Empty, or the URL of a service in the operator's network.
pub struct PlainHttp;

impl Allowed<String> for PlainHttp {
    fn describe(&self) -> String {
        "empty, or http:// with host, optional port and path".to_owned()
    }

    fn admits(&self, value: &String) -> bool {
        let visible = value.bytes().all(|byte| byte.is_ascii_graphic());
        let rest = value.strip_prefix("http://");
        value.is_empty()
            || (visible
                && rest.is_some_and(|host| {
                    host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
                }))
    }
}

/// At most `at_most` origins.
pub struct Origins {
    /// The longest list. Each request of a browser is compared with every origin.
    pub at_most: usize,
}

impl Allowed<Vec<String>> for Origins {
    fn describe(&self) -> String {
        format!("at most {} of: {}", self.at_most, Origin.describe())
    }

    fn admits(&self, value: &Vec<String>) -> bool {
        value.len() <= self.at_most && value.iter().all(|origin| Origin.admits(origin))
    }
}

/// A list with at most `items` items.
pub struct AtMost {
    /// The longest list.
    pub items: usize,
}

impl<T> Allowed<Vec<T>> for AtMost {
    fn describe(&self) -> String {
        format!("at most {} items", self.items)
    }

    fn admits(&self, value: &Vec<T>) -> bool {
        value.len() <= self.items
    }
}

/// Short text without control characters.
pub struct ShortText {
    /// The longest text, in bytes.
    pub bytes_max: usize,
}

impl Allowed<String> for ShortText {
    fn describe(&self) -> String {
        format!("at most {} bytes, no control characters", self.bytes_max)
    }

    fn admits(&self, value: &String) -> bool {
        value.len() <= self.bytes_max && !value.contains(char::is_control)
    }
}

/// A valid filter of the log.
pub struct LogFilter;

impl Allowed<String> for LogFilter {
    fn describe(&self) -> String {
        "a level (error, warn, info, debug, trace), or target=level separated by commas".to_owned()
    }

    fn admits(&self, value: &String) -> bool {
        !value.trim().is_empty() && EnvFilter::try_new(value).is_ok()
    }
}
