//! One line of the session log: a session, or the word that one is forgotten.
//!
//! JSON, one object a line. `v` is 1; fields nobody knows are passed over, another `v` is not understood.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use crate::schedule::Session;

/// The longest line that is read or written, in bytes, without its newline.
pub const LINE_AT_MOST: usize = 64 * 1024;

pub const VERSION: u64 = 1;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A session was logged.
    Session(Session),
    /// A session was forgotten; this outweighs every line with the session itself.
    Forget {
        /// The session's id.
        id: String,
        /// When.
        at: Timestamp,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Session {
        v: u64,
        #[serde(flatten)]
        session: &'a Session,
    },
    Forget {
        v: u64,
        forget: &'a str,
        at: Timestamp,
    },
}

#[derive(Deserialize)]
struct Found {
    v: u64,
    id: Option<String>,
    kind: Option<String>,
    ended: Option<Timestamp>,
    logged: Option<Timestamp>,
    note: Option<String>,
    forget: Option<String>,
    at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

impl Entry {
    /// Writes the line, newline included.
    pub fn to_line(&self) -> Result<Vec<u8>, StoreError> {
        let (id, written) = match self {
            Self::Session(session) => (&session.id, Written::Session { v: VERSION, session }),
            Self::Forget { id, at } => (id, Written::Forget { v: VERSION, forget: id, at: *at }),
        };
        if !is_id(id) {
            return Err(StoreError::OddId(id.clone()));
        }
        // Strings and times always have a JSON form; should one not have it, an empty line says nothing and harms nothing.
        let mut line = serde_json::to_vec(&written).unwrap_or_default();
        if line.len() > LINE_AT_MOST {
            return Err(StoreError::TooLong { length: line.len(), at_most: LINE_AT_MOST });
        }
        line.push(b'\n');
        Ok(line)
    }

    /// Reads a line, or says what is wrong with it.
    pub fn from_line(line: &[u8]) -> Result<Self, &'static str> {
        let found: Found = serde_json::from_slice(line).map_err(|_| {
            let version = serde_json::from_slice::<Version>(line);
            if version.is_ok_and(|line| line.v != VERSION) { NEWER } else { TORN }
        })?;
        if found.v != VERSION {
            return Err(NEWER);
        }
        let entry = match found {
            Found { forget: Some(id), at: Some(at), .. } => Self::Forget { id, at },
            Found {
                id: Some(id),
                kind: Some(kind),
                ended: Some(ended),
                logged: Some(logged),
                note,
                ..
            } => Self::Session(Session { id, kind, ended, logged, note }),
            _ => return Err(FOREIGN),
        };
        if is_id(entry.id()) { Ok(entry) } else { Err(FOREIGN) }
    }

    /// The session it is about.
    pub fn id(&self) -> &str {
        match self {
            Self::Session(session) => &session.id,
            Self::Forget { id, .. } => id,
        }
    }

    /// Tells whether all of it lies before a moment.
    pub fn is_before(&self, since: Timestamp) -> bool {
        match self {
            Self::Session(session) => session.logged < since && session.ended < since,
            Self::Forget { at, .. } => *at < since,
        }
    }
}

/// Why a line was passed over.
pub const TORN: &str =
    "this line is torn or is not quietd's. It was passed over; the others are read.";
pub const FOREIGN: &str =
    "this line lacks something it needs. It was passed over; the others are read.";
pub const NEWER: &str = "this line was written by another version of quietd. It was passed over; update quietd to read it.";
pub const TOO_LONG: &str = "this line is too long. It was passed over; the others are read.";

pub fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = r#"{"v":1,"id":"3f9a","kind":"talk","ended":"2026-06-01T12:00:00Z","logged":"2026-06-01T12:05:00Z","note":"snow"}"#;

    #[test]
    fn the_format_is_this() {
        let session = Entry::from_line(LINE.as_bytes()).unwrap();
        assert_eq!(session.to_line().unwrap(), format!("{LINE}\n").into_bytes());
        let forget = r#"{"v":1,"forget":"3f9a","at":"2026-06-02T12:00:00Z"}"#;
        let entry = Entry::from_line(forget.as_bytes()).unwrap();
        assert_eq!(entry.to_line().unwrap(), format!("{forget}\n").into_bytes());
        assert_eq!((entry.id(), session.id()), ("3f9a", "3f9a"));
    }

    #[test]
    fn unknown_fields_are_passed_over_and_other_versions_said() {
        let more = LINE.replace("\"note\"", "\"mood\":7,\"note\"");
        assert_eq!(Entry::from_line(more.as_bytes()), Entry::from_line(LINE.as_bytes()));
        let newer = LINE.replace("\"v\":1", "\"v\":2");
        assert_eq!(Entry::from_line(newer.as_bytes()), Err(NEWER));
        assert_eq!(Entry::from_line(br#"{"v":2,"id":[1]}"#), Err(NEWER));
        assert_eq!(Entry::from_line(br#"{"v":1,"id":"x"}"#), Err(FOREIGN));
        assert_eq!(
            Entry::from_line(br#"{"v":1,"forget":"a b","at":"2026-06-02T12:00:00Z"}"#),
            Err(FOREIGN)
        );
        assert_eq!(Entry::from_line(&LINE.as_bytes()[..40]), Err(TORN));
        assert_eq!(Entry::from_line(b"\0\0\0\0"), Err(TORN));
    }

    #[test]
    fn a_note_that_does_not_fit_is_refused_and_not_lost() {
        let Ok(Entry::Session(mut session)) = Entry::from_line(LINE.as_bytes()) else { panic!() };
        session.note = Some("n".repeat(LINE_AT_MOST));
        let error = Entry::Session(session.clone()).to_line().unwrap_err();
        assert!(matches!(error, StoreError::TooLong { .. }), "{error}");
        session.id = "a\nb".into();
        assert!(matches!(Entry::Session(session).to_line(), Err(StoreError::OddId(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_written_is_read(kind in any::<String>(), note in any::<Option<String>>(), ended in any::<i32>()) {
            let ended = Timestamp::from_second(ended.into()).unwrap();
            let entry = Entry::Session(Session { id: "x-1".into(), kind, ended, logged: ended, note });
            let line = entry.to_line().unwrap();
            prop_assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
            prop_assert_eq!(Entry::from_line(&line), Ok(entry));
        }
    }
}
