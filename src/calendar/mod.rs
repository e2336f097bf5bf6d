//! Appointments of a calendar that become planned sessions: what is asked, what is answered, and how a text is read.
//!
//! Pure: texts of iCalendar (RFC 5545) in, planned sessions out. Files are opened by `quietctl calendar`, a process of its
//! own that the daemon starts for a moment: what a calendar holds beside the times, and however large or broken it is, stays
//! out of the daemon.
//!
//! `event` makes an event of a component, `moment` a moment of what is written with its zone, `repeat` the dates of a rule;
//! `reading` puts together what all files say: updates, exceptions and cancellations.

mod event;
mod moment;
mod reading;
mod repeat;
mod same;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use reading::Reading;
pub use same::hand_over;

/// How far back an appointment may have ended: one that was moved may be as old as quiet lasts.
pub const BEHIND: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How far ahead appointments are looked for.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How many planned sessions are told.
pub const PLANNED_AT_MOST: usize = 500;

/// What is asked of a reader of calendars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// A file, or a folder of them.
    pub path: PathBuf,
    /// The categories that count, compared without regard to case.
    pub categories: Vec<String>,
    /// What it is now.
    pub now: Timestamp,
}

/// What a reader of calendars answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// By when they end.
    pub planned: Vec<Planned>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A planned session, without a word of what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The same on every machine that reads the same calendar, and however the appointment is moved.
    pub id: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// Something that could not be read, or was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Which file; for the person's own terminal only.
    pub file: String,
    /// What, in a sentence that says nothing of the appointment.
    pub text: String,
}

/// What was decided about a planned session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When the calendar said that it ends, as that was decided.
    pub about: Timestamp,
    /// What.
    pub decided: Decided,
}

/// What can be decided about a planned session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decided {
    /// It begins without a question.
    Confirmed,
    /// It ends at another time.
    Moved(Timestamp),
    /// It does not begin.
    Dropped,
    /// It began, and is logged.
    Begun,
}

/// An appointment that the calendar moves by less than this is still the same one.
const SAME: SignedDuration = SignedDuration::from_hours(12);

impl Decision {
    /// Tells whether it is about an appointment that ends then by now. What was dropped, or began, is planned anew where the
    /// calendar moves it to another day; what the person moved or confirmed stays so.
    pub fn is_about(&self, ends: Timestamp) -> bool {
        match self.decided {
            Decided::Confirmed | Decided::Moved(_) => true,
            Decided::Dropped | Decided::Begun => ends.duration_since(self.about).abs() < SAME,
        }
    }
}
