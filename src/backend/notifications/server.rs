//! Who shows notifications here.

use zbus::Connection;

use crate::{
    backend::{BackendError, CALL_AT_MOST, Probe},
    dbus::{CallError, Peer},
};

/// The name, and the interface, of the Desktop Notifications Specification 1.2.
pub const NAME: &str = "org.freedesktop.Notifications";
/// Its object.
pub const PATH: &str = "/org/freedesktop/Notifications";

/// The program behind [`NAME`], in its own words (`GetServerInformation`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its unique name on the bus: another one after a restart.
    pub owner: String,
    /// "dunst", "Plasma". Not always enough: two programs are called "Notification Daemon".
    pub name: String,
    /// "knopwob", "KDE".
    pub vendor: String,
    /// "1.9.0 (2022-06-27)"; mako always says 0.0.0.
    pub version: String,
    /// The version of the specification it follows.
    pub spec: String,
}

/// Asks who shows notifications; starts nobody.
pub async fn server(bus: &Connection) -> Result<Server, CallError> {
    const BUS: &str = "org.freedesktop.DBus";
    let said_of_the_service = |error| match error {
        CallError::Absent(_) => CallError::Absent(NAME.to_owned()),
        CallError::TimedOut(_) => CallError::TimedOut(NAME.to_owned()),
        other => other,
    };
    let owner: String = Peer::new(bus, BUS, "/org/freedesktop/DBus", BUS)
        .call("GetNameOwner", &NAME)
        .await
        .map_err(said_of_the_service)?;
    // To the unique name, so that the answer is of the one whose name is kept here.
    let (name, vendor, version, spec) = Peer::new(bus, &owner, PATH, NAME)
        .call("GetServerInformation", &())
        .await
        .map_err(said_of_the_service)?;
    Ok(Server { owner, name, vendor, version, spec })
}

/// Asks for one server by its name; with any other, the backend is absent.
pub(super) async fn expect(bus: &Connection, name: &str) -> Result<Server, BackendError> {
    match server(bus).await {
        Ok(server) if server.name == name => Ok(server),
        Ok(other) => Err(BackendError::Absent(not(name, &other))),
        Err(CallError::Absent(_)) => Err(BackendError::Absent(nobody())),
        Err(error) => Err(error.into()),
    }
}

/// Asks for one server by its name, for a probe.
pub(super) async fn probe(bus: &Connection, name: &str) -> Result<Server, Probe> {
    match server(bus).await {
        Ok(server) if server.name == name => Ok(server),
        Ok(other) => Err(Probe::Elsewhere(not(name, &other))),
        Err(CallError::Absent(_)) => Err(Probe::Deferred(nobody())),
        Err(CallError::TimedOut(_)) => Err(Probe::Deferred(silent())),
        Err(error) => {
            Err(Probe::Unsupported(format!("Who shows notifications is not known: {error}.")))
        }
    }
}

fn not(name: &str, other: &Server) -> String {
    format!("Notifications are shown by {} {}, not by {name}.", other.name, other.version)
}

/// Says that nobody shows notifications.
pub(super) fn nobody() -> String {
    "No program shows notifications yet.".to_owned()
}

/// Says that who shows notifications does not answer.
pub(super) fn silent() -> String {
    format!(
        "The program that shows notifications did not answer within {} s.",
        CALL_AT_MOST.as_secs()
    )
}
