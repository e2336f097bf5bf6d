//! The networks this machine is on, as `NetworkManager` tells on the system bus (seen with 1.42).
//!
//! It tells of each access point it hears, of signal strengths and of leases as well; none of that is asked for.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::{
    StreamExt as _,
    future::join_all,
    stream::{SelectAll, select_all},
};
use tokio::sync::mpsc;
use zbus::{
    Connection, MatchRule, Message, MessageStream, OwnedObjectPath, OwnedVariant, message::Type,
};

use crate::{
    dbus::{CallError, Peer},
    engine::Event,
};

const NAME: &str = "org.freedesktop.NetworkManager";
const PATH: &str = "/org/freedesktop/NetworkManager";
const ACTIVE: &str = "org.freedesktop.NetworkManager.Connection.Active";
const ACCESS_POINT: &str = "org.freedesktop.NetworkManager.AccessPoint";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// `NM_ACTIVE_CONNECTION_STATE_ACTIVATED`.
const ACTIVATED: u32 = 2;

/// What in a `PropertiesChanged` says that a name may be another one.
const TELLING: [&str; 4] = ["ActiveConnections", "State", "SpecificObject", "Id"];

/// Nobody waits for an answer here, and one that comes late is as good.
const ANSWER_AT_MOST: Duration = Duration::from_secs(20);

/// How many connections are looked at; nobody has as many.
const CONNECTIONS_AT_MOST: usize = 64;

/// Reads the names of the connections that are up, and of their Wi-Fis; an SSID that is no UTF-8 with replacement
/// characters. Starts nothing.
pub async fn networks(system: &Connection) -> Result<BTreeSet<String>, CallError> {
    let manager = Peer::new(system, NAME, PATH, NAME).within(ANSWER_AT_MOST);
    let active: Vec<OwnedObjectPath> = manager.get("ActiveConnections").await?;
    let each = active.iter().take(CONNECTIONS_AT_MOST).map(|path| names(system, path.as_str()));
    let mut all = BTreeSet::new();
    for names in join_all(each).await {
        all.extend(names?);
    }
    Ok(all)
}

/// The names of one connection; none if it is not up, is the machine's own loopback, or has just gone.
async fn names(system: &Connection, path: &str) -> Result<Vec<String>, CallError> {
    let peer = |path, interface| Peer::new(system, NAME, path, interface).within(ANSWER_AT_MOST);
    let all = peer(path, PROPERTIES).call("GetAll", &(ACTIVE,)).await;
    let all: HashMap<String, OwnedVariant> = match all {
        Err(error) if error.is_unknown() => return Ok(Vec::new()),
        all => all?,
    };
    let odd = |what: &str| CallError::Odd(NAME.to_owned(), format!("{path} has no {what}"));
    let get = |name: &str| all.get(name).cloned();
    let text = |name: &str| get(name).and_then(|value| String::try_from(value).ok());
    let state = get("State").and_then(|value| u32::try_from(value).ok());
    let kind = text("Type").ok_or_else(|| odd("Type"))?;
    if state.ok_or_else(|| odd("State"))? != ACTIVATED || kind == "loopback" {
        return Ok(Vec::new());
    }
    let mut names = vec![text("Id").ok_or_else(|| odd("Id"))?];
    if kind == "802-11-wireless" {
        let point = get("SpecificObject").and_then(|it| OwnedObjectPath::try_from(it).ok());
        let point = point.ok_or_else(|| odd("SpecificObject"))?;
        match peer(point.as_str(), ACCESS_POINT).get::<Vec<u8>>("Ssid").await {
            Ok(ssid) => names.push(String::from_utf8_lossy(&ssid).into_owned()),
            // It roams just now, or is an access point itself.
            Err(error) if error.is_unknown() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names)
}

/// Tells the networks, and each time they are others. Where they cannot be had there are none.
pub async fn on_networks(system: &Connection, tell: mpsc::Sender<Event>) -> zbus::Result<()> {
    let mut signals = listen(system).await?;
    let mut told = None;
    loop {
        let mut again = false;
        let now = {
            let mut reading = std::pin::pin!(networks(system));
            loop {
                // Signals are taken while it reads: a queue that is full would hold back the answer.
                tokio::select! {
                    biased;
                    now = &mut reading => break now,
                    signal = signals.next() => match signal {
                        Some(Ok(signal)) => again |= is_telling(&signal),
                        _ => return Ok(()),
                    },
                }
            }
        };
        let now = now.unwrap_or_else(|error| {
            tracing::info!(%error, "it is not known which networks this machine is on");
            BTreeSet::new()
        });
        if told.as_ref() != Some(&now) {
            told = Some(now.clone());
            let _ = tell.send(Event::Networks(now)).await;
        }
        while !again {
            match signals.next().await {
                Some(Ok(signal)) => again = is_telling(&signal),
                _ => return Ok(()),
            }
        }
    }
}

/// Asks for what may say that a name is another one, and for no more.
async fn listen(system: &Connection) -> zbus::Result<SelectAll<MessageStream>> {
    let signal = || MatchRule::builder().msg_type(Type::Signal);
    let changed = || signal().sender(NAME).interface(PROPERTIES).member("PropertiesChanged");
    let rules = [
        changed().path(PATH).arg(0, NAME).build(),
        changed().arg(0, ACTIVE).build(),
        signal().sender("org.freedesktop.DBus").member("NameOwnerChanged").arg(0, NAME).build(),
        // What was in force before suspend may be gone without a word.
        signal()
            .path("/org/freedesktop/login1")
            .interface("org.freedesktop.login1.Manager")
            .member("PrepareForSleep")
            .build(),
    ];
    let mut streams = Vec::new();
    for rule in rules {
        streams.push(MessageStream::for_match_rule(rule?, system, None).await?);
    }
    Ok(select_all(streams))
}

fn is_telling(signal: &Message) -> bool {
    let header = signal.header();
    match header.member().map(zbus::names::MemberName::as_str) {
        Some("PropertiesChanged") => {
            let body = signal.body();
            let body = body.deserialize::<(String, HashMap<String, OwnedVariant>, Vec<String>)>();
            body.is_ok_and(|(_, changed, gone)| {
                changed.keys().chain(&gone).any(|name| TELLING.contains(&&**name))
            })
        }
        Some("PrepareForSleep") => signal.body().deserialize::<bool>() == Ok(false),
        _ => true,
    }
}
