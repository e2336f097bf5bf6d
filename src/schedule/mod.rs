//! When it is quiet: rules, the session log and the clock give an [`Evaluation`].
//!
//! Pure: no files, no clock, no bus. Phases, weekly windows with their gaps and folds, what was done by hand, and how
//! overlapping periods merge are decided and tested here.

mod facts;

pub use facts::*;
