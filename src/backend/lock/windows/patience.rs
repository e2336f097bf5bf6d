//! GNOME: who clicks a frozen window is not asked to end it.
//!
//! mutter asks a window that is clicked whether it is alive, and offers Force Quit when no answer comes in
//! `check-alive-timeout`; 0 is never. A very long time would not do: a window that has 400 events waiting is offered as
//! well, but not one that was never asked. Closing such a window by hand still leads to the question, in every version.

use crate::{
    backend::{BackendError, Desktop, lock::freeze::ID},
    dbus::{
        Peer,
        dconf::{Dconf, Keys, Settings, Value},
    },
    store::Receipt,
};

/// GNOME Shell's name on the session bus.
pub const SHELL: &str = "org.gnome.Shell";
/// Milliseconds.
const KEY: &str = "/org/gnome/mutter/check-alive-timeout";

/// How long GNOME waits for a window to answer.
#[derive(Debug)]
pub struct Patience {
    shell: Peer,
    keys: Keys,
}

impl Patience {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self {
            shell: Peer::new(&desktop.session, SHELL, "/org/gnome/Shell", SHELL),
            keys: Keys::new(Dconf::new(desktop), ID),
        }
    }

    /// Makes the receipt for a lock that begins, or goes on; none where there is no GNOME.
    pub async fn capture(&self, held: Option<&Receipt>, locks: bool) -> Option<Receipt> {
        if held.is_none() && !(locks && self.shell.is_running().await.unwrap_or(false)) {
            return None;
        }
        let wanted = locks.then(|| (KEY.to_owned(), Some(Value::Uint(0))));
        match self.keys.capture(held, |_| Ok(Settings::from_iter(wanted))) {
            Ok(receipt) => Some(receipt),
            Err(error) => {
                tracing::debug!(measure = "apps", %error, "clicked windows may be offered to be ended");
                held.cloned()
            }
        }
    }

    /// Puts it in force. That it cannot be is no reason not to lock.
    pub async fn apply(&self, receipt: &Receipt) {
        if let Err(error) = self.keys.apply(receipt).await {
            tracing::debug!(measure = "apps", %error, "clicked windows may be offered to be ended");
        }
    }

    /// Gives it back.
    pub async fn restore(&self, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.restore(receipt).await.map(drop)
    }
}
