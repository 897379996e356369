//! Finding people by handle and by name, whatever the store.
//!
//! The store keeps, for every person, the strings of [`terms`] in one index of (term, person) compared byte by byte
//! (`BINARY` in SQLite, `COLLATE "C"` in PostgreSQL). A [`Query`] gives one half-open [`range`](Query::range) over that
//! index; what comes back is filtered by [`Query::matches`] and ordered by [`Query::rank`].
//!
//! Korean, Japanese and Chinese names have no spaces between their parts, so people search for any piece of them. For
//! words with such characters every suffix is a term: a piece of a word is a prefix of one of its suffixes. A name
//! has at most 50 characters, so this stays small. Refused: trigrams, since most such names and queries are shorter than
//! three characters, and the stores' own full-text engines, since two engines would find different people.

mod query;
mod terms;

pub use query::{Query, Rank};
pub use terms::terms;
