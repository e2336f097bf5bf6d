//! What the rules and the log say of a stretch of time.

use jiff::{SignedDuration, Timestamp};

use super::{
    Facts, Period, after, by_hand, offs::Offs, place, shift::later, slot::Slot, weekly::Weekly,
};

/// How far from its first moment a plan looks at most; weekly windows never end.
pub const PLAN_AT_MOST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Lists every period that runs or begins from `from` on and before `until`, sorted by begin; at most [`PLAN_AT_MOST`] of
/// it. What was paused or let through is not looked at; what was said off is left out.
pub fn periods(facts: &Facts<'_>, from: Timestamp, until: Timestamp) -> Vec<Period> {
    let until = until.min(later(from, PLAN_AT_MOST));
    let offs = Offs::new(&facts.by_hand.offs);
    let mut periods: Vec<Period> = Vec::new();
    let mut see = |slot: Slot<'_>| {
        if slot.from < until && slot.until.is_none_or(|end| from < end) {
            periods.push(slot.period());
        }
    };
    after::each(facts, &offs, from, &mut see);
    Weekly::new(facts, &offs).between(from, until, &mut see);
    place::each(facts, &offs, &mut see);
    by_hand::each(facts, &offs, &mut see);
    periods.sort_by(|a, b| order(a).cmp(&order(b)));
    periods
}

fn order(period: &Period) -> (Timestamp, Timestamp, &str, &str) {
    let until = period.until.unwrap_or(Timestamp::MAX);
    (period.from, until, &period.run, &period.profile)
}
