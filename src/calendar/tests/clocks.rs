//! Changes of the clocks, and zones that a calendar names or lays down in its own way.

use super::*;

#[test]
fn a_duration_passes_and_an_end_on_the_clock_stands_there() {
    let reading = |lines: &str, now: &str| {
        let mut reading = Reading::new(&["Quiet".to_owned()], at(now), berlin());
        reading.add("x", &calendar(&event(lines)));
        let planned = reading.finish().planned;
        planned.iter().map(|it| it.ends.to_string()).collect::<Vec<_>>()
    };
    let at_night = "DTSTART;TZID=Europe/Berlin:20260328T230000";
    for (lines, ends) in [
        (format!("{at_night}\nDTEND:20260329T020000Z"), "2026-03-29T02:00:00Z"),
        (format!("{at_night}\nDURATION:PT4H"), "2026-03-29T02:00:00Z"),
        (format!("{at_night}\nDURATION:P1D"), "2026-03-29T21:00:00Z"),
        (format!("{at_night}\nDURATION:P1DT1H"), "2026-03-29T22:00:00Z"),
        (format!("{at_night}\nDTEND;TZID=Europe/London:20260329T030000"), "2026-03-29T02:00:00Z"),
        (format!("{at_night}\nDTEND;TZID=Europe/Berlin:20260329T040000"), "2026-03-29T02:00:00Z"),
    ] {
        assert_eq!(reading(&lines, NOW), [ends], "{lines}");
    }
    // 02:30 is not there on the 29th: it begins at 03:30.
    for lasts in ["DURATION:PT1H", "DTEND;TZID=Europe/Berlin:20260328T033000"] {
        let daily = format!(
            "DTSTART;TZID=Europe/Berlin:20260328T023000\n{lasts}\nRRULE:FREQ=DAILY;COUNT=3"
        );
        assert_eq!(
            reading(&daily, NOW),
            ["2026-03-28T02:30:00Z", "2026-03-29T02:30:00Z", "2026-03-30T01:30:00Z"],
            "{lasts}"
        );
    }
    let back = "DTSTART;TZID=Europe/Berlin:20261024T230000\nDURATION:PT5H";
    assert_eq!(reading(back, "2026-10-20T00:00:00Z"), ["2026-10-25T02:00:00Z"]);
}

fn in_zone(name: &str, rules: &str) -> Answer {
    let zone = format!("BEGIN:VTIMEZONE\nTZID:{name}\n{rules}END:VTIMEZONE\n");
    let times =
        format!("DTSTART;TZID={name}:20260310T140000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;COUNT=2");
    read(&[&calendar(&(event(&times) + &zone))])
}

fn observance(what: &str, from: &str, to: &str, more: &str) -> String {
    format!("BEGIN:{what}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\n{more}\nEND:{what}\n")
}

#[test]
fn a_calendar_may_lay_down_a_zone_of_its_own() {
    let india = observance("STANDARD", "+0530", "+0530", "DTSTART:19700101T000000");
    let answer = in_zone("Custom", &india);
    assert_eq!(told(&answer), ["03-10 10:30", "04-10 11:30"]);
    assert_eq!(answer.problems, []);
    // New York's, whose clocks change on 8 March, under another name.
    let new_york = observance(
        "DAYLIGHT",
        "-0500",
        "-0400",
        "DTSTART:20070311T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
    ) + &observance(
        "STANDARD",
        "-0400",
        "-0500",
        "DTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
    ) + &observance(
        "STANDARD",
        "-0400",
        "-0500",
        "DTSTART:19671029T020000\nRRULE:FREQ=YEARLY;UNTIL=20061029T060000Z;BYMONTH=10;BYDAY=-1SU",
    );
    assert_eq!(told(&in_zone("Custom", &new_york)), ["03-10 20:00", "04-10 21:00"]);
    // It had summer time once.
    let once = observance("DAYLIGHT", "+0200", "+0300", "DTSTART:20100328T020000")
        + &observance("STANDARD", "+0300", "+0300", "DTSTART:20160907T000000");
    assert_eq!(told(&in_zone("Custom", &once)), ["03-10 13:00", "04-10 14:00"]);
    let rare = new_york.replace("BYDAY=2SU", "BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14");
    assert_eq!(in_zone("Custom", &rare).problems.len(), 1, "none that can be followed");
}

#[test]
fn a_name_may_stand_behind_that_of_a_program() {
    for name in [
        "/freeassociation.sourceforge.net/America/New_York",
        "/mozilla.org/20050126_1/America/New_York",
        "/x/America/Kentucky/Louisville",
    ] {
        let answer = in_zone(name, "");
        assert_eq!(told(&answer), ["03-10 20:00", "04-10 21:00"], "{name}");
        assert_eq!(answer.problems, [], "{name}");
    }
}
