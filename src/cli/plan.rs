//! `quietctl plan`: the coming periods, and each change in them.

use jiff::ToSpan as _;

use super::{
    CommandError,
    context::Context,
    format::Format,
    render::{json, plan},
    said::Said,
};

/// Shows the days ahead, and each change in them
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// How many days, today included
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Plan {
    /// Reads it from the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        // Days end at midnight here, also where one of them has 23 hours.
        let until = page
            .now
            .checked_add(i64::from(self.days).days())
            .and_then(|then| then.start_of_day())
            .map_err(|error| CommandError::usage(format!("{} days: {error}.", self.days)))?
            .timestamp();
        let now = page.now.timestamp();
        let periods = context.control().await?.plan(now, until).await?;
        Ok(match self.format {
            Format::Text => Said::text(plan::page(&page, &periods, until)),
            Format::Json => Said::json(&json::plan(&page, &periods)),
        })
    }
}
