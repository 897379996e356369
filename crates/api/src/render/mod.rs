//! Fast rendering of stories: cached bytes are concatenated.
//!
//! The JSON of a story is rendered once, except for its author and its counts; the JSON of an author is rendered once
//! per profile. Both are cached with their entries and dropped with them, so an edited story is never rendered from its
//! old text. A page is then a concatenation into one buffer: no serializer and no allocation per story.
//!
//! Tests in this module prove that the bytes match [`schema`](crate::schema).

mod media;
mod page;
mod person;
mod states;
mod story;

#[cfg(test)]
mod tests;

pub(crate) use media::media;
pub(crate) use page::{Sealing, Tagged, feed_page, story_page};
pub(crate) use person::person;
pub(crate) use states::{story_state, story_states};
pub(crate) use story::{opened_story, story};

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Most counts have one digit.
fn put_number(out: &mut Vec<u8>, number: u32) {
    match u8::try_from(number) {
        Ok(digit @ 0..=9) => out.push(b'0' + digit),
        Ok(_) | Err(_) => put(out, itoa::Buffer::new().format(number)),
    }
}
