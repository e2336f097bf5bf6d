//! Days and durations as a report writes them.

use jiff::{SignedDuration, Zoned, civil::Date};

use super::Report;
use crate::config::write_duration;

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

/// `5 h 12 min`, `40 min`, `0 min`: whole minutes that have passed, and never days, which would be read as those of the
/// calendar.
pub fn time(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) if seconds > 0 => "under 1 min".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `1 session`, `2 sessions`.
pub(super) fn counted(many: usize, thing: &str) -> String {
    if many == 1 { format!("1 {thing}") } else { format!("{many} {thing}s") }
}

/// How long it was quiet, or that this is not known.
pub fn quiet(report: &Report) -> String {
    let none = if report.is_counted { "not known" } else { "not counted" };
    report.quiet().map_or_else(|| none.to_owned(), time)
}

/// How long somebody was at the screen, or that this is not known.
pub fn screen(report: &Report) -> String {
    // Where quiet time was counted alone, the desktop does not tell of the other.
    let is_counted = report.is_counted && report.quiet().is_none();
    let none = if is_counted { "not known" } else { "not counted" };
    report.screen().map_or_else(|| none.to_owned(), time)
}

/// A sentence or two on what of the counts is not known, and why.
pub fn what_is_not_known(report: &Report) -> Option<String> {
    if !report.is_counted {
        let what = if report.screen_time { "Quiet and screen time are" } else { "Quiet time is" };
        return Some(format!("{what} not counted here."));
    }
    let day = |date: Date| span(date, date);
    let known = report.known_from(|day| day.quiet);
    let mut said = match (report.kept.map(length), known) {
        (_, Some(known)) if known == report.from => String::new(),
        (Some(kept), Some(known)) => {
            format!("Counts are kept for {kept}: those from before {} are not known.", day(known))
        }
        (Some(kept), None) => {
            format!("Counts are kept for {kept}: those of these days are not known.")
        }
        (None, Some(known)) => format!("There are no counts from before {}.", day(known)),
        (None, None) => "There are no counts of this time.".to_owned(),
    };
    if report.screen_time && known.is_some() {
        match report.known_from(super::Day::screen) {
            None => said.push_str(" Time at the screen was not counted."),
            screen if screen == known => {}
            Some(screen) => {
                said.extend([" Time at the screen is counted from ", &day(screen), " on."]);
            }
        }
    }
    let said = said.trim_start();
    (!said.is_empty()).then(|| said.to_owned())
}

/// `14 weeks`, as a config has it.
fn length(kept: SignedDuration) -> String {
    let week = SignedDuration::from_hours(7 * 24).as_secs();
    match (kept.as_secs() / week, kept.as_secs() % week) {
        (1, 0) => "1 week".to_owned(),
        (weeks, 0) => format!("{weeks} weeks"),
        _ => write_duration(kept),
    }
}

/// On how many days somebody was at the screen: what an average hour of them is of.
pub(super) fn days_at_the_screen(report: &Report) -> u64 {
    let days = report.days_with(|day| day.screen().is_some_and(|seconds| seconds > 0));
    u64::try_from(days).unwrap_or(u64::MAX)
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
