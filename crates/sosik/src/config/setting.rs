//! The written form of a configuration value, and the macro that declares the keys of a section.

use std::{fmt::Display, net::SocketAddr, str::FromStr};

use toml::Value;

use super::layers::Raw;

/// A type of configuration values.
///
/// Text from the environment or a flag is parsed by the type of its key and not by its form: a node may be called `12`.
pub trait Setting: Clone {
    /// Parses a value as given.
    ///
    /// # Errors
    /// The reason why it is not a value of this type, as the end of the sentence "`key` …".
    fn from_raw(raw: &Raw) -> Result<Self, String>;

    /// The printable value, without secret parts.
    fn shown(&self) -> Value;
}

/// Declares the keys of one section, and the function that reads them.
///
/// Each key has a doc comment (its meaning, used in every generated text), a name, its place in [`Config`], a unit and
/// the allowed values. Its default is the initial value of that place.
///
/// [`Config`]: super::Config
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        $section:literal {
            $(
                $(#[doc = $meaning:literal])+
                $key:ident => $($place:ident).+, unit: $unit:expr, allowed: $allowed:expr;
            )+
        }
    ) => {
        $(#[doc = $about])+
        pub(in crate::config) fn read(
            config: &mut $crate::config::Config,
            reader: &mut $crate::config::reader::Reader,
        ) {
            reader.section($section, &[$($about),+]);
            $(
                reader.key(stringify!($key), &[$($meaning),+], $unit, &mut config.$($place).+, &$allowed);
            )+
        }
    };
}
pub(in crate::config) use settings;

macro_rules! whole_number {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn from_raw(raw: &Raw) -> Result<Self, String> {
                let number = match raw {
                    Raw::Text(text) if text.trim().is_empty() => return Err(EMPTY.to_owned()),
                    Raw::Text(text) => text.trim().replace('_', "").parse::<i64>().ok(),
                    Raw::Toml(value) => value.as_integer(),
                };
                number
                    .ok_or_else(|| format!("{raw} is not a whole number"))
                    .and_then(|number| <$type>::try_from(number).or(Err(format!("{number} is out of range"))))
            }

            fn shown(&self) -> Value {
                // Every range in use ends far below 2⁶³. The fallback only avoids a panic.
                Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )+};
}
whole_number!(u16, u32, usize);

const EMPTY: &str = "is empty; a limit is never removed";

impl Setting for String {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) => Ok(text.clone()),
            Raw::Toml(Value::String(text)) => Ok(text.clone()),
            Raw::Toml(_) => Err(format!("{raw} is not text")),
        }
    }

    fn shown(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Setting for SocketAddr {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        parsed(raw, "an IP address and a port")
    }

    fn shown(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Parses one of a few words, in any case.
pub(super) fn one_of<T: Copy>(raw: &Raw, words: &[(&str, T)]) -> Result<T, String> {
    let text = String::from_raw(raw)?;
    let named = |(word, _): &&(&str, T)| word.eq_ignore_ascii_case(text.trim());
    words
        .iter()
        .find(named)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            format!("{raw} is not {}", words.join(" or "))
        })
}

/// The word of a value.
pub(super) fn word_of<T: PartialEq>(value: &T, words: &[(&str, T)]) -> Value {
    let named = words.iter().find(|(_, of)| of == value);
    Value::String(named.map_or("", |(word, _)| *word).to_owned())
}

/// Parses a value that is written as text in a specific form.
pub(super) fn parsed<T: FromStr>(raw: &Raw, form: &str) -> Result<T, String> {
    let text = String::from_raw(raw)?;
    text.trim().parse().or(Err(format!("{raw} is not {form}")))
}

impl Setting for Vec<String> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        texts(raw)
    }

    fn shown(&self) -> Value {
        list(self)
    }
}

/// A list: an array in the file; in the environment and in flags the same, or texts separated by commas. Empty text
/// means none.
pub(super) fn texts(raw: &Raw) -> Result<Vec<String>, String> {
    match raw {
        Raw::Text(text) if text.trim_start().starts_with('[') => texts(&array(text)?),
        Raw::Text(text) => Ok(text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()),
        Raw::Toml(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| format!("{raw} is not a list of texts")),
        Raw::Toml(_) => Err(format!("{raw} is not a list")),
    }
}

/// An array as the file writes it, in a variable or a flag.
fn array(text: &str) -> Result<Raw, String> {
    let table: Result<toml::Table, _> = format!("array = {text}").parse();
    let array = table.ok().and_then(|mut table| table.remove("array"));
    array
        .map(Raw::Toml)
        .ok_or_else(|| format!("\"{text}\" is not an array such as [\"10.0.0.1\", \"::1\"]"))
}

/// A list as it is written in the file.
pub(super) fn list(items: &[impl Display]) -> Value {
    Value::Array(
        items
            .iter()
            .map(|item| Value::String(item.to_string()))
            .collect(),
    )
}
