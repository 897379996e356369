//! Every SQL statement of the engine, by name, so that a test can check the plan of each of them.
//!
//! Only [`statements!`] creates an [`Sql`], and [`Db`](super::db::Db) runs nothing else, so a statement outside the
//! list cannot be used. If the statements of a file are missing from [`ALL`], they are an unused constant, which is an
//! error.

/// A statement of the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sql {
    name: &'static str,
    text: &'static str,
}

impl Sql {
    /// For [`statements!`] only; a test reads the sources and rejects any other use.
    pub(super) const fn listed(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }

    /// The name of its constant, for messages.
    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    /// The text of the statement.
    pub(super) const fn text(self) -> &'static str {
        self.text
    }
}

/// Declares statements as constants, and lists them as `STATEMENTS` of the file.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::statement::Sql =
            $crate::statement::Sql::listed(stringify!($name), $text);)*
        /// All statements of this file.
        pub(crate) const STATEMENTS: &[$crate::statement::Sql] = &[$($name),*];
    };
}
pub(super) use statements;

/// All statements of the engine, by file.
pub(super) const ALL: &[&[Sql]] = &[
    super::accounts::STATEMENTS,
    super::avatars::STATEMENTS,
    super::blocks::STATEMENTS,
    super::bulk::STATEMENTS,
    super::closures::STATEMENTS,
    super::comment_likes::STATEMENTS,
    super::comments::STATEMENTS,
    super::counts::STATEMENTS,
    super::cursor_keys::STATEMENTS,
    super::devices::STATEMENTS,
    super::feeds::STATEMENTS,
    super::friends::STATEMENTS,
    super::hidden::STATEMENTS,
    super::idempotency::STATEMENTS,
    super::imports::STATEMENTS,
    super::invitations::STATEMENTS,
    super::likes::STATEMENTS,
    super::maintenance::STATEMENTS,
    super::media::STATEMENTS,
    super::nodes::STATEMENTS,
    super::notifications::STATEMENTS,
    super::notify::STATEMENTS,
    super::orders::STATEMENTS,
    super::people::STATEMENTS,
    super::posts::STATEMENTS,
    super::previews::STATEMENTS,
    super::privacy::STATEMENTS,
    super::purge::STATEMENTS,
    super::relations::STATEMENTS,
    super::saved::STATEMENTS,
    super::sessions::STATEMENTS,
    super::stories::STATEMENTS,
    super::stranger_mentions::STATEMENTS,
    super::suggestions::STATEMENTS,
    super::tags::STATEMENTS,
    super::threads::STATEMENTS,
    super::uploads::STATEMENTS,
    super::withdrawn::STATEMENTS,
];

/// Number of statements: the statement cache of each connection holds all of them.
pub(super) fn count() -> usize {
    ALL.iter().map(|file| file.len()).sum()
}
