//! What a client needs first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Person;

/// Who the client acts for, and what this service offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// You, with your counts. Null without a valid session.
    pub person: Option<Person>,
    /// Whether this service has a page of public stories: `GET /v1/public`.
    pub public_page: bool,
    /// Whether people without an account see public stories and profiles.
    pub open_to_strangers: bool,
}
