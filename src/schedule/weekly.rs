//! `[[weekly]]`: windows on some days of the week, in the zone the machine is in.
//!
//! Local times are read as RFC 5545 (3.3.5) reads them: one that the clocks skip counts from the offset before the gap,
//! one that they show twice is the first. A window that a gap leaves empty does not exist, and neither do those of a date
//! that the zone skips as a whole.

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Timestamp,
    civil::{self, Weekday},
    tz::TimeZone,
};

use super::{
    Facts,
    offs::Offs,
    shift::{earlier, later},
    slot::{Cause, Slot, WEEKLY},
};
use crate::config::WeeklyRule;

/// How many days before a moment a window may have begun that still runs: past midnight, over a skipped date.
pub(super) const BEFORE: i32 = 2;

/// How many days after a moment a rule's next window is looked for: a week, and two more for windows a gap left empty.
const AFTER: i32 = 22;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The weekly rules in one zone.
pub(super) struct Weekly<'a> {
    rules: &'a [WeeklyRule],
    zone: &'a TimeZone,
    offs: &'a Offs,
    /// The windows that are ahead of the wall clock, by the day they begin on and the rule's name.
    shifted: BTreeMap<(civil::Date, &'a str), SignedDuration>,
}

/// A local date that exists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    date: civil::Date,
    weekday: Weekday,
    /// When it begins.
    pub begins: Timestamp,
    /// The first time the clocks are put forward or back after it began, or as it began.
    steady: Timestamp,
}

impl<'a> Weekly<'a> {
    pub fn new(facts: &Facts<'a>, offs: &'a Offs) -> Self {
        let shifted = facts
            .ahead
            .range(WEEKLY.to_owned()..)
            .map_while(|(run, by)| Some((run.strip_prefix(WEEKLY)?, *by)))
            .filter_map(|(run, by)| {
                let (name, date) = run.rsplit_once('@')?;
                Some(((date.parse().ok()?, name), by.max(SignedDuration::ZERO)))
            })
            .collect();
        Self { rules: &facts.config.weekly, zone: facts.zone, offs, shifted }
    }

    /// Shows each window that runs at `now`, and of each rule at least the first that begins after it.
    pub fn around(&self, now: Timestamp, see: &mut impl FnMut(Slot<'a>)) {
        if self.rules.is_empty() {
            return;
        }
        let days: Vec<Day> = self.days(now, -BEFORE).take_while_days(AFTER + BEFORE).collect();
        for rule in self.rules {
            for day in &days {
                let Some(slot) = self.window(rule, *day) else { continue };
                see(slot);
                if slot.from > now {
                    break;
                }
            }
        }
        self.shifted(see);
    }

    /// Shows each window that begins before `until` and may still run at `from` or later.
    pub fn between(&self, from: Timestamp, until: Timestamp, see: &mut impl FnMut(Slot<'a>)) {
        if self.rules.is_empty() {
            return;
        }
        for day in self.days(from, -BEFORE).take_while(|day| day.begins < until) {
            self.on(day, see);
        }
        self.shifted(see);
    }

    /// Shows each window that begins on a day, but for those that are ahead of the wall clock.
    pub fn on(&self, day: Day, see: &mut impl FnMut(Slot<'a>)) {
        self.rules.iter().filter_map(|rule| self.window(rule, day)).for_each(see);
    }

    /// The dates that exist from some days beside the date of a moment on.
    pub fn days(&self, at: Timestamp, beside: i32) -> Days<'a> {
        let date = self.zone.to_datetime(at).date();
        let first = date.checked_add(DAY * beside).unwrap_or(date);
        Days { zone: self.zone, next: Some(first) }
    }

    /// Finds from when on what runs never ends: where the windows leave no moment of the week open, that is after the last
    /// of them that the person lifted, or that a clock set back has moved.
    pub fn endless_from(&self) -> Option<Timestamp> {
        if !self.cover_the_week() {
            return None;
        }
        let moved = self.shifted.keys().filter_map(|(date, _)| Some(day(self.zone, *date)?.begins));
        let last = moved.chain(self.offs.last()).max();
        Some(last.map_or(Timestamp::MIN, |last| later(last, SignedDuration::from_hours(72))))
    }

    fn cover_the_week(&self) -> bool {
        let begin = |rule: &WeeklyRule, day: Weekday| {
            let midnight = civil::Time::midnight();
            DAY * i32::from(day.to_monday_zero_offset()) + rule.from.duration_since(midnight)
        };
        let length = |rule: &WeeklyRule| {
            let length = rule.until.duration_since(rule.from);
            if length.is_positive() { length } else { length + DAY }
        };
        let week = DAY * 7;
        let windows = || {
            self.rules.iter().flat_map(|rule| {
                let days = Weekday::Monday.cycle_forward().take(7);
                days.filter(|day| rule.days.contains(*day))
                    .map(move |day| (begin(rule, day), begin(rule, day) + length(rule)))
            })
        };
        let sum = |sum: SignedDuration, (from, until)| sum.saturating_add(until - from);
        if windows().fold(SignedDuration::ZERO, sum) < week {
            return false;
        }
        let mut windows: Vec<(SignedDuration, SignedDuration)> = windows().collect();
        windows.sort_unstable();
        // What runs over from Sunday into Monday is where the week begins.
        let over = windows.iter().map(|(_, until)| *until - week).max();
        let mut covered = over.unwrap_or_default().max(SignedDuration::ZERO);
        for (from, until) in windows {
            if from > covered {
                return false;
            }
            covered = covered.max(until);
        }
        covered >= week
    }

    fn window(&self, rule: &'a WeeklyRule, day: Day) -> Option<Slot<'a>> {
        if !rule.days.contains(day.weekday)
            || (!self.shifted.is_empty()
                && self.shifted.contains_key(&(day.date, rule.name.as_str())))
        {
            return None;
        }
        self.slot(rule, day, SignedDuration::ZERO)
    }

    /// Shows the windows that are ahead of the wall clock, wherever they are.
    fn shifted(&self, see: &mut impl FnMut(Slot<'a>)) {
        for ((date, name), ahead) in &self.shifted {
            let Some(day) = day(self.zone, *date) else { continue };
            for rule in self.rules {
                if rule.name == *name && rule.days.contains(day.weekday) {
                    self.slot(rule, day, *ahead).into_iter().for_each(&mut *see);
                }
            }
        }
    }

    fn slot(&self, rule: &'a WeeklyRule, day: Day, ahead: SignedDuration) -> Option<Slot<'a>> {
        let last = if rule.until <= rule.from { Nights::One } else { Nights::None };
        let from = day.at(self.zone, Nights::None, rule.from)?;
        let until = day.at(self.zone, last, rule.until)?;
        let begins = earlier(from, ahead);
        let ends = earlier(until, ahead);
        let exists = from < until && begins < ends && !self.offs.within(begins, Some(until));
        exists.then_some(Slot {
            from: begins,
            until: Some(ends),
            cause: Cause::Weekly { rule, date: day.date },
        })
    }
}

/// Dates in order, without those that the zone skips.
pub(super) struct Days<'a> {
    zone: &'a TimeZone,
    next: Option<civil::Date>,
}

impl Days<'_> {
    /// Ends after so many dates, skipped ones counted.
    fn take_while_days(self, many: i32) -> impl Iterator<Item = Day> {
        let last = self.next.and_then(|first| first.checked_add(DAY * many).ok());
        self.take_while(move |day| last.is_none_or(|last| day.date <= last))
    }
}

impl Iterator for Days<'_> {
    type Item = Day;

    fn next(&mut self) -> Option<Day> {
        loop {
            let date = self.next?;
            self.next = date.tomorrow().ok();
            if let Some(day) = day(self.zone, date) {
                return Some(day);
            }
        }
    }
}

/// How many midnights lie between a date and a time.
#[derive(Clone, Copy, Debug)]
enum Nights {
    None,
    One,
}

impl Day {
    /// Finds when a time is shown on this date, or on the one after.
    fn at(&self, zone: &TimeZone, nights: Nights, time: civil::Time) -> Option<Timestamp> {
        // Asking the zone is slow where there are a thousand rules, and most days are plain.
        let passed = time.duration_since(civil::Time::midnight());
        let plain = match nights {
            Nights::None => later(self.begins, passed),
            Nights::One => later(self.begins, passed + DAY),
        };
        if plain < self.steady {
            return Some(plain);
        }
        let date = match nights {
            Nights::None => self.date,
            Nights::One => self.date.tomorrow().ok()?,
        };
        instant(zone, date.to_datetime(time))
    }
}

/// Finds when a date begins; none if the zone skips it.
fn day(zone: &TimeZone, date: civil::Date) -> Option<Day> {
    let begins = instant(zone, date.to_datetime(civil::Time::midnight()))?;
    let over = instant(zone, date.tomorrow().ok()?.to_datetime(civil::Time::midnight()))?;
    let skips_midnight = zone.to_datetime(begins).time() != civil::Time::midnight();
    let steady = if skips_midnight {
        begins
    } else {
        zone.following(begins).next().map_or(Timestamp::MAX, |change| change.timestamp())
    };
    (begins < over).then(|| Day { date, weekday: date.weekday(), begins, steady })
}

fn instant(zone: &TimeZone, local: civil::DateTime) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_day_is_what_the_zone_says() {
        let zones = [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "Africa/Cairo",
            "America/Asuncion",
            "Pacific/Apia",
        ];
        for zone in zones.map(|name| TimeZone::get(name).unwrap()) {
            let days = |from: &str| Days { zone: &zone, next: from.parse().ok() }.take(400);
            for day in days("2011-06-01").chain(days("2023-12-01")) {
                for minute in (0..24 * 60).step_by(45) {
                    let time = civil::Time::midnight() + SignedDuration::from_mins(minute);
                    let here = instant(&zone, day.date.to_datetime(time));
                    assert_eq!(day.at(&zone, Nights::None, time), here, "{day:?} {time}");
                    let next = instant(&zone, day.date.tomorrow().unwrap().to_datetime(time));
                    assert_eq!(day.at(&zone, Nights::One, time), next, "{day:?} {time}");
                }
            }
        }
    }
}
