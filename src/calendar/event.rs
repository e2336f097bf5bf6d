//! An event, as far as it matters here: when, how often, and whether it is one that counts.

use std::collections::BTreeSet;

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarStatus, ICalendarValue,
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
};

use super::moment::{Lasts, Moment, Zones};

/// One `VEVENT`.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub uid: String,
    /// Which of the times of a repeated event it is about.
    pub of: Option<Moment>,
    /// It is about all later times as well.
    pub and_later: bool,
    /// How often it was changed, and when last: the higher one counts.
    pub version: (i64, Option<Timestamp>),
    pub starts: Moment,
    pub lasts: Lasts,
    pub repeats: Repeats,
    pub until: Option<Until>,
    /// Single dates beside the rule, some of which say themselves how long they last.
    pub also: Vec<(Moment, Option<Lasts>)>,
    pub but: Exceptions,
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

/// Dates that an event leaves out.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions {
    days: BTreeSet<Date>,
    moments: BTreeSet<Timestamp>,
}

impl Exceptions {
    /// Tells whether a start is left out.
    pub fn hold(&self, moment: &Moment) -> bool {
        self.days.contains(&moment.at.date())
            || moment.timestamp().is_some_and(|at| self.moments.contains(&at))
    }

    fn add(&mut self, moment: &Moment) {
        if moment.is_day {
            self.days.insert(moment.at.date());
        } else {
            self.moments.extend(moment.timestamp());
        }
    }
}

/// Why a component is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// It does not say when it begins.
    NoStart,
    /// When it begins cannot be read, or which of the times of another one it is.
    Start,
    /// When it ends cannot be read.
    End,
}

impl Event {
    /// Makes an event of a component.
    pub fn read(
        component: &ICalendarComponent,
        zones: &mut Zones<'_>,
        categories: &[String],
        stand_in: u128,
    ) -> Result<Self, Odd> {
        let entry = |name: ICalendarProperty| component.entries.iter().find(|it| it.name == name);
        let uid = entry(ICalendarProperty::Uid).and_then(text);
        let first = |entry: Option<&ICalendarEntry>, zones: &mut Zones<'_>| {
            entry.map(|entry| Some(zones.moments(entry).into_iter().next()??.0))
        };
        let of_entry = entry(ICalendarProperty::RecurrenceId);
        let of = first(of_entry, zones).map(|of| of.ok_or(Odd::Start)).transpose()?;
        let starts = match first(entry(ICalendarProperty::Dtstart), zones) {
            Some(starts) => starts.ok_or(Odd::Start)?,
            None => of.clone().ok_or(Odd::NoStart)?,
        };
        let ends = first(entry(ICalendarProperty::Dtend), zones);
        let duration = entry(ICalendarProperty::Duration);
        let lasts = match (ends, duration) {
            (Some(ends), _) => {
                let ends = ends.filter(|ends| ends.is_day == starts.is_day).ok_or(Odd::End)?;
                Lasts::between(&starts, &ends).ok_or(Odd::End)?
            }
            (None, Some(duration)) => match duration.values.first() {
                Some(ICalendarValue::Duration(lasts)) => Lasts::written(lasts),
                _ => return Err(Odd::End),
            },
            (None, None) => Lasts::OnTheClock(SignedDuration::ZERO),
        };
        let rule = entry(ICalendarProperty::Rrule);
        let repeats = match rule.map(|rule| rule.values.first()) {
            None => Repeats::Not,
            Some(Some(ICalendarValue::RecurrenceRule(rule))) => Repeats::By(rule.clone()),
            Some(_) => Repeats::Oddly,
        };
        let all = |name: ICalendarProperty, zones: &mut Zones<'_>| -> Vec<_> {
            let entries = component.entries.iter().filter(|it| it.name == name);
            entries.flat_map(|entry| zones.moments(entry)).collect()
        };
        let stamp = first(entry(ICalendarProperty::LastModified), zones)
            .or_else(|| first(entry(ICalendarProperty::Dtstamp), zones))
            .flatten();
        let sequence = entry(ICalendarProperty::Sequence).and_then(|it| it.values.first());
        let sequence = sequence.and_then(ICalendarValue::as_integer).unwrap_or(0);
        let also = all(ICalendarProperty::Rdate, zones);
        let but = all(ICalendarProperty::Exdate, zones);
        zones.odd |= also.iter().chain(&but).any(Option::is_none);
        let mut exceptions = Exceptions::default();
        for (moment, _) in but.iter().flatten() {
            exceptions.add(moment);
        }
        let status = entry(ICalendarProperty::Status).and_then(|it| it.values.first());
        Ok(Self {
            uid: uid.map_or_else(|| format!("{stand_in:032x}"), str::to_owned),
            and_later: of_entry.is_some_and(|it| it.has_parameter(&ICalendarParameterName::Range)),
            of,
            version: (sequence, stamp.and_then(|stamp| stamp.timestamp())),
            lasts,
            until: match &repeats {
                Repeats::By(rule) => until(rule),
                Repeats::Not | Repeats::Oddly => None,
            },
            repeats,
            also: also.into_iter().flatten().filter(|(moment, _)| !moment.is_day).collect(),
            but: exceptions,
            cancelled: matches!(status, Some(ICalendarValue::Status(ICalendarStatus::Cancelled))),
            counts: counts(component, categories),
            starts,
        })
    }
}

/// Tells whether a component has one of the categories that count.
pub(super) fn counts(component: &ICalendarComponent, categories: &[String]) -> bool {
    let names = component.entries.iter().filter(|it| it.name == ICalendarProperty::Categories);
    let mut names = names.flat_map(|it| &it.values).filter_map(ICalendarValue::as_text);
    names.any(|name| {
        let name = name.trim().to_lowercase();
        categories.iter().any(|wanted| wanted.trim().to_lowercase() == name)
    })
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
