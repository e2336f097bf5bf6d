//! Ending an app that was started while it is locked, and that nobody wants to go on; and what is let go while the
//! session ends.
//!
//! Only one that stood still before anybody can have done anything in it, and that has not moved since. It is asked to
//! end as `systemctl stop` asks; never killed by us.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;

use super::{
    cgroups::Cgroups,
    failures::Failures,
    freeze::{ID, SystemdFreeze},
    now::Now,
    processes::{self, PROC},
    units,
};
use crate::{
    backend::BackendError,
    clock::{Clock as _, SystemClock},
    dbus::CallError,
};

/// From the beginning of an app's first process until it stands still: within this no app has a window that somebody
/// has typed in.
pub(super) const FRESH: Duration = Duration::from_millis(250);

/// `proc_pid_stat(5)` counts hundredths of a second since boot, on every architecture of today.
const TICK: Duration = Duration::from_millis(10);

impl SystemdFreeze {
    /// Tells whether a unit that stands still now has just begun, and keeps that in mind.
    pub(super) fn is_fresh(&self, unit: &str, cgroups: &Cgroups) -> bool {
        let pids = cgroups.processes(unit);
        let oldest = pids.iter().filter_map(|pid| processes::started(PROC.as_ref(), *pid)).min();
        let since_boot = u128::try_from(SystemClock.since_boot().as_millis()).unwrap_or(0);
        let fresh = oldest.is_some_and(|oldest| {
            let began = u128::from(oldest) * TICK.as_millis();
            since_boot.checked_sub(began).is_some_and(|age| age < self.fresh_within.as_millis())
        });
        self.seen(|seen| {
            let known = seen.frozen.get(unit).copied();
            if fresh && known.is_some() && known == cgroups.run(unit) {
                seen.fresh.insert(unit.to_owned());
            } else {
                seen.fresh.remove(unit);
            }
            seen.fresh.contains(unit)
        })
    }

    /// Ends those of some units that are as they were when they were frozen, just begun.
    pub(super) async fn end_all(&self, units: &BTreeSet<String>) -> Result<(), BackendError> {
        let _acting = self.acting.lock().await;
        let place = self.seen(|seen| seen.place.clone());
        let Some(place) = place else { return Ok(()) };
        let now = Now::at(place, &self.env.sysfs);
        let mut failures = Failures::default();
        for unit in units {
            let (fresh, run) =
                self.seen(|seen| (seen.fresh.remove(unit), seen.frozen.get(unit).copied()));
            let same = run.is_some() && run == now.cgroups.run(unit);
            if !fresh || !same || now.cgroups.is_frozen(unit) != Some(true) {
                continue;
            }
            match self.end(unit).await {
                Ok(()) => tracing::debug!(measure = "apps", backend = ID, unit, "told to end"),
                Err(error) if units::is_gone(&error) => {}
                Err(error) => failures.add("stop", unit, error),
            }
        }
        failures.result()
    }

    async fn end(&self, unit: &str) -> Result<(), CallError> {
        self.manager.thaw(unit).await?;
        let told = self.manager.stop(unit).await;
        if told.is_err() {
            // It is locked as it was.
            self.manager.freeze(unit).await?;
        }
        told
    }

    /// Tells units that were let go to end, where the session ends: what stands still is not told of that (systemd 257),
    /// and is killed in the end.
    pub(super) async fn pass_on_the_end(&self, shut: &[&str]) {
        if shut.is_empty() || !matches!(self.manager.is_ending().await, Ok(true)) {
            return;
        }
        let told = join_all(shut.iter().map(|unit| self.manager.stop(unit))).await;
        for (unit, told) in shut.iter().zip(told) {
            match told {
                Ok(()) => tracing::debug!(measure = "apps", backend = ID, unit, "told of the end"),
                Err(error) if units::is_gone(&error) => {}
                Err(error) => {
                    tracing::warn!(measure = "apps", unit, %error, "could not be told of the end");
                }
            }
        }
    }
}
