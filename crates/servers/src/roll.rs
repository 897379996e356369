//! Replaces the nodes of a cluster one after another, while people use it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::node::Node;
use crate::ready;

/// Time for a node that serves to be in rotation: some checks of the balancer.
const ROTATION_MAX: Duration = Duration::from_secs(60);

/// Time for an answer of the administration of a balancer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

impl Cluster {
    /// Stops each node and starts it again, with another executable if one is named. A node is stopped only while all
    /// others are in rotation. It reports that it is not ready, completes its requests, and ends. `told` gets the name of
    /// each node before it is stopped.
    ///
    /// # Errors
    /// There is no balancer, or a node does not start or does not get into rotation.
    pub fn roll(
        &mut self,
        executable: Option<&Path>,
        mut told: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        self.wait_for_rotation()?;
        for at in 0..self.nodes.len() {
            let node = &mut self.nodes[at];
            told(&node.name);
            if let Some(executable) = executable {
                executable.clone_into(&mut node.launch.program);
            }
            node.restart()?;
            self.wait_for_rotation()?;
        }
        Ok(())
    }

    /// Waits until the balancer sends requests to every node.
    ///
    /// # Errors
    /// There is no balancer, or a node does not get into rotation.
    pub fn wait_for_rotation(&self) -> anyhow::Result<()> {
        let balancer = self
            .balancer
            .as_ref()
            .context("there is no balancer in front of the nodes")?;
        let mut seen = Ok(Value::Null);
        let all = || {
            seen = status(balancer);
            let rows = seen.as_ref().ok().and_then(|seen| seen["nodes"].as_array());
            // A node without a URL only delivers, and the balancer does not know it.
            let mut serving = self.nodes.iter().filter(|node| node.url.is_some());
            rows.is_some_and(|rows| serving.all(|node| is_up(rows, node)))
        };
        let waited = ready::poll(ROTATION_MAX, all);
        waited.with_context(|| format!("wait until the balancer uses all nodes: {seen:?}"))
    }
}

fn is_up(rows: &[Value], node: &Node) -> bool {
    let address = node
        .url
        .as_ref()
        .and_then(|url| url.strip_prefix("http://"));
    let mut rows = rows.iter().filter(|row| row["address"].as_str() == address);
    rows.any(|row| row["state"] == "up")
}

/// What a balancer reports about its nodes.
fn status(balancer: &Node) -> anyhow::Result<Value> {
    let address = balancer.admin_url.trim_start_matches("http://");
    let mut stream = TcpStream::connect_timeout(&address.parse()?, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    write!(
        stream,
        "GET /status HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    Ok(serde_json::from_str(body)?)
}
