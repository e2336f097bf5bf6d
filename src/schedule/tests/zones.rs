//! Weekly windows in real time zones: gaps, folds, past midnight, a skipped date, travel.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::Period,
    world::{World, at, hours, session, weekly},
};
use crate::config::WeeklyRule;

fn there(zone: &str, rule: WeeklyRule) -> World {
    let mut world = World { zone: TimeZone::get(zone).unwrap(), ..World::default() };
    world.config.weekly = vec![rule];
    world
}

/// The windows of some days, as they stand on the wall.
fn windows(world: &World, from: &str, until: &str) -> Vec<String> {
    let wall =
        |at: Timestamp| at.to_zoned(world.zone.clone()).strftime("%a %H:%M%:::z").to_string();
    let shown = |period: Period| {
        let (from, until) = (period.from, period.until.unwrap());
        let minutes = until.duration_since(from).as_mins();
        format!("{} to {}, {minutes} min", wall(from), wall(until))
    };
    world.between(at(from), at(until)).into_iter().map(shown).collect()
}

#[test]
fn a_window_past_midnight_belongs_to_the_day_it_begins() {
    let sunday_to_thursday = weekly("evenings", &[6, 0, 1, 2, 3], "21:30", "07:00");
    let world = there("Europe/Berlin", sunday_to_thursday);
    assert_eq!(
        windows(&world, "2026-06-04T12:00:00Z", "2026-06-08T00:00:00Z"),
        ["Thu 21:30+02 to Fri 07:00+02, 570 min", "Sun 21:30+02 to Mon 07:00+02, 570 min"]
    );
    let friday = world.at(at("2026-06-05T04:59:59Z"));
    assert_eq!(friday.periods[0].run, "weekly:evenings@2026-06-04");
    let over = world.at(at("2026-06-05T05:00:00Z"));
    assert!(over.periods.is_empty());
    assert_eq!(over.next_change, Some(at("2026-06-07T19:30:00Z")));
}

#[test]
fn a_window_that_reaches_midnight_ends_there() {
    let world = there("Europe/Berlin", weekly("late", &[], "23:00", "00:00"));
    let shown = windows(&world, "2026-06-04T12:00:00Z", "2026-06-05T12:00:00Z");
    assert_eq!(shown, ["Thu 23:00+02 to Fri 00:00+02, 60 min"]);
}

#[test]
fn in_a_gap_a_time_counts_from_the_offset_before() {
    let night = ("2026-03-28T20:00:00Z", "2026-03-29T20:00:00Z");
    let shown = |from, until| {
        windows(&there("Europe/Berlin", weekly("w", &[], from, until)), night.0, night.1)
    };
    assert_eq!(shown("02:30", "05:00"), ["Sun 03:30+02 to Sun 05:00+02, 90 min"]);
    assert_eq!(shown("01:30", "02:30"), ["Sun 01:30+01 to Sun 03:30+02, 60 min"]);
    assert_eq!(shown("01:00", "03:30"), ["Sun 01:00+01 to Sun 03:30+02, 90 min"]);
    assert!(shown("02:30", "03:15").is_empty(), "the gap leaves nothing of it");
}

#[test]
fn after_a_window_that_a_gap_left_empty_the_next_one_is_found() {
    let world = there("Europe/Berlin", weekly("w", &[6], "02:30", "03:15"));
    let evaluation = world.at(at("2026-03-22T12:00:00Z"));
    assert_eq!(evaluation.next_change, Some(at("2026-04-05T00:30:00Z")));
}

#[test]
fn in_a_fold_a_time_is_the_first_of_the_two() {
    let shown = |from, until| {
        let world = there("America/New_York", weekly("w", &[], from, until));
        windows(&world, "2026-11-01T04:00:00Z", "2026-11-01T14:00:00Z")
    };
    assert_eq!(shown("01:30", "03:00"), ["Sun 01:30-04 to Sun 03:00-05, 150 min"]);
    assert_eq!(shown("00:30", "01:30"), ["Sun 00:30-04 to Sun 01:30-04, 60 min"]);
    assert_eq!(shown("01:15", "01:45"), ["Sun 01:15-04 to Sun 01:45-04, 30 min"]);
}

#[test]
fn a_fold_of_half_an_hour_is_one_too() {
    let world = there("Australia/Lord_Howe", weekly("w", &[], "01:45", "02:15"));
    assert_eq!(
        windows(&world, "2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z"),
        ["Sun 01:45+11 to Sun 02:15+10:30, 60 min"]
    );
    assert_eq!(
        windows(&world, "2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z"),
        ["Sun 01:45+10:30 to Sun 02:45+11, 30 min"]
    );
}

#[test]
fn a_date_that_the_zone_skips_has_no_windows() {
    let world = there("Pacific/Apia", weekly("w", &[], "10:00", "12:00"));
    assert_eq!(
        windows(&world, "2011-12-29T00:00:00Z", "2011-12-31T23:00:00Z"),
        [
            "Thu 10:00-10 to Thu 12:00-10, 120 min",
            "Sat 10:00+14 to Sat 12:00+14, 120 min",
            "Sun 10:00+14 to Sun 12:00+14, 120 min"
        ]
    );
    let evenings = there("Pacific/Apia", weekly("w", &[], "21:30", "07:00"));
    let thursday = "Thu 21:30-10 to Sat 07:00+14, 570 min";
    assert_eq!(windows(&evenings, "2011-12-30T08:00:00Z", "2011-12-30T20:00:00Z"), [thursday]);
    let running = evenings.at(at("2011-12-30T16:59:59Z"));
    assert_eq!(running.periods[0].run, "weekly:w@2011-12-29");
}

#[test]
fn travelling_moves_the_window_and_not_the_phases() {
    let mut world = there("Europe/Berlin", weekly("evenings", &[], "21:30", "07:00"));
    let now = at("2026-06-04T22:00:00Z");
    world.sessions = vec![session("one", now - hours(1))];
    world.config.after = vec![super::world::after(&[5])];
    assert_eq!(world.at(now).periods.len(), 2);
    world.zone = TimeZone::get("America/New_York").unwrap();
    let evaluation = world.at(now);
    assert_eq!(evaluation.periods.len(), 1, "it is six in the evening there");
    assert_eq!(evaluation.periods[0].until, Some(now + hours(4)));
    assert_eq!(evaluation.until, Some(at("2026-06-05T11:00:00Z")));
}
