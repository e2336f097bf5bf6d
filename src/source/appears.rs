//! When to look again for what was not there: a compositor's socket, a name on the bus, or somebody who says so.

use std::sync::Arc;

use futures_util::{
    StreamExt as _,
    stream::{SelectAll, select_all},
};
use tokio::sync::Notify;
use zbus::{MatchRule, MessageStream, message::Type};

use crate::backend::{Desktop, dim::Sockets};

/// What is waited for; from the moment it is made, nothing is missed but who says so.
pub struct Appears {
    sockets: Option<Sockets>,
    names: SelectAll<MessageStream>,
    look_again: Arc<Notify>,
}

impl Appears {
    /// Begins to watch: sockets of compositors, and some names on the session bus.
    pub async fn watch(desktop: &Desktop, names: &[&str], look_again: &Arc<Notify>) -> Self {
        let mut streams = Vec::new();
        for name in names {
            let rule = owner_of(name);
            let stream = match rule {
                Ok(rule) => MessageStream::for_match_rule(rule, &desktop.session, None).await,
                Err(error) => Err(error),
            };
            match stream {
                Ok(stream) => streams.push(stream),
                Err(error) => tracing::debug!(name, %error, "a name is not waited for"),
            }
        }
        let sockets = Sockets::watch(desktop);
        Self { sockets, names: select_all(streams), look_again: Arc::clone(look_again) }
    }

    /// Waits until one of them may have come.
    pub async fn wait(mut self) {
        let socket = async {
            let appeared = match &self.sockets {
                Some(sockets) => sockets.appeared().await.is_ok(),
                None => false,
            };
            if !appeared {
                std::future::pending::<()>().await;
            }
        };
        let name = async {
            while let Some(message) = self.names.next().await {
                if message.is_ok_and(|message| new_owner(&message).is_some()) {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = socket => {}
            () = name => {}
            () = self.look_again.notified() => {}
        }
    }
}

/// What says that a name has another owner.
pub fn owner_of(name: &str) -> zbus::Result<MatchRule<'_>> {
    MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .member("NameOwnerChanged")
        .arg(0, name)
        .build()
}

/// Who owns the name now; none if nobody does.
pub fn new_owner(message: &zbus::Message) -> Option<String> {
    let (_, _, owner) = message.body().deserialize::<(String, String, String)>().ok()?;
    (!owner.is_empty()).then_some(owner)
}
