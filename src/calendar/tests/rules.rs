//! Rules, against another one who follows them.

use calcard::{
    Entry, Parser,
    common::timezone::Tz,
    icalendar::{ICalendarProperty, ICalendarValue},
};

use super::{super::rule, *};

/// The dates that calcard finds, and those that are found here, up to the end of a year.
fn both(text: &str) -> Option<(Vec<DateTime>, Vec<DateTime>)> {
    let text = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n{text}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let Entry::ICalendar(calendar) = Parser::new(&text).entry() else { panic!("{text}") };
    let start: DateTime = "2024-02-29T09:30:00".parse().unwrap();
    let days = rule::Days { from: start.date(), to: "2031-12-31".parse().unwrap() };
    let expanded = calendar.expand_dates(Tz::Floating, 40_000);
    if !expanded.errors.is_empty() {
        return None;
    }
    let theirs = expanded.events.iter().map(|event| {
        let seconds = event.start.naive_local().and_utc().timestamp();
        Timestamp::from_second(seconds).unwrap().to_zoned(TimeZone::UTC).datetime()
    });
    let theirs = theirs.filter(|at| at.date() <= days.to).collect();
    let mut entries = calendar.components.iter().flat_map(|component| &component.entries);
    let rule = entries.find(|it| it.name == ICalendarProperty::Rrule)?;
    let Some(ICalendarValue::RecurrenceRule(rule)) = rule.values.first() else { return None };
    let ours = rule::dates(rule, start, days, &mut 10_000_000).unwrap();
    let late: Vec<DateTime> = ours.iter().copied().filter(|at| at.year() > 2029).collect();
    let days = rule::Days { from: "2030-01-01".parse().unwrap(), ..days };
    let jumped = rule::dates(rule, start, days, &mut 10_000_000).unwrap();
    assert_eq!(jumped, late, "what is left out before is not missed: {text}");
    Some((theirs, ours))
}

#[test]
fn rules_as_they_are_written_are_followed() {
    let start = "DTSTART:20240229T093000";
    for (rule, first) in [
        ("FREQ=YEARLY", ["2024-02-29", "2028-02-29"]),
        ("FREQ=YEARLY;BYWEEKNO=1", ["2025-01-02", "2026-01-01"]),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", ["2024-12-23", "2025-12-22"]),
        ("FREQ=YEARLY;BYYEARDAY=-1", ["2024-12-31", "2025-12-31"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", ["2024-03-31", "2025-03-30"]),
        ("FREQ=YEARLY;BYDAY=20MO", ["2024-05-13", "2025-05-19"]),
        ("FREQ=MONTHLY", ["2024-02-29", "2024-03-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31,-1", ["2024-02-29", "2024-03-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2024-02-29", "2024-03-29"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2024-09-13", "2024-12-13"]),
        ("FREQ=MONTHLY;BYDAY=-2FR;INTERVAL=2", ["2024-04-19", "2024-06-21"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU", ["2024-03-10", "2024-03-12"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO", ["2024-03-03", "2024-03-12"]),
        ("FREQ=DAILY;INTERVAL=400", ["2024-02-29", "2025-04-04"]),
    ] {
        let (_, ours) = both(&format!("{start}\r\nRRULE:{rule};UNTIL=20311231T235959")).unwrap();
        let found: Vec<String> = ours.iter().take(2).map(|at| at.date().to_string()).collect();
        assert_eq!(found, first, "{rule}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..Default::default() })]

    #[test]
    fn others_follow_them_to_the_same_dates(
        freq in prop::sample::select(vec!["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
        interval in 1..5_u8, count in prop::option::of(1..40_u8),
        months in prop::collection::vec(1..=12_i8, 0..3),
        month_days in prop::collection::vec(prop::sample::select(vec![1, 2, 13, 29, 30, 31, -1, -3]), 0..3),
        weekdays in prop::collection::vec(prop::sample::select(vec!["MO", "WE", "TH", "SA", "SU"]), 0..3),
        nth in prop::option::of(prop::sample::select(vec![-2, -1, 1, 2, 5])),
        hours in prop::collection::vec(0..24_u8, 0..3),
        position in prop::option::of(prop::sample::select(vec![-2, -1, 1, 2, 3])),
        week_begins in prop::sample::select(vec!["MO", "SU", "TH"]),
    ) {
        let mut rule = format!("FREQ={freq};INTERVAL={interval};WKST={week_begins}");
        let mut part = |name: &str, values: Vec<String>| {
            if !values.is_empty() {
                let _ = write!(rule, ";{name}={}", values.join(","));
            }
        };
        part("COUNT", count.iter().map(ToString::to_string).collect());
        part("BYMONTH", months.iter().map(ToString::to_string).collect());
        if freq != "WEEKLY" {
            part("BYMONTHDAY", month_days.iter().map(ToString::to_string).collect());
        }
        let nth = nth.filter(|_| freq == "MONTHLY" || freq == "YEARLY").map(|it: i32| it.to_string());
        let nth = nth.unwrap_or_default();
        part("BYDAY", weekdays.iter().map(|day| format!("{nth}{day}")).collect());
        part("BYHOUR", hours.iter().map(ToString::to_string).collect());
        // The week of the start counts as a whole here; there it begins with the start.
        if !hours.is_empty() && freq != "WEEKLY" {
            part("BYSETPOS", position.iter().map(ToString::to_string).collect());
        }
        let text = format!("DTSTART:20240229T093000\r\nRRULE:{rule};UNTIL=20311231T235959");
        if let Some((theirs, ours)) = both(&text) {
            prop_assert_eq!(ours, theirs, "{}", rule);
        }
    }
}
