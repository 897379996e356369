//! Imports people from JSON, one object per line.

use foldhash::HashSet;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use sosik_feed::people::{Bio, DisplayName, Handle, Language};
use sosik_feed::rules::check_password_length;
use sosik_feed::{PersonId, RuleBroken};
use sosik_service::{Service, ServiceError};
use sosik_store::ProfileChange;

use super::Import;
use super::input::{Input, Line};
use super::registry::{NUMBER_MAX, new_person};
use super::summary::People;

/// People per transaction.
const STEP: usize = 1_000;
/// Profiles changed at the same time. They share a transaction.
const PROFILES_AT_ONCE: usize = 128;

/// A line as it is in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    number: Option<u64>,
    handle: String,
    display_name: String,
    language: Option<String>,
    bio: Option<String>,
    password: Option<String>,
}

/// A line that satisfies the rules.
struct Person {
    line: u64,
    number: Option<u64>,
    handle: Handle,
    name: DisplayName,
    language: Language,
    bio: Option<Bio>,
    password: Option<String>,
}

impl Import {
    /// Imports people.
    ///
    /// # Errors
    /// When the file cannot be read, the store fails, or a strict import meets a line that it cannot use.
    pub async fn people(&mut self, mut input: Input) -> anyhow::Result<People> {
        let mut people = People::default();
        loop {
            let lines = input.lines(STEP, parse)?;
            if lines.is_empty() {
                break;
            }
            let mut step = Vec::with_capacity(lines.len());
            for Line { number: line, says } in lines {
                match says {
                    Ok(person) => step.push(Person { line, ..person }),
                    Err(why) => self.faults.tell(&input.bar, &input.name, line, &why)?,
                }
            }
            self.people_step(step, &input, &mut people).await?;
        }
        input.bar.finish_and_clear();
        Ok(people)
    }

    async fn people_step(
        &mut self,
        step: Vec<Person>,
        input: &Input,
        people: &mut People,
    ) -> anyhow::Result<()> {
        let there = self.ids(&step).await?;
        let mut handles = HashSet::default();
        let missing = (step.iter().zip(&there))
            .filter(|(person, there)| there.is_none() && handles.insert(person.handle.as_str()))
            .map(|(person, _)| person)
            .collect();
        // Each handle once, so that a second line with the same handle does not count as new.
        let mut made = self.make(missing, input, people).await?;
        let ids = self.ids(&step).await?;
        for (person, id) in step.iter().zip(&ids) {
            let is_new = made.remove(person.handle.as_str());
            match id {
                Some(id) => {
                    people.there += u64::from(!is_new);
                    people.without_password += u64::from(is_new && person.password.is_none());
                    self.number(person, *id, input)?;
                }
                None if is_new => {
                    let why = RuleBroken::HandleConfusable.to_string();
                    self.faults
                        .tell(&input.bar, &input.name, person.line, &why)?;
                }
                // The password was rejected and the line already reported.
                None => {}
            }
        }
        self.bios(&step, &ids).await
    }

    /// Creates the missing people. Returns the handles of those with an accepted password, whether or not the store
    /// accepted the handle.
    async fn make(
        &mut self,
        missing: Vec<&Person>,
        input: &Input,
        people: &mut People,
    ) -> anyhow::Result<HashSet<String>> {
        let hashed = self.hashed(&missing).await;
        let mut new = Vec::with_capacity(missing.len());
        for (person, hash) in missing.into_iter().zip(hashed) {
            match hash {
                Ok(hash) => {
                    let id = self.target.service.next_person().await?;
                    new.push(new_person(
                        id,
                        &person.handle,
                        person.name.clone(),
                        person.language,
                        hash,
                        self.target.service.clock().now(),
                    ));
                }
                Err(ServiceError::RuleBroken(rule)) => {
                    self.faults
                        .tell(&input.bar, &input.name, person.line, &rule.to_string())?;
                }
                Err(other) => return Err(other.into()),
            }
        }
        let handles = new.iter().map(|person| person.handle.clone()).collect();
        people.new += self.target.operations.sign_up_many(new).await?;
        Ok(handles)
    }

    /// Associates the person with their number for the later files.
    fn number(&mut self, person: &Person, id: PersonId, input: &Input) -> anyhow::Result<()> {
        if person
            .number
            .is_some_and(|number| !self.people.give(number, id))
        {
            let why = "another person has this number already";
            self.faults
                .tell(&input.bar, &input.name, person.line, why)?;
        }
        Ok(())
    }

    async fn ids(&self, people: &[Person]) -> anyhow::Result<Vec<Option<PersonId>>> {
        let handles = people
            .iter()
            .map(|person| person.handle.as_str().to_owned())
            .collect();
        Ok(self.target.operations.ids_of_handles(handles).await?)
    }

    /// Hashes the passwords, as many at a time as the configuration allows.
    async fn hashed(&self, people: &[&Person]) -> Vec<Result<String, ServiceError>> {
        let at_once = self.target.service.settings().passwords.hashes_at_once;
        let hash = |person: &Person| {
            let (service, password) = (self.target.service.clone(), person.password.clone());
            let personal = [
                person.handle.as_str().to_owned(),
                person.name.as_str().to_owned(),
            ];
            async move {
                match password {
                    Some(password) => {
                        service
                            .accounts()
                            .hash_new_password(&password, personal)
                            .await
                    }
                    None => Ok(String::new()),
                }
            }
        };
        let hashes: Vec<_> = people.iter().map(|person| hash(person)).collect();
        stream::iter(hashes).buffered(at_once).collect().await
    }

    /// Sets the bio of people whose profile has not been changed: new people, and those of an interrupted import.
    async fn bios(&self, people: &[Person], ids: &[Option<PersonId>]) -> anyhow::Result<()> {
        let with_bio: Vec<_> = (people.iter().zip(ids))
            .filter_map(|(person, id)| Some(((*id)?, person.bio.as_ref()?.as_str().to_owned())))
            .filter(|(_, bio)| !bio.is_empty())
            .collect();
        let asked: Vec<_> = with_bio.iter().map(|(id, _)| *id).collect();
        let records = self
            .target
            .service
            .store()
            .people(&asked, sosik_feed::CommitPosition::LATEST)
            .await?;
        let untouched: HashSet<_> = (records.iter())
            .filter(|person| person.revision == 1 && person.bio.is_empty())
            .map(|person| person.id)
            .collect();
        set_bios(
            &self.target.service,
            with_bio
                .into_iter()
                .filter(|(id, _)| untouched.contains(id))
                .collect(),
        )
        .await
    }
}

/// Writes bios, several per transaction.
///
/// # Errors
/// When the store fails.
pub async fn set_bios(service: &Service, bios: Vec<(PersonId, String)>) -> anyhow::Result<()> {
    let set = |(person, bio)| async move {
        let change = ProfileChange {
            bio: Some(bio),
            ..ProfileChange::default()
        };
        service
            .store()
            .change_profile(person, change)
            .await
            .map(|_profile| ())
    };
    let changes: Vec<_> = bios.into_iter().map(set).collect();
    Ok(stream::iter(changes)
        .buffer_unordered(PROFILES_AT_ONCE)
        .try_collect()
        .await?)
}

fn parse(line: &str) -> Result<Person, String> {
    let written: Written = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if written.number.is_some_and(|number| number > NUMBER_MAX) {
        return Err(format!("number is at most {NUMBER_MAX}"));
    }
    keep_rules(written).map_err(|rule| rule.to_string())
}

fn keep_rules(written: Written) -> Result<Person, RuleBroken> {
    if let Some(password) = &written.password {
        check_password_length(password)?;
    }
    Ok(Person {
        line: 0,
        number: written.number,
        handle: Handle::parse(&written.handle)?,
        name: DisplayName::parse(&written.display_name)?,
        language: written
            .language
            .as_deref()
            .map(Language::parse)
            .transpose()?
            .unwrap_or_default(),
        bio: written.bio.as_deref().map(Bio::parse).transpose()?,
        password: written.password,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(line: &str, why: &str) {
        let told = parse(line).err().unwrap_or_default();
        assert!(told.contains(why), "{line}: {told}");
    }

    #[test]
    fn a_person_keeps_the_rules_of_sign_up() {
        let person = parse(r#"{"handle": "Mina", "display_name": " 김미나 ", "language": "ko"}"#)
            .ok()
            .unwrap();
        assert_eq!(
            (person.handle.as_str(), person.name.as_str()),
            ("mina", "김미나")
        );
        check_refused(
            r#"{"handle": "mi", "display_name": "Mina"}"#,
            "handle is too short",
        );
        check_refused(r#"{"handle": "admin", "display_name": "Mina"}"#, "reserved");
        check_refused(
            r#"{"handle": "mina", "display_name": ""}"#,
            "display name is empty",
        );
        check_refused(
            r#"{"handle": "mina", "display_name": "Mina", "password": "short"}"#,
            "password is too short",
        );
        check_refused(
            r#"{"handle": "mina", "display_name": "Mina", "language": "de"}"#,
            "use ko, en or ja",
        );
    }

    #[test]
    fn what_is_not_a_person_is_refused_with_the_reason() {
        check_refused("{", "EOF");
        check_refused(r#"{"handle": "mina"}"#, "display_name");
        check_refused(
            r#"{"handle": "mina", "display_name": "Mina", "age": 3}"#,
            "unknown field `age`",
        );
        check_refused(
            r#"{"handle": "mina", "display_name": "Mina", "number": 100000000000000}"#,
            "at most",
        );
    }
}
