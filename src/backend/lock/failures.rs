//! Taking down goes on past errors; what went wrong on the way is told together at the end.

use super::{freeze::ID, units};
use crate::{backend::BackendError, dbus::CallError};

/// What went wrong while going on.
#[derive(Debug, Default)]
pub struct Failures {
    texts: Vec<String>,
    absent: bool,
    timed_out: bool,
}

impl Failures {
    /// Keeps what the user manager answered when it was asked to do something to a unit.
    pub fn add(&mut self, act: &str, unit: &str, error: CallError) {
        tracing::warn!(measure = "apps", backend = ID, unit, %error, "could not {act}");
        match error {
            CallError::Absent(_) => self.absent = true,
            CallError::TimedOut(_) => self.timed_out = true,
            CallError::Answered { text: why, .. } | CallError::Odd(_, why) => {
                self.say(format!("systemd could not {act} {unit}: {why}."));
            }
        }
    }

    /// Keeps a sentence for the person.
    pub fn say(&mut self, text: String) {
        self.texts.push(text);
    }

    /// What it all comes to: what may pass by itself goes before what will not.
    pub fn result(self) -> Result<(), BackendError> {
        if self.absent {
            Err(CallError::Absent(units::NAME.to_owned()).into())
        } else if self.timed_out {
            Err(BackendError::TimedOut(units::NAME.to_owned()))
        } else if self.texts.is_empty() {
            Ok(())
        } else {
            Err(BackendError::Refused(self.texts.join(" ")))
        }
    }
}
