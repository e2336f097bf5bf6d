//! `quietctl sessions`: lists what is logged.

use super::{
    CommandError,
    context::Context,
    format::Format,
    render::{json, lists},
    said::Said,
    when::moment,
};

/// Lists the sessions you logged, with their notes
#[derive(Debug, clap::Args)]
pub struct Sessions {
    /// Only those that ended since then: "monday 8:00", 2026-11-01T00:00
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Sessions {
    /// Reads them from the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let since = self.since.as_deref().map(|when| moment(when, &page.now)).transpose()?;
        let sessions = context.control().await?.sessions(since).await?;
        Ok(match self.format {
            Format::Text => Said::text(lists::sessions(&page, &sessions)),
            Format::Json => Said::json(&json::sessions(&page, &sessions)),
        })
    }
}
