//! What a person erases: sessions, notes and all else that is kept of them, for good.
//!
//! Here: what the daemon does about it; `erased` erases from the files, and does it all with no daemon. Receipts are never
//! erased: they go when what they say is given back.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    ANSWER_AT_MOST, Damage, Engine, Reply, STOP_AT_MOST, calls,
    erased::{Files, not_kept},
    sentences,
};
use crate::{
    api::{Erased, Error},
    dbus::keyring,
    schedule::ByHand,
    store::{self, ScreenTimeStore, SuggestedStore},
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
        let erased = self.erase(&what).and_then(|erased| {
            self.keep_what_stays()?;
            Ok(erased)
        });
        let erased = match erased {
            Ok(erased) => erased,
            Err(error) => return calls::answer(reply, Err(error)),
        };
        tracing::info!(sessions = erased.sessions, notes = erased.notes, "erased");
        self.try_again();
        // What is still to be given back by then is said.
        let at_most = if all { STOP_AT_MOST } else { ANSWER_AT_MOST };
        self.when_settled(at_most, move |engine| {
            if what != Erase::All {
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

    fn erase(&mut self, what: &Erase) -> Result<Erased, Error> {
        let log = self.log.clone().ok_or_else(calls::no_log)?;
        let counted = match what {
            Erase::Before(_) => self.write_screen_time().map_err(not_kept),
            Erase::All => {
                self.drop_screen_time();
                Ok(())
            }
            Erase::Session(_) | Erase::Note(_) => Ok(()),
        };
        let mut files = Files {
            screen_time: &ScreenTimeStore::open(&self.desktop.env.state_dir()),
            planned: &mut self.planned.decided,
            zone: &self.zone,
            log: &log,
        };
        let erased = files.erase(what, self.now);
        self.read_log();
        self.look_at_the_notes();
        match what {
            Erase::Session(id) => {
                let run = format!("session:{id}");
                self.clocks.seen.remove(&run);
                self.by_hand.graces.remove(&run);
            }
            Erase::Note(_) => {}
            Erase::Before(_) => {
                let sessions = &self.sessions;
                let stays = |id: &str| sessions.iter().any(|session| session.id == id);
                self.clocks.seen.retain(|run, _| run.strip_prefix("session:").is_none_or(stays));
            }
            Erase::All => {
                self.forget_by_hand();
                // Written anew, nothing is wrong with them.
                self.receipts_changed = true;
                self.forget_suggestions();
            }
        }
        counted.and(erased)
    }

    /// What is wrong with the notes is told for as long as it is so.
    pub(super) fn look_at_the_notes(&mut self) {
        if let Some(log) = &self.log
            && self.damage.contains_key(&Damage::Notes)
        {
            let damage = log.notes().all().damage;
            self.note_damage(Damage::Notes, &sentences(&damage));
        }
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
