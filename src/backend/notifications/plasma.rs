//! Plasma: `Inhibit` on a connection of its own.
//!
//! plasmashell (seen on 5.27 and 6.3) drops an inhibition when its connection ends, so it ends with this process
//! however the process ends, and nothing is left to restore. A connection holds one only and ends it by closing: where
//! one of two is given back, plasmashell stops watching the connection, and the other outlives it.
//!
//! What was held back pops up at the end. plasmashell offers to close such notifications before, but that takes them
//! out of its history, where they are not to be lost; so they do pop up.

use std::{collections::HashMap, future::Future, io};

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};
use zbus::{Connection, Variant};

use super::{
    NAME, PATH,
    server::{expect, probe},
    value::{signals, unreadable},
};
use crate::{
    backend::{
        Backend, BackendError, CALL_AT_MOST, Change, Desktop, Environment, Known, Probe, Restored,
        Row,
    },
    clock::{Clock, SystemClock},
    dbus::{Peer, connect_session},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "plasma",
    title: "Plasma",
    measures: &[Measure::Notifications],
    since: "5.27 and newer",
    cannot: "What was held back shows when quiet ends, all at once.",
    seen: &[
        (Environment::Plasma5, Known::Real("Plasma 5.27.5")),
        (Environment::Plasma6, Known::Real("Plasma 6.7.4 on X11")),
    ],
    names: &[NAME, "org.kde.plasmashell"],
    wants_end: true,
    open: |desktop| Box::new(Plasma::new(desktop)),
};

const SERVER: &str = "Plasma";

/// The desktop file by which Plasma shows who asks.
const DESKTOP_ENTRY: &str = "org.quietd.Quietd";

/// The backend.
#[derive(Debug)]
pub struct Plasma {
    desktop: Desktop,
    hold: Mutex<Option<Hold>>,
}

/// An inhibition, and the connection that carries it.
#[derive(Debug)]
struct Hold {
    connection: Connection,
    /// The plasmashell that has it, by unique name.
    owner: String,
    reason: String,
    /// The person switched do-not-disturb off, and the engine has heard of it.
    told: bool,
}

impl Plasma {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone(), hold: Mutex::default() }
    }

    async fn inhibit(&self, owner: &str, reason: &str) -> Result<Hold, BackendError> {
        let connection =
            connect_session(&self.desktop.env).await.map_err(|error| no_bus(&error))?;
        let hints: HashMap<&str, Variant<'_>> = HashMap::new();
        let _cookie: u32 = Peer::new(&connection, owner, PATH, NAME)
            .call("Inhibit", &(DESKTOP_ENTRY, reason, hints))
            .await?;
        Ok(Hold { connection, owner: owner.to_owned(), reason: reason.to_owned(), told: false })
    }

    /// Closes the connection, and waits until the bus has told everybody.
    async fn release(&self, hold: Hold) {
        let gone = match hold.connection.unique_name() {
            Some(name) => {
                const BUS: &str = "org.freedesktop.DBus";
                signals(&self.desktop.session, "/org/freedesktop/DBus", BUS, name).await.ok()
            }
            None => None,
        };
        // An error means that it is closed already.
        let closed = hold.connection.close().await.is_ok();
        if closed && let Some(mut gone) = gone {
            let _ = in_time(gone.next()).await;
        }
    }
}

impl Hold {
    /// Tells whether the person switched do-not-disturb off: that drops every inhibition, and no holder is told.
    /// `Inhibited` has other reasons to be true, but none to be false while this is in force.
    async fn is_lifted(&self, bus: &Connection) -> bool {
        self.inhibited(bus).await == Some(false)
    }

    /// Whether anything is held back; none where that is not known.
    async fn inhibited(&self, bus: &Connection) -> Option<bool> {
        Peer::new(bus, &self.owner, PATH, NAME).get("Inhibited").await.ok()
    }
}

#[async_trait]
impl Backend for Plasma {
    async fn probe(&self) -> Probe {
        let bus = &self.desktop.session;
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        let version = &server.version;
        match Peer::new(bus, &server.owner, PATH, NAME)
            .call::<_, Vec<String>>("GetCapabilities", &())
            .await
        {
            Ok(can) if can.iter().any(|can| can == "inhibitions") => {
                Probe::Ready(format!("Plasma {version}"))
            }
            Ok(_) => Probe::Unsupported(format!(
                "Plasma {version} does not let programs hold notifications back."
            )),
            Err(error) => {
                Probe::Deferred(format!("Plasma {version} does not answer yet: {error}."))
            }
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        expect(&self.desktop, SERVER).await?;
        let reason = reason(desired.until, SystemClock.now(), &SystemClock.zone());
        Ok(match held {
            Some(held) => held.renew(&reason),
            None => Receipt::new(ROW.id, &(), &reason),
        })
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let reason: String = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let mut hold = self.hold.lock().await;
        let server = expect(&self.desktop, SERVER).await?;
        if let Some(hold) = &*hold
            && (&hold.owner, &hold.reason) == (&server.owner, &reason)
            && !hold.connection.is_closed()
        {
            return Ok(());
        }
        let new = self.inhibit(&server.owner, &reason).await?;
        if let Some(old) = hold.replace(new) {
            self.release(old).await;
        }
        Ok(())
    }

    async fn restore(&self, _receipt: &Receipt) -> Result<Restored, BackendError> {
        let Some(hold) = self.hold.lock().await.take() else {
            // Applied by another process: it took the inhibition with it.
            return Ok(Restored::AsFound);
        };
        let lifted = hold.told || hold.is_lifted(&self.desktop.session).await;
        self.release(hold).await;
        Ok(if lifted { Restored::AsThePersonSetIt } else { Restored::AsFound })
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let bus = &self.desktop.session;
        let mut stream = match signals(bus, PATH, "org.freedesktop.DBus.Properties", NAME).await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, backend = ROW.id, "cannot listen to changes from outside");
                return std::future::pending().await;
            }
        };
        let mut as_ours = false;
        loop {
            let mut change = None;
            if let Some(hold) = self.hold.lock().await.as_mut() {
                match hold.inhibited(bus).await {
                    Some(false) if !hold.told => {
                        (hold.told, as_ours) = (true, false);
                        change = Some(Change::ByThePerson);
                    }
                    // From then on it is the person's own.
                    Some(now) if hold.told && now != as_ours => {
                        as_ours = now;
                        change = Some(Change::AsOurs(now));
                    }
                    _ => {}
                }
            }
            if let Some(change) = change
                && tell.send(change).await.is_err()
            {
                return;
            }
            if stream.next().await.is_none() {
                return std::future::pending().await;
            }
        }
    }
}

fn no_bus(error: &zbus::Error) -> BackendError {
    const BUS: &str = "the session bus";
    match error {
        zbus::Error::InputOutput(why) if why.kind() == io::ErrorKind::TimedOut => {
            BackendError::TimedOut(BUS.to_owned())
        }
        _ => BackendError::Refused(format!("{BUS} refused: {error}")),
    }
}

async fn in_time<T>(future: impl Future<Output = T>) -> Option<T> {
    timeout(CALL_AT_MOST, future).await.ok()
}

/// What Plasma's own applet shows under "Do not disturb".
fn reason(until: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> String {
    let Some(until) = until else {
        return "Quiet time".to_owned();
    };
    let (end, now) = (until.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if end.date() == now.date() {
        "%H:%M"
    } else if end.duration_since(&now) < SignedDuration::from_hours(6 * 24) {
        "%A %H:%M"
    } else {
        "%-d %B, %H:%M"
    };
    format!("Quiet time until {}", end.strftime(format))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::reason;

    #[test]
    fn says_the_end_in_local_time() {
        let zone = TimeZone::get("Europe/Vienna").unwrap();
        let now = "2025-06-02T12:00:00Z".parse().unwrap();
        let said = |until: &str| reason(Some(until.parse().unwrap()), now, &zone);
        assert_eq!(said("2025-06-02T16:00:00Z"), "Quiet time until 18:00");
        // Already tomorrow where the person is.
        assert_eq!(said("2025-06-02T22:30:00Z"), "Quiet time until Tuesday 00:30");
        assert_eq!(said("2025-06-05T05:00:00Z"), "Quiet time until Thursday 07:00");
        assert_eq!(said("2025-06-12T05:00:00Z"), "Quiet time until 12 June, 07:00");
        assert_eq!(reason(None, now, &zone), "Quiet time");
    }
}
