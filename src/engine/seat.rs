//! One backend's place in the engine: what it holds, and what it is doing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::event::Event;
use crate::{
    backend::{
        Backend, BackendError, CALL_AT_MOST, Change, Desktop, LeftOut, Probe, Restored, Row, reach,
    },
    plan::{Candidate, Desired},
    store::Receipt,
};

/// A whole act may make several calls; it ends after this at the latest.
const ACT_AT_MOST: Duration = CALL_AT_MOST.saturating_add(CALL_AT_MOST);

/// After how long what did not come in time is tried again, though nothing has happened: a service that was only slow tells
/// nobody that it is back. Then it waits for an event.
const RETRIES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
];

/// From here on it is said that a service keeps people waiting.
pub(super) const SLOW: Duration = Duration::from_millis(900);

/// One backend and what it has in force.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; none excludes another"
)]
pub(super) struct Seat {
    pub row: &'static Row,
    backend: Arc<dyn Backend>,
    /// What it said of itself; none until it was asked.
    pub probe: Option<Probe>,
    probing: bool,
    /// Something happened since the probe that runs began: its answer may be about what was before.
    probe_again: bool,
    /// What it found and set; there from before the first change until everything is back.
    pub receipt: Option<Receipt>,
    /// What it has in force; none also where a receipt of an earlier process was found.
    pub applied: Option<Desired>,
    pub doing: Doing,
    /// Since when it does what it is doing.
    since: Instant,
    /// What went wrong last.
    pub trouble: Option<BackendError>,
    /// It said no, or is not there: the next row serves until something changes.
    barred: bool,
    /// Wait for the next event before trying again, or for `retry_at`.
    waits: bool,
    retry_at: Option<Instant>,
    /// How often it was tried again without an event.
    retries: usize,
    /// That event came while it was still doing what then failed.
    stirred: bool,
    /// The person changed it; it is theirs until quiet ends or they ask for quiet again.
    pub theirs: bool,
    /// Since then it has become as we had set it: notifications are held back again, by the person's own hand.
    pub as_ours: bool,
    /// What was applied is to be applied once more.
    pub again: bool,
    /// What the person set meanwhile is what is to be found now: the receipt ends, and another one begins.
    pub anew: bool,
    watcher: Option<Watcher>,
}

/// What a seat is doing; it does one thing at a time.
#[derive(Debug, Default)]
pub(super) enum Doing {
    #[default]
    Nothing,
    /// `capture` runs.
    Capturing(Desired),
    /// Waits for its receipt to be on disk.
    Captured(Desired, Receipt),
    /// `apply` runs.
    Applying(Desired),
    /// `restore` runs.
    Restoring,
}

/// Ends its task when dropped.
struct Watcher(JoinHandle<()>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Seat {
    pub fn new(row: &'static Row, desktop: &Desktop) -> Self {
        Self {
            row,
            backend: Arc::from((row.open)(desktop)),
            probe: None,
            probing: false,
            probe_again: false,
            receipt: None,
            applied: None,
            doing: Doing::Nothing,
            since: Instant::now(),
            trouble: None,
            barred: false,
            waits: false,
            retry_at: None,
            retries: 0,
            stirred: false,
            theirs: false,
            as_ours: false,
            again: false,
            anew: false,
            watcher: None,
        }
    }

    /// How the plan sees it.
    pub fn candidate(&self) -> Candidate {
        let ready = matches!(self.probe, Some(Probe::Ready(_))) && !self.barred;
        let holds = match (&self.receipt, &self.doing, &self.applied) {
            (None, ..) => BTreeSet::new(),
            (_, Doing::Applying(desired), _) | (_, _, Some(desired)) => desired.measures(),
            // Of an earlier process only the receipt is known.
            _ => self.row.measures.iter().copied().collect(),
        };
        let but_panel = match (&self.doing, &self.applied) {
            (Doing::Applying(desired), _) | (_, Some(desired)) => desired.dim_but_panel,
            _ => false,
        };
        Candidate {
            id: self.row.id,
            measures: self.row.measures.to_vec(),
            reach: reach(self.row.id),
            ready,
            holds,
            but_panel,
        }
    }

    pub fn is_idle(&self) -> bool {
        matches!(self.doing, Doing::Nothing)
    }

    /// Tells whether something of it is in force or is being put there, which may have gone to who was there before.
    pub fn has_or_gets_something(&self) -> bool {
        self.applied.is_some() || matches!(self.doing, Doing::Captured(..) | Doing::Applying(_))
    }

    /// Tells whether nothing of it is on its way.
    pub fn is_settled(&self) -> bool {
        self.is_idle() && !self.probing && self.probe.is_some()
    }

    pub fn is_probing(&self) -> bool {
        self.probing || self.probe.is_none()
    }

    /// Something happened that may make what failed go well now.
    pub fn try_again(&mut self) {
        self.waits = false;
        self.retries = 0;
        self.barred = false;
        self.stirred = !self.is_idle();
    }

    /// When it is tried again by itself.
    pub fn retry_at(&self) -> Option<Instant> {
        self.retry_at.filter(|_| self.waits)
    }

    /// Ends its wait, if that is due.
    pub fn look_at_the_time(&mut self, now: Instant) {
        if self.retry_at().is_some_and(|at| at <= now) {
            self.waits = false;
            self.retries += 1;
        }
    }

    /// Waits for the next event, or for a while.
    fn wait(&mut self) {
        self.waits = true;
        self.retry_at = RETRIES.get(self.retries).map(|after| Instant::now() + *after);
    }

    /// Nothing is asked of it and nothing is left of it: what went wrong is over. Where it said no, that is why another
    /// serves, until it is asked again.
    pub fn rest(&mut self) {
        if !self.barred && !matches!(self.trouble, Some(BackendError::Refused(_))) {
            self.trouble = None;
        }
        self.theirs = false;
        self.anew = false;
    }

    /// Tells whether it keeps people waiting.
    pub fn is_slow(&self) -> bool {
        !self.is_idle() && self.since.elapsed() >= SLOW
    }

    /// Whether it may act now.
    pub fn may_act(&self) -> bool {
        self.is_idle() && !self.waits
    }

    /// Looks again whether it can serve, where it could not.
    pub fn start_probe_unless_ready(&mut self, seat: usize, tell: &mpsc::Sender<Event>) {
        if !matches!(self.probe, Some(Probe::Ready(_))) {
            self.start_probe(seat, tell);
        }
    }

    pub fn start_probe(&mut self, seat: usize, tell: &mpsc::Sender<Event>) {
        if self.probing {
            self.probe_again = true;
            return;
        }
        self.probing = true;
        let backend = Arc::clone(&self.backend);
        let who = self.row.title;
        act(tell, async move {
            let probe = tokio::time::timeout(ACT_AT_MOST, backend.probe()).await;
            let probe = probe.unwrap_or_else(|_| {
                Probe::Deferred(format!("{who} did not answer; it is asked again when it changes."))
            });
            Event::Probed { seat, probe }
        });
    }

    pub fn probed(&mut self, probe: Probe, seat: usize, tell: &mpsc::Sender<Event>) {
        tracing::debug!(backend = self.row.id, ?probe, "probed");
        self.probing = false;
        self.probe = Some(probe);
        if std::mem::take(&mut self.probe_again) {
            self.start_probe(seat, tell);
        }
    }

    pub fn start_capture(&mut self, seat: usize, desired: Desired, tell: &mpsc::Sender<Event>) {
        let backend = Arc::clone(&self.backend);
        let held = self.receipt.clone();
        let who = self.row.title;
        self.again = false;
        self.stirred = false;
        self.since = Instant::now();
        self.doing = Doing::Capturing(desired.clone());
        act(tell, async move {
            let capture = backend.capture(&desired, held.as_ref());
            let result = in_time(who, capture).await;
            Event::Captured { seat, result }
        });
    }

    /// Ends what it is doing, if that is what is meant; else it goes on, and this is [`Doing::Nothing`].
    fn done(&mut self, meant: impl FnOnce(&Doing) -> bool) -> Doing {
        if meant(&self.doing) { std::mem::take(&mut self.doing) } else { Doing::Nothing }
    }

    /// Its capture is done; tells whether a receipt now waits to be written.
    pub fn captured(&mut self, result: Result<Receipt, BackendError>) -> bool {
        let Doing::Capturing(desired) = self.done(|it| matches!(it, Doing::Capturing(_))) else {
            return false;
        };
        match result {
            Ok(receipt) => {
                self.doing = Doing::Captured(desired, receipt);
                true
            }
            Err(error) => {
                self.failed("read what is there", error);
                false
            }
        }
    }

    /// Its receipt is on disk: acts.
    pub fn start_apply(&mut self, seat: usize, tell: &mpsc::Sender<Event>) {
        let Doing::Captured(desired, receipt) = self.done(|it| matches!(it, Doing::Captured(..)))
        else {
            return;
        };
        self.receipt = Some(receipt.clone());
        let backend = Arc::clone(&self.backend);
        let who = self.row.title;
        if self.watcher.is_none() {
            self.watcher = Some(watch(seat, Arc::clone(&self.backend), tell.clone()));
        }
        self.doing = Doing::Applying(desired.clone());
        act(tell, async move {
            let result = in_time(who, backend.apply(&desired, &receipt)).await;
            Event::Applied { seat, result }
        });
    }

    pub fn applied(&mut self, result: Result<(), BackendError>) {
        let Doing::Applying(desired) = self.done(|it| matches!(it, Doing::Applying(_))) else {
            return;
        };
        match result {
            Ok(()) => {
                tracing::info!(backend = self.row.id, "in force");
                self.applied = Some(desired);
                self.trouble = None;
            }
            Err(error) => self.failed("put it in force", error),
        }
    }

    /// What of what it has in force is left undone.
    pub fn left_out(&self) -> Vec<LeftOut> {
        if self.applied.is_some() && !self.theirs { self.backend.left_out() } else { Vec::new() }
    }

    /// Has what was started while it is locked ended; whatever comes of that, it goes on standing still.
    pub fn end_started(&self, units: BTreeSet<String>) {
        let backend = Arc::clone(&self.backend);
        let who = self.row.title;
        tokio::spawn(async move {
            if let Err(error) = in_time(who, backend.end_started(&units)).await {
                tracing::warn!(%error, "what was started while it is locked could not be ended");
            }
        });
    }

    pub fn start_restore(&mut self, seat: usize, tell: &mpsc::Sender<Event>) {
        let Some(receipt) = self.receipt.clone() else { return };
        self.stirred = false;
        self.since = Instant::now();
        self.doing = Doing::Restoring;
        let backend = Arc::clone(&self.backend);
        let who = self.row.title;
        act(tell, async move {
            let result = in_time(who, backend.restore(&receipt)).await;
            Event::Restored { seat, result }
        });
    }

    /// Its restore is done; tells whether the receipt is gone.
    pub fn restored(&mut self, result: Result<Restored, BackendError>) -> bool {
        self.doing = Doing::Nothing;
        self.applied = None;
        self.again = false;
        self.anew = false;
        match result {
            Ok(restored) => {
                tracing::info!(backend = self.row.id, ?restored, "given back");
                self.receipt = None;
                self.watcher = None;
                self.theirs = false;
                true
            }
            Err(error) => {
                if !self.stirred {
                    self.wait();
                }
                self.failed("put it back", error);
                false
            }
        }
    }

    /// Its receipt could not be written, so nothing is changed.
    pub fn give_up(&mut self, error: BackendError) {
        self.doing = Doing::Nothing;
        self.failed("keep a receipt", error);
        self.wait();
    }

    fn failed(&mut self, what: &str, error: BackendError) {
        tracing::warn!(backend = self.row.id, %error, "could not {what}");
        match error {
            // It may be what was there before that said so.
            _ if std::mem::take(&mut self.stirred) => {}
            BackendError::TimedOut(_) | BackendError::NotYet(_) => self.wait(),
            BackendError::Absent(_) | BackendError::Refused(_) => self.barred = true,
        }
        self.trouble = Some(error);
    }
}

fn act(tell: &mpsc::Sender<Event>, act: impl Future<Output = Event> + Send + 'static) {
    let tell = tell.clone();
    tokio::spawn(async move {
        let event = act.await;
        // The engine is gone only when the process ends.
        let _ = tell.send(event).await;
    });
}

async fn in_time<T>(
    who: &str,
    act: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, BackendError> {
    tokio::time::timeout(ACT_AT_MOST, act)
        .await
        .unwrap_or_else(|_| Err(BackendError::TimedOut(who.to_owned())))
}

fn watch(seat: usize, backend: Arc<dyn Backend>, tell: mpsc::Sender<Event>) -> Watcher {
    let (sender, mut receiver) = mpsc::channel::<Change>(8);
    Watcher(tokio::spawn(async move {
        let forward = async {
            while let Some(change) = receiver.recv().await {
                let _ = tell.send(Event::Changed { seat, change }).await;
            }
        };
        tokio::join!(backend.changes(sender), forward);
    }))
}
