//! Query parameters. Unknown ones are ignored, because proxies and browsers add their own.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::{FieldError, Problem};

/// The parameters of a query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let message = rejection.body_text();
                Err(Problem::QueryInvalid(FieldError {
                    field: field_of(&message).to_owned(),
                    message,
                }))
            }
        }
    }
}

/// The name before the colon in `… query string: limit: invalid digit`, if there is one.
fn field_of(message: &str) -> &str {
    let rest = message.split_once(": ").map_or("", |(_, rest)| rest);
    match rest.split_once(": ") {
        Some((field, _))
            if field
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_') =>
        {
            field
        }
        Some(_) | None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_at_fault_is_named_where_it_can_be() {
        assert_eq!(
            field_of("Failed to deserialize query string: side: unknown variant"),
            "side"
        );
        assert_eq!(
            field_of("Failed to deserialize query string: missing field `side`"),
            ""
        );
    }
}
