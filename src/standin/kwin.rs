//! `KWin`'s Night Color and effects, with the ways of 5.27 and 6.3. It keeps its settings in kwinrc, as the real one does,
//! and reads them when it starts and when it is told that they changed.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use zbus::{Message, Variant};

use super::served::{OnBus, PROPERTIES, Served, Service, is, reply, unknown};
use crate::{env::Env, store::kconfig::Settings};

const EFFECTS: &str = "org.kde.kwin.Effects";
const COMPOSITING: &str = "org.kde.kwin.Compositing";
const NOTIFY: &str = "org.kde.kconfig.notify";
const GROUP: &str = "NightColor";

/// Stands in for `KWin`.
#[derive(Debug)]
pub struct Kwin {
    served: Served<State>,
}

/// What kind of `KWin` it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KwinIs {
    /// 5 or 6.
    pub major: u8,
    /// On Wayland, not on X11.
    pub on_wayland: bool,
    /// Its screens take colour.
    pub available: bool,
    /// It draws with a graphics card.
    pub animates: bool,
}

impl KwinIs {
    /// Plasma 5.27 as most people have it.
    pub const FIVE: Self = Self { major: 5, on_wayland: true, available: true, animates: true };
    /// Plasma 6 as most people have it.
    pub const SIX: Self = Self { major: 6, ..Self::FIVE };
}

/// What its person does meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByThePerson {
    /// Sets the night's temperature in System Settings, to 5000 K.
    SetsTheNight,
    /// Changes something else in System Settings: `KWin` starts to draw anew, and has lost all that was loaded by hand.
    ChangesSomethingElse,
}

/// What it knows.
#[derive(Debug)]
pub struct State {
    is: KwinIs,
    person: ByThePerson,
    kwinrc: PathBuf,
    effects: PathBuf,
    /// kwinrc as it was last read.
    settings: Settings,
    inhibited: bool,
    loaded: Vec<String>,
}

impl Kwin {
    /// Puts it on the bus, with the folders of an environment.
    pub async fn start(
        address: &str,
        env: &Env,
        is: KwinIs,
        person: ByThePerson,
    ) -> zbus::Result<Self> {
        let mut state = State {
            is,
            person,
            kwinrc: env.config_home.join("kwinrc"),
            effects: env.data_home.join("kwin/effects"),
            settings: Settings::default(),
            inhibited: false,
            loaded: Vec::new(),
        };
        state.read();
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Its person (or a program) suspends Night Color, or ends that.
    pub async fn inhibit(&self, inhibited: bool) {
        let change = |state: &mut State| {
            state.inhibited = inhibited;
            state.told("inhibited", Variant::from(inhibited))
        };
        self.served.change(change).await;
    }

    /// Its person sets a line of `[NightColor]` in System Settings, or takes it out.
    pub async fn person_sets(&self, key: &str, line: Option<&str>) {
        self.served.change(|state| state.set(key, line)).await;
    }

    /// The temperature it goes to, in kelvin.
    pub async fn temperature(&self) -> u32 {
        self.served.look(State::temperature).await
    }

    /// The effects that were loaded by hand.
    pub async fn loaded(&self) -> Vec<String> {
        self.served.look(|state| state.loaded.clone()).await
    }
}

impl State {
    fn read(&mut self) {
        self.settings = Settings::parse(&fs::read_to_string(&self.kwinrc).unwrap_or_default());
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.settings.get(GROUP, key).and_then(|entry| entry.value)
    }

    fn is_running(&self) -> bool {
        self.value("Active") == Some("true") && !self.inhibited
    }

    /// It is always night here.
    fn target(&self) -> u32 {
        self.value("NightTemperature").and_then(|text| text.parse().ok()).unwrap_or(4500)
    }

    fn temperature(&self) -> u32 {
        if self.is_running() { self.target() } else { 6500 }
    }

    fn night(&self) -> (&'static str, &'static str) {
        match self.is.major {
            5 => ("/ColorCorrect", "org.kde.kwin.ColorCorrect"),
            _ => ("/org/kde/KWin/NightLight", "org.kde.KWin.NightLight"),
        }
    }

    fn told(&self, property: &str, value: Variant<'_>) -> zbus::Result<Vec<Message>> {
        let (path, interface) = self.night();
        let body = (interface, HashMap::from([(property, value)]), [""; 0].as_slice());
        Ok(vec![Message::signal(path, PROPERTIES, "PropertiesChanged").build(&body)?])
    }

    fn set(&mut self, key: &str, line: Option<&str>) -> zbus::Result<Vec<Message>> {
        self.read();
        self.settings.set(GROUP, key, line);
        fs::write(&self.kwinrc, self.settings.text())?;
        let body = HashMap::from([(GROUP, vec![key.as_bytes()])]);
        Ok(vec![Message::signal("/kwinrc", NOTIFY, "ConfigChanged").build(&body)?])
    }

    fn property(&self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        let (interface, property): (&str, &str) = body.deserialize()?;
        let path = call.header().path().map(ToString::to_string).unwrap_or_default();
        let value = match property {
            "platformRequiresCompositing" if interface == COMPOSITING => {
                Variant::from(self.is.on_wayland)
            }
            _ if (&*path, interface) != self.night() => return unknown(call),
            "available" => Variant::from(self.is.available),
            "inhibited" => Variant::from(self.inhibited),
            "running" => Variant::from(self.is_running()),
            "targetTemperature" => Variant::from(self.target()),
            _ => return unknown(call),
        };
        reply(call, &value)
    }

    fn has_package(&self, effect: &str) -> bool {
        let folder = self.effects.join(effect);
        let script = fs::read_to_string(folder.join("contents/code/main.js")).unwrap_or_default();
        let about = fs::read_to_string(folder.join("metadata.json")).unwrap_or_default();
        let about: serde_json::Value = serde_json::from_str(&about).unwrap_or_default();
        about["KPlugin"]["Id"] == effect
            && about["X-Plasma-API"] == "javascript"
            && script.contains("Effect.Saturation")
    }

    fn effect(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        let name: String = body.deserialize()?;
        let is_loaded = self.loaded.contains(&name);
        let own = if self.is.major == 5 { "kwin4_effect_squash" } else { "squash" };
        if is(call, EFFECTS, "isEffectLoaded") {
            return reply(call, &is_loaded);
        } else if is(call, EFFECTS, "isEffectSupported") {
            let supported = self.is.animates && (name == own || self.has_package(&name));
            return reply(call, &supported);
        } else if is(call, EFFECTS, "loadEffect") {
            let loads = self.is.animates && !is_loaded && self.has_package(&name);
            if loads {
                self.loaded.push(name);
            }
            return reply(call, &loads);
        } else if is(call, EFFECTS, "unloadEffect") {
            self.loaded.retain(|loaded| *loaded != name);
            return reply(call, &());
        }
        unknown(call)
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        match self.is.major {
            5 => &["org.kde.KWin", "org.kde.NightColor", "org.kde.KWin.ScreenShot2"],
            _ => &["org.kde.KWin", "org.kde.KWin.NightLight", "org.kde.KWin.ScreenShot2"],
        }
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if is(call, PROPERTIES, "Get") {
            self.property(call)
        } else if call.header().path().is_some_and(|path| *path == "/Effects") {
            self.effect(call)
        } else {
            unknown(call)
        }
    }

    fn hears_of(&self) -> Option<&'static str> {
        Some(NOTIFY)
    }

    fn hears(&mut self, signal: &Message) -> zbus::Result<Vec<Message>> {
        if signal.header().path().is_some_and(|path| *path == "/kwinrc") {
            self.read();
        }
        Ok(Vec::new())
    }

    fn restart(&mut self) {
        self.loaded.clear();
        self.inhibited = false;
        self.read();
    }

    fn state(&self) -> String {
        let kwinrc =
            fs::read_to_string(&self.kwinrc).unwrap_or_else(|error| error.kind().to_string());
        let files = files_below(&self.effects).unwrap_or_default();
        let (loaded, kelvin) = (&self.loaded, self.temperature());
        format!("{kwinrc}\n{kelvin} K, effects {loaded:?} of {files:?}")
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        match self.person {
            ByThePerson::SetsTheNight => {
                self.set("NightTemperature", Some("NightTemperature=5000"))
            }
            ByThePerson::ChangesSomethingElse => {
                self.loaded.clear();
                let toggled = |active: bool| {
                    Message::signal("/Compositor", COMPOSITING, "compositingToggled").build(&active)
                };
                Ok(vec![toggled(false)?, toggled(true)?])
            }
        }
    }
}

fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.sort();
    Ok(files)
}

impl OnBus for Kwin {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
