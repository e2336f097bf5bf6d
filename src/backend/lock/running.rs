//! The apps that run now, for `quietctl apps`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    adopt,
    entries::{self, Entry},
    identity::{Identity, plain},
    now::Now,
    processes::{PROC, Process, Processes, Programs},
    spared,
    units::UserManager,
};
use crate::{backend::Desktop, config::never, dbus::CallError};

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

/// What exactly it was recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The unit that its launcher gave it.
    Unit,
    /// The unit of what the bus started.
    Bus,
    /// Its id as a flatpak.
    Flatpak,
    /// Its name as a snap.
    Snap,
    /// Its program, as its desktop entry or the config names it.
    Program,
    /// The script or archive that an interpreter runs.
    Script,
    /// The `AppImage` that it is mounted from.
    Image,
}

impl Sign {
    /// The name on the bus and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Bus => "bus",
            Self::Flatpak => "flatpak",
            Self::Snap => "snap",
            Self::Program => "program",
            Self::Script => "script",
            Self::Image => "appimage",
        }
    }

    fn of_unit(unit: &Identity) -> Self {
        match unit.launcher.as_deref() {
            Some("dbus") => Self::Bus,
            Some("flatpak") => Self::Flatpak,
            Some("snap") => Self::Snap,
            _ => Self::Unit,
        }
    }

    fn of_process(process: &Process) -> Self {
        if process.flatpak.is_some() {
            Self::Flatpak
        } else if process.image.is_some() {
            Self::Image
        } else if process.script.is_some() {
            Self::Script
        } else {
            Self::Program
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
    /// The same more closely.
    pub sign: Sign,
    /// Whether it is in the lock and frozen.
    pub locked: bool,
    /// Why it can never be locked; none if it can.
    pub never: Option<&'static str>,
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
    let mut add = |id: &str, unit: Option<&str>, known_by: KnownBy, sign: Sign| {
        let key = plain(id);
        let entry = entries.get(&key);
        let app = apps.entry(key.clone()).or_insert_with(|| RunningApp {
            id: entry.map_or(id, |entry| &entry.id).to_owned(),
            name: entry.map_or(id, |entry| &entry.name).to_owned(),
            units: BTreeSet::new(),
            known_by,
            sign,
            locked: false,
            never: why_never(&key, entry),
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
            Some(id) if in_lock.is_some() || !is_helper(id) => {
                add(id, Some(unit), KnownBy::Unit, Sign::of_unit(&app));
            }
            None if from_a_person && !spared::app(&plain(app.id())) => {
                add(app.id(), Some(unit), KnownBy::Unit, Sign::of_unit(&app));
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
        let guests =
            choice.adopt.iter().filter_map(|it| Some((it.app.as_str(), processes.at(it.pid)?)));
        for (app, process) in guests {
            add(app, process.unit.as_deref(), KnownBy::Process, Sign::of_process(process));
        }
    }
    Ok(apps.into_values().collect())
}

/// Why an app can never be locked, in a few words.
fn why_never(id: &str, entry: Option<&Entry>) -> Option<&'static str> {
    let listed = never::app(id).or_else(|| spared::app(id).then_some("part of the session"));
    let by_entry = || entry.is_some_and(|it| it.spared).then_some("a terminal or a way to read");
    listed.or_else(by_entry)
}
