//! logind's part in the backlight, over a folder that looks like `/sys`; docks, and waking from suspend.

use std::{
    io,
    path::{Path, PathBuf},
};

use nix::unistd::getuid;
use zbus::{Message, ObjectPath, Variant};

use super::served::{OnBus, PROPERTIES, Served, Service, error, is, reply};

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const OWN_SESSION: &str = "/org/freedesktop/login1/session/auto";
const DISPLAY_SESSION: &str = "/org/freedesktop/login1/session/_31";

/// Stands in for logind, with one backlight.
#[derive(Debug)]
pub struct Logind {
    served: Served<State>,
}

/// One backlight, and who may set it.
#[derive(Debug)]
pub struct State {
    panel: PathBuf,
    callers: Callers,
    docked: bool,
    calls: Vec<String>,
}

/// Where the callers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// In a session of their own, or below the user manager of one.
    InASession,
    /// Outside; the person has a session with a display.
    Outside,
    /// Outside, and the person has none.
    WithoutADisplay,
}

/// The one backlight.
pub const PANEL: &str = "intel_backlight";
/// Its largest raw value.
pub const MAX: u32 = 1000;

impl Logind {
    /// Makes the backlight below `sysfs`, and takes logind's name on a bus.
    pub async fn start(address: &str, sysfs: &Path, brightness: u32) -> zbus::Result<Self> {
        let panel = sysfs.join("class/backlight").join(PANEL);
        std::fs::create_dir_all(&panel)?;
        std::fs::write(panel.join("type"), "raw\n")?;
        std::fs::write(panel.join("max_brightness"), format!("{MAX}\n"))?;
        let state = State { panel, callers: Callers::InASession, docked: false, calls: Vec::new() };
        state.put(brightness)?;
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Says where the callers are.
    pub fn callers(&self, are: Callers) {
        self.served.silently(|state| state.callers = are);
    }

    /// Sets the brightness, as the person's keys do.
    pub fn keys(&self, brightness: u32) -> io::Result<()> {
        self.served.silently(|state| state.put(brightness))
    }

    /// The machine is put in a dock or taken out; like the real one it tells nobody.
    pub fn dock(&self, docked: bool) {
        self.served.silently(|state| state.docked = docked);
    }

    /// The machine wakes from suspend.
    pub async fn wake(&self) {
        self.served
            .change(|_| Ok(vec![Message::signal(PATH, MANAGER, "PrepareForSleep").build(&false)?]))
            .await;
    }

    /// Each `SetBrightness` that was carried out so far: the session's path, the device and the value.
    pub fn calls(&self) -> Vec<String> {
        self.served.silently(|state| state.calls.clone())
    }
}

impl State {
    fn put(&self, brightness: u32) -> io::Result<()> {
        std::fs::write(self.panel.join("brightness"), format!("{brightness}\n"))
    }

    fn set_brightness(&mut self, call: &Message, session: &str) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        let (subsystem, device, value): (&str, &str, u32) = body.deserialize()?;
        if subsystem != "backlight" || device != PANEL {
            let text = format!("Failed to open device {subsystem}:{device}: No such device");
            return error(call, "System.Error.ENODEV", &text);
        }
        if value > MAX {
            let text = format!("Failed to write brightness to device: {value}");
            return error(call, "System.Error.EINVAL", &text);
        }
        self.put(value)?;
        self.calls.push(format!("{session} {device} {value}"));
        reply(call, &())
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let header = call.header();
        let path = header.path().map(ObjectPath::as_str).unwrap_or_default();
        let user = format!("/org/freedesktop/login1/user/_{}", getuid());
        let has_session =
            path == DISPLAY_SESSION || path == OWN_SESSION && self.callers == Callers::InASession;
        if has_session && is(call, SESSION, "SetBrightness") {
            self.set_brightness(call, path)
        } else if has_session && is(call, PROPERTIES, "Get") {
            reply(call, &Variant::from(true))
        } else if path == PATH
            && is(call, PROPERTIES, "Get")
            && call.body().deserialize::<(&str, &str)>()?.1 == "Docked"
        {
            reply(call, &Variant::from(self.docked))
        } else if path == user
            && self.callers != Callers::WithoutADisplay
            && is(call, PROPERTIES, "Get")
        {
            let session = ObjectPath::try_from(DISPLAY_SESSION)?;
            reply(call, &Variant::from(("1".to_owned(), session)))
        } else {
            let text = format!("Unknown object '{path}'.");
            error(call, "org.freedesktop.DBus.Error.UnknownObject", &text)
        }
    }

    fn refusal(&self) -> (&'static str, &'static str) {
        let text = "Session is not in foreground, refusing.";
        ("org.freedesktop.login1.NotYourDevice", text)
    }

    fn state(&self) -> String {
        let brightness = std::fs::read_to_string(self.panel.join("brightness"));
        brightness.unwrap_or_default().trim().to_owned()
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.put(MAX - 1)?;
        Ok(Vec::new())
    }
}

impl OnBus for Logind {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
