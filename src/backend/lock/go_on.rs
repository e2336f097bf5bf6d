//! Apps that are locked and yet have to go on for now. Asked for each unit before it is frozen.

use std::collections::BTreeSet;

use super::streams::Recorder;

/// Why a locked app is left running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// This process came from it.
    Ourselves,
    /// It captures sound or a picture: until that ends.
    Records,
    /// It was copied from last, as this process, and nobody else keeps that: until somebody copies from elsewhere.
    Clipboard(u32),
    /// Its windows could not be hidden, and to close one of them would end it while it is frozen.
    Shown,
    /// It did not stand still in time.
    Slow,
    /// It could not be done; why.
    Refused(String),
}

/// What is known of those that must go on.
#[derive(Debug, Default)]
pub struct Going {
    /// This process and those it came from: freezing one of them could end with nobody left to thaw it.
    pub ourselves: BTreeSet<u32>,
    /// Who captures sound or a picture.
    pub recorders: Vec<Recorder>,
    /// The process whose the clipboard is.
    pub clipboard: Option<u32>,
}

impl Going {
    /// Says why a unit is to go on; none where it may be frozen. `pids` are its processes.
    pub fn why(&self, unit: &str, pids: &[u32]) -> Option<Why> {
        if pids.iter().any(|pid| self.ourselves.contains(pid)) {
            Some(Why::Ourselves)
        } else if self.recorders.iter().any(|recorder| recorder.is_in(unit, pids)) {
            Some(Why::Records)
        } else {
            self.clipboard.filter(|pid| pids.contains(pid)).map(Why::Clipboard)
        }
    }
}

impl Why {
    /// Says it in a sentence for the person; `name` is the app's.
    pub fn text(&self, name: &str) -> String {
        match self {
            Self::Ourselves => format!(
                "{name} was left running, because quietd itself was started from that app. Start quietd with \
                 `systemctl --user start quietd`; then it can be locked."
            ),
            Self::Records => {
                format!("{name} is in a call or records; it is locked when that ends.")
            }
            Self::Clipboard(_) => format!(
                "{name} is left running, because what you copied last is there; it is locked when you copy from another \
                 app."
            ),
            Self::Shown => format!(
                "{name} was left running: its windows could not be hidden, and this version of Plasma ends a locked app \
                 without asking when somebody closes its window."
            ),
            Self::Slow => format!(
                "{name} has not stood still within two seconds; it does when what it waits for is over."
            ),
            Self::Refused(why) => format!("{name} was left running: {why}."),
        }
    }
}
