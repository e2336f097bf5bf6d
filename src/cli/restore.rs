//! `quietctl restore`: puts everything back; works with no daemon.

use super::{CommandError, context::Context, error::Kind, render::answers, said::Said};
use crate::{
    backend::Restored,
    engine::{self, RestoreError},
};

/// Puts everything back, also with the daemon dead
#[derive(Debug, clap::Args)]
#[command(after_help = "Where you changed something meanwhile, it stays as you set it.")]
pub struct Restore {}

impl Restore {
    /// Ends what runs if there is a daemon, then puts back whatever is left.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        // A daemon that runs holds the receipts; one that does not answer is no reason to wait any longer.
        if let Ok(control) = context.control().await {
            match control.off().await {
                Ok(()) => {}
                Err(error) if error.kind == Kind::NotRunning => {}
                Err(error) => tracing::debug!(message = error.message, "the daemon did not do it"),
            }
        }
        without_daemon(context).await
    }
}

/// Puts back everything there is a receipt for, whoever wrote it.
pub async fn without_daemon(context: &Context) -> Result<Said, CommandError> {
    let report = engine::restore(context.env.clone()).await.map_err(|error| match error {
        RestoreError::NoBus(_) => CommandError::new(Kind::Refused, error.to_string()),
        RestoreError::Store(_) => CommandError::new(Kind::Refused, error.to_string())
            .hint("What was set is still set. Try again: quietctl restore"),
    })?;
    let came = |restored: &Restored| match restored {
        Restored::AsFound => "as it was found".to_owned(),
        Restored::AsThePersonSetIt => "you changed it meanwhile; left as you set it".to_owned(),
    };
    let done: Vec<_> =
        report.done.iter().map(|(title, restored)| (title.clone(), came(restored))).collect();
    let failed: Vec<_> =
        report.failed.iter().map(|(title, error)| (title.clone(), error.to_string())).collect();
    let said = Said::text(answers::restored(&context.page(), &done, &failed, &report.damage));
    Ok(if failed.is_empty() && report.damage.is_empty() {
        said.notice("Everything is as you had it.")
    } else {
        said.notice("Not everything could be put back.").but(Kind::Refused)
    })
}
