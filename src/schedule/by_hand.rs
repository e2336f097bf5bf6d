//! What the person started, and what other programs hold.

use jiff::Timestamp;

use super::{
    Facts,
    offs::Offs,
    shift::{earlier, later},
    slot::{Cause, Slot, ahead, hold_run, start_run},
};
use crate::config::STRONG_AT_MOST;

/// Shows each start and each hold whose profile the config has.
pub(super) fn each<'a>(facts: &Facts<'a>, offs: &Offs, see: &mut impl FnMut(Slot<'a>)) {
    for start in &facts.by_hand.starts {
        let Some(profile) = facts.config.profiles.get(&start.profile) else { continue };
        let cause = Cause::Start { start, profile };
        show(facts, offs, &start_run(&start.id), start.from, start.until, cause, see);
    }
    for hold in &facts.by_hand.holds {
        let Some(profile) = facts.config.profiles.get(&hold.profile) else { continue };
        let cause = Cause::Hold { hold, profile };
        show(facts, offs, &hold_run(hold.cookie), hold.from, Timestamp::MAX, cause, see);
    }
}

/// Shows one interval, at most [`STRONG_AT_MOST`] of it whatever was asked for or stands in the file.
fn show<'a>(
    facts: &Facts<'a>,
    offs: &Offs,
    run: &str,
    from: Timestamp,
    until: Timestamp,
    cause: Cause<'a>,
    see: &mut impl FnMut(Slot<'a>),
) {
    let ahead = ahead(facts, run);
    let until = until.min(later(from, STRONG_AT_MOST));
    let begins = earlier(from, ahead);
    let ends = earlier(until, ahead);
    if begins < ends && !offs.within(begins, Some(until)) {
        see(Slot { from: begins, until: Some(ends), cause });
    }
}
