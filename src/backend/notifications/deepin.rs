//! Deepin: the do-not-disturb of its notification centre, and the two settings that narrow it.
//!
//! `org.deepin.dde.Notification1` of dde-session-ui 6 and of dde-shell; before that `com.deepin.dde.Notification`, with the
//! same members since dde-session-ui 5.3. Do-not-disturb alone holds everything back; where "only while locked" or "only
//! at these hours" is on beside it, it holds back only then. So all three are set. They are kept on disk.

use async_trait::async_trait;
use tokio::sync::mpsc;
use zbus::{OwnedVariant, Variant};

use super::{
    NAME,
    server::{expect, probe},
    value::{InForce, signal, unreadable, watch},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "deepin",
    title: "Deepin",
    measures: &[Measure::Notifications],
    since: "dde-session-ui 5.3 and newer, dde-shell",
    cannot: "Urgent ones wait too; those of the system itself still show.",
    seen: &[(Environment::Deepin, Known::StandIn)],
    names: &[NAME, NEW.0, OLD.0],
    wants_end: false,
    open: |desktop| Box::new(Deepin { desktop: desktop.clone(), in_force: InForce::default() }),
};

const SERVER: &str = "DeepinNotifications";
/// Name, which is the interface too, and path.
const NEW: (&str, &str) = ("org.deepin.dde.Notification1", "/org/deepin/dde/Notification1");
const OLD: (&str, &str) = ("com.deepin.dde.Notification", "/com/deepin/dde/Notification");

/// Do-not-disturb, only while locked, only at some hours: the numbers 0, 1 and 2 of `GetSystemInfo`.
type Settings = [bool; 3];
const QUIET: Settings = [true, false, false];

/// The backend.
#[derive(Debug)]
pub struct Deepin {
    desktop: Desktop,
    in_force: InForce<Settings>,
}

impl Deepin {
    fn of(&self, (name, path): (&str, &str)) -> Peer {
        Peer::new(&self.desktop.session, name, path, name)
    }

    /// The names of the version that is here.
    async fn names(&self) -> Result<(&'static str, &'static str), CallError> {
        Ok(if self.of(NEW).is_running().await? { NEW } else { OLD })
    }

    async fn peer(&self) -> Result<Peer, CallError> {
        Ok(self.of(self.names().await?))
    }
}

async fn read(peer: &Peer) -> Result<Settings, CallError> {
    let mut settings = QUIET;
    for (number, setting) in (0_u32..).zip(&mut settings) {
        let value: OwnedVariant = peer.call("GetSystemInfo", &number).await?;
        *setting = bool::try_from(&*value).map_err(|_| {
            let shape = value.value_signature();
            CallError::Odd(SERVER.to_owned(), format!("setting {number} has the type `{shape}`"))
        })?;
    }
    Ok(settings)
}

async fn write(peer: &Peer, now: Settings, wanted: Settings) -> Result<(), CallError> {
    for (number, (is, wanted)) in (0_u32..).zip(now.into_iter().zip(wanted)) {
        if is != wanted {
            peer.call::<_, ()>("SetSystemInfo", &(number, Variant::from(wanted))).await?;
        }
    }
    Ok(())
}

#[async_trait]
impl Backend for Deepin {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        let read = async { read(&self.peer().await?).await };
        match read.await {
            Ok(_) => Probe::Ready(format!("Deepin (notifications {})", server.version)),
            Err(error @ (CallError::TimedOut(_) | CallError::Absent(_))) => {
                Probe::Deferred(format!("{error}."))
            }
            Err(error) => Probe::Unsupported(format!(
                "This Deepin has no do-not-disturb that others may switch: {error}."
            )),
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        expect(&self.desktop, SERVER).await?;
        match held {
            Some(held) => Ok(held.renew(&QUIET)),
            None => Ok(Receipt::new(ROW.id, &read(&self.peer().await?).await?, &QUIET)),
        }
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: Settings = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let peer = self.peer().await?;
        let mut in_force = self.in_force.lock().await;
        write(&peer, read(&peer).await?, set).await?;
        *in_force = Some(receipt.ours());
        Ok(())
    }

    /// Each setting is judged by itself: a crash may have come after one of them.
    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: Settings = receipt.found().ok_or_else(|| unreadable(receipt))?;
        let set: Settings = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let peer = self.peer().await?;
        let now = read(&peer).await?;
        let mut wanted = now;
        for (at, wanted) in wanted.iter_mut().enumerate() {
            if now[at] == set[at] {
                *wanted = found[at];
            }
        }
        write(&peer, now, wanted).await?;
        Ok(if wanted == found { Restored::AsFound } else { Restored::AsThePersonSetIt })
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let Ok(names) = self.names().await else { return std::future::pending().await };
        let peer = self.of(names);
        let stream = signal(&self.desktop.session, names.1, names.0, "SystemInfoChanged").await;
        let read_now = || {
            let peer = peer.clone();
            Box::pin(async move { Ok(read(&peer).await?) }) as _
        };
        watch(&self.in_force, stream, read_now, tell).await;
    }
}
