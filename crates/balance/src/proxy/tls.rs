//! TLS of clients. The certificate is read again when its files change; connections that are open stay open.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::{StartError, read_file, wait};
use crate::Settings;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Protocols that are offered, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Makes connections secure.
#[derive(Clone)]
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    files: Files,
    current: Arc<Current>,
}

#[derive(Debug, Clone)]
struct Files {
    certificate: String,
    key: String,
}

/// The certificate in use, and the bytes that it was made of.
#[derive(Debug)]
struct Current {
    key: RwLock<Arc<CertifiedKey>>,
    bytes: RwLock<(Vec<u8>, Vec<u8>)>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.key.read()))
    }
}

impl Tls {
    /// Reads the files. `None` if none are configured.
    pub(super) async fn open(settings: &Settings) -> Result<Option<Self>, StartError> {
        let named = [&settings.tls_certificate_file, &settings.tls_key_file];
        match named.map(|name| name.is_empty()) {
            [true, true] => return Ok(None),
            [false, false] => {}
            [_, _] => {
                return Err(StartError::Tls(
                    "set both files, or none for no TLS".to_owned(),
                ));
            }
        }
        let files = Files {
            certificate: settings.tls_certificate_file.clone(),
            key: settings.tls_key_file.clone(),
        };
        let failed = |why: String| StartError::Tls(why);
        let bytes = files.read().await.map_err(failed)?;
        let key = parsed(&bytes).map_err(|why| failed(format!("{}: {why}", files.certificate)))?;
        let current = Arc::new(Current {
            key: RwLock::new(Arc::new(key)),
            bytes: RwLock::new(bytes),
        });
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| failed(error.to_string()))?;
        let mut config = config
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Some(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            files,
            current,
        }))
    }

    /// Looks at the files until the balancer ends.
    pub(super) async fn watch(self, ended: CancellationToken) {
        let mut refused = None;
        while !wait(LOOK_EVERY, &ended).await {
            let outcome = self.reload().await;
            // The same fault is logged once.
            if let Err(why) = &outcome
                && refused.as_ref() != Some(why)
            {
                tracing::warn!("the certificate stays as it was: {why}");
            }
            refused = outcome.err();
        }
    }

    async fn reload(&self) -> Result<(), String> {
        let bytes = self.files.read().await?;
        if *self.current.bytes.read() == bytes {
            return Ok(());
        }
        let key = parsed(&bytes)?;
        *self.current.key.write() = Arc::new(key);
        *self.current.bytes.write() = bytes;
        tracing::info!("certificate replaced");
        Ok(())
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<Secure> {
        self.acceptor.accept(stream).await.map(Secure)
    }
}

impl Files {
    async fn read(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let certificate = read_file(Path::new(&self.certificate)).await?;
        Ok((certificate, read_file(Path::new(&self.key)).await?))
    }
}

fn parsed((certificate, key): &(Vec<u8>, Vec<u8>)) -> Result<CertifiedKey, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.map_err(|error| format!("the certificate is not PEM: {error}"))?;
    if chain.is_empty() {
        return Err("the file contains no certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("the key is not PEM: {error}"))?;
    let key =
        any_supported_type(&key).map_err(|error| format!("the key cannot be used: {error}"))?;
    let certified = CertifiedKey::new(chain, key);
    certified
        .keys_match()
        .map_err(|error| format!("key and certificate do not match: {error}"))?;
    Ok(certified)
}

/// A connection over TLS, as the library sees it.
pub(super) struct Secure(TlsStream<TcpStream>);

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secure")
    }
}

impl AsyncRead for Secure {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Secure {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for Secure {
    async fn shutdown(&mut self) {
        // The client may be gone.
        let _gone = AsyncWriteExt::shutdown(&mut self.0).await;
    }
}

impl UniqueID for Secure {
    fn id(&self) -> UniqueIDType {
        self.0.get_ref().0.as_raw_fd()
    }
}

impl Ssl for Secure {
    fn selected_alpn_proto(&self) -> Option<ALPN> {
        let protocol = self.0.get_ref().1.alpn_protocol();
        Some(match protocol == Some(PROTOCOLS[0]) {
            true => ALPN::H2,
            false => ALPN::H1,
        })
    }
}

impl GetTimingDigest for Secure {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Secure {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl GetSocketDigest for Secure {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}

impl Peek for Secure {}
