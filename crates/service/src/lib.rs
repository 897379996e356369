//! The behaviour of Sosik, without HTTP: posting, delivery and reading of feeds.
//!
//! [`Service`] has one handle for each noun, for example [`Service::stories`]. The handles share one core: the store
//! (the source of truth), the fabric (which may be lost) and the caches of this node. [`Delivery`] runs the workers.
//! Callers of the service are HTTP, the command line and the tests.
//!
//! It is a separate crate so that delivery does not depend on HTTP and handlers contain no delivery. The feed can be
//! read, checked and measured without a socket.
//!
//! After every acknowledged write, the caches that it affects are invalidated *before* the response, on every node (the
//! module `core::invalidate`).

pub mod accounts;
pub mod caches;
pub mod clock;
mod comment_likes;
pub mod comments;
mod core;
pub mod delivery;
pub mod erasure;
pub mod error;
pub mod feeds;
pub mod invitations;
pub mod likes;
pub mod media;
pub mod notifications;
mod pages;
pub mod people;
pub mod relations;
pub mod saves;
mod service;
mod session_copy;
pub mod sessions;
pub mod settings;
pub mod stories;
pub mod strangers;
pub mod suggestions;
mod threads;
pub mod verifier;

pub use crate::core::cache_lease::SharedStore;
pub(crate) use crate::core::invalidate::{Change, Changes, Own};
pub use crate::core::supervise::{FailedTask, current_task};
pub use accounts::Accounts;
pub use clock::{Clock, SystemClock};
pub use comments::Comments;
pub use delivery::Delivery;
pub use erasure::Erasure;
pub use error::{ServiceError, ServiceResult};
pub use feeds::Feeds;
pub use invitations::Invitations;
pub use likes::Likes;
pub use media::Media;
pub use notifications::Notifications;
pub use people::People;
pub use relations::Relations;
pub use saves::Saves;
pub use service::{Parts, Service};
pub use sessions::Sessions;
pub use settings::Settings;
pub use stories::Stories;
pub use strangers::Strangers;
pub use suggestions::Suggestions;
pub use verifier::Verifier;
