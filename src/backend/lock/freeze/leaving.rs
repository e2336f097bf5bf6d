//! The backend's dealings with locked apps that are left running: which, why, and since when no longer.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::{mpsc, watch};

use super::{ID, Seen, Set, SystemdFreeze, hiding::owners};
use crate::backend::{
    Change, LeftOut,
    lock::{
        adopt::{self, Adoption},
        cgroups::Cgroups,
        entries,
        failures::Failures,
        go_on::{Going, Why},
        identity::Identity,
        now::Now,
        processes::{PROC, Processes},
        streams::Known,
    },
};

/// How long a call has to be over: who changes to another microphone has none for a moment.
const OVER_AFTER: Duration = Duration::from_millis(500);

/// After how long is asked again who captures, where whoever told of it has ended; then nothing is waited for any more.
const ASK_AGAIN: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
];

/// The longest name of an app that is said, in characters.
const NAME_AT_MOST: usize = 60;

/// A unit of a locked app that is left running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::backend::lock) struct Left {
    said: LeftOut,
    why: Why,
    /// Its processes where it is in no unit of its own.
    pids: Vec<u32>,
}

/// Units that are left running, by name.
pub(super) type AllLeft = BTreeMap<String, Left>;

fn any_records(left: &AllLeft) -> bool {
    left.values().any(|it| it.why == Why::Records)
}

impl SystemdFreeze {
    /// Finds out who must go on. Nobody is asked where nothing is to be frozen.
    pub(super) async fn going(&self, set: &Set) -> Going {
        let known = |unit: &String| self.seen(|seen| seen.frozen.contains_key(unit));
        let all = set.units.iter().all(known) && set.adopt.iter().all(|it| known(&it.scope));
        let ourselves = adopt::ourselves(PROC.as_ref());
        if all {
            return Going { ourselves, ..Going::default() };
        }
        let place = self.seen(|seen| seen.place.clone()).unwrap_or_default();
        let pids = || owners(set, &Cgroups::read(&self.env.sysfs, &place)).pids;
        let (recorders, clipboard) = tokio::join!(self.streams.ask(), self.clipboard.owner(pids));
        Going { ourselves, recorders, clipboard }
    }

    /// Leaves out what must go on and is in no unit of its own.
    pub(super) fn may_adopt(
        adopt: &[Adoption],
        going: &Going,
        failures: &mut Failures,
    ) -> Vec<Adoption> {
        if going.recorders.is_empty() && going.clipboard.is_none() {
            return adopt.to_vec();
        }
        let processes = Processes::read(PROC.as_ref());
        let why = |it: &Adoption| {
            processes.get(it.pid, it.started)?;
            going.why(&it.scope, &processes.tree_of(it.pid, &|_| true))
        };
        let mut may = adopt.to_vec();
        may.retain(|it| match why(it) {
            Some(why) => {
                failures.leave(&it.scope, why);
                false
            }
            None => true,
        });
        may
    }

    /// Moves out of units what must go on, and leaves out the units from which that cannot be done.
    pub(super) async fn clear<'a>(
        &self,
        mut units: Vec<&'a str>,
        now: &Now,
        going: &Going,
        failures: &mut Failures,
    ) -> Vec<&'a str> {
        let mut scopes = Vec::new();
        let mut from = Vec::new();
        units.retain(|unit| {
            let pids = now.cgroups.processes(unit);
            if let Some(why) = going.why(unit, &pids) {
                failures.leave(unit, why);
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
                let what = format!("move {} out of", scope.description);
                failures.add_one(&what, unit, error);
                units.retain(|it| *it != unit);
            }
        }
        units
    }

    /// Keeps what is left running now, in place of what was.
    pub(super) fn keep_left(&self, failures: &mut Failures) {
        let left = self.left_of(failures);
        self.left.send_replace(left);
    }

    /// Keeps what is left running beside what is already; tells whether there is something new.
    pub(in crate::backend::lock) fn keep_left_too(&self, failures: &mut Failures) -> bool {
        let left = self.left_of(failures);
        !left.is_empty()
            && self.left.send_if_modified(|kept| {
                let before = kept.clone();
                kept.extend(left);
                *kept != before
            })
    }

    fn left_of(&self, failures: &mut Failures) -> AllLeft {
        let left = failures.take_left();
        let (apps, adopt) = self.seen(|Seen { set, .. }| (set.apps.clone(), set.adopt.clone()));
        let said = |(unit, why): (String, Why)| {
            let identity = Identity::of(&unit);
            let app = identity.as_ref().and_then(|it| it.among(&apps)).map(str::to_owned);
            let name = app.as_ref().and_then(|app| entries::name_of(&self.env.data_dirs, app));
            let name = name.or_else(|| identity.as_ref().map(|it| it.id().to_owned()));
            let name: String = name
                .unwrap_or_else(|| unit.clone())
                .chars()
                .filter(|it| !it.is_control())
                .take(NAME_AT_MOST)
                .collect();
            tracing::info!(measure = "apps", backend = ID, unit, ?why, "left running");
            let text = why.text(name.trim());
            let pids = adopt.iter().filter(|it| it.scope == unit).map(|it| it.pid).collect();
            (unit, Left { said: LeftOut { app, text }, why, pids })
        };
        left.into_iter().map(said).collect()
    }

    /// Tells when apps that were left running for a while may be frozen, for as long as it is polled. Nobody is followed
    /// while there is no such app.
    pub(in crate::backend::lock) async fn follow_left(&self, tell: &mpsc::Sender<Change>) {
        tokio::join!(self.follow_recorders(tell), self.follow_clipboard(tell));
    }

    async fn follow_clipboard(&self, tell: &mpsc::Sender<Change>) {
        let of = |left: &AllLeft| {
            left.values().find_map(|it| match it.why {
                Why::Clipboard(pid) => Some(pid),
                _ => None,
            })
        };
        let mut left = self.left.subscribe();
        loop {
            let pid = of(&left.borrow_and_update());
            let leaves = async {
                match pid {
                    Some(pid) => self.clipboard.leaves(pid).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = left.changed() => if changed.is_err() { return },
                () = leaves => {
                    // The engine has it frozen, which changes what is left.
                    if tell.send(Change::Again).await.is_err() || left.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn follow_recorders(&self, tell: &mpsc::Sender<Change>) {
        let mut left = self.left.subscribe();
        let mut ended = 0;
        loop {
            if left.wait_for(any_records).await.is_err() {
                return;
            }
            let (said, hears) = watch::channel(Known::default());
            tokio::select! {
                _ = left.wait_for(|left| !any_records(left)) => {
                    ended = 0;
                    continue;
                }
                () = self.tell_when_over(hears, tell) => return,
                () = self.streams.follow(&said) => {}
            }
            let Some(after) = ASK_AGAIN.get(ended) else {
                // What they do now is not known; they are looked at with whatever happens next.
                let _ = left.changed().await;
                continue;
            };
            tokio::time::sleep(*after).await;
            ended += 1;
            if tell.send(Change::Again).await.is_err() {
                return;
            }
        }
    }

    async fn tell_when_over(&self, mut hears: watch::Receiver<Known>, tell: &mpsc::Sender<Change>) {
        let mut left = self.left.subscribe();
        let mut told = Vec::new();
        loop {
            let over = self.over(&hears.borrow_and_update(), &left.borrow_and_update());
            let is_new = over != told;
            let changed = async {
                tokio::select! {
                    changed = hears.changed() => changed.is_ok(),
                    changed = left.changed() => changed.is_ok(),
                }
            };
            let changed = if is_new && !over.is_empty() {
                tokio::time::timeout(OVER_AFTER, changed).await.ok()
            } else {
                Some(changed.await)
            };
            match changed {
                Some(true) if over.is_empty() => told.clear(),
                Some(true) => {}
                // Whoever tells has ended; the one who waits for that goes on.
                Some(false) => return std::future::pending().await,
                None => {
                    if tell.send(Change::Again).await.is_err() {
                        return;
                    }
                    told = over;
                }
            }
        }
    }

    /// Which of the apps that are left running because they capture do so no more; none where that is not known.
    fn over(&self, known: &Known, left: &AllLeft) -> Vec<String> {
        let Some(recorders) = known.all() else { return Vec::new() };
        let place = self.seen(|seen| seen.place.clone()).unwrap_or_default();
        let now = Now::at(place, &self.env.sysfs);
        let going = Going { recorders, ..Going::default() };
        let over = |(unit, it): &(&String, &Left)| {
            let pids = if it.pids.is_empty() {
                now.cgroups.processes(unit)
            } else {
                let processes = Processes::read(PROC.as_ref());
                it.pids.iter().flat_map(|pid| processes.tree_of(*pid, &|_| true)).collect()
            };
            it.why == Why::Records && going.why(unit, &pids).is_none()
        };
        left.iter().filter(over).map(|(unit, _)| unit.clone()).collect()
    }

    /// Tells whether a unit is left running.
    pub(in crate::backend::lock) fn is_left(&self, unit: &str) -> bool {
        self.left.borrow().contains_key(unit)
    }

    /// What is said of those that are left running.
    pub(super) fn left_out_now(&self) -> Vec<LeftOut> {
        let mut all: Vec<LeftOut> = Vec::new();
        for it in self.left.borrow().values() {
            // Of one app there may be several units.
            if !all.contains(&it.said) {
                all.push(it.said.clone());
            }
        }
        all
    }
}
