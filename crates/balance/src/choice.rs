//! The order in which usable nodes get requests.
//!
//! A [`Schedule`] lists each usable node as often as its weight, spread evenly. A request takes the next place. It is
//! made again whenever the health of a node changes, so choosing needs no lock on the nodes.

use std::sync::Arc;

use crate::node::Node;

/// Most places of one node. The length of a schedule is bounded by this and the number of nodes.
pub(crate) const WEIGHT_MAX: u32 = 100;

/// The usable nodes, in order.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    places: Vec<Arc<Node>>,
    /// Whether most nodes look unhealthy, so that all that may work are here.
    pub(crate) panics: bool,
}

impl Schedule {
    /// Spreads the nodes by their weights: each place goes to the node that is furthest behind its share.
    pub(crate) fn new(nodes: &[Arc<Node>], panics: bool) -> Self {
        let divisor = nodes.iter().map(|node| node.weight()).fold(0, divisor_of);
        let weights: Vec<i64> = nodes
            .iter()
            .map(|node| i64::from(node.weight() / divisor.max(1)))
            .collect();
        let all: i64 = weights.iter().sum();
        let mut credits = vec![0_i64; nodes.len()];
        let mut places = Vec::new();
        for _ in 0..all {
            for (credit, weight) in credits.iter_mut().zip(&weights) {
                *credit += weight;
            }
            let most = (0..credits.len()).rev().max_by_key(|at| credits[*at]);
            let Some(most) = most else { break };
            credits[most] -= all;
            places.push(Arc::clone(&nodes[most]));
        }
        Self { places, panics }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The places from this one on, once around.
    pub(crate) fn from(&self, start: usize) -> impl Iterator<Item = &Arc<Node>> {
        let len = self.places.len();
        (0..len).map(move |step| &self.places[(start % len + step) % len])
    }
}

fn divisor_of(one: u32, other: u32) -> u32 {
    match other {
        0 => one,
        other => divisor_of(other, one % other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(weights: &[u32]) -> Vec<u16> {
        let nodes: Vec<Arc<Node>> = (1..)
            .zip(weights)
            .map(|(port, weight)| {
                let address = ([127, 0, 0, 1], port).into();
                Arc::new(Node::new(address, *weight))
            })
            .collect();
        let schedule = Schedule::new(&nodes, false);
        schedule
            .places
            .iter()
            .map(|it| it.address().port())
            .collect()
    }

    #[test]
    fn nodes_of_the_same_weight_take_turns() {
        assert_eq!(ports(&[1, 1, 1]), [1, 2, 3]);
        assert_eq!(ports(&[50, 50]), [1, 2]);
        assert!(ports(&[]).is_empty());
    }

    #[test]
    fn weights_are_shares_and_the_places_of_a_node_are_spread() {
        assert_eq!(ports(&[3, 1]), [1, 1, 2, 1]);
        assert_eq!(ports(&[2, 1, 1]), [1, 2, 3, 1]);
    }
}
