//! Limits for one person. The limits of the product are upper bounds: an operator may lower them but not raise them.

use std::time::Duration;

use sosik_feed::limits;

use super::setting::settings;

/// [`limits::TEXT_BYTES_PER_PERSON_MAX`] in MiB.
const TEXT_MIB_PER_PERSON_MAX: u32 = 256;
const _: () = assert!(limits::TEXT_BYTES_PER_PERSON_MAX == (TEXT_MIB_PER_PERSON_MAX as u64) << 20);

settings! {
    /// Limits for one person. Lowering a limit removes nothing that already exceeds it.
    pub struct Limits in "limits" {
        /// Friends of one person.
        pub friends_max: u32 = limits::FRIENDS_MAX, unit: "people", allowed: 1..=limits::FRIENDS_MAX;

        /// People one person follows.
        pub follows_max: u32 = limits::FOLLOWS_MAX, unit: "people", allowed: 1..=limits::FOLLOWS_MAX;

        /// People one person blocks.
        pub blocks_max: u32 = limits::BLOCKS_MAX, unit: "people", allowed: 1..=limits::BLOCKS_MAX;

        /// People one person mutes.
        pub mutes_max: u32 = limits::MUTES_MAX, unit: "people", allowed: 1..=limits::MUTES_MAX;

        /// Unanswered friend requests of one person.
        pub requests_pending_max: u32 = limits::FRIEND_REQUESTS_PENDING_MAX, unit: "requests",
            allowed: 1..=limits::FRIEND_REQUESTS_PENDING_MAX;

        /// Sessions of one person. A log-in beyond this ends the oldest session.
        pub sessions_per_person: u32 = limits::SESSIONS_MAX, unit: "sessions", allowed: 1..=limits::SESSIONS_MAX;

        /// Longest text of a story.
        pub story_characters: usize = limits::STORY_TEXT_CHARACTERS_MAX, unit: "characters",
            allowed: 1..=limits::STORY_TEXT_CHARACTERS_MAX;

        /// Longest text of a comment.
        pub comment_characters: usize = limits::COMMENT_CHARACTERS_MAX, unit: "characters",
            allowed: 1..=limits::COMMENT_CHARACTERS_MAX;

        /// Stories of one person, without deleted ones.
        pub stories_per_person: u32 = limits::STORIES_PER_PERSON_MAX, unit: "stories",
            allowed: 1..=limits::STORIES_PER_PERSON_MAX;

        /// Comments of one person, without deleted ones.
        pub comments_per_person: u32 = limits::COMMENTS_PER_PERSON_MAX, unit: "comments",
            allowed: 1..=limits::COMMENTS_PER_PERSON_MAX;

        /// Total size of the texts of one person's stories and comments.
        pub text_mib_per_person: u32 = TEXT_MIB_PER_PERSON_MAX, unit: "MiB", allowed: 1..=TEXT_MIB_PER_PERSON_MAX;

        /// Notifications of mentions that one person sends in a day (UTC) to people who are neither followers nor
        /// friends. Further mentions stay in the text as links and notify nobody.
        pub stranger_mentions_per_day: u32 = limits::STRANGER_MENTIONS_PER_DAY_MAX, unit: "notifications",
            allowed: 0..=limits::STRANGER_MENTIONS_PER_DAY_MAX;

        /// How long an Idempotency-Key is remembered. A request that is repeated within this time is executed once.
        pub idempotency_hours: u32 = 24, unit: "hours", allowed: 1..=168;
    }
}

impl Limits {
    /// [`idempotency_hours`](Self::idempotency_hours) as a duration.
    pub fn idempotency(&self) -> Duration {
        Duration::from_hours(self.idempotency_hours.into())
    }
}
