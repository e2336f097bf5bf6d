//! The control bus, from `quietctl`'s side: each method once, and errors as people read them.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use zbus::{Connection, DBusError as _, DynamicType, Variant, wire::DynamicDeserialize};

use super::{CommandError, error::Kind, state::State};
use crate::{
    api::{
        self, AppEntry, DoctorEntry, Erased, NoteEntry, PeriodEntry, PlannedEntry, ScreenTimeEntry,
        SessionEntry,
    },
    dbus::{CallError, Peer},
};

/// Asking every backend takes a while where a service hangs; starting the daemon may as well.
const ANSWER_AT_MOST: Duration = Duration::from_secs(10);

/// Whoever wants out waits no longer than this for a daemon that hangs: then it is done without it.
const OFF_AT_MOST: Duration = Duration::from_secs(5);

/// The daemon, as it is seen from here.
#[derive(Debug)]
pub struct Control {
    bus: Connection,
    daemon: Peer,
}

/// A note to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNote {
    /// A few words; empty for none.
    pub text: String,
    /// From 0 to 10.
    pub mood: Option<u8>,
    /// How long the person slept.
    pub sleep: Option<SignedDuration>,
    /// A question for the next appointment.
    pub ask: Option<String>,
    /// The session it belongs to; empty for none, and the last one where it is not said.
    pub session: Option<String>,
    /// Whether it may be kept unsealed.
    pub plain: bool,
}

/// What is to be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erase<'a> {
    /// A session, with its notes.
    Session(&'a str),
    /// One note.
    Note(&'a str),
    /// Everything before a moment.
    Before(Timestamp),
    /// Everything.
    All,
}

/// Whether a call may start the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Never,
    IfNeeded,
}

impl Control {
    /// Makes no call of its own.
    pub fn new(bus: &Connection) -> Self {
        let daemon = Peer::new(bus, api::NAME, api::PATH, api::INTERFACE).within(ANSWER_AT_MOST);
        Self { bus: bus.clone(), daemon }
    }

    /// The bus it is on.
    pub fn bus(&self) -> &Connection {
        &self.bus
    }

    /// Everything the daemon says of itself, in one call.
    pub async fn state(&self) -> Result<State, CommandError> {
        Peer::new(&self.bus, api::NAME, api::PATH, "org.freedesktop.DBus.Properties")
            .within(ANSWER_AT_MOST)
            .call("GetAll", &api::INTERFACE)
            .await
            .map_err(explain)
    }

    /// Logs a session; starts the daemon if it can be.
    pub async fn log_session(
        &self,
        kind: &str,
        ended: Timestamp,
        note: Option<&str>,
    ) -> Result<String, CommandError> {
        let mut options: HashMap<&str, Variant<'_>> = HashMap::new();
        if let Some(note) = note {
            options.insert("note", Variant::from(note));
        }
        self.call(Start::IfNeeded, "LogSession", &(kind, usec(ended), options)).await
    }

    /// Erases a session; starts the daemon if it can be.
    pub async fn forget_session(&self, id: &str) -> Result<(), CommandError> {
        self.call(Start::IfNeeded, "ForgetSession", &id).await
    }

    /// Keeps a note; starts the daemon if it can be. Answers its id.
    pub async fn add_note(&self, note: &NewNote) -> Result<String, CommandError> {
        let mut options: HashMap<&str, Variant<'_>> = HashMap::new();
        options.extend(note.mood.map(|mood| ("mood", Variant::from(u32::from(mood)))));
        options.extend(note.sleep.map(|sleep| ("sleep", Variant::from(length(Some(sleep))))));
        options.extend(note.ask.as_deref().map(|ask| ("ask", Variant::from(ask))));
        options.extend(note.session.as_deref().map(|id| ("session", Variant::from(id))));
        options.extend(note.plain.then(|| ("plain", Variant::from(true))));
        self.call(Start::IfNeeded, "AddNote", &(&*note.text, options)).await
    }

    /// Every note that was kept since a moment.
    pub async fn notes(&self, since: Option<Timestamp>) -> Result<Vec<NoteEntry>, CommandError> {
        self.call(Start::Never, "Notes", &since.map_or(0, usec)).await
    }

    /// Erases for good; starts the daemon if it can be. Where everything goes, none is started for it.
    pub async fn erase(&self, what: &Erase<'_>) -> Result<Erased, CommandError> {
        let (key, value) = match what {
            Erase::Session(id) => ("session", Variant::from(*id)),
            Erase::Note(id) => ("note", Variant::from(*id)),
            Erase::Before(before) => ("before", Variant::from(usec(*before))),
            Erase::All => ("all", Variant::from(true)),
        };
        let start = if matches!(what, Erase::All) { Start::Never } else { Start::IfNeeded };
        self.call(start, "Erase", &HashMap::from([(key, value)])).await
    }

    /// Every session that ended since a moment.
    pub async fn sessions(
        &self,
        since: Option<Timestamp>,
    ) -> Result<Vec<SessionEntry>, CommandError> {
        self.call(Start::Never, "Sessions", &since.map_or(0, usec)).await
    }

    /// Starts a period; starts the daemon if it can be. No duration is the default one.
    pub async fn start(
        &self,
        profile: &str,
        lasts: Option<SignedDuration>,
    ) -> Result<String, CommandError> {
        self.call(Start::IfNeeded, "Start", &(profile, length(lasts))).await
    }

    /// Lifts everything for a while.
    pub async fn pause(&self, lasts: Option<SignedDuration>) -> Result<(), CommandError> {
        self.call(Start::Never, "Pause", &length(lasts)).await
    }

    /// Ends a pause.
    pub async fn resume(&self) -> Result<(), CommandError> {
        self.call(Start::Never, "Resume", &()).await
    }

    /// Puts the break that is now off.
    pub async fn break_later(&self) -> Result<(), CommandError> {
        self.call(Start::Never, "BreakLater", &()).await
    }

    /// Ends the break that is now.
    pub async fn break_skip(&self) -> Result<(), CommandError> {
        self.call(Start::Never, "BreakSkip", &()).await
    }

    /// Lifts everything for good.
    pub async fn off(&self) -> Result<(), CommandError> {
        let daemon = self.daemon.clone().within(OFF_AT_MOST);
        daemon.call("Off", &()).await.map_err(|error| explain_after(error, OFF_AT_MOST))
    }

    /// Lets one app or site through.
    pub async fn unlock(
        &self,
        what: &str,
        lasts: Option<SignedDuration>,
    ) -> Result<(), CommandError> {
        self.call(Start::Never, "Unlock", &(what, length(lasts))).await
    }

    /// Locks again what was let through, or waits to be.
    pub async fn cancel_unlock(&self, what: &str) -> Result<(), CommandError> {
        self.call(Start::Never, "CancelUnlock", &what).await
    }

    /// Leaves open for a while what is about to be locked; answers until when.
    pub async fn later(&self) -> Result<u64, CommandError> {
        self.call(Start::Never, "Later", &()).await
    }

    /// The periods between two moments.
    pub async fn plan(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<PeriodEntry>, CommandError> {
        self.call(Start::Never, "Plan", &(usec(from), usec(until))).await
    }

    /// What was counted of the time at the screen between two moments.
    pub async fn screen_time(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ScreenTimeEntry>, CommandError> {
        self.call(Start::Never, "ScreenTime", &(usec(from), usec(until))).await
    }

    /// What serves each measure.
    pub async fn doctor(&self) -> Result<Vec<DoctorEntry>, CommandError> {
        self.call(Start::Never, "Doctor", &()).await
    }

    /// What runs now.
    pub async fn apps(&self) -> Result<Vec<AppEntry>, CommandError> {
        self.call(Start::Never, "Apps", &()).await
    }

    /// What the calendar plans.
    pub async fn planned(&self) -> Result<Vec<PlannedEntry>, CommandError> {
        self.call(Start::Never, "Planned", &()).await
    }

    /// Lets a planned session begin without a question.
    pub async fn confirm_planned(&self, id: &str) -> Result<(), CommandError> {
        self.call(Start::Never, "ConfirmPlanned", &id).await
    }

    /// Moves a planned session.
    pub async fn move_planned(&self, id: &str, to: Timestamp) -> Result<(), CommandError> {
        self.call(Start::Never, "MovePlanned", &(id, usec(to))).await
    }

    /// Leaves a planned session out.
    pub async fn drop_planned(&self, id: &str) -> Result<(), CommandError> {
        self.call(Start::Never, "DropPlanned", &id).await
    }

    /// Has the files read again.
    pub async fn reload(&self) -> Result<(), CommandError> {
        self.call(Start::Never, "Reload", &()).await
    }

    async fn call<B, R>(&self, start: Start, member: &str, body: &B) -> Result<R, CommandError>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let daemon = match start {
            Start::Never => self.daemon.clone(),
            Start::IfNeeded => self.daemon.clone().that_may_start(),
        };
        daemon.call(member, body).await.map_err(explain)
    }
}

/// Says what an error means to the person, and what to do.
fn explain(error: CallError) -> CommandError {
    explain_after(error, ANSWER_AT_MOST)
}

/// The same where it was waited for this long.
fn explain_after(error: CallError, waited: Duration) -> CommandError {
    match error {
        CallError::Absent(_) => CommandError::not_running(),
        CallError::TimedOut(_) => CommandError::new(
            Kind::Refused,
            format!("quietd did not answer within {} s.", waited.as_secs()),
        )
        .hint("To put everything back without it: quietctl restore")
        .hint("To start it anew: systemctl --user restart quietd"),
        CallError::Answered { error, text, .. } => answered(&error, text),
        CallError::Odd(_, text) => CommandError::new(
            Kind::Refused,
            format!("quietd answered something unexpected: {text}."),
        )
        .hint("Is another version running? systemctl --user restart quietd"),
    }
}

/// Says what an error means that came up with no daemon.
pub fn refused(error: &api::Error) -> CommandError {
    answered(&error.name(), error.description().unwrap_or_default().to_owned())
}

fn answered(error: &str, text: String) -> CommandError {
    if let Some(ours) = error.strip_prefix("org.quietd.Quiet1.Error.") {
        return match ours {
            "UnknownProfile" | "InvalidTime" | "InvalidNote" => CommandError::usage(text),
            // Each of these says itself what to do next.
            "UnknownSession" | "UnknownNote" | "NothingRunning" | "NeverLocked" => {
                CommandError::new(Kind::No, text)
            }
            "NoKey" => CommandError::no_key(text),
            "ConfigInvalid" => {
                CommandError::new(Kind::No, text).hint("To see every mistake: quietctl check")
            }
            _ => CommandError::new(Kind::Refused, text),
        };
    }
    let starting = ["org.freedesktop.DBus.Error.Spawn.", "org.freedesktop.systemd1."];
    if starting.iter().any(|prefix| error.starts_with(prefix)) {
        return CommandError::new(Kind::NotRunning, format!("quietd could not be started: {text}"))
            .hint("To see why: systemctl --user status quietd");
    }
    if error.starts_with("org.freedesktop.DBus.Error.Unknown") {
        return CommandError::new(
            Kind::Refused,
            "The quietd that runs does not know this command.",
        )
        .hint("Is it another version? systemctl --user restart quietd");
    }
    CommandError::new(Kind::Refused, format!("quietd could not do it: {text}"))
}

fn usec(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_microsecond()).unwrap_or(0)
}

/// 0 stands for the default.
fn length(lasts: Option<SignedDuration>) -> u64 {
    lasts.map_or(0, |lasts| u64::try_from(lasts.as_micros()).unwrap_or(0))
}
