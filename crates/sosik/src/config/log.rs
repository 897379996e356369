//! The log on standard error.

use toml::Value;

use super::allowed::{Any, LogFilter};
use super::layers::Raw;
use super::setting::{Setting, one_of, settings, word_of};

/// The log that a running process writes to standard error.
#[derive(Debug, Clone)]
pub struct Log {
    /// The format of its lines.
    pub format: LogFormat,
    /// The minimum level, for everything or by part.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

settings! {
    /// The log that a running process writes to standard error.
    "log" {
        /// Text for people, or one JSON object a line for programs.
        format => log.format, unit: "word", allowed: Any("text or json");

        /// The minimum level, for everything or by part.
        filter => log.filter, unit: "filter", allowed: LogFilter;
    }
}

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A sentence and its fields.
    Text,
    /// A JSON object.
    Json,
}

const WORDS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

impl Setting for LogFormat {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}
