//! `quietctl sit`: a quiet timer with a soft end. Works without the daemon.
//!
//! It sleeps once. Its end is a line, and a notification without a sound; one that the person asked for, so it comes through
//! where others are held back.

use std::{
    io::{IsTerminal as _, Write as _, stdout},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    CommandError,
    breathe::{Ended, Wait, ended_by_hand},
    context::Context,
    length, output,
    render::breath,
    said::Said,
};
use crate::dbus::{Comes, Manner, Question, ask, notify};

/// How long where nobody says, and the longest.
const DEFAULT: SignedDuration = SignedDuration::from_mins(10);
const AT_MOST: SignedDuration = SignedDuration::from_hours(3);

/// How long its end is shown where others are held back.
const SHOWN: Duration = Duration::from_mins(1);

/// A quiet timer with a soft end
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl sit
  quietctl sit 20
  quietctl sit 20 --bell")]
pub struct Sit {
    /// How many minutes; 10 if not said, at most 180
    #[arg(value_name = "MIN")]
    lasts: Vec<String>,
    /// Rings the terminal's bell once at the end
    #[arg(long)]
    bell: bool,
}

impl Sit {
    /// Waits, and says when the time is over; Ctrl-C ends it before.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let lasts = length::minutes(&self.lasts, "this", AT_MOST)?.unwrap_or(DEFAULT);
        let mut wait = Wait::new()?;
        let page = context.page();
        let until = page.now.timestamp().saturating_add(lasts).unwrap_or(Timestamp::MAX);
        output::print(|out| out.write_all(breath::sitting(&page, until).as_bytes()))?;
        if wait.until(lasts).await? == Ended::ByHand {
            return Ok(ended_by_hand(stdout().is_terminal()));
        }
        let bell = if self.bell { "\u{7}" } else { "" };
        let over = format!("{bell}{}", breath::over(&page));
        // A notification may take a while, where a service hangs.
        output::print(|out| out.write_all(over.as_bytes()))?;
        show(context).await;
        Ok(Said::text(String::new()))
    }
}

/// Shows that it is over, if anybody shows notifications; the line is there anyway.
async fn show(context: &Context) {
    let Ok(bus) = context.bus().await else { return };
    let held = match context.control().await {
        Ok(control) => control.state().await.is_ok_and(|it| it.measures.notifications.is_some()),
        Err(_) => false,
    };
    let shown = if held {
        let question = Question {
            title: breath::OVER,
            body: "",
            answers: &[],
            stays: SHOWN,
            comes: Comes::Through,
        };
        ask(bus, 0, &question).await
    } else {
        notify(bus, breath::OVER, "", Manner::Low).await
    };
    if let Err(error) = shown {
        tracing::debug!(%error, "the end was not shown as a notification");
    }
}
