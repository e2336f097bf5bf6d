//! From periods that overlap to the moments at which something changes.

use jiff::Timestamp;

use super::time::moment;
use crate::api::PeriodEntry;

/// One moment, and the periods that run from it on.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'p> {
    /// When.
    pub at: Timestamp,
    /// What runs then; nothing means an open desktop.
    pub running: Vec<&'p PeriodEntry>,
}

/// The periods that run at a moment, the strictest first as the daemon tells them.
pub fn running(periods: &[PeriodEntry], at: Timestamp) -> Vec<&PeriodEntry> {
    periods.iter().filter(|period| from(period) <= at && until(period) > at).collect()
}

/// Every moment after one and before another at which what runs is not what ran before.
pub fn changes(periods: &[PeriodEntry], after: Timestamp, before: Timestamp) -> Vec<Change<'_>> {
    let mut moments: Vec<Timestamp> =
        periods.iter().flat_map(|period| [from(period), until(period)]).collect();
    moments.retain(|at| *at > after && *at < before);
    moments.sort();
    moments.dedup();
    let mut last = running(periods, after);
    let mut changes = Vec::new();
    for at in moments {
        let now = running(periods, at);
        if now != last {
            changes.push(Change { at, running: now.clone() });
            last = now;
        }
    }
    changes
}

fn from(period: &PeriodEntry) -> Timestamp {
    moment(period.from).unwrap_or(Timestamp::MIN)
}

fn until(period: &PeriodEntry) -> Timestamp {
    moment(period.until).unwrap_or(Timestamp::MAX)
}

/// The profiles of some periods, each once: "settle and ease".
pub fn profiles(periods: &[&PeriodEntry]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for period in periods {
        if !names.contains(&&*period.profile) {
            names.push(&period.profile);
        }
    }
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
