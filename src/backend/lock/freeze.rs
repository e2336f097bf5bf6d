//! The backend: freezes the units of locked apps, and lets them go on.
//!
//! The receipt names the apps, not only their units: an app that is started again is frozen within milliseconds, with no
//! time for another receipt on disk. What is restored is therefore every unit of an app that we lock, and every unit that
//! is named, but none that was frozen before we came.

mod hiding;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, future::join_all};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{
    adopt::{self, Adoption},
    cgroups::{self, Cgroups},
    failures::Failures,
    identity::{Identity, plain},
    now::Now,
    probe,
    processes::{PROC, Processes, Programs},
    spared,
    units::{self, Scope, UserManager},
    windows::{Patience, Window, Windows},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Probe, Restored},
    dbus::CallError,
    env::Env,
    plan::Desired,
    store::Receipt,
};

/// The backend's id in the registry.
pub const ID: &str = "systemd-freeze";

/// How often what belongs to an app is looked for again.
const ADOPT_AT_MOST: usize = 4;

/// What was there before our first change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    /// Units that somebody else had frozen: not ours to thaw.
    frozen: BTreeSet<String>,
}

/// What we lock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Set {
    /// The apps, by their [`plain`] ids.
    apps: BTreeSet<String>,
    /// The units they ran in when this was written.
    units: BTreeSet<String>,
    /// Processes of theirs that are to be put in a unit first.
    adopt: Vec<Adoption>,
    /// Their windows, to be hidden while they are frozen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    windows: Vec<Window>,
    /// The receipt for how long GNOME waits for windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patience: Option<Receipt>,
}

impl Set {
    fn names(&self, unit: &str) -> bool {
        self.units.contains(unit) || self.adopt.iter().any(|adoption| adoption.scope == unit)
    }

    fn means(&self, unit: &str) -> bool {
        self.names(unit) || Identity::of(unit).is_some_and(|app| app.among(&self.apps).is_some())
    }
}

/// Freezes units through the user manager; systemd 246 or later, with the unified cgroup tree.
#[derive(Debug)]
pub struct SystemdFreeze {
    manager: UserManager,
    env: Arc<Env>,
    windows: Windows,
    patience: Patience,
    seen: Mutex<Seen>,
}

/// What this process knows of its own doing. Nothing to restore is in here.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// What was applied last.
    set: Set,
    /// Units we froze, with the run of each: one that goes on while it is still the same run was let go by the person.
    frozen: BTreeMap<String, u64>,
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
            seen: Mutex::default(),
        }
    }

    async fn now(&self) -> Result<Now, CallError> {
        Now::read(&self.manager, &self.env.sysfs).await
    }

    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the scopes for processes that have none; tells those that are there then.
    async fn adopt(&self, set: &Set, failures: &mut Failures) -> BTreeSet<String> {
        let mut there = BTreeSet::new();
        if self.seen(|seen| set.adopt.iter().all(|it| seen.frozen.contains_key(&it.scope))) {
            return there;
        }
        let programs = Programs::of(&self.env.data_dirs, &set.apps);
        let ourselves = adopt::ourselves(PROC.as_ref());
        let mut missed = BTreeMap::new();
        // More than once: what they began while they were moved is still outside, and from a login session's scope none
        // is moved when one of them ended meanwhile.
        for _ in 0..ADOPT_AT_MOST {
            let processes = Processes::read(PROC.as_ref());
            let mut scopes: Vec<Scope> = set
                .adopt
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
            for (scope, made) in scopes.into_iter().zip(made) {
                match made {
                    Ok(()) => drop(there.insert(scope.name)),
                    Err(error) if adopt::is_alive(&scope) => drop(missed.insert(scope.name, error)),
                    // All of it ended meanwhile.
                    Err(_) => {}
                }
            }
        }
        for (scope, error) in missed {
            failures.add("adopt", &scope, error);
        }
        there
    }

    /// Freezes units, all at once, but for those that are so, and those that the person let go. Their windows are hidden
    /// first.
    async fn freeze(
        &self,
        wanted: &BTreeSet<String>,
        windows: &[Window],
        now: &Now,
        failures: &mut Failures,
    ) {
        let known = self.seen(|seen| seen.frozen.clone());
        let (shut, open): (Vec<&str>, Vec<&str>) =
            wanted.iter().map(String::as_str).partition(|unit| {
                let by_the_person =
                    known.contains_key(*unit) && known.get(*unit).copied() == now.cgroups.run(unit);
                now.cgroups.is_frozen(unit) == Some(true)
                    || by_the_person && now.cgroups.is_frozen(unit) == Some(false)
            });
        let open = self.clear(open, now, failures).await;
        let open = self.hide(open, windows, now, failures).await;
        let answers = join_all(open.iter().map(|unit| self.manager.freeze(unit))).await;
        let mut frozen = shut;
        for (unit, answer) in open.into_iter().zip(answers) {
            match answer {
                Err(error) if units::is_gone(&error) => {}
                Err(error) => failures.add("freeze", unit, error),
                Ok(()) => {
                    tracing::debug!(measure = "apps", backend = ID, unit, "frozen");
                    frozen.push(unit);
                }
            }
        }
        let runs = frozen.iter().filter_map(|it| Some(((*it).to_owned(), now.cgroups.run(it)?)));
        let runs = runs.collect();
        self.seen(|seen| seen.frozen = runs);
    }

    /// Moves out of units what must go on, and leaves out the units from which that cannot be done.
    async fn clear<'a>(
        &self,
        mut units: Vec<&'a str>,
        now: &Now,
        failures: &mut Failures,
    ) -> Vec<&'a str> {
        let ourselves = adopt::ourselves(PROC.as_ref());
        let mut scopes = Vec::new();
        let mut from = Vec::new();
        units.retain(|unit| {
            let pids = now.cgroups.processes(unit);
            if pids.iter().any(|pid| ourselves.contains(pid)) {
                failures.say(format!(
                    "{unit} was left running, because quietd itself was started from that app. Start quietd with \
                     `systemctl --user start quietd`; then it can be locked."
                ));
                return false;
            }
            let spared = adopt::scopes_out_of(unit, PROC.as_ref(), &pids);
            from.extend(spared.iter().map(|_| *unit));
            scopes.extend(spared);
            true
        });
        let made = self.manager.make(&scopes).await;
        for ((scope, unit), made) in scopes.iter().zip(from).zip(made) {
            if let Err(error) = made
                && adopt::is_alive(scope)
            {
                failures.add("move out of a locked app", &scope.name, error);
                units.retain(|it| *it != unit);
            }
        }
        units
    }

    /// Thaws units; where the manager will not, by hand.
    async fn thaw(&self, shut: &[&str], cgroups: &Cgroups, failures: &mut Failures) {
        let answers = join_all(shut.iter().map(|unit| self.manager.thaw(unit))).await;
        for (unit, answer) in shut.iter().zip(answers) {
            match answer {
                Ok(()) => tracing::debug!(measure = "apps", backend = ID, unit, "thawed"),
                Err(error) if units::is_gone(&error) => {}
                Err(error) => {
                    if cgroups.thaw(unit).is_err() {
                        failures.add("thaw", unit, error);
                    }
                }
            }
        }
    }

    /// Lets every unit go on that is ours.
    async fn let_go(&self, ours: &[Set], found: &Found) -> Result<(), BackendError> {
        self.seen(|seen| {
            *seen = Seen { shown: std::mem::take(&mut seen.shown), ..Seen::default() }
        });
        let now = match self.now().await {
            Ok(now) => now,
            Err(error) => return Ok(self.thaw_by_hand(ours, found, error)?),
        };
        // A unit that is ending is not among the running ones, and one frozen while it ends would never.
        let named = ours.iter().flat_map(|set| {
            set.units.iter().chain(set.adopt.iter().map(|it| &it.scope)).map(String::as_str)
        });
        let all = now.units.iter().map(String::as_str).chain(now.cgroups.units()).chain(named);
        let shut: BTreeSet<&str> = all
            .filter(|unit| is_ours(ours, found, unit))
            .filter(|unit| now.cgroups.is_frozen(unit) != Some(false))
            .collect();
        let shut: Vec<&str> = shut.into_iter().collect();
        let mut failures = Failures::default();
        self.thaw(&shut, &now.cgroups, &mut failures).await;
        // A unit that goes on because somebody thawed it goes on as it was found.
        failures.result()
    }

    /// Thaws without the manager, which does not answer; only where the files show what is there.
    fn thaw_by_hand(&self, ours: &[Set], found: &Found, error: CallError) -> Result<(), CallError> {
        let place = cgroups::usual_place(PROC.as_ref());
        let cgroups = Cgroups::read(&self.env.sysfs, &place);
        if !cgroups.is_seen() {
            return Err(error);
        }
        let shut =
            |unit: &&str| is_ours(ours, found, unit) && cgroups.is_frozen(unit) == Some(true);
        let failed =
            cgroups.units().filter(shut).filter(|unit| cgroups.thaw(unit).is_err()).count();
        if failed == 0 { Ok(()) } else { Err(error) }
    }
}

#[async_trait]
impl Backend for SystemdFreeze {
    async fn probe(&self) -> Probe {
        probe::probe(&self.manager, &self.env.sysfs).await
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
        set.windows = self.windows_of(&set, before.windows, &now).await;
        Ok(match held {
            Some(held) => held.renew(&set),
            None => Receipt::new(ID, &found, &set),
        })
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let (Some(set), Some(found)) = (receipt.set::<Set>(), receipt.found::<Found>()) else {
            return Err(BackendError::Refused(format!("the receipt is not one of {ID}")));
        };
        let mut failures = Failures::default();
        let adopted = self.adopt(&set, &mut failures).await;
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
            failures.say(error.to_string());
        }

        let mut wanted: BTreeSet<String> = now.units.iter().filter(is_wanted).cloned().collect();
        self.freeze(&wanted, &set.windows, &now, &mut failures).await;
        let before = self.seen(|seen| std::mem::replace(&mut seen.set, set.clone()));
        // What has started meanwhile was told while nobody knew yet that it is locked.
        now.look_again(&self.env.sysfs);
        let late: BTreeSet<String> = now.units.iter().filter(is_wanted).cloned().collect();
        if !late.is_subset(&wanted) {
            wanted.extend(late);
            self.freeze(&wanted, &set.windows, &now, &mut failures).await;
        }
        if let Some(receipt) = set.patience.as_ref().filter(|_| before.patience != set.patience) {
            self.patience.apply(receipt).await;
        }
        failures.result()
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
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
    /// A unit is told when its start is done (`JobRemoved`) and not when it is loaded (`UnitNew`): only then can it be
    /// frozen, and units that are merely looked at make no job.
    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let Ok(mut jobs) = self.manager.jobs().await else { return std::future::pending().await };
        let Ok(mut owners) = self.manager.owners().await else {
            return std::future::pending().await;
        };
        loop {
            if let Err(error) = self.manager.subscribe().await {
                tracing::warn!(measure = "apps", backend = ID, %error, "not told of apps that start");
            }
            if self.has_open().await && tell.send(Change::Again).await.is_err() {
                return;
            }
            loop {
                tokio::select! {
                    Some(job) = jobs.next() => {
                        let started = job.ok().as_ref().and_then(units::finished);
                        let concerns = started.is_some_and(|(unit, result)| {
                            result == "done" && self.is_locked(&unit)
                        });
                        if concerns && tell.send(Change::Again).await.is_err() {
                            return;
                        }
                    }
                    // Whoever comes back has forgotten who asked to be told.
                    Some(_) = owners.next() => break,
                    else => return std::future::pending().await,
                }
            }
        }
    }
}

impl SystemdFreeze {
    /// Tells whether a unit is of an app that is locked now, and not a scope that we make ourselves.
    fn is_locked(&self, unit: &str) -> bool {
        Identity::of(unit).is_some_and(|app| {
            !app.is_ours() && self.seen(|seen| app.among(&seen.set.apps).is_some())
        })
    }

    /// Tells whether a locked app came between the last look and now.
    async fn has_open(&self) -> bool {
        let Ok(now) = self.now().await else { return false };
        let known = self.seen(|seen| seen.frozen.clone());
        now.units.iter().any(|unit| self.is_locked(unit) && !known.contains_key(unit))
    }
}

/// Tells whether a unit is locked by one of these, and was not frozen before.
fn is_ours(ours: &[Set], found: &Found, unit: &str) -> bool {
    !found.frozen.contains(unit) && ours.iter().any(|set| set.means(unit))
}

/// Tells whether nothing a unit's name says is of an app that is never frozen.
fn may_freeze(unit: &str) -> bool {
    !Identity::of(unit).is_some_and(|app| app.ids.iter().any(|id| spared::app(&plain(id))))
}
