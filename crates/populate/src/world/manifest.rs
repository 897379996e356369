//! Which world a store holds: said by its first person, in a bio that people can read too.
//!
//! It has to be in the store, or a copied database would not know what it is; a table of its own would be in every
//! store for the sake of a few.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use sosik_feed::Timestamp;

use super::Fill;
use crate::import::{handle_of, set_bios};

/// What made a world.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldManifest {
    /// How many people.
    pub people: u32,
    /// Of its chance.
    pub seed: u64,
    /// Asked for; 0 when the friendships come from a list.
    pub friends_mean: f64,
    /// Asked for.
    pub stories_per_person: f64,
    /// When its time ends; stories are of the four weeks before.
    pub until: Timestamp,
}

const BEGIN: &str = "The first of a world for measuring:";

impl fmt::Display for WorldManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            people,
            seed,
            friends_mean,
            stories_per_person,
            until,
        } = self;
        let until = until.as_millis();
        write!(
            f,
            "{BEGIN} {people} people, seed {seed}, {friends_mean} friends, {stories_per_person} stories, until {until}"
        )
    }
}

impl FromStr for WorldManifest {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let parts = text
            .strip_prefix(BEGIN)
            .context("not the sign of a world")?;
        let mut numbers = parts
            .split([' ', ','])
            .filter(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let mut next = || numbers.next().context("a number is missing");
        Ok(Self {
            people: next()?.parse()?,
            seed: next()?.parse()?,
            friends_mean: next()?.parse()?,
            stories_per_person: next()?.parse()?,
            until: Timestamp::from_millis(next()?.parse()?),
        })
    }
}

impl Fill {
    /// The sign that is in the store; when the store is empty, the first person with ours. The end of time is that of
    /// the first run.
    pub(super) async fn stored_manifest(&self, password: &str) -> anyhow::Result<WorldManifest> {
        let store = self.service.store();
        let handle = handle_of(self.number(0));
        let first = store.person_by_handle(&handle).await?;
        if let Some(first) = &first
            && !first.bio.is_empty()
        {
            let found = first.bio.parse::<WorldManifest>().ok();
            let found = found.filter(|_| first.id == self.id(0));
            let found = found.with_context(|| {
                format!("the store holds people of no world (@{handle}): name another store.url")
            })?;
            let asked = WorldManifest {
                until: found.until,
                ..self.manifest.clone()
            };
            if asked != found {
                bail!(
                    "the store holds another world: {found}; ask for that one, or name another store.url"
                );
            }
            return Ok(found);
        }
        if first.as_ref().is_some_and(|first| first.id != self.id(0))
            || store.people_count().await? > u64::from(first.is_some())
        {
            bail!("the store holds people of no world: name another store.url");
        }
        self.sign_up(0..1, &self.hash(password).await?).await?;
        set_bios(&self.service, vec![(self.id(0), self.manifest.to_string())]).await?;
        Ok(self.manifest.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let manifest = WorldManifest {
            people: 10_000,
            seed: u64::MAX,
            friends_mean: 190.0,
            stories_per_person: 2.5,
            until: Timestamp::from_millis(1_767_193_200_000),
        };
        assert_eq!(
            manifest.to_string().parse::<WorldManifest>().unwrap(),
            manifest
        );
        for other in ["", "Hello!", "The first of a world for measuring: 5 people"] {
            assert!(other.parse::<WorldManifest>().is_err(), "{other}");
        }
    }
}
