//! Stand-ins for the two services that tell and take the panel's light in percent, MATE's and Cinnamon's, and for the
//! shell that tells Cinnamon whether somebody is there.

use zbus::Message;

use super::served::{OnBus, Served, Service, error, is, reply, unknown};

const MONITOR: &str = "org.cinnamon.Muffin.IdleMonitor";
const MONITOR_PATH: &str = "/org/cinnamon/Muffin/IdleMonitor/Core";
/// The id of the only watch there is.
const WATCH: u32 = 7;

/// Whose service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentOf {
    /// MATE's power manager.
    Mate,
    /// Cinnamon's settings daemon.
    Cinnamon,
}

/// A service with a panel that has so many steps.
#[derive(Debug)]
pub struct PercentPanel {
    served: Served<State>,
}

/// The panel, and how long nobody has been there.
#[derive(Debug)]
pub struct State {
    of: PercentOf,
    /// The step it is at; none where there is no panel.
    at: Option<u32>,
    steps: u32,
    idle_for: u64,
    is_watched: bool,
}

impl PercentPanel {
    /// Starts it on the bus at an address; without a percentage it has no panel.
    pub async fn start(
        address: &str,
        of: PercentOf,
        percent: Option<u32>,
        steps: u32,
    ) -> zbus::Result<Self> {
        let at = percent.map(|percent| percent * steps / 100);
        let state = State { of, at, steps, idle_for: 0, is_watched: false };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// The brightness in percent, as it is told.
    pub fn percent(&self) -> u32 {
        self.served.silently(|state| state.percent().unwrap_or_default())
    }

    /// Its person sets the brightness by a key.
    pub async fn press(&self, percent: u32) {
        self.served.change(|state| state.set(percent)).await;
    }

    /// Nobody has touched the machine for so many milliseconds, and it has set the screen to a brightness without a word.
    pub fn become_idle(&self, milliseconds: u64, percent: u32) {
        self.served.silently(|state| {
            state.idle_for = milliseconds;
            state.at = Some(percent * state.steps / 100);
        });
    }

    /// Somebody is back: it sets what was there before, and those who asked are told.
    pub async fn somebody_is_back(&self, percent: u32) {
        self.become_idle(0, percent);
        self.served
            .change(|state| {
                if !std::mem::take(&mut state.is_watched) {
                    return Ok(Vec::new());
                }
                let fired = Message::signal(MONITOR_PATH, MONITOR, "WatchFired");
                Ok(vec![fired.build(&WATCH)?])
            })
            .await;
    }

    /// Waits until somebody asks to be told.
    pub async fn is_watched(&self) {
        while !self.served.look(|state| state.is_watched).await {
            self.served.changed().await;
        }
    }
}

impl State {
    fn interface(&self) -> (&'static str, &'static str) {
        match self.of {
            PercentOf::Mate => {
                ("/org/mate/PowerManager/Backlight", "org.mate.PowerManager.Backlight")
            }
            PercentOf::Cinnamon => {
                ("/org/cinnamon/SettingsDaemon/Power", "org.cinnamon.SettingsDaemon.Power.Screen")
            }
        }
    }

    /// Told in whole percent, cut off.
    fn percent(&self) -> Option<u32> {
        self.at.map(|at| at * 100 / self.steps)
    }

    fn set(&mut self, percent: u32) -> zbus::Result<Vec<Message>> {
        let before = self.at;
        self.at = Some(percent.min(100) * self.steps / 100);
        let (path, interface) = self.interface();
        Ok(match self.of {
            // It tells the percentage asked for, where that changed anything.
            PercentOf::Mate if self.at == before => Vec::new(),
            PercentOf::Mate => {
                vec![Message::signal(path, interface, "BrightnessChanged").build(&percent)?]
            }
            PercentOf::Cinnamon => vec![Message::signal(path, interface, "Changed").build(&())?],
        })
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        match self.of {
            PercentOf::Mate => &["org.mate.PowerManager"],
            PercentOf::Cinnamon => &["org.cinnamon.SettingsDaemon.Power", MONITOR],
        }
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let (_, interface) = self.interface();
        let (get, set) = match self.of {
            PercentOf::Mate => ("GetBrightness", "SetBrightness"),
            PercentOf::Cinnamon => ("GetPercentage", "SetPercentage"),
        };
        if is(call, MONITOR, "GetIdletime") {
            return reply(call, &self.idle_for);
        } else if is(call, MONITOR, "AddUserActiveWatch") {
            self.is_watched = true;
            return reply(call, &WATCH);
        } else if !is(call, interface, get) && !is(call, interface, set) {
            return unknown(call);
        }
        let Some(percent) = self.percent() else {
            let (name, text) = match self.of {
                PercentOf::Mate => (
                    "org.mate.PowerManager.Backlight.GpmBacklightError.Code2",
                    "Dim capable hardware not present",
                ),
                PercentOf::Cinnamon => {
                    ("org.gtk.GDBus.UnmappedGError", "No backlight devices present")
                }
            };
            return error(call, name, text);
        };
        if is(call, interface, get) {
            return reply(call, &percent);
        }
        let asked: u32 = call.body().deserialize()?;
        let mut messages = self.set(asked)?;
        messages.extend(match self.of {
            PercentOf::Mate => reply(call, &())?,
            PercentOf::Cinnamon => reply(call, &asked)?,
        });
        Ok(messages)
    }

    fn state(&self) -> String {
        format!("brightness={:?}\n", self.at)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.set(91)
    }

    fn is_spared(&self, call: &Message) -> bool {
        is(call, MONITOR, "GetIdletime") || is(call, MONITOR, "AddUserActiveWatch")
    }
}

impl OnBus for PercentPanel {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
