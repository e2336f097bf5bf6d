//! The session log: one file for each machine in one folder, which the person may sync between machines.
//!
//! Lines are only added. What all files say together is the log: sessions by their id, in any order and any number of
//! times, without those that any file says are forgotten. So nothing is lost or doubled when a folder is synced, restored
//! from a backup or has conflict copies in it.
//!
//! Here: the format of a line (`entry`), reading lines from either end (`lines`), what they say together (`merge`), the
//! folder of files (`folder`), and the notes that lie in it (`notes`). Not here: which sessions still matter; that is the
//! schedule's.

mod entry;
mod folder;
mod lines;
mod merge;
mod notes;

use std::{collections::BTreeSet, fs::File, io, path::Path};

use jiff::Timestamp;

pub use self::notes::{NoteLog, NotesRead};
use self::{
    entry::{Entry, NEWER, TOO_LONG},
    folder::{Folder, Whose, unreadable},
    lines::{Backward, Forward, Line, lines_before},
    merge::Merge,
};
use super::{Damage, StoreError};
use crate::schedule::Session;

/// How many lines in a row must lie before the time asked for until no more are looked at: sessions may be logged late,
/// and clocks of two machines differ.
const OLD_LINES: usize = 64;

/// The session log on disk.
#[derive(Clone, Debug)]
pub struct SessionLog(Folder);

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

impl SessionLog {
    /// Opens the log in a folder; `state_dir` keeps which of its files is this machine's. Writes nothing yet.
    pub fn open(folder: &Path, state_dir: &Path) -> Result<Self, StoreError> {
        Folder::open(folder, state_dir, "jsonl").map(Self)
    }

    /// The notes that lie beside it: in the same folder, in files of their own.
    pub fn notes(&self) -> NoteLog {
        NoteLog::new(self.0.with_ending("notes"))
    }

    /// Adds a session. When this returns, it is on the disk.
    pub fn append(&self, session: &Session) -> Result<(), StoreError> {
        self.0.add(&Entry::Session(session.clone()).to_line()?)
    }

    /// Reads the sessions that were logged, or ended, at `since` or later, each file from its end.
    pub fn recent(&self, since: Timestamp) -> Read {
        let mut merge = Merge::default();
        for file in self.0.files(&mut merge.damage) {
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
        self.erase(&merge, &BTreeSet::from([id]), Torn::IfNamed, at)?;
        Ok(true)
    }

    /// Erases for good every session that ended before a moment, and every line that is torn; `now` is when. Tells how
    /// many sessions.
    pub fn forget_before(&self, before: Timestamp, now: Timestamp) -> Result<usize, StoreError> {
        let merge = self.merge();
        let old = merge.sessions.values().filter(|session| session.ended < before);
        let ids: BTreeSet<&str> = old.map(|session| &*session.id).collect();
        let many = ids.iter().filter(|id| !merge.forgotten.contains(**id)).count();
        self.erase(&merge, &ids, Torn::Always, now)?;
        Ok(many)
    }

    /// Erases every session for good, and every line that is anything else but the word that one is forgotten; `now` is
    /// when. Tells how many sessions.
    pub fn forget_all(&self, now: Timestamp) -> Result<usize, StoreError> {
        let merge = self.merge();
        let ids: BTreeSet<&str> = merge.sessions.keys().map(String::as_str).collect();
        let many = ids.iter().filter(|id| !merge.forgotten.contains(**id)).count();
        self.write_down(&merge, &ids, now)?;
        self.0.strip(Whose::All, &|line| {
            !matches!(Entry::from_line(line), Ok(Entry::Forget { .. }))
        })?;
        Ok(many)
    }

    fn erase(
        &self,
        merge: &Merge,
        ids: &BTreeSet<&str>,
        torn: Torn,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_down(merge, ids, at)?;
        self.0.strip(Whose::All, &|line| holds(line, ids, torn))
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
        if lines.is_empty() { Ok(()) } else { self.0.add(&lines) }
    }

    /// Erases from this machine's file, and its conflict copies, what was forgotten on another machine. True if there was
    /// something.
    pub fn purge(&self) -> Result<bool, StoreError> {
        let merge = self.merge();
        let ids: BTreeSet<&str> =
            merge.ours.intersection(&merge.forgotten).map(String::as_str).collect();
        self.0.strip(Whose::Ours, &|line| holds(line, &ids, Torn::IfNamed))?;
        Ok(!ids.is_empty())
    }

    fn merge(&self) -> Merge {
        let mut merge = Merge::default();
        for file in self.0.files(&mut merge.damage) {
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
                Some(Ok(entry)) => merge.add(entry, self.0.is_ours(file)),
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
                    merge.add(entry, self.0.is_ours(file));
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
}

fn understand(line: &Line) -> Option<Result<Entry, &'static str>> {
    match line {
        Line::TooLong => Some(Err(TOO_LONG)),
        Line::Whole(line) if line.trim_ascii().is_empty() => None,
        Line::Whole(line) => Some(Entry::from_line(line)),
    }
}

/// Which lines nobody can read are erased too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Torn {
    /// Those that name one of the sessions.
    IfNamed,
    /// All but those of another version: they help nobody, and what they hold may be what is to be erased.
    Always,
}

/// Tells whether a line holds one of these sessions.
fn holds(line: &[u8], ids: &BTreeSet<&str>, torn: Torn) -> bool {
    match Entry::from_line(line) {
        Ok(Entry::Session(session)) => ids.contains(&*session.id),
        Ok(Entry::Forget { .. }) => false,
        Err(why) if torn == Torn::Always => why != NEWER,
        Err(_) => ids.iter().any(|id| folder::names(line, id)),
    }
}

#[cfg(test)]
mod tests;
