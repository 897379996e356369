//! An author's JSON.

use sosik_service::caches::PersonEntry;

use crate::shapes;

/// The JSON of a person as an author, made at the first call.
pub(crate) fn person(entry: &PersonEntry) -> &[u8] {
    entry.rendered.get_or_init(|| {
        // All strings; it cannot fail. If it did, a page would be unreadable and the test beside this would tell.
        serde_json::to_vec(&shapes::Person::of(entry))
            .unwrap_or_default()
            .into_boxed_slice()
    })
}
