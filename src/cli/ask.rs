//! A question that only a person at a terminal can answer.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

/// What was answered to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or anything that is not a yes.
    No,
    /// There was nobody to ask.
    Nobody,
}

/// Asks whoever is at the terminal for a line; none where it is empty, or nothing more comes.
pub fn line(prompt: &str) -> Option<String> {
    say(prompt);
    let mut line = String::new();
    let heard = stdin().read_line(&mut line);
    let line = line.trim();
    (heard.is_ok() && !line.is_empty()).then(|| line.to_owned())
}

/// Says something between two questions.
pub fn say(text: &str) {
    let mut asked = stderr();
    // What cannot be shown is answered as well as it can be.
    let _ = asked.write_all(text.as_bytes()).and_then(|()| asked.flush());
}

/// Whether there is somebody to ask.
pub fn is_anybody_there() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks a question that is mostly answered with yes; an empty line is one, and nobody's answer too.
pub fn ask_mostly_yes(question: &str) -> Answer {
    if !is_anybody_there() {
        return Answer::Nobody;
    }
    match line(&format!("{question} [Y/n] ")) {
        Some(said) if !["y", "yes"].contains(&&*said.to_lowercase()) => Answer::No,
        _ => Answer::Yes,
    }
}

/// Asks a question on the terminal, and waits for a line.
pub fn ask(question: &str) -> Answer {
    let mut asked = stderr();
    if !is_anybody_there() {
        return Answer::Nobody;
    }
    let mut line = String::new();
    let heard = write!(asked, "{question} [y/N] ")
        .and_then(|()| asked.flush())
        .and_then(|()| stdin().read_line(&mut line));
    match heard {
        Ok(_) if ["y", "yes"].contains(&&*line.trim().to_lowercase()) => Answer::Yes,
        _ => Answer::No,
    }
}
