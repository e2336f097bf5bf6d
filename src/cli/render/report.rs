//! What is said before a report is written, and after.

use super::{Page, notes::sealed};
use crate::{
    api::NoteEntry,
    report::{Choice, Noted, Part, Report, quiet, screen, title, what_is_not_known},
};

/// What will be in it. `besides` is what else is to be said; where it says why nothing is counted, that need not be said
/// again.
pub fn preview(
    page: &Page,
    report: &Report,
    choice: &Choice,
    besides: &[Option<String>],
) -> String {
    let left_out = |part: Part| choice.left_out.contains(&part);
    let labelled = report.sessions.iter().any(|session| session.label.is_some());
    let sessions = match (report.sessions.len(), labelled) {
        (0, _) => "none".to_owned(),
        (many, true) => format!("{many}, with what you called them"),
        (many, false) => format!("{many}, without what you called them"),
    };
    let screen = if left_out(Part::ScreenTime) {
        "left out".to_owned()
    } else if report.screen().is_some() {
        format!("{}, by day, hour and group of apps", screen(report))
    } else {
        screen(report)
    };
    let nothing_ticked = choice.noted == Noted::Ticked && choice.notes.is_empty();
    let noted = |part: Part, days: usize| match (left_out(part) || nothing_ticked, days) {
        (true, _) => "left out".to_owned(),
        (false, 0) if choice.noted == Noted::Ticked => "none in these notes".to_owned(),
        (false, 0) if report.sealed > 0 => "none that can be read".to_owned(),
        (false, 0) => "not noted".to_owned(),
        (false, 1) => "on 1 day".to_owned(),
        (false, days) => format!("on {days} days"),
    };
    let rows = [
        ("sessions", sessions),
        ("quiet time kept", quiet(report)),
        ("screen time", screen),
        ("sleep", noted(Part::Sleep, report.days_with(|day| day.sleep.is_some()))),
        ("mood", noted(Part::Mood, report.days_with(|day| day.mood.is_some()))),
        ("notes", format!("{} of {}", report.notes_with_text(), report.notes_in_all)),
    ];
    let mut out = format!("{}{}", page.heading(&title(report)), page.table(&rows));
    let not_known = what_is_not_known(report).filter(|_| report.is_counted);
    let said = besides.iter().flatten().chain(&not_known).map(|text| page.advice(0, text));
    let said = said.chain([sealed(page, report.sealed)]).filter(|text| !text.is_empty());
    said.for_each(|text| out.extend(["\n", &text]));
    out
}

/// One note, before it is asked for whether it goes in.
pub fn note(page: &Page, note: &NoteEntry, says: &str) -> String {
    let at = super::moment(note.at).map_or_else(String::new, |at| page.when(at));
    page.table(&[(at.as_str(), says)])
}

/// That it is written, and where.
pub fn written(page: &Page, shown: &str) -> String {
    format!("{}  {shown}\n", page.advice(0, "Written; only you can read it:"))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date};

    use super::{super::sample, *};
    use crate::{
        notes::{Content, Note, Words},
        report::{Counted, Facts},
        screen_time::Hour,
    };

    fn shown(counted: Counted, choice: &Choice, besides: &[Option<String>]) -> String {
        let note = |id: &str, content| Note {
            id: id.into(),
            at: sample::at("2026-11-24T15:00+01"),
            session: None,
            content,
        };
        let words = Words { text: Some("wintergreen".into()), mood: Some(6), ..Words::default() };
        let page = sample::page();
        let facts = Facts {
            zone: page.now.time_zone().clone(),
            from: date(2026, 6, 1),
            to: page.now.date(),
            made: page.now.date(),
            sessions: vec![(sample::at("2026-11-24T14:00+01"), Some("retreat".into()))],
            counted,
            notes: vec![
                note("a", Content::Open(words)),
                note("b", Content::Sealed("00".into())),
                note("c", Content::Sealed("00".into())),
            ],
            group_of: &|_| None,
        };
        preview(&page, &Report::new(&facts, choice), choice, besides)
    }

    #[test]
    fn what_is_left_of_a_time_that_is_not_wholly_kept() {
        let start = sample::at("2026-11-02T10:00+01");
        let hours = vec![Hour { start, seconds: 915_999, quiet: 59, ..Hour::default() }];
        let kept = Some(SignedDuration::from_hours(14 * 7 * 24));
        insta::assert_snapshot!(shown(Counted::Yes { hours, kept }, &Choice::default(), &[]), @r"
        Report, 1 June to 25 November 2026
          sessions         1, with what you called them
          quiet time kept  under 1 min
          screen time      254 h 26 min, by day, hour and group of apps
          sleep            none that can be read
          mood             on 1 day
          notes            0 of 1

        Counts are kept for 14 weeks: those from before 2 November 2026
        are not known.

        2 notes are sealed and cannot be opened now. Sealed notes can
        be read where your keyring has their key and is unlocked: log
        in anew, or use your desktop's program for passwords.
        ");
    }

    #[test]
    fn what_is_refused_and_what_is_not_counted() {
        let choice = Choice { noted: Noted::Ticked, ..Choice::default() };
        let besides = [Some("The report ends today.".to_owned()), Some("It is off.".to_owned())];
        let text = shown(Counted::No, &choice, &besides);
        insta::assert_snapshot!(text.split("\n2 notes").next().unwrap(), @r"
        Report, 1 June to 25 November 2026
          sessions         1, with what you called them
          quiet time kept  not counted
          screen time      not counted
          sleep            left out
          mood             left out
          notes            0 of 1

        The report ends today.

        It is off.
        ");
    }
}
