//! `quietctl check`: reads the config and shows every mistake.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{CommandError, context::Context, error::Kind, format::Format, said::Said};
use crate::{
    calendar::Ask,
    config::{self, Diagnostic, Installed, Mistakes, Source, Whole, parse_all},
    source::{ReadConfig, Wrong, read_configs},
};

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
        let read = match &self.file {
            None => own(context)?,
            Some(path) => {
                let name = context.env.for_people(path);
                let text = match text_of(path) {
                    Ok(text) => text,
                    Err(_) if path.is_dir() => return Err(is_a_folder(&name)),
                    Err(error) => {
                        return Err(CommandError::usage(format!(
                            "{name} cannot be read: {error}."
                        )));
                    }
                };
                let source = Source { name: &name, text: &text };
                if is_plan(&text) {
                    let nothing = Source { name: "", text: "" };
                    let whole = parse_all(nothing, &[source], &Installed::default());
                    // Alone, it is not beside anything.
                    read(whole.map(|it| Whole { plans: Vec::new(), ..it }), &name, context)
                } else {
                    let whole = parse_all(source, &[], &Installed::default());
                    read(whole.map(|it| with_days(it, source, context)), &name, context)
                }
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

/// What a file says, or a pipe: no more than a config may have, where it has no end.
fn text_of(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(config::TEXT_AT_MOST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > config::TEXT_AT_MOST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// The person's own config, with the plans beside it.
fn own(context: &Context) -> Result<Read, CommandError> {
    let path = context.env.config_file();
    let name = context.env.for_people(&path);
    let configs = read_configs(&path);
    match &configs.own {
        ReadConfig::Folder => return Err(is_a_folder(&name)),
        ReadConfig::Missing if configs.plans.is_empty() => {
            return Ok(Read {
                text: format!(
                    "There is no config yet at {name}. To write one to begin with: quietctl setup\n"
                ),
                mistakes: Vec::new(),
                warnings: Vec::new(),
            });
        }
        _ => {}
    }
    match configs.parse(&context.env, &Installed::default()) {
        Err(Wrong::Unread(sentence)) => Err(CommandError::usage(sentence)),
        Err(Wrong::Mistakes(files)) => Ok(read(Err(files), &name, context)),
        Ok(whole) => {
            let calendar = whole.config.calendar.clone();
            let text = if let ReadConfig::Text(text) = &configs.own { text } else { "" };
            let whole = with_days(whole, Source { name: &name, text }, context);
            let mut read = read(Ok(whole), &name, context);
            read.text.push_str(&calendar.map(|it| calendar_said(context, it)).unwrap_or_default());
            Ok(read)
        }
    }
}

/// The same with what only today's date tells of: a config is read without one.
fn with_days(mut whole: Whole, own: Source<'_>, context: &Context) -> Whole {
    let later = config::checked_later(own.text, context.page().now.date());
    if later.is_empty() {
        return whole;
    }
    if let Some(file) = whole.warnings.iter_mut().find(|file| file.name == own.name) {
        file.diagnostics.extend(later);
        file.diagnostics.sort_by_key(|it| it.span.start);
    } else {
        let (name, text) = (own.name.to_owned(), own.text.to_owned());
        whole.warnings.insert(0, Mistakes { name, text, diagnostics: later });
    }
    whole
}

/// What could not be read of the calendar, with the names of its files: they are shown nowhere else.
fn calendar_said(context: &Context, calendar: config::Calendar) -> String {
    let page = context.page();
    let path = context.env.expand(&calendar.path);
    let ask = Ask { path, categories: calendar.categories, now: page.now.timestamp() };
    let Some(answer) = super::calendar::ask_reader(&ask) else {
        let name = context.env.for_people(&ask.path);
        let said = format!("{name}: The calendar takes more time or memory to read than it may.");
        return page.advice(0, &said);
    };
    let mut text = String::new();
    for problem in &answer.problems {
        let file = context.env.for_people(std::path::Path::new(&problem.file));
        let file = if problem.file.is_empty() { file } else { format!("{file}: ") };
        text.push_str(&page.advice(0, &format!("{file}{}", problem.text)));
    }
    let planned = answer.planned.iter().filter(|it| it.ends > ask.now).count();
    let said = match planned {
        0 => "The calendar plans no session in the next 60 days.".to_owned(),
        1 => "The calendar plans 1 session in the next 60 days.".to_owned(),
        planned => format!("The calendar plans {planned} sessions in the next 60 days."),
    };
    text + &page.advice(0, &said)
}

fn is_a_folder(name: &str) -> CommandError {
    let message = format!("{name} is a folder; the config is one file.");
    CommandError::new(Kind::No, message)
        .hint("To write one there, move the folder away: quietctl setup")
}

/// Tells a plan from a config: it says so of itself.
fn is_plan(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("[plan]"))
}

fn read(parsed: Result<Whole, Vec<Mistakes>>, name: &str, context: &Context) -> Read {
    let colour = context.colour();
    let all = |files: Vec<Mistakes>| files.into_iter().flat_map(|file| file.diagnostics).collect();
    match parsed {
        Ok(whole) => {
            let drawn = |file: &Mistakes| {
                config::render_warnings(&file.name, &file.text, &file.diagnostics, colour)
            };
            let warnings: String = whole.warnings.iter().map(drawn).collect();
            let config = &whole.config;
            let rules = config.after.len() + config.weekly.len() + config.places.len();
            let idle = "It has no rule, so nothing becomes quiet by itself. Where there is no config, quietctl \
                        setup writes one to begin with.\n";
            let idle = if rules == 0 { idle } else { "" };
            let with = match whole.plans.len() {
                0 => String::new(),
                1 => ", with the plan beside it,".to_owned(),
                plans => format!(", with the {plans} plans beside it,"),
            };
            Read {
                text: format!("{warnings}{name}{with} has no mistakes.\n{idle}"),
                mistakes: Vec::new(),
                warnings: all(whole.warnings),
            }
        }
        Err(files) => Read {
            text: files.iter().map(|file| file.render(colour)).collect(),
            mistakes: all(files),
            warnings: Vec::new(),
        },
    }
}

/// The config in one sentence, for `doctor`: whether it is fine, and what to do if not.
pub fn in_short(context: &Context) -> (bool, String) {
    let name = context.config_for_people();
    let configs = read_configs(&context.env.config_file());
    if configs.own == ReadConfig::Missing && configs.plans.is_empty() {
        let text = format!("There is none at {name}. To write one to begin with: quietctl setup");
        return (false, text);
    }
    match configs.parse(&context.env, &Installed::default()) {
        Ok(_) => (true, format!("{name} has no mistakes")),
        Err(Wrong::Unread(sentence)) => (false, sentence),
        Err(wrong) => (false, format!("{}. To see every one: quietctl check", wrong.summary())),
    }
}
