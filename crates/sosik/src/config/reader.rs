//! Reads each declared key and collects all problems.
//!
//! The descriptions of the keys come from a read without any source, so there is no second list of keys.

use super::{
    allowed::Allowed,
    layers::{Given, Layers, slip_of, variable_of},
    problem::{Problem, Problems, Source},
    setting::Setting,
    units::Unit,
};

/// A key with its description and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name within its section.
    pub name: &'static str,
    /// What it is for.
    pub meaning: String,
    /// Its unit.
    pub unit: &'static str,
    /// The default value.
    pub default: toml::Value,
    /// A description of the allowed values.
    pub allowed: String,
    /// The value in effect, without secret parts.
    pub value: toml::Value,
    /// Its source.
    pub source: Source,
}

/// The keys of one concern.
#[derive(Debug, Clone)]
pub struct SectionEntries {
    /// The name in brackets.
    pub name: &'static str,
    /// Its description.
    pub about: String,
    /// Its keys, in the order of their declaration.
    pub entries: Vec<Entry>,
}

impl SectionEntries {
    /// `section.name`.
    pub fn key(&self, entry: &Entry) -> String {
        format!("{}.{}", self.name, entry.name)
    }

    /// The environment variable that sets the key.
    pub fn variable(&self, entry: &Entry) -> String {
        variable_of(self.name, entry.name)
    }
}

/// Turns layers into values.
pub struct Reader {
    layers: Layers,
    sections: Vec<SectionEntries>,
    problems: Vec<Problem>,
}

impl Reader {
    /// Reads from these layers.
    pub fn new(layers: Layers) -> Self {
        Self {
            layers,
            sections: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Opens a section. The following keys belong to it.
    pub fn section(&mut self, name: &'static str, about: &[&str]) {
        self.sections.push(SectionEntries {
            name,
            about: one_line(about),
            entries: Vec::new(),
        });
    }

    /// Puts the given value of a key into its place. If it is missing or was rejected, the default stays there.
    #[expect(clippy::needless_pass_by_value, reason = "a unit has no content")]
    pub fn key<T, U: Unit<T>>(
        &mut self,
        name: &'static str,
        meaning: &[&str],
        unit: U,
        place: &mut T,
        allowed: &impl Allowed<U::Written>,
    ) {
        let default = unit.write(place).shown();
        let mut entry = Entry {
            name,
            meaning: one_line(meaning),
            unit: unit.name(),
            default: default.clone(),
            allowed: allowed.describe(),
            value: default,
            source: Source::Default,
        };
        let section = self.sections.last().map_or("", |section| section.name);
        if let Some(given) = self.layers.values.remove(&format!("{section}.{name}")) {
            match admitted(&given, allowed) {
                Ok(written) => {
                    entry.value = written.shown();
                    entry.source = given.source;
                    *place = unit.read(written);
                }
                Err(why) => {
                    let problem = refused(section, &entry, given.source, &why);
                    self.problems.push(problem);
                }
            }
        }
        if let Some(section) = self.sections.last_mut() {
            section.entries.push(entry);
        }
    }

    /// Whether nothing read so far has a problem.
    pub fn has_no_problems(&self) -> bool {
        self.problems.is_empty()
    }

    /// Adds a problem of values that are valid alone but contradict each other. `keys` are full names. The first key
    /// that is set is reported as the location.
    pub fn contradiction(&mut self, keys: &[&str], what: String, advice: &str) {
        let source = self
            .entries()
            .find(|(key, entry)| keys.contains(&key.as_str()) && entry.source != Source::Default);
        let source = source.map_or(Source::Default, |(_, entry)| entry.source.clone());
        self.problems.push(Problem {
            source,
            what,
            advice: advice.to_owned(),
        });
    }

    /// Returns the described keys.
    ///
    /// # Errors
    /// All problems, including one for each given key that does not exist.
    pub fn finish(mut self) -> Result<Vec<SectionEntries>, Problems> {
        let unknown = self.unknown_keys();
        self.problems.extend(unknown);
        if self.problems.is_empty() {
            Ok(self.sections)
        } else {
            Err(Problems(self.problems))
        }
    }

    fn entries(&self) -> impl Iterator<Item = (String, &Entry)> {
        let keyed = |section: &'_ SectionEntries, entry: &'_ Entry| section.key(entry);
        self.sections.iter().flat_map(move |section| {
            section
                .entries
                .iter()
                .map(move |entry| (keyed(section, entry), entry))
        })
    }

    fn unknown_keys(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, given) in &self.layers.values {
            problems.push(self.unknown(key, given.source.clone()));
        }
        for (name, source) in &self.layers.sections {
            let known = self.sections.iter().any(|section| section.name == name);
            let told = problems
                .iter()
                .any(|p| p.what.contains(&format!("\"{name}.")));
            if !known && !told {
                problems.push(self.unknown(name, source.clone()));
            }
        }
        problems.extend(self.slips());
        problems
    }

    fn unknown(&self, key: &str, source: Source) -> Problem {
        if let Some(section) = self.sections.iter().find(|section| section.name == key) {
            return Problem {
                source,
                what: format!("\"{key}\" is a section, not a key"),
                advice: format!("{}; write [{key}] and its keys below", section.about),
            };
        }
        let advice = if key.contains('.') {
            self.nearest(key)
                .map(|(near, entry)| format!("did you mean {near}? {}", entry.meaning))
        } else {
            self.nearest_section(key)
                .map(|near| format!("did you mean [{}]? {}", near.name, near.about))
        };
        let advice = advice.unwrap_or_else(|| {
            "`sosik config --reference` lists every key; remove this one".to_owned()
        });
        Problem {
            source,
            what: format!("there is no key \"{key}\""),
            advice,
        }
    }

    /// The key that was probably meant: the same name in another section, otherwise the name with the most similar
    /// spelling.
    fn nearest(&self, wrong: &str) -> Option<(String, &Entry)> {
        let name = wrong.rsplit('.').next().unwrap_or(wrong);
        if let Some(same_name) = self.entries().find(|(_, entry)| entry.name == name) {
            return Some(same_name);
        }
        closest_match(wrong, self.entries(), |(key, _)| key)
    }

    fn nearest_section(&self, wrong: &str) -> Option<&SectionEntries> {
        closest_match(wrong, self.sections.iter(), |section| section.name)
    }

    /// Variables that would set a key if they had two underscores. Other variables with our prefix are ignored:
    /// container platforms set `SOSIK_SERVICE_HOST` and similar ones by themselves.
    fn slips(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for section in &self.sections {
            for entry in &section.entries {
                let slip = slip_of(section.name, entry.name);
                if self.layers.suspects.contains(&slip) {
                    problems.push(Problem {
                        source: Source::Environment(slip.clone()),
                        what: format!("{slip} sets nothing"),
                        advice: format!("write two underscores: {}", section.variable(entry)),
                    });
                }
            }
        }
        problems
    }
}

fn admitted<T: Setting>(given: &Given, allowed: &impl Allowed<T>) -> Result<T, String> {
    let value = T::from_raw(&given.raw)?;
    if allowed.admits(&value) {
        Ok(value)
    } else {
        Err(format!("= {} is not allowed", value.shown()))
    }
}

fn refused(section: &str, entry: &Entry, source: Source, why: &str) -> Problem {
    Problem {
        source,
        what: format!("{section}.{} {why}", entry.name),
        advice: format!(
            "{} Write {} ({}), or leave it out for {}.",
            entry.meaning, entry.allowed, entry.unit, entry.default
        ),
    }
}

/// The item with the name most similar to `wrong`. None if a suggestion would be a guess.
fn closest_match<T>(
    wrong: &str,
    items: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &str,
) -> Option<T> {
    const SIMILARITY_MIN: f64 = 0.6;
    items
        .map(|item| {
            (
                strsim::normalized_damerau_levenshtein(name(&item), wrong),
                item,
            )
        })
        .filter(|(likeness, _)| *likeness >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, item)| item)
}

/// Joins the lines of a doc comment. Each starts with the space after its slashes.
fn one_line(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}
