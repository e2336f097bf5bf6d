//! From what the schedule says to what each backend is to do.
//!
//! Pure: an evaluation gives what is [`Desired`]; [`assign`] says which backend serves which measure; [`diff`] says the
//! steps from what is applied to what is desired.

mod desired;

pub use desired::*;
