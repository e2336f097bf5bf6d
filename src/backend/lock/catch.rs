//! Apps that are started while they are locked: noticed and frozen at once, without the engine.
//!
//! No receipt is written for them, which would cost more than the rest. The one in force names the app, and every run of
//! it is known by the name of its unit, or of the scope that is made for it here: so a restore after a crash lets it go.
//!
//! Listening never waits for acting: the bus's connection stands still while one of its listeners does, and with it the
//! answers that acting waits for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::StreamExt as _;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{
    adopt,
    failures::Failures,
    freeze::{ID, SystemdFreeze},
    go_on::Going,
    identity::Identity,
    now::Now,
    processes::{PROC, Processes},
    scan,
    spared::may_freeze,
    starts::Starts,
    units::{self, UserManager},
};
use crate::{
    backend::{BackendError, Caught, Change},
    dbus::CallError,
};

/// More than this need not be told one by one: then all that runs is looked at.
const WAITING_AT_MOST: usize = 2_000;
/// How many scopes are asked for at once.
const ADOPTIONS_AT_ONCE: usize = 32;
/// How many processes are looked at before others have their turn.
const LOOKS_AT_ONCE: usize = 64;
/// How many processes of a unit are looked at to learn which app it is; the first of them say it.
const OF_A_UNIT: usize = 8;

/// What has started and is not looked at yet, with when that was told.
#[derive(Debug, Default)]
struct Batch {
    units: BTreeMap<String, Instant>,
    pids: BTreeMap<u32, Instant>,
    everything: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    batch: Mutex<Batch>,
    some: Notify,
}

impl Waiting {
    fn add(&self, add: impl FnOnce(&mut Batch)) {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut batch);
        if batch.units.len() + batch.pids.len() > WAITING_AT_MOST {
            *batch = Batch { everything: true, ..Batch::default() };
        }
        self.some.notify_one();
    }

    async fn take(&self) -> Batch {
        self.some.notified().await;
        std::mem::take(&mut *self.batch.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Lets units go when it is dropped with some in it: whoever was freezing them was ended in the midst of it, because all is
/// given back. The manager takes calls in their order, so this one comes after theirs.
struct LetGo {
    manager: UserManager,
    units: Vec<String>,
}

impl Drop for LetGo {
    fn drop(&mut self) {
        let (manager, units) = (self.manager.clone(), std::mem::take(&mut self.units));
        if let (false, Ok(runtime)) = (units.is_empty(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                for unit in units {
                    // One that is not frozen, or gone, needs nothing.
                    let _ = manager.thaw(&unit).await;
                }
            });
        }
    }
}

impl SystemdFreeze {
    /// Catches locked apps as they start, for as long as it is polled.
    pub(super) async fn catch_all(&self, tell: &mpsc::Sender<Change>) {
        let waiting = Waiting::default();
        let catch = async {
            loop {
                let batch = waiting.take().await;
                for change in self.catch(batch).await {
                    if tell.send(change).await.is_err() {
                        return;
                    }
                }
            }
        };
        tokio::select! {
            () = catch => {}
            () = self.hear_of_units(&waiting) => {}
            () = self.hear_of_processes(&waiting) => {}
            () = self.follow_left(tell) => {}
        }
    }

    /// A unit is told when its start is done (`JobRemoved`) and not when it is loaded (`UnitNew`): only then can it be
    /// frozen, and units that are merely looked at make no job.
    async fn hear_of_units(&self, waiting: &Waiting) {
        let (jobs, owners) = tokio::join!(self.manager.jobs(), self.manager.owners());
        let (Ok(mut jobs), Ok(mut owners)) = (jobs, owners) else {
            return std::future::pending().await;
        };
        loop {
            if let Err(error) = self.manager.subscribe().await {
                tracing::warn!(measure = "apps", backend = ID, %error, "not told of apps that start");
            }
            // Some started before anybody listened.
            waiting.add(|batch| batch.everything = true);
            loop {
                tokio::select! {
                    Some(job) = jobs.next() => {
                        if let Some((unit, result)) = job.ok().as_ref().and_then(units::finished)
                            && result == "done"
                            && !Identity::of(&unit).is_some_and(|app| app.is_ours())
                        {
                            waiting.add(|batch| batch.units.extend([(unit, Instant::now())]));
                        }
                    }
                    // Whoever comes back has forgotten who asked to be told.
                    Some(_) = owners.next() => break,
                    else => return std::future::pending().await,
                }
            }
        }
    }

    async fn hear_of_processes(&self, waiting: &Waiting) {
        let proc: &Path = PROC.as_ref();
        let mut starts = Starts::open(self.how().await, proc).await;
        loop {
            let mut began = starts.next(proc).await;
            let at = Instant::now();
            began.retain(|pid| scan::is_own(proc, *pid));
            if !began.is_empty() {
                waiting.add(|batch| batch.pids.extend(began.into_iter().map(|pid| (pid, at))));
            }
        }
    }

    /// Freezes what of a batch is locked; tells what became of it.
    async fn catch(&self, batch: Batch) -> Vec<Change> {
        let proc: &Path = PROC.as_ref();
        let at = Instant::now();
        let Batch { units, mut pids, everything } = batch;
        let mut acting = None;
        if everything {
            // What is being frozen now goes first: to look at all that runs takes a while.
            acting = Some(self.acting.lock().await);
            pids.extend(scan::own(proc).map(|pid| (pid, at)));
        }
        let mut began = self.matching(proc, pids.keys().copied()).await;
        // Most of what begins is no locked app, and costs no more than this.
        if began.is_empty() && units.is_empty() && !everything {
            return Vec::new();
        }
        let _acting = match acting {
            Some(acting) => acting,
            None => self.acting.lock().await,
        };
        let now = match self.now_at_once().await {
            Ok(now) => now,
            Err(error) => {
                tracing::debug!(measure = "apps", backend = ID, %error, "what started was not seen");
                return Vec::new();
            }
        };
        let of_locked = |unit: &str| self.app_of(unit).is_some();
        let mut wanted: BTreeSet<String> =
            units.keys().filter(|unit| of_locked(unit)).cloned().collect();
        if everything {
            // Who holds a call is still at it; that is looked after elsewhere.
            let meant = |unit: &&String| of_locked(unit) && !self.is_left(unit);
            wanted.extend(now.units.iter().filter(meant).cloned());
        }
        for unit in units.keys().filter(|unit| !wanted.contains(*unit)) {
            let inside = now.cgroups.processes(unit).into_iter().take(OF_A_UNIT);
            began.extend(self.matching(proc, inside).await);
        }

        let mut failures = Failures::default();
        let mut undo = LetGo { manager: self.manager.clone(), units: Vec::new() };
        undo.units.extend(wanted.iter().cloned());
        self.seen(|seen| {
            seen.frozen.retain(|unit, _| now.cgroups.has(unit));
            seen.fresh.retain(|unit| now.cgroups.has(unit));
        });
        // Nobody is asked who captures sound or was copied from: what has just begun does not yet, and the answer would take longer than all
        // the rest.
        let going = Going { ourselves: adopt::ourselves(proc), ..Going::default() };
        let mut frozen = self.freeze(&wanted, &now, &going, &mut failures).await;
        let mut told_at: BTreeMap<String, Instant> = units;
        let mut changes = Vec::new();
        let (adopted, needs_a_receipt) =
            self.adopt_those(&began, &pids, &now, &mut undo, &mut failures).await;
        for (scope, told) in adopted {
            told_at.insert(scope.clone(), told);
            frozen.push(scope);
        }
        if needs_a_receipt {
            changes.push(Change::Again);
        }
        // What was unlocked meanwhile is let go; who unlocked it had not seen it frozen.
        let late: Vec<&str> =
            frozen.iter().map(String::as_str).filter(|it| self.app_of(it).is_none()).collect();
        self.thaw(&late, &now.cgroups, &mut failures).await;
        undo.units.clear();
        if self.keep_left_too(&mut failures) {
            changes.push(Change::LeftOut);
        }
        // What may go well later is the engine's to try again.
        if let Err(BackendError::Absent(_) | BackendError::TimedOut(_) | BackendError::NotYet(_)) =
            failures.result()
        {
            changes.push(Change::Again);
        }
        if frozen.is_empty() {
            return changes;
        }
        let after = Now::at(now.place().to_owned(), &self.env.sysfs);
        // One that began after the first look, under the name of one that had just ended.
        let new = frozen.iter().map(String::as_str).filter(|unit| !now.cgroups.has(unit));
        self.keep(new, &after);
        changes.extend(frozen.into_iter().filter_map(|unit| {
            let app = self.app_of(&unit)?;
            let ran = told_at.get(&unit).copied().unwrap_or(at).elapsed();
            let fresh = self.is_fresh(&unit, &after.cgroups);
            Some(Change::Caught(Caught { app, unit, ran, fresh }))
        }));
        changes
    }

    /// Puts processes of locked apps that are in no unit of their own into one, and freezes it; tells the units, with
    /// when each process was told. Also tells whether some are in a unit of another name that is to be frozen as it is:
    /// that one has to be in a receipt first.
    async fn adopt_those(
        &self,
        began: &BTreeSet<u32>,
        pids: &BTreeMap<u32, Instant>,
        now: &Now,
        undo: &mut LetGo,
        failures: &mut Failures,
    ) -> (Vec<(String, Instant)>, bool) {
        if began.is_empty() {
            return (Vec::new(), false);
        }
        let proc: &Path = PROC.as_ref();
        let at = Instant::now();
        let programs = self.seen(|seen| Arc::clone(&seen.programs));
        let processes = adopt::around(proc, &now.cgroups, began);
        let mut choice = adopt::choose(&processes, &programs, &adopt::ourselves(proc));
        choice.adopt.retain(|it| {
            let scope = &it.scope;
            !now.cgroups.has(scope) && !self.is_left(scope) && self.app_of(scope).is_some()
        });
        let is_new = |unit: &String| self.seen(|seen| !seen.set.units.contains(unit));
        let needs_a_receipt = choice.units.iter().any(is_new);
        let mut adopted = Vec::new();
        for some in choice.adopt.chunks(ADOPTIONS_AT_ONCE) {
            // Unlocked while others were adopted.
            if some.iter().all(|it| self.app_of(&it.scope).is_none()) {
                continue;
            }
            undo.units.extend(some.iter().map(|it| it.scope.clone()));
            let tops: BTreeSet<u32> = some.iter().map(|it| it.pid).collect();
            let read = || adopt::around(proc, &now.cgroups, &tops);
            let there = self.adopt(some, &read, failures).await;
            let told = some.iter().filter_map(|it| pids.get(&it.pid)).min().copied().unwrap_or(at);
            adopted.extend(there.into_iter().map(|scope| (scope, told)));
        }
        if !adopted.is_empty() {
            let after = Now::at(now.place().to_owned(), &self.env.sysfs);
            self.keep(adopted.iter().map(|(scope, _)| scope.as_str()), &after);
        }
        (adopted, needs_a_receipt)
    }

    /// Those of some processes that are a locked app and in no unit of its own.
    async fn matching(&self, proc: &Path, pids: impl Iterator<Item = u32>) -> BTreeSet<u32> {
        let programs = self.seen(|seen| Arc::clone(&seen.programs));
        let mut found = BTreeSet::new();
        for (at, pid) in pids.enumerate() {
            if at % LOOKS_AT_ONCE == LOOKS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            if !scan::is_own(proc, pid) {
                continue;
            }
            let processes = Processes::read_some(proc, &[pid]);
            let Some(process) = processes.at(pid) else { continue };
            let at_home = || process.unit.as_deref().is_some_and(|it| self.app_of(it).is_some());
            if programs.app(process).is_some() && !at_home() {
                found.insert(pid);
            }
        }
        found
    }

    /// Which locked app a unit is, and may be frozen for; none where it is not to be.
    fn app_of(&self, unit: &str) -> Option<String> {
        let app = Identity::of(unit)?;
        let locked = self.seen(|seen| {
            let app = app.among(&seen.set.apps)?;
            (!seen.found.frozen.contains(unit)).then(|| app.to_owned())
        })?;
        may_freeze(unit).then_some(locked)
    }

    /// What runs, without asking the manager where it has told the place before.
    async fn now_at_once(&self) -> Result<Now, CallError> {
        let place = self.seen(|seen| seen.place.clone());
        let now = place.map(|place| Now::at(place, &self.env.sysfs));
        match now.filter(|now| now.cgroups.is_seen()) {
            Some(now) => Ok(now),
            None => self.now().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::{PrivateBus, Systemd};

    #[tokio::test]
    async fn what_is_ended_in_the_midst_of_freezing_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let bus = PrivateBus::start().unwrap();
        let systemd = Systemd::start(bus.address(), &folder.path().join("sys")).await.unwrap();
        let unit = "app-org.example.Chat-1.scope";
        systemd.start_unit(unit, &[]).await.unwrap();
        let manager = UserManager::new(&bus.connect().await.unwrap());
        manager.freeze(unit).await.unwrap();
        drop(LetGo { manager: manager.clone(), units: vec![unit.to_owned()] });
        let thawed = async {
            while systemd.is_frozen(unit) {
                manager.version().await.unwrap();
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), thawed).await.unwrap();
    }
}
