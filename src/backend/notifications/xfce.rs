//! xfce4-notifyd: `/do-not-disturb` of the channel `xfce4-notifyd` in xfconf.
//!
//! The value is kept on disk: it outlives the notification daemon, the session and us.

use async_trait::async_trait;
use tokio::sync::mpsc;
use zbus::{OwnedVariant, Variant};

use super::{
    NAME,
    server::{expect, probe},
    value::{InForce, PutBack, put_back, signals, unreadable, watch},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "xfce",
    title: "Xfce Notify Daemon",
    measures: &[Measure::Notifications],
    since: "0.4 and newer",
    cannot: "",
    seen: &[(Environment::Xfce, Known::Real("xfce4-notifyd 0.7.3 and 0.9.7"))],
    names: &[NAME, XFCONF],
    wants_end: false,
    open: |desktop| Box::new(Xfce::new(desktop)),
};

const SERVER: &str = "Xfce Notify Daemon";
const XFCONF: &str = "org.xfce.Xfconf";
const XFCONF_PATH: &str = "/org/xfce/Xfconf";
const CHANNEL: &str = "xfce4-notifyd";
const PROPERTY: &str = "/do-not-disturb";

/// What xfconf has; none where nothing is set.
type Value = Option<bool>;

/// The backend.
#[derive(Debug)]
pub struct Xfce {
    desktop: Desktop,
    xfconf: Peer,
    in_force: InForce<Value>,
}

impl Xfce {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        let xfconf = Peer::new(&desktop.session, XFCONF, XFCONF_PATH, XFCONF);
        Self { desktop: desktop.clone(), xfconf, in_force: InForce::default() }
    }

    /// xfconfd, started where it is not running: only once its notification daemon has answered, or where a receipt
    /// says that it has.
    fn started(&self) -> Peer {
        self.xfconf.clone().that_may_start()
    }
}

async fn read(xfconf: &Peer) -> Result<Value, BackendError> {
    match xfconf.call::<_, OwnedVariant>("GetProperty", &(CHANNEL, PROPERTY)).await {
        Ok(value) => match bool::try_from(&*value) {
            Ok(on) => Ok(Some(on)),
            // It could not be put back exactly, and the daemon makes nothing of it.
            Err(_) => Err(BackendError::Refused(format!(
                "xfconf has {PROPERTY} as `{}` and not as true or false; `xfconf-query -c {CHANNEL} -p {PROPERTY} -r` \
                 removes it",
                value.value_signature()
            ))),
        },
        Err(CallError::Answered { error, .. }) if error.ends_with("NotFound") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn write(xfconf: &Peer, value: Value) -> Result<(), CallError> {
    match value {
        // Any type would be stored; only a boolean is heard.
        Some(on) => xfconf.call("SetProperty", &(CHANNEL, PROPERTY, Variant::from(on))).await,
        None => xfconf.call("ResetProperty", &(CHANNEL, PROPERTY, false)).await,
    }
}

#[async_trait]
impl Backend for Xfce {
    async fn probe(&self) -> Probe {
        match probe(&self.desktop, SERVER).await {
            Ok(server) => Probe::Ready(format!("{SERVER} {}", server.version)),
            Err(probe) => probe,
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        expect(&self.desktop, SERVER).await?;
        match held {
            Some(held) => Ok(held.renew(&Some(true))),
            None => Ok(Receipt::new(ROW.id, &read(&self.started()).await?, &Some(true))),
        }
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: Value = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let mut in_force = self.in_force.lock().await;
        write(&self.started(), set).await?;
        *in_force = Some(receipt.ours());
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let xfconf = self.started();
        match put_back(receipt, &read(&xfconf).await?)? {
            PutBack::Write(found) => {
                write(&xfconf, found).await?;
                Ok(Restored::AsFound)
            }
            PutBack::Nothing(restored) => Ok(restored),
        }
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let stream = signals(&self.desktop.session, XFCONF_PATH, XFCONF, CHANNEL).await;
        let read_now = || {
            let xfconf = self.xfconf.clone();
            Box::pin(async move { read(&xfconf).await }) as _
        };
        watch(&self.in_force, stream, read_now, tell).await;
    }
}
