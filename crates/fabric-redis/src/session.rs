//! The connections to one process of Redis, or to one cluster.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, SingleNodeRoutingInfo, SlotAddr};
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisResult, Value};
use tokio::time::timeout;

use crate::address::Address;
use crate::keys::{Key, SlotGroup};
use crate::reply::{self, Failure};
use crate::scripts;
use crate::server::{ServerId, ServerInfo, Unusable};

/// Time for one attempt to connect, with the first answers of the server.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(2);

/// The connection that a call uses.
///
/// Deliveries have one of their own. The server executes what one connection sent as a whole, so on a shared connection
/// a read would wait for hundreds of deliveries before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Calls,
    Deliveries,
}

/// The connections to one process of Redis, or to one cluster.
pub(crate) struct Session {
    /// The process. `None` in a cluster, whose nodes identify themselves in each reply.
    server: Option<ServerId>,
    calls: Connection,
    deliveries: Connection,
}

#[derive(Clone)]
enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Why an attempt to connect failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotConnected {
    #[error("no answer within {ANSWER_MAX:?}")]
    Timeout,
    #[error(transparent)]
    Client(#[from] redis::RedisError),
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Call(#[from] Failure),
    #[error("two connections lead to different servers")]
    TwoServers,
}

impl Session {
    /// Connects, loads the scripts, and asks the server for its state. `queued_max` bounds the commands that wait for
    /// the socket of a connection.
    pub(crate) async fn connect(
        address: &Address,
        queued_max: usize,
    ) -> Result<Self, NotConnected> {
        let attempt = async {
            match address {
                Address::Server(client) => Self::with_server(client, queued_max).await,
                Address::Sentinels(sentinels) => {
                    Self::with_server(&sentinels.primary().await?, queued_max).await
                }
                Address::Cluster(cluster) => {
                    let calls = cluster.get_async_connection().await?;
                    let deliveries = cluster.get_async_connection().await?;
                    let connections = (Connection::Cluster(calls), Connection::Cluster(deliveries));
                    Self::with(None, connections).await
                }
            }
        };
        let attempt = timeout(ANSWER_MAX, attempt);
        attempt.await.unwrap_or(Err(NotConnected::Timeout))
    }

    async fn with_server(client: &Client, queued_max: usize) -> Result<Self, NotConnected> {
        // The deadlines are those of the callers.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(queued_max);
        let connect = || client.get_multiplexed_async_connection_with_config(&config);
        let (mut calls, mut deliveries) = (connect().await?, connect().await?);
        let server = id_of(&mut calls).await?;
        if id_of(&mut deliveries).await? != server {
            return Err(NotConnected::TwoServers);
        }
        let connections = (Connection::Server(calls), Connection::Server(deliveries));
        Self::with(Some(server), connections).await
    }

    async fn with(
        server: Option<ServerId>,
        (mut calls, deliveries): (Connection, Connection),
    ) -> Result<Self, NotConnected> {
        for script in scripts::all() {
            let mut load = redis::cmd("SCRIPT");
            load.arg("LOAD").arg(script.source());
            match &mut calls {
                Connection::Server(server) => load.exec_async(server).await?,
                Connection::Cluster(cluster) => load.exec_async(cluster).await?,
            }
        }
        Ok(Self {
            server,
            calls,
            deliveries,
        })
    }

    /// Whether keys of one script must share a slot. The client library then reconnects to nodes by itself.
    pub(crate) const fn is_cluster(&self) -> bool {
        self.server.is_none()
    }

    /// The process, for the header of a timeline.
    pub(crate) const fn server(&self) -> ServerId {
        match self.server {
            Some(server) => server,
            None => ServerId::OF_THE_NODE,
        }
    }

    /// Adds what is needed to know which process replied.
    pub(crate) fn add_identity(&self, commands: &mut Pipeline) {
        if self.is_cluster() {
            commands.atomic().add_command(my_id());
        }
    }

    /// Which process replied to commands with [`add_identity`](Self::add_identity). Removes its reply.
    pub(crate) fn identity(&self, replies: &mut Vec<Value>) -> Result<ServerId, Failure> {
        if let Some(server) = self.server {
            return Ok(server);
        }
        let id = reply::text(replies.pop().unwrap_or_default())?;
        ServerId::parse(&id).ok_or(Failure::Unexpected("the id of a node"))
    }

    /// Sends commands together to the server that has the key. Returns the reply to each: to a transaction, the list of
    /// its replies.
    pub(crate) async fn send(
        &self,
        lane: Lane,
        near: Key,
        commands: &Pipeline,
    ) -> RedisResult<Vec<Value>> {
        let (skipped, replies) = match commands.is_transaction() {
            true => (commands.len() + 1, 1),
            false => (0, commands.len()),
        };
        let connection = match lane {
            Lane::Calls => self.calls.clone(),
            Lane::Deliveries => self.deliveries.clone(),
        };
        match connection {
            Connection::Server(mut server) => {
                server
                    .send_packed_commands(commands, skipped, replies)
                    .await
            }
            Connection::Cluster(mut cluster) => {
                let route = Route::with_key(near.to_string(), SlotAddr::Master);
                let route = SingleNodeRoutingInfo::SpecificNode(route);
                let commands = commands.clone();
                cluster
                    .route_pipeline(commands, skipped, replies, route)
                    .await
            }
        }
    }

    /// Places that lead to every server with timelines. A server of a cluster may be there more than once.
    pub(crate) fn places(&self) -> Vec<Key> {
        match self.is_cluster() {
            true => SlotGroup::all().map(Key::Group).collect(),
            false => vec![Key::Group(SlotGroup::FIRST)],
        }
    }
}

/// The command whose reply [`ServerInfo::parse`] reads.
pub(crate) fn info() -> Cmd {
    redis::cmd("INFO")
}

/// Asks a node of a cluster who it is. A promoted replica has another id.
pub(crate) fn my_id() -> Cmd {
    let mut command = redis::cmd("CLUSTER");
    command.arg("MYID");
    command
}

async fn id_of(connection: &mut impl ConnectionLike) -> Result<ServerId, NotConnected> {
    let text: String = info().query_async(connection).await?;
    Ok(ServerInfo::parse(&text)?.id)
}
