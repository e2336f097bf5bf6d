//! What the trial says; text in, text out.

use super::{super::context::Context, app::ID, stage::Stage};
use crate::{api::MeasuresEntry, cli::render::Page, engine::Snapshot};

/// The words of one trial.
pub struct Story<'a> {
    page: Page,
    stage: &'a Stage,
}

type State = [(&'static str, String)];

impl<'a> Story<'a> {
    /// Takes the page as it is at the beginning.
    pub fn new(context: &Context, stage: &'a Stage) -> Self {
        Self { page: context.page(), stage }
    }

    /// Before anything changes.
    pub fn beginning(&self, before: &State, count: u64) -> String {
        let (what, how_long) = if self.stage.standin().is_some() {
            ("a stand-in for a desktop (there is none here)", "ten seconds")
        } else {
            ("this desktop", "a minute")
        };
        let title = self.page.strong(&format!("quietd on {what}, for {how_long}"));
        format!(
            "{title}\nNothing is installed. Ctrl-C gives everything back at once.\n\nBefore\n{}",
            self.rows(before, &format!("counts: {count}"))
        )
    }

    /// The session is logged.
    pub fn quiet(&self, now: &Snapshot, state: &State) -> String {
        let mut text = String::from("\nA session is logged\n");
        text.push_str(&self.page.table(&measures(&now.measures)));
        for problem in &now.problems {
            text.push_str(&self.page.advice(2, &problem.text));
        }
        text.push_str(&self.seen(state));
        text
    }

    /// The next phase has begun.
    pub fn eases(&self, now: &Snapshot, state: &State, from: u64, to: u64) -> String {
        let stood = if from == to {
            format!("stood still at {to} all the while, and goes on now")
        } else {
            format!("was at {from}, and is at {to}")
        };
        let mut rows = measures(&now.measures);
        rows.push(("the example app", stood));
        format!("\nThe next phase: lighter\n{}{}", self.page.table(&rows), self.seen(state))
    }

    /// Everything is over.
    pub fn end(&self, before: &State, after: &State, count: u64) -> String {
        let verdict = if before == after {
            "Everything is as it was."
        } else {
            "Something is not as it was. To try again: quietctl restore"
        };
        format!(
            "\nAfter\n{}\n{}\nTo keep it: quietctl setup\n",
            self.rows(after, &format!("counts: {count}")),
            self.page.strong(verdict)
        )
    }

    /// Ctrl-C.
    pub fn interrupted() -> &'static str {
        "\nGiving everything back.\n"
    }

    fn rows(&self, state: &State, app: &str) -> String {
        let mut rows: Vec<(&str, String)> = state.to_vec();
        rows.push(("the example app", app.to_owned()));
        self.page.table(&rows)
    }

    /// What the stand-in desktop itself says; a real one is looked at by the person.
    fn seen(&self, state: &State) -> String {
        if self.stage.standin().is_none() {
            return String::new();
        }
        let seen: Vec<String> =
            state.iter().map(|(what, value)| format!("{what}: {value}")).collect();
        format!("  the desktop itself says: {}\n", seen.join(", "))
    }
}

fn measures(measures: &MeasuresEntry) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(level) = &measures.notifications {
        rows.push(("notifications", format!("held back ({level})")));
    }
    if let Some(dim) = measures.dim {
        rows.push(("the screen", format!("{dim} % darker")));
    }
    if let Some(kelvin) = measures.warmth {
        rows.push(("its colour", format!("{kelvin} K, warmer")));
    }
    if measures.greyscale == Some(true) {
        rows.push(("its colours", "taken away".to_owned()));
    }
    if measures.apps.iter().flatten().any(|app| app == &ID.to_lowercase() || app == ID) {
        rows.push(("the example app", "frozen, not ended".to_owned()));
    }
    rows
}
