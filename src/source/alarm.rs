//! A wait that ends after so much time, suspend included.
//!
//! `timerfd_create(2)` on the time since boot: nobody can set that, and what was to end during suspend ends when the machine
//! wakes. The daemon goes by the wall clock and has [`super::Timer`]; this is for timers a person starts.

use std::{io, os::fd::OwnedFd};

use jiff::SignedDuration;
use nix::{
    errno::Errno,
    sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::readiness::wait_on;

/// The alarm.
#[derive(Debug)]
pub struct Alarm {
    timer: TimerFd,
    /// The same timer under another number, for tokio to wait on.
    ready: AsyncFd<OwnedFd>,
}

impl Alarm {
    /// Makes one that is not set.
    pub fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        let ready = wait_on(&timer, Interest::READABLE)?;
        Ok(Self { timer, ready })
    }

    /// Waits until this time since boot; one gone by ends at once.
    pub async fn at(&self, since_boot: SignedDuration) -> io::Result<()> {
        let at =
            TimeSpec::new(since_boot.as_secs().max(0), i64::from(since_boot.subsec_nanos().max(0)));
        // An absolute time of zero would disarm it.
        let at = if at == TimeSpec::new(0, 0) { TimeSpec::new(0, 1) } else { at };
        self.timer.set(Expiration::OneShot(at), TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
        loop {
            let mut ready = self.ready.readable().await?;
            match self.timer.wait() {
                Ok(()) => return Ok(()),
                Err(Errno::EAGAIN | Errno::EINTR) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, SystemClock};

    #[tokio::test]
    async fn it_ends_when_it_is_time_and_can_be_set_again() {
        let alarm = Alarm::new().unwrap();
        let begun = SystemClock.since_boot();
        for millis in [20, 40, 0] {
            let at = begun + SignedDuration::from_millis(millis);
            alarm.at(at).await.unwrap();
            assert!(SystemClock.since_boot() >= at);
        }
        alarm.at(SignedDuration::ZERO).await.unwrap();
    }
}
