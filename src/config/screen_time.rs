//! `[screen-time]`: whether time at the screen is counted, and how long it is kept.

use jiff::SignedDuration;

use super::{
    notes::Notes,
    value::{Key, Section, Value},
};

pub(super) const SCREEN_TIME: Key =
    Key { name: "screen-time", takes: "a table", example: "[screen-time]" };
const KEEP: Key =
    Key { name: "keep", takes: "a duration, or \"off\"", example: "keep = \"14 weeks\"" };

/// How long screen time is kept where nothing is written.
const DEFAULT: SignedDuration = SignedDuration::from_hours(14 * 7 * 24);

/// The shortest and the longest time it is kept: a day, two years.
const AT_LEAST: SignedDuration = SignedDuration::from_hours(24);
const AT_MOST: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// `[screen-time]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScreenTime {
    /// How long it is kept, a day at least; none where it is not counted, as before any config could be read.
    pub keep: Option<SignedDuration>,
}

/// Reads the table, if it is written.
pub(super) fn read(value: Option<&Value<'_>>, notes: &mut Notes<'_>) -> ScreenTime {
    let section = value.and_then(|value| value.section("[screen-time]", &[&KEEP], notes));
    let keep = section.and_then(|section: Section<'_>| section.get(&KEEP));
    ScreenTime { keep: keep.map_or(Some(DEFAULT), |keep| kept(&keep, notes)) }
}

fn kept(keep: &Value<'_>, notes: &mut Notes<'_>) -> Option<SignedDuration> {
    let text = keep.text(notes)?;
    if text.value.trim().eq_ignore_ascii_case("off") {
        return None;
    }
    let kept = keep.duration(notes)?.value;
    if kept < AT_LEAST {
        keep.odd(&keep.written(), "is shorter than a day", notes);
    } else if kept > AT_MOST {
        keep.odd(&keep.written(), "is longer than two years", notes);
    }
    Some(kept)
}
