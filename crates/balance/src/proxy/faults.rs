//! What an error of the library means for the node and for the client.

use pingora_error::{Error, ErrorSource, ErrorType};

use super::problem::Problem;
use crate::Failure;

pub(super) fn failure_of(error: &Error) -> Failure {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => Failure::Silent,
        ErrorType::InvalidHTTPHeader => Failure::Garbage,
        _ => Failure::Broken,
    }
}

/// The answer to a request that failed. `None` if the client is gone.
pub(super) fn problem_of(error: &Error) -> Option<Problem> {
    let by_source = || match error.esource() {
        ErrorSource::Upstream => match error.etype() {
            ErrorType::ReadTimedout | ErrorType::WriteTimedout => Some(Problem::NoAnswer),
            _ if is_connect_error(error) => Some(Problem::NoNode),
            _ => Some(Problem::BrokenAnswer),
        },
        ErrorSource::Downstream => match error.etype() {
            ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed => None,
            _ => Some(Problem::Malformed),
        },
        ErrorSource::Internal | ErrorSource::Unset => Some(Problem::Internal),
    };
    match error.etype() {
        ErrorType::HTTPStatus(503) => Some(Problem::NoNode),
        ErrorType::HTTPStatus(504) => Some(Problem::NoAnswer),
        ErrorType::HTTPStatus(405) => Some(Problem::MethodRefused),
        _ => by_source(),
    }
}

/// Whether a connection failed because of the node, and not because this process is out of files or ports.
pub(super) fn is_connect_error(error: &Error) -> bool {
    matches!(
        error.etype(),
        ErrorType::ConnectTimedout
            | ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError
    )
}
