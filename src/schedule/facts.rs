//! What a schedule is made from, and what it says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Grace, Stay, ToLock};
use crate::config::{Config, Measures};

/// A session the person logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Unique over all machines.
    pub id: String,
    /// The person's own label.
    pub kind: String,
    /// When it ended; quiet counts from here.
    pub ended: Timestamp,
    /// When it was logged.
    pub logged: Timestamp,
    /// A few words, if any. Never leaves the log but to `quietctl sessions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What the person, or a program, did by hand. Kept over a restart, but for the holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// Periods started by hand.
    #[serde(default)]
    pub starts: Vec<Start>,
    /// Until when everything is lifted for a while.
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// When the person said off: what ran then never comes back.
    #[serde(default)]
    pub offs: Vec<Timestamp>,
    /// Apps and sites let through for a while.
    #[serde(default)]
    pub unlocks: Vec<Unlock>,
    /// From when on the apps of what began by itself are locked, by run (see [`Period::run`]).
    #[serde(default)]
    pub graces: BTreeMap<String, Grace>,
    /// Other programs' requests; they live no longer than their callers.
    #[serde(skip)]
    pub holds: Vec<Hold>,
}

/// A period started by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Unique on this machine.
    pub id: String,
    /// The profile's name; if the config no longer has it, the start says nothing.
    pub profile: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ends: at most [`crate::config::STRONG_AT_MOST`] later.
    pub until: Timestamp,
}

/// One app or site let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlock {
    /// The app's id or the site's host name.
    pub what: String,
    /// From when: the end of the wait before it.
    #[serde(default)]
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Another program's request for quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What `Hold` answered and `Release` takes.
    pub cookie: u32,
    /// The unique bus name of the caller.
    pub caller: String,
    /// The profile's name.
    pub profile: String,
    /// Why, in the program's words.
    pub reason: String,
    /// When it began; it ends at most [`crate::config::STRONG_AT_MOST`] later.
    pub from: Timestamp,
}

/// Everything an evaluation looks at but the time.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The rules and profiles.
    pub config: &'a Config,
    /// The sessions that can still matter, in any order.
    pub sessions: &'a [Session],
    /// What was done by hand.
    pub by_hand: &'a ByHand,
    /// The places the machine is at, by name.
    pub stays: &'a BTreeMap<String, Stay>,
    /// How far each run (see [`Period::run`]) is ahead of the wall clock because the clock was set back under it; none
    /// is negative.
    pub ahead: &'a BTreeMap<String, SignedDuration>,
    /// Where the machine is.
    pub zone: &'a TimeZone,
    /// The last stretch that nobody was awake for, from and until: suspend, or a clock set forward.
    pub slept: Option<(Timestamp, Timestamp)>,
}

/// What the rules, the log and the clock say at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// The periods running, the ones paused included; sorted by when they end, latest first.
    pub periods: Vec<Period>,
    /// The periods' measures merged, without the apps that are not locked yet; open while paused.
    pub measures: Measures,
    /// Until when it is paused, where something is running.
    pub paused_until: Option<Timestamp>,
    /// When what runs now, with the phases that follow without a gap, is over; none where that is not known (a place) or
    /// nothing runs.
    pub until: Option<Timestamp>,
    /// The first moment after now at which the evaluation is another one; none if never.
    pub next_change: Option<Timestamp>,
    /// Apps and sites let through now.
    pub unlocked: BTreeSet<String>,
    /// Locked apps and sites that are let through soon, with when.
    pub waits: BTreeMap<String, Timestamp>,
    /// The apps that are locked soon, or later than they were to be.
    pub to_lock: BTreeMap<String, ToLock>,
    /// Until when notifications that are held in batches come through, if they do now; `measures` go on saying that they
    /// are held in batches.
    pub let_through: Option<Timestamp>,
    /// When they come through next; none where they are over before.
    pub next_batch: Option<Timestamp>,
}

impl Evaluation {
    /// Tells whether any measure is asked for now.
    pub fn is_quiet(&self) -> bool {
        !self.measures.is_open()
    }
}

/// One concrete interval with one profile, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// What keeps its identity over the phases: `session:ID`, `weekly:NAME@DATE`, `place:NAME`, `start:ID`, `hold:COOKIE`.
    pub run: String,
    /// Why it is quiet.
    pub reason: Reason,
    /// The profile's name.
    pub profile: String,
    /// Its measures, unmerged.
    pub measures: Measures,
    /// When it began.
    pub from: Timestamp,
    /// When it ends, where that is known.
    pub until: Option<Timestamp>,
}

/// Why there is a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A phase after a session.
    After {
        /// The session's id.
        session: String,
        /// When the session ended.
        ended: Timestamp,
        /// Which phase, from 1.
        phase: usize,
        /// Of how many.
        of: usize,
    },
    /// A weekly window.
    Weekly {
        /// The rule's name.
        name: String,
    },
    /// A place.
    Place {
        /// The rule's name.
        name: String,
    },
    /// `quietctl start`.
    Start,
    /// Another program.
    Hold {
        /// Why, in its words.
        reason: String,
    },
}
