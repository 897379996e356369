//! The rules of the domain, as the errors that clients get.
//!
//! One enum covers the whole domain. Every variant is one rule. Its [`code`](RuleBroken::code) is part of the API and
//! never changes. Its message states what to do. The messages are English; clients translate by code. A message never
//! repeats the input, so it can be logged.
//!
//! To add a rule, add a variant with its message, a line in [`RuleBroken::code`] and, if a single JSON field causes the
//! error, a line in [`RuleBroken::field`].

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::limits;
use crate::text::Refused;

/// A rule of the domain that a request breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum RuleBroken {
    /// The handle has fewer than [`limits::HANDLE_CHARACTERS_MIN`] characters.
    #[error(
        "handle is too short: use at least {} characters",
        limits::HANDLE_CHARACTERS_MIN
    )]
    HandleTooShort,
    /// The handle has more than [`limits::HANDLE_CHARACTERS_MAX`] characters.
    #[error(
        "handle is too long: use at most {} characters",
        limits::HANDLE_CHARACTERS_MAX
    )]
    HandleTooLong,
    /// The handle contains a character that is not allowed, or does not start with a letter.
    #[error("handle must start with a letter a-z and continue with a-z, 0-9 and _ only")]
    HandleCharacters,
    /// The handle is a reserved word.
    #[error("handle is reserved: choose another one")]
    HandleReserved,
    /// The handle can be mistaken for a reserved one or for another person's (equal skeletons).
    #[error("handle looks too much like another one: choose one that cannot be confused")]
    HandleConfusable,
    /// Another person has the handle.
    #[error("handle is taken: choose another one")]
    HandleTaken,
    /// The display name has no visible character.
    #[error("display name is empty: give at least one visible character")]
    DisplayNameEmpty,
    /// The display name has more than [`limits::DISPLAY_NAME_GRAPHEMES_MAX`] characters as people count them, or more
    /// than [`limits::DISPLAY_NAME_CHARACTERS_MAX`] code points.
    #[error(
        "display name is too long: {graphemes} characters, at most {} are allowed",
        limits::DISPLAY_NAME_GRAPHEMES_MAX
    )]
    DisplayNameTooLong {
        /// The number of characters as people count them; of code points if there are too many of these.
        graphemes: usize,
    },
    /// The display name contains a character that is not allowed.
    #[error("display name has a character that is not allowed: {0}")]
    DisplayNameCharacters(Refused),
    /// The display name takes more than [`limits::DISPLAY_NAME_COLUMNS_MAX`] columns.
    #[error("display name is too wide: leave out characters that stand for whole sentences")]
    DisplayNameTooWide,
    /// The display name imitates the service.
    #[error("display name can be mistaken for the service or its staff: choose another one")]
    DisplayNameReserved,
    /// The bio has more than [`limits::BIO_CHARACTERS_MAX`] characters.
    #[error(
        "bio is too long: {characters} characters, at most {} are allowed",
        limits::BIO_CHARACTERS_MAX
    )]
    BioTooLong {
        /// The number of characters.
        characters: usize,
    },
    /// The bio contains a character that is not allowed.
    #[error("bio has a character that is not allowed: {0}")]
    BioCharacters(Refused),
    /// The service does not support the language.
    #[error("language is unknown: use ko, en or ja")]
    LanguageUnknown,
    /// The password has fewer than [`limits::PASSWORD_CHARACTERS_MIN`] characters.
    #[error(
        "password is too short: use at least {} characters",
        limits::PASSWORD_CHARACTERS_MIN
    )]
    PasswordTooShort,
    /// The password has more than [`limits::PASSWORD_CHARACTERS_MAX`] characters.
    #[error(
        "password is too long: use at most {} characters",
        limits::PASSWORD_CHARACTERS_MAX
    )]
    PasswordTooLong,
    /// The password is one of those that attackers guess first.
    #[error("password is too common: choose one that is harder to guess")]
    PasswordCommon,
    /// The story has neither visible text nor an attachment.
    #[error("story is empty: give a text or an attachment")]
    StoryTextEmpty,
    /// The text of the story has more than [`limits::STORY_TEXT_CHARACTERS_MAX`] characters.
    #[error(
        "story text is too long: {characters} characters, at most {} are allowed",
        limits::STORY_TEXT_CHARACTERS_MAX
    )]
    StoryTextTooLong {
        /// The number of characters.
        characters: usize,
    },
    /// The story text contains a character that is not allowed.
    #[error("story text has a character that is not allowed: {0}")]
    StoryTextCharacters(Refused),
    /// The story has more than [`limits::ATTACHMENTS_MAX`] attachments.
    #[error(
        "story has too many attachments: at most {} are allowed",
        limits::ATTACHMENTS_MAX
    )]
    AttachmentsTooMany,
    /// The description of an attachment has more than [`limits::ALT_TEXT_CHARACTERS_MAX`] characters.
    #[error(
        "description of an attachment is too long: {characters} characters, at most {} are allowed",
        limits::ALT_TEXT_CHARACTERS_MAX
    )]
    AltTextTooLong {
        /// The number of characters.
        characters: usize,
    },
    /// The description of an attachment contains a character that is not allowed.
    #[error("description of an attachment has a character that is not allowed: {0}")]
    AltTextCharacters(Refused),
    /// The comment has no visible text.
    #[error("comment is empty: give a text")]
    CommentTextEmpty,
    /// The comment has more than [`limits::COMMENT_CHARACTERS_MAX`] characters.
    #[error(
        "comment is too long: {characters} characters, at most {} are allowed",
        limits::COMMENT_CHARACTERS_MAX
    )]
    CommentTextTooLong {
        /// The number of characters.
        characters: usize,
    },
    /// The comment contains a character that is not allowed.
    #[error("comment has a character that is not allowed: {0}")]
    CommentTextCharacters(Refused),
    /// The `Idempotency-Key` is empty, too long or not visible ASCII.
    #[error(
        "idempotency key is not usable: send 1 to {} visible ASCII characters",
        limits::IDEMPOTENCY_KEY_BYTES_MAX
    )]
    IdempotencyKeyInvalid,
    /// The search query has no word, or more than [`limits::SEARCH_QUERY_CHARACTERS_MAX`] characters.
    #[error(
        "search query is not usable: give 1 to {} characters with at least one letter or digit",
        limits::SEARCH_QUERY_CHARACTERS_MAX
    )]
    SearchQueryInvalid,
    /// The requested page size is zero or above [`limits::PAGE_ITEMS_MAX`].
    #[error("limit is out of range: use 1 to {}", limits::PAGE_ITEMS_MAX)]
    PageLimitInvalid,
    /// The viewer has [`limits::FRIENDS_MAX`] friends.
    #[error(
        "you have {} friends, no more are allowed: end a friendship first",
        limits::FRIENDS_MAX
    )]
    FriendLimitYours,
    /// The other person has [`limits::FRIENDS_MAX`] friends.
    #[error(
        "this person has {} friends, no more are allowed: follow them instead",
        limits::FRIENDS_MAX
    )]
    FriendLimitTheirs,
    /// The viewer follows [`limits::FOLLOWS_MAX`] people.
    #[error(
        "you follow {} people, no more are allowed: unfollow somebody first",
        limits::FOLLOWS_MAX
    )]
    FollowLimit,
    /// The viewer blocks [`limits::BLOCKS_MAX`] people.
    #[error(
        "you block {} people, no more are allowed: unblock somebody first",
        limits::BLOCKS_MAX
    )]
    BlockLimit,
    /// The viewer mutes [`limits::MUTES_MAX`] people.
    #[error(
        "you mute {} people, no more are allowed: unmute somebody first",
        limits::MUTES_MAX
    )]
    MuteLimit,
    /// The viewer has [`limits::FRIEND_REQUESTS_PENDING_MAX`] unanswered friend requests.
    #[error(
        "{} of your friend requests are unanswered, no more are allowed: cancel some first",
        limits::FRIEND_REQUESTS_PENDING_MAX
    )]
    RequestLimit,
    /// The author has [`limits::STORIES_PER_PERSON_MAX`] stories, or has reached the operator's lower limit.
    #[error("you have as many stories as one person may have: delete some first")]
    StoryQuota,
    /// The author has [`limits::COMMENTS_PER_PERSON_MAX`] comments, or has reached the operator's lower limit.
    #[error("you have as many comments as one person may have: delete some first")]
    CommentQuota,
    /// The author's texts take [`limits::TEXT_BYTES_PER_PERSON_MAX`] bytes, or have reached the operator's lower limit.
    #[error(
        "your stories and comments take as much room as one person may have: delete some first"
    )]
    TextQuota,
    /// The invitation is unknown, revoked, expired or used up.
    #[error("this invitation is not valid any more: ask the person who invited you for a new one")]
    InvitationInvalid,
    /// The viewer has [`limits::INVITATIONS_MAX`] invitations.
    #[error(
        "you have {} invitations, no more are allowed: revoke one first",
        limits::INVITATIONS_MAX
    )]
    InvitationLimit,
    /// The invitation is for no people or for more than [`limits::INVITATION_USES_MAX`].
    #[error("people is out of range: use 1 to {}", limits::INVITATION_USES_MAX)]
    InvitationUsesInvalid,
    /// The invitation is valid for no days or for more than [`limits::INVITATION_DAYS_MAX`].
    #[error("days is out of range: use 1 to {}", limits::INVITATION_DAYS_MAX)]
    InvitationDaysInvalid,
    /// The viewer keeps [`limits::SAVED_STORIES_MAX`] saved stories.
    #[error(
        "you have saved {} stories, no more are allowed: remove some first",
        limits::SAVED_STORIES_MAX
    )]
    SavedLimit,
    /// The privacy settings of the story's author do not permit a comment by the viewer.
    #[error("you cannot comment on this story: its author limits who may comment")]
    CommentsLimited,
    /// The privacy settings of the person do not permit a friend request by the viewer.
    #[error("you cannot send this person a friend request: they limit who may send one")]
    RequestsLimited,
    /// The viewer tries to befriend, follow, block or mute themselves.
    #[error("this person is you: you cannot befriend, follow, block or mute yourself")]
    Yourself,
}

impl RuleBroken {
    /// The stable name of the rule, in snake_case. Part of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::HandleTooShort => "handle_too_short",
            Self::HandleTooLong => "handle_too_long",
            Self::HandleCharacters => "handle_characters",
            Self::HandleReserved => "handle_reserved",
            Self::HandleConfusable => "handle_confusable",
            Self::HandleTaken => "handle_taken",
            Self::DisplayNameEmpty => "display_name_empty",
            Self::DisplayNameTooLong { .. } => "display_name_too_long",
            Self::DisplayNameCharacters(_) => "display_name_characters",
            Self::DisplayNameTooWide => "display_name_too_wide",
            Self::DisplayNameReserved => "display_name_reserved",
            Self::BioTooLong { .. } => "bio_too_long",
            Self::BioCharacters(_) => "bio_characters",
            Self::LanguageUnknown => "language_unknown",
            Self::PasswordTooShort => "password_too_short",
            Self::PasswordTooLong => "password_too_long",
            Self::PasswordCommon => "password_common",
            Self::StoryTextEmpty => "story_text_empty",
            Self::StoryTextTooLong { .. } => "story_text_too_long",
            Self::StoryTextCharacters(_) => "story_text_characters",
            Self::AttachmentsTooMany => "attachments_too_many",
            Self::AltTextTooLong { .. } => "alt_text_too_long",
            Self::AltTextCharacters(_) => "alt_text_characters",
            Self::CommentTextEmpty => "comment_text_empty",
            Self::CommentTextTooLong { .. } => "comment_text_too_long",
            Self::CommentTextCharacters(_) => "comment_text_characters",
            Self::IdempotencyKeyInvalid => "idempotency_key_invalid",
            Self::SearchQueryInvalid => "search_query_invalid",
            Self::PageLimitInvalid => "page_limit_invalid",
            Self::FriendLimitYours => "friend_limit",
            Self::FriendLimitTheirs => "their_friend_limit",
            Self::FollowLimit => "follow_limit",
            Self::BlockLimit => "block_limit",
            Self::MuteLimit => "mute_limit",
            Self::RequestLimit => "request_limit",
            Self::StoryQuota => "story_quota",
            Self::CommentQuota => "comment_quota",
            Self::TextQuota => "text_quota",
            Self::InvitationInvalid => "invitation_invalid",
            Self::InvitationLimit => "invitation_limit",
            Self::InvitationUsesInvalid => "invitation_people_invalid",
            Self::InvitationDaysInvalid => "invitation_days_invalid",
            Self::SavedLimit => "saved_limit",
            Self::CommentsLimited => "comments_limited",
            Self::RequestsLimited => "requests_limited",
            Self::Yourself => "yourself",
        }
    }

    /// The field of the JSON body or the query parameter that causes the error, if it is a single one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::HandleTooShort
            | Self::HandleTooLong
            | Self::HandleCharacters
            | Self::HandleReserved
            | Self::HandleConfusable
            | Self::HandleTaken => Some("handle"),
            Self::DisplayNameEmpty
            | Self::DisplayNameTooLong { .. }
            | Self::DisplayNameCharacters(_)
            | Self::DisplayNameTooWide
            | Self::DisplayNameReserved => Some("display_name"),
            Self::BioTooLong { .. } | Self::BioCharacters(_) => Some("bio"),
            Self::LanguageUnknown => Some("language"),
            Self::PasswordTooShort | Self::PasswordTooLong | Self::PasswordCommon => {
                Some("password")
            }
            Self::StoryTextEmpty
            | Self::StoryTextTooLong { .. }
            | Self::StoryTextCharacters(_)
            | Self::CommentTextEmpty
            | Self::CommentTextTooLong { .. }
            | Self::CommentTextCharacters(_) => Some("text"),
            Self::AttachmentsTooMany | Self::AltTextTooLong { .. } | Self::AltTextCharacters(_) => {
                Some("attachments")
            }
            Self::SearchQueryInvalid => Some("q"),
            Self::PageLimitInvalid => Some("limit"),
            Self::InvitationInvalid => Some("invitation"),
            Self::InvitationUsesInvalid => Some("people"),
            Self::InvitationDaysInvalid => Some("days"),
            Self::InvitationLimit
            | Self::IdempotencyKeyInvalid
            | Self::FriendLimitYours
            | Self::FriendLimitTheirs
            | Self::FollowLimit
            | Self::BlockLimit
            | Self::MuteLimit
            | Self::RequestLimit
            | Self::StoryQuota
            | Self::CommentQuota
            | Self::TextQuota
            | Self::SavedLimit
            | Self::CommentsLimited
            | Self::RequestsLimited
            | Self::Yourself => None,
        }
    }
}

/// Checks that a new password has [`limits::PASSWORD_CHARACTERS_MIN`] to [`limits::PASSWORD_CHARACTERS_MAX`]
/// characters. The caller checks whether it is a common one.
///
/// # Errors
/// [`RuleBroken::PasswordTooShort`] or [`RuleBroken::PasswordTooLong`].
pub fn check_password_length(password: &str) -> Result<(), RuleBroken> {
    match password.nfc().count() {
        ..limits::PASSWORD_CHARACTERS_MIN => Err(RuleBroken::PasswordTooShort),
        limits::PASSWORD_CHARACTERS_MIN..=limits::PASSWORD_CHARACTERS_MAX => Ok(()),
        _ => Err(RuleBroken::PasswordTooLong),
    }
}

/// Checks that an `Idempotency-Key` is 1 to [`limits::IDEMPOTENCY_KEY_BYTES_MAX`] bytes of visible ASCII.
///
/// # Errors
/// [`RuleBroken::IdempotencyKeyInvalid`].
pub fn check_idempotency_key(key: &str) -> Result<(), RuleBroken> {
    let length_fits = (1..=limits::IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len());
    if length_fits && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(RuleBroken::IdempotencyKeyInvalid)
    }
}

/// The number of people an invitation is for, and the days it is valid: the chosen ones or the defaults.
///
/// # Errors
/// [`RuleBroken::InvitationUsesInvalid`] or [`RuleBroken::InvitationDaysInvalid`].
pub fn invitation_terms(people: Option<u32>, days: Option<u32>) -> Result<(u32, u32), RuleBroken> {
    let people = people.unwrap_or(limits::INVITATION_USES_DEFAULT);
    let days = days.unwrap_or(limits::INVITATION_DAYS_DEFAULT);
    if !(1..=limits::INVITATION_USES_MAX).contains(&people) {
        return Err(RuleBroken::InvitationUsesInvalid);
    }
    if !(1..=limits::INVITATION_DAYS_MAX).contains(&days) {
        return Err(RuleBroken::InvitationDaysInvalid);
    }
    Ok((people, days))
}

/// The page size to use: the requested one, or [`limits::PAGE_ITEMS_DEFAULT`].
///
/// # Errors
/// [`RuleBroken::PageLimitInvalid`] unless it is 1 to [`limits::PAGE_ITEMS_MAX`].
pub fn page_items(asked: Option<usize>) -> Result<usize, RuleBroken> {
    let items = asked.unwrap_or(limits::PAGE_ITEMS_DEFAULT);
    if (1..=limits::PAGE_ITEMS_MAX).contains(&items) {
        Ok(items)
    } else {
        Err(RuleBroken::PageLimitInvalid)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const REFUSED: Refused = Refused::new('\0', crate::text::Reason::Control);

    const ALL: [RuleBroken; 43] = [
        RuleBroken::HandleTooShort,
        RuleBroken::HandleTooLong,
        RuleBroken::HandleCharacters,
        RuleBroken::HandleReserved,
        RuleBroken::HandleConfusable,
        RuleBroken::HandleTaken,
        RuleBroken::DisplayNameEmpty,
        RuleBroken::DisplayNameTooLong { graphemes: 51 },
        RuleBroken::DisplayNameCharacters(REFUSED),
        RuleBroken::DisplayNameTooWide,
        RuleBroken::DisplayNameReserved,
        RuleBroken::BioTooLong { characters: 301 },
        RuleBroken::BioCharacters(REFUSED),
        RuleBroken::LanguageUnknown,
        RuleBroken::PasswordTooShort,
        RuleBroken::PasswordTooLong,
        RuleBroken::PasswordCommon,
        RuleBroken::StoryTextEmpty,
        RuleBroken::StoryTextTooLong { characters: 5_001 },
        RuleBroken::StoryTextCharacters(REFUSED),
        RuleBroken::AttachmentsTooMany,
        RuleBroken::AltTextTooLong { characters: 501 },
        RuleBroken::AltTextCharacters(REFUSED),
        RuleBroken::CommentTextEmpty,
        RuleBroken::CommentTextTooLong { characters: 1_001 },
        RuleBroken::CommentTextCharacters(REFUSED),
        RuleBroken::IdempotencyKeyInvalid,
        RuleBroken::SearchQueryInvalid,
        RuleBroken::PageLimitInvalid,
        RuleBroken::FriendLimitYours,
        RuleBroken::FriendLimitTheirs,
        RuleBroken::FollowLimit,
        RuleBroken::BlockLimit,
        RuleBroken::MuteLimit,
        RuleBroken::RequestLimit,
        RuleBroken::StoryQuota,
        RuleBroken::CommentQuota,
        RuleBroken::TextQuota,
        RuleBroken::InvitationInvalid,
        RuleBroken::InvitationLimit,
        RuleBroken::InvitationUsesInvalid,
        RuleBroken::InvitationDaysInvalid,
        RuleBroken::Yourself,
    ];

    #[test]
    fn every_rule_has_its_own_code_in_snake_case() {
        let codes: HashSet<_> = ALL.iter().map(RuleBroken::code).collect();
        assert_eq!(codes.len(), ALL.len());
        for code in codes {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{code}"
            );
        }
    }

    #[test]
    fn every_message_is_one_lower_case_sentence_without_a_full_stop() {
        for rule in ALL {
            let message = rule.to_string();
            assert!(!message.starts_with(char::is_uppercase), "{message}");
            assert!(!message.ends_with('.'), "{message}");
            assert!(!message.contains('{'), "{message}");
        }
    }

    #[test]
    fn a_message_names_the_count_and_the_limit() {
        assert_eq!(
            RuleBroken::StoryTextTooLong { characters: 5_001 }.to_string(),
            "story text is too long: 5001 characters, at most 5000 are allowed"
        );
    }

    #[test]
    fn a_password_is_measured_in_characters_and_not_in_bytes() {
        assert_eq!(
            check_password_length("비밀번호는길어"),
            Err(RuleBroken::PasswordTooShort)
        );
        assert_eq!(check_password_length("비밀번호는길어요"), Ok(()));
        assert_eq!(check_password_length(&"x".repeat(128)), Ok(()));
        assert_eq!(
            check_password_length(&"x".repeat(129)),
            Err(RuleBroken::PasswordTooLong)
        );
    }

    #[test]
    fn an_idempotency_key_is_short_visible_ascii() {
        for good in [
            "a",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "~",
            &"k".repeat(64),
        ] {
            assert_eq!(check_idempotency_key(good), Ok(()), "{good}");
        }
        for bad in ["", "two words", "tab\t", "é", "\u{7f}", &"k".repeat(65)] {
            assert_eq!(
                check_idempotency_key(bad),
                Err(RuleBroken::IdempotencyKeyInvalid),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_invitation_is_for_some_people_and_some_days() {
        assert_eq!(invitation_terms(None, None), Ok((10, 7)));
        assert_eq!(invitation_terms(Some(1), Some(30)), Ok((1, 30)));
        for people in [0, 101] {
            let refused = invitation_terms(Some(people), None);
            assert_eq!(refused, Err(RuleBroken::InvitationUsesInvalid));
        }
        for days in [0, 31] {
            let refused = invitation_terms(None, Some(days));
            assert_eq!(refused, Err(RuleBroken::InvitationDaysInvalid));
        }
    }

    #[test]
    fn a_page_has_twenty_items_unless_one_to_a_hundred_are_asked_for() {
        assert_eq!(page_items(None), Ok(20));
        assert_eq!(page_items(Some(1)), Ok(1));
        assert_eq!(page_items(Some(100)), Ok(100));
        assert_eq!(page_items(Some(0)), Err(RuleBroken::PageLimitInvalid));
        assert_eq!(page_items(Some(101)), Err(RuleBroken::PageLimitInvalid));
    }
}
