//! What people read, and what programs do: text from values.
//!
//! Pure: no bus, no files, no environment, no clock. Who asks the daemon, and where text goes, is the commands' affair.

pub mod answers;
pub mod breath;
mod changes;
pub mod groups;
pub mod import;
pub mod json;
pub mod lists;
mod locked;
mod logged;
mod measures;
pub mod notes;
mod page;
pub mod people;
pub mod plan;
pub mod planned;
pub mod report;
#[cfg(test)]
pub mod sample;
pub mod screen_time;
pub mod status;
mod time;

pub use page::{Colour, Page, plain};
pub use time::{lasting, left, moment};
