//! Sosik over HTTP: routes, extractors, problems, OpenAPI.
