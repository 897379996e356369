//! Extractors: the person and the arguments of a request. Each rejects with a [`Problem`](crate::problem::Problem).

mod address;
mod conditional;
mod cookies;
mod deadline;
mod device;
mod expected;
mod forwarded;
mod id;
mod idempotency_key;
mod json;
mod paging;
mod query;
mod request_context;
mod request_id;
mod same_site;
mod story_ids;
mod viewer;
mod visitor;

pub(crate) use address::{ClientAddress, ClientNetworks};
pub(crate) use conditional::{IfNoneMatch, names_tag};
pub(crate) use cookies::{forget_session, keep_session, session_cookie};
pub(crate) use deadline::time_limit;
pub(crate) use device::{Device, keep_device};
pub(crate) use expected::{SOSIK_PERSON, is};
pub use forwarded::ForwardedHeader;
pub(crate) use id::{Id, Name};
pub(crate) use idempotency_key::IdempotencyKey;
pub(crate) use json::{Json, json_bytes};
pub(crate) use paging::{CursorParam, Page, PageQuery, of_comment, of_name, of_story};
pub(crate) use query::Query;
pub(crate) use request_context::{RateState, RequestContext};
pub(crate) use request_id::{RequestId, RequestIds, X_REQUEST_ID};
pub(crate) use story_ids::story_ids;
pub(crate) use viewer::{ClientName, Viewer, bearer};
pub(crate) use visitor::{AnyVisitor, Visitor, limit_stranger};
