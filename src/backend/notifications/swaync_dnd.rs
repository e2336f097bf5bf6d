//! swaync (`SwayNotificationCenter`) before 0.8: its do-not-disturb, in dconf.
//!
//! It follows the key at once, and the key outlives it and us. Its own `SetDnd` would write the same key, but could not
//! put it back as unset.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    NAME,
    server::probe,
    swaync::{CENTRE, SERVER, is_inhibited, unclear},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::dconf::{Dconf, Keys, Settings, Value},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "swaync-dnd",
    title: "SwayNotificationCenter before 0.8",
    measures: &[Measure::Notifications],
    since: "0.3 to 0.7",
    cannot: "Urgent notifications still show, and what shows already stays until it times out.",
    seen: &[(Environment::Sway, Known::Real("swaync 0.7.3"))],
    names: &[NAME, CENTRE],
    wants_end: false,
    open: |desktop| Box::new(SwayncDnd::new(desktop)),
};

/// The key; unset is off.
pub const DND: &str = "/org/erikreider/swaync/dnd-state";

/// The backend.
#[derive(Debug)]
pub struct SwayncDnd {
    desktop: Desktop,
    keys: Keys,
}

impl SwayncDnd {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone(), keys: Keys::new(Dconf::new(desktop), ROW.id) }
    }
}

#[async_trait]
impl Backend for SwayncDnd {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        let version = &server.version;
        match is_inhibited(&self.desktop, CENTRE).await {
            Ok(None) => {}
            Ok(Some(_)) => {
                return Probe::Elsewhere(format!(
                    "{SERVER} {version} has inhibitors, which leave its do-not-disturb alone."
                ));
            }
            Err(error) => return unclear(version, &error),
        }
        match self.keys.dconf().would_keep(&[DND]).await {
            Ok(()) => Probe::Ready(format!("{SERVER} {version}; urgent ones come through")),
            Err(probe) => probe,
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let quiet = (DND.to_owned(), Some(Value::Bool(true)));
        self.keys.capture(held, |_| Ok(Settings::from([quiet])))
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.apply(receipt).await
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        self.keys.restore(receipt).await
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        self.keys.changes(&[DND], tell).await;
    }
}
