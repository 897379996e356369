//! What people call themselves: [`Handle`], [`DisplayName`], [`Bio`] and the [`Language`] they read.
//!
//! A handle is an address and must not be confused with another one, so it is ASCII and has a skeleton. A display name
//! is a name: any script is welcome, and only what would break the page around it is refused.
//!
//! Each type has two ways in: `parse` checks what a client sent, `from_stored` takes what the store gives back. The
//! rules may become stricter; people who came before still come out of the store.

mod bio;
mod display_name;
mod handle;
mod imitation;
mod language;
mod reserved;

pub use bio::Bio;
pub use display_name::DisplayName;
pub use handle::Handle;
pub(crate) use handle::is_handle_character;
pub use language::Language;
