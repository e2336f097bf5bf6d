//! `quietctl resume`: ends a pause.

use super::{
    CommandError,
    context::Context,
    render::{answers, status},
    said::Said,
};

/// Ends a pause: it is quiet again
#[derive(Debug, clap::Args)]
pub struct Resume {}

impl Resume {
    /// Resumes, and says until when it is quiet.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let control = context.control().await?;
        control.resume().await?;
        let state = control.state().await?;
        let page = context.page();
        Ok(Said::text(answers::resumed(&page, &status::headline(&page, &state), &state.problems)))
    }
}
