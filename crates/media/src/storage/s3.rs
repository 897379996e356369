//! A bucket of an object store that speaks the protocol of S3.
//!
//! A large file is sent in parts. The parts of a process that was killed stay in the bucket, invisible, until a rule of the
//! bucket removes them (`AbortIncompleteMultipartUpload`).

use std::{fmt, time::Duration};

use object_store::{
    BackoffConfig, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    prefix::PrefixStore,
};

use super::{StorageError, client::Connect};

/// Repetitions of a request that failed at the server or on its way.
const RETRIES_MAX: usize = 3;

/// No repetition begins later than this after the first attempt.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Wait before the first repetition, and the longest one.
const BACKOFF: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// The address of a bucket and the key for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The folder in it; empty for the whole bucket.
    pub folder: String,
    /// The URL of the server; `None` for that of Amazon in the region. Without TLS only for a network of one's own.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: String,
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({}/{})", self.name, self.folder)
    }
}

impl Bucket {
    pub(super) fn open(self) -> Result<PrefixStore<AmazonS3>, StorageError> {
        let endpoint = self.endpoint.as_ref();
        let plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(self.name)
            .with_region(self.region)
            .with_access_key_id(self.access_key)
            .with_secret_access_key(self.secret_key)
            .with_allow_http(plain)
            .with_http_connector(Connect)
            .with_retry(retries());
        if let Some(endpoint) = self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(PrefixStore::new(builder.build()?, self.folder))
    }
}

fn retries() -> RetryConfig {
    let [init_backoff, max_backoff] = BACKOFF;
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff,
            max_backoff,
            base: 2.0,
        },
        max_retries: RETRIES_MAX,
        retry_timeout: RETRY_TIMEOUT,
    }
}
