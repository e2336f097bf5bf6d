//! `batches`: the times of day at which notifications that are held in batches come through together.
//!
//! A time that the clocks skip is the moment they do, one that they show twice is the first; a date that the zone skips
//! as a whole has none. A batch that the machine slept through comes when it wakes.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{
    Evaluation, Facts, after, by_hand,
    offs::Offs,
    place,
    shift::{earlier, later},
    slot::Slot,
    weekly::Weekly,
};
use crate::config::{BATCH_LASTS, Notifications};

/// How far ahead the next batch is looked for: a week, in which every weekly window comes once, and a day more.
const AHEAD: SignedDuration = SignedDuration::from_hours(8 * 24);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Adds to an evaluation of periods that hold notifications in batches whether they come through now, and when next.
pub(super) fn add(
    evaluation: &mut Evaluation,
    facts: &Facts<'_>,
    offs: &Offs,
    weekly: &Weekly<'_>,
    now: Timestamp,
) {
    let batched = evaluation.measures.notifications == Notifications::Batched;
    if !batched || evaluation.paused_until.is_some() || facts.config.batches.is_empty() {
        return;
    }
    // What came of a sleep that ended longer ago is over.
    let slept = facts.slept.filter(|(_, awake)| now < later(*awake, BATCH_LASTS));
    let earliest = earlier(slept.map_or(now, |(asleep, _)| asleep.min(now)), BATCH_LASTS);
    let levels = Levels::around(facts, offs, weekly, earliest, now);
    let mut starts: Vec<Timestamp> = moments(facts.zone, &facts.config.batches, earliest)
        .filter(|batch| levels.held_before(*batch))
        .collect();
    if let Some((asleep, awake)) = slept
        && starts.iter().any(|batch| asleep <= *batch && *batch <= awake)
    {
        starts.push(awake);
    }
    starts.sort_unstable();
    let mut open: Option<Timestamp> = None;
    for start in &starts {
        let end = later(*start, BATCH_LASTS);
        if open.map_or(*start <= now && now < end, |open| *start <= open) {
            open = open.max(Some(end));
        }
    }
    let next = |batch: &Timestamp| {
        *batch > now
            && open.is_none_or(|open| open < *batch)
            && evaluation.until.is_none_or(|until| *batch < until)
            && levels.at(*batch) == Notifications::Batched
    };
    evaluation.next_batch = starts.iter().copied().find(next);
    evaluation.let_through =
        open.map(|open| levels.next_urgent().map_or(open, |urgent| urgent.min(open)));
}

/// Every batch from the day before a moment on, in order of the days.
fn moments(zone: &TimeZone, times: &[Time], since: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = zone.to_datetime(since).date().saturating_sub(DAY);
    let last = first.saturating_add(AHEAD + DAY);
    let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
    dates
        .take_while(move |date| *date <= last)
        .flat_map(move |date| times.iter().filter_map(move |time| moment(zone, date, *time)))
}

fn moment(zone: &TimeZone, date: Date, time: Time) -> Option<Timestamp> {
    let local = date.to_datetime(time);
    let shown = zone.to_ambiguous_timestamp(local);
    match shown.offset() {
        AmbiguousOffset::Gap { before, after } => {
            let skipped = SignedDuration::from_secs(i64::from(after.seconds() - before.seconds()));
            let not_yet = after.to_timestamp(local).ok().filter(|_| skipped < DAY)?;
            zone.following(not_yet).next().map(|change| change.timestamp())
        }
        _ => shown.compatible().ok(),
    }
}

/// Which notifications come through when, from some time before a moment on.
struct Levels {
    now: Timestamp,
    slots: Vec<(Timestamp, Option<Timestamp>, Notifications)>,
}

impl Levels {
    fn around(
        facts: &Facts<'_>,
        offs: &Offs,
        weekly: &Weekly<'_>,
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        let mut slots = Vec::new();
        let mut see = |slot: Slot<'_>| {
            let level = slot.measures().notifications;
            if level != Notifications::All && slot.until.is_none_or(|until| since < until) {
                slots.push((slot.from, slot.until, level));
            }
        };
        after::each(facts, offs, since, &mut see);
        weekly.between(since, later(now, AHEAD), &mut see);
        place::each(facts, offs, &mut see);
        by_hand::each(facts, offs, &mut see);
        Self { now, slots }
    }

    /// Whether something can have waited for a batch: nothing does that came before there was quiet.
    fn held_before(&self, batch: Timestamp) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|(from, until, _)| *from < batch && until.is_none_or(|until| batch <= until))
    }

    fn at(&self, at: Timestamp) -> Notifications {
        let runs = |(from, until, _): &&(Timestamp, Option<Timestamp>, _)| {
            *from <= at && until.is_none_or(|until| at < until)
        };
        self.slots.iter().filter(runs).map(|(.., level)| *level).max().unwrap_or_default()
    }

    fn next_urgent(&self) -> Option<Timestamp> {
        let urgent = self
            .slots
            .iter()
            .filter(|(from, _, level)| *level == Notifications::Urgent && self.now < *from);
        urgent.map(|(from, ..)| *from).min()
    }
}
