//! `quietctl status`: what is quiet, why, until when, what is next, what could not be done, and how to leave.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Page,
    changes::{Change, changes, profiles},
    measures::{rows, short, together},
    plain,
    time::{left, moment},
};
use crate::{
    api::{PeriodEntry, ProblemEntry, listed},
    cli::state::State,
    plan::Measure,
};

/// The whole page. `ahead` are the periods up to `horizon`, as `Plan` tells them.
pub fn page(page: &Page, state: &State, ahead: &[PeriodEntry], horizon: Timestamp) -> String {
    let mut out = page.heading(&headline(page, state));
    let mut rows = rows(page, &state.measures);
    say_batches(page, state, &mut rows);
    say_next_break(page, state, &mut rows);
    if !rows.is_empty() {
        out.push('\n');
        out.push_str(&page.table(&rows));
    }
    if !state.reasons.is_empty() {
        out.push_str("\nWhy\n");
        out.push_str(&page.table(&reasons(page, &state.reasons)));
    }
    let mut next: Vec<(Timestamp, String)> = changes(ahead, page.now.timestamp(), horizon)
        .iter()
        .map(|change| (change.at, then(change)))
        .collect();
    next.extend(next_batch(state).map(|at| (at, "notifications come through".to_owned())));
    next.sort_by_key(|(at, _)| *at);
    if !next.is_empty() {
        out.push_str("\nNext\n");
        out.push_str(&page.table(&next_rows(page, &next)));
    }
    out.push_str(&to_lock(page, state));
    out.push_str(&waits(page, state));
    if let Some(line) = state.suggestion.as_deref().filter(|line| !line.is_empty()) {
        out.push_str("\nPerhaps\n");
        out.push_str(&page.advice(2, line));
        let how = page.advice(2, "(for none: a-day = 0 under [suggestions] in the config)");
        out.extend(how.lines().map(|line| page.faint(line) + "\n"));
    }
    out.push_str(&problems(page, &state.problems));
    if !state.config_error.is_empty() {
        out.push_str("\nThe config\n");
        out.push_str(&page.advice(2, &state.config_error));
        out.push_str(&page.advice(2, "To see every mistake: quietctl check"));
    }
    out.push('\n');
    out.push_str(&leave(page, state, !next.is_empty()));
    out
}

/// One line that says it all.
pub fn headline(page: &Page, state: &State) -> String {
    if state.paused {
        let paused = moment(state.paused_until)
            .map_or_else(|| "Paused".to_owned(), |at| format!("Paused until {}", page.when(at)));
        return match moment(state.until) {
            Some(end) if moment(state.paused_until).is_none_or(|paused| end > paused) => {
                format!("{paused} · then quiet until {}", page.when(end))
            }
            _ => paused,
        };
    }
    if !state.quiet {
        return "Nothing is quiet now".to_owned();
    }
    let quiet = quiet_until(page, state);
    let phase = state
        .reasons
        .iter()
        .filter(|period| period.profile == state.profile)
        .filter_map(|period| moment(period.until))
        .max()
        .filter(|end| Some(*end) != moment(state.until));
    match phase {
        Some(end) => format!("{quiet} · {} until {}", state.profile, page.when(end)),
        None if state.profile.is_empty() => quiet,
        None => format!("{quiet} · {}", state.profile),
    }
}

/// What a notification says of it; it may be read by others.
pub fn notice(page: &Page, state: &State) -> String {
    let at = |usec| moment(usec).map(|moment| page.when(moment));
    match (state.paused, state.quiet) {
        (true, _) => at(state.paused_until)
            .map_or_else(|| "Paused".to_owned(), |time| format!("Paused until {time}")),
        (false, true) => at(state.until)
            .map_or_else(|| "Quiet time".to_owned(), |time| format!("Quiet time until {time}")),
        (false, false) => "Nothing is quiet now".to_owned(),
    }
}

/// `Quiet until Thursday 14:00`, and no more than that: it may be read by others.
pub fn quiet_until(page: &Page, state: &State) -> String {
    moment(state.until)
        .map_or_else(|| "Quiet".to_owned(), |end| format!("Quiet until {}", page.when(end)))
}

fn reasons(page: &Page, periods: &[PeriodEntry]) -> Vec<(String, String)> {
    periods
        .iter()
        .map(|period| {
            let why = format!("{}: {}", page.until(period.until), period.reason);
            (period.profile.clone(), why)
        })
        .collect()
}

/// When notifications that are held in batches come through next.
fn next_batch(state: &State) -> Option<Timestamp> {
    let held = state.measures.notifications.is_some() || state.batch_until.is_some_and(|at| at > 0);
    state.next_batch.filter(|_| held).and_then(moment)
}

/// Says when held notifications come through, or until when they do.
fn say_batches(page: &Page, state: &State, rows: &mut Vec<(&'static str, String)>) {
    const NAME: &str = Measure::Notifications.name();
    if let Some(until) = state.batch_until.and_then(moment) {
        rows.retain(|(name, _)| *name != NAME);
        rows.insert(0, (NAME, format!("come through until {}", page.when(until))));
    } else if let (Some(at), Some((NAME, text))) = (next_batch(state), rows.first_mut()) {
        *text = format!("held until {}, then let through together", page.when(at));
    }
}

/// Says about when the next break is.
fn say_next_break(page: &Page, state: &State, rows: &mut [(&'static str, String)]) {
    let next = state.next_break.and_then(moment);
    let row = rows.iter_mut().find(|(name, _)| *name == Measure::Breaks.name());
    if let (Some(at), Some((_, text))) = (next, row) {
        text.push_str(", the next about ");
        text.push_str(&page.when(at));
    }
}

/// A row for each change: when, and what it is then.
fn next_rows(page: &Page, next: &[(Timestamp, String)]) -> Vec<(String, String)> {
    /// More of them are for `quietctl plan`.
    const SHOWN: usize = 4;
    let mut rows: Vec<(String, String)> =
        next.iter().take(SHOWN).map(|(at, then)| (page.when(*at), then.clone())).collect();
    if next.len() > SHOWN {
        rows.push((String::new(), "To see what comes later: quietctl plan".to_owned()));
    }
    rows
}

/// What a change leads to: "quiet: only urgent notifications, 25% darker".
fn then(change: &Change<'_>) -> String {
    if change.running.is_empty() {
        return "over: everything is as you had it".to_owned();
    }
    let profiles = profiles(&change.running);
    let measures = short(&together(change.running.iter().copied()));
    if measures.is_empty() { profiles } else { format!("{profiles}: {}", measures.join(", ")) }
}

/// What is about to be locked, a line for each moment; empty where nothing is.
fn to_lock(page: &Page, state: &State) -> String {
    let apps = state.to_lock.as_deref().unwrap_or_default();
    let mut by_moment: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for app in apps {
        if let Some(at) = moment(app.at) {
            by_moment.entry(at).or_default().push(plain(&app.name));
        }
    }
    let mut out = String::new();
    for (at, names) in by_moment {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let today = page.here(at).date() == page.now.date();
        let at = if today { format!("at {}", page.when(at)) } else { page.when(at) };
        let line = format!("{} will be locked {at} (later: quietctl later)", listed(&names));
        out.push_str(&page.advice(0, &line));
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}

/// What waits to be let through; empty where nothing does.
fn waits(page: &Page, state: &State) -> String {
    let waits = state.waits.as_deref().unwrap_or_default();
    let rows: Vec<(String, String)> = waits
        .iter()
        .filter_map(|wait| {
            let left = left(page.now.timestamp(), moment(wait.opens)?);
            Some((plain(&wait.what), format!("in {left}")))
        })
        .collect();
    let Some((first, _)) = rows.first() else { return String::new() };
    let cancel = format!("To leave it locked: quietctl unlock --cancel {first}");
    format!("\nOpens\n{}{}", page.table(&rows), page.advice(2, &cancel))
}

/// What could not be done, and what to do; empty where all was done.
pub fn problems(page: &Page, problems: &[ProblemEntry]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let mut out = "\nCould not be done\n".to_owned();
    for problem in problems {
        let sentence = page.advice(4, &problem.text);
        // The first line has a mark where the others have room.
        out.push_str("  - ");
        out.push_str(sentence.trim_start());
    }
    if !problems.iter().any(|problem| problem.text.contains("quietctl doctor")) {
        out.push_str(&page.advice(2, "To see what serves each measure here: quietctl doctor"));
    }
    out
}

/// The last line: the way out, or the way in.
fn leave(page: &Page, state: &State, more: bool) -> String {
    if state.paused {
        page.commands(&[
            ("quietctl resume", "makes it quiet again now"),
            ("quietctl off", "ends it now; nothing comes back by itself"),
        ])
    } else if state.quiet {
        page.commands(&[("quietctl off", "gives everything back now")])
    } else if more {
        page.commands(&[("quietctl plan", "shows what is ahead")])
    } else {
        page.commands(&[("quietctl log", "after a session makes it quiet")])
    }
}

#[cfg(test)]
mod tests;
