//! `quietctl report`: a report for an appointment, of what the person ticks.
//!
//! Here: the command, and what the daemon is asked. Beside it: which days (`days`), what goes in (`choice`), and the file
//! (`file`).

mod choice;
mod days;
mod file;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, civil};

use self::{
    choice::{AtTerminal, Person, choose},
    days::Days,
};
use super::{
    CommandError,
    ask::{Answer, ask, ask_mostly_yes, is_anybody_there, say},
    context::Context,
    counted,
    error::Kind,
    render::{moment, notes, report as preview},
    said::Said,
    when,
};
use crate::{
    api::{NoteEntry, ScreenTimeEntry, SessionEntry},
    backend::lock::plain,
    notes::{Content, Note, Words},
    report::{self, Counted, Facts, Part, Report},
    screen_time::Hour,
    store::replace_file,
};

/// What a session is called that was given no name: nothing to read.
const NO_LABEL: &str = "session";

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// A page for any browser, to read and to print
    #[default]
    Html,
    /// Markdown
    Md,
    /// A row for each day, for spreadsheets
    Csv,
    /// For programs
    Json,
}

/// What can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LeftOut {
    /// What you called your sessions
    Labels,
    /// How you felt
    Mood,
    /// How long you slept
    Sleep,
    /// Time at the screen
    ScreenTime,
}

impl From<LeftOut> for Part {
    fn from(part: LeftOut) -> Self {
        match part {
            LeftOut::Labels => Self::Labels,
            LeftOut::Mood => Self::Mood,
            LeftOut::Sleep => Self::Sleep,
            LeftOut::ScreenTime => Self::ScreenTime,
        }
    }
}

/// Writes a report for an appointment: sessions, quiet and screen time, the notes you tick
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl report                         of the last four weeks; asks which notes go in
  quietctl report --from 2026-11-01 --notes none
  quietctl report --format csv --output -

It shows what will be in it first. The file can be read by you alone, has a name that says nothing
of what is in it, and goes nowhere by itself.")]
pub struct ReportCommand {
    /// The first day: 2026-11-01, monday; four weeks ago if not said, and at most five years
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day; today if not said
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// Which notes go in, with their sleep and mood: all, none, or their ids with commas between; asked for if not said
    #[arg(long, value_name = "IDS")]
    notes: Option<String>,
    /// What stays out
    #[arg(long, value_enum, value_name = "PARTS", value_delimiter = ',')]
    leave_out: Vec<LeftOut>,
    /// Where it is written: a file, a folder, or - for standard output; this folder if not said
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Asks nothing; replaces a file of that name
    #[arg(long)]
    yes: bool,
}

/// What the daemon knows of the days asked for.
struct Known {
    sessions: Vec<SessionEntry>,
    notes: Vec<NoteEntry>,
    /// Quiet time and time at the screen, or why they are not counted.
    counted: Result<Vec<ScreenTimeEntry>, String>,
}

impl ReportCommand {
    /// Asks what goes in, shows it, and writes it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let Days { from, to, but } =
            Days::read(self.from.as_deref(), self.to.as_deref(), &page.now)?;
        let name = report::file_name(from, to, self.format.ending());
        let file = file::target(self.output.as_deref(), name)?;
        let known = Known::ask(context, from, to).await?;
        let asks = !self.yes && is_anybody_there();
        let mut person = AtTerminal;
        let person = asks.then_some(&mut person as &mut dyn Person);
        let left_out: BTreeSet<Part> = self.leave_out.iter().copied().map(Part::from).collect();
        let choice = choose(&page, &known, self.notes.as_deref(), left_out, person)?;
        let here = counted::known(context);
        let group_of = |app: &str| here.groups.get(&plain(app)).cloned();
        let (counted, why) = match known.counted {
            Ok(hours) => {
                let hours = hours.into_iter().filter_map(hour).collect();
                (Counted::Yes { hours, kept: here.keep }, None)
            }
            Err(why) => (Counted::No, Some(why)),
        };
        let facts = Facts {
            zone: page.now.time_zone().clone(),
            from,
            to,
            made: page.now.date(),
            sessions: known.sessions.iter().filter_map(session).collect(),
            counted,
            notes: known.notes.into_iter().filter_map(note).collect(),
            group_of: &group_of,
        };
        let made = Report::new(&facts, &choice);
        let text = match self.format {
            ReportFormat::Html => report::html(&made),
            ReportFormat::Md => report::markdown(&made),
            ReportFormat::Csv => report::csv(&made),
            ReportFormat::Json => report::json(&made),
        };
        let Some(file) = file else {
            // What is written is for a program; this is for whoever started it.
            let but = but.map(|but| page.advice(0, &but)).unwrap_or_default();
            say(&(but + &notes::sealed(&page, made.sealed)));
            return Ok(Said::text(text));
        };
        let shown = context.env.for_people(&file);
        let says = preview::preview(&page, &made, &choice, &[but, why]);
        if asks {
            say(&format!("{says}\n"));
            if ask_mostly_yes(&format!("Write it to {shown}?")) == Answer::No {
                return Ok(Said::text("Nothing was written.\n").but(Kind::No));
            }
            self.write(&file, &shown, &text)?;
            return Ok(Said::text(preview::written(&page, &shown)));
        }
        self.write(&file, &shown, &text)?;
        Ok(Said::text(format!("{says}\n{}", preview::written(&page, &shown))))
    }

    fn write(&self, file: &Path, shown: &str, text: &str) -> Result<(), CommandError> {
        if !self.yes && fs::symlink_metadata(file).is_ok() {
            match ask(&format!("{shown} is there already. Replace it?")) {
                Answer::Yes => {}
                Answer::No => {
                    return Err(CommandError::new(Kind::No, "Nothing was written.")
                        .hint("Write another path after --output."));
                }
                Answer::Nobody => {
                    return Err(CommandError::new(
                        Kind::No,
                        format!("{shown} is there already. Nothing was written."),
                    )
                    .hint("To replace it, say --yes; or write another path after --output."));
                }
            }
        }
        replace_file(file, text.as_bytes())
            .map_err(|error| CommandError::new(Kind::Refused, error.to_string()))
    }
}

impl ReportFormat {
    fn ending(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Md => "md",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

impl Known {
    async fn ask(
        context: &Context,
        from: civil::Date,
        to: civil::Date,
    ) -> Result<Self, CommandError> {
        let now = context.page().now;
        let begin = when::begin_of(from, &now)?;
        let end = when::begin_of(to.tomorrow().unwrap_or(to), &now)?;
        let control = context.control().await?;
        let is_in = |usec: u64| moment(usec).is_some_and(|at| begin <= at && at < end);
        let mut sessions = control.sessions(Some(begin)).await?;
        sessions.retain(|session| is_in(session.ended));
        let mut notes = control.notes(Some(begin)).await?;
        notes.retain(|note| is_in(note.at));
        // The words a session was logged with are a note like any other.
        notes.extend(sessions.iter().filter(|session| session.note.is_some()).map(|session| {
            NoteEntry {
                id: session.id.clone(),
                at: session.ended,
                session: Some(session.id.clone()),
                text: session.note.clone(),
                ..NoteEntry::default()
            }
        }));
        notes.sort_by_key(|note| note.at);
        let counted = counted::hours(&control, begin, end).await?;
        Ok(Self { sessions, notes, counted })
    }
}

fn session(session: &SessionEntry) -> Option<(jiff::Timestamp, Option<String>)> {
    let label = Some(session.kind.clone()).filter(|label| label != NO_LABEL && !label.is_empty());
    Some((moment(session.ended)?, label))
}

fn hour(hour: ScreenTimeEntry) -> Option<Hour> {
    let ScreenTimeEntry { start, seconds, quiet, apps } = hour;
    Some(Hour { start: moment(start)?, seconds, quiet, apps })
}

fn note(note: NoteEntry) -> Option<Note> {
    let at = moment(note.at)?;
    let minutes = |usec: u64| {
        let sleep = SignedDuration::from_micros(i64::try_from(usec).ok()?);
        u16::try_from(sleep.as_mins()).ok()
    };
    let words = Words {
        text: note.text,
        mood: note.mood.and_then(|mood| u8::try_from(mood).ok()),
        sleep: note.sleep.and_then(minutes),
        ask: note.ask,
    };
    let content = if note.sealed == Some(true) {
        Content::Sealed(String::new())
    } else {
        Content::Open(words.in_range())
    };
    Some(Note { id: note.id, at, session: note.session, content })
}
