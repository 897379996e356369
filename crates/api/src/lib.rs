//! Sosik over HTTP: routes, extractors, problems, OpenAPI.
//!
//! A handler says who asks, what they ask, makes one call of the service, and says what we answer. Rules live in the
//! domain, entitlement in the service; nothing here decides what somebody may see. Every failed request is answered
//! with a `Problem`, also those that never reached a handler.
//!
//! One noun per folder, one verb per file: `PUT /v1/follows/{person}` is `follows/add.rs`. What all requests go
//! through (identity, admission, problems, metrics) is in `front`; who and what is asked in `extract`; JSON for
//! clients in [`shapes`], and its fast way out in `render`.
//!
//! To add an endpoint: `docs/howto/add-an-endpoint.md`.

mod admin;
mod app;
mod blocks;
mod comments;
mod encoded;
mod extract;
mod feed;
mod follows;
mod friend_requests;
mod friends;
mod front;
mod health;
mod likes;
mod limits;
mod me;
mod mutes;
mod notifications;
mod openapi;
mod people;
mod problem;
mod relations;
mod render;
mod router;
mod serve;
mod sessions;
mod settings;
pub mod shapes;
mod site;
mod stories;
mod tags;
mod unknown_tokens;
mod welcome;

pub use app::{Api, Parts, RenderMetrics};
pub use encoded::Encoded;
pub use extract::ForwardedHeader;
pub use front::AdminToken;
pub use ipnet::IpNet;
pub use openapi::document as openapi;
pub use serve::serve;
pub use settings::{Connections, Rates, Registration, Settings};
pub use site::{Site, SiteFile};
pub use welcome::Welcome;
