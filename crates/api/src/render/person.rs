//! An author's JSON.

use sosik_service::caches::{PersonEntry, Rendered};

use crate::shapes;

/// The JSON of a person as an author, made at the first call.
pub(crate) fn person(entry: &PersonEntry) -> &Rendered {
    entry.rendered.get_or_init(|| {
        // All strings; it cannot fail. If it did, a page would be unreadable and the test beside this would tell.
        let json = serde_json::to_vec(&shapes::Person::of(entry));
        Rendered::from(json.unwrap_or_default())
    })
}
