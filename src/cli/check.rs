//! `quietctl check`: reads the config and shows every mistake.

use std::{fs, io, path::PathBuf};

use serde_json::json;

use super::{CommandError, context::Context, error::Kind, format::Format, said::Said};
use crate::config::{self, Diagnostic};

/// Reads the config and shows every mistake in it
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The file; your own config if not said
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What there is to say about a config.
#[derive(Debug)]
struct Read {
    /// Drawn for people; a sentence at least.
    text: String,
    mistakes: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Check {
    /// Reads it.
    pub fn run(self, context: &Context) -> Result<Said, CommandError> {
        let own = self.file.is_none();
        let path = self.file.unwrap_or_else(|| context.env.config_file());
        let name = context.env.for_people(&path);
        let read = match fs::read_to_string(&path) {
            Ok(text) => read(&text, &name, context.colour()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && own => Read {
                text: format!(
                    "There is no config yet at {name}. To write one to begin with: quietctl setup\n"
                ),
                mistakes: Vec::new(),
                warnings: Vec::new(),
            },
            Err(_) if path.is_dir() => {
                let message = format!("{name} is a folder; the config is one file.");
                return Err(CommandError::new(Kind::No, message)
                    .hint("To write one there, move the folder away: quietctl setup"));
            }
            Err(error) => {
                return Err(CommandError::usage(format!("{name} cannot be read: {error}.")));
            }
        };
        let said = match self.format {
            Format::Text => Said::text(read.text),
            Format::Json => {
                Said::json(&json!({ "mistakes": read.mistakes, "warnings": read.warnings }))
            }
        };
        Ok(if read.mistakes.is_empty() { said } else { said.but(Kind::No) })
    }
}

fn read(text: &str, name: &str, colour: bool) -> Read {
    match config::parse(text, name) {
        Ok(parsed) => {
            let warnings = config::render_warnings(name, text, &parsed.warnings, colour);
            let config = &parsed.config;
            let rules = config.after.len() + config.weekly.len() + config.places.len();
            let idle = "It has no rule, so nothing becomes quiet by itself. Where there is no config, quietctl \
                        setup writes one to begin with.\n";
            let idle = if rules == 0 { idle } else { "" };
            Read {
                text: format!("{warnings}{name} has no mistakes.\n{idle}"),
                mistakes: Vec::new(),
                warnings: parsed.warnings,
            }
        }
        Err(mistakes) => Read {
            text: mistakes.render(colour),
            mistakes: mistakes.diagnostics,
            warnings: Vec::new(),
        },
    }
}

/// The config in one sentence, for `doctor`: whether it is fine, and what to do if not.
pub fn in_short(context: &Context) -> (bool, String) {
    let name = context.config_for_people();
    match fs::read_to_string(context.env.config_file()) {
        Ok(text) => match config::parse(&text, &name) {
            Ok(_) => (true, format!("{name} has no mistakes")),
            Err(mistakes) => {
                (false, format!("{}. To see every one: quietctl check", mistakes.summary()))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (false, format!("There is none at {name}. To write one to begin with: quietctl setup"))
        }
        Err(error) => (false, format!("{name} cannot be read: {error}.")),
    }
}
