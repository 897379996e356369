//! A server with TLS.

mod harness;

use harness::{Session, options_at};
use sosik_feed::PersonId;
use sosik_servers::{Postgres, TEST_SETTINGS};
use sosik_store::{People, Store, StoreResult};
use sosik_store_postgres::{PostgresOptions, PostgresStore};

/// The sessions of the store, by whether they have TLS.
const SESSIONS: &str =
    "SELECT s.ssl, count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
    WHERE a.application_name LIKE 'sosik/%' GROUP BY s.ssl";

/// A server whose certificate, signed by itself, is for this host.
struct Site {
    server: Postgres,
    certificate: String,
}

impl Site {
    fn for_host(host: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a certificate");
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let server = Postgres::start_with_tls(&certificate, &key, &TEST_SETTINGS);
        Self {
            server: server.expect("a server with TLS"),
            certificate,
        }
    }

    fn options(&self, parameters: &str) -> PostgresOptions {
        options_at(format!("{}{parameters}", self.server.url("postgres")))
    }

    fn trusting(&self, parameters: &str) -> PostgresOptions {
        PostgresOptions {
            authorities: Some(self.certificate.clone().into_bytes()),
            ..self.options(parameters)
        }
    }

    /// Opens and uses the store. Returns the numbers of its sessions with and without TLS.
    async fn sessions(&self, options: &PostgresOptions) -> StoreResult<[i64; 2]> {
        let store = PostgresStore::open(options).await?;
        store.people_after(PersonId::default(), 1).await?;
        let session = Session::connect(&self.server.url("postgres")).await;
        let rows = session.client.query(SESSIONS, &[]).await.expect("sessions");
        store.close().await;
        let of = |tls: bool| {
            let row = rows.iter().find(|row| row.get::<_, bool>(0) == tls);
            row.map_or(0, |row| row.get(1))
        };
        Ok([of(true), of(false)])
    }
}

/// The messages of the reasons why it does not open.
async fn refusal(options: &PostgresOptions) -> String {
    let Err(error) = PostgresStore::open(options).await else {
        panic!("it opened");
    };
    format!("{:#}", anyhow::Error::from(error))
}

#[tokio::test]
async fn every_connection_has_tls_if_the_address_asks_for_it() {
    let site = Site::for_host("127.0.0.1");
    let with = site.sessions(&site.trusting("?sslmode=require")).await;
    let [with_tls, plain] = with.expect("the certificate is trusted");
    assert!(with_tls > 0 && plain == 0, "{with_tls} and {plain}");
    for parameters in ["", "?sslmode=prefer", "?sslmode=disable"] {
        let without = site.sessions(&site.options(parameters)).await;
        let [with_tls, plain] = without.expect("TLS is not asked for");
        assert!(
            with_tls == 0 && plain > 0,
            "{parameters}: {with_tls} and {plain}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_rejected() {
    let site = Site::for_host("127.0.0.1");
    let refused = refusal(&site.options("?sslmode=require")).await;
    assert!(
        refused.contains("UnknownIssuer") || refused.contains("ca-certificates"),
        "{refused}"
    );

    let elsewhere = Site::for_host("db.example");
    let refused = refusal(&elsewhere.trusting("?sslmode=require")).await;
    assert!(refused.contains("not valid for name"), "{refused}");

    for (pem, expected) in [
        ("", "has no certificates"),
        ("-----BEGIN CERTIFICATE-----\n!", "ca_file"),
    ] {
        let options = PostgresOptions {
            authorities: Some(pem.as_bytes().to_vec()),
            ..site.options("?sslmode=require")
        };
        let refused = refusal(&options).await;
        assert!(refused.contains(expected), "{refused}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_used_without_it() {
    let server = Postgres::start(&TEST_SETTINGS).expect("a server");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    let options = PostgresOptions {
        authorities: Some(made.expect("a certificate").cert.pem().into_bytes()),
        ..options_at(format!("{}?sslmode=require", server.url("postgres")))
    };
    let refused = refusal(&options).await;
    assert!(refused.contains("does not support TLS"), "{refused}");
}
