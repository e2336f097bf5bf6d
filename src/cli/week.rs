//! `quietctl week`: time at the screen on the last seven days.

use jiff::ToSpan as _;

use super::{
    CommandError, context::Context, counted, format::Format, render::screen_time::Shown, said::Said,
};

/// Shows the time at the screen of the last seven days, by day, group and app
#[derive(Debug, clap::Args)]
pub struct Week {
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Week {
    /// Reads it from the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let now = context.page().now;
        // Days end at midnight here, also where one of them has 23 hours.
        let from = now.checked_sub(6.days()).and_then(|then| then.start_of_day());
        let from = from.map_err(|error| {
            CommandError::usage(format!("The week has no beginning here: {error}."))
        })?;
        counted::since(context, &from, Shown::Days, self.format).await
    }
}
