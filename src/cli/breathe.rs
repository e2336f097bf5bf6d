//! `quietctl breathe`: a few minutes of slow breathing, in words. Works without the daemon.
//!
//! Nothing moves but one word, which changes where it stands; where no terminal reads, each is a line of its own.

use std::{
    future::poll_fn,
    io::{self, IsTerminal as _, Write as _, stdout},
};

use jiff::SignedDuration;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    CommandError,
    context::Context,
    error::Kind,
    length, output,
    render::breath::{self, Half},
    said::Said,
};
use crate::{
    clock::{Clock as _, SystemClock},
    source::Alarm,
};

/// How long where nobody says, and the longest.
const DEFAULT: SignedDuration = SignedDuration::from_mins(5);
const AT_MOST: SignedDuration = SignedDuration::from_hours(1);

/// A few minutes of slow breathing, in words
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl breathe
  quietctl breathe 3")]
pub struct Breathe {
    /// How many minutes; 5 if not said, at most 60
    #[arg(value_name = "MIN")]
    lasts: Vec<String>,
}

impl Breathe {
    /// Says when to breathe in and when out, until the time is over or Ctrl-C.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let lasts = length::minutes(&self.lasts, "this", AT_MOST)?.unwrap_or(DEFAULT);
        let lasts = breath::whole_breaths(lasts);
        let mut wait = Wait::new()?;
        let page = context.page();
        let until = page.now.timestamp().saturating_add(lasts).unwrap_or(jiff::Timestamp::MAX);
        let mut goes_on =
            output::print(|out| out.write_all(breath::breathing(&page, until).as_bytes()))?;
        let in_place = stdout().is_terminal();
        while goes_on && let Some((half, until)) = breath::half(wait.gone(), lasts) {
            goes_on = output::print(|out| say(out, half, in_place))?;
            if wait.until(until).await? == Ended::ByHand {
                return Ok(ended_by_hand(in_place));
            }
        }
        let over = breath::over(&page);
        Ok(Said::text(if in_place { format!("\r{over}") } else { over }))
    }
}

/// After Ctrl-C a terminal shows what was typed, and the prompt is to have a line of its own.
pub fn ended_by_hand(in_a_terminal: bool) -> Said {
    Said::text(if in_a_terminal { "\n" } else { "" })
}

fn say(out: &mut impl io::Write, half: Half, in_place: bool) -> io::Result<()> {
    if in_place {
        write!(out, "\r{}", half.word())
    } else {
        writeln!(out, "{}", half.word().trim())
    }
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was time.
    InTime,
    /// Ctrl-C.
    ByHand,
}

/// Waits for a timer that a person started, and for Ctrl-C.
#[derive(Debug)]
pub struct Wait {
    alarm: Alarm,
    ctrl_c: Signal,
    begun: SignedDuration,
}

impl Wait {
    /// Begins now. From here on Ctrl-C is no sudden end.
    pub fn new() -> Result<Self, CommandError> {
        let alarm = Alarm::new().map_err(|error| refused(&error))?;
        let ctrl_c = signal(SignalKind::interrupt()).map_err(|error| refused(&error))?;
        Ok(Self { alarm, ctrl_c, begun: SystemClock.since_boot() })
    }

    /// How long ago it began, suspend included.
    pub fn gone(&self) -> SignedDuration {
        SystemClock.since_boot() - self.begun
    }

    /// Waits until so much time has gone.
    pub async fn until(&mut self, gone: SignedDuration) -> Result<Ended, CommandError> {
        tokio::select! {
            ended = self.alarm.at(self.begun + gone) => ended.map(|()| Ended::InTime).map_err(|error| refused(&error)),
            _ = poll_fn(|context| self.ctrl_c.poll_recv(context)) => Ok(Ended::ByHand),
        }
    }
}

fn refused(error: &io::Error) -> CommandError {
    CommandError::new(Kind::Refused, format!("The kernel gave no timer: {error}."))
}
