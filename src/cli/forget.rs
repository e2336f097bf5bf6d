//! `quietctl forget`: erases a session.

use super::{
    CommandError,
    context::Context,
    control::{Control, refused},
    error::Kind,
    render::answers,
    said::Said,
};
use crate::engine;

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
    /// Erases it, with no daemon too; what it made quiet ends with it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let forgotten = match context.control().await {
            Ok(control) => self.ask(&control).await,
            Err(error) => Err(error),
        };
        let notes = match forgotten {
            Err(error) if error.kind == Kind::NotRunning => {
                engine::forget_without_daemon(&context.env, &self.id, page.now.timestamp())
                    .map_err(|error| refused(&error))?
            }
            forgotten => forgotten?,
        };
        Ok(Said::text(answers::forgotten(&page, &self.id, notes)))
    }

    async fn ask(&self, control: &Control) -> Result<u32, CommandError> {
        let sessions = control.sessions(None).await.unwrap_or_default();
        let notes = sessions.iter().find(|session| session.id == self.id);
        let notes = notes.and_then(|session| session.notes).unwrap_or(0);
        control.forget_session(&self.id).await?;
        Ok(notes)
    }
}
