//! Calendars that are a lot to read: each costs so much and no more, and the others are read.

use super::*;

const LATER: &str = "DTSTART:20260310T170000Z\nDURATION:PT1H";

#[test]
fn rules_that_never_come_true_cost_little() {
    let never = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
    let daily = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30";
    let weekly = "RRULE:FREQ=WEEKLY;INTERVAL=2;BYMONTH=2;BYDAY=MO;BYSETPOS=9";
    let many: String = (0..4_000)
        .map(|number| {
            let rule = [never, daily, weekly][number % 3];
            event(&format!("DTSTART:19700101T140000\n{rule}")).replace("a@x", &number.to_string())
        })
        .collect();
    let answer = read(&[&calendar(&many), &calendar(&event(LATER))]);
    assert_eq!(told(&answer), ["03-10 19:00"]);
    assert_eq!(answer.problems, []);
}

#[test]
fn what_repeats_too_much_takes_nothing_from_other_files() {
    // It counts from its first date, so all days since are looked at.
    let heavy = "DTSTART:10000101T140000\nRRULE:FREQ=DAILY;BYMONTHDAY=28;COUNT=99999";
    let many: String =
        (0..12).map(|number| event(heavy).replace("a@x", &format!("{number}@heavy"))).collect();
    let answer = read(&[&calendar(&many), &calendar(&event(LATER).replace("a@x", "z"))]);
    assert!(told(&answer).contains(&"03-10 19:00".to_owned()));
    let [problem] = &*answer.problems else { panic!("{:?}", answer.problems) };
    assert_eq!(problem.file, "0.ics");
    assert!(problem.text.contains("repeats too much"), "{problem:?}");
}

#[test]
fn many_exceptions_are_looked_up_once_each() {
    let mut lines = format!("{AT_TWO}\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,14;COUNT=6000\n");
    let first: DateTime = "2020-01-01T14:00:00".parse().unwrap();
    for day in 0..20_000_i64 {
        let date = first + day.days();
        let _ = writeln!(lines, "EXDATE;TZID=Europe/Berlin:{}", date.strftime("%Y%m%dT%H%M%S"));
    }
    let ends = ends(&[lines.trim_end()]);
    assert!(!ends.is_empty() && ends.iter().all(|at| !at.ends_with("15:00")), "{ends:?}");
}

#[test]
fn what_is_too_long_is_left_out_and_told() {
    let long = format!("{AT_TWO}\n{}", "EXDATE:20200101T000000Z\n".repeat(60_000));
    let text = calendar(&(event(long.trim_end()) + &event(LATER).replace("a@x", "z")));
    let answer = read(&[&text]);
    assert_eq!(told(&answer), ["03-10 19:00"]);
    assert!(answer.problems[0].text.contains("longer than 1 MiB"), "{:?}", answer.problems);
}

#[test]
fn zones_that_nothing_is_in_are_not_read() {
    let mut zones = String::new();
    for number in 0..30_000 {
        let _ = writeln!(
            zones,
            "BEGIN:VTIMEZONE\nTZID:Z{number}\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
             TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE"
        );
    }
    let events: String = (0..1_000)
        .map(|number| {
            let lines = format!("DTSTART;TZID=Z{number}:20260310T140000\nDURATION:PT1H");
            event(&lines).replace("a@x", &number.to_string())
        })
        .collect();
    let answer = read(&[&calendar(&(zones + &events))]);
    assert_eq!(answer.planned.len(), PLANNED_AT_MOST);
}

#[test]
fn a_file_of_too_many_events_takes_nothing_from_other_files() {
    let many = "BEGIN:VEVENT\nDTSTART:20200101T000000Z\nEND:VEVENT\n".repeat(30_000);
    let many = calendar(&(many + &event(AT_TWO)));
    let answer = read(&[&many, &calendar(&event(LATER))]);
    assert_eq!(told(&answer), ["03-10 19:00"]);
    assert!(answer.problems[0].text.contains("too many events"), "{:?}", answer.problems);
}
