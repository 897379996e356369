//! JSON bodies of requests and responses.
//!
//! A request body must be declared as JSON, so that no HTML form of another site can send it. Unknown fields are
//! rejected. The middleware limits the size of a body and the time it may take.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::{FieldError, Problem};

/// The usual number of headers of a response. Reserving them avoids a reallocation.
const HEADERS_USUAL: usize = 14;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::UnsupportedMediaType);
        }
        let bytes = read(request, app.settings.request_body_bytes_max).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => json_bytes(bytes),
            Err(error) => Problem::Internal(error.into()).into_response(),
        }
    }
}

/// A response with a body that is already JSON.
pub(crate) fn json_bytes(bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().reserve(HEADERS_USUAL);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
    else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > "application/+json".len()
            && essence.to_ascii_lowercase().starts_with("application/")
            && essence.ends_with("+json"))
}

/// The middleware has already read the body within its limits of time and size, so this neither waits nor copies.
async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let read = to_bytes(request.into_body(), bytes_max).await;
    read.map_err(|_not_read_by_the_front| Problem::BodyUnreadable)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would accept a list as the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::BodyInvalid(FieldError {
            field: String::new(),
            message: "expected an object, not a list".to_owned(),
        }));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(problem_of)?;
    deserializer
        .end()
        .map_err(|error| Problem::JsonInvalid(error.to_string()))?;
    Ok(value)
}

fn problem_of(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let path = error.path().to_string();
    let error = error.into_inner();
    let message = without_place(&error.to_string()).to_owned();
    if !error.is_data() {
        return Problem::JsonInvalid(error.to_string());
    }
    let field = match named_field(&message) {
        Some(name) if path == "." => name.to_owned(),
        Some(name) if !path.ends_with(name) => format!("{path}.{name}"),
        Some(_) | None => path,
    };
    let field = if field == "." { String::new() } else { field };
    Problem::BodyInvalid(FieldError { field, message })
}

/// Removes the ` at line 1 column 7` of serde_json: the field is more helpful.
fn without_place(message: &str) -> &str {
    message
        .rfind(" at line ")
        .map_or(message, |place| &message[..place])
}

/// Serde names an unknown, missing or repeated field only in the message.
fn named_field(message: &str) -> Option<&str> {
    let mut quoted = message.split('`');
    matches!(
        quoted.next(),
        Some("unknown field " | "missing field " | "duplicate field ")
    )
    .then(|| quoted.next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ask {
        #[serde(rename = "text")]
        _text: String,
        #[serde(default, rename = "parts")]
        _parts: Vec<Part>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[serde(rename = "alt")]
        _alt: u8,
    }

    #[track_caller]
    fn check(body: &str, code: &str, field: Option<&str>) {
        let problem = parse::<Ask>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.status_and_code().1, code, "{body}: {problem}");
        assert_eq!(
            problem.field_error().map(|error| error.field).as_deref(),
            field,
            "{body}: {problem}"
        );
    }

    #[test]
    fn the_field_at_fault_is_named() {
        check(r#"{"text":"a","txet":1}"#, "body_invalid", Some("txet"));
        check("{}", "body_invalid", Some("text"));
        check(r#"{"text":7}"#, "body_invalid", Some("text"));
        check(
            r#"{"text":"a","parts":[{"alt":1},{"alt":"x"}]}"#,
            "body_invalid",
            Some("parts[1].alt"),
        );
        check(
            r#"{"text":"a","parts":[{"alt":1,"tla":2}]}"#,
            "body_invalid",
            Some("parts[0].tla"),
        );
        check("[\"a\"]", "body_invalid", None);
        check("7", "body_invalid", None);
    }

    #[test]
    fn what_is_not_json_is_told_apart_from_json_that_does_not_fit() {
        for body in ["", "{", r#"{"text":"a"} x"#, r#"{"text":"a",}"#, "\u{0}"] {
            check(body, "json_invalid", None);
        }
    }

    #[test]
    fn only_json_is_taken_for_json() {
        let is = |kind: &'static str| {
            is_json(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_static(kind),
            )]))
        };
        assert!(
            is("application/json")
                && is("application/json; charset=utf-8")
                && is("Application/JSON")
        );
        assert!(is("application/merge-patch+json"));
        assert!(
            !is("text/plain")
                && !is("application/x-www-form-urlencoded")
                && !is("")
                && !is("application/+json")
        );
        assert!(!is_json(&HeaderMap::new()));
    }
}
