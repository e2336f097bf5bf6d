//! `quietctl forget`: erases a session.

use super::{CommandError, context::Context, said::Said};

/// Erases a session for good
#[derive(Debug, clap::Args)]
#[command(after_help = "`quietctl sessions` shows the ids.")]
pub struct Forget {
    /// The session's id
    #[arg(value_name = "ID")]
    id: String,
}

impl Forget {
    /// Erases it; what it made quiet ends with it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        context.control().await?.forget_session(&self.id).await?;
        Ok(Said::text("The session is erased. What it made quiet is over.\n"))
    }
}
