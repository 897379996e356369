//! A bucket of an object store with the S3 protocol.
//! A large file is sent in parts. If the process is killed meanwhile, its parts stay in the bucket and no listing shows
//! them. A lifecycle rule of the bucket removes them (`AbortIncompleteMultipartUpload`).

use std::{fmt, time::Duration};

use object_store::{
    BackoffConfig, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    prefix::PrefixStore,
};

use super::{StorageError, client::Connect};

/// Maximum retries of a request that failed at the server or on the network.
const RETRIES_MAX: usize = 3;

/// No retry begins later than this after the first attempt.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Delay before the first retry, and the maximum delay.
const BACKOFF: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// The address of a bucket and the key for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The folder in it; empty for the whole bucket.
    pub folder: String,
    /// The URL of the server; `None` for Amazon S3 in the region. Use `http` only in a private network.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: String,
    /// The id of the access key.
    pub access_key: String,
    /// The secret access key.
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
