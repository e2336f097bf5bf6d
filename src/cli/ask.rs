//! A question that only a person at a terminal can answer.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stderr, stdin};

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

/// What came from whoever is at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line, without what surrounds it.
    Line(String),
    /// Enter alone.
    Nothing,
    /// Ctrl-D, or the terminal went away: no answer to anything.
    Ended,
}

/// Asks whoever is at the terminal for a line. What is not UTF-8 in it is kept as "\u{fffd}", and that is said.
pub fn line(prompt: &str) -> Heard {
    say(prompt);
    let mut bytes = Vec::new();
    let heard = stdin().lock().read_until(b'\n', &mut bytes);
    if bytes.is_empty() || heard.is_err() {
        say("\n");
        return Heard::Ended;
    }
    let text = String::from_utf8_lossy(&bytes);
    if str::from_utf8(&bytes).is_err() {
        say(
            "Some letters of that could not be read, as your terminal does not write UTF-8; each is kept as \u{fffd}.\n",
        );
    }
    match text.trim() {
        "" => Heard::Nothing,
        line => Heard::Line(line.to_owned()),
    }
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

/// Asks a question that is mostly answered with yes; an empty line is one.
pub fn ask_mostly_yes(question: &str) -> Answer {
    answered(question, "[Y/n]", Answer::Yes)
}

/// Asks a question on the terminal, and waits for a line.
pub fn ask(question: &str) -> Answer {
    answered(question, "[y/N]", Answer::No)
}

fn answered(question: &str, choice: &str, by_enter: Answer) -> Answer {
    if !is_anybody_there() {
        return Answer::Nobody;
    }
    match line(&format!("{question} {choice} ")) {
        Heard::Nothing => by_enter,
        Heard::Line(said) if ["y", "yes"].contains(&&*said.to_lowercase()) => Answer::Yes,
        Heard::Line(_) | Heard::Ended => Answer::No,
    }
}
