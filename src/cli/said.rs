//! What a command has to say when it did what it was asked.

use super::error::Kind;

/// An answer: text for standard output, and what a notification may say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What is printed; ends with a line break.
    pub text: String,
    /// The same in a few words that others may read: never a session's kind or note.
    pub notice: Option<String>,
    /// The exit code, where it is not "done".
    pub but: Option<Kind>,
}

impl Said {
    /// Says something.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Says something to programs.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::text(format!("{value:#}\n"))
    }

    /// Adds what a notification may say.
    #[must_use]
    pub fn notice(mut self, notice: impl Into<String>) -> Self {
        self.notice = Some(notice.into());
        self
    }

    /// Ends with another exit code than "done".
    #[must_use]
    pub fn but(mut self, kind: Kind) -> Self {
        self.but = Some(kind);
        self
    }
}
