//! What SQLite's answers mean to a caller of the store.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::StoreError;

impl From<rusqlite::Error> for StoreError {
    /// What a caller can act on is told apart; the rest is opaque. The context is filled in by the one who knows what was
    /// being done.
    fn from(error: rusqlite::Error) -> Self {
        to_act_on(&error).unwrap_or_else(|| Self::failed("use the database", error))
    }
}

/// What a caller can act on.
pub(super) fn to_act_on(error: &rusqlite::Error) -> Option<StoreError> {
    match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(StoreError::Busy),
        ErrorCode::DiskFull => Some(StoreError::Full),
        _ => None,
    }
}

/// Whether the error means an I/O error or a damaged file. The cached state of the connection is then invalid.
pub(super) fn is_of_the_disk(error: &rusqlite::Error) -> bool {
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

/// Says what was being done when it failed.
pub(super) fn while_doing(context: &'static str, error: StoreError) -> StoreError {
    match error {
        StoreError::Failed { source, .. } => StoreError::Failed { context, source },
        StoreError::Busy
        | StoreError::Full
        | StoreError::Closed
        | StoreError::LeaseLost
        | StoreError::QuotaReached(_) => error,
    }
}

/// An error of the engine with the database file it is about.
#[derive(Debug, thiserror::Error)]
#[error("{path}")]
struct OfFile {
    path: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Puts the name of the database file before what the engine said.
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
        | StoreError::QuotaReached(_) => error,
    }
}

/// A constraint refused the row (a limit, or somebody who does not exist): for imports, which pass it over.
pub(super) fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
