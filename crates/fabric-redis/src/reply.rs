//! Replies of Redis, and why a call has none.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerError, ServerErrorKind, Value};
use sosik_fabric::FabricError;

use crate::server::Unusable;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no connection to Redis")]
    Disconnected,
    #[error("{0} calls to Redis are in flight already")]
    TooMany(usize),
    #[error("Redis did not answer within {0:?}")]
    Timeout(Duration),
    #[error(transparent)]
    Client(#[from] RedisError),
    #[error("Redis: {0}")]
    Server(ServerError),
    #[error("Redis answered with something else than {0}")]
    Unexpected(&'static str),
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl From<Failure> for FabricError {
    fn from(failure: Failure) -> Self {
        Self(Box::new(failure))
    }
}

impl Failure {
    /// Whether the session is useless: the connection is broken, or the server has become a replica.
    pub(crate) fn ends_the_session(&self) -> bool {
        match self {
            Self::Client(error) => {
                error.is_unrecoverable_error()
                    || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
            }
            Self::Server(error) => error.kind() == Some(ServerErrorKind::ReadOnly),
            Self::Unusable(_) => true,
            Self::Disconnected | Self::TooMany(_) | Self::Timeout(_) | Self::Unexpected(_) => false,
        }
    }
}

/// The replies, unless one of them says that the server is a replica.
pub(crate) fn of_a_primary(replies: Vec<Value>) -> Result<Vec<Value>, Failure> {
    for reply in &replies {
        if let Value::ServerError(error) = reply
            && error.kind() == Some(ServerErrorKind::ReadOnly)
        {
            return Err(Failure::Server(error.clone()));
        }
    }
    Ok(replies)
}

/// Whether the server does not have the script.
pub(crate) fn lacks_script(value: &Value) -> bool {
    let Value::ServerError(error) = value else {
        return false;
    };
    error.kind() == Some(ServerErrorKind::NoScript)
}

/// Whether the server has no memory for this write.
pub(crate) fn is_out_of_memory(value: &Value) -> bool {
    let Value::ServerError(error) = value else {
        return false;
    };
    error.code() == "OOM"
}

pub(crate) fn int(value: Value) -> Result<i64, Failure> {
    match value {
        Value::Int(number) => Ok(number),
        Value::ServerError(error) => Err(Failure::Server(error)),
        _ => Err(Failure::Unexpected("a number")),
    }
}

pub(crate) fn length(value: Value) -> Result<usize, Failure> {
    usize::try_from(int(value)?).or(Err(Failure::Unexpected("a length")))
}

/// A string; `None` if the key is absent.
pub(crate) fn bytes(value: Value) -> Result<Option<Vec<u8>>, Failure> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        Value::ServerError(error) => Err(Failure::Server(error)),
        _ => Err(Failure::Unexpected("a string")),
    }
}

pub(crate) fn text(value: Value) -> Result<String, Failure> {
    redis::from_redis_value(value).or(Err(Failure::Unexpected("a text")))
}

/// A list with this number of values.
pub(crate) fn list<const N: usize>(value: Value) -> Result<[Value; N], Failure> {
    exactly(all(value)?)
}

/// The values of a list.
pub(crate) fn all(value: Value) -> Result<Vec<Value>, Failure> {
    match value {
        Value::Array(values) => Ok(values),
        Value::ServerError(error) => Err(Failure::Server(error)),
        _ => Err(Failure::Unexpected("a list")),
    }
}

/// This number of replies.
pub(crate) fn exactly<const N: usize>(replies: Vec<Value>) -> Result<[Value; N], Failure> {
    let replies = replies.try_into();
    replies.or(Err(Failure::Unexpected("a reply to each command")))
}

/// The reply to the only command.
pub(crate) fn only(replies: Vec<Value>) -> Result<Value, Failure> {
    let [reply] = exactly(replies)?;
    Ok(reply)
}
