//! `quietctl try`: the main job in a minute, without installing anything.
//!
//! Here: the command and what it says. [`stage`] is where it happens: this desktop, or stand-ins on a bus of their own where
//! there is none. The same engine runs as in the daemon, in this process, with a log, a config and receipts of its own.

mod app;
mod stage;
mod story;

use std::sync::Arc;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{CommandError, context::Context, error::Kind, output, said::Said};
use crate::{
    clock::SystemClock,
    engine::{Daemon, Event, Request, Snapshot},
};
use app::App;
use stage::Stage;
use story::Story;

/// Shows what quietd does, in a minute, without installing anything
#[derive(Debug, clap::Args)]
#[command(after_help = "\
On your desktop for a minute; where there is none, on a stand-in for one, for some seconds.
Ctrl-C gives everything back at once. Your config and your log are not read and not written.")]
pub struct Try {
    /// Use the stand-in even where there is a desktop
    #[arg(long)]
    embedded: bool,
}

/// Where the story goes on.
enum Until {
    /// This is so.
    So,
    /// The person pressed Ctrl-C.
    Interrupted,
}

impl Try {
    /// Plays it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let stage = if self.embedded {
            Stage::embedded(&context.env).await?
        } else {
            Stage::here_or_embedded(context).await?
        };
        let played = play(&stage, context).await;
        stage.clear_up().await;
        played
    }
}

fn say(text: &str) -> Result<(), CommandError> {
    output::print(|out| std::io::Write::write_all(out, text.as_bytes())).map(|_| ())
}

async fn play(stage: &Stage, context: &Context) -> Result<Said, CommandError> {
    let refused = |what: &str| {
        let message = format!("The trial could not begin: {what}.");
        CommandError::new(Kind::Refused, message)
    };
    let mut app = App::start(stage).await.map_err(|error| refused(&error.to_string()))?;
    let before = stage.state().await;
    let story = Story::new(context, stage);
    say(&story.beginning(&before, app.count()))?;

    let env = Arc::clone(&stage.env);
    let daemon = Daemon {
        config_path: env.config_file(),
        env,
        clock: Arc::new(SystemClock),
        session: stage.session.clone(),
        system: stage.system.clone(),
        rows: stage.rows.clone(),
    };
    let ready = daemon.prepare().await.map_err(|error| refused(&error.to_string()))?;
    let (tell, mut snapshot) = (ready.tell.clone(), ready.snapshot.clone());
    let engine = tokio::spawn(ready.run());

    let acts = acts(stage, &story, &mut app, &tell, &mut snapshot).await;
    // Whatever happened, everything is given back, and that is waited for.
    let _ = tell.send(Event::Stop).await;
    let _ = engine.await;
    acts?;
    app.goes_on().await;
    let after = stage.state().await;
    say(&story.end(&before, &after, app.count()))?;
    if before == after { Ok(Said::default()) } else { Ok(Said::default().but(Kind::Refused)) }
}

/// Logs a session and tells what changes, until it is over or interrupted.
async fn acts(
    stage: &Stage,
    story: &Story<'_>,
    app: &mut App,
    tell: &tokio::sync::mpsc::Sender<Event>,
    snapshot: &mut watch::Receiver<Snapshot>,
) -> Result<(), CommandError> {
    if let Until::Interrupted = until(snapshot, |it| it.settled).await {
        return say(Story::interrupted());
    }
    let (reply, logged) = tokio::sync::oneshot::channel();
    let log = Request::Log { kind: "trial".to_owned(), ended: None, note: None, reply };
    let _ = tell.send(Event::Call(log)).await;
    match logged.await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(CommandError::new(Kind::Refused, error.to_string())),
        Err(_) => return Err(CommandError::new(Kind::Refused, "The trial ended by itself.")),
    }
    let still = app.count();
    // Held over an await, the borrow would keep the engine from telling the next snapshot.
    let now = snapshot.borrow_and_update().clone();
    say(&story.quiet(&now, &stage.state().await))?;
    for profile in stage::PHASES_AFTER_THE_FIRST {
        if let Until::Interrupted = until(snapshot, |it| it.profile == *profile).await {
            return say(Story::interrupted());
        }
        let before_it = app.count();
        settle(snapshot).await;
        let now = snapshot.borrow_and_update().clone();
        say(&story.eases(&now, &stage.state().await, still, before_it))?;
    }
    if let Until::Interrupted = until(snapshot, |it| it.profile.is_empty()).await {
        return say(Story::interrupted());
    }
    Ok(())
}

async fn until(
    snapshot: &mut watch::Receiver<Snapshot>,
    so: impl FnMut(&Snapshot) -> bool,
) -> Until {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return Until::Interrupted };
    tokio::select! {
        _ = snapshot.wait_for(so) => Until::So,
        _ = tokio::signal::ctrl_c() => Until::Interrupted,
        _ = terminated.recv() => Until::Interrupted,
    }
}

/// What a phase asks for is in force a moment after it begins.
async fn settle(snapshot: &mut watch::Receiver<Snapshot>) {
    let wanted = |it: &Snapshot| {
        it.measures.apps.is_none()
            && it.measures.notifications.as_deref() != Some("urgent")
            && it.measures.dim.is_none_or(|dim| dim == stage::LIGHTER)
    };
    let _ = tokio::time::timeout(crate::backend::CALL_AT_MOST, snapshot.wait_for(wanted)).await;
}
