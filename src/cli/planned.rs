//! `quietctl planned`: the sessions that the calendar plans, and what to do about one.

use super::{
    CommandError,
    context::Context,
    error::Kind,
    format::Format,
    render::{moment, planned},
    said::Said,
    when::moved_to,
};
use crate::api::PlannedEntry;

/// Lists the sessions your calendar plans; confirms, moves or drops one
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Planned {
    #[command(subcommand)]
    act: Option<Act>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Lets one begin without asking you before
    Confirm {
        /// Which: its id, the beginning of it, or "next"
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Moves one to another time, whatever the calendar says
    Move {
        /// Which: its id, the beginning of it, or "next"
        #[arg(value_name = "ID")]
        id: String,
        /// When it ends: 17:00 on its own day, "tomorrow 15:00", "in 2h"
        #[arg(value_name = "WHEN")]
        when: String,
    },
    /// Leaves one out
    Drop {
        /// Which: its id, the beginning of it, or "next"
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl Planned {
    /// Asks the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let control = context.control().await?;
        let all = control.planned().await?;
        let Some(act) = self.act else {
            return Ok(match self.format {
                Format::Text => Said::text(planned::list(&page, &all)),
                Format::Json => Said::json(&planned::json(&page, &all)),
            });
        };
        let text = match act {
            Act::Confirm { id } => {
                let one = find(&all, &id)?;
                control.confirm_planned(&one.id).await?;
                planned::confirmed(&page, one)
            }
            Act::Move { id, when } => {
                let one = find(&all, &id)?;
                let ends = moment(one.ends).unwrap_or_else(|| page.now.timestamp());
                let to = moved_to(&when, ends, &page.now)?;
                control.move_planned(&one.id, to).await?;
                planned::moved(&page, to)
            }
            Act::Drop { id } => {
                let one = find(&all, &id)?;
                control.drop_planned(&one.id).await?;
                planned::dropped(&page, one)
            }
        };
        Ok(Said::text(text))
    }
}

/// The one that is meant.
fn find<'a>(all: &'a [PlannedEntry], id: &str) -> Result<&'a PlannedEntry, CommandError> {
    let wanted = id.trim().to_lowercase();
    let wanted = wanted.strip_prefix("cal-").unwrap_or(&wanted);
    if wanted == "next" {
        let next = all.iter().find(|it| it.state != "dropped");
        return next.ok_or_else(|| CommandError::new(Kind::No, "Nothing is planned."));
    }
    let is_meant = |it: &&PlannedEntry| {
        !wanted.is_empty() && it.id.strip_prefix("cal-").unwrap_or(&it.id).starts_with(wanted)
    };
    let mut meant = all.iter().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            Err(CommandError::usage(format!("More than one planned session begins with «{id}»."))
                .hint("Type more of it: quietctl planned"))
        }
        (None, _) => {
            Err(CommandError::new(Kind::No, format!("There is no planned session «{id}»."))
                .hint("To see which there are: quietctl planned"))
        }
    }
}
