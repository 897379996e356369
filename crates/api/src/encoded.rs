//! Constant responses, compressed once and served from memory.
//!
//! Compressing one large file takes milliseconds. Everybody may request these files, with or without an account, so
//! they are never compressed for a single request. Each encoding is made in advance. A client that accepts none of them
//! gets the plain bytes.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

use crate::extract::names_tag;
use crate::middleware::SharedBody;

/// Constant bytes, in all encodings that were made of them.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The bytes without compression.
    pub plain: Bytes,
    /// Compressed with brotli.
    pub brotli: Option<Bytes>,
    /// Compressed with gzip.
    pub gzip: Option<Bytes>,
    /// Changes with the bytes; without quotes.
    pub tag: String,
}

/// An encoding of the bytes. The order breaks ties of preference: smaller encodings first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

impl Encoding {
    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Plain => "identity",
        }
    }

    /// A strong tag must differ for each encoding, because the bytes differ.
    fn tag(self, tag: &str) -> String {
        match self {
            Self::Plain => format!("\"{tag}\""),
            Self::Brotli | Self::Gzip => format!("\"{tag}-{}\"", self.name()),
        }
    }
}

impl Encoded {
    /// The response in the client's preferred encoding, or 304 if the client has exactly that one. The caller adds the
    /// content type and the caching headers.
    pub(crate) fn respond(&self, headers: &HeaderMap) -> Response {
        let (encoding, bytes) = self.chosen(headers);
        let tag = encoding.tag(&self.tag);
        let mut response = if names_tag(headers, &tag) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(bytes.clone()));
            response.extensions_mut().insert(SharedBody);
            if encoding != Encoding::Plain {
                let name = HeaderValue::from_static(encoding.name());
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, name);
            }
            response
        };
        let own = response.headers_mut();
        own.append(header::VARY, HeaderValue::from_static("accept-encoding"));
        // The tag is a hash in hexadecimal digits, which a header can contain. Any other is not sent.
        if let Ok(tag) = HeaderValue::try_from(tag) {
            own.insert(header::ETAG, tag);
        }
        response
    }

    fn chosen(&self, headers: &HeaderMap) -> (Encoding, &Bytes) {
        let made = [
            (Encoding::Brotli, self.brotli.as_ref()),
            (Encoding::Gzip, self.gzip.as_ref()),
            (Encoding::Plain, Some(&self.plain)),
        ];
        let mut best = (Encoding::Plain, &self.plain, 0.0);
        for (encoding, bytes) in made {
            let quality = quality(headers, encoding);
            if let Some(bytes) = bytes
                && quality > best.2
            {
                best = (encoding, bytes, quality);
            }
        }
        (best.0, best.1)
    }
}

/// The quality of an encoding that the client does not name: below every encoding with a quality, and above zero.
const UNNAMED: f32 = 0.0001;

/// The client's quality value for this encoding, from 0 (not acceptable) to 1 (RFC 9110, section 12.5.3).
fn quality(headers: &HeaderMap, encoding: Encoding) -> f32 {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let items = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    let (mut named, mut any) = (None, None);
    for (name, quality) in items.filter_map(item) {
        if name.eq_ignore_ascii_case(encoding.name()) {
            named = Some(quality);
        } else if name == "*" {
            any = Some(quality);
        }
    }
    let unnamed = match encoding {
        Encoding::Plain => UNNAMED,
        Encoding::Brotli | Encoding::Gzip => 0.0,
    };
    named.or(any).unwrap_or(unnamed)
}

/// Parses `gzip` or `gzip;q=0.5`; `None` if the quality is not a number from 0 to 1.
fn item(item: &str) -> Option<(&str, f32)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next()?;
    let quality = match parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q="))) {
        Some(quality) => quality.parse().ok()?,
        None => 1.0,
    };
    (0.0..=1.0).contains(&quality).then_some((name, quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded() -> Encoded {
        Encoded {
            plain: Bytes::from_static(b"plain"),
            brotli: Some(Bytes::from_static(b"br")),
            gzip: Some(Bytes::from_static(b"gz")),
            tag: "t".to_owned(),
        }
    }

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[track_caller]
    fn check(accepted: &[&'static str], expected: Encoding) {
        let pairs: Vec<_> = accepted
            .iter()
            .map(|value| (header::ACCEPT_ENCODING, *value))
            .collect();
        assert_eq!(
            encoded().chosen(&headers(&pairs)).0,
            expected,
            "{accepted:?}"
        );
    }

    #[test]
    fn the_client_chooses_the_encoding() {
        check(&["gzip, deflate, br, zstd"], Encoding::Brotli);
        check(&["gzip"], Encoding::Gzip);
        check(&["GZIP"], Encoding::Gzip);
        check(&["br;q=0.5, gzip;q=0.8"], Encoding::Gzip);
        check(&["br; q=0.5 , gzip ; q=0.4"], Encoding::Brotli);
        check(&["gzip", "br"], Encoding::Brotli);
        check(&["*"], Encoding::Brotli);
        check(&["*;q=0.5, br;q=0"], Encoding::Gzip);
        check(&["identity, gzip;q=0.5"], Encoding::Plain);
    }

    #[test]
    fn a_client_that_accepts_none_gets_the_plain_bytes() {
        check(&[], Encoding::Plain);
        check(&[""], Encoding::Plain);
        check(&["zstd"], Encoding::Plain);
        check(&["br;q=0, gzip;q=0"], Encoding::Plain);
        check(&["*;q=0"], Encoding::Plain);
        check(&["br;q=much"], Encoding::Plain);
        check(&["br;q=7"], Encoding::Plain);
        let only_plain = Encoded {
            brotli: None,
            gzip: None,
            ..encoded()
        };
        let accepts = headers(&[(header::ACCEPT_ENCODING, "br, gzip")]);
        assert_eq!(only_plain.chosen(&accepts).0, Encoding::Plain);
    }

    #[test]
    fn each_encoding_has_its_tag_and_is_not_sent_again_under_it_only() {
        for (accepted, tag) in [
            ("br", "\"t-br\""),
            ("gzip", "\"t-gzip\""),
            ("identity", "\"t\""),
        ] {
            let asks = headers(&[(header::ACCEPT_ENCODING, accepted)]);
            let answer = encoded().respond(&asks);
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()[header::ETAG], tag);
            assert_eq!(answer.headers()[header::VARY], "accept-encoding");
            assert_eq!(
                answer.headers().contains_key(header::CONTENT_ENCODING),
                accepted != "identity"
            );
            for (known, status) in [
                (tag, StatusCode::NOT_MODIFIED),
                ("\"other\", W/\"t-zstd\"", StatusCode::OK),
            ] {
                let mut asks = asks.clone();
                asks.insert(header::IF_NONE_MATCH, HeaderValue::from_static(known));
                let answer = encoded().respond(&asks);
                assert_eq!(answer.status(), status, "{accepted} {known}");
                assert_eq!(answer.headers()[header::ETAG], tag);
                assert_eq!(answer.headers()[header::VARY], "accept-encoding");
            }
        }
    }
}
