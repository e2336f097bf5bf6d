//! Notes on disk: lines of their own beside the session log, `NAME.notes`, merged and erased as sessions are.
//!
//! JSON, one object a line. `v` is 1; fields nobody knows are passed over, another `v` is not understood.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    path::Path,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{Damage, StoreError},
    entry::{FOREIGN, LINE_AT_MOST, NEWER, TOO_LONG, TORN, VERSION, is_id},
    folder::{Folder, Whose, names, unreadable},
    lines::{Forward, Line},
};
use crate::notes::{Content, Note, Words};

/// The notes on disk.
#[derive(Clone, Debug)]
pub struct NoteLog(Folder);

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesRead {
    /// The notes, by when they were kept.
    pub notes: Vec<Note>,
    /// What could not be understood.
    pub damage: Vec<Damage>,
}

/// A line, as it is written: a note, or the word that one is forgotten.
#[derive(Default, Serialize, Deserialize)]
struct Written {
    v: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forget: Option<String>,
    at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mood: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sleep: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ask: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// What a line says.
enum Entry {
    Note(Note),
    Forget(String),
}

/// What all lines say together.
#[derive(Default)]
struct Merge {
    notes: BTreeMap<String, Note>,
    forgotten: BTreeSet<String>,
    ours: BTreeSet<String>,
    damage: Vec<Damage>,
}

impl NoteLog {
    pub(super) fn new(folder: Folder) -> Self {
        Self(folder)
    }

    /// Adds a note. When this returns, it is on the disk.
    pub fn append(&self, note: &Note) -> Result<(), StoreError> {
        self.0.add(&to_line(note)?)
    }

    /// Reads every note.
    pub fn all(&self) -> NotesRead {
        let mut merge = self.merge();
        merge.notes.retain(|id, _| !merge.forgotten.contains(id));
        let mut notes: Vec<Note> = merge.notes.into_values().collect();
        notes.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        merge.damage.sort();
        NotesRead { notes, damage: merge.damage }
    }

    /// Erases notes for good, from every file in the folder; `now` is when. Tells how many.
    pub fn forget(
        &self,
        which: &dyn Fn(&Note) -> bool,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let merge = self.merge();
        let ids: BTreeSet<&str> =
            merge.notes.values().filter(|note| which(note)).map(|note| &*note.id).collect();
        self.write_down(&merge, &ids, now)?;
        let goes = |line: &[u8]| match from_line(line) {
            Ok(Entry::Note(note)) => ids.contains(&*note.id),
            Ok(Entry::Forget(_)) => false,
            Err(_) => ids.iter().any(|id| names(line, id)),
        };
        if !ids.is_empty() {
            self.0.strip(Whose::All, &goes)?;
        }
        Ok(ids.iter().filter(|id| !merge.forgotten.contains(**id)).count())
    }

    /// Erases every note that was kept before a moment, and every line that is torn; all of it without a moment. `now` is
    /// when. Tells how many notes.
    pub fn forget_before(
        &self,
        before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let many = self.forget(&|note| before.is_none_or(|before| note.at < before), now)?;
        self.0.strip(Whose::All, &|line| {
            from_line(line).err().is_some_and(|why| before.is_none() || why != NEWER)
        })?;
        Ok(many)
    }

    /// Erases from this machine's file, and its conflict copies, what was forgotten on another machine.
    pub fn purge(&self) -> Result<(), StoreError> {
        let files = self.0.files(&mut Vec::new());
        if files.iter().all(|file| self.0.is_ours(file)) {
            return Ok(());
        }
        let merge = self.merge();
        if merge.ours.is_disjoint(&merge.forgotten) {
            return Ok(());
        }
        self.0.strip(Whose::Ours, &|line| {
            matches!(from_line(line), Ok(Entry::Note(note)) if merge.forgotten.contains(&note.id))
        })
    }

    /// Writes down that notes are forgotten, so that no other machine brings them back.
    fn write_down(
        &self,
        merge: &Merge,
        ids: &BTreeSet<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let new = ids.iter().filter(|id| !merge.forgotten.contains(**id));
        let lines: Vec<u8> = new
            .flat_map(|id| {
                let forget = Some((*id).to_owned());
                written(&Written { v: VERSION, forget, at: Some(at), ..Written::default() })
            })
            .collect();
        if lines.is_empty() { Ok(()) } else { self.0.add(&lines) }
    }

    fn merge(&self) -> Merge {
        let mut merge = Merge::default();
        for file in self.0.files(&mut merge.damage) {
            if let Err(error) = self.read(&file, &mut merge) {
                merge.damage.push(unreadable(&file, &error));
            }
        }
        merge
    }

    fn read(&self, file: &Path, merge: &mut Merge) -> io::Result<()> {
        for (line, number) in Forward::new(File::open(file)?).zip(1..) {
            let entry = match line? {
                Line::TooLong => Err(TOO_LONG),
                Line::Whole(line) if line.trim_ascii().is_empty() => continue,
                Line::Whole(line) => from_line(&line),
            };
            match entry {
                Ok(Entry::Forget(id)) => {
                    merge.forgotten.insert(id);
                }
                Ok(Entry::Note(note)) => {
                    if self.0.is_ours(file) {
                        merge.ours.insert(note.id.clone());
                    }
                    // Of two that somebody edited, the same one wins everywhere.
                    let there = merge.notes.entry(note.id.clone()).or_insert_with(|| note.clone());
                    if *there < note {
                        *there = note;
                    }
                }
                Err(why) => {
                    merge.damage.push(Damage { line: Some(number), ..Damage::file(file, why) });
                }
            }
        }
        Ok(())
    }
}

fn to_line(note: &Note) -> Result<Vec<u8>, StoreError> {
    if !is_id(&note.id) {
        return Err(StoreError::OddId(note.id.clone()));
    }
    let mut line = Written {
        v: VERSION,
        note: Some(note.id.clone()),
        at: Some(note.at),
        session: note.session.clone(),
        ..Written::default()
    };
    match note.content.clone() {
        Content::Sealed(sealed) => line.sealed = Some(sealed),
        Content::Open(Words { text, mood, sleep, ask }) => {
            (line.text, line.mood, line.sleep, line.ask) = (text, mood, sleep, ask);
        }
    }
    let line = written(&line);
    if line.len() > LINE_AT_MOST {
        return Err(StoreError::TooLong { length: line.len(), at_most: LINE_AT_MOST });
    }
    Ok(line)
}

fn written(line: &Written) -> Vec<u8> {
    // Strings and times always have a JSON form; should one not have it, an empty line says nothing and harms nothing.
    let mut line = serde_json::to_vec(line).unwrap_or_default();
    line.push(b'\n');
    line
}

fn from_line(line: &[u8]) -> Result<Entry, &'static str> {
    let found: Written = serde_json::from_slice(line).map_err(|_| {
        let version = serde_json::from_slice::<Version>(line);
        if version.is_ok_and(|line| line.v != VERSION) { NEWER } else { TORN }
    })?;
    if found.v != VERSION {
        return Err(NEWER);
    }
    match found {
        Written { forget: Some(id), .. } if is_id(&id) => Ok(Entry::Forget(id)),
        Written {
            note: Some(id), at: Some(at), session, sealed, text, mood, sleep, ask, ..
        } if is_id(&id) => {
            let content = match sealed {
                Some(sealed) => Content::Sealed(sealed),
                None => Content::Open(Words { text, mood, sleep, ask }.in_range()),
            };
            Ok(Entry::Note(Note { id, at, session, content }))
        }
        _ => Err(FOREIGN),
    }
}

#[cfg(test)]
mod tests;
