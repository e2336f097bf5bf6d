//! What came before: who tried to reach the person, and how much was shown.

use std::{collections::VecDeque, time::Duration};

use super::{Notice, fold};

/// Within how long a second try counts.
const TRIES_WITHIN: Duration = Duration::from_mins(3);

/// How many tries are remembered.
const TRIES_AT_MOST: usize = 64;

/// Within how long it is counted how many are shown: of one app, and of all.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
const OF_ONE_AT_MOST: usize = 10;
const SHOWN_AT_MOST: usize = 40;
/// Updates of what is shown, a call's clock say: none of them is one more on the screen, and one that is not shown takes
/// away what it updates.
const UPDATES_AT_MOST: usize = 200;

/// What of earlier notifications matters, for three minutes at most and never on a disk. `now` is the time since any moment
/// that stays the same.
#[derive(Debug, Default)]
pub struct History {
    tries: VecDeque<(Duration, String)>,
    shown: VecDeque<(Duration, String)>,
    updates: VecDeque<Duration>,
}

impl History {
    /// Tells whether the same caller tried before, and remembers this try.
    pub fn tried(&mut self, notice: &Notice<'_>, now: Duration) -> bool {
        let within = |at: Duration| now.saturating_sub(at) <= TRIES_WITHIN;
        self.tries.retain(|(at, _)| within(*at));
        if notice.update {
            return false;
        }
        let caller = [&fold(notice.app), "\n", &fold(notice.title)].concat();
        let before = self.tries.len();
        self.tries.retain(|(_, who)| *who != caller);
        let tried = self.tries.len() < before;
        if self.tries.len() == TRIES_AT_MOST {
            self.tries.pop_front();
        }
        self.tries.push_back((now, caller));
        tried
    }

    /// Tells whether one more of an app may be shown, and counts it. What may not waits as any other does.
    pub fn may_show(&mut self, notice: &Notice<'_>, now: Duration) -> bool {
        let within = |at: Duration| now.saturating_sub(at) < SHOWN_WITHIN;
        if notice.update {
            self.updates.retain(|at| within(*at));
            let may = self.updates.len() < UPDATES_AT_MOST;
            self.updates.extend(may.then_some(now));
            return may;
        }
        self.shown.retain(|(at, _)| within(*at));
        let app = fold(if notice.entry.is_empty() { notice.app } else { notice.entry });
        let of_it = self.shown.iter().filter(|(_, who)| *who == app).count();
        let may = of_it < OF_ONE_AT_MOST && self.shown.len() < SHOWN_AT_MOST;
        if may {
            self.shown.push_back((now, app));
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of<'n>(app: &'n str, title: &'n str) -> Notice<'n> {
        Notice { app, title, ..Notice::default() }
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_second_try_counts_for_three_minutes() {
        let mut history = History::default();
        assert!(!history.tried(&of("whatsapp", "Ada"), at(0)));
        assert!(!history.tried(&of("whatsapp", "Eve"), at(60)));
        assert!(!history.tried(&of("zoom", "Ada"), at(60)));
        assert!(history.tried(&of("WhatsApp", " ada "), at(120)));
        assert!(!history.tried(&of("whatsapp", "Ada"), at(301)), "three minutes after the last");
        let update = Notice { update: true, ..of("whatsapp", "Ada") };
        assert!(!history.tried(&update, at(302)));
        assert!(history.tried(&of("whatsapp", "Ada"), at(481)));
    }

    #[test]
    fn a_storm_of_one_app_leaves_room_for_another() {
        let mut history = History::default();
        let shown = (0..1_000).filter(|_| history.may_show(&of("storm", "x"), at(5))).count();
        assert_eq!(shown, OF_ONE_AT_MOST);
        assert!(history.may_show(&of("zoom", "Ada"), at(5)));
        assert!(history.may_show(&of("storm", "x"), at(15)), "later there is room again");
    }

    #[test]
    fn a_call_that_is_updated_again_and_again_stays() {
        let mut history = History::default();
        let update = Notice { update: true, ..of("zoom", "Ada") };
        assert!(history.may_show(&of("zoom", "Ada"), at(0)));
        for tenth in 0..100 {
            assert!(history.may_show(&update, Duration::from_millis(100 * tenth)));
        }
        let storm = (0..1_000).filter(|_| history.may_show(&update, at(11))).count();
        assert!(storm < UPDATES_AT_MOST, "{storm}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..Default::default() })]

        #[test]
        fn it_never_remembers_much(apps in prop::collection::vec(".{0,350}", 0..90)) {
            let mut history = History::default();
            let mut shown = 0;
            for (second, app) in apps.iter().enumerate() {
                let now = Duration::from_millis(second as u64 * 10);
                history.tried(&of(app, app), now);
                shown += usize::from(history.may_show(&of(app, app), now));
            }
            prop_assert!(history.tries.len() <= TRIES_AT_MOST && shown <= SHOWN_AT_MOST);
            prop_assert!(history.tries.iter().all(|(_, who)| who.len() <= 4 * 601));
        }
    }
}
