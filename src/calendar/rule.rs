//! The dates of a rule of repetition, on the clock: RFC 5545, section 3.3.10, for rules by the day and longer.
//!
//! Only the days that are asked for are looked at, unless the rule counts from its first date, and each look is counted. So
//! a rule costs no more than it may, also one that never comes true, such as every 30 February.

use std::collections::BTreeSet;

use calcard::icalendar::{ICalendarFrequency, ICalendarRecurrenceRule, ICalendarWeekday};
use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time, Weekday},
};

use super::repeat::Why;

/// What a date costs beside the days that are looked at: it is kept, and planned.
const A_DATE: u64 = 20;

/// The days that are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    pub from: Date,
    pub to: Date,
}

/// The dates of a rule that lie in the days asked for, in order. What it costs is taken from `left`.
pub(super) fn dates(
    rule: &ICalendarRecurrenceRule,
    start: DateTime,
    days: Days,
    left: &mut u64,
) -> Result<Vec<DateTime>, Why> {
    let rule = Rule::read(rule, start)?;
    let mut step = if rule.count.is_some() { 0 } else { rule.steps_to(days.from) };
    let mut count = rule.count.unwrap_or(u32::MAX);
    let mut found = Vec::new();
    while let Some((first, end)) = rule.period(step).filter(|(first, _)| *first <= days.to) {
        for at in rule.within(first, end, left)? {
            if at < start {
                continue;
            }
            if count == 0 {
                return Ok(found);
            }
            count -= u32::from(rule.count.is_some());
            if days.from <= at.date() && at.date() <= days.to {
                spend(left, A_DATE)?;
                found.push(at);
            }
        }
        step += 1;
    }
    Ok(found)
}

fn spend(left: &mut u64, steps: u64) -> Result<(), Why> {
    *left = left.checked_sub(steps).ok_or(Why::TooMuch)?;
    Ok(())
}

/// A rule with what its start says of it.
#[derive(Debug)]
struct Rule {
    start: Date,
    freq: ICalendarFrequency,
    interval: i64,
    count: Option<u32>,
    week_begins: Weekday,
    months: BTreeSet<i8>,
    weeks: BTreeSet<i8>,
    year_days: BTreeSet<i16>,
    month_days: BTreeSet<i8>,
    /// With which of its kind in the month or the year it is, from the end where that is below zero.
    weekdays: BTreeSet<(i8, Option<i16>)>,
    times: Vec<Time>,
    positions: BTreeSet<i32>,
}

impl Rule {
    fn read(rule: &ICalendarRecurrenceRule, start: DateTime) -> Result<Self, Why> {
        use ICalendarFrequency::{Daily, Monthly, Weekly, Yearly};
        if rule.freq > Daily {
            return Err(Why::ByTheHour);
        }
        let months = rule.bymonth.iter().map(|month| i8::try_from(month.month()).unwrap_or(0));
        let nth = |number: Option<i16>| number.filter(|_| matches!(rule.freq, Yearly | Monthly));
        let weekday = |day: ICalendarWeekday| weekday(day).to_monday_zero_offset();
        let mut it = Self {
            start: start.date(),
            freq: rule.freq,
            interval: i64::from(rule.interval.unwrap_or(1)),
            count: rule.count,
            week_begins: rule.wkst.map_or(Weekday::Monday, self::weekday),
            months: months.collect(),
            weeks: rule.byweekno.iter().copied().collect(),
            year_days: rule.byyearday.iter().copied().collect(),
            month_days: rule.bymonthday.iter().copied().collect(),
            weekdays: rule.byday.iter().map(|it| (weekday(it.weekday), nth(it.ordwk))).collect(),
            times: times(rule, start),
            positions: rule.bysetpos.iter().copied().collect(),
        };
        let are = |fits: &[bool]| fits.iter().all(|fits| *fits);
        let is_sound = are(&[
            it.interval > 0,
            it.months.iter().all(|month| (1..=12).contains(month)),
            it.weeks.iter().all(|week| *week != 0 && (-53..=53).contains(week)),
            it.year_days.iter().all(|day| *day != 0 && (-366..=366).contains(day)),
            it.month_days.iter().all(|day| *day != 0 && (-31..=31).contains(day)),
            it.weekdays.iter().all(|(_, nth)| nth.is_none_or(|nth| nth != 0 && nth.abs() <= 53)),
            it.weeks.is_empty() || rule.freq == Yearly,
            it.year_days.is_empty() || rule.freq == Yearly,
            it.month_days.is_empty() || rule.freq != Weekly,
            !it.positions.contains(&0),
            !it.times.is_empty(),
        ]);
        if !is_sound {
            return Err(Why::Odd);
        }
        if it.year_days.is_empty() && it.month_days.is_empty() && it.weekdays.is_empty() {
            let weekday = (start.date().weekday().to_monday_zero_offset(), None);
            match rule.freq {
                Yearly if !it.weeks.is_empty() => drop(it.weekdays.insert(weekday)),
                Yearly => {
                    if it.months.is_empty() {
                        it.months.insert(start.month());
                    }
                    it.month_days.insert(start.day());
                }
                Monthly => drop(it.month_days.insert(start.day())),
                Weekly => drop(it.weekdays.insert(weekday)),
                _ => {}
            }
        }
        Ok(it)
    }

    /// The first day of a period so many steps after that of the start, and the first day after it.
    fn period(&self, step: i64) -> Option<(Date, Date)> {
        let by = step.checked_mul(self.interval)?;
        match self.freq {
            ICalendarFrequency::Yearly => {
                let year = i16::try_from(i64::from(self.start.year()) + by).ok()?;
                Some((Date::new(year, 1, 1).ok()?, Date::new(year.checked_add(1)?, 1, 1).ok()?))
            }
            ICalendarFrequency::Monthly => {
                let month = |number: i64| {
                    let year = i16::try_from(number.div_euclid(12)).ok()?;
                    Date::new(year, i8::try_from(number.rem_euclid(12) + 1).ok()?, 1).ok()
                };
                let number = months(self.start) + by;
                Some((month(number)?, month(number + 1)?))
            }
            ICalendarFrequency::Weekly => {
                let first = later(week_of(self.start, self.week_begins)?, by.checked_mul(7)?)?;
                Some((first, later(first, 7)?))
            }
            _ => {
                let day = later(self.start, by)?;
                Some((day, later(day, 1)?))
            }
        }
    }

    /// How many steps can be left out because they end before a day.
    fn steps_to(&self, day: Date) -> i64 {
        let days = day.duration_since(self.start).as_hours() / 24;
        let periods = match self.freq {
            ICalendarFrequency::Yearly => i64::from(day.year()) - i64::from(self.start.year()),
            ICalendarFrequency::Monthly => months(day) - months(self.start),
            ICalendarFrequency::Weekly => days / 7 - 1,
            _ => days,
        };
        (periods / self.interval - 1).max(0)
    }

    /// The dates of a period.
    fn within(&self, first: Date, end: Date, left: &mut u64) -> Result<Vec<DateTime>, Why> {
        let mut found = Vec::new();
        let mut day = first;
        while day < end {
            spend(left, 1)?;
            let is_of_month = self.months.is_empty() || self.months.contains(&day.month());
            if is_of_month && self.has(day) {
                spend(left, self.times.len() as u64)?;
                found.extend(self.times.iter().map(|time| day.to_datetime(*time)));
            }
            let last = if is_of_month { day } else { day.last_of_month() };
            let Ok(next) = last.tomorrow() else { break };
            day = next;
        }
        if self.positions.is_empty() {
            return Ok(found);
        }
        let count = i32::try_from(found.len()).unwrap_or(i32::MAX);
        let at = |position: &i32| if *position > 0 { position - 1 } else { count + position };
        let places: BTreeSet<i32> = self.positions.iter().map(at).collect();
        let places = places.range(0..count).filter_map(|place| usize::try_from(*place).ok());
        Ok(places.filter_map(|place| found.get(place).copied()).collect())
    }

    fn has(&self, day: Date) -> bool {
        (self.weekdays.is_empty() || self.has_weekday(day))
            && (self.month_days.is_empty()
                || self.month_days.contains(&day.day())
                || self.month_days.contains(&(day.day() - day.days_in_month() - 1)))
            && (self.year_days.is_empty()
                || self.year_days.contains(&day.day_of_year())
                || self.year_days.contains(&(day.day_of_year() - day.days_in_year() - 1)))
            && (self.weeks.is_empty() || self.has_week(day))
    }

    fn has_weekday(&self, day: Date) -> bool {
        let weekday = day.weekday().to_monday_zero_offset();
        if self.weekdays.contains(&(weekday, None)) {
            return true;
        }
        let by_month = self.freq == ICalendarFrequency::Monthly || !self.months.is_empty();
        let (number, of) = if by_month {
            (i16::from(day.day()), i16::from(day.days_in_month()))
        } else {
            (day.day_of_year(), day.days_in_year())
        };
        let nth = (number - 1) / 7 + 1;
        let from_the_end = -((of - number) / 7 + 1);
        self.weekdays.contains(&(weekday, Some(nth)))
            || self.weekdays.contains(&(weekday, Some(from_the_end)))
    }

    fn has_week(&self, day: Date) -> bool {
        // A week is of the year that has its fourth day.
        let number = |day: Date| {
            let middle = later(week_of(day, self.week_begins)?, 3)?;
            let number = i8::try_from((middle.day_of_year() - 1) / 7 + 1).ok()?;
            Some((middle.year(), number))
        };
        let Some((year, week)) = number(day) else { return false };
        let last = Date::new(year, 12, 28).ok().and_then(number).map_or(52, |(_, week)| week);
        self.weeks.contains(&week) || self.weeks.contains(&(week - last - 1))
    }
}

/// The times of a day, in order.
fn times(rule: &ICalendarRecurrenceRule, start: DateTime) -> Vec<Time> {
    let or = |parts: &[u8], of_start: i8| -> BTreeSet<i8> {
        let parts: BTreeSet<i8> =
            parts.iter().map(|part| i8::try_from(*part).unwrap_or(i8::MAX)).collect();
        if parts.is_empty() { BTreeSet::from([of_start]) } else { parts }
    };
    let hours = or(&rule.byhour, start.hour());
    let minutes = or(&rule.byminute, start.minute());
    let seconds = or(&rule.bysecond, start.second());
    let each = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| (*hour, *minute)));
    let each = each.flat_map(|(hour, minute)| {
        seconds.iter().filter_map(move |second| Time::new(hour, minute, *second, 0).ok())
    });
    each.collect()
}

fn weekday(day: ICalendarWeekday) -> Weekday {
    match day {
        ICalendarWeekday::Sunday => Weekday::Sunday,
        ICalendarWeekday::Monday => Weekday::Monday,
        ICalendarWeekday::Tuesday => Weekday::Tuesday,
        ICalendarWeekday::Wednesday => Weekday::Wednesday,
        ICalendarWeekday::Thursday => Weekday::Thursday,
        ICalendarWeekday::Friday => Weekday::Friday,
        ICalendarWeekday::Saturday => Weekday::Saturday,
    }
}

fn months(day: Date) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month()) - 1
}

fn later(day: Date, days: i64) -> Option<Date> {
    day.checked_add(SignedDuration::from_hours(days.checked_mul(24)?)).ok()
}

/// The first day of its week.
fn week_of(day: Date, begins: Weekday) -> Option<Date> {
    later(day, -i64::from(begins.until(day.weekday())))
}
