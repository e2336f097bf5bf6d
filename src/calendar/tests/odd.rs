//! Files that are half there, and appointments that are written oddly.

use super::*;

const CANCELLED_LATE: &str = "DTSTART:20261124T140000Z\nDTEND:20261124T150000Z\nSTATUS:CANCELLED";

fn problems(texts: &[&str]) -> Vec<String> {
    read(texts).problems.into_iter().map(|problem| problem.text).collect()
}

#[test]
fn nothing_of_a_file_is_used_until_all_of_it_is_there() {
    for lines in [AT_TWO, CANCELLED_LATE] {
        let whole = calendar(&(event(AT_TWO).replace("a@x", "b@x") + &event(lines)));
        for cut in 0..whole.trim_end().len() {
            let answer = read(&[&whole[..cut]]);
            assert_eq!(answer.planned, [], "{}", &whole[..cut]);
            assert_eq!(answer.problems.len(), 1, "{}", &whole[..cut]);
            assert!(answer.problems[0].text.contains("incomplete"), "{}", &whole[..cut]);
        }
        assert_ne!(read(&[whole.trim_end()]).planned, []);
    }
    let unended = calendar(&event(AT_TWO)).replace("END:VEVENT\r\n", "");
    assert_eq!(read(&[&unended]).planned, []);
    // Something else in it that does not end takes nothing away.
    let alarm = calendar(&event(&format!("{AT_TWO}\nBEGIN:VALARM\nTRIGGER:-PT5M")));
    assert_eq!(told(&read(&[&alarm])), ["03-10 15:00"]);
}

#[test]
fn what_was_told_of_a_file_stays_while_somebody_writes_it() {
    let tell = |texts: [&str; 2]| {
        let mut reading = Reading::new(&["Quiet".to_owned()], at(NOW), berlin());
        for (number, text) in texts.iter().enumerate() {
            reading.add(&format!("{number}.ics"), text);
        }
        reading.told()
    };
    let one = calendar(&event(AT_TWO));
    let other = calendar(&event(&AT_TWO.replace("T15", "T18")).replace("a@x", "b@x"));
    let whole = tell([&one, &other]);
    let half = tell([&one[..one.len() / 2], &other]);
    assert_eq!(told(&half.answer), ["03-10 18:00"]);
    let half = half.after(&whole);
    assert_eq!(half.answer.planned, whole.answer.planned);
    let still = tell(["", &other]).after(&half);
    assert_eq!(still.answer.planned, whole.answer.planned, "as long as it takes");
    let empty = calendar("");
    assert_eq!(told(&tell([&empty, &other]).after(&still).answer), ["03-10 18:00"]);
    assert_eq!(told(&tell([&one, &empty[..9]]).after(&whole).answer).len(), 2);
}

#[test]
fn an_appointment_that_is_left_out_is_told() {
    for (lines, said) in [
        ("DTSTART:2026-11-25 14:00", "begins cannot be read"),
        ("DTSTART:20261125T\nDTEND:20261125T150000", "begins cannot be read"),
        ("DTSTART:20261125T14\nDURATION:PT1H", "begins cannot be read"),
        ("DTSTART:20269925T140000\nDURATION:PT1H", "begins cannot be read"),
        ("DTSTART:20260310T140000\nDTEND:20260310", "ends cannot be read"),
        ("DTSTART:20260310T140000\nDTEND:3 pm", "ends cannot be read"),
        ("DTSTART:20260310T140000\nDURATION:1 hour", "ends cannot be read"),
        ("DTEND:20260310T140000", "does not say when it begins"),
        ("DTSTART:20260310T140000\nRECURRENCE-ID:today", "begins cannot be read"),
        ("DTSTART;VALUE=DATE:20260310", "whole days"),
    ] {
        let text = calendar(&event(lines));
        assert_eq!(read(&[&text]).planned, [], "{lines}");
        let problems = problems(&[&text]);
        assert!(problems.len() == 1 && problems[0].contains(said), "{lines}: {problems:?}");
        let other = text.replace("Work,quiet", "Work");
        assert_eq!(super::read(&[&other]), Answer::default(), "of no concern: {lines}");
    }
    for (more, said) in [
        ("RDATE:someday", "A date of a repeated"),
        ("EXDATE:20260317", ""),
        ("RRULE:FREQ=HOURLY;INTERVAL=48", "by the hour"),
        ("RRULE:FREQ=DAILY;BYMONTHDAY=32", "cannot be read"),
    ] {
        let text = calendar(&event(&format!("{AT_TWO}\n{more}")));
        assert_eq!(told(&read(&[&text])), ["03-10 15:00"], "{more}");
        assert!(problems(&[&text]).concat().contains(said), "{more}");
    }
}

#[test]
fn one_without_an_id_is_known_by_its_start_and_its_name() {
    let nameless = |name: &str, start: &str| {
        let lines = format!("SUMMARY:{name}\n{}", AT_TWO.replace("T14", start));
        calendar(&event(&lines).replace("UID:a@x\n", ""))
    };
    let answer = read(&[&nameless("secret", "T14")]);
    assert_eq!(told(&answer), ["03-10 15:00"]);
    let longer = nameless("secret", "T14").replace("T15", "T16");
    assert_eq!(answer.planned[0].id, read(&[&longer]).planned[0].id);
    for other in [nameless("another", "T14"), nameless("secret", "T13")] {
        assert_ne!(answer.planned[0].id, read(&[&other]).planned[0].id);
    }
}

#[test]
fn single_dates_may_say_how_long_they_last() {
    let weekly = format!(
        "{AT_TWO}\nRRULE:FREQ=WEEKLY;COUNT=1\n\
         RDATE;VALUE=PERIOD:20260311T100000Z/PT30M,20260312T100000Z/20260312T120000Z"
    );
    assert_eq!(ends(&[&weekly]), ["03-10 15:00", "03-11 11:30", "03-12 13:00"]);
}

#[test]
fn one_of_them_may_be_named_by_its_day() {
    let weekly = format!("{AT_TWO}\nRRULE:FREQ=WEEKLY;COUNT=3");
    let moved = "RECURRENCE-ID;VALUE=DATE:20260317\nDTSTART:20260318T100000\nDURATION:PT1H";
    assert_eq!(ends(&[&weekly, moved]), ["03-10 15:00", "03-18 11:00", "03-24 15:00"]);
    let dropped = "RECURRENCE-ID;VALUE=DATE:20260317\nDTSTART:20260318T100000\nSTATUS:CANCELLED";
    assert_eq!(ends(&[&weekly, dropped]), ["03-10 15:00", "03-24 15:00"]);
}

#[test]
fn what_it_is_called_is_not_read() {
    let text = calendar(&event(&format!("{AT_TWO}\nSUMMARY:BEGIN:VEVENT\nX-A:1")));
    let folded = "X-A:1\r\n DTSTART:20260310T100000\r\n\tSTATUS:CANCELLED";
    let answer = read(&[&text.replace("X-A:1", folded)]);
    assert_eq!((told(&answer), answer.problems), (vec!["03-10 15:00".to_owned()], Vec::new()));
}
