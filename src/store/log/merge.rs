//! What the lines of all files say together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{super::Damage, Read, entry::Entry};
use crate::{calendar::is_planned, schedule::Session};

/// What several lines say together. The order in which they are added does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    pub sessions: BTreeMap<String, Session>,
    pub forgotten: BTreeSet<String>,
    /// When sessions that the calendar planned were forgotten.
    pub erased: BTreeSet<Timestamp>,
    /// The ids of sessions in this machine's file.
    pub ours: BTreeSet<String>,
    pub damage: Vec<Damage>,
}

impl Merge {
    pub fn add(&mut self, entry: Entry, is_ours: bool) {
        match entry {
            Entry::Forget { id, at } => {
                if is_planned(&id) {
                    self.erased.insert(at);
                }
                self.forgotten.insert(id);
            }
            Entry::Session(session) => {
                if is_ours {
                    self.ours.insert(session.id.clone());
                }
                // Two lines with one id are the same line, unless somebody edited one: then the same one wins everywhere.
                match self.sessions.get(&session.id) {
                    Some(other) if weight(other) >= weight(&session) => {}
                    _ => {
                        self.sessions.insert(session.id.clone(), session);
                    }
                }
            }
        }
    }

    pub fn into_read(mut self) -> Read {
        let to_purge = !self.ours.is_disjoint(&self.forgotten);
        self.sessions.retain(|id, _| !self.forgotten.contains(id));
        let mut sessions: Vec<Session> = self.sessions.into_values().collect();
        sessions.sort_by_key(|session| session.ended);
        let mut forgotten = self.forgotten;
        forgotten.retain(|id| is_planned(id));
        Read { sessions, forgotten, erased: self.erased, damage: self.damage, to_purge }
    }
}

fn weight(session: &Session) -> (Timestamp, Timestamp, &str, Option<&str>) {
    (session.logged, session.ended, &session.kind, session.note.as_deref())
}
