//! The user manager's part of the cgroup tree: which units have a cgroup, which are frozen, what runs in them.
//!
//! Read from files and not from the units' properties: asking for a property of a unit that is gone makes systemd load it
//! and drop it again, with a `UnitNew` and a `UnitRemoved` each time. The files belong to the person, so a unit can be
//! thawed by them too, when the user manager does not answer.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use nix::unistd::Uid;

/// Units of the user manager, by name, with the folders of their cgroups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroups {
    units: BTreeMap<String, PathBuf>,
    seen: bool,
}

/// The way from the mount point of the cgroup tree to the user manager's own part, where the manager cannot be asked.
pub fn usual_place(proc: &Path) -> String {
    let uid = Uid::current();
    fs::read_to_string(proc.join("self/cgroup"))
        .ok()
        .as_deref()
        .and_then(unified)
        .and_then(|path| {
            let manager = format!("user@{uid}.service");
            let end = path.find(&manager)? + manager.len();
            Some(path[..end].to_owned())
        })
        .unwrap_or_else(|| format!("/user.slice/user-{uid}.slice/user@{uid}.service"))
}

/// The path in the unified tree, from the text of a `/proc/PID/cgroup`.
pub fn unified(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::"))
}

/// The unit a process is in, from its path in the unified tree: the first part that is not a slice, below the user
/// manager where the process is its.
pub fn unit_in(path: &str) -> Option<&str> {
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | ".."));
    let is_slice = |part: &&str| kind(part) == "slice";
    let first = parts.by_ref().find(|part| !is_slice(part))?;
    if first.starts_with("user@") {
        return parts.find(|part| !is_slice(part));
    }
    Some(first)
}

impl Cgroups {
    /// Reads the tree below the user manager's cgroup; `place` is as its `ControlGroup` property says.
    pub fn read(sysfs: &Path, place: &str) -> Self {
        let root = folder(sysfs, place);
        let mut units = BTreeMap::new();
        let seen = collect(&root, &mut units).is_ok();
        Self { units, seen }
    }

    /// Tells whether the tree could be read: then a unit that is not in it is not running.
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    /// Tells whether a unit runs.
    pub fn has(&self, unit: &str) -> bool {
        self.units.contains_key(unit)
    }

    /// The names of the units.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }

    /// Tells whether a unit is frozen, or is to be; none if that cannot be told.
    pub fn is_frozen(&self, unit: &str) -> Option<bool> {
        let text = fs::read_to_string(self.units.get(unit)?.join("cgroup.freeze")).ok()?;
        match text.trim() {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        }
    }

    /// A number that no other run of a unit of this name has while the machine is up.
    pub fn run(&self, unit: &str) -> Option<u64> {
        fs::metadata(self.units.get(unit)?).ok().map(|folder| folder.ino())
    }

    /// The processes in a unit, in cgroups below its own too.
    pub fn processes(&self, unit: &str) -> Vec<u32> {
        let mut found = Vec::new();
        if let Some(folder) = self.units.get(unit) {
            processes_below(folder, &mut found);
        }
        found
    }

    /// Thaws a unit without its manager.
    pub fn thaw(&self, unit: &str) -> io::Result<()> {
        let folder = self.units.get(unit).ok_or(io::ErrorKind::NotFound)?;
        fs::write(folder.join("cgroup.freeze"), "0\n")
    }
}

/// Where the manager's cgroup is; its path is absolute within the tree.
pub fn folder(sysfs: &Path, place: &str) -> PathBuf {
    sysfs.join("fs/cgroup").join(place.trim_start_matches('/'))
}

/// The kind of a unit: what its name ends in.
fn kind(unit: &str) -> &str {
    unit.rsplit_once('.').map_or("", |(_, kind)| kind)
}

fn collect(folder: &Path, units: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        match kind(&name) {
            // A slice that goes meanwhile has no units in it.
            "slice" => drop(collect(&entry.path(), units)),
            "scope" | "service" => drop(units.insert(name, entry.path())),
            _ => {}
        }
    }
    Ok(())
}

fn processes_below(folder: &Path, found: &mut Vec<u32>) {
    if let Ok(text) = fs::read_to_string(folder.join("cgroup.procs")) {
        found.extend(text.lines().filter_map(|line| line.parse::<u32>().ok()));
    }
    // A folder has a link from its own name, one from within, and one from each folder in it; where a file system counts so.
    if fs::metadata(folder).is_ok_and(|it| it.nlink() == 2) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            processes_below(&entry.path(), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_told_from_the_path() {
        let cases = [
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/app-foo-1.scope",
                "app-foo-1.scope",
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/app-a.slice/app-b-1.scope/sub",
                "app-b-1.scope",
            ),
            ("/user.slice/user-1000.slice/session-2.scope", "session-2.scope"),
            ("/system.slice/cron.service", "cron.service"),
            ("/../../user.slice/user-1.slice/user@1.service/init.scope", "init.scope"),
        ];
        for (path, unit) in cases {
            assert_eq!(unit_in(path), Some(unit), "{path}");
        }
        assert_eq!(unit_in("/"), None);
        assert_eq!(unit_in("/user.slice"), None);
        assert_eq!(unified("9:name=systemd:/\n0::/user.slice\n"), Some("/user.slice"));
        assert_eq!(unified("9:name=systemd:/\n"), None);
    }

    #[test]
    fn units_are_found_below_slices_only_and_can_be_thawed() {
        let sys = tempfile::tempdir().unwrap();
        let app = sys.path().join("fs/cgroup/u/app.slice/app-x.slice/app-foo-1.scope");
        fs::create_dir_all(app.join("inner")).unwrap();
        fs::write(app.join("cgroup.freeze"), "1\n").unwrap();
        fs::write(app.join("cgroup.procs"), "12\n13\n").unwrap();
        fs::write(app.join("inner/cgroup.procs"), "14\n").unwrap();
        fs::create_dir_all(sys.path().join("fs/cgroup/u/init.scope/app-hidden-1.scope")).unwrap();

        let found = Cgroups::read(sys.path(), "/u");
        assert!(found.is_seen());
        assert_eq!(found.units().collect::<Vec<_>>(), ["app-foo-1.scope", "init.scope"]);
        assert_eq!(found.is_frozen("app-foo-1.scope"), Some(true));
        assert_eq!(found.is_frozen("init.scope"), None);
        assert_eq!(found.processes("app-foo-1.scope"), [12, 13, 14]);
        found.thaw("app-foo-1.scope").unwrap();
        assert_eq!(found.is_frozen("app-foo-1.scope"), Some(false));
        assert_eq!(found.thaw("app-gone-1.scope").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!Cgroups::read(sys.path(), "/nowhere").is_seen());
    }
}
