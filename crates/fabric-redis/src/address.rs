//! Where Redis is.
//!
//! - `redis://[user[:password]@]host[:port][/database]`: one server.
//! - `redis-cluster://[user[:password]@]host:port[,host:port]…`: some nodes of a cluster, which name the others.
//! - `redis-sentinel://[user[:password]@]host:port[,host:port]…/name`: sentinels, which name the primary. User and
//!   password are those of the primary; the sentinels must need none.
//!
//! With `rediss` in place of `redis` all connections have TLS, those to sentinels too.

use futures::future::select_ok;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{Client, RedisResult, TlsCertificates};

use crate::options::RedisOptions;
use crate::session::ANSWER_MAX;

/// A checked address.
pub(crate) enum Address {
    Server(Client),
    Cluster(Box<ClusterClient>),
    Sentinels(Sentinels),
}

/// Sentinels, and what they are asked for.
pub(crate) struct Sentinels {
    clients: Vec<Client>,
    name: String,
    credentials: String,
    transport: Transport,
}

/// What carries the connections.
#[derive(Debug, Clone)]
enum Transport {
    Plain,
    Tls(TlsCertificates),
}

/// The URL does not name a Redis server.
#[derive(Debug, thiserror::Error)]
pub enum NotARedisUrl {
    /// It has another form.
    #[error(
        "the URL of Redis has to begin with redis://, redis-cluster:// or redis-sentinel://, or for TLS with rediss://, \
         rediss-cluster:// or rediss-sentinel://"
    )]
    Scheme,
    /// It names sentinels and no primary.
    #[error(
        "a redis-sentinel URL has to end with the name of the primary, as in redis-sentinel://host:26379/mymaster"
    )]
    NoName,
    /// A part of it is not valid.
    #[error("the URL of Redis: {0}")]
    Part(#[from] redis::RedisError),
}

impl Address {
    pub(crate) fn parse(options: &RedisOptions) -> Result<Self, NotARedisUrl> {
        let (scheme, rest) = options.url.split_once("://").ok_or(NotARedisUrl::Scheme)?;
        let (transport, kind) = match scheme.strip_prefix("rediss") {
            Some(kind) => (Transport::tls(options), kind),
            None => {
                let kind = scheme.strip_prefix("redis").ok_or(NotARedisUrl::Scheme)?;
                (Transport::Plain, kind)
            }
        };
        match kind {
            "" => Ok(Self::Server(transport.client(&options.url)?)),
            "-cluster" => {
                let (credentials, hosts, _) = split(rest);
                let cluster = transport.cluster(urls(&transport, credentials, hosts))?;
                Ok(Self::Cluster(Box::new(cluster)))
            }
            "-sentinel" => Ok(Self::Sentinels(Sentinels::parse(transport, rest)?)),
            _ => Err(NotARedisUrl::Scheme),
        }
    }
}

impl Transport {
    fn tls(options: &RedisOptions) -> Self {
        Self::Tls(TlsCertificates {
            client_tls: None,
            root_cert: options.authorities.clone(),
        })
    }

    const fn scheme(&self) -> &'static str {
        match self {
            Self::Plain => "redis",
            Self::Tls(_) => "rediss",
        }
    }

    fn client(&self, url: &str) -> RedisResult<Client> {
        match self {
            Self::Plain => Client::open(url),
            Self::Tls(certificates) => Client::build_with_tls(url, certificates.clone()),
        }
    }

    fn cluster(&self, urls: Vec<String>) -> RedisResult<ClusterClient> {
        // A call has a shorter deadline of its own; this is for connecting.
        let builder = ClusterClientBuilder::new(urls)
            .connection_timeout(ANSWER_MAX)
            .response_timeout(ANSWER_MAX);
        match self {
            Self::Plain => builder.build(),
            Self::Tls(certificates) => builder.certs(certificates.clone()).build(),
        }
    }
}

impl Sentinels {
    fn parse(transport: Transport, rest: &str) -> Result<Self, NotARedisUrl> {
        let (credentials, hosts, name) = split(rest);
        if name.is_empty() {
            return Err(NotARedisUrl::NoName);
        }
        let urls = urls(&transport, "", hosts).into_iter();
        let clients = urls.map(|url| transport.client(&url));
        Ok(Self {
            clients: clients.collect::<RedisResult<_>>()?,
            name: name.to_owned(),
            credentials: credentials.to_owned(),
            transport,
        })
    }

    /// The primary, by the first sentinel that answers. All are asked at the same time: those that are gone would use up
    /// the time for an attempt to connect. The error is that of the last one.
    pub(crate) async fn primary(&self) -> RedisResult<Client> {
        let answers = self.clients.iter().map(|it| Box::pin(self.ask(it)));
        let (primary, _slower) = select_ok(answers).await?;
        Ok(primary)
    }

    async fn ask(&self, sentinel: &Client) -> RedisResult<Client> {
        let mut connection = sentinel.get_multiplexed_async_connection().await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        let (host, port): (String, u16) = question.query_async(&mut connection).await?;
        let (scheme, credentials) = (self.transport.scheme(), &self.credentials);
        let url = format!("{scheme}://{credentials}{host}:{port}");
        self.transport.client(&url)
    }
}

/// Splits what follows the scheme: the credentials with their `@`, the hosts, and the path.
fn split(rest: &str) -> (&str, &str, &str) {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let hosts_begin = authority.rfind('@').map_or(0, |at| at + 1);
    let (credentials, hosts) = authority.split_at(hosts_begin);
    (credentials, hosts, path)
}

fn urls(transport: &Transport, credentials: &str, hosts: &str) -> Vec<String> {
    let (scheme, hosts) = (transport.scheme(), hosts.split(','));
    hosts
        .map(|host| format!("{scheme}://{credentials}{host}/"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_share_the_credentials() {
        let (credentials, hosts, path) = split("ana:p%40ss@one:7000,two:7001/site");
        assert_eq!(path, "site");
        assert_eq!(
            urls(&Transport::Plain, credentials, hosts),
            [
                "redis://ana:p%40ss@one:7000/",
                "redis://ana:p%40ss@two:7001/"
            ]
        );
    }

    #[test]
    fn a_url_of_another_form_is_rejected_with_the_forms_that_are_not() {
        let parse = |url: &str| Address::parse(&RedisOptions::at(url));
        for url in ["http://one/", "one:6379", "redis-mirror://one/", ""] {
            assert!(matches!(parse(url), Err(NotARedisUrl::Scheme)), "{url}");
        }
        let unnamed = parse("redis-sentinel://one:26379");
        assert!(matches!(unnamed, Err(NotARedisUrl::NoName)));
        let no_port = parse("redis-cluster://one:seven");
        assert!(matches!(no_port, Err(NotARedisUrl::Part(_))));
    }
}
