//! Link previews: title, description, site and picture of a page that a person links to.
//!
//! The server fetches a URL that a stranger chose, so it must not become a way into the network of the operator:
//!
//! - It connects to a [`PublicAddress`] only. The sole way to make one is [`AddressPolicy::check`], so an address that
//!   was not checked cannot be connected to. A name is resolved once and the connection goes to the checked address: a
//!   second answer of the name server (rebinding) is never asked for.
//! - Each redirect is a new link with the same checks. It must not lead from `https` to `http`. The client follows no
//!   redirect by itself, uses no proxy, cookies or credentials, and connects only to the ports 80 and 443.
//! - One deadline covers the whole preview. Bodies are cut at a limit.
//! - What a page says is text. It is never markup, and it is shown as text.
//!
//! Tests give their own [`Resolve`] and [`Connect`]. There is no switch that allows private addresses.

mod address;
mod charset;
mod connect;
mod fetch;
mod link;
mod page;
mod text;

pub use address::{AddressPolicy, NotPublic, PublicAddress};
pub use connect::{Connect, Connection, Resolve, SystemResolver, TcpConnector};
pub use fetch::{FetchError, Fetcher, Preview, Settings};
pub use link::{BadLink, normalized};
pub use page::{
    DESCRIPTION_CHARACTERS_MAX, Page, SITE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX, parse,
};
