//! Search for people by handle and by name, independent of the store.
//!
//! The store keeps the strings of [`terms`] for every person, in one index of (term, person) that compares bytes
//! (`BINARY` in SQLite, `COLLATE "C"` in PostgreSQL). A [`Query`] gives one half-open [`range`](Query::range) of that
//! index. [`Query::matches`] filters the results. [`Query::rank`] sorts the people close to the reader; all others are
//! listed in the order of the index, each at the [`first`](Query::first_term) of their terms in the range.
//!
//! Korean, Japanese and Chinese names have no spaces between their parts, so people search for any part of them. For
//! words with such characters every suffix is a term: a part of a word is a prefix of one of its suffixes. A name has
//! at most 50 characters as people count them, so the number of terms stays small. Refused: trigrams, because most such
//! names and queries are shorter than three characters. Refused: the full-text engines of the stores, because two
//! engines would find different people.

mod form;
mod keys;
mod query;
mod terms;

pub use query::{Query, Rank};
pub use terms::{TERMS_VERSION, terms};
