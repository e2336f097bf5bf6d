//! Planned sessions: appointments of the person's calendar that begin by themselves, and what the person says of each.
//!
//! The calendar's answer is kept as it is; what the person decided is kept beside it, by what the appointment is known by.
//! A session that begins is logged once, with an id that every machine gives it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::{sync::Notify, task::AbortHandle};

use super::{
    Answer as Answered, Damage, Engine, PlannedCall,
    calls::answer,
    notice::{Notice, Text},
};
use crate::{
    api::{Error, PlannedEntry},
    calendar::{
        AHEAD, Answer, Decided, Decision, Decisions, Planned, drop_forgotten, hand_over, session_id,
    },
    config::{ANY_AT_MOST, Calendar},
    dbus::Comes,
    schedule::Session,
    source::on_calendar,
};

/// How late a planned session may begin, where the machine was off or asleep when it ended.
const LATE_AT_MOST: SignedDuration = SignedDuration::from_hours(12);

/// How long before the end of one the person is asked.
const ASKED_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// How far a session is moved by the notice.
const LATER: SignedDuration = SignedDuration::from_hours(1);

/// After how long it is read again though nothing changed: the days it looks at go on.
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(24 * 24);

/// How long an appointment may be in the calendar before the one goes in whose place it stands.
const BROUGHT_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// How long after its end a session that begins at once is logged.
const TOLD_APART: SignedDuration = SignedDuration::from_millis(1);

/// What a notice about a planned session is known by, before its id: no app has such an id.
const ABOUT: &str = "planned:";

const DROP: &str = "drop";
const MOVE: &str = "later";
const ANSWERS: &[(&str, &str)] = &[(DROP, "Not today"), (MOVE, "In an hour")];

/// What is known of planned sessions.
#[derive(Debug, Default)]
pub(super) struct PlannedSessions {
    reader: Option<Reader>,
    read: Vec<Planned>,
    read_at: Option<Timestamp>,
    /// When each of them was first read, by its id.
    first_read: BTreeMap<String, Timestamp>,
    /// What the person decided, by the id of what it is about; kept on disk.
    pub decided: Decisions,
    /// The ids of the sessions that were erased: they do not begin anew.
    forgotten: BTreeSet<String>,
    /// When such were erased. The calendar may know an erased one by another name by now, so nothing begins that ended
    /// before.
    erased: BTreeSet<Timestamp>,
    /// The ids of those that stand among the sessions and are not logged.
    shown: BTreeSet<String>,
    /// What is asked now, each with the time it names.
    notices: BTreeMap<String, (Notice, Timestamp)>,
}

#[derive(Debug)]
struct Reader {
    of: Calendar,
    again: Arc<Notify>,
    task: AbortHandle,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One planned session as it stands.
struct Upcoming {
    id: String,
    /// When the calendar says it ends.
    written: Timestamp,
    /// When it ends.
    ends: Timestamp,
    decided: Option<Decided>,
}

impl Upcoming {
    /// The id of the session it becomes: another one where the calendar moved it to another day after it began.
    fn session(&self) -> String {
        session_id(&self.id, self.written)
    }

    fn is_open(&self) -> bool {
        !matches!(self.decided, Some(Decided::Dropped | Decided::Begun))
    }
}

impl PlannedSessions {
    /// Reads the calendar again: the person's zone is another one, or they were away for long.
    pub fn read_again(&self) {
        if let Some(reader) = &self.reader {
            reader.again.notify_one();
        }
    }

    fn all(&self, now: Timestamp) -> Vec<Upcoming> {
        // A clock that was wrong for a while is not believed.
        let erased = self.erased.range(..=now).next_back();
        let is_erased = |it: &&Planned| {
            self.forgotten.contains(&session_id(&it.id, it.ends))
                || (!self.decided.contains_key(&it.id) && erased.is_some_and(|at| it.ends <= *at))
        };
        let each = self.read.iter().filter(|it| !is_erased(it)).map(|planned| {
            let decided = self.decided.get(&planned.id).filter(|it| it.is_about(planned.ends));
            let decided = decided.map(|it| it.decided);
            let ends = match decided {
                Some(Decided::Moved(to)) => to,
                _ => planned.ends,
            };
            Upcoming { id: planned.id.clone(), written: planned.ends, ends, decided }
        });
        let mut all: Vec<Upcoming> = each.collect();
        all.sort_by(|a, b| (a.ends, &a.id).cmp(&(b.ends, &b.id)));
        all
    }

    /// Gives what was decided to what stands in the places of those that are gone: see [`hand_over`]. A program that syncs may
    /// bring the one and take the other a little later.
    fn hand_over(&mut self, now: Timestamp) -> bool {
        let before = std::mem::take(&mut self.first_read);
        let first = |it: &Planned| before.get(&it.id).copied().unwrap_or(now);
        self.first_read = self.read.iter().map(|it| (it.id.clone(), first(it))).collect();
        let is_new = |id: &str| {
            self.first_read.get(id).is_none_or(|at| now.duration_since(*at) <= BROUGHT_BEFORE)
        };
        hand_over(&mut self.decided, &self.read, is_new)
    }

    /// When time alone brings something to do.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.reader.as_ref()?;
        let asks = |it: &Upcoming| it.ends.checked_sub(ASKED_BEFORE).ok();
        let moments = self.all(now).into_iter().filter(Upcoming::is_open);
        let moments = moments.flat_map(|it| [Some(it.ends), asks(&it)]).flatten();
        let again = self.read_at.and_then(|at| at.checked_add(READ_AGAIN).ok());
        moments.chain(again).filter(|at| *at > now).min()
    }

    /// Tells whether a session is one that is still planned.
    pub fn shows(&self, session: &str) -> bool {
        self.shown.contains(session)
    }

    /// Takes which sessions are erased, here or on another machine. Tells whether anything was decided about one.
    pub fn forget(&mut self, forgotten: BTreeSet<String>, erased: BTreeSet<Timestamp>) -> bool {
        (self.forgotten, self.erased) = (forgotten, erased);
        drop_forgotten(&mut self.decided, &self.forgotten)
    }

    /// What the person decided, without what no longer matters.
    pub fn kept(&mut self, now: Timestamp) -> Decisions {
        let old = now.saturating_sub(ANY_AT_MOST + AHEAD).unwrap_or(Timestamp::MIN);
        self.decided.retain(|_, decision| decision.about >= old);
        self.decided.clone()
    }
}

impl Engine {
    /// The calendar was read; none where its reader gave up, and what was read before is kept.
    pub(super) fn calendar_read(&mut self, answer: Option<Answer>) {
        self.planned.read_at = Some(self.now);
        let problems = match answer {
            Some(answer) => {
                self.planned.read = answer.planned;
                if self.planned.hand_over(self.clock.now()) {
                    self.keep_by_hand_soon();
                }
                let mut texts: Vec<String> =
                    answer.problems.into_iter().map(|problem| problem.text).collect();
                texts.sort();
                texts.dedup();
                if !texts.is_empty() {
                    texts.push("`quietctl check` names the files.".to_owned());
                }
                texts
            }
            None => vec![
                "The calendar could not be read: it is too large, or quietctl is not where quietd is. What was read \
                 before still counts."
                    .to_owned(),
            ],
        };
        self.note_damage(Damage::Calendar, &problems);
    }

    /// Looks after planned sessions, once a turn: before the evaluation, which is to know those that begin.
    pub(super) fn mind_the_planned(&mut self) {
        if self.stopping.is_some() {
            for _ in std::mem::take(&mut self.planned.notices) {
                self.started.one_goes();
            }
            return;
        }
        self.mind_the_reader();
        if self.planned.read.is_empty() && self.planned.shown.is_empty() {
            return;
        }
        let all = self.planned.all(self.now);
        let before = std::mem::take(&mut self.planned.shown);
        // Those of the log were logged at another moment than they ended.
        self.sessions.retain(|it| it.logged != it.ended || !before.contains(&it.id));
        let mut begun = false;
        for one in all.iter().filter(|one| one.is_open()) {
            let id = one.session();
            let late = self.now.duration_since(one.ends);
            if self.sessions.iter().any(|session| session.id == id) {
                // Another machine of the person's was quicker.
                self.decided(one, Decided::Begun);
                begun = true;
            } else if late <= LATE_AT_MOST && self.was_lifted(one) {
                self.decided(one, Decided::Dropped);
                begun = true;
            } else if !late.is_negative() && late <= LATE_AT_MOST && self.begin_planned(one) {
                begun = true;
            } else if late <= LATE_AT_MOST {
                self.planned.shown.insert(id);
                self.sessions.push(self.planned_session(one));
            }
        }
        if begun {
            self.keep_by_hand();
        }
        self.ask_about_planned(&all);
    }

    fn mind_the_reader(&mut self) {
        let wanted = self.config.calendar.as_ref();
        if self.planned.reader.as_ref().map(|reader| &reader.of) == wanted || !self.ready_told {
            if self.planned.read_at.is_some_and(|at| self.now.duration_since(at) >= READ_AGAIN) {
                self.planned.read_at = Some(self.now);
                self.planned.read_again();
            }
            return;
        }
        self.planned.read.clear();
        self.damage.remove(&Damage::Calendar);
        self.planned.reader = wanted.map(|calendar| {
            let path = self.desktop.env.expand(&calendar.path);
            let again = Arc::new(Notify::new());
            let reading = on_calendar(
                path,
                calendar.categories.clone(),
                Arc::clone(&self.clock),
                self.tell.clone(),
                Arc::clone(&again),
            );
            let task = tokio::spawn(reading).abort_handle();
            Reader { of: calendar.clone(), again, task }
        });
    }

    fn planned_session(&self, one: &Upcoming) -> Session {
        let kind = self.config.calendar.as_ref().map(|it| it.session.clone());
        Session {
            id: one.session(),
            kind: kind.unwrap_or_default(),
            ended: one.ends,
            logged: one.ends,
            note: None,
        }
    }

    /// Logs a planned session that has ended. Tells whether it is logged.
    fn begin_planned(&mut self, one: &Upcoming) -> bool {
        // A moment that is never the end itself tells it from one that is planned.
        let logged = self.now.max(one.ends.saturating_add(TOLD_APART).unwrap_or(self.now));
        let session = Session { logged, ..self.planned_session(one) };
        let Some(log) = &self.log else { return false };
        if let Err(error) = log.append(&session) {
            self.note_damage(Damage::Log, &[error.to_string()]);
            return false;
        }
        tracing::info!(id = session.id, "a planned session began");
        self.sessions.push(session);
        let asked = self.planned.notices.contains_key(&one.id);
        if !asked && one.decided != Some(Decided::Confirmed) && self.is_followed() {
            let at = time(one.ends, &self.zone);
            self.tell_the_person(&format!(
                "Quiet began at {at}, as your calendar plans. To lift it: quietctl off"
            ));
        }
        self.decided(one, Decided::Begun);
        true
    }

    /// Tells whether the person said off after the end of one that the calendar tells only now: off is off.
    fn was_lifted(&self, one: &Upcoming) -> bool {
        one.decided.is_none() && self.by_hand.offs.iter().any(|off| *off >= one.ends)
    }

    /// Tells whether anything becomes quiet after a planned session.
    fn is_followed(&self) -> bool {
        let Some(calendar) = &self.config.calendar else { return false };
        self.config.after.iter().any(|rule| rule.session.includes(&calendar.session))
    }

    fn decided(&mut self, one: &Upcoming, decided: Decided) {
        self.planned.decided.insert(one.id.clone(), Decision { about: one.written, decided });
    }

    /// Shows what is to be asked now, and takes away what no longer is.
    fn ask_about_planned(&mut self, all: &[Upcoming]) {
        let followed = self.is_followed();
        let mut asked: BTreeMap<String, Timestamp> = BTreeMap::new();
        for one in all {
            let left = one.ends.duration_since(self.now);
            let is_asked = followed
                && !matches!(
                    one.decided,
                    Some(Decided::Confirmed | Decided::Dropped | Decided::Begun)
                );
            if is_asked && left.is_positive() && left <= ASKED_BEFORE {
                asked.insert(one.id.clone(), one.ends);
            }
        }
        // What was decided in this turn is in `decided` alone.
        asked.retain(|id, _| {
            !self.planned.decided.get(id).is_some_and(|it| it.decided == Decided::Begun)
        });
        let gone: Vec<String> =
            self.planned.notices.keys().filter(|id| !asked.contains_key(*id)).cloned().collect();
        for id in gone {
            self.planned.notices.remove(&id);
            self.started.one_goes();
        }
        for (id, ends) in asked {
            let text = words(&id, ends, &self.zone);
            match self.planned.notices.get_mut(&id) {
                Some((notice, said)) if *said != ends => {
                    notice.say(text);
                    *said = ends;
                }
                Some(_) => {}
                None => {
                    let about = format!("{ABOUT}{id}");
                    let notice = Notice::show(&self.desktop.session, &about, text, &self.tell);
                    self.planned.notices.insert(id, (notice, ends));
                }
            }
        }
    }

    /// The person answered what is asked about a planned session. Tells whether it was about one.
    pub(super) fn planned_answered(&mut self, about: &str, answer: &Answered) -> bool {
        let Some(id) = about.strip_prefix(ABOUT) else { return false };
        if let Answered::Chosen(name) = answer {
            self.look_at_the_clocks();
            let done = match name.as_str() {
                DROP => self.decide_planned(id, Decided::Dropped),
                MOVE => {
                    let ends = self.planned.all(self.now).into_iter().find(|it| it.id == id);
                    let from = ends.map_or(self.now, |it| it.ends.max(self.now));
                    let to = from.saturating_add(LATER).unwrap_or(Timestamp::MAX);
                    self.decide_planned(id, Decided::Moved(to))
                }
                _ => Ok(()),
            };
            if let Err(error) = done {
                tracing::debug!(%error, "an answer came too late");
            }
        }
        true
    }

    /// Answers a call about them.
    pub(super) fn call_planned(&mut self, call: PlannedCall) {
        match call {
            PlannedCall::List { reply } => answer(reply, Ok(self.planned_rows())),
            PlannedCall::Decide { id, decided, reply } => {
                let decided = self.decide_planned(&id, decided);
                self.reply_when_settled(reply, decided);
            }
        }
    }

    /// Decides about one of them.
    pub(super) fn decide_planned(&mut self, id: &str, decided: Decided) -> Result<(), Error> {
        let all = self.planned.all(self.now);
        let Some(one) = all.into_iter().find(|one| one.id == id) else {
            return Err(Error::UnknownSession(format!(
                "There is no planned session «{id}». `quietctl planned` lists them."
            )));
        };
        if one.decided == Some(Decided::Begun) {
            return Err(Error::NothingRunning(format!(
                "It has begun already. `quietctl forget {}` takes it back.",
                one.session()
            )));
        }
        if let Decided::Moved(to) = decided {
            let far = one.written.saturating_add(ANY_AT_MOST).unwrap_or(Timestamp::MAX);
            if to > far || self.now.duration_since(to) > LATE_AT_MOST {
                return Err(Error::InvalidTime(format!(
                    "{} is too far off: a planned session is moved by 14 days at most, and not further back than 12 \
                     hours ago.",
                    super::publish::moment(to, &self.zone)
                )));
            }
        }
        let before = self.planned.decided.get(id).copied();
        self.decided(&one, decided);
        // What opens is done even if it cannot be kept.
        if self.keep_by_hand() || decided == Decided::Dropped {
            return Ok(());
        }
        match before {
            Some(before) => drop(self.planned.decided.insert(id.to_owned(), before)),
            None => drop(self.planned.decided.remove(id)),
        }
        Err(Error::NotKept(self.damage.get(&Damage::ByHand).cloned().unwrap_or_default()))
    }

    /// Every planned session that has not begun, with what was decided about it.
    pub(super) fn planned_rows(&self) -> Vec<PlannedEntry> {
        let row = |one: Upcoming| {
            let state = match one.decided {
                None => "planned",
                Some(Decided::Confirmed) => "confirmed",
                Some(Decided::Moved(_)) => "moved",
                Some(Decided::Dropped) => "dropped",
                Some(Decided::Begun) => return None,
            };
            let late = self.now.duration_since(one.ends);
            let is_over = !late.is_negative()
                && (late > LATE_AT_MOST || !one.is_open() || self.was_lifted(&one));
            (!is_over).then(|| PlannedEntry {
                id: one.id,
                ends: super::publish::usec(one.ends),
                written: super::publish::usec(one.written),
                state: state.to_owned(),
            })
        };
        self.planned.all(self.now).into_iter().filter_map(row).collect()
    }
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

fn words(id: &str, ends: Timestamp, zone: &TimeZone) -> Text {
    Text {
        title: format!("Quiet begins at {}", time(ends, zone)),
        body: "Your calendar plans it.".to_owned(),
        instead: format!(
            "Your calendar plans it. To leave it out: quietctl planned drop {}",
            brief(id)
        ),
        answers: ANSWERS,
        comes: Comes::Through,
        stays: None,
        anew: 0,
    }
}

/// As much of an id as people need to type.
fn brief(id: &str) -> &str {
    id.strip_prefix("cal-").and_then(|id| id.get(..6)).unwrap_or(id)
}
