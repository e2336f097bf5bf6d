//! Who shows notifications here.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use zbus::Connection;

use crate::{
    backend::{BackendError, CALL_AT_MOST, Desktop, Probe},
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
    let owner = owner(bus).await?;
    information(bus, owner).await
}

async fn owner(bus: &Connection) -> Result<String, CallError> {
    const BUS: &str = "org.freedesktop.DBus";
    Peer::new(bus, BUS, "/org/freedesktop/DBus", BUS)
        .call("GetNameOwner", &NAME)
        .await
        .map_err(said_of_the_service)
}

/// Asks by the unique name, so that the answer is of the one whose name is kept here.
async fn information(bus: &Connection, owner: String) -> Result<Server, CallError> {
    let (name, vendor, version, spec) = Peer::new(bus, &owner, PATH, NAME)
        .call("GetServerInformation", &())
        .await
        .map_err(said_of_the_service)?;
    Ok(Server { owner, name, vendor, version, spec })
}

fn said_of_the_service(error: CallError) -> CallError {
    match error {
        CallError::Absent(_) => CallError::Absent(NAME.to_owned()),
        CallError::TimedOut(_) => CallError::TimedOut(NAME.to_owned()),
        other => other,
    }
}

type Question = BoxFuture<'static, Result<Server, CallError>>;

/// A question that is on its way to the service, for all who have the same one before it is answered. The service may be
/// busy painting, and would answer each of them in turn before it is told to be quiet. No answer is kept: who asks later
/// hears what the service says then.
#[derive(Clone, Debug, Default)]
pub struct Asking(Arc<Mutex<Option<UnderWay>>>);

#[derive(Debug)]
struct UnderWay {
    owner: String,
    question: WeakShared<Question>,
}

impl Asking {
    /// As [`server`].
    async fn server(&self, bus: &Connection) -> Result<Server, CallError> {
        let owner = owner(bus).await?;
        self.ask(bus, owner).await
    }

    fn ask(&self, bus: &Connection, owner: String) -> Shared<Question> {
        let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = asking
            .as_ref()
            .filter(|it| it.owner == owner)
            .and_then(|it| it.question.upgrade())
            .filter(|question| question.peek().is_none());
        under_way.unwrap_or_else(|| {
            let (bus, who) = (bus.clone(), owner.clone());
            let question = async move { information(&bus, who).await }.boxed().shared();
            *asking = question.downgrade().map(|question| UnderWay { owner, question });
            question
        })
    }
}

/// As [`server`], together with whoever asks at the same time.
pub(super) async fn shown_by(desktop: &Desktop) -> Result<Server, CallError> {
    desktop.asking.server(&desktop.session).await
}

/// Asks for one server by its name; with any other, the backend is absent.
pub(super) async fn expect(desktop: &Desktop, name: &str) -> Result<Server, BackendError> {
    match shown_by(desktop).await {
        Ok(server) if server.name == name => Ok(server),
        Ok(other) => Err(BackendError::Absent(not(name, &other))),
        Err(CallError::Absent(_)) => Err(BackendError::Absent(nobody())),
        Err(error) => Err(error.into()),
    }
}

/// Asks for one server by its name, for a probe.
pub(super) async fn probe(desktop: &Desktop, name: &str) -> Result<Server, Probe> {
    match shown_by(desktop).await {
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
    // mako says that of each of its versions.
    let version = Some(&*other.version).filter(|version| !version.starts_with("0.0.0"));
    let version = version.map_or_else(String::new, |version| format!(" {version}"));
    format!("Notifications are shown by {}{version}, not by {name}.", other.name)
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
