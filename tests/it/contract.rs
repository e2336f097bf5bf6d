//! The contract every backend passes.
//!
//! `cases.rs` is the table: each row of the registry with each stand-in for its service. `checks.rs` is what is checked
//! of each. `world.rs` is a desktop that has nothing but that stand-in.

mod cases;
mod checks;
mod world;

pub use world::{Begin, Case, World, becomes, desktop_on, desktop_with, in_time, soon};
