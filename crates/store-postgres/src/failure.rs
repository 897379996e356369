//! Maps PostgreSQL's errors to those of the store, by SQLSTATE. Names of constraints are never used: an engine that
//! distributes tables appends the number of the shard to them.

use std::time::Duration;

use deadpool_postgres::{PoolError, TimeoutType};
use sosik_store::StoreError;
use tokio_postgres::error::SqlState;

/// The connection was lost after COMMIT was sent and before its response.
#[derive(Debug, thiserror::Error)]
#[error("the connection was lost during COMMIT: the write may or may not have committed")]
struct UnknownOutcome {
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// The server accepted the statements and did not respond.
#[derive(Debug, thiserror::Error)]
#[error("the server did not respond within {0:?}")]
pub(crate) struct NoResponse(pub(crate) Duration);

/// Maps an error of the engine. Errors that a caller can act on get their variant; the rest is opaque.
/// [`StoreError::with_context`] replaces the context.
pub(crate) fn of_engine(error: tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full,
        Some(code) if is_overload(code) => StoreError::Busy,
        Some(_) | None => StoreError::failed("use the database", error),
    }
}

/// A statement or a lock took too long, or the server has no connection left.
fn is_overload(code: &SqlState) -> bool {
    [
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::CONFIGURATION_LIMIT_EXCEEDED,
    ]
    .contains(code)
}

/// Maps an error of a pool.
pub(crate) fn of_pool(error: PoolError) -> StoreError {
    match error {
        PoolError::Timeout(TimeoutType::Wait) => StoreError::Busy,
        PoolError::Closed => StoreError::Closed,
        PoolError::Backend(error) => of_engine(error),
        other => StoreError::failed("connect to the database", other),
    }
}

/// Marks the outcome as unknown if the connection was lost. For errors after COMMIT was sent.
pub(crate) fn of_commit(error: StoreError) -> StoreError {
    if !is_lost(&error) {
        return error;
    }
    match error {
        StoreError::Failed { source, .. } => {
            StoreError::failed("commit", UnknownOutcome { source })
        }
        error => error,
    }
}

/// Whether a concurrent transaction is the reason, so that a retry of the whole transaction can succeed.
pub(crate) fn is_conflict(error: &StoreError) -> bool {
    has_code(
        error,
        &[
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ],
    )
}

/// Whether the connection was lost. Only meaningful before COMMIT was sent: [`of_commit`] hides it afterwards.
pub(crate) fn is_lost(error: &StoreError) -> bool {
    let lost = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CONNECTION_EXCEPTION,
        SqlState::CONNECTION_FAILURE,
        SqlState::CONNECTION_DOES_NOT_EXIST,
    ];
    let closed = engine_error(error).is_some_and(|error| error.is_closed() || is_io(error));
    closed || is_no_response(error) || has_code(error, &lost)
}

/// Whether the server did not respond in time. A retry would wait as long again.
pub(crate) fn is_no_response(error: &StoreError) -> bool {
    matches!(error, StoreError::Failed { source, .. } if source.is::<NoResponse>())
}

/// Whether the server rejects writes, as a standby does.
pub(crate) fn is_read_only(error: &StoreError) -> bool {
    has_code(error, &[SqlState::READ_ONLY_SQL_TRANSACTION])
}

/// Whether a statement failed on purpose: one that guards a commit divides by zero.
pub(crate) fn is_division_by_zero(error: &StoreError) -> bool {
    has_code(error, &[SqlState::DIVISION_BY_ZERO])
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.is::<std::io::Error>())
}

fn has_code(error: &StoreError, codes: &[SqlState]) -> bool {
    let code = engine_error(error).and_then(tokio_postgres::Error::code);
    code.is_some_and(|code| codes.contains(code))
}

fn engine_error(error: &StoreError) -> Option<&tokio_postgres::Error> {
    match error {
        StoreError::Failed { source, .. } => source.downcast_ref(),
        StoreError::Busy
        | StoreError::Full
        | StoreError::Closed
        | StoreError::LeaseLost
        | StoreError::QuotaReached(_)
        | StoreError::MediaRefused(_) => None,
    }
}
