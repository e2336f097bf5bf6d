//! A stand-in for the backlights of GNOME's compositor, from 49 on, and for those who tell whether somebody is there.

use std::collections::HashMap;

use tokio::sync::watch;
use zbus::{Message, Variant};

use super::served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown};

const NAMES: &[&str] = &[
    DISPLAY,
    "org.gnome.Shell.Brightness",
    "org.gnome.SessionManager",
    "org.gnome.Mutter.IdleMonitor",
];
const DISPLAY: &str = "org.gnome.Mutter.DisplayConfig";
const PATH: &str = "/org/gnome/Mutter/DisplayConfig";
const PRESENCE: &str = "org.gnome.SessionManager.Presence";
const IDLE_MONITOR: &str = "org.gnome.Mutter.IdleMonitor";
/// As the real one names it where an argument is wrong, and where there is no such property.
const INVALID: &str = "org.freedesktop.DBus.Error.InvalidArgs";
/// Percent to which the shell dims when nobody is there.
const DIMS_TO: u32 = 30;

/// The backlights, without panels.
#[derive(Debug)]
pub struct Mutter {
    served: Served<State>,
    asked: watch::Sender<u32>,
}

/// One screen with a backlight.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Its connector.
    pub connector: &'static str,
    /// Its smallest raw value.
    pub min: i32,
    /// Its largest.
    pub max: i32,
    /// What it is.
    pub raw: i32,
}

/// The screens, and how long nobody has been there.
#[derive(Debug)]
pub struct State {
    screens: Vec<Screen>,
    /// What the property says each screen is; renewed only at times.
    told: Vec<i32>,
    serial: u32,
    idle_for: u64,
    /// What each screen was before the shell dimmed it.
    before: Option<Vec<i32>>,
    is_old: bool,
    /// Whether the shell takes back what others set, as where a light sensor steers it.
    is_stubborn: bool,
    writes: u32,
    asked: watch::Sender<u32>,
}

impl Mutter {
    /// Starts it on the bus at an address.
    pub async fn start(address: &str, screens: &[Screen]) -> zbus::Result<Self> {
        let asked = watch::Sender::new(0);
        let mut state = State {
            screens: screens.to_vec(),
            told: Vec::new(),
            serial: 1,
            idle_for: 0,
            before: None,
            is_old: false,
            is_stubborn: false,
            writes: 0,
            asked: asked.clone(),
        };
        state.tell();
        Ok(Self { served: Served::start(address, state).await?, asked })
    }

    /// How bright a screen is, raw; −1 where it is not there.
    pub fn raw(&self, connector: &str) -> i32 {
        self.served.silently(|state| {
            let screen = state.screens.iter().find(|screen| screen.connector == connector);
            screen.map_or(-1, |screen| screen.raw)
        })
    }

    /// How often `SetBacklight` was carried out.
    pub fn writes(&self) -> u32 {
        self.served.silently(|state| state.writes)
    }

    /// Takes the property away: before 47 there was none.
    pub fn forget_the_property(&self) {
        self.served.silently(|state| state.is_old = true);
    }

    /// From now on takes back what others set.
    pub fn be_stubborn(&self) {
        self.served.silently(|state| state.is_stubborn = true);
    }

    /// Sets a screen as the person does with the slider; the property keeps saying what it said.
    pub async fn slide(&self, connector: &str, raw: i32) {
        self.served.change(|state| state.slide(connector, raw)).await;
    }

    /// Sets a screen with the slider without a word, as on GNOME 49.
    pub fn slide_silently(&self, connector: &str, raw: i32) {
        self.served.silently(|state| {
            let _ = state.slide(connector, raw);
        });
    }

    /// Plugs in a screen, or unplugs one.
    pub async fn replug(&self, screens: &[Screen]) {
        self.served.change(|state| state.replug(screens)).await;
    }

    /// As [`Self::replug`], with the signals still on their way.
    pub fn replug_silently(&self, screens: &[Screen]) {
        self.served.silently(|state| {
            let _ = state.replug(screens);
        });
    }

    /// Waits until somebody asks, from now on, for how long nobody has touched the machine.
    pub async fn is_asked_for_idleness(&self) {
        let _ = self.asked.subscribe().changed().await;
    }

    /// Nobody has touched the machine for so many milliseconds; from half a minute on the shell dims.
    pub async fn become_idle(&self, milliseconds: u64) {
        self.served.change(|state| state.become_idle(milliseconds)).await;
    }
}

impl State {
    /// Renews the property.
    fn tell(&mut self) {
        self.told = self.screens.iter().map(|screen| screen.raw).collect();
    }

    fn slide(&mut self, connector: &str, raw: i32) -> zbus::Result<Vec<Message>> {
        self.idle_for = 0;
        self.before = None;
        for screen in self.screens.iter_mut().filter(|screen| screen.connector == connector) {
            screen.raw = raw;
        }
        let (path, interface) = ("/org/gnome/Shell/Brightness", "org.gnome.Shell.Brightness");
        Ok(vec![Message::signal(path, interface, "BrightnessChanged").build(&())?])
    }

    fn replug(&mut self, screens: &[Screen]) -> zbus::Result<Vec<Message>> {
        self.screens = screens.to_vec();
        self.serial += 1;
        self.tell();
        let mut signals = self.told_property("Backlight")?;
        signals.push(Message::signal(PATH, DISPLAY, "MonitorsChanged").build(&())?);
        Ok(signals)
    }

    fn become_idle(&mut self, milliseconds: u64) -> zbus::Result<Vec<Message>> {
        self.idle_for = milliseconds;
        let levels: Vec<i32> = self.screens.iter().map(|screen| screen.raw).collect();
        if milliseconds >= 30_000 {
            self.before.get_or_insert(levels);
            for screen in &mut self.screens {
                let dimmed = screen.min + (screen.max - screen.min) * DIMS_TO.cast_signed() / 100;
                screen.raw = screen.raw.min(dimmed);
            }
        } else if let Some(before) = self.before.take() {
            for (screen, raw) in self.screens.iter_mut().zip(before) {
                screen.raw = raw;
            }
        }
        // The screens go off, or on again.
        self.told_property("PowerSaveMode")
    }

    fn told_property(&self, name: &str) -> zbus::Result<Vec<Message>> {
        let value = if name == "Backlight" { self.property() } else { Variant::from(0) };
        let body = (DISPLAY, HashMap::from([(name, value)]), Vec::<&str>::new());
        Ok(vec![Message::signal(PATH, PROPERTIES, "PropertiesChanged").build(&body)?])
    }

    fn property(&self) -> Variant<'static> {
        let screens: Vec<HashMap<&str, Variant<'_>>> = self
            .screens
            .iter()
            .zip(&self.told)
            .map(|(screen, told)| {
                HashMap::from([
                    ("connector", Variant::from(screen.connector)),
                    ("active", Variant::from(true)),
                    ("min", Variant::from(screen.min)),
                    ("max", Variant::from(screen.max)),
                    ("value", Variant::from(*told)),
                ])
            })
            .collect();
        Variant::from((self.serial, screens))
    }

    fn set_backlight(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        let (serial, connector, raw): (u32, &str, i32) = body.deserialize()?;
        if serial != self.serial {
            return error(call, INVALID, "Invalid backlight serial");
        }
        let screens = &mut self.screens;
        let Some(screen) = screens.iter_mut().find(|screen| screen.connector == connector) else {
            return error(call, INVALID, "Unknown monitor");
        };
        if !(screen.min..=screen.max).contains(&raw) {
            return error(call, INVALID, "Invalid backlight value");
        }
        if !self.is_stubborn {
            screen.raw = raw;
        }
        // What others set ends the shell's own dimming.
        self.before = None;
        self.writes += 1;
        self.tell();
        let mut messages = reply(call, &())?;
        messages.extend(self.told_property("Backlight")?);
        Ok(messages)
    }

    fn resources(&self, call: &Message) -> zbus::Result<Vec<Message>> {
        let none = HashMap::<&str, Variant<'_>>::new;
        let numbers = Vec::<u32>::new;
        let outputs: Vec<_> = self
            .screens
            .iter()
            .zip(0_u32..)
            .map(|(screen, id)| {
                let range = f64::from(screen.max - screen.min);
                let percent = (f64::from(screen.raw - screen.min) / range * 100.0).round();
                #[expect(clippy::cast_possible_truncation, reason = "it is 0 to 100")]
                let about = HashMap::from([("backlight", Variant::from(percent as i32))]);
                let crtc = id.cast_signed();
                (id, i64::from(id), crtc, numbers(), screen.connector, numbers(), numbers(), about)
            })
            .collect();
        let crtcs = vec![(0_u32, 0_i64, 0, 0, 1280, 720, 0, 0_u32, numbers(), none())];
        let modes = vec![(0_u32, 0_i64, 1280_u32, 720_u32, 60.0_f64, 0_u32)];
        reply(call, &(7_u32, crtcs, outputs, modes, 8192, 8192))
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
        } else if self.is_old {
            error(call, INVALID, "No such property “Backlight”")
        } else if is(call, PROPERTIES, "Get") {
            reply(call, &self.property())
        } else if is(call, DISPLAY, "SetBacklight") {
            self.set_backlight(call)
        } else if is(call, DISPLAY, "GetResources") {
            self.resources(call)
        } else {
            unknown(call)
        }
    }

    fn state(&self) -> String {
        let screens = self.screens.iter();
        let lines = screens.map(|screen| format!("{}={}", screen.connector, screen.raw));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let Some(first) = self.screens.first().cloned() else { return Ok(Vec::new()) };
        self.slide(first.connector, first.max)
    }

    /// Only the backlight's own part goes wrong.
    fn is_spared(&self, call: &Message) -> bool {
        is(call, IDLE_MONITOR, "GetIdletime") || of_presence(call)
    }
}

impl OnBus for Mutter {
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
