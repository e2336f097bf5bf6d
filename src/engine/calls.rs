//! What the methods of the control bus do.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{ANSWER_AT_MOST, Engine, Event, Reply, Request, erased, publish};
use crate::{
    api::{AppEntry, Error, SessionEntry},
    backend::lock,
    config::{self, STRONG_AT_MOST},
    dbus::{Manner, notify},
    notes::{TooLong, clean},
    schedule::{Hold, Session, Start, Unlock, call_off},
    store,
};

/// How long a start by hand lasts where nobody says.
const START_DEFAULT: SignedDuration = SignedDuration::from_hours(4);

/// How long a pause or an unlock lasts where nobody says.
const LET_THROUGH_DEFAULT: SignedDuration = SignedDuration::from_mins(15);

/// The longest pause or unlock.
const LET_THROUGH_AT_MOST: SignedDuration = SignedDuration::from_hours(72);

/// How far in the future a session may end: planned for later today.
const PLANNED_AT_MOST: SignedDuration = SignedDuration::from_hours(24);

/// The longest label and the longest note, in characters.
const KIND_AT_MOST: usize = 100;
const NOTE_AT_MOST: usize = 10_000;

/// How many requests of other programs are kept at once.
const HOLDS_AT_MOST: usize = 64;

/// The way out waits for no slow service longer than this; what is slow is still given back.
const OFF_AT_MOST: std::time::Duration = std::time::Duration::from_secs(1);

impl Engine {
    pub(super) async fn call(&mut self, request: Request) {
        self.look_at_the_clocks();
        match request {
            Request::Log { kind, ended, note, reply } => {
                match self.log_session(&kind, ended, note.as_deref()) {
                    Ok((id, words)) => {
                        let reply = self.seal_beside(&id, words, reply);
                        self.reply_when_settled(reply, Ok(id));
                    }
                    Err(error) => answer(reply, Err(error)),
                }
            }
            Request::Forget { id, reply } => {
                let forgotten = self.forget(&id);
                self.reply_when_settled(reply, forgotten);
            }
            Request::Break { word, reply } => {
                let answered = self.answer_break(word);
                self.reply_when_settled(reply, answered);
            }
            Request::Sessions { since, reply } => answer(reply, self.list(since)),
            Request::Notes(call) => self.notes_call(call),
            Request::Start { profile, lasts, reply } => {
                let started = self.start(profile, lasts);
                self.reply_when_settled(reply, started);
            }
            Request::Pause { lasts, reply } => {
                let paused = self.pause(lasts);
                self.reply_when_settled(reply, paused);
            }
            Request::Resume { reply } => {
                let resumed = self.resume();
                self.reply_when_settled(reply, resumed);
            }
            Request::Off { reply } => {
                self.off();
                self.when_settled(OFF_AT_MOST, move |_| answer(reply, Ok(())));
            }
            Request::Unlock { what, lasts, reply } => {
                let unlocked = self.unlock(&what, lasts);
                self.reply_when_settled(reply, unlocked);
            }
            Request::CancelUnlock { what, reply } => {
                let locked = self.cancel_unlock(&what);
                self.reply_when_settled(reply, locked);
            }
            Request::Later { reply } => {
                let later = self.later();
                self.reply_when_settled(reply, later);
            }
            Request::Hold { caller, profile, reason, reply } => {
                let held = self.hold(caller, profile, reason).await;
                self.reply_when_settled(reply, held);
            }
            Request::Release { caller, cookie, reply } => {
                let released = self.release(&caller, cookie).await;
                self.reply_when_settled(reply, released);
            }
            Request::Planned(call) => self.call_planned(call),
            Request::Plan { from, until, reply } => {
                let periods = self.with_facts(|facts| crate::schedule::periods(facts, from, until));
                answer(reply, Ok(self.period_rows(&periods)));
            }
            Request::ScreenTime { from, until, reply } => {
                answer(reply, self.screen_time(from, until));
            }
            Request::Doctor { reply } => {
                self.try_again();
                self.probe_all();
                self.when_settled(ANSWER_AT_MOST, move |engine| {
                    answer(reply, Ok(engine.doctor()));
                });
            }
            Request::Apps { reply } => self.tell_apps(reply),
            Request::Reload { reply } => {
                self.configs = None;
                self.take_files();
                let reloaded = if self.config_error.is_empty() {
                    Ok(())
                } else {
                    Err(Error::ConfigInvalid(self.config_error.clone()))
                };
                self.reply_when_settled(reply, reloaded);
            }
        }
    }

    fn tell_apps(&self, reply: Reply<Vec<AppEntry>>) {
        let desktop = self.desktop.clone();
        let config = self.config.clone();
        let locked = self.desired().apps;
        let asked = &self.evaluation.measures.lock.apps;
        let asked: BTreeSet<String> = asked.iter().map(|id| lock::plain(id)).collect();
        tokio::spawn(async move {
            let apps = lock::running_apps(&desktop, &locked).await;
            let row = |app| publish::app(app, &config, &asked);
            let apps = apps.map(|apps| apps.into_iter().map(row).collect());
            answer(
                reply,
                apps.map_err(|error| {
                    let text = format!("What runs cannot be seen: {error}.");
                    Error::NotThere(text)
                }),
            );
        });
    }

    fn take_files(&mut self) {
        self.read_config();
        self.read_log();
    }

    /// A refusal is answered at once, a success when it is in force.
    pub(super) fn reply_when_settled<T: Send + 'static>(
        &mut self,
        reply: Reply<T>,
        result: Result<T, Error>,
    ) {
        match result {
            Ok(value) => {
                self.try_again();
                self.when_settled(ANSWER_AT_MOST, move |_| answer(reply, Ok(value)));
            }
            Err(error) => answer(reply, Err(error)),
        }
    }

    /// Logs a session; answers its id, and what of its words is not to be written as it is.
    fn log_session(
        &mut self,
        kind: &str,
        ended: Option<Timestamp>,
        note: Option<&str>,
    ) -> Result<(String, Option<String>), Error> {
        let kind = one_line("The label", kind)?.unwrap_or_else(|| "session".to_owned());
        let note = clean("The note", note.unwrap_or_default(), NOTE_AT_MOST).map_err(too_long)?;
        let (sealed, open) = if self.seals_notes() { (note, None) } else { (None, note) };
        let ended = ended.unwrap_or(self.now);
        if ended.duration_since(self.now) > PLANNED_AT_MOST {
            return Err(Error::InvalidTime(format!(
                "{} is more than a day ahead; a session can be logged up to 24 hours before it ends.",
                publish::moment(ended, &self.zone)
            )));
        }
        let session = Session {
            id: store::new_id().map_err(|error| not_kept(&error))?,
            kind,
            ended,
            logged: self.now,
            note: open,
        };
        let log = self.log.as_mut().ok_or_else(no_log)?;
        log.append(&session).map_err(|error| not_kept(&error))?;
        let id = session.id.clone();
        self.sessions.push(session);
        self.asked_for_quiet();
        tracing::info!(id, "logged a session");
        Ok((id, sealed))
    }

    fn forget(&mut self, id: &str) -> Result<(), Error> {
        let now = self.now;
        let log = self.log.as_ref().ok_or_else(no_log)?;
        if !erased::forget(log, &mut self.planned.decided, id, now)? {
            return Err(unknown_session(id));
        }
        self.read_log();
        self.clocks.seen.remove(&format!("session:{id}"));
        self.keep_what_stays()
    }

    fn list(&self, since: Timestamp) -> Result<Vec<SessionEntry>, Error> {
        let log = self.log.as_ref().ok_or_else(no_log)?;
        let mut sessions = log.all().sessions;
        sessions.retain(|session| session.ended >= since);
        sessions.sort_by(|a, b| (a.ended, &a.id).cmp(&(b.ended, &b.id)));
        let notes = self.notes_by_session();
        let row = |session: Session| {
            let notes = notes.get(&session.id).copied();
            SessionEntry { notes, ..publish::session(session) }
        };
        Ok(sessions.into_iter().map(row).collect())
    }

    fn start(&mut self, profile: String, lasts: SignedDuration) -> Result<String, Error> {
        self.known(&profile)?;
        let lasts = if lasts.is_zero() { START_DEFAULT } else { lasts };
        let until = self.at_most(lasts, STRONG_AT_MOST, "a quiet period")?;
        let id = store::new_id().map_err(|error| not_kept(&error))?;
        self.by_hand.starts.push(Start { id: id.clone(), profile, from: self.now, until });
        if let Err(error) = self.keep_or_say() {
            self.by_hand.starts.retain(|start| start.id != id);
            return Err(error);
        }
        self.by_hand.paused_until = None;
        self.asked_for_quiet();
        Ok(format!("start:{id}"))
    }

    fn pause(&mut self, lasts: SignedDuration) -> Result<(), Error> {
        if self.evaluation.periods.is_empty() {
            return Err(Error::NothingRunning(
                "Nothing is quiet, so there is nothing to pause.".into(),
            ));
        }
        let lasts = if lasts.is_zero() { LET_THROUGH_DEFAULT } else { lasts };
        let until = self.at_most(lasts, LET_THROUGH_AT_MOST, "a pause")?;
        self.by_hand.paused_until = Some(until);
        // What opens is done even if it cannot be kept.
        self.keep_by_hand_soon();
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Error> {
        if self.evaluation.paused_until.is_none() {
            return Err(Error::NothingRunning(
                "Nothing is paused, so there is nothing to resume. `quietctl start PROFILE` begins a quiet period.".into(),
            ));
        }
        let paused_until = self.by_hand.paused_until.take();
        if let Err(error) = self.keep_or_say() {
            self.by_hand.paused_until = paused_until;
            return Err(error);
        }
        self.asked_for_quiet();
        Ok(())
    }

    pub(super) fn off(&mut self) {
        tracing::info!("off");
        self.by_hand.offs.push(self.now);
        self.clock_lead = SignedDuration::ZERO;
        self.by_hand.starts.clear();
        self.by_hand.paused_until = None;
        self.by_hand.unlocks.clear();
        self.end_break();
        call_off(&mut self.by_hand.graces, self.now);
        // The way out is open even on a full disk, and as soon on a slow one.
        self.keep_by_hand_soon();
        self.try_again();
    }

    /// What is open goes on, what is waited for is not waited for longer; else it opens after the profile's wait.
    pub(super) fn unlock(&mut self, what: &str, lasts: SignedDuration) -> Result<(), Error> {
        let lasts = if lasts.is_zero() { LET_THROUGH_DEFAULT } else { lasts };
        self.at_most(lasts, LET_THROUGH_AT_MOST, "an unlock")?;
        let lock = &self.evaluation.measures.lock;
        let Some(found) = lock.find(what) else {
            if self.config.is_never_app(what) || self.config.is_never_site(what) {
                return Err(Error::NeverLocked(format!(
                    "«{what}» can never be locked; it is open."
                )));
            }
            return Err(Error::NothingRunning(format!(
                "«{what}» is not locked. `quietctl status` lists what is."
            )));
        };
        let from = match self.evaluation.waits.get(&found) {
            Some(opens) => *opens,
            None if self.evaluation.unlocked.contains(&found) => self.now,
            None => later(self.now, lock.wait)?,
        };
        let until = later(from, lasts)?;
        self.by_hand.unlocks.retain(|unlock| unlock.what != found);
        self.by_hand.unlocks.push(Unlock { what: found, from, until });
        self.keep_by_hand_soon();
        Ok(())
    }

    /// Locks again what is let through, or waits to be.
    pub(super) fn cancel_unlock(&mut self, what: &str) -> Result<(), Error> {
        let found = self.evaluation.measures.lock.find(what);
        let before = self.by_hand.unlocks.len();
        self.by_hand.unlocks.retain(|unlock| Some(&unlock.what) != found.as_ref());
        if self.by_hand.unlocks.len() == before {
            return Err(Error::NothingRunning(format!(
                "«{what}» is not let through, and does not wait to be. `quietctl status` lists what does."
            )));
        }
        self.keep_by_hand_soon();
        Ok(())
    }

    async fn hold(
        &mut self,
        caller: String,
        profile: String,
        reason: String,
    ) -> Result<u32, Error> {
        self.known(&profile)?;
        let reason = one_line("The reason", &reason)?.unwrap_or_default();
        if self.by_hand.holds.len() >= HOLDS_AT_MOST {
            return Err(Error::NotKept(format!(
                "{HOLDS_AT_MOST} programs ask for quiet already; no more are taken."
            )));
        }
        self.names.watch(&caller).await.map_err(Error::ZBus)?;
        self.next_cookie = self.next_cookie.checked_add(1).unwrap_or(1);
        let cookie = self.next_cookie;
        self.by_hand.holds.push(Hold { cookie, caller, profile, reason, from: self.now });
        Ok(cookie)
    }

    async fn release(&mut self, caller: &str, cookie: u32) -> Result<(), Error> {
        let before = self.by_hand.holds.len();
        self.by_hand.holds.retain(|hold| hold.cookie != cookie || hold.caller != caller);
        if self.by_hand.holds.len() == before {
            return Err(Error::NothingRunning(format!(
                "You have no hold with the cookie {cookie}; it ended already or is another program's."
            )));
        }
        if !self.by_hand.holds.iter().any(|hold| hold.caller == caller) {
            self.names.forget(caller).await.map_err(Error::ZBus)?;
        }
        Ok(())
    }

    /// The person asks for quiet anew: what they had changed by hand before is what they are given back after it.
    fn asked_for_quiet(&mut self) {
        for seat in &mut self.seats {
            seat.anew |= std::mem::take(&mut seat.theirs);
        }
    }

    fn known(&self, profile: &str) -> Result<(), Error> {
        if self.config.profiles.contains_key(profile) {
            return Ok(());
        }
        let names: Vec<&str> = self.config.profiles.keys().map(String::as_str).collect();
        let meant = config::nearest(profile, names.iter().copied())
            .map(|name| format!(" Did you mean «{name}»?"))
            .unwrap_or_default();
        Err(Error::UnknownProfile(format!(
            "There is no profile «{profile}».{meant} There are: {}.",
            names.join(", ")
        )))
    }

    fn at_most(
        &self,
        lasts: SignedDuration,
        at_most: SignedDuration,
        what: &str,
    ) -> Result<Timestamp, Error> {
        if lasts > at_most {
            return Err(Error::InvalidTime(format!(
                "{} h is longer than {} h, the longest that {what} can last.",
                lasts.as_hours(),
                at_most.as_hours()
            )));
        }
        later(self.now, lasts)
    }

    /// Says something to the person in a notification, if there is a service to show it.
    pub(super) fn tell_the_person(&self, sentence: &str) {
        let bus = self.desktop.session.clone();
        let sentence = sentence.to_owned();
        tokio::spawn(async move {
            if let Err(error) = notify(&bus, "quietd", &sentence, Manner::Plain).await {
                tracing::debug!(%error, "nobody showed the notification");
            }
        });
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Result<Timestamp, Error> {
    at.checked_add(by)
        .map_err(|_| Error::InvalidTime("That is later than the calendar goes.".into()))
}

/// What of a label is kept, on one line; none if nothing is left.
fn one_line(what: &'static str, text: &str) -> Result<Option<String>, Error> {
    let text = clean(what, text, KIND_AT_MOST).map_err(too_long)?;
    Ok(text.map(|text| text.replace('\n', " ")))
}

fn too_long(error: TooLong) -> Error {
    Error::NotKept(error.to_string())
}

fn not_kept(error: &store::StoreError) -> Error {
    Error::NotKept(error.to_string())
}

pub(super) fn unknown_session(id: &str) -> Error {
    Error::UnknownSession(format!("There is no session «{id}». `quietctl sessions` lists them."))
}

pub(super) fn no_log() -> Error {
    Error::NotKept("There is no folder for the session log; `quietctl status` says why.".into())
}

pub(super) fn answer<T>(reply: Reply<T>, result: Result<T, Error>) {
    // A caller that has left wants no answer.
    let _ = reply.send(result);
}

/// `Event` is only named by the loop; calls come wrapped in it.
impl From<Request> for Event {
    fn from(request: Request) -> Self {
        Self::Call(request)
    }
}
