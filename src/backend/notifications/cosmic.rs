//! COSMIC: `do_not_disturb`, a file of its own that holds nothing but the value and that `cosmic-notifications` watches.
//!
//! From its source: it hears of a file that appears or is replaced; where one goes, it asks for a shared default, and
//! where there is none it keeps what it had. So what was not set becomes an explicit `false`, as it does when the person
//! uses COSMIC's own switch.

use super::{
    NAME,
    in_file::{InFile, Kind, Missing},
};
use crate::{
    backend::{Environment, Known, Row},
    plan::Measure,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: ID,
    title: "COSMIC",
    measures: &[Measure::Notifications],
    since: "1.0 and newer",
    cannot: "Urgent ones wait too; while one is shown, further ones still come.",
    seen: &[(Environment::Cosmic, Known::StandIn)],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(InFile::new(&KIND, desktop)),
};

const ID: &str = "cosmic";

const KIND: Kind = Kind {
    id: ID,
    server: "cosmic-notifications",
    file: "cosmic/com.system76.CosmicNotifications/v1/do_not_disturb",
    find: |text| Some(text),
    with: |_, value| value.unwrap_or_default().to_owned(),
    means: |written| written.trim().parse().ok(),
    missing: Missing::Kept("cosmic/com.system76.CosmicNotifications/v1/do_not_disturb"),
};
