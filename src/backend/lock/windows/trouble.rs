//! Why windows could not be hidden or shown.

use std::io;

use crate::dbus::{CallError, kwin::ScriptError};

/// What went wrong with those who have the windows.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// They are not there, and their windows with them.
    #[error("no window manager answers there")]
    Gone,
    /// No answer in time.
    #[error("the window manager did not answer in time")]
    TimedOut,
    /// They said no, or something that makes no sense.
    #[error("the window manager answered {0}")]
    Odd(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Gone,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Odd(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Odd(format!("what cannot be read: {error}"))
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Absent(_) => Self::Gone,
            CallError::TimedOut(_) => Self::TimedOut,
            CallError::Answered { .. } | CallError::Odd(..) => Self::Odd(error.to_string()),
        }
    }
}

impl From<ScriptError> for Trouble {
    fn from(error: ScriptError) -> Self {
        match error {
            ScriptError::Call(error) => error.into(),
            ScriptError::Disk(error) => error.into(),
            ScriptError::NotLoaded(name) => {
                Self::Odd(format!("that it does not load the script {name}"))
            }
        }
    }
}
