//! D-Bus: our own interface, and how foreign ones are called.
//!
//! A foreign interface is a [`Peer`]: name, path, interface, and calls that never start a service, always end in time
//! and fail with errors the engine can decide on.

pub mod dconf;
mod peer;

pub use peer::{CallError, Peer};
