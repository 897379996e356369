//! What a failed request is answered with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request failed (RFC 9457). Decide by `code`: it never changes its meaning; `detail` is for people.
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
    /// The status of the answer.
    #[schema(example = 404)]
    pub status: u16,
    /// What went wrong, for programs.
    #[schema(example = "not_found")]
    pub code: String,
    /// What went wrong, for people.
    #[schema(example = "there is no such story")]
    pub detail: String,
    /// Names this request in our logs.
    pub request_id: String,
    /// Which fields of the body or parameters of the query are at fault, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldProblem>>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldProblem {
    /// The field of the body or the parameter of the query.
    #[schema(example = "text")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "story text is empty: give a text or an attachment")]
    pub message: String,
}
