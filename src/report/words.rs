//! Days and durations as a report writes them.

use jiff::{Zoned, civil::Date};

use super::Report;

/// `1 to 23 November 2026`, `28 October to 23 November 2026`, `23 November 2026`.
pub fn span(from: Date, to: Date) -> String {
    let full = to.strftime("%-d %B %Y").to_string();
    if from == to {
        return full;
    }
    let form = match (from.year() == to.year(), from.month() == to.month()) {
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        (false, _) => "%-d %B %Y",
    };
    format!("{} to {full}", from.strftime(form))
}

/// What a report is called.
pub fn title(report: &Report) -> String {
    format!("Report, {}", span(report.from, report.to))
}

/// The name of its file, which says nothing of what is in it.
pub fn file_name(from: Date, to: Date, ending: &str) -> String {
    format!("quiet-report-{from}-to-{to}.{ending}")
}

/// `Wednesday 25 November 2026, 14:00`.
pub(super) fn moment(at: &Zoned) -> String {
    at.strftime("%A %-d %B %Y, %H:%M").to_string()
}

/// `Wed 25 Nov 2026`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%a %-d %b %Y").to_string()
}

/// `5 h 12 min`, `40 min`, `0 min`; what is there but less than a minute is one.
pub(super) fn time(seconds: u64) -> String {
    let minutes = (seconds + 30) / 60;
    let minutes = if seconds > 0 { minutes.max(1) } else { 0 };
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `1 session`, `2 sessions`.
pub(super) fn counted(many: usize, thing: &str) -> String {
    if many == 1 { format!("1 {thing}") } else { format!("{many} {thing}s") }
}

/// What a figure says in a few words: `96 h 20 min on 21 days`.
pub(super) fn on_days(seconds: u64, days: usize) -> String {
    format!("{} on {}", time(seconds), counted(days, "day"))
}

/// A mood and a sleep on one line, if they are there.
pub(super) fn mood_and_sleep(words: &crate::notes::Words) -> Option<String> {
    let mood = words.mood.map(|mood| format!("Mood {mood} of 10"));
    let sleep = words.sleep.map(|sleep| match sleep {
        0 => "no sleep".to_owned(),
        sleep => format!("slept {}", time(u64::from(sleep) * 60)),
    });
    let both: Vec<String> = [mood, sleep].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join(", "))
}
