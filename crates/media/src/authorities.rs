//! TLS client configuration with the root certificates of this machine.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// A TLS client configuration that trusts the root certificates of this machine. If there are none, it logs a warning,
/// and every TLS connection fails.
pub(crate) fn client() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!(
            "no root certificates found, so every https connection will fail: install ca-certificates"
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    match builder.with_safe_default_protocol_versions() {
        Ok(builder) => Arc::new(builder.with_root_certificates(roots).with_no_client_auth()),
        Err(_) => unreachable!("the provider supports the default versions of TLS"),
    }
}
