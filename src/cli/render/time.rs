//! Times and durations as people read them.

use jiff::{SignedDuration, Timestamp, Zoned};

use super::Page;

/// A time from the control bus; none where it is not known.
pub fn moment(usec: u64) -> Option<Timestamp> {
    let usec = i64::try_from(usec).ok().filter(|usec| *usec != 0)?;
    Timestamp::from_microsecond(usec).ok()
}

impl Page {
    /// A moment in the zone of the page.
    pub fn here(&self, moment: Timestamp) -> Zoned {
        moment.to_zoned(self.now.time_zone().clone())
    }

    /// `18:00`, `Tuesday 14:00`, `4 December 14:00`: as short as is clear, and never out of date at midnight but for
    /// today's.
    pub fn when(&self, moment: Timestamp) -> String {
        let then = self.here(moment);
        let days = then.date().since(self.now.date()).map_or(i32::MAX, |span| span.get_days());
        let form = match days {
            0 => "%H:%M",
            -6..=6 => "%A %H:%M",
            _ if then.year() == self.now.year() => "%-d %B %H:%M",
            _ => "%-d %B %Y %H:%M",
        };
        then.strftime(form).to_string()
    }

    /// `until 18:00`; `with no set end` where it is not known.
    pub fn until(&self, until: u64) -> String {
        moment(until).map_or_else(
            || "with no set end".to_owned(),
            |moment| format!("until {}", self.when(moment)),
        )
    }

    /// `2026-11-25T18:00:00+01:00`: for programs.
    pub fn iso(&self, usec: u64) -> Option<String> {
        moment(usec).map(|moment| self.here(moment).strftime("%FT%T%:z").to_string())
    }
}

/// How long it is until then: "20 seconds". Rounded up, so that nothing comes later than is said.
pub fn left(now: Timestamp, then: Timestamp) -> String {
    let millis = then.duration_since(now).as_millis().max(1);
    lasting(SignedDuration::from_secs(i64::try_from((millis + 999) / 1_000).unwrap_or(i64::MAX)))
}

/// `15 minutes`, `1 hour 30 minutes`, `3 days`.
pub fn lasting(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (if seconds < 60 { seconds } else { 0 }, "second"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| counted(count.unsigned_abs(), unit))
        .collect();
    if said.is_empty() { "no time".to_owned() } else { said.join(" ") }
}

/// `1 app`, `2 apps`.
pub fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// A duration from the control bus.
pub fn duration(usec: u64) -> SignedDuration {
    SignedDuration::from_micros(i64::try_from(usec).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{super::Colour, *};

    #[test]
    fn a_moment_is_said_as_short_as_is_clear() {
        let now = "2026-11-25T15:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let page = Page { now, width: 80, colour: Colour::Plain };
        for (moment, said) in [
            ("2026-11-25T18:00:00+01", "18:00"),
            ("2026-11-25T00:05:00+01", "00:05"),
            ("2026-11-26T14:00:00+01", "Thursday 14:00"),
            ("2026-12-01T14:00:00+01", "Tuesday 14:00"),
            ("2026-12-02T14:00:00+01", "2 December 14:00"),
            ("2026-11-24T16:00:00+01", "Tuesday 16:00"),
            ("2026-11-18T16:00:00+01", "18 November 16:00"),
            ("2027-01-04T14:00:00+01", "4 January 2027 14:00"),
            ("2025-11-25T14:00:00+01", "25 November 2025 14:00"),
        ] {
            assert_eq!(page.when(moment.parse().unwrap()), said, "{moment}");
        }
        assert_eq!(page.until(0), "with no set end");
        assert_eq!(page.iso(0), None);
        assert_eq!(page.iso(1_795_000_000_000_000).unwrap(), "2026-11-18T12:06:40+01:00");
        assert_eq!(moment(u64::MAX), None);
    }

    #[test]
    fn a_duration_is_said_in_words() {
        for (seconds, said) in [
            (0, "no time"),
            (20, "20 seconds"),
            (60, "1 minute"),
            (900, "15 minutes"),
            (5400, "1 hour 30 minutes"),
            (86_400, "1 day"),
            (259_200, "3 days"),
        ] {
            assert_eq!(lasting(SignedDuration::from_secs(seconds)), said);
        }
        assert_eq!(lasting(duration(u64::MAX)), "106751991 days 4 hours");
    }
}
