//! What the daemon says of itself: its properties, read at once.

use zbus::{DeserializeDict, Type};

use crate::api::{MeasuresEntry, PeriodEntry, ProblemEntry, ToLockEntry, WaitEntry};

/// The properties of the control bus, as one `GetAll` gives them. Times are microseconds since the epoch; 0 is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "PascalCase")]
pub struct State {
    /// Whether any measure is asked for.
    pub quiet: bool,
    /// The profile that is the strictest now; empty if none.
    pub profile: String,
    /// When what runs now, with the phases that follow, is over.
    pub until: u64,
    /// When something changes next.
    pub next_change: u64,
    /// Whether everything is lifted for a while.
    pub paused: bool,
    /// Until when.
    pub paused_until: u64,
    /// Until when notifications held in batches come through, if they do now; none from a daemon without batches.
    pub batch_until: Option<u64>,
    /// When they come through next.
    pub next_batch: Option<u64>,
    /// When the next break is about due; none from a daemon without breaks.
    pub next_break: Option<u64>,
    /// What is suggested now; empty or none if nothing.
    pub suggestion: Option<String>,
    /// What is in force.
    pub measures: MeasuresEntry,
    /// The periods running.
    pub reasons: Vec<PeriodEntry>,
    /// What waits to be let through; none from a daemon that knows no waits.
    pub waits: Option<Vec<WaitEntry>>,
    /// What runs and is about to be locked; none from a daemon that does not say it before.
    pub to_lock: Option<Vec<ToLockEntry>>,
    /// What could not be done.
    pub problems: Vec<ProblemEntry>,
    /// What is wrong with the configuration on disk; empty if nothing.
    pub config_error: String,
    /// The daemon's version.
    pub version: String,
}
