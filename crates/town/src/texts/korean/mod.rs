//! Korean, as people in the town write it.

mod daily;
mod small_talk;
mod words;

use super::chapter::Tongue;

/// Everything the writer needs to know about Korean.
pub(super) const KOREAN: Tongue = Tongue {
    chapters: &[daily::CHAPTERS, small_talk::TO_EVERYBODY],
    words: words::words,
    sky: small_talk::sky,
    greeting: small_talk::greeting,
    meal: small_talk::meal,
    short: small_talk::SHORT,
    tails: small_talk::TAILS,
    asides: small_talk::ASIDES,
    links: small_talk::LINKS,
    replies: small_talk::REPLIES,
    author_replies: small_talk::AUTHOR_REPLIES,
    bios: small_talk::BIOS,
    stop: ".",
    joint: " ",
};
