//! Bus names that come and go.
//!
//! One match rule for each name that somebody cares for: a rule for all names would wake the daemon whenever any program
//! connects.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use zbus::{Connection, MessageStream, fdo::DBusProxy, message::Type};

use crate::engine::Event;

/// The names watched on one bus.
#[derive(Debug)]
pub struct Names {
    bus: Connection,
    watched: BTreeSet<String>,
}

impl Names {
    /// Begins to forward `NameOwnerChanged` of the names that [`Names::watch`] adds, and the end of the bus.
    pub fn new(bus: &Connection, tell: mpsc::Sender<Event>) -> Self {
        let mut stream = MessageStream::from(bus);
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let header = message.header();
                if message.message_type() != Type::Signal
                    || header.member().is_none_or(|member| member != "NameOwnerChanged")
                    || header.sender().is_none_or(|sender| sender != "org.freedesktop.DBus")
                {
                    continue;
                }
                if let Ok((name, _, owner)) =
                    message.body().deserialize::<(String, String, String)>()
                {
                    let owner = Some(owner).filter(|owner| !owner.is_empty());
                    let _ = tell.send(Event::NameOwner { name, owner }).await;
                }
            }
            let _ = tell.send(Event::BusClosed).await;
        });
        Self { bus: bus.clone(), watched: BTreeSet::new() }
    }

    /// Adds a name; once is enough.
    pub async fn watch(&mut self, name: &str) -> zbus::Result<()> {
        if self.watched.insert(name.to_owned()) {
            let rule = rule(name)?;
            DBusProxy::new(&self.bus).await?.add_match_rule(rule).await?;
        }
        Ok(())
    }

    /// Takes a name out again.
    pub async fn forget(&mut self, name: &str) -> zbus::Result<()> {
        if self.watched.remove(name) {
            let rule = rule(name)?;
            DBusProxy::new(&self.bus).await?.remove_match_rule(rule).await?;
        }
        Ok(())
    }
}

fn rule(name: &str) -> zbus::Result<zbus::MatchRule<'_>> {
    zbus::MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .member("NameOwnerChanged")
        .arg(0, name)
        .build()
}
