//! `quietctl start`: makes it quiet by hand.

use super::{
    CommandError,
    context::Context,
    length,
    render::{answers, moment},
    said::Said,
};
use crate::config::STRONG_AT_MOST;

/// Makes it quiet now, with a profile
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl start settle
  quietctl start ease 2h")]
pub struct Start {
    /// The profile's name: settle, quiet, ease, or one of your config
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// How long: 20m, 4h, "1h 30m"; 4 hours if not said, at most 3 days
    #[arg(value_name = "FOR")]
    lasts: Vec<String>,
    /// Shows the answer as a notification too
    #[arg(long)]
    pub notify: bool,
}

impl Start {
    /// Starts it, and says until when.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let lasts = length::of(&self.lasts, "a start by hand", STRONG_AT_MOST)?;
        let control = context.control().await?;
        let run = control.start(&self.profile, lasts).await?;
        let state = control.state().await.unwrap_or_default();
        let page = context.page();
        let period = state.reasons.iter().find(|period| period.run == run);
        let notice = match period.and_then(|period| moment(period.until)) {
            Some(end) => format!("Quiet time until {}", page.when(end)),
            None => "Quiet time".to_owned(),
        };
        let text = answers::started(&page, period, &self.profile, &state.problems);
        Ok(Said::text(text).notice(notice))
    }
}
