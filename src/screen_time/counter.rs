//! The counting: from one event to the next, by the time the machine was awake.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    Hour,
    hour::{APP_AT_MOST, APPS_AT_MOST, end_of_hour, start_of_hour},
};

/// Nobody is at the screen longer with nothing told at all; what is beyond is not believed.
const STRETCH_AT_MOST: SignedDuration = SignedDuration::from_hours(24);

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock: says to which hour time belongs.
    pub wall: Timestamp,
    /// The time the machine has been awake since boot: says how much it is. Nobody can set it.
    pub awake: SignedDuration,
}

/// What the person does, as far as it is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// Is not at the screen: idle, locked, asleep.
    #[default]
    Away,
    /// Is at the screen; with the app that has the focus, where the desktop tells.
    Active(Option<String>),
}

/// What was counted of one hour, to the nanosecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    active: SignedDuration,
    quiet: SignedDuration,
    apps: BTreeMap<String, SignedDuration>,
}

/// Counts.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Since when it is as it is now.
    since: Option<Moment>,
    activity: Activity,
    quiet: bool,
    tallies: BTreeMap<Timestamp, Tally>,
}

impl Counter {
    /// Says what is so from a moment on; what was so until then is counted. `zone` is where the machine is.
    pub fn tell(&mut self, at: Moment, zone: &TimeZone, activity: Activity, quiet: bool) {
        if let Some(since) = self.since {
            // The wall clock may have been set since: from where it was on, the time goes on as it passes.
            self.count(since.wall, at.awake.saturating_sub(since.awake), zone);
        }
        self.since = Some(at);
        self.activity = match activity {
            Activity::Active(Some(app)) if !is_id(&app) => Activity::Active(None),
            other => other,
        };
        self.quiet = quiet;
    }

    /// What the person did last.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Whether it was quiet last.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What was counted and not taken yet, in whole seconds.
    pub fn counted(&self) -> Vec<Hour> {
        let mut tallies = self.tallies.clone();
        carry(&mut tallies);
        whole(&tallies)
    }

    /// Takes what was counted, in whole seconds; what is left of one stays for the next time.
    pub fn take(&mut self) -> Vec<Hour> {
        carry(&mut self.tallies);
        let counted = whole(&self.tallies);
        if let Some((start, last)) = self.tallies.pop_last() {
            self.tallies = BTreeMap::from([(start, last.rest())]);
        }
        counted
    }

    fn count(&mut self, from: Timestamp, passed: SignedDuration, zone: &TimeZone) {
        let is_counted = self.quiet || self.activity != Activity::Away;
        let (mut at, mut left) = (from, passed.min(STRETCH_AT_MOST));
        while is_counted && left.is_positive() {
            let end = end_of_hour(at, zone);
            let part = left.min(end.duration_since(at));
            if !part.is_positive() {
                return;
            }
            self.add(start_of_hour(at, zone), part);
            left -= part;
            at = end;
        }
    }

    fn add(&mut self, hour: Timestamp, time: SignedDuration) {
        let tally = self.tallies.entry(hour).or_default();
        if self.quiet {
            tally.quiet += time;
        }
        let Activity::Active(app) = &self.activity else { return };
        tally.active += time;
        if let Some(app) = app
            && (tally.apps.len() < APPS_AT_MOST || tally.apps.contains_key(app))
        {
            *tally.apps.entry(app.clone()).or_default() += time;
        }
    }
}

impl Tally {
    fn add(&mut self, more: Self) {
        self.active += more.active;
        self.quiet += more.quiet;
        for (app, time) in more.apps {
            *self.apps.entry(app).or_default() += time;
        }
    }

    /// What is left of a second, of each.
    fn rest(&self) -> Self {
        let apps = self.apps.iter().map(|(app, time)| (app.clone(), fraction(*time)));
        Self {
            active: fraction(self.active),
            quiet: fraction(self.quiet),
            apps: apps.filter(|(_, time)| !time.is_zero()).collect(),
        }
    }
}

/// Moves what is left of a second in each hour on to the next.
fn carry(tallies: &mut BTreeMap<Timestamp, Tally>) {
    let mut rest = Tally::default();
    for tally in tallies.values_mut() {
        tally.add(std::mem::take(&mut rest));
        rest = tally.rest();
    }
}

fn whole(tallies: &BTreeMap<Timestamp, Tally>) -> Vec<Hour> {
    let hour = |(start, tally): (&Timestamp, &Tally)| {
        let apps = tally.apps.iter().map(|(app, time)| (app.clone(), seconds(*time)));
        Hour {
            start: *start,
            seconds: seconds(tally.active),
            quiet: seconds(tally.quiet),
            apps: apps.filter(|(_, seconds)| *seconds > 0).collect(),
        }
    };
    tallies.iter().map(hour).filter(|hour| !hour.is_empty()).collect()
}

fn seconds(time: SignedDuration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(0)
}

fn fraction(time: SignedDuration) -> SignedDuration {
    SignedDuration::from_nanos(i64::from(time.subsec_nanos()))
}

/// Tells whether an app's id is one that can be kept: a window may call itself anything.
fn is_id(app: &str) -> bool {
    (1..=APP_AT_MOST).contains(&app.len()) && !app.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
