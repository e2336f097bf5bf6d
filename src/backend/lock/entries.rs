//! Installed apps, from their desktop entries, and the programs they are known by.
//!
//! Desktop Entry Specification 1.5. Read only when asked: to lock some apps only their own entries are opened; to list
//! what runs, all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use freedesktop_desktop_entry::DesktopEntry;

use super::{
    command::{self, Starts},
    identity::plain,
    spared,
};

/// One installed app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The desktop-file id as its file has it, without `.desktop`.
    pub id: String,
    /// Its name for people, untranslated.
    pub name: String,
    /// Whether it is kept out of menus: a helper, not an app of its own.
    pub hidden: bool,
    /// Whether its categories say that it may not be locked.
    pub spared: bool,
    /// What its processes are known by.
    pub program: Program,
}

/// What an app's processes are known by when they are in no unit of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Names of the executable, or of the script that a runner runs; lower case.
    pub names: BTreeSet<String>,
    /// The executable, or the script, itself.
    pub file: Option<PathBuf>,
    /// A folder of its own: every executable in it is the app's.
    pub folder: Option<PathBuf>,
    /// Its id as a flatpak, [`plain`].
    pub flatpak: Option<String>,
}

/// Folders in which a command without a path is looked for, beside the person's own: the environment of the daemon says
/// little of the one an app was started from.
const COMMANDS: &[&str] = &[
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
    "/usr/games",
    "/usr/local/games",
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
];

/// Reads the entries of some apps; keys and ids are [`plain`].
pub fn of(folders: &[PathBuf], ids: &BTreeSet<String>) -> BTreeMap<String, Entry> {
    read(folders, &|id| ids.contains(id))
}

/// An app's name for people, where an entry tells one; `id` is [`plain`].
pub fn name_of(folders: &[PathBuf], id: &str) -> Option<String> {
    of(folders, &BTreeSet::from([id.to_owned()])).remove(id).map(|entry| entry.name)
}

/// Reads every entry; keys are [`plain`] ids.
pub fn all(folders: &[PathBuf]) -> BTreeMap<String, Entry> {
    read(folders, &|_| true)
}

impl Program {
    /// What a name in the config alone says: a program of that name.
    pub fn named(id: &str) -> Self {
        let mut program = Self::default();
        program.add_name(id);
        program
    }

    /// A snap's: its programs lie in a folder of its own.
    fn of_snap(name: &str) -> Self {
        Self { folder: Some(Path::new("/snap").join(name)), ..Self::default() }
    }

    /// A flatpak's: it always has its own scope, but where there is no user manager that makes one.
    fn of_flatpak(id: &str) -> Self {
        Self { flatpak: Some(plain(id)), ..Self::default() }
    }

    /// Reads it from the words of an `Exec` key; nothing is known where it is not certain what they start.
    fn of_command(words: &[String], folders: &[PathBuf]) -> Self {
        let mut program = Self::default();
        let command = match command::starts(words) {
            Some(Starts::Program(command)) => command,
            Some(Starts::Script(script)) => {
                program.file = Some(script);
                return program;
            }
            Some(Starts::Flatpak(id)) => return Self::of_flatpak(&id),
            Some(Starts::Snap(name)) => return Self::of_snap(&name),
            None => return program,
        };
        let command = command.as_path();
        let found = if command.is_absolute() {
            Some(command.to_owned())
        } else {
            let own = folders.iter().filter_map(|data| Some(data.parent()?.join("bin")));
            own.chain(COMMANDS.iter().map(PathBuf::from))
                .map(|folder| folder.join(command))
                .find(|path| path.exists())
        };
        let real = found.as_deref().and_then(|path| fs::canonicalize(path).ok());
        if real.as_deref().is_some_and(is_runner) || is_runner(command) {
            return program;
        }
        program.add_name_of(command);
        if let Some(real) = real {
            program.add_name_of(&real);
            program.folder = own_folder(&real);
            program.file = Some(real);
        }
        program
    }

    fn add_name_of(&mut self, path: &Path) {
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            self.add_name(name);
        }
    }

    fn add_name(&mut self, name: &str) {
        let name = name.to_lowercase();
        if !spared::is_runner(&name) && !spared::program(&name) {
            self.names.insert(name);
        }
    }
}

fn is_runner(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| spared::is_runner(&name.to_lowercase()))
}

/// The folder an app has for itself: of `/opt/google/chrome/google-chrome`, `/opt/google/chrome`; of
/// `/usr/share/code/bin/code`, `/usr/share/code`; of `/usr/bin/firefox`, none.
fn own_folder(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    let folder = if folder.file_name().is_some_and(|name| name == "bin") {
        folder.parent()?
    } else {
        folder
    };
    // Below `/usr/lib/NAME`, `/usr/share/NAME`, `/opt/NAME`; whatever is shallower, or in a home folder, is shared.
    let parts: Vec<&str> = folder.iter().filter_map(|part| part.to_str()).collect();
    let own = match parts.as_slice() {
        ["/", "opt", _, ..] => true,
        ["/", "usr", "local", "lib" | "lib64" | "libexec" | "share", _, ..]
        | ["/", "usr", "lib" | "lib64" | "libexec" | "share", _, ..] => {
            // A folder of one architecture's libraries is shared, too, and so is the one of all games.
            let name = folder.file_name().and_then(|name| name.to_str());
            !name.is_some_and(|name| name == "games" || name.contains("-linux-"))
        }
        _ => false,
    };
    own.then(|| folder.to_owned())
}

fn read(folders: &[PathBuf], wanted: &dyn Fn(&str) -> bool) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    let mut masked = BTreeSet::new();
    for folder in folders {
        let mut files = Vec::new();
        list(&folder.join("applications"), "", &mut files);
        for (id, file) in files {
            let key = plain(&id);
            // The first folder that has an id decides, by hiding it too.
            if !wanted(&key) || entries.contains_key(&key) || masked.contains(&key) {
                continue;
            }
            match open(id, &file, folders) {
                Some(entry) => drop(entries.insert(key, entry)),
                None => drop(masked.insert(key)),
            }
        }
    }
    entries
}

/// Lists entry files; a file in a folder has the folder's name in its id.
pub fn list(folder: &Path, before: &str, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let Some(id) = name.strip_suffix(".desktop") {
            files.push((format!("{before}{id}"), entry.path()));
        } else if before.len() < 200 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), &format!("{before}{name}-"), files);
        }
    }
}

fn open(id: String, file: &Path, folders: &[PathBuf]) -> Option<Entry> {
    let entry = DesktopEntry::from_path(file, Some::<&[&str]>(&[])).ok()?;
    if entry.hidden() || entry.type_().is_some_and(|kind| kind != "Application") {
        return None;
    }
    let program = if let Some(flatpak) = entry.flatpak() {
        Program::of_flatpak(flatpak)
    } else if let Some(snap) = entry.desktop_entry("X-SnapInstanceName") {
        Program::of_snap(snap)
    } else {
        Program::of_command(&entry.parse_exec().unwrap_or_default(), folders)
    };
    let name = entry.desktop_entry("Name").unwrap_or(&id).to_owned();
    let spared = entry.categories().unwrap_or_default().into_iter().any(spared::category);
    Some(Entry { hidden: entry.no_display() || entry.terminal(), id, name, spared, program })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("share/applications").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("[Desktop Entry]\nType=Application\n{text}\n")).unwrap();
        }
        folder
    }

    fn names(entry: &Entry) -> Vec<&str> {
        entry.program.names.iter().map(String::as_str).collect()
    }

    #[test]
    fn entries_are_found_by_id_without_case_and_in_folders() {
        let mine = folder_with(&[
            ("Discord.desktop", "Name=Discord\nExec=/nowhere/Discord --flag %U"),
            ("kde/marble.desktop", "Name=Marble\nExec=marble\nCategories=Qt;TerminalEmulator;"),
            ("gone.desktop", "Name=Gone\nHidden=true\nExec=gone"),
        ]);
        let shared = folder_with(&[
            ("discord.desktop", "Name=The other\nExec=other"),
            ("gone.desktop", "Name=Gone\nExec=gone"),
            ("torn.desktop", "Name=Torn\nExec=\"torn"),
        ]);
        let folders = [mine.path().join("share"), shared.path().join("share")];
        let found = all(&folders);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["discord", "kde-marble", "torn"]);
        assert_eq!(found["discord"].id, "Discord");
        assert_eq!(found["discord"].name, "Discord");
        assert_eq!(names(&found["discord"]), ["discord"]);
        assert_eq!(names(&found["torn"]), [""; 0]);
        assert!(found["kde-marble"].spared && !found["discord"].spared);
        let one = of(&folders, &["kde-marble".to_owned(), "none".to_owned()].into());
        assert_eq!(one.keys().collect::<Vec<_>>(), ["kde-marble"]);
    }

    #[test]
    fn a_runner_is_not_what_an_app_is_known_by() {
        let folder = folder_with(&[
            ("a.desktop", "Name=A\nExec=steam steam://rungameid/1"),
            ("b.desktop", "Name=B\nExec=python3 -m b"),
            ("c.desktop", "Name=C\nExec=/usr/bin/flatpak run org.c.C\nX-Flatpak=org.c.C"),
            ("d.desktop", "Name=D\nExec=env SNAP=1 /snap/bin/d\nX-SnapInstanceName=d"),
            ("e.desktop", "Name=E\nExec=sh -c \"e\""),
        ]);
        let found = all(&[folder.path().join("share")]);
        assert_eq!(found.len(), 5);
        for (id, entry) in &found {
            assert_eq!(names(entry), [""; 0], "{id}");
            assert_eq!(entry.program.file, None, "{id}");
        }
        assert_eq!(found["d"].program.folder.as_deref(), Some(Path::new("/snap/d")));
        assert_eq!(found["c"].program.flatpak.as_deref(), Some("org.c.c"));
    }

    #[test]
    fn an_app_is_known_by_what_a_wrapper_or_an_interpreter_starts() {
        let folder = folder_with(&[
            ("a.desktop", "Name=A\nExec=/usr/bin/env X=1 a %U"),
            ("b.desktop", "Name=B\nExec=python3 /opt/b/main.py"),
            ("c.desktop", "Name=C\nExec=flatpak run org.c.C"),
            ("d.desktop", "Name=D\nExec=env X=1 /snap/bin/d.app %U"),
        ]);
        let found = all(&[folder.path().join("share")]);
        assert_eq!(names(&found["a"]), ["a"]);
        assert_eq!(found["b"].program.file.as_deref(), Some(Path::new("/opt/b/main.py")));
        assert_eq!(names(&found["b"]), [""; 0], "every other program has a main.py");
        assert_eq!(found["c"].program.flatpak.as_deref(), Some("org.c.c"));
        assert_eq!(found["d"].program.folder.as_deref(), Some(Path::new("/snap/d")));
    }

    #[test]
    fn a_wrapper_leads_to_the_program_it_links_to() {
        let folder = folder_with(&[("app.desktop", "Name=App\nExec=app-stable")]);
        let bin = folder.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(folder.path().join("Real"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("Real"), bin.join("app-stable")).unwrap();
        let found = all(&[folder.path().join("share")]);
        assert_eq!(names(&found["app"]), ["app-stable", "real"]);
        let real = fs::canonicalize(folder.path().join("Real")).unwrap();
        assert_eq!(found["app"].program.file.as_ref(), Some(&real));
        assert_eq!(found["app"].program.folder, None, "a home folder is shared");
    }

    #[test]
    fn only_a_folder_below_a_shared_one_is_an_apps_own() {
        let own = |path: &str| own_folder(Path::new(path)).map(|f| f.display().to_string());
        assert_eq!(own("/opt/google/chrome/google-chrome").unwrap(), "/opt/google/chrome");
        assert_eq!(own("/usr/share/code/bin/code").unwrap(), "/usr/share/code");
        assert_eq!(own("/usr/lib/firefox/firefox").unwrap(), "/usr/lib/firefox");
        for shared in [
            "/usr/bin/firefox",
            "/bin/x",
            "/opt/x",
            "/usr/lib/x",
            "/usr/lib/x86_64-linux-gnu/x",
            "/usr/lib/games/x",
            "/home/a/bin/x",
            "/home/a/games/x",
            "/usr/local/bin/x",
            "/x",
        ] {
            assert_eq!(own(shared), None, "{shared}");
        }
    }
}
