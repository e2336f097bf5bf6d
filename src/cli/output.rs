//! Standard output and standard error.

use std::io::{self, Write};

use super::{CommandError, error::Kind, render::Page};

/// Writes to standard output; tells whether anybody still reads it.
pub fn print(
    write: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>,
) -> Result<bool, CommandError> {
    let mut stdout = io::stdout().lock();
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CommandError::new(
            Kind::Refused,
            format!("The answer could not be written: {error}."),
        )),
    }
}

/// Says on standard error what went wrong and what to do next.
pub fn complain(page: &Page, error: &CommandError) {
    let mut text = format!("quietctl: {}\n", super::render::plain(&error.message));
    for hint in &error.hints {
        text.push_str(&page.advice(2, hint));
    }
    // There is nowhere left to say that this failed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Draws on standard error what a mistake is about.
pub fn draw(text: &str) {
    // There is nowhere left to say that this failed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
