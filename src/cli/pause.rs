//! `quietctl pause`: lifts everything for a while.

use super::{
    CommandError,
    context::Context,
    length,
    render::{answers, moment},
    said::Said,
};
use crate::config::STRONG_AT_MOST;

/// Lifts everything for a while
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl pause
  quietctl pause 30m")]
pub struct Pause {
    /// How long: 20m, 4h, "1h 30m"; 15 minutes if not said, at most 3 days
    #[arg(value_name = "FOR")]
    lasts: Vec<String>,
    /// Shows the answer as a notification too
    #[arg(long)]
    pub notify: bool,
}

impl Pause {
    /// Pauses, and says until when.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let lasts = length::of(&self.lasts, "a pause", STRONG_AT_MOST)?;
        let control = context.control().await?;
        control.pause(lasts).await?;
        let until = control.state().await.ok().and_then(|state| moment(state.paused_until));
        let page = context.page();
        let notice = match until {
            Some(until) => format!("Paused until {}", page.when(until)),
            None => "Paused".to_owned(),
        };
        Ok(Said::text(answers::paused(&page, until)).notice(notice))
    }
}
