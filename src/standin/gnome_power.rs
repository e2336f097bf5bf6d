//! A stand-in for the backlight of GNOME's settings daemon, and for those who tell whether somebody is there.

use std::collections::HashMap;

use tokio::sync::watch;
use zbus::{Message, Variant};

use super::served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown};

const NAMES: &[&str] =
    &["org.gnome.SettingsDaemon.Power", "org.gnome.SessionManager", "org.gnome.Mutter.IdleMonitor"];
const PATH: &str = "/org/gnome/SettingsDaemon/Power";
const INTERFACE: &str = "org.gnome.SettingsDaemon.Power.Screen";
const PRESENCE: &str = "org.gnome.SessionManager.Presence";
const IDLE_MONITOR: &str = "org.gnome.Mutter.IdleMonitor";

/// The backlight, without a panel.
#[derive(Debug)]
pub struct GnomePower {
    served: Served<State>,
    asked: watch::Sender<u32>,
}

/// One panel, and how long nobody has been there.
#[derive(Debug)]
pub struct State {
    percent: i32,
    idle_for: u64,
    is_there: bool,
    asked: watch::Sender<u32>,
}

impl GnomePower {
    /// Starts it on the bus at an address; −1 is a machine without a backlight.
    pub async fn start(address: &str, percent: i32) -> zbus::Result<Self> {
        let asked = watch::Sender::new(0);
        let state = State { percent, idle_for: 0, is_there: true, asked: asked.clone() };
        Ok(Self { served: Served::start(address, state).await?, asked })
    }

    /// The brightness in percent.
    pub fn percent(&self) -> i32 {
        self.served.silently(|state| state.percent)
    }

    /// Takes the interface away, as GNOME 49 did.
    pub fn forget_the_interface(&self) {
        self.served.silently(|state| state.is_there = false);
    }

    /// Sets the brightness as a key press does.
    pub async fn press(&self, percent: i32) {
        self.become_idle(0, percent).await;
    }

    /// Nobody has touched the machine for so many milliseconds, and the daemon has set the screen to a brightness.
    pub async fn become_idle(&self, milliseconds: u64, percent: i32) {
        self.served.change(|state| state.become_idle(milliseconds, percent)).await;
    }

    /// Waits until somebody asks, from now on, for how long nobody has touched the machine.
    pub async fn is_asked_for_idleness(&self) {
        let _ = self.asked.subscribe().changed().await;
    }
}

impl State {
    fn become_idle(&mut self, milliseconds: u64, percent: i32) -> zbus::Result<Vec<Message>> {
        self.idle_for = milliseconds;
        self.set(percent)
    }

    fn set(&mut self, percent: i32) -> zbus::Result<Vec<Message>> {
        self.percent = percent;
        let changed = HashMap::from([("Brightness", Variant::from(percent))]);
        let body = (INTERFACE, changed, Vec::<&str>::new());
        Ok(vec![Message::signal(PATH, PROPERTIES, "PropertiesChanged").build(&body)?])
    }

    fn property(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if !self.is_there {
            return error(call, "org.freedesktop.DBus.Error.UnknownInterface", "Gone.");
        }
        if is(call, PROPERTIES, "Get") {
            return reply(call, &Variant::from(self.percent));
        }
        let body = call.body();
        let (_, _, asked): (&str, &str, Variant<'_>) = body.deserialize()?;
        let mut messages = reply(call, &())?;
        if let Some(asked) = i32::try_from(asked).ok().filter(|_| self.percent >= 0) {
            // As the real one: told after the answer, and what lies outside is taken for the minimum.
            messages.extend(self.set(if (0..=100).contains(&asked) { asked } else { 0 })?);
        }
        Ok(messages)
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        NAMES
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if is(call, IDLE_MONITOR, "GetIdletime") {
            self.asked.send_modify(|times| *times += 1);
            reply(call, &self.idle_for)
        } else if of_presence(call) {
            reply(call, &Variant::from(0_u32))
        } else if is(call, PROPERTIES, "Get") || is(call, PROPERTIES, "Set") {
            self.property(call)
        } else {
            unknown(call)
        }
    }

    fn state(&self) -> String {
        format!("brightness={}\n", self.percent)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.become_idle(0, 91)
    }

    /// Only the backlight's own part goes wrong, and nothing does any more where it is gone.
    fn is_spared(&self, call: &Message) -> bool {
        !self.is_there || is(call, IDLE_MONITOR, "GetIdletime") || of_presence(call)
    }
}

impl OnBus for GnomePower {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}

fn of_presence(call: &Message) -> bool {
    let body = call.body();
    is(call, PROPERTIES, "Get")
        && body.deserialize::<(&str, &str)>().is_ok_and(|(interface, _)| interface == PRESENCE)
}
