//! swaync (`SwayNotificationCenter`): with inhibitors, and as it was before it had them, with its do-not-disturb in dconf.

use std::{collections::BTreeSet, path::Path};

use zbus::Message;

use super::{
    Dconf,
    in_dconf::InDconf,
    notifications::{NAME, Popup, Popups},
    served::{OnBus, Served, Service, is, reply, unknown},
};
use crate::dbus::dconf::Value;

const CENTRE: &str = "org.erikreider.swaync.cc";
const PATH: &str = "/org/erikreider/swaync/cc";
const INFORMATION: [&str; 3] = ["SwayNotificationCenter", "ErikReider", "1.2"];

/// Stands in for swaync 0.11.
#[derive(Debug)]
pub struct Swaync {
    served: Served<State>,
}

/// What swaync knows.
#[derive(Debug)]
pub struct State {
    dnd: bool,
    inhibitors: BTreeSet<String>,
    popups: Popups,
}

impl Swaync {
    /// Puts it on the bus; its person has do-not-disturb on or off.
    pub async fn start(address: &str, dnd: bool) -> zbus::Result<Self> {
        let state = State { dnd, inhibitors: BTreeSet::new(), popups: popups() };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// What is on the screen.
    pub async fn popups(&self) -> Vec<Popup> {
        self.served.look(|state| state.popups.popups()).await
    }

    /// Its person presses a button on a notification.
    pub async fn person_chooses(&self, id: u32, action: &str) {
        self.served.change(|state| state.popups.choose(id, action)).await;
    }

    /// Its person turns do-not-disturb on or off.
    pub async fn person_sets(&self, dnd: bool) {
        let change = |state: &mut State| {
            state.dnd = dnd;
            state.told()
        };
        self.served.change(change).await;
    }

    /// Another program inhibits popups as well.
    pub async fn another_inhibits(&self) {
        let change = |state: &mut State| {
            state.inhibitors.insert("org.example.Cinema".to_owned());
            state.told()
        };
        self.served.change(change).await;
    }
}

fn popups() -> Popups {
    let mut popups = Popups::that_show_urgent();
    popups.shows.hint = Some("SWAYNC_BYPASS_DND");
    popups.keeps_numbers = true;
    popups
}

impl State {
    fn told(&self) -> zbus::Result<Vec<Message>> {
        let inhibited = !self.inhibitors.is_empty();
        let told = Message::signal(PATH, CENTRE, "SubscribeV2");
        Ok(vec![told.build(&(0_u32, self.dnd, false, inhibited))?])
    }

    /// Adds or removes; tells nothing where nothing changed.
    fn change(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let id: String = call.body().deserialize()?;
        let changed = if is(call, CENTRE, "AddInhibitor") {
            self.inhibitors.insert(id)
        } else {
            self.inhibitors.remove(&id)
        };
        let mut messages = if changed { self.told()? } else { Vec::new() };
        messages.extend(reply(call, &changed)?);
        Ok(messages)
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME, CENTRE]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let [name, vendor, spec] = INFORMATION;
        let holds_back = self.dnd || !self.inhibitors.is_empty();
        if let Some(messages) = self.popups.answer(call, [name, vendor, "0.11.0", spec], holds_back)
        {
            // Each notification is told, with how it is now.
            return Ok([messages?, self.told()?].concat());
        }
        if is(call, CENTRE, "IsInhibited") {
            return reply(call, &!self.inhibitors.is_empty());
        }
        if is(call, CENTRE, "AddInhibitor") || is(call, CENTRE, "RemoveInhibitor") {
            return self.change(call);
        }
        unknown(call)
    }

    fn restart(&mut self) {
        self.inhibitors.clear();
        self.popups = popups();
    }

    fn state(&self) -> String {
        format!("do-not-disturb {}, inhibitors {:?}", self.dnd, self.inhibitors)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.inhibitors.clear();
        self.told()
    }
}

impl OnBus for Swaync {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}

/// Stands in for swaync 0.7, with what it keeps in dconf.
pub type OldSwaync = InDconf<Centre>;

/// What it is on the bus; it follows its key in dconf.
#[derive(Debug)]
pub struct Centre;

impl OldSwaync {
    /// Starts it on the bus at an address; see [`Dconf::start`].
    pub async fn start(
        address: &str,
        config_home: &Path,
        by_the_person: (&str, Value),
    ) -> zbus::Result<Self> {
        let dconf = Dconf::start(address, config_home, by_the_person).await?;
        Ok(Self { dconf, served: Served::start(address, Centre).await? })
    }
}

impl Service for Centre {
    fn names(&self) -> &'static [&'static str] {
        &[NAME, CENTRE]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let [name, vendor, spec] = INFORMATION;
        if is(call, NAME, "GetServerInformation") {
            return reply(call, &(name, vendor, "0.7.3", spec));
        }
        unknown(call)
    }
}
