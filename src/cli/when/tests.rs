use jiff::{SignedDuration, Zoned};
use proptest::prelude::*;

use super::{begin, day, moment, session_end};
use crate::cli::error::Kind;

/// A Wednesday afternoon, in a zone with summer time.
const WEDNESDAY: &str = "2026-11-25T15:00:00+01:00[Europe/Berlin]";

fn zoned(text: &str) -> Zoned {
    text.parse().unwrap()
}

fn read(text: &str, now: &str) -> String {
    let now = zoned(now);
    match moment(text, &now) {
        Ok(moment) => {
            moment.to_zoned(now.time_zone().clone()).strftime("%a %F %H:%M%:z").to_string()
        }
        Err(error) => format!("{} {}", error.message, error.hints.join(" ")),
    }
}

#[test]
fn people_write_moments_in_many_ways() {
    for (text, meant) in [
        ("now", "Wed 2026-11-25 15:00+01:00"),
        ("just now", "Wed 2026-11-25 15:00+01:00"),
        ("14:30", "Wed 2026-11-25 14:30+01:00"),
        ("14.30", "Wed 2026-11-25 14:30+01:00"),
        ("at 14:30", "Wed 2026-11-25 14:30+01:00"),
        ("2:30pm", "Wed 2026-11-25 14:30+01:00"),
        ("2:30 PM", "Wed 2026-11-25 14:30+01:00"),
        ("9am", "Wed 2026-11-25 09:00+01:00"),
        ("12am", "Wed 2026-11-25 00:00+01:00"),
        ("12pm", "Wed 2026-11-25 12:00+01:00"),
        ("noon", "Wed 2026-11-25 12:00+01:00"),
        ("midnight", "Wed 2026-11-25 00:00+01:00"),
        // Up to an hour ahead is about to come, later was yesterday.
        ("15:45", "Wed 2026-11-25 15:45+01:00"),
        ("16:00", "Wed 2026-11-25 16:00+01:00"),
        ("16:01", "Tue 2026-11-24 16:01+01:00"),
        ("23:30", "Tue 2026-11-24 23:30+01:00"),
        ("today 9:15", "Wed 2026-11-25 09:15+01:00"),
        ("today 21:00", "Wed 2026-11-25 21:00+01:00"),
        ("yesterday 16:00", "Tue 2026-11-24 16:00+01:00"),
        ("yesterday at noon", "Tue 2026-11-24 12:00+01:00"),
        ("16:00 yesterday", "Tue 2026-11-24 16:00+01:00"),
        ("tomorrow 10:00", "Thu 2026-11-26 10:00+01:00"),
        ("monday 18:00", "Mon 2026-11-23 18:00+01:00"),
        ("on Monday at 18:00", "Mon 2026-11-23 18:00+01:00"),
        ("wed 14:00", "Wed 2026-11-25 14:00+01:00"),
        ("wed 18:00", "Wed 2026-11-18 18:00+01:00"),
        ("thursday 9:00", "Thu 2026-11-19 09:00+01:00"),
        ("2h ago", "Wed 2026-11-25 13:00+01:00"),
        ("90m ago", "Wed 2026-11-25 13:30+01:00"),
        ("1h 30m ago", "Wed 2026-11-25 13:30+01:00"),
        ("2 hours ago", "Wed 2026-11-25 13:00+01:00"),
        ("an hour ago", "Wed 2026-11-25 14:00+01:00"),
        ("half an hour ago", "Wed 2026-11-25 14:30+01:00"),
        ("2 days ago", "Mon 2026-11-23 15:00+01:00"),
        ("in 20m", "Wed 2026-11-25 15:20+01:00"),
        ("in an hour", "Wed 2026-11-25 16:00+01:00"),
        ("2026-11-20 14:30", "Fri 2026-11-20 14:30+01:00"),
        ("2026-11-20T14:30", "Fri 2026-11-20 14:30+01:00"),
        ("2026-11-20T14:30:00Z", "Fri 2026-11-20 15:30+01:00"),
        ("2026-11-20T14:30:00-05:00", "Fri 2026-11-20 20:30+01:00"),
        ("2026-11-20T14:30:00-05:00[America/New_York]", "Fri 2026-11-20 20:30+01:00"),
        ("  14:30  ", "Wed 2026-11-25 14:30+01:00"),
    ] {
        assert_eq!(read(text, WEDNESDAY), meant, "{text:?}");
    }
}

#[test]
fn what_is_not_understood_says_how_to_write_it() {
    for text in [
        "",
        "soon",
        "14",
        "25:00",
        "14:60",
        "14:3",
        "13pm",
        "0am",
        "yesterday",
        "monday",
        "2026-11-20",
        "2026-02-30 12:00",
        "noonish",
        "2026-11-20T14:30+05:00[Europe/Berlin]",
        "ago",
        "0m ago",
        "99999999999h ago",
        "-2h ago",
        "monday tuesday 14:00",
        "14:30:61",
        "١٤:٣٠",
        "1:2:3:4",
    ] {
        let now = zoned(WEDNESDAY);
        let error = moment(text, &now).unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{text:?}");
        assert!(error.message.contains(text), "{text:?}: {}", error.message);
        assert_eq!(
            error.hints,
            ["Write it like 14:30, \"2h ago\" or \"yesterday 16:00\"."],
            "{text:?}"
        );
    }
    insta::assert_snapshot!(
        read("2h", WEDNESDAY),
        @r#"«2h» is not a time that can be read. Is "2h ago" meant?"#
    );
}

#[test]
fn a_day_that_is_not_understood_is_told_with_days_that_are() {
    let now = zoned(WEDNESDAY);
    for text in ["31.10.2026", "2026-02-30", "2026-11", "last week", "soon", ""] {
        let errors = [day(text, &now).unwrap_err(), begin(text, &now).unwrap_err()];
        for error in errors {
            assert_eq!(error.kind, Kind::Usage);
            assert_eq!(error.message, format!("«{text}» is not a day that can be read."));
            assert_eq!(
                error.hints,
                ["Write it like 2026-10-31, yesterday, monday or \"3 days ago\"."]
            );
        }
    }
    assert_eq!(day("3 days", &now).unwrap_err().hints, ["Is \"3 days ago\" meant?"]);
    for (text, meant) in [
        ("2026-10-31", "2026-10-31"),
        ("yesterday", "2026-11-24"),
        ("monday", "2026-11-23"),
        ("3 days ago", "2026-11-22"),
    ] {
        assert_eq!(day(text, &now).unwrap().to_string(), meant, "an example that is given");
    }
}

#[test]
fn around_midnight_the_nearest_is_meant() {
    let before = "2026-11-25T23:50:00+01:00[Europe/Berlin]";
    assert_eq!(read("00:20", before), "Thu 2026-11-26 00:20+01:00");
    assert_eq!(read("22:00", before), "Wed 2026-11-25 22:00+01:00");
    let after = "2026-11-26T00:10:00+01:00[Europe/Berlin]";
    assert_eq!(read("23:40", after), "Wed 2026-11-25 23:40+01:00");
    assert_eq!(read("wed 23:40", after), "Wed 2026-11-25 23:40+01:00");
}

#[test]
fn clocks_that_skip_or_repeat_an_hour() {
    // Spring: 02:00 becomes 03:00.
    let spring = "2026-03-29T12:00:00+02:00[Europe/Berlin]";
    assert_eq!(read("2:30", spring), "Sun 2026-03-29 03:30+02:00");
    assert_eq!(read("10h ago", spring), "Sun 2026-03-29 01:00+01:00");
    // Autumn: 03:00 becomes 02:00, and 02:30 comes twice.
    let between = "2026-10-25T02:40:00+02:00[Europe/Berlin]";
    assert_eq!(read("2:30", between), "Sun 2026-10-25 02:30+01:00");
    let early = "2026-10-25T02:20:00+02:00[Europe/Berlin]";
    assert_eq!(read("2:30", early), "Sun 2026-10-25 02:30+02:00");
    let noon = "2026-10-25T12:00:00+01:00[Europe/Berlin]";
    assert_eq!(read("2:30", noon), "Sun 2026-10-25 02:30+01:00");
    assert_eq!(read("2026-10-25 02:30", noon), "Sun 2026-10-25 02:30+01:00");
}

#[test]
fn a_session_ends_at_most_a_day_ahead() {
    let now = zoned(WEDNESDAY);
    assert!(session_end("in 24h", &now).is_ok());
    let error = session_end("in 5000h", &now).unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    insta::assert_snapshot!(
        error.message,
        @r"«in 5000h» is Tuesday 22 June 2027, 00:00, more than a day ahead. Nothing was logged."
    );
    let error = session_end("2006-11-20 14:30", &now).unwrap_err();
    insta::assert_snapshot!(
        error.message,
        @"«2006-11-20 14:30» is Monday 20 November 2006, 14:30, more than ten years ago. Nothing was logged."
    );
}

const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];

prop_compose! {
    fn any_now()(seconds in 1_700_000_000_i64..2_000_000_000, zone in 0..ZONES.len()) -> Zoned {
        jiff::Timestamp::from_second(seconds).unwrap().in_tz(ZONES[zone]).unwrap()
    }
}

proptest! {
    #[test]
    fn any_text_is_a_moment_or_a_sentence(text in "\\PC{0,24}", now in any_now()) {
        if let Err(error) = moment(&text, &now) {
            prop_assert_eq!(error.kind, Kind::Usage);
            prop_assert_eq!(error.hints.len(), 1);
        }
    }

    #[test]
    fn a_time_of_day_is_the_latest_not_more_than_an_hour_ahead(
        now in any_now(), hour in 0_i8..24, minute in 0_i8..60,
    ) {
        let read = moment(&format!("{hour}:{minute:02}"), &now).unwrap();
        let ago = now.timestamp().duration_since(read);
        prop_assert!(ago >= -SignedDuration::from_hours(1), "{ago:#}");
        prop_assert!(ago <= SignedDuration::from_hours(25), "{ago:#}");
        // Where clocks do not skip it, it is the very time that was written.
        let back = read.to_zoned(now.time_zone().clone()).time();
        let skipped = SignedDuration::from_secs(
            i64::from(back.hour() - hour) * 3600 + i64::from(back.minute() - minute) * 60,
        );
        prop_assert!(
            skipped.is_zero() || skipped == SignedDuration::from_hours(1)
                || skipped == SignedDuration::from_mins(30),
            "{hour}:{minute:02} became {back}"
        );
    }

    #[test]
    fn what_json_says_can_be_given_back(now in any_now(), ago in 0_i64..1_000_000) {
        let then = now.checked_sub(SignedDuration::from_secs(ago)).unwrap();
        prop_assert_eq!(moment(&then.to_string(), &now).unwrap(), then.timestamp());
        let plain = then.strftime("%FT%T%:z").to_string();
        prop_assert_eq!(moment(&plain, &now).unwrap(), then.timestamp());
    }

    #[test]
    fn minutes_ago_are_minutes_ago(now in any_now(), minutes in 1_i64..100_000) {
        let read = moment(&format!("{minutes}m ago"), &now).unwrap();
        prop_assert_eq!(now.timestamp().duration_since(read), SignedDuration::from_mins(minutes));
    }
}
