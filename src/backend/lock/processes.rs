//! The person's own processes, and which of them are a locked app that is in no unit of its own.
//!
//! A window manager's children are in the session's scope, a shell's in the terminal's unit, what dbus-daemon starts in
//! the bus's. Such an app is known by its program: as its desktop entry names it, or as the config does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use nix::unistd::Uid;

use super::{
    cgroups, command,
    entries::{self, Entry, Program},
    identity::{Identity, plain},
    spared,
};

/// Where the kernel tells of processes.
pub const PROC: &str = "/proc";

/// One process of the person's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Who started it, or who adopted it.
    pub parent: u32,
    /// When it began, in clock ticks since boot: with the number, nobody else's.
    pub started: u64,
    /// The name it gives itself; the kernel keeps 15 bytes.
    pub name: String,
    /// Its executable.
    pub exe: PathBuf,
    /// The unit it is in.
    pub unit: Option<String>,
    /// Where its executable is a runner, the script it runs.
    pub script: Option<PathBuf>,
    /// Where it is in a flatpak's box and in no app's unit, that flatpak's id, [`plain`].
    pub flatpak: Option<String>,
    /// Where its executable is in an `AppImage`'s mount, the image.
    pub image: Option<PathBuf>,
}

impl Process {
    fn read(folder: &Path, pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let (name, parent, started) = parse_stat(&stat)?;
        let exe = executable(folder)?;
        let cgroup = fs::read_to_string(folder.join("cgroup")).unwrap_or_default();
        let unit = cgroups::unified(&cgroup).and_then(cgroups::unit_in).map(str::to_owned);
        let mut process = Self { pid, parent, started, name, exe, unit, ..Self::default() };
        let program = process.program();
        let runner = spared::is_runner(&program);
        if runner {
            let line = fs::read(folder.join("cmdline")).unwrap_or_default();
            process.script = script_in(&program, &line);
        }
        if (runner || process.exe.starts_with("/app")) && process.app_unit().is_none() {
            // What the box has at its root is its own; the host has no such file.
            let info = fs::read_to_string(folder.join("root/.flatpak-info")).unwrap_or_default();
            process.flatpak = flatpak_in(&info);
        }
        if process.exe.iter().any(|part| part.as_encoded_bytes().starts_with(b".mount_")) {
            let variables = fs::read(folder.join("environ")).unwrap_or_default();
            process.image = image_in(&variables);
        }
        Some(process)
    }

    /// The name of its executable, in lower case.
    pub fn program(&self) -> String {
        base(&self.exe)
    }

    /// The app whose unit it is in.
    pub fn app_unit(&self) -> Option<Identity> {
        self.unit.as_deref().and_then(Identity::of)
    }

    /// Tells whether it is the user manager's child, which is to be an app in a moment.
    pub fn is_beginning(&self) -> bool {
        is_beginning(&self.program())
    }

    /// Tells whether the session stands on it.
    pub fn is_spared(&self) -> bool {
        spared::program(&self.program())
    }
}

impl FromIterator<Process> for Processes {
    fn from_iter<T: IntoIterator<Item = Process>>(processes: T) -> Self {
        Self { by_pid: processes.into_iter().map(|process| (process.pid, process)).collect() }
    }
}

/// The person's processes at one moment.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    by_pid: BTreeMap<u32, Process>,
}

impl Processes {
    /// Reads them; those of other people are left out.
    pub fn read(proc: &Path) -> Self {
        let uid = Uid::current().as_raw();
        let Ok(entries) = fs::read_dir(proc) else { return Self::default() };
        let by_pid = entries
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse::<u32>().ok()?;
                (entry.metadata().ok()?.uid() == uid).then_some(())?;
                Some((pid, Process::read(&entry.path(), pid)?))
            })
            .collect();
        Self { by_pid }
    }

    /// Reads some of them only.
    pub fn read_some(proc: &Path, pids: &[u32]) -> Self {
        let read = |pid: &u32| Some((*pid, Process::read(&proc.join(pid.to_string()), *pid)?));
        Self { by_pid: pids.iter().filter_map(read).collect() }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.by_pid.values()
    }

    /// The process of a number, if it is still the one that began then.
    pub fn get(&self, pid: u32, started: u64) -> Option<&Process> {
        self.by_pid.get(&pid).filter(|process| process.started == started)
    }

    /// The process that has a number now.
    pub fn at(&self, pid: u32) -> Option<&Process> {
        self.by_pid.get(&pid)
    }

    /// A process and those it came from, as far as they are the person's.
    pub fn line_of(&self, pid: u32) -> BTreeSet<u32> {
        let mut line = BTreeSet::new();
        let mut next = Some(pid);
        while let Some(process) = next.and_then(|pid| self.by_pid.get(&pid)) {
            if !line.insert(process.pid) {
                break;
            }
            next = Some(process.parent);
        }
        line
    }

    /// A process and all that came from it, without the branches that begin with one that is not meant.
    pub fn tree_of(&self, pid: u32, is_meant: &dyn Fn(&Process) -> bool) -> Vec<u32> {
        let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for process in self.by_pid.values() {
            children.entry(process.parent).or_default().push(process.pid);
        }
        let mut tree = vec![pid];
        let mut at = 0;
        while let Some(parent) = tree.get(at).copied() {
            at += 1;
            for child in children.get(&parent).into_iter().flatten() {
                if self.by_pid.get(child).is_some_and(is_meant) && !tree.contains(child) {
                    tree.push(*child);
                }
            }
        }
        tree
    }

    /// The topmost processes of a unit.
    pub fn tops_of(&self, unit: &str) -> Vec<&Process> {
        let inside = |process: &&Process| process.unit.as_deref() == Some(unit);
        let parent = |process: &Process| self.by_pid.get(&process.parent);
        self.iter().filter(inside).filter(|it| !parent(it).as_ref().is_some_and(inside)).collect()
    }
}

/// The programs that some apps are known by. Where two apps share one, the first in order has it.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    names: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
    folders: BTreeMap<PathBuf, String>,
    flatpaks: BTreeMap<String, String>,
    spared: BTreeSet<String>,
    /// The ids of all installed apps are in these.
    entries: Vec<PathBuf>,
}

impl Programs {
    /// Reads the entries of some apps, by their [`plain`](super::identity::plain) ids; a name is taken for a program's
    /// name, too.
    pub fn of(folders: &[PathBuf], apps: &BTreeSet<String>) -> Self {
        let entries = entries::of(folders, apps);
        let spared = entries.iter().filter(|(_, entry)| entry.spared).map(|(app, _)| app.clone());
        let entries_in = folders.to_vec();
        let spared = spared.collect();
        let mut programs = Self { spared, entries: entries_in, ..Self::default() };
        for app in apps {
            let flatpak = Some(plain(app));
            programs.add(app, &Program { flatpak, ..Program::named(app) });
        }
        for (app, entry) in &entries {
            programs.add(app, &entry.program);
        }
        programs
    }

    /// Takes the programs of entries that were read.
    pub fn from_entries(entries: &BTreeMap<String, Entry>) -> Self {
        let mut programs = Self::default();
        // An app whose id is the program's name has it before others that only start it.
        let (same, other): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(app, entry)| entry.program.names.contains(*app));
        for (app, entry) in same.into_iter().chain(other) {
            programs.add(app, &entry.program);
        }
        programs
    }

    /// Tells whether an app may be locked, as far as its desktop entry says.
    pub fn may_lock(&self, app: &str) -> bool {
        !self.spared.contains(app)
    }

    /// Tells whether an app is installed under an id, or known by it.
    pub fn is_app(&self, id: &str) -> bool {
        self.names.contains_key(&plain(id)) || entries::name_of(&self.entries, &plain(id)).is_some()
    }

    fn add(&mut self, app: &str, program: &Program) {
        if !self.may_lock(app) {
            return;
        }
        for name in &program.names {
            self.names.entry(name.clone()).or_insert_with(|| app.to_owned());
        }
        if let Some(file) = &program.file {
            self.files.entry(file.clone()).or_insert_with(|| app.to_owned());
        }
        if let Some(id) = &program.flatpak {
            self.flatpaks.entry(id.clone()).or_insert_with(|| app.to_owned());
        }
        if let Some(folder) = &program.folder {
            self.folders.entry(folder.clone()).or_insert_with(|| app.to_owned());
        }
    }

    /// Tells which app a process is, by its id.
    pub fn app(&self, process: &Process) -> Option<&str> {
        let program = process.program();
        let runner = spared::is_runner(&program);
        let path = if runner { process.script.as_deref() } else { Some(process.exe.as_path()) };
        let boxed = process.flatpak.as_ref().and_then(|id| self.flatpaks.get(id));
        let image = || {
            let image = process.image.as_deref()?;
            self.files.get(image).or_else(|| self.names.get(&base(image)))
        };
        let by_path = path.and_then(|path| {
            self.files
                .get(path)
                .or_else(|| self.names.get(&base(path)))
                .or_else(|| path.ancestors().find_map(|folder| self.folders.get(folder)))
        });
        // A Windows program has nothing but the name it gives itself.
        let says_itself = !runner || program.starts_with("wine");
        let by_name = || self.names.get(&process.name.to_lowercase()).filter(|_| says_itself);
        // Asked last: it is the dearer question, and most processes are no app that is looked for.
        boxed
            .or(by_path)
            .or_else(image)
            .or_else(by_name)
            .filter(|_| !spared::program(&program))
            .map(String::as_str)
    }
}

/// Tells whether the session stands on any of some processes.
pub fn is_any_spared(proc: &Path, pids: &[u32]) -> bool {
    let programs: BTreeSet<String> = pids
        .iter()
        .filter_map(|pid| Some(base(&executable(&proc.join(pid.to_string()))?)))
        .collect();
    programs.iter().any(|program| spared::program(program) && !is_beginning(program))
}

/// Tells whether a program in an app's unit is the user manager's own child, which is to be the app in a moment
/// (`systemd-executor` from systemd 254 on).
fn is_beginning(program: &str) -> bool {
    matches!(program, "systemd" | "systemd-executor")
}

/// The executable; none of a kernel's thread, of one that ended, or of one that keeps itself from being looked at.
fn executable(folder: &Path) -> Option<PathBuf> {
    let exe = fs::read_link(folder.join("exe")).ok()?;
    match exe.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(path) => Some(PathBuf::from(path)),
        None => Some(exe),
    }
}

/// When a process began, in clock ticks since boot. Of one that its manager (systemd 254 or newer) has not given to its
/// program yet only this can be read: until then it may have rights that we do not have.
pub fn started(proc: &Path, pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    parse_stat(&stat).map(|(_, _, started)| started)
}

/// Name, parent, start: fields 2, 4 and 22 of `proc_pid_stat(5)`. The name may hold spaces and brackets.
fn parse_stat(stat: &str) -> Option<(String, u32, u64)> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    Some((name, fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

/// The script in a runner's command line.
fn script_in(runner: &str, line: &[u8]) -> Option<PathBuf> {
    let words = line.split(|byte| *byte == 0).skip(1);
    let words: Vec<&str> = words.map_while(|word| std::str::from_utf8(word).ok()).collect();
    command::script(runner, &words)
}

/// The id in a `.flatpak-info`: `name` of `[Application]`.
fn flatpak_in(info: &str) -> Option<String> {
    let lines = info.lines().skip_while(|line| line.trim() != "[Application]").skip(1);
    let mut lines = lines.take_while(|line| !line.starts_with('['));
    lines.find_map(|line| line.strip_prefix("name=")).map(|id| plain(id.trim()))
}

/// The image that an `AppImage`'s own starter tells its processes of.
fn image_in(variables: &[u8]) -> Option<PathBuf> {
    let image = variables.split(|byte| *byte == 0).find_map(|it| it.strip_prefix(b"APPIMAGE="))?;
    let path = PathBuf::from(std::str::from_utf8(image).ok()?);
    path.is_absolute().then_some(path)
}

fn base(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase()
}

#[cfg(test)]
#[path = "processes_tests.rs"]
mod tests;
