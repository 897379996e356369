//! A server with TLS and a password.

use std::path::Path;
use std::process::Command;

use sosik_fabric_redis::{RedisFabric, RedisOptions};
use sosik_servers::Redis;

use crate::common::{self, Site};

/// Makes a certificate for 127.0.0.1 that signs itself. Returns its path and that of its key.
fn certificate(folder: &Path) -> [String; 2] {
    let paths = ["certificate.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=redis"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-out", &paths[0], "-keyout", &paths[1]])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    paths
}

#[tokio::test]
async fn a_server_with_tls_is_used_if_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    let port = common::free_port().to_string();
    let tls = [
        "--tls-port",
        &port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &certificate,
        "--tls-auth-clients",
        "no",
    ];
    let _server = Redis::start(&[&common::SETTINGS[..], &tls].concat()).unwrap();
    let url = format!("rediss://127.0.0.1:{port}/");
    let trusting = RedisOptions {
        authorities: Some(std::fs::read(&certificate).unwrap()),
        ..common::options(url.clone())
    };
    let site = Site::new(&common::open(trusting).await);
    assert!(site.build(1, 3).await.unwrap());
    assert!(site.ids(1).await.unwrap().is_some());
    let strict = RedisFabric::open(common::options(url)).unwrap();
    let site = Site::new(&strict);
    assert!(site.ids(1).await.is_err(), "nobody trusts this certificate");
}
