//! Finding people by handle and name.
//!
//! The index returns candidates. The rules of the domain decide which candidates match and how well. The number of
//! candidates is bounded, so that one letter costs no more than a whole name. The person with exactly this handle is
//! looked up separately and always found.

use std::cmp::Reverse;
use std::sync::Arc;

use sosik_feed::people::{DisplayName, Handle};
use sosik_feed::search::Query;
use sosik_feed::{Circle, PersonId};
use sosik_store::PersonRecord;

use super::{People, PersonWithRelation};
use crate::ServiceResult;
use crate::pages::page_limit;

/// Maximum number of candidates of one search: ten full pages by default. A word that begins more names than this does
/// not identify a person, and further letters reduce the number.
const CANDIDATES_MAX: u32 = 200;

impl People {
    /// People whose handle or name has words that begin with the words of `q`; for Korean, Japanese and Chinese names,
    /// any part matches. Sorted best first: exact handle, beginning of the handle, beginning of the name, the rest;
    /// then friends, people followed, others; then by handle. People severed from the viewer are omitted.
    ///
    /// # Errors
    /// `RuleBroken` if the query has no word or too many characters.
    pub async fn search(
        &self,
        viewer: PersonId,
        q: &str,
        limit: u32,
    ) -> ServiceResult<Vec<PersonWithRelation>> {
        let query = Query::parse(q)?;
        let circle = self.core.circle(viewer).await?;
        let (from, to) = query.range();
        let mut candidates = self
            .core
            .store
            .people_by_term(viewer, &from, &to, CANDIDATES_MAX)
            .await?;
        if let Some(handle) = Handle::lookup(q.trim())
            && let Some(exact) = self.core.store.person_by_handle(handle.as_str()).await?
        {
            candidates.push(exact);
        }
        let found = candidates.iter().map(|person| person.id);
        let circle = self.core.decide(viewer, &circle, found).await?;
        let mut ids = ranked(&query, &circle, candidates);
        ids.truncate(page_limit(limit));
        let people = self.core.people(&ids).await?;
        let people = ids
            .iter()
            .filter_map(|id| people.get(id))
            .map(Arc::clone)
            .collect();
        self.core.with_relations(viewer, &circle, people).await
    }
}

/// The candidates that match and may be shown, each once, best first.
fn ranked(query: &Query, circle: &Circle, candidates: Vec<PersonRecord>) -> Vec<PersonId> {
    let mut ranked: Vec<_> = candidates
        .into_iter()
        .filter(|person| !circle.is_severed_from(person.id))
        .filter_map(|person| {
            let (handle, name) = (
                Handle::from_stored(person.handle),
                DisplayName::from_stored(person.display_name),
            );
            let closeness = (
                circle.is_friend(person.id),
                circle.follows().binary_search(&person.id).is_ok(),
            );
            query.matches(&handle, &name).then(|| {
                (
                    query.rank(&handle, &name),
                    Reverse(closeness),
                    handle,
                    person.id,
                )
            })
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().map(|(.., id)| id).collect()
}

#[cfg(test)]
mod tests {
    use sosik_feed::Privacy;

    use super::*;

    fn person(id: u64, handle: &str, name: &str) -> PersonRecord {
        PersonRecord {
            id: PersonId::from_u64(id),
            handle: handle.to_owned(),
            display_name: name.to_owned(),
            bio: String::new(),
            language: Default::default(),
            revision: 0,
            privacy: Privacy::default(),
        }
    }

    fn check_ranked(q: &str, circle: &Circle, expected: &[u64]) {
        let everybody = vec![
            person(1, "zoe", "Mina Park"),
            person(2, "mina_kim", "Kim"),
            person(3, "mina", "x"),
            person(4, "abe", "Abe Mina"),
            person(5, "mina_lee", "Lee"),
            person(6, "minsu", "Minsu"),
            person(3, "mina", "x"),
        ];
        let expected: Vec<_> = expected.iter().copied().map(PersonId::from_u64).collect();
        assert_eq!(
            ranked(&Query::parse(q).unwrap(), circle, everybody),
            expected,
            "{q}"
        );
    }

    #[test]
    fn the_best_match_comes_first_and_friends_before_strangers() {
        check_ranked("mina", &Circle::default(), &[3, 2, 5, 1, 4]);
        let ids = |number| vec![PersonId::from_u64(number)];
        check_ranked(
            "mina",
            &Circle::new(ids(5), ids(4), vec![], vec![]),
            &[3, 5, 2, 1, 4],
        );
        check_ranked(
            "mina",
            &Circle::new(vec![], vec![], ids(2), ids(3)),
            &[2, 5, 1, 4],
        );
        check_ranked("@mina_", &Circle::default(), &[2, 5]);
    }
}
