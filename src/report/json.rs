//! A report for programs: everything that is in it, seconds and minutes as numbers.

use serde_json::{Value, json};

use super::Report;

/// Writes a report as JSON.
pub fn json(report: &Report) -> String {
    let iso = |at: &jiff::Zoned| at.strftime("%FT%T%:z").to_string();
    let days: Value = report
        .days
        .iter()
        .map(|day| {
            json!({
                "date": day.date.to_string(),
                "screen_seconds": day.screen(),
                "quiet_seconds": day.quiet,
                "sessions": day.sessions,
                "mood": day.mood,
                "sleep_minutes": day.sleep,
                "groups": day.hours.map(|_| &day.groups),
            })
        })
        .collect();
    let groups: Value = report
        .groups
        .iter()
        .map(|group| json!({ "name": group.name, "seconds": group.seconds }))
        .collect();
    let sessions: Value = report
        .sessions
        .iter()
        .map(|session| json!({ "ended": iso(&session.ended), "label": session.label }))
        .collect();
    let notes: Value = report
        .notes
        .iter()
        .map(|note| {
            json!({
                "at": iso(&note.at),
                "text": note.words.text,
                "mood": note.words.mood,
                "sleep_minutes": note.words.sleep,
                "ask": note.words.ask,
            })
        })
        .collect();
    let all = json!({
        "from": report.from.to_string(),
        "to": report.to.to_string(),
        "made": report.made.to_string(),
        "days": days,
        "screen_seconds_by_hour": report.screen().map(|_| report.hours),
        "groups": report.screen().map(|_| groups),
        "sessions": sessions,
        "notes": notes,
    });
    format!("{all:#}\n")
}
