//! Pantheon, elementary OS's desktop: `do-not-disturb` in dconf.
//!
//! From its source: urgent notifications and the small ones about volume and brightness come through, all others are in
//! the panel's list only. It calls itself version 0.1 whichever it is.

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
    since: "elementary OS 6 and newer",
    cannot: "Urgent notifications still show; the desktop has no setting against that.",
    seen: &[(Environment::Pantheon, Known::StandIn)],
    names: &[NAME],
    wants_end: false,
    open: |desktop| SETTING.open(desktop),
};

/// Where its setting is.
pub static SETTING: Setting = Setting {
    id: "pantheon",
    title: "Pantheon",
    server: ("io.elementary.notifications", "elementaryOS"),
    desktop: None,
    key: "/io/elementary/notifications/do-not-disturb",
    quiet: true,
};
