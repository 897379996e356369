//! Writes the people of a world.

use std::ops::Range;

use sosik_feed::people::{DisplayName, Handle, Language};
use sosik_load::world::{Speech, name_of};

use super::steps::first_missing;
use super::{Fill, Part};
use crate::import::{handle_of, new_person};

/// People per transaction.
const STEP: u32 = 5_000;

impl Fill {
    pub(super) async fn fill_people(&self, password: &str) -> anyhow::Result<Part> {
        let all = self.source.people();
        let step = |step: u64| {
            let begin = u32::try_from(step).unwrap_or(u32::MAX).saturating_mul(STEP);
            begin..begin.saturating_add(STEP).min(all)
        };
        let steps = all.div_ceil(STEP).into();
        let is_there = async |number: u64| {
            let last = handle_of(self.number(step(number).end - 1));
            let found = self.target.operations.ids_of_handles(vec![last]).await?;
            Ok(found.iter().any(Option::is_some))
        };
        let first = first_missing(steps, is_there).await?;
        let mut new = 0;
        if first < steps {
            let hash = self.hash(password).await?;
            let bar = (self.watch.bar)("people", all.into());
            for number in first..steps {
                new += self.sign_up(step(number), &hash).await?;
                bar.set_position(step(number).end.into());
            }
            bar.finish_and_clear();
        }
        Ok(Part::of(new))
    }

    /// All people share one hash. Separate hashes would take days, and the password protects nothing.
    pub(super) async fn hash(&self, password: &str) -> anyhow::Result<String> {
        let nobody = [String::new(), String::new()];
        Ok(self
            .target
            .service
            .accounts()
            .hash_new_password(password, nobody)
            .await?)
    }

    pub(super) async fn sign_up(&self, people: Range<u32>, hash: &str) -> anyhow::Result<u64> {
        let person = |person: u32| {
            let language = match Speech::of(person) {
                Speech::Korean => Language::Ko,
                Speech::English => Language::En,
                Speech::Japanese => Language::Ja,
            };
            new_person(
                self.id(person),
                &Handle::from_stored(handle_of(self.number(person))),
                DisplayName::from_stored(name_of(person)),
                language,
                hash.to_owned(),
                self.id(person).time(),
            )
        };
        let people = people.map(person).collect();
        Ok(self.target.operations.sign_up_many(people).await?)
    }
}
