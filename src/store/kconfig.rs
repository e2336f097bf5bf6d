//! KDE's settings files, of groups and keys: single lines changed, all else left as it is.
//!
//! A line is kept as it is written, so that what is put back is what was there. Where a key stands twice in a group, the
//! last one counts, as it does for `KConfig` (Frameworks 5.103 to 6).

use std::{
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::fcntl::{Flock, FlockArg};

use super::{StoreError, atomic};

/// No settings file of a person is larger.
const TEXT_AT_MOST: u64 = 1 << 20;

/// Others hold their lock for as long as it takes to write a small file.
const LOCK_TRIES: usize = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// The text of such a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    lines: Vec<String>,
}

/// A key of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The line, without the space around it.
    pub line: &'a str,
    /// What stands behind `=`; none where the line takes the key back to its default (`Key[$d]`).
    pub value: Option<&'a str>,
    /// Whether nothing of less weight than this file may change it (`[$i]` at the key, its group or the file).
    pub fixed: bool,
}

/// What a line is.
enum Line<'a> {
    Group { name: &'a str, fixed: bool },
    Entry { key: &'a str, options: &'a str, value: Option<&'a str> },
    Other,
}

impl Settings {
    /// Reads a text. Every text is one; what is no group and no key is left alone.
    pub fn parse(text: &str) -> Self {
        Self { lines: text.split_inclusive('\n').map(str::to_owned).collect() }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.lines.concat()
    }

    /// Finds a key.
    pub fn get(&self, group: &str, key: &str) -> Option<Entry<'_>> {
        let mut found = None;
        self.each(group, |index, fixed, name, options, value| {
            if name == key {
                let line = self.lines[index].trim();
                let value = value.filter(|_| !options.contains('d'));
                found = Some(Entry { line, value, fixed: fixed || options.contains('i') });
            }
        });
        found
    }

    /// Tells whether there is a group of this name.
    pub fn has_group(&self, group: &str) -> bool {
        self.groups().any(|(_, name, _)| name == group)
    }

    /// Tells whether files of less weight may not add to a group or change it.
    pub fn is_fixed(&self, group: &str) -> bool {
        self.groups().any(|(_, name, fixed)| (name == group && fixed) || name == "$i")
    }

    /// Writes a key's line, or takes it out. A new group comes last.
    pub fn set(&mut self, group: &str, key: &str, line: Option<&str>) {
        let mut at = None;
        self.each(group, |index, _, name, _, _| {
            if name == key {
                at = Some(index);
            }
        });
        match (at, line) {
            (Some(index), Some(line)) => self.lines[index] = format!("{line}\n"),
            (Some(index), None) => drop(self.lines.remove(index)),
            (None, Some(line)) => {
                let index = self.end_of(group);
                self.lines.insert(index, format!("{line}\n"));
            }
            (None, None) => {}
        }
    }

    /// Takes out a group that has nothing in it, with the empty line before it.
    pub fn remove_if_empty(&mut self, group: &str) {
        let Some((head, _, _)) = self.groups().filter(|(_, name, _)| *name == group).last() else {
            return;
        };
        let after = self.groups().map(|(index, ..)| index).find(|index| *index > head);
        let blank = |line: &String| line.trim().is_empty();
        if self.lines[head + 1..after.unwrap_or(self.lines.len())].iter().all(blank) {
            let before = usize::from(head > 0 && blank(&self.lines[head - 1]));
            self.lines.drain(head - before..=head);
        }
    }

    fn groups(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| match read(line) {
            Line::Group { name, fixed } => Some((index, name, fixed)),
            _ => None,
        })
    }

    /// Goes through the keys of a group: index, whether fixed, key, options, value.
    fn each<'a>(
        &'a self,
        group: &str,
        mut tell: impl FnMut(usize, bool, &'a str, &'a str, Option<&'a str>),
    ) {
        let all = self.is_fixed("$i");
        let mut here = None;
        for (index, line) in self.lines.iter().enumerate() {
            match read(line) {
                Line::Group { name, fixed } => here = (name == group).then_some(fixed || all),
                Line::Entry { key, options, value } => {
                    if let Some(fixed) = here {
                        tell(index, fixed, key, options, value);
                    }
                }
                Line::Other => {}
            }
        }
    }

    /// Where a new key of a group goes: behind the last of its lines. The group is made where it is not there.
    fn end_of(&mut self, group: &str) -> usize {
        let head =
            self.groups().filter(|(_, name, _)| *name == group).map(|(index, ..)| index).last();
        let Some(head) = head else {
            if let Some(last) = self.lines.last_mut() {
                if !last.ends_with('\n') {
                    last.push('\n');
                }
                self.lines.push("\n".to_owned());
            }
            self.lines.push(format!("[{group}]\n"));
            return self.lines.len();
        };
        let after = self.groups().map(|(index, ..)| index).find(|index| *index > head);
        let mut end = after.unwrap_or(self.lines.len());
        while end > head + 1 && self.lines[end - 1].trim().is_empty() {
            end -= 1;
        }
        if !self.lines[end - 1].ends_with('\n') {
            self.lines[end - 1].push('\n');
        }
        end
    }
}

fn read(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Line::Other;
    }
    if let Some(group) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match group.strip_suffix("][$i") {
            Some(name) => Line::Group { name, fixed: true },
            None => Line::Group { name: group, fixed: false },
        };
    }
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key.trim(), Some(value.trim())),
        None => (line, None),
    };
    let (key, options) = match key.split_once("[$") {
        Some((key, options)) => (key, options.trim_end_matches(']')),
        None => (key, ""),
    };
    Line::Entry { key, options, value }
}

/// Reads a file; one that is not there is empty.
pub fn load(path: &Path) -> Result<Settings, StoreError> {
    let reading = || -> io::Result<String> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() || about.len() > TEXT_AT_MOST {
            return Err(io::Error::other("it is not a small regular file"));
        }
        io::read_to_string(file)
    };
    match reading() {
        Ok(text) => Ok(Settings::parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(StoreError::reading(path)(error)),
    }
}

/// Changes a file in one step, under the lock that its own programs take. Links are followed, and the file keeps its
/// mode; where nothing is changed nothing is written. A file that comes to nothing is removed with `leave_none`.
pub async fn change(
    path: &Path,
    leave_none: bool,
    change: impl Fn(&mut Settings) + Send,
) -> Result<(), StoreError> {
    // What is linked to is what those programs write, and what their lock is named after.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if changed(&path, &change)?.is_none() {
        return Ok(());
    }
    let _lock = Lock::take(&path).await;
    match changed(&path, &change)? {
        None => Ok(()),
        Some(text) if text.trim().is_empty() && leave_none => atomic::remove(&path),
        Some(text) => write(&path, &text),
    }
}

/// The text a change leads to; none where it is the same.
fn changed(path: &Path, change: &impl Fn(&mut Settings)) -> Result<Option<String>, StoreError> {
    let before = load(path)?;
    let mut after = before.clone();
    change(&mut after);
    Ok((after != before).then(|| after.text()))
}

fn write(path: &Path, text: &str) -> Result<(), StoreError> {
    let mode = fs::metadata(path).map_or(0o600, |about| about.permissions().mode() & 0o7777);
    atomic::make_folder(atomic::parent(path))?;
    let beside = atomic::beside(path);
    let write = || -> io::Result<()> {
        let mut file = atomic::private().truncate(true).write(true).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    if let Err(error) = write() {
        let _ = fs::remove_file(&beside);
        return Err(StoreError::writing(path)(error));
    }
    atomic::sync_folder(atomic::parent(path))
}

/// `QLockFile`'s lock: a file beside, which has the holder's process and program in it, and is itself locked.
struct Lock(Option<(PathBuf, Flock<File>)>);

impl Lock {
    /// Takes it; goes on without it where it is held for long, as by a program that hangs: to give back comes first.
    async fn take(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let name = PathBuf::from(name);
        for _ in 0..LOCK_TRIES {
            match Self::try_take(&name) {
                Ok(file) => return Self(Some((name, file))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if is_left_behind(&name) {
                        let _ = fs::remove_file(&name);
                    } else {
                        tokio::time::sleep(BETWEEN_TRIES).await;
                    }
                }
                Err(_) => break,
            }
        }
        tracing::debug!(path = %name.display(), "written without the lock");
        Self(None)
    }

    fn try_take(name: &Path) -> io::Result<Flock<File>> {
        let file = fs::OpenOptions::new().write(true).create_new(true).open(name)?;
        let mut lock =
            Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, why)| why)?;
        // Without a host's name it is this one.
        let program = std::env::current_exe().unwrap_or_default();
        let program = program.file_name().unwrap_or_default().to_string_lossy();
        writeln!(lock, "{}\n{program}\n", std::process::id())?;
        Ok(lock)
    }
}

/// Tells whether a lock's holder has ended without taking it away.
fn is_left_behind(name: &Path) -> bool {
    let holder = fs::read_to_string(name).unwrap_or_default();
    let process = holder.lines().next().and_then(|line| line.parse::<u32>().ok());
    process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists())
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((name, _)) = &self.0 {
            let _ = fs::remove_file(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KWINRC: &str = "# mine\n[$Version]\nupdate_info=a\n\n[NightColor]\nMode=Times \n\n[Tiling][a]\nActive=no\n";

    fn after(text: &str, change: impl Fn(&mut Settings)) -> String {
        let mut settings = Settings::parse(text);
        change(&mut settings);
        settings.text()
    }

    #[test]
    fn finds_the_line_that_counts() {
        let settings =
            Settings::parse("[A]\nk=1\n[B]\nk=2\n[A]\nk = 3\nd[$d]\ne[$ie]=$HOME\nno\n#k=4\n");
        let value = |key| settings.get("A", key).map(|it| (it.line, it.value, it.fixed));
        assert_eq!(value("k"), Some(("k = 3", Some("3"), false)));
        assert_eq!(value("d"), Some(("d[$d]", None, false)));
        assert_eq!(value("e"), Some(("e[$ie]=$HOME", Some("$HOME"), true)));
        assert_eq!((value("absent"), settings.get("C", "k")), (None, None));
        assert!(settings.has_group("B") && !settings.has_group("C"));
    }

    #[test]
    fn knows_what_is_fixed() {
        let fixed = |text: &str| {
            let settings = Settings::parse(text);
            (settings.is_fixed("A"), settings.get("A", "k").is_some_and(|it| it.fixed))
        };
        assert_eq!(fixed("[A]\nk=1\n"), (false, false));
        assert_eq!(fixed("[A][$i]\nk=1\n"), (true, true));
        assert_eq!(fixed("[$i]\n[A]\nk=1\n"), (true, true));
        assert_eq!(fixed("[A]\nk[$i]=1\n[B][$i]\n"), (false, true));
    }

    #[test]
    fn a_line_is_changed_and_put_back_and_all_else_stays() {
        let there = after(KWINRC, |settings| {
            settings.set("NightColor", "Active", Some("Active=true"));
            settings.set("NightColor", "Mode", Some("Mode=Constant"));
        });
        assert_eq!(there, KWINRC.replace("Mode=Times \n", "Mode=Constant\nActive=true\n"));
        let back = after(&there, |settings| {
            settings.set("NightColor", "Active", None);
            settings.set("NightColor", "Mode", Some("Mode=Times "));
            settings.remove_if_empty("NightColor");
        });
        assert_eq!(back, KWINRC);
    }

    #[test]
    fn a_group_comes_last_and_goes_again() {
        for before in ["", "[A]\nk=1\n", "\n[A]\n\n"] {
            let there = after(before, |settings| settings.set("B", "k", Some("k=2")));
            assert_eq!(Settings::parse(&there).get("B", "k").unwrap().line, "k=2");
            let back = after(&there, |settings| {
                settings.set("B", "k", None);
                settings.remove_if_empty("B");
            });
            assert_eq!(back, before);
        }
        assert_eq!(
            after("[A]\n# mine\n", |settings| settings.remove_if_empty("A")),
            "[A]\n# mine\n"
        );
        assert_eq!(
            after("[A]\nk=1", |settings| settings.set("A", "l", Some("l=2"))),
            "[A]\nk=1\nl=2\n"
        );
        // As those programs write the file anew: groups in the order of their names.
        let sorted = "[A]\nk=1\n\n[B]\n\n[C]\nk=3\n";
        assert_eq!(
            after(sorted, |settings| settings.remove_if_empty("B")),
            "[A]\nk=1\n\n[C]\nk=3\n"
        );
    }

    #[tokio::test]
    async fn links_and_modes_are_kept_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("kwinrc"), folder.path().join("dotfiles"));
        fs::write(&file, KWINRC).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        change(&link, false, |settings| settings.set("A", "k", Some("k=1"))).await.unwrap();
        assert!(load(&link).unwrap().get("A", "k").is_some());
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn a_missing_file_is_made_and_taken_away_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kwinrc");
        change(&path, true, |settings| settings.set("A", "k", None)).await.unwrap();
        assert!(!path.exists(), "nothing to write");
        change(&path, true, |settings| settings.set("A", "k", Some("k=1"))).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[A]\nk=1\n");
        let take_out = |settings: &mut Settings| {
            settings.set("A", "k", None);
            settings.remove_if_empty("A");
        };
        change(&path, true, take_out).await.unwrap();
        assert!(!path.exists());
        fs::create_dir(&path).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("could not be read"));
    }

    #[tokio::test]
    async fn waits_for_who_writes_it_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kwinrc");
        let lock = folder.path().join("kwinrc.lock");
        let add = |path: PathBuf| async move {
            change(&path, false, |settings| settings.set("A", "k", Some("k=1"))).await.unwrap();
        };
        // Held by one that never lets go: written all the same, and the lock is left to it.
        fs::write(&lock, "1\nother\n\n").unwrap();
        add(path.clone()).await;
        assert!(path.exists() && lock.exists());
        // Left behind by a crash.
        fs::remove_file(&path).unwrap();
        fs::write(&lock, "4294967295\nother\n\n").unwrap();
        add(path.clone()).await;
        assert!(path.exists() && !lock.exists());
        // Held by one that lets go.
        fs::write(&lock, "1\nother\n\n").unwrap();
        fs::remove_file(&path).unwrap();
        let writing = tokio::spawn(add(path.clone()));
        tokio::task::yield_now().await;
        assert!(!path.exists());
        fs::remove_file(&lock).unwrap();
        writing.await.unwrap();
        assert!(path.exists() && !lock.exists());
    }
}
