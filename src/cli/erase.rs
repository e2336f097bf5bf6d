//! `quietctl erase`: erases for good what was logged, noted and counted.

use super::{
    CommandError,
    ask::{Answer, ask},
    context::Context,
    control::{Erase, refused},
    error::Kind,
    render::notes,
    restore,
    said::Said,
    when,
};
use crate::{api::Erased, dbus::keyring, engine};

/// Erases for good what was logged, noted and counted
#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = false)]
struct What {
    /// A session, with its notes; what it made quiet ends
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// One note
    #[arg(long, value_name = "ID")]
    note: Option<String>,
    /// All sessions, notes and screen time that are older: 2026-11-01, monday, "2h ago"
    #[arg(long, value_name = "DATE")]
    before: Option<String>,
    /// Everything; what is quiet is given back first
    #[arg(long)]
    all: bool,
}

/// Erases for good: a session, a note, what is older than a date, or everything
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl erase --session 3f2a9c1b7d40
  quietctl erase --before 2026-01-01
  quietctl erase --all

In a folder that is synced, it goes from every machine's file. Your config, reports you have
written, and what a backup or a sync program keeps elsewhere are not touched.")]
pub struct EraseCommand {
    #[command(flatten)]
    what: What,
    /// Asks nothing
    #[arg(long)]
    yes: bool,
}

impl EraseCommand {
    /// Asks, erases, and says how much.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let (what, question) = match &self.what {
            What { session: Some(id), .. } => {
                (Erase::Session(id), format!("Erase the session {id} and its notes for good?"))
            }
            What { note: Some(id), .. } => {
                (Erase::Note(id), format!("Erase the note {id} for good?"))
            }
            What { before: Some(before), .. } => {
                let before = when::begin(before, &page.now)?;
                let from = page.here(before).strftime("%-d %B %Y %H:%M").to_string();
                let question = format!(
                    "Erase for good all sessions, notes and screen time from before {from}?"
                );
                (Erase::Before(before), question)
            }
            What { .. } => {
                (Erase::All, "Erase all sessions, notes and screen time for good?".to_owned())
            }
        };
        if !self.yes {
            match ask(&question) {
                Answer::Yes => {}
                Answer::No => return Ok(Said::text("Nothing was erased.\n").but(Kind::No)),
                Answer::Nobody => {
                    return Err(CommandError::usage(
                        "What is erased is gone, so it needs a yes. Nothing was erased.",
                    )
                    .hint("In a script, say so with --yes."));
                }
            }
        }
        let asked = match context.control().await {
            Ok(control) => control.erase(&what).await,
            Err(error) => Err(error),
        };
        let erased = match asked {
            Err(error) if error.kind == Kind::NotRunning => without_daemon(context, what).await?,
            asked => asked?,
        };
        let said = Said::text(notes::erased(&page, &erased));
        Ok(if erased.kept.is_some() { said.but(Kind::Refused) } else { said })
    }
}

/// Erases with no daemon running; where everything goes, everything is given back before.
async fn without_daemon(context: &Context, what: Erase<'_>) -> Result<Erased, CommandError> {
    let what = match what {
        Erase::Session(id) => engine::Erase::Session(id.to_owned()),
        Erase::Note(id) => engine::Erase::Note(id.to_owned()),
        Erase::Before(before) => engine::Erase::Before(before),
        Erase::All => engine::Erase::All,
    };
    let now = context.page().now;
    let erase = || {
        engine::erase_without_daemon(&context.env, &what, now.time_zone(), now.timestamp())
            .map_err(|error| refused(&error))
    };
    if what != engine::Erase::All {
        return erase();
    }
    let restored = restore::without_daemon(context).await?;
    if let Ok(bus) = context.bus().await {
        keyring::forget(bus).await;
    }
    let mut erased = erase()?;
    if restored.but.is_some() {
        erased.kept = Some(format!(
            "{} What is needed for that is still there; erase again once it is given back.",
            restored.text.trim_end()
        ));
    }
    Ok(erased)
}
