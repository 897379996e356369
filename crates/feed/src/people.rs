//! Identity of people: [`Handle`], [`DisplayName`], [`Bio`] and their [`Language`].
//!
//! A handle is an address and must be distinguishable from every other one, so it is ASCII and has a skeleton. A
//! display name may use any script. It is rejected only if it would break the page around it or imitates the service.
//!
//! Each type has two constructors: `parse` checks the input of a client, `from_stored` accepts a value of the store
//! unchecked. Therefore the rules can become stricter without making existing people unreadable.

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
