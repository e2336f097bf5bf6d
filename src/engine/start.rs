//! From nothing to a running loop.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use tokio::sync::{mpsc, watch};
use zbus::Connection;

use super::{
    Damage, Engine, Event, Snapshot, around::Around, attention::Attention, batches::Waited,
    breaks::BreakTimes, clocks::PLACE, grace::Soon, planned::PlannedSessions, said::Said,
    seat::Seat, sentences, started::StartedApps, suggest::Suggesting,
};
use crate::{
    backend::{Desktop, REGISTRY, Row, lock},
    clock::Clock,
    config::{Config, Installed},
    dbus::dconf,
    env::Env,
    plan::Measure,
    schedule::{ByHand, Evaluation, Stays},
    source::{self, Names, Timer, Watch, Woken},
    store::{ByHandStore, Clocks, ReceiptStore, SessionLog},
};

/// How many events may wait; senders wait when it is full, so nothing is lost.
const EVENTS: usize = 256;

/// How long after a change in a folder of applications it is read: what a package brings comes file by file.
const INSTALLED_AFTER: std::time::Duration = std::time::Duration::from_millis(500);

/// What a daemon is started with.
pub struct Daemon {
    /// Folders and variables.
    pub env: Arc<Env>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The session bus.
    pub session: Connection,
    /// The system bus, where there is one.
    pub system: Option<Connection>,
    /// The configuration's file.
    pub config_path: PathBuf,
    /// The backends that may be used; all of [`REGISTRY`] but for `quietctl try` and tests.
    pub rows: Vec<&'static Row>,
}

/// Why the loop cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The kernel gives no timer or no watch.
    #[error("The kernel refused what quietd needs to wait for things: {0}.")]
    Kernel(#[from] std::io::Error),
    /// The bus failed at once.
    #[error("The session bus failed: {0}.")]
    Bus(#[from] zbus::Error),
}

/// A loop that has read what is on disk and listens, but has not acted yet: the bus name comes first, so that two
/// daemons never act on the same receipts.
pub struct Ready {
    /// Where calls and signals go in.
    pub tell: mpsc::Sender<Event>,
    /// What it says of itself.
    pub snapshot: watch::Receiver<Snapshot>,
    engine: Engine,
    events: mpsc::Receiver<Event>,
}

impl Ready {
    /// Runs until [`Event::Stop`] and until everything is given back after it.
    pub async fn run(self) {
        self.engine.run(self.events).await;
    }
}

impl Daemon {
    /// A daemon as the service runs it.
    pub fn new(
        env: Env,
        clock: Arc<dyn Clock>,
        session: Connection,
        system: Option<Connection>,
    ) -> Self {
        let config_path = env.config_file();
        Self {
            env: Arc::new(env),
            clock,
            session,
            system,
            config_path,
            rows: REGISTRY.iter().collect(),
        }
    }

    /// Reads what is on disk and begins to listen.
    pub async fn prepare(self) -> Result<Ready, StartError> {
        let (tell, events) = mpsc::channel(EVENTS);
        let (out, snapshot) = watch::channel(Snapshot::default());
        let desktop =
            Desktop::new(self.session.clone(), self.system.clone(), Arc::clone(&self.env));
        let timer = Arc::new(Timer::new()?);
        let mut names = Names::new(&self.session, tell.clone());
        let watched = self.rows.iter().flat_map(|row| row.names);
        for name in watched {
            names.watch(name).await?;
        }
        self.listen(&timer, &tell);
        let seats = self.rows.iter().map(|row| Seat::new(row, &desktop)).collect();
        let now = self.clock.now();
        let mut engine = Engine {
            desktop,
            clock: Arc::clone(&self.clock),
            tell: tell.clone(),
            names,
            timer,
            out,
            config: Config::default(),
            config_path: self.config_path.clone(),
            configs: None,
            config_error: String::new(),
            installed: Installed::default(),
            log: None,
            sessions: Vec::new(),
            receipts: ReceiptStore::open(&self.env.state_dir()),
            foreign: Vec::new(),
            by_hand_store: ByHandStore::open(&self.env.state_dir()),
            by_hand: ByHand::default(),
            theirs: BTreeSet::new(),
            clocks: Clocks::default(),
            around: Around::default(),
            attention: Attention::open(&self.env.state_dir(), now),
            seats,
            evaluation: Evaluation::default(),
            now,
            since_boot: self.clock.since_boot(),
            clock_lead: jiff::SignedDuration::ZERO,
            zone: TimeZone::UTC,
            slept: None,
            waited: Waited::default(),
            said: Said::default(),
            started: StartedApps::default(),
            planned: PlannedSessions::default(),
            breaks: BreakTimes::default(),
            suggesting: Suggesting::open(&self.env.state_dir()),
            soon: Soon::default(),
            damage: BTreeMap::new(),
            receipts_changed: false,
            to_keep: false,
            captures_until: None,
            first_round_until: None,
            waiting: Vec::new(),
            next_cookie: 0,
            stopping: None,
            ready_told: false,
        };
        engine.read_stores();
        engine.read_dconf_journal();
        // An app that is locked by its category stays so over a restart. Otherwise it has time.
        let locks = |seat: &Seat| seat.row.measures.contains(&Measure::Apps);
        if engine.seats.iter().any(|seat| locks(seat) && seat.receipt.is_some()) {
            engine.installed = lock::installed(&self.env.data_dirs);
        }
        engine.read_config();
        engine.read_log();
        self.watch_installed(&tell, snapshot.clone());
        Ok(Ready { tell, snapshot, engine, events })
    }

    /// Reads what is installed once the start is over, and again where it changes.
    fn watch_installed(&self, tell: &mpsc::Sender<Event>, mut snapshot: watch::Receiver<Snapshot>) {
        let data_dirs = self.env.data_dirs.clone();
        let told = tell.clone();
        let mut watch = Watch::folders(&lock::application_folders(&data_dirs))
            .inspect_err(|error| tracing::warn!(%error, "cannot watch what is installed"))
            .ok();
        tokio::spawn(async move {
            if snapshot.wait_for(|now| now.settled).await.is_err() {
                return;
            }
            loop {
                let found = lock::installed_by_and_by(&data_dirs).await;
                if told.send(Event::Installed(found)).await.is_err() {
                    return;
                }
                let Some(watch) = &mut watch else { return };
                watch.changed().await;
                tokio::time::sleep(INSTALLED_AFTER).await;
            }
        });
    }

    /// Turns what happens outside into events.
    fn listen(&self, timer: &Arc<Timer>, tell: &mpsc::Sender<Event>) {
        let (timer, told) = (Arc::clone(timer), tell.clone());
        tokio::spawn(async move {
            loop {
                let event = match timer.woken().await {
                    Ok(Woken::Due) => Event::Due,
                    Ok(Woken::ClockSet) => Event::ClockSet,
                    Err(error) => {
                        tracing::error!(%error, "the timer failed; what is quiet is given back");
                        Event::Stop
                    }
                };
                if told.send(event).await.is_err() {
                    return;
                }
            }
        });
        let log_dir = self.env.log_dir();
        let plans = source::plans_dir(&self.config_path);
        let watches =
            [Watch::file(&self.config_path), Watch::folder(&plans), Watch::folder(&log_dir)];
        for watch in watches {
            match watch {
                Ok(mut watch) => {
                    let told = tell.clone();
                    tokio::spawn(async move {
                        loop {
                            watch.changed().await;
                            if told.send(Event::FilesChanged).await.is_err() {
                                return;
                            }
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot watch files; `quietctl` and SIGHUP make quietd read them");
                }
            }
        }
        if let Some(system) = &self.system {
            let (bus, told) = (system.clone(), tell.clone());
            tokio::spawn(async move {
                let ended = tokio::join!(
                    source::on_resume(&bus, told.clone()),
                    source::on_zone_change(&bus, told)
                );
                tracing::debug!(?ended, "the system bus tells nothing more");
            });
        }
    }
}

impl Engine {
    /// Reads what an earlier process left: receipts first of all.
    fn read_stores(&mut self) {
        let (receipts, damage) = self.receipts.read();
        for receipt in receipts {
            match self.seats.iter_mut().find(|seat| seat.row.id == receipt.backend) {
                Some(seat) => seat.receipt = Some(receipt),
                None => self.foreign.push(receipt),
            }
        }
        self.note_damage(Damage::Receipts, &sentences(&damage));
        let (kept, damage) = self.by_hand_store.read();
        self.by_hand = kept.by_hand;
        self.clocks = kept.clocks;
        for seat in &mut self.seats {
            seat.theirs = kept.theirs.contains(seat.row.id);
        }
        self.theirs = kept.theirs;
        self.planned.decided = kept.planned;
        self.clocks.carry_over(&boot_id(), self.clock.now(), self.clock.since_boot());
        let ahead = self.clocks.ahead(self.now, self.since_boot);
        let stays = kept.stays.into_iter().map(|(name, since)| {
            let by = ahead.get(&format!("{PLACE}{name}")).copied().unwrap_or_default();
            (name, since.saturating_sub(by).unwrap_or(Timestamp::MIN))
        });
        self.around.stays = Stays::carry_over(stays.collect(), self.now);
        self.clocks.forget_places();
        self.note_damage(Damage::ByHand, &sentences(&damage));
        let env = Arc::clone(&self.desktop.env);
        match SessionLog::open(&env.log_dir(), &env.state_dir()) {
            Ok(log) => self.log = Some(log),
            Err(error) => self.note_damage(Damage::Log, &[error.to_string()]),
        }
    }

    /// dconf keeps receipts of its own, in the same write as the change: they serve where ours were lost.
    fn read_dconf_journal(&mut self) {
        let journalled = match dconf::journalled(&self.desktop) {
            Ok(receipts) => receipts,
            Err(error) => {
                tracing::warn!(%error, "could not look for receipts in dconf");
                return;
            }
        };
        for receipt in journalled {
            if let Some(seat) = self.seats.iter_mut().find(|seat| seat.row.id == receipt.backend)
                && seat.receipt.is_none()
            {
                tracing::info!(backend = seat.row.id, "found a receipt in dconf alone");
                seat.receipt = Some(receipt);
            }
        }
    }
}

/// The kernel's name for this boot (`random(4)`); empty where there is none.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}
