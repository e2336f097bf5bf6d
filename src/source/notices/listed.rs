//! What a service has on the screen, or holds back, before anybody looks: only mako lists that.

use std::collections::{BTreeMap, HashMap};

use zbus::{Connection, OwnedVariant};

use super::{
    again::Again,
    body::{Notify, Value},
};
use crate::{
    backend::notifications::{Server, mako},
    dbus::Peer,
    people::{Notice, Why},
};

/// How many are looked at; the newest come first.
const AT_MOST: usize = 64;

/// One that is there already.
#[derive(Debug)]
pub(super) struct Listed {
    pub id: u32,
    app: String,
    icon: String,
    category: String,
    entry: String,
    title: String,
    text: String,
    actions: Vec<String>,
}

/// Those that are there and not urgent; none where the service does not say.
pub(super) async fn all(bus: &Connection, server: &Server) -> Vec<Listed> {
    if server.name != mako::SERVER {
        return Vec::new();
    }
    let mako = Peer::new(bus, &server.owner, mako::PATH, mako::INTERFACE);
    let listed = mako.call::<_, Vec<HashMap<String, OwnedVariant>>>("ListNotifications", &()).await;
    let listed = listed.inspect_err(|error| tracing::debug!(%error, "what is there is not known"));
    let listed = listed.unwrap_or_default().into_iter().take(AT_MOST);
    listed.filter_map(|one| Listed::read(&one)).collect()
}

impl Listed {
    fn read(one: &HashMap<String, OwnedVariant>) -> Option<Self> {
        let text = |name: &str| {
            let text = one.get(name).and_then(|value| value.downcast_ref::<&str>().ok());
            text.unwrap_or_default().to_owned()
        };
        let urgency = one.get("urgency").and_then(|value| value.downcast_ref::<u8>().ok());
        if urgency.is_some_and(|urgency| urgency >= 2) {
            return None;
        }
        let actions = one.get("actions").and_then(|value| value.try_clone().ok());
        let actions = actions.and_then(|value| BTreeMap::<String, String>::try_from(value).ok());
        Some(Self {
            id: one.get("id")?.downcast_ref::<u32>().ok()?,
            app: text("app-name"),
            icon: text("app-icon"),
            category: text("category"),
            entry: text("desktop-entry"),
            title: text("summary"),
            text: text("body"),
            actions: actions.unwrap_or_default().into_iter().flat_map(<[_; 2]>::from).collect(),
        })
    }

    /// What it says of itself.
    pub(super) fn notice(&self) -> Notice<'_> {
        let Self { app, entry, category, title, .. } = self;
        Notice { app, entry, category, title, update: false }
    }

    /// The same, to be said again. Its picture and how long it stays are not told: what rings stays until it is taken away, or
    /// its sender would hear that it is over.
    pub(super) fn again(&self, why: Why) -> Again {
        let hints = [("category", &self.category), ("desktop-entry", &self.entry)];
        let hints = hints.into_iter().filter(|(_, text)| !text.is_empty());
        let rings = matches!(why, Why::Call | Why::Alarm | Why::Twice);
        Again::new(&Notify {
            app: &self.app,
            replaces: 0,
            icon: &self.icon,
            title: &self.title,
            text: &self.text,
            actions: self.actions.iter().map(String::as_str).collect(),
            hints: hints.map(|(name, text)| (name, Value::Text(text.as_bytes()))).collect(),
            expires: if rings { 0 } else { -1 },
        })
    }
}
