//! Marks of large authors, with hysteresis.

use std::collections::HashMap;

use sosik_feed::PersonId;
use sosik_store::{LargeAuthorLimits, StoreResult};

use super::db::Db;
use super::pool::Class;
use super::sql::{bind, statements};

statements! {
    READERS_COUNT = "SELECT person, friends + followers, large FROM person_counts WHERE person = ANY($1)";
    LARGE_UPDATE = "UPDATE person_counts SET large = $3 WHERE bucket = $1 AND person = $2";
}

/// Returns for each author whether it is large. Updates the marks by the limits.
pub(crate) async fn authors(
    db: &Db,
    authors: Vec<PersonId>,
    limits: LargeAuthorLimits,
) -> StoreResult<Vec<bool>> {
    let count = bind!(READERS_COUNT, &authors);
    let counted = db.read(Class::Background, "count the readers of many", count);
    let counted = counted.await?;
    let counted = counted.rows(|row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    let counted: HashMap<PersonId, (u32, bool)> = counted.into_iter().collect();
    let mut large = Vec::with_capacity(authors.len());
    for author in authors {
        let (readers, was_large) = counted.get(&author).copied().unwrap_or_default();
        let is_large = limits.is_large(readers, was_large);
        // Rare: only when an author crosses a bound. Concurrent updates write the same value.
        if is_large != was_large {
            let update = bind!(LARGE_UPDATE, author.bucket(), author, is_large);
            db.execute(Class::Background, "mark a large author", update)
                .await?;
        }
        large.push(is_large);
    }
    Ok(large)
}
