//! From what the schedule says to what each backend is to do.
//!
//! Pure: an evaluation gives what is [`Desired`]; [`assign()`] says which backend serves which measure; [`diff()`] says the
//! steps from what is applied to what is desired.

mod assign;
mod desire;
mod desired;
mod diff;

pub use assign::{Assigned, Candidate, Reach, assign, serving, shares, unserved};
pub use desire::desired;
pub use desired::*;
pub use diff::{Step, diff};
