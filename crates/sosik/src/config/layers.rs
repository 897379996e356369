//! Merges file, environment and flags. Only the syntax is checked here.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use toml::{Value, de::DeTable};

use super::problem::{Problem, Problems, Source};

/// Prefix of the environment variables of the configuration.
const PREFIX: &str = "SOSIK_";
/// Separates section and key in the name of a variable.
const BETWEEN: &str = "__";

/// The sources of a configuration, not yet interpreted.
#[derive(Debug, Default, Clone)]
pub struct Inputs {
    /// The configuration file's path and text.
    pub file: Option<(PathBuf, String)>,
    /// The environment. Variables of other programs are skipped.
    pub environment: Vec<(String, String)>,
    /// `section.key=value`, in the given order. The last one for a key wins.
    pub flags: Vec<String>,
}

/// A value as it was written.
#[derive(Debug, Clone)]
pub enum Raw {
    /// A typed value from the file.
    Toml(Value),
    /// Text from the environment or a flag.
    Text(String),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml(value) => value.fmt(f),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// A value and its source.
#[derive(Debug, Clone)]
pub struct Given {
    /// The value as it was written.
    pub raw: Raw,
    /// Its source.
    pub source: Source,
}

/// The given values by full key, each from its last source.
#[derive(Debug, Default)]
pub struct Layers {
    /// By `section.key`, or by the name of a key outside a section.
    pub values: BTreeMap<String, Given>,
    /// Sections of the file. They reveal empty sections with a wrong name.
    pub sections: Vec<(String, Source)>,
    /// Variables with our prefix but without the double underscore, which may be mistakes.
    pub suspects: Vec<String>,
}

impl Layers {
    /// Merges the sources.
    ///
    /// # Errors
    /// The file is not TOML, or a flag has no `=`. Values are not checked in that case.
    pub fn gather(inputs: Inputs) -> Result<Self, Problems> {
        let mut layers = Self::default();
        let mut problems = Vec::new();
        if let Some((path, text)) = inputs.file {
            problems.extend(layers.add_file(&path, &text).err());
        }
        layers.add_environment(inputs.environment);
        for flag in inputs.flags {
            problems.extend(layers.add_flag(&flag).err());
        }
        if problems.is_empty() {
            Ok(layers)
        } else {
            Err(Problems(problems))
        }
    }

    fn add_file(&mut self, path: &Path, text: &str) -> Result<(), Problem> {
        let source_at = |offset: usize| Source::File {
            path: path.to_owned(),
            line: Some(line_at(text, offset)),
        };
        let refuse = |error: toml::de::Error| {
            Problem {
            source: source_at(error.span().map_or(0, |span| span.start)),
            // Only the message: the full error repeats the line, which may contain a password.
            what: format!("not TOML: {}", error.message()),
            advice: "write [section] and below it key = value; `sosik config --sample` shows all of them".to_owned(),
        }
        };
        let spans = DeTable::parse(text).map_err(refuse)?;
        let values: toml::Table = toml::from_str(text).map_err(refuse)?;
        for (name, item) in spans.get_ref() {
            let (name, here) = (name.get_ref().as_ref(), source_at(name.span().start));
            match (values.get(name), item.get_ref().as_table()) {
                (Some(Value::Table(section)), Some(keys)) => {
                    self.sections.push((name.to_owned(), here));
                    for key in keys.keys() {
                        if let Some(value) = section.get(key.get_ref().as_ref()) {
                            let full = format!("{name}.{}", key.get_ref());
                            self.give(full, Raw::Toml(value.clone()), source_at(key.span().start));
                        }
                    }
                }
                (Some(value), _) => self.give(name.to_owned(), Raw::Toml(value.clone()), here),
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: Vec<(String, String)>) {
        for (variable, text) in environment {
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            match name.split_once(BETWEEN) {
                Some((section, key)) => {
                    let full = format!("{section}.{key}").to_ascii_lowercase();
                    self.give(full, Raw::Text(text), Source::Environment(variable));
                }
                None => self.suspects.push(variable),
            }
        }
    }

    fn add_flag(&mut self, flag: &str) -> Result<(), Problem> {
        let (key, text) = flag.split_once('=').ok_or_else(|| Problem {
            source: Source::Flag,
            what: format!("\"{flag}\" has no ="),
            advice: "write --set section.key=value".to_owned(),
        })?;
        self.give(
            key.trim().to_owned(),
            Raw::Text(text.to_owned()),
            Source::Flag,
        );
        Ok(())
    }

    fn give(&mut self, key: String, raw: Raw, source: Source) {
        self.values.insert(key, Given { raw, source });
    }
}

/// The name of the variable that sets a key.
pub fn variable_of(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}{BETWEEN}{key}").to_ascii_uppercase()
}

/// The name of the variable with the slip of a single underscore.
pub fn slip_of(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}_{key}").to_ascii_uppercase()
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
