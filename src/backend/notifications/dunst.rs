//! dunst: `paused`, or from 1.10 on `pauseLevel`, which lets the person's own `override_pause_level` rules through.
//!
//! dunst forgets both when it restarts, and with them what it held back: this backend sets again what it had set; a
//! pause of the person's own that dunst forgot comes back with it. dunst keeps what we set when we die.

pub mod rule;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc};

use super::{
    NAME, PATH,
    server::{expect, probe},
    value::{PutBack, heard, put_back, signals, unreadable, watch_while},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: SERVER,
    title: "dunst",
    measures: &[Measure::Notifications],
    since: "1.5 and newer",
    cannot: "Before 1.10, urgent ones wait too; what was held back shows when quiet ends, all at once.",
    seen: &[
        (Environment::Sway, Known::Real("dunst 1.9.0, 1.12.2 and 1.13.2")),
        (Environment::Wlroots, Known::Source),
        (Environment::Hyprland, Known::Source),
        (Environment::Niri, Known::Source),
        (Environment::X11, Known::StandIn),
    ],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(Dunst::new(desktop)),
};

/// What it calls itself.
pub const SERVER: &str = "dunst";

const INTERFACE: &str = "org.dunstproject.cmd0";

/// What the `dunstrc` that comes with dunst gives urgent ones as `override_pause_level`; normal ones have 30 there.
const LEVEL: u32 = 60;

/// How much dunst holds back, in the terms of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pause {
    /// 1.10 and newer: 0 to 100.
    Level(u32),
    /// Older: all or nothing.
    All(bool),
}

impl Pause {
    /// What is set where this was found: never less than the person already holds back.
    fn at_least_ours(self) -> Self {
        match self {
            Self::Level(level) => Self::Level(level.max(LEVEL)),
            Self::All(_) => Self::All(true),
        }
    }
}

/// The backend.
#[derive(Debug)]
pub struct Dunst {
    desktop: Desktop,
    in_force: Mutex<Option<Held>>,
}

/// What is in force by our hand in this process.
#[derive(Clone, Debug)]
struct Held {
    /// The dunst it is in force in: one that came after it has its own level, and that is no word of the person's.
    dunst: Peer,
    ours: Vec<Pause>,
}

impl Dunst {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone(), in_force: Mutex::default() }
    }

    /// dunst, by its unique name.
    async fn dunst(&self) -> Result<Peer, BackendError> {
        let bus = &self.desktop.session;
        Ok(rule::peer(bus, &expect(&self.desktop, SERVER).await?))
    }
}

/// Lets calls through by dunst's own rule, or no longer. Where that fails they are shown as everywhere.
async fn switch(dunst: &Peer, on: bool) {
    if let Err(error) = rule::switch(dunst, on).await {
        tracing::debug!(%error, on, "dunst's rule for calls is as it was");
    }
}

async fn write(peer: &Peer, pause: Pause) -> Result<(), CallError> {
    match pause {
        Pause::Level(level) => peer.set("pauseLevel", level.into()).await,
        Pause::All(paused) => peer.set("paused", paused.into()).await,
    }
}

async fn read(peer: &Peer) -> Result<Pause, CallError> {
    match peer.get("pauseLevel").await {
        Ok(level) => Ok(Pause::Level(level)),
        Err(error) if error.is_unknown() => peer.get("paused").await.map(Pause::All),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Backend for Dunst {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        // "1.9.0 (2022-06-27)"
        let version = server.version.split(' ').next().unwrap_or_default();
        let dunst = rule::peer(&self.desktop.session, &server);
        match read(&dunst).await {
            Ok(Pause::Level(_)) => {
                let calls = match rule::is_on(&dunst).await {
                    Ok(Some(_)) => "; incoming calls come through by a rule of its own",
                    Ok(None) => {
                        "; for incoming calls `quietctl setup` offers a rule, so that they can be answered"
                    }
                    Err(_) => "",
                };
                Probe::Ready(format!(
                    "dunst {version}; urgent ones come through where dunstrc gives them override_pause_level \
                     {LEVEL} or more{calls}"
                ))
            }
            Ok(Pause::All(_)) => Probe::Ready(format!(
                "dunst {version}; urgent ones wait too: this version holds everything while paused"
            )),
            Err(CallError::TimedOut(_) | CallError::Absent(_)) => {
                Probe::Deferred(format!("dunst {version} does not answer."))
            }
            Err(error) => Probe::Unsupported(format!("dunst {version} cannot be paused: {error}.")),
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let dunst = self.dunst().await?;
        if let Some(held) = held {
            let found: Pause = held.found().ok_or_else(|| unreadable(held))?;
            return Ok(held.renew(&found.at_least_ours()));
        }
        let found = read(&dunst).await?;
        Ok(Receipt::new(ROW.id, &found, &found.at_least_ours()))
    }

    async fn apply(&self, desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: Pause = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let mut in_force = self.in_force.lock().await;
        let dunst = self.dunst().await?;
        write(&dunst, set).await?;
        if matches!(set, Pause::Level(_)) {
            switch(&dunst, desired.calls).await;
        }
        *in_force = Some(Held { dunst, ours: receipt.ours() });
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let dunst = match self.dunst().await {
            // What we set ended with the dunst we set it in.
            Err(BackendError::Absent(_)) => return Ok(Restored::AsFound),
            other => other?,
        };
        let now = read(&dunst).await?;
        let restored = match put_back(receipt, &now)? {
            PutBack::Write(found) => {
                write(&dunst, found).await?;
                Restored::AsFound
            }
            PutBack::Nothing(restored) => restored,
        };
        if matches!(now, Pause::Level(_)) {
            switch(&dunst, false).await;
        }
        Ok(restored)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let stream =
            signals(&self.desktop.session, PATH, "org.freedesktop.DBus.Properties", INTERFACE)
                .await;
        let is_there =
            async |held: Held| read(&held.dunst).await.ok().map(|now| held.ours.contains(&now));
        let reasons = heard(stream).map(|_| ()).boxed();
        watch_while(&self.in_force, reasons, is_there, tell).await;
    }
}

#[cfg(test)]
mod tests {
    use super::Pause;

    #[test]
    fn never_holds_less_than_the_person_does() {
        assert_eq!(Pause::Level(0).at_least_ours(), Pause::Level(60));
        assert_eq!(Pause::Level(100).at_least_ours(), Pause::Level(100));
        assert_eq!(Pause::All(false).at_least_ours(), Pause::All(true));
        assert_eq!(Pause::All(true).at_least_ours(), Pause::All(true));
    }
}
