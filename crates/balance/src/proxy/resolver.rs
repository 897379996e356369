//! Resolves the names of nodes. A name that cannot be resolved keeps its last addresses.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::NodeName;

/// All names are looked up at once, and those that take longer keep their addresses. Name servers that work answer
/// within milliseconds, and one lost datagram is sent again after a second or more.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// The addresses of names, as of the last look-up that succeeded.
#[derive(Debug, Default)]
pub(super) struct Resolver(HashMap<String, Name>);

#[derive(Debug, Default)]
struct Name {
    known: Vec<SocketAddr>,
    /// A lookup that is not answered yet. It holds a thread, so no second one starts beside it.
    lookup: Option<JoinHandle<io::Result<Vec<SocketAddr>>>>,
}

impl Resolver {
    /// The addresses of these names, with their weights.
    pub(super) async fn addresses(&mut self, names: &[&NodeName]) -> Vec<(SocketAddr, u32)> {
        self.0
            .retain(|known, _| names.iter().any(|name| name.host_port == *known));
        for name in names {
            let state = self.0.entry(name.host_port.clone()).or_default();
            state.begin_lookup(&name.host_port);
        }
        let until = Instant::now() + LOOKUP_TIMEOUT;
        let mut all = Vec::new();
        for name in names {
            let state = self.0.entry(name.host_port.clone()).or_default();
            state.end_lookup(&name.host_port, until).await;
            all.extend(state.known.iter().map(|address| (*address, name.weight)));
        }
        all
    }
}

impl Name {
    fn begin_lookup(&mut self, host_port: &str) {
        let host_port = host_port.to_owned();
        self.lookup.get_or_insert_with(|| {
            tokio::spawn(async move { Ok(lookup_host(host_port).await?.collect()) })
        });
    }

    async fn end_lookup(&mut self, host_port: &str, until: Instant) {
        let Some(lookup) = &mut self.lookup else {
            return;
        };
        let Ok(ended) = timeout_at(until, lookup).await else {
            tracing::warn!("the known nodes stay: resolve {host_port}: no answer yet");
            return;
        };
        self.lookup = None;
        match ended.map_err(io::Error::other).and_then(|found| found) {
            Ok(found) => self.known = found,
            Err(error) => tracing::warn!("the known nodes stay: resolve {host_port}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(host_port: &str) -> NodeName {
        host_port.parse().unwrap()
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_keeps_no_other_out() {
        let mut resolver = Resolver::default();
        let (good, gone) = (name("127.0.0.1:80 weight=2"), name("nowhere.invalid:80"));
        let good_address = SocketAddr::from(([127, 0, 0, 1], 80));
        let found = resolver.addresses(&[&gone, &good]).await;
        assert_eq!(found, [(good_address, 2)]);
    }

    #[tokio::test]
    async fn a_lookup_that_takes_long_holds_up_nothing_and_is_not_started_again() {
        let (slow, good) = (name("slow.invalid:80"), name("127.0.0.1:80"));
        let known = SocketAddr::from(([192, 0, 2, 1], 80));
        let mut resolver = Resolver::default();
        let waits = || tokio::spawn(std::future::pending());
        let lookup = waits();
        let id = lookup.id();
        let state = Name {
            known: vec![known],
            lookup: Some(lookup),
        };
        resolver.0.insert(slow.host_port.clone(), state);
        let found = resolver.addresses(&[&slow, &good]).await;
        assert_eq!(found[0], (known, 1));
        assert_eq!(found.len(), 2);
        let lookup = resolver.0[&slow.host_port].lookup.as_ref();
        assert_eq!(lookup.map(JoinHandle::id), Some(id));
    }
}
