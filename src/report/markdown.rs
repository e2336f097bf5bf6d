//! A report as Markdown, with tables as GitHub has them.

use super::{Report, words};

/// Writes a report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("# {}\n\n", words::title(report));
    let sum = |name: &str, text: String| format!("- {name}: {text}\n");
    out.push_str(&sum("Sessions", report.sessions.len().to_string()));
    out.push_str(&sum(
        "Quiet time kept",
        words::on_days(report.quiet(), report.days_with(|day| day.quiet > 0)),
    ));
    if report.screen_time {
        out.push_str(&sum(
            "Time at the screen",
            words::on_days(report.screen(), report.days_with(|day| day.screen > 0)),
        ));
    }
    let questions = report.questions();
    if !questions.is_empty() {
        out.push_str("\n## To ask\n\n");
        for question in questions {
            put(&mut out, &format!("- {}\n", escaped(question).replace('\n', "\n  ")));
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
    days(report, &mut out);
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
        }
    }
    let made = words::span(report.made, report.made);
    put(&mut out, &format!("\nMade on {made} by quietd. It is not medical advice.\n"));
    out
}

/// A table with a row for each day on which something was.
fn days(report: &Report, out: &mut String) {
    let something = |day: &&super::Day| {
        day.screen + day.quiet > 0 || day.mood.is_some() || day.sleep.is_some() || day.sessions > 0
    };
    if report.days_with(|day| something(&day)) == 0 {
        return;
    }
    out.push_str(
        "\n## Days\n\n| day | at the screen | quiet | slept | mood |\n|---|---|---|---|---|\n",
    );
    for day in report.days.iter().filter(something) {
        let sleep = day.sleep.map(|minutes| words::time(u64::from(minutes) * 60));
        let screen = if report.screen_time { words::time(day.screen) } else { String::new() };
        put(
            out,
            &format!(
                "| {} | {screen} | {} | {} | {} |\n",
                words::day(day.date),
                words::time(day.quiet),
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

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}
