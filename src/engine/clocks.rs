//! A clock that is set back never makes a run longer.
//!
//! For each run the engine remembers when it first saw it, on the wall and since boot. What the wall clock now lacks
//! against that is how far the run is ahead of it; the schedule ends it that much earlier.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use crate::store::{Clocks, Seen};

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
            seen.wall = seen.wall.max(now);
            seen.boot_ns = nanos(since_boot);
        }
    }
}

fn nanos(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl Engine {
    /// Remembers runs that are new and forgets those that are over.
    pub(super) fn keep_clocks(&mut self) {
        let since_boot = self.clock.since_boot();
        let before = self.clocks.seen.len();
        let running: Vec<&String> = self.evaluation.periods.iter().map(|it| &it.run).collect();
        self.clocks.seen.retain(|run, _| running.contains(&run));
        let mut changed = self.clocks.seen.len() != before;
        for period in &self.evaluation.periods {
            if !self.clocks.seen.contains_key(&period.run) {
                let seen = Seen { wall: self.now, boot_ns: nanos(since_boot) };
                self.clocks.seen.insert(period.run.clone(), seen);
                changed = true;
            }
        }
        if changed {
            self.keep_by_hand();
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
}
