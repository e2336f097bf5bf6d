//! What `today` and `week` show of the log: sessions, sleep and mood. Beside them: `screen_time`.

use serde_json::{Value, json};

use super::{
    Page,
    notes::{many_sealed, mood_and_sleep, sealed},
    screen_time::Shown,
    time::moment,
};
use crate::api::{NoteEntry, SessionEntry};

/// Sessions, then sleep and mood, each with when; nothing where there is nothing.
pub fn logged(page: &Page, shown: Shown, sessions: &[SessionEntry], notes: &[NoteEntry]) -> String {
    let when = |usec: u64| {
        let form = if shown == Shown::Hours { "%H:%M" } else { "%a %-d %H:%M" };
        moment(usec).map(|at| page.here(at).strftime(form).to_string()).unwrap_or_default()
    };
    let mut sessions: Vec<&SessionEntry> = sessions.iter().collect();
    sessions.sort_by_key(|session| session.ended);
    let sessions = sessions.iter().map(|session| (when(session.ended), session.kind.clone()));
    let felt = notes.iter().filter_map(|note| Some((when(note.at), mood_and_sleep(note)?)));
    let mut out = String::new();
    let parts: [(&str, Vec<(String, String)>); 2] =
        [("Sessions", sessions.collect()), ("Sleep and mood, as noted", felt.collect())];
    for (title, rows) in parts.iter().filter(|(_, rows)| !rows.is_empty()) {
        out.extend(["\n", &page.heading(title), &page.table(rows)]);
    }
    let sealed = sealed(page, many_sealed(notes));
    if !sealed.is_empty() {
        out.extend(["\n", &sealed]);
    }
    out
}

/// The same for programs.
pub fn sessions_json(page: &Page, sessions: &[SessionEntry]) -> Value {
    let row =
        |session: &SessionEntry| json!({ "ended": page.iso(session.ended), "kind": session.kind });
    sessions.iter().map(row).collect()
}

/// The same for programs: the notes that have a sleep or a mood.
pub fn noted_json(page: &Page, notes: &[NoteEntry]) -> Value {
    let felt = notes.iter().filter(|note| note.mood.is_some() || note.sleep.is_some());
    let row = |note: &NoteEntry| {
        json!({
            "at": page.iso(note.at),
            "mood": note.mood,
            "sleep_minutes": note.sleep.map(|usec| usec / 60_000_000),
        })
    };
    felt.map(row).collect()
}
