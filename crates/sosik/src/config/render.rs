//! The configuration as text: the values in effect, a sample file, and a page of the guide.

use std::fmt::Write as _;

use super::reader::{Entry, SectionEntries};

/// Width to which comments of TOML are wrapped.
const COLUMNS: usize = 110;

/// The effective configuration as a valid TOML file. Each key has its meaning, unit, default, range and source.
///
/// Parts of addresses that may hold a password are shown as `***`.
pub fn effective(sections: &[SectionEntries]) -> String {
    let mut page = String::from("# The configuration in effect.\n");
    for section in sections {
        head(&mut page, section);
        for entry in &section.entries {
            comment(&mut page, &entry.meaning);
            let facts = format!("{}; from: {}", facts(entry), entry.source);
            comment(&mut page, &facts);
            line(&mut page, &format!("{} = {}", entry.name, entry.value));
        }
    }
    page
}

/// A file with every key at its default, commented out.
pub fn sample(sections: &[SectionEntries]) -> String {
    let mut page = String::from(
        "# Every key of Sosik's configuration, at its default. Copy to sosik.toml and remove the # of what you change.\n\
         # Made by `sosik config --sample`; do not edit by hand.\n",
    );
    for section in sections {
        head(&mut page, section);
        for entry in &section.entries {
            comment(&mut page, &entry.meaning);
            comment(&mut page, &facts(entry));
            line(&mut page, &format!("#{} = {}", entry.name, entry.default));
        }
    }
    page
}

/// The reference page of the guide, in Markdown.
pub fn reference(sections: &[SectionEntries]) -> String {
    let mut page = String::from(REFERENCE_HEAD);
    for section in sections {
        let _never_fails = write!(
            page,
            "\n## {}\n\n{}\n\n| key | meaning | unit | default | allowed |\n|---|---|---|---|---|\n",
            section.name, section.about
        );
        for entry in &section.entries {
            let cells = [
                format!("`{}`", entry.name),
                cell(&entry.meaning),
                cell(entry.unit),
                format!("`{}`", entry.default),
                cell(&entry.allowed),
            ];
            line(&mut page, &format!("| {} |", cells.join(" | ")));
        }
    }
    page
}

const REFERENCE_HEAD: &str = "\
# Configuration

<!-- Made by `sosik config --reference`; do not edit by hand. -->

Sosik starts without any configuration. Values come from four sources. Later ones override earlier ones:

1. the defaults below;
2. one TOML file: `--config PATH`, or the path in `SOSIK_CONFIG`, or `sosik.toml` in the working directory if there
   is one;
3. the environment: `SOSIK_SECTION__KEY`, with two underscores between section and key, for example
   `SOSIK_SERVER__LISTEN=0.0.0.0:80`;
4. flags: `--set section.key=value`, repeatable. The last one for a key wins.

In the environment and in flags, separate the items of a list with commas, or write an array as in the file.

`sosik config` prints the configuration in effect, with the source of each value. `sosik.sample.toml` contains every
key to copy from.

An unknown key, an empty limit or a value out of range prevents the start, with exit code 2. All problems are reported
together. There is no \"unlimited\": every queue, page, batch and cache has a maximum.
";

fn head(page: &mut String, section: &SectionEntries) {
    page.push('\n');
    comment(page, &section.about);
    line(page, &format!("[{}]", section.name));
}

fn facts(entry: &Entry) -> String {
    format!(
        "{}; default {}; allowed: {}",
        entry.unit, entry.default, entry.allowed
    )
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

/// Writes a comment, wrapped to as many lines as needed.
fn comment(page: &mut String, text: &str) {
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width == 0 || width + 1 + length > COLUMNS {
            page.push_str(if width == 0 { "# " } else { "\n# " });
            width = length;
        } else {
            page.push(' ');
            width += 1 + length;
        }
        page.push_str(word);
    }
    page.push('\n');
}

/// Escapes text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
