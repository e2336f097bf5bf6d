//! What all files of a calendar say together.

use std::collections::{BTreeMap, BTreeSet};

use calcard::{Entry, Parser, icalendar::ICalendarComponentType};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{
    AHEAD, Answer, BEHIND, PLANNED_AT_MOST, Planned, Problem, Told,
    event::{self, Event, Odd, Repeats},
    hash,
    moment::{Lasts, Moment, Zones},
    repeat::{self, Start, Why},
    text::{self, Calendar, Unused, Written},
};

/// How many events of a file are read, and how many are kept in all.
const EVENTS_OF_A_FILE: usize = 30_000;
const EVENTS_AT_MOST: usize = 200_000;

/// How many days and dates are looked at for one rule, for those of one file, and in all.
const STEPS_OF_A_RULE: u64 = 500_000;
const STEPS_OF_A_FILE: u64 = 3_000_000;
const STEPS_AT_MOST: u64 = 20_000_000;

/// Texts that are read one after the other.
#[derive(Debug)]
pub struct Reading {
    categories: Vec<String>,
    now: Timestamp,
    zone: TimeZone,
    /// By what they are called, and by which of their times they are about.
    events: BTreeMap<String, Versions>,
    count: usize,
    problems: BTreeSet<Problem>,
    incomplete: BTreeSet<String>,
    planned: BTreeMap<String, (Timestamp, String)>,
}

/// What all files say of one event: of it as a whole, and of single times of it.
type Versions = BTreeMap<Option<Timestamp>, (Box<Event>, String)>;

/// What may still be looked at, in all and by file.
#[derive(Debug)]
struct Steps {
    left: u64,
    of_files: BTreeMap<String, u64>,
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
            incomplete: BTreeSet::new(),
            planned: BTreeMap::new(),
        }
    }

    /// Notes that something could not be read.
    pub fn problem(&mut self, file: &str, text: &str) {
        self.problems.insert(Problem { file: file.to_owned(), text: text.to_owned() });
    }

    /// Reads one file.
    pub fn add(&mut self, file: &str, text: &str) {
        match text::calendars(text) {
            Ok(calendars) => {
                let mut left = EVENTS_OF_A_FILE;
                for calendar in calendars {
                    self.add_calendar(file, &calendar, &mut left);
                }
            }
            Err(Unused::Incomplete) => {
                self.incomplete.insert(file.to_owned());
                self.problem(
                    file,
                    "A file of the calendar is incomplete; it is not used until all of it is there.",
                );
            }
            Err(Unused::NoCalendar) => {
                self.problem(file, "A file of the calendar holds no calendar; it was passed over.");
            }
        }
    }

    fn add_calendar(&mut self, file: &str, calendar: &Calendar, left: &mut usize) {
        let here = self.zone.clone();
        let mut zones = Zones::new(&calendar.zones, &here);
        for written in &calendar.events {
            if *left == 0 || self.count >= EVENTS_AT_MOST {
                let text =
                    "A file of the calendar has too many events; the rest of it is not read.";
                self.problem(file, text);
                return;
            }
            *left -= 1;
            (zones.unknown, zones.odd) = (false, false);
            self.add_event(file, written, calendar.is_cancel, &mut zones);
        }
    }

    fn add_event(
        &mut self,
        file: &str,
        written: &Written,
        is_cancelled: bool,
        zones: &mut Zones<'_>,
    ) {
        let Entry::ICalendar(parsed) = Parser::new(&written.text).entry() else { return };
        let mut components = parsed.components.iter();
        let event = components.find(|it| it.component_type == ICalendarComponentType::VEvent);
        let Some(component) = event else { return };
        let counts = event::counts(component, &self.categories);
        if written.is_too_long {
            self.problem(file, "An appointment is longer than 1 MiB; it is left out.");
            return;
        }
        match Event::read(component, zones, &self.categories, written.stand_in) {
            Ok(mut event) => {
                event.cancelled |= is_cancelled;
                if counts && (written.is_odd || zones.odd) {
                    self.problem(
                        file,
                        "A date of a repeated appointment cannot be read; it was passed over.",
                    );
                }
                if counts && zones.unknown {
                    self.problem(
                        file,
                        "An appointment has a time zone that nobody knows; it is taken as the time here.",
                    );
                }
                self.keep(file, event);
            }
            Err(odd) if counts => self.problem(file, said_of(odd)),
            Err(_) => {}
        }
    }

    /// Keeps an event where no later version of it is known.
    fn keep(&mut self, file: &str, event: Event) {
        let of = event.of.as_ref().and_then(Moment::timestamp);
        let versions = self.events.entry(event.uid.clone()).or_default();
        match versions.get(&of) {
            Some((known, _)) if known.version >= event.version => {}
            known => {
                self.count += usize::from(known.is_none());
                versions.insert(of, (Box::new(event), file.to_owned()));
            }
        }
    }

    /// What they come to.
    pub fn finish(self) -> Answer {
        self.told().answer
    }

    /// What they come to, and from which file each of it is.
    pub fn told(mut self) -> Told {
        let from = self.now.saturating_sub(BEHIND).unwrap_or(Timestamp::MIN);
        let up_to = self.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        // What lies further behind was not moved to the days that matter.
        let window = (from.saturating_sub(AHEAD).unwrap_or(Timestamp::MIN), up_to);
        let mut steps = Steps { left: STEPS_AT_MOST, of_files: BTreeMap::new() };
        for (uid, versions) in std::mem::take(&mut self.events) {
            self.plan_all(&uid, versions, window, &mut steps);
        }
        let mut planned: Vec<(Planned, String)> = std::mem::take(&mut self.planned)
            .into_iter()
            .filter(|(_, (ends, _))| from <= *ends && *ends <= up_to)
            .map(|(id, (ends, file))| (Planned { id, ends }, file))
            .collect();
        // Where there are too many, what is past is of least use.
        planned.sort_by(|(a, _), (b, _)| {
            (a.ends < self.now, a.ends, &a.id).cmp(&(b.ends < self.now, b.ends, &b.id))
        });
        if planned.len() > PLANNED_AT_MOST {
            planned.truncate(PLANNED_AT_MOST);
            self.problem(
                "",
                "The calendar plans more than 500 sessions in 60 days; the nearest are taken.",
            );
        }
        let files = planned.iter().map(|(it, file)| (it.id.clone(), file.clone())).collect();
        let planned = planned.into_iter().map(|(planned, _)| planned).collect();
        let problems = self.problems.into_iter().collect();
        let mut answer = Answer { planned, problems };
        answer.sort();
        Told { answer, files, incomplete: self.incomplete }
    }

    /// Plans all times of an event.
    fn plan_all(
        &mut self,
        uid: &str,
        mut versions: Versions,
        window: (Timestamp, Timestamp),
        steps: &mut Steps,
    ) {
        let master = versions.remove(&None);
        let any_counts = versions.values().chain(&master).any(|(event, _)| event.counts);
        if !any_counts || master.as_ref().is_some_and(|(event, _)| event.cancelled) {
            return;
        }
        let Some((master, file)) = master else {
            for (event, file) in versions.into_values() {
                let key = event.of.as_ref().and_then(Moment::key);
                self.plan(uid, key.as_deref(), &event, &event.starts, event.lasts, &file);
            }
            return;
        };
        if matches!(master.repeats, Repeats::Not) && master.also.is_empty() {
            self.plan(uid, None, &master, &master.starts, master.lasts, &file);
            return;
        }
        let of_file = steps.of_files.entry(file.clone()).or_insert(STEPS_OF_A_FILE);
        let may = STEPS_OF_A_RULE.min(*of_file).min(steps.left);
        let mut left = may;
        let (starts, why) = repeat::starts(&master, window, &mut left);
        *of_file -= may - left;
        steps.left -= may - left;
        match why {
            Some(Why::TooMuch) if may < STEPS_OF_A_RULE => {
                let text = "A file of the calendar repeats too much; some of it is not followed.";
                self.problem(&file, text);
                return;
            }
            Some(why) => self.problem(&file, said(why)),
            None => {}
        }
        let of_days: BTreeMap<Date, &Event> = (versions.values())
            .filter_map(|(event, _)| {
                let of = event.of.as_ref().filter(|of| of.is_day)?;
                Some((of.at.date(), &**event))
            })
            .collect();
        for start in starts {
            let Some(at) = start.moment.timestamp() else { continue };
            let key = start.moment.key();
            if let Some(event) = of_days.get(&start.moment.at.date()) {
                self.plan(uid, key.as_deref(), event, &event.starts, event.lasts, &file);
                continue;
            }
            let (event, moment, lasts) = version_at(&master, &versions, at, start);
            self.plan(uid, key.as_deref(), event, &moment, lasts, &file);
        }
    }

    fn plan(
        &mut self,
        uid: &str,
        key: Option<&str>,
        event: &Event,
        start: &Moment,
        lasts: Lasts,
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
        if let Some(ends) = lasts.end(start) {
            self.planned.insert(hashed(uid, key), (ends, file.to_owned()));
        }
    }
}

/// What one of the times of an event has become.
fn version_at<'e>(
    master: &'e Event,
    versions: &'e Versions,
    at: Timestamp,
    start: Start,
) -> (&'e Event, Moment, Lasts) {
    if let Some((event, _)) = versions.get(&Some(at)) {
        return (event, event.starts.clone(), event.lasts);
    }
    let lasts = start.lasts.unwrap_or(master.lasts);
    let mut before = versions.range(..=Some(at)).rev().map(|(_, (event, _))| &**event);
    let Some(event) = before.find(|event| event.and_later) else {
        return (master, start.moment, lasts);
    };
    let shift =
        event.of.as_ref().map_or(SignedDuration::ZERO, |of| event.starts.at.duration_since(of.at));
    let moved = start.moment.at.checked_add(shift);
    let moved = moved.map_or_else(|_| start.moment.clone(), |at| event.starts.with(at));
    (event, moved, event.lasts)
}

fn said(why: Why) -> &'static str {
    match why {
        Why::Odd => "How an appointment repeats cannot be read; only its first time is planned.",
        Why::ByTheHour => {
            "An appointment repeats by the hour, which is not followed; only its first time is planned."
        }
        Why::TooMuch => {
            "An appointment repeats too much to be followed; only its first time is planned."
        }
    }
}

/// What the ids of planned sessions begin with.
pub(super) const PREFIX: &str = "cal-";

fn said_of(odd: Odd) -> &'static str {
    match odd {
        Odd::NoStart => "An appointment does not say when it begins; it is left out.",
        Odd::Start => "When an appointment begins cannot be read; it is left out.",
        Odd::End => "When an appointment ends cannot be read; it is left out.",
    }
}

/// An id that every machine gives the same appointment.
pub(super) fn hashed(uid: &str, key: Option<&str>) -> String {
    let hash = hash(uid.bytes().chain([0]).chain(key.unwrap_or_default().bytes()));
    format!("{PREFIX}{hash:032x}")
}
