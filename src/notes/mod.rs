//! What a person notes after a session: a few words, a mood, last night's sleep, a question for the next appointment.
//!
//! Pure: what a note is, what of a text is kept, and how it is sealed. No files, no bus, no clock. Where notes lie on disk is
//! [`crate::store`]'s.

mod seal;
mod text;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use seal::{KEY, Key, NONCE};
pub use text::{ASK_AT_MOST, TEXT_AT_MOST, TooLong, clean, split};

/// The highest mood; the lowest is 0.
pub const MOOD_AT_MOST: u8 = 10;

/// The longest night.
pub const SLEEP_AT_MOST: SignedDuration = SignedDuration::from_hours(24);

/// How long after a session's end a note belongs to it where nobody says to which.
pub const BELONGS_FOR: SignedDuration = SignedDuration::from_hours(72);

/// One note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Unique over all machines.
    pub id: String,
    /// When it was kept.
    pub at: Timestamp,
    /// The id of the session it belongs to, if any; that session may be forgotten by now.
    pub session: Option<String>,
    /// What it says.
    pub content: Content,
}

/// What a note says, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// It can be read.
    Open(Words),
    /// It is sealed with a key: these are hexadecimal digits.
    Sealed(String),
}

/// What a note says; everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Words {
    /// A few words, on one line or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// From 0 to [`MOOD_AT_MOST`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mood: Option<u8>,
    /// How long the person slept, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleep: Option<u16>,
    /// What to ask at the next appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}

impl Words {
    /// Tells whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether there is something to read: a few words, or a question.
    pub fn has_text(&self) -> bool {
        self.text.is_some() || self.ask.is_some()
    }

    /// Takes out what nobody can have meant: files can be edited by hand.
    #[must_use]
    pub fn in_range(mut self) -> Self {
        self.mood = self.mood.filter(|mood| *mood <= MOOD_AT_MOST);
        let longest = u16::try_from(SLEEP_AT_MOST.as_mins()).unwrap_or(u16::MAX);
        self.sleep = self.sleep.filter(|sleep| *sleep <= longest);
        self
    }
}
