//! Which app units run at one moment.

use std::{collections::BTreeSet, path::Path};

use super::{cgroups::Cgroups, identity::Identity, units::UserManager};
use crate::dbus::CallError;

/// The app units that run, and their cgroups.
#[derive(Clone, Debug)]
pub struct Now {
    /// The names of the units.
    pub units: BTreeSet<String>,
    /// The tree they are in.
    pub cgroups: Cgroups,
    place: String,
}

impl Now {
    /// Looks at the cgroup tree, which has a folder for each unit that runs and costs the manager nothing; where it
    /// cannot be seen, the manager is asked for a list.
    pub async fn read(manager: &UserManager, sysfs: &Path) -> Result<Self, CallError> {
        let mut now = Self::at(manager.control_group().await?, sysfs);
        if !now.cgroups.is_seen() {
            now.units = manager.running().await?.into_iter().collect();
        }
        Ok(now)
    }

    /// Looks at the cgroup tree alone, below a place that was told before.
    pub fn at(place: String, sysfs: &Path) -> Self {
        let mut now = Self { units: BTreeSet::new(), cgroups: Cgroups::default(), place };
        now.look_again(sysfs);
        now
    }

    /// Where the manager's own part of the tree is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Looks at the tree once more; where that cannot be seen, all stays as it was.
    pub fn look_again(&mut self, sysfs: &Path) {
        let cgroups = Cgroups::read(sysfs, &self.place);
        if cgroups.is_seen() {
            let apps = cgroups.units().filter(|unit| Identity::of(unit).is_some());
            self.units = apps.map(str::to_owned).collect();
            self.cgroups = cgroups;
        }
    }
}
