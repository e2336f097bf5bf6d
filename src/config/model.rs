//! What a valid configuration says; every value here has been checked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, civil};
use serde::{Deserialize, Serialize};

use super::People;

/// The longest time from a session's end (or a start by hand) for which strong measures may last.
pub const STRONG_AT_MOST: SignedDuration = SignedDuration::from_hours(72);

/// The longest time from a session's end for which any measure may last.
pub const ANY_AT_MOST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What happens after a session: `[[after]]`.
    pub after: Vec<AfterRule>,
    /// Quiet times of the week: `[[weekly]]`.
    pub weekly: Vec<WeeklyRule>,
    /// Quiet places: `[[place]]`.
    pub places: Vec<PlaceRule>,
    /// How quiet, by name: the built-in profiles and those under `[profiles]`, which replace a built-in of the same name.
    pub profiles: BTreeMap<String, Profile>,
    /// Named sets of apps and sites, by name without `@`: built-in and from `[groups]`.
    pub groups: BTreeMap<String, Group>,
    /// What the person added to what can never be locked; the built-in set is in `never`.
    pub never: Group,
    /// The times of day at which held notifications come through together, each for [`BATCH_LASTS`]: `batches`. In order,
    /// each once, at most [`BATCHES_AT_MOST`].
    pub batches: Vec<civil::Time>,
    /// Who comes through, and the person's own card: `[people]`.
    pub people: People,
    /// The breaks of every day: `[breaks]`.
    pub breaks: Option<DailyBreaks>,
    /// What is suggested while it is quiet: `[suggestions]`.
    pub suggestions: Suggestions,
    /// Whether time at the screen is counted: `[screen-time]`.
    pub screen_time: super::ScreenTime,
    /// Where planned sessions come from: `[calendar]`.
    pub calendar: Option<Calendar>,
    /// How what is logged is kept: `[log]`.
    pub log: super::Log,
}

/// `[calendar]`: appointments that become planned sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// An `.ics` file, or a folder of them; begins with `/` or `~/`.
    pub path: String,
    /// The categories of the appointments that count; not empty.
    pub categories: Vec<String>,
    /// The kind of session that is logged when one begins.
    pub session: String,
}

/// How long held notifications come through at each of `batches`.
pub const BATCH_LASTS: SignedDuration = SignedDuration::from_mins(5);

/// How many `batches` a day may have.
pub const BATCHES_AT_MOST: usize = 24;

/// `[[after]]`: the phases that follow a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterRule {
    /// The sessions it follows.
    pub session: Kinds,
    /// One after the other, from the session's end; capped, and never stricter than the phase before.
    pub phases: Vec<Phase>,
}

/// Which kinds of session a rule follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// `session = "any"`.
    Any,
    /// The kinds named; compared without regard to case.
    These(BTreeSet<String>),
}

impl Kinds {
    /// Tells whether a session of this kind is followed.
    pub fn includes(&self, kind: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(kinds) => kinds.contains(&kind.to_lowercase()),
        }
    }
}

/// One phase of an [`AfterRule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// How long it lasts; more than zero.
    pub lasts: SignedDuration,
    /// The profile's name, as people read it.
    pub profile: String,
    /// The profile's measures, after the caps.
    pub measures: Measures,
}

/// `[[weekly]]`: a window on some days of the week, in the zone the machine is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklyRule {
    /// The person's name for it.
    pub name: String,
    /// The days it begins on; not empty. Monday is 0.
    pub days: Days,
    /// When it begins.
    pub from: civil::Time,
    /// When it ends; at or before `from` it is on the day after. Never equal to `from`.
    pub until: civil::Time,
    /// The profile's name.
    pub profile: String,
    /// The profile's measures.
    pub measures: Measures,
}

/// A set of weekdays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days([bool; 7]);

impl Days {
    /// Adds a day.
    pub fn insert(&mut self, day: civil::Weekday) {
        self.0[usize::from(day.to_monday_zero_offset().unsigned_abs())] = true;
    }

    /// Tells whether the day is in the set.
    pub fn contains(self, day: civil::Weekday) -> bool {
        self.0[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// Tells whether no day is in the set.
    pub fn is_empty(self) -> bool {
        !self.0.contains(&true)
    }
}

/// `[[place]]`: while this machine is somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRule {
    /// The person's name for it; no two places have the same.
    pub name: String,
    /// What the place is known by.
    pub sign: Sign,
    /// The profile's name.
    pub profile: String,
    /// The profile's measures.
    pub measures: Measures,
    /// What of them goes on in a stay longer than [`STRONG_AT_MOST`]: all but what is strong.
    pub lasting: Measures,
}

/// What a place is known by. Names are compared exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `network`: the name of a connection, or of a Wi-Fi (its SSID).
    Network(String),
    /// `monitor`: a screen that is connected, by its product, its make and model, or its connector.
    Monitor(String),
    /// `dock = true`: an external monitor, or a dock that logind knows of.
    Dock,
}

/// `[profiles.NAME]`: how quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The set of measures.
    pub measures: Measures,
    /// How long before its apps are locked the person is told, where it begins by itself; at most 10 minutes.
    pub grace: SignedDuration,
    /// The groups that its `lock` names, without `@`; what they hold is in `measures`.
    pub groups: BTreeSet<String>,
}

/// The `grace` of a profile that names none.
pub const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// A set of measures: one profile's, or several merged. The default is an open desktop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// Which notifications come through.
    pub notifications: Notifications,
    /// Percent darker than the person had it; 0 is untouched, at most [`DIM_AT_MOST`].
    pub dim: u8,
    /// Colour temperature in kelvin, if warmed: 1000 to 6500.
    pub warmth: Option<u16>,
    /// Whether colours are taken away.
    pub greyscale: bool,
    /// What is locked.
    pub lock: Lock,
    /// Breaks that are suggested.
    pub breaks: Option<Breaks>,
    /// Whether there are none otherwise, those of every day included: `breaks = "off"`. Not a measure of its own.
    #[serde(default)]
    pub breaks_off: bool,
}

/// The darkest `dim`: a quarter of the light always stays.
pub const DIM_AT_MOST: u8 = 75;

/// Which notifications come through, from open to strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notifications {
    /// All, as always.
    #[default]
    All,
    /// Held, and let through together at set times.
    Batched,
    /// Only urgent ones.
    Urgent,
}

/// What is locked, with groups resolved to what they hold and without what can never be locked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Desktop-file ids without `.desktop`.
    pub apps: BTreeSet<String>,
    /// Host names, lower case; subdomains are meant too.
    pub sites: BTreeSet<String>,
    /// Between "unlock anyway" and unlocked; at most 60 s.
    pub wait: SignedDuration,
}

/// A suggestion to look away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaks {
    /// Time at the screen before a break.
    pub every: SignedDuration,
    /// How long the break is; shorter than `every`.
    pub lasts: SignedDuration,
}

/// `[breaks]`: breaks of every day, where no profile in force says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyBreaks {
    /// How often and how long.
    pub breaks: Breaks,
    /// Percent by which the screens get darker during a break, those that a profile asks for included; 0 leaves them.
    pub dim: u8,
}

/// `[suggestions]`: what is suggested while it is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestions {
    /// At most so many a day; 0 is none.
    pub a_day: u16,
    /// From when in the day.
    pub from: civil::Time,
    /// Until when; before `from` it is on the day after. Never equal to `from`.
    pub until: civil::Time,
}

impl Default for Suggestions {
    fn default() -> Self {
        let (from, until) = (civil::Time::constant(8, 0, 0, 0), civil::Time::constant(22, 0, 0, 0));
        Self { a_day: 3, from, until }
    }
}

impl Suggestions {
    /// Tells whether this time of day is within the hours.
    pub fn at(&self, time: civil::Time) -> bool {
        if self.from < self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }
}

/// `[groups.NAME]` and `[never]`: apps and sites as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Categories of the menu, as they are registered: every installed app of one belongs to the group.
    pub categories: BTreeSet<String>,
    /// Desktop-file ids without `.desktop`.
    pub apps: BTreeSet<String>,
    /// Host names, lower case.
    pub sites: BTreeSet<String>,
}

impl Measures {
    /// Tells whether nothing is asked for.
    pub fn is_open(&self) -> bool {
        let lock = Lock { wait: self.lock.wait, ..Lock::default() };
        *self == Self { lock, breaks_off: self.breaks_off, ..Self::default() }
    }

    /// Merges two sets: for each measure, the stricter.
    #[must_use]
    pub fn strictest(&self, other: &Self) -> Self {
        Self {
            notifications: self.notifications.max(other.notifications),
            dim: self.dim.max(other.dim),
            warmth: match (self.warmth, other.warmth) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            greyscale: self.greyscale || other.greyscale,
            lock: Lock {
                apps: self.lock.apps.union(&other.lock.apps).cloned().collect(),
                sites: self.lock.sites.union(&other.lock.sites).cloned().collect(),
                wait: self.lock.wait.max(other.lock.wait),
            },
            breaks: match (self.breaks, other.breaks) {
                (Some(a), Some(b)) => Some(a.strictest(b)),
                (a, b) => a.or(b),
            },
            breaks_off: self.breaks_off || other.breaks_off,
        }
    }

    /// Keeps of each measure no more than `cap` has of it.
    #[must_use]
    pub fn at_most(&self, cap: &Self) -> Self {
        Self {
            notifications: self.notifications.min(cap.notifications),
            dim: self.dim.min(cap.dim),
            warmth: match (self.warmth, cap.warmth) {
                (Some(a), Some(b)) => Some(a.max(b)),
                _ => None,
            },
            greyscale: self.greyscale && cap.greyscale,
            lock: Lock {
                apps: self.lock.apps.intersection(&cap.lock.apps).cloned().collect(),
                sites: self.lock.sites.intersection(&cap.lock.sites).cloned().collect(),
                wait: self.lock.wait.min(cap.lock.wait),
            },
            breaks: match (self.breaks, cap.breaks) {
                (Some(a), Some(b)) => Some(a.gentlest(b)),
                _ => None,
            },
            breaks_off: self.breaks_off,
        }
    }

    /// Leaves out what is strong: locks, and notifications held until the end.
    #[must_use]
    pub fn without_strong(&self) -> Self {
        Self {
            notifications: self.notifications.min(Notifications::Batched),
            lock: Lock::default(),
            ..self.clone()
        }
    }
}

impl Breaks {
    /// More often is stricter, then longer.
    fn key(self) -> (std::cmp::Reverse<SignedDuration>, SignedDuration) {
        (std::cmp::Reverse(self.every), self.lasts)
    }

    fn strictest(self, other: Self) -> Self {
        if self.key() >= other.key() { self } else { other }
    }

    fn gentlest(self, other: Self) -> Self {
        if self.key() <= other.key() { self } else { other }
    }
}
