//! Whether the person is at the screen, and the counting of it.
//!
//! It is counted from turn to turn and written when the person leaves, when quiet ends, and where neither comes, a quarter
//! of an hour after the last time. While nobody is there, no timer is set for it.

use std::{path::Path, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil};

use tokio::{sync::Notify, task::JoinHandle};

use super::{Damage, Engine, publish::usec};
use crate::{
    api::{DoctorEntry, Error, ScreenTimeEntry},
    config::ScreenTime,
    screen_time::{self, Activity, Counter, Focus, Hour, Moment, Sense, Told, merged},
    source,
    store::{ScreenTimeStore, StoreError},
};

/// How long what was counted is kept in memory alone while somebody is there: as much of it ends with a process that is
/// killed.
const WRITTEN_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// A clock that is so much later than anything that was counted may be wrong: nothing is erased for it on that day.
const FAR_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is known of the person's being there, and what was counted.
#[derive(Debug)]
pub(super) struct Attention {
    /// Whether the person is at the screen.
    pub active: bool,
    /// Since when that is so.
    pub since: Timestamp,
    /// Whether what has the focus fills the screen; none where that is not known, or nobody is there.
    pub full_screen: Option<bool>,
    told: screen_time::Attention,
    /// Who tells, while somebody wants to know.
    sources: Vec<JoinHandle<()>>,
    look_again: Arc<Notify>,
    counter: Counter,
    store: ScreenTimeStore,
    /// The time awake at which it was last written.
    written: SignedDuration,
    /// What the config said of it at the last turn, and the day on which the file was last put together.
    kept: Option<(ScreenTime, civil::Date)>,
    /// The first day on which the clock was far ahead.
    far_ahead: Option<civil::Date>,
}

impl Attention {
    /// Names the file; reads and writes nothing.
    pub(super) fn open(state_dir: &Path, now: Timestamp) -> Self {
        Self {
            active: false,
            since: now,
            full_screen: None,
            told: screen_time::Attention::default(),
            sources: Vec::new(),
            look_again: Arc::default(),
            counter: Counter::default(),
            store: ScreenTimeStore::open(state_dir),
            written: SignedDuration::ZERO,
            kept: None,
            far_ahead: None,
        }
    }

    /// Erases what began before `since`, where the clock can be believed: a clock that is wrong is soon set right, and what is
    /// erased does not come back. The day after it counts.
    fn tidy(
        &mut self,
        since: Timestamp,
        now: Timestamp,
        today: civil::Date,
    ) -> Result<(), StoreError> {
        let newest = self.store.newest()?;
        let is_far = newest.is_some_and(|newest| now.duration_since(newest) > FAR_AHEAD);
        if is_far && self.far_ahead.is_none_or(|first| today <= first) {
            self.far_ahead = Some(today);
            return Ok(());
        }
        self.far_ahead = None;
        self.store.tidy(since)
    }

    /// Tells whether somebody says when the person is idle.
    pub(super) fn is_known(&self) -> bool {
        self.told.is_known()
    }

    /// Tells whether there was no input for a while.
    pub(super) fn is_idle(&self) -> bool {
        self.told.is_idle()
    }

    /// Writes what was counted; what cannot be written waits for the next time.
    fn write(&mut self) -> Result<(), StoreError> {
        self.store.add(&self.counter.counted())?;
        self.counter.take();
        Ok(())
    }
}

impl Engine {
    /// Takes what a source tells. Apps are known by the ids of their desktop entries, where they have one.
    pub(super) fn told(&mut self, told: Told) {
        let told = match told {
            Told::Focus(Focus { app: Some(app), full_screen }) => {
                let entry = self.installed.get(&app).map(|(id, _)| id.clone());
                Told::Focus(Focus { app: Some(entry.unwrap_or(app)), full_screen })
            }
            told => told,
        };
        self.attention.told.tell(told);
        self.attention.full_screen = self.attention.told.full_screen();
    }

    /// Nobody is listened to unless it is to be counted, or breaks are to be suggested: it would wake the daemon for
    /// nothing.
    fn listen_for_attention(&mut self) {
        let wanted = self.config.screen_time.keep.is_some() || self.breaks_asked().is_some();
        let it = &mut self.attention;
        if wanted && self.ready_told && it.sources.is_empty() && self.stopping.is_none() {
            let (desktop, again) = (&self.desktop, &it.look_again);
            let idle = source::on_idle(desktop.clone(), Arc::clone(again), self.tell.clone());
            let focus = source::on_focus(desktop.clone(), Arc::clone(again), self.tell.clone());
            let lock = source::on_lock(desktop.clone(), self.tell.clone());
            it.sources = vec![tokio::spawn(idle), tokio::spawn(focus), tokio::spawn(lock)];
        } else if !wanted && !it.sources.is_empty() {
            it.sources.drain(..).for_each(|source| source.abort());
            it.told = screen_time::Attention::default();
        }
    }

    /// What has come since may be able to tell.
    pub(super) fn look_for_attention(&self) {
        self.attention.look_again.notify_waiters();
    }

    /// When what is counted is written, while somebody is there.
    pub(super) fn next_write(&self) -> Option<Timestamp> {
        let it = &self.attention;
        let counts = self.config.screen_time.keep.is_some()
            && *it.counter.activity() != Activity::Away
            && self.stopping.is_none();
        let unwritten = self.clock.awake().saturating_sub(it.written);
        let left = WRITTEN_AFTER.saturating_sub(unwritten).max(SignedDuration::ZERO);
        counts.then(|| self.now.checked_add(left).ok()).flatten()
    }

    /// Looks who is there, and counts, once a turn.
    pub(super) fn attend(&mut self) {
        self.listen_for_attention();
        let active = self.attention.told.is_active();
        self.attention.full_screen = self.attention.told.full_screen();
        if active != self.attention.active {
            self.attention.active = active;
            self.attention.since = self.now;
        }
        self.keep_screen_time();
        if self.config.screen_time.keep.is_some() {
            self.count();
        }
    }

    fn count(&mut self) {
        let awake = self.clock.awake();
        let ends = self.stopping.is_some();
        let activity = if ends { Activity::Away } else { self.attention.told.activity() };
        let quiet = self.evaluation.is_quiet();
        let it = &mut self.attention;
        let left = *it.counter.activity() != Activity::Away && activity == Activity::Away;
        let opened = it.counter.is_quiet() && !quiet;
        it.counter.tell(Moment { wall: self.now, awake }, &self.zone, activity, quiet);
        let is_late = awake.saturating_sub(it.written) >= WRITTEN_AFTER;
        if !(left || opened || is_late || ends) {
            return;
        }
        it.written = awake;
        if let Err(error) = it.write() {
            self.screen_time_damaged(&error);
        } else {
            self.damage.remove(&Damage::ScreenTime);
        }
    }

    /// Erases what is older than it is to be kept, once a day, and all of it where none is to be kept.
    fn keep_screen_time(&mut self) {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let now = (self.config.screen_time, today);
        // A config with mistakes says nothing of what is to be kept.
        if self.attention.kept == Some(now) || !self.ready_told || !self.config_error.is_empty() {
            return;
        }
        self.attention.kept = Some(now);
        let erased = if let Some(keep) = self.config.screen_time.keep {
            let since = self.now.checked_sub(keep).unwrap_or(Timestamp::MIN);
            self.attention.tidy(since, self.now, today)
        } else {
            self.attention.counter = Counter::default();
            self.attention.store.erase_all()
        };
        if let Err(error) = erased {
            self.screen_time_damaged(&error);
        }
    }

    fn screen_time_damaged(&mut self, error: &StoreError) {
        self.note_damage(Damage::ScreenTime, &[format!("Screen time is not kept: {error}")]);
    }

    /// Writes what was counted, so that it can be erased: what is in memory alone would be written after that.
    pub(super) fn write_screen_time(&mut self) -> Result<(), StoreError> {
        self.attend();
        self.attention.write()
    }

    /// Drops what was counted and is not written.
    pub(super) fn drop_screen_time(&mut self) {
        self.attend();
        self.attention.counter.take();
    }

    /// What was counted in the hours that began between two times, up to now.
    pub(super) fn screen_time(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ScreenTimeEntry>, Error> {
        if self.config.screen_time.keep.is_none() {
            let why = if self.config_error.is_empty() {
                "Screen time is not counted: your config says keep = \"off\" under [screen-time]. \
                 To count it, write keep = \"14 weeks\" there."
            } else {
                "Screen time is not counted, because the config could not be read. \
                 `quietctl check` shows every mistake."
            };
            return Err(Error::NothingRunning(why.to_owned()));
        }
        self.attend();
        let kept = self.attention.store.read(from, until);
        let kept = kept.map_err(|error| Error::NotKept(error.to_string()))?;
        let mut counted = self.attention.counter.counted();
        counted.retain(|hour| from <= hour.start && hour.start < until);
        Ok(merged(kept.into_iter().chain(counted)).into_iter().map(row).collect())
    }
}

/// Who tells of it, as `Doctor` lists it.
impl Engine {
    pub(super) fn screen_time_doctor(&self) -> Vec<DoctorEntry> {
        let row = |sense: Sense| {
            let by = self.attention.told.by(sense);
            let cannot = by.map(|it| it.cannot.to_owned()).filter(|it| !it.is_empty());
            let (backend, what, nobody) = match sense {
                Sense::Idle => (
                    "idle",
                    "counted while you are not idle, as told by",
                    "Nothing on this desktop tells when you are idle, so it is not counted.",
                ),
                Sense::Focus => (
                    "focus",
                    "by app, as told by",
                    "Nothing on this desktop tells which app has the focus, so it is counted without apps.",
                ),
            };
            let off = "Screen time is off in your config; nothing is counted.";
            let (state, text) = match by {
                Some(by) => ("ready", format!("{what} {}.", by.title)),
                None if self.attention.sources.is_empty() => ("unsupported", off.to_owned()),
                None => ("unsupported", nobody.to_owned()),
            };
            DoctorEntry {
                measure: "screen time".to_owned(),
                backend: backend.to_owned(),
                title: by.map(|it| it.title.to_owned()).unwrap_or_default(),
                state: state.to_owned(),
                serves: by.is_some(),
                text,
                since: None,
                cannot,
            }
        };
        let off = self.attention.sources.is_empty();
        Sense::ALL.into_iter().map(row).take(if off { 1 } else { 2 }).collect()
    }
}

fn row(hour: Hour) -> ScreenTimeEntry {
    let Hour { start, seconds, quiet, apps } = hour;
    ScreenTimeEntry { start: usec(start), seconds, quiet, apps }
}
