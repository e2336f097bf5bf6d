//! Processes that are in no unit of their own app are put in one.
//!
//! `StartTransientUnit` with `PIDs` moves running processes into a new scope; an unprivileged user may, even out of a
//! login session's scope (systemd 252 and 257: the user manager has the system's one move them). Where they were before
//! is not put back: the scope stays until the app ends, thawed and without any limit of its own, and systemd collects it
//! then. Moving them back would gain nothing and could fail half way.
//!
//! The same serves the other way round: what is never frozen is moved out of a unit before that is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{
    cgroups::Cgroups,
    identity::{Identity, plain, scope_for},
    processes::{self, PROC, Process, Processes, Programs},
    spared,
    units::Scope,
};

/// The longest name a unit can have.
const NAME_AT_MOST: usize = 255;

/// A process that is to be put in a scope, with what came from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// Which app it is, by its [`plain`] id.
    pub app: String,
    /// The scope's name.
    pub scope: String,
    /// The process.
    pub pid: u32,
    /// When it began, so that nobody who gets its number later is taken for it.
    pub started: u64,
    /// The unit it was in.
    pub from: Option<String>,
}

/// What the processes of some apps need before they can be frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Units of another name in which there is nothing but one such app.
    pub units: BTreeSet<String>,
    /// Processes that need a scope.
    pub adopt: Vec<Adoption>,
}

/// Chooses, among processes, those that are an app and in no unit named for it.
pub fn choose(processes: &Processes, programs: &Programs, ourselves: &BTreeSet<u32>) -> Choice {
    let apps: BTreeMap<u32, &str> = processes
        .iter()
        .filter(|process| !ourselves.contains(&process.pid))
        .filter_map(|process| Some((process.pid, programs.app(process)?)))
        .collect();
    let mut choice = Choice::default();
    for process in processes.iter() {
        let Some(&app) = apps.get(&process.pid) else { continue };
        let unit = process.app_unit();
        if unit.as_ref().is_some_and(|unit| is_named(unit, app))
            || !is_top(processes, &apps, process)
        {
            continue;
        }
        // What the bus has started for a name that is no app's serves others, who would wait: a search provider, a file
        // dialog. Only the program is the app's.
        let serves = |unit: &Identity| {
            unit.launcher.as_deref() == Some("dbus")
                && !unit.ids.iter().any(|id| programs.is_app(id))
        };
        if unit.as_ref().is_some_and(serves) {
            continue;
        }
        let never = |unit: &Identity| unit.ids.iter().any(|id| spared::app(&plain(id)));
        match (unit, &process.unit) {
            (Some(unit), Some(name)) if !never(&unit) => {
                let tops = processes.tops_of(name);
                if unit.is_boxed() || tops.iter().all(|top| apps.get(&top.pid) == Some(&app)) {
                    choice.units.insert(name.clone());
                    continue;
                }
            }
            (Some(unit), _) if unit.is_boxed() => continue,
            _ => {}
        }
        let scope = scope_for(app, process.pid);
        if scope.len() > NAME_AT_MOST {
            tracing::warn!(measure = "apps", "an app's id is too long for a unit's name");
            continue;
        }
        choice.adopt.push(Adoption {
            app: app.to_owned(),
            scope,
            pid: process.pid,
            started: process.started,
            from: process.unit.clone(),
        });
    }
    choice
}

/// Tells which scope an adoption makes now; none if the process ended, or is in it already with all that came from it.
///
/// What was begun while the first was being moved is still outside then, and gets a scope beside it.
pub fn scope_of(
    adoption: &Adoption,
    processes: &Processes,
    programs: &Programs,
    ourselves: &BTreeSet<u32>,
) -> Option<Scope> {
    let top = processes.get(adoption.pid, adoption.started)?;
    let is_meant = |process: &Process| {
        let with_it = process.unit == top.unit || process.unit == adoption.from;
        let other = programs.app(process).is_some_and(|app| app != adoption.app);
        (with_it || process.app_unit().is_none())
            && !other
            && !process.is_spared()
            && !ourselves.contains(&process.pid)
    };
    let is_inside = |pid: &u32| {
        processes.at(*pid).and_then(|it| it.unit.as_deref()) == Some(adoption.scope.as_str())
    };
    let mut pids = processes.tree_of(top.pid, &is_meant);
    pids.retain(|pid| !is_inside(pid));
    let name = match pids.first()? {
        first if *first == top.pid => adoption.scope.clone(),
        first => scope_for(&adoption.app, *first),
    };
    Some(Scope { name, description: adoption.app.clone(), pids })
}

/// Tells which scopes take what is never frozen out of a unit's processes.
pub fn scopes_out_of(unit: &str, proc: &Path, pids: &[u32]) -> Vec<Scope> {
    let boxed = Identity::of(unit).is_some_and(|unit| unit.is_boxed());
    // Most units hold nothing of the kind, and one look at each process is enough to know.
    if boxed || !processes::is_any_spared(proc, pids) {
        return Vec::new();
    }
    spared_among(&Processes::read_some(proc, pids))
}

fn spared_among(processes: &Processes) -> Vec<Scope> {
    let spared: BTreeSet<u32> = processes
        .iter()
        .filter(|it| it.is_spared() && !it.is_beginning())
        .map(|it| it.pid)
        .collect();
    processes
        .iter()
        .filter(|process| spared.contains(&process.pid) && !spared.contains(&process.parent))
        .map(|process| {
            let program = process.program();
            // Whatever it calls itself, the name is to be one that systemd takes; `\\xNN` are four for one.
            let short: String = program.chars().take(12).collect();
            Scope {
                name: scope_for(&short, process.pid),
                description: short,
                pids: processes.tree_of(process.pid, &|_| true),
            }
        })
        .collect()
}

/// This process and those it came from: freezing one of them could end with nobody left to thaw it.
pub fn ourselves(proc: &Path) -> BTreeSet<u32> {
    line_of(proc, std::process::id())
}

/// Reads what it takes to choose well for some processes that have just begun: them, what they came from, what came from
/// them, and what shares an app's unit with them. All that runs would take ten times as long.
pub fn around(proc: &Path, cgroups: &Cgroups, pids: &BTreeSet<u32>) -> Processes {
    let mut near = BTreeSet::new();
    for process in Processes::read_some(proc, &pids.iter().copied().collect::<Vec<_>>()).iter() {
        if process.app_unit().is_some()
            && let Some(unit) = &process.unit
        {
            near.extend(cgroups.processes(unit));
        }
    }
    near.extend(pids.iter().flat_map(|pid| line_of(proc, *pid)));
    let mut at: Vec<u32> = pids.iter().copied().collect();
    while let Some(pid) = at.pop() {
        let Some(children) = children(proc, pid) else { return Processes::read(proc) };
        at.extend(children.into_iter().filter(|pid| near.insert(*pid)));
    }
    Processes::read_some(proc, &near.into_iter().collect::<Vec<_>>())
}

/// What a process has begun; none where the kernel does not tell (`CONFIG_PROC_CHILDREN`).
fn children(proc: &Path, pid: u32) -> Option<Vec<u32>> {
    let tasks = proc.join(pid.to_string()).join("task");
    let mut children = Vec::new();
    // One that ended has none.
    for task in fs::read_dir(tasks).into_iter().flatten().flatten() {
        match fs::read_to_string(task.path().join("children")) {
            Ok(text) => children
                .extend(text.split_ascii_whitespace().filter_map(|it| it.parse::<u32>().ok())),
            Err(_) if task.path().exists() => return None,
            Err(_) => {}
        }
    }
    Some(children)
}

fn line_of(proc: &Path, mut pid: u32) -> BTreeSet<u32> {
    let mut line = BTreeSet::new();
    while pid > 1 && line.insert(pid) {
        let stat = fs::read_to_string(proc.join(pid.to_string()).join("stat")).unwrap_or_default();
        let parent =
            stat.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(1));
        pid = parent.and_then(|pid| pid.parse().ok()).unwrap_or(0);
    }
    line
}

/// Tells whether a process that was to be moved still runs.
pub fn is_alive(scope: &Scope) -> bool {
    scope.pids.iter().any(|pid| Path::new(PROC).join(pid.to_string()).exists())
}

fn is_named(unit: &Identity, app: &str) -> bool {
    unit.ids.iter().any(|id| plain(id) == app)
}

/// Tells whether no process that this one came from is the same app in the same unit.
fn is_top(processes: &Processes, apps: &BTreeMap<u32, &str>, process: &Process) -> bool {
    let app = apps.get(&process.pid);
    processes
        .line_of(process.pid)
        .iter()
        .filter(|pid| **pid != process.pid)
        .filter_map(|pid| processes.at(*pid))
        .all(|before| apps.get(&before.pid) != app || before.unit != process.unit)
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
