//! From what is applied to what is desired: captures, one write of the receipts, then everything at once.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{
    CAPTURES_AT_MOST, Damage, Engine,
    seat::{Doing, Seat},
};
use crate::{
    backend::{BackendError, reach},
    plan::{self, Desired, Measure, Step},
    store::Receipt,
};

/// Tells whether notifications are all it holds.
fn is_of_notifications(seat: &Seat) -> bool {
    seat.row.measures == [Measure::Notifications]
}

impl Engine {
    /// Starts what is to be done next, seat by seat; a seat that is busy is looked at again when it is done.
    pub(super) fn reconcile(&mut self) {
        let wanted = self.wanted();
        for seat in &mut self.seats {
            // While a backend looked, the person may have said off: then nothing of it is done.
            if matches!(seat.doing, Doing::Captured(..)) && !wanted.contains_key(seat.row.id) {
                seat.doing = Doing::Nothing;
            }
        }
        for (index, seat) in self.seats.iter_mut().enumerate() {
            if seat.anew && seat.may_act() && seat.receipt.is_some() {
                seat.start_restore(index, &self.tell);
            }
        }
        let applied: BTreeMap<&'static str, Desired> = self
            .seats
            .iter()
            .filter(|seat| seat.receipt.is_some())
            .map(|seat| (seat.row.id, seat.applied.clone().unwrap_or_default()))
            .collect();
        // At the start nobody has said yet what they can do: what is in force stays until they have, unless nothing is
        // wanted any more.
        let open = self.desired().measures().is_empty();
        let looking = self.first_round_until.is_some();
        let through = self.evaluation.let_through.is_some();
        for step in plan::diff(&wanted, &applied) {
            let (Step::Put { backend, .. } | Step::TakeDown { backend }) = &step;
            let Some(index) = self.seats.iter().position(|seat| seat.row.id == *backend) else {
                continue;
            };
            let seat = &mut self.seats[index];
            if !seat.may_act() || (looking && !open) {
                continue;
            }
            match step {
                // A batch is no end of quiet: what the person set meanwhile is theirs beyond it.
                Step::TakeDown { .. } if seat.theirs && through && is_of_notifications(seat) => {}
                Step::TakeDown { .. } => seat.start_restore(index, &self.tell),
                Step::Put { .. } if seat.theirs => {}
                Step::Put { desired, .. } => {
                    seat.start_capture(index, desired, &self.tell);
                    self.captures_until.get_or_insert_with(|| Instant::now() + CAPTURES_AT_MOST);
                }
            }
        }
        for (index, seat) in self.seats.iter_mut().enumerate() {
            if seat.again && seat.may_act() && !seat.theirs && !seat.is_probing() {
                match wanted.get(seat.row.id).cloned() {
                    Some(desired) => seat.start_capture(index, desired, &self.tell),
                    None => seat.again = false,
                }
            }
            // Before they have all said what they can do, nothing is wanted of anybody, and nothing is over.
            let asked = looking && !open || wanted.contains_key(seat.row.id);
            if seat.is_idle() && seat.receipt.is_none() && !asked {
                seat.rest();
            }
        }
    }

    /// What is wanted of each backend.
    fn wanted(&self) -> BTreeMap<&'static str, Desired> {
        let desired = self.desired();
        let assigned = plan::assign(&desired, &self.candidates());
        let wants_end =
            |id: &str| self.seats.iter().any(|seat| seat.row.id == id && seat.row.wants_end);
        plan::shares(&desired, &assigned, reach, wants_end)
    }

    fn candidates(&self) -> Vec<plan::Candidate> {
        self.seats.iter().map(super::Seat::candidate).collect()
    }

    /// What is desired of the whole desktop.
    pub(super) fn desired(&self) -> Desired {
        let desired = plan::desired(&self.evaluation, &self.config);
        Desired { dim: desired.dim.max(self.break_dim()), ..desired }
    }

    /// Writes the receipts once for all captures that are done, then acts on all of them.
    pub(super) fn commit(&mut self) {
        let capturing = self.seats.iter().any(|seat| matches!(seat.doing, Doing::Capturing(_)));
        let in_time = self.captures_until.is_some_and(|until| Instant::now() < until);
        let captured = self.seats.iter().any(|seat| matches!(seat.doing, Doing::Captured(..)));
        if captured && capturing && in_time {
            return;
        }
        // Those slower than that get a write of their own when they answer.
        self.captures_until = None;
        if captured {
            match self.write_receipts() {
                Ok(()) => self.act(),
                Err(error) => self.open(&error),
            }
        } else if self.receipts_changed
            && !self.seats.iter().any(|seat| matches!(seat.doing, Doing::Restoring))
            && let Err(error) = self.write_receipts()
        {
            tracing::warn!(%error, "could not write the receipts");
            self.damage.insert(Damage::Receipts, error);
            self.receipts_changed = false;
        }
    }

    fn act(&mut self) {
        for (index, seat) in self.seats.iter_mut().enumerate() {
            seat.start_apply(index, &self.tell);
        }
    }

    /// The receipts cannot be kept: nothing is changed, and it is said.
    fn open(&mut self, error: &str) {
        tracing::warn!(%error, "could not keep receipts, so nothing is changed");
        self.damage.insert(
            Damage::Receipts,
            format!(
                "{error} Nothing was changed, because it could not be given back after a crash."
            ),
        );
        for seat in &mut self.seats {
            if matches!(seat.doing, Doing::Captured(..)) {
                seat.give_up(BackendError::TimedOut("the disk".to_owned()));
            }
        }
    }

    fn write_receipts(&mut self) -> Result<(), String> {
        let held: Vec<Receipt> = self
            .seats
            .iter()
            .filter_map(|seat| match &seat.doing {
                Doing::Captured(_, receipt) => Some(receipt.clone()),
                _ => seat.receipt.clone(),
            })
            .chain(self.foreign.iter().cloned())
            .collect();
        self.receipts.write(&held).map_err(|error| error.to_string())?;
        self.receipts_changed = false;
        self.damage.remove(&Damage::Receipts);
        Ok(())
    }
}
