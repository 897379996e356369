//! Reserved handles: nobody may sign up with a handle that looks like the service or one of its pages.

use std::sync::LazyLock;

use foldhash::HashSet;

use super::handle::skeleton_of;

/// Reserved words, grouped by what they would be mistaken for. All are otherwise valid handles.
pub(super) const WORDS: &[&str] = &[
    // the service and its operators
    "sosik",
    "sosik_app",
    "sosik_help",
    "sosik_news",
    "sosik_official",
    "sosik_security",
    "sosik_staff",
    "sosik_support",
    "sosik_team",
    "admin",
    "admins",
    "administrator",
    "owner",
    "root",
    "superuser",
    "sudo",
    "sysadmin",
    "system",
    "staff",
    "team",
    "official",
    "moderator",
    "moderators",
    "mod",
    "mods",
    "operator",
    "support",
    "helpdesk",
    "service",
    "security",
    "safety",
    "trust",
    "verified",
    "verify",
    "bot",
    "daemon",
    // names of mailboxes and machines that others trust (RFC 2142)
    "abuse",
    "hostmaster",
    "postmaster",
    "webmaster",
    "noreply",
    "no_reply",
    "mailer_daemon",
    "info",
    "contact",
    "sales",
    "billing",
    "marketing",
    "press",
    "privacy",
    "legal",
    "copyright",
    "dmca",
    "www",
    "mail",
    "ftp",
    "dns",
    "localhost",
    "cdn",
    "static",
    "assets",
    "media",
    "status",
    "blog",
    "dev",
    "test",
    // pages and routes
    "about",
    "account",
    "accounts",
    "api",
    "app",
    "auth",
    "blocks",
    "mutes",
    "comments",
    "docs",
    "download",
    "explore",
    "favicon",
    "feed",
    "feeds",
    "follow",
    "follows",
    "followers",
    "following",
    "friend",
    "friends",
    "friend_requests",
    "guide",
    "hashtag",
    "healthz",
    "help",
    "home",
    "jobs",
    "like",
    "likes",
    "livez",
    "login",
    "logout",
    "messages",
    "metrics",
    "mute",
    "new",
    "news",
    "notifications",
    "oauth",
    "openapi",
    "password",
    "people",
    "person",
    "policy",
    "post",
    "posts",
    "profile",
    "readyz",
    "register",
    "report",
    "reports",
    "robots",
    "rules",
    "search",
    "session",
    "sessions",
    "settings",
    "signin",
    "signout",
    "signup",
    "stories",
    "story",
    "tag",
    "tags",
    "terms",
    "trending",
    "upload",
    "uploads",
    "user",
    "users",
    "well_known",
    // words that programs print for missing values, and words that address everybody
    "anonymous",
    "anyone",
    "deleted",
    "everybody",
    "everyone",
    "false",
    "all",
    "channel",
    "guest",
    "here",
    "nan",
    "nil",
    "nobody",
    "none",
    "null",
    "somebody",
    "someone",
    "true",
    "undefined",
    "unknown",
    "void",
    "you",
    "yourself",
];

static SKELETONS: LazyLock<HashSet<String>> =
    LazyLock::new(|| WORDS.iter().map(|word| skeleton_of(word)).collect());

/// Whether this handle, already lower case, is one of the words.
pub(super) fn is_reserved(handle: &str) -> bool {
    WORDS.contains(&handle)
}

/// Whether a handle with this skeleton can be mistaken for a reserved word.
pub(super) fn resembles_reserved(skeleton: &str) -> bool {
    SKELETONS.contains(skeleton)
}

#[cfg(test)]
mod tests {
    use super::super::Handle;
    use super::*;

    #[test]
    fn every_reserved_word_is_a_well_formed_handle_and_listed_once() {
        let mut seen = HashSet::default();
        for word in WORDS {
            assert!(
                Handle::lookup(word).is_some(),
                "{word} could not be a handle anyway"
            );
            assert!(seen.insert(word), "{word} is listed twice");
        }
    }
}
