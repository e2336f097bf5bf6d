//! When it is quiet: rules, the session log and the clock give an [`Evaluation`].
//!
//! Pure: no files, no clock, no bus. Phases, weekly windows with their gaps and folds, what was done by hand, and how
//! overlapping periods merge are decided and tested here.
//!
//! Each source of periods (`after`, `weekly`, `place`, `by_hand`) shows the intervals it knows as `slot::Slot`s; what is
//! over for good because the person said off (`offs`) is not shown at all. An evaluation and a plan are two ways of
//! looking at the same slots.

mod after;
mod batches;
mod by_hand;
mod evaluate;
mod facts;
mod grace;
mod offs;
mod place;
mod plan;
mod shift;
mod slot;
mod stays;
mod until;
mod weekly;

pub use evaluate::evaluate;
pub use facts::*;
pub use grace::{Grace, LATER, ToLock, call_off, graces, put_off};
pub use place::{Surroundings, here};
pub use plan::{PLAN_AT_MOST, periods};
pub use stays::{SETTLE, Stay, Stays};

#[cfg(test)]
mod tests;
