//! Answers of the balancer itself, as `application/problem+json` (RFC 9457) in the form that nodes use.

use bytes::Bytes;
use http::{Method, StatusCode};
use pingora_error::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use serde_json::json;

use super::request_ids::X_REQUEST_ID;

/// Why the balancer answers instead of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// No node is usable.
    NoNode,
    /// Too many requests are in flight.
    Overloaded,
    /// The path is not passed on.
    Hidden,
    /// The request cannot be understood.
    Malformed,
    /// The head of the request is too large.
    HeadTooLarge,
    /// The method is not passed on.
    MethodRefused,
    /// The answer of the node was broken.
    BrokenAnswer,
    /// The node did not answer in time.
    NoAnswer,
    /// A fault of the balancer.
    Internal,
}

impl Problem {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::NoNode | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Hidden => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MethodRefused => StatusCode::METHOD_NOT_ALLOWED,
            Self::BrokenAnswer => StatusCode::BAD_GATEWAY,
            Self::NoAnswer => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::NoNode | Self::Overloaded => "busy",
            Self::Hidden => "not_found",
            Self::Malformed => "malformed_request",
            Self::HeadTooLarge => "header_fields_too_many",
            Self::MethodRefused => "method_not_allowed",
            Self::BrokenAnswer => "bad_gateway",
            Self::NoAnswer => "gateway_timeout",
            Self::Internal => "internal",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::NoNode => "no server is available right now: repeat the request a little later",
            Self::Overloaded => {
                "too many requests are in flight: repeat the request a little later"
            }
            Self::Hidden => "there is nothing at this path",
            Self::Malformed => "the request is malformed",
            Self::HeadTooLarge => "the header fields of the request are too many or too long",
            Self::MethodRefused => "this method is not allowed",
            Self::BrokenAnswer => {
                "the server broke off its answer: the request may have been processed"
            }
            Self::NoAnswer => {
                "the server did not answer in time: the request may have been processed"
            }
            Self::Internal => "the balancer failed",
        }
    }

    /// Seconds after which the client may repeat the request.
    fn retry_after(self) -> Option<u32> {
        matches!(self, Self::NoNode | Self::Overloaded).then_some(1)
    }

    fn body(self, request_id: &str) -> Bytes {
        let (status, code) = (self.status(), self.code());
        let problem = json!({
            "type": format!("/problems/{code}"),
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "code": code,
            "detail": self.detail(),
            "request_id": request_id,
        });
        Bytes::from(problem.to_string())
    }

    /// Writes the answer.
    ///
    /// # Errors
    /// The client is gone.
    pub(super) async fn answer(self, session: &mut Session, request_id: &str) -> Result<()> {
        let body = self.body(request_id);
        let mut head = ResponseHeader::build(self.status(), Some(6))?;
        head.insert_header("content-type", "application/problem+json")?;
        head.insert_header("content-length", body.len().to_string())?;
        head.insert_header("cache-control", "no-store")?;
        head.insert_header(X_REQUEST_ID, request_id)?;
        if let Some(seconds) = self.retry_after() {
            head.insert_header("retry-after", seconds.to_string())?;
        }
        let bodiless = session.req_header().method == Method::HEAD;
        session
            .write_response_header(Box::new(head), bodiless)
            .await?;
        if !bodiless {
            session.write_response_body(Some(body), true).await?;
        }
        Ok(())
    }
}
