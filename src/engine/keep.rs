//! What was done by hand goes to the disk: before it is acted on where it makes something quiet, and after that where it opens something.
//! A disk may take seconds for it, and nobody is to wait for that at the exit.

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Damage, Engine, erased, seat::Seat};
use crate::{api::Error, config, store::Kept};

impl Engine {
    /// Writes what was done by hand, without what no longer matters. Tells whether it is kept.
    pub(super) fn keep_by_hand(&mut self) -> bool {
        let kept = self.kept_by_hand();
        let kept = self.by_hand_store.write(&kept);
        match kept {
            Ok(()) => {
                self.damage.remove(&Damage::ByHand);
                true
            }
            Err(error) => {
                self.not_kept(error.to_string());
                false
            }
        }
    }

    /// Writes what stays of it once something is erased.
    pub(super) fn keep_what_stays(&mut self) -> Result<(), Error> {
        let kept = self.kept_by_hand();
        match self.by_hand_store.erase(&kept).map_err(erased::not_kept)? {
            None => drop(self.damage.remove(&Damage::ByHand)),
            Some(error) => self.not_kept(error.to_string()),
        }
        Ok(())
    }

    fn not_kept(&mut self, error: String) {
        tracing::warn!(%error, "could not keep what was done by hand");
        self.damage.insert(Damage::ByHand, error);
    }

    fn kept_by_hand(&mut self) -> Kept {
        self.to_keep = false;
        let old = self.now.checked_sub(config::ANY_AT_MOST).unwrap_or(Timestamp::MIN);
        let now = self.now;
        let stays = self.around.stays.begun();
        // A stay may last longer, and off holds until it ends.
        let old = stays.values().copied().fold(old, Timestamp::min);
        self.by_hand.offs.retain(|off| *off >= old);
        self.by_hand.starts.retain(|start| start.until > now);
        self.by_hand.unlocks.retain(|unlock| unlock.until > now);
        Kept {
            by_hand: self.by_hand.clone(),
            clocks: self.clocks.clone(),
            theirs: self.theirs.clone(),
            stays,
            planned: self.planned.kept(now),
        }
    }

    /// Writes it, or says why that cannot be.
    pub(super) fn keep_or_say(&mut self) -> Result<(), Error> {
        if self.keep_by_hand() {
            return Ok(());
        }
        Err(Error::NotKept(self.damage.get(&Damage::ByHand).cloned().unwrap_or_default()))
    }

    /// Has it written once it is done, and before anybody is told that it is.
    pub(super) fn keep_by_hand_soon(&mut self) {
        self.to_keep = true;
    }

    /// Writes what waits to be, if nothing is being opened or shut any more; once a turn.
    pub(super) fn keep_what_is_done(&mut self) {
        let ends = self.stopping.is_some_and(|at_most| Instant::now() >= at_most);
        if ends || self.seats.iter().all(Seat::is_idle) {
            self.keep_now();
        }
    }

    /// Writes what waits to be.
    pub(super) fn keep_now(&mut self) {
        if self.to_keep {
            self.keep_by_hand();
        }
    }
}
