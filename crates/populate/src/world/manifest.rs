//! Identifies the world in a store, in the bio of its first person.
//!
//! The manifest is in the store, so a copied database includes it. A separate table would exist in every store but be
//! used by few.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use sosik_feed::Timestamp;

use super::Fill;
use crate::import::{handle_of, set_bios};

/// The input of the world generator.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldManifest {
    /// Number of people.
    pub people: u32,
    /// Seed of the random source.
    pub seed: u64,
    /// Requested mean; 0 if the friendships come from a list.
    pub friends_mean: f64,
    /// Requested mean.
    pub stories_per_person: f64,
    /// End of the world's time. Its stories are from the four weeks before.
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
            .context("not the manifest of a world")?;
        let mut numbers = parts
            .split([' ', ','])
            .filter(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let mut next = || numbers.next().context("the manifest lacks a number");
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
    /// Returns the manifest in the store. If the store is empty, creates the first person with our manifest. `until` is
    /// kept from the first run.
    pub(super) async fn stored_manifest(&self, password: &str) -> anyhow::Result<WorldManifest> {
        let store = self.target.service.store();
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
            || self.target.operations.people_count().await? > u64::from(first.is_some())
        {
            bail!("the store holds people of no world: name another store.url");
        }
        self.sign_up(0..1, &self.hash(password).await?).await?;
        set_bios(
            &self.target.service,
            vec![(self.id(0), self.manifest.to_string())],
        )
        .await?;
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
