//! The answer as a desktop notification, for commands that are started without a terminal.

use std::{process::Stdio, time::Duration};

use tokio::time::timeout;
use zbus::Connection;

use super::{CommandError, context::Context, error::Kind, said::Said, terminal::Terminal};
use crate::{
    config::Installed,
    dbus::{
        Became, CallError, Comes, Manner, Question, ask, becomes, close, has_answers, listen,
        notify,
    },
    source::read_configs,
};

/// How long the word that it is quiet now, and the offer to write a note, stay.
const OFFERED: Duration = Duration::from_secs(20);

/// What can be answered to it.
const NOTE: (&str, &str) = ("note", "Write a note");

/// Shows what a command answered. Where no service shows notifications, nothing is lost: the answer was printed as well.
pub async fn show(context: &Context, answer: &Result<Said, CommandError>, offers_a_note: bool) {
    let (title, body) = match answer {
        Ok(Said { notice: Some(notice), .. }) => (notice, String::new()),
        Ok(_) => return,
        Err(error) => (&error.message, error.hints.join("\n")),
    };
    let Ok(bus) = context.bus().await else { return };
    let may_offer = offers_a_note && answer.is_ok() && may_suggest(context);
    if may_offer
        && Terminal::find(&context.env).is_some()
        && has_answers(bus).await.unwrap_or(false)
        && begin_offer(title).is_ok()
    {
        return;
    }
    // Desktop Notifications Specification 1.3: the body may hold markup, the title may not.
    let body = body.replace('&', "&amp;").replace('<', "&lt;");
    if let Err(error) = notify(bus, title, &body, Manner::Plain).await {
        tracing::debug!(%error, "the answer was not shown as a notification");
    }
}

/// Tells whether anything is to be suggested at all; where the config cannot be read, it is.
fn may_suggest(context: &Context) -> bool {
    let whole = read_configs(&context.env.config_file());
    let whole = whole.parse_what_is_sound(&context.env, &Installed::default());
    whole.is_none_or(|whole| whole.config.suggestions.a_day > 0)
}

/// Whoever was started by a menu is to end at once, so another process waits for what is answered.
fn begin_offer(title: &str) -> std::io::Result<()> {
    std::process::Command::new(std::env::current_exe()?)
        .args(["offer-note", title])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
}

/// Shows that it is quiet now, and opens a terminal for a note if that is wanted; for the menu's entry
#[derive(Debug, clap::Args)]
pub struct OfferNote {
    /// What it says
    title: String,
}

impl OfferNote {
    /// Shows it, and waits until it is answered or gone.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let refused = |why: String| {
            let message = format!("The offer of a note was not shown: {why}.");
            CommandError::new(Kind::NotRunning, message)
        };
        let Some(terminal) = Terminal::find(&context.env) else {
            return Err(refused("no terminal is installed".to_owned()));
        };
        let bus = context.bus().await?;
        let answer = offer(bus, &self.title).await.map_err(|error| refused(error.to_string()))?;
        if answer == Some(Became::Answered(NOTE.0.to_owned())) {
            let run = terminal.run_ourselves(&["note"]);
            run.map_err(|error| refused(format!("a terminal cannot be started: {error}")))?;
        }
        Ok(Said::text(String::new()))
    }
}

/// Asks, through do-not-disturb: it is the answer to what the person has just done. Tells what became of it.
async fn offer(bus: &Connection, title: &str) -> Result<Option<Became>, CallError> {
    let mut signals = listen(bus).await.map_err(|_| CallError::Absent("the session bus".into()))?;
    let question =
        Question { title, body: "", answers: &[NOTE], stays: OFFERED, comes: Comes::Through };
    let id = ask(bus, 0, &question).await?;
    let became = timeout(OFFERED, becomes(&mut signals, id)).await.ok().flatten();
    if matches!(became, None | Some(Became::Answered(_))) {
        // Not every service takes an urgent one away, nor one that was answered.
        let _ = close(bus, id).await;
    }
    Ok(became)
}
