//! Desktops whose do-not-disturb is one boolean of dconf. It outlives their notification program, the session and us.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::server::{nobody, shown_by, silent};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Probe, Restored},
    dbus::{
        CallError, Peer,
        dconf::{Dconf, Keys, Settings, Value},
    },
    plan::Desired,
    store::Receipt,
};

/// Where one desktop keeps it, and who reads it.
#[derive(Debug)]
pub struct Setting {
    /// The row's id.
    pub id: &'static str,
    /// What people call who shows its notifications.
    pub title: &'static str,
    /// What that program calls itself, and its vendor: neither alone tells one desktop from another.
    pub server: (&'static str, &'static str),
    /// A name that is there with the desktop where its notification program may not run yet, if there is one.
    pub desktop: Option<&'static str>,
    /// The key.
    pub key: &'static str,
    /// What the key is where notifications are held.
    pub quiet: bool,
}

impl Setting {
    /// Opens it; does no I/O.
    pub fn open(&'static self, desktop: &Desktop) -> Box<dyn Backend> {
        self.open_with(desktop, Dconf::new(desktop))
    }

    /// As [`Self::open`], with these settings.
    pub fn open_with(&'static self, desktop: &Desktop, dconf: Dconf) -> Box<dyn Backend> {
        Box::new(Switch {
            setting: self,
            desktop: desktop.clone(),
            keys: Keys::new(dconf, self.id),
        })
    }
}

#[derive(Debug)]
struct Switch {
    setting: &'static Setting,
    desktop: Desktop,
    keys: Keys,
}

impl Switch {
    /// Who reads the setting here, with the version where it is told.
    async fn reader(&self) -> Result<String, Probe> {
        let Setting { title, server: (name, vendor), desktop, .. } = self.setting;
        match shown_by(&self.desktop).await {
            Ok(server) if server.name == *name && server.vendor == *vendor => {
                Ok(format!("{title} {}", server.version))
            }
            Ok(other) => Err(Probe::Elsewhere(format!(
                "Notifications are shown by {} {} of {}, not by {title}.",
                other.name, other.version, other.vendor
            ))),
            Err(CallError::Absent(_)) => match desktop {
                Some(desktop)
                    if Peer::new(&self.desktop.session, desktop, "/", desktop)
                        .is_running()
                        .await
                        == Ok(true) =>
                {
                    Ok((*title).to_owned())
                }
                _ => Err(Probe::Deferred(nobody())),
            },
            Err(CallError::TimedOut(_)) => Err(Probe::Deferred(silent())),
            Err(error) => {
                Err(Probe::Unsupported(format!("Who shows notifications is not known: {error}.")))
            }
        }
    }
}

#[async_trait]
impl Backend for Switch {
    async fn probe(&self) -> Probe {
        let reader = match self.reader().await {
            Ok(reader) => reader,
            Err(probe) => return probe,
        };
        match self.keys.dconf().would_keep(&[self.setting.key]).await {
            Ok(()) => Probe::Ready(reader),
            Err(probe) => probe,
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let quiet = (self.setting.key.to_owned(), Some(Value::Bool(self.setting.quiet)));
        self.keys.capture(held, |_| Ok(Settings::from([quiet])))
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.apply(receipt).await
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        self.keys.restore(receipt).await
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        self.keys.changes(&[self.setting.key], tell).await;
    }
}
