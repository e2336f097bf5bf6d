//! Appointments of a calendar that become planned sessions: what is asked, what is answered, and how a text is read.
//!
//! Pure: texts of iCalendar (RFC 5545) in, planned sessions out. Files are opened by `quietctl calendar`, a process of its
//! own that the daemon starts for a moment: what a calendar holds beside the times, and however large or broken it is, stays
//! out of the daemon.
//!
//! `text` takes a file apart, `event` makes an event of a component, `moment` a moment of what is written, `zone` finds the
//! zone it is in, `rule` follows a rule, `repeat` says all times of an event; `reading` puts together what all files say:
//! updates, exceptions and cancellations.

mod event;
mod moment;
mod reading;
mod repeat;
mod rule;
mod same;
mod text;
mod zone;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

pub use reading::Reading;
use reading::hashed;
pub use same::{drop_renamed, hand_over};

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

impl Answer {
    /// Puts what is planned in order.
    fn sort(&mut self) {
        self.planned.sort_by(|a, b| (a.ends, &a.id).cmp(&(b.ends, &b.id)));
    }
}

/// An answer as the reader hands it to whoever asks it, who knows what it said before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What is planned, and what could not be read.
    pub answer: Answer,
    /// From which file each planned session is, by its id.
    pub files: BTreeMap<String, String>,
    /// Files of which nothing is used, because they are not all there.
    pub incomplete: BTreeSet<String>,
}

impl Told {
    /// Adds what was told before from files that are incomplete now: who writes one takes nothing out of the calendar.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        for planned in &before.answer.planned {
            let file = before.files.get(&planned.id).filter(|it| self.incomplete.contains(*it));
            if let Some(file) = file
                && !self.files.contains_key(&planned.id)
            {
                self.files.insert(planned.id.clone(), file.clone());
                self.answer.planned.push(planned.clone());
            }
        }
        self.answer.sort();
        self
    }
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
    /// Tells whether it is about something that is past: one that is to come stays as it was decided.
    fn is_over(&self, now: Timestamp) -> bool {
        match self.decided {
            Decided::Begun => true,
            Decided::Moved(to) => to <= now,
            Decided::Confirmed | Decided::Dropped => self.about <= now,
        }
    }

    /// Tells whether it is about an appointment that ends then by now. What was dropped, or began, is planned anew where the
    /// calendar moves it to another day; what the person moved or confirmed stays so.
    pub fn is_about(&self, ends: Timestamp) -> bool {
        match self.decided {
            Decided::Confirmed | Decided::Moved(_) => true,
            Decided::Dropped | Decided::Begun => ends.duration_since(self.about).abs() < SAME,
        }
    }
}

/// What was decided, by the ids of planned sessions.
pub type Decisions = BTreeMap<String, Decision>;

/// The id of the session that a planned one becomes: the same on every machine, and another one where the calendar moves
/// it to another day. It tells no day to whoever has not the calendar: it may be all that stays once it is erased.
pub fn session_id(id: &str, ends: Timestamp) -> String {
    let day = ends.to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string();
    hashed(id, Some(&day))
}

/// Tells whether an id is that of a planned session, or of one it became.
pub fn is_planned(id: &str) -> bool {
    id.starts_with(reading::PREFIX)
}

/// The ids of sessions of which nothing is to stay once everything before a moment is erased, or all without one: those
/// that something was decided about, that are over, and that are not among those that stay.
pub fn to_forget(
    decisions: &Decisions,
    before: Option<Timestamp>,
    stay: &BTreeSet<String>,
    now: Timestamp,
) -> BTreeSet<String> {
    let goes = |it: &&Decision| it.is_over(now) && before.is_none_or(|before| it.about < before);
    let gone = decisions.iter().filter(|(_, it)| goes(it));
    gone.map(|(id, it)| session_id(id, it.about)).filter(|id| !stay.contains(id)).collect()
}

/// Drops what was decided about sessions that are forgotten. Tells whether there was something.
pub fn drop_forgotten(decisions: &mut Decisions, forgotten: &BTreeSet<String>) -> bool {
    let before = decisions.len();
    decisions.retain(|id, it| !forgotten.contains(&session_id(id, it.about)));
    decisions.len() < before
}

/// FNV-1a of 128 bits, of which nothing can be read back.
fn hash(bytes: impl Iterator<Item = u8>) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}
