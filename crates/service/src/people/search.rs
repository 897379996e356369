//! Finding people by handle and name.
//!
//! First come the people close to the reader: friends, then people whom the reader follows, each sorted by the quality
//! of the match, and the person who has exactly this handle. Then come all others in the order of the index of terms.
//! People close to the reader are at most as many as a circle has, so all of them are looked up for each page. The
//! others are read from the index, a page at a time. Their number does not matter.
//!
//! The index returns candidates. The rules of the domain decide which of them match.

use std::sync::Arc;

use sosik_feed::cursor::Found;
use sosik_feed::people::{DisplayName, Handle};
use sosik_feed::search::{Query, Rank};
use sosik_feed::{Circle, Cursor, PersonId};
use sosik_store::{FoundByTerm, PersonRecord, TermPlace};

use super::{People, PersonWithRelation};
use crate::ServiceResult;
use crate::core::Core;
use crate::pages::{Filled, fill, page_limit};

/// The first group of each kind of result. A kind that is sorted by rank has a group for each rank.
const FRIENDS: u8 = 0;
const FOLLOWED: u8 = FRIENDS + Rank::COUNT;
const EXACT_HANDLE: u8 = FOLLOWED + Rank::COUNT;
const OTHERS: u8 = EXACT_HANDLE + 1;

/// A page of the people found.
#[derive(Debug, Clone, Default)]
pub struct FoundPage {
    /// Best first. A short page does not mean the end.
    pub items: Vec<PersonWithRelation>,
    /// Where the next page starts. `None` at the end.
    pub before: Option<Cursor>,
}

impl People {
    /// People whose handle or name has words that begin with the words of `q`; for Korean, Japanese and Chinese names,
    /// any part matches. Friends come first, then people whom the viewer follows, then the person with exactly this
    /// handle, then all others in a stable order. People severed from the viewer are omitted.
    ///
    /// # Errors
    /// `RuleBroken` if the query has no word or too many characters.
    pub async fn search(
        &self,
        viewer: PersonId,
        q: &str,
        from: Option<Found>,
        limit: u32,
    ) -> ServiceResult<FoundPage> {
        let query = Query::parse(q)?;
        if query.is_empty() {
            return Ok(FoundPage::default());
        }
        let circle = self.core.circle(viewer).await?;
        let search = Search {
            core: &self.core,
            viewer,
            circle: &circle,
            query: &query,
        };
        let (found, next) = search.page(from, page_limit(limit)).await?;
        let people = self.core.people(&found).await?;
        let people = found.iter().filter_map(|id| people.get(id)).map(Arc::clone);
        let people = people.collect();
        Ok(FoundPage {
            items: self.core.with_relations(viewer, &circle, people).await?,
            before: next.map(Cursor::Found),
        })
    }
}

/// One search of one reader.
struct Search<'s> {
    core: &'s Core,
    viewer: PersonId,
    circle: &'s Circle,
    query: &'s Query,
}

impl Search<'_> {
    /// The people of a page, and where the next one starts.
    async fn page(
        &self,
        from: Option<Found>,
        limit: usize,
    ) -> ServiceResult<(Vec<PersonId>, Option<Found>)> {
        let (mut close, others_from) = match from {
            Some(from) if from.group == OTHERS => (Vec::new(), Some(from)),
            from => (self.close(from.as_ref()).await?, None),
        };
        let are_more = close.len() > limit;
        close.truncate(limit);
        let (last, left) = (close.last().cloned(), limit - close.len());
        let mut found: Vec<_> = close.into_iter().map(|found| found.person).collect();
        if are_more {
            return Ok((found, last));
        }
        // A page that is full asks whether anybody follows.
        let others = self.others(others_from, left.max(1)).await?;
        if left == 0 {
            let are_more = !others.shown.is_empty() || others.next.is_some();
            return Ok((found, last.filter(|_| are_more)));
        }
        found.extend(others.shown.iter().map(|row| row.person.id));
        Ok((found, others.next.map(found_of)))
    }

    /// The people close to the reader who match, after a position, in order.
    async fn close(&self, from: Option<&Found>) -> ServiceResult<Vec<Found>> {
        let (begin, end) = self.query.range();
        let store = &self.core.store;
        let mut close = store
            .with_term_among(&circle_of(self.circle), &begin, &end)
            .await?;
        if let Some(handle) = self.query.handle()
            && let Some(exact) = store.person_by_handle(handle.as_str()).await?
            && !close.contains(&exact.id)
        {
            close.push(exact.id);
        }
        let circle = self.core.decide(self.viewer, self.circle, close.clone());
        let circle = circle.await?;
        let people = self.core.people(&close).await?;
        let shown = people.values().filter(|person| {
            !circle.is_severed_from(person.record.id) && matches(self.query, &person.record)
        });
        let mut found: Vec<_> = shown
            .map(|person| close_place(self.query, &circle, &person.record))
            .filter(|place| from.is_none_or(|from| place > from))
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    /// A page of all others.
    async fn others(
        &self,
        from: Option<Found>,
        limit: usize,
    ) -> ServiceResult<Filled<FoundByTerm, TermPlace>> {
        let (begin, end) = self.query.range();
        let start = TermPlace {
            term: begin,
            person: PersonId::default(),
        };
        let (start, end) = (&start, &end);
        let from = from.map(|from| TermPlace {
            term: from.key,
            person: from.person,
        });
        fill(
            limit,
            from,
            async |from, count| {
                let from = from.as_ref().unwrap_or(start);
                let rows = self.core.store.people_by_term(from, end, count).await?;
                let person = |row: &FoundByTerm| [row.person.id];
                let shows = |circle: &Circle, row: &FoundByTerm| shows(self.query, circle, row);
                self.core
                    .judge(self.viewer, self.circle, rows, person, shows)
                    .await
            },
            place_of,
        )
        .await
    }
}

/// Everybody whom the reader is a friend of or follows, each once.
fn circle_of(circle: &Circle) -> Vec<PersonId> {
    let follows = circle.follows().iter();
    let others = follows.filter(|person| !circle.is_friend(**person));
    circle.friends().iter().chain(others).copied().collect()
}

fn names(person: &PersonRecord) -> (Handle, DisplayName) {
    (
        Handle::from_stored(person.handle.clone()),
        DisplayName::from_stored(person.display_name.clone()),
    )
}

fn matches(query: &Query, person: &PersonRecord) -> bool {
    let (handle, name) = names(person);
    query.matches(&handle, &name)
}

/// The position of somebody close to the reader.
fn close_place(query: &Query, circle: &Circle, person: &PersonRecord) -> Found {
    let (handle, name) = names(person);
    let rank = query.rank(&handle, &name) as u8;
    let group = if circle.is_friend(person.id) {
        FRIENDS + rank
    } else if follows(circle, person.id) {
        FOLLOWED + rank
    } else {
        EXACT_HANDLE
    };
    Found {
        group,
        key: handle.into_string(),
        person: person.id,
    }
}

fn follows(circle: &Circle, person: PersonId) -> bool {
    circle.follows().binary_search(&person).is_ok()
}

/// Whether a row of the index is listed: each person once, at the first of their terms, and nobody who was listed as
/// close to the reader.
fn shows(query: &Query, circle: &Circle, row: &FoundByTerm) -> bool {
    let person = row.person.id;
    if circle.is_severed_from(person) || circle.is_friend(person) || follows(circle, person) {
        return false;
    }
    let (handle, name) = names(&row.person);
    !query.is_handle(&handle)
        && query.matches(&handle, &name)
        && query.first_term(&handle, &name).as_ref() == Some(&row.term)
}

fn place_of(row: &FoundByTerm) -> TermPlace {
    TermPlace {
        term: row.term.clone(),
        person: row.person.id,
    }
}

fn found_of(place: TermPlace) -> Found {
    Found {
        group: OTHERS,
        key: place.term,
        person: place.person,
    }
}
