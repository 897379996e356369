//! What a balancer reports about itself and its nodes, as JSON and as a table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether it takes requests: it is not leaving, and some node is usable.
    pub ready: bool,
    /// Connections of clients.
    pub connections: usize,
    /// Each node.
    pub nodes: Vec<NodeStatus>,
}

/// The state of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Where it listens.
    pub address: String,
    /// `unknown`, `up`, `down`, `ejected` or `trial`.
    pub state: String,
    /// Why it is not in use; empty if it is.
    pub reason: String,
    /// Its share, relative to others.
    pub weight: u32,
    /// Requests in flight.
    pub outstanding: u32,
    /// Requests since the start of the balancer.
    pub requests: u64,
    /// Failed ones.
    pub failures: u64,
    /// How often it was ejected.
    pub ejections: u64,
}

/// Headings of the table.
const HEADINGS: [&str; 8] = [
    "node",
    "state",
    "weight",
    "in flight",
    "requests",
    "failures",
    "ejections",
    "reason",
];

impl NodeStatus {
    fn cells(&self) -> [String; 8] {
        [
            self.address.clone(),
            self.state.clone(),
            self.weight.to_string(),
            self.outstanding.to_string(),
            self.requests.to_string(),
            self.failures.to_string(),
            self.ejections.to_string(),
            self.reason.clone(),
        ]
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings = HEADINGS.map(str::to_owned);
        let rows: Vec<[String; 8]> = self.nodes.iter().map(NodeStatus::cells).collect();
        let width = |column: usize| {
            let cells = rows.iter().chain([&headings]).map(|row| row[column].len());
            cells.max().unwrap_or(0)
        };
        for row in [&headings].into_iter().chain(&rows) {
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(column, cell)| format!("{cell:<0$}", width(column)))
                .collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        let ready = if self.ready { "ready" } else { "not ready" };
        writeln!(f, "{ready}, {} connections of clients", self.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_node() {
        let node = |address: &str, state: &str, reason: &str| NodeStatus {
            address: address.to_owned(),
            state: state.to_owned(),
            reason: reason.to_owned(),
            weight: 1,
            outstanding: 2,
            requests: 1_234,
            failures: 0,
            ejections: 0,
        };
        let status = Status {
            ready: true,
            connections: 3,
            nodes: vec![
                node("10.0.0.1:8420", "up", ""),
                node("10.0.0.12:8420", "down", "it refuses connections"),
            ],
        };
        let expected = "\
node            state  weight  in flight  requests  failures  ejections  reason
10.0.0.1:8420   up     1       2          1234      0         0
10.0.0.12:8420  down   1       2          1234      0         0          it refuses connections
ready, 3 connections of clients
";
        assert_eq!(status.to_string(), expected);
    }
}
