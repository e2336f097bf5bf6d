//! Why a command did not do what it was asked.

use std::process::ExitCode;

/// What kind of no it is; scripts see it as the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer is no: a config with mistakes, nothing to resume.
    No = 1,
    /// What was typed cannot be meant.
    Usage = 2,
    /// The daemon is not running.
    NotRunning = 3,
    /// The desktop, the disk or the daemon refused.
    Refused = 4,
}

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> Self {
        Self::from(kind as u8)
    }
}

/// What to do where a note cannot be sealed.
const UNSEALED: &str = "To keep it unsealed: quietctl note --plain";

/// A command's error: a kind, what happened in a sentence, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    /// The kind.
    pub kind: Kind,
    /// What happened, with which value.
    pub message: String,
    /// What to do next, a line each.
    pub hints: Vec<String>,
}

impl CommandError {
    /// Makes an error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// Makes an error about what was typed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A note was to be sealed and could not be.
    pub fn no_key(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message).hint(UNSEALED)
    }

    /// Whether it is that.
    pub fn is_for_want_of_a_key(&self) -> bool {
        self.hints.iter().any(|hint| hint == UNSEALED)
    }

    /// The daemon is not on the bus.
    pub fn not_running() -> Self {
        Self::new(Kind::NotRunning, "quietd is not running.")
            .hint("To start it: systemctl --user start quietd")
    }
}
