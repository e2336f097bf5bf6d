//! The backend: freezes the units of locked apps, and lets them go on.
//!
//! The receipt names the apps, not only their units: an app that is started again is frozen within milliseconds, with no
//! time for another receipt on disk. What is restored is therefore every unit of an app that we lock, and every unit that
//! is named, but none that was frozen before we came.

mod hiding;
mod leaving;
mod set;
mod thawing;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::sync::{OnceCell, mpsc, watch};

pub(super) use set::{Found, Set};
use set::{is_ours, renew};

use super::{
    adopt::{self, Adoption},
    end::FRESH,
    failures::Failures,
    go_on::{Going, Why},
    identity::plain,
    now::Now,
    probe,
    processes::{PROC, Processes, Programs},
    spared::{self, may_freeze},
    starts::How,
    streams::Streams,
    units::{self, Scope, UserManager},
    windows::{Clipboard, Patience, Window, Windows},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, LeftOut, Probe, Restored},
    dbus::CallError,
    env::Env,
    plan::Desired,
    store::Receipt,
};
use leaving::AllLeft;

/// The backend's id in the registry.
pub const ID: &str = "systemd-freeze";

/// How often what belongs to an app is looked for again.
const ADOPT_AT_MOST: usize = 4;

/// How many calls wait for their answers at once: the time each may take begins when it is made.
const CALLS_AT_ONCE: usize = 64;

/// The longest that giving back waits for an app that is being caught.
const CAUGHT_WITHIN: Duration = Duration::from_millis(500);

/// Freezes units through the user manager; systemd 246 or later, with the unified cgroup tree.
#[derive(Debug)]
pub struct SystemdFreeze {
    pub(super) manager: UserManager,
    pub(super) env: Arc<Env>,
    windows: Windows,
    patience: Patience,
    streams: Streams,
    clipboard: Clipboard,
    seen: Mutex<Seen>,
    /// Units of locked apps that are left running.
    left: watch::Sender<AllLeft>,
    /// Held by whoever freezes and thaws: an app that is caught as it starts is never between the two.
    pub(super) acting: tokio::sync::Mutex<()>,
    /// How programs that begin are noticed; found out once.
    how: OnceCell<How>,
    /// How long after its beginning an app that stands still cannot have done anything yet.
    pub(super) fresh_within: Duration,
}

/// What this process knows of its own doing. Nothing to restore is in here.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What is to be locked.
    pub(super) set: Set,
    /// What was frozen before we came.
    pub(super) found: Found,
    /// What its apps are known by where they are in no unit of their own.
    pub(super) programs: Arc<Programs>,
    /// Where the user manager's part of the cgroup tree is.
    pub(super) place: Option<String>,
    /// Units we froze, with the run of each: one that goes on while it is still the same run was let go by the person.
    pub(super) frozen: BTreeMap<String, u64>,
    /// Those of them that cannot have done anything yet.
    pub(super) fresh: BTreeSet<String>,
    /// Windows that were shown again, and since then are the person's to hide.
    shown: Vec<Window>,
}

impl SystemdFreeze {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self {
            manager: UserManager::new(&desktop.session),
            env: Arc::clone(&desktop.env),
            windows: Windows::new(desktop),
            patience: Patience::new(desktop),
            streams: Streams::new(&desktop.env),
            clipboard: Clipboard::new(desktop),
            seen: Mutex::default(),
            left: watch::Sender::default(),
            acting: tokio::sync::Mutex::default(),
            how: OnceCell::new(),
            fresh_within: FRESH,
        }
    }

    /// Sets how programs that begin are noticed, where that is not to be found out.
    #[must_use]
    pub fn noticing(self, how: How) -> Self {
        Self { how: OnceCell::new_with(Some(how)), ..self }
    }

    /// Sets how soon an app has to stand still to be one that has done nothing yet: what takes 5 ms on an idle machine
    /// may take long on a busy one, and a test is not about that.
    #[must_use]
    pub fn fresh_within(self, fresh_within: Duration) -> Self {
        Self { fresh_within, ..self }
    }

    /// How programs that begin are noticed here.
    pub(super) async fn how(&self) -> How {
        *self.how.get_or_init(How::here).await
    }

    pub(super) async fn now(&self) -> Result<Now, CallError> {
        let now = Now::read(&self.manager, &self.env.sysfs).await?;
        self.seen(|seen| seen.place = Some(now.place().to_owned()));
        Ok(now)
    }

    pub(super) fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the scopes for processes that have none, and freezes each; tells those that are there then.
    pub(super) async fn adopt(
        &self,
        adopt: &[Adoption],
        read: &(dyn Fn() -> Processes + Sync),
        failures: &mut Failures,
    ) -> BTreeSet<String> {
        let mut there = BTreeSet::new();
        let programs = self.seen(|seen| Arc::clone(&seen.programs));
        let ourselves = adopt::ourselves(PROC.as_ref());
        let mut missed = BTreeMap::new();
        // More than once: what they began while they were moved is still outside, and from a login session's scope none
        // is moved when one of them ended meanwhile.
        for _ in 0..ADOPT_AT_MOST {
            let processes = read();
            let mut scopes: Vec<Scope> = adopt
                .iter()
                .filter_map(|it| adopt::scope_of(it, &processes, &programs, &ourselves))
                .collect();
            scopes
                .iter_mut()
                .filter(|it| missed.contains_key(&it.name))
                .for_each(Scope::first_only);
            missed.clear();
            if scopes.is_empty() {
                break;
            }
            let made = self.manager.make(&scopes).await;
            let mut new = BTreeSet::new();
            for (scope, made) in scopes.into_iter().zip(made) {
                match made {
                    Ok(()) => drop(new.insert(scope.name)),
                    Err(error) if adopt::is_alive(&scope) => drop(missed.insert(scope.name, error)),
                    // All of it ended meanwhile.
                    Err(_) => {}
                }
            }
            self.freeze_all(new.iter().map(String::as_str).collect(), failures).await;
            there.extend(new);
        }
        for (scope, error) in missed {
            failures.add_one("put in a unit of its own", &scope, error);
        }
        there
    }

    /// Freezes units, all at once, but for those that are so, and those that the person let go; tells which it froze.
    pub(super) async fn freeze(
        &self,
        wanted: &BTreeSet<String>,
        now: &Now,
        going: &Going,
        failures: &mut Failures,
    ) -> Vec<String> {
        let known = self.seen(|seen| seen.frozen.clone());
        let (shut, open): (Vec<&str>, Vec<&str>) =
            wanted.iter().map(String::as_str).partition(|unit| {
                let by_the_person =
                    known.contains_key(*unit) && known.get(*unit).copied() == now.cgroups.run(unit);
                now.cgroups.is_frozen(unit) == Some(true)
                    || by_the_person && now.cgroups.is_frozen(unit) == Some(false)
            });
        let open = self.clear(open, now, going, failures).await;
        let frozen = self.freeze_all(open, failures).await;
        self.keep(shut.into_iter().chain(frozen.iter().copied()), now);
        frozen.into_iter().map(str::to_owned).collect()
    }

    /// Keeps in mind which run of each of these units is frozen.
    pub(super) fn keep<'a>(&self, frozen: impl Iterator<Item = &'a str>, now: &Now) {
        let runs: BTreeMap<String, u64> =
            frozen.filter_map(|it| Some((it.to_owned(), now.cgroups.run(it)?))).collect();
        self.seen(|seen| seen.frozen.extend(runs));
    }

    /// Freezes units; their windows are hidden first.
    async fn freeze_all<'a>(&self, units: Vec<&'a str>, failures: &mut Failures) -> Vec<&'a str> {
        let units = self.hide(units, failures).await;
        let mut answers = Vec::with_capacity(units.len());
        for some in units.chunks(CALLS_AT_ONCE) {
            answers.extend(join_all(some.iter().map(|unit| self.manager.freeze(unit))).await);
        }
        let mut frozen = Vec::new();
        let answered = answers.iter().any(|it| !matches!(it, Err(CallError::TimedOut(_))));
        for (unit, answer) in units.into_iter().zip(answers) {
            match answer {
                Err(error) if units::is_gone(&error) || units::is_busy(&error) => {}
                // A process that waits for a disk or a network in the kernel stands still only after that.
                Err(CallError::TimedOut(_)) if answered => failures.leave(unit, Why::Slow),
                Err(error) => failures.add_one("freeze", unit, error),
                Ok(()) => {
                    tracing::debug!(measure = "apps", backend = ID, unit, "frozen");
                    frozen.push(unit);
                }
            }
        }
        frozen
    }
}

#[async_trait]
impl Backend for SystemdFreeze {
    async fn probe(&self) -> Probe {
        let (probe, how) = tokio::join!(probe::probe(&self.manager, &self.env.sysfs), self.how());
        match probe {
            Probe::Ready(version) => {
                Probe::Ready(format!("{version}; {}{}", how.text(), self.streams.unseen()))
            }
            other => other,
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let now = self.now().await?;
        let mut apps: BTreeSet<String> =
            desired.apps.iter().map(|id| plain(id)).filter(|id| !spared::app(id)).collect();
        let found = held.and_then(Receipt::found::<Found>).unwrap_or_else(|| Found {
            frozen: now
                .units
                .iter()
                .filter(|unit| now.cgroups.is_frozen(unit) == Some(true))
                .cloned()
                .collect(),
        });

        let proc = PROC.as_ref();
        let programs = Programs::of(&self.env.data_dirs, &apps);
        apps.retain(|app| programs.may_lock(app));
        let choice = adopt::choose(&Processes::read(proc), &programs, &adopt::ourselves(proc));
        let mut set = Set { apps, units: choice.units, adopt: choice.adopt, ..Set::default() };
        let named: Vec<String> = now
            .units
            .iter()
            .filter(|unit| set.means(unit) && !found.frozen.contains(*unit))
            .cloned()
            .collect();
        set.units.extend(named);
        set.units.retain(|unit| !found.frozen.contains(unit) && may_freeze(unit));
        let before = held.and_then(Receipt::set::<Set>).unwrap_or_default();
        set.patience = self.patience.capture(before.patience.as_ref(), !set.apps.is_empty()).await;
        self.find_windows(&mut set, before.windows, &now).await;
        Ok(match held {
            Some(held) => renew(held, &set, &now),
            None => Receipt::new(ID, &found, &set),
        })
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let (Some(set), Some(found)) = (receipt.set::<Set>(), receipt.found::<Found>()) else {
            return Err(BackendError::Refused(format!("the receipt is not one of {ID}")));
        };
        let programs = self.programs_of(&set.apps);
        // What opens is at once no longer caught. What is to be locked is known only to who acts: caught by another first,
        // an app that ran all along would be taken for one that has just started, and one in a call would be frozen.
        self.seen(|seen| seen.set.apps.retain(|app| set.apps.contains(app)));
        let _acting = self.acting.lock().await;
        let before = self.seen(|seen| {
            seen.found = found.clone();
            seen.programs = programs;
            std::mem::replace(&mut seen.set, set.clone())
        });
        let mut failures = Failures::default();
        let going = self.going(&set).await;
        let known = |it: &Adoption| self.seen(|seen| seen.frozen.contains_key(&it.scope));
        let adopted = if set.adopt.iter().all(known) {
            BTreeSet::new()
        } else {
            let adopt = Self::may_adopt(&set.adopt, &going, &mut failures);
            self.adopt(&adopt, &|| Processes::read(PROC.as_ref()), &mut failures).await
        };
        let mut now = self.now().await?;
        now.units.extend(adopted);
        let is_wanted =
            |unit: &&String| set.means(unit) && !found.frozen.contains(*unit) && may_freeze(unit);

        let earlier = receipt.ours::<Set>();
        let unwanted: Vec<&str> = now
            .units
            .iter()
            .filter(|unit| !is_wanted(unit) && is_ours(&earlier, &found, unit))
            .filter(|unit| now.cgroups.is_frozen(unit) != Some(false))
            .map(String::as_str)
            .collect();
        // What is let go goes first: to open is never to wait for something to shut.
        self.thaw(&unwanted, &now.cgroups, &mut failures).await;
        if let Err(error) = self.show(&earlier, &set.windows).await {
            // They are tried again with the next act; the lock does not end for that.
            tracing::warn!(measure = "apps", backend = ID, %error, "windows are still hidden");
        }

        let mut wanted: BTreeSet<String> = now.units.iter().filter(is_wanted).cloned().collect();
        self.seen(|seen| {
            seen.frozen.retain(|unit, _| wanted.contains(unit));
            seen.fresh.retain(|unit| wanted.contains(unit));
        });
        self.freeze(&wanted, &now, &going, &mut failures).await;
        // What has started meanwhile was told while nobody knew yet that it is locked.
        now.look_again(&self.env.sysfs);
        let late: BTreeSet<String> = now.units.iter().filter(is_wanted).cloned().collect();
        if !late.is_subset(&wanted) {
            wanted.extend(late);
            self.freeze(&wanted, &now, &going, &mut failures).await;
        }
        if let Some(receipt) = set.patience.as_ref().filter(|_| before.patience != set.patience) {
            self.patience.apply(receipt).await;
        }
        self.keep_left(&mut failures);
        failures.result()
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        // From here on none is caught; one that is at this moment has a little time to be done with.
        self.seen(|seen| {
            *seen = Seen { shown: std::mem::take(&mut seen.shown), ..Seen::default() }
        });
        self.left.send_replace(AllLeft::new());
        let _acting = tokio::time::timeout(CAUGHT_WITHIN, self.acting.lock()).await;
        let ours = receipt.ours::<Set>();
        if ours.is_empty() {
            // Of GNOME's setting alone, as its journal has it.
            self.patience.restore(receipt).await?;
            return Ok(Restored::AsFound);
        }
        let found = receipt.found::<Found>().unwrap_or_default();
        let thawed = self.let_go(&ours, &found).await;
        // They go on first: a window that is shown is to answer.
        let shown = self.show(&ours, &[]).await;
        let patience = match ours.iter().find_map(|set| set.patience.as_ref()) {
            Some(receipt) => self.patience.restore(receipt).await,
            None => Ok(()),
        };
        self.seen(|seen| seen.shown.clear());
        thawed.and(shown).and(patience).map(|()| Restored::AsFound)
    }

    fn left_out(&self) -> Vec<LeftOut> {
        self.left_out_now()
    }

    async fn end_started(&self, units: &BTreeSet<String>) -> Result<(), BackendError> {
        self.end_all(units).await
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        self.catch_all(&tell).await;
    }
}

impl SystemdFreeze {
    /// What some apps are known by; read once for the same ones.
    fn programs_of(&self, apps: &BTreeSet<String>) -> Arc<Programs> {
        let kept = self.seen(|seen| (seen.set.apps == *apps).then(|| Arc::clone(&seen.programs)));
        kept.unwrap_or_else(|| Arc::new(Programs::of(&self.env.data_dirs, apps)))
    }
}
