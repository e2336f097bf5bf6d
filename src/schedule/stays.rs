//! Where the machine is, and since when: networks come and go, and one that is back soon was never left.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::shift::{earlier, later};

/// For how long a sign may be gone before the place is left.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);

/// One stay at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// When it began.
    pub since: Timestamp,
    /// When the place's sign went away; the stay ends [`SETTLE`] later, unless it is back before.
    pub left: Option<Timestamp>,
}

/// The stays that go on, and those an earlier process knew of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stays {
    now: BTreeMap<String, Stay>,
    earlier: BTreeMap<String, Timestamp>,
    earlier_until: Option<Timestamp>,
}

impl Stays {
    /// Takes over what [`Self::begun`] told an earlier process. A place that is there within [`SETTLE`] from now was
    /// never left, so that off, and the end of what is strong, outlive a restart; none is taken to be there before.
    pub fn carry_over(begun: BTreeMap<String, Timestamp>, now: Timestamp) -> Self {
        Self { now: BTreeMap::new(), earlier: begun, earlier_until: Some(later(now, SETTLE)) }
    }

    /// The stays by the names of their places.
    pub fn stays(&self) -> &BTreeMap<String, Stay> {
        &self.now
    }

    /// When each began, to be kept over a restart.
    pub fn begun(&self) -> BTreeMap<String, Timestamp> {
        let now = self.now.iter().map(|(name, stay)| (name, &stay.since));
        self.earlier.iter().chain(now).map(|(name, since)| (name.clone(), *since)).collect()
    }

    /// Takes which places are there at a moment.
    pub fn look(&mut self, here: &BTreeSet<String>, now: Timestamp) {
        if self.earlier_until.is_some_and(|until| until <= now) {
            self.earlier.clear();
            self.earlier_until = None;
        }
        self.now.retain(|name, stay| {
            if here.contains(name) {
                let is_over = stay.left.is_some_and(|left| later(left, SETTLE) <= now);
                stay.left = None;
                return !is_over;
            }
            let left = *stay.left.get_or_insert(now);
            now < later(left, SETTLE)
        });
        for name in here {
            let earlier = self.earlier.remove(name);
            let since = earlier.map_or(now, |since| since.min(now));
            self.now.entry(name.clone()).or_insert(Stay { since, left: None });
        }
    }

    /// Nobody was awake between two moments: what was gone at the first may be back only a while after the second.
    pub fn slept(&mut self, from: Timestamp, until: Timestamp) {
        for left in self.now.values_mut().filter_map(|stay| stay.left.as_mut()) {
            if (from..=until).contains(&later(*left, SETTLE)) {
                *left = until;
            }
        }
    }

    /// The clock was set back by so much: what was before is still before.
    pub fn set_back(&mut self, by: SignedDuration) {
        for stay in self.now.values_mut() {
            stay.since = earlier(stay.since, by);
            stay.left = stay.left.map(|left| earlier(left, by));
        }
        for since in self.earlier.values_mut() {
            *since = earlier(*since, by);
        }
        self.earlier_until = self.earlier_until.map(|until| earlier(until, by));
    }
}
