//! `quietctl report`: a report for an appointment, of what the person ticks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, ToSpan as _, civil};

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
    report::{self, Choice, Facts, Part, Report},
    screen_time::Hour,
    store::replace_file,
};

/// How many days a report is about where nobody says.
const DAYS: i64 = 28;

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

/// Writes a report for an appointment: sessions, quiet and screen time, the notes you tick
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl report                         of the last four weeks; asks which notes go in
  quietctl report --from 2026-11-01 --notes none
  quietctl report --format csv --output -

It shows what will be in it first. The file can be read by you alone, has a name that says nothing
of what is in it, and goes nowhere by itself.")]
pub struct ReportCommand {
    /// The first day: 2026-11-01, monday; four weeks ago if not said
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day; today if not said
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// Which notes go in: all, none, or their ids with commas between; asked for if not said
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
    hours: Option<Vec<ScreenTimeEntry>>,
}

impl ReportCommand {
    /// Asks what goes in, shows it, and writes it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let (from, to) = self.days(&page.now)?;
        let file = self.file(from, to)?;
        let known = Self::known(context, from, to).await?;
        let choice = self.choose(&page, &known)?;
        let groups = counted::known(context).groups;
        let group_of = |app: &str| groups.get(&plain(app)).cloned();
        let facts = Facts {
            zone: page.now.time_zone().clone(),
            from,
            to,
            made: page.now.date(),
            sessions: known.sessions.iter().filter_map(session).collect(),
            hours: known.hours.map(|hours| hours.into_iter().filter_map(hour).collect()),
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
        let Some(file) = file else { return Ok(Said::text(text)) };
        let shown = context.env.for_people(&file);
        let says = preview::preview(&page, &made, &choice);
        if !self.yes && is_anybody_there() {
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

    fn days(&self, now: &jiff::Zoned) -> Result<(civil::Date, civil::Date), CommandError> {
        let today = now.date();
        let to = self.to.as_deref().map(|text| when::day(text, now)).transpose()?;
        let to = to.unwrap_or(today).min(today);
        let from = self.from.as_deref().map(|text| when::day(text, now)).transpose()?;
        let from = match from {
            Some(from) => from,
            None => to.checked_sub((DAYS - 1).days()).unwrap_or(to),
        };
        if from > to {
            return Err(CommandError::usage(format!(
                "A report from {from} to {to} would end before it begins. Nothing was written."
            )));
        }
        Ok((from, to))
    }

    /// The file it goes to; none for standard output.
    fn file(&self, from: civil::Date, to: civil::Date) -> Result<Option<PathBuf>, CommandError> {
        let ending = match self.format {
            ReportFormat::Html => "html",
            ReportFormat::Md => "md",
            ReportFormat::Csv => "csv",
            ReportFormat::Json => "json",
        };
        let name = report::file_name(from, to, ending);
        let file = match self.output.as_deref() {
            Some(path) if path == Path::new("-") => return Ok(None),
            Some(folder) if folder.is_dir() => folder.join(name),
            Some(file) => file.to_owned(),
            None => PathBuf::from(name),
        };
        let file = std::path::absolute(&file).unwrap_or(file);
        if !file.parent().is_some_and(Path::is_dir) {
            return Err(CommandError::usage(format!(
                "There is no folder for {}. Nothing was written.",
                file.display()
            ))
            .hint("Write another path after --output, or make the folder."));
        }
        Ok(Some(file))
    }

    async fn known(
        context: &Context,
        from: civil::Date,
        to: civil::Date,
    ) -> Result<Known, CommandError> {
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
        let hours = match control.screen_time(begin, end).await {
            // It is not counted.
            Err(error) if error.kind == Kind::No => None,
            hours => Some(hours?),
        };
        Ok(Known { sessions, notes, hours })
    }

    /// What goes in: by the arguments, else by what the person says.
    fn choose(&self, page: &super::render::Page, known: &Known) -> Result<Choice, CommandError> {
        let mut left_out: BTreeSet<Part> = self
            .leave_out
            .iter()
            .map(|part| match part {
                LeftOut::Labels => Part::Labels,
                LeftOut::Mood => Part::Mood,
                LeftOut::Sleep => Part::Sleep,
                LeftOut::ScreenTime => Part::ScreenTime,
            })
            .collect();
        let asks = !self.yes && is_anybody_there();
        let labels: BTreeSet<String> =
            known.sessions.iter().filter_map(session).filter_map(|(_, label)| label).collect();
        if asks && !labels.is_empty() && !left_out.contains(&Part::Labels) {
            let labels: Vec<String> = labels.iter().map(|label| format!("«{label}»")).collect();
            let question = format!("Include what you called your sessions: {}?", labels.join(", "));
            if ask_mostly_yes(&super::render::plain(&question)) == Answer::No {
                left_out.insert(Part::Labels);
            }
        }
        let open = || known.notes.iter().filter(|note| note.sealed != Some(true));
        let notes = match self.notes.as_deref() {
            Some("none") => BTreeSet::new(),
            Some("all") => open().map(|note| note.id.clone()).collect(),
            Some(ids) => {
                let ids: BTreeSet<String> = ids
                    .split(',')
                    .map(|id| id.trim().to_owned())
                    .filter(|id| !id.is_empty())
                    .collect();
                if let Some(id) = ids.iter().find(|id| open().all(|note| note.id != **id)) {
                    return Err(CommandError::new(
                        Kind::No,
                        format!("There is no note «{id}» in these days that can be read. Nothing was written."),
                    )
                    .hint("`quietctl notes` lists them with their ids."));
                }
                ids
            }
            None if !asks => BTreeSet::new(),
            None => {
                let ticked = open().filter(|note| {
                    say(&preview::note(page, note, &notes::says(note)));
                    ask("Include it?") == Answer::Yes
                });
                ticked.map(|note| note.id.clone()).collect()
            }
        };
        Ok(Choice { left_out, notes })
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
