//! The dates of a repeated event. The rule is followed on the clock of its zone; what a date is in time is said afterwards,
//! so that changes of the clocks are decided in one place.

use calcard::{
    common::{PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
        ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
    },
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{
    event::{Event, Repeats, Until},
    moment::Moment,
};

/// How many dates of one rule are followed: fifty years of days.
pub(super) const DATES_AT_MOST: usize = 20_000;

/// Why the dates of a rule are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It cannot be read.
    Odd,
    /// More than once a day.
    TooOften,
    /// Every date that was followed lies before the time asked for.
    TooMany,
}

/// Every start of an event up to a moment, by its rule and beside it, in order.
pub(super) fn starts(event: &Event, up_to: Timestamp) -> (Vec<Moment>, Option<Why>) {
    let mut dates = vec![event.starts.at];
    let mut why = matches!(event.repeats, Repeats::Oddly).then_some(Why::Odd);
    if let Repeats::By(rule) = &event.repeats {
        match dates_of(rule, event.starts.at) {
            Ok(found) => {
                let last = found.last().and_then(|at| event.starts.with(*at).timestamp());
                let cut = found.len() >= DATES_AT_MOST && last.is_none_or(|last| last < up_to);
                why = cut.then_some(Why::TooMany);
                dates = found;
            }
            Err(error) => why = Some(error),
        }
    }
    let within = |at: &DateTime| match event.until {
        None => true,
        Some(Until::OnTheClock(until)) => *at <= until,
        Some(Until::Moment(until)) => {
            event.starts.with(*at).timestamp().is_some_and(|at| at <= until)
        }
    };
    dates.retain(within);
    let mut all: Vec<Moment> = dates.into_iter().map(|at| event.starts.with(at)).collect();
    all.extend(event.also.iter().cloned());
    all.retain(|moment| {
        moment.timestamp().is_some_and(|at| at <= up_to) && !excepted(event, moment)
    });
    all.sort_by_key(Moment::timestamp);
    all.dedup_by_key(|moment| moment.timestamp());
    (all, why)
}

fn excepted(event: &Event, moment: &Moment) -> bool {
    event.but.iter().any(|but| {
        if but.is_day {
            but.at.date() == moment.at.date()
        } else {
            but.timestamp() == moment.timestamp()
        }
    })
}

fn dates_of(rule: &ICalendarRecurrenceRule, from: DateTime) -> Result<Vec<DateTime>, Why> {
    if rule.freq > ICalendarFrequency::Daily {
        return Err(Why::TooOften);
    }
    let part = |part: i8| part.unsigned_abs();
    let start = PartialDateTime {
        year: Some(from.year().unsigned_abs()),
        month: Some(part(from.month())),
        day: Some(part(from.day())),
        hour: Some(part(from.hour())),
        minute: Some(part(from.minute())),
        second: Some(part(from.second())),
        ..PartialDateTime::default()
    };
    // When a rule ends is said in time, not on the clock; it is looked at afterwards.
    let rule = ICalendarRecurrenceRule { until: None, ..rule.clone() };
    let entry = |name, value| ICalendarEntry { name, params: Vec::new(), values: vec![value] };
    let event = ICalendarComponent {
        component_type: ICalendarComponentType::VEvent,
        entries: vec![
            entry(ICalendarProperty::Dtstart, ICalendarValue::PartialDateTime(Box::new(start))),
            entry(ICalendarProperty::Rrule, ICalendarValue::RecurrenceRule(Box::new(rule))),
        ],
        component_ids: Vec::new(),
    };
    let expanded = ICalendar { components: vec![event] }.expand_dates(Tz::Floating, DATES_AT_MOST);
    if !expanded.errors.is_empty() {
        return Err(Why::Odd);
    }
    let date = |seconds: i64| {
        Some(Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).datetime())
    };
    let starts = expanded.events.iter();
    Ok(starts.filter_map(|event| date(event.start.naive_local().and_utc().timestamp())).collect())
}
