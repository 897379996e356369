//! What a server says about itself (`INFO`).

use std::collections::HashMap;

/// Identifies a process of Redis. A restarted server and a promoted replica have another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerId(u64);

/// A server that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("it is a replica")]
    Replica,
    #[error("INFO has no valid {0}")]
    Missing(&'static str),
}

/// A part of `INFO`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerInfo {
    pub(crate) id: ServerId,
    pub(crate) keys: usize,
    pub(crate) used_bytes: usize,
    pub(crate) evicted: u64,
    /// 0 is no limit.
    memory_max: usize,
    policy: String,
    persists: bool,
}

impl ServerId {
    pub(crate) const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }

    /// Stands for the node of Redis Cluster that gets the command.
    pub(crate) const OF_THE_NODE: Self = Self(0);

    /// The first 16 of the 40 hexadecimal digits by which a server identifies its process, or itself in a cluster.
    pub(crate) fn parse(run_id: &str) -> Option<Self> {
        u64::from_str_radix(run_id.get(..16)?, 16).ok().map(Self)
    }
}

impl ServerInfo {
    pub(crate) fn parse(info: &str) -> Result<Self, Unusable> {
        let lines = info
            .lines()
            .filter_map(|line| line.trim_end().split_once(':'));
        let fields: HashMap<&str, &str> = lines.collect();
        let text = |name: &'static str| fields.get(name).copied().ok_or(Unusable::Missing(name));
        if text("role")? != "master" {
            return Err(Unusable::Replica);
        }
        let keys = fields.iter().filter(|(name, _)| is_database(name));
        Ok(Self {
            id: ServerId::parse(text("run_id")?).ok_or(Unusable::Missing("run_id"))?,
            keys: keys.filter_map(|(_, keyspace)| keys_in(keyspace)).sum(),
            used_bytes: number(text("used_memory")?),
            evicted: number(text("evicted_keys")?),
            memory_max: number(text("maxmemory")?),
            policy: text("maxmemory_policy")?.to_owned(),
            persists: text("aof_enabled")? == "1",
        })
    }

    /// What the operator should change, if anything.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        if self.memory_max == 0 {
            return Some("set maxmemory: without it, timelines take all memory of the machine");
        }
        if self.policy != "volatile-ttl" {
            return Some(
                "set maxmemory-policy to volatile-ttl: other policies evict timelines that are read, or none",
            );
        }
        self.persists
            .then_some("set appendonly to no: timelines are not read after a restart")
    }
}

/// `db0` and so on.
fn is_database(name: &str) -> bool {
    let number = name.strip_prefix("db");
    number.is_some_and(|number| number.parse::<u16>().is_ok())
}

/// The number in `keys=12,expires=12,avg_ttl=0`.
fn keys_in(keyspace: &str) -> Option<usize> {
    let (_, rest) = keyspace.split_once("keys=")?;
    rest.split(',').next()?.parse().ok()
}

/// A number that is only shown: 0 if it cannot be read.
fn number<T: std::str::FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nrun_id:00000000000000ff0000000000000000deadbeef\r\n# Memory\r\nused_memory:900\r\n\
        maxmemory:1000\r\nmaxmemory_policy:volatile-ttl\r\naof_enabled:0\r\nevicted_keys:7\r\nrole:master\r\n\
        # Keyspace\r\ndb0:keys=12,expires=12,avg_ttl=0\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n";

    #[test]
    fn a_server_is_identified_by_its_process_and_counts_the_keys_of_all_databases() {
        let info = ServerInfo::parse(INFO).unwrap();
        assert_eq!(info.id, ServerId(255));
        assert_eq!((info.keys, info.used_bytes, info.evicted), (13, 900, 7));
        assert_eq!(info.advice(), None);
    }

    #[test]
    fn a_replica_is_not_used() {
        let replica = ServerInfo::parse(&INFO.replace("role:master", "role:slave"));
        assert!(matches!(replica, Err(Unusable::Replica)));
    }

    #[test]
    fn an_unlimited_or_unsuitable_memory_and_persistence_are_reported() {
        for (of, instead) in [
            ("maxmemory:1000", "maxmemory:0"),
            ("volatile-ttl", "noeviction"),
            ("volatile-ttl", "allkeys-lru"),
            ("aof_enabled:0", "aof_enabled:1"),
        ] {
            let info = ServerInfo::parse(&INFO.replace(of, instead)).unwrap();
            assert!(info.advice().is_some(), "{instead}");
        }
    }
}
