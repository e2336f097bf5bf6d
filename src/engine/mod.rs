//! The loop: one task owns the state and takes [`Event`]s from one channel.
//!
//! Here: what happens when. `calls` answers the bus, `reconcile` moves the backends from what is applied to what is
//! desired, `publish` says what came of it, `recovery` is what is left to do without a loop. Not here: I/O of any
//! backend, and what is quiet when, which the pure core says.

mod around;
mod attention;
mod batches;
mod breaks;
mod calls;
mod clocks;
mod configs;
mod erase;
mod erased;
mod event;
mod grace;
mod keep;
mod notes;
mod notice;
mod planned;
mod publish;
mod reconcile;
mod recovery;
mod said;
mod seat;
mod start;
mod started;
mod suggest;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

pub use breaks::BreakAnswer;
pub use erase::Erase;
pub use erased::{erase_without_daemon, forget_without_daemon};
pub use event::{Event, PlannedCall, Reply, Request};
pub use grace::Running;
pub use notes::{NewNote, NotesCall};
pub use notice::Answer;
pub use publish::Snapshot;
pub use recovery::{RestoreError, RestoreReport, restore, restore_all};
pub use said::Saying;
pub use start::{Daemon, Ready, StartError};

use crate::{
    backend::{Change, Desktop},
    clock::Clock,
    config::{ANY_AT_MOST, Config, Installed},
    schedule::{ByHand, Evaluation, Facts, Session},
    source::{Names, ReadConfigs, Timer},
    store::{ByHandStore, Clocks, ReceiptStore, SessionLog},
};
use around::Around;
use attention::Attention;
use batches::Waited;
use breaks::BreakTimes;
use grace::Soon;
use planned::PlannedSessions;
use said::Said;
use seat::Seat;
use started::StartedApps;
use suggest::Suggesting;

/// How long receipts wait for the captures of slower backends before they are written without them.
const CAPTURES_AT_MOST: std::time::Duration = std::time::Duration::from_millis(150);

/// How long the start waits for every backend's first answer before it goes on with those that have answered.
const FIRST_ROUND_AT_MOST: std::time::Duration = std::time::Duration::from_millis(500);

/// How long the answer to a call waits for what it asked to be in force.
const ANSWER_AT_MOST: std::time::Duration = std::time::Duration::from_millis(1_200);

/// How long a stop waits for everything to be back.
const STOP_AT_MOST: std::time::Duration = std::time::Duration::from_secs(5);

/// The state, and what it takes to act on it.
struct Engine {
    desktop: Desktop,
    clock: Arc<dyn Clock>,
    tell: mpsc::Sender<Event>,
    names: Names,
    timer: Arc<Timer>,
    out: watch::Sender<Snapshot>,

    config: Config,
    config_path: PathBuf,
    configs: Option<ReadConfigs>,
    config_error: String,
    installed: Installed,
    log: Option<SessionLog>,
    sessions: Vec<Session>,
    receipts: ReceiptStore,
    /// Receipts of backends this version does not know; kept as they are.
    foreign: Vec<crate::store::Receipt>,
    by_hand_store: ByHandStore,
    by_hand: ByHand,
    /// The backends whose setting is the person's until quiet ends, as they are kept on disk.
    theirs: BTreeSet<String>,
    clocks: Clocks,
    around: Around,
    attention: Attention,

    seats: Vec<Seat>,
    evaluation: Evaluation,
    now: Timestamp,
    since_boot: SignedDuration,
    /// How far the clock was set ahead, less how far back, since the last `off`.
    clock_lead: SignedDuration,
    zone: TimeZone,
    /// The last stretch nobody was awake for.
    slept: Option<(Timestamp, Timestamp)>,
    waited: Waited,
    said: Said,
    started: StartedApps,
    planned: PlannedSessions,
    breaks: BreakTimes,
    suggesting: Suggesting,
    soon: Soon,
    /// What is wrong beside the backends: damage on disk, a config that could not be read.
    damage: BTreeMap<Damage, String>,
    receipts_changed: bool,
    /// Something was done by hand that is not on the disk yet.
    to_keep: bool,
    captures_until: Option<Instant>,
    first_round_until: Option<Instant>,
    waiting: Vec<Waiting>,
    next_cookie: u32,
    stopping: Option<Instant>,
    ready_told: bool,
}

/// Where something is wrong on disk; one sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    Log,
    Notes,
    Receipts,
    ByHand,
    Calendar,
    ScreenTime,
}

/// An answer that waits until what was asked is in force.
struct Waiting {
    at_most: Instant,
    answer: Box<dyn FnOnce(&Engine) + Send>,
}

impl Engine {
    /// Runs until told to stop.
    async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        for seat in 0..self.seats.len() {
            self.seats[seat].start_probe(seat, &self.tell);
        }
        self.first_round_until = Some(Instant::now() + FIRST_ROUND_AT_MOST);
        self.turn();
        loop {
            let event = match self.wake_at() {
                None => events.recv().await,
                Some(at) => tokio::select! {
                    event = events.recv() => event,
                    () = tokio::time::sleep_until(at) => None,
                },
            };
            if let Some(event) = event {
                self.take(event).await;
            }
            while let Ok(event) = events.try_recv() {
                self.take(event).await;
            }
            self.turn();
            if self.has_stopped() {
                return;
            }
        }
    }

    /// Takes one event into the state.
    async fn take(&mut self, event: Event) {
        match event {
            Event::Call(request) => self.call(request).await,
            Event::FilesChanged => {
                self.read_config();
                self.read_log();
                if self.log.as_mut().is_some_and(SessionLog::notes_changed) {
                    self.purge_notes();
                    self.look_at_the_notes();
                }
            }
            Event::Installed(installed) => {
                self.take_installed(installed);
                // The start is over, so there is time.
                self.purge_notes();
            }
            Event::Calendar(answer) => self.calendar_read(answer),
            Event::Due | Event::ClockSet => self.try_again(),
            Event::ZoneChanged => {
                self.planned.read_again();
                self.try_again();
            }
            Event::Resumed => {
                self.around.look_again.notify_one();
                self.planned.read_again();
                self.look_for_attention();
                self.try_again();
                for seat in &mut self.seats {
                    seat.again = seat.has_or_gets_something();
                }
                self.probe_all();
                self.ask_anew();
            }
            Event::NameOwner { name, owner } => self.name_owner(&name, owner.as_deref()).await,
            Event::Networks(networks) => self.around.seen.networks = networks,
            Event::Monitors { names, docked } => {
                self.around.seen.monitors = names;
                self.around.seen.docked = docked;
            }
            Event::Attention(told) => self.told(told),
            Event::Probed { seat, probe } => self.seats[seat].probed(probe, seat, &self.tell),
            Event::Captured { seat, result } => {
                self.seats[seat].captured(result);
            }
            Event::Applied { seat, result } => self.seats[seat].applied(result),
            Event::Restored { seat, result } => {
                self.receipts_changed |= self.seats[seat].restored(result);
            }
            Event::Changed { seat, change } => self.changed(seat, change),
            Event::Said { saying, turn, id } => self.said(saying, turn, id),
            Event::SaidLongEnough { saying, turn } => self.said_long_enough(saying, turn),
            Event::Moment(moment) => self.moment(moment),
            Event::Answered { app, answer } if app == breaks::NOTICE => {
                self.break_answered(&answer);
            }
            Event::Answered { app, answer } => self.answered(&app, answer),
            Event::Running(running) => self.soon.know(running),
            Event::NoticeEnded => self.started.one_ended(),
            Event::BusClosed | Event::Stop => {
                tracing::info!("stopping");
                self.stopping.get_or_insert_with(|| Instant::now() + STOP_AT_MOST);
            }
        }
    }

    /// One turn: what is quiet now, what is to be done about it, what is said of it.
    fn turn(&mut self) {
        self.look_at_the_clocks();
        self.look_around();
        self.seats.iter_mut().for_each(|seat| seat.look_at_the_time(Instant::now()));
        self.mind_the_planned();
        self.evaluate();
        self.keep_clocks();
        self.attend();
        self.mind_suggestions();
        self.mind_the_breaks();
        self.end_first_round();
        self.reconcile();
        self.keep_theirs();
        self.commit();
        self.mind_what_waits();
        self.mind_what_started();
        self.mind_the_grace();
        self.keep_what_is_done();
        self.publish();
        self.answer();
        if let Err(error) = self.timer.arm(self.next_moment()) {
            tracing::error!(%error, "could not arm the timer");
        }
    }

    /// When the time alone brings something to do.
    fn next_moment(&self) -> Option<Timestamp> {
        let others = self.started.next().into_iter().chain(self.next_grace());
        let others = others.chain(self.planned.next(self.now)).chain(self.break_moment());
        let others = others.chain(self.next_write());
        self.evaluation.next_change.into_iter().chain(others).min()
    }

    /// What the person changed is theirs over a restart as well; what is given back as this process ends was not by them.
    fn keep_theirs(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        let theirs = self.seats.iter().filter(|seat| seat.theirs);
        let theirs: BTreeSet<String> = theirs.map(|seat| seat.row.id.to_owned()).collect();
        if theirs != self.theirs {
            self.theirs = theirs;
            self.keep_by_hand_soon();
        }
    }

    fn end_first_round(&mut self) {
        let all = !self.seats.iter().any(Seat::is_probing);
        if all || self.first_round_until.is_some_and(|until| Instant::now() >= until) {
            self.first_round_until = None;
        }
    }

    fn evaluate(&mut self) {
        if self.stopping.is_some() {
            self.evaluation = Evaluation::default();
            return;
        }
        self.note_graces();
        let evaluation = self.with_facts(|facts| crate::schedule::evaluate(facts, self.now));
        if evaluation != self.evaluation {
            tracing::info!(
                quiet = evaluation.is_quiet(),
                periods = evaluation.periods.len(),
                "the evaluation changed"
            );
            // Some services tell nobody that they have come: a compositor, a panel.
            if evaluation.is_quiet() {
                for (index, seat) in self.seats.iter_mut().enumerate() {
                    seat.start_probe_unless_ready(index, &self.tell);
                }
            }
        }
        self.evaluation = evaluation;
    }

    /// Looks at the facts of this turn.
    fn with_facts<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let ahead = self.clocks.ahead(self.now, self.since_boot);
        look(&Facts {
            config: &self.config,
            sessions: &self.sessions,
            by_hand: &self.by_hand,
            stays: self.around.stays.stays(),
            ahead: &ahead,
            zone: &self.zone,
            slept: self.slept,
        })
    }

    fn read_log(&mut self) {
        let Some(log) = &mut self.log else { return };
        let since = self
            .clock
            .now()
            .checked_sub(ANY_AT_MOST + SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MIN);
        let read = log.recent(since);
        if read.to_purge
            && let Err(error) = log.purge()
        {
            tracing::warn!(%error, "what was erased on another machine is still in this one's log");
        }
        self.sessions = read.sessions;
        if self.planned.forget(read.forgotten, read.erased) {
            self.keep_by_hand_soon();
        }
        self.note_damage(Damage::Log, &sentences(&read.damage));
    }

    fn note_damage(&mut self, which: Damage, sentences: &[String]) {
        if sentences.is_empty() {
            self.damage.remove(&which);
            return;
        }
        let said = sentences.join(" ");
        if self.damage.get(&which) != Some(&said) {
            for sentence in sentences {
                tracing::warn!("{sentence}");
            }
            self.damage.insert(which, said);
        }
    }

    /// What failed may go well now.
    fn try_again(&mut self) {
        for seat in &mut self.seats {
            seat.try_again();
        }
    }

    fn probe_all(&mut self) {
        for seat in 0..self.seats.len() {
            self.seats[seat].start_probe(seat, &self.tell);
        }
    }

    async fn name_owner(&mut self, name: &str, owner: Option<&str>) {
        if owner.is_none() && name.starts_with(':') {
            let before = self.by_hand.holds.len();
            self.by_hand.holds.retain(|hold| hold.caller != name);
            if self.by_hand.holds.len() < before
                && let Err(error) = self.names.forget(name).await
            {
                tracing::debug!(%error, "could not take out a match rule");
            }
            return;
        }
        self.forget_said(name);
        self.say_anew(name, owner.is_some());
        tracing::debug!(name, owner, "a name has another owner");
        for index in 0..self.seats.len() {
            let seat = &mut self.seats[index];
            if seat.row.names.contains(&name) {
                seat.try_again();
                seat.again = seat.has_or_gets_something() && owner.is_some();
                seat.start_probe(index, &self.tell);
            }
        }
    }

    fn changed(&mut self, index: usize, change: Change) {
        let seat = &mut self.seats[index];
        match change {
            Change::ByThePerson => {
                tracing::info!(backend = seat.row.id, "changed from outside; it stays as it is");
                seat.theirs = true;
                seat.as_ours = false;
            }
            Change::AsOurs(is) => seat.as_ours = is,
            Change::Again => {
                seat.try_again();
                seat.again = true;
            }
            // They are read with every turn.
            Change::LeftOut => {}
            Change::Caught(caught) => {
                let ran = caught.ran.as_micros();
                tracing::debug!(
                    backend = seat.row.id,
                    unit = caught.unit,
                    ran,
                    "started while locked"
                );
                self.caught(index, caught);
            }
        }
    }

    /// When the loop has something to do though no event comes.
    fn wake_at(&self) -> Option<Instant> {
        self.waiting
            .iter()
            .map(|waiting| waiting.at_most)
            .chain(self.captures_until)
            .chain(self.first_round_until)
            .chain(self.stopping)
            .chain(self.seats.iter().filter_map(Seat::retry_at))
            .min()
    }

    fn is_settled(&self) -> bool {
        self.first_round_until.is_none()
            && self.seats.iter().all(Seat::is_settled)
            && !self.receipts_changed
    }

    fn has_stopped(&self) -> bool {
        let Some(at_most) = self.stopping else { return false };
        let back = self.seats.iter().all(|seat| seat.is_idle() && seat.receipt.is_none())
            && self.started.is_quiet();
        back || Instant::now() >= at_most
    }

    /// Answers when what was asked is in force, or when that takes too long.
    fn when_settled(
        &mut self,
        at_most: std::time::Duration,
        answer: impl FnOnce(&Engine) + Send + 'static,
    ) {
        self.waiting.push(Waiting { at_most: Instant::now() + at_most, answer: Box::new(answer) });
    }

    fn answer(&mut self) {
        let settled = self.is_settled();
        let now = Instant::now();
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| settled || waiting.at_most <= now);
        self.waiting = waiting;
        if !due.is_empty() {
            self.keep_now();
        }
        for waiting in due {
            (waiting.answer)(self);
        }
    }
}

/// What damage there is, in words.
fn sentences(damage: &[impl ToString]) -> Vec<String> {
    damage.iter().map(ToString::to_string).collect()
}
