//! GNOME Shell: `show-banners`, the key behind its Do Not Disturb switch (43 to 51, unchanged).
//!
//! Off, banners stay away and urgent notifications come through; what was held is in the message list and does not pop
//! up afterwards. So `batched` and `urgent` hold the same here; the times of `batches` are the engine's.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::server::{Server, shown_by};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{
        CallError, Peer,
        dconf::{Dconf, Keys, Settings, Value},
    },
    plan::{Desired, Measure},
    store::Receipt,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: ID,
    title: "GNOME Shell",
    measures: &[Measure::Notifications],
    since: "43 and newer",
    cannot: "Urgent notifications still show; the desktop has no setting against that.",
    seen: &[
        (Environment::Gnome43, Known::Real("GNOME Shell 43.9")),
        (Environment::Gnome47, Known::Real("GNOME Shell 48.7")),
        (Environment::Gnome49, Known::Real("GNOME Shell 50.5")),
    ],
    names: &["org.freedesktop.Notifications", "org.gnome.Shell"],
    wants_end: false,
    open: |desktop| Box::new(Gnome::new(desktop, Dconf::new(desktop))),
};

/// The key; true, and unset, is banners shown.
pub const SHOW_BANNERS: &str = "/org/gnome/desktop/notifications/show-banners";

const ID: &str = "gnome-notifications";

/// GNOME Shell's banners.
#[derive(Debug)]
pub struct Gnome {
    desktop: Desktop,
    shell: Peer,
    keys: Keys,
}

impl Gnome {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop, dconf: Dconf) -> Self {
        Self {
            desktop: desktop.clone(),
            shell: Peer::new(
                &desktop.session,
                "org.gnome.Shell",
                "/org/gnome/Shell",
                "org.gnome.Shell",
            ),
            keys: Keys::new(dconf, ID),
        }
    }

    /// Who shows notifications here, if it is GNOME Shell. In GNOME the name belongs to a helper of the shell, which
    /// may not run yet.
    async fn version(&self) -> Result<String, Probe> {
        match shown_by(&self.desktop).await {
            Ok(server) if server.name == "gnome-shell" && server.vendor == "GNOME" => {
                Ok(server.version)
            }
            Ok(Server { name, .. }) => Err(Probe::Elsewhere(format!(
                "Notifications are shown by {name}, not by GNOME Shell."
            ))),
            Err(CallError::Absent(_)) => match self.shell.get("ShellVersion").await {
                Ok(version) => Ok(version),
                Err(CallError::Absent(_)) => {
                    Err(Probe::Deferred("GNOME Shell is not running.".to_owned()))
                }
                Err(error) => Err(unclear(&error)),
            },
            Err(error) => Err(unclear(&error)),
        }
    }
}

#[async_trait]
impl Backend for Gnome {
    async fn probe(&self) -> Probe {
        let version = match self.version().await {
            Ok(version) => version,
            Err(probe) => return probe,
        };
        match self.keys.dconf().would_keep(&[SHOW_BANNERS]).await {
            Ok(()) => Probe::Ready(format!("GNOME Shell {version}")),
            Err(probe) => probe,
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let quiet = (SHOW_BANNERS.to_owned(), Some(Value::Bool(false)));
        self.keys.capture(held, |_| Ok(Settings::from([quiet])))
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.apply(receipt).await
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        self.keys.restore(receipt).await
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        self.keys.changes(&[SHOW_BANNERS], tell).await;
    }
}

/// An answer that tells nothing: none in time may still come, a strange one will not get better.
fn unclear(error: &CallError) -> Probe {
    match error {
        CallError::TimedOut(_) | CallError::Absent(_) => Probe::Deferred(format!("{error}.")),
        CallError::Answered { .. } | CallError::Odd(..) => Probe::Unsupported(format!("{error}.")),
    }
}
