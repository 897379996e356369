//! The connections to one process of Redis.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisResult, Value};
use tokio::time::timeout;

use crate::scripts;
use crate::server::{ServerId, ServerInfo, Unusable};

/// Time for one attempt to connect, with the first answers of the server.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// The connection that a call uses.
///
/// Deliveries have one of their own. The server executes what one connection sent as a whole, so on a shared connection
/// a read would wait for hundreds of deliveries before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Calls,
    Deliveries,
}

/// The connections to one process of Redis.
pub(crate) struct Session {
    /// The process.
    pub(crate) server: ServerId,
    calls: MultiplexedConnection,
    deliveries: MultiplexedConnection,
}

/// Why an attempt to connect failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotConnected {
    #[error("no answer within {CONNECT_MAX:?}")]
    Timeout,
    #[error(transparent)]
    Client(#[from] redis::RedisError),
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("two connections lead to different servers")]
    TwoServers,
}

impl Session {
    /// Connects, loads the scripts, and asks the server for its state. `queued_max` bounds the commands that wait for
    /// the socket of a connection.
    pub(crate) async fn connect(
        client: &Client,
        queued_max: usize,
    ) -> Result<(Self, ServerInfo), NotConnected> {
        let attempt = timeout(CONNECT_MAX, Self::connect_now(client, queued_max));
        attempt.await.unwrap_or(Err(NotConnected::Timeout))
    }

    async fn connect_now(
        client: &Client,
        queued_max: usize,
    ) -> Result<(Self, ServerInfo), NotConnected> {
        // The deadlines are those of the callers.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(queued_max);
        let mut calls = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut deliveries = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        load_scripts(&mut calls).await?;
        let info = ask(&mut calls).await?;
        if ask(&mut deliveries).await?.id != info.id {
            return Err(NotConnected::TwoServers);
        }
        let session = Self {
            server: info.id,
            calls,
            deliveries,
        };
        Ok((session, info))
    }

    /// Whether keys of one script must share a slot.
    pub(crate) const fn is_cluster(&self) -> bool {
        false
    }

    /// Sends commands together. Returns the reply to each: to a transaction, the list of its replies.
    pub(crate) async fn send(&self, lane: Lane, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        let mut connection = match lane {
            Lane::Calls => self.calls.clone(),
            Lane::Deliveries => self.deliveries.clone(),
        };
        let (skipped, replies) = match commands.is_transaction() {
            true => (commands.len() + 1, 1),
            false => (0, commands.len()),
        };
        let replies = connection.send_packed_commands(commands, skipped, replies);
        replies.await
    }
}

/// The command whose reply [`ServerInfo::parse`] reads.
pub(crate) fn info() -> Cmd {
    redis::cmd("INFO")
}

async fn ask(connection: &mut MultiplexedConnection) -> Result<ServerInfo, NotConnected> {
    let text: String = info().query_async(connection).await?;
    Ok(ServerInfo::parse(&text)?)
}

async fn load_scripts(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let mut load = Pipeline::new();
    for script in scripts::all() {
        load.cmd("SCRIPT").arg("LOAD").arg(script.source());
    }
    load.exec_async(connection).await
}
