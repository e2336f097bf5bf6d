//! `quietctl later`: leaves open for a while what is about to be locked.

use super::{
    CommandError,
    context::Context,
    render::{answers, moment},
    said::Said,
};

/// Leaves the apps that are about to be locked open for 10 more minutes
#[derive(Debug, clap::Args)]
#[command(after_help = "As often as you like. What is locked already: quietctl unlock")]
pub struct Later {
    /// Shows the answer as a notification too
    #[arg(long)]
    pub notify: bool,
}

impl Later {
    /// Asks for it, and says until when.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let control = context.control().await?;
        let until = moment(control.later().await?);
        let apps = control.state().await?.to_lock.unwrap_or_default();
        let page = context.page();
        let text = answers::later(&page, &apps, until);
        Ok(Said::text(text).notice(answers::stays_open(&page, &apps, until)))
    }
}
