//! Moments to come: to when an appointment is moved.

use jiff::{Timestamp, ToSpan as _, Zoned, civil};

use super::{CommandError, Day, at, in_full, length_alone, not_a_time, read};

/// What to do when a moment was not understood.
const EXAMPLES: &str = "Write it like 17:30, \"tomorrow 09:00\" or 2026-12-01T10:00.";

/// Reads when an appointment is to end that ends now at `ends`, and refuses what is past. A time of day without a day is
/// on the appointment's own; where that is past it is the next such time, as a day of the week is the next such day.
pub fn moved_to(text: &str, ends: Timestamp, now: &Zoned) -> Result<Timestamp, CommandError> {
    let own = ends.to_zoned(now.time_zone().clone()).date();
    let to =
        read(text, now, |day, time| day.ahead(time, own, now)).ok_or_else(
            || match length_alone(text) {
                Some(length) => not_a_time(text).hint(format!("Is \"in {length}\" meant?")),
                None => not_a_time(text).hint(EXAMPLES),
            },
        )?;
    if to < now.timestamp() {
        let when = in_full(to, now);
        return Err(CommandError::usage(format!(
            "«{text}» is {when}, which is past. Nothing was changed."
        ))
        .hint(EXAMPLES)
        .hint("If it has ended already: quietctl planned drop ID, and quietctl log"));
    }
    Ok(to)
}

impl Day {
    /// The moment of this time on this day, or on the first to come where several are meant.
    fn ahead(self, time: civil::Time, own: civil::Date, now: &Zoned) -> Option<Timestamp> {
        let is_to_come = |moment: &Timestamp| *moment > now.timestamp();
        let on = |date: civil::Date| at(date, time, now);
        let mut days = (0..=8).filter_map(|days: i64| now.date().checked_add(days.days()).ok());
        match self {
            Self::Ahead(days) => on(now.date().checked_add(days.days()).ok()?),
            Self::Nearest => {
                on(own).filter(is_to_come).or_else(|| days.filter_map(on).find(is_to_come))
            }
            Self::Named(weekday) => days
                .find_map(|date| on(date).filter(|to| date.weekday() == weekday && is_to_come(to))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zoned(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    /// A Tuesday late in the evening.
    const NOW: &str = "2026-11-24T23:29:00+01:00[Europe/Berlin]";

    fn moved(text: &str, ends: &str) -> Result<String, CommandError> {
        let now = zoned(NOW);
        let to = moved_to(text, ends.parse().unwrap(), &now)?.to_zoned(now.time_zone().clone());
        Ok(to.strftime("%a %F %H:%M").to_string())
    }

    #[test]
    fn a_time_of_day_is_on_the_appointments_own_day() {
        for (text, ends, to) in [
            ("22:59", "2026-11-25T17:09+01", "Wed 2026-11-25 22:59"),
            ("23:55", "2026-11-30T23:10+01", "Mon 2026-11-30 23:55"),
            ("17:30", "2026-11-30T23:10+01", "Mon 2026-11-30 17:30"),
            ("23:50", "2026-11-24T23:40+01", "Tue 2026-11-24 23:50"),
            // Past on its own day: the next one.
            ("17:00", "2026-11-24T23:40+01", "Wed 2026-11-25 17:00"),
            ("today 23:45", "2026-11-30T23:10+01", "Tue 2026-11-24 23:45"),
            ("tomorrow 09:00", "2026-11-30T23:10+01", "Wed 2026-11-25 09:00"),
            ("monday 9:00", "2026-11-25T17:09+01", "Mon 2026-11-30 09:00"),
            ("tuesday 9:00", "2026-11-25T17:09+01", "Tue 2026-12-01 09:00"),
            ("2026-12-01T10:00", "2026-11-25T17:09+01", "Tue 2026-12-01 10:00"),
            ("in 2h", "2026-11-30T23:10+01", "Wed 2026-11-25 01:29"),
            ("now", "2026-11-24T23:40+01", "Tue 2026-11-24 23:29"),
        ] {
            assert_eq!(moved(text, ends).unwrap(), to, "{text}");
        }
    }

    #[test]
    fn what_is_past_or_not_understood_is_refused_with_examples_that_are() {
        for text in ["today 22:59", "yesterday 16:00", "2h ago", "2026-11-20 14:30"] {
            let error = moved(text, "2026-11-25T17:09+01").unwrap_err();
            assert!(error.message.contains("which is past. Nothing was changed."), "{error:?}");
        }
        for text in ["soon", "", "25:00", "friday"] {
            let error = moved(text, "2026-11-25T17:09+01").unwrap_err();
            assert_eq!(error.hints, [EXAMPLES], "{text}");
        }
        let error = moved("2h", "2026-11-25T17:09+01").unwrap_err();
        assert_eq!(error.hints, ["Is \"in 2h\" meant?"]);
        for example in ["17:30", "tomorrow 09:00", "2026-12-01T10:00"] {
            assert!(EXAMPLES.contains(example) && moved(example, "2026-11-25T17:09+01").is_ok());
        }
    }

    proptest! {
        #[test]
        fn nothing_is_moved_into_the_past(
            text in "(today |mon |sunday |)[0-2][0-9]:[0-5][0-9]|in [1-9]h", hours in 0..2_000_i64,
        ) {
            let now = zoned(NOW);
            let ends = now.timestamp() + jiff::SignedDuration::from_hours(hours);
            if let Ok(to) = moved_to(&text, ends, &now) {
                prop_assert!(to >= now.timestamp());
            }
        }
    }
}
