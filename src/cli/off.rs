//! `quietctl off`: gives everything back at once.

use jiff::SignedDuration;

use super::{
    CommandError, context::Context, control::Control, error::Kind, render::answers, restore,
    said::Said,
};
use crate::{
    schedule::ByHand,
    store::{ByHandStore, StoreError},
};

/// Gives everything back now; nothing that runs comes back by itself
#[derive(Debug, clap::Args)]
#[command(after_help = "It needs no password and no reason, and works with the daemon dead.")]
pub struct Off {
    /// Shows the answer as a notification too
    #[arg(long)]
    pub notify: bool,
}

impl Off {
    /// Asks the daemon; without one, or where it does not answer, puts everything back itself.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let asked = match context.control().await {
            Ok(control) => control.off().await.map(|()| control),
            Err(error) => Err(error),
        };
        match asked {
            Ok(control) => Ok(said(context, &control).await),
            Err(error) if error.kind == Kind::NotRunning => without_daemon(context).await,
            Err(error) => {
                let said = without_daemon(context).await?;
                let text =
                    format!("{} So it was put back without it.\n{}", error.message, said.text);
                Ok(Said { text, ..said })
            }
        }
    }
}

/// Puts everything back, and keeps that it is off: a daemon that starts later lets it be.
async fn without_daemon(context: &Context) -> Result<Said, CommandError> {
    // First what the person sees and feels; the disk may be slow.
    let restored = restore::without_daemon(context).await;
    if let Err(error) = keep(context) {
        let sentence = format!(
            "That it is off could not be kept: {error}. When quietd starts it may be quiet again.\n"
        );
        return restored
            .map(|said| Said { text: said.text + &sentence, ..said }.but(Kind::Refused));
    }
    restored
}

/// Keeps it where the daemon does. Where quietd has never kept anything there is nothing to be off.
fn keep(context: &Context) -> Result<(), StoreError> {
    let env = &context.env;
    if !env.state_dir().exists() && !env.log_dir().exists() {
        return Ok(());
    }
    let store = ByHandStore::open(&env.state_dir());
    let (mut kept, _) = store.read();
    let mut offs = std::mem::take(&mut kept.by_hand.offs);
    offs.push(context.page().now.timestamp());
    kept.by_hand = ByHand { offs, ..ByHand::default() };
    store.write(&kept)
}

/// What it is like now, and when it is quiet next.
async fn said(context: &Context, control: &Control) -> Said {
    /// How far to look for the next quiet time.
    const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

    let page = context.page();
    let now = page.now.timestamp();
    let ahead = control.plan(now, now + AHEAD).await.unwrap_or_default();
    let state = control.state().await.unwrap_or_default();
    // What a backend could not put back; a disk that is full is another matter.
    let left = state.problems.iter().any(|problem| !problem.backend.is_empty());
    let said = Said::text(answers::off(&page, &ahead, now + AHEAD, &state.problems));
    if left {
        said.notice("It is off, but not everything could be put back.").but(Kind::Refused)
    } else {
        said.notice("Everything is as you had it.")
    }
}
