//! The nodes of a cluster, as one of them lists them. So the balancer needs no client of the database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderValue;
use reqwest::{Client, Response};
use serde::Deserialize;

use super::StartError;

/// A node that does not list the nodes within this time is passed over.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Longest list that is read. A thousand addresses take less than this.
const LIST_BYTES_MAX: usize = 64 * 1_024;

/// Asks the administration listeners of nodes for all nodes.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    client: Client,
    /// `host:port` of each listener that is asked.
    listeners: Vec<String>,
    /// What the listeners require.
    token: Option<HeaderValue>,
    /// The listener that answered last. It is asked first.
    answers: Arc<AtomicUsize>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    nodes: Vec<SocketAddr>,
}

impl Cluster {
    pub(super) fn new(listeners: &[String], token: Option<&str>) -> Result<Self, StartError> {
        let client = Client::builder().timeout(TIMEOUT).no_proxy().build();
        let token = token.map(|token| HeaderValue::try_from(format!("Bearer {token}")));
        let mut token = token.transpose().or(Err(StartError::Token))?;
        if let Some(token) = &mut token {
            token.set_sensitive(true);
        }
        Ok(Self {
            client: client.map_err(StartError::Client)?,
            listeners: listeners.to_vec(),
            token,
            answers: Arc::default(),
        })
    }

    /// The nodes, from the first listener that answers. Empty if none is configured.
    pub(super) async fn nodes(&self) -> Result<Vec<SocketAddr>, String> {
        let (count, first) = (self.listeners.len(), self.answers.load(Ordering::Relaxed));
        let mut failed = Vec::new();
        for at in (first..first + count).map(|at| at % count) {
            match self.ask(&self.listeners[at]).await {
                Ok(nodes) => {
                    self.answers.store(at, Ordering::Relaxed);
                    return Ok(nodes);
                }
                Err(why) => failed.push(format!("{}: {why}", self.listeners[at])),
            }
        }
        match count {
            0 => Ok(Vec::new()),
            _ => Err(format!(
                "no node lists the nodes of the cluster ({})",
                failed.join("; ")
            )),
        }
    }

    async fn ask(&self, listener: &str) -> Result<Vec<SocketAddr>, String> {
        let mut request = self.client.get(format!("http://{listener}/admin/nodes"));
        if let Some(token) = &self.token {
            request = request.header(http::header::AUTHORIZATION, token);
        }
        // The address is in the message of the caller.
        let answer = request
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("it answers with {}", status.as_u16()));
        }
        let listed: Listed = serde_json::from_slice(&body(answer).await?)
            .map_err(|error| format!("its list cannot be read: {error}"))?;
        Ok(listed.nodes)
    }
}

async fn body(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| error.without_url().to_string())?
    {
        body.extend_from_slice(&piece);
        if body.len() > LIST_BYTES_MAX {
            return Err("its list is too long".to_owned());
        }
    }
    Ok(body)
}
