//! The fast way out for stories: bytes that were made once, put one after the other.
//!
//! A story's JSON is written once, but for its author and its counts; an author's JSON once per profile. Both are
//! kept with the cached entries and go away with them, so an edit is never shown from an old text. A page is then a
//! concatenation into one buffer: no serializer and no allocation per story.
//!
//! That the bytes are what [`shapes`](crate::shapes) describe is proved by tests beside this.

mod page;
mod person;
mod story;

#[cfg(test)]
mod tests;

pub(crate) use page::{Sealing, Tagged, feed_page, story_page};
pub(crate) use person::person;
pub(crate) use story::story;

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn put_number(out: &mut Vec<u8>, number: u32) {
    put(out, itoa::Buffer::new().format(number));
}
