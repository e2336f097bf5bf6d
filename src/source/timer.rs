//! One timer for the next change.
//!
//! `timerfd_create(2)` on the wall clock, absolute and cancelled when the clock is set: a runtime's own timers stop
//! during suspend and know nothing of a clock that is set.

use std::{io, os::fd::OwnedFd};

use jiff::Timestamp;
use nix::{
    errno::Errno,
    sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::readiness::wait_on;

/// Far enough ahead for "never", and still armed, so that a clock that is set is noticed.
const NEVER_S: i64 = 1 << 40;

/// The timer.
#[derive(Debug)]
pub struct Timer {
    timer: TimerFd,
    /// The same timer under another number, for tokio to wait on.
    ready: AsyncFd<OwnedFd>,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The moment has come.
    Due,
    /// The clock was set; the timer is to be armed anew.
    ClockSet,
}

impl Timer {
    /// Makes a timer that is not armed.
    pub fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_REALTIME, flags)?;
        let ready = wait_on(&timer, Interest::READABLE)?;
        Ok(Self { timer, ready })
    }

    /// Arms it for a moment; none is never. A moment gone by wakes at once.
    pub fn arm(&self, at: Option<Timestamp>) -> io::Result<()> {
        let at = at.map_or(TimeSpec::new(NEVER_S, 0), |at| {
            // An absolute time of zero would disarm it.
            TimeSpec::new(at.as_second().max(1), i64::from(at.subsec_nanosecond().max(0)))
        });
        let flags =
            TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        Ok(self.timer.set(Expiration::OneShot(at), flags)?)
    }

    /// Waits until it is due or the clock is set.
    pub async fn woken(&self) -> io::Result<Woken> {
        loop {
            let mut ready = self.ready.readable().await?;
            match self.timer.wait() {
                Ok(()) => {
                    ready.clear_ready();
                    return Ok(Woken::Due);
                }
                Err(Errno::ECANCELED) => {
                    ready.clear_ready();
                    return Ok(Woken::ClockSet);
                }
                Err(Errno::EAGAIN | Errno::EINTR) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
