//! `quietctl notes`: lists what was noted.

use super::{CommandError, context::Context, format::Format, render::notes, said::Said, when};

/// Lists the notes you kept
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`quietctl note` keeps one, `quietctl erase --note ID` erases one for good."
)]
pub struct Notes {
    /// Only those kept since then: 2026-11-01, monday, "2h ago"
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only what to ask at your next appointment
    #[arg(long)]
    ask: bool,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Notes {
    /// Reads them from the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let since = self.since.as_deref().map(|text| when::begin(text, &page.now)).transpose()?;
        let mut kept = context.control().await?.notes(since).await?;
        if self.ask {
            // One that cannot be read may have a question.
            kept.retain(|note| note.ask.is_some() || note.sealed == Some(true));
        }
        Ok(match (self.format, self.ask) {
            (Format::Text, true) => Said::text(notes::questions(&page, &kept)),
            (Format::Text, false) => Said::text(notes::list(&page, &kept)),
            (Format::Json, _) => Said::json(&notes::json(&page, &kept)),
        })
    }
}
