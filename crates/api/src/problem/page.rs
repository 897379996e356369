//! The page of a problem: where its `type` leads.
//!
//! It is made from the OpenAPI document, so it describes every documented code and the requests that return it.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Problem;
use crate::extract::Name;
use crate::openapi;

/// Codes of requests that no operation of the document makes.
const OUTSIDE: [(&str, &str, &str); 2] = [
    (
        "admin_token_required",
        "401",
        "the administration listener needs its token",
    ),
    (
        "method_not_allowed",
        "405",
        "the method is not supported at this address",
    ),
];

/// A documented way to fail, and the operations that do.
struct Failure {
    status: String,
    /// Names its codes in backquotes. A code that ends with `…` stands for all with this beginning.
    description: String,
    operations: Vec<String>,
}

/// `GET /problems/{code}`: what the code means, as text.
pub(crate) async fn page(Name(code): Name) -> Result<Response, Problem> {
    let text = described(&code).ok_or(Problem::NotFound("page"))?;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let cache = HeaderValue::from_static("public, max-age=300");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)];
    Ok((headers, text).into_response())
}

/// `None` for a code that no problem has.
fn described(code: &str) -> Option<String> {
    static FAILURES: LazyLock<Vec<Failure>> = LazyLock::new(failures);
    let mut text = format!("{code}\n");
    let outside = OUTSIDE.iter().filter(|(outside, ..)| *outside == code);
    let mut found = false;
    // Writing to a string cannot fail.
    for (_, status, description) in outside {
        found = true;
        let _ = write!(text, "\n{status}: {description}\n");
    }
    for failure in FAILURES.iter().filter(|failure| failure.names(code)) {
        found = true;
        let Failure {
            status,
            description,
            operations,
        } = failure;
        let operations = operations.join("\n  ");
        let _ = write!(text, "\n{status}: {description}\n  {operations}\n");
    }
    text.push_str("\nThe detail of a problem says what to do about the request that failed.\n");
    found.then_some(text)
}

impl Failure {
    fn names(&self, code: &str) -> bool {
        let mut codes = self.description.split('`').skip(1).step_by(2);
        codes.any(|name| match name.strip_suffix('…') {
            Some(begin) => !begin.is_empty() && code.starts_with(begin),
            None => name == code,
        })
    }
}

/// All failures of the document, each with the operations that share it.
fn failures() -> Vec<Failure> {
    let document: Value = serde_json::from_str(&openapi::document()).unwrap_or_default();
    let mut failures: Vec<Failure> = Vec::new();
    for (path, item) in entries(&document["paths"]) {
        for (method, operation) in entries(item) {
            for (status, answer) in entries(&operation["responses"]) {
                let Some(description) = description(&document, answer) else {
                    continue;
                };
                let operation = format!("{} {path}", method.to_uppercase());
                let same = |known: &&mut Failure| {
                    known.status == *status && known.description == description
                };
                match failures.iter_mut().find(same) {
                    Some(known) => known.operations.push(operation),
                    None => failures.push(Failure {
                        status: status.clone(),
                        description: description.to_owned(),
                        operations: vec![operation],
                    }),
                }
            }
        }
    }
    failures.retain(|failure| failure.status.as_str() >= "400");
    failures
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The description of a response, also of one that is declared once for many operations.
fn description<'a>(document: &'a Value, answer: &'a Value) -> Option<&'a str> {
    let shared = (answer["$ref"].as_str())
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    shared.unwrap_or(answer)["description"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_problem_has_a_page() {
        for code in [
            "not_found",
            "story_text_empty",
            "busy",
            "method_not_allowed",
        ] {
            let text = described(code).unwrap();
            assert!(text.starts_with(&format!("{code}\n\n")), "{text}");
        }
        let text = described("handle_taken").unwrap();
        assert!(
            text.contains("409: ") && text.contains("POST /v1/people\n"),
            "{text}"
        );
        for unknown in ["", "rubbish", "<script>", "…", "notfound"] {
            assert_eq!(described(unknown), None, "{unknown}");
        }
    }
}
