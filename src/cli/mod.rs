//! `quietctl`: one file for each command.
mod duration;
mod error;
mod render;
mod state;
mod when;

pub use error::CommandError;
