//! The session log: one file for each machine in one folder, which the person may sync between machines.
//!
//! Lines are only added. What all files say together is the log: sessions by their id, in any order and any number of
//! times, without those that any file says are forgotten. So nothing is lost or doubled when a folder is synced, restored
//! from a backup or has conflict copies in it.
//!
//! Here: the format of a line (`entry`), reading a file from its end (`lines`, `reading`), what all say together (`merge`),
//! the folder of files (`folder`), and the notes that lie in it (`notes`). Not here: which sessions still matter; that is
//! the schedule's.

mod entry;
mod folder;
mod lines;
mod merge;
mod notes;
mod reading;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

pub use self::notes::{NoteLog, NotesRead};
use self::{
    entry::Entry,
    folder::{Folder, How, Torn, Whose, unreadable},
    merge::Merge,
    reading::{Stamp, Wanted, read_lines},
};
use super::{Damage, StoreError};
use crate::schedule::Session;

/// How many lines in a row must lie before the time asked for until no more are looked at: sessions may be logged late,
/// and clocks of two machines differ.
const OLD_LINES: usize = 64;

/// The session log on disk.
#[derive(Clone, Debug)]
pub struct SessionLog {
    folder: Folder,
    /// What the last [`SessionLog::recent`] read, by file.
    known: BTreeMap<PathBuf, Known>,
    /// The files of notes, as they were last looked at.
    notes: Vec<(PathBuf, Option<Stamp>)>,
}

/// What a file says, for as long as it is not changed.
#[derive(Clone, Debug)]
struct Known {
    stamp: Stamp,
    since: Timestamp,
    entries: Vec<Entry>,
    damage: Vec<Damage>,
}

/// What was read from the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The sessions, by when they ended.
    pub sessions: Vec<Session>,
    /// The ids of those that the calendar planned and that are forgotten: they are not to begin anew.
    pub forgotten: BTreeSet<String>,
    /// When those were forgotten.
    pub erased: BTreeSet<Timestamp>,
    /// What could not be understood.
    pub damage: Vec<Damage>,
    /// Whether this machine's file still has a session that was forgotten on another one: see [`SessionLog::purge`].
    pub to_purge: bool,
}

impl SessionLog {
    /// Opens the log in a folder; `state_dir` keeps which of its files is this machine's. Writes nothing yet.
    pub fn open(folder: &Path, state_dir: &Path) -> Result<Self, StoreError> {
        let folder = Folder::open(folder, state_dir, "jsonl")?;
        Ok(Self { folder, known: BTreeMap::new(), notes: Vec::new() })
    }

    /// The notes that lie beside it: in the same folder, in files of their own.
    pub fn notes(&self) -> NoteLog {
        NoteLog::new(self.folder.with_ending("notes"))
    }

    /// Adds a session. When this returns, it is on the disk.
    pub fn append(&self, session: &Session) -> Result<(), StoreError> {
        self.folder.add(&Entry::Session(session.clone()).to_line()?)
    }

    /// Tells whether a file of notes is another one than when this was last asked.
    pub fn notes_changed(&mut self) -> bool {
        let files = self.folder.with_ending("notes").files(&mut Vec::new());
        let look = |file: PathBuf| (Stamp::of(&file).ok(), file);
        let now = files.into_iter().map(look).map(|(stamp, file)| (file, stamp)).collect();
        let before = std::mem::replace(&mut self.notes, now);
        before != self.notes
    }

    /// Reads the sessions that were logged, or ended, at `since` or later, each file from its end. One that has not changed
    /// since the last time is not read again.
    pub fn recent(&mut self, since: Timestamp) -> Read {
        let mut merge = Merge::default();
        let files = self.folder.files(&mut merge.damage);
        self.known.retain(|file, _| files.contains(file));
        for file in files {
            match self.know(&file, since) {
                Ok(known) => {
                    merge.damage.extend(known.damage.iter().cloned());
                    let entries = known.entries.clone();
                    let is_ours = self.folder.is_ours(&file);
                    for entry in entries {
                        merge.add(entry, is_ours);
                    }
                }
                Err(error) => merge.damage.push(unreadable(&file, &error)),
            }
        }
        merge.sessions.retain(|_, session| session.logged >= since || session.ended >= since);
        merge.into_read()
    }

    fn know(&mut self, file: &Path, since: Timestamp) -> io::Result<&Known> {
        let stamp = Stamp::of(file)?;
        let known = self.known.remove(file);
        let is_same = |known: &Known| known.stamp == stamp && known.since <= since;
        let known = if let Some(known) = known.filter(is_same) {
            known
        } else {
            let mut entries = Vec::new();
            let damage = read_since(file, since, |entry| entries.push(entry))?;
            Known { stamp, since, entries, damage }
        };
        Ok(self.known.entry(file.to_owned()).or_insert(known))
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
        self.erase(&merge, &BTreeSet::from([id]), Torn::IfNamed, at)?;
        Ok(true)
    }

    /// Erases for good every session that ended before a moment, all without one, and every line that is torn; `now` is
    /// when. `also` are the ids of sessions that were planned, are not logged, and are not to come back. Tells how many
    /// sessions.
    pub fn forget_before(
        &self,
        before: Option<Timestamp>,
        also: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let merge = self.merge();
        let is_old = |session: &&Session| before.is_none_or(|before| session.ended < before);
        let old = merge.sessions.values().filter(is_old);
        let mut ids: BTreeSet<&str> = old.map(|session| &*session.id).collect();
        let many = ids.iter().filter(|id| !merge.forgotten.contains(**id)).count();
        ids.extend(also.iter().map(String::as_str));
        let torn = if before.is_some() { Torn::Always } else { Torn::Every };
        self.erase(&merge, &ids, torn, now)?;
        Ok(many)
    }

    fn erase(
        &self,
        merge: &Merge,
        ids: &BTreeSet<&str>,
        torn: Torn,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let instead = |line: &[u8]| match Entry::from_line(line) {
            Ok(Entry::Session(it)) => ids.contains(&*it.id).then(|| word(it.id, at)),
            Ok(Entry::Forget { .. }) => None,
            Err(why) => torn.goes(line, why, ids).then(Vec::new),
        };
        if self.write_down(merge, ids, at).is_ok() {
            return self.folder.strip(Whose::All, How::Copy, &instead);
        }
        // No word can be added, as on a full disk: it takes the place of the session itself.
        self.folder.strip(Whose::All, How::InPlace, &instead)?;
        self.write_down(&self.merge(), ids, at)
    }

    /// Writes down that sessions are forgotten, so that no other machine brings them back.
    fn write_down(
        &self,
        merge: &Merge,
        ids: &BTreeSet<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let new = ids.iter().filter(|id| !merge.forgotten.contains(**id));
        let lines: Result<Vec<Vec<u8>>, _> =
            new.map(|id| Entry::Forget { id: (*id).to_owned(), at }.to_line()).collect();
        let lines = lines?.concat();
        if lines.is_empty() { Ok(()) } else { self.folder.add(&lines) }
    }

    /// Erases from this machine's file, and its conflict copies, what was forgotten on another machine. True if there was
    /// something.
    pub fn purge(&self) -> Result<bool, StoreError> {
        let merge = self.merge();
        let ids: BTreeSet<&str> =
            merge.ours.intersection(&merge.forgotten).map(String::as_str).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        self.folder.strip(Whose::Ours, How::Copy, &|line| match Entry::from_line(line) {
            Ok(entry) => {
                let goes = matches!(&entry, Entry::Session(it) if ids.contains(&*it.id));
                goes.then(Vec::new)
            }
            Err(why) => Torn::IfNamed.goes(line, why, &ids).then(Vec::new),
        })?;
        Ok(true)
    }

    fn merge(&self) -> Merge {
        let mut merge = Merge::default();
        for file in self.folder.files(&mut merge.damage) {
            let is_ours = self.folder.is_ours(&file);
            let damage = read_since(&file, Timestamp::MIN, |entry| merge.add(entry, is_ours));
            merge.damage.extend(damage.unwrap_or_else(|error| vec![unreadable(&file, &error)]));
        }
        merge
    }
}

/// Reads a file from its end, until what it says is long over.
fn read_since(
    file: &Path,
    since: Timestamp,
    mut take: impl FnMut(Entry),
) -> io::Result<Vec<Damage>> {
    let mut old = 0;
    read_lines(file, |line| {
        let entry = Entry::from_line(line)?;
        old = if entry.is_before(since) { old + 1 } else { 0 };
        take(entry);
        Ok(if old == OLD_LINES { Wanted::Enough } else { Wanted::More })
    })
}

/// The word that a session is forgotten, as it takes its place. To the second, so that it fits there.
fn word(id: String, at: Timestamp) -> Vec<u8> {
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
    let line = Entry::Forget { id, at }.to_line().unwrap_or_default();
    line.trim_ascii_end().to_vec()
}

#[cfg(test)]
mod tests;
