//! `quietctl erase`: erases for good what was logged, noted and counted.

use super::{
    CommandError,
    ask::{Answer, ask},
    context::Context,
    control::Erase,
    error::Kind,
    render::notes,
    restore,
    said::Said,
    when,
};
use crate::{
    api::Erased,
    dbus::keyring,
    store::{
        ByHandStore, Kept, ScreenTimeStore, SessionLog, StoreError, SuggestedStore,
        remove_leftovers,
    },
    suggestions::Given,
};

/// Erases for good what was logged and noted
#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = false)]
struct What {
    /// A session, with its notes; what it made quiet ends
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// One note
    #[arg(long, value_name = "ID")]
    note: Option<String>,
    /// Everything that is older: 2026-11-01, monday, "2h ago"
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
                (Erase::Before(before), format!("Erase for good everything from before {from}?"))
            }
            What { .. } => (Erase::All, "Erase everything for good?".to_owned()),
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
            Err(error) if error.kind == Kind::NotRunning && matches!(what, Erase::All) => {
                without_daemon(context).await?
            }
            asked => asked?,
        };
        let said = Said::text(notes::erased(&page, &erased));
        Ok(if erased.kept.is_some() { said.but(Kind::Refused) } else { said })
    }
}

/// Gives everything back, and erases everything, with no daemon running.
async fn without_daemon(context: &Context) -> Result<Erased, CommandError> {
    let restored = restore::without_daemon(context).await?;
    if let Ok(bus) = context.bus().await {
        keyring::forget(bus).await;
    }
    let mut erased = erase_all(context).map_err(|error| {
        CommandError::new(Kind::Refused, format!("Not everything is erased: {error}"))
    })?;
    if restored.but.is_some() {
        erased.kept = Some(format!(
            "{} What is needed for that is still there; erase again once it is given back.",
            restored.text.trim_end()
        ));
    }
    Ok(erased)
}

fn erase_all(context: &Context) -> Result<Erased, StoreError> {
    let (env, now) = (&context.env, context.page().now.timestamp());
    let log = SessionLog::open(&env.log_dir(), &env.state_dir())?;
    let sessions = log.forget_all(now)?;
    let notes = log.notes().forget_before(None, now)?;
    ScreenTimeStore::open(&env.state_dir()).erase_all()?;
    SuggestedStore::open(&env.state_dir()).write(&Given::default())?;
    let by_hand = ByHandStore::open(&env.state_dir());
    // What was decided about sessions to come is no record, and dropped ones are not to come back.
    let planned = by_hand.read().0.planned;
    by_hand.write(&Kept { planned, ..Kept::default() })?;
    remove_leftovers(&env.state_dir())?;
    let many = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Erased { sessions: many(sessions), notes: many(notes), kept: None })
}
