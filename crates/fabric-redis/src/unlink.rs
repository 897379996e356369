//! Dropping keys.

use std::sync::Arc;

use redis::Pipeline;

use crate::keys::Key;
use crate::link::Link;
use crate::reply::{self, Failure};
use crate::session::Session;

/// Keys that one step of dropping all of them looks at: about a millisecond of the server.
const DROPPED_AT_ONCE: usize = 1_000;

/// Drops one key.
pub(crate) async fn one(link: &Link, key: Key) -> Result<(), Failure> {
    let session = link.session()?;
    let mut command = redis::cmd("UNLINK");
    command.arg(key);
    reply::int(link.one(&session, key, command).await?)?;
    Ok(())
}

/// Drops all keys with a prefix. Walks over all keys; each step has the time of a call. A key that is written meanwhile
/// may stay: its writer began after this call did.
pub(crate) async fn all(link: &Link, prefix: &str) -> Result<(), Failure> {
    let session = link.session()?;
    for server in link.servers(&session).await? {
        let walk = Walk {
            link,
            session: &session,
            server,
            pattern: format!("{prefix}*"),
        };
        walk.unlink().await?;
    }
    Ok(())
}

/// A walk over the keys of one server.
struct Walk<'a> {
    link: &'a Link,
    session: &'a Arc<Session>,
    server: Key,
    pattern: String,
}

impl Walk<'_> {
    async fn unlink(&self) -> Result<(), Failure> {
        let mut cursor = String::from("0");
        loop {
            let keys = self.next_keys(&mut cursor).await?;
            self.unlink_each(keys).await?;
            if cursor == "0" {
                return Ok(());
            }
        }
    }

    /// The next keys. Advances the cursor, which is 0 after the last step.
    async fn next_keys(&self, cursor: &mut String) -> Result<Vec<Vec<u8>>, Failure> {
        let mut command = redis::cmd("SCAN");
        command.arg(cursor.as_str()).arg("MATCH").arg(&self.pattern);
        command.arg("COUNT").arg(DROPPED_AT_ONCE);
        let scanned = self.link.one(self.session, self.server, command);
        let [next, keys] = reply::list(scanned.await?)?;
        *cursor = reply::text(next)?;
        redis::from_redis_value(keys).or(Err(Failure::Unexpected("keys")))
    }

    /// The keys may be of several slots, so each has a command.
    async fn unlink_each(&self, keys: Vec<Vec<u8>>) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut commands = Pipeline::with_capacity(keys.len());
        for key in keys {
            commands.cmd("UNLINK").arg(key);
        }
        let unlinked = self.link.call(self.session, self.server, &commands);
        let replies = unlinked.await?.into_iter();
        replies
            .map(reply::int)
            .try_for_each(|reply| reply.map(drop))
    }
}
