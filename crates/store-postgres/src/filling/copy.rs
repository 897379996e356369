//! Copying the rows of one table: pages of the source into binary COPY.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use sosik_feed::PersonId;
use sosik_store::engine::transfer::{Cell, RowSource, Selection};
use sosik_store::{StoreError, StoreResult};
use tokio::task::JoinHandle;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::{Client, Transaction};

use super::super::failure::of_engine;
use super::super::place::place_of;
use super::moves::Move;
use super::target;

/// Rows of one read of the source. Two pages are in memory at a time, so they bound it: the largest rows are stories,
/// of at most some 20 KB.
const PAGE_ROWS: u32 = 1_000;

/// The column that [`place_of`] computes.
const BUCKET: &str = "bucket";

/// The columns of a table that is filled, and their types.
pub(super) struct Target {
    of: &'static Move,
    /// Without the bucket.
    selection: Arc<Selection>,
    /// The bucket first, if the table has owners.
    types: Vec<Type>,
    /// The position of the owner in a row.
    owner: Option<usize>,
    copy: String,
}

impl Target {
    /// Reads the columns of the table.
    pub(super) async fn read(client: &Client, of: &'static Move) -> StoreResult<Self> {
        let all = client.prepare(&format!("SELECT * FROM {}", of.to)).await;
        let all = all.map_err(of_engine)?;
        let columns = all.columns().iter();
        let copied = columns.filter(|column| column.name() != BUCKET);
        let (columns, mut types): (Vec<_>, Vec<_>) = copied
            .map(|column| (column.name().to_owned(), column.type_().clone()))
            .unzip();
        let mut names: Vec<_> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let owner = of.owner;
        let owner = owner.and_then(|owner| columns.iter().position(|column| column == owner));
        if owner.is_some() {
            names.insert(0, BUCKET.to_owned());
            types.insert(0, Type::INT2);
        }
        Ok(Self {
            of,
            copy: format!(
                "COPY {} ({}) FROM STDIN (FORMAT binary)",
                of.to,
                names.join(", ")
            ),
            selection: Arc::new(Selection {
                from: of.from,
                key: of.key,
                columns,
            }),
            types,
            owner,
        })
    }

    /// The pages of the source after a place.
    pub(super) fn pages(&self, source: Arc<dyn RowSource>, place: Vec<Cell>) -> Pages {
        let selection = Arc::clone(&self.selection);
        Pages::start(
            source,
            selection,
            Some(place).filter(|place| !place.is_empty()),
        )
    }

    /// Copies pages until there are `rows_min` rows, in one transaction with the record of them. Returns their number.
    pub(super) async fn copy(
        &self,
        client: &mut Client,
        first: Page,
        pages: &mut Pages,
        rows_min: u64,
    ) -> StoreResult<u64> {
        let tx = client.transaction().await.map_err(of_engine)?;
        let (rows, place) = self.copy_pages(&tx, first, pages, rows_min).await?;
        target::advance(&tx, self.of.to, &place, rows).await?;
        tx.commit().await.map_err(of_engine)?;
        Ok(rows)
    }

    async fn copy_pages(
        &self,
        tx: &Transaction<'_>,
        first: Page,
        pages: &mut Pages,
        rows_min: u64,
    ) -> StoreResult<(u64, Vec<Cell>)> {
        let sink = tx.copy_in(&self.copy).await.map_err(of_engine)?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &self.types));
        let (mut rows, mut place, mut next) = (0, Vec::new(), Some(first));
        while let Some(page) = next {
            for row in &page {
                let row = self.values(row)?;
                let written = writer.as_mut().write_raw(row).await;
                written.map_err(of_engine)?;
            }
            rows += page.len() as u64;
            place = page
                .last()
                .map_or(place, |last| self.selection.key_of(last));
            next = match rows < rows_min {
                true => pages.next().await?,
                false => None,
            };
        }
        writer.finish().await.map_err(of_engine)?;
        Ok((rows, place))
    }

    /// The values of a row, with its bucket.
    fn values<'r>(&self, row: &'r [Cell]) -> StoreResult<Vec<Written<'r>>> {
        let mut values = Vec::with_capacity(row.len() + 1);
        if let Some(owner) = self.owner {
            let Some(Cell::Integer(owner)) = row.get(owner) else {
                return Err(StoreError::failed("copy rows", "a row has no owner"));
            };
            // The bucket is in the same bits of every id.
            let bucket = PersonId::from_i64(*owner).bucket();
            values.push(Written::Bucket(place_of(bucket)));
        }
        values.extend(row.iter().map(Written::Cell));
        Ok(values)
    }
}

/// Rows of a source.
pub(super) type Page = Vec<Vec<Cell>>;

/// The pages of a table, one read ahead.
pub(super) struct Pages {
    source: Arc<dyn RowSource>,
    selection: Arc<Selection>,
    next: Option<JoinHandle<StoreResult<Page>>>,
}

impl Pages {
    fn start(
        source: Arc<dyn RowSource>,
        selection: Arc<Selection>,
        place: Option<Vec<Cell>>,
    ) -> Self {
        let mut pages = Self {
            source,
            selection,
            next: None,
        };
        pages.read(place);
        pages
    }

    fn read(&mut self, place: Option<Vec<Cell>>) {
        let (source, selection) = (Arc::clone(&self.source), Arc::clone(&self.selection));
        let read = move || source.page(&selection, place.as_deref(), PAGE_ROWS);
        self.next = Some(tokio::task::spawn_blocking(read));
    }

    /// The next page, which has a row; `None` at the end.
    pub(super) async fn next(&mut self) -> StoreResult<Option<Page>> {
        let Some(next) = self.next.take() else {
            return Ok(None);
        };
        let page = next
            .await
            .map_err(|error| StoreError::failed("read the source", error))??;
        if page.len() == PAGE_ROWS as usize {
            let place = page.last().map(|last| self.selection.key_of(last));
            self.read(place);
        }
        Ok(Some(page).filter(|page| !page.is_empty()))
    }
}

/// A value in the form of its column.
#[derive(Debug)]
enum Written<'r> {
    Bucket(i16),
    Cell(&'r Cell),
}

impl ToSql for Written<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Self::Bucket(bucket), _) => bucket.to_sql(ty, out),
            (Self::Cell(Cell::Null), _) => Ok(IsNull::Yes),
            (Self::Cell(Cell::Integer(number)), ty) => integer(*number, ty, out),
            (Self::Cell(Cell::Text(text)), &Type::TEXT) => text.to_sql(ty, out),
            (Self::Cell(Cell::Bytes(bytes)), &Type::BYTEA) => bytes.to_sql(ty, out),
            (Self::Cell(_), ty) => Err(format!("a value does not fit a column of {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// SQLite has one type of integers, and no flags.
fn integer(
    number: i64,
    ty: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    match *ty {
        Type::INT8 => number.to_sql(ty, out),
        Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
        Type::INT2 => i16::try_from(number)?.to_sql(ty, out),
        Type::BOOL => bool::try_from(u8::try_from(number)?)?.to_sql(ty, out),
        _ => Err(format!("a number does not fit a column of {ty}").into()),
    }
}
