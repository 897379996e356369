//! The JSON of an author.

use sosik_service::caches::{PersonEntry, Presentation, Rendered};

use crate::schema;

/// The JSON of a person as an author, rendered at the first call.
pub(crate) fn person(entry: &PersonEntry) -> &Rendered {
    entry.renderings.get(Presentation::V1, || {
        // All fields are strings, so this cannot fail. If it did, the page would be invalid and the test next to this
        // would fail.
        serde_json::to_vec(&schema::Person::of(entry)).unwrap_or_default()
    })
}
