//! Notes as people and programs read them, and what is said of what was erased.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Page,
    time::{counted, duration, moment},
};
use crate::{
    api::{Erased, NoteEntry},
    report::time,
};

/// What stands for a note that cannot be read.
pub const SEALED: &str = "sealed; the key is not there";

/// What helps then.
const HOW_TO_READ: &str = "Sealed notes can be read where your keyring has their key and is unlocked: log in anew, or use your \
                           desktop's program for passwords.";

/// `quietctl note`: that it is kept, and how to undo it. `ended` is when the session that it belongs to did.
pub fn kept(page: &Page, id: &str, ended: Option<Timestamp>) -> String {
    let with = ended.map_or_else(String::new, |ended| {
        format!(", with the session that ended {}", page.when(ended))
    });
    let mut out = page.advice(0, &format!("The note is kept{with}."));
    out.push('\n');
    let erase = format!("quietctl erase --note {id}");
    let notes = ("quietctl notes", "shows your notes");
    out.push_str(&page.commands(&[notes, (&erase, "erases this one")]));
    out
}

/// The same for programs.
pub fn kept_json(id: &str, session: Option<&str>) -> Value {
    json!({ "id": id, "session": session })
}

/// `quietctl notes`: the one place, with reports, that shows what was noted.
pub fn list(page: &Page, notes: &[NoteEntry]) -> String {
    if notes.is_empty() {
        return "No note is kept. `quietctl note` keeps one.\n".to_owned();
    }
    let mut rows = vec![["Kept", "Id", "Note"].map(str::to_owned)];
    rows.extend(notes.iter().map(|note| [day(page, note), note.id.clone(), says(note)]));
    let mut out = page.columns(&rows);
    if notes.iter().any(|note| note.sealed == Some(true)) {
        out.push('\n');
        out.push_str(&page.advice(0, HOW_TO_READ));
    }
    out.push('\n');
    out.push_str(&page.commands(&[("quietctl erase --note ID", "erases one for good")]));
    out
}

/// `quietctl notes --ask`.
pub fn questions(page: &Page, notes: &[NoteEntry]) -> String {
    let sealed = sealed(page, many_sealed(notes));
    let mut rows = vec![["Kept", "Id", "To ask"].map(str::to_owned)];
    let asks = notes.iter().filter_map(|note| note.ask.as_ref().map(|ask| (note, ask)));
    rows.extend(asks.map(|(note, ask)| [day(page, note), note.id.clone(), ask.clone()]));
    match (rows.len(), sealed.is_empty()) {
        (1, true) => "No question is kept. `quietctl note --ask TEXT` keeps one.\n".to_owned(),
        (1, false) => format!("No question that can be read is kept.\n\n{sealed}"),
        (_, true) => page.columns(&rows),
        (_, false) => format!("{}\n{sealed}", page.columns(&rows)),
    }
}

/// How many of them cannot be read.
pub fn many_sealed(notes: &[NoteEntry]) -> usize {
    notes.iter().filter(|note| note.sealed == Some(true)).count()
}

/// That so many notes cannot be read, and what helps; nothing where all can be.
pub fn sealed(page: &Page, many: usize) -> String {
    let said = match many {
        0 => return String::new(),
        1 => "1 note is sealed and cannot be opened now.".to_owned(),
        many => format!("{many} notes are sealed and cannot be opened now."),
    };
    page.advice(0, &format!("{said} {HOW_TO_READ}"))
}

fn day(page: &Page, note: &NoteEntry) -> String {
    moment(note.at).map_or_else(
        || "not known".to_owned(),
        |at| page.here(at).strftime("%a %-d %b %Y %H:%M").to_string(),
    )
}

/// What a note says, a line for each thing.
pub fn says(note: &NoteEntry) -> String {
    if note.sealed == Some(true) {
        return SEALED.to_owned();
    }
    let short = mood_and_sleep(note);
    let ask = note.ask.as_ref().map(|ask| format!("to ask: {ask}"));
    let lines: Vec<String> = [note.text.clone(), short, ask].into_iter().flatten().collect();
    lines.join("\n")
}

/// `mood 6, slept 7 h 30 min`; none where neither is noted.
pub fn mood_and_sleep(note: &NoteEntry) -> Option<String> {
    let mood = note.mood.map(|mood| format!("mood {mood}"));
    let slept = note.sleep.map(|sleep| match sleep {
        0 => "no sleep".to_owned(),
        sleep => format!("slept {}", time(sleep / 1_000_000)),
    });
    let short: Vec<String> = [mood, slept].into_iter().flatten().collect();
    (!short.is_empty()).then(|| short.join(", "))
}

/// `quietctl notes --format json`.
pub fn json(page: &Page, notes: &[NoteEntry]) -> Value {
    notes
        .iter()
        .map(|note| {
            json!({
                "id": note.id,
                "at": page.iso(note.at),
                "session": note.session,
                "text": note.text,
                "mood": note.mood,
                "sleep": note.sleep.map(|sleep| duration(sleep).to_string()),
                "ask": note.ask,
                "sealed": note.sealed.unwrap_or(false),
            })
        })
        .collect()
}

/// `quietctl erase`.
pub fn erased(page: &Page, erased: &Erased) -> String {
    let sessions = counted(u64::from(erased.sessions), "session");
    let notes = counted(u64::from(erased.notes), "note");
    let what = match erased.days {
        None => format!("{sessions} and {notes}"),
        Some(days) => {
            let days = counted(u64::from(days), "day");
            format!("{sessions}, {notes} and screen time from {days}")
        }
    };
    let mut out = page.advice(0, &format!("Erased for good: {what}."));
    if let Some(kept) = &erased.kept {
        out.push_str(&page.advice(0, kept));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    fn notes() -> [NoteEntry; 4] {
        let note = |id: &str, at: &str| NoteEntry {
            id: id.into(),
            at: sample::usec(at),
            ..NoteEntry::default()
        };
        [
            NoteEntry {
                text: Some("three words are enough\nand a second line \u{1b}[2J".into()),
                mood: Some(6),
                sleep: Some(27_000_000_000),
                ask: Some("Is a swim fine?".into()),
                session: Some("b2".into()),
                ..note("a1b2c3d4e5f6", "2026-11-24T15:00+01")
            },
            NoteEntry { mood: Some(0), ..note("b1b2c3d4e5f6", "2026-11-24T16:00+01") },
            NoteEntry { sealed: Some(true), ..note("c1b2c3d4e5f6", "2026-11-24T17:00+01") },
            NoteEntry { sleep: Some(0), ..note("d1b2c3d4e5f6", "2026-11-25T09:05+01") },
        ]
    }

    #[test]
    fn notes_with_all_they_say() {
        insta::assert_snapshot!(list(&sample::page(), &notes()), @r"
          Kept                   Id            Note
          Tue 24 Nov 2026 15:00  a1b2c3d4e5f6  three words are enough
                                               and a second line �[2J
                                               mood 6, slept 7 h 30 min
                                               to ask: Is a swim fine?
          Tue 24 Nov 2026 16:00  b1b2c3d4e5f6  mood 0
          Tue 24 Nov 2026 17:00  c1b2c3d4e5f6  sealed; the key is not there
          Wed 25 Nov 2026 09:05  d1b2c3d4e5f6  no sleep

        Sealed notes can be read where your keyring has their key and
        is unlocked: log in anew, or use your desktop's program for passwords.

        quietctl erase --note ID  erases one for good
        ");
        insta::assert_snapshot!(list(&sample::page(), &[]), @"No note is kept. `quietctl note` keeps one.");
        insta::assert_snapshot!(questions(&sample::page(), &notes()[..1]), @r"
          Kept                   Id            To ask
          Tue 24 Nov 2026 15:00  a1b2c3d4e5f6  Is a swim fine?
        ");
        insta::assert_snapshot!(questions(&sample::page(), &[]), @"No question is kept. `quietctl note --ask TEXT` keeps one.");
        assert_eq!(questions(&sample::page(), &notes()[1..2]), questions(&sample::page(), &[]));
        insta::assert_snapshot!(questions(&sample::page(), &notes()[2..3]), @r"
        No question that can be read is kept.

        1 note is sealed and cannot be opened now. Sealed notes can
        be read where your keyring has their key and is unlocked: log
        in anew, or use your desktop's program for passwords.
        ");
        let both = questions(&sample::page(), &notes()[..3]);
        assert!(both.contains("Is a swim fine?") && both.contains("1 note is sealed"), "{both}");
        let narrow = list(&Page { width: 60, ..sample::page() }, &notes());
        assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
        let narrow = list(&Page { width: 30, ..sample::page() }, &notes());
        assert!(narrow.lines().all(|line| line.chars().count() <= 30), "{narrow}");
    }

    #[test]
    fn for_programs() {
        let json = json(&sample::page(), &notes());
        assert_eq!(json[0]["sleep"], "PT7H30M");
        assert_eq!(json[0]["at"], "2026-11-24T15:00:00+01:00");
        assert_eq!((&json[1]["text"], &json[2]["sealed"]), (&Value::Null, &Value::Bool(true)));
    }

    #[test]
    fn what_was_kept_and_erased() {
        let page = sample::page();
        let ended = Some(sample::at("2026-11-25T14:00+01"));
        insta::assert_snapshot!(kept(&page, "a1", ended), @r"
        The note is kept, with the session that ended 14:00.

        quietctl notes            shows your notes
        quietctl erase --note a1  erases this one
        ");
        assert!(kept(&page, "a1", None).starts_with("The note is kept.\n"));
        let kept = Some("Not all is given back yet.".into());
        let some = Erased { sessions: 1, notes: 2, days: None, kept };
        insta::assert_snapshot!(erased(&page, &some), @r"
        Erased for good: 1 session and 2 notes.
        Not all is given back yet.
        ");
        let counted = Erased { days: Some(40), ..Erased::default() };
        let said = erased(&page, &counted).replace('\n', " ");
        assert_eq!(said, "Erased for good: 0 sessions, 0 notes and screen time from 40 days. ");
    }
}
