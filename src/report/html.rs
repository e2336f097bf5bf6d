//! A report as one page: no script, no request, no file beside it; to read, to print, on a phone, and to listen to.

use std::fmt::Write as _;

use jiff::civil::{Date, ISOWeekDate};

use super::{
    Day, Report,
    chart::{Bar, Chart, FEW, Shape, draw, share},
    words,
};

/// How the page looks.
const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded, run or sent, whatever stands in the page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Up to how many days each has a bar of its own, and up to how many each week has.
const BY_DAY: usize = 45;
const BY_WEEK: usize = 400;

/// Writes a report as a page.
pub fn html(report: &Report) -> String {
    let title = words::title(report);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{title}</h1>\n\
         <p class=\"soft\">Made on {}.</p>\n</header>\n",
        words::span(report.made, report.made)
    );
    figures(report, &mut out);
    questions(report, &mut out);
    let buckets = buckets(&report.days);
    charts(report, &buckets, &mut out);
    sessions(report, &mut out);
    notes(report, &mut out);
    day_by_day(report, &mut out);
    out.push_str(
        "<footer><p>Made by quietd on this person’s computer, from what they logged and noted and what was counted \
         there; they chose what is in it. It is not medical advice.</p></footer>\n</main>\n</body>\n</html>\n",
    );
    out
}

/// Text that is nothing but text in HTML and SVG, in an attribute as well.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

fn figures(report: &Report, out: &mut String) {
    let on = |many: usize| format!("on {}", words::counted(many, "day"));
    let days = report.days_with(|day| day.sessions > 0);
    let mut figures = vec![("Sessions", report.sessions.len().to_string(), on(days))];
    let days_with = |of: fn(&Day) -> Option<u64>| {
        let days = report.days_with(|day| of(day).is_some_and(|seconds| seconds > 0));
        report.known_from(of).map(|_| on(days)).unwrap_or_default()
    };
    figures.push(("Quiet time kept", words::quiet(report), days_with(|day| day.quiet)));
    if report.screen_time {
        figures.push(("At the screen", words::screen(report), days_with(Day::screen)));
    }
    out.push_str("<dl class=\"figures\">");
    for (name, text, more) in figures {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{text}<span>{more}</span></dd></div>");
    }
    out.push_str("</dl>\n");
    if let Some(why) = words::what_is_not_known(report) {
        let _ = writeln!(out, "<p class=\"soft why\">{why}</p>");
    }
}

fn questions(report: &Report, out: &mut String) {
    let mut items = String::new();
    for ask in report.questions() {
        let _ = write!(items, "<li class=\"text\">{}</li>", escaped(ask));
    }
    if !items.is_empty() {
        let _ = writeln!(out, "<section><h2>To ask</h2><ul>{items}</ul></section>");
    }
}

fn sessions(report: &Report, out: &mut String) {
    if report.sessions.is_empty() {
        return;
    }
    out.push_str("<section><h2>Sessions</h2><ul class=\"many\">");
    for session in &report.sessions {
        let _ = write!(out, "<li>{}", words::moment(&session.ended));
        if let Some(label) = &session.label {
            let _ = write!(out, ": {}", escaped(label));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul></section>\n");
}

/// Days that share a bar.
struct Bucket<'a> {
    /// What it is called below the chart, and in full.
    short: String,
    long: String,
    days: &'a [Day],
}

impl Bucket<'_> {
    /// What was counted; none where that is not known of any of its days.
    fn sum(&self, of: impl Fn(&Day) -> Option<u64>) -> Option<u64> {
        self.days.iter().filter_map(of).reduce(|sum, more| sum + more)
    }

    /// What was noted, on average; none where nothing was.
    fn average(&self, of: impl Fn(&Day) -> Option<u64>) -> Option<u64> {
        let noted: Vec<u64> = self.days.iter().filter_map(of).collect();
        let many = u64::try_from(noted.len()).ok().filter(|many| *many > 0)?;
        Some((noted.iter().sum::<u64>() + many / 2) / many)
    }

    fn bar(&self, value: Option<u64>, said: &str) -> Bar {
        let sessions = self.days.iter().map(|day| day.sessions).sum();
        Bar { value, says: format!("{}: {said}", self.long), sessions }
    }
}

/// By day, by week from Monday on, or by month: so many that each can be seen.
fn buckets(days: &[Day]) -> (&'static str, Vec<Bucket<'_>>) {
    let week = |date: Date| date.iso_week_date().first_of_week().map_or(date, ISOWeekDate::date);
    let short = |date: Date| date.strftime("%-d %b").to_string();
    let bucket = |days| Bucket { short: String::new(), long: String::new(), days };
    if days.len() <= BY_DAY {
        let of = |day: &[Day]| day.first().map(|day| (short(day.date), words::day(day.date)));
        return ("by day", named(days.chunks(1).map(bucket), of));
    }
    if days.len() <= BY_WEEK {
        let chunks = days.chunk_by(|a, b| week(a.date) == week(b.date)).map(bucket);
        let of = |days: &[Day]| {
            let first = days.first()?.date;
            Some((short(first), format!("week of {}", words::day(first))))
        };
        return ("by week", named(chunks, of));
    }
    let chunks =
        days.chunk_by(|a, b| a.date.first_of_month() == b.date.first_of_month()).map(bucket);
    let of = |days: &[Day]| {
        let first = days.first()?.date;
        let full = first.strftime("%B %Y").to_string();
        Some((first.strftime("%b %Y").to_string(), full))
    };
    ("by month", named(chunks, of))
}

fn named<'a>(
    buckets: impl Iterator<Item = Bucket<'a>>,
    of: impl Fn(&[Day]) -> Option<(String, String)>,
) -> Vec<Bucket<'a>> {
    buckets
        .map(|bucket| {
            let (short, long) = of(bucket.days).unwrap_or_default();
            Bucket { short, long, ..bucket }
        })
        .collect()
}

fn charts(report: &Report, (by, buckets): &(&'static str, Vec<Bucket<'_>>), out: &mut String) {
    let along = along(buckets);
    let numbers = "The numbers are in the table Day by day.";
    let over_time =
        |title: String, class: &str, of: &dyn Fn(&Day) -> Option<u64>, out: &mut String| {
            let bars: Vec<Bar> = buckets
                .iter()
                .map(|bucket| {
                    let sum = bucket.sum(of);
                    let said = sum.map_or_else(|| "not known".to_owned(), words::time);
                    let bar = bucket.bar(sum, &said);
                    let sessions = if class == "quiet" { bar.sessions } else { 0 };
                    Bar { sessions, ..bar }
                })
                .collect();
            hours_chart(&title, numbers, class, &bars, &along, out);
        };
    if report.quiet().is_some_and(|quiet| quiet > 0 || !report.sessions.is_empty()) {
        out.push_str("<section><h2>Quiet time</h2>");
        over_time(format!("Quiet time kept, {by}"), "quiet", &|day| day.quiet, out);
        if !report.sessions.is_empty() {
            out.push_str("<p class=\"soft\"><span class=\"key\"></span>a session ended</p>");
        }
        out.push_str("</section>\n");
    }
    if report.screen().is_some() {
        out.push_str("<section><h2>Time at the screen</h2>");
        over_time(format!("At the screen, {by}"), "screen", &Day::screen, out);
        by_hour(report, out);
        groups(report, out);
        out.push_str(
            "<p class=\"soft\">Counted while somebody was there; locked, idle and asleep do not count.</p></section>\n",
        );
    }
    sleep_and_mood(by, buckets, &along, out);
}

/// The first, the one in the middle and the last; all where they are few.
fn along(buckets: &[Bucket<'_>]) -> Vec<String> {
    if buckets.len() <= FEW {
        return buckets.iter().map(|bucket| bucket.short.clone()).collect();
    }
    let at = [0, (buckets.len() - 1) / 2, buckets.len() - 1];
    at.iter().filter_map(|at| buckets.get(*at)).map(|bucket| bucket.short.clone()).collect()
}

fn hours_chart(
    title: &str,
    says: &str,
    class: &str,
    bars: &[Bar],
    along: &[String],
    out: &mut String,
) {
    let top = top_of(bars.iter().filter_map(|bar| bar.value).max().unwrap_or(0));
    let scale = [words::time(top), words::time(top / 2), "0".to_owned()];
    draw(&Chart { title, says, class, bars, top, scale, along, shape: Shape::Bar }, out);
}

/// The first round number of seconds above all.
fn top_of(most: u64) -> u64 {
    let minutes = [20, 60, 120, 240, 360, 480, 600, 720, 960, 1_200, 1_440];
    let found = minutes.into_iter().map(|minutes| minutes * 60).find(|top| *top >= most);
    // Above a day: whole times ten hours.
    found.unwrap_or_else(|| most.div_ceil(36_000) * 36_000)
}

fn by_hour(report: &Report, out: &mut String) {
    let days = words::days_at_the_screen(report).max(1);
    let average = if days == 1 { "" } else { ", on average" };
    let bars: Vec<Bar> = report
        .hours
        .iter()
        .enumerate()
        .map(|(hour, seconds)| {
            let each = seconds / days;
            let says = format!("{hour:02}:00 to {:02}:00: {}", hour + 1, words::time(each));
            Bar { value: Some(each), says, sessions: 0 }
        })
        .collect();
    let along = ["00:00", "06:00", "12:00", "18:00", "24:00"].map(str::to_owned);
    let title = format!("At the screen, by hour of the day{average}");
    let says = "The numbers are in the table below it.";
    hours_chart(&title, says, "screen", &bars, &along, out);
    begin_table("by-hour", "By hour, as a table", out);
    let _ = write!(
        out,
        "<table><thead><tr><th scope=\"col\">hour</th><th scope=\"col\" class=\"number\">{}</th></tr></thead><tbody>",
        if days == 1 { "time" } else { "on average" }
    );
    for (hour, seconds) in report.hours.iter().enumerate().filter(|(_, seconds)| **seconds > 0) {
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{hour:02}:00</th><td class=\"number\">{}</td></tr>",
            words::time(seconds / days)
        );
    }
    out.push_str("</tbody></table></div>");
}

fn groups(report: &Report, out: &mut String) {
    let Some(most) = report.groups.first().map(|group| group.seconds) else { return };
    out.push_str(
        "<figure><table class=\"groups\"><caption>At the screen, by group of apps</caption><tbody>",
    );
    for group in &report.groups {
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"bar\"><svg aria-hidden=\"true\" viewBox=\"0 0 100 10\" \
             preserveAspectRatio=\"none\"><rect class=\"screen\" width=\"{:.2}\" height=\"10\"/></svg></td>\
             <td class=\"number\">{}</td></tr>",
            escaped(&group.name),
            share(group.seconds, most),
            words::time(group.seconds),
        );
    }
    out.push_str("</tbody></table></figure>");
}

fn sleep_and_mood(by: &str, buckets: &[Bucket<'_>], along: &[String], out: &mut String) {
    let sleep = |day: &Day| day.sleep.map(|minutes| u64::from(minutes) * 60);
    let mood = |day: &Day| day.mood.map(u64::from);
    let noted = |of: &dyn Fn(&Day) -> Option<u64>| {
        buckets.iter().any(|bucket| bucket.average(of).is_some())
    };
    let (slept, felt) = (noted(&sleep), noted(&mood));
    if !slept && !felt {
        return;
    }
    let average = if by == "by day" { "" } else { ", the average of what was noted" };
    let numbers = "The numbers are in the table Day by day.";
    out.push_str("<section><h2>Sleep and mood, as noted</h2>");
    let bars = |of: &dyn Fn(&Day) -> Option<u64>, says: &dyn Fn(u64) -> String| -> Vec<Bar> {
        let bar = |bucket: &Bucket<'_>| {
            let value = bucket.average(of);
            let said = value.map_or_else(|| "not noted".to_owned(), says);
            Bar { sessions: 0, ..bucket.bar(value, &said) }
        };
        buckets.iter().map(bar).collect()
    };
    if slept {
        let title = format!("Sleep, {by}{average}");
        hours_chart(&title, numbers, "sleep", &bars(&sleep, &words::time), along, out);
    }
    if felt {
        let title = format!("Mood, from 0 to 10, {by}{average}");
        let scale = ["10", "5", "0"].map(str::to_owned);
        let bars = bars(&mood, &|mood| mood.to_string());
        let (says, class, shape) = (numbers, "mood", Shape::Mark);
        let chart = Chart { title: &title, says, class, bars: &bars, top: 10, scale, along, shape };
        draw(&chart, out);
    }
    out.push_str("</section>\n");
}

fn notes(report: &Report, out: &mut String) {
    if report.notes.is_empty() {
        return;
    }
    out.push_str("<section><h2>Notes</h2>");
    for note in &report.notes {
        let _ = write!(out, "<article><h3>{}</h3>", words::moment(&note.at));
        if let Some(short) = words::mood_and_sleep(&note.words) {
            let _ = write!(out, "<p class=\"soft\">{short}</p>");
        }
        if let Some(text) = &note.words.text {
            let _ = write!(out, "<p class=\"text\">{}</p>", escaped(text));
        }
        if let Some(ask) = &note.words.ask {
            let _ = write!(
                out,
                "<p class=\"text\"><span class=\"soft\">To ask:</span> {}</p>",
                escaped(ask)
            );
        }
        out.push_str("</article>");
    }
    out.push_str("</section>\n");
}

/// All days on which something was, as a table.
fn day_by_day(report: &Report, out: &mut String) {
    if report.days_with(Day::has_something) == 0 {
        if report.notes.is_empty() {
            // What was counted is said above.
            out.push_str("<section><p>Nothing was logged or noted in this time.</p></section>\n");
        }
        return;
    }
    out.push_str("<section><h2>Day by day</h2>");
    begin_table("day-by-day", "As a table", out);
    out.push_str("<table class=\"days\"><thead><tr>");
    let mut heads = vec!["day", "sessions", "quiet"];
    if report.screen_time {
        heads.push("at the screen");
    }
    heads.extend(["slept", "mood"]);
    for head in heads {
        let _ = write!(out, "<th scope=\"col\">{head}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for day in report.days.iter().filter(|day| day.has_something()) {
        let or_none = |seconds: Option<u64>| {
            seconds.filter(|seconds| *seconds > 0).map(words::time).unwrap_or_default()
        };
        let sessions = if day.sessions > 0 { day.sessions.to_string() } else { String::new() };
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{sessions}</td><td>{}</td>",
            words::day(day.date),
            or_none(day.quiet)
        );
        if report.screen_time {
            let _ = write!(out, "<td>{}</td>", or_none(day.screen()));
        }
        let sleep = day.sleep.map(|minutes| words::time(u64::from(minutes) * 60));
        let mood = day.mood.map(|mood| mood.to_string());
        let (sleep, mood) = (sleep.unwrap_or_default(), mood.unwrap_or_default());
        let _ = write!(out, "<td>{sleep}</td><td>{mood}</td></tr>");
    }
    out.push_str("</tbody></table></div></section>\n");
}

/// Begins a table that is opened with a tick, and ends with its `div`. Printed it is always there: what browsers keep shut
/// in `details` no style opens in all of them.
fn begin_table(id: &str, name: &str, out: &mut String) {
    let _ = write!(
        out,
        "<input type=\"checkbox\" class=\"opens\" id=\"{id}\"/><label for=\"{id}\">{name}</label><div class=\"wide\">"
    );
}
