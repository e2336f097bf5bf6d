//! Apps, frozen in their units by the user manager.
//!
//! Here: which unit and which process is which app (`identity`, `entries`, `command`, `processes`), what is never frozen
//! (`spared`), how the user manager is asked (`units`, `cgroups`, `now`, `adopt`), windows out of the way (`windows`), the
//! backend that puts these together (`freeze`, `probe`, `failures`), what must go on all the same (`go_on`, `streams`), how an app that is started while it is locked
//! is noticed (`starts`: `execs` or `scan`), frozen (`catch`) and ended where nobody wants it (`end`), and the list of what
//! runs (`running`) and of what is installed (`installed`). Not here: which apps are to be locked, and since when; sites.
//!
//! Nothing is ever killed, and nothing that the person may have done something in is ended. One mechanism serves all:
//! systemd's `FreezeUnit` stops a unit's whole tree at once.

mod adopt;
mod catch;
mod cgroups;
mod command;
mod end;
mod entries;
mod execs;
mod failures;
mod freeze;
mod go_on;
mod identity;
mod installed;
mod now;
mod probe;
mod processes;
mod running;
mod scan;
mod spared;
mod starts;
mod streams;
mod units;
mod windows;

pub use entries::name_of;
pub use freeze::SystemdFreeze;
pub use identity::{Identity, plain};
pub use installed::{folders as application_folders, installed, installed_by_and_by};
pub use running::{KnownBy, RunningApp, Sign, running_apps};
pub use starts::How;
pub use streams::Streams;

use super::{Environment, Known, Row, Seen};
use crate::plan::Measure;

/// The row of the registry.
pub const ROW: Row = Row {
    id: freeze::ID,
    title: "systemd (user manager)",
    measures: &[Measure::Apps],
    since: "systemd 246 and newer",
    cannot: "On GNOME and niri the windows of locked apps stay where they are, with their last picture.",
    seen: &SEEN,
    names: &[units::NAME],
    wants_end: false,
    open: |desktop| Box::new(SystemdFreeze::new(desktop)),
};

/// It needs the user manager alone; where apps get units of their own, nothing need be moved first.
const SEEN: [Seen; 18] = [
    (Environment::Gnome43, Known::Real("GNOME Shell 43.9")),
    (Environment::Gnome47, Known::Real("GNOME Shell 48.7")),
    (Environment::Gnome49, Known::Real("GNOME Shell 50.5")),
    (Environment::Plasma5, Known::Real("Plasma 5.27.5")),
    (Environment::Plasma6, Known::Real("Plasma 6.7.4 on X11")),
    (Environment::Sway, Known::Real("sway 1.7 and 1.12")),
    (Environment::Wlroots, Known::StandIn),
    (Environment::Hyprland, Known::StandIn),
    (Environment::Niri, Known::StandIn),
    (Environment::Xfce, Known::StandIn),
    (Environment::Cinnamon, Known::Real("Cinnamon 5.6.8 and 6.4.10")),
    (Environment::Mate, Known::Real("marco 1.26.1")),
    (Environment::Budgie, Known::StandIn),
    (Environment::Lxqt, Known::StandIn),
    (Environment::Cosmic, Known::StandIn),
    (Environment::Pantheon, Known::StandIn),
    (Environment::Deepin, Known::StandIn),
    (Environment::X11, Known::Real("openbox 3.6.1")),
];
