//! What is said before a report is written, and after.

use super::{Page, time::lasting};
use crate::{
    api::NoteEntry,
    report::{Choice, Part, Report, title},
};
use jiff::SignedDuration;

/// What will be in it.
pub fn preview(page: &Page, report: &Report, choice: &Choice) -> String {
    let left_out = |part: Part| choice.left_out.contains(&part);
    let time = |seconds: u64| {
        let minutes = i64::try_from(seconds.div_ceil(60)).unwrap_or(0);
        lasting(SignedDuration::from_mins(minutes))
    };
    let labelled = report.sessions.iter().any(|session| session.label.is_some());
    let sessions = match (report.sessions.len(), labelled) {
        (0, _) => "none".to_owned(),
        (many, true) => format!("{many}, with what you called them"),
        (many, false) => format!("{many}, without what you called them"),
    };
    let screen = if left_out(Part::ScreenTime) {
        "left out".to_owned()
    } else if report.screen_time {
        format!("{}, by day, hour and group of apps", time(report.screen()))
    } else {
        "not counted here".to_owned()
    };
    let noted = |part: Part, days: usize| match (left_out(part), days) {
        (true, _) => "left out".to_owned(),
        (false, 0) => "not noted".to_owned(),
        (false, 1) => "on 1 day".to_owned(),
        (false, days) => format!("on {days} days"),
    };
    let rows = [
        ("sessions", sessions),
        ("quiet time kept", time(report.quiet())),
        ("screen time", screen),
        ("sleep", noted(Part::Sleep, report.days_with(|day| day.sleep.is_some()))),
        ("mood", noted(Part::Mood, report.days_with(|day| day.mood.is_some()))),
        ("notes", format!("{} of {}", report.notes.len(), report.notes_in_all)),
    ];
    format!("{}{}", page.heading(&title(report)), page.table(&rows))
}

/// One note, before it is asked for whether it goes in.
pub fn note(page: &Page, note: &NoteEntry, says: &str) -> String {
    let at = super::moment(note.at).map_or_else(String::new, |at| page.when(at));
    page.table(&[(at.as_str(), says)])
}

/// That it is written, and where.
pub fn written(page: &Page, shown: &str) -> String {
    format!("{}  {shown}\n", page.advice(0, "Written; only you can read it:"))
}
