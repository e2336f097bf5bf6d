//! `quietctl today` and `week`: time at the screen and quiet time, in words and bars. Nothing is judged or compared.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Zoned};
use serde_json::{Value, json};

use super::{Page, time::moment};
use crate::{api::ScreenTimeEntry, config::write_duration};

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

/// What is known of apps here.
#[derive(Clone, Debug)]
pub struct Known {
    /// Names for people, by plain id.
    pub names: BTreeMap<String, String>,
    /// The group each is counted in, by plain id.
    pub groups: BTreeMap<String, String>,
    /// Makes an id plain.
    pub plain: fn(&str) -> String,
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

/// A page: a row for each hour or day, then groups and apps.
pub fn page(
    page: &Page,
    shown: Shown,
    from: &Zoned,
    hours: &[ScreenTimeEntry],
    known: &Known,
) -> String {
    let all = Sums::of(hours, known);
    let when = match shown {
        Shown::Hours => from.strftime("%A %-d %B").to_string(),
        Shown::Days => {
            format!("{} to {}", from.strftime("%A %-d %B"), page.now.strftime("%A %-d %B"))
        }
    };
    let mut out = page.heading(&when);
    if all == Sums::default() {
        out.push_str(&page.advice(0, "Nothing was counted."));
        out.push('\n');
        out.push_str(&page.commands(&[("quietctl doctor", "says what counts here, if anything")]));
        return out;
    }
    let quiet = format!(", {} of quiet time", long(all.quiet));
    let quiet = if all.quiet > 0 { &*quiet } else { "" };
    let mut said = format!("{} at the screen{quiet}", long(all.seconds));
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
    out
}

fn largest_first(spent: &mut [(String, u64)]) {
    spent.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
}

fn section(page: &Page, title: &str, spent: &[(String, u64)]) -> String {
    let rows: Vec<(&str, String)> = spent
        .iter()
        .filter(|(_, seconds)| *seconds > 0)
        .map(|(name, seconds)| (&**name, short(*seconds)))
        .collect();
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
    let room = if page.width < 60 { 10 } else { 20 };
    let row = |(label, seconds, quiet): (String, u64, u64)| {
        let bar = usize::try_from((seconds * room).div_ceil(whole)).unwrap_or(0);
        let said = match (seconds, quiet) {
            (0, 0) => "–".to_owned(),
            (0, quiet) => format!("quiet {}", short(quiet)),
            (seconds, 0) => short(seconds),
            (seconds, quiet) => format!("{}, quiet {}", short(seconds), short(quiet)),
        };
        [label, "█".repeat(bar), said]
    };
    rows.into_iter().map(row).collect()
}

/// For programs; the same keys always.
pub fn to_json(page: &Page, from: &Zoned, hours: &[ScreenTimeEntry], known: &Known) -> Value {
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
        "seconds": all.seconds,
        "quiet": all.quiet,
        "hours": hours,
        "groups": all.groups,
        "apps": all.apps,
        "other_apps": all.ungrouped,
        "no_app_known": all.unknown,
    })
}

/// To the minute.
fn minutes(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds / 60 * 60).unwrap_or(0))
}

fn short(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { write_duration(minutes(seconds)) }
}

fn long(seconds: u64) -> String {
    let hours = super::time::counted(seconds / 3_600, "hour");
    let minutes = super::time::counted(seconds / 60 % 60, "minute");
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) if seconds == 0 => "no time".to_owned(),
        (0, 0) => "less than a minute".to_owned(),
        (0, _) => minutes,
        (_, 0) => hours,
        _ => format!("{hours} {minutes}"),
    }
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

    fn from(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn today() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        insta::assert_snapshot!(page(&sample::page(), Shown::Hours, &from, &hours()[1..], &known()), @r"
        Wednesday 25 November
        1 hour 20 minutes at the screen, 1 hour of quiet time

          09:00  ████████████████████  1h
          13:00  ██████                16m
          14:00  ██                    4m, quiet 1h
          15:00                        quiet 30s

        By group
          chat          15m
          games         59s
          other apps    1h
          no app known  4m

        By app
          Firefox   50m
          Telegram  15m
          foot      10m
          steam     59s
        ");
    }

    #[test]
    fn a_week_on_a_narrow_terminal() {
        let from = from("2026-11-19T00:00:00+01:00[Europe/Berlin]");
        let narrow = Page { width: 40, ..sample::page() };
        insta::assert_snapshot!(page(&narrow, Shown::Days, &from, &hours(), &known()), @r"
        Thursday 19 November to Wednesday 25
        November
        1 hour 20 minutes at the screen, 1 hour
        of quiet time

          Thu 19      –
          Fri 20      –
          Sat 21      –
          Sun 22      –
          Mon 23      –
          Tue 24  █   7s
          Wed 25  ██  1h 20m, quiet 1h

        By group
          chat          15m
          games         59s
          other apps    1h
          no app known  4m

        By app
          Firefox   50m
          Telegram  15m
          foot      10m
          steam     59s
        ");
    }

    #[test]
    fn nothing() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        insta::assert_snapshot!(page(&sample::page(), Shown::Hours, &from, &[], &known()), @r"
        Wednesday 25 November
        Nothing was counted.

        quietctl doctor  says what counts here, if anything
        ");
    }

    #[test]
    fn many_apps_are_put_together_and_no_word_judges() {
        let apps: Vec<(String, u32)> = (0..20_u32).map(|n| (format!("app{n}"), 600 + n)).collect();
        let apps: Vec<(&str, u32)> = apps.iter().map(|(id, time)| (&**id, *time)).collect();
        let hours = [hour("2026-11-25T09:00:00+01", 13_000, 0, &apps)];
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let text = page(&sample::page(), Shown::Hours, &from, &hours, &known());
        assert!(text.contains("13 more  2h 11m"), "{text}");
        for word in ["only", "too", "streak", "score", "more than", "less than", "goal", "limit"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn programs_get_the_same_keys_always() {
        let from = from("2026-11-25T00:00:00+01:00[Europe/Berlin]");
        let value = to_json(&sample::page(), &from, &hours()[2..3], &known());
        assert_eq!(
            value.to_string(),
            r#"{"apps":{"org.telegram.desktop":900},"from":"2026-11-25T00:00:00+01:00","groups":{"chat":900},"hours":[{"apps":{"org.telegram.desktop":900},"quiet":0,"seconds":1000,"start":"2026-11-25T13:00:00+01:00"}],"no_app_known":100,"other_apps":0,"quiet":0,"seconds":1000,"until":"2026-11-25T15:00:00+01:00"}"#
        );
        let none = to_json(&sample::page(), &from, &[], &known());
        assert_eq!(none.as_object().unwrap().len(), value.as_object().unwrap().len());
    }
}
