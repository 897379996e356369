//! The result of an import, as text and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

/// The whole result. A part that was not requested is absent from the JSON.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// The people file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<People>,
    /// The friendships file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendships: Option<Pairs>,
    /// The follows file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<Pairs>,
    /// The stories file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stories: Option<Stories>,
    /// People created because a file refers to them by number.
    pub numbered_people: u64,
    /// Lines of all files that could not be imported.
    pub broken_lines: u64,
    /// Duration of the import.
    pub seconds: f64,
}

/// Result of the people file.
#[derive(Debug, Default, Serialize)]
pub struct People {
    /// Created by this import.
    pub new: u64,
    /// Already in the store and left unchanged.
    pub there: u64,
    /// New people without a password, who cannot log in.
    pub without_password: u64,
}

/// Result of the friendships or follows file.
#[derive(Debug, Default, Serialize)]
pub struct Pairs {
    /// Created by this import.
    pub new: u64,
    /// Already in the store.
    pub there: u64,
    /// Repeated within the file. For friendships also in reverse order.
    pub repeated: u64,
    /// Pairs of a person with themselves.
    pub self_loops: u64,
    /// Left out: a limit is reached, one person has blocked the other, or a person could not be created.
    pub refused: u64,
}

/// Result of the stories file.
#[derive(Debug, Default, Serialize)]
pub struct Stories {
    /// Created by this import.
    pub new: u64,
    /// Already in the store, or repeated within the file: same author, text and time.
    pub there: u64,
    /// Number of days by which all times were shifted.
    pub shift_days: i64,
}

impl Summary {
    /// Whether every line was imported.
    pub fn is_whole(&self) -> bool {
        let refused = |pairs: &Option<Pairs>| pairs.as_ref().map_or(0, |pairs| pairs.refused);
        self.broken_lines + refused(&self.friendships) + refused(&self.follows) == 0
    }

    /// The result as sentences.
    pub fn sentences(&self) -> String {
        let mut text = String::new();
        if let Some(people) = &self.people {
            text.line(format!(
                "people: {} new, {} there already",
                people.new, people.there
            ));
            if people.without_password > 0 {
                text.line(format!(
                    "  {} of them have no password and cannot log in",
                    people.without_password
                ));
            }
        }
        if self.numbered_people > 0 {
            let made = self.numbered_people;
            text.line(format!(
                "people known by number: {made} new; they have no password and cannot log in"
            ));
        }
        for (what, pairs) in [
            ("friendships", &self.friendships),
            ("follows", &self.follows),
        ] {
            let Some(pairs) = pairs else { continue };
            let Pairs {
                new,
                there,
                repeated,
                self_loops,
                refused,
            } = pairs;
            text.line(format!("{what}: {new} new, {there} there already, {repeated} repeated, {self_loops} with oneself"));
            if *refused > 0 {
                text.line(format!(
                    "  {refused} left out: at the limit of 5,000, blocked, or of nobody"
                ));
            }
        }
        if let Some(stories) = &self.stories {
            text.line(format!(
                "stories: {} new, {} there already or repeated",
                stories.new, stories.there
            ));
            if stories.shift_days != 0 {
                let days = stories.shift_days;
                text.line(format!(
                    "  moved by {days} days; to run this import again write --shift-days {days}"
                ));
            }
        }
        if self.broken_lines > 0 {
            text.line(format!("{} lines could not be used", self.broken_lines));
        }
        text.line(format!("done in {:.1} s", self.seconds));
        text
    }
}

trait Line {
    fn line(&mut self, line: String);
}

impl Line for String {
    fn line(&mut self, line: String) {
        let _never_fails = writeln!(self, "{line}");
    }
}
