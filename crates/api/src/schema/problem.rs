//! The body of a failed request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The reason why a request failed (RFC 9457). Use `code` in programs: its meaning never changes. `detail` is for
/// people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The code as a reference relative to the public address.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not_found")]
    pub kind: String,
    /// The name of the status.
    #[schema(example = "Not Found")]
    pub title: String,
    /// The status of the response.
    #[schema(example = 404)]
    pub status: u16,
    /// The error, for programs.
    #[schema(example = "not_found")]
    pub code: String,
    /// The error, for people.
    #[schema(example = "there is no such story")]
    pub detail: String,
    /// Identifies this request in the log of the server.
    pub request_id: String,
    /// The fields of the body or parameters of the query that cause the error, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldProblem>>,
}

/// An error in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldProblem {
    /// The field of the body or the parameter of the query.
    #[schema(example = "text")]
    pub field: String,
    /// The error.
    #[schema(example = "story text is empty: give a text or an attachment")]
    pub message: String,
}
