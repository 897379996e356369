//! TLS between this node and the server.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use sosik_store::{StoreError, StoreResult};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::PostgresOptions;

/// The reason why no certificate would be trusted.
#[derive(Debug, thiserror::Error)]
enum NoAuthorities {
    #[error(
        "store.ca_file has no certificates: it needs those of the authorities (PEM) that sign that of the server"
    )]
    NoneInFile,
    #[error(
        "this machine has no certificates of authorities: install ca-certificates, or name a file of them in store.ca_file"
    )]
    NoneOfSystem,
}

/// Makes TLS connections to a server that shows a certificate for the host in the address, signed by a trusted authority.
/// Connections without TLS do not use it.
///
/// # Errors
/// The certificates of the authorities are missing or malformed.
pub(crate) fn connector(options: &PostgresOptions) -> StoreResult<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| StoreError::failed("prepare TLS", error))?;
    let authorities = match options.url.has_tls() {
        true => authorities(options)?,
        false => RootCertStore::empty(),
    };
    let builder = builder.with_root_certificates(authorities);
    let mut config = builder.with_no_client_auth();
    // For `sslnegotiation=direct`.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

fn authorities(options: &PostgresOptions) -> StoreResult<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let none = match &options.authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(of_file)?;
                roots.add(certificate).map_err(of_file)?;
            }
            NoAuthorities::NoneInFile
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            NoAuthorities::NoneOfSystem
        }
    };
    match roots.is_empty() {
        true => Err(StoreError::failed("prepare TLS", none)),
        false => Ok(roots),
    }
}

fn of_file(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::failed("read the certificates in store.ca_file", error)
}
