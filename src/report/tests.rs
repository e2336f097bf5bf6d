use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    notes::{Content, Note, Words},
    screen_time::Hour,
};

const NASTY: &str = "<script>alert(1)</script> \"' & ]]> |# *x* `y` https://example.org";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hour(start: &str, seconds: u32, apps: &[(&str, u32)]) -> Hour {
    let apps = apps.iter().map(|(app, seconds)| ((*app).to_owned(), *seconds)).collect();
    Hour { start: at(start), seconds, quiet: seconds / 2, apps }
}

fn note(id: &str, when: &str, words: Words) -> Note {
    Note { id: id.into(), at: at(when), session: None, content: Content::Open(words) }
}

fn text(text: &str) -> Words {
    Words { text: Some(text.into()), ..Words::default() }
}

fn group_of(app: &str) -> Option<String> {
    (app == "steam").then(|| "games".to_owned())
}

fn facts() -> Facts<'static> {
    let mood =
        Words { mood: Some(4), sleep: Some(450), ask: Some("a swim?".into()), ..text("oneword") };
    Facts {
        // Clocks go back at 03:00 on 25 October 2026.
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        from: date(2026, 10, 24),
        to: date(2026, 10, 26),
        made: date(2026, 10, 26),
        sessions: vec![
            (at("2026-10-24T12:00Z"), Some("retreat".into())),
            (at("2026-10-23T21:59Z"), Some("the day before".into())),
            (at("2026-10-26T22:59Z"), None),
        ],
        hours: Some(vec![
            hour("2026-10-23T21:00Z", 3_600, &[]),
            hour("2026-10-23T22:00Z", 60, &[("steam", 40)]),
            hour("2026-10-25T00:00Z", 1_800, &[("steam", 1_000), ("foot", 800)]),
            hour("2026-10-25T01:00Z", 1_800, &[]),
            hour("2026-10-26T22:00Z", 600, &[("foot", 600)]),
            hour("2026-10-26T23:00Z", 3_600, &[]),
        ]),
        notes: vec![
            note("b", "2026-10-25T01:30Z", text(NASTY)),
            note("a", "2026-10-24T22:30Z", mood),
            note("c", "2026-10-24T23:30Z", Words { mood: Some(0), ..Words::default() }),
            note("late", "2026-10-26T23:00Z", text("too late")),
            Note {
                id: "sealed".into(),
                at: at("2026-10-25T12:00Z"),
                session: None,
                content: Content::Sealed("00".into()),
            },
        ],
        group_of: &group_of,
    }
}

fn ticked(ids: &[&str]) -> Choice {
    Choice { notes: ids.iter().map(|id| (*id).to_owned()).collect(), ..Choice::default() }
}

#[test]
fn days_begin_and_end_at_midnight_also_where_a_night_has_an_hour_more() {
    let report = Report::new(&facts(), &Choice::default());
    let screen: Vec<u64> = report.days.iter().map(|day| day.screen).collect();
    assert_eq!(screen, [60, 3_600, 600]);
    assert_eq!(report.hours[2], 3_600, "both hours that are called two o'clock");
    assert_eq!((report.hours[0], report.hours[23], report.screen()), (60, 600, 4_260));
    let groups: Vec<(&str, u64)> =
        report.groups.iter().map(|group| (&*group.name, group.seconds)).collect();
    assert_eq!(groups, [(NOT_KNOWN, 1_820), (OTHER, 1_400), ("games", 1_040)]);
    assert_eq!(report.quiet(), 2_130);
    assert_eq!(report.sessions.len(), 2);
    assert_eq!(report.days[0].sessions, 1);
    assert_eq!((report.days[1].mood, report.days[1].sleep), (Some(0), Some(450)), "the last noted");
}

#[test]
fn only_what_was_ticked_is_in_it_whatever_the_format() {
    let formats: [fn(&Report) -> String; 4] = [html, markdown, csv, json];
    for format in formats {
        let none = format(&Report::new(&facts(), &Choice::default()));
        for word in ["oneword", "swim", "alert", "too late", "the day before"] {
            assert!(!none.contains(word), "{word}: {none}");
        }
        assert!(none.contains("retreat"));
        let one = format(&Report::new(&facts(), &ticked(&["a", "sealed", "late"])));
        assert!(one.contains("oneword") && one.contains("swim?"), "{one}");
        assert!(!one.contains("alert") && !one.contains("too late"), "{one}");
        let left_out = [Part::Labels, Part::Mood, Part::Sleep, Part::ScreenTime].into();
        let least = Report::new(&facts(), &Choice { left_out, ..ticked(&["a", "c"]) });
        assert_eq!((least.screen(), least.groups.len(), least.notes.len()), (0, 0, 1));
        assert_eq!(least.quiet(), 2_130, "how long it was quiet is no screen time");
        let least = format(&least);
        for word in ["retreat", "games", "7 h 30", "450", "of 10"] {
            assert!(!least.contains(word), "{word}: {least}");
        }
    }
}

#[test]
fn text_is_text_in_every_format() {
    let report = Report::new(&facts(), &ticked(&["b"]));
    let page = html(&report);
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot;&#39; &amp; ]]&gt;"),
        "{page}"
    );
    assert!(
        !page.contains("<script") && !page.contains("src=") && !page.contains("href="),
        "{page}"
    );
    assert!(page.contains("default-src 'none'"));
    let said = markdown(&report);
    assert!(
        said.contains("> \\<script\\>alert\\(1\\)\\<\\/script\\>")
            || said.contains("> \\<script\\>alert\\(1\\)\\</script\\>"),
        "{said}"
    );
    assert!(said.contains("\\|\\# \\*x\\* \\`y\\`"), "{said}");
    assert!(csv(&report).contains(",\"<script>alert(1)</script> \"\"' & ]]>"), "{}", csv(&report));
    let json: serde_json::Value = serde_json::from_str(&super::json(&report)).unwrap();
    assert_eq!(json["notes"][0]["text"], NASTY);
}

#[test]
fn a_row_for_each_day_and_no_formula() {
    let mut facts = facts();
    facts.sessions[0].1 = Some("=cmd()".into());
    let report = Report::new(&facts, &ticked(&["a"]));
    let rows: Vec<String> = csv(&report).lines().map(str::to_owned).collect();
    assert_eq!(
        rows,
        [
            "date,sessions,labels,quiet_minutes,screen_minutes,screen_minutes not known,screen_minutes other,\
             screen_minutes games,mood,sleep_minutes,notes,to_ask",
            "2026-10-24,1,'=cmd(),1,1,0,0,1,,,,",
            "2026-10-25,0,,30,60,30,13,17,0,450,oneword,a swim?",
            "2026-10-26,1,,5,10,0,10,0,,,,",
        ]
    );
}

#[test]
fn nothing_at_all_is_a_report_too() {
    let none = Facts { sessions: vec![], hours: None, notes: vec![], ..facts() };
    let report = Report::new(&none, &Choice::default());
    assert!(html(&report).contains("Nothing was logged, noted or counted in this time."));
    assert!(!markdown(&report).contains("At the screen"));
    assert_eq!(csv(&report).lines().count(), 4);
    assert_eq!(title(&report), "Report, 24 to 26 October 2026");
    assert_eq!(span(date(2025, 12, 31), date(2026, 1, 1)), "31 December 2025 to 1 January 2026");
    assert_eq!(span(date(2026, 10, 1), date(2026, 11, 1)), "1 October to 1 November 2026");
    assert_eq!(file_name(none.from, none.to, "html"), "quiet-report-2026-10-24-to-2026-10-26.html");
}

/// Every tag that is opened is closed, in order: what a browser would otherwise mend by guessing.
fn is_balanced(page: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let body = &page[page.find("<body>").unwrap()..];
    for part in body.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            if open.pop() != Some(name) && name != "html" {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    open.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..Default::default() })]

    #[test]
    fn nothing_is_lost_and_no_page_is_broken(
        seconds in vec((0..900_i64, 0..4_000_u32, any::<bool>()), 0..80), days in 1..900_i32, said in ".{0,40}",
    ) {
        let from = date(2025, 1, 1);
        let to = from.checked_add(jiff::Span::new().days(days - 1)).unwrap();
        let zone = TimeZone::get("America/St_Johns").unwrap();
        let begin = from.to_zoned(zone.clone()).unwrap().timestamp();
        let hours: Vec<Hour> = seconds.iter().map(|(day, seconds, steam)| {
            let start = begin + SignedDuration::from_hours(day * 24 + 5);
            let app = if *steam { "steam" } else { "foot" };
            Hour { start, seconds: *seconds, quiet: 7, apps: [(app.to_owned(), *seconds / 2)].into() }
        }).collect();
        let is_in = |hour: &&Hour| (from..=to).contains(&hour.start.to_zoned(zone.clone()).date());
        let sum: u64 = hours.iter().filter(is_in).map(|hour| u64::from(hour.seconds)).sum();
        let notes = vec![Note { at: begin, ..note("n", "2026-01-01T00:00Z", text(&said)) }];
        let facts = Facts { zone: zone.clone(), from, to, hours: Some(hours.clone()), notes, ..facts() };
        let report = Report::new(&facts, &Choice { left_out: BTreeSet::new(), ..ticked(&["n"]) });
        prop_assert_eq!(report.days.len(), usize::try_from(days).unwrap());
        prop_assert_eq!(report.screen(), sum);
        prop_assert_eq!(report.hours.iter().sum::<u64>(), sum);
        prop_assert_eq!(report.groups.iter().map(|group| group.seconds).sum::<u64>(), sum);
        let page = html(&report);
        prop_assert!(is_balanced(&page), "{}", page);
        prop_assert!(page.len() < 400_000, "{} bytes", page.len());
        prop_assert!(!page.contains("NaN") && !page.contains("inf\""));
        prop_assert!(csv(&report).lines().count() > days.unsigned_abs() as usize);
    }
}
