//! `quietctl people`: whom the person can call. Works without the daemon, a bus, a network or a config without mistakes.

use std::{
    fs::File,
    io::{self, Read as _},
};

use super::{context::Context, format::Format, render::people, said::Said};
use crate::config::{TEXT_AT_MOST, cards_in, parse};

/// Shows whom you can call: the people in your config first
#[derive(Debug, clap::Args)]
pub struct People {
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl People {
    /// Reads the config as far as it can be read.
    pub fn run(self, context: &Context) -> Said {
        let file = context.config_for_people();
        let (cards, trouble) = match read(context) {
            Ok(text) => {
                let broken = parse(&text, "").is_err();
                let trouble = format!(
                    "{file} has mistakes, so something may be missing here. To see them: quietctl check"
                );
                (cards_in(&text), broken.then_some(trouble))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => {
                let trouble =
                    format!("{file} cannot be read: {error}. The people in it are written there.");
                (Vec::new(), Some(trouble))
            }
        };
        match self.format {
            Format::Text => {
                Said::text(people::page(&context.page(), &cards, &file, trouble.as_deref()))
            }
            Format::Json => Said::json(&people::json(&cards, &file, trouble.as_deref())),
        }
    }
}

/// Whatever is there in place of the file, it is looked at and never waited for.
fn read(context: &Context) -> io::Result<String> {
    let path = context.env.config_file();
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(TEXT_AT_MOST).unwrap_or(u64::MAX);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
