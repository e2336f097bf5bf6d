//! Apps, frozen in their units by the user manager.
//!
//! Here: which unit and which process is which app (`identity`, `entries`, `processes`), what is never frozen
//! (`spared`), how the user manager is asked (`units`, `cgroups`, `now`, `adopt`), the backend that puts these together
//! (`freeze`, `probe`, `failures`) and the list of what runs (`running`). Not here: which apps are to be locked, and
//! since when; sites.
//!
//! Nothing is ever killed. One mechanism serves all: systemd's `FreezeUnit` stops a unit's whole tree at once.

mod adopt;
mod cgroups;
mod entries;
mod failures;
mod freeze;
mod identity;
mod now;
mod probe;
mod processes;
mod running;
mod spared;
mod units;

pub use freeze::SystemdFreeze;
pub use identity::{Identity, plain};
pub use running::{KnownBy, RunningApp, running_apps};

use super::Row;
use crate::plan::Measure;

/// The row of the registry.
pub const ROW: Row = Row {
    id: freeze::ID,
    title: "systemd (user manager)",
    measures: &[Measure::Apps],
    names: &[units::NAME],
    wants_end: false,
    open: |desktop| Box::new(SystemdFreeze::new(desktop)),
};
