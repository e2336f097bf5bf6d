//! What travels on the control bus: names, types and errors, shared by the daemon and `quietctl`.
//!
//! Times are microseconds since the epoch, durations microseconds; 0 stands for "not known" or "the default".

use std::collections::BTreeMap;

use zbus::{DeserializeDict, SerializeDict, Type};

/// The well-known name on the session bus.
pub const NAME: &str = "org.quietd.Quiet1";
/// The one object.
pub const PATH: &str = "/org/quietd/Quiet1";
/// The interface; the `1` is its version.
pub const INTERFACE: &str = "org.quietd.Quiet1";

/// The errors of the interface; each carries a full sentence.
#[derive(Clone, Debug, PartialEq, zbus::DBusError)]
#[zbus(prefix = "org.quietd.Quiet1.Error")]
pub enum Error {
    /// Something went wrong below: the disk, the bus.
    #[zbus(error)]
    ZBus(zbus::Error),
    /// No profile has that name.
    UnknownProfile(String),
    /// No session has that id.
    UnknownSession(String),
    /// No note has that id.
    UnknownNote(String),
    /// Notes are to be sealed, and the key is not to be had.
    NoKey(String),
    /// A note that says nothing, is too long, or has a value that cannot be meant.
    InvalidNote(String),
    /// A time that cannot be meant.
    InvalidTime(String),
    /// There is nothing to pause, resume, release or unlock.
    NothingRunning(String),
    /// That can never be locked.
    NeverLocked(String),
    /// The configuration on disk has mistakes; the one in use stays.
    ConfigInvalid(String),
    /// What was asked could not be kept on disk.
    NotKept(String),
    /// A service that is needed for it does not answer.
    NotThere(String),
}

/// One session, as `Sessions` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct SessionEntry {
    /// What `ForgetSession` takes.
    pub id: String,
    /// The person's own label.
    pub kind: String,
    /// When it ended.
    pub ended: u64,
    /// When it was logged.
    pub logged: u64,
    /// A few words.
    pub note: Option<String>,
    /// How many notes belong to it; not there for none.
    pub notes: Option<u32>,
}

/// One note, as `Notes` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct NoteEntry {
    /// What `Erase` takes as `note`.
    pub id: String,
    /// When it was kept.
    pub at: u64,
    /// The session it belongs to.
    pub session: Option<String>,
    /// A few words.
    pub text: Option<String>,
    /// From 0 to 10.
    pub mood: Option<u32>,
    /// How long the person slept, in microseconds.
    pub sleep: Option<u64>,
    /// A question for the next appointment.
    pub ask: Option<String>,
    /// It is sealed, and the key is not there: what it says cannot be read.
    pub sealed: Option<bool>,
}

/// How much was erased, as `Erase` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct Erased {
    /// How many sessions.
    pub sessions: u32,
    /// How many notes.
    pub notes: u32,
    /// On how many days the screen time was counted that is erased.
    pub days: Option<u32>,
    /// What could not be erased yet, why, and what to do, in a sentence.
    pub kept: Option<String>,
}

/// One hour at the screen, as `ScreenTime` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct ScreenTimeEntry {
    /// When the hour began.
    pub start: u64,
    /// Seconds at the screen.
    pub seconds: u32,
    /// Seconds in which it was quiet, at the screen or not.
    pub quiet: u32,
    /// Seconds at the screen by the id of the app that had the focus, as far as that is known.
    pub apps: BTreeMap<String, u32>,
}

/// One planned session, as `Planned` tells it: nothing of what the appointment is.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct PlannedEntry {
    /// What `ConfirmPlanned`, `MovePlanned` and `DropPlanned` take.
    pub id: String,
    /// When it ends; quiet begins then.
    pub ends: u64,
    /// When the calendar says that it ends.
    pub written: u64,
    /// `planned`, `confirmed`, `moved` or `dropped`.
    pub state: String,
}

/// What waits to be let through, as `Waits` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct WaitEntry {
    /// The app's id or the site's host name.
    pub what: String,
    /// When it opens.
    pub opens: u64,
    /// When it is locked again.
    pub until: u64,
}

/// One app that runs and is about to be locked, as `ToLock` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct ToLockEntry {
    /// The app's id.
    pub app: String,
    /// Its name for people.
    pub name: String,
    /// When it is locked.
    pub at: u64,
}

/// Lists names as people read them, all or the first three: "Firefox, Steam and Slack", "Firefox, Steam, Slack and 2 more".
pub fn listed(names: &[&str]) -> String {
    let (shown, more) = names.split_at(names.len().min(3));
    match (shown, more.len()) {
        ([], _) => String::new(),
        ([one], 0) => (*one).to_owned(),
        ([others @ .., last], 0) => format!("{} and {last}", others.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// One period, as `Reasons` and `Plan` tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct PeriodEntry {
    /// What keeps its identity over the phases: `session:ID`, `weekly:NAME@DATE`, `place:NAME`, `start:ID`, `hold:COOKIE`.
    pub run: String,
    /// Why, in words that say nothing of a session's kind: "after a session that ended 14:00, phase 1 of 3".
    pub reason: String,
    /// The profile's name.
    pub profile: String,
    /// When it begins.
    pub from: u64,
    /// When it ends; 0 where that is not known (a place).
    pub until: u64,
    /// What it asks for.
    pub measures: MeasuresEntry,
}

/// Measures, as `Measures`, `Reasons` and `Plan` tell them; a key is there only if the measure is.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct MeasuresEntry {
    /// `batched` or `urgent`.
    pub notifications: Option<String>,
    /// Where it is `batched`: the times of day at which notifications come through, "09:00".
    pub batches: Option<Vec<String>>,
    /// Percent darker.
    pub dim: Option<u32>,
    /// Kelvin.
    pub warmth: Option<u32>,
    /// Colours are taken away.
    pub greyscale: Option<bool>,
    /// Ids of apps.
    pub apps: Option<Vec<String>>,
    /// Host names.
    pub sites: Option<Vec<String>>,
    /// Microseconds at the screen before a break.
    pub breaks: Option<u64>,
}

/// What could not be done, as `Problems` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct ProblemEntry {
    /// The measure's name; empty where it is about something else (the log, the config).
    pub measure: String,
    /// The backend's id, if one was asked.
    pub backend: String,
    /// What happened and what to do, in a sentence.
    pub text: String,
}

/// One measure and one backend, as `Doctor` tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct DoctorEntry {
    /// The measure's name.
    pub measure: String,
    /// The backend's id; empty where none serves the measure.
    pub backend: String,
    /// What people call it.
    pub title: String,
    /// `ready`, `deferred` (its service may still come), `unsupported` (it is here, but cannot) or `elsewhere` (it is
    /// of another desktop).
    pub state: String,
    /// Whether this is the one that serves the measure here.
    pub serves: bool,
    /// What serves it, or what is missing and what to do.
    pub text: String,
    /// The versions it is written for, where not any will do.
    pub since: Option<String>,
    /// What it cannot do, or does otherwise than one may expect.
    pub cannot: Option<String>,
}

/// One running app, as `Apps` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub struct AppEntry {
    /// The desktop-file id: what to write in the config.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The units it runs in.
    pub units: Vec<String>,
    /// How it was recognised: `unit` or `process`.
    pub known_by: String,
    /// Whether it is locked now.
    pub locked: bool,
    /// Whether it can never be locked.
    pub never: bool,
    /// What it was recognised by: `unit`, `bus`, `flatpak`, `snap`, `program`, `script` or `appimage`.
    pub sign: Option<String>,
    /// Why it can never be locked, in a few words.
    pub never_why: Option<String>,
    /// Whether the periods running ask for it to be locked.
    pub asked: Option<bool>,
    /// The profiles that lock it.
    pub profiles: Option<Vec<String>>,
}
