//! The identity of this process among other nodes.

use super::allowed::{Any, ShortText};
use super::setting::settings;
use super::units::Seconds;

settings! {
    /// The identity of this process among other nodes.
    "node" {
        /// Name in logs, metrics and the lease of a node number. Empty uses the host name.
        name => service.node.name, unit: "text", allowed: ShortText { bytes_max: 64 };

        /// Address at which balancers reach the public listener of this node. 0.0.0.0:0 stands for `server.listen`. A node
        /// that listens on all addresses is not listed for balancers until this is set.
        address => server.node_address, unit: "address", allowed: Any("an IP address and a port");

        /// Region, part of every id that this node makes. No two regions may have the same number.
        region => service.node.region, unit: "number", allowed: 0..=3;

        /// How long a node number remains leased without renewal. No id is made after the lease expires. A longer lease
        /// survives a longer pause, and a shorter one frees the number of a dead node sooner.
        lease_seconds => service.node.lease, unit: Seconds, allowed: 3..=300;

        /// With several nodes on one store: how long this node may serve from its caches without renewing its lease on
        /// them. A write that outdates a cached value waits this long for a node that does not answer. A node whose
        /// lease has expired reads from the store. A longer lease survives a longer pause of the store.
        cache_lease_seconds => service.node.cache_lease, unit: Seconds, allowed: 1..=60;
    }
}
