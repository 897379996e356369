//! Limits for one person. The limits of the product are upper bounds: an operator may lower them but not raise them.

use sosik_feed::limits;

use super::setting::settings;
use super::units::{Hours, Mib};

/// [`limits::TEXT_BYTES_PER_PERSON_MAX`] in MiB.
const TEXT_MIB_PER_PERSON_MAX: u32 = 256;
const _: () = assert!(limits::TEXT_BYTES_PER_PERSON_MAX == (TEXT_MIB_PER_PERSON_MAX as u64) << 20);

settings! {
    /// Limits for one person. Lowering a limit removes nothing that already exceeds it.
    "limits" {
        /// Friends of one person.
        friends_max => service.relations.friends_max, unit: "people", allowed: 1..=limits::FRIENDS_MAX;

        /// People one person follows.
        follows_max => service.relations.follows_max, unit: "people", allowed: 1..=limits::FOLLOWS_MAX;

        /// People one person blocks.
        blocks_max => service.relations.blocks_max, unit: "people", allowed: 1..=limits::BLOCKS_MAX;

        /// People one person mutes.
        mutes_max => service.relations.mutes_max, unit: "people", allowed: 1..=limits::MUTES_MAX;

        /// Unanswered friend requests of one person.
        requests_pending_max => service.relations.requests_max,
            unit: "requests", allowed: 1..=limits::FRIEND_REQUESTS_PENDING_MAX;

        /// Sessions of one person. A log-in beyond this ends the oldest session.
        sessions_per_person => service.sessions.per_person_max, unit: "sessions", allowed: 1..=limits::SESSIONS_MAX;

        /// Longest text of a story.
        story_characters => service.texts.story_characters_max,
            unit: "characters", allowed: 1..=limits::STORY_TEXT_CHARACTERS_MAX;

        /// Longest text of a comment.
        comment_characters => service.texts.comment_characters_max,
            unit: "characters", allowed: 1..=limits::COMMENT_CHARACTERS_MAX;

        /// Stories of one person, without deleted ones.
        stories_per_person => store.person_limits.stories_max,
            unit: "stories", allowed: 1..=limits::STORIES_PER_PERSON_MAX;

        /// Comments of one person, without deleted ones.
        comments_per_person => store.person_limits.comments_max,
            unit: "comments", allowed: 1..=limits::COMMENTS_PER_PERSON_MAX;

        /// Total size of the texts of one person's stories and comments.
        text_mib_per_person => store.person_limits.text_bytes_max, unit: Mib, allowed: 1..=TEXT_MIB_PER_PERSON_MAX;

        /// Notifications of mentions that one person sends in a day (UTC) to people who are neither followers nor
        /// friends. Further mentions stay in the text as links and notify nobody.
        stranger_mentions_per_day => store.person_limits.stranger_mentions_per_day_max,
            unit: "notifications", allowed: 0..=limits::STRANGER_MENTIONS_PER_DAY_MAX;

        /// How long an Idempotency-Key is remembered. A request that is repeated within this time is executed once.
        idempotency_hours => service.texts.idempotency, unit: Hours, allowed: 1..=168;
    }
}
