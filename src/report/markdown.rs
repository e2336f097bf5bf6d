//! A report as Markdown, with tables as GitHub has them.

use super::{Day, Report, words};

/// Writes a report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("# {}\n\n", words::title(report));
    let sum = |name: &str, text: String| format!("- {name}: {text}\n");
    out.push_str(&sum("Sessions", report.sessions.len().to_string()));
    let days_with = |of: fn(&Day) -> Option<u64>| {
        let days = report.days_with(|day| of(day).is_some_and(|seconds| seconds > 0));
        report.known_from(of).map(|_| format!(" on {}", words::counted(days, "day")))
    };
    let on = days_with(|day| day.quiet).unwrap_or_default();
    out.push_str(&sum("Quiet time kept", format!("{}{on}", words::quiet(report))));
    if report.screen_time {
        let on = days_with(Day::screen).unwrap_or_default();
        out.push_str(&sum("Time at the screen", format!("{}{on}", words::screen(report))));
    }
    if let Some(why) = words::what_is_not_known(report) {
        put(&mut out, &format!("\n{why}\n"));
    }
    let questions = report.questions();
    if !questions.is_empty() {
        out.push_str("\n## To ask\n\n");
        for question in questions {
            put(&mut out, &format!("- {}\n", in_one_item(question)));
        }
    }
    if !report.sessions.is_empty() {
        out.push_str("\n## Sessions\n\n");
        for session in &report.sessions {
            let label = session.label.as_deref().map(|label| format!(": {}", escaped(label)));
            let ended = words::moment(&session.ended);
            put(&mut out, &format!("- {ended}{}\n", label.unwrap_or_default()));
        }
    }
    if !report.groups.is_empty() {
        out.push_str("\n## Time at the screen by group\n\n| group | time |\n|---|---|\n");
        for group in &report.groups {
            let time = words::time(group.seconds);
            put(&mut out, &format!("| {} | {time} |\n", escaped(&group.name)));
        }
    }
    by_hour(report, &mut out);
    days(report, &mut out);
    by_day_and_group(report, &mut out);
    if !report.notes.is_empty() {
        out.push_str("\n## Notes\n");
        for note in &report.notes {
            put(&mut out, &format!("\n### {}\n\n", words::moment(&note.at)));
            if let Some(short) = words::mood_and_sleep(&note.words) {
                put(&mut out, &format!("{short}\n\n"));
            }
            for line in note.words.text.iter().flat_map(|text| text.lines()) {
                out.push_str(format!("> {}", escaped(line)).trim_end());
                out.push('\n');
            }
            if let Some(ask) = &note.words.ask {
                // Apart from the words before it, which are quoted.
                let apart = if note.words.text.is_some() { "\n" } else { "" };
                put(&mut out, &format!("{apart}To ask: {}\n", in_one_item(ask)));
            }
        }
    }
    let made = words::span(report.made, report.made);
    put(&mut out, &format!("\nMade on {made} by quietd. It is not medical advice.\n"));
    out
}

/// Time at the screen by the hour of the day.
fn by_hour(report: &Report, out: &mut String) {
    let days = words::days_at_the_screen(report);
    if days == 0 {
        return;
    }
    let time = if days == 1 { "time" } else { "on average" };
    put(out, &format!("\n## Time at the screen by hour\n\n| hour | {time} |\n|---|---|\n"));
    for (hour, seconds) in report.hours.iter().enumerate().filter(|(_, seconds)| **seconds > 0) {
        put(out, &format!("| {hour:02}:00 | {} |\n", words::time(seconds / days)));
    }
}

/// Time at the screen of each day, with a column for each group.
fn by_day_and_group(report: &Report, out: &mut String) {
    if report.groups.is_empty() {
        return;
    }
    out.push_str("\n## Time at the screen by day and group\n\n| day |");
    for group in &report.groups {
        put(out, &format!(" {} |", escaped(&group.name)));
    }
    put(out, &format!("\n|---|{}\n", "---|".repeat(report.groups.len())));
    for day in report.days.iter().filter(|day| !day.groups.is_empty()) {
        put(out, &format!("| {} |", words::day(day.date)));
        for group in &report.groups {
            let seconds = day.groups.get(&group.name).copied().filter(|seconds| *seconds > 0);
            put(out, &format!(" {} |", seconds.map(words::time).unwrap_or_default()));
        }
        out.push('\n');
    }
}

/// A table with a row for each day on which something was.
fn days(report: &Report, out: &mut String) {
    if report.days_with(Day::has_something) == 0 {
        return;
    }
    out.push_str(
        "\n## Days\n\n| day | at the screen | quiet | slept | mood |\n|---|---|---|---|---|\n",
    );
    for day in report.days.iter().filter(|day| day.has_something()) {
        let sleep = day.sleep.map(|minutes| words::time(u64::from(minutes) * 60));
        let screen = day.screen().map(words::time).unwrap_or_default();
        put(
            out,
            &format!(
                "| {} | {screen} | {} | {} | {} |\n",
                words::day(day.date),
                day.quiet.map(words::time).unwrap_or_default(),
                sleep.unwrap_or_default(),
                day.mood.map(|mood| mood.to_string()).unwrap_or_default(),
            ),
        );
    }
}

/// Takes from text what Markdown would read as more than text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !".,;:'\"?%/".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// The same of text of several lines, so that it stays in its list.
fn in_one_item(text: &str) -> String {
    escaped(text).replace('\n', "\n  ")
}

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}
