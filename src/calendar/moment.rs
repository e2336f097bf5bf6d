//! A moment as a calendar writes it, and how long something lasts: RFC 5545, sections 3.3.5 and 3.3.6.

use std::collections::BTreeMap;

use calcard::{
    common::PartialDateTime,
    icalendar::{ICalendarDuration, ICalendarEntry, ICalendarPeriod, ICalendarValue},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

use super::zone;

/// A date with or without a time, and the zone it is meant in.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub at: DateTime,
    pub zone: TimeZone,
    /// It is the same on the clock wherever the person is.
    pub floats: bool,
    /// It is a whole day.
    pub is_day: bool,
}

impl Moment {
    /// When that is. What a change of the clocks leaves out is an hour later, what it repeats the first of the two.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.zone.to_timestamp(self.at).ok()
    }

    /// The same in the same zone at another time.
    pub fn with(&self, at: DateTime) -> Self {
        Self { at, ..self.clone() }
    }

    /// What it is known by, the same on every machine.
    pub fn key(&self) -> Option<String> {
        if self.floats { Some(self.at.to_string()) } else { Some(self.timestamp()?.to_string()) }
    }
}

/// From a start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// On the clock, as an end in the zone of the start says it: what ends at 15:00 ends at 15:00.
    OnTheClock(SignedDuration),
    /// Days on the clock, then time as it passes, as `DURATION` and an end in another zone say it.
    Passing {
        /// Of 24 hours on the clock.
        days: SignedDuration,
        /// What passes after them.
        time: SignedDuration,
    },
}

impl Lasts {
    /// From one moment to another one.
    pub fn between(starts: &Moment, ends: &Moment) -> Option<Self> {
        if starts.zone == ends.zone || ends.floats {
            return Some(Self::OnTheClock(ends.at.duration_since(starts.at)));
        }
        let time = ends.timestamp()?.duration_since(starts.timestamp()?);
        Some(Self::Passing { days: SignedDuration::ZERO, time })
    }

    /// What a `DURATION` says.
    pub fn written(lasts: &ICalendarDuration) -> Self {
        let days = i64::from(lasts.weeks) * 7 + i64::from(lasts.days);
        let seconds = i64::from(lasts.hours) * 3_600
            + i64::from(lasts.minutes) * 60
            + i64::from(lasts.seconds);
        let sign = if lasts.neg { -1 } else { 1 };
        Self::Passing {
            days: SignedDuration::from_hours(sign * days * 24),
            time: SignedDuration::from_secs(sign * seconds),
        }
    }

    /// When that is over: never before it begins.
    pub fn end(self, start: &Moment) -> Option<Timestamp> {
        let begins = start.timestamp()?;
        let later = |by| start.with(start.at.checked_add(by).ok()?).timestamp();
        let ends = match self {
            // Where a change of the clocks takes the whole of it, it is as long as it would be.
            Self::OnTheClock(by) => match later(by)? {
                ends if ends <= begins && by.is_positive() => begins.checked_add(by).ok()?,
                ends => ends,
            },
            Self::Passing { days, time } => later(days)?.checked_add(time).ok()?,
        };
        Some(ends.max(begins))
    }
}

/// Finds zones by the names a calendar gives them.
pub(super) struct Zones<'c> {
    here: &'c TimeZone,
    /// The text of each zone that the calendar lays down itself.
    laid_down: &'c BTreeMap<String, String>,
    known: BTreeMap<String, Option<TimeZone>>,
    /// A name that says nothing was met; what has it is taken as local.
    pub unknown: bool,
    /// A date beside a rule was met that is none.
    pub odd: bool,
}

impl<'c> Zones<'c> {
    pub fn new(laid_down: &'c BTreeMap<String, String>, here: &'c TimeZone) -> Self {
        Self { here, laid_down, known: BTreeMap::new(), unknown: false, odd: false }
    }

    fn named(&mut self, name: &str) -> Option<TimeZone> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let found = zone::named(name);
        let found =
            found.or_else(|| self.laid_down.get(name).and_then(|text| zone::laid_down(text)));
        self.known.insert(name.to_owned(), found.clone());
        found
    }

    /// Every moment that an entry holds, with how long it lasts where it says so itself; none for what is no moment.
    pub fn moments(&mut self, entry: &ICalendarEntry) -> Vec<Option<(Moment, Option<Lasts>)>> {
        let name = entry.tz_id();
        let each = entry.values.iter().map(|value| match value {
            ICalendarValue::PartialDateTime(at) => Some((self.moment(at, name)?, None)),
            ICalendarValue::Period(ICalendarPeriod::Range { start, end }) => {
                let (start, end) = (self.moment(start, name)?, self.moment(end, name)?);
                let lasts = Lasts::between(&start, &end);
                Some((start, lasts))
            }
            ICalendarValue::Period(ICalendarPeriod::Duration { start, duration }) => {
                Some((self.moment(start, name)?, Some(Lasts::written(duration))))
            }
            _ => None,
        });
        each.collect()
    }

    fn moment(&mut self, written: &PartialDateTime, name: Option<&str>) -> Option<Moment> {
        let small = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
        let year = i16::try_from(written.year?).ok()?;
        let date =
            Date::new(year, small(Some(written.month?))?, small(Some(written.day?))?).ok()?;
        let here = |at, is_day| Moment { at, zone: self.here.clone(), floats: true, is_day };
        let Some(hour) = written.hour else { return Some(here(date.at(0, 0, 0, 0), true)) };
        let hour = i8::try_from(hour).ok().filter(|hour| *hour < 24)?;
        let minute = small(written.minute).filter(|minute| *minute < 60)?;
        // A leap second is the last of its minute.
        let second = small(written.second)?.min(59);
        let at = date.at(hour, minute, second, 0);
        if written.tz_hour.is_some() {
            let seconds = i64::from(small(written.tz_hour)?) * 3_600
                + i64::from(small(written.tz_minute)?) * 60;
            let seconds = if written.tz_minus { -seconds } else { seconds };
            let zone = match seconds {
                0 => TimeZone::UTC,
                _ => TimeZone::fixed(Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?),
            };
            return Some(Moment { at, zone, floats: false, is_day: false });
        }
        let Some(name) = name else { return Some(here(at, false)) };
        if let Some(zone) = self.named(name) {
            return Some(Moment { at, zone, floats: false, is_day: false });
        }
        self.unknown = true;
        Some(Moment { at, zone: self.here.clone(), floats: true, is_day: false })
    }
}
