//! `quietctl note`: keeps a few words, a mood, last night's sleep, a question for the next appointment.

use std::io::{IsTerminal as _, Read as _, stdin};

use jiff::SignedDuration;

use super::{
    CommandError,
    ask::{Answer, Heard, ask, is_anybody_there, line, say},
    context::Context,
    control::{Control, NewNote},
    error::Kind,
    format::Format,
    render::{moment, notes},
    said::Said,
};
use crate::{
    config::parse_duration,
    notes::{ASK_AT_MOST, MOOD_AT_MOST, SLEEP_AT_MOST, TEXT_AT_MOST, clean, split},
};

/// What is said for no session.
const NO_SESSION: &str = "none";

/// Bytes that are read of a text: enough to count in how far it is too long, and an end to what never ends.
const READ_AT_MOST: u64 = 4 << 20;

/// Keeps a few words for yourself; everything is optional
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl note                            asks for each; Enter skips
  quietctl note a long walk, and soup
  quietctl note --mood 6 --sleep 7h30m
  quietctl note --ask \"Is a swim fine?\"    for your next appointment
  quietctl note <page.txt                  reads the words from a file

What you type on a command line stays in your shell's history; what is asked for or read does not.
`quietctl notes` shows what is kept, `quietctl erase --note ID` erases it.")]
pub struct Note {
    /// The words, quoted or not; read from standard input where there are none
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// How you feel, from 0 to 10
    #[arg(long, value_name = "0-10", value_parser = clap::value_parser!(u8).range(0..=10))]
    mood: Option<u8>,
    /// How long you slept: 7h, 7h30m, 7:30
    #[arg(long, value_name = "TIME")]
    sleep: Option<String>,
    /// What to ask at your next appointment
    #[arg(long, value_name = "TEXT")]
    ask: Option<String>,
    /// The session it belongs to, or "none"; if not said, the last one of the past 72 hours
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Keeps it unsealed, where notes are to be sealed and the key is not there
    #[arg(long)]
    plain: bool,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Note {
    /// Reads what there is to keep, and has it kept.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let session =
            self.session.clone().map(|id| if id == NO_SESSION { String::new() } else { id });
        let format = self.format;
        let (mut note, from) = self.given()?;
        note.session = session;
        let mut more = Vec::new();
        match from {
            From::Arguments => {}
            From::Input => note.text = piped()?,
            From::Person => {
                // What they write is not to be refused afterwards.
                can_be_kept(context, note.session.as_deref()).await?;
                ask_for_each(&mut note);
                more = split(&note.text, TEXT_AT_MOST);
                note.text = more.pop().unwrap_or_default();
            }
        }
        // Before the daemon is asked: a refusal names what was typed, and costs nothing.
        let text = clean("The note", &note.text, TEXT_AT_MOST).map_err(refused)?;
        let question = note.ask.as_deref().unwrap_or_default();
        note.ask = clean("The question", question, ASK_AT_MOST).map_err(refused)?;
        note.text = text.unwrap_or_default();
        if note.text.is_empty() && note.ask.is_none() && note.mood.is_none() && note.sleep.is_none()
        {
            return Ok(Said::text("Nothing was written, so nothing is kept.\n").but(Kind::No));
        }
        let control = context.control().await?;
        for text in more {
            let session = note.session.clone();
            let mut part = NewNote { text, session, plain: note.plain, ..NewNote::default() };
            add(&control, &mut part).await?;
            note.plain = part.plain;
        }
        let id = add(&control, &mut note).await?;
        // It is kept: what fails from here on must not read as if it were not.
        let kept = control.notes(None).await.unwrap_or_default();
        let kept = kept.into_iter().find(|kept| kept.id == id);
        let session = kept.as_ref().and_then(|kept| kept.session.clone());
        if format == Format::Json {
            return Ok(Said::json(&notes::kept_json(&id, session.as_deref())));
        }
        let sessions = control.sessions(None).await.unwrap_or_default();
        let ended = sessions
            .into_iter()
            .find(|logged| Some(&logged.id) == session.as_ref())
            .and_then(|logged| moment(logged.ended));
        Ok(Said::text(notes::kept(&context.page(), &id, ended)))
    }

    /// What the arguments say, and where the rest comes from.
    fn given(self) -> Result<(NewNote, From), CommandError> {
        let sleep = self.sleep.as_deref().map(sleep).transpose()?;
        let note = NewNote {
            text: self.text.join(" "),
            mood: self.mood,
            sleep,
            ask: self.ask,
            session: None,
            plain: self.plain,
        };
        let is_said = !note.text.is_empty()
            || note.mood.is_some()
            || note.sleep.is_some()
            || note.ask.is_some();
        let from = match is_said {
            // Standard input may be somebody else's: a loop's, a pipe's that never ends.
            true => From::Arguments,
            false if stdin().is_terminal() => From::Person,
            false => From::Input,
        };
        Ok((note, from))
    }
}

/// Where the words come from.
enum From {
    Arguments,
    Input,
    Person,
}

/// Makes sure that there is somebody who keeps what is about to be written.
async fn can_be_kept(context: &Context, session: Option<&str>) -> Result<(), CommandError> {
    let sessions = context.control().await?.sessions(None).await?;
    match session.filter(|id| !id.is_empty()) {
        Some(id) if !sessions.iter().any(|session| session.id == id) => {
            Err(CommandError::usage(format!("There is no session «{id}»."))
                .hint("To see them: quietctl sessions"))
        }
        _ => Ok(()),
    }
}

/// Has a note kept; where it cannot be sealed, whoever is there is asked.
async fn add(control: &Control, note: &mut NewNote) -> Result<String, CommandError> {
    match control.add_note(note).await {
        // What was typed is not to be typed again.
        Err(error) if error.is_for_want_of_a_key() && is_anybody_there() => {
            say(&format!("{}\n", error.message));
            if ask("Keep it unsealed?") != Answer::Yes {
                return Err(CommandError::new(error.kind, "Nothing was kept."));
            }
            note.plain = true;
            control.add_note(note).await
        }
        added => added,
    }
}

fn refused(error: crate::notes::TooLong) -> CommandError {
    CommandError::usage(error.to_string()).hint("Shorten it, or keep it in several notes.")
}

fn piped() -> Result<String, CommandError> {
    let mut bytes = Vec::new();
    stdin().lock().take(READ_AT_MOST).read_to_end(&mut bytes).map_err(|error| {
        CommandError::new(Kind::Refused, format!("The note could not be read: {error}."))
    })?;
    String::from_utf8(bytes)
        .map_err(|_| CommandError::usage("What was read is not text in UTF-8. Nothing was kept."))
}

/// Asks for one after the other; what is not understood is asked for again, and Enter skips.
fn ask_for_each(note: &mut NewNote) {
    let mut text: Vec<String> = Vec::new();
    let mut prompt = "A few words, if you like (an empty line ends them; Enter skips):\n";
    while let Heard::Line(said) = line(prompt) {
        text.push(said);
        prompt = "";
    }
    note.text = text.join("\n");
    while let Heard::Line(said) = line("Mood from 0 to 10 (Enter skips): ") {
        note.mood = said.parse().ok().filter(|mood| *mood <= MOOD_AT_MOST);
        if note.mood.is_some() {
            break;
        }
        say(&format!("«{said}» is not a whole number from 0 to {MOOD_AT_MOST}.\n"));
    }
    while let Heard::Line(said) = line("Sleep, like 7h or 7h30m (Enter skips): ") {
        match sleep(&said) {
            Ok(sleep) => {
                note.sleep = Some(sleep);
                break;
            }
            Err(error) => say(&format!("{}\n", error.message)),
        }
    }
    while let Heard::Line(said) = line("A question for your next appointment (Enter skips): ") {
        match clean("The question", &said, ASK_AT_MOST) {
            Ok(ask) => {
                note.ask = ask;
                break;
            }
            Err(error) => say(&format!("{error} Shorten it a little.\n")),
        }
    }
}

/// Reads how long somebody slept: `7h30m` as durations are written, `7:30`, `7.5` hours.
fn sleep(text: &str) -> Result<SignedDuration, CommandError> {
    let text = text.trim();
    let of_clock = || {
        let (hours, minutes) = text.split_once(':')?;
        let minutes = minutes.parse::<u8>().ok().filter(|minutes| *minutes < 60)?;
        let hours = hours.parse::<u8>().ok()?;
        Some(SignedDuration::from_mins(i64::from(hours) * 60 + i64::from(minutes)))
    };
    let hours = || {
        let hours: f64 = text.replace(',', ".").parse().ok()?;
        SignedDuration::try_from_secs_f64(hours * 3_600.0).ok()
    };
    parse_duration(text)
        .ok()
        .or_else(of_clock)
        .or_else(hours)
        .filter(|sleep| !sleep.is_negative() && *sleep <= SLEEP_AT_MOST)
        .ok_or_else(|| {
            CommandError::usage(format!("«{text}» is not how long somebody sleeps in a night."))
                .hint("Write it like 7h, 7h30m or 7:30.")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_read_as_people_write_it() {
        for (text, minutes) in
            [("7h", 420), ("7h 30m", 450), ("7:30", 450), ("7.5", 450), ("7,5", 450), ("0", 0)]
        {
            assert_eq!(sleep(text), Ok(SignedDuration::from_mins(minutes)), "{text}");
        }
        for odd in ["", "well", "25h", "-1", "7:61", "NaN", "inf", "1e300"] {
            assert!(sleep(odd).is_err(), "{odd}");
        }
    }
}
