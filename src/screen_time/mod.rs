//! How much time is spent at the screen: hours, and how they are counted. Pure.
//!
//! Here: one hour of it (`hour`), what the sources tell put together (`attention`), and the counting (`counter`). Not
//! here: who tells (`source::idle`, `source::focus`), where it is kept (`store`), and how it is shown (`cli`).
//!
//! Counted is the time that the machine was awake between two events, so nothing ticks, and a clock that is set or a night
//! that is slept through adds nothing.

mod attention;
mod counter;
mod hour;

pub use attention::{Attention, Focus, Sense, Teller, Told};
pub use counter::{Activity, Counter, Moment};
pub use hour::{APP_AT_MOST, APPS_AT_MOST, Hour, merged, start_of_hour};
