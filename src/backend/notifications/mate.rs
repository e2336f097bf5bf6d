//! MATE's notification daemon: `do-not-disturb` in dconf.
//!
//! Seen on 1.26: it takes effect at once; what arrives meanwhile is not shown, urgent or not, and does not pop up
//! afterwards. The program is called as GNOME's old one, which has no such setting. It ends when it has had nothing to
//! show for 30 seconds, and the next notification starts it; so MATE is also known by its settings daemon.

use super::{NAME, setting::Setting};
use crate::{
    backend::{Environment, Known, Row},
    plan::Measure,
};

const SETTINGS_DAEMON: &str = "org.mate.SettingsDaemon";

/// The registry's row.
pub const ROW: Row = Row {
    id: SETTING.id,
    title: SETTING.title,
    measures: &[Measure::Notifications],
    since: "1.24 and newer",
    cannot: "Urgent notifications are held as well, and what was held is not shown afterwards; the desktop has one switch for all of them.",
    seen: &[(Environment::Mate, Known::Real("mate-notification-daemon 1.26.0"))],
    names: &[NAME, SETTINGS_DAEMON],
    wants_end: false,
    open: |desktop| SETTING.open(desktop),
};

/// Where its setting is.
pub static SETTING: Setting = Setting {
    id: "mate",
    title: "MATE Notification Daemon",
    server: ("Notification Daemon", "MATE"),
    desktop: Some(SETTINGS_DAEMON),
    key: "/org/mate/notification-daemon/do-not-disturb",
    quiet: true,
};
