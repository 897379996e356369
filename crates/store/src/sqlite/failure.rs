//! What SQLite's answers mean to a caller of the store.

use rusqlite::ErrorCode;

use crate::StoreError;

impl From<rusqlite::Error> for StoreError {
    /// Busy stays busy; the rest is opaque. The context is filled in by the one who knows what was being done.
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::failed("use the database", error),
        }
    }
}

/// Says what was being done when it failed.
pub(super) fn while_doing(context: &'static str, error: StoreError) -> StoreError {
    match error {
        StoreError::Failed { source, .. } => StoreError::Failed { context, source },
        StoreError::Busy | StoreError::Closed | StoreError::LeaseLost => error,
    }
}

/// A constraint refused the row (a limit, or somebody who does not exist): for imports, which pass it over.
pub(super) fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
