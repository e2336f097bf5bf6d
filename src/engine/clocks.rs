//! A clock that is set back never makes a run longer.
//!
//! For each run the engine remembers when it first saw it, on the wall and since boot. What the wall clock now lacks
//! against that is how far the run is ahead of it; the schedule ends it that much earlier.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use crate::store::{Clocks, Seen};

/// For how long a run is remembered: it may last 14 days, and a session be logged a day ahead.
const MATTERS: SignedDuration = SignedDuration::from_hours(15 * 24);

/// How many runs are remembered; more would be a log gone mad.
const RUNS_AT_MOST: usize = 512;

/// What the names of all runs at places begin with.
pub(super) const PLACE: &str = "place:";

/// A turn that comes later than this after its moment has been slept through.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// Less than this is a clock being slewed, not set.
const SLEW: SignedDuration = SignedDuration::from_secs(2);

impl Clocks {
    /// How far each run is ahead of the wall clock.
    pub(super) fn ahead(
        &self,
        now: Timestamp,
        since_boot: SignedDuration,
    ) -> BTreeMap<String, SignedDuration> {
        self.seen
            .iter()
            .filter_map(|(run, seen)| {
                let passed = since_boot.saturating_sub(SignedDuration::from_nanos(seen.boot_ns));
                let own = seen.wall.saturating_add(passed).ok()?;
                let ahead = own.duration_since(now);
                (ahead > SLEW).then(|| (run.clone(), ahead))
            })
            .collect()
    }

    /// Takes over what an earlier boot saw: the wall clock may have been set back while the machine was off, but a run
    /// is never younger than it was.
    pub(super) fn carry_over(&mut self, boot_id: &str, now: Timestamp, since_boot: SignedDuration) {
        if self.boot_id == boot_id {
            return;
        }
        boot_id.clone_into(&mut self.boot_id);
        for seen in self.seen.values_mut() {
            *seen = Seen { wall: seen.wall.max(now), boot_ns: nanos(since_boot) };
        }
    }

    /// The clock was set back from `expected`: runs that are over or were never seen count from there. Those that are known
    /// go on by the time since boot; where the clock had been set forward before, that is the truth.
    fn step_back(
        &mut self,
        runs: impl Iterator<Item = String>,
        expected: Timestamp,
        boot: SignedDuration,
    ) {
        let here = Seen { wall: expected, boot_ns: nanos(boot) };
        for seen in self.seen.values_mut() {
            let passed = boot.saturating_sub(SignedDuration::from_nanos(seen.boot_ns));
            let own = seen.wall.saturating_add(passed).unwrap_or(Timestamp::MAX);
            *seen = Seen { wall: own, ..here };
        }
        for run in runs {
            self.seen.entry(run).or_insert(here);
        }
    }

    /// Stays are moved with the clock; what was known of theirs on it is known no more.
    pub(super) fn forget_places(&mut self) {
        self.seen.retain(|run, _| !run.starts_with(PLACE));
    }

    /// Forgets runs that cannot matter any more. Tells whether there were any.
    fn forget(&mut self, running: &BTreeSet<&str>, boot: SignedDuration) -> bool {
        let before = self.seen.len();
        let old =
            |seen: &Seen| boot.saturating_sub(SignedDuration::from_nanos(seen.boot_ns)) > MATTERS;
        self.seen.retain(|run, seen| running.contains(&**run) || !old(seen));
        while self.seen.len() > RUNS_AT_MOST {
            let oldest =
                self.seen.iter().min_by_key(|(_, seen)| seen.wall).map(|(run, _)| run.clone());
            oldest.and_then(|run| self.seen.remove(&run));
        }
        self.seen.len() != before
    }
}

/// How far what was said moves when the clock is set by a step: with it while the clock is behind where it was then.
fn moved(lead: &mut SignedDuration, step: SignedDuration) -> SignedDuration {
    let behind = |lead: SignedDuration| lead.min(SignedDuration::ZERO);
    let before = behind(*lead);
    *lead = lead.saturating_add(step);
    behind(*lead).saturating_sub(before)
}

fn nanos(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl Engine {
    /// Looks at the clocks, once a turn: takes the time, and notices a clock that was set back.
    pub(super) fn look_at_the_clocks(&mut self) {
        let (now, boot) = (self.clock.now(), self.clock.since_boot());
        let passed = boot.saturating_sub(self.since_boot);
        let expected = self.now.saturating_add(passed).unwrap_or(now);
        let back = expected.duration_since(now);
        if back.abs() > SLEW {
            self.move_offs(-back);
        }
        if back > SLEW {
            tracing::info!(seconds = back.as_secs(), "the clock was set back");
            let sessions = self.sessions.iter().map(|session| format!("session:{}", session.id));
            self.clocks.step_back(sessions, expected, boot);
            // Nobody waits longer.
            for unlock in &mut self.by_hand.unlocks {
                unlock.from = unlock.from.saturating_sub(back).unwrap_or(Timestamp::MIN);
            }
            for grace in self.by_hand.graces.values_mut() {
                grace.from = grace.from.saturating_sub(back).unwrap_or(Timestamp::MIN);
            }
            self.around.stays.set_back(back);
            self.clocks.forget_places();
            self.now = now;
            self.keep_by_hand_soon();
        }
        if let Some(due) = self.evaluation.next_change
            && now.duration_since(due) > LATE
        {
            self.slept = Some((due, now));
            self.around.stays.slept(due, now);
        }
        // Set back before it, the clock would come to that stretch's end again.
        self.slept = self.slept.filter(|(_, until)| *until <= now);
        (self.now, self.since_boot) = (now, boot);
        self.zone = self.clock.zone();
    }

    /// Moves what was said with `off` along with a clock that is set, so that it is still before what is said from now on,
    /// and after what it was about when the clock is set right again. A clock that goes further ahead than it was when
    /// that was said (a machine that was paused) moves nothing: what begins meanwhile was not meant.
    fn move_offs(&mut self, step: SignedDuration) {
        let by = moved(&mut self.clock_lead, step);
        for off in &mut self.by_hand.offs {
            *off = off.saturating_add(by).unwrap_or(*off);
        }
        if !by.is_zero() {
            self.keep_by_hand_soon();
        }
    }

    /// Remembers runs that are new and forgets those that cannot matter any more.
    pub(super) fn keep_clocks(&mut self) {
        let running: BTreeSet<&str> =
            self.evaluation.periods.iter().map(|period| period.run.as_str()).collect();
        let here = Seen { wall: self.now, boot_ns: nanos(self.since_boot) };
        let mut changed = self.clocks.forget(&running, self.since_boot);
        for run in running {
            if !self.clocks.seen.contains_key(run) {
                self.clocks.seen.insert(run.to_owned(), here);
                changed = true;
            }
        }
        if changed {
            self.keep_by_hand_soon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(wall: i64, boot: i64) -> Clocks {
        let seen =
            Seen { wall: Timestamp::from_second(wall).unwrap(), boot_ns: boot * 1_000_000_000 };
        Clocks { boot_id: "a".into(), seen: BTreeMap::from([("session:1".to_owned(), seen)]) }
    }

    #[test]
    fn what_was_said_moves_with_a_clock_that_is_behind() {
        let moves = |steps: &[i64]| {
            let mut lead = SignedDuration::ZERO;
            let by = steps.iter().map(|it| moved(&mut lead, SignedDuration::from_secs(*it)));
            by.map(|by| by.as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(moves(&[-600, 600]), [-600, 600], "set back, and right again");
        assert_eq!(moves(&[-600, 200, 500, -50]), [-600, 200, 400, 0]);
        assert_eq!(moves(&[86_400, -86_400]), [0, 0], "ahead for a moment");
        assert_eq!(moves(&[3_600]), [0], "a machine that was paused");
    }

    fn ahead(clocks: &Clocks, now: i64, boot: i64) -> Option<i64> {
        clocks
            .ahead(Timestamp::from_second(now).unwrap(), SignedDuration::from_secs(boot))
            .get("session:1")
            .map(SignedDuration::as_secs)
    }

    #[test]
    fn a_clock_that_goes_on_is_not_ahead() {
        assert_eq!(ahead(&clocks(1_000, 10), 1_500, 510), None);
    }

    #[test]
    fn a_clock_set_back_puts_the_run_ahead() {
        assert_eq!(ahead(&clocks(10_000, 10), 6_400, 10), Some(3_600));
        assert_eq!(ahead(&clocks(10_000, 10), 6_500, 110), Some(3_600));
    }

    #[test]
    fn a_clock_set_forward_is_believed_and_back_again_forgotten() {
        assert_eq!(ahead(&clocks(1_000, 10), 90_000, 20), None);
        assert_eq!(ahead(&clocks(1_000, 10), 1_030, 40), None);
    }

    #[test]
    fn a_reboot_with_a_clock_set_back_makes_nothing_younger() {
        let mut clocks = clocks(10_000, 500);
        clocks.carry_over(
            "b",
            Timestamp::from_second(4_000).unwrap(),
            SignedDuration::from_secs(5),
        );
        assert_eq!(ahead(&clocks, 4_000, 5), Some(6_000));
    }

    #[test]
    fn a_run_that_is_over_stays_over_when_the_clock_is_set_back() {
        let mut clocks = Clocks::default();
        let expected = Timestamp::from_second(90_000).unwrap();
        let runs = ["session:1".to_owned()].into_iter();
        clocks.step_back(runs, expected, SignedDuration::from_secs(10));
        assert_eq!(ahead(&clocks, 86_400, 10), Some(3_600));
    }

    #[test]
    fn two_steps_back_add_up() {
        let mut clocks = clocks(10_000, 10);
        let at = |second| Timestamp::from_second(second).unwrap();
        clocks.step_back(std::iter::empty(), at(10_100), SignedDuration::from_secs(110));
        assert_eq!(ahead(&clocks, 9_100, 110), Some(1_000));
        clocks.step_back(std::iter::empty(), at(9_200), SignedDuration::from_secs(210));
        assert_eq!(ahead(&clocks, 8_200, 210), Some(2_000));
    }
}
