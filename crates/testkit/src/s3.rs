//! A server with the S3 protocol for tests. Its buckets are folders.

use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// The only key of the server.
pub const KEY: &str = "a-key-of-the-tests";

/// Its secret.
pub const SECRET: &str = "a-secret-of-the-tests";

/// The only bucket.
pub const BUCKET: &str = "photos";

/// A running server. Dropping it ends the server.
pub struct S3Server {
    /// Its URL.
    pub url: String,
    folder: TempDir,
    /// A thread of its own, because a test blocks its thread while it starts a node that reads the bucket.
    runtime: Option<Runtime>,
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl S3Server {
    /// Starts a server with one empty bucket.
    ///
    /// # Panics
    /// The machine has no port or no space.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let files = FileSystem::new(folder.path()).expect("open the folder");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a thread");
        let listening = runtime.spawn(TcpListener::bind("127.0.0.1:0"));
        let listener = listening.await.expect("a task").expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(serve(listener, service.build()));
        Self {
            url: format!("http://{address}"),
            folder,
            runtime: Some(runtime),
        }
    }

    /// The folder with the files of the bucket.
    #[must_use]
    pub fn bucket(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            return;
        };
        let service = service.clone();
        connections.spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // The client may close at any time.
            let _closed = server
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}
