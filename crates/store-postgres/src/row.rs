//! Rows and answers of statements, in the types of the product.

use postgres_types::{FromSql, Type};
use sosik_feed::{
    CommentId, InvitationId, MediaId, NotificationId, PersonId, SessionId, StoryId, Timestamp,
};
use sosik_store::{StoreError, StoreResult};

use super::failure::of_engine;

/// The answer to a statement.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    /// Rows that the statement wrote, or the number of rows read.
    pub(crate) affected: u64,
}

impl Answer {
    /// All rows.
    pub(crate) fn rows<T>(&self, map: impl FnMut(&Row) -> StoreResult<T>) -> StoreResult<Vec<T>> {
        self.rows.iter().map(map).collect()
    }

    /// The first row, if there is one.
    pub(crate) fn row<T>(
        &self,
        map: impl FnOnce(&Row) -> StoreResult<T>,
    ) -> StoreResult<Option<T>> {
        self.rows.first().map(map).transpose()
    }

    /// The first column of all rows.
    pub(crate) fn column<T: Column>(&self) -> StoreResult<Vec<T>> {
        self.rows(|row| row.get(0))
    }

    /// The first column of the first row, if there is one.
    pub(crate) fn first<T: Column>(&self) -> StoreResult<Option<T>> {
        self.row(|row| row.get(0))
    }

    /// The number in the first row; 0 if there is no row.
    pub(crate) fn number(&self) -> StoreResult<i64> {
        Ok(self.first()?.unwrap_or(0))
    }

    /// Whether there is a row.
    pub(crate) fn exists(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether the statement wrote a row.
    pub(crate) const fn changed(&self) -> bool {
        self.affected > 0
    }
}

/// A row.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) tokio_postgres::Row);

impl Row {
    /// The value of a column, counted from 0.
    pub(crate) fn get<T: Column>(&self, column: usize) -> StoreResult<T> {
        T::read(&self.0, column).map_err(of_engine)
    }
}

/// A type that a column can have.
pub(crate) trait Column: Sized {
    /// Reads the column.
    fn read(row: &tokio_postgres::Row, column: usize) -> Result<Self, tokio_postgres::Error>;
}

/// An integer of any width.
struct Int(i64);

impl<'a> FromSql<'a> for Int {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT2 => i16::from_sql(ty, raw)?.into(),
            Type::INT4 => i32::from_sql(ty, raw)?.into(),
            _ => i64::from_sql(ty, raw)?,
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT2 | Type::INT4 | Type::INT8)
    }
}

macro_rules! columns {
    ($($to:ty: $from:ty, |$value:ident| $map:expr;)*) => {$(
        impl Column for $to {
            fn read(row: &tokio_postgres::Row, column: usize) -> Result<Self, tokio_postgres::Error> {
                row.try_get::<_, $from>(column).map(|$value| $map)
            }
        }

        impl Column for Option<$to> {
            fn read(row: &tokio_postgres::Row, column: usize) -> Result<Self, tokio_postgres::Error> {
                Ok(row.try_get::<_, Option<$from>>(column)?.map(|$value| $map))
            }
        }
    )*};
}

columns! {
    i64: Int, |int| int.0;
    // Constraints of the schema keep counts within these ranges.
    u64: Int, |int| int.0.unsigned_abs();
    u32: Int, |int| u32::try_from(int.0).unwrap_or(u32::MAX);
    u16: Int, |int| u16::try_from(int.0).unwrap_or(u16::MAX);
    u8: Int, |int| u8::try_from(int.0).unwrap_or(u8::MAX);
    bool: bool, |flag| flag;
    String: String, |text| text;
    Vec<u8>: Vec<u8>, |bytes| bytes;
    Vec<i64>: Vec<i64>, |numbers| numbers;
    Vec<bool>: Vec<bool>, |flags| flags;
    Vec<String>: Vec<String>, |texts| texts;
    PersonId: Int, |int| PersonId::from_i64(int.0);
    StoryId: Int, |int| StoryId::from_i64(int.0);
    CommentId: Int, |int| CommentId::from_i64(int.0);
    NotificationId: Int, |int| NotificationId::from_i64(int.0);
    InvitationId: Int, |int| InvitationId::from_i64(int.0);
    MediaId: Int, |int| MediaId::from_i64(int.0);
    SessionId: Int, |int| SessionId::from_i64(int.0);
    Timestamp: Int, |int| Timestamp::from_i64(int.0);
    Vec<PersonId>: Vec<i64>, |ids| ids.into_iter().map(PersonId::from_i64).collect();
    Vec<StoryId>: Vec<i64>, |ids| ids.into_iter().map(StoryId::from_i64).collect();
}

/// The bytes of a hash or a key. A constraint of the schema checks the length.
pub(crate) fn bytes<const N: usize>(row: &Row, column: usize) -> StoreResult<[u8; N]> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|bytes: Vec<u8>| {
        let lengths = format!("{} bytes instead of {N}", bytes.len());
        StoreError::failed("read a row", lengths)
    })
}
