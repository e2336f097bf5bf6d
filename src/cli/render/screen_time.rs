//! `quietctl today` and `week`: time at the screen and quiet time, in words and bars, with what was logged and noted.
//! Nothing is judged or compared.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Zoned};
use serde_json::{Value, json};

use super::{
    Page,
    logged::{logged, noted_json, sessions_json},
    notes::many_sealed,
    page::{shortened, width},
    time::moment,
};
use crate::{
    api::{NoteEntry, ScreenTimeEntry, SessionEntry},
    report::time,
};

/// How many apps are listed.
const APPS_AT_MOST: usize = 8;

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// An hour: `today`.
    Hours,
    /// A day: `week`.
    Days,
}

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// By the hour; or why nothing is counted, in a sentence.
    pub counted: Result<Vec<ScreenTimeEntry>, String>,
    /// The sessions.
    pub sessions: Vec<SessionEntry>,
    /// The notes.
    pub notes: Vec<NoteEntry>,
}

/// What is known of apps here, and of what is counted.
#[derive(Clone, Debug)]
pub struct Known {
    /// Names for people, by plain id.
    pub names: BTreeMap<String, String>,
    /// The group each is counted in, by plain id.
    pub groups: BTreeMap<String, String>,
    /// Makes an id plain.
    pub plain: fn(&str) -> String,
    /// For how long counts are kept, as far as the config says.
    pub keep: Option<SignedDuration>,
}

/// What was spent on something, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums {
    seconds: u64,
    quiet: u64,
    apps: BTreeMap<String, u64>,
    groups: BTreeMap<String, u64>,
    /// With an app that is in no group.
    ungrouped: u64,
    /// With no app known.
    unknown: u64,
}

impl Sums {
    fn of<'a>(hours: impl IntoIterator<Item = &'a ScreenTimeEntry>, known: &Known) -> Self {
        let mut sums = Self::default();
        for hour in hours {
            sums.seconds += u64::from(hour.seconds);
            sums.quiet += u64::from(hour.quiet);
            for (app, seconds) in &hour.apps {
                let seconds = u64::from(*seconds);
                *sums.apps.entry(app.clone()).or_default() += seconds;
                match known.groups.get(&(known.plain)(app)) {
                    Some(group) => *sums.groups.entry(group.clone()).or_default() += seconds,
                    None => sums.ungrouped += seconds,
                }
            }
        }
        sums.unknown = sums.seconds.saturating_sub(sums.apps.values().sum());
        sums
    }
}

/// A page: a row for each hour or day, then groups and apps, sessions, sleep and mood.
pub fn page(page: &Page, shown: Shown, from: &Zoned, seen: &Seen, known: &Known) -> String {
    let when = match shown {
        Shown::Hours => from.strftime("%A %-d %B").to_string(),
        Shown::Days => {
            format!("{} to {}", from.strftime("%A %-d %B"), page.now.strftime("%A %-d %B"))
        }
    };
    let mut out = page.heading(&when);
    let logged = logged(page, shown, &seen.sessions, &seen.notes);
    let hours = match &seen.counted {
        Ok(hours) => hours,
        Err(why) => {
            out.extend([page.advice(0, why), logged]);
            return out;
        }
    };
    let all = Sums::of(hours, known);
    if all == Sums::default() {
        let doctor = page.commands(&[("quietctl doctor", "says what counts here, if anything")]);
        out.extend([&*page.advice(0, "Nothing was counted."), &*logged, "\n", &*doctor]);
        return out;
    }
    let mut said = match (all.seconds, all.quiet) {
        // Where quiet time was counted alone, the desktop may not tell of the other: it is no nought.
        (0, quiet) => format!("{} of quiet time; no time at the screen was counted", time(quiet)),
        (seconds, 0) => format!("{} at the screen", time(seconds)),
        (seconds, quiet) => {
            format!("{} at the screen, {} of quiet time", time(seconds), time(quiet))
        }
    };
    said[..1].make_ascii_uppercase();
    out.push_str(&page.advice(0, &said));
    out.push('\n');
    out.push_str(&page.columns(&rows(page, shown, from, hours)));
    let mut spent: Vec<(String, u64)> =
        all.groups.iter().map(|(name, seconds)| (name.clone(), *seconds)).collect();
    largest_first(&mut spent);
    if !spent.is_empty() || all.ungrouped > 0 {
        spent.push(("other apps".to_owned(), all.ungrouped));
        spent.push(("no app known".to_owned(), all.unknown));
        out.push_str(&section(page, "By group", &spent));
    }
    let name = |id: &String| known.names.get(&(known.plain)(id)).unwrap_or(id).clone();
    let mut spent: Vec<(String, u64)> =
        all.apps.iter().map(|(id, seconds)| (name(id), *seconds)).collect();
    largest_first(&mut spent);
    if spent.len() > APPS_AT_MOST {
        let rest: Vec<(String, u64)> = spent.drain(APPS_AT_MOST - 1..).collect();
        let sum = rest.iter().map(|(_, seconds)| seconds).sum();
        spent.push((format!("{} more", rest.len()), sum));
    }
    if !spent.is_empty() {
        out.push_str(&section(page, "By app", &spent));
    }
    out.push_str(&logged);
    out
}

fn largest_first(spent: &mut [(String, u64)]) {
    spent.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
}

fn section(page: &Page, title: &str, spent: &[(String, u64)]) -> String {
    let mut rows: Vec<(String, String)> = spent
        .iter()
        .filter(|(_, seconds)| *seconds > 0)
        .map(|(name, seconds)| (name.clone(), time(*seconds)))
        .collect();
    // Beside the margin, the gap and the times.
    let times = rows.iter().map(|(_, time)| width(time)).max().unwrap_or(0);
    let room = page.width.saturating_sub(4 + times);
    for (name, _) in &mut rows {
        *name = shortened(name, room);
    }
    format!("\n{}{}", page.heading(title), page.table(&rows))
}

/// One row for each hour or day between the first and the last in which something was counted.
fn rows(page: &Page, shown: Shown, from: &Zoned, hours: &[ScreenTimeEntry]) -> Vec<[String; 3]> {
    let label = |at: &Zoned| match shown {
        Shown::Hours => at.strftime("%H:%M").to_string(),
        Shown::Days => at.strftime("%a %-d").to_string(),
    };
    let mut rows: Vec<(String, u64, u64)> = Vec::new();
    if shown == Shown::Days {
        let days = (0..7).filter_map(|day| from.checked_add(jiff::Span::new().days(day)).ok());
        rows.extend(days.map(|day| (label(&day), 0, 0)));
    }
    for hour in hours {
        let Some(start) = moment(hour.start) else { continue };
        let name = label(&page.here(start));
        let (seconds, quiet) = (u64::from(hour.seconds), u64::from(hour.quiet));
        let same = rows.iter_mut().find(|(label, ..)| shown == Shown::Days && *label == name);
        match same {
            Some(row) => *row = (name, row.1 + seconds, row.2 + quiet),
            None => rows.push((name, seconds, quiet)),
        }
    }
    // As much as there is to show at least, so that little looks like little.
    let least = if shown == Shown::Hours { 3_600 } else { 8 * 3_600 };
    let whole = rows.iter().map(|row| row.1).max().unwrap_or(0).max(least);
    let room = match page.width {
        // The words alone fill it.
        ..40 => 0,
        40..60 => 10,
        _ => 20,
    };
    let row = |(label, seconds, quiet): (String, u64, u64)| {
        let bar = usize::try_from((seconds * room).div_ceil(whole)).unwrap_or(0);
        let said = match (seconds, quiet) {
            (0, 0) => "–".to_owned(),
            (0, quiet) => format!("quiet {}", time(quiet)),
            (seconds, 0) => time(seconds),
            (seconds, quiet) => format!("{}, quiet {}", time(seconds), time(quiet)),
        };
        [label, "█".repeat(bar), said]
    };
    rows.into_iter().map(row).collect()
}

/// For programs; the same keys always.
pub fn to_json(page: &Page, from: &Zoned, seen: &Seen, known: &Known) -> Value {
    let is_counted = seen.counted.is_ok();
    let hours = seen.counted.as_deref().unwrap_or_default();
    let all = Sums::of(hours, known);
    let hours: Vec<Value> = hours
        .iter()
        .map(|hour| {
            json!({
                "start": page.iso(hour.start),
                "seconds": hour.seconds,
                "quiet": hour.quiet,
                "apps": hour.apps,
            })
        })
        .collect();
    json!({
        "from": from.strftime("%FT%T%:z").to_string(),
        "until": page.now.strftime("%FT%T%:z").to_string(),
        "counted": is_counted,
        "seconds": is_counted.then_some(all.seconds),
        "quiet": is_counted.then_some(all.quiet),
        "hours": hours,
        "groups": all.groups,
        "apps": all.apps,
        "other_apps": is_counted.then_some(all.ungrouped),
        "no_app_known": is_counted.then_some(all.unknown),
        "sessions": sessions_json(page, &seen.sessions),
        "noted": noted_json(page, &seen.notes),
        "notes_sealed": many_sealed(&seen.notes),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    fn known() -> Known {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        Known {
            names: map(&[("firefox", "Firefox"), ("org.telegram", "Telegram")]),
            groups: map(&[("org.telegram", "chat"), ("steam", "games")]),
            plain: |id| id.trim_end_matches(".desktop").to_owned(),
            keep: None,
        }
    }

    fn hour(start: &str, seconds: u32, quiet: u32, apps: &[(&str, u32)]) -> ScreenTimeEntry {
        let apps = apps.iter().map(|(app, seconds)| ((*app).to_owned(), *seconds)).collect();
        ScreenTimeEntry { start: sample::usec(start), seconds, quiet, apps }
    }

    fn hours() -> Vec<ScreenTimeEntry> {
        vec![
            hour("2026-11-24T22:00:00+01", 7, 0, &[]),
            hour("2026-11-25T09:00:00+01", 3_600, 0, &[("firefox", 3_000), ("foot", 600)]),
            hour("2026-11-25T13:00:00+01", 1_000, 0, &[("org.telegram.desktop", 900)]),
            hour("2026-11-25T14:00:00+01", 240, 3_600, &[("steam", 59)]),
            hour("2026-11-25T15:00:00+01", 0, 30, &[]),
        ]
    }

    fn counted(hours: &[ScreenTimeEntry]) -> Seen {
        Seen { counted: Ok(hours.to_vec()), sessions: vec![], notes: vec![] }
    }

    /// Two sessions, and what was noted after them.
    fn logged(counted: Result<Vec<ScreenTimeEntry>, String>) -> Seen {
        let session = |kind: &str, ended: &str| SessionEntry {
            kind: kind.into(),
            ended: sample::usec(ended),
            ..SessionEntry::default()
        };
        let noted = NoteEntry {
            at: sample::usec("2026-11-25T14:40:00+01"),
            text: Some("wintergreen".into()),
            mood: Some(6),
            sleep: Some(27_000_000_000),
            ..NoteEntry::default()
        };
        let words = NoteEntry { mood: None, sleep: None, ..noted.clone() };
        Seen {
            counted,
            sessions: vec![
                session("retreat day", "2026-11-25T14:00:00+01"),
                session("session", "2026-11-25T09:30:00+01"),
            ],
            notes: vec![noted, words, NoteEntry { sealed: Some(true), ..NoteEntry::default() }],
        }
    }

    fn from(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn today() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        insta::assert_snapshot!(page(&sample::page(), Shown::Hours, &from, &counted(&hours()[1..]), &known()), @r"
        Wednesday 25 November
        1 h 20 min at the screen, 1 h of quiet time

          09:00  ████████████████████  1 h
          13:00  ██████                16 min
          14:00  ██                    4 min, quiet 1 h
          15:00                        quiet under 1 min

        By group
          chat          15 min
          games         under 1 min
          other apps    1 h
          no app known  4 min

        By app
          Firefox   50 min
          Telegram  15 min
          foot      10 min
          steam     under 1 min
        ");
    }

    #[test]
    fn a_week_on_a_narrow_terminal() {
        let from = from("2026-11-19T00:00:00+01:00[Europe/Berlin]");
        let narrow = Page { width: 40, ..sample::page() };
        insta::assert_snapshot!(page(&narrow, Shown::Days, &from, &counted(&hours()), &known()), @r"
        Thursday 19 November to Wednesday 25
        November
        1 h 20 min at the screen, 1 h of quiet
        time

          Thu 19      –
          Fri 20      –
          Sat 21      –
          Sun 22      –
          Mon 23      –
          Tue 24  █   under 1 min
          Wed 25  ██  1 h 20 min, quiet 1 h

        By group
          chat          15 min
          games         under 1 min
          other apps    1 h
          no app known  4 min

        By app
          Firefox   50 min
          Telegram  15 min
          foot      10 min
          steam     under 1 min
        ");
    }

    #[test]
    fn nothing() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        insta::assert_snapshot!(page(&sample::page(), Shown::Hours, &from, &counted(&[]), &known()), @r"
        Wednesday 25 November
        Nothing was counted.

        quietctl doctor  says what counts here, if anything
        ");
    }

    #[test]
    fn what_was_logged_and_noted_stands_there_too() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let off = Err("Screen time is not counted: your config says keep = \"off\".".to_owned());
        insta::assert_snapshot!(page(&sample::page(), Shown::Hours, &from, &logged(off.clone()), &known()), @r#"
        Wednesday 25 November
        Screen time is not counted: your config says keep = "off".

        Sessions
          09:30  session
          14:00  retreat day

        Sleep and mood, as noted
          14:40  mood 6, slept 7 h 30 min

        1 note is sealed and cannot be opened now. Sealed notes can
        be read where your keyring has their key and is unlocked: log
        in anew, or use your desktop's program for passwords.
        "#);
        for seen in [logged(Ok(vec![])), logged(Ok(hours()))] {
            let text = page(&sample::page(), Shown::Days, &from, &seen, &known());
            for said in ["Wed 25 14:00  retreat day", "Wed 25 14:40  mood 6", "1 note is sealed"] {
                assert!(text.contains(said), "{said}: {text}");
            }
            assert!(!text.contains("wintergreen"), "words are shown by `notes` alone");
        }
        let value = to_json(&sample::page(), &from, &logged(off), &known());
        assert_eq!((&value["counted"], &value["seconds"]), (&json!(false), &Value::Null));
        assert_eq!(value["sessions"].as_array().unwrap().len(), 2);
        assert_eq!(value["noted"][0]["sleep_minutes"], 450);
        assert_eq!(value["notes_sealed"], 1);
    }

    #[test]
    fn quiet_time_alone_is_no_nought_at_the_screen() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let quiet = [hour("2026-11-25T09:00:00+01", 0, 3_600, &[])];
        let text = page(&sample::page(), Shown::Hours, &from, &counted(&quiet), &known());
        assert!(text.contains("1 h of quiet time; no time at the screen was counted\n"), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let long = "org.example.".repeat(10);
        let hours = [hour("2026-11-25T09:00:00+01", 3_600, 3_600, &[(&long, 3_000)])];
        for (width, shown) in [(30, Shown::Hours), (30, Shown::Days), (80, Shown::Hours)] {
            let narrow = Page { width, ..sample::page() };
            for hours in [&hours[..], &[]] {
                let text = page(&narrow, shown, &from, &counted(hours), &known());
                let is_in = |line: &str| line.chars().count() <= width;
                assert!(text.lines().all(is_in), "{text}");
            }
        }
    }

    #[test]
    fn many_apps_are_put_together_and_no_word_judges() {
        let apps: Vec<(String, u32)> = (0..20_u32).map(|n| (format!("app{n}"), 600 + n)).collect();
        let apps: Vec<(&str, u32)> = apps.iter().map(|(id, time)| (&**id, *time)).collect();
        let hours = [hour("2026-11-25T09:00:00+01", 13_000, 0, &apps)];
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let text = page(&sample::page(), Shown::Hours, &from, &counted(&hours), &known());
        assert!(text.contains("13 more  2 h 11 min"), "{text}");
        for word in ["only", "too", "streak", "score", "more than", "less than", "goal", "limit"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn programs_get_the_same_keys_always() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let value = to_json(&sample::page(), &from, &counted(&hours()[2..3]), &known());
        assert_eq!(
            value.to_string(),
            r#"{"apps":{"org.telegram.desktop":900},"counted":true,"from":"2026-11-25T00:00:00+01:00","groups":{"chat":900},"hours":[{"apps":{"org.telegram.desktop":900},"quiet":0,"seconds":1000,"start":"2026-11-25T13:00:00+01:00"}],"no_app_known":100,"noted":[],"notes_sealed":0,"other_apps":0,"quiet":0,"seconds":1000,"sessions":[],"until":"2026-11-25T15:00:00+01:00"}"#
        );
        let none = to_json(&sample::page(), &from, &counted(&[]), &known());
        assert_eq!(none.as_object().unwrap().len(), value.as_object().unwrap().len());
    }
}
