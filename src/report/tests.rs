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

fn counted(hours: Vec<Hour>) -> Counted {
    Counted::Yes { hours, kept: Some(SignedDuration::from_hours(14 * 7 * 24)) }
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
        counted: counted(vec![
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
    let screen: Vec<Option<u64>> = report.days.iter().map(Day::screen).collect();
    assert_eq!(screen, [Some(60), Some(3_600), Some(600)]);
    assert_eq!(report.hours[2], 3_600, "both hours that are called two o'clock");
    assert_eq!((report.hours[0], report.hours[23], report.screen()), (60, 600, Some(4_260)));
    let groups: Vec<(&str, u64)> =
        report.groups.iter().map(|group| (&*group.name, group.seconds)).collect();
    assert_eq!(groups, [(NOT_KNOWN, 1_820), (OTHER, 1_400), ("games", 1_040)]);
    assert_eq!(report.quiet(), Some(2_130));
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
        assert_eq!((least.screen(), least.groups.len(), least.notes.len()), (None, 0, 1));
        assert_eq!(least.quiet(), Some(2_130), "how long it was quiet is no screen time");
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
    let hours: Vec<String> = (0..24).map(|hour| format!(",screen_minutes {hour:02}:00")).collect();
    assert!(rows[0].ends_with(&hours.concat()), "{}", rows[0]);
    let by_day = |row: &String| row.rsplitn(25, ',').last().unwrap().to_owned();
    assert_eq!(
        rows.iter().map(by_day).collect::<Vec<_>>(),
        [
            "date,sessions,labels,quiet_minutes,screen_minutes,screen_minutes not known,screen_minutes other,\
             screen_minutes games,mood,sleep_minutes,notes,to_ask",
            "2026-10-24,1,'=cmd(),0,1,0,0,0,,,,",
            "2026-10-25,0,,30,60,30,13,16,0,450,oneword,a swim?",
            "2026-10-26,1,,5,10,0,10,0,,,,",
        ]
    );
    let hours: Vec<&str> = rows[1].rsplitn(25, ',').take(24).collect();
    assert_eq!((hours[23], hours[22]), ("1", "0"), "{}", rows[1]);
}

#[test]
fn nothing_at_all_is_a_report_too() {
    let none = Facts { sessions: vec![], counted: counted(vec![]), notes: vec![], ..facts() };
    let report = Report::new(&none, &Choice::default());
    let page = html(&report);
    assert!(page.contains("Nothing was logged or noted in this time."), "{page}");
    assert!(page.contains("There are no counts of this time."), "{page}");
    assert!(!markdown(&report).contains("by hour"));
    assert_eq!(csv(&report).lines().count(), 4);
    assert_eq!(title(&report), "Report, 24 to 26 October 2026");
    assert_eq!(span(date(2025, 12, 31), date(2026, 1, 1)), "31 December 2025 to 1 January 2026");
    assert_eq!(span(date(2026, 10, 1), date(2026, 11, 1)), "1 October to 1 November 2026");
    assert_eq!(file_name(none.from, none.to, "html"), "quiet-report-2026-10-24-to-2026-10-26.html");
}

/// What each format says of this span, with these counts.
fn told(counted: Counted, from: jiff::civil::Date) -> (Report, [String; 4]) {
    let report = Report::new(&Facts { from, counted, ..facts() }, &Choice::default());
    let formats: [fn(&Report) -> String; 4] = [html, markdown, csv, json];
    (report.clone(), formats.map(|format| format(&report)))
}

#[test]
fn what_is_not_counted_is_no_nought() {
    let (report, [page, said, rows, values]) = told(Counted::No, date(2026, 10, 24));
    assert_eq!((report.quiet(), report.screen()), (None, None));
    for text in [&page, &said] {
        assert!(text.contains("Quiet and screen time are not counted here."), "{text}");
        for nought in [" 0 min", ">0 min", "on 0 days"] {
            assert!(!text.contains(nought), "{nought}: {text}");
        }
    }
    assert!(page.contains("Quiet time kept</dt><dd>not counted<span></span>"), "{page}");
    assert!(said.contains("- Time at the screen: not counted\n"), "{said}");
    assert_eq!(rows.lines().nth(2), Some("2026-10-25,0,,,,0,450,,"));
    let value: serde_json::Value = serde_json::from_str(&values).unwrap();
    for key in ["screen_seconds", "quiet_seconds", "groups"] {
        assert!(value["days"][0][key].is_null(), "{key}");
    }
    assert!(value["screen_seconds_by_hour"].is_null() && value["groups"].is_null());
}

#[test]
fn days_that_are_older_than_what_is_kept_are_no_nought() {
    let Counted::Yes { hours, kept } = facts().counted else { panic!("it is counted") };
    let counted = Counted::Yes { hours, kept };
    let (report, [page, said, rows, values]) = told(counted, date(2026, 6, 1));
    assert_eq!((report.days[0].quiet, report.days[0].screen()), (None, None));
    assert_eq!(report.screen(), Some(7_860), "what is known is there");
    let why = "Counts are kept for 14 weeks: those from before 23 October 2026 are not known.";
    assert!(page.contains(why) && said.contains(why), "{said}");
    assert!(
        rows.contains("\r\n2026-06-01,0,,,,,,,,,,,,") && rows.contains("\r\n2026-10-25,0,,30,60,"),
        "{rows}"
    );
    let value: serde_json::Value = serde_json::from_str(&values).unwrap();
    assert!(value["days"][0]["quiet_seconds"].is_null());
    assert_eq!(value["days"][146]["quiet_seconds"], 1_800);

    let old = Facts { from: date(2026, 1, 1), to: date(2026, 1, 9), ..facts() };
    let page = html(&Report::new(&old, &Choice::default()));
    assert!(page.contains("Counts are kept for 14 weeks: those of these days are not known."));
    assert!(page.contains("At the screen</dt><dd>not known<span></span>"), "{page}");
    assert!(!page.contains(">0 min") && !page.contains("There are no counts"), "{page}");
}

#[test]
fn where_the_desktop_tells_of_nobody_screen_time_is_no_nought() {
    let quiet = Hour { seconds: 0, ..hour("2026-10-24T10:00Z", 1_200, &[]) };
    let (report, [page, said, rows, _]) = told(counted(vec![quiet]), date(2026, 10, 24));
    assert_eq!((report.quiet(), report.screen()), (Some(600), None));
    assert!(page.contains("At the screen</dt><dd>not counted<span></span>"), "{page}");
    assert!(page.contains("Quiet time kept</dt><dd>10 min<span>on 1 day"), "{page}");
    assert!(said.contains("Time at the screen was not counted."), "{said}");
    assert!(rows.contains("\r\n2026-10-24,1,retreat,10,,"), "{rows}");
}

#[test]
fn sleep_and_mood_of_a_note_that_was_refused_are_not_in_it() {
    let noted = |choice: &Choice| {
        let report = Report::new(&facts(), choice);
        (report.days[1].mood, report.days[1].sleep)
    };
    assert_eq!(noted(&Choice::default()), (Some(0), Some(450)), "nobody refused them");
    let of = |ids: &[&str]| Choice { noted: Noted::Ticked, ..ticked(ids) };
    assert_eq!(noted(&of(&[])), (None, None));
    assert_eq!(noted(&of(&["a"])), (Some(4), Some(450)));
    assert_eq!(noted(&of(&["c"])), (Some(0), None));
    let left_out = [Part::Mood, Part::Sleep].into();
    assert_eq!(noted(&Choice { left_out, ..ticked(&["a", "c"]) }), (None, None));
}

#[test]
fn notes_are_counted_by_their_words_and_sealed_ones_apart() {
    let report = Report::new(&facts(), &ticked(&["a", "c"]));
    assert_eq!((report.notes_with_text(), report.notes_in_all, report.sealed), (1, 2, 1));
}

#[test]
fn a_page_with_a_note_does_not_say_that_nothing_was_noted() {
    let none = Facts { sessions: vec![], counted: Counted::No, ..facts() };
    let ask = Words { ask: Some("a swim?".into()), ..Words::default() };
    for words in [text("oneword"), ask] {
        let notes = vec![note("a", "2026-10-24T22:30Z", words)];
        let page = html(&Report::new(&Facts { notes, ..none.clone() }, &ticked(&["a"])));
        assert!(page.contains("<h2>Notes</h2>") && !page.contains("Nothing was"), "{page}");
    }
}

#[test]
fn a_note_that_is_a_question_has_it_under_its_heading() {
    let ask = Words { ask: Some("a swim?\nor a *walk*?".into()), ..Words::default() };
    let both = Words { ask: Some("a walk?".into()), ..text("oneword") };
    let notes = vec![note("a", "2026-10-24T22:30Z", ask), note("b", "2026-10-25T12:30Z", both)];
    let said = markdown(&Report::new(&Facts { notes, ..facts() }, &ticked(&["a", "b"])));
    assert!(said.contains("00:30\n\nTo ask: a swim?\n  or a \\*walk\\*?\n"), "{said}");
    assert!(said.contains("> oneword\n\nTo ask: a walk?\n"), "{said}");
}

#[test]
fn markdown_has_screen_time_by_hour_and_by_day_and_group() {
    let said = markdown(&Report::new(&facts(), &Choice::default()));
    assert!(said.contains("| hour | on average |\n|---|---|\n| 00:00 | under 1 min |"), "{said}");
    assert!(said.contains("| 02:00 | 20 min |"), "{said}");
    assert!(said.contains("| day | not known | other | games |\n|---|---|---|---|\n"), "{said}");
    assert!(said.contains("| Sun 25 Oct 2026 | 30 min | 13 min | 16 min |\n"), "{said}");
}

#[test]
fn times_are_whole_minutes_that_passed_and_never_days() {
    for (seconds, said) in [
        (0, "0 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (28_139, "7 h 48 min"),
        (915_999, "254 h 26 min"),
    ] {
        assert_eq!(time(seconds), said);
    }
}

#[test]
fn what_steers_programs_is_not_in_a_report() {
    let nasty = "one\u{1b}[31m\u{7}\u{202e}two";
    let ask = Words { ask: Some(nasty.into()), ..text(nasty) };
    let facts = Facts {
        sessions: vec![(at("2026-10-24T12:00Z"), Some(format!("{nasty}\n# three\r")))],
        notes: vec![note("a", "2026-10-24T22:30Z", ask)],
        ..facts()
    };
    let report = Report::new(&facts, &ticked(&["a"]));
    assert_eq!(report.sessions[0].label.as_deref(), Some("one[31mtwo # three"));
    for format in [html, markdown, csv, json] {
        let said = format(&report);
        let steers = |letter: char| {
            (letter.is_control() && !['\n', '\r'].contains(&letter)) || letter == '\u{202e}'
        };
        assert!(!said.contains(steers) && !said.contains("u001b"), "{said}");
    }
}

#[test]
fn one_day_has_a_bar_among_others_places_and_no_average() {
    let one = Facts { to: date(2026, 10, 24), ..facts() };
    let page = html(&Report::new(&one, &Choice::default()));
    assert!(page.contains("viewBox=\"0 0 70 100\"") && page.contains("x=\"31.5\""), "{page}");
    assert!(page.contains("class=\"along few\" style=\"width:14%\""), "{page}");
    assert!(!page.contains("on average"), "{page}");
    assert!(html(&Report::new(&facts(), &Choice::default())).contains("on average"));
}

#[test]
fn a_printed_page_has_its_tables() {
    let page = html(&Report::new(&facts(), &Choice::default()));
    assert!(!page.contains("<details"), "what is shut in there no style opens everywhere");
    let print = &page[page.find("@media print").unwrap()..page.find("</style>").unwrap()];
    assert!(!print.contains("table") && !print.contains(".wide"), "{print}");
    assert!(
        page.contains("@media screen { .opens:not(:checked) + label + .wide { display: none; } }")
    );
}

#[test]
fn a_report_has_room_for_five_years() {
    let to = date(2026, 10, 26);
    let report = Report::new(&Facts { from: earliest(to), ..facts() }, &Choice::default());
    assert_eq!(report.days.first().map(|day| day.date), Some(date(2021, 10, 27)));
    assert_eq!(report.days.last().map(|day| day.date), Some(to));
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
        let facts = Facts { zone: zone.clone(), from, to, counted: counted(hours.clone()), notes, ..facts() };
        let report = Report::new(&facts, &Choice { left_out: BTreeSet::new(), ..ticked(&["n"]) });
        prop_assert_eq!(report.days.len(), usize::try_from(days).unwrap());
        prop_assert_eq!(report.screen().unwrap_or(0), sum);
        prop_assert_eq!(report.hours.iter().sum::<u64>(), sum);
        prop_assert_eq!(report.groups.iter().map(|group| group.seconds).sum::<u64>(), sum);
        let page = html(&report);
        prop_assert!(is_balanced(&page), "{}", page);
        prop_assert!(page.len() < 400_000, "{} bytes", page.len());
        prop_assert!(!page.contains("NaN") && !page.contains("inf\""));
        prop_assert!(csv(&report).lines().count() > days.unsigned_abs() as usize);
    }
}
