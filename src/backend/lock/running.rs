//! The apps that run now, for `quietctl apps`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    adopt, entries,
    identity::{Identity, plain},
    now::Now,
    processes::{PROC, Processes, Programs},
    spared,
    units::UserManager,
};
use crate::{backend::Desktop, dbus::CallError};

/// How an app was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// By the name of its unit.
    Unit,
    /// By its program: it is in no unit of its own, and is put in one when it is locked.
    Process,
}

impl KnownBy {
    /// The name on the bus and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Process => "process",
        }
    }
}

/// One running app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningApp {
    /// The desktop-file id: what to write in the config.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The units it runs in; for one known by its process, the units that it is a guest in.
    pub units: BTreeSet<String>,
    /// How it was recognised.
    pub known_by: KnownBy,
    /// Whether it is in the lock and frozen.
    pub locked: bool,
    /// Whether it can never be locked.
    pub never: bool,
}

/// Lists the apps that run now, by id; `locked` are the ids in the lock. Opens every desktop entry.
pub async fn running_apps(
    desktop: &Desktop,
    locked: &BTreeSet<String>,
) -> Result<Vec<RunningApp>, CallError> {
    let manager = UserManager::new(&desktop.session);
    let Now { units, cgroups, .. } = Now::read(&manager, &desktop.env.sysfs).await?;
    let entries = entries::all(&desktop.env.data_dirs);
    let locked: BTreeSet<String> = locked.iter().map(|id| plain(id)).collect();

    let mut apps = BTreeMap::new();
    let mut add = |id: &str, unit: Option<&str>, known_by: KnownBy| {
        let key = plain(id);
        let entry = entries.get(&key);
        let app = apps.entry(key.clone()).or_insert_with(|| RunningApp {
            id: entry.map_or(id, |entry| &entry.id).to_owned(),
            name: entry.map_or(id, |entry| &entry.name).to_owned(),
            units: BTreeSet::new(),
            known_by,
            locked: false,
            never: spared::app(&key) || entry.is_some_and(|entry| entry.spared),
        });
        let frozen = unit.is_some_and(|unit| cgroups.is_frozen(unit) == Some(true));
        app.locked |= locked.contains(&key) && frozen;
        app.units.extend(unit.map(str::to_owned));
    };

    for unit in &units {
        let Some(app) = Identity::of(unit) else { continue };
        let installed = app.ids.iter().find(|id| entries.contains_key(&plain(id)));
        let in_lock = app.ids.iter().find(|id| locked.contains(&plain(id)));
        let is_helper = |id: &String| entries.get(&plain(id)).is_some_and(|entry| entry.hidden);
        // Services that begin with the session have units like apps', and no entry, or one kept out of menus.
        let from_a_person =
            !unit.contains("@autostart.") && app.launcher.as_deref() != Some("dbus");
        match in_lock.or(installed) {
            Some(id) if in_lock.is_some() || !is_helper(id) => add(id, Some(unit), KnownBy::Unit),
            None if from_a_person && !spared::app(&plain(app.id())) => {
                add(app.id(), Some(unit), KnownBy::Unit);
            }
            _ => {}
        }
    }

    let mut listed = entries.clone();
    listed.retain(|id, entry| !entry.hidden || locked.contains(id));
    let named = Programs::of(&desktop.env.data_dirs, &locked);
    let installed = Programs::from_entries(&listed);
    let processes = Processes::read(PROC.as_ref());
    let ourselves = adopt::ourselves(PROC.as_ref());
    for programs in [&named, &installed] {
        let choice = adopt::choose(&processes, programs, &ourselves);
        let guests = choice
            .adopt
            .iter()
            .filter_map(|it| Some((it.app.as_str(), processes.at(it.pid)?.unit.as_deref())));
        for (app, unit) in guests {
            add(app, unit, KnownBy::Process);
        }
    }
    Ok(apps.into_values().collect())
}
