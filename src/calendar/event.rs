//! An event, as far as it matters here: when, how often, and whether it is one that counts.

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarStatus, ICalendarValue,
};
use jiff::{SignedDuration, Timestamp, civil::DateTime};

use super::moment::{Moment, Zones, lasts};

/// One `VEVENT`.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a line of the event that is there or not"
)]
pub(super) struct Event {
    pub uid: String,
    /// Which of the times of a repeated event it is about.
    pub of: Option<Moment>,
    /// It is about all later times as well.
    pub and_later: bool,
    /// How often it was changed, and when last: the higher one counts.
    pub version: (i64, Option<Timestamp>),
    pub starts: Moment,
    /// From its start to its end, on the clock; on another zone's clock where it ends in another one.
    pub lasts: SignedDuration,
    pub repeats: Repeats,
    pub until: Option<Until>,
    pub also: Vec<Moment>,
    pub but: Vec<Moment>,
    pub cancelled: bool,
    /// It has one of the categories that count.
    pub counts: bool,
}

/// How an event repeats.
#[derive(Clone, Debug)]
pub(super) enum Repeats {
    /// It does not, but for single dates.
    Not,
    /// By a rule.
    By(Box<ICalendarRecurrenceRule>),
    /// By a rule that cannot be read.
    Oddly,
}

/// The end of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    Moment(Timestamp),
    OnTheClock(DateTime),
}

impl Event {
    /// Makes an event of a component; none where it has no name or no time.
    pub fn read(
        component: &ICalendarComponent,
        zones: &mut Zones<'_>,
        categories: &[String],
    ) -> Option<Self> {
        let entry = |name: ICalendarProperty| component.entries.iter().find(|it| it.name == name);
        let uid = text(entry(ICalendarProperty::Uid)?)?.to_owned();
        let first = |entry: Option<&ICalendarEntry>, zones: &mut Zones<'_>| {
            entry.and_then(|entry| zones.moments(entry).into_iter().next())
        };
        let of_entry = entry(ICalendarProperty::RecurrenceId);
        let of = first(of_entry, zones);
        let starts = first(entry(ICalendarProperty::Dtstart), zones).or_else(|| of.clone())?;
        let ends = first(entry(ICalendarProperty::Dtend), zones);
        let duration = entry(ICalendarProperty::Duration).and_then(lasts);
        let rule = entry(ICalendarProperty::Rrule);
        let repeats = match rule.map(|rule| rule.values.first()) {
            None => Repeats::Not,
            Some(Some(ICalendarValue::RecurrenceRule(rule))) => Repeats::By(rule.clone()),
            Some(_) => Repeats::Oddly,
        };
        let all = |name: ICalendarProperty, zones: &mut Zones<'_>| -> Vec<Moment> {
            let entries = component.entries.iter().filter(|it| it.name == name);
            entries.flat_map(|entry| zones.moments(entry)).collect()
        };
        let stamp = first(entry(ICalendarProperty::LastModified), zones)
            .or_else(|| first(entry(ICalendarProperty::Dtstamp), zones));
        let sequence = entry(ICalendarProperty::Sequence).and_then(|it| it.values.first());
        let sequence = sequence.and_then(ICalendarValue::as_integer).unwrap_or(0);
        let mut also = all(ICalendarProperty::Rdate, zones);
        also.retain(|moment| !moment.is_day);
        let but = all(ICalendarProperty::Exdate, zones);
        let names = component.entries.iter().filter(|it| it.name == ICalendarProperty::Categories);
        let mut names = names.flat_map(|it| &it.values).filter_map(ICalendarValue::as_text);
        let counts = names.any(|name| {
            let name = name.trim().to_lowercase();
            categories.iter().any(|wanted| wanted.trim().to_lowercase() == name)
        });
        let status = entry(ICalendarProperty::Status).and_then(|it| it.values.first());
        Some(Self {
            uid,
            and_later: of_entry.is_some_and(|it| it.has_parameter(&ICalendarParameterName::Range)),
            of,
            version: (sequence, stamp.and_then(|stamp| stamp.timestamp())),
            lasts: between(&starts, ends.as_ref(), duration).max(SignedDuration::ZERO),
            until: match &repeats {
                Repeats::By(rule) => until(rule),
                Repeats::Not | Repeats::Oddly => None,
            },
            repeats,
            also,
            but,
            cancelled: matches!(status, Some(ICalendarValue::Status(ICalendarStatus::Cancelled))),
            counts,
            starts,
        })
    }
}

/// From the start to the end: on the clock where both have the same zone, so that what ends at 15:00 ends at 15:00.
fn between(
    starts: &Moment,
    ends: Option<&Moment>,
    duration: Option<SignedDuration>,
) -> SignedDuration {
    let Some(ends) = ends else { return duration.unwrap_or_default() };
    if starts.zone == ends.zone || starts.floats || ends.floats {
        return ends.at.duration_since(starts.at);
    }
    match (starts.timestamp(), ends.timestamp()) {
        (Some(from), Some(to)) => to.duration_since(from),
        _ => SignedDuration::ZERO,
    }
}

fn text(entry: &ICalendarEntry) -> Option<&str> {
    entry.values.first()?.as_text().map(str::trim).filter(|text| !text.is_empty())
}

/// The end of a rule as it is written.
fn until(rule: &ICalendarRecurrenceRule) -> Option<Until> {
    let written = rule.until.as_ref()?;
    let small = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
    let year = i16::try_from(written.year?).ok()?;
    let date = jiff::civil::Date::new(year, small(written.month)?, small(written.day)?).ok()?;
    let Some(hour) = written.hour else {
        return Some(Until::OnTheClock(date.at(23, 59, 59, 0)));
    };
    let hour = i8::try_from(hour).ok().filter(|hour| *hour < 24)?;
    let minute = small(written.minute).filter(|minute| *minute < 60)?;
    let at = date.at(hour, minute, small(written.second)?.min(59), 0);
    match written.tz_hour {
        Some(_) => Some(Until::Moment(jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?)),
        None => Some(Until::OnTheClock(at)),
    }
}
