//! A moment as a calendar writes it: RFC 5545, section 3.3.5.

use std::{collections::BTreeMap, str::FromStr as _};

use calcard::{
    common::{PartialDateTime, timezone::Tz},
    icalendar::{ICalendar, ICalendarEntry, ICalendarValue},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

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

/// Finds zones by the names a calendar gives them.
pub(super) struct Zones<'c> {
    here: &'c TimeZone,
    calendar: &'c ICalendar,
    known: BTreeMap<String, Option<TimeZone>>,
    /// A name that says nothing was met; what has it is taken as local.
    pub unknown: bool,
}

impl<'c> Zones<'c> {
    pub fn new(calendar: &'c ICalendar, here: &'c TimeZone) -> Self {
        Self { here, calendar, known: BTreeMap::new(), unknown: false }
    }

    fn named(&mut self, name: &str) -> Option<TimeZone> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let calendar = self.calendar;
        // Names of our own, then those of other systems, then what the calendar itself says of the zone.
        let of = |zone: Tz| match &zone {
            Tz::Floating => None,
            zone => zone.name().and_then(|name| TimeZone::get(&name).ok()),
        };
        let found = TimeZone::get(name).ok();
        let found = found.or_else(|| Tz::from_str(name).ok().and_then(of));
        let found = found.or_else(|| calendar.build_tz_resolver().resolve(name).and_then(of));
        self.known.insert(name.to_owned(), found.clone());
        found
    }

    /// Every moment that an entry holds.
    pub fn moments(&mut self, entry: &ICalendarEntry) -> Vec<Moment> {
        let name = entry.tz_id();
        let each = entry.values.iter().filter_map(|value| match value {
            ICalendarValue::PartialDateTime(written) => Some(written),
            _ => None,
        });
        each.filter_map(|written| self.moment(written, name)).collect()
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

/// How long something lasts, as `DURATION` says it.
pub(super) fn lasts(entry: &ICalendarEntry) -> Option<SignedDuration> {
    match entry.values.first()? {
        ICalendarValue::Duration(lasts) => Some(SignedDuration::from_secs(lasts.as_seconds())),
        _ => None,
    }
}
