//! Cinnamon: `display-notifications` in dconf, which its own notification applet switches as well.
//!
//! Seen on 5.6: off, nothing pops up, urgent or not, and it does not afterwards either; with the applet in the panel it
//! is kept there. The shell gives its vendor as GNOME.

use super::{NAME, setting::Setting};
use crate::{
    backend::{Environment, Known, Row},
    plan::Measure,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: SETTING.id,
    title: SETTING.title,
    measures: &[Measure::Notifications],
    since: "4.0 and newer",
    cannot: "Urgent notifications are held as well; the desktop has one switch for all of them.",
    seen: &[(Environment::Cinnamon, Known::Real("Cinnamon 5.6.8 and 6.4.10"))],
    names: &[NAME],
    wants_end: false,
    open: |desktop| SETTING.open(desktop),
};

/// Where its setting is.
pub static SETTING: Setting = Setting {
    id: "cinnamon",
    title: "Cinnamon",
    server: ("cinnamon", "GNOME"),
    desktop: None,
    key: "/org/cinnamon/desktop/notifications/display-notifications",
    quiet: false,
};
