//! What can happen to the engine. Each variant says who sends it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::{breaks::BreakAnswer, grace::Running, notes::NotesCall, notice::Answer, said::Saying};
use crate::{
    api::{self, AppEntry, DoctorEntry, PeriodEntry, PlannedEntry, ScreenTimeEntry, SessionEntry},
    backend::{BackendError, Change, Probe, Restored},
    calendar,
    config::Installed,
    screen_time::Told,
    source::Moment,
    store::Receipt,
};

/// One event.
#[derive(Debug)]
pub enum Event {
    /// `dbus::interface`: somebody called a method.
    Call(Request),
    /// `source::files`: the config file, or the folder of session logs, changed. Also SIGHUP.
    FilesChanged,
    /// What `engine::start` reads beside the loop: the apps that are installed.
    Installed(Installed),
    /// `source::calendar`: the person's calendar was read; none where its reader gave up.
    Calendar(Option<calendar::Answer>),
    /// `source::timer`: the moment the engine asked to be woken at has come.
    Due,
    /// `source::timer`: somebody set the clock.
    ClockSet,
    /// `source::logind`: the machine woke from suspend.
    Resumed,
    /// `source::zone`: the machine is in another time zone.
    ZoneChanged,
    /// `source::names`: a bus name has another owner, or none.
    NameOwner {
        /// The name.
        name: String,
        /// Its new owner.
        owner: Option<String>,
    },
    /// `source::network`: the networks this machine is on; sent anew when they are others, or are not known any more.
    Networks(BTreeSet<String>),
    /// `source::monitors`: what is connected to this machine; sent anew when that is something else.
    Monitors {
        /// All names of all monitors.
        names: BTreeSet<String>,
        /// Whether one of them is external, or logind sees a dock.
        docked: bool,
    },
    /// `source::moment`, asked by the engine when a break is due: whether it is a bad moment for one.
    Moment(Moment),
    /// `source::idle`, `source::focus`, `source::locked`, `source::logind`: whether the person is at the screen, and where.
    Attention(Told),
    /// A backend's probe, started by the engine.
    Probed {
        /// Which seat.
        seat: usize,
        /// What it said.
        probe: Probe,
    },
    /// A backend's capture, started by the engine.
    Captured {
        /// Which seat.
        seat: usize,
        /// What it found and will set.
        result: Result<Receipt, BackendError>,
    },
    /// A backend's apply, started by the engine.
    Applied {
        /// Which seat.
        seat: usize,
        /// How it went.
        result: Result<(), BackendError>,
    },
    /// A backend's restore, started by the engine.
    Restored {
        /// Which seat.
        seat: usize,
        /// How it went.
        result: Result<Restored, BackendError>,
    },
    /// A backend's `changes`: something changed from outside.
    Changed {
        /// Which seat.
        seat: usize,
        /// What.
        change: Change,
    },
    /// `engine::said`: what the engine says is on the screen.
    Said {
        /// What.
        saying: Saying,
        /// Which of them all.
        turn: u64,
        /// Its number, to take it away by.
        id: u32,
    },
    /// `engine::said`: and has been for long enough.
    SaidLongEnough {
        /// What.
        saying: Saying,
        /// Which of them all.
        turn: u64,
    },
    /// The session bus closed: the login session is over.
    BusClosed,
    /// `engine::notice`: the person answered what a notice asks, or it came or went.
    Answered {
        /// The app it is about.
        app: String,
        /// What.
        answer: Answer,
    },
    /// `engine::grace`: which of the apps that are about to be locked run.
    Running(Running),
    /// `engine::notice`: a notice that was to be taken away is gone.
    NoticeEnded,
    /// SIGTERM, SIGINT: give everything back and end.
    Stop,
}

/// The way back to a caller.
pub type Reply<T> = oneshot::Sender<Result<T, api::Error>>;

/// A method call. Durations of zero stand for the default.
#[derive(Debug)]
pub enum Request {
    /// A session ended.
    Log {
        /// The person's label.
        kind: String,
        /// When; none for now.
        ended: Option<Timestamp>,
        /// A few words.
        note: Option<String>,
        /// Answers the session's id.
        reply: Reply<String>,
    },
    /// Erases a session.
    Forget {
        /// Its id.
        id: String,
        /// Answers when it is erased.
        reply: Reply<()>,
    },
    /// Lists sessions.
    Sessions {
        /// From when on.
        since: Timestamp,
        /// Answers them, oldest first.
        reply: Reply<Vec<SessionEntry>>,
    },
    /// A period by hand.
    Start {
        /// The profile's name.
        profile: String,
        /// How long.
        lasts: SignedDuration,
        /// Answers the run's name.
        reply: Reply<String>,
    },
    /// Lifts everything for a while.
    Pause {
        /// How long.
        lasts: SignedDuration,
        /// Answers when it is lifted.
        reply: Reply<()>,
    },
    /// Ends a pause.
    Resume {
        /// Answers when all is in force again.
        reply: Reply<()>,
    },
    /// Lifts everything for good.
    Off {
        /// Answers when it is lifted.
        reply: Reply<()>,
    },
    /// Lets one app or site through, after the wait.
    Unlock {
        /// Which.
        what: String,
        /// How long.
        lasts: SignedDuration,
        /// Answers when it is through, or waits.
        reply: Reply<()>,
    },
    /// Locks again what is let through or waits.
    CancelUnlock {
        /// Which.
        what: String,
        /// Answers when it is locked.
        reply: Reply<()>,
    },
    /// The person's word on the break that is now.
    Break {
        /// Which.
        word: BreakAnswer,
        /// Answers when it is put off.
        reply: Reply<()>,
    },
    /// Leaves open for a while what is about to be locked.
    Later {
        /// Answers until when.
        reply: Reply<Timestamp>,
    },
    /// Another program asks for quiet.
    Hold {
        /// Its unique name on the bus.
        caller: String,
        /// The profile's name.
        profile: String,
        /// Why.
        reason: String,
        /// Answers the cookie.
        reply: Reply<u32>,
    },
    /// Another program no longer asks for quiet.
    Release {
        /// Its unique name on the bus.
        caller: String,
        /// What `Hold` answered.
        cookie: u32,
        /// Answers when it is released.
        reply: Reply<()>,
    },
    /// About what the calendar plans.
    Planned(PlannedCall),
    /// What comes.
    Plan {
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Answers the periods.
        reply: Reply<Vec<PeriodEntry>>,
    },
    /// What was counted of the time at the screen.
    ScreenTime {
        /// Hours that began then or later.
        from: Timestamp,
        /// And before then.
        until: Timestamp,
        /// Answers them, in their order.
        reply: Reply<Vec<ScreenTimeEntry>>,
    },
    /// What serves each measure here.
    Doctor {
        /// Answers a row for each measure and backend.
        reply: Reply<Vec<DoctorEntry>>,
    },
    /// What runs now.
    Apps {
        /// Answers a row for each app.
        reply: Reply<Vec<AppEntry>>,
    },
    /// About notes, and what is erased.
    Notes(NotesCall),
    /// Reads the config again.
    Reload {
        /// Answers when it is in use, or why it is not.
        reply: Reply<()>,
    },
}

/// A method call about planned sessions.
#[derive(Debug)]
pub enum PlannedCall {
    /// Lists them.
    List {
        /// Answers them, by when they end.
        reply: Reply<Vec<PlannedEntry>>,
    },
    /// Decides about one.
    Decide {
        /// Its id.
        id: String,
        /// What.
        decided: calendar::Decided,
        /// Answers when it is kept.
        reply: Reply<()>,
    },
}
