//! Notes on disk: lines of their own beside the session log, `NAME.notes`, merged and erased as sessions are.
//!
//! JSON, one object a line. `v` is 1; fields nobody knows are passed over, another `v` is not understood.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{Damage, StoreError},
    entry::{FOREIGN, LINE_AT_MOST, NEWER, TORN, VERSION, is_id},
    folder::{Folder, How, Torn, Whose, unreadable},
    reading::{Wanted, read_lines},
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
        NotesRead { notes, damage: merge.damage }
    }

    /// Erases notes for good, from every file in the folder; `now` is when. Tells how many.
    pub fn forget(
        &self,
        which: &dyn Fn(&Note) -> bool,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.erase(which, Torn::IfNamed, now)
    }

    /// Erases every note that was kept before a moment, and every line that is torn; all of it without a moment. `now` is
    /// when. Tells how many notes.
    pub fn forget_before(
        &self,
        before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let torn = if before.is_some() { Torn::Always } else { Torn::Every };
        self.erase(&|note| before.is_none_or(|before| note.at < before), torn, now)
    }

    fn erase(
        &self,
        which: &dyn Fn(&Note) -> bool,
        torn: Torn,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let merge = self.merge();
        let ids: BTreeSet<&str> =
            merge.notes.values().filter(|note| which(note)).map(|note| &*note.id).collect();
        if ids.is_empty() && torn == Torn::IfNamed {
            return Ok(0);
        }
        let instead = |line: &[u8]| match from_line(line) {
            Ok(Entry::Note(note)) => ids.contains(&*note.id).then(|| word(note.id, now)),
            Ok(Entry::Forget(_)) => None,
            Err(why) => torn.goes(line, why, &ids).then(Vec::new),
        };
        if self.write_down(&merge, &ids, now).is_ok() {
            self.0.strip(Whose::All, How::Copy, &instead)?;
        } else {
            // No word can be added, as on a full disk: it takes the place of the note itself.
            self.0.strip(Whose::All, How::InPlace, &instead)?;
            self.write_down(&self.merge(), &ids, now)?;
        }
        Ok(ids.iter().filter(|id| !merge.forgotten.contains(**id)).count())
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
        self.0.strip(Whose::Ours, How::Copy, &|line| {
            let Ok(Entry::Note(note)) = from_line(line) else { return None };
            merge.forgotten.contains(&note.id).then(Vec::new)
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
                let mut line = word((*id).to_owned(), at);
                line.push(b'\n');
                line
            })
            .collect();
        if lines.is_empty() { Ok(()) } else { self.0.add(&lines) }
    }

    fn merge(&self) -> Merge {
        let mut merge = Merge::default();
        for file in self.0.files(&mut merge.damage) {
            let damage = self.read(&file, &mut merge);
            merge.damage.extend(damage.unwrap_or_else(|error| vec![unreadable(&file, &error)]));
        }
        merge
    }

    fn read(&self, file: &Path, merge: &mut Merge) -> io::Result<Vec<Damage>> {
        let is_ours = self.0.is_ours(file);
        read_lines(file, |line| {
            match from_line(line)? {
                Entry::Forget(id) => {
                    merge.forgotten.insert(id);
                }
                Entry::Note(note) => {
                    if is_ours {
                        merge.ours.insert(note.id.clone());
                    }
                    // Of two that somebody edited, the same one wins everywhere.
                    let there = merge.notes.entry(note.id.clone()).or_insert_with(|| note.clone());
                    if *there < note {
                        *there = note;
                    }
                }
            }
            Ok(Wanted::More)
        })
    }
}

/// The word that a note is forgotten, without its newline. To the second, so that it fits where the note stood.
fn word(id: String, at: Timestamp) -> Vec<u8> {
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
    let line = Written { v: VERSION, forget: Some(id), at: Some(at), ..Written::default() };
    let mut line = written(&line);
    line.pop();
    line
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
