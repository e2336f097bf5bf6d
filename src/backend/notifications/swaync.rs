//! swaync (`SwayNotificationCenter`) from 0.8 on: an inhibitor, which leaves the person's own do-not-disturb alone.
//!
//! An inhibitor is only a word: swaync keeps it when we die and loses it when it restarts. What is held back waits in
//! the control centre and does not pop up afterwards.

use async_trait::async_trait;
use futures_util::{StreamExt as _, future::ready};
use tokio::sync::{Mutex, mpsc};
use zbus::{MatchRule, MessageStream};

use super::{
    NAME,
    server::{expect, probe},
    value::{heard, watch_while},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "swaync",
    title: "SwayNotificationCenter",
    measures: &[Measure::Notifications],
    since: "0.8 and newer",
    cannot: "Urgent notifications still show, and what shows already stays until it times out.",
    seen: &[
        (Environment::Sway, Known::Real("swaync 0.11.0 and 0.12.6")),
        (Environment::Wlroots, Known::Source),
        (Environment::Hyprland, Known::Source),
        (Environment::Niri, Known::Source),
    ],
    names: &[NAME, CENTRE],
    wants_end: false,
    open: |desktop| Box::new(Swaync::new(desktop)),
};

/// What it calls itself.
pub(super) const SERVER: &str = "SwayNotificationCenter";
/// Its own name, and its interface.
pub(super) const CENTRE: &str = "org.erikreider.swaync.cc";
const PATH: &str = "/org/erikreider/swaync/cc";

/// Whose inhibitor it is.
const ID: &str = "org.quietd.Quiet1";

/// The backend.
#[derive(Debug)]
pub struct Swaync {
    desktop: Desktop,
    centre: Peer,
    /// The swaync it is in force in, by unique name.
    in_force: Mutex<Option<String>>,
}

impl Swaync {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        let centre = centre(desktop, CENTRE);
        Self { desktop: desktop.clone(), centre, in_force: Mutex::default() }
    }

    async fn call(&self, member: &str) -> Result<bool, CallError> {
        self.centre.call(member, &ID).await
    }
}

fn centre(desktop: &Desktop, name: &str) -> Peer {
    Peer::new(&desktop.session, name, PATH, CENTRE)
}

/// Asks a swaync, by [`CENTRE`] or its unique name, whether anything inhibits popups; none where it has no inhibitors.
pub(super) async fn is_inhibited(desktop: &Desktop, name: &str) -> Result<Option<bool>, CallError> {
    match centre(desktop, name).call("IsInhibited", &()).await {
        Ok(inhibited) => Ok(Some(inhibited)),
        Err(error) if error.is_unknown() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Says why a swaync that is there cannot be asked.
pub(super) fn unclear(version: &str, error: &CallError) -> Probe {
    match error {
        CallError::TimedOut(_) | CallError::Absent(_) => {
            Probe::Deferred(format!("{SERVER} {version} does not answer."))
        }
        CallError::Answered { .. } | CallError::Odd(..) => {
            Probe::Unsupported(format!("{SERVER} {version} cannot be asked: {error}."))
        }
    }
}

#[async_trait]
impl Backend for Swaync {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        let version = &server.version;
        match is_inhibited(&self.desktop, CENTRE).await {
            Ok(Some(_)) => Probe::Ready(format!("{SERVER} {version}; urgent ones come through")),
            Ok(None) => Probe::Elsewhere(format!(
                "{SERVER} {version} has no inhibitors; 0.8 and newer have them."
            )),
            Err(error) => unclear(version, &error),
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        expect(&self.desktop, SERVER).await?;
        Ok(match held {
            Some(held) => held.renew(&ID),
            None => Receipt::new(ROW.id, &(), &ID),
        })
    }

    async fn apply(&self, _desired: &Desired, _receipt: &Receipt) -> Result<(), BackendError> {
        let mut in_force = self.in_force.lock().await;
        let server = expect(&self.desktop, SERVER).await?;
        // False where it was there already.
        self.call("AddInhibitor").await?;
        *in_force = Some(server.owner);
        Ok(())
    }

    async fn restore(&self, _receipt: &Receipt) -> Result<Restored, BackendError> {
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        match expect(&self.desktop, SERVER).await {
            // What we set ended with the swaync we set it in.
            Err(BackendError::Absent(_)) => return Ok(Restored::AsFound),
            other => other?,
        };
        // False where it is gone: the person cleared it, swaync restarted, or it was given back before.
        self.call("RemoveInhibitor").await?;
        Ok(Restored::AsFound)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        // It is sent for each notification too; those need no look.
        let lifted = heard(told(&self.desktop).await).filter_map(|signal| {
            let body = signal.body().deserialize::<(u32, bool, bool, bool)>();
            ready(body.is_ok_and(|(.., inhibited)| !inhibited).then_some(()))
        });
        // One that came after it has its own inhibitors, and that is no word of the person's.
        let is_there =
            async |owner: String| is_inhibited(&self.desktop, &owner).await.ok().flatten();
        watch_while(&self.in_force, lifted.boxed(), is_there, tell).await;
    }
}

async fn told(desktop: &Desktop) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .path(PATH)
        .interface(CENTRE)
        .member("SubscribeV2")
        .build()?;
    MessageStream::for_match_rule(rule, &desktop.session, None).await
}
