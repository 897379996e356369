//! Maps SQLite's errors to those of the store.

use std::path::Path;

use rusqlite::ErrorCode;

use sosik_store::StoreError;

/// Maps an error of the engine. Errors that a caller can act on get their variant; the rest is opaque.
/// [`StoreError::with_context`] replaces the context.
pub(super) fn of_engine(error: rusqlite::Error) -> StoreError {
    actionable(&error).unwrap_or_else(|| StoreError::failed("use the database", error))
}

/// The variant for an error that a caller can act on.
pub(super) fn actionable(error: &rusqlite::Error) -> Option<StoreError> {
    match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(StoreError::Busy),
        ErrorCode::DiskFull => Some(StoreError::Full),
        _ => None,
    }
}

/// Whether the error means an I/O error or a damaged file. The cached state of the connection is then invalid.
pub(super) fn is_disk_failure(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

/// An error of the engine, with its database file.
#[derive(Debug, thiserror::Error)]
#[error("{path}")]
struct OfFile {
    path: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Prepends the name of the database file to the engine's error.
pub(super) fn of_file(path: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Failed { context, source } => {
            let path = path.display().to_string();
            StoreError::failed(context, OfFile { path, source })
        }
        StoreError::Busy
        | StoreError::Full
        | StoreError::Closed
        | StoreError::LeaseLost
        | StoreError::QuotaReached(_)
        | StoreError::MediaRefused(_) => error,
    }
}

/// Whether a constraint rejected the row (a limit, or a person who does not exist). Imports skip such rows.
pub(super) fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
