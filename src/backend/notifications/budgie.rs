//! Budgie: its do-not-disturb, which can only be read and toggled.
//!
//! The same names and members from 10.6 to 10.10. The daemon forgets it when it restarts, and keeps it when we die.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    NAME,
    server::{expect, probe},
    value::{InForce, PutBack, put_back, signal, unreadable, watch},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "budgie",
    title: "Budgie",
    measures: &[Measure::Notifications],
    since: "10.6 and newer",
    cannot: "Urgent ones wait too; what came meanwhile is in Raven, Budgie's side bar.",
    seen: &[(Environment::Budgie, Known::Real("Budgie 10.7.1 and 10.9.2"))],
    names: &[NAME, BUDGIE],
    wants_end: false,
    open: |desktop| Box::new(Budgie::new(desktop)),
};

const SERVER: &str = "Budgie Notification Server";
const BUDGIE: &str = "org.budgie_desktop.Notifications";
const BUDGIE_PATH: &str = "/org/budgie_desktop/Notifications";
const DISPATCHER: &str = "org.buddiesofbudgie.budgie.Dispatcher";

/// The backend.
#[derive(Debug)]
pub struct Budgie {
    desktop: Desktop,
    dispatcher: Peer,
    in_force: InForce<bool>,
}

impl Budgie {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        let dispatcher = Peer::new(&desktop.session, BUDGIE, BUDGIE_PATH, DISPATCHER);
        Self { desktop: desktop.clone(), dispatcher, in_force: InForce::default() }
    }

    /// Toggles it where it is not as wanted. Where somebody else toggled it at the same moment, that is put right once.
    async fn write(&self, on: bool) -> Result<(), BackendError> {
        for _ in 0..2 {
            if read(&self.dispatcher).await? == on {
                return Ok(());
            }
            self.dispatcher.call::<_, ()>("ToggleDoNotDisturb", &()).await?;
        }
        if read(&self.dispatcher).await? == on {
            return Ok(());
        }
        Err(BackendError::Refused(
            "Budgie's do-not-disturb is switched by another program at the same time; it was left alone.".to_owned(),
        ))
    }
}

async fn read(dispatcher: &Peer) -> Result<bool, CallError> {
    dispatcher.call("GetDoNotDisturb", &()).await
}

#[async_trait]
impl Backend for Budgie {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        match read(&self.dispatcher).await {
            Ok(_) => Probe::Ready(format!("Budgie {}", server.version)),
            Err(error @ (CallError::TimedOut(_) | CallError::Absent(_))) => {
                Probe::Deferred(format!("{error}."))
            }
            Err(error) => Probe::Unsupported(format!(
                "Budgie {} has no do-not-disturb that others may switch: {error}.",
                server.version
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
            Some(held) => Ok(held.renew(&true)),
            None => Ok(Receipt::new(ROW.id, &read(&self.dispatcher).await?, &true)),
        }
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: bool = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let mut in_force = self.in_force.lock().await;
        self.write(set).await?;
        *in_force = Some(receipt.ours());
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let now = match read(&self.dispatcher).await {
            // What we set ended with the Budgie we set it in.
            Err(CallError::Absent(_)) => return Ok(Restored::AsFound),
            now => now?,
        };
        match put_back(receipt, &now)? {
            PutBack::Write(found) => {
                self.write(found).await?;
                Ok(Restored::AsFound)
            }
            PutBack::Nothing(restored) => Ok(restored),
        }
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let stream =
            signal(&self.desktop.session, BUDGIE_PATH, DISPATCHER, "DoNotDisturbChanged").await;
        let read_now = || {
            let dispatcher = self.dispatcher.clone();
            Box::pin(async move { Ok(read(&dispatcher).await?) }) as _
        };
        watch(&self.in_force, stream, read_now, tell).await;
    }
}
