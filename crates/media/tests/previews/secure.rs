//! Sites with TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::{ClientConfig, RootCertStore};
use sosik_media::preview::{AddressPolicy, BadLink, FetchError, Fetcher, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::{Detour, Names, PATIENCE, PUBLIC, html, redirect, trusting};

/// A server with TLS and a certificate that nobody but `trusted` knows.
async fn serve_tls(name: &str, answer: Vec<u8>) -> (SocketAddr, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (address, trusting(roots))
}

#[tokio::test]
async fn only_a_host_with_a_trusted_certificate_for_its_name_is_read() {
    let (server, trusted) = serve_tls("site.example", html("<title>secure</title>")).await;
    let entries =
        ["site.example", "other.example"].map(|name| (name, vec![vec![PUBLIC.parse().unwrap()]]));
    let names = Arc::new(Names {
        entries: entries.into_iter().collect(),
        ..Names::default()
    });
    let cases = [
        ("https://site.example/", trusted.clone(), true),
        ("https://other.example/", trusted.clone(), false),
        ("https://93.184.216.34/", trusted, false),
        (
            "https://site.example/",
            trusting(RootCertStore::empty()),
            false,
        ),
    ];
    for (link, tls, readable) in cases {
        let detour = Arc::new(Detour {
            server,
            connected: Mutex::default(),
        });
        let settings = Settings {
            deadline: PATIENCE,
            ..Settings::default()
        };
        let fetcher = Fetcher::with(
            names.clone(),
            detour,
            tls,
            AddressPolicy::default(),
            settings,
        );
        match fetcher.preview(link).await {
            Ok(preview) => assert!(readable && preview.page.title == "secure", "{link}"),
            Err(error) => assert!(
                !readable && matches!(error, FetchError::Unreachable),
                "{link}: {error}"
            ),
        }
    }
}

#[tokio::test]
async fn a_redirect_from_tls_to_a_page_without_is_not_followed() {
    let answer = redirect("http://site.example/");
    let (server, tls) = serve_tls("site.example", answer).await;
    let entries = [("site.example", vec![vec![PUBLIC.parse().unwrap()]])];
    let names = Names {
        entries: entries.into_iter().collect(),
        ..Names::default()
    };
    let detour = Arc::new(Detour {
        server,
        connected: Mutex::default(),
    });
    let settings = Settings {
        deadline: PATIENCE,
        ..Settings::default()
    };
    let policy = AddressPolicy::default();
    let fetcher = Fetcher::with(Arc::new(names), detour.clone(), tls, policy, settings);
    let outcome = fetcher.preview("https://site.example/").await;
    assert!(
        matches!(outcome, Err(FetchError::BadLink(BadLink::Downgrade))),
        "{outcome:?}"
    );
    assert_eq!(detour.connected.lock().unwrap().len(), 1);
}
