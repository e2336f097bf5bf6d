//! `quietctl apps`: what runs now, with the ids to write in the config.

use super::{
    CommandError,
    context::Context,
    format::Format,
    render::{json, lists},
    said::Said,
};

/// Lists the apps that run, with the ids to write in the config
#[derive(Debug, clap::Args)]
pub struct Apps {
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Apps {
    /// Reads them from the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let apps = context.control().await?.apps().await?;
        Ok(match self.format {
            Format::Text => {
                Said::text(lists::apps(&context.page(), &apps, &context.config_for_people()))
            }
            Format::Json => Said::json(&json::apps(&apps)),
        })
    }
}
