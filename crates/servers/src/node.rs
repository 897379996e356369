//! A node: a process of the executable `sosik`.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::daemon::Stop;
use crate::launch::{Launch, Ready, complete_lines};
use crate::server::{Server, is_a_server};

/// A running node. Dropping it stops the node, unless it was left.
#[derive(Debug, Serialize, Deserialize)]
pub struct Node {
    server: Server,
    /// Its name.
    pub name: String,
    /// The base URL of its API, without a slash at the end. `None` if it has none.
    pub url: Option<String>,
    /// The base URL of its administration listener, without a slash at the end.
    pub admin_url: String,
}
is_a_server!(Node);

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Serves the API.
    Serve,
    /// Only delivers.
    Work,
    /// Stands in front of the nodes. The executable must have the balancer.
    Balance,
}

impl Role {
    const fn command(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Work => "work",
            Self::Balance => "balance",
        }
    }

    /// The section of the configuration with its listeners.
    const fn section(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Serve | Self::Work => "server",
        }
    }
}

impl Launch {
    /// The start of a node on free ports of the loopback interface, with these settings (`section.key=value`) and a
    /// folder of its own.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn node(
        executable: &Path,
        role: Role,
        folder: &Path,
        settings: &[String],
    ) -> anyhow::Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("make {}", folder.display()))?;
        let section = role.section();
        let own = [
            format!("{section}.listen=127.0.0.1:0"),
            format!("{section}.admin_listen=127.0.0.1:0"),
            "log.format=json".to_owned(),
        ];
        let settings = own
            .iter()
            .chain(settings)
            .map(|setting| format!("--set={setting}"));
        Ok(Self {
            program: executable.to_owned(),
            arguments: [role.command().to_owned()]
                .into_iter()
                .chain(settings)
                .collect(),
            environment: Vec::new(),
            folder: folder.to_owned(),
            log: folder.join("log"),
            user: None,
            stop: Stop::Terminate,
            ready: Ready::Logs("\"admin\":".to_owned()),
        })
    }
}

impl Node {
    /// Starts a node and waits until it serves. It must write its log as JSON, with the addresses of its listeners.
    /// When it is started again, it takes the same ports.
    ///
    /// # Errors
    /// It does not start. The error has the end of its log.
    pub fn start(name: &str, role: Role, launch: Launch) -> anyhow::Result<Self> {
        let mut server = Server::start(launch)?;
        let log = server.logged();
        let mut entries = complete_lines(&log).filter_map(|line| serde_json::from_str(line).ok());
        let served = entries.find(|entry: &Value| entry["admin"].is_string());
        let served = served.context("the log of the node is not JSON")?;
        let text = |field: &str| served[field].as_str().map(str::to_owned);
        let (url, admin) = (text("url"), text("admin").unwrap_or_default());
        let listen = url.as_ref().and_then(|url| url.strip_prefix("http://"));
        let pinned = [("listen", listen), ("admin_listen", Some(admin.as_str()))];
        for (key, address) in pinned {
            let section = role.section();
            let setting = address.map(|address| format!("--set={section}.{key}={address}"));
            server.launch.arguments.extend(setting);
        }
        Ok(Self {
            server,
            name: name.to_owned(),
            url,
            admin_url: format!("http://{admin}"),
        })
    }
}
