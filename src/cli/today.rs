//! `quietctl today`: time at the screen today, hour by hour.

use super::{
    CommandError, context::Context, counted, format::Format, render::screen_time::Shown, said::Said,
};

/// Shows today's time at the screen, by hour, group and app
#[derive(Debug, clap::Args)]
pub struct Today {
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Today {
    /// Reads it from the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let from = context.page().now.start_of_day().map_err(|error| {
            CommandError::usage(format!("Today has no beginning here: {error}."))
        })?;
        counted::since(context, &from, Shown::Hours, self.format).await
    }
}
