//! Erasing from the files, by the daemon or with none running.

use std::collections::BTreeSet;

use jiff::{Timestamp, tz::TimeZone};

use super::{calls, erase::Erase};
use crate::{
    api::{Erased, Error},
    calendar::{Decisions, drop_forgotten, drop_renamed, is_planned, to_forget},
    env::Env,
    notes::Note,
    store::{
        ByHandStore, Kept, ScreenTimeStore, SessionLog, StoreError, SuggestedStore,
        remove_leftovers,
    },
    suggestions::Given,
};

/// What is erased from.
pub(super) struct Files<'a> {
    pub log: &'a SessionLog,
    pub screen_time: &'a ScreenTimeStore,
    /// What was decided about planned sessions.
    pub planned: &'a mut Decisions,
    /// Where a day begins.
    pub zone: &'a TimeZone,
}

impl Files<'_> {
    /// Erases. Goes on after an error and tells the first one.
    pub fn erase(&mut self, what: &Erase, now: Timestamp) -> Result<Erased, Error> {
        let notes = self.log.notes();
        let (sessions, notes) = match what {
            Erase::Session(id) => {
                let sessions = forget(self.log, self.planned, id, now)?;
                let belongs = |note: &Note| note.session.as_ref() == Some(id);
                let notes = notes.forget(&belongs, now).map_err(not_kept)?;
                if !sessions && notes == 0 {
                    return Err(calls::unknown_session(id));
                }
                (usize::from(sessions), notes)
            }
            Erase::Note(id) => {
                let notes = notes.forget(&|note| note.id == *id, now).map_err(not_kept)?;
                if notes == 0 {
                    return Err(Error::UnknownNote(format!(
                        "There is no note «{id}». `quietctl notes` lists them."
                    )));
                }
                (0, notes)
            }
            Erase::Before(before) => return self.erase_before(Some(*before), now),
            Erase::All => return self.erase_before(None, now),
        };
        Ok(Erased { sessions: many(sessions), notes: many(notes), ..Erased::default() })
    }

    fn erase_before(&self, before: Option<Timestamp>, now: Timestamp) -> Result<Erased, Error> {
        let also = to_forget(self.planned, before, &self.that_stay(before), now);
        let sessions = self.log.forget_before(before, &also, now).map_err(not_kept);
        let notes = self.log.notes().forget_before(before, now).map_err(not_kept);
        let hours = if let Some(before) = before {
            self.screen_time.erase(Timestamp::MIN, before)
        } else {
            let all = self.screen_time.read(Timestamp::MIN, Timestamp::MAX);
            let starts = all.unwrap_or_default().into_iter().map(|hour| hour.start).collect();
            self.screen_time.erase_all().map(|()| starts)
        };
        let (sessions, notes) = (many(sessions?), many(notes?));
        let day = |start: Timestamp| start.to_zoned(self.zone.clone()).date();
        let days: BTreeSet<_> = hours.map_err(not_kept)?.into_iter().map(day).collect();
        let days = Some(many(days.len())).filter(|days| *days > 0);
        Ok(Erased { sessions, notes, days, kept: None })
    }

    /// The ids of the sessions that stay.
    fn that_stay(&self, before: Option<Timestamp>) -> BTreeSet<String> {
        let Some(before) = before else { return BTreeSet::new() };
        let sessions = self.log.all().sessions.into_iter();
        sessions.filter(|session| session.ended >= before).map(|session| session.id).collect()
    }
}

/// Erases a session, and what was decided about the appointment that became it. False if there is none with that id.
pub(super) fn forget(
    log: &SessionLog,
    planned: &mut Decisions,
    id: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut sessions = if is_planned(id) { log.all().sessions } else { Vec::new() };
    let at = sessions.iter().position(|session| session.id == id);
    let erased = log.forget(id, now).map_err(not_kept)?;
    if let Some(ended) = at.map(|at| sessions.remove(at).ended) {
        let stay = sessions.into_iter().map(|session| session.id).collect();
        drop_renamed(planned, ended, &stay);
    }
    Ok(erased)
}

/// Erases with no daemon running; for everything, what is quiet is to be given back before.
pub fn erase_without_daemon(
    env: &Env,
    what: &Erase,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Erased, Error> {
    let all = *what == Erase::All;
    let erased = without_daemon(env, all, |log, planned| {
        let screen_time = &ScreenTimeStore::open(&env.state_dir());
        Files { log, screen_time, planned, zone }.erase(what, now)
    })?;
    if all {
        SuggestedStore::open(&env.state_dir()).write(&Given::default()).map_err(not_kept)?;
        remove_leftovers(&env.state_dir()).map_err(not_kept)?;
    }
    Ok(erased)
}

/// Erases a session and leaves its notes, with no daemon running. Tells how many notes.
pub fn forget_without_daemon(env: &Env, id: &str, now: Timestamp) -> Result<u32, Error> {
    without_daemon(env, false, |log, planned| {
        if !forget(log, planned, id, now)? {
            return Err(calls::unknown_session(id));
        }
        let mut notes = log.notes().all().notes;
        notes.retain(|note| note.session.as_deref() == Some(id));
        Ok(many(notes.len()))
    })
}

/// Erases, and then what was kept by hand of what is erased.
fn without_daemon<T>(
    env: &Env,
    all: bool,
    erase: impl FnOnce(&SessionLog, &mut Decisions) -> Result<T, Error>,
) -> Result<T, Error> {
    let log = SessionLog::open(&env.log_dir(), &env.state_dir()).map_err(not_kept)?;
    let store = ByHandStore::open(&env.state_dir());
    let before = store.read().0;
    let mut kept = before.clone();
    let erased = erase(&log, &mut kept.planned);
    let read = log.all();
    drop_forgotten(&mut kept.planned, &read.forgotten);
    let stays = |id: &str| read.sessions.iter().any(|session| session.id == id);
    kept.clocks.seen.retain(|run, _| run.strip_prefix("session:").is_none_or(stays));
    kept.by_hand.graces.retain(|run, _| run.strip_prefix("session:").is_none_or(stays));
    if all {
        // What was decided about sessions to come is no record, and dropped ones are not to come back.
        kept = Kept { planned: kept.planned, ..Kept::default() };
    }
    if kept != before {
        store.erase(&kept).map_err(not_kept)?;
    }
    erased
}

fn many(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
pub(super) fn not_kept(error: StoreError) -> Error {
    Error::NotKept(format!("Not everything is erased: {error}"))
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, ffi::OsString};

    use super::*;
    use crate::{
        schedule::{Grace, Session},
        store::Seen,
    };

    #[test]
    fn of_an_erased_session_no_time_stays_in_what_was_done_by_hand() {
        let home = tempfile::tempdir().unwrap();
        let variables: HashMap<&str, OsString> = [("HOME", home.path().into())].into();
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        let now = Timestamp::UNIX_EPOCH;
        let log = SessionLog::open(&env.log_dir(), &env.state_dir()).unwrap();
        let mut kept = Kept::default();
        for id in ["a", "b"] {
            let kind = String::new();
            let session = Session { id: id.into(), kind, ended: now, logged: now, note: None };
            log.append(&session).unwrap();
        }
        for run in ["session:a", "session:b", "weekly:e@1970-01-01"].map(str::to_owned) {
            kept.clocks.seen.insert(run.clone(), Seen { wall: now, boot_ns: 0 });
            kept.by_hand.graces.insert(run, Grace { from: now, begun: true });
        }
        let store = ByHandStore::open(&env.state_dir());
        store.write(&kept).unwrap();
        erase_without_daemon(&env, &Erase::Session("a".into()), &TimeZone::UTC, now).unwrap();
        let kept = store.read().0;
        let left = ["session:b", "weekly:e@1970-01-01"];
        assert!(kept.by_hand.graces.keys().eq(left.iter()), "{kept:?}");
        assert!(kept.clocks.seen.keys().eq(left.iter()), "{kept:?}");
    }
}
