//! dconf: the settings of GNOME and of those who keep theirs beside them (MATE, Cinnamon, the system proxy).
//!
//! Writing goes over the bus (`ca.desrt.dconf.Writer`), reading is from dconf's own file. Here: values and their bytes,
//! the file, profiles and locks, a change, and [`Keys`]: some keys that one backend has in force, with their receipt and
//! the journal that travels in the same change. Not here: which keys mean what; the backends know that.
//!
//! Seen on dconf 0.40: whatever is sent is accepted, with a tag, so every change is read back. The reply comes after the
//! file was replaced. A key in no schema is accepted.

mod change;
mod gvdb;
mod keys;
mod profile;
mod value;

use std::path::Path;

pub use change::{Settings, decode, encode};
pub use gvdb::{Damaged, Found, Table, hash};
pub use keys::{Before, GivingBack, JOURNAL, Keys, journalled, locked};
pub use profile::{Databases, Places};
pub use value::{Order, Value};
use zbus::{MatchRule, MessageStream};

use super::{CallError, Peer};
use crate::backend::{BackendError, Desktop, Probe};

/// The writer's name on the session bus.
pub const NAME: &str = "ca.desrt.dconf";
/// The writer's interface.
pub const INTERFACE: &str = "ca.desrt.dconf.Writer";

/// The person's settings.
#[derive(Clone, Debug)]
pub struct Dconf {
    bus: zbus::Connection,
    places: Places,
}

impl Dconf {
    /// Opens them; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self::with_system(desktop, Path::new("/etc/dconf"))
    }

    /// As [`Self::new`], with the administrator's settings elsewhere.
    pub fn with_system(desktop: &Desktop, etc: &Path) -> Self {
        Self { bus: desktop.session.clone(), places: Places::new(&desktop.env, etc) }
    }

    /// Tells whether changes would reach somebody: dconf's writer runs or can be started.
    pub async fn is_there(&self) -> Result<bool, BackendError> {
        let dbus = "org.freedesktop.DBus";
        let bus = Peer::new(&self.bus, dbus, "/org/freedesktop/DBus", dbus);
        let writer = Peer::new(&self.bus, NAME, "/", "org.freedesktop.DBus.Peer");
        match writer.call("Ping", &()).await {
            Ok(()) => return Ok(true),
            Err(CallError::Absent(_)) => {}
            Err(error) if error.is_unknown() => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        let names: Vec<String> = bus.call("ListActivatableNames", &()).await?;
        Ok(names.iter().any(|name| name == NAME))
    }

    /// Tells whether these keys could be changed to some effect; else why a backend does not serve.
    pub async fn would_keep(&self, keys: &[&str]) -> Result<(), Probe> {
        match self.is_there().await {
            Ok(true) => {}
            Ok(false) => {
                return Err(Probe::Unsupported(
                    "dconf, which keeps these settings, is not installed (dconf-service)."
                        .to_owned(),
                ));
            }
            Err(error) => return Err(Probe::Deferred(error.to_string())),
        }
        let now = self.read().map_err(|error| Probe::Unsupported(error.to_string()))?;
        for key in keys {
            match now.is_locked(key).and_then(|is_locked| now.get(key).map(|_| is_locked)) {
                Ok(false) => {}
                Ok(true) => return Err(Probe::Unsupported(locked(key))),
                Err(error) => return Err(Probe::Unsupported(error.to_string())),
            }
        }
        Ok(())
    }

    /// Reads the settings as they are now. A missing file is no settings, a damaged one an error.
    pub fn read(&self) -> Result<Databases, BackendError> {
        self.places.read()
    }

    /// Changes several keys at once: all or none. Then reads them back, because the writer also accepts what it cannot
    /// use.
    pub async fn change(&self, settings: &Settings) -> Result<(), BackendError> {
        let path = writer_path(self.read()?.name());
        let writer = Peer::new(&self.bus, NAME, &path, INTERFACE).that_may_start();
        let _tag: String = writer.call("Change", &encode(settings)).await?;
        let now = self.read()?;
        for (key, value) in settings {
            if now.get(key)? != *value {
                return Err(BackendError::Refused(format!(
                    "dconf took a change of {key} but did not keep it. Is the disk full, or its folder not writable?"
                )));
            }
        }
        Ok(())
    }

    /// Listens to changes of a key, by whomever.
    ///
    /// A change of one key is told with the key, one of several with the folder they share. The bus would match both
    /// with `arg0path=`, but zbus matches again on its side and knows no path in a string; so one rule for the key and
    /// one for each folder above it.
    pub async fn notices(&self, key: &str) -> Result<Vec<MessageStream>, BackendError> {
        let path = writer_path(self.read()?.name());
        let folders = key.match_indices('/').map(|(at, _)| &key[..=at]);
        let (bus, path) = (&self.bus, &*path);
        let rules = folders.chain([key]).map(|prefix| async move {
            let rule = MatchRule::builder()
                .msg_type(zbus::message::Type::Signal)
                .sender(NAME)
                .interface(INTERFACE)
                .member("Notify")
                .path(path)
                .arg(0, prefix)
                .build()?;
            MessageStream::for_match_rule(rule, bus, None).await
        });
        futures_util::future::try_join_all(rules).await.map_err(|error: zbus::Error| {
            BackendError::Refused(format!("The bus does not tell of dconf's changes: {error}"))
        })
    }
}

fn writer_path(database: &str) -> String {
    format!("/ca/desrt/dconf/Writer/{database}")
}
