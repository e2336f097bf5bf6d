//! What the rules, the log and the clock say at one moment.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;

use super::{
    Evaluation, Facts, Period, Unlock, after, batches, by_hand, grace,
    offs::Offs,
    place,
    shift::soonest,
    slot::{Slot, keeping},
    until::{Interval, contiguous_end},
    weekly::Weekly,
};
use crate::config::Measures;

/// Evaluates the facts at one moment.
///
/// Sessions that are over cost a comparison each; rules cost by their number, not by how many sessions there are.
pub fn evaluate(facts: &Facts<'_>, now: Timestamp) -> Evaluation {
    let offs = Offs::new(&facts.by_hand.offs);
    let weekly = Weekly::new(facts, &offs);
    let mut periods: Vec<Period> = Vec::new();
    let mut to_come: Vec<Interval> = Vec::new();
    let mut next: Option<Timestamp> = None;
    let mut locking: Vec<Slot<'_>> = Vec::new();
    let mut see = keeping(|slot| {
        if !slot.measures().lock.apps.is_empty() && slot.until.is_none_or(|until| now < until) {
            locking.push(slot);
        }
        if slot.from > now {
            soonest(&mut next, slot.from);
            to_come.push((slot.from, slot.until));
        } else if slot.until.is_none_or(|until| now < until) {
            if let Some(until) = slot.until {
                soonest(&mut next, until);
            }
            periods.push(slot.period());
        }
    });
    after::each(facts, &offs, now, &mut see);
    weekly.around(now, &mut see);
    place::each(facts, &offs, &mut see);
    by_hand::each(facts, &offs, &mut see);

    periods.sort_by(|a, b| latest_end_first(a).cmp(&latest_end_first(b)));
    let until = contiguous_end(&periods, to_come, &weekly);
    let paused_until =
        facts.by_hand.paused_until.filter(|until| now < *until && !periods.is_empty());
    if let Some(until) = paused_until {
        soonest(&mut next, until);
    }
    let unlocks = unlocks(&facts.by_hand.unlocks, now);
    for change in unlocks.open.values().chain(unlocks.to_come.values()) {
        soonest(&mut next, *change);
    }
    let mut measures =
        if paused_until.is_some() { Measures::default() } else { strictest(&periods) };
    if paused_until.is_some() {
        locking.clear();
    }
    let soon = grace::soon(facts, &locking, &unlocks.open, now, next);
    measures.lock.apps.retain(|app| !soon.held.contains(app.as_str()));
    soon.next.into_iter().for_each(|change| soonest(&mut next, change));
    let is_locked =
        |what: &str| measures.lock.apps.contains(what) || measures.lock.sites.contains(what);
    let waits = unlocks.to_come.iter().filter(|(what, _)| is_locked(what));
    let mut evaluation = Evaluation {
        to_lock: soon.to_lock,
        waits: waits.map(|(what, from)| ((*what).to_owned(), *from)).collect(),
        measures,
        paused_until,
        until,
        next_change: next,
        unlocked: unlocks.open.into_keys().map(str::to_owned).collect(),
        periods,
        ..Evaluation::default()
    };
    batches::add(&mut evaluation, facts, &offs, &weekly, now);
    for batch in [evaluation.let_through, evaluation.next_batch].into_iter().flatten() {
        soonest(&mut evaluation.next_change, batch);
    }
    evaluation
}

/// The order of an evaluation's periods; one with no known end is first.
fn latest_end_first(period: &Period) -> (Reverse<Timestamp>, &str, Timestamp, &str) {
    (Reverse(period.until.unwrap_or(Timestamp::MAX)), &period.run, period.from, &period.profile)
}

/// Merges the periods' measures. Many periods share a few profiles, so each set is merged once.
fn strictest(periods: &[Period]) -> Measures {
    let mut merged: Vec<&Measures> = Vec::new();
    let mut strictest = Measures::default();
    for period in periods {
        if !merged.contains(&&period.measures) {
            strictest = strictest.strictest(&period.measures);
            merged.push(&period.measures);
        }
    }
    strictest
}

/// What is let through.
#[derive(Default)]
struct Unlocks<'a> {
    /// Now, each with when that ends.
    open: BTreeMap<&'a str, Timestamp>,
    /// Not yet, each with when that begins.
    to_come: BTreeMap<&'a str, Timestamp>,
}

fn unlocks(unlocks: &[Unlock], now: Timestamp) -> Unlocks<'_> {
    let mut found = Unlocks::default();
    let mut ahead: Vec<&Unlock> =
        unlocks.iter().filter(|it| now < it.until && it.from < it.until).collect();
    ahead.sort_by_key(|unlock| unlock.from);
    for unlock in ahead {
        match found.open.get_mut(&*unlock.what) {
            // One that goes on where another ends changes nothing there.
            Some(end) if unlock.from <= *end => *end = unlock.until.max(*end),
            Some(_) => {}
            None if unlock.from <= now => drop(found.open.insert(&unlock.what, unlock.until)),
            None => drop(found.to_come.entry(&unlock.what).or_insert(unlock.from)),
        }
    }
    found
}
