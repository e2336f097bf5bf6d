//! What other programs show while notifications are held back: how many wait, and who comes through.
//!
//! A connection of its own becomes a monitor (`org.freedesktop.DBus.Monitoring`, dbus 1.9.10 and dbus-broker) of the calls
//! that show a notification, on the person's own session bus. Of those that wait nothing is kept but that there was one.
//!
//! Looked at are `org.freedesktop.Notifications.Notify` and `org.gtk.Notifications.AddNotification`. Those of the portals
//! are not: each portal passes its on by one of these two.

mod again;
mod body;
mod listed;
mod through;

use std::{num::NonZeroUsize, sync::Arc};

use futures_util::StreamExt as _;
use tokio::sync::watch;
use zbus::{Connection, Message, MessageStream, message::Type};

use self::{
    body::{AddNotification, Notify},
    through::Through,
};
use crate::{
    config::People,
    dbus::{CallError, Peer, connect_session},
    env::Env,
};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const SERVER: &str = "org.freedesktop.Notifications";
const GTK: &str = "org.gtk.Notifications";

const RULES: [&str; 6] = [
    "type='method_call',interface='org.freedesktop.Notifications',member='Notify'",
    "type='method_call',interface='org.gtk.Notifications',member='AddNotification'",
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.Notifications'",
    // The numbers of those that come through, and when they are gone.
    "type='method_return',sender='org.freedesktop.Notifications'",
    "type='signal',sender='org.freedesktop.Notifications',member='NotificationClosed'",
    "type='method_call',interface='org.gtk.Notifications',member='RemoveNotification'",
];

/// How many of [`RULES`] are enough to count.
const TO_COUNT: usize = 3;

/// How many messages may wait to be looked at. They can be large, and the bus keeps the others.
const QUEUED: NonZeroUsize = NonZeroUsize::MIN;

/// A watch that goes on until it is dropped. What was shown a second time is then taken away: the first one is not held back
/// any more.
#[derive(Debug)]
pub struct Notices {
    count: watch::Receiver<u32>,
    people: watch::Sender<Option<People>>,
}

impl Notices {
    /// Begins to count. Where the bus does not allow it, the count stays at 0.
    pub fn count(env: &Arc<Env>) -> Self {
        Self::start(env, None)
    }

    /// Begins to count, and to let through whom [`Self::let_through`] names; they are shown again by way of `bus`.
    pub fn watch(env: &Arc<Env>, bus: &Connection) -> Self {
        Self::start(env, Some(bus))
    }

    fn start(env: &Arc<Env>, bus: Option<&Connection>) -> Self {
        let (tell, count) = watch::channel(0);
        let (people, hears) = watch::channel(None);
        let through = bus.map(|bus| Through::new(bus, hears));
        let env = Arc::clone(env);
        // It ends by itself when nobody reads the count any more.
        tokio::spawn(async move {
            if let Err(error) = follow(&env, &tell, through).await {
                tracing::debug!(%error, "what waits is not counted, and nobody comes through");
            }
        });
        Self { count, people }
    }

    /// Who comes through from now on.
    pub fn let_through(&self, people: Option<&People>) {
        self.people.send_if_modified(|let_through| {
            let changes = let_through.as_ref() != people;
            if changes {
                *let_through = people.cloned();
            }
            changes
        });
    }

    /// Ends when there were so many.
    pub async fn until(&mut self, many: u32) {
        // Where it can no longer be counted, it never ends.
        if self.count.wait_for(|count| *count >= many).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How many there were so far that wait.
    pub fn so_far(&self) -> u32 {
        *self.count.borrow()
    }
}

/// Why nothing is counted.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Bus(#[from] zbus::Error),
    #[error(transparent)]
    Call(#[from] CallError),
}

async fn follow(
    env: &Env,
    tell: &watch::Sender<u32>,
    mut through: Option<Through>,
) -> Result<(), Refused> {
    let mut bus = connect_session(env).await?;
    bus.set_max_queued(QUEUED);
    let mut server = owner(&bus).await?;
    let mut messages = MessageStream::from(&bus);
    let monitoring = Peer::new(&bus, BUS, BUS_PATH, "org.freedesktop.DBus.Monitoring");
    let rules = if through.is_some() { &RULES[..] } else { &RULES[..TO_COUNT] };
    monitoring.call::<_, ()>("BecomeMonitor", &(rules, 0_u32)).await?;
    // After that, so that none comes in between.
    if let Some(through) = &mut through {
        through.say_what_is_there().await;
    }
    loop {
        // What becomes of a notification is not looked at before it is known what is shown beside it.
        if let Some(through) = &mut through {
            through.said().await;
        }
        let message = tokio::select! {
            biased;
            () = tell.closed() => None,
            message = messages.next() => message,
        };
        let Some(message) = message else {
            if let Some(through) = &mut through {
                through.leave().await;
            }
            return Ok(());
        };
        let message = message?;
        if let Some(new) = new_owner(&message) {
            server = new;
            through.iter_mut().for_each(Through::forget);
        } else if waits(&message, &server, through.as_mut()) {
            tell.send_modify(|count| *count = count.saturating_add(1));
        }
        // Whatever comes how fast, the rest of the daemon has its turn.
        tokio::task::consume_budget().await;
    }
}

/// Who shows notifications, by unique name; empty where nobody does.
async fn owner(bus: &Connection) -> Result<String, CallError> {
    match Peer::new(bus, BUS, BUS_PATH, BUS).call("GetNameOwner", &SERVER).await {
        Err(CallError::Absent(_)) => Ok(String::new()),
        other => other,
    }
}

fn new_owner(message: &Message) -> Option<String> {
    if message.message_type() != Type::Signal {
        return None;
    }
    let (name, _, owner) = message.body().deserialize::<(String, String, String)>().ok()?;
    (name == SERVER).then_some(owner)
}

/// Tells whether a message is a notification that waits, and has those that come through said again. `server` is who shows
/// them: GNOME's passes each on to the shell by another call of the same name.
fn waits(message: &Message, server: &str, through: Option<&mut Through>) -> bool {
    let header = message.header();
    let is_the_servers = header.sender().is_some_and(|sender| sender == server);
    let body = message.body();
    let data = body.data();
    let (bytes, endian) = (data.bytes(), data.context().endian());
    match (message.message_type(), through) {
        (Type::MethodReturn, Some(through)) => through.answered(message),
        (Type::Signal, Some(through)) if is_the_servers => {
            // Of (number, reason) the number comes first.
            if let Some(id) = body::number(bytes, endian) {
                through.gone(id);
            }
        }
        (Type::MethodCall, through) if !is_the_servers => {
            let interface = header.interface().map(zbus::names::InterfaceName::as_str);
            match interface {
                Some(SERVER) => {
                    let said = Notify::read(bytes, endian);
                    return said.is_some_and(|said| {
                        !through.is_some_and(|it| it.look(message, &said)) && said.waits()
                    });
                }
                Some(GTK) if header.member().is_some_and(|it| it == "RemoveNotification") => {
                    if let (Some(through), Some((app, id))) = (through, body::two(bytes, endian)) {
                        through.gtks_is_gone(message, app, id);
                    }
                }
                Some(GTK) => {
                    let said = AddNotification::read(bytes, endian);
                    return said.is_some_and(|said| {
                        !through.is_some_and(|it| it.look_at_gtks(message, &said)) && !said.urgent
                    });
                }
                _ => {}
            }
        }
        _ => {}
    }
    false
}
