//! Maps the numbers in the files to people.
//!
//! A number refers to a person of the people file in the same run. Otherwise it refers to `person{number}`, who is
//! created if that handle does not exist. The handles of two numbers never look alike: in the skeleton of a handle the
//! digits 0, 1 and 5 become letters and the others stay, so different numbers stay different.

use crate::Target;
use foldhash::HashMap;
use sosik_feed::people::{DisplayName, Handle, Language};
use sosik_feed::{PersonId, Timestamp, search};
use sosik_store::NewPerson;

/// Largest number of a person. With the prefix `person` it has the maximum length of a handle.
pub(super) const NUMBER_MAX: u64 = 99_999_999_999_999;
/// People looked up and created per step.
const STEP: usize = 2_000;

/// People by number. Grows with the number of people in the files, not with the number of lines.
pub(super) struct Registry {
    target: Target,
    /// `None`: another person has this handle or one that looks like it.
    numbers: HashMap<u64, Option<PersonId>>,
    /// Number of people created.
    pub(super) made: u64,
}

impl Registry {
    /// An empty registry.
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            numbers: HashMap::default(),
            made: 0,
        }
    }

    /// The person with this number, if it is known from the people file or was resolved before.
    pub(super) fn person(&self, number: u64) -> Option<PersonId> {
        self.numbers.get(&number).copied().flatten()
    }

    /// Assigns a number to a person of the people file. `false` if another person has it.
    pub(super) fn give(&mut self, number: u64, person: PersonId) -> bool {
        *self.numbers.entry(number).or_insert(Some(person)) == Some(person)
    }

    /// Looks up the people with these numbers and creates the missing ones.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn resolve(
        &mut self,
        numbers: impl IntoIterator<Item = u64>,
    ) -> anyhow::Result<()> {
        let mut unknown: Vec<u64> = numbers
            .into_iter()
            .filter(|number| !self.numbers.contains_key(number))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        for step in unknown.chunks(STEP) {
            self.look_up(step).await?;
            let missing: Vec<u64> = step
                .iter()
                .copied()
                .filter(|number| self.numbers[number].is_none())
                .collect();
            if !missing.is_empty() {
                self.made += self.make(&missing).await?;
                // People who are still missing were rejected by a rule of the store.
                self.look_up(&missing).await?;
            }
        }
        Ok(())
    }

    async fn look_up(&mut self, numbers: &[u64]) -> anyhow::Result<()> {
        let handles = numbers.iter().map(|number| handle_of(*number)).collect();
        let found = self.target.operations.ids_of_handles(handles).await?;
        self.numbers.extend(numbers.iter().copied().zip(found));
        Ok(())
    }

    async fn make(&self, numbers: &[u64]) -> anyhow::Result<u64> {
        let mut people = Vec::with_capacity(numbers.len());
        for &number in numbers {
            let id = self.target.service.next_person().await?;
            let handle = Handle::from_stored(handle_of(number));
            let name = DisplayName::from_stored(format!("Person {number}"));
            people.push(new_person(
                id,
                &handle,
                name,
                Language::default(),
                String::new(),
                self.target.service.clock().now(),
            ));
        }
        Ok(self.target.operations.sign_up_many(people).await?)
    }
}

/// A new person in the form that the store accepts.
pub fn new_person(
    id: PersonId,
    handle: &Handle,
    name: DisplayName,
    language: Language,
    password_hash: String,
    created_at: Timestamp,
) -> NewPerson {
    NewPerson {
        id,
        skeleton: handle.skeleton(),
        search_terms: search::terms(handle, &name),
        handle: handle.as_str().to_owned(),
        display_name: name.into_string(),
        language,
        password_hash,
        created_at,
    }
}

/// The handle of a person who is known only by number.
pub fn handle_of(number: u64) -> String {
    format!("person{number}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbered_people_have_handles_that_the_rules_take_and_nobody_confuses() {
        let numbers = (0..20_000).chain([NUMBER_MAX - 1, NUMBER_MAX]);
        let skeletons: Vec<_> = numbers
            .map(|number| Handle::parse(&handle_of(number)).unwrap().skeleton())
            .collect();
        let different: HashSet<_> = skeletons.iter().collect();
        assert_eq!(different.len(), skeletons.len());
    }
}
