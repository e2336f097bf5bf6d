//! Whether the screen is locked: logind's hint for the person's own session, and the screen savers that say so.
//!
//! swaylock and its like tell nobody; there, the person is idle a minute later. A screen saver that ends while it is active
//! says nothing more: what it said is forgotten.

use std::collections::{BTreeMap, HashMap};

use futures_util::{
    StreamExt as _,
    stream::{SelectAll, select_all},
};
use tokio::sync::mpsc;
use zbus::{
    Connection, MatchRule, MessageStream, OwnedObjectPath, OwnedVariant, Variant, message::Type,
};

use super::appears::owner_of;
use crate::{backend::Desktop, dbus::Peer, engine::Event, screen_time::Told};

const LOGIND: &str = "org.freedesktop.login1";
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Screen savers that say when they begin and end, by the signal `ActiveChanged(b)`; Plasma's says it from two objects.
const SAVERS: [(&str, &str); 5] = [
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
];

/// Tells whether the screen is locked, and each time that changes.
pub async fn on_lock(desktop: Desktop, tell: mpsc::Sender<Event>) {
    let mut savers = savers(&desktop.session).await;
    let mut session = match &desktop.system {
        Some(system) => Session::of_the_person(system).await,
        None => None,
    };
    // Who says that it is locked.
    let mut says: BTreeMap<String, bool> = BTreeMap::new();
    let mut told = false;
    if let Some(session) = &session {
        says.insert(LOGIND.to_owned(), session.is_locked);
    }
    loop {
        let locked = says.values().any(|locked| *locked);
        if locked != told {
            told = locked;
            let _ = tell.send(Event::Attention(Told::Locked(locked))).await;
        }
        let hinted = async {
            if let Some(session) = &mut session {
                session.hinted().await
            } else {
                std::future::pending().await
            }
        };
        tokio::select! {
            Some(Ok(signal)) = savers.next() => {
                let interface = signal.header().interface().map(ToString::to_string);
                if let (Some(saver), Ok(active)) = (interface, signal.body().deserialize::<bool>()) {
                    says.insert(saver, active);
                } else if let Ok((saver, ..)) = signal.body().deserialize::<(String, String, String)>() {
                    says.remove(&saver);
                }
            }
            hint = hinted => if let Some(locked) = hint {
                says.insert(LOGIND.to_owned(), locked);
            } else {
                says.remove(LOGIND);
                session = None;
            },
        }
    }
}

async fn savers(bus: &Connection) -> SelectAll<MessageStream> {
    let mut streams = Vec::new();
    for (interface, path) in SAVERS {
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .path(path)
            .interface(interface)
            .member("ActiveChanged")
            .build();
        for rule in [rule, owner_of(interface)].into_iter().flatten() {
            if let Ok(stream) = MessageStream::for_match_rule(rule, bus, None).await {
                streams.push(stream);
            }
        }
    }
    select_all(streams)
}

/// The body of `PropertiesChanged`.
type Changed<'a> = (String, HashMap<String, Variant<'a>>, Vec<String>);

/// The person's session with a display, as logind knows it.
struct Session {
    changes: MessageStream,
    is_locked: bool,
}

impl Session {
    async fn of_the_person(system: &Connection) -> Option<Self> {
        let user = format!("/org/freedesktop/login1/user/_{}", nix::unistd::Uid::current());
        let user = Peer::new(system, LOGIND, &user, "org.freedesktop.login1.User");
        let display: OwnedVariant = user.get("Display").await.ok()?;
        let (_, path) = <(String, OwnedObjectPath)>::try_from(display).ok()?;
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .path(path.as_str())
            .interface(PROPERTIES)
            .member("PropertiesChanged")
            .arg(0, SESSION)
            .build()
            .ok()?;
        let changes = MessageStream::for_match_rule(rule, system, None).await.ok()?;
        let is_locked = Peer::new(system, LOGIND, path.as_str(), SESSION).get("LockedHint").await;
        Some(Self { changes, is_locked: is_locked.unwrap_or(false) })
    }

    /// Waits until the hint is told; none if nothing more is.
    async fn hinted(&mut self) -> Option<bool> {
        loop {
            let message = self.changes.next().await?.ok()?;
            let body = message.body();
            let Ok((_, changed, _)) = body.deserialize::<Changed<'_>>() else { continue };
            if let Some(Ok(locked)) = changed.get("LockedHint").map(bool::try_from) {
                return Some(locked);
            }
        }
    }
}
