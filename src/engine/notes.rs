//! What a person notes, and what they erase: the methods of the control bus about both.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::{Damage, Engine, Reply, calls, calls::answer, erase::Erase, sentences};
use crate::{
    api::{Erased, Error, NoteEntry},
    dbus::keyring,
    notes::{
        ASK_AT_MOST, BELONGS_FOR, Content, Key, MOOD_AT_MOST, NONCE, Note, SLEEP_AT_MOST,
        TEXT_AT_MOST, Words, clean, split,
    },
    store::{self, NoteLog, NotesRead, StoreError},
};

/// A method call about notes.
#[derive(Debug)]
pub enum NotesCall {
    /// Keeps a note.
    Add {
        /// What was written.
        asked: NewNote,
        /// Answers the note's id.
        reply: Reply<String>,
    },
    /// Lists notes.
    List {
        /// From when on.
        since: Timestamp,
        /// Answers them, oldest first.
        reply: Reply<Vec<NoteEntry>>,
    },
    /// Erases for good: notes, and sessions too.
    Erase {
        /// What.
        what: Erase,
        /// Answers how much was erased, when what it made quiet is over.
        reply: Reply<Erased>,
    },
}

/// A note as it is asked for: nothing of it is checked yet.
#[derive(Debug, Default)]
pub struct NewNote {
    /// A few words.
    pub text: String,
    /// From 0 to 10.
    pub mood: Option<u64>,
    /// How long the person slept.
    pub sleep: Option<SignedDuration>,
    /// A question for the next appointment.
    pub ask: Option<String>,
    /// The session it belongs to; empty for none, and the last one where it is not said.
    pub session: Option<String>,
    /// Whether it may be kept unsealed though notes are to be sealed.
    pub plain: bool,
}

impl Engine {
    /// Does what was asked about notes.
    pub(super) fn notes_call(&mut self, call: NotesCall) {
        match call {
            NotesCall::Add { asked, reply } => self.add_note(asked, reply),
            NotesCall::List { since, reply } => self.list_notes(since, reply),
            NotesCall::Erase { what, reply } => self.erase_call(what, reply),
        }
    }

    fn add_note(&mut self, asked: NewNote, reply: Reply<String>) {
        let plain = asked.plain || !self.seals_notes();
        let (note, log) = match self.new_note(asked).and_then(|note| Ok((note, self.note_log()?))) {
            Ok(it) => it,
            Err(error) => return answer(reply, Err(error)),
        };
        if plain {
            return answer(reply, keep(&log, note));
        }
        // The keyring may take its time; nothing else waits for it.
        let bus = self.desktop.session.clone();
        tokio::spawn(async move {
            let sealed = match keyring::key(&bus).await {
                Ok(key) => sealed(note, &key),
                Err(why) => Err(no_key(&why)),
            };
            answer(reply, sealed.and_then(|note| keep(&log, note)));
        });
    }

    /// Tells whether what is written is to be sealed.
    pub(super) fn seals_notes(&self) -> bool {
        self.config.log.encrypt || self.is_config_unknown()
    }

    /// Before any config could be read, nobody knows whether notes are to be sealed.
    fn is_config_unknown(&self) -> bool {
        !self.config_error.is_empty() && self.config.profiles.is_empty()
    }

    /// Seals what was written with a session, as notes of it. Quiet does not wait for a keyring; whoever logged the
    /// session is answered when both are done, and sees at the session whether the words are kept.
    pub(super) fn seal_beside(
        &self,
        session: &str,
        words: Option<String>,
        reply: Reply<String>,
    ) -> Reply<String> {
        let Some(words) = words else { return reply };
        let (settled, in_force) = oneshot::channel();
        let (at, session, log) = (self.now, session.to_owned(), self.note_log());
        let bus = self.desktop.session.clone();
        tokio::spawn(async move {
            let sealed = async {
                let log = log?;
                let key = keyring::key(&bus).await.map_err(|why| no_key(&why))?;
                for text in split(&words, TEXT_AT_MOST) {
                    let id = store::new_id().map_err(|error| not_kept(&error))?;
                    let words = Words { text: Some(text), ..Words::default() };
                    let (session, content) = (Some(session.clone()), Content::Open(words));
                    keep(&log, sealed(Note { id, at, session, content }, &key)?)?;
                }
                Ok::<(), Error>(())
            };
            let (sealed, in_force) = tokio::join!(sealed, in_force);
            if let Err(error) = sealed {
                tracing::warn!(%error, "what was written with a session is not kept");
            }
            if let Ok(logged) = in_force {
                answer(reply, logged);
            }
        });
        settled
    }

    fn new_note(&self, asked: NewNote) -> Result<Note, Error> {
        if !asked.plain && self.is_config_unknown() {
            return Err(Error::NoKey(
                "The config could not be read, so it is not known whether notes are to be sealed; \
                 nothing was kept. `quietctl check` shows every mistake."
                    .to_owned(),
            ));
        }
        Ok(Note {
            id: store::new_id().map_err(|error| not_kept(&error))?,
            at: self.now,
            session: self.session_of(asked.session.as_deref())?,
            content: Content::Open(words(asked)?),
        })
    }

    /// The session a note belongs to: the one that was named, or the last one if that ended not long ago.
    fn session_of(&self, named: Option<&str>) -> Result<Option<String>, Error> {
        let Some(named) = named else {
            let ended = self.sessions.iter().filter(|session| {
                session.ended <= self.now && self.now.duration_since(session.ended) <= BELONGS_FOR
            });
            return Ok(ended.max_by_key(|session| session.ended).map(|session| session.id.clone()));
        };
        if named.is_empty() {
            return Ok(None);
        }
        let known = |sessions: &[crate::schedule::Session]| {
            sessions.iter().any(|session| session.id == named)
        };
        let log = self.log.as_ref().ok_or_else(calls::no_log)?;
        if known(&self.sessions) || known(&log.all().sessions) {
            return Ok(Some(named.to_owned()));
        }
        Err(calls::unknown_session(named))
    }

    fn list_notes(&mut self, since: Timestamp, reply: Reply<Vec<NoteEntry>>) {
        let NotesRead { mut notes, damage } = match self.note_log() {
            Ok(log) => log.all(),
            Err(error) => return answer(reply, Err(error)),
        };
        self.note_damage(Damage::Notes, &sentences(&damage));
        notes.retain(|note| note.at >= since);
        let bus = self.desktop.session.clone();
        tokio::spawn(async move {
            let any_sealed = notes.iter().any(|note| matches!(note.content, Content::Sealed(_)));
            let keys = if any_sealed { keyring::keys(&bus).await } else { Ok(Vec::new()) };
            let keys = keys.unwrap_or_else(|why| {
                tracing::info!(%why, "notes stay sealed");
                Vec::new()
            });
            answer(reply, Ok(notes.into_iter().map(|note| row(opened(note, &keys))).collect()));
        });
    }

    /// How many notes belong to each session.
    pub(super) fn notes_by_session(&self) -> BTreeMap<String, u32> {
        let mut many = BTreeMap::new();
        let notes = self.note_log().map(|log| log.all().notes).unwrap_or_default();
        for session in notes.into_iter().filter_map(|note| note.session) {
            *many.entry(session).or_default() += 1;
        }
        many
    }

    /// Erases here what was erased on another machine.
    pub(super) fn purge_notes(&self) {
        if let Ok(log) = self.note_log()
            && let Err(error) = log.purge()
        {
            tracing::warn!(%error, "what was erased on another machine is still in this one's notes");
        }
    }

    fn note_log(&self) -> Result<NoteLog, Error> {
        self.log.as_ref().map(store::SessionLog::notes).ok_or_else(calls::no_log)
    }
}

fn keep(log: &NoteLog, note: Note) -> Result<String, Error> {
    log.append(&note).map_err(|error| not_kept(&error))?;
    tracing::info!(id = note.id, "kept a note");
    Ok(note.id)
}

fn sealed(note: Note, key: &Key) -> Result<Note, Error> {
    let Content::Open(words) = &note.content else { return Ok(note) };
    let nonce = keyring::random::<NONCE>().ok();
    let sealed = nonce.and_then(|nonce| key.seal(&note.id, words, nonce));
    let content = sealed.map(Content::Sealed).ok_or_else(|| {
        Error::NoKey("The note could not be sealed, so it was not kept.".to_owned())
    })?;
    Ok(Note { content, ..note })
}

/// The note as far as it can be read with these keys.
fn opened(note: Note, keys: &[Key]) -> Note {
    let Content::Sealed(sealed) = &note.content else { return note };
    let words = keys.iter().find_map(|key| key.open(&note.id, sealed));
    match words {
        Some(words) => Note { content: Content::Open(words), ..note },
        None => note,
    }
}

fn no_key(why: &keyring::NoKey) -> Error {
    Error::NoKey(format!(
        "Notes are to be sealed ([log] encrypt = true), but the key is not to be had: {why}. Nothing was kept."
    ))
}

/// Checks what was written; nothing is kept of what is not right.
fn words(asked: NewNote) -> Result<Words, Error> {
    let invalid = |text: String| Error::InvalidNote(text);
    let text = clean("The note", &asked.text, TEXT_AT_MOST);
    let text = text.map_err(|error| invalid(error.to_string()))?;
    let ask = clean("The question", &asked.ask.unwrap_or_default(), ASK_AT_MOST);
    let ask = ask.map_err(|error| invalid(error.to_string()))?;
    let mood = asked.mood.map(|mood| {
        u8::try_from(mood).ok().filter(|mood| *mood <= MOOD_AT_MOST).ok_or_else(|| {
            invalid(format!(
                "A mood of {mood} is not one from 0 to {MOOD_AT_MOST}. Nothing was kept."
            ))
        })
    });
    let sleep = asked.sleep.map(|sleep| {
        let fits = !sleep.is_negative() && sleep <= SLEEP_AT_MOST;
        u16::try_from(sleep.as_mins()).ok().filter(|_| fits).ok_or_else(|| {
            let most = SLEEP_AT_MOST.as_hours();
            invalid(format!(
                "Nobody sleeps longer than {most} hours in one night. Nothing was kept."
            ))
        })
    });
    let words = Words { text, mood: mood.transpose()?, sleep: sleep.transpose()?, ask };
    if words.is_empty() {
        return Err(invalid("There is nothing in the note, so nothing was kept.".to_owned()));
    }
    Ok(words)
}

fn row(note: Note) -> NoteEntry {
    let entry = NoteEntry {
        id: note.id,
        at: super::publish::usec(note.at),
        session: note.session,
        ..NoteEntry::default()
    };
    match note.content {
        Content::Sealed(_) => NoteEntry { sealed: Some(true), ..entry },
        Content::Open(words) => NoteEntry {
            text: words.text,
            mood: words.mood.map(u32::from),
            sleep: words.sleep.map(|minutes| u64::from(minutes) * 60_000_000),
            ask: words.ask,
            ..entry
        },
    }
}

fn not_kept(error: &StoreError) -> Error {
    Error::NotKept(error.to_string())
}
