//! What went wrong on the way, told together at the end: taking down goes on past errors, and one app that cannot be
//! frozen is no reason to let the others go.

use std::collections::BTreeMap;

use super::{freeze::ID, go_on::Why, units};
use crate::{backend::BackendError, dbus::CallError};

/// What went wrong while going on.
#[derive(Debug, Default)]
pub struct Failures {
    texts: Vec<String>,
    left: BTreeMap<String, Why>,
    absent: bool,
    timed_out: bool,
    unseen: bool,
}

impl Failures {
    /// Keeps what the user manager answered when it was asked to do something to a unit.
    pub fn add(&mut self, act: &str, unit: &str, error: CallError) {
        if let Some(why) = self.answered(act, unit, error) {
            self.texts.push(format!("systemd could not {act} {unit}: {why}."));
        }
    }

    /// The same where the unit is left running for it, and nothing else is.
    pub fn add_one(&mut self, act: &str, unit: &str, error: CallError) {
        if let Some(why) = self.answered(act, unit, error) {
            self.leave(
                unit,
                Why::Refused(format!("systemd could not {act} it: {}", why.trim_end_matches('.'))),
            );
        }
    }

    /// Keeps that a unit is left running.
    pub fn leave(&mut self, unit: &str, why: Why) {
        self.left.insert(unit.to_owned(), why);
    }

    /// Keeps that a unit is left running until it is known which windows it has.
    pub fn leave_unseen(&mut self, unit: &str) {
        self.unseen = true;
        self.leave(unit, Why::Shown);
    }

    /// The units that are left running.
    pub fn take_left(&mut self) -> BTreeMap<String, Why> {
        std::mem::take(&mut self.left)
    }

    /// What it all comes to, but for the units that are left running: what may pass by itself goes before what will not.
    pub fn result(self) -> Result<(), BackendError> {
        if self.absent {
            Err(CallError::Absent(units::NAME.to_owned()).into())
        } else if self.timed_out {
            Err(BackendError::TimedOut(units::NAME.to_owned()))
        } else if self.unseen {
            Err(BackendError::NotYet(
                "KWin does not say which windows the apps have, and closing one could end an app that stands still; it is asked again.".to_owned(),
            ))
        } else if self.texts.is_empty() {
            Ok(())
        } else {
            Err(BackendError::Refused(self.texts.join(" ")))
        }
    }

    /// What was answered; none where nothing was.
    fn answered(&mut self, act: &str, unit: &str, error: CallError) -> Option<String> {
        tracing::warn!(measure = "apps", backend = ID, unit, %error, "could not {act}");
        match error {
            CallError::Absent(_) => self.absent = true,
            CallError::TimedOut(_) => self.timed_out = true,
            CallError::Answered { text: why, .. } | CallError::Odd(_, why) => return Some(why),
        }
        None
    }
}
