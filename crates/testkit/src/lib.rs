//! Builders and faults for tests; only ever a dev-dependency.
//!
//! [`TestApp`] is the whole service on a free port with a real store in a temporary folder. [`TestPerson`] is a user of
//! its HTTP API. Both panic where a test should fail. [`Wire`] is a
//! TCP proxy that a test cuts. Nothing here sleeps: [`eventually`] waits for a state.

pub mod app;
pub mod clock;
mod engine;
mod files;
pub mod media;
pub mod pages;
pub mod people;
pub mod response;
pub mod s3;
pub mod storage;
pub mod stream;
pub mod wire;

pub use app::{TIMEOUT, TestApp, eventually};
pub use clock::TestClock;
pub use files::{file_names_below, files_below};
pub use pages::Pages;
pub use people::TestPerson;
pub use response::TestResponse;
pub use stream::{Event, TestStream};
pub use wire::{Direction, Wire};
