//! The control bus: `org.quietd.Quiet1`.
//!
//! Methods become [`Request`]s for the engine; properties are read from its latest [`Snapshot`]. Nothing is decided here.
//! The documentation of each member is what `busctl --user introspect` and D-Feet show.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use zbus::{Connection, OwnedVariant, fdo, message::Header, object_server::SignalEmitter};

use super::notes;
use crate::{
    api::{
        AppEntry, DoctorEntry, Erased, Error, MeasuresEntry, NAME, NoteEntry, PATH, PeriodEntry,
        PlannedEntry, ProblemEntry, ScreenTimeEntry, SessionEntry, ToLockEntry, WaitEntry,
    },
    calendar::Decided,
    engine::{BreakAnswer, Event, NotesCall, PlannedCall, Reply, Request, Snapshot},
};

/// The one object.
#[derive(Debug)]
pub struct Quiet {
    tell: mpsc::Sender<Event>,
    snapshot: watch::Receiver<Snapshot>,
}

/// Keeps a desktop quiet after a session, and gives everything back.
///
/// Times are microseconds since the epoch (`CLOCK_REALTIME`), durations microseconds.
#[zbus::interface(name = "org.quietd.Quiet1")]
impl Quiet {
    /// Logs a session that ended at `ended_usec` (0: now; at most a day ahead). Quiet counts from there.
    /// `options` may hold `note` (s). Answers the session's id when what follows is in force.
    #[zbus(out_args("id"))]
    async fn log_session(
        &self,
        kind: String,
        ended_usec: u64,
        options: HashMap<String, OwnedVariant>,
    ) -> Result<String, Error> {
        let ended = (ended_usec > 0).then(|| moment(ended_usec)).transpose()?;
        let note = options.get("note").and_then(|note| String::try_from(note.clone()).ok());
        self.ask(|reply| Request::Log { kind, ended, note, reply }).await
    }

    /// Erases a session for good, its label and note from the disk too. What it made quiet ends.
    async fn forget_session(&self, id: String) -> Result<(), Error> {
        self.ask(|reply| Request::Forget { id, reply }).await
    }

    /// Lists the sessions that ended at or after `since_usec`: `id` (s), `kind` (s), `ended` (t), `logged` (t), `note` (s),
    /// `notes` (u: how many belong to it).
    #[zbus(out_args("sessions"))]
    async fn sessions(&self, since_usec: u64) -> Result<Vec<SessionEntry>, Error> {
        let since = moment(since_usec)?;
        self.ask(|reply| Request::Sessions { since, reply }).await
    }

    /// Keeps a note: a few words, or none. `options` may hold `mood` (u, 0 to 10), `sleep` (t, microseconds), `ask` (s: a question
    /// for the next appointment) and `session` (s: the session's id, or "" for none; if not said, the last one that ended at
    /// most 72 hours ago). Where notes are to be sealed and the key is not to be had, it fails with `NoKey`, unless `plain` (b) is
    /// true. Answers the note's id.
    #[zbus(out_args("id"))]
    async fn add_note(
        &self,
        text: String,
        options: HashMap<String, OwnedVariant>,
    ) -> Result<String, Error> {
        let asked = notes::new_note(text, &options)?;
        self.ask(|reply| Request::Notes(NotesCall::Add { asked, reply })).await
    }

    /// Lists the notes that were kept at or after `since_usec`: `id` (s), `at` (t), `session` (s), `text` (s), `mood` (u),
    /// `sleep` (t), `ask` (s), `sealed` (b: what it says cannot be read here). Only what was noted is there.
    #[zbus(out_args("notes"))]
    async fn notes(&self, since_usec: u64) -> Result<Vec<NoteEntry>, Error> {
        let since = moment(since_usec)?;
        self.ask(|reply| Request::Notes(NotesCall::List { since, reply })).await
    }

    /// Erases for good, from the disk too. `what` holds one of `session` (s: with its notes), `note` (s), `before` (t: all that is
    /// older) and `all` (b: everything; what is quiet is given back first). Answers how much: `sessions` (u), `notes` (u),
    /// `days` (u: of screen time), `kept` (s: what could not be erased yet, and why).
    #[zbus(out_args("erased"))]
    async fn erase(&self, what: HashMap<String, OwnedVariant>) -> Result<Erased, Error> {
        let what = notes::erase(&what)?;
        self.ask(|reply| Request::Notes(NotesCall::Erase { what, reply })).await
    }

    /// Begins a period by hand with a profile, for `usec` (0: 4 hours; at most 72 hours). Answers its run.
    #[zbus(out_args("period"))]
    async fn start(&self, profile: String, usec: u64) -> Result<String, Error> {
        let lasts = duration(usec)?;
        self.ask(|reply| Request::Start { profile, lasts, reply }).await
    }

    /// Lifts everything for `usec` (0: 15 minutes).
    async fn pause(&self, usec: u64) -> Result<(), Error> {
        let lasts = duration(usec)?;
        self.ask(|reply| Request::Pause { lasts, reply }).await
    }

    /// Ends a pause.
    async fn resume(&self) -> Result<(), Error> {
        self.ask(|reply| Request::Resume { reply }).await
    }

    /// Lifts everything at once; nothing re-arms for the periods now running. Never fails for what is quiet.
    async fn off(&self) -> Result<(), Error> {
        self.ask(|reply| Request::Off { reply }).await
    }

    /// Lets one locked app or site through for `usec` (0: 15 minutes), after the profile's wait: `Waits` tells when.
    async fn unlock(&self, what: String, usec: u64) -> Result<(), Error> {
        let lasts = duration(usec)?;
        self.ask(|reply| Request::Unlock { what, lasts, reply }).await
    }

    /// Locks again what was let through, or waits to be.
    async fn cancel_unlock(&self, what: String) -> Result<(), Error> {
        self.ask(|reply| Request::CancelUnlock { what, reply }).await
    }

    /// Puts the break that is now off for five minutes.
    async fn break_later(&self) -> Result<(), Error> {
        self.ask(|reply| Request::Break { word: BreakAnswer::Later, reply }).await
    }

    /// Ends the break that is now; the next one comes in its time.
    async fn break_skip(&self) -> Result<(), Error> {
        self.ask(|reply| Request::Break { word: BreakAnswer::Skip, reply }).await
    }

    /// Leaves the apps that are about to be locked open for 10 more minutes. Answers until when.
    #[zbus(out_args("until_usec"))]
    async fn later(&self) -> Result<u64, Error> {
        let until = self.ask(|reply| Request::Later { reply }).await?;
        Ok(u64::try_from(until.as_microsecond()).unwrap_or(0))
    }

    /// Asks for quiet on behalf of a program, with a profile, until `Release` or until the caller leaves the bus.
    #[zbus(out_args("cookie"))]
    async fn hold(
        &self,
        profile: String,
        reason: String,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<u32, Error> {
        let caller = caller(&header)?;
        self.ask(|reply| Request::Hold { caller, profile, reason, reply }).await
    }

    /// Ends a hold of the same caller.
    async fn release(&self, cookie: u32, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        let caller = caller(&header)?;
        self.ask(|reply| Request::Release { caller, cookie, reply }).await
    }

    /// Lists the sessions that the person's calendar plans: `id` (s), `ends` (t; quiet begins then), `written` (t: when the
    /// calendar says it ends), `state` (s: `planned`, `confirmed`, `moved`, `dropped`). Nothing of what they are.
    #[zbus(out_args("planned"))]
    async fn planned(&self) -> Result<Vec<PlannedEntry>, Error> {
        self.ask(|reply| Request::Planned(PlannedCall::List { reply })).await
    }

    /// Lets a planned session begin without a question before it; one that was dropped is planned again.
    async fn confirm_planned(&self, id: String) -> Result<(), Error> {
        self.ask(|reply| {
            Request::Planned(PlannedCall::Decide { id, decided: Decided::Confirmed, reply })
        })
        .await
    }

    /// Moves the end of a planned session, whatever the calendar says of it later; by 14 days at most.
    async fn move_planned(&self, id: String, ends_usec: u64) -> Result<(), Error> {
        let decided = Decided::Moved(moment(ends_usec)?);
        self.ask(|reply| Request::Planned(PlannedCall::Decide { id, decided, reply })).await
    }

    /// Leaves a planned session out.
    async fn drop_planned(&self, id: String) -> Result<(), Error> {
        self.ask(|reply| {
            Request::Planned(PlannedCall::Decide { id, decided: Decided::Dropped, reply })
        })
        .await
    }

    /// Lists the periods that run or begin between two times: `run` (s), `reason` (s), `profile` (s), `from` (t),
    /// `until` (t; 0: not known), `measures` (a{sv}).
    #[zbus(out_args("periods"))]
    async fn plan(&self, from_usec: u64, until_usec: u64) -> Result<Vec<PeriodEntry>, Error> {
        let (from, until) = (moment(from_usec)?, moment(until_usec)?);
        let longest = SignedDuration::from_hours(24 * 366);
        if until < from || until.duration_since(from) > longest {
            return Err(Error::InvalidTime(
                "The end of a plan comes after its beginning, and at most a year later.".into(),
            ));
        }
        self.ask(|reply| Request::Plan { from, until, reply }).await
    }

    /// Lists the hours that began between two times and in which something was counted: `start` (t), `seconds` (u: at the
    /// screen), `quiet` (u: seconds in which it was quiet while the machine was awake), `apps` (a{su}: seconds at the screen by
    /// the id of the app that had the focus, as far as the desktop tells). Fails with `NothingRunning` where it is not counted.
    #[zbus(out_args("hours"))]
    async fn screen_time(
        &self,
        from_usec: u64,
        until_usec: u64,
    ) -> Result<Vec<ScreenTimeEntry>, Error> {
        let (from, until) = (moment(from_usec)?, moment(until_usec)?);
        if until < from {
            return Err(Error::InvalidTime("The end comes after the beginning.".into()));
        }
        self.ask(|reply| Request::ScreenTime { from, until, reply }).await
    }

    /// Lists for each measure the backends that could serve it: `measure` (s), `backend` (s), `title` (s), `state`
    /// (s: ready, deferred, unsupported), `serves` (b), `text` (s).
    #[zbus(out_args("rows"))]
    async fn doctor(&self) -> Result<Vec<DoctorEntry>, Error> {
        self.ask(|reply| Request::Doctor { reply }).await
    }

    /// Lists the apps running now: `id` (s), `name` (s), `units` (as), `known_by` (s), `locked` (b), `never` (b),
    /// `sign` (s: `unit`, `bus`, `flatpak`, `snap`, `program`, `script` or `appimage`), `never_why` (s, only there with `never`),
    /// `asked` (b: the periods running lock it), `profiles` (as: those that lock it).
    #[zbus(out_args("apps"))]
    async fn apps(&self) -> Result<Vec<AppEntry>, Error> {
        self.ask(|reply| Request::Apps { reply }).await
    }

    /// Reads the configuration again. With mistakes in it, the one in use stays and the error says where they are.
    async fn reload(&self) -> Result<(), Error> {
        self.ask(|reply| Request::Reload { reply }).await
    }

    /// Whether any measure is asked for now.
    #[zbus(property)]
    fn quiet(&self) -> bool {
        self.snapshot.borrow().quiet
    }

    /// The profile of the period that ends last; empty if none runs.
    #[zbus(property)]
    fn profile(&self) -> String {
        self.snapshot.borrow().profile.clone()
    }

    /// When quiet ends, all phases counted; 0 if none runs or it is not known.
    #[zbus(property)]
    fn until(&self) -> u64 {
        self.snapshot.borrow().until
    }

    /// When something changes next; 0 if never.
    #[zbus(property)]
    fn next_change(&self) -> u64 {
        self.snapshot.borrow().next_change
    }

    /// Whether everything is lifted for a while.
    #[zbus(property)]
    fn paused(&self) -> bool {
        self.snapshot.borrow().paused
    }

    /// When the pause ends; 0 if not paused.
    #[zbus(property)]
    fn paused_until(&self) -> u64 {
        self.snapshot.borrow().paused_until
    }

    /// Until when notifications that are held in batches come through; 0 if they do not now.
    #[zbus(property)]
    fn batch_until(&self) -> u64 {
        self.snapshot.borrow().batch_until
    }

    /// When notifications that are held in batches come through next; 0 where that is over before.
    #[zbus(property)]
    fn next_batch(&self) -> u64 {
        self.snapshot.borrow().next_batch
    }

    /// When the next break is due if the person stays at the screen, to the minute; 0 where nobody knows or nobody is there.
    #[zbus(property)]
    fn next_break(&self) -> u64 {
        self.snapshot.borrow().next_break
    }

    /// A small thing to do away from the screen, from the person's lists; empty if none is suggested now.
    #[zbus(property)]
    fn suggestion(&self) -> String {
        self.snapshot.borrow().suggestion.clone()
    }

    /// What is in force: `notifications` (s), `batches` (as), `dim` (u, percent), `warmth` (u, kelvin), `greyscale` (b),
    /// `apps` (as), `sites` (as), `breaks` (t, microseconds at the screen before one). A key is there only if its measure is.
    #[zbus(property)]
    fn measures(&self) -> MeasuresEntry {
        self.snapshot.borrow().measures.clone()
    }

    /// Why it is quiet: the periods running, as `Plan` lists them.
    #[zbus(property)]
    fn reasons(&self) -> Vec<PeriodEntry> {
        self.snapshot.borrow().reasons.clone()
    }

    /// What waits to be let through: `what` (s), `opens` (t), `until` (t).
    #[zbus(property)]
    fn waits(&self) -> Vec<WaitEntry> {
        self.snapshot.borrow().waits.clone()
    }

    /// The apps that run and are about to be locked: `app` (s), `name` (s), `at` (t).
    #[zbus(property)]
    fn to_lock(&self) -> Vec<ToLockEntry> {
        self.snapshot.borrow().to_lock.clone()
    }

    /// What could not be done: `measure` (s), `backend` (s), `text` (s).
    #[zbus(property)]
    fn problems(&self) -> Vec<ProblemEntry> {
        self.snapshot.borrow().problems.clone()
    }

    /// What is wrong with the configuration on disk; empty if nothing.
    #[zbus(property)]
    fn config_error(&self) -> String {
        self.snapshot.borrow().config_error.clone()
    }

    /// The version of quietd.
    #[zbus(property(emits_changed_signal = "const"))]
    #[allow(clippy::unused_self, reason = "a property belongs to its object")]
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// An app is locked from now until then (0: not known).
    #[zbus(signal)]
    async fn app_locked(emitter: &SignalEmitter<'_>, app: &str, until: u64) -> zbus::Result<()>;

    /// An app is not locked any more.
    #[zbus(signal)]
    async fn app_unlocked(emitter: &SignalEmitter<'_>, app: &str, until: u64) -> zbus::Result<()>;
}

impl Quiet {
    /// Sends a request and waits for its answer.
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let gone = || Error::ZBus(fdo::Error::Failed("quietd is stopping.".into()).into());
        self.tell.send(Event::Call(request(reply))).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Serves the object and forwards the engine's snapshots as signals. The name is requested by [`own_name`], after this.
pub async fn serve(
    bus: &Connection,
    tell: mpsc::Sender<Event>,
    snapshot: watch::Receiver<Snapshot>,
) -> zbus::Result<()> {
    let quiet = Quiet { tell, snapshot: snapshot.clone() };
    bus.object_server().at(PATH, quiet).await?;
    let bus = bus.clone();
    tokio::spawn(async move {
        if let Err(error) = forward(&bus, snapshot).await {
            tracing::warn!(%error, "changes are no longer told on the bus");
        }
    });
    Ok(())
}

/// Asks for the well-known name; fails if another daemon has it.
pub async fn own_name(bus: &Connection) -> zbus::Result<()> {
    let flags = fdo::RequestNameFlags::DO_NOT_QUEUE;
    bus.request_name_with_flags(NAME, flags).await.map(|_| ())
}

async fn forward(bus: &Connection, mut snapshot: watch::Receiver<Snapshot>) -> zbus::Result<()> {
    let object = bus.object_server().interface::<_, Quiet>(PATH).await?;
    let emitter = object.signal_emitter();
    let mut before = snapshot.borrow_and_update().clone();
    while snapshot.changed().await.is_ok() {
        let now = snapshot.borrow_and_update().clone();
        let quiet = object.get().await;
        if before.quiet != now.quiet {
            quiet.quiet_changed(emitter).await?;
        }
        if before.profile != now.profile {
            quiet.profile_changed(emitter).await?;
        }
        if before.until != now.until {
            quiet.until_changed(emitter).await?;
        }
        if before.next_change != now.next_change {
            quiet.next_change_changed(emitter).await?;
        }
        if before.paused != now.paused {
            quiet.paused_changed(emitter).await?;
        }
        if before.paused_until != now.paused_until {
            quiet.paused_until_changed(emitter).await?;
        }
        if before.batch_until != now.batch_until {
            quiet.batch_until_changed(emitter).await?;
        }
        if before.next_batch != now.next_batch {
            quiet.next_batch_changed(emitter).await?;
        }
        if before.next_break != now.next_break {
            quiet.next_break_changed(emitter).await?;
        }
        if before.suggestion != now.suggestion {
            quiet.suggestion_changed(emitter).await?;
        }
        if before.measures != now.measures {
            quiet.measures_changed(emitter).await?;
        }
        if before.reasons != now.reasons {
            quiet.reasons_changed(emitter).await?;
        }
        if before.waits != now.waits {
            quiet.waits_changed(emitter).await?;
        }
        if before.to_lock != now.to_lock {
            quiet.to_lock_changed(emitter).await?;
        }
        if before.problems != now.problems {
            quiet.problems_changed(emitter).await?;
        }
        if before.config_error != now.config_error {
            quiet.config_error_changed(emitter).await?;
        }
        for app in now.locked.difference(&before.locked) {
            Quiet::app_locked(emitter, app, now.until).await?;
        }
        for app in before.locked.difference(&now.locked) {
            Quiet::app_unlocked(emitter, app, now.until).await?;
        }
        before = now;
    }
    Ok(())
}

pub(super) fn moment(usec: u64) -> Result<Timestamp, Error> {
    i64::try_from(usec).ok().and_then(|usec| Timestamp::from_microsecond(usec).ok()).ok_or_else(
        || Error::InvalidTime(format!("{usec} µs since 1970 is later than the calendar goes.")),
    )
}

pub(super) fn duration(usec: u64) -> Result<SignedDuration, Error> {
    i64::try_from(usec).map(SignedDuration::from_micros).map_err(|_| {
        Error::InvalidTime(format!("{usec} µs is longer than anything here can last."))
    })
}

fn caller(header: &Header<'_>) -> Result<String, Error> {
    header.sender().map(ToString::to_string).ok_or_else(|| {
        Error::ZBus(fdo::Error::AccessDenied("A hold needs a caller with a name.".into()).into())
    })
}
