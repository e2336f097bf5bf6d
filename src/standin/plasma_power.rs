//! Plasma's `BrightnessControl`, with the ways of 5.27.

use std::path::Path;

use zbus::Message;

use super::served::{OnBus, Served, Service, error, is, reply, unknown};

const NAME: &str = "org.kde.Solid.PowerManagement";
const PATH: &str = "/org/kde/Solid/PowerManagement/Actions/BrightnessControl";
const INTERFACE: &str = "org.kde.Solid.PowerManagement.Actions.BrightnessControl";

/// Its largest value.
const MAX: i32 = 1000;

/// Stands in for powerdevil, with one backlight of 1000 steps.
#[derive(Debug)]
pub struct PlasmaPower {
    served: Served<State>,
}

/// The backlight.
#[derive(Debug)]
pub struct State {
    value: i32,
    /// What was asked for and is not there yet: a helper of powerdevil's sets it, and only then is it told and read.
    asked: Option<i32>,
    /// What was there when everybody left.
    before_idle: Option<i32>,
    has_backlight: bool,
}

impl PlasmaPower {
    /// Makes the backlight below `sysfs`, and takes powerdevil's name on a bus.
    pub async fn start(address: &str, sysfs: &Path, value: i32) -> zbus::Result<Self> {
        let panel = sysfs.join("class/backlight/intel_backlight");
        std::fs::create_dir_all(&panel)?;
        for (file, content) in
            [("type", "raw"), ("max_brightness", &*MAX.to_string()), ("brightness", "1")]
        {
            std::fs::write(panel.join(file), format!("{content}\n"))?;
        }
        let state = State { value, asked: None, before_idle: None, has_backlight: true };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// How bright it is.
    pub async fn value(&self) -> i32 {
        self.served.look(|state| state.asked.unwrap_or(state.value)).await
    }

    /// Sets it as a key press does.
    pub async fn press(&self, value: i32) {
        self.served.change(|state| state.is_now(value)).await;
    }

    /// Nobody has touched the machine for a while: it gets darker by one stage of three.
    pub async fn becomes_idle(&self) {
        self.served.change(State::becomes_idle).await;
    }

    /// Somebody touches the machine.
    pub async fn becomes_busy(&self) {
        self.served
            .change(|state| {
                let before = state.before_idle.take();
                before.map_or(Ok(Vec::new()), |before| state.is_now(before))
            })
            .await;
    }

    /// Takes the backlight away: the object is no longer there.
    pub fn lose_the_backlight(&self) {
        self.served.silently(|state| state.has_backlight = false);
    }
}

impl State {
    fn is_now(&mut self, value: i32) -> zbus::Result<Vec<Message>> {
        self.asked = None;
        self.value = value;
        Ok(vec![Message::signal(PATH, INTERFACE, "brightnessChanged").build(&value)?])
    }

    fn becomes_idle(&mut self) -> zbus::Result<Vec<Message>> {
        if let Some(asked) = self.asked.take() {
            self.value = asked;
        }
        let value = match self.before_idle {
            None => {
                self.before_idle = Some(self.value);
                (self.value + 1) / 2
            }
            Some(before) if self.value > (before + 4) / 8 => (before + 4) / 8,
            Some(_) => 0,
        };
        self.is_now(value)
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if !self.has_backlight {
            let text = format!("No such object path '{PATH}'");
            return error(call, "org.freedesktop.DBus.Error.UnknownObject", &text);
        }
        if is(call, INTERFACE, "brightness") {
            let mut messages = reply(call, &self.value)?;
            if let Some(asked) = self.asked.take() {
                messages.extend(self.is_now(asked)?);
            }
            Ok(messages)
        } else if is(call, INTERFACE, "brightnessMax") {
            reply(call, &MAX)
        } else if is(call, INTERFACE, "setBrightnessSilent") {
            self.asked = Some(call.body().deserialize()?);
            reply(call, &())
        } else {
            unknown(call)
        }
    }

    fn state(&self) -> String {
        format!("brightness={}\n", self.asked.unwrap_or(self.value))
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.is_now(950)
    }
}

impl OnBus for PlasmaPower {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
