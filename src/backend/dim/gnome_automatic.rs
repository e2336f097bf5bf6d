//! What GNOME does with a screen's brightness by itself: it dims when nobody is there, and follows a light sensor.
//!
//! gnome-settings-daemon 43 to 51: the screen goes to `idle-brightness`, never brighter than it is, at half the idle delay
//! or, while power is saved, after 30 seconds. On return what was there before is set again.

use crate::{
    backend::Desktop,
    dbus::{
        Peer,
        dconf::{Dconf, Value},
    },
};

/// `org.gnome.SessionManager.Presence`: the session is idle.
const IDLE: u32 = 3;
/// Milliseconds after which GNOME dims at the earliest, and a little less.
const AWAY: u64 = 25_000;
const POWER: &str = "/org/gnome/settings-daemon/plugins/power/";
/// Percent, where nobody set it.
const IDLE_BRIGHTNESS_UNSET: i32 = 30;

/// Who steers the brightness beside the person and us.
#[derive(Debug)]
pub struct Automatic {
    presence: Peer,
    input: Peer,
    sensor: Option<Peer>,
    dconf: Dconf,
}

impl Automatic {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop, dconf: Dconf) -> Self {
        let peer = |name, path, interface| Peer::new(&desktop.session, name, path, interface);
        Self {
            presence: peer(
                "org.gnome.SessionManager",
                "/org/gnome/SessionManager/Presence",
                "org.gnome.SessionManager.Presence",
            ),
            input: peer(
                "org.gnome.Mutter.IdleMonitor",
                "/org/gnome/Mutter/IdleMonitor/Core",
                "org.gnome.Mutter.IdleMonitor",
            ),
            sensor: desktop.system.as_ref().map(|bus| {
                let name = "net.hadess.SensorProxy";
                Peer::new(bus, name, "/net/hadess/SensorProxy", name)
            }),
            dconf,
        }
    }

    /// Tells whether a brightness, in percent, may be GNOME's own for while nobody is there.
    pub async fn has_dimmed(&self, percent: i32) -> bool {
        let dims_to = match self.setting("idle-brightness") {
            Some(Value::Int(percent @ 0..=100)) => percent,
            _ => IDLE_BRIGHTNESS_UNSET,
        };
        if (percent - dims_to).abs() > 1 {
            return false;
        }
        let idle: Result<u64, _> = self.input.call("GetIdletime", &()).await;
        idle.is_ok_and(|milliseconds| milliseconds >= AWAY)
            || self.presence.get::<u32>("status").await == Ok(IDLE)
    }

    /// Tells whether a light sensor steers the brightness: what we set would drift, and at the end not be ours.
    pub async fn follows_the_light(&self) -> bool {
        let Some(sensor) = &self.sensor else { return false };
        self.setting("ambient-enabled") != Some(Value::Bool(false))
            && sensor.get::<bool>("HasAmbientLight").await == Ok(true)
    }

    fn setting(&self, name: &str) -> Option<Value> {
        self.dconf.read().ok()?.get(&format!("{POWER}{name}")).ok().flatten()
    }
}
