//! Zones by the names that calendars give them, and zones that a calendar lays down itself: RFC 5545, section 3.6.5.

use std::str::FromStr as _;

use calcard::{
    Entry, Parser,
    common::timezone::Tz,
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency,
        ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue, ICalendarWeekday,
    },
};
use jiff::tz::TimeZone;

/// A zone by its name: one of ours, one of another system's, or one of ours after what a program puts before it, as in
/// `/freeassociation.sourceforge.net/America/New_York`.
pub(super) fn named(name: &str) -> Option<TimeZone> {
    let found = TimeZone::get(name).ok();
    let found = found.or_else(|| Tz::from_str(name).ok().and_then(of));
    found.or_else(|| {
        let parts: Vec<&str> = name.split('/').collect();
        let last = |count: usize| parts.len().checked_sub(count).map(|at| parts[at..].join("/"));
        [3, 2].into_iter().filter_map(last).find_map(|name| TimeZone::get(&name).ok())
    })
}

fn of(zone: Tz) -> Option<TimeZone> {
    match &zone {
        Tz::Floating => None,
        zone => zone.name().and_then(|name| TimeZone::get(&name).ok()),
    }
}

/// A zone as a calendar lays it down.
pub(super) fn laid_down(text: &str) -> Option<TimeZone> {
    let Entry::ICalendar(calendar) = Parser::new(text).entry() else { return None };
    let named = calendar.timezones().find_map(ICalendarComponent::timezone);
    named.and_then(|(_, zone)| of(zone)).or_else(|| by_rule(&calendar))
}

/// What is in force from a day of the year on.
#[derive(Debug)]
struct Observance {
    /// Its first day and time, in digits.
    since: (u16, u8, u8, u8, u8),
    /// East of Greenwich, in seconds.
    offset: i64,
    rule: Option<ICalendarRecurrenceRule>,
}

/// Two observances that take turns every year, or else the one that is in force since the latest day. None where a rule is
/// one that cannot be said in a line of POSIX.
fn by_rule(calendar: &ICalendar) -> Option<TimeZone> {
    let latest = |what: &ICalendarComponentType| {
        let those = calendar.components.iter().filter(|it| it.component_type == *what);
        those.filter_map(observance).max_by_key(|it| it.since)
    };
    let standard = latest(&ICalendarComponentType::Standard);
    let daylight = latest(&ICalendarComponentType::Daylight);
    let posix = match (&standard, &daylight) {
        (Some(standard), Some(daylight)) if standard.rule.is_some() && daylight.rule.is_some() => {
            format!(
                "<STD>{}<DST>{},{},{}",
                offset(standard.offset),
                offset(daylight.offset),
                turn(daylight)?,
                turn(standard)?
            )
        }
        _ => {
            let since = [standard, daylight].into_iter().flatten().max_by_key(|it| it.since)?;
            format!("<STD>{}", offset(since.offset))
        }
    };
    TimeZone::posix(&posix).ok()
}

fn observance(component: &ICalendarComponent) -> Option<Observance> {
    let value = |name: ICalendarProperty| {
        component.entries.iter().find(|it| it.name == name).and_then(|it| it.values.first())
    };
    let Some(ICalendarValue::PartialDateTime(to)) = value(ICalendarProperty::Tzoffsetto) else {
        return None;
    };
    let seconds = i64::from(to.tz_hour?) * 3_600 + i64::from(to.tz_minute.unwrap_or(0)) * 60;
    let since = match value(ICalendarProperty::Dtstart) {
        Some(ICalendarValue::PartialDateTime(at)) => (
            at.year.unwrap_or(0),
            at.month.unwrap_or(1),
            at.day.unwrap_or(1),
            at.hour.unwrap_or(0),
            at.minute.unwrap_or(0),
        ),
        _ => (0, 1, 1, 0, 0),
    };
    let rule = match value(ICalendarProperty::Rrule) {
        // One that has ended says nothing of today.
        Some(ICalendarValue::RecurrenceRule(rule)) if rule.until.is_none() => {
            Some((**rule).clone())
        }
        _ => None,
    };
    Some(Observance { since, offset: if to.tz_minus { -seconds } else { seconds }, rule })
}

/// POSIX counts west of Greenwich.
fn offset(seconds: i64) -> String {
    let sign = if seconds > 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{}:{:02}", minutes / 60, minutes % 60)
}

/// The yearly day of a rule such as `FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU`, with its time.
fn turn(observance: &Observance) -> Option<String> {
    let rule = observance.rule.as_ref()?;
    let (_, month, _, hour, minute) = observance.since;
    let is_yearly = rule.freq == ICalendarFrequency::Yearly && rule.interval.unwrap_or(1) == 1;
    let others =
        rule.bymonthday.is_empty() && rule.byyearday.is_empty() && rule.bysetpos.is_empty();
    let [day] = &*rule.byday else { return None };
    let month = match &*rule.bymonth {
        [] => month,
        [month] => month.month(),
        _ => return None,
    };
    let week = match day.ordwk? {
        -1 => 5,
        week @ 1..=4 => week,
        _ => return None,
    };
    let weekday = match day.weekday {
        ICalendarWeekday::Sunday => 0,
        ICalendarWeekday::Monday => 1,
        ICalendarWeekday::Tuesday => 2,
        ICalendarWeekday::Wednesday => 3,
        ICalendarWeekday::Thursday => 4,
        ICalendarWeekday::Friday => 5,
        ICalendarWeekday::Saturday => 6,
    };
    (is_yearly && others).then(|| format!("M{month}.{week}.{weekday}/{hour}:{minute:02}"))
}
