//! The configuration as text: in effect, as a sample, and as a page of the guide.

use std::fmt::Write as _;

use super::reader::{Entry, SectionEntries};

/// What a line of the page may be wrapped to in comments of TOML.
const COLUMNS: usize = 110;

/// The effective configuration as TOML that could be used as a file. Each key says what it is for, its unit, default
/// and range, and where its value came from.
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

/// A file with every key at its default, switched off by a `#`.
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

Sosik starts without any configuration. Whatever is set comes from four places; later ones win:

1. the defaults below;
2. one TOML file: `--config PATH`, else the path in `SOSIK_CONFIG`, else `sosik.toml` in the working directory if there
   is one;
3. the environment: `SOSIK_SECTION__KEY`, with two underscores between section and key, for example
   `SOSIK_SERVER__LISTEN=0.0.0.0:80`;
4. flags: `--set section.key=value`, as often as needed; of two for the same key the last one wins.

In the environment and in flags, lists are separated by commas.

`sosik config` prints the configuration in effect, with the place each value came from. `sosik.sample.toml` has every
key to copy from.

A key that does not exist, a limit that is empty and a value out of range stop the start with exit code 2; all problems
are told at once. There is no \"unlimited\": every queue, page, batch and cache has a maximum.
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

/// A comment of as many lines as it takes.
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

/// Text that cannot break out of a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
