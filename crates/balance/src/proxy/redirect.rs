//! Answers requests without TLS with the address that has it.

use http::{StatusCode, header};
use pingora_error::Result;
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;

/// The port that `https` means.
const HTTPS_PORT: u16 = 443;

/// Answers with the same address over TLS. A request that names no host gets 400.
///
/// # Errors
/// The client is gone.
pub(super) async fn answer_with_redirect(session: &mut Session, port: u16) -> Result<()> {
    let location = location(session.req_header(), port);
    let status = match location {
        Some(_) => StatusCode::PERMANENT_REDIRECT,
        None => StatusCode::BAD_REQUEST,
    };
    let mut head = ResponseHeader::build(status, Some(2))?;
    head.insert_header(header::CONTENT_LENGTH, "0")?;
    if let Some(location) = location {
        head.insert_header(header::LOCATION, location)?;
    }
    session.set_keepalive(None);
    session.write_response_header(Box::new(head), true).await
}

fn location(request: &RequestHeader, port: u16) -> Option<String> {
    let named = request
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = named.or_else(|| request.uri.authority().map(|it| it.as_str()))?;
    let host = host_of(authority);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || !host.chars().all(plain) {
        return None;
    }
    let target = request
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    Some(match port {
        HTTPS_PORT => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    })
}

/// The host without a port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, path: &str, port: u16) -> Option<String> {
        let mut request = RequestHeader::build("GET", path.as_bytes(), None).unwrap();
        request.insert_header("host", host).unwrap();
        location(&request, port)
    }

    #[test]
    fn a_request_is_sent_to_the_same_host_and_path() {
        let location = to("feed.example:80", "/a?b=c", 443);
        assert_eq!(location.as_deref(), Some("https://feed.example/a?b=c"));
        let location = to("[::1]:8430", "/", 8432);
        assert_eq!(location.as_deref(), Some("https://[::1]:8432/"));
        assert_eq!(to("a@b", "/", 443), None);
        assert_eq!(to("", "/", 443), None);
    }
}
