//! The backend's other half: units go on, all that are ours.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::{CALLS_AT_ONCE, Found, ID, Seen, Set, SystemdFreeze, is_ours};
use crate::{
    backend::{
        BackendError,
        lock::{
            cgroups::{self, Cgroups},
            failures::Failures,
            processes::PROC,
            units,
        },
    },
    dbus::CallError,
};

impl SystemdFreeze {
    /// Thaws units; where the manager will not, by hand.
    pub(in crate::backend::lock) async fn thaw(
        &self,
        shut: &[&str],
        cgroups: &Cgroups,
        failures: &mut Failures,
    ) {
        let mut answers = Vec::with_capacity(shut.len());
        for some in shut.chunks(CALLS_AT_ONCE) {
            answers.extend(join_all(some.iter().map(|unit| self.manager.thaw(unit))).await);
        }
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
    pub(super) async fn let_go(&self, ours: &[Set], found: &Found) -> Result<(), BackendError> {
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
        self.pass_on_the_end(&shut).await;
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
