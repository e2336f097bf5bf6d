//! `quietctl`: one file for each command.
//!
//! A command asks the daemon over `control`, and says what it has to say as `said::Said` or [`CommandError`]; what is
//! printed is made in `render`. Nothing here decides when or how quiet it is.

mod apps;
mod ask;
mod breaks;
mod breathe;
mod calendar;
mod check;
mod completions;
mod context;
mod control;
mod counted;
mod doctor;
mod erase;
mod error;
mod forget;
mod format;
mod groups;
mod import;
mod later;
mod length;
mod log;
mod manager;
mod note;
mod notes;
mod notice;
mod off;
mod output;
mod pause;
mod people;
mod places;
mod plan;
mod planned;
mod render;
mod report;
mod restore;
mod resume;
mod said;
mod sessions;
mod setup;
mod sit;
mod start;
mod state;
mod status;
mod suggest;
mod terminal;
mod today;
mod trial;
mod unlock;
mod week;
mod when;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::CommandError;

use context::Context;
use error::Kind;
use said::Said;

/// Keeps a desktop quiet after a session you log, and gives everything back
#[derive(Debug, Parser)]
#[command(
    name = "quietctl",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  quietctl log --ended 14:30   a session ended at 14:30: make it quiet
  quietctl status              what is quiet, why, and until when
  quietctl off                 give everything back now

Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the daemon is not running,
4 the desktop refused."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Every command there is; one row here and one in [`Command::run`].
#[derive(Debug, Subcommand)]
enum Command {
    Log(log::Log),
    Status(status::Status),
    Plan(plan::Plan),
    Start(start::Start),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Off(off::Off),
    Unlock(unlock::Unlock),
    Later(later::Later),
    Today(today::Today),
    Week(week::Week),
    Sessions(sessions::Sessions),
    Forget(forget::Forget),
    Planned(planned::Planned),
    Break(breaks::Break),
    Suggest(suggest::Suggest),
    Note(note::Note),
    Notes(notes::Notes),
    Erase(erase::EraseCommand),
    Report(report::ReportCommand),
    Breathe(breathe::Breathe),
    Sit(sit::Sit),
    Apps(apps::Apps),
    Groups(groups::Groups),
    People(people::People),
    Import(import::Import),
    Doctor(doctor::Doctor),
    Check(check::Check),
    Restore(restore::Restore),
    Setup(setup::Setup),
    Try(trial::Try),
    Completions(completions::Completions),
    #[command(hide = true)]
    Calendar(calendar::Calendar),
    #[command(hide = true)]
    OfferNote(notice::OfferNote),
}

impl Command {
    async fn run(self, context: &Context) -> Result<Said, CommandError> {
        match self {
            Self::Log(command) => command.run(context).await,
            Self::Status(command) => command.run(context).await,
            Self::Plan(command) => command.run(context).await,
            Self::Start(command) => command.run(context).await,
            Self::Pause(command) => command.run(context).await,
            Self::Resume(command) => command.run(context).await,
            Self::Unlock(command) => command.run(context).await,
            Self::Later(command) => command.run(context).await,
            Self::Today(command) => command.run(context).await,
            Self::Week(command) => command.run(context).await,
            Self::Sessions(command) => command.run(context).await,
            Self::Forget(command) => command.run(context).await,
            Self::Planned(command) => command.run(context).await,
            Self::Break(command) => command.run(context).await,
            Self::Suggest(command) => command.run(context).await,
            Self::Note(command) => command.run(context).await,
            Self::Notes(command) => command.run(context).await,
            Self::Erase(command) => command.run(context).await,
            Self::Report(command) => command.run(context).await,
            Self::Breathe(command) => command.run(context).await,
            Self::Sit(command) => command.run(context).await,
            Self::Apps(command) => command.run(context).await,
            Self::Groups(command) => command.run(context),
            Self::People(command) => Ok(command.run(context)),
            Self::Import(command) => command.run(context).await,
            Self::Off(command) => command.run(context).await,
            Self::Doctor(command) => command.run(context).await,
            Self::Check(command) => command.run(context),
            Self::Restore(command) => command.run(context).await,
            Self::Setup(command) => command.run(context).await,
            Self::Try(command) => command.run(context).await,
            Self::Completions(command) => Ok(command.run()),
            Self::Calendar(calendar::Calendar {}) => calendar::run(),
            Self::OfferNote(command) => command.run(context).await,
        }
    }

    /// Whether the answer is to be shown as a notification too.
    fn notifies(&self) -> bool {
        matches!(
            self,
            Self::Log(log::Log { notify: true, .. })
                | Self::Status(status::Status { notify: true, .. })
                | Self::Start(start::Start { notify: true, .. })
                | Self::Pause(pause::Pause { notify: true, .. })
                | Self::Later(later::Later { notify: true, .. })
                | Self::Off(off::Off { notify: true, .. })
        )
    }
}

/// Runs `quietctl` with the process's arguments.
pub fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(error) => {
            // Help goes to standard output, mistakes to standard error; nowhere to say that this failed.
            let _ = error.print();
            return if error.use_stderr() { Kind::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let context = Context::new();
    let answer = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(Kind::Refused, format!("The system refused: {error}.")))
        .and_then(|runtime| runtime.block_on(answer(command, &context)));
    let answer = answer.and_then(|said| {
        output::print(|stdout| std::io::Write::write_all(stdout, said.text.as_bytes()))?;
        Ok(said.but.map_or(ExitCode::SUCCESS, ExitCode::from))
    });
    answer.unwrap_or_else(|error| {
        output::complain(&context.page(), &error);
        error.kind.into()
    })
}

async fn answer(command: Command, context: &Context) -> Result<Said, CommandError> {
    let notifies = command.notifies();
    let offers_a_note = matches!(command, Command::Log(_));
    let answer = command.run(context).await;
    if notifies {
        notice::show(context, &answer, offers_a_note).await;
    }
    answer
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_sound() {
        super::Arguments::command().debug_assert();
    }
}
