//! What a report holds: made from what is known, by what the person ticked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned, civil, tz::TimeZone};

use super::days;
use crate::{
    notes::{Content, Note, Words, clean},
    screen_time::Hour,
};

/// What the time in apps of no group is called.
pub const OTHER: &str = "other";

/// What the time is called of which the desktop did not tell the app.
pub const NOT_KNOWN: &str = "not known";

/// The longest span, in years.
pub const YEARS_AT_MOST: i16 = 5;

/// The first day of the longest report that ends on a day.
pub fn earliest(to: civil::Date) -> civil::Date {
    to.checked_sub(YEARS_AT_MOST.years()).and_then(civil::Date::tomorrow).unwrap_or(to)
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Nothing is counted here.
    No,
    /// Quiet time, and time at the screen where the desktop tells of it.
    Yes {
        /// By the hour.
        hours: Vec<Hour>,
        /// For how long it is kept, if that is known.
        kept: Option<SignedDuration>,
    },
}

impl Counted {
    pub(super) fn hours(&self) -> &[Hour] {
        match self {
            Self::No => &[],
            Self::Yes { hours, .. } => hours,
        }
    }
}

/// All that is known.
#[derive(Clone)]
pub struct Facts<'a> {
    /// The zone in which days begin and end.
    pub zone: TimeZone,
    /// The first day, not before [`earliest`].
    pub from: civil::Date,
    /// The last day, which is in it.
    pub to: civil::Date,
    /// The day on which it is made.
    pub made: civil::Date,
    /// The sessions that were logged: when they ended, and their labels.
    pub sessions: Vec<(Timestamp, Option<String>)>,
    /// Quiet time and time at the screen.
    pub counted: Counted,
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
    /// Whose sleep and mood are in it.
    pub noted: Noted,
}

/// Whose sleep and mood are in a report, where they are not left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Noted {
    /// Those of all notes.
    #[default]
    All,
    /// Those of the notes whose words are in it.
    Ticked,
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
    /// Whether time at the screen is in it, as far as it is known.
    pub screen_time: bool,
    /// Whether anything is counted here.
    pub is_counted: bool,
    /// For how long counts are kept, where some of the days are older.
    pub kept: Option<SignedDuration>,
    /// Seconds at the screen by the hour of the day, over all days.
    pub hours: [u64; 24],
    /// Time by group, the longest first.
    pub groups: Vec<Group>,
    /// The sessions, in order.
    pub sessions: Vec<Session>,
    /// The notes that were ticked, in order.
    pub notes: Vec<Said>,
    /// How many notes with words there are in the span that can be read.
    pub notes_in_all: usize,
    /// How many notes in the span are sealed, and cannot be read.
    pub sealed: usize,
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: civil::Date,
    /// Seconds at the screen by the hour of the day; none where they are not known.
    pub hours: Option<[u64; 24]>,
    /// Seconds of quiet; none where they are not known.
    pub quiet: Option<u64>,
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
        let screen_time = !choice.left_out.contains(&Part::ScreenTime);
        let mut days: BTreeMap<civil::Date, Day> =
            days::counted(facts, screen_time).map(|day| (day.date, day)).collect();

        let mut sessions: Vec<Session> = Vec::new();
        for (ended, label) in facts.sessions.iter().filter(|session| is_in(session.0)) {
            let ended = here(*ended);
            if let Some(day) = days.get_mut(&ended.date()) {
                day.sessions += 1;
            }
            let label = label.as_deref().filter(|_| !choice.left_out.contains(&Part::Labels));
            let label = label.and_then(readable).map(|label| label.replace('\n', " "));
            sessions.push(Session { ended, label });
        }
        sessions.sort_by_key(|session| session.ended.timestamp());

        let mut kept: Vec<&Note> = facts.notes.iter().filter(|note| is_in(note.at)).collect();
        kept.sort_by_key(|note| note.at);
        let (mut notes, mut notes_in_all, mut sealed) = (Vec::new(), 0, 0);
        for note in kept {
            let Content::Open(words) = &note.content else {
                sealed += 1;
                continue;
            };
            let at = here(note.at);
            let ticked = choice.notes.contains(&note.id);
            let counts = ticked || choice.noted == Noted::All;
            let words = Words {
                mood: words.mood.filter(|_| counts && !choice.left_out.contains(&Part::Mood)),
                sleep: words.sleep.filter(|_| counts && !choice.left_out.contains(&Part::Sleep)),
                text: words.text.as_deref().and_then(readable),
                ask: words.ask.as_deref().and_then(readable),
            };
            notes_in_all += usize::from(words.has_text());
            if let Some(day) = days.get_mut(&at.date()) {
                day.mood = words.mood.or(day.mood);
                day.sleep = words.sleep.or(day.sleep);
            }
            if ticked && !words.is_empty() {
                notes.push(Said { id: note.id.clone(), at, words });
            }
        }

        let mut hours = [0; 24];
        let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
        for day in days.values() {
            let counted = day.hours.iter().flatten();
            hours.iter_mut().zip(counted).for_each(|(sum, seconds)| *sum += seconds);
            for (name, seconds) in &day.groups {
                *groups.entry(name).or_default() += seconds;
            }
        }
        let mut groups: Vec<Group> = groups
            .into_iter()
            .map(|(name, seconds)| Group { name: name.to_owned(), seconds })
            .collect();
        groups.sort_by(|a, b| (b.seconds, &a.name).cmp(&(a.seconds, &b.name)));
        Self {
            from: facts.from,
            to: facts.to,
            made: facts.made,
            days: days.into_values().collect(),
            screen_time,
            is_counted: facts.counted != Counted::No,
            kept: days::kept_less(facts),
            hours,
            groups,
            sessions,
            notes,
            notes_in_all,
            sealed,
        }
    }

    /// Seconds at the screen on all days; none where they are not known of any.
    pub fn screen(&self) -> Option<u64> {
        self.days.iter().filter_map(Day::screen).reduce(|sum, more| sum + more)
    }

    /// Seconds of quiet on all days; none where they are not known of any.
    pub fn quiet(&self) -> Option<u64> {
        self.days.iter().filter_map(|day| day.quiet).reduce(|sum, more| sum + more)
    }

    /// On how many days something is so.
    pub fn days_with(&self, is: impl Fn(&Day) -> bool) -> usize {
        self.days.iter().filter(|day| is(day)).count()
    }

    /// The first day of which something is known.
    pub fn known_from<T>(&self, what: impl Fn(&Day) -> Option<T>) -> Option<civil::Date> {
        self.days.iter().find(|day| what(day).is_some()).map(|day| day.date)
    }

    /// How many of its notes have words.
    pub fn notes_with_text(&self) -> usize {
        self.notes.iter().filter(|note| note.words.has_text()).count()
    }

    /// The questions of the notes that were ticked, each once.
    pub fn questions(&self) -> Vec<&str> {
        let mut once = BTreeSet::new();
        let asks = self.notes.iter().filter_map(|note| note.words.ask.as_deref());
        asks.filter(|ask| once.insert(*ask)).collect()
    }
}

impl Day {
    /// Seconds at the screen; none where they are not known.
    pub fn screen(&self) -> Option<u64> {
        self.hours.map(|hours| hours.iter().sum())
    }

    /// Whether there is anything to tell of it.
    pub fn has_something(&self) -> bool {
        let counted = self.screen().unwrap_or(0) + self.quiet.unwrap_or(0);
        counted > 0 || self.mood.is_some() || self.sleep.is_some() || self.sessions > 0
    }
}

/// Text without what steers programs: a log can come from another machine. None where nothing is left.
fn readable(text: &str) -> Option<String> {
    clean("The text", text, usize::MAX).ok().flatten()
}
