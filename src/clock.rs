//! The one place that asks what time it is.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use nix::time::{ClockId, clock_gettime};

/// A source of time; fixed within one turn of the engine's loop.
pub trait Clock: Send + Sync {
    /// Wall-clock time.
    fn now(&self) -> Timestamp;
    /// Time since boot, suspend included: nobody can set it.
    fn since_boot(&self) -> SignedDuration;
    /// Time since boot, suspend left out: nobody can set it either.
    fn awake(&self) -> SignedDuration;
    /// The zone the machine is in now; read anew at each call.
    fn zone(&self) -> TimeZone;
}

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods, reason = "the one place that asks")]
        Timestamp::now()
    }

    fn since_boot(&self) -> SignedDuration {
        read(ClockId::CLOCK_BOOTTIME)
    }

    fn awake(&self) -> SignedDuration {
        read(ClockId::CLOCK_MONOTONIC)
    }

    fn zone(&self) -> TimeZone {
        #[allow(
            clippy::disallowed_methods,
            reason = "a variable of libc's clock, and none of ours"
        )]
        let set_apart = std::env::var_os("TZ").is_some();
        // `localtime(5)`: one small file, where looking the zone up by its name would walk the whole database.
        if !set_apart
            && let Ok(local) = std::fs::read("/etc/localtime")
            && let Ok(zone) = TimeZone::tzif("Local", &local)
        {
            return zone;
        }
        TimeZone::try_system().unwrap_or(TimeZone::UTC)
    }
}

fn read(clock: ClockId) -> SignedDuration {
    clock_gettime(clock).map_or(SignedDuration::ZERO, |time| {
        SignedDuration::from_secs(time.tv_sec()) + SignedDuration::from_nanos(time.tv_nsec())
    })
}

/// A clock that stands still until a test sets it.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<(Timestamp, SignedDuration, TimeZone)>,
    slept: Mutex<SignedDuration>,
}

impl ManualClock {
    /// Starts at a moment, in a zone, an hour after boot.
    pub fn new(now: Timestamp, zone: TimeZone) -> Self {
        let now = Mutex::new((now, SignedDuration::from_hours(1), zone));
        Self { now, slept: Mutex::default() }
    }

    /// Lets time pass, on the wall and since boot.
    pub fn advance(&self, by: SignedDuration) {
        self.change(|(now, boot, _)| {
            *now += by;
            *boot += by;
        });
    }

    /// Lets time pass while the machine sleeps.
    pub fn sleep(&self, by: SignedDuration) {
        self.advance(by);
        *self.slept.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
    }

    /// Sets the wall clock alone, as a person or NTP does.
    pub fn set(&self, to: Timestamp) {
        self.change(|(now, _, _)| *now = to);
    }

    fn change(&self, with: impl FnOnce(&mut (Timestamp, SignedDuration, TimeZone))) {
        with(&mut self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn read<T>(&self, with: impl FnOnce(&(Timestamp, SignedDuration, TimeZone)) -> T) -> T {
        with(&self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.read(|time| time.0)
    }

    fn since_boot(&self) -> SignedDuration {
        self.read(|time| time.1)
    }

    fn awake(&self) -> SignedDuration {
        self.since_boot() - *self.slept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn zone(&self) -> TimeZone {
        self.read(|time| time.2.clone())
    }
}
