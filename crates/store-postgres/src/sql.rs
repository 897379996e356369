//! Every SQL statement of the engine, by name, so that tests can check the text and the plan of each of them.
//!
//! Only [`statements!`] creates an [`Sql`], and the connection runs nothing else, so a statement outside the list cannot
//! be used. If the statements of a file are missing from [`ALL`], they are an unused constant, which is an error.
//!
//! Values carry their types, so a statement means the same whether it is prepared by name or sent without a name
//! through PgBouncer. Integers are `bigint` and buckets are `smallint`, whatever the width of the column they are
//! compared with.

use std::error::Error;

use bytes::BytesMut;
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use sosik_feed::bucket::Bucket;
use sosik_feed::{
    CommentId, InvitationId, MediaId, NotificationId, PersonId, RawId, SessionId, StoryId,
    Timestamp,
};

use super::place::place_of;

/// A statement of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    name: &'static str,
    text: &'static str,
}

impl Sql {
    /// For [`statements!`] only.
    pub(crate) const fn listed(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }

    /// The name of its constant, for messages.
    pub(crate) const fn name(self) -> &'static str {
        self.name
    }

    /// The text of the statement.
    pub(crate) const fn text(self) -> &'static str {
        self.text
    }

    /// The statement with its values, in order of their numbers. [`bind!`](crate::sql::bind) is shorter.
    pub(crate) const fn with(self, values: Vec<Value>) -> Query {
        Query { sql: self, values }
    }
}

/// Declares statements as constants, and lists them as `STATEMENTS` of the file.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::sql::Sql = $crate::sql::Sql::listed(stringify!($name), $text);)*
        /// All statements of this file.
        pub(crate) const STATEMENTS: &[$crate::sql::Sql] = &[$($name),*];
    };
}
pub(crate) use statements;

/// A statement with its values: `bind!(PERSON_BY_ID, id.bucket(), id)`.
macro_rules! bind {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        $sql.with(vec![$($crate::sql::Value::from($value)),*])
    };
}
pub(crate) use bind;

/// All statements of the engine, by file.
pub(crate) const ALL: &[&[Sql]] = &[
    super::accounts::STATEMENTS,
    super::avatars::STATEMENTS,
    super::blocks::STATEMENTS,
    super::bulk::STATEMENTS,
    super::cache_leases::STATEMENTS,
    super::changes::STATEMENTS,
    super::citus::STATEMENTS,
    super::claims::STATEMENTS,
    super::closures::STATEMENTS,
    super::comment_likes::STATEMENTS,
    super::comments::STATEMENTS,
    super::connection::STATEMENTS,
    super::counts::STATEMENTS,
    super::cursor_keys::STATEMENTS,
    super::devices::STATEMENTS,
    super::feeds::STATEMENTS,
    super::fence::STATEMENTS,
    super::follows::STATEMENTS,
    super::friends::STATEMENTS,
    super::hidden::STATEMENTS,
    super::idempotency::STATEMENTS,
    super::imports::STATEMENTS,
    super::invitations::STATEMENTS,
    super::large::STATEMENTS,
    super::late::STATEMENTS,
    super::likes::STATEMENTS,
    super::maintenance::STATEMENTS,
    super::media::STATEMENTS,
    super::migrations::STATEMENTS,
    super::nodes::STATEMENTS,
    super::notifications::STATEMENTS,
    super::notify::STATEMENTS,
    super::open::STATEMENTS,
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
    super::story_counts::STATEMENTS,
    super::stranger_mentions::STATEMENTS,
    super::suggestions::STATEMENTS,
    super::tags::STATEMENTS,
    super::threads::STATEMENTS,
    super::uploads::STATEMENTS,
    super::withdrawn::STATEMENTS,
    super::written::STATEMENTS,
];

/// The name and text of every statement, for tests of their texts and plans.
pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = ALL.iter().copied().flatten();
    all.map(|sql| (sql.name(), sql.text()))
}

/// A statement and the values of its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) sql: Sql,
    pub(crate) values: Vec<Value>,
}

impl Query {
    pub(crate) fn types(&self) -> Vec<Type> {
        self.values.iter().map(Value::kind).collect()
    }
}

/// The value of a parameter.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Bucket(i16),
    Int(Option<i64>),
    Flag(bool),
    Text(Option<String>),
    Bytes(Vec<u8>),
    Buckets(Vec<i16>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    ManyBytes(Vec<Vec<u8>>),
}

impl Value {
    pub(crate) const fn kind(&self) -> Type {
        match self {
            Self::Bucket(_) => Type::INT2,
            Self::Int(_) => Type::INT8,
            Self::Flag(_) => Type::BOOL,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
            Self::Buckets(_) => Type::INT2_ARRAY,
            Self::Ints(_) => Type::INT8_ARRAY,
            Self::Texts(_) => Type::TEXT_ARRAY,
            Self::ManyBytes(_) => Type::BYTEA_ARRAY,
        }
    }

    /// The buckets of a list.
    pub(crate) fn buckets(buckets: impl IntoIterator<Item = Bucket>) -> Self {
        Self::Buckets(buckets.into_iter().map(place_of).collect())
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Bucket(value) => value.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Flag(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
            Self::Buckets(value) => value.to_sql(ty, out),
            Self::Ints(value) => value.to_sql(ty, out),
            Self::Texts(value) => value.to_sql(ty, out),
            Self::ManyBytes(value) => value.to_sql(ty, out),
        }
    }

    /// Statements are prepared with the types of their values, so the types always fit.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

macro_rules! values {
    ($($from:ty: |$value:ident| $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self { $to }
        }
    )*};
}

values! {
    Bucket: |bucket| Self::Bucket(place_of(bucket));
    i64: |number| Self::Int(Some(number));
    u32: |number| Self::Int(Some(i64::from(number)));
    u16: |number| Self::Int(Some(i64::from(number)));
    u8: |number| Self::Int(Some(i64::from(number)));
    u64: |number| Self::Int(Some(number.cast_signed()));
    Option<i64>: |number| Self::Int(number);
    bool: |flag| Self::Flag(flag);
    &str: |text| Self::Text(Some(text.to_owned()));
    String: |text| Self::Text(Some(text));
    &String: |text| Self::Text(Some(text.clone()));
    Option<String>: |text| Self::Text(text);
    Option<&str>: |text| Self::Text(text.map(str::to_owned));
    &[u8]: |bytes| Self::Bytes(bytes.to_vec());
    &[u8; 32]: |bytes| Self::Bytes(bytes.to_vec());
    [u8; 32]: |bytes| Self::Bytes(bytes.to_vec());
    PersonId: |id| id.as_i64().into();
    StoryId: |id| id.as_i64().into();
    CommentId: |id| id.as_i64().into();
    NotificationId: |id| id.as_i64().into();
    SessionId: |id| id.as_i64().into();
    InvitationId: |id| id.as_i64().into();
    MediaId: |id| id.as_i64().into();
    RawId: |id| id.as_i64().into();
    Option<StoryId>: |id| id.map(StoryId::as_i64).into();
    Option<CommentId>: |id| id.map(CommentId::as_i64).into();
    Timestamp: |time| time.as_i64().into();
    Vec<i64>: |numbers| Self::Ints(numbers);
    Vec<String>: |texts| Self::Texts(texts);
    &[String]: |texts| Self::Texts(texts.to_vec());
    &[PersonId]: |ids| Self::Ints(ids.iter().map(|id| id.as_i64()).collect());
    &[StoryId]: |ids| Self::Ints(ids.iter().map(|id| id.as_i64()).collect());
    &[CommentId]: |ids| Self::Ints(ids.iter().map(|id| id.as_i64()).collect());
    &Vec<PersonId>: |ids| ids.as_slice().into();
    &Vec<StoryId>: |ids| ids.as_slice().into();
    Vec<PersonId>: |ids| ids.as_slice().into();
    Vec<StoryId>: |ids| ids.as_slice().into();
}
