//! The scripts that run inside Redis. Each is atomic.
//!
//! A script without flags (`#!lua`) fails before its first step when the server is a replica, is out of memory or has
//! lost the replicas that it requires. So none ends midway for these reasons, and a demoted primary confirms nothing.

use std::sync::LazyLock;

use redis::{Cmd, Script};
use sosik_feed::timeline::LATE_MAX;

use crate::layout::{BUILDING, FLOOR, HELD_UNTIL, LATE_COUNT, LATE_IDS, READY, SERVER};

/// Ids at the end of a timeline among which a late one is looked for first: 512 bytes. Reading them costs no more than
/// reading one.
const NEAR: usize = 64;

/// A script and its hash.
pub(crate) struct RedisScript {
    source: String,
    hash: String,
}

/// How a call names its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// By its hash. Fails if the server does not have it, after `SCRIPT FLUSH` or a failover.
    Hash,
    /// By its text. The server has it from now on.
    Text,
}

pub(crate) static DELIVER: LazyLock<RedisScript> =
    LazyLock::new(|| of_timelines(include_str!("scripts/deliver.lua")));
pub(crate) static BEGIN: LazyLock<RedisScript> = LazyLock::new(|| {
    of_timelines(concat!(
        include_str!("scripts/server.lua"),
        include_str!("scripts/begin.lua")
    ))
});
pub(crate) static FINISH: LazyLock<RedisScript> =
    LazyLock::new(|| of_timelines(include_str!("scripts/finish.lua")));
pub(crate) static DISCARD: LazyLock<RedisScript> =
    LazyLock::new(|| of_timelines(include_str!("scripts/discard.lua")));
pub(crate) static RATE: LazyLock<RedisScript> =
    LazyLock::new(|| plain(include_str!("scripts/rate.lua")));
pub(crate) static LOOK_UP: LazyLock<RedisScript> = LazyLock::new(|| {
    plain(concat!(
        include_str!("scripts/server.lua"),
        include_str!("scripts/look_up.lua")
    ))
});
pub(crate) static FILL: LazyLock<RedisScript> = LazyLock::new(|| {
    plain(concat!(
        include_str!("scripts/server.lua"),
        include_str!("scripts/fill.lua")
    ))
});

/// Every script, to load them.
pub(crate) fn all() -> [&'static RedisScript; 7] {
    [&DELIVER, &BEGIN, &FINISH, &DISCARD, &RATE, &LOOK_UP, &FILL]
}

impl RedisScript {
    fn new(source: String) -> Self {
        let hash = Script::new(&source).get_hash().to_owned();
        Self { source, hash }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// A call with this number of keys. Its keys and arguments follow.
    pub(crate) fn call(&self, by: By, keys: usize) -> Cmd {
        let mut call = Cmd::new();
        match by {
            By::Hash => call.arg("EVALSHA").arg(&self.hash),
            By::Text => call.arg("EVAL").arg(&self.source),
        };
        call.arg(keys);
        call
    }
}

fn plain(script: &str) -> RedisScript {
    RedisScript::new(format!("#!lua\n{script}"))
}

fn of_timelines(script: &str) -> RedisScript {
    let functions = include_str!("scripts/timeline.lua");
    RedisScript::new(format!("#!lua\n{}{functions}{script}", constants()))
}

fn constants() -> String {
    let constants = [
        ("SERVER", SERVER),
        ("FLOOR", FLOOR),
        ("HELD_UNTIL", HELD_UNTIL),
        ("LATE_COUNT", LATE_COUNT),
        ("LATE_IDS", LATE_IDS),
        ("LATE_MAX", LATE_MAX),
        ("READY", READY),
        ("BUILDING", BUILDING),
        ("NEAR", NEAR),
    ];
    let lines = constants.map(|(name, value)| format!("local {name} = {value}\n"));
    lines.concat()
}
