//! The configuration: from the TOML as written to a model that is valid by construction.
//!
//! Pure: text in, [`Config`] or every mistake out. No files, no environment, no clock. Reading the file and watching it
//! is [`crate::source`]'s.

pub mod model;

pub use model::*;
