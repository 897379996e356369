//! Sosik over HTTP: routes, extractors, problems, OpenAPI.
//!
//! A handler declares its arguments, makes one call of the service, and builds the response. Rules are in the domain
//! and entitlement in the service; nothing here decides what a person may see. Every failed request gets a `Problem`,
//! even if it never reached a handler.
//!
//! A file per noun: `PUT /v1/follows/{person}` is `add` in `follows.rs`. A noun with long verbs has a folder. The
//! layers of all requests (identity, admission, problems, metrics) are in `middleware`, the extractors in `extract`,
//! the JSON of clients in [`schema`], and its fast rendering in `render`.
//!
//! To add an endpoint, see `docs/howto/add-an-endpoint.md`.

mod admin;
mod administration;
mod app;
mod blocks;
mod card;
mod comments;
mod encoded;
mod extract;
mod feed;
mod follows;
mod friend_requests;
mod friends;
mod hashes;
mod health;
mod hex;
mod html;
mod invitations;
mod likes;
mod limits;
mod me;
mod media;
mod middleware;
mod mutes;
mod notifications;
mod openapi;
mod people;
mod problem;
mod public;
mod relations;
mod render;
mod router;
mod saved;
pub mod schema;
mod serve;
mod sessions;
mod settings;
mod site;
mod start;
mod stories;
mod suggestions;
mod tags;
mod welcome;

pub use administration::Administration;
pub use app::{Api, Parts, RenderMetrics};
pub use encoded::Encoded;
pub use extract::ForwardedHeader;
pub use ipnet::IpNet;
pub use middleware::AdminToken;
pub use openapi::document as openapi;
pub use serve::{Handle, serve};
pub use settings::{Connections, PublicPage, Rates, Registration, Settings};
pub use site::{Site, SiteFile};
pub use welcome::Welcome;
