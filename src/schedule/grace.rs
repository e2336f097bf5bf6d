//! Grace: before apps are locked by themselves the person is told, and may put it off.
//!
//! What is begun by hand locks at once. What begins by itself (a weekly window, a place, a session that was planned) locks
//! its apps no sooner than its [`Grace`] says, which is written down once and kept. Everything else that it asks for comes
//! on time, and when it ends is not touched.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Facts, after, by_hand,
    offs::Offs,
    place,
    shift::{earlier, later, soonest},
    slot::{Cause, Slot, keeping},
    weekly::Weekly,
};

/// How much later apps are locked than the moment at which the person puts it off.
pub const LATER: SignedDuration = SignedDuration::from_mins(10);

/// A moment that is looked at later than this was slept through.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// From when on the apps of one run are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// Not before.
    pub from: Timestamp,
    /// That moment has come, with somebody awake; nothing more is said of it.
    #[serde(default)]
    pub begun: bool,
}

/// When an app that is open is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToLock {
    /// When.
    pub at: Timestamp,
    /// It is so soon that the person is to be told.
    pub said: bool,
}

/// Finds the graces of everything that runs or is so near that it is to be said. What is new has its whole grace from now
/// where there is less left, as after a start in the midst of it or a sleep; but `known` runs, which were in force before,
/// and those that lock nothing new have none.
pub fn graces(
    facts: &Facts<'_>,
    now: Timestamp,
    known: impl Fn(&str) -> bool,
) -> BTreeMap<String, Grace> {
    let mut found = BTreeMap::new();
    let longest = facts.config.profiles.values().map(|profile| profile.grace).max();
    let Some(longest) = longest.filter(SignedDuration::is_positive) else { return found };
    let offs = Offs::new(&facts.by_hand.offs);
    let mut due: Vec<Slot<'_>> = Vec::new();
    let mut see = keeping(|slot| {
        let is_due = earlier(slot.from, of(facts, &slot)) <= now;
        if is_due && runs_after(&slot, now) && !slot.measures().lock.apps.is_empty() {
            due.push(slot);
        }
    });
    after::each(facts, &offs, now, &mut see);
    Weekly::new(facts, &offs).between(now, later(later(now, longest), LATE), &mut see);
    place::each(facts, &offs, &mut see);
    by_hand::each(facts, &offs, &mut see);

    let is_over = |grace: &Grace| grace.begun || awake_at(grace.from, now);
    let in_force = |slot: &&Slot<'_>| {
        let at_once = of(facts, slot).is_zero();
        slot.from <= now
            && (at_once || kept(facts, slot, &slot.run()).is_some_and(|it| is_over(&it)))
    };
    let locked: BTreeSet<&String> =
        due.iter().filter(in_force).flat_map(|slot| &slot.measures().lock.apps).collect();
    for slot in &due {
        let length = of(facts, slot);
        if length.is_zero() {
            continue;
        }
        let run = slot.run();
        let nothing_new = || slot.measures().lock.apps.iter().all(|app| locked.contains(app));
        let anew = Grace { from: later(now, length), begun: false };
        let grace = match kept(facts, slot, &run) {
            Some(grace) if !is_over(&grace) && now < grace.from => grace,
            Some(grace) if is_over(&grace) || nothing_new() => Grace { begun: true, ..grace },
            None if slot.from <= now && (known(&run) || nothing_new()) => {
                Grace { from: slot.from, begun: true }
            }
            // The timer is never early, and may be a little late.
            None if earlier(slot.from, length * 9 / 10) >= now => {
                Grace { from: slot.from, begun: false }
            }
            _ => anew,
        };
        found.entry(run).or_insert(grace);
    }
    found
}

/// Puts off what is not locked yet, to [`LATER`] from now. Answers the first moment at which something is locked then;
/// none if there is nothing to put off.
pub fn put_off(graces: &mut BTreeMap<String, Grace>, now: Timestamp) -> Option<Timestamp> {
    let to_come = to_come(graces, now).map(|grace| {
        grace.from = grace.from.max(later(now, LATER));
        grace.from
    });
    to_come.min()
}

/// Leaves open what is not locked yet: the person said off.
pub fn call_off(graces: &mut BTreeMap<String, Grace>, now: Timestamp) {
    to_come(graces, now).for_each(|grace| grace.from = Timestamp::MAX);
}

fn to_come(
    graces: &mut BTreeMap<String, Grace>,
    now: Timestamp,
) -> impl Iterator<Item = &mut Grace> {
    graces.values_mut().filter(move |it| !it.begun && now < it.from && it.from < Timestamp::MAX)
}

/// What grace makes of the apps that are asked for.
#[derive(Debug, Default)]
pub(super) struct Soon<'a> {
    /// The apps that periods running ask for, and none locks yet.
    pub held: BTreeSet<&'a str>,
    /// See [`super::Evaluation::to_lock`].
    pub to_lock: BTreeMap<String, ToLock>,
    /// When one of these is another one, if nothing else changes before.
    pub next: Option<Timestamp>,
}

/// When an app is locked first, from when on that is said, and from when on it was to be said had nobody put it off.
#[derive(Clone, Copy)]
struct First {
    at: Timestamp,
    due: Timestamp,
    near: Timestamp,
}

/// Looks at the slots that lock apps and are not over; `next` is when what runs, and what is let through, is another one.
pub(super) fn soon<'a>(
    facts: &Facts<'a>,
    locking: &[Slot<'a>],
    open: &BTreeMap<&str, Timestamp>,
    now: Timestamp,
    next: Option<Timestamp>,
) -> Soon<'a> {
    let mut soon = Soon::default();
    let may_say = |slot: &Slot<'a>| {
        let length = of(facts, slot);
        let due = earlier(slot.from, length);
        !length.is_zero() && (due <= now || next.is_none_or(|next| due < next))
    };
    // A thousand rules that are far away, or lock at once, cost no more than a look at each.
    if !locking.iter().any(may_say) {
        return soon;
    }
    let locks = |slot: &Slot<'a>| slot.from <= now && locks_from(facts, slot) <= now;
    let (locks, others): (Vec<Slot<'a>>, Vec<_>) = locking.iter().partition(|slot| locks(slot));
    let apps = |slot: &Slot<'a>| slot.measures().lock.apps.iter().map(String::as_str);
    let locked: BTreeSet<&str> = locks.iter().flat_map(apps).collect();
    let held = others.iter().filter(|slot| slot.from <= now).flat_map(apps);
    soon.held = held.filter(|app| !locked.contains(app)).collect();

    let mut firsts: BTreeMap<&str, First> = BTreeMap::new();
    for slot in &others {
        let at = locks_from(facts, slot);
        if slot.until.is_some_and(|until| until <= at) {
            continue;
        }
        let length = of(facts, slot);
        let first = First { at, due: earlier(at, length), near: earlier(slot.from, length) };
        for app in apps(slot).filter(|app| !locked.contains(app)) {
            let known = firsts.entry(app).or_insert(first);
            if (first.at, first.due, first.near) < (known.at, known.due, known.near) {
                *known = first;
            }
        }
    }
    for (app, First { at, due, near }) in firsts {
        let is_near = near <= now;
        let said = due <= now;
        if is_near {
            soonest(&mut soon.next, at);
        }
        if open.contains_key(app) {
            continue;
        }
        if !said {
            soonest(&mut soon.next, if is_near { due } else { near });
        }
        if is_near {
            soon.to_lock.insert(app.to_owned(), ToLock { at, said });
        }
    }
    soon
}

/// How long before a slot locks apps that is said.
fn of(facts: &Facts<'_>, slot: &Slot<'_>) -> SignedDuration {
    if slot.is_by_hand() {
        return SignedDuration::ZERO;
    }
    facts.config.profiles.get(slot.profile()).map_or(SignedDuration::ZERO, |profile| profile.grace)
}

/// From when on a slot locks its apps; perhaps after its end.
fn locks_from(facts: &Facts<'_>, slot: &Slot<'_>) -> Timestamp {
    if facts.by_hand.graces.is_empty() || of(facts, slot).is_zero() {
        return slot.from;
    }
    let kept = kept(facts, slot, &slot.run());
    kept.map_or(slot.from, |grace| grace.from.max(slot.from))
}

/// The grace that is kept of a run; that of an earlier stay at a place is none of this one's.
fn kept(facts: &Facts<'_>, slot: &Slot<'_>, run: &str) -> Option<Grace> {
    let is_of_earlier =
        |grace: &Grace| matches!(slot.cause, Cause::Place { .. }) && grace.from < slot.from;
    facts.by_hand.graces.get(run).copied().filter(|grace| !is_of_earlier(grace))
}

/// Tells whether somebody was awake when a moment came that is not to come any more.
fn awake_at(at: Timestamp, now: Timestamp) -> bool {
    at <= now && now.duration_since(at) <= LATE
}

fn runs_after(slot: &Slot<'_>, now: Timestamp) -> bool {
    slot.until.is_none_or(|until| now < until)
}
