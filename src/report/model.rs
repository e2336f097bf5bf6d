//! What a report holds: made from what is known, by what the person ticked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, Zoned, civil, tz::TimeZone};

use crate::{
    notes::{Content, Note, Words},
    screen_time::Hour,
};

/// What the time in apps of no group is called.
pub const OTHER: &str = "other";

/// What the time is called of which the desktop did not tell the app.
pub const NOT_KNOWN: &str = "not known";

/// The longest span, in days; a year and a half is more than anybody reads.
const DAYS_AT_MOST: usize = 5 * 366;

/// All that is known.
pub struct Facts<'a> {
    /// The zone in which days begin and end.
    pub zone: TimeZone,
    /// The first day.
    pub from: civil::Date,
    /// The last day, which is in it.
    pub to: civil::Date,
    /// The day on which it is made.
    pub made: civil::Date,
    /// The sessions that were logged: when they ended, and their labels.
    pub sessions: Vec<(Timestamp, Option<String>)>,
    /// Time at the screen, by the hour; none where it is not counted.
    pub hours: Option<Vec<Hour>>,
    /// The notes, with those of the sessions themselves.
    pub notes: Vec<Note>,
    /// The group an app is in.
    pub group_of: &'a dyn Fn(&str) -> Option<String>,
}

/// A part that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What the person called their sessions.
    Labels,
    /// How they felt.
    Mood,
    /// How long they slept.
    Sleep,
    /// Time at the screen.
    ScreenTime,
}

/// What the person ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is left out.
    pub left_out: BTreeSet<Part>,
    /// The ids of the notes whose words are in it.
    pub notes: BTreeSet<String>,
}

/// A report: everything in it is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The first day.
    pub from: civil::Date,
    /// The last day.
    pub to: civil::Date,
    /// The day on which it was made.
    pub made: civil::Date,
    /// Every day, also those on which nothing was.
    pub days: Vec<Day>,
    /// Whether time at the screen is in it.
    pub screen_time: bool,
    /// Seconds at the screen by the hour of the day, over all days.
    pub hours: [u64; 24],
    /// Time by group, the longest first.
    pub groups: Vec<Group>,
    /// The sessions, in order.
    pub sessions: Vec<Session>,
    /// The notes that were ticked, in order.
    pub notes: Vec<Said>,
    /// How many notes there are in the span.
    pub notes_in_all: usize,
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: civil::Date,
    /// Seconds at the screen.
    pub screen: u64,
    /// Seconds of quiet.
    pub quiet: u64,
    /// How many sessions ended on it.
    pub sessions: usize,
    /// The last mood that was noted.
    pub mood: Option<u8>,
    /// The last sleep that was noted, in minutes.
    pub sleep: Option<u16>,
    /// Seconds at the screen by group.
    pub groups: BTreeMap<String, u64>,
}

/// Time in the apps of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name; [`OTHER`] and [`NOT_KNOWN`] are none of the config's.
    pub name: String,
    /// Seconds.
    pub seconds: u64,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it ended.
    pub ended: Zoned,
    /// What the person called it, if that was ticked.
    pub label: Option<String>,
}

/// A note that was ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// When it was kept.
    pub at: Zoned,
    /// What it says.
    pub words: Words,
}

impl Report {
    /// Makes a report.
    pub fn new(facts: &Facts<'_>, choice: &Choice) -> Self {
        let here = |at: Timestamp| at.to_zoned(facts.zone.clone());
        let is_in = |at: Timestamp| (facts.from..=facts.to).contains(&here(at).date());
        let mut days: BTreeMap<civil::Date, Day> = facts
            .from
            .series(jiff::Span::new().days(1))
            .take_while(|date| *date <= facts.to)
            .take(DAYS_AT_MOST)
            .map(|date| (date, Day { date, ..Day::default() }))
            .collect();

        let screen_time = facts.hours.is_some() && !choice.left_out.contains(&Part::ScreenTime);
        let mut hours = [0; 24];
        let mut groups: BTreeMap<String, u64> = BTreeMap::new();
        for hour in facts.hours.as_deref().unwrap_or_default() {
            let at = here(hour.start);
            let Some(day) = days.get_mut(&at.date()) else { continue };
            // How long it was quiet is no screen time, and stays.
            day.quiet += u64::from(hour.quiet);
            if !screen_time {
                continue;
            }
            day.screen += u64::from(hour.seconds);
            hours[usize::from(at.hour().unsigned_abs()) % 24] += u64::from(hour.seconds);
            for (name, seconds) in by_group(hour, facts.group_of) {
                *day.groups.entry(name.clone()).or_default() += seconds;
                *groups.entry(name).or_default() += seconds;
            }
        }

        let mut sessions: Vec<Session> = Vec::new();
        for (ended, label) in facts.sessions.iter().filter(|session| is_in(session.0)) {
            let ended = here(*ended);
            if let Some(day) = days.get_mut(&ended.date()) {
                day.sessions += 1;
            }
            let label = label.clone().filter(|_| !choice.left_out.contains(&Part::Labels));
            sessions.push(Session { ended, label });
        }
        sessions.sort_by_key(|session| session.ended.timestamp());

        let mut kept: Vec<&Note> = facts.notes.iter().filter(|note| is_in(note.at)).collect();
        kept.sort_by_key(|note| note.at);
        let mut notes = Vec::new();
        for note in &kept {
            let Content::Open(words) = &note.content else { continue };
            let at = here(note.at);
            let words = Words {
                mood: words.mood.filter(|_| !choice.left_out.contains(&Part::Mood)),
                sleep: words.sleep.filter(|_| !choice.left_out.contains(&Part::Sleep)),
                ..words.clone()
            };
            if let Some(day) = days.get_mut(&at.date()) {
                day.mood = words.mood.or(day.mood);
                day.sleep = words.sleep.or(day.sleep);
            }
            if choice.notes.contains(&note.id) && !words.is_empty() {
                notes.push(Said { id: note.id.clone(), at, words });
            }
        }

        let mut groups: Vec<Group> =
            groups.into_iter().map(|(name, seconds)| Group { name, seconds }).collect();
        groups.sort_by(|a, b| (b.seconds, &a.name).cmp(&(a.seconds, &b.name)));
        Self {
            from: facts.from,
            to: facts.to,
            made: facts.made,
            days: days.into_values().collect(),
            screen_time,
            hours,
            groups,
            sessions,
            notes,
            notes_in_all: kept.len(),
        }
    }

    /// Seconds at the screen on all days.
    pub fn screen(&self) -> u64 {
        self.days.iter().map(|day| day.screen).sum()
    }

    /// Seconds of quiet on all days.
    pub fn quiet(&self) -> u64 {
        self.days.iter().map(|day| day.quiet).sum()
    }

    /// On how many days something is so.
    pub fn days_with(&self, is: impl Fn(&Day) -> bool) -> usize {
        self.days.iter().filter(|day| is(day)).count()
    }

    /// The questions of the notes that were ticked, each once.
    pub fn questions(&self) -> Vec<&str> {
        let mut once = BTreeSet::new();
        let asks = self.notes.iter().filter_map(|note| note.words.ask.as_deref());
        asks.filter(|ask| once.insert(*ask)).collect()
    }
}

/// The seconds of an hour by group; each app counts once, and what no app is known of is told as that.
fn by_group(
    hour: &Hour,
    group_of: &dyn Fn(&str) -> Option<String>,
) -> impl Iterator<Item = (String, u64)> {
    let mut groups: BTreeMap<String, u64> = BTreeMap::new();
    let mut known = 0;
    for (app, seconds) in &hour.apps {
        let name = group_of(app).unwrap_or_else(|| OTHER.to_owned());
        *groups.entry(name).or_default() += u64::from(*seconds);
        known += u64::from(*seconds);
    }
    let left = u64::from(hour.seconds).saturating_sub(known);
    if left > 0 {
        *groups.entry(NOT_KNOWN.to_owned()).or_default() += left;
    }
    groups.into_iter()
}
