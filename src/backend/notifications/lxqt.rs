//! LXQt: `doNotDisturb` in `lxqt/notifications.conf`, which `lxqt-notificationd` watches.
//!
//! Seen on 1.2: it takes a change a second after it was made, by a rename or in place; of a file that was deleted and made
//! anew it does not hear. It makes the file itself when it starts.

use super::{
    NAME,
    in_file::{InFile, Kind, Missing},
    ini,
};
use crate::{
    backend::{Environment, Known, Row},
    plan::Measure,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: ID,
    title: "LXQt",
    measures: &[Measure::Notifications],
    since: "1.0 and newer",
    cannot: "Urgent ones wait too; it begins and ends a second late.",
    seen: &[(Environment::Lxqt, Known::Real("lxqt-notificationd 1.2.0 and 2.1.1"))],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(InFile::new(&KIND, desktop)),
};

const ID: &str = "lxqt";
const KEY: &str = "doNotDisturb";

const KIND: Kind = Kind {
    id: ID,
    server: "lxqt-notificationd",
    file: "lxqt/notifications.conf",
    find: |text| ini::find(text, KEY),
    with: |text, value| ini::with(text, KEY, value),
    means,
    missing: Missing::Unheard,
};

/// Qt takes more for true than this; what else stands there nobody meant.
fn means(written: &str) -> Option<bool> {
    let bare = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match bare.unwrap_or(written).to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" | "" => Some(false),
        _ => None,
    }
}
