//! How many notifications other programs send while they are held back.
//!
//! A connection of its own becomes a monitor (`org.freedesktop.DBus.Monitoring`, dbus 1.9.10 and dbus-broker) of the calls
//! that show a notification, on the person's own session bus. Nothing of them is kept but that there was one.
//!
//! Counted are `org.freedesktop.Notifications.Notify` and `org.gtk.Notifications.AddNotification`. Those of the portals are
//! not: each portal passes its on by one of these two.

mod body;

use std::{num::NonZeroUsize, sync::Arc};

use futures_util::StreamExt as _;
use tokio::{sync::watch, task::JoinHandle};
use zbus::{Connection, Message, MessageStream, message::Type};

use crate::{
    dbus::{CallError, Peer, connect_session},
    env::Env,
};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const SERVER: &str = "org.freedesktop.Notifications";
const GTK: &str = "org.gtk.Notifications";

const RULES: [&str; 3] = [
    "type='method_call',interface='org.freedesktop.Notifications',member='Notify'",
    "type='method_call',interface='org.gtk.Notifications',member='AddNotification'",
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.Notifications'",
];

/// How many messages may wait to be counted. They can be large, and the bus keeps the others.
const QUEUED: NonZeroUsize = NonZeroUsize::MIN;

/// A count that goes on until it is dropped.
#[derive(Debug)]
pub struct Notices {
    count: watch::Receiver<u32>,
    task: JoinHandle<()>,
}

impl Notices {
    /// Begins to count. Where the bus does not allow it, the count stays at 0.
    pub fn count(env: &Arc<Env>) -> Self {
        let (tell, count) = watch::channel(0);
        let env = Arc::clone(env);
        let task = tokio::spawn(async move {
            if let Err(error) = follow(&env, &tell).await {
                tracing::debug!(%error, "what waits is not counted");
            }
        });
        Self { count, task }
    }

    /// Ends when there were so many.
    pub async fn until(&mut self, many: u32) {
        // Where it can no longer be counted, it never ends.
        if self.count.wait_for(|count| *count >= many).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How many there were so far.
    pub fn so_far(&self) -> u32 {
        *self.count.borrow()
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.task.abort();
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

async fn follow(env: &Env, tell: &watch::Sender<u32>) -> Result<(), Refused> {
    let mut bus = connect_session(env).await?;
    bus.set_max_queued(QUEUED);
    let mut server = owner(&bus).await?;
    let mut messages = MessageStream::from(&bus);
    let monitoring = Peer::new(&bus, BUS, BUS_PATH, "org.freedesktop.DBus.Monitoring");
    monitoring.call::<_, ()>("BecomeMonitor", &(RULES.as_slice(), 0_u32)).await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        if let Some(new) = new_owner(&message) {
            server = new;
        } else if is_one(&message, &server) {
            tell.send_modify(|count| *count = count.saturating_add(1));
        }
        // Whatever comes how fast, the rest of the daemon has its turn.
        tokio::task::consume_budget().await;
    }
    Ok(())
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

/// Tells whether a message is a notification that waits. `server` is who shows them: GNOME's passes each on to the shell by
/// another call of the same name.
fn is_one(message: &Message, server: &str) -> bool {
    let header = message.header();
    if message.message_type() != Type::MethodCall
        || header.sender().is_some_and(|sender| sender == server)
    {
        return false;
    }
    let body = message.body();
    let data = body.data();
    let (bytes, endian) = (data.bytes(), data.context().endian());
    let waits = match header.interface().map(zbus::names::InterfaceName::as_str) {
        Some(SERVER) => body::notify_waits(bytes, endian),
        Some(GTK) => body::add_notification_waits(bytes, endian),
        _ => None,
    };
    waits == Some(true)
}
