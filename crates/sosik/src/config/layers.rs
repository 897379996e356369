//! File, environment and flags, laid over one another; nothing is judged here except the syntax.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use toml::{Value, de::DeTable};

use super::problem::{Problem, Problems, Source};

/// Environment variables of the configuration start with this.
const PREFIX: &str = "SOSIK_";
/// Stands between section and key in a variable's name.
const BETWEEN: &str = "__";

/// The sources of a configuration, read but not understood.
#[derive(Debug, Default, Clone)]
pub struct Inputs {
    /// The configuration file's path and text.
    pub file: Option<(PathBuf, String)>,
    /// The environment; variables of others are skipped.
    pub environment: Vec<(String, String)>,
    /// `section.key=value`, in the order given; the last one wins.
    pub flags: Vec<String>,
}

/// A value as it was written.
#[derive(Debug, Clone)]
pub enum Raw {
    /// In the file, with a type.
    Toml(Value),
    /// In the environment or a flag, where everything is text.
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

/// A value and who gave it.
#[derive(Debug, Clone)]
pub struct Given {
    /// What was written.
    pub raw: Raw,
    /// Where.
    pub source: Source,
}

/// The given values by full key; the last source of each.
#[derive(Debug, Default)]
pub struct Layers {
    /// `section.key`, or the bare name of something at the top of the file.
    pub values: BTreeMap<String, Given>,
    /// Sections of the file, for telling of empty ones with a wrong name.
    pub sections: Vec<(String, Source)>,
    /// Variables that start like ours but lack the double underscore: perhaps slips.
    pub suspects: Vec<String>,
}

impl Layers {
    /// Lays the sources over one another.
    ///
    /// # Errors
    /// A file that is not TOML, or a flag without `=`. Such a start ends before values are looked at.
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
            // Only the message: the error's own text repeats the line, which may hold a password.
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
