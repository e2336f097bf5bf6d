//! `quietctl forget`: erases a session.

use super::{CommandError, context::Context, render::answers, said::Said};

/// Erases a session for good, with the words it was logged with; its notes stay
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`quietctl sessions` shows the ids. `quietctl erase --session ID` erases its notes as well."
)]
pub struct Forget {
    /// The session's id
    #[arg(value_name = "ID")]
    id: String,
}

impl Forget {
    /// Erases it; what it made quiet ends with it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let control = context.control().await?;
        let sessions = control.sessions(None).await.unwrap_or_default();
        let notes = sessions.iter().find(|session| session.id == self.id);
        let notes = notes.and_then(|session| session.notes).unwrap_or(0);
        control.forget_session(&self.id).await?;
        Ok(Said::text(answers::forgotten(&context.page(), &self.id, notes)))
    }
}
