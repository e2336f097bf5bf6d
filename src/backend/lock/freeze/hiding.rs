//! The backend's dealings with windows: which are hidden before a freeze, and shown after a thaw.

use std::collections::BTreeSet;

use super::{Set, SystemdFreeze};
use crate::backend::{
    BackendError,
    lock::{
        cgroups::Cgroups,
        failures::Failures,
        go_on::Why,
        identity::{Identity, plain},
        now::Now,
        processes::{PROC, Processes},
        windows::{Owners, Window},
    },
};

impl SystemdFreeze {
    /// Finds the windows of what is to be locked, as they are now; those that are hidden already, as they were before.
    pub(super) async fn find_windows(&self, set: &mut Set, hidden: Vec<Window>, now: &Now) {
        let owners = owners(set, &now.cgroups);
        set.windows = hidden;
        set.windows.retain(|window| window.is_of(&owners));
        match self.windows.of(&owners).await {
            Ok(windows) => {
                for window in windows {
                    if !set.windows.iter().any(|known| known.is(&window)) {
                        set.windows.push(window);
                    }
                }
            }
            Err(trouble) => {
                tracing::warn!(measure = "apps", %trouble, "what shows cannot be known, so it is not frozen");
                let scopes = set.adopt.iter().map(|it| &it.scope);
                set.unseen = set.units.iter().chain(scopes).cloned().collect();
                set.unseen.retain(|unit| now.cgroups.is_frozen(unit) != Some(true));
            }
        }
    }

    /// Hides the windows of units that are about to be frozen; leaves out those that closing a window would end then.
    pub(super) async fn hide<'a>(
        &self,
        mut units: Vec<&'a str>,
        failures: &mut Failures,
    ) -> Vec<&'a str> {
        let (windows, place) = self.seen(|seen| {
            units.retain(|unit| {
                let is_unseen = seen.set.unseen.contains(*unit);
                if is_unseen {
                    failures.leave_unseen(unit);
                }
                !is_unseen
            });
            (seen.set.windows.clone(), seen.place.clone())
        });
        // What has just been started has no window yet, and does not wait for others'.
        if windows.is_empty() || units.is_empty() {
            return units;
        }
        let cgroups = Cgroups::read(&self.env.sysfs, &place.unwrap_or_default());
        let owners = |units: &[&str]| {
            let units = units.iter().map(|unit| (*unit).to_owned()).collect();
            owners(&Set { units, ..Set::default() }, &cgroups)
        };
        let all = owners(&units);
        let meant: Vec<Window> = windows.into_iter().filter(|window| window.is_of(&all)).collect();
        if meant.is_empty() {
            return units;
        }
        self.seen(|seen| seen.shown.retain(|shown| !meant.iter().any(|it| it.is(shown))));
        let dangerous = self.windows.hide(meant).await;
        units.retain(|unit| {
            let owners = owners(&[*unit]);
            let may = !dangerous.iter().any(|window| window.is_of(&owners));
            if !may {
                failures.leave(unit, Why::Shown);
            }
            may
        });
        units
    }

    /// Shows windows that we have hidden, but for some.
    pub(super) async fn show(&self, ours: &[Set], but: &[Window]) -> Result<(), BackendError> {
        let mut windows: Vec<Window> = Vec::new();
        let known = self.seen(|seen| seen.shown.clone());
        // What is set now comes first, and then what was set last.
        let (now, earlier) = ours.split_at(ours.len().min(1));
        for window in now.iter().chain(earlier.iter().rev()).flat_map(|set| &set.windows) {
            let is_it = |other: &Window| other.is(window);
            if ![but, &known, &windows].iter().any(|some| some.iter().any(is_it)) {
                windows.push(window.clone());
            }
        }
        if windows.is_empty() {
            return Ok(());
        }
        self.windows.show(windows.clone()).await?;
        self.seen(|seen| seen.shown.extend(windows));
        Ok(())
    }
}

/// Whose windows are those of what is to be frozen.
pub(super) fn owners(set: &Set, cgroups: &Cgroups) -> Owners {
    let mut pids: BTreeSet<u32> =
        set.units.iter().flat_map(|unit| cgroups.processes(unit)).collect();
    if !set.adopt.is_empty() {
        let processes = Processes::read(PROC.as_ref());
        pids.extend(set.adopt.iter().flat_map(|it| processes.tree_of(it.pid, &|_| true)));
    }
    let named = set.units.iter().filter_map(|unit| Identity::of(unit)).flat_map(|app| app.ids);
    let apps = named.chain(set.adopt.iter().map(|it| it.app.clone())).map(|id| plain(&id));
    Owners { pids, apps: apps.collect() }
}
