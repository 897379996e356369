//! The actions of people, and how often each occurs.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use serde::Serialize;

/// An action of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The first page.
    Top,
    /// The first page, unless it is the one that the client has.
    Conditional,
    /// An older page.
    Older,
    /// Newer stories.
    Newer,
    /// Posting a story.
    Post,
    /// Liking a story that was shown.
    Like,
    /// Commenting on a story that was shown.
    Comment,
    /// Logging in.
    LogIn,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Top,
        Self::Conditional,
        Self::Older,
        Self::Newer,
        Self::Post,
        Self::Like,
        Self::Comment,
        Self::LogIn,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Conditional => "conditional",
            Self::Older => "older",
            Self::Newer => "newer",
            Self::Post => "post",
            Self::Like => "like",
            Self::Comment => "comment",
            Self::LogIn => "log-in",
        }
    }
}

/// The weight of each action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix([u32; Action::ALL.len()]);

/// A mix that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MixError {
    /// Not `name=weight`.
    #[error(
        "{0}: write name=weight, with the names top, conditional, older, newer, post, like, comment, log-in"
    )]
    Part(String),
    /// All weights are zero.
    #[error("no action has a weight above zero")]
    Nothing,
}

impl Default for Mix {
    /// A day of the design: sixty reads for each story. Most of them are refreshes by clients.
    fn default() -> Self {
        Self([250, 160, 100, 400, 15, 50, 20, 2])
    }
}

impl Mix {
    /// A random action, by weight.
    pub(crate) fn choose(&self, chance: &mut impl Rng) -> Action {
        let all: u32 = self.0.iter().sum();
        let mut left = chance.random_range(0..all);
        for (action, weight) in Action::ALL.into_iter().zip(self.0) {
            if left < weight {
                return action;
            }
            left -= weight;
        }
        Action::Top
    }
}

impl FromStr for Mix {
    type Err = MixError;

    /// Parses `top=250,post=15`. Actions that are not listed get no weight.
    fn from_str(text: &str) -> Result<Self, MixError> {
        let mut weights = [0; Action::ALL.len()];
        for part in text.split(',') {
            let parsed = part.split_once('=').and_then(|(name, weight)| {
                let place = Action::ALL
                    .iter()
                    .position(|action| action.name() == name.trim())?;
                let weight: u16 = weight.trim().parse().ok()?;
                Some((place, u32::from(weight)))
            });
            let (place, weight) = parsed.ok_or_else(|| MixError::Part(part.to_owned()))?;
            weights[place] = weight;
        }
        if weights == [0; Action::ALL.len()] {
            return Err(MixError::Nothing);
        }
        Ok(Self(weights))
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Action::ALL.iter().zip(self.0);
        let parts: Vec<String> = named
            .filter(|(_, weight)| *weight > 0)
            .map(|(action, weight)| format!("{}={weight}", action.name()))
            .collect();
        out.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_mix_is_read_and_written_alike_and_nonsense_is_refused() {
        let mix: Mix = "top=3,post=1".parse().unwrap();
        assert_eq!(mix.to_string(), "top=3,post=1");
        assert_eq!("top=0".parse::<Mix>(), Err(MixError::Nothing));
        for wrong in ["", "top", "top=many", "dance=1"] {
            assert!(matches!(wrong.parse::<Mix>(), Err(MixError::Part(_))));
        }
    }

    #[test]
    fn each_action_comes_as_often_as_its_weight_says() {
        let mix: Mix = "top=3,post=1".parse().unwrap();
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut chosen = |_| mix.choose(&mut chance);
        let posts = (0..10_000)
            .map(&mut chosen)
            .filter(|action| *action == Action::Post);
        let posts = posts.count();
        assert!((2_300..2_700).contains(&posts), "{posts}");
    }
}
