//! The session log: one file for each machine in one folder, which the person may sync between machines.
//!
//! Lines are only added. What all files say together is the log: sessions by their id, in any order and any number of
//! times, without those that any file says are forgotten. So nothing is lost or doubled when a folder is synced, restored
//! from a backup or has conflict copies in it.
//!
//! Here: the format of a line (`entry`), reading lines from either end (`lines`), what they say together (`merge`), and
//! the folder of files. Not here: which sessions still matter; that is the schedule's.

mod entry;
mod lines;
mod merge;

use std::{
    collections::BTreeSet,
    fs::{self, File, Permissions},
    io::{self, Read as _, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use self::{
    entry::{Entry, TOO_LONG},
    lines::{Backward, Forward, Line, lines_before},
    merge::Merge,
};
use super::{
    Damage, StoreError,
    atomic::{beside, make_folder, private, remove, replace, sync_folder},
    machine,
};
use crate::schedule::Session;

/// How many lines in a row must lie before the time asked for until no more are looked at: sessions may be logged late,
/// and clocks of two machines differ.
const OLD_LINES: usize = 64;

/// How often a line is added again because the file was replaced under it.
const TRIES: usize = 3;

/// The session log on disk.
#[derive(Debug)]
pub struct SessionLog {
    folder: PathBuf,
    /// This machine's own file's name.
    name: String,
    /// Where the name is kept.
    machine: PathBuf,
}

/// What was read from the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The sessions, by when they ended.
    pub sessions: Vec<Session>,
    /// What could not be understood.
    pub damage: Vec<Damage>,
    /// Whether this machine's file still has a session that was forgotten on another one: see [`SessionLog::purge`].
    pub to_purge: bool,
}

/// Whose files are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    All,
}

impl SessionLog {
    /// Opens the log in a folder; `state_dir` keeps which of its files is this machine's. Writes nothing yet.
    pub fn open(folder: &Path, state_dir: &Path) -> Result<Self, StoreError> {
        let machine = state_dir.join("machine");
        let name = match machine::kept_name(&machine) {
            Some(name) => name,
            None => machine::new_name()?,
        };
        Ok(Self { folder: folder.to_owned(), name, machine })
    }

    /// Adds a session. When this returns, it is on the disk.
    pub fn append(&self, session: &Session) -> Result<(), StoreError> {
        self.add(&Entry::Session(session.clone()).to_line()?)
    }

    /// Reads the sessions that were logged, or ended, at `since` or later, each file from its end.
    pub fn recent(&self, since: Timestamp) -> Read {
        let mut merge = Merge::default();
        for file in self.files(&mut merge) {
            if let Err(error) = self.read_back(&file, since, &mut merge) {
                merge.damage.push(unreadable(&file, &error));
            }
        }
        merge.sessions.retain(|_, session| session.logged >= since || session.ended >= since);
        merge.into_read()
    }

    /// Reads every session.
    pub fn all(&self) -> Read {
        self.merge().into_read()
    }

    /// Erases a session for good, from every file in the folder; `at` is now. False if there is none with that id.
    ///
    /// That it is forgotten is written down first, so that no other machine brings it back.
    pub fn forget(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        let merge = self.merge();
        if !merge.sessions.contains_key(id) {
            return Ok(false);
        }
        if !merge.forgotten.contains(id) {
            self.add(&Entry::Forget { id: id.to_owned(), at }.to_line()?)?;
        }
        self.strip(&BTreeSet::from([id]), Whose::All)?;
        Ok(true)
    }

    /// Erases from this machine's file, and its conflict copies, what was forgotten on another machine. True if there was
    /// something.
    pub fn purge(&self) -> Result<bool, StoreError> {
        let merge = self.merge();
        let ids = merge.ours.intersection(&merge.forgotten).map(String::as_str).collect();
        self.strip(&ids, Whose::Ours)?;
        Ok(!ids.is_empty())
    }

    fn own_file(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn is_ours(&self, file: &Path) -> bool {
        let stem = self.name.trim_end_matches(".jsonl");
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let rest = name.strip_prefix(stem);
        rest.is_some_and(|rest| rest == ".jsonl" || rest.starts_with(".sync-conflict-"))
    }

    /// Adds a line to this machine's file.
    fn add(&self, line: &[u8]) -> Result<(), StoreError> {
        make_folder(&self.folder)?;
        if machine::kept_name(&self.machine).as_ref() != Some(&self.name) {
            // Without it the next start takes another file, and that is harmless; a session that is not kept is not.
            let _ = replace(&self.machine, self.name.as_bytes());
        }
        let path = self.own_file();
        for _ in 0..TRIES {
            let written = add_line(&path, line).map_err(StoreError::writing(&path))?;
            sync_folder(&self.folder)?;
            // A program that syncs the folder may have put another file in its place meanwhile; the line must be in that.
            if fs::metadata(&path).is_ok_and(|there| there.ino() == written) {
                break;
            }
        }
        Ok(())
    }

    fn files(&self, merge: &mut Merge) -> Vec<PathBuf> {
        let listed = || -> io::Result<Vec<PathBuf>> {
            let paths = fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.path()));
            paths.collect()
        };
        let mut files = match listed() {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                merge.damage.push(unreadable(&self.folder, &error));
                Vec::new()
            }
        };
        let is_hidden = |path: &Path| {
            path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."))
        };
        files.retain(|path| {
            path.extension().is_some_and(|end| end == "jsonl") && !is_hidden(path) && path.is_file()
        });
        files.sort();
        files
    }

    fn merge(&self) -> Merge {
        let mut merge = Merge::default();
        for file in self.files(&mut merge) {
            if let Err(error) = self.read_all(&file, &mut merge) {
                merge.damage.push(unreadable(&file, &error));
            }
        }
        merge
    }

    fn read_all(&self, file: &Path, merge: &mut Merge) -> io::Result<()> {
        for (line, number) in Forward::new(File::open(file)?).zip(1..) {
            match understand(&line?) {
                None => {}
                Some(Ok(entry)) => merge.add(entry, self.is_ours(file)),
                Some(Err(why)) => merge.passed_over(file, number, why),
            }
        }
        Ok(())
    }

    fn read_back(&self, file: &Path, since: Timestamp, merge: &mut Merge) -> io::Result<()> {
        let mut old = 0;
        for line in Backward::new(File::open(file)?)? {
            let (offset, line) = line?;
            match understand(&line) {
                None => {}
                Some(Ok(entry)) => {
                    old = if entry.is_before(since) { old + 1 } else { 0 };
                    merge.add(entry, self.is_ours(file));
                }
                Some(Err(why)) => {
                    merge.passed_over(file, lines_before(File::open(file)?, offset)? + 1, why);
                }
            }
            if old == OLD_LINES {
                break;
            }
        }
        Ok(())
    }

    /// Rewrites files without the lines of some sessions. Goes on after an error and tells the first one.
    fn strip(&self, ids: &BTreeSet<&str>, whose: Whose) -> Result<(), StoreError> {
        let mut files = self.files(&mut Merge::default());
        files.retain(|file| whose == Whose::All || self.is_ours(file));
        let strip = |file: &PathBuf| {
            // What a crash left beside the file may hold the session too.
            remove(&beside(file))?;
            let bytes = fs::read(file).map_err(StoreError::reading(file))?;
            let lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let left = lines.filter(|line| !holds(line, ids)).collect::<Vec<_>>().concat();
            if left.len() == bytes.len() { Ok(()) } else { replace(file, &left) }
        };
        let errors: Vec<StoreError> = files.iter().filter_map(|file| strip(file).err()).collect();
        errors.into_iter().next().map_or(Ok(()), Err)
    }
}

fn understand(line: &Line) -> Option<Result<Entry, &'static str>> {
    match line {
        Line::TooLong => Some(Err(TOO_LONG)),
        Line::Whole(line) if line.trim_ascii().is_empty() => None,
        Line::Whole(line) => Some(Entry::from_line(line)),
    }
}

/// Tells whether a line holds one of these sessions. A line that nobody can read does if it names one.
fn holds(line: &[u8], ids: &BTreeSet<&str>) -> bool {
    match Entry::from_line(line) {
        Ok(Entry::Session(session)) => ids.contains(&*session.id),
        Ok(Entry::Forget { .. }) => false,
        Err(_) => ids.iter().any(|id| {
            let named = format!("\"{id}\"");
            line.windows(named.len()).any(|window| window == named.as_bytes())
        }),
    }
}

/// Adds a line with one write, and says which file it went to. A last line that a crash left torn is closed first; where
/// the disk is full, nothing of the new one stays.
fn add_line(path: &Path, line: &[u8]) -> io::Result<u64> {
    let mut file = private().read(true).append(true).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let closed = if last == [b'\n'] { line.to_vec() } else { [b"\n", line].concat() };
    if let Err(error) = file.write_all(&closed) {
        let _ = file.set_len(length);
        return Err(error);
    }
    file.sync_all()?;
    Ok(file.metadata()?.ino())
}

fn unreadable(path: &Path, error: &io::Error) -> Damage {
    let why = format!("it could not be read: {error}. Make sure that it belongs to you.");
    Damage::file(path, why)
}

#[cfg(test)]
mod tests;
