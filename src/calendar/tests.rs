//! What calendars really write, and what they should not.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::DateTime, tz::TimeZone};
use proptest::prelude::*;

use super::*;

mod clocks;
mod heavy;
mod odd;
mod rules;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// A Monday.
const NOW: &str = "2026-03-09T12:00:00Z";

fn read(texts: &[&str]) -> Answer {
    let mut reading = Reading::new(&["Quiet".to_owned()], at(NOW), berlin());
    for (number, text) in texts.iter().enumerate() {
        reading.add(&format!("{number}.ics"), text);
    }
    reading.finish()
}

fn calendar(events: &str) -> String {
    let lines = format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//x\n{events}END:VCALENDAR\n");
    lines.lines().fold(String::new(), |text, line| text + line.trim() + "\r\n")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:a@x\nCATEGORIES:Work,quiet\n{lines}\nEND:VEVENT\n")
}

fn ends(events: &[&str]) -> Vec<String> {
    let text = calendar(&events.iter().map(|lines| event(lines)).collect::<String>());
    told(&read(&[&text]))
}

fn told(answer: &Answer) -> Vec<String> {
    let here = answer.planned.iter().map(|it| it.ends.to_zoned(berlin()));
    here.map(|at| at.strftime("%m-%d %H:%M").to_string()).collect()
}

const AT_TWO: &str =
    "DTSTART;TZID=Europe/Berlin:20260310T140000\nDTEND;TZID=Europe/Berlin:20260310T150000";

#[test]
fn an_appointment_of_the_category_is_planned_and_others_are_not() {
    assert_eq!(ends(&[AT_TWO]), ["03-10 15:00"]);
    let other = calendar(&event(AT_TWO).replace("Work,quiet", "Quietly"));
    assert_eq!(read(&[&other]), Answer::default());
    let two = event(AT_TWO).replace("CATEGORIES:Work,quiet", "CATEGORIES:Work\nCATEGORIES: QUIET");
    assert_eq!(read(&[&calendar(&two)]).planned.len(), 1);
}

#[test]
fn times_are_read_as_they_are_written() {
    for (written, then) in [
        ("DTSTART:20260310T130000Z\nDTEND:20260310T140000Z", "03-10 15:00"),
        ("DTSTART:20260310T140000\nDURATION:PT1H30M", "03-10 15:30"),
        ("DTSTART:20260310T140000", "03-10 14:00"),
        ("DTSTART;TZID=America/New_York:20260310T090000\nDURATION:PT1H", "03-10 15:00"),
        // Windows' name of a zone.
        ("DTSTART;TZID=\"W. Europe Standard Time\":20260310T140000\nDURATION:PT1H", "03-10 15:00"),
        // It begins in one zone and ends in another.
        (
            "DTSTART;TZID=Europe/London:20260310T130000\nDTEND;TZID=Europe/Berlin:20260310T150000",
            "03-10 15:00",
        ),
        // Ends before it begins.
        ("DTSTART:20260310T140000\nDTEND:20260310T130000", "03-10 14:00"),
        // Across the night in which clocks are set forward it ends when the clock says so.
        (
            "DTSTART;TZID=Europe/Berlin:20260328T230000\nDTEND;TZID=Europe/Berlin:20260329T040000",
            "03-29 04:00",
        ),
        // An hour that is left out.
        (
            "DTSTART;TZID=Europe/Berlin:20260329T013000\nDTEND;TZID=Europe/Berlin:20260329T023000",
            "03-29 03:30",
        ),
    ] {
        assert_eq!(ends(&[written]), [then], "{written}");
    }
}

#[test]
fn a_zone_that_nobody_knows_is_told_and_taken_as_here() {
    let text = calendar(&event("DTSTART;TZID=Mars/Olympus:20260310T140000\nDURATION:PT1H"));
    let answer = read(&[&text]);
    assert_eq!(told(&answer), ["03-10 15:00"]);
    assert_eq!(answer.problems.len(), 1);
    assert!(answer.problems[0].text.contains("time zone"), "{:?}", answer.problems);
}

#[test]
fn a_whole_day_is_left_out_and_told() {
    let text = calendar(&event("DTSTART;VALUE=DATE:20260310"));
    let answer = read(&[&text]);
    assert_eq!((answer.planned.len(), answer.problems.len()), (0, 1));
}

#[test]
fn it_repeats_as_the_rule_says() {
    let weekly = format!("{AT_TWO}\nRRULE:FREQ=WEEKLY;COUNT=4");
    assert_eq!(ends(&[&weekly]), ["03-10 15:00", "03-17 15:00", "03-24 15:00", "03-31 15:00"]);
    let until = format!("{AT_TWO}\nRRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20260314T130000Z");
    assert_eq!(ends(&[&until]), ["03-10 15:00", "03-12 15:00", "03-14 15:00"]);
    let days = format!("{AT_TWO}\nRRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=2");
    assert_eq!(ends(&[&days]), ["03-10 15:00", "04-14 15:00"]);
    let but = format!(
        "{AT_TWO}\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20260317T140000\nRDATE;TZID=Europe/Berlin:20260320T140000"
    );
    assert_eq!(ends(&[&but]), ["03-10 15:00", "03-20 15:00", "03-24 15:00"]);
}

#[test]
fn one_of_them_may_be_another() {
    let weekly = format!("{AT_TWO}\nRRULE:FREQ=WEEKLY;COUNT=3");
    let moved = "RECURRENCE-ID;TZID=Europe/Berlin:20260317T140000\nSEQUENCE:3\n\
                 DTSTART;TZID=Europe/Berlin:20260318T100000\nDURATION:PT1H";
    assert_eq!(ends(&[moved, &weekly]), ["03-10 15:00", "03-18 11:00", "03-24 15:00"]);
    let dropped = "RECURRENCE-ID:20260317T130000Z\nSTATUS:CANCELLED\nDTSTART:20260317T130000Z";
    assert_eq!(ends(&[&weekly, dropped]), ["03-10 15:00", "03-24 15:00"]);
    let later = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260317T140000\n\
                 DTSTART;TZID=Europe/Berlin:20260317T160000\nDURATION:PT1H";
    assert_eq!(ends(&[&weekly, later]), ["03-10 15:00", "03-17 17:00", "03-24 17:00"]);
    let plain = read(&[&calendar(&event(&weekly))]);
    let with = read(&[&calendar(&(event(&weekly) + &event(moved)))]);
    let ids = |answer: &Answer| answer.planned.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&plain), ids(&with), "it stays the same appointment");
}

#[test]
fn the_last_version_counts_wherever_it_stands() {
    let old = calendar(&event(AT_TWO));
    let new = calendar(&event(&format!("{}\nSEQUENCE:1", AT_TWO.replace("T15", "T18"))));
    for texts in [[&*old, &*new], [&*new, &*old]] {
        assert_eq!(told(&read(&texts)), ["03-10 18:00"]);
    }
    let cancelled = calendar(&event(&format!("{AT_TWO}\nSEQUENCE:2\nSTATUS:CANCELLED")));
    assert_eq!(told(&read(&[&old, &cancelled, &new])), [""; 0]);
    let by_method =
        new.replace("PRODID", "METHOD:CANCEL\r\nPRODID").replace("SEQUENCE:1", "SEQUENCE:9");
    assert_eq!(told(&read(&[&old, &by_method])), [""; 0]);
    let (a, b) = (read(&[&old]), read(&[&new]));
    assert_eq!(a.planned[0].id, b.planned[0].id, "an update moves it");
}

#[test]
fn two_of_the_same_sequence_do_not_mix() {
    let weekly = format!("{AT_TWO}\nRRULE:FREQ=WEEKLY;COUNT=2");
    let other = event(&weekly).replace("a@x", "b@x");
    let moved = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260317T140000\nDTSTART;TZID=Europe/Berlin:20260318T100000\nDURATION:PT1H",
    );
    let answer = read(&[&calendar(&(event(&weekly) + &other + &moved))]);
    assert_eq!(told(&answer), ["03-10 15:00", "03-10 15:00", "03-17 15:00", "03-18 11:00"]);
}

#[test]
fn what_repeats_without_end_is_bounded() {
    let daily = "DTSTART:19990101T140000\nDURATION:PT1H\nRRULE:FREQ=DAILY";
    assert_eq!(ends(&[daily]).len(), 74);
    for (rule, planned) in [
        ("FREQ=SECONDLY", 1),
        ("FREQ=MINUTELY;INTERVAL=5", 1),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("FREQ=NEVER", 1),
        ("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14;BYMINUTE=0,15,30,45", 500),
    ] {
        let text = calendar(&event(&format!("{AT_TWO}\nRRULE:{rule}")));
        let answer = read(&[&text]);
        assert!(answer.planned.len() <= planned.max(1), "{rule}: {}", answer.planned.len());
        if planned > 100 {
            assert_eq!(
                (answer.planned.len(), answer.problems.len()),
                (PLANNED_AT_MOST, 1),
                "{rule}"
            );
        }
    }
}

#[test]
fn what_is_no_calendar_is_told() {
    for text in ["", "hello", "BEGIN:VCARD\r\nEND:VCARD\r\n", "{\"a\": 1}", "\u{1}\u{2}\u{3}"] {
        let answer = read(&[text]);
        assert_eq!((answer.planned.len(), answer.problems.len()), (0, 1), "{text}");
        assert_eq!(answer.problems[0].file, "0.ics");
    }
    let good = calendar(&event(AT_TWO));
    let answer = read(&["what", &good]);
    assert_eq!((answer.planned.len(), answer.problems.len()), (1, 1), "the good one is read");
}

#[test]
fn nothing_of_what_it_is_goes_out() {
    let text = calendar(&event(&format!("{AT_TWO}\nSUMMARY:secret\nDESCRIPTION:secret")));
    let answer = serde_json::to_string(&read(&[&text])).unwrap();
    assert!(
        !answer.contains("secret")
            && !answer.contains("a@x")
            && !answer.to_lowercase().contains("quiet")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 12, ..Default::default() })]

    /// Against arithmetic on the clock, over both changes of the clocks.
    #[test]
    fn every_few_days_is_every_few_days_on_the_clock(
        day in 0_i64..400, minute in 0_i64..1440, step in 1_i64..30, lasts in 0_i64..600, weekly in any::<bool>(),
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    ) {
        let first: DateTime = "2025-12-01T00:00:00".parse().unwrap();
        let first = first + day.days() + minute.minutes();
        let days = if weekly { step * 7 } else { step };
        let freq = if weekly { "WEEKLY" } else { "DAILY" };
        let text = calendar(&event(&format!(
            "DTSTART;TZID={zone}:{}\nDURATION:PT{lasts}M\nRRULE:FREQ={freq};INTERVAL={step}",
            first.strftime("%Y%m%dT%H%M%S")
        )));
        let now = at("2026-10-01T00:00:00Z");
        let mut reading = Reading::new(&["Quiet".to_owned()], now, TimeZone::UTC);
        reading.add("x", &text);
        let zone = TimeZone::get(zone).unwrap();
        let expected: Vec<Timestamp> = (0..500_i64)
            .map(|number| first + (number * days).days())
            .map(|civil| zone.to_timestamp(civil).unwrap() + SignedDuration::from_mins(lasts))
            .filter(|at| now - BEHIND <= *at && *at <= now + AHEAD)
            .collect();
        let mut expected = expected;
        expected.sort();
        let found: Vec<Timestamp> = reading.finish().planned.iter().map(|it| it.ends).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn whatever_it_says_reading_ends(lines in prop::collection::vec(
        prop::sample::select(vec![
            "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "UID:a", "CATEGORIES:Quiet",
            "DTSTART:20260310T140000", "DTSTART;TZID=X:99999999T999999", "DTEND:20260310", "DTSTART;VALUE=DATE:20260310",
            "RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY;BYDAY=-53MO;BYSETPOS=-1", "RRULE:", "DURATION:-P99999W", "DURATION:P1D",
            "RECURRENCE-ID:20260310T140000", "EXDATE:20260310T140000,20260311", "SEQUENCE:999999999999", "BEGIN:VTIMEZONE",
            "TZID:X", "BEGIN:STANDARD", "DTSTART:00000000T000000", "TZOFFSETTO:+9999", " folded", "\u{feff}BEGIN:VCALENDAR",
            "RDATE;VALUE=PERIOD:20260310T140000Z/PT1H", "STATUS:CANCELLED", "X", ":", ";;;=,",
        ]), 0..60)
    ) {
        let mut text = String::new();
        for line in lines {
            let _ = write!(text, "{line}\r\n");
        }
        let answer = read(&[&text]);
        prop_assert!(answer.planned.len() <= PLANNED_AT_MOST);
    }
}

#[test]
fn of_what_is_over_nothing_stays_and_what_is_to_come_stays_decided() {
    let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
    let (now, before) = (at(100), at(90));
    let decided = [
        ("begun", at(98), Decided::Begun),
        ("begun early", at(110), Decided::Begun),
        ("old", at(80), Decided::Begun),
        ("dropped", at(99), Decided::Dropped),
        ("old dropped", at(70), Decided::Dropped),
        ("to come", at(101), Decided::Dropped),
        ("moved on", at(80), Decided::Moved(at(101))),
        ("confirmed", at(101), Decided::Confirmed),
    ];
    let id = |name: &str, about| session_id(&format!("cal-{name}"), about);
    let mut decisions: Decisions = decided
        .map(|(name, about, decided)| (format!("cal-{name}"), Decision { about, decided }))
        .into();
    let nobody = std::collections::BTreeSet::new();
    let old = to_forget(&decisions, Some(before), &nobody, now);
    assert_eq!(old, [id("old", at(80)), id("old dropped", at(70))].into());
    let stays = [id("old", at(80))].into();
    assert_eq!(
        to_forget(&decisions, Some(before), &stays, now),
        [id("old dropped", at(70))].into()
    );

    let all = to_forget(&decisions, None, &nobody, now);
    assert!(all.iter().all(|id| is_planned(id)));
    assert!(drop_forgotten(&mut decisions, &all));
    assert_eq!(
        decisions.keys().collect::<Vec<_>>(),
        ["cal-confirmed", "cal-moved on", "cal-to come"]
    );
    assert!(!drop_forgotten(&mut decisions, &all));
}
