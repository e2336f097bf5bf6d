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
}

impl Now {
    /// Looks at the cgroup tree, which has a folder for each unit that runs and costs the manager nothing; where it
    /// cannot be seen, the manager is asked for a list.
    pub async fn read(manager: &UserManager, sysfs: &Path) -> Result<Self, CallError> {
        let cgroups = Cgroups::read(sysfs, &manager.control_group().await?);
        let units = if cgroups.is_seen() {
            cgroups.units().filter(|unit| Identity::of(unit).is_some()).map(str::to_owned).collect()
        } else {
            manager.running().await?.into_iter().collect()
        };
        Ok(Self { units, cgroups })
    }
}
