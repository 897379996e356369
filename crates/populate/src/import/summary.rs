//! What an import has done, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

/// All of it. A part that was not asked for is absent from the JSON.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// From the file of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<People>,
    /// From the file of friendships.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendships: Option<Pairs>,
    /// From the file of follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<Pairs>,
    /// From the file of stories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stories: Option<Stories>,
    /// People known by number only who were made.
    pub numbered_people: u64,
    /// Lines of all files that could not be used.
    pub broken_lines: u64,
    /// How long it took.
    pub seconds: f64,
}

/// People with a line of their own.
#[derive(Debug, Default, Serialize)]
pub struct People {
    /// Made now.
    pub new: u64,
    /// There already; left as they are.
    pub there: u64,
    /// Of the new ones, who have no password and thus cannot log in.
    pub without_password: u64,
}

/// Friendships or follows.
#[derive(Debug, Default, Serialize)]
pub struct Pairs {
    /// Made now.
    pub new: u64,
    /// There already.
    pub there: u64,
    /// Repeated within the file; for friendships also the other way round.
    pub repeated: u64,
    /// Of a person with themselves.
    pub self_loops: u64,
    /// Left out: the limit is reached, one has blocked the other, or a person could not be made.
    pub refused: u64,
}

/// Stories.
#[derive(Debug, Default, Serialize)]
pub struct Stories {
    /// Kept now.
    pub new: u64,
    /// There already, or repeated within the file: author, words and time are the same.
    pub there: u64,
    /// By so many days all times were moved.
    pub shift_days: i64,
}

impl Summary {
    /// Was everything used that was given?
    pub fn is_whole(&self) -> bool {
        let refused = |pairs: &Option<Pairs>| pairs.as_ref().map_or(0, |pairs| pairs.refused);
        self.broken_lines + refused(&self.friendships) + refused(&self.follows) == 0
    }

    /// For people.
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
