//! mako, of a version that tells of its modes and of one that does not. Which mode hides what is in a config that it is
//! taken to have: ours, and one of its person's own.

use std::collections::HashMap;

use zbus::{Message, Variant};

use super::{
    notifications::{NAME, Popup, Popups},
    served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown},
};

const PATH: &str = "/fr/emersion/Mako";
const INTERFACE: &str = "fr.emersion.Mako";
const HIDE: [&str; 2] = ["quietd", "do-not-disturb"];

/// Stands in for mako.
#[derive(Debug)]
pub struct Mako {
    served: Served<State>,
}

/// Which mako.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakoVersion {
    /// 1.6: one mode, no list.
    WithoutList,
    /// 1.7.1: it tells nobody of its modes.
    Silent,
    /// 1.10: it tells that they changed.
    Tells,
}

/// What mako knows.
#[derive(Debug)]
pub struct State {
    version: MakoVersion,
    modes: Vec<String>,
    popups: Popups,
    reloads: u32,
}

impl Mako {
    /// Puts it on the bus, with the modes its person has on beside the default one.
    pub async fn start(address: &str, version: MakoVersion, on: &[&str]) -> zbus::Result<Self> {
        let modes = std::iter::once(&"default").chain(on).map(|mode| (*mode).to_owned()).collect();
        let state = State { version, modes, popups: Popups::that_show_urgent(), reloads: 0 };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Its person sets all of its modes.
    pub async fn person_sets(&self, modes: &[&str]) {
        let modes = modes.iter().map(|mode| (*mode).to_owned()).collect();
        self.served.change(|state| state.set(modes)).await;
    }

    /// What is on the screen.
    pub async fn popups(&self) -> Vec<Popup> {
        self.served.look(|state| state.popups.popups()).await
    }

    /// How often it was asked to read its config anew.
    pub async fn reloads(&self) -> u32 {
        self.served.look(|state| state.reloads).await
    }
}

impl State {
    /// The real one drops doubles, and tells of the same modes too.
    fn set(&mut self, modes: Vec<String>) -> zbus::Result<Vec<Message>> {
        self.modes.clear();
        for mode in modes {
            if !self.modes.contains(&mode) {
                self.modes.push(mode);
            }
        }
        if self.holds_back() {
            self.popups.hold_back();
        } else {
            self.popups.let_through();
        }
        if self.version != MakoVersion::Tells {
            return Ok(Vec::new());
        }
        let body = (INTERFACE, HashMap::<&str, Variant<'_>>::new(), ["Modes"].as_slice());
        Ok(vec![Message::signal(PATH, PROPERTIES, "PropertiesChanged").build(&body)?])
    }

    fn holds_back(&self) -> bool {
        self.modes.iter().any(|mode| HIDE.contains(&&**mode))
    }
}

/// What it says of one in its list.
fn listed(popup: &Popup) -> HashMap<&str, Variant<'_>> {
    let actions: HashMap<&str, &str> =
        popup.actions.chunks_exact(2).map(|one| (&*one[0], &*one[1])).collect();
    HashMap::from([
        ("id", Variant::from(popup.id)),
        ("summary", Variant::from(&*popup.summary)),
        ("body", Variant::from(&*popup.body)),
        ("category", Variant::from(&*popup.category)),
        ("urgency", Variant::from(popup.urgency)),
        ("actions", Variant::from(actions)),
    ])
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let information = ["mako", "emersion", "0.0.0", "1.2"];
        if let Some(messages) = self.popups.answer(call, information, self.holds_back()) {
            return messages;
        }
        if is(call, INTERFACE, "Reload") {
            self.reloads += 1;
            return reply(call, &());
        }
        if self.version == MakoVersion::WithoutList {
            return unknown(call);
        }
        if is(call, INTERFACE, "ListModes") {
            return reply(call, &self.modes);
        }
        if is(call, INTERFACE, "ListNotifications") {
            let listed: Vec<_> = self.popups.all().map(listed).collect();
            return reply(call, &listed);
        }
        if is(call, INTERFACE, "SetModes") {
            let mut messages = reply(call, &())?;
            messages.extend(self.set(call.body().deserialize()?)?);
            return Ok(messages);
        }
        if is(call, PROPERTIES, "Get") {
            let text = "Unknown property or interface.";
            return error(call, "org.freedesktop.DBus.Error.UnknownProperty", text);
        }
        unknown(call)
    }

    fn restart(&mut self) {
        self.modes = vec!["default".to_owned()];
        self.popups = Popups::that_show_urgent();
    }

    fn state(&self) -> String {
        format!("modes {}", self.modes.join(" "))
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.set(vec!["away".to_owned()])
    }
}

impl OnBus for Mako {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
