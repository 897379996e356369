//! The log on standard error.

use std::{fmt, str::FromStr};

use toml::Value;

use super::{
    allowed::{Any, LogFilter},
    layers::Raw,
    setting::{Setting, parsed, settings},
};

settings! {
    /// The log that a running process writes to standard error.
    pub struct Log in "log" {
        /// Text for people, or one JSON object a line for programs.
        pub format: LogFormat = LogFormat::Text, unit: "word", allowed: Any("text or json");

        /// The minimum level, for everything or by part.
        pub filter: String = "info".to_owned(), unit: "filter", allowed: LogFilter;
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

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Neither `text` nor `json`.
#[derive(Debug)]
pub struct NotALogFormat;

impl FromStr for LogFormat {
    type Err = NotALogFormat;

    fn from_str(text: &str) -> Result<Self, NotALogFormat> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(NotALogFormat),
        }
    }
}

impl Setting for LogFormat {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        parsed(raw, "text or json")
    }

    fn shown(&self) -> Value {
        Value::String(self.to_string())
    }
}
