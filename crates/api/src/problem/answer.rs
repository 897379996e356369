//! Problems as `application/problem+json` (RFC 9457).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Problem, seconds_up};
use crate::extract::RequestId;
use crate::schema;

/// Maximum length of a text of a problem, in characters. Some texts repeat input, like the name of an unknown field. A
/// problem counts as an empty response, because it is written after that, so its size must be small.
const TEXT_CHARACTERS_MAX: usize = 300;

/// The problem of a response that has no body yet.
#[derive(Clone)]
struct Reported(Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, _) = self.status_and_code();
        let mut response = status.into_response();
        response.extensions_mut().insert(Reported(Arc::new(self)));
        response
    }
}

/// Takes the problem out of a response, if it has one.
pub(crate) fn take_problem(response: &mut Response) -> Option<Arc<Problem>> {
    response
        .extensions_mut()
        .remove::<Reported>()
        .map(|reported| reported.0)
}

/// Writes the body and the headers of the problem. Existing headers, such as `Allow`, stay.
pub(crate) fn finish(response: &mut Response, problem: &Problem, request_id: &RequestId) {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.remove(header::CONTENT_LENGTH);
    if let Some(after) = problem.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(after)));
    }
    if matches!(
        problem,
        Problem::Unauthenticated | Problem::WrongCredentials | Problem::AdminTokenMissing
    ) {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"sosik\""),
        );
    }
    // A problem consists of strings and numbers, so this cannot fail; an empty body would still have the status.
    let body = serde_json::to_vec(&to_schema(problem, request_id)).unwrap_or_default();
    *response.body_mut() = Body::from(body);
}

fn to_schema(problem: &Problem, request_id: &RequestId) -> schema::Problem {
    let (status, code) = problem.status_and_code();
    schema::Problem {
        kind: format!("/problems/{code}"),
        title: title(status).to_owned(),
        status: status.as_u16(),
        code: code.to_owned(),
        detail: shortened(problem.to_string()),
        request_id: request_id.as_str().to_owned(),
        errors: problem.field_error().map(|error| {
            vec![schema::FieldProblem {
                field: shortened(error.field),
                message: shortened(error.message),
            }]
        }),
    }
}

/// Cuts a text that repeats input, at a character.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Problem")
}
