//! A response of the service, read in full.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sosik_api::schema::Problem;

/// A response.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl TestResponse {
    /// Sends the request.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the service answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.expect("the answer can be read");
        Self {
            status,
            headers,
            body,
        }
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The body as a documented type; unknown fields fail the test.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// The body as it is.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.read()
    }

    /// Fails the test unless this is a problem with that status and code, in the right form.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Problem {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.body
        );
        let problem: Problem = self.read();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (status, code),
            "{}",
            self.body
        );
        assert_eq!(
            self.header("x-request-id"),
            Some(problem.request_id.as_str())
        );
        problem
    }

    /// One header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
