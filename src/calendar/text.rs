//! A file's text, taken apart into its calendars, their zones and their appointments, before a word of it is read.
//!
//! Only the lines that say when are handed on. So what an appointment is called is never read, what belongs to nothing here
//! costs nothing, and a file that somebody still writes is told by what it lacks at its end.

use std::{borrow::Cow, collections::BTreeMap};

use super::hash;

/// How deep components may lie in each other.
const DEPTH_AT_MOST: usize = 16;

/// How long one appointment's lines may be together, and those of a zone, in bytes.
const COMPONENT_AT_MOST: usize = 1 << 20;

/// What is read of an appointment.
const OF_EVENTS: &[&str] = &[
    "UID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "SEQUENCE",
    "STATUS",
    "CATEGORIES",
    "DTSTAMP",
    "LAST-MODIFIED",
];

/// What is read of a zone and of what it lays down.
const OF_ZONES: &[&str] = &[
    "TZID",
    "X-LIC-LOCATION",
    "X-MICROSOFT-CDO-TZID",
    "DTSTART",
    "RRULE",
    "TZOFFSETTO",
    "TZOFFSETFROM",
];

/// What holds moments.
const MOMENTS: &[&str] = &["DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"];

/// One `VCALENDAR`.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// Its method takes back what is in it.
    pub is_cancel: bool,
    /// The text of each zone, by its name.
    pub zones: BTreeMap<String, String>,
    pub events: Vec<Written>,
}

/// One `VEVENT` as it is written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The lines that say when, as a calendar of their own.
    pub text: String,
    /// What it is known by where it has no `UID`: made of its start and its name, which cannot be read back.
    pub stand_in: u128,
    /// A moment in it is none.
    pub is_odd: bool,
    pub is_too_long: bool,
}

/// Why nothing of a file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unused {
    /// Something that it begins does not end.
    Incomplete,
    /// It is something else.
    NoCalendar,
}

/// Takes a file apart.
pub(super) fn calendars(text: &str) -> Result<Vec<Calendar>, Unused> {
    let text = text.trim_start_matches('\u{feff}');
    // Whoever writes a file anew empties it first.
    if "BEGIN:VCALENDAR".starts_with(text.trim()) {
        return Err(Unused::Incomplete);
    }
    let mut parts = Parts::default();
    for line in lines(text) {
        parts.take(&line)?;
    }
    if parts.is_open() {
        return Err(Unused::Incomplete);
    }
    if parts.done.is_empty() { Err(Unused::NoCalendar) } else { Ok(parts.done) }
}

/// The lines, those that were folded in one: RFC 5545, section 3.1.
fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let mut line = Cow::Borrowed(lines.next()?);
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            line.to_mut().push_str(&more[1..]);
        }
        Some(line)
    })
}

#[derive(Debug, Default)]
struct Parts {
    /// What has begun and not ended.
    open: Vec<String>,
    calendar: Calendar,
    event: Option<Written>,
    /// The text of a zone, and its name.
    zone: Option<(String, Option<String>)>,
    done: Vec<Calendar>,
}

impl Parts {
    /// Tells whether something that is used has not ended.
    fn is_open(&self) -> bool {
        self.open.iter().any(|name| matches!(&**name, "VCALENDAR" | "VEVENT"))
    }

    fn take(&mut self, line: &str) -> Result<(), Unused> {
        let Some(end) = line.find([':', ';']) else { return Ok(()) };
        let name = line[..end].trim().to_ascii_uppercase();
        match &*name {
            "BEGIN" => self.begin(line[end + 1..].trim().to_ascii_uppercase()),
            "END" => self.end(&line[end + 1..].trim().to_ascii_uppercase()),
            _ => {
                self.property(&name, line);
                Ok(())
            }
        }
    }

    fn begin(&mut self, name: String) -> Result<(), Unused> {
        let is_again = self.event.is_some() && name == "VEVENT";
        if is_again || self.open.len() >= DEPTH_AT_MOST {
            return Err(Unused::Incomplete);
        }
        let within = self.open.last().is_some_and(|top| top == "VCALENDAR");
        match &*name {
            "VEVENT" if within => {
                let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n".to_owned();
                self.event = Some(Written { text, ..Written::default() });
            }
            "VTIMEZONE" if within => {
                self.zone = Some(("BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\n".to_owned(), None));
            }
            "STANDARD" | "DAYLIGHT" => {
                if let Some((zone, _)) = &mut self.zone {
                    push(zone, &format!("BEGIN:{name}"));
                }
            }
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Unused> {
        // What ends without having begun is passed over.
        let Some(at) = self.open.iter().rposition(|open| open == name) else { return Ok(()) };
        self.open.truncate(at + 1);
        self.open.pop();
        match name {
            "VEVENT" => {
                if let Some(mut event) = self.event.take() {
                    event.text.push_str("END:VEVENT\r\nEND:VCALENDAR\r\n");
                    self.calendar.events.push(event);
                }
            }
            "VTIMEZONE" => {
                if let Some((mut zone, Some(name))) = self.zone.take() {
                    zone.push_str("END:VTIMEZONE\r\nEND:VCALENDAR\r\n");
                    self.calendar.zones.insert(name, zone);
                }
            }
            "STANDARD" | "DAYLIGHT" => {
                if let Some((zone, _)) = &mut self.zone {
                    push(zone, &format!("END:{name}"));
                }
            }
            // An appointment in it has not ended.
            "VCALENDAR" if self.event.is_some() => return Err(Unused::Incomplete),
            "VCALENDAR" if !self.is_open() => self.done.push(std::mem::take(&mut self.calendar)),
            _ => {}
        }
        Ok(())
    }

    fn property(&mut self, name: &str, line: &str) {
        match self.open.last().map(|top| &**top) {
            Some("VCALENDAR") if name == "METHOD" => {
                self.calendar.is_cancel |= value(line).eq_ignore_ascii_case("CANCEL");
            }
            Some("VEVENT") => {
                if let Some(event) = &mut self.event {
                    event.property(name, line);
                }
            }
            Some("VTIMEZONE" | "STANDARD" | "DAYLIGHT") => {
                let Some((zone, its)) = &mut self.zone else { return };
                if name == "TZID" {
                    *its = Some(value(line).replace('\\', ""));
                }
                if OF_ZONES.contains(&name) && zone.len() + line.len() <= COMPONENT_AT_MOST {
                    push(zone, line);
                }
            }
            _ => {}
        }
    }
}

impl Written {
    fn property(&mut self, name: &str, line: &str) {
        if matches!(name, "DTSTART" | "SUMMARY") {
            let before = self.stand_in.to_be_bytes();
            self.stand_in = hash(before.into_iter().chain(line.bytes()));
        }
        if !OF_EVENTS.contains(&name) {
            return;
        }
        if self.text.len() + line.len() > COMPONENT_AT_MOST {
            self.is_too_long = true;
            return;
        }
        let is_odd = MOMENTS.contains(&name) && !value(line).split(',').all(is_moment);
        self.is_odd |= is_odd;
        if is_odd && !matches!(name, "RDATE" | "EXDATE") {
            // Without a value it still says that there is one.
            push(&mut self.text, &format!("{name}:"));
        } else {
            push(&mut self.text, line);
        }
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push_str("\r\n");
}

/// What stands after the first colon that is in no quotes.
fn value(line: &str) -> &str {
    let mut quoted = false;
    let colon = line.find(|letter| {
        quoted ^= letter == '"';
        letter == ':' && !quoted
    });
    colon.map_or("", |at| line[at + 1..].trim())
}

/// Tells a date, with or without a time and what follows a slash, from what was cut off or is written in another way.
fn is_moment(text: &str) -> bool {
    let text = text.trim();
    let text = text.split_once('/').map_or(text, |(begins, _)| begins);
    let Some((date, rest)) = text.split_at_checked(8) else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date) || rest.is_empty() {
        return digits(date);
    }
    let Some(time) = rest.strip_prefix(['T', 't']) else { return false };
    let (time, zone) = time.split_at(time.find(['Z', 'z', '+', '-']).unwrap_or(time.len()));
    let is_zone = match zone.strip_prefix(['+', '-']) {
        Some(offset) => offset.len() == 4 && digits(offset),
        None => zone.len() <= 1,
    };
    matches!(time.len(), 4 | 6) && digits(time) && is_zone
}
