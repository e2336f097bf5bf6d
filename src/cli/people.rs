//! `quietctl people`: whom the person can call. Works without the daemon, a bus, a network or a config without mistakes.

use std::{
    fs::File,
    io::{self, Read as _},
};

use super::{context::Context, format::Format, render::people, said::Said};
use crate::config::{cards_in, parse};

/// More of a file is not read: nobody has written it.
const READ_AT_MOST: usize = 16 << 20;

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
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                (cards_in(&text), trouble(&bytes, &text, &file))
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

/// Why something may be missing.
fn trouble(bytes: &[u8], text: &str, file: &str) -> Option<String> {
    if bytes.len() >= READ_AT_MOST {
        return Some(format!(
            "{file} is larger than 16 MiB. Who stands after that is not shown here."
        ));
    }
    // What is not text in the file is text here.
    let broken = bytes != text.as_bytes() || parse(text, "").is_err();
    broken.then(|| {
        format!(
            "{file} has mistakes, so something may be missing here. To see them: quietctl check"
        )
    })
}

/// Whatever is there in place of the file, it is looked at and never waited for.
fn read(context: &Context) -> io::Result<Vec<u8>> {
    let path = context.env.config_file();
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(READ_AT_MOST as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
