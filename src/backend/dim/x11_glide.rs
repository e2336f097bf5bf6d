//! A glide of gamma ramps on X11, on a thread of its own: each write waits for the server.
//!
//! What is between two lights is noted on the display itself for as long as the glide lasts, so that a restore in another
//! process knows each step. A ramp that is not the one of the step before is never written over.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use tokio::{
    sync::{Notify, mpsc as told},
    time::Instant,
};

use super::{
    glide::{Glide, STEPS},
    ramp::Ramp,
    randr::{Crtc, Display, Failed},
};
use crate::backend::{BackendError, CALL_AT_MOST};

/// What was noticed about ramps in force. Each is kept until somebody waits for it.
#[derive(Debug, Default)]
pub(super) struct News {
    /// A ramp was found that is neither ours nor what was there.
    pub(super) overwritten: Notify,
    /// A screen was set up anew, or went, in the middle of a glide.
    pub(super) lost: Notify,
}

/// The way of one CRTC.
pub(super) struct Way {
    pub(super) crtc: Crtc,
    /// What was found of its screen.
    pub(super) own: Ramp,
    pub(super) glide: Glide,
}

impl Way {
    /// Writes a step, whatever is there.
    pub(super) fn set(&mut self, display: &Display, step: u32) -> Result<(), Failed> {
        let ramp = self.own.in_look(&self.glide.at(step));
        display.set(&self.crtc, &ramp)?;
        self.crtc.ramp = ramp;
        Ok(())
    }

    /// Writes a step where the one before is still there; tells whether the way goes on.
    fn go(&mut self, display: &Display, step: u32, news: &News) -> Result<bool, Failed> {
        match display.ramp(&self.crtc) {
            Ok(Some(now)) if now.is_like(&self.crtc.ramp) => {}
            Ok(Some(now)) if !now.is_linear() && !now.is_like(&self.own) => {
                news.overwritten.notify_one();
                return Ok(false);
            }
            Ok(_) | Err(Failed::Refused(_)) => {
                news.lost.notify_one();
                return Ok(false);
            }
            Err(gone) => return Err(gone),
        }
        self.set(display, step).map(|()| true)
    }
}

/// A glide that runs. To drop it is to end it where it is.
#[derive(Debug)]
pub(super) struct Gliding {
    stop: mpsc::Sender<Infallible>,
    /// Closed when the thread is done.
    ended: told::Receiver<Infallible>,
    abandoned: Arc<AtomicBool>,
}

impl Gliding {
    /// Goes on after the first step.
    pub(super) fn begin(display: Display, ways: Vec<Way>, news: Arc<News>) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let (ends, ended) = told::channel(1);
        let abandoned = display.abandoned.clone();
        let glide = move || {
            match run(&display, ways, &stopped, &news) {
                Ok(()) | Err(Failed::Abandoned) => {}
                Err(error) => {
                    tracing::debug!(?error, "a glide ended on its way");
                    news.lost.notify_one();
                }
            }
            drop(ends);
        };
        std::thread::Builder::new().name("x11-glide".to_owned()).spawn(glide)?;
        Ok(Self { stop, ended, abandoned })
    }

    /// Tells whether it still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.ended.try_recv(), Err(told::error::TryRecvError::Empty))
    }

    /// Ends it where it is; nothing is written once this returned.
    pub(super) async fn stop(mut self) -> Result<(), BackendError> {
        drop(self.stop);
        if tokio::time::timeout(CALL_AT_MOST, self.ended.recv()).await.is_err() {
            self.abandoned.store(true, Ordering::SeqCst);
            return Err(BackendError::TimedOut("the X11 display".to_owned()));
        }
        Ok(())
    }
}

fn run(
    display: &Display,
    mut ways: Vec<Way>,
    stopped: &mpsc::Receiver<Infallible>,
    news: &News,
) -> Result<(), Failed> {
    let began = Instant::now();
    let mut step = 1;
    while step < STEPS {
        let wait = Glide::due(step + 1).saturating_sub(began.elapsed());
        if stopped.recv_timeout(wait) != Err(mpsc::RecvTimeoutError::Timeout) {
            return Ok(());
        }
        step = Glide::step_after(began.elapsed()).max(step + 1);
        let mut goes_on = Vec::with_capacity(ways.len());
        for mut way in ways {
            if way.go(display, step, news)? {
                goes_on.push(way);
            }
        }
        ways = goes_on;
        if ways.is_empty() {
            break;
        }
    }
    display.end_glide()
}
