//! PgBouncer in front of PostgreSQL.

use serde::{Deserialize, Serialize};

use crate::find::free_port;
use crate::folder::Folder;
use crate::launch::{Launch, Ready};
use crate::postgres::{Postgres, STARTUP, USER, write_private};
use crate::server::{Server, is_a_server};

/// A pooler in transaction mode, for all databases of a server. Dropping it stops the pooler.
#[derive(Debug, Serialize, Deserialize)]
pub struct PgBouncer {
    server: Server,
    folder: Folder,
    port: u16,
}
is_a_server!(PgBouncer);

impl PgBouncer {
    /// Starts a pooler with this many connections to the server for each database.
    ///
    /// # Errors
    /// The pooler is not installed or does not start.
    pub fn start(postgres: &Postgres, connections: u32) -> anyhow::Result<Self> {
        let (folder, port) = (Folder::new()?, free_port()?);
        let users = folder.path().join("users");
        write_private(&users, &format!("\"{USER}\" \"{}\"\n", postgres.password()))?;
        let settings = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = scram-sha-256\n\
             auth_file = {}\n\
             pool_mode = transaction\n\
             default_pool_size = {connections}\n\
             max_client_conn = 1000\n",
            postgres.port(),
            users.display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        write_private(&file, &settings)?;
        let ready = Ready::Responds {
            port,
            request: STARTUP.to_vec(),
            expected: b"R".to_vec(),
        };
        let arguments = vec![file.display().to_string()];
        let mut launch = Launch::of("pgbouncer", arguments, &folder, ready)?;
        launch.user = Some(USER.to_owned());
        Ok(Self {
            server: Server::start(launch)?,
            folder,
            port,
        })
    }

    /// The address of a database, through the pooler.
    #[must_use]
    pub fn url(&self, postgres: &Postgres, database: &str) -> String {
        let direct = postgres.url(database);
        direct.replace(
            &format!(":{}/", postgres.port()),
            &format!(":{}/", self.port),
        )
    }
}
