//! Budgie's notification daemon: do-not-disturb can only be read and toggled, and is forgotten at a restart.

use zbus::Message;

use super::{
    notifications::{NAME, Popups},
    served::{OnBus, Served, Service, is, reply, unknown},
};

const BUDGIE: &str = "org.budgie_desktop.Notifications";
const PATH: &str = "/org/budgie_desktop/Notifications";
const DISPATCHER: &str = "org.buddiesofbudgie.budgie.Dispatcher";

/// Stands in for `budgie-daemon`.
#[derive(Debug)]
pub struct Budgie {
    served: Served<State>,
}

/// What it knows.
#[derive(Debug)]
pub struct State {
    quiet: bool,
    popups: Popups,
    /// How many of the coming toggles its person makes as well, at the same moment.
    races: u32,
}

impl Budgie {
    /// Puts it on the bus, with what its person has set.
    pub async fn start(address: &str, quiet: bool) -> zbus::Result<Self> {
        let state = State { quiet, popups: Popups::default(), races: 0 };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Its person toggles whenever somebody else does, so many times.
    pub fn person_races(&self, times: u32) {
        self.served.silently(|state| state.races = times);
    }
}

impl State {
    fn toggle(&mut self) -> zbus::Result<Message> {
        self.quiet = !self.quiet;
        Message::signal(PATH, DISPATCHER, "DoNotDisturbChanged").build(&self.quiet)
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME, BUDGIE]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let information =
            ["Budgie Notification Server", "Budgie Desktop Developers", "10.7.1", "1.2"];
        if let Some(messages) = self.popups.answer(call, information, self.quiet) {
            return messages;
        }
        if is(call, DISPATCHER, "GetDoNotDisturb") {
            return reply(call, &self.quiet);
        }
        if !is(call, DISPATCHER, "ToggleDoNotDisturb") {
            return unknown(call);
        }
        let mut messages = vec![self.toggle()?];
        if self.races > 0 {
            self.races -= 1;
            messages.push(self.toggle()?);
        }
        messages.extend(reply(call, &())?);
        Ok(messages)
    }

    fn restart(&mut self) {
        self.quiet = false;
        self.popups = Popups::default();
    }

    fn state(&self) -> String {
        format!("do not disturb: {}", self.quiet)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        Ok(vec![self.toggle()?])
    }
}

impl OnBus for Budgie {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
