//! One connection, and statements in flight on it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use deadpool_postgres::Object;
use futures::future::{FutureExt, maybe_done};
use futures::{TryStreamExt, poll};
use postgres_types::PgLsn;
use sosik_store::{CommitPosition, StoreError, StoreResult};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::Statement;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::{NoResponse, of_engine};
use super::options::{Pooler, PostgresOptions};
use super::row::{Answer, Row};
use super::sql::{Query, bind, statements};

statements! {
    /// The end of the log. A commit that was acknowledged before is below it.
    POSITION = "SELECT pg_current_wal_insert_lsn()";
}

/// Maximum number of statements in flight on one connection. More would only fill the buffers of both sides.
pub(crate) const PIPELINE_MAX: usize = 256;

/// How much longer than a statement may take a node waits for its response. A server that is stopped or unreachable
/// cannot cancel the statement.
const RESPONSE_GRACE: Duration = Duration::from_secs(5);

/// How long a statement whose caller is gone may go on before its connection is closed. A usual read ends within this
/// time, and the connection is used again.
const ABANDONED_MAX: Duration = Duration::from_millis(100);

/// How long a request to cancel a statement may take. Without it the statement ends at its own deadline.
const CANCEL_MAX: Duration = Duration::from_secs(5);

/// What every connection knows of the options.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) pooler: Pooler,
    response_max: Duration,
    /// For cancelling a statement, which takes a connection of its own.
    tls: MakeRustlsConnect,
}

impl Settings {
    pub(crate) fn new(options: &PostgresOptions, tls: MakeRustlsConnect) -> Self {
        Self {
            pooler: options.pooler,
            response_max: options.statement_max + RESPONSE_GRACE,
            tls,
        }
    }
}

/// A connection of a pool. Dropping it returns it to the pool, or closes it if the server did not respond. If the caller
/// of a statement is gone, it returns after that statement: the next one would wait for it.
pub(crate) struct Connection {
    /// `None` only while it is dropped.
    client: Option<Object>,
    silent: AtomicBool,
    /// Waits for responses that have not ended.
    waits: AtomicU32,
    settings: Settings,
    /// `None` only while it is dropped.
    permit: Option<OwnedSemaphorePermit>,
}

/// What follows the statements of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Further statements, or nothing.
    Open,
    /// COMMIT.
    Commit,
}

/// A statement that can be sent without waiting.
pub(crate) struct Prepared<'q> {
    query: &'q Query,
    /// `None`: it is sent without a name.
    named: Option<Statement>,
}

enum Step<'q> {
    Plain(&'q str),
    Statement(&'q Prepared<'q>),
}

impl Connection {
    pub(crate) const fn new(
        client: Object,
        permit: OwnedSemaphorePermit,
        settings: Settings,
    ) -> Self {
        Self {
            client: Some(client),
            silent: AtomicBool::new(false),
            waits: AtomicU32::new(0),
            settings,
            permit: Some(permit),
        }
    }

    /// Runs one statement outside a transaction.
    pub(crate) async fn run(&self, query: Query) -> StoreResult<Answer> {
        let queries = [query];
        let statements = self.prepare(&queries).await?;
        let (mut answers, _) = self.pipeline(None, &statements, End::Open).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// Prepares the statements that this connection has not prepared before.
    pub(crate) async fn prepare<'q>(&self, queries: &'q [Query]) -> StoreResult<Vec<Prepared<'q>>> {
        let prepared = async {
            let mut prepared = Vec::with_capacity(queries.len());
            for query in queries {
                let named = self.name(query).await?;
                prepared.push(Prepared { query, named });
            }
            Ok(prepared)
        };
        self.within(prepared).await
    }

    async fn name(&self, query: &Query) -> StoreResult<Option<Statement>> {
        if self.settings.pooler == Pooler::PgBouncer {
            return Ok(None);
        }
        let (client, types) = (self.client()?, query.types());
        let statement = client.prepare_typed_cached(query.sql.text(), &types).await;
        statement.map(Some).map_err(|error| {
            tracing::error!(statement = query.sql.name(), %error, "a statement could not be prepared");
            of_engine(error)
        })
    }

    /// Sends the statements together, in this order, and waits for all responses.
    pub(crate) async fn pipeline(
        &self,
        begin: Option<&str>,
        statements: &[Prepared<'_>],
        end: End,
    ) -> StoreResult<(Vec<Answer>, Option<CommitPosition>)> {
        let position = [bind!(POSITION)];
        let position = match end {
            End::Open => Vec::new(),
            End::Commit => self.prepare(&position).await?,
        };
        let commit = position
            .iter()
            .flat_map(|position| [Step::Plain("COMMIT"), Step::Statement(position)]);
        let begin = begin.into_iter().map(Step::Plain);
        let begins = begin.len();
        let steps = begin
            .chain(statements.iter().map(Step::Statement))
            .chain(commit);
        let mut answers = self.within(self.in_order(steps.collect())).await?;
        let at = answers.split_off(begins + statements.len()).pop();
        answers.drain(..begins);
        Ok((answers, at.map(|at| position_in(&at))))
    }

    /// Sends all steps before it waits for the first response. A failed statement makes all later ones of its
    /// transaction fail too, so the first error is the one that matters.
    async fn in_order(&self, steps: Vec<Step<'_>>) -> StoreResult<Vec<Answer>> {
        let step = |step| Box::pin(maybe_done(self.step(step)));
        let mut sent: Vec<_> = steps.into_iter().map(step).collect();
        for step in &mut sent {
            let _sent = poll!(step.as_mut());
        }
        let mut answers = Vec::with_capacity(sent.len());
        for mut step in sent {
            step.as_mut().await;
            answers.extend(step.as_mut().take_output().transpose()?);
        }
        Ok(answers)
    }

    /// Sends itself when it is polled first.
    async fn step(&self, step: Step<'_>) -> StoreResult<Answer> {
        let client = self.client()?;
        match step {
            Step::Plain(sql) => {
                client.batch_execute(sql).await.map_err(of_engine)?;
                Ok(Answer::default())
            }
            Step::Statement(Prepared { query, named }) => {
                let answer = answer(client, query, named.as_ref()).await;
                answer.map_err(of_engine)
            }
        }
    }

    /// Runs the statements of a text that has no values.
    pub(crate) async fn plain(&self, sql: &str) -> StoreResult<()> {
        self.within(self.step(Step::Plain(sql))).await.map(|_| ())
    }

    /// Sends ROLLBACK without waiting. Statements of the next transaction follow it.
    pub(crate) fn roll_back(&self) {
        if let Some(client) = &self.client {
            let _sent = client.batch_execute("ROLLBACK").now_or_never();
        }
    }

    async fn within<T>(&self, work: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let response_max = self.settings.response_max;
        // A caller that is gone does not get to the decrement.
        self.waits.fetch_add(1, Ordering::AcqRel);
        let result = tokio::time::timeout(response_max, work).await;
        self.waits.fetch_sub(1, Ordering::AcqRel);
        match result {
            Ok(result) => result,
            Err(_elapsed) => {
                self.silent.store(true, Ordering::Release);
                let error = NoResponse(response_max);
                Err(StoreError::failed("use the database", error))
            }
        }
    }

    fn client(&self) -> StoreResult<&Object> {
        let silent = self.silent.load(Ordering::Acquire);
        let client = self.client.as_ref().filter(|_| !silent);
        client.ok_or_else(|| {
            StoreError::failed("use the database", NoResponse(self.settings.response_max))
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        if self.silent.load(Ordering::Acquire) {
            drop(Object::take(client));
        } else if self.waits.load(Ordering::Acquire) > 0 {
            abandon(client, self.permit.take(), self.settings.tls.clone());
        }
    }
}

/// Returns a connection to its pool when its statements have ended.
fn abandon(client: Object, permit: Option<OwnedSemaphorePermit>, tls: MakeRustlsConnect) {
    let settle = async move {
        // Its place in the pool is in use until then.
        let _permit = permit;
        let ended = tokio::time::timeout(ABANDONED_MAX, client.batch_execute("")).await;
        if !matches!(ended, Ok(Ok(()))) {
            cancel(client, tls).await;
        }
    };
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(settle)),
        // The process ends, and its connections with it.
        Err(_no_runtime) => drop(settle),
    }
}

/// Closes a connection and cancels its statement.
async fn cancel(client: Object, tls: MakeRustlsConnect) {
    let token = client.cancel_token();
    drop(Object::take(client));
    let cancelled = tokio::time::timeout(CANCEL_MAX, token.cancel_query(tls)).await;
    if !matches!(cancelled, Ok(Ok(()))) {
        tracing::debug!("a statement without a caller was not cancelled");
    }
}

async fn answer(
    client: &Object,
    query: &Query,
    named: Option<&Statement>,
) -> Result<Answer, tokio_postgres::Error> {
    let values = query.values.iter();
    let rows = match named {
        Some(statement) => client.query_raw(statement, values).await?,
        None => {
            let values = values.map(|value| (value, value.kind()));
            client.query_typed_raw(query.sql.text(), values).await?
        }
    };
    let mut rows = pin!(rows);
    let mut answer = Answer::default();
    while let Some(row) = rows.try_next().await? {
        answer.rows.push(Row(row));
    }
    answer.affected = rows.rows_affected().unwrap_or_default();
    Ok(answer)
}

/// The position that was read after COMMIT. If it cannot be read, only the primary certainly has the commit.
fn position_in(answer: &Answer) -> CommitPosition {
    let lsn = answer.rows.first().map(|row| row.0.try_get::<_, PgLsn>(0));
    match lsn {
        Some(Ok(lsn)) => CommitPosition::new(lsn.into()),
        Some(Err(_)) | None => CommitPosition::LATEST,
    }
}
