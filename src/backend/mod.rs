//! The ways of putting a measure in force: one file for each service, one registry.
//!
//! Here: how a backend looks from outside, what can go wrong, the registry. Not here: when to act, and in which order;
//! that is the engine's.

mod contract;
pub mod dim;
mod known;
pub mod lock;
pub mod notifications;
mod registry;
pub mod sites;

pub use contract::*;
pub use known::{Environment, Known, Seen};
pub use registry::{REGISTRY, Row, reach};
