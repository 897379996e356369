//! Queries a service of breached passwords with the range protocol of Pwned Passwords.
//!
//! Only the first five hex digits of the password's SHA-1 leave this process; the answer lists the suffixes of all
//! hashes with this prefix, and is padded so that its size reveals nothing. A timeout or an unreadable answer counts as
//! not breached, because an external service must not block sign-ups.
//!
//! Sosik has no TLS, neither as a client nor as a server. The URL names a mirror or a proxy in the operator's network.

use std::time::Duration;

use anyhow::{Context, bail};
use futures::future::BoxFuture;
use sha1::{Digest, Sha1};
use sosik_service::accounts::BreachedPasswords;

/// Hex digits that are sent: about 800 of a billion hashes share them.
const PREFIX_DIGITS: usize = 5;

/// Largest answer that is read. One with padding has 1,000 lines of 43 bytes; this is three times as much.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// A service of breached passwords.
pub struct RangeClient {
    http: reqwest::Client,
    url: String,
}

impl RangeClient {
    /// Makes a client of the service at `url` that waits at most `timeout` for a complete answer. It does not connect
    /// yet.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(url: &str, timeout: Duration) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("make an HTTP client")?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    async fn ask(&self, password: &str) -> anyhow::Result<bool> {
        let hash: String = Sha1::digest(password.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let (prefix, rest) = hash.split_at(PREFIX_DIGITS);
        let request = self.http.get(format!("{}/range/{prefix}", self.url));
        let mut answer = request
            .header("Add-Padding", "true")
            .send()
            .await
            .context("ask for a range of breached passwords")?;
        if !answer.status().is_success() {
            bail!(
                "the service of breached passwords answered {}",
                answer.status()
            );
        }
        let mut lines = Vec::new();
        while let Some(chunk) = answer.chunk().await.context("read the range")? {
            if lines.len() + chunk.len() > ANSWER_BYTES_MAX {
                bail!("the range is larger than {ANSWER_BYTES_MAX} bytes");
            }
            lines.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&lines)
            .lines()
            .any(|line| is_seen(line, rest)))
    }
}

/// A line contains the rest of a hash and how often it was seen. Padding has the number 0.
fn is_seen(line: &str, rest: &str) -> bool {
    line.trim()
        .split_once(':')
        .is_some_and(|(hash, seen)| hash.eq_ignore_ascii_case(rest) && seen.trim() != "0")
}

impl BreachedPasswords for RangeClient {
    fn contain<'a>(&'a self, password: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            match self.ask(password).await {
                Ok(is_breached) => is_breached,
                Err(error) => {
                    // It is safe to continue: the list in this executable was checked, too.
                    metrics::counter!("sosik_breached_passwords_failed_total").increment(1);
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "the service of breached passwords could not be queried"
                    );
                    false
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// SHA-1 of `password` is 5BAA6 followed by this.
    const REST: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    /// Answers every connection with these bytes. Returns its URL and the requests it received.
    async fn server(answer: String) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let read = connection.read(&mut head).await.unwrap_or(0);
                seen.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&head[..read]).into_owned());
                // The client may close the connection during a large answer.
                let _sent = connection.write_all(answer.as_bytes()).await;
            }
        });
        (url, asked)
    }

    fn ok(body: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    async fn contain(url: &str, password: &str) -> bool {
        let client = RangeClient::new(url, Duration::from_secs(20)).unwrap();
        client.contain(password).await
    }

    #[tokio::test]
    async fn a_breached_password_is_found_by_five_digits_of_its_hash() {
        let lines = format!("0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n{REST}:9545824\r\n");
        let (url, asked) = server(ok(&lines)).await;
        assert!(contain(&url, "password").await);
        assert!(!contain(&url, "another one").await);
        let asked = asked.lock().unwrap();
        let head = asked[0].to_ascii_lowercase();
        assert!(head.starts_with("get /range/5baa6 "), "{head}");
        assert!(head.contains("add-padding: true"), "{head}");
        assert!(!head.contains(&REST.to_ascii_lowercase()), "{head}");
    }

    #[tokio::test]
    async fn padding_is_not_a_find() {
        let (url, _) = server(ok(&format!("{REST}:0\r\n"))).await;
        assert!(!contain(&url, "password").await);
    }

    #[tokio::test]
    async fn what_cannot_be_asked_or_read_counts_as_not_breached() {
        let find = format!("{REST}:1\r\n");
        let too_large = format!("{}\r\n{find}", "0".repeat(ANSWER_BYTES_MAX));
        let (elsewhere, _) = server(ok(&find)).await;
        for answer in [
            ok(&too_large),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_owned(),
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {elsewhere}range/5BAA6\r\nContent-Length: 0\r\n\r\n"
            ),
            "not HTTP at all\r\n\r\n".to_owned(),
        ] {
            let (url, _) = server(answer).await;
            assert!(!contain(&url, "password").await);
        }
        assert!(!contain("http://127.0.0.1:1", "password").await);
    }

    #[tokio::test]
    async fn a_service_that_never_answers_is_given_up_at_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = RangeClient::new(&url, Duration::from_millis(200)).unwrap();
        assert!(!client.contain("password").await);
        drop(listener);
    }
}
