//! A report for spreadsheets: a row for each day (RFC 4180), minutes as whole numbers.

use super::Report;

/// Writes a report as CSV.
pub fn csv(report: &Report) -> String {
    let mut names = vec!["date", "sessions", "labels", "quiet_minutes"];
    if report.screen_time {
        names.push("screen_minutes");
    }
    let mut head: Vec<String> = names.into_iter().map(str::to_owned).collect();
    head.extend(report.groups.iter().map(|group| format!("screen_minutes {}", group.name)));
    head.extend(["mood", "sleep_minutes", "notes", "to_ask"].map(str::to_owned));
    let has_hours = report.screen().is_some();
    if has_hours {
        head.extend((0..24).map(|hour| format!("screen_minutes {hour:02}:00")));
    }
    let mut out = String::new();
    row(&mut out, head);
    // An empty cell is what is not known; a nought would be a number.
    let minutes = |seconds: Option<u64>| {
        seconds.map(|seconds| (seconds / 60).to_string()).unwrap_or_default()
    };
    let number = |value: Option<u16>| value.map(|value| value.to_string()).unwrap_or_default();
    for day in &report.days {
        let sessions = report.sessions.iter().filter(|it| it.ended.date() == day.date);
        let labels: Vec<&str> = sessions.filter_map(|it| it.label.as_deref()).collect();
        let said: Vec<_> = report.notes.iter().filter(|it| it.at.date() == day.date).collect();
        let texts: Vec<&str> = said.iter().filter_map(|it| it.words.text.as_deref()).collect();
        let asks: Vec<&str> = said.iter().filter_map(|it| it.words.ask.as_deref()).collect();
        let mut cells = vec![
            day.date.to_string(),
            day.sessions.to_string(),
            labels.join("; "),
            minutes(day.quiet),
        ];
        if report.screen_time {
            cells.push(minutes(day.screen()));
        }
        let group =
            |name: &String| minutes(day.hours.map(|_| day.groups.get(name).copied().unwrap_or(0)));
        cells.extend(report.groups.iter().map(|it| group(&it.name)));
        cells.extend([
            number(day.mood.map(u16::from)),
            number(day.sleep),
            texts.join("\n\n"),
            asks.join("\n"),
        ]);
        if has_hours {
            let hour = |at: usize| minutes(day.hours.map(|hours| hours[at]));
            cells.extend((0..24).map(hour));
        }
        row(&mut out, cells);
    }
    out
}

fn row(out: &mut String, cells: Vec<String>) {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(&text)).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

/// One cell. A spreadsheet would take text that begins like a formula for one, so an apostrophe comes first.
fn cell(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
