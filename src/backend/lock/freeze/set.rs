//! What is in the backend's receipt: what it found, and what it locks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::{adopt::Adoption, identity::Identity, now::Now, windows::Window};
use crate::store::Receipt;

/// What was there before our first change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Found {
    /// Units that somebody else had frozen: not ours to thaw.
    pub(in super::super) frozen: BTreeSet<String>,
}

/// What we lock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Set {
    /// The apps, by their [`plain`] ids.
    pub(in super::super) apps: BTreeSet<String>,
    /// The units they ran in when this was written.
    pub(in super::super) units: BTreeSet<String>,
    /// Processes of theirs that are to be put in a unit first.
    pub(super) adopt: Vec<Adoption>,
    /// Their windows, to be hidden while they are frozen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) windows: Vec<Window>,
    /// What runs of it and is not known to be hidden, where it may be ended while it stands still.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) unseen: BTreeSet<String>,
    /// The receipt for how long GNOME waits for windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) patience: Option<Receipt>,
}

impl Set {
    pub(super) fn names(&self, unit: &str) -> bool {
        self.units.contains(unit) || self.adopt.iter().any(|adoption| adoption.scope == unit)
    }

    pub(in super::super) fn means(&self, unit: &str) -> bool {
        self.names(unit) || Identity::of(unit).is_some_and(|app| app.among(&self.apps).is_some())
    }
}

/// Makes the receipt for other apps, with what is still ours of before. Units that are gone are left out, and those that
/// an app's id tells: however often an app is started, the receipt says no more.
pub(super) fn renew(held: &Receipt, set: &Set, now: &Now) -> Receipt {
    let mut before = Set::default();
    for earlier in held.ours::<Set>() {
        before.units.extend(earlier.adopt.iter().map(|it| it.scope.clone()));
        before.units.extend(earlier.units);
        before.apps.extend(earlier.apps);
        for window in earlier.windows {
            if ![&before.windows, &set.windows]
                .iter()
                .any(|some| some.iter().any(|it| it.is(&window)))
            {
                before.windows.push(window);
            }
        }
    }
    let told = Set { apps: &set.apps | &before.apps, ..Set::default() };
    before.apps.retain(|app| !set.apps.contains(app));
    let is_there = |unit: &str| !now.cgroups.is_seen() || now.cgroups.has(unit);
    before.units.retain(|unit| !set.names(unit) && !told.means(unit) && is_there(unit));
    let earlier = (before != Set::default()).then(|| serde_json::to_value(&before).ok()).flatten();
    Receipt { earlier: earlier.into_iter().collect(), ..held.renew(set) }
}

/// Tells whether a unit is locked by one of these, and was not frozen before.
pub(super) fn is_ours(ours: &[Set], found: &Found, unit: &str) -> bool {
    !found.frozen.contains(unit) && ours.iter().any(|set| set.means(unit))
}
