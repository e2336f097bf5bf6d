//! What programs read: the same keys always, times with their offset, durations as ISO 8601 writes them.

use serde_json::{Value, json};

use super::{
    Page,
    lists::Check,
    status::{headline, quiet_until},
    time::duration,
};
use crate::{
    api::{
        AppEntry, DoctorEntry, MeasuresEntry, PeriodEntry, ProblemEntry, SessionEntry, ToLockEntry,
        WaitEntry,
    },
    cli::state::State,
};

/// `quietctl status --format json`.
pub fn status(page: &Page, state: &State, ahead: &[PeriodEntry]) -> Value {
    json!({
        "quiet": state.quiet,
        "profile": text(&state.profile),
        "until": page.iso(state.until),
        "next_change": page.iso(state.next_change),
        "paused": state.paused,
        "paused_until": page.iso(state.paused_until),
        "batch_until": page.iso(state.batch_until.unwrap_or(0)),
        "next_batch": page.iso(state.next_batch.unwrap_or(0)),
        "next_break": page.iso(state.next_break.unwrap_or(0)),
        "suggestion": text(state.suggestion.as_deref().unwrap_or_default()),
        "measures": measures(&state.measures),
        "reasons": plan(page, &state.reasons),
        "ahead": plan(page, ahead),
        "waits": waits(page, state.waits.as_deref().unwrap_or_default()),
        "to_lock": to_lock(page, state.to_lock.as_deref().unwrap_or_default()),
        "problems": problems(&state.problems),
        "config_error": text(&state.config_error),
        "version": state.version,
    })
}

/// `quietctl status --format waybar`: its custom module's `return-type: json`.
pub fn waybar(page: &Page, state: &State) -> Value {
    let class = match state {
        State { paused: true, .. } => "paused",
        State { quiet: true, .. } => "quiet",
        _ => "open",
    };
    let text = match class {
        "quiet" => quiet_until(page, state),
        "paused" => "Paused".to_owned(),
        _ => String::new(),
    };
    json!({ "text": text, "tooltip": headline(page, state), "class": class, "alt": class })
}

/// The same where the daemon is not on the bus.
pub fn waybar_away() -> Value {
    json!({ "text": "", "tooltip": "quietd is not running", "class": "away", "alt": "away" })
}

/// `quietctl status --follow --format json` where the daemon is not on the bus.
pub fn away() -> Value {
    json!({ "running": false })
}

/// `quietctl plan --format json`.
pub fn plan(page: &Page, periods: &[PeriodEntry]) -> Value {
    periods
        .iter()
        .map(|period| {
            json!({
                "run": period.run,
                "reason": period.reason,
                "profile": period.profile,
                "from": page.iso(period.from),
                "until": page.iso(period.until),
                "measures": measures(&period.measures),
            })
        })
        .collect()
}

/// `quietctl sessions --format json`.
pub fn sessions(page: &Page, sessions: &[SessionEntry]) -> Value {
    sessions
        .iter()
        .map(|session| {
            json!({
                "id": session.id,
                "kind": session.kind,
                "ended": page.iso(session.ended),
                "logged": page.iso(session.logged),
                "note": session.note,
                "notes": session.notes.unwrap_or(0),
            })
        })
        .collect()
}

/// `quietctl apps --format json`.
pub fn apps(apps: &[AppEntry]) -> Value {
    apps.iter()
        .map(|app| {
            json!({
                "id": app.id,
                "name": app.name,
                "units": app.units,
                "known_by": app.known_by,
                "locked": app.locked,
                "never": app.never,
                "sign": app.sign,
                "never_why": app.never_why,
                "asked": app.asked,
                "profiles": app.profiles,
            })
        })
        .collect()
}

/// The measures of `quietctl doctor --format json`.
pub fn doctor(entries: &[DoctorEntry]) -> Value {
    entries
        .iter()
        .map(|entry| {
            json!({
                "measure": entry.measure,
                "backend": text(&entry.backend),
                "title": entry.title,
                "state": entry.state,
                "serves": entry.serves,
                "text": entry.text,
                "since": entry.since,
                "cannot": entry.cannot,
            })
        })
        .collect()
}

/// What `doctor` looked at itself.
pub fn checks(checks: &[Check]) -> Value {
    checks
        .iter()
        .map(|check| json!({ "about": check.about, "fine": check.fine, "text": check.text }))
        .collect()
}

fn measures(measures: &MeasuresEntry) -> Value {
    json!({
        "notifications": measures.notifications.as_deref().unwrap_or("all"),
        "batches": measures.batches.as_deref().unwrap_or(&[]),
        "dim": measures.dim.unwrap_or(0),
        "warmth": measures.warmth,
        "greyscale": measures.greyscale.unwrap_or(false),
        "apps": measures.apps.as_deref().unwrap_or(&[]),
        "sites": measures.sites.as_deref().unwrap_or(&[]),
        "breaks": measures.breaks.map(|every| duration(every).to_string()),
    })
}

fn waits(page: &Page, waits: &[WaitEntry]) -> Value {
    waits
        .iter()
        .map(|wait| {
            json!({
                "what": wait.what,
                "opens": page.iso(wait.opens),
                "until": page.iso(wait.until),
            })
        })
        .collect()
}

fn to_lock(page: &Page, apps: &[ToLockEntry]) -> Value {
    let row =
        |app: &ToLockEntry| json!({ "app": app.app, "name": app.name, "at": page.iso(app.at) });
    apps.iter().map(row).collect()
}

fn problems(problems: &[ProblemEntry]) -> Value {
    problems
        .iter()
        .map(|problem| {
            json!({
                "measure": text(&problem.measure),
                "backend": text(&problem.backend),
                "text": problem.text,
            })
        })
        .collect()
}

/// An empty text stands for nothing.
fn text(text: &str) -> Option<&str> {
    if text.is_empty() { None } else { Some(text) }
}
