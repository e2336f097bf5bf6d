//! What all files of a calendar say together.

use std::collections::{BTreeMap, BTreeSet};

use calcard::{
    Entry, Parser,
    icalendar::{
        ICalendar, ICalendarComponentType, ICalendarMethod, ICalendarProperty, ICalendarValue,
    },
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    AHEAD, Answer, BEHIND, PLANNED_AT_MOST, Planned, Problem,
    event::{Event, Repeats},
    moment::{Moment, Zones},
    repeat::{self, Why},
};

/// How many events are kept while reading.
const EVENTS_AT_MOST: usize = 100_000;

/// How many dates of rules are followed in all.
const DATES_AT_MOST: usize = 400_000;

/// Texts that are read one after the other.
#[derive(Debug)]
pub struct Reading {
    categories: Vec<String>,
    now: Timestamp,
    zone: TimeZone,
    /// By what they are called, and by which of their times they are about.
    events: BTreeMap<String, BTreeMap<Option<Timestamp>, (Event, String)>>,
    count: usize,
    problems: BTreeSet<Problem>,
}

impl Reading {
    /// Begins with nothing read.
    pub fn new(categories: &[String], now: Timestamp, zone: TimeZone) -> Self {
        Self {
            categories: categories.to_vec(),
            now,
            zone,
            events: BTreeMap::new(),
            count: 0,
            problems: BTreeSet::new(),
        }
    }

    /// Notes that something could not be read.
    pub fn problem(&mut self, file: &str, text: &str) {
        self.problems.insert(Problem { file: file.to_owned(), text: text.to_owned() });
    }

    /// Reads one file.
    pub fn add(&mut self, file: &str, text: &str) {
        let mut parser = Parser::new(text);
        let mut is_calendar = false;
        loop {
            match parser.entry() {
                Entry::ICalendar(calendar) => {
                    is_calendar = true;
                    self.add_calendar(file, &calendar);
                }
                Entry::Eof => break,
                Entry::UnterminatedComponent(_) | Entry::TooManyComponents => {
                    is_calendar = true;
                    self.problem(
                        file,
                        "A file of the calendar ends in the middle; its last part is not read.",
                    );
                    break;
                }
                // Other things that a file may hold.
                _ => {}
            }
        }
        if !is_calendar {
            self.problem(file, "A file of the calendar holds no calendar; it was passed over.");
        }
    }

    fn add_calendar(&mut self, file: &str, calendar: &ICalendar) {
        let here = self.zone.clone();
        let mut zones = Zones::new(calendar, &here);
        let method = calendar.components.first().and_then(|top| {
            let method = top.entries.iter().find(|it| it.name == ICalendarProperty::Method)?;
            method.values.first()
        });
        let is_cancel = matches!(method, Some(ICalendarValue::Method(ICalendarMethod::Cancel)));
        let mut unknown = false;
        for component in &calendar.components {
            if component.component_type != ICalendarComponentType::VEvent {
                continue;
            }
            zones.unknown = false;
            let Some(mut event) = Event::read(component, &mut zones, &self.categories) else {
                continue;
            };
            event.cancelled |= is_cancel;
            unknown |= zones.unknown && event.counts;
            self.keep(file, event);
        }
        if unknown {
            self.problem(
                file,
                "An appointment has a time zone that nobody knows; it is taken as the time here.",
            );
        }
    }

    /// Keeps an event where no later version of it is known.
    fn keep(&mut self, file: &str, event: Event) {
        let of = event.of.as_ref().and_then(Moment::timestamp);
        if self.count >= EVENTS_AT_MOST {
            self.problem(file, "The calendar has too many events; the rest is not read.");
            return;
        }
        let versions = self.events.entry(event.uid.clone()).or_default();
        match versions.get(&of) {
            Some((known, _)) if known.version >= event.version => {}
            known => {
                self.count += usize::from(known.is_none());
                versions.insert(of, (event, file.to_owned()));
            }
        }
    }

    /// What they come to.
    pub fn finish(mut self) -> Answer {
        let from = self.now.saturating_sub(BEHIND).unwrap_or(Timestamp::MIN);
        let up_to = self.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        let mut planned: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut followed = 0;
        for (uid, mut versions) in std::mem::take(&mut self.events) {
            let master = versions.remove(&None);
            let any_counts = versions.values().chain(&master).any(|(event, _)| event.counts);
            if !any_counts || master.as_ref().is_some_and(|(event, _)| event.cancelled) {
                continue;
            }
            let Some((master, file)) = master else {
                for (event, file) in versions.into_values() {
                    let key = event.of.as_ref().and_then(Moment::key);
                    self.plan(&mut planned, &uid, key.as_deref(), &event, &event.starts, &file);
                }
                continue;
            };
            if matches!(master.repeats, Repeats::Not) && master.also.is_empty() {
                self.plan(&mut planned, &uid, None, &master, &master.starts, &file);
                continue;
            }
            if followed >= DATES_AT_MOST {
                self.problem(&file, "The calendar repeats too much; some of it is not followed.");
                break;
            }
            let (starts, why) = repeat::starts(&master, up_to);
            followed += starts.len();
            if let Some(why) = why {
                self.problem(&file, said(why));
            }
            for start in starts {
                let Some(at) = start.timestamp() else { continue };
                // What lies far behind was not moved to the days that matter.
                let recent = at >= from.saturating_sub(AHEAD).unwrap_or(Timestamp::MIN);
                if !recent {
                    continue;
                }
                let key = start.key();
                let (event, start) = version_at(&master, &versions, at, start);
                self.plan(&mut planned, &uid, key.as_deref(), event, &start, &file);
            }
        }
        planned.retain(|_, ends| from <= *ends && *ends <= up_to);
        let mut planned: Vec<Planned> =
            planned.into_iter().map(|(id, ends)| Planned { id, ends }).collect();
        // Where there are too many, what is past is of least use.
        planned.sort_by(|a, b| {
            (a.ends < self.now, a.ends, &a.id).cmp(&(b.ends < self.now, b.ends, &b.id))
        });
        if planned.len() > PLANNED_AT_MOST {
            planned.truncate(PLANNED_AT_MOST);
            self.problem(
                "",
                "The calendar plans more than 500 sessions in 60 days; the nearest are taken.",
            );
        }
        planned.sort_by(|a, b| (a.ends, &a.id).cmp(&(b.ends, &b.id)));
        Answer { planned, problems: self.problems.into_iter().collect() }
    }

    fn plan(
        &mut self,
        planned: &mut BTreeMap<String, Timestamp>,
        uid: &str,
        key: Option<&str>,
        event: &Event,
        start: &Moment,
        file: &str,
    ) {
        if !event.counts || event.cancelled {
            return;
        }
        if start.is_day {
            self.problem(
                file,
                "An appointment lasts whole days, so it has no end to count from; it is left out.",
            );
            return;
        }
        let ends = start.at.checked_add(event.lasts).ok().and_then(|at| start.with(at).timestamp());
        if let Some(ends) = ends {
            planned.insert(hashed(uid, key), ends);
        }
    }
}

/// What one of the times of an event has become.
fn version_at<'e>(
    master: &'e Event,
    versions: &'e BTreeMap<Option<Timestamp>, (Event, String)>,
    at: Timestamp,
    start: Moment,
) -> (&'e Event, Moment) {
    if let Some((event, _)) = versions.get(&Some(at)) {
        return (event, event.starts.clone());
    }
    let mut before = versions.range(..=Some(at)).rev().map(|(_, (event, _))| event);
    let Some(event) = before.find(|event| event.and_later) else { return (master, start) };
    let shift =
        event.of.as_ref().map_or(SignedDuration::ZERO, |of| event.starts.at.duration_since(of.at));
    let moved =
        start.at.checked_add(shift).map_or_else(|_| start.clone(), |at| event.starts.with(at));
    (event, moved)
}

fn said(why: Why) -> &'static str {
    match why {
        Why::Odd => "How an appointment repeats cannot be read; only its first time is planned.",
        Why::TooOften => {
            "An appointment repeats more than once a day; only its first time is planned."
        }
        Why::TooMany => {
            "An appointment repeats since too long to be followed; later times of it are not planned."
        }
    }
}

/// What the ids of planned sessions begin with.
pub(super) const PREFIX: &str = "cal-";

/// An id that every machine gives the same appointment: FNV-1a of 128 bits, of which nothing can be read back.
pub(super) fn hashed(uid: &str, key: Option<&str>) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let bytes = uid.bytes().chain([0]).chain(key.unwrap_or_default().bytes());
    let hash = bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    format!("{PREFIX}{hash:032x}")
}
