//! Rows that move from one engine to another, whatever their table is.

use std::fmt;
use std::str::FromStr;

use super::super::StoreResult;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// A number, a time, an id or a flag.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes, such as those of a token.
    Bytes(Vec<u8>),
}

/// A place in a table that [`Cell`] cannot be read from.
#[derive(Debug, thiserror::Error)]
#[error("not a value of a row: {0}")]
pub struct NotACell(String);

/// The form in which a place in a table is recorded: the kind and the value.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null:"),
            Self::Integer(number) => write!(f, "integer:{number}"),
            Self::Text(text) => write!(f, "text:{text}"),
            Self::Bytes(bytes) => write!(f, "bytes:{}", super::migrations::hexadecimal(bytes)),
        }
    }
}

impl FromStr for Cell {
    type Err = NotACell;

    fn from_str(text: &str) -> Result<Self, NotACell> {
        let cell = match text.split_once(':') {
            Some(("null", "")) => Some(Self::Null),
            Some(("integer", number)) => number.parse().ok().map(Self::Integer),
            Some(("text", text)) => Some(Self::Text(text.to_owned())),
            Some(("bytes", digits)) => bytes_of_digits(digits).map(Self::Bytes),
            Some(_) | None => None,
        };
        cell.ok_or_else(|| NotACell(text.to_owned()))
    }
}

fn bytes_of_digits(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    let bytes = pairs.iter().map(byte).collect();
    rest.is_empty().then_some(bytes)?
}

/// Rows of a source, in the order of a unique key.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The table, or a query in parentheses.
    pub from: &'static str,
    /// The columns that order the rows. An index has them, so that a page costs the same wherever it begins.
    pub key: &'static [&'static str],
    /// The columns to read. They contain the key.
    pub columns: Vec<String>,
}

impl Selection {
    /// The values of the key in a row.
    pub fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        let cell = |key: &&str| {
            let column = self.columns.iter().position(|column| column == key);
            column.and_then(|column| row.get(column)).cloned()
        };
        self.key.iter().filter_map(cell).collect()
    }
}

/// A store whose rows move to another engine. Nothing changes it meanwhile.
///
/// The calls block.
pub trait RowSource: Send + Sync + 'static {
    /// A text that differs between stores, and that changes when a node or an import uses the store.
    ///
    /// # Errors
    /// The store cannot be read.
    fn identity(&self) -> StoreResult<String>;

    /// The number of rows of a table, or of a query in parentheses.
    ///
    /// # Errors
    /// The store cannot be read.
    fn count(&self, from: &'static str) -> StoreResult<u64>;

    /// Whether an earlier filling has moved its rows, so that no server starts on it.
    ///
    /// # Errors
    /// The store cannot be read.
    fn is_moved(&self) -> StoreResult<bool>;

    /// Records durably that its rows are in another store. No server starts on it from now on. It can still be read.
    ///
    /// # Errors
    /// The store cannot be written.
    fn mark_moved(&self) -> StoreResult<()>;

    /// The next rows after a place, at most `limit`. A place is the key of a row; without one, the page is the first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn page(
        &self,
        selection: &Selection,
        after: Option<&[Cell]>,
        limit: u32,
    ) -> StoreResult<Vec<Vec<Cell>>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_value_is_read_as_it_was() {
        for cell in [
            Cell::Null,
            Cell::Integer(i64::MIN),
            Cell::Text("bytes:축구 'n\n:".to_owned()),
            Cell::Text(String::new()),
            Cell::Bytes(vec![0, 255, 16]),
            Cell::Bytes(Vec::new()),
        ] {
            assert_eq!(cell.to_string().parse::<Cell>().unwrap(), cell);
        }
        for text in [
            "",
            "5",
            "integer:x",
            "bytes:0",
            "bytes:0g",
            "null:0",
            "other:1",
        ] {
            assert!(text.parse::<Cell>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_key_of_a_row_is_in_the_order_of_the_key() {
        let selection = Selection {
            from: "likes",
            key: &["story", "person"],
            columns: ["person", "liked_at", "story"].map(str::to_owned).to_vec(),
        };
        let row = [1, 2, 3].map(Cell::Integer);
        assert_eq!(selection.key_of(&row), [Cell::Integer(3), Cell::Integer(1)]);
    }
}
