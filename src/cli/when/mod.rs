//! Moments as people write them: `14:30`, `2h ago`, `yesterday 16:00`, `2026-11-20 14:30`.
//!
//! Pure: what it is now comes in as a value.

use jiff::{
    SignedDuration, Timestamp, ToSpan as _, Zoned,
    civil::{self, Weekday},
    tz::AmbiguousOffset,
};

use super::CommandError;
use crate::config::parse_duration;

mod ahead;

pub use ahead::moved_to;

/// A time of day without a day means the past, but for what is about to come.
const ABOUT_TO_COME: SignedDuration = SignedDuration::from_hours(1);

/// How far ahead the end of a session may be logged.
const AHEAD_AT_MOST: SignedDuration = SignedDuration::from_hours(24);

/// How long ago a session may have ended: longer is a slip of the finger.
const AGO_AT_MOST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// What to do when a moment was not understood.
const EXAMPLES: &str = "Write it like 14:30, \"2h ago\" or \"yesterday 16:00\".";

/// What to do when a day was not understood.
const DAYS: &str = "Write it like 2026-10-31, yesterday, monday or \"3 days ago\".";

/// Reads when a session ended, and refuses what cannot be meant.
pub fn session_end(text: &str, now: &Zoned) -> Result<Timestamp, CommandError> {
    let ended = moment(text, now)?;
    let ahead = ended.duration_since(now.timestamp());
    if ahead > AHEAD_AT_MOST {
        return Err(CommandError::usage(format!(
            "«{text}» is {}, more than a day ahead. Nothing was logged.",
            in_full(ended, now)
        ))
        .hint("Log a session when it has ended, or up to a day before."));
    }
    if -ahead > AGO_AT_MOST {
        return Err(CommandError::usage(format!(
            "«{text}» is {}, more than ten years ago. Nothing was logged.",
            in_full(ended, now)
        ))
        .hint(EXAMPLES));
    }
    Ok(ended)
}

/// Reads a moment.
pub fn moment(text: &str, now: &Zoned) -> Result<Timestamp, CommandError> {
    read(text, now, |day, time| day.at(time, now)).ok_or_else(|| not_read(text, "a time", EXAMPLES))
}

/// That something is not what it was to be; where it is a length, one that it may be.
fn not_read(text: &str, what: &str, examples: &str) -> CommandError {
    let error = CommandError::usage(format!("«{text}» is not {what} that can be read."));
    match length_alone(text) {
        Some(length) => error.hint(format!("Is \"{length} ago\" meant?")),
        None => error.hint(examples),
    }
}

fn not_a_time(text: &str) -> CommandError {
    CommandError::usage(format!("«{text}» is not a time that can be read."))
}

/// A length where a moment belongs.
fn length_alone(text: &str) -> Option<String> {
    let small = small(text);
    (length_of(&small).is_some() && !small.contains(':')).then_some(small)
}

fn small(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Reads a moment in any way that it can be written; `find` finds that of a day and a time.
fn read(
    text: &str,
    now: &Zoned,
    find: impl FnOnce(Day, civil::Time) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let small = small(text);
    if let Some(length) = small.strip_suffix(" ago") {
        return now.timestamp().checked_sub(length_of(length)?).ok();
    }
    if let Some(length) = small.strip_prefix("in ") {
        return now.timestamp().checked_add(length_of(length)?).ok();
    }
    if matches!(&*small, "now" | "just now") {
        return Some(now.timestamp());
    }
    let whole = iso(text.trim()).or_else(|| date_time(text.trim(), now));
    whole.or_else(|| words(&small).and_then(|(day, time)| find(day, time)))
}

/// Reads a day: `2026-11-01`, `today`, `monday` (the last one), or the day of a moment.
pub fn day(text: &str, now: &Zoned) -> Result<civil::Date, CommandError> {
    let small = text.trim().to_lowercase();
    let named = match Day::read(&small) {
        Some(Day::Ahead(days)) => now.date().checked_add(days.days()).ok(),
        Some(Day::Named(weekday)) => {
            now.date().tomorrow().ok().and_then(|tomorrow| tomorrow.nth_weekday(-1, weekday).ok())
        }
        _ => small.parse().ok(),
    };
    match named {
        Some(date) => Ok(date),
        None => moment(text, now)
            .map(|at| at.to_zoned(now.time_zone().clone()).date())
            .map_err(|_| not_read(text, "a day", DAYS)),
    }
}

/// Reads since when: the begin of a day, where a day is all that is said, or a moment.
pub fn begin(text: &str, now: &Zoned) -> Result<Timestamp, CommandError> {
    let small = text.trim().to_lowercase();
    if Day::read(&small).is_none() && small.parse::<civil::Date>().is_err() {
        return moment(text, now).map_err(|_| not_read(text, "a day", DAYS));
    }
    begin_of(day(text, now)?, now)
}

/// When a day begins in the zone of now; where clocks skip midnight, at the first moment after.
pub fn begin_of(day: civil::Date, now: &Zoned) -> Result<Timestamp, CommandError> {
    day.to_zoned(now.time_zone().clone())
        .map(|begin| begin.timestamp())
        .map_err(|_| CommandError::usage(format!("{day} is later than the calendar goes.")))
}

/// `2h`, `90 minutes`, `an hour`, `half an hour`.
fn length_of(text: &str) -> Option<SignedDuration> {
    if text == "half an hour" {
        return Some(SignedDuration::from_mins(30));
    }
    let counted = ["an ", "a "].iter().find_map(|article| text.strip_prefix(article));
    match counted {
        Some(unit) => parse_duration(&format!("1 {unit}")).ok(),
        None => parse_duration(text).ok().filter(SignedDuration::is_positive),
    }
}

/// A whole moment as RFC 9557 or RFC 3339 writes it.
fn iso(text: &str) -> Option<Timestamp> {
    if text.contains('[') {
        text.parse::<Zoned>().map(|zoned| zoned.timestamp()).ok()
    } else {
        text.parse::<Timestamp>().ok()
    }
}

/// `2026-11-20 14:30` or `2026-11-20T14:30`, in the zone of now.
fn date_time(text: &str, now: &Zoned) -> Option<Timestamp> {
    let (date, of_day) = text.split_once([' ', 'T', 't'])?;
    at(date.parse().ok()?, time_of_day(of_day.trim())?, now)
}

/// `14:30`, `yesterday 16:00`, `18:00 on monday`.
fn words(text: &str) -> Option<(Day, civil::Time)> {
    let words: Vec<&str> = text.split(' ').filter(|word| !matches!(*word, "at" | "on")).collect();
    let (first, last) = (*words.first()?, *words.last()?);
    let (day, time) = if let Some(day) = Day::read(first) {
        (day, words.get(1..)?)
    } else if let Some(day) = Day::read(last) {
        (day, words.get(..words.len() - 1)?)
    } else {
        (Day::Nearest, &*words)
    };
    Some((day, time_of_day(&time.join(" "))?))
}

/// A day as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// None named.
    Nearest,
    Ahead(i64),
    Named(Weekday),
}

impl Day {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "today" => Self::Ahead(0),
            "yesterday" => Self::Ahead(-1),
            "tomorrow" => Self::Ahead(1),
            "monday" | "mon" => Self::Named(Weekday::Monday),
            "tuesday" | "tue" => Self::Named(Weekday::Tuesday),
            "wednesday" | "wed" => Self::Named(Weekday::Wednesday),
            "thursday" | "thu" => Self::Named(Weekday::Thursday),
            "friday" | "fri" => Self::Named(Weekday::Friday),
            "saturday" | "sat" => Self::Named(Weekday::Saturday),
            "sunday" | "sun" => Self::Named(Weekday::Sunday),
            _ => return None,
        })
    }

    /// The moment of this time on this day; where several days are meant, the latest that is past or about to come.
    fn at(self, time: civil::Time, now: &Zoned) -> Option<Timestamp> {
        let ahead = |days: i64| now.date().checked_add(days.days()).ok();
        if let Self::Ahead(days) = self {
            return at(ahead(days)?, time, now);
        }
        (-7..=1).rev().filter_map(ahead).find_map(|date| {
            let meant = match self {
                Self::Named(weekday) => date.weekday() == weekday,
                _ => true,
            };
            at(date, time, now).filter(|moment| meant && *moment <= now.timestamp() + ABOUT_TO_COME)
        })
    }
}

/// A time on a date in the zone of now. Where clocks skip it, as much later as they skip; where they show it twice, the
/// later one if that is past or about to come.
fn at(date: civil::Date, time: civil::Time, now: &Zoned) -> Option<Timestamp> {
    let here = now.time_zone().to_ambiguous_timestamp(date.to_datetime(time));
    if matches!(here.offset(), AmbiguousOffset::Fold { .. }) {
        let later = here.later().ok()?;
        if later <= now.timestamp() + ABOUT_TO_COME {
            return Some(later);
        }
    }
    here.compatible().ok()
}

/// `14:30`, `14.30`, `2:30pm`, `9 am`, `noon`.
fn time_of_day(text: &str) -> Option<civil::Time> {
    match text {
        "noon" => return Some(civil::time(12, 0, 0, 0)),
        "midnight" => return Some(civil::Time::midnight()),
        _ => {}
    }
    let text = text.to_lowercase();
    let half = ["am", "pm"].into_iter().find_map(|half| Some((text.strip_suffix(half)?, half)));
    let (digits, half) = match half {
        Some((digits, half)) => (digits.trim_end(), Some(half)),
        None => (&*text, None),
    };
    let mut parts = digits.split([':', '.']);
    let hour = number(parts.next()?, 1..=2)?;
    let minute = match (parts.next(), half) {
        (Some(minute), _) => number(minute, 2..=2)?,
        (None, Some(_)) => 0,
        (None, None) => return None,
    };
    let second = parts.next().map_or(Some(0), |second| number(second, 2..=2))?;
    if parts.next().is_some() {
        return None;
    }
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(half), 1..=12) => hour % 12 + if half == "pm" { 12 } else { 0 },
        (Some(_), _) => return None,
    };
    civil::Time::new(hour, minute, second, 0).ok()
}

fn number(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<i8> {
    let fits = length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { digits.parse().ok() } else { None }
}

fn in_full(moment: Timestamp, now: &Zoned) -> String {
    moment.to_zoned(now.time_zone().clone()).strftime("%A %-d %B %Y, %H:%M").to_string()
}

#[cfg(test)]
mod tests;
