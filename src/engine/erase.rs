//! What a person erases: sessions, notes and all else that is kept of them, for good.
//!
//! Receipts are never erased: they go when what they say is given back.

use std::sync::Arc;

use jiff::Timestamp;

use super::{ANSWER_AT_MOST, Engine, Reply, STOP_AT_MOST, calls};
use crate::{
    api::{Erased, Error},
    dbus::keyring,
    notes::Note,
    schedule::ByHand,
    store::{self, StoreError, SuggestedStore},
    suggestions::Given,
};

/// What is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erase {
    /// A session, with the notes that belong to it.
    Session(String),
    /// One note.
    Note(String),
    /// Everything before a moment.
    Before(Timestamp),
    /// Everything; what is quiet is given back first.
    All,
}

impl Engine {
    /// Erases, and answers when what followed from it is over.
    pub(super) fn erase_call(&mut self, what: Erase, reply: Reply<Erased>) {
        let all = what == Erase::All;
        if all {
            self.off();
        }
        let erased = self.erase(what);
        self.read_log();
        let erased = match erased {
            Ok(erased) => erased,
            Err(error) => return calls::answer(reply, Err(error)),
        };
        tracing::info!(sessions = erased.sessions, notes = erased.notes, "erased");
        self.try_again();
        // What is still to be given back by then is said.
        let at_most = if all { STOP_AT_MOST } else { ANSWER_AT_MOST };
        self.when_settled(at_most, move |engine| {
            if !all {
                return calls::answer(reply, Ok(erased));
            }
            let (erased, bus) = (engine.erase_what_is_left(erased), engine.desktop.session.clone());
            tokio::spawn(async move {
                // What was sealed with it is erased too; should the keyring not answer, the key opens nothing any more.
                keyring::forget(&bus).await;
                calls::answer(reply, erased);
            });
        });
    }

    fn erase(&mut self, what: Erase) -> Result<Erased, Error> {
        let now = self.now;
        let log = self.log.clone().ok_or_else(calls::no_log)?;
        let notes = log.notes();
        let (sessions, notes) = match what {
            Erase::Session(id) => {
                let sessions = usize::from(log.forget(&id, now).map_err(not_kept)?);
                let belongs = |note: &Note| note.session.as_ref() == Some(&id);
                let notes = notes.forget(&belongs, now).map_err(not_kept)?;
                if sessions + notes == 0 {
                    return Err(calls::unknown_session(&id));
                }
                self.clocks.seen.remove(&format!("session:{id}"));
                (sessions, notes)
            }
            Erase::Note(id) => {
                let notes = notes.forget(&|note| note.id == id, now).map_err(not_kept)?;
                if notes == 0 {
                    return Err(Error::UnknownNote(format!(
                        "There is no note «{id}». `quietctl notes` lists them."
                    )));
                }
                (0, notes)
            }
            Erase::Before(before) => {
                let sessions = log.forget_before(before, now).map_err(not_kept)?;
                let notes = notes.forget_before(Some(before), now).map_err(not_kept)?;
                self.erase_screen_time(Some(before)).map_err(not_kept)?;
                self.clocks
                    .seen
                    .retain(|run, seen| !run.starts_with("session:") || seen.wall >= before);
                (sessions, notes)
            }
            Erase::All => {
                let sessions = log.forget_all(now).map_err(not_kept)?;
                let notes = notes.forget_before(None, now).map_err(not_kept)?;
                self.erase_screen_time(None).map_err(not_kept)?;
                self.forget_by_hand();
                self.forget_suggestions();
                (sessions, notes)
            }
        };
        self.keep_by_hand();
        let many = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Erased { sessions: many(sessions), notes: many(notes), kept: None })
    }

    /// Nothing stays of what was done by hand but that it is off, where a rule of the config would make it quiet anew.
    fn forget_by_hand(&mut self) {
        let own = |run: &str| run.starts_with("session:") || run.starts_with("start:");
        let off_counts = self.evaluation.periods.iter().any(|period| !own(&period.run));
        let offs = if off_counts { vec![self.now] } else { Vec::new() };
        let holds = std::mem::take(&mut self.by_hand.holds);
        self.by_hand = ByHand { offs, holds, ..ByHand::default() };
        self.clocks.seen.clear();
    }

    /// Once everything is given back: what was kept aside because nobody could read it.
    fn erase_what_is_left(&self, erased: Erased) -> Result<Erased, Error> {
        let env = Arc::clone(&self.desktop.env);
        let held = self.seats.iter().any(|seat| seat.receipt.is_some());
        if held {
            let kept = "What was set on your desktop is not all given back yet, so what is needed \
                        for that is still there. Once `quietctl restore` has given it back, erase \
                        again.";
            return Ok(Erased { kept: Some(kept.to_owned()), ..erased });
        }
        let suggested = SuggestedStore::open(&env.state_dir());
        suggested.write(&Given::default()).map_err(not_kept)?;
        store::remove_leftovers(&env.state_dir()).map_err(not_kept)?;
        Ok(erased)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
fn not_kept(error: StoreError) -> Error {
    Error::NotKept(format!("Not everything is erased: {error}"))
}
